/* Handles: reading, methods, what they refuse. */
#include "session_fixture.h"

static void test_reading(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "p = people.get(1) r = referrals.get(1)", "" },
        { "p.id", "1" },
        { "p.ref", "P-1" },
        { "tostring(p)", "P-1" },
        { "'about ' .. p", "about P-1" },
        { "p .. ' here'", "P-1 here" },
        { "p.version > 0", "true" },
        { "p.created_at_ms == clock.now()", "true" },
        { "p.phone", "nil" },
        { "p.fields.grade", "3" },
        { "p == people.get('P-1')", "true" },
        { "p == people.get(2)", "false" },
        { "p == partners.get(1)", "false" },
        { "r.subject.name", "Ada Lovelace" },
        { "r.subject_id", "1" },
        { "r.owner", "nil" },
        { "r.stage, r.workflow, r.open, r.overdue", "requested\ttutoring\ttrue\tfalse" },
        { "r.fields.need, r.fields.hours, r.fields.meets_at", "reading\t5\tnil" },
        { "r.fields == r.fields", "true" }, /* one proxy per handle */
        { "local n = {} for k, v in pairs(r.fields) do n[#n + 1] = k .. '=' .. v end table.sort(n) "
          "return "
          "table.concat(n, ' ')",
          "hours=5 need=reading" },
        { "type(r)", "userdata" },
        { "getmetatable(r)", "referral" },
        { "p.nmae",
          "!people: unknown column or method of a person \"nmae\", did you mean \"name\"?" },
        { "r.advanse", "!did you mean \"advance\"?" },
        { "p[1]", "!a person has named columns" },
        { "referrals.get(1).stage = 'done'", "!a transition moves it, r:advance(\"…\")" },
        { "referrals.get(1).title = 'x'", "!use h:set{title=…}" },
        { "p.name = 'x'", "!a person is not changed by assigning: use h:set{name=…}" },
        { "r.fields.need = 'x'", "!use h:set{fields={need=…}}" },
        { "r.fields.ned", "!tutoring: unknown field \"ned\", did you mean \"need\"?" },
        { "r.fields[1]", "!fields have names" },
        { "setmetatable(r, {})", "!" },
        { "rawset(r, 'a', 1)", "!" },
        { "r.advance('match')", "!is a method of a referral: r:advance(…)" },
        { "people.get(99)", "nil" },
        { "people.get('R-1')",
          "!a person is wanted (a handle, a number or \"P-12\"), got \"R-1\"" },
        { "people.get()", "!got nothing" },
        { "people.get{}", "!got a table" },
        { "people.get(0)", "!got 0" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_writing(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "p = people.get(1) r = referrals.get(1)", "" },
        { "p:set{phone='123', fields={grade=4}} == p", "true" },
        { "p.phone, p.fields.grade", "123\t4" },
        { "p:set{phone=baton.none}.phone", "nil" },
        { "p:set{nmae='x'}", "!person:set: unknown column \"nmae\", did you mean \"name\"?" },
        { "p:set{name='x', version=1}", "!version" },
        { "p:set{name='x', version=p.version}.name", "x" },
        { "p:set{'x'}", "!person:set takes names and values" },
        { "p:set('x')", "!person:set takes a table" },
        { "r:set{owner=1, owner_id=1}", "!\"owner_id\" is given twice" },
        { "r:set{stage='done'}", "!stage" },
        { "r:note('called')", "N-1\n  about       R-1\n  text        called" },
        { "#r:notes(), r:notes()[1].text", "1\tcalled" },
        { "#p:notes{limit=5}", "0" },
        { "r:note()", "!text" },
        { "r:note{}", "!referral:note: \"text\" takes text, got a table" },
        { "#p:history{limit=2}, p:history()[1].kind, p:history()[1].set.name",
          "2\tperson.changed\tx" },
        { "p:history()[1].about == p", "true" },
        { "p:history{limt=2}", "!unknown option \"limt\", did you mean \"limit\"?" },
        { "p:history{limit=0}", "!\"limit\" takes a whole number from 1 to 1000, got 0" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_referral(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "r = referrals.get(1)", "" },
        { "table.concat(r:possible(), ',')", "match,drop" },
        { "r:can('match')", "true" },
        { "r:can('finish')", "false\tR-1: no transition \"finish\" from stage \"requested\" "
                             "(it leaves matched). Possible: match, drop" },
        { "r:can('match', {fields={hours='x'}}) == false", "true" },
        { "select(2, r:can('match', {fields={hours='x'}})):find('hours') ~= nil", "true" },
        { "select(2, r:can('match', {fields={huors=1}})):find('did you mean \"hours\"') ~= nil",
          "true" },
        { "select(2, r:can('match', {fields=5})):find('a table') ~= nil", "true" },
        { "r:can('match', {fields={hours=5}})", "true" },
        { "r:can('match', {raeson='x'})", "!did you mean \"reason\"?" },
        { "r:can()", "!takes the name of a transition" },
        { "r:advance('mach')", "!mach" },
        { "r:advance()",
          "!referral:advance takes the name of a transition: r:advance(\"accept\")" },
        { "r:advance('match', {raeson='x'})",
          "!unknown option \"raeson\", did you mean \"reason\"?" },
        { "r:advance('match', {version=1})", "!version" },
        { "r:advance('match', {fields={hours=7}, note='n'}) == r", "true" },
        { "r.stage, r.fields.hours", "matched\t7" },
        { "r:advance('finish', {reason='odd'})", "!odd" },
        { "r:task{title='call', role='lead', due='1 day'}.about == r", "true" },
        { "r:assign('S-1').owner.name", "Grace" },
        { "r:task{title='own'}.assignee.name", "Grace" },
        { "#r:tasks{}, #r:tasks{status='done'}", "2\t0" },
        { "r:tasks()[1]:done('went well').outcome", "went well" },
        { "tasks.get(1).status, tasks.get(1).open, tasks.get(1).done_at_ms == clock.now()",
          "done\tfalse\ttrue" },
        { "tasks.get(2):cancel().status", "cancelled" },
        { "r:timer('check', '2 days', {data='x'}).data", "x" },
        { "json.decode(r:timer('check', '2 days', {data={a=1}}).data).a", "1" },
        { "timers.get(1).about == r, timers.get(1).at_ms == clock.parse('2 days')", "true\ttrue" },
        { "timers.get(1):cancel().status, timers.get(1).at_ms", "cancelled\tnil" },
        { "r:timer('check')", "!\"time\" takes a time" },
        { "r:timer()", "!referral:timer takes a name and a time" },
        { "c = r:refer{workflow='tutoring', title='child'}", "" },
        { "c.parent == r, #r:children(), #r:children{stage='done'}", "true\t1\t0" },
        { "r:refer{title='x'}", "!referral:refer: workflow= is missing" },
        { "r:refer{workflow='tutorin'}", "!did you mean \"tutoring\"?" },
        { "r:message{to=r.owner, body='Hi'}.recipient", "grace@example.org" },
        { "r:advance('finish', {reason='good'}).outcome, r.open", "completed\tfalse" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_guard(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "r = referrals.get(1) r:set{fields={need='nothing'}}", "" },
        { "r:advance('match')", "!nothing is needed" },
        { "select(2, r:can('match')):find('nothing is needed', 1, true) ~= nil", "true" },
        { "r:set{fields={need='write'}}", "R-1" },
        { "r:advance('match')", "!may only read" },
        { NULL, NULL },
    };
    for (const struct world_case *c = cases; c->text; c++) {
        if (c->wanted[0] == '!')
            assert_fails(w, c->text, c->wanted + 1);
        else
            assert_int_equal(strncmp(world_shows(w, c->text), c->wanted, strlen(c->wanted)), 0);
    }
    assert_shows(w, "r.stage, #r:notes()", "requested\t0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_writing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_referral, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_guard, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
