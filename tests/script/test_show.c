/* How values look at the prompt. */
#include "session_fixture.h"

static void test_scalars(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "'text'", "text" },
        { "'two\\nlines'", "two\nlines" },
        { "1.5, 2, true", "1.5\t2\ttrue" },
        { "baton.none", "none" },
        { "print", "function" },
        { "{}", "{}" },
        { "{1, 'a', {b=2}}", "{1, \"a\", {b=2}}" },
        { "{a={b={c={d={}}}}}", "{a={b={c={d={…}}}}}" },
        { "{a=1, b='x', due_at_ms=1772355600000}",
          "a          1\nb          x\ndue_at_ms  2026-03-01 09:00" },
        { "{done=3, accepted=12}", "accepted  12\ndone      3" },
        { "{'match', 'drop'}", "{\"match\", \"drop\"}" },
        { "{[3]='x', [1.5]='y', z=people.get(1)}", "1.5  y\n3    x\nz    P-1 Ada Lovelace" },
        { "{people.get(1), 1}", "{P-1 Ada Lovelace, 1}" },
        { "{'quo\"te\\n'}", "{\"quo\\\"te\\n\"}" },
        { "t = {} for i = 1, 30 do t[i] = i end return t",
          "{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, "
          "…}" },
        { "t = {} t.t = t return {t, 1}", "{{t={t={t={…}}}}, 1}" },
        { "setmetatable({}, {__tostring=function() return 'mine' end})", "mine" },
        { "people.get(1).fields", "grade  3" },
        /* A custom field is a time by its declaration, in a table by its name. */
        { "referrals.get(1):set{fields={meets_at='2026-03-02 10:00', born='2019-05-06'}}.fields",
          "born      2019-05-06\nhours     5\nmeets_at  2026-03-02 10:00\nneed      reading" },
        { "{meets_at=referrals.get(1).fields.meets_at}", "meets_at  2026-03-02 10:00" },
        { "{meets_at=12, hours=1772442000000}", "hours     1772442000000\nmeets_at  12" },
        { "referrals.get(1).fields.meets_at", "1772445600000" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_tables(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "people.find{}", "ref  name          email            phone\n"
                           "P-1  Ada Lovelace  ada@example.org       \n"
                           "P-2  Bob                              555" },
        { "services.find{}", "ref  name     partner     capacity  status\n"
                             "V-1  Reading  O-1 Clinic  yes       active" },
        { "referrals.find{}",
          "ref  workflow  stage      title         subject           due\n"
          "R-1  tutoring  requested  Reading help  P-1 Ada Lovelace  2026-03-04 09:00" },
        { "{ {n=1, name='a'}, {n=20, name='bb', extra='x'} }",
          "name  extra   n\na             1\nbb    x      20" },
        { "{ {seq=1, at_ms=1772355600000, v={1}} }",
          "seq  at_ms             v\n  1  2026-03-01 09:00  {1}" },
        { "{ {ref='R-1', meets_at=1772445600000, x=1772445600000} }",
          "ref  meets_at                      x\nR-1  2026-03-02 10:00  1772445600000" },
        { "{ {a='line\\nbreak'} }", "a\nline break" },
        { "{ {a=('ü'):rep(60)} }", "a\nüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü…" },
        { NULL, NULL },
    };
    world_table(w, cases);
    world_shows(w, "for i = 1, 150 do people.add{name='n'} end");
    const char *shown = world_shows(w, "people.find{limit=150}");
    assert_non_null(strstr(shown, "… and 50 more"));
}

static void test_cards(void **state)
{
    struct world *w = *state;
    world_people(w);
    assert_shows(w, "referrals.get(1)",
                 "R-1 Reading help · tutoring\n"
                 "  stage       requested (Requested), since 2026-03-01 09:00\n"
                 "  due         2026-03-04 09:00 (in 3 days)\n"
                 "  subject     P-1 Ada Lovelace\n"
                 "  partner     O-1 Clinic\n"
                 "  priority    routine\n"
                 "  fields\n"
                 "    hours  5\n"
                 "    need   reading\n"
                 "  next        match, drop");
    clock_move(&w->clock, 5 * 86400000LL);
    assert_non_null(strstr(world_shows(w, "referrals.get(1)"), "(2 days ago, overdue)"));
    assert_shows(w, "referrals.get(1).overdue, #referrals.find{overdue=true}", "true\t1");
    world_shows(w, "referrals.get(1):set{fields={tags={'a', 'b'}}}");
    assert_non_null(strstr(world_shows(w, "referrals.get(1)"), "    tags   {\"a\", \"b\"}"));
    world_shows(w, "referrals.get(1):set{fields={meets_at='1970-01-02 10:00'}}");
    assert_non_null(strstr(world_shows(w, "referrals.get(1)"), "    meets_at  1970-01-02 10:00"));
    assert_shows(
        w, "staff.get(1)",
        "S-1 Grace\n  email       grace@example.org\n  roles       lead\n  status      active");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scalars, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_tables, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cards, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
