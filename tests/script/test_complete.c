/* What may follow before the cursor. */
#include "session_fixture.h"

static void gather(void *context, const char *word)
{
    struct buf *out = context;
    if (out->len)
        buf_putc(out, ' ');
    buf_puts(out, word);
}

static void test_complete(void **state)
{
    struct world *w = *state;
    world_people(w);
    world_shows(w, "r = referrals.get(1) p = people.get(1) t = {alpha=1, beta=2}"
                   " for i = 1, 15 do people.add{name='x'} end");
    static const struct {
        const char *line,
            *words; /* "a b": exactly these; "+a b": these among others; "-a": not this */
        size_t begin;
    } cases[] = {
        { "peo", "people", 0 },
        { "print(par", "partners", 6 },
        { "people.fi", "find first", 7 },
        { "people.", "+add find count search", 7 },
        { "people.op", "", 7 },
        { "messages.se", "send", 9 },
        { "p.na", "name", 2 },
        { "p.", "+email fields ref birth_date", 2 },
        { "r.sub", "subject subject_id", 2 },
        { "r.subject.na", "name", 10 },
        { "r.fields.", "born hours meets_at need ok school score speed tags", 9 },
        { "r:adv", "advance", 2 },
        { "r:", "+advance can set history note", 2 },
        { "p:", "history note notes set", 2 },
        { "x = r.fields.ne", "need", 13 },
        { "t.al", "alpha", 2 },
        { "t.alpha.", "", 8 },
        { "nothing.", "", 8 },
        { "r:advance(\"", "drop match", 11 },
        { "r:advance( 'ma", "match'", 12 },
        { "r:can(\"dr", "drop\"", 7 },
        { "p:advance(\"", "", 11 },
        { "people.get(\"P-1", "P-1 P-10 P-11 P-12 P-13 P-14 P-15 P-16 P-17", 12 },
        { "people.get('P-9", "P-9'", 12 },
        { "x = 'hello", "", 5 },
        { "referrals.find{sta", "stage stage_at_ms", 15 },
        { "referrals.find{stage=\"x\", ov", "overdue", 26 },
        { "referrals.find{stage=\"re", "requested\"", 22 },
        { "referrals.find{order=\"", "newest oldest", 22 },
        { "referrals.open{workflow=\"", "tutoring\"", 25 },
        { "services.add{capacity='", "no unknown waiting_list yes", 23 },
        { "people.add{na", "name", 11 },
        { "people.get(1):", "history note notes set", 14 },
        { "people.get(1).em", "email", 14 },
        { "referrals.first{open=true}:pos", "possible", 27 },
        { "'a' .. peo", "people", 7 },
        { "'a'..peo", "people", 5 },
        { "r.nope.", "", 7 },
        { "help dea", "deadline", 5 },
        { "help people.se", "people.search", 5 },
        { "help ", "+reasons referrals.find cooling_off", 5 },
        { "help(\"dea", "deadline\"", 6 },
        { "help 'dea", "deadline'", 6 },
        { "helping dea", "", 8 },
        { "r:advance(\"finish\", { reason = \"", "bad good", 32 },
        { "r:advance(\"finish\", { note = 'x', reason='g", "good'", 42 },
        { "r:advance(\"finish\", { re", "reason", 22 },
        { "r:advance(\"finish\", { ", "fields note outcome reason version", 22 },
        { "r:advance(\"finish\", { fields = { sp", "speed", 33 },
        { "r:set{ fields = { ", "born hours meets_at need ok school score speed tags", 18 },
        { "r:set({ fields = { speed = \"", "fast slow", 28 },
        { "r:set{ pri", "priority", 7 },
        { "r:set{ priority = \"ur", "urgent\"", 19 },
        { "r:task{ ", "about assignee done due fields kind outcome role status title version", 8 },
        { "referrals.get(1):message{ te", "template", 26 },
        { "referrals.open{ workflow = 'tutoring', fields = { ne", "need", 50 },
        { "people.add{ fields = { gr", "grade", 23 },
        { "referrals.open{ sub", "subject subject_id", 16 },
        { "referrals.open{ ", "+subject partner owner service workflow", 16 },
        { "services.find{ par", "partner partner_id", 15 },
        { "nothing:set{ fields = { ", "", 24 },
        { "loc", "local locations", 0 },
        { ")", "+people", 1 },
        { "", "+people", 0 },
        { "x):", "", 3 },
    };
    struct buf failures = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        size_t begin =
            session_complete(w->session, cases[i].line, strlen(cases[i].line), gather, &out);
        bool right = begin == cases[i].begin;
        if (cases[i].words[0] != '+') {
            right = right && !strcmp(buf_text(&out), cases[i].words);
        } else {
            char copy[256], *rest = copy, *word;
            snprintf(copy, sizeof copy, "%s", cases[i].words + 1);
            while ((word = strsep(&rest, " ")))
                right = right && strstr(buf_text(&out), word);
        }
        if (!right)
            buf_printf(&failures, "\n  %s: from %zu: %s", cases[i].line, begin, buf_text(&out));
        buf_free(&out);
    }
    if (failures.len)
        fail_msg("%s", buf_text(&failures));
    buf_free(&failures);
    /* In the middle of a line, and beyond its end. */
    struct buf out = BUF_INIT;
    assert_int_equal(session_complete(w->session, "peo + 1", 3, gather, &out), 0);
    assert_string_equal(buf_text(&out), "people");
    buf_clear(&out);
    assert_int_equal(session_complete(w->session, "peo", 99, gather, &out), 0);
    assert_string_equal(buf_text(&out), "people");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_complete, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
