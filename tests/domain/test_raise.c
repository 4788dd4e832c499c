/* Handlers and commands: depth, errors that were caught, events of plugins. */
#include "domain/rules_fixture.h"

/* A handler that catches the error of a write which failed half-way. */
static int handler_swallows(struct fake *f, const char *kind, const struct row *row,
                            struct error *e)
{
    (void)row;
    (void)e;
    const struct store_set set[] = { { PERSON_NAME, value_text("Half Way") } };
    const struct record r = { .entity = ENTITY_PERSON, .set = set, .set_count = 1 };
    struct error caught;
    if (!strcmp(kind, "referral.advanced"))
        assert_int_equal(domain_write(f->org->d, &teacher, &r, NULL, &caught), -ERROR_SCRIPT);
    return 0;
}

static void test_swallowed_failure(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_open(org, &teacher), people = org_count(org, ENTITY_PERSON);
    fake.on_event = handler_swallows;
    fake.fail_on = "person.created";
    assert_int_equal(move_on(org, id, &teacher, "open_review", NULL), -ERROR_CANCELLED);
    assert_contains(org->e.message, "handler of person.created is broken");
    assert_int_equal(org_count(org, ENTITY_PERSON), people);
    assert_string_equal(stage_of(org, id), "concern");
    fake_remove(&fake);
}

/* The same at the top of a command, as a script with pcall would do it. */
static void test_spoiled_command(void **state)
{
    struct org *org = *state;
    struct fake fake;
    const struct store_set set[] = { { PERSON_NAME, value_text("Half Way") } };
    const struct record r = { .entity = ENTITY_PERSON, .set = set, .set_count = 1 };
    int64_t people = org_count(org, ENTITY_PERSON);
    fake_install(&fake, org);
    fake.fail_on = "person.created";
    org_begin(org);
    assert_int_equal(domain_write(org->d, &teacher, &r, NULL, &org->e), -ERROR_SCRIPT);
    assert_int_equal(domain_write(org->d, &teacher, &r, NULL, &org->e), -ERROR_CANCELLED);
    assert_int_equal(domain_command_end(org->d, true, &org->e), -ERROR_CANCELLED);
    assert_contains(org->e.message, "nothing was kept");
    fake.fail_on = NULL;
    domain_command_begin(org->d);
    ok(domain_write(org->d, &teacher, &r, NULL, &org->e));
    org_end(org);
    assert_int_equal(org_count(org, ENTITY_PERSON), people + 1);
    fake_remove(&fake);
}

static int handler_again(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    (void)row;
    return strcmp(kind, "review.again")
               ? 0
               : domain_emit(f->org->d, &teacher, kind, ENTITY_NONE, 0, NULL, 0, e);
}

static void test_depth(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    fake.on_event = handler_again;
    org_begin(org);
    assert_int_equal(
        domain_emit(org->d, &teacher, "review.again", ENTITY_NONE, 0, NULL, 0, &org->e),
        -ERROR_LIMIT);
    assert_int_equal(fake.event_calls, LIMIT_EFFECT_DEPTH);
    struct error end;
    domain_command_end(org->d, false, &end);
    store_turn_commit(org->store, &end);
    fake_remove(&fake);
}

static void test_emit(void **state)
{
    struct org *org = *state;
    /* clang-format off */
    const struct {
        const char *kind;
        enum entity entity;
        int64_t id;
        const char *detail;
        int rc;
        const char *message;
    } cases[] = {
        { "review.praised", ENTITY_PERSON, 1, "{\"by\":\"parent\"}", 0, NULL },
        { "praised", ENTITY_NONE, 0, NULL, 0, NULL },
        { "personal.best", ENTITY_NONE, 0, "{}", 0, NULL },
        { "review.praised", ENTITY_PERSON, 99, NULL, -ERROR_NOT_FOUND, "P-99" },
        { "Review praised", ENTITY_NONE, 0, NULL, -ERROR_INVALID, "a kind is made of" },
        { "", ENTITY_NONE, 0, NULL, -ERROR_INVALID, "a kind is made of" },
        { "referral.advanced", ENTITY_NONE, 0, NULL, -ERROR_DENIED, "are the engine's own" },
        { "timer", ENTITY_NONE, 0, NULL, -ERROR_DENIED, "are the engine's own" },
        { "review.x", ENTITY_NONE, 0, "\"by\":1", -ERROR_INVALID, "its detail must be a JSON object"
          },
    };
    /* clang-format on */
    struct fake fake;
    fake_install(&fake, org);
    org_begin(org);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t n = cases[i].detail ? strlen(cases[i].detail) : 0;
        int rc = domain_emit(org->d, &teacher, cases[i].kind, cases[i].entity, cases[i].id,
                             cases[i].detail, n, &org->e);
        check_rc(org, cases[i].kind, rc, cases[i].rc, cases[i].message);
    }
    org_end(org);
    assert_string_equal(buf_text(&fake.kinds), "review.praised P-1 {\"by\":\"parent\"}\n"
                                               "praised - \n"
                                               "personal.best - {}\n");
    fake_remove(&fake);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_swallowed_failure),
        TEST(test_spoiled_command),
        TEST(test_depth),
        TEST(test_emit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
