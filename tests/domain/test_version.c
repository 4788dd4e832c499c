/* Versions: kept, compared, and what a pinned referral may do. */
#include "domain/version_fixture.h"

#include "baton/domain/due.h"
#include "domain/version_internal.h"

static const struct care first = { 0 };

static void problem(void *context, const struct graph *g, bool by_setting, const char *text)
{
    buf_printf(context, "%s: %s%s\n", graph_name(g), by_setting ? "setting: " : "", text);
}

static void test_kept_once(void **state)
{
    struct org *org = *state;
    size_t n = 0;
    struct buf said = BUF_INIT;
    ok(domain_versions_unkept(org->d, &n, &org->e));
    assert_int_equal(n, 2); /* those of the fixtures */
    care_load(org, &first);
    ok(domain_versions_unkept(org->d, &n, &org->e));
    assert_int_equal(n, 0);
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_int_equal(said.len, 0);
    buf_free(&said);
}

/* While nobody runs it an author may change it at will; then it takes another number. */
static void test_same_version_differs(void **state)
{
    struct org *org = *state;
    struct buf said = BUF_INIT;
    care_load(org, &first);
    care_load(org, &(struct care){ .within_days = 5 });
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_int_equal(said.len, 0);
    int64_t id = care_open(org, NULL);
    care_load(org, &(struct care){ .within_days = 6 });
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_string_equal(buf_text(&said), "care: workflow \"care\" version 1 differs from the one "
                                         "that 1 open referral runs; raise its version\n");
    ok(move_on(org, id, &org_operator, "drop", NULL));
    buf_clear(&said);
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_int_equal(said.len, 0);
    buf_free(&said);
}

/* Whoever changed it is told apart by what it is made from, also where that was another the last
 * time that it came out the same. */
static void test_setting_differs(void **state)
{
    static const char first_source[] = "{\"source\":\"1\",\"settings\":{\"a\":\"x\",\"b\":\"y\"}}",
                      source[] = "{\"source\":\"2\",\"settings\":{\"a\":\"x\",\"b\":\"y\"}}",
                      setting[] = "{\"source\":\"2\",\"settings\":{\"a\":\"x\",\"b\":\"z\"}}",
                      both[] = "{\"source\":\"3\",\"settings\":{\"a\":\"x\",\"b\":\"z\"}}";
    struct org *org = *state;
    struct buf said = BUF_INIT;
    size_t n = 0;
    care_load_from(org, &first, first_source);
    care_open(org, NULL);
    care_load_from(org, &first, source);
    ok(domain_versions_unkept(org->d, &n, &org->e));
    assert_int_equal(n, 0);
    care_load_from(org, &(struct care){ .within_days = 5 }, setting);
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_string_equal(buf_text(&said),
                        "care: setting: workflow \"care\" version 1 differs from the one that 1 "
                        "open referral began with, by a setting that changed, b: due times that "
                        "run stay, what follows goes by the new one\n");
    buf_clear(&said);
    care_load_from(org, &(struct care){ .within_days = 5 }, both);
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_contains(buf_text(&said), "care: workflow \"care\" version 1 differs");
    assert_contains(buf_text(&said), "raise its version");
    buf_free(&said);
}

/* What an organisation takes away is no other version. */
static void test_disabled_is_the_same(void **state)
{
    struct org *org = *state;
    struct buf said = BUF_INIT;
    care_load(org, &first);
    care_open(org, NULL);
    care_load(org, &(struct care){ .disable = true });
    ok(domain_version_problems(org->d, problem, &said, &org->e));
    assert_int_equal(said.len, 0);
    buf_free(&said);
}

/* Written, read and written again: the same text, guards and effects aside. */
static void test_round_trip(void **state)
{
    struct org *org = *state;
    struct buf once = BUF_INIT, again = BUF_INIT;
    struct graph *g = NULL, *own = review_new(org, 1);
    version__write(own, &once);
    ok(version__read(once.data, once.len, &g, &org->e));
    version__write(g, &again);
    assert_int_equal(graph_stage_count(g), graph_stage_count(own));
    for (size_t i = 0; i < graph_stage_count(g); i++) {
        const struct stage *a = graph_stage(own, (int)i), *b = graph_stage(g, (int)i);
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->step_count, b->step_count);
        for (size_t s = 0; s < a->step_count; s++) {
            assert_int_equal(a->steps[s].kind, b->steps[s].kind);
            assert_memory_equal(&a->steps[s].span, &b->steps[s].span, sizeof a->steps[s].span);
        }
    }
    graph_free(g);
    const char *damaged[] = { "", "{", "[]", "{\"name\":\"x\"}", "{\"name\":3,\"stages\":[3]}" };
    for (size_t i = 0; i < COUNT(damaged); i++)
        assert_true(version__read(damaged[i], strlen(damaged[i]), &g, &org->e) < 0);
    graph_free(own);
    buf_free(&once);
    buf_free(&again);
}

