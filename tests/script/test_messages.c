/* Messages and their templates. */
#include "session_fixture.h"

static void test_send(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "r = referrals.get(1)", "" },
        { "m = messages.send{to='x@example.org', body='Hi {{no}}', subject='s'}", "" },
        { "m.recipient, m.body, m.channel, m.status, m.subject",
          "x@example.org\tHi {{no}}\tfile\twaiting\ts" },
        { "messages.send{to=people.get(1), body='b', about=r}.about == r", "true" },
        { "messages.send{to=people.get(1), body='b'}.about == people.get(1)", "true" },
        { "messages.send{to='S-1', body='b'}.recipient", "grace@example.org" },
        { "messages.send{to='P-2', body='b'}", "!P-2 has no mail address" },
        { "messages.send{to=r, body='b'}", "!a referral has no mail address" },
        { "messages.send{to={}, body='b'}", "!\"to\" takes an address" },
        { "messages.send{to='x'}",
          "!messages.send takes either template=\"name\" or body=\"text\"" },
        { "messages.send{to='x', body='b', template='hello'}", "!either template" },
        { "messages.send{to='x', template='helo'}",
          "!unknown template \"helo\", did you mean \"hello\"?" },
        { "messages.send{to='x', bodi='b'}", "!unknown option \"bodi\", did you mean \"body\"?" },
        { "messages.send('x')", "!messages.send takes a table" },
        { "messages.send{to='x', body='b', channel='mail'}", "!unknown channel \"mail\"" },
        /* A plugin's own template, from it and from a session. */
        { "r:message{to='x', template='hello', values={word='w'}}.body",
          "Dear Ada Lovelace, Reading help: w" },
        { "baton.call('send', {})", "Dear Ada Lovelace, Reading help: now" },
        { "messages.template('Bad Name', 'x')", "!a name is made of" },
        { "messages.template('t', 'a\\n{{#iff urgent}}x{{/if}}')",
          "!messages.template \"t\", line 2 of its text: {{#iff urgent}} is neither a name" },
        { "messages.template('t', '{{#if urgent}}x')",
          "!line 1 of its text: {{#if}} is not closed by {{/if}}" },
        { "messages.template('t', 'Dear {{name')", "!line 1 of its text: {{ is not closed by }}" },
        { "messages.template('t', '{{/if}}')", "!{{/if}} without an {{#if}} before it" },
        { "messages.template('x')", "!messages.template takes a name and a text" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_template(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        { "{{word}} {{n}} {{deep.a.b}}", "w 3 x" },
        { "{{referral.title}} {{title}} {{about.ref}} {{ref}}",
          "Reading help Reading help R-1 R-1" },
        { "{{subject.name}} {{referral.subject.email}} {{subject}}",
          "Ada Lovelace ada@example.org Ada Lovelace" },
        { "{{org.title}} {{org.name}}", "Test School test" },
        { "{{referral.fields.need}} {{fields.hours}}", "reading 5" },
        { "{{referral.due_at_ms}}", "2026-03-04 09:00" },
        { "{{referral.fields.meets_at}}", "2026-03-02 10:00" },
        { "[{{owner.name}}]", "[]" },
        { "{{#if owner}}a{{else}}b{{/if}}{{#if yes}}c{{/if}}{{#if no}}d{{/if}}{{#if none}}e{{/if}}",
          "bc" },
        { "{{person.name}}", "Bob" }, /* a handle among the values */
        { "{{wrd}}", "!{{wrd}}: unknown name \"wrd\"" },
        { "{{referral.titel}}", "!did you mean \"title\"?" },
        { "{{subject.nmae}}", "!did you mean \"name\"?" },
        { "{{deep}}", "!a table has no text" },
        { "{{word.x}}", "!there is no \"x\" in a string" },
        { "a\n{{broken", "!line 2" },
    };
    world_shows(w, "referrals.get(1):set{fields={meets_at='2026-03-02 10:00'}}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[600], quoted[200];
        size_t n = 0;
        for (const char *p = cases[i].text; *p; p++) {
            if (*p == '\n')
                quoted[n++] = '\\';
            quoted[n++] = *p == '\n' ? 'n' : *p;
        }
        quoted[n] = '\0';
        snprintf(text, sizeof text,
                 "messages.template('t', '%s') return referrals.get(1):message{to='x', "
                 "template='t', values={"
                 "word='w', n=3, deep={a={b='x'}}, yes=true, no=false, none=baton.none, "
                 "person=people.get(2)}}.body",
                 quoted);
        if (cases[i].wanted[0] == '!')
            assert_fails(w, text, cases[i].wanted + 1);
        else
            assert_shows(w, text, cases[i].wanted);
    }
    /* Nothing in a value is read as a template. */
    assert_shows(w,
                 "messages.template('t', '{{a}}') return messages.send{to='x', template='t',"
                 " values={a='{{org.title}}'}, subject='{{a}}!'}.subject",
                 "{{org.title}}!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_send, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_template, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
