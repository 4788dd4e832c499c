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

/* While its workflow is away a referral waits: nothing is written, it is told once, and no step is
 * lost. */
static void test_plugin_off(void **state)
{
    struct org *org = *state;
    struct due_waiting waiting;
    int64_t at_ms, id = review_at(org, "gathering");
    review_at(org, "gathering");
    domain_remove_plugin(org->d, "pre_referral");
    int64_t events = store_last_event(org->store);
    expect_fired(org, 2 * day_ms, "waits R-1 2026-03-03 09:00!\n");
    for (int i = 0; i < 30; i++)
        expect_fired(org, 12 * hour_ms, "");
    assert_int_equal(store_last_event(org->store), events);
    ok(domain_due_at(org->d, &at_ms, &org->e));
    assert_int_equal(at_ms, INT64_MAX); /* nobody runs in circles */
    ok(domain_due_waiting(org->d, domain_now(org->d), &waiting, &org->e));
    assert_int_equal(waiting.timers, 0);
    assert_int_equal(waiting.referrals, 2);
    assert_contains(waiting.why.message, "is not loaded");
    ok(store_settle(org->store, 0, &org->e)); /* the same when it is no more in memory */
    ok(domain_due_waiting(org->d, domain_now(org->d), &waiting, &org->e));
    assert_int_equal(waiting.referrals, 2);
    ok(domain_due_at(org->d, &at_ms, &org->e));
    assert_int_equal(at_ms, INT64_MAX);
    ok(domain_add_graph(org->d, review_new(org, 1), &org->e));
    struct fired log = { .org = org, .lines = BUF_INIT };
    assert_int_equal(fire_all(org, &log, 2), 2);
    assert_contains(buf_text(&log.lines),
                    "referral.reminder R-1 2026-03-03 09:00\nreferral.reminder R-2");
    buf_free(&log.lines);
    expect_newest(org, ENTITY_REFERRAL, id, "referral.reminder", "\"step\":0");
    ok(domain_due_waiting(org->d, domain_now(org->d), &waiting, &org->e));
    assert_int_equal(waiting.referrals, 0);
}

/* A timer of a plugin that is not there, or is off until an hour from now. */
struct absent {
    int64_t again_ms; /* 0: it works */
    struct org *org;
};

static int absent_serves(void *context, const char *plugin, int64_t *again_ms, struct error *e)
{
    const struct absent *a = context;
    *again_ms = a->again_ms;
    if (domain_now(a->org->d) >= a->again_ms)
        return 0;
    return error_set(e, ERROR_DENIED, "plugin %s is off", plugin);
}

static void test_timers_wait(void **state)
{
    struct org *org = *state;
    struct absent absent = { INT64_MAX, org };
    const struct domain_hooks hooks = { .context = &absent, .serves = absent_serves };
    const struct actor plugin = { 0, "plugin chimes", NULL };
    const struct store_set set[] = { { TIMER_NAME, value_text("ring") },
                                     { TIMER_AT_MS, value_int(org_now_ms + day_ms) } };
    const struct record timer = { .entity = ENTITY_TIMER, .set = set, .set_count = 2 };
    org_begin(org);
    for (int i = 0; i < 3; i++)
        ok(domain_write(org->d, &plugin, &timer, NULL, &org->e));
    org_end(org);
    timer_set(org, "free", org_now_ms + 2 * day_ms); /* nobody's, and behind them */
    domain_set_hooks(org->d, &hooks);
    int64_t at_ms, events = store_last_event(org->store);
    expect_fired(org, day_ms, "waits T-1 2026-03-02 09:00!\n");
    assert_int_equal(store_last_event(org->store), events);
    expect_fired(org, day_ms, "timer.free T-4 2026-03-03 09:00\n");
    absent.again_ms = domain_now(org->d) + hour_ms; /* it will be tried again */
    domain_due_again(org->d);
    expect_fired(org, 0, "waits T-1 2026-03-02 09:00!\n");
    ok(domain_due_at(org->d, &at_ms, &org->e));
    assert_int_equal(at_ms, absent.again_ms);
    expect_fired(org, hour_ms - 1, "");
    expect_fired(org, 1,
                 "timer.ring T-1 2026-03-02 09:00\ntimer.ring T-2 2026-03-02 09:00\n"
                 "timer.ring T-3 2026-03-02 09:00\n");
    ok(domain_due_at(org->d, &at_ms, &org->e));
    assert_int_equal(at_ms, INT64_MAX);
    domain_set_hooks(org->d, NULL);
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
        TEST(test_failing_handler), TEST(test_failing_expiry),    TEST(test_plugin_off),
        TEST(test_timers_wait),     TEST(test_step_that_is_gone), TEST(test_failing_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
