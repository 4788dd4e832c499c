/* Firings that fail: undone, noted, and the clock goes on. */
#include "domain/due_fixture.h"

/* The handler's writes are undone, the task is made all the same, the clock goes on. */
static void test_failing_handler(void **state)
{
    static const char *const kinds[] = { "referral.reminder", "task.created", NULL };
    struct org *org = *state;
    for (size_t i = 0; kinds[i]; i++) {
        struct fake fake;
        struct fired log = { .org = org, .lines = BUF_INIT };
        int64_t id = review_at(org, "gathering");
        int64_t tasks = org_count(org, ENTITY_TASK);
        fake_install(&fake, org);
        fake.fail_on = kinds[i];
        clock_move(&org->clock, 2 * day_ms);
        assert_int_equal(fire_all(org, &log, 1), 1);
        assert_contains(buf_text(&log.lines), "!\n");
        assert_contains(log.last_error, "is broken");
        expect_newest(org, ENTITY_REFERRAL, id, "referral.step_failed",
                      "\"step\":0,\"error\":{\"code\":\"script\"");
        assert_int_equal(org_count(org, ENTITY_TASK), tasks + 1);
        assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, id), REFERRAL_WAKE_STEP), 1);
        fake.fail_on = NULL;
        const struct advance out = { .referral_id = id, .transition = "withdraw", .note = "x" };
        ok(try_advance(org, &teacher, &out));
        clock_move(&org->clock, 5 * day_ms); /* Sunday again */
        buf_free(&log.lines);
        fake_remove(&fake);
    }
}

static void test_failing_expiry(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "gathering");
    fake.fail_on = "referral.advanced";
    expect_fired(org, 60 * day_ms,
                 "referral.reminder R-1 2026-03-03 09:00\n"
                 "referral.overdue R-1 2026-03-04 09:00\n"
                 "referral.escalated R-1 2026-03-06 09:00\n"
                 "referral.expired R-1 2026-03-14 09:00!\n");
    assert_string_equal(stage_of(org, id), "gathering");
    assert_true(row_is_null(org_row(org, ENTITY_REFERRAL, id), REFERRAL_WAKE_AT_MS));
    expect_tasks(org, "reminder open teacher\noverdue open teacher\nescalation open "
                      "lead\nescalation open lead\n");
    assert_contains(row_text(org_row(org, ENTITY_TASK, 4), TASK_TITLE),
                    "but the transition was refused");
    expect_fired(org, 60 * day_ms, "");
    fake.fail_on = NULL; /* all steps have fired: leaving still finds the tasks */
    ok(move_on(org, id, &teacher, "share", "{\"dossier\":\"d\"}"));
    expect_tasks(
        org, "reminder cancelled teacher\noverdue cancelled teacher\nescalation cancelled lead\n"
             "escalation cancelled lead\n");
    fake_remove(&fake);
}

/* While its workflow is away a referral is looked at again every hour, and loses no step. */
static void test_plugin_off(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    domain_remove_plugin(org->d, "pre_referral");
    expect_fired(org, 2 * day_ms, "referral.step R-1 2026-03-03 09:00!\n");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.step_failed", "is not loaded");
    expect_fired(org, hour_ms - 1, "");
    expect_fired(org, 1, "referral.step R-1 2026-03-03 10:00!\n");
    ok(domain_add_graph(org->d, review_new(org, 1), &org->e));
    expect_fired(org, hour_ms, "referral.reminder R-1 2026-03-03 11:00\n");
    expect_tasks(org, "reminder open teacher\n");
}

static struct graph *review_without_steps(struct org *org)
{
    struct graph *g = graph_new("review", 2, "pre_referral");
    const struct stage stages[] = { { .name = "gathering", .initial = true },
                                    { .name = "end", .final = true } };
    const struct transition t = { .name = "go", .guard = -1, .effect = -1 };
    const char *const from[] = { "gathering", NULL };
    ok(graph_add_stage(g, &stages[0], NULL, &org->e));
    ok(graph_add_stage(g, &stages[1], NULL, &org->e));
    ok(graph_add_transition(g, &t, from, "end", &org->e));
    ok(graph_finish(g, &org->e));
    return g;
}

static void test_step_that_is_gone(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    domain_remove_plugin(org->d, "pre_referral");
    ok(domain_add_graph(org->d, review_without_steps(org), &org->e));
    expect_fired(org, 2 * day_ms, "referral.step R-1 2026-03-03 09:00!\n");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.step_failed", "has no step 0 any more");
    assert_true(row_is_null(org_row(org, ENTITY_REFERRAL, id), REFERRAL_WAKE_AT_MS));
    expect_fired(org, 60 * day_ms, "");
}

static void test_failing_timer(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    timer_set(org, "check", org_now_ms + day_ms);
    fake.fail_on = "timer.check";
    expect_fired(org, day_ms, "timer.check T-1 2026-03-02 09:00!\n");
    expect_newest(org, ENTITY_TIMER, 1, "timer.failed",
                  "\"message\":\"handler of timer.check is broken\"");
    assert_string_equal(row_text(org_row(org, ENTITY_TIMER, 1), TIMER_STATUS), "fired");
    expect_fired(org, day_ms, "");
    fake_remove(&fake);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_failing_handler),   TEST(test_failing_expiry), TEST(test_plugin_off),
        TEST(test_step_that_is_gone), TEST(test_failing_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
