/* Consent: the last word counts. */
#include "domain/rules_fixture.h"

struct word {
    int64_t id; /* 0: a new one */
    const char *status;
    int64_t given, expires; /* days from now; 0: none */
};

static void say(struct org *org, const struct word *w)
{
    struct store_set set[5] = { { CONSENT_STATUS, value_text(w->status) } };
    size_t n = 1;
    if (w->given)
        set[n++] =
            (struct store_set){ CONSENT_GIVEN_AT_MS, value_int(org_now_ms + w->given * day_ms) };
    if (w->expires)
        set[n++] = (struct store_set){ CONSENT_EXPIRES_AT_MS,
                                       value_int(org_now_ms + w->expires * day_ms) };
    if (!w->id) {
        set[n++] = (struct store_set){ CONSENT_PERSON, value_int(1) };
        set[n++] = (struct store_set){ CONSENT_PURPOSE, value_text("evaluation") };
    }
    org_write(org, ENTITY_CONSENT, w->id, set, n, NULL);
}

static void check_words(struct org *org, const struct word *words, size_t count, bool holds)
{
    bool out = !holds;
    for (size_t i = 0; i < count; i++)
        say(org, &words[i]);
    ok(domain_consent_holds(org->d, 1, "evaluation", &out, &org->e));
    assert_int_equal(out, holds);
    ok(domain_consent_holds(org->d, 1, "disclosure", &out, &org->e));
    assert_false(out);
    ok(domain_consent_holds(org->d, 2, "evaluation", &out, &org->e));
    assert_false(out);
}

#define CASE(name, holds, ...)                                                                     \
    static void name(void **state)                                                                 \
    {                                                                                              \
        static const struct word words[] = { __VA_ARGS__ };                                        \
        check_words(*state, words, COUNT(words), holds);                                           \
    }

CASE(test_given, true, { 0, "given", 0, 0 })
CASE(test_refused, false, { 0, "refused", 0, 0 })
CASE(test_withdrawn, false, { 0, "given", 0, 0 }, { 1, "withdrawn", 0, 0 })
CASE(test_given_again, true, { 0, "given", 0, 0 }, { 1, "withdrawn", 0, 0 }, { 0, "given", 0, 0 })
CASE(test_older_one_withdrawn, false, { 0, "given", 0, 0 }, { 0, "given", 0, 0 },
     { 1, "withdrawn", 0, 0 })
CASE(test_expired, false, { 0, "given", -10, -1 })
CASE(test_not_expired, true, { 0, "given", -10, 1 })
CASE(test_not_begun, false, { 0, "given", 1, 0 })

static void test_none(void **state)
{
    check_words(*state, NULL, 0, false);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_none),      TEST(test_given),       TEST(test_refused),
        TEST(test_withdrawn), TEST(test_given_again), TEST(test_older_one_withdrawn),
        TEST(test_expired),   TEST(test_not_expired), TEST(test_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