static void test_pinned(void **state)
{
    struct org *org = *state;
    int possible[8];
    care_load(org, &first);
    int64_t id = care_asked(org, NULL), gone = care_asked(org, NULL), fresh;
    care_load(org, &(struct care){ .version = 2, .second = "waiting" });
    fresh = care_open(org, NULL);
    assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, fresh), REFERRAL_WORKFLOW_VERSION), 2);

    assert_int_equal(move_on(org, id, &org_operator, "end", NULL), -ERROR_DENIED);
    assert_string_equal(org->e.message,
                        "R-1 runs version 1 of care, version 2 is loaded: baton migrate care");
    assert_int_equal(move_on(org, id, &org_operator, "nonsense", NULL), -ERROR_DENIED);
    assert_int_equal(domain_possible(org->d, org_row(org, ENTITY_REFERRAL, id), possible, 8), 1);

    /* Its stage is gone, and it goes all the same: it is locked. */
    ok(move_on(org, gone, &org_operator, "stop", NULL));
    assert_string_equal(stage_of(org, gone), "done");
    assert_contains(newest(org, gone).payload, "\"from\":\"asked\",\"to\":\"done\"");
    assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, gone), REFERRAL_WORKFLOW_VERSION), 2);
    assert_int_equal(move_on(org, gone, &org_operator, "stop", NULL), -ERROR_DENIED);
    assert_contains(org->e.message, "it is closed (done)");

    /* It can be given to somebody, in the stage of its own version. */
    org_begin(org);
    ok(domain_assign(org->d, &org_operator, id, 1, NULL, &org->e));
    org_end(org);
}

static int fire_until(struct org *org, int64_t now_ms)
{
    size_t fired = 0;
    ok(store_turn_begin(org->store, &org->e));
    ok(domain_fire_due(org->d, now_ms, 100, NULL, NULL, &fired, &org->e));
    ok(store_turn_commit(org->store, &org->e));
    return (int)fired;
}

/* The clock goes by the steps of the version that it runs, though its stage is gone. */
static void test_clock_of_old_version(void **state)
{
    struct org *org = *state;
    care_load(org, &first);
    int64_t id = care_asked(org, NULL);
    care_load(org, &(struct care){ .version = 2, .second = "waiting", .within_days = -1 });
    assert_int_equal(fire_until(org, org_now_ms + 2 * day_ms), 1);
    assert_string_equal(newest(org, id).kind, "referral.reminder");
    assert_int_equal(fire_until(org, org_now_ms + 3 * day_ms), 1);
    assert_string_equal(newest(org, id).kind, "referral.overdue");
    assert_int_equal(fire_until(org, org_now_ms + 9 * day_ms), 1);
    assert_string_equal(newest(org, id).kind, "referral.escalated");
}

/* Fields of either version may be set while it waits: of its own, and to mend it for the next. */
static void test_fields_while_pinned(void **state)
{
    struct org *org = *state;
    care_load(org, &first);
    int64_t id = care_asked(org, NULL);
    care_load(org, &(struct care){ .version = 2, .hours = "time_needed" });
    static const char *const fields[] = { "{\"hours\":1}", "{\"time_needed\":2}" };
    for (size_t i = 0; i < 2; i++) {
        const struct record r = { .entity = ENTITY_REFERRAL,
                                  .id = id,
                                  .fields = fields[i],
                                  .fields_len = strlen(fields[i]) };
        org_begin(org);
        ok(domain_set(org->d, &org_operator, &r, NULL, &org->e));
        org_end(org);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_once, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_same_version_differs, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_setting_differs, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_disabled_is_the_same, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_round_trip, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_pinned, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_clock_of_old_version, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_fields_while_pinned, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
