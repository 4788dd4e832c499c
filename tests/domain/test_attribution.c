/* Attribution: worked cases, and a model that sorts all touches and walks. */
#include "domain/rules_fixture.h"

#include "baton/domain/attribution.h"

enum { DAY = 86400000, TOUCHES = 6 };

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum attribution_rule rule;
        int64_t converted; /* in hours */
        struct {
            int64_t hours;
            bool self, invalid;
            const char *verdict; /* NULL: no more touches */
        } touch[TOUCHES];
    } cases[] = {
        { "none", ATTRIBUTION_LAST, 0, { { 0 } } },
        { "one", ATTRIBUTION_LAST, 240, { { 0, false, false, "won" } } },
        { "last",
          ATTRIBUTION_LAST,
          240,
          { { 0, false, false, "later_won" },
            { 100, false, false, "won" },
            { 50, false, false, "later_won" } } },
        { "first",
          ATTRIBUTION_FIRST,
          240,
          { { 10, false, false, "earlier_won" }, { 5, false, false, "won" } } },
        /* 30 days: 719 hours and 59 minutes are inside, 720 are not */
        { "window",
          ATTRIBUTION_FIRST,
          720,
          { { 0, false, false, "too_old" }, { 1, false, false, "won" } } },
        { "at the same instant as the conversion",
          ATTRIBUTION_LAST,
          5,
          { { 5, false, false, "won" } } },
        { "after it", ATTRIBUTION_LAST, 5, { { 6, false, false, "too_late" } } },
        { "self", ATTRIBUTION_LAST, 9, { { 8, true, false, "self" }, { 7, false, false, "won" } } },
        { "invalid", ATTRIBUTION_LAST, 9, { { 8, false, true, "not_valid" } } },
        { "tie, last",
          ATTRIBUTION_LAST,
          9,
          { { 8, false, false, "later_won" }, { 8, false, false, "won" } } },
        { "tie, first",
          ATTRIBUTION_FIRST,
          9,
          { { 8, false, false, "won" }, { 8, false, false, "earlier_won" } } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attribution_touch touches[TOUCHES] = { 0 };
        size_t n = 0;
        for (; n < TOUCHES && cases[i].touch[n].verdict; n++)
            touches[n] = (struct attribution_touch){ .id = (int64_t)n + 1,
                                                     .at_ms = cases[i].touch[n].hours * hour_ms,
                                                     .self = cases[i].touch[n].self,
                                                     .invalid = cases[i].touch[n].invalid };
        long winner =
            attribution_decide(cases[i].rule, 30LL * DAY, cases[i].converted * hour_ms, touches, n);
        for (size_t k = 0; k < n; k++) {
            const char *verdict = attribution_reason(touches[k].verdict);
            if (strcmp(verdict, cases[i].touch[k].verdict) != 0)
                fail_msg("%s: touch %zu: %s", cases[i].what, k, verdict);
            assert_int_equal(winner == (long)k, !strcmp(verdict, "won"));
        }
    }
}

/* Instants at both ends of their range do not overflow. */
static void test_ends(void **state)
{
    (void)state;
    struct attribution_touch t = { .id = 1, .at_ms = INT64_MIN };
    assert_int_equal(attribution_decide(ATTRIBUTION_LAST, DAY, INT64_MAX, &t, 1), -1);
    assert_string_equal(attribution_reason(t.verdict), "too_old");
    t.at_ms = INT64_MAX;
    assert_int_equal(attribution_decide(ATTRIBUTION_LAST, DAY, INT64_MIN, &t, 1), -1);
    assert_string_equal(attribution_reason(t.verdict), "too_late");
}

/* Against trying every touch: it wins if no other one that counts stands before (or behind) it. */
static void test_model(void **state)
{
    (void)state;
    uint64_t seed = 362436069;
    for (int round = 0; round < 20000; round++) {
        struct attribution_touch touches[TOUCHES];
        enum attribution_rule rule = round % 2 ? ATTRIBUTION_FIRST : ATTRIBUTION_LAST;
        for (size_t i = 0; i < TOUCHES; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            touches[i] = (struct attribution_touch){ .id = (int64_t)i + 1,
                                                     .at_ms = (int64_t)(seed >> 33) % 20,
                                                     .self = (seed >> 60) == 0,
                                                     .invalid = (seed >> 60) == 1 };
        }
        long winner = attribution_decide(rule, 10, 12, touches, TOUCHES), expected = -1;
        for (long i = 0; i < TOUCHES; i++) {
            bool best = touches[i].at_ms > 2 && touches[i].at_ms <= 12 && !touches[i].self &&
                        !touches[i].invalid;
            for (long k = 0; k < TOUCHES; k++) {
                bool counts = touches[k].at_ms > 2 && touches[k].at_ms <= 12 && !touches[k].self &&
                              !touches[k].invalid;
                int64_t mine = touches[i].at_ms * 100 + i, other = touches[k].at_ms * 100 + k;
                best = best && (!counts || k == i ||
                                (rule == ATTRIBUTION_FIRST ? mine < other : mine > other));
            }
            expected = best ? i : expected;
        }
        assert_int_equal(winner, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
