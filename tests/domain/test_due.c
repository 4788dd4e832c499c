/* The clock: steps of stages in due order, timers, a review that lives through a
 * moved clock. */
#include "domain/due_fixture.h"

/* Sunday 2026-03-01 09:00: gathering is due on Wednesday. */
static void test_steps_in_order(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "gathering"), next;
    buf_clear(&fake.kinds);
    expect_fired(org, 2 * day_ms - 1, "");
    expect_fired(org, 1, "referral.reminder R-1 2026-03-03 09:00\n");
    expect_tasks(org, "reminder open teacher\n");
    assert_contains(
        buf_text(&fake.kinds),
        "task.created K-1 \nreferral.reminder R-1 {\"step\":0,\"due_at_ms\":1772614800000}\n");
    ok(domain_due_at(org->d, &next, &org->e));
    assert_int_equal(next, org_now_ms + 3 * day_ms);
    expect_fired(org, 30 * day_ms,
                 "referral.overdue R-1 2026-03-04 09:00\n"
                 "referral.escalated R-1 2026-03-06 09:00\n"
                 "referral.expired R-1 2026-03-14 09:00\n");
    expect_tasks(
        org, "reminder cancelled teacher\noverdue cancelled teacher\nescalation cancelled lead\n");
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_string_equal(row_text(row, REFERRAL_STAGE), "declined");
    assert_true(row_is_null(row, REFERRAL_WAKE_AT_MS));
    expect_history(org, id,
                   "referral.advanced timer 2026-03-14 09:00\n"
                   "referral.escalated timer 2026-03-06 09:00\n"
                   "referral.overdue timer 2026-03-04 09:00\n"
                   "referral.reminder timer 2026-03-03 09:00\n"
                   "referral.advanced operator 2026-03-01 09:00\n"
                   "referral.opened S-1 2026-03-01 09:00\n");
    ok(domain_due_at(org->d, &next, &org->e));
    assert_true(next == INT64_MAX);
    fake_remove(&fake);
}

static void test_texts(void **state)
{
    struct org *org = *state;
    struct fired log = { .org = org, .lines = BUF_INIT };
    review_at(org, "gathering");
    clock_move(&org->clock, 3 * day_ms);
    assert_int_equal(fire_all(org, &log, 100), 2);
    assert_string_equal(log.last_text,
                        "R-1 (reading) is overdue since 2026-03-04 09:00 in stage \"gathering\"");
    assert_string_equal(row_text(org_row(org, ENTITY_TASK, 1), TASK_TITLE),
                        "R-1 (reading) is due 2026-03-04 09:00 in stage \"gathering\"");
    assert_string_equal(row_text(org_row(org, ENTITY_TASK, 1), TASK_ABOUT), "R-1");
    buf_free(&log.lines);
}

/* A long title in the task is cut between characters. */
static void test_long_title(void **state)
{
    struct org *org = *state;
    struct buf title = BUF_INIT;
    for (int i = 0; i < 20000; i++)
        buf_puts(&title, i ? "é" : "x");
    const struct store_set set[] = { { REFERRAL_TITLE, value_textn(title.data, title.len) } };
    int64_t id = review_at(org, "gathering");
    org_write(org, ENTITY_REFERRAL, id, set, 1, NULL);
    expect_fired(org, 2 * day_ms, "referral.reminder R-1 2026-03-03 09:00\n");
    assert_contains(row_text(org_row(org, ENTITY_TASK, 1), TASK_TITLE), "é...) is due");
    buf_free(&title);
}

static void test_limit(void **state)
{
    struct org *org = *state;
    for (int i = 0; i < 5; i++)
        review_at(org, "gathering");
    clock_move(&org->clock, 2 * day_ms);
    assert_int_equal(fire_all(org, NULL, 3), 3);
    assert_int_equal(fire_all(org, NULL, 3), 2);
    assert_int_equal(fire_all(org, NULL, 3), 0);
}

/* Who gets the task. */
static void test_addressee(void **state)
{
    struct org *org = *state;
    int64_t owned = review_at(org, "gathering"), left = review_at(org, "gathering");
    const struct store_set inactive[] = { { STAFF_STATUS, value_text("inactive") } };
    const struct store_set other[] = { { STAFF_NAME, value_text("Ot Her") },
                                       { STAFF_ROLES, value_text("teacher") } };
    int64_t gone = org_write(org, ENTITY_STAFF, 0, other, 2, NULL);
    review_at(org, "gathering");
    org_begin(org);
    ok(domain_assign(org->d, &lead, owned, 1, NULL, &org->e));
    ok(domain_assign(org->d, &lead, left, gone, NULL, &org->e));
    org_end(org);
    org_write(org, ENTITY_STAFF, gone, inactive, 1, NULL);
    expect_fired(org, 2 * day_ms,
                 "referral.reminder R-1 2026-03-03 09:00\n"
                 "referral.reminder R-2 2026-03-03 09:00\n"
                 "referral.reminder R-3 2026-03-03 09:00\n");
    expect_tasks(org, "reminder open S-1\nreminder open teacher\nreminder open teacher\n");
}

/* Leaving a stage ends what its clock asked for, and nothing else. */
static void test_leaving_cancels(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    const struct store_set own[] = { { TASK_TITLE, value_text("call home") },
                                     { TASK_ABOUT, value_text("R-1") } };
    const struct store_set done[] = { { TASK_STATUS, value_text("done") } };
    org_write(org, ENTITY_TASK, 0, own, 2, NULL);
    expect_fired(org, 4 * day_ms,
                 "referral.reminder R-1 2026-03-03 09:00\nreferral.overdue R-1 2026-03-04 09:00\n");
    org_write(org, ENTITY_TASK, 2, done, 1, NULL);
    ok(move_on(org, id, &teacher, "share", "{\"dossier\":\"d\"}"));
    expect_tasks(org, " open \nreminder done teacher\noverdue cancelled teacher\n");
    expect_fired(org, 90 * day_ms, "");
}

/* A deadline that moves takes the tasks of the old one away, and begins again. */
static void test_moved_deadline(void **state)
{
    struct org *org = *state;
    struct fake fake;
    char fields[64];
    fake_install(&fake, org);
    int64_t id = review_at(org, "monitoring");
    snprintf(fields, sizeof fields, "{\"visit_at\":%lld}", (long long)(org_now_ms + 2 * day_ms));
    ok(move_on(org, id, &teacher, "record", fields));
    expect_fired(org, 2 * day_ms,
                 "referral.reminder R-1 2026-03-02 09:00\nreferral.overdue R-1 2026-03-03 09:00\n");
    snprintf(fields, sizeof fields, "{\"visit_at\":%lld}", (long long)(org_now_ms + 9 * day_ms));
    ok(move_on(org, id, &teacher, "record", fields));
    expect_tasks(org, "reminder cancelled lead\noverdue cancelled lead\n");
    expect_fired(org, 30 * day_ms,
                 "referral.reminder R-1 2026-03-09 09:00\nreferral.overdue R-1 2026-03-10 09:00\n");
    fake_remove(&fake);
}

/* A date that has passed when the stage is entered: overdue at once, the rest counts from the
 * entry. */
static struct graph *visit_new(struct org *org)
{
    struct graph *g = graph_new("visit", 1, "visits");
    const struct field on = { .name = "visit_on", .type = FIELD_DATE };
    const struct step steps[] = {
        { .kind = STEP_REMIND, .span = { .days = 1 } },
        { .kind = STEP_DUE },
        { .kind = STEP_ESCALATE, .span = { .days = 2 }, .to_role = "senior" }
    };
    const struct stage stages[] = {
        { .name = "waiting",
          .initial = true,
          .due_field = "visit_on",
          .steps = steps,
          .step_count = 3 },
        { .name = "seen", .final = true },
    };
    const struct transition t = { .name = "see", .guard = -1, .effect = -1 };
    const char *const from[] = { "waiting", NULL };
    ok(graph_add_field(g, &on, &org->e));
    ok(graph_add_stage(g, &stages[0], NULL, &org->e));
    ok(graph_add_stage(g, &stages[1], NULL, &org->e));
    ok(graph_add_transition(g, &t, from, "seen", &org->e));
    ok(graph_finish(g, &org->e));
    return g;
}

static void test_date_field(void **state)
{
    static const char *const fields[] = { "{\"visit_on\":\"2026-02-20\"}",
                                          "{\"visit_on\":\"2026-03-05\"}", "{}" };
    struct org *org = *state;
    ok(domain_add_graph(org->d, visit_new(org), &org->e));
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct referral_open open = { .workflow = "visit",
                                            .fields = fields[i],
                                            .fields_len = strlen(fields[i]) };
        org_begin(org);
        ok(domain_open(org->d, &teacher, &open, NULL, &org->e));
        org_end(org);
    }
    assert_true(row_is_null(org_row(org, ENTITY_REFERRAL, 3), REFERRAL_DUE_AT_MS));
    expect_fired(org, 0, "referral.overdue R-1 2026-02-20 23:59\n");
    expect_fired(org, 30 * day_ms,
                 "referral.escalated R-1 2026-03-03 09:00\n"
                 "referral.reminder R-2 2026-03-04 23:59\n"
                 "referral.overdue R-2 2026-03-05 23:59\n"
                 "referral.escalated R-2 2026-03-07 23:59\n");
    expect_tasks(
        org, "overdue open lead\nescalation open senior\nreminder open lead\noverdue open lead\n"
             "escalation open senior\n");
}

static void test_timers(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    review_at(org, "gathering");
    timer_set(org, "late", org_now_ms + 4 * day_ms);
    timer_set(org, "early", org_now_ms + day_ms);
    int64_t stopped = timer_set(org, "stopped", org_now_ms + day_ms);
    const struct store_set cancel[] = { { TIMER_STATUS, value_text("cancelled") } };
    org_write(org, ENTITY_TIMER, stopped, cancel, 1, NULL);
    buf_clear(&fake.kinds);
    expect_fired(org, 4 * day_ms,
                 "timer.early T-2 2026-03-02 09:00\n"
                 "referral.reminder R-1 2026-03-03 09:00\n"
                 "referral.overdue R-1 2026-03-04 09:00\n"
                 "timer.late T-1 2026-03-05 09:00\n");
    assert_contains(buf_text(&fake.kinds), "timer.early T-2 {\"at_ms\":1772442000000}\n");
    const struct row *row = org_row(org, ENTITY_TIMER, 2);
    assert_string_equal(row_text(row, TIMER_STATUS), "fired");
    assert_true(row_is_null(row, TIMER_AT_MS));
    expect_newest(org, ENTITY_TIMER, 2, "timer.early", "");
    fake_remove(&fake);
}

/* One that sets itself for now, or for long ago, is due a second later. */
static int timer_at_once(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    (void)row;
    const struct store_set set[] = { { TIMER_NAME, value_text("busy") },
                                     { TIMER_AT_MS, value_int(org_now_ms) } };
    const struct record r = { .entity = ENTITY_TIMER, .set = set, .set_count = 2 };
    return strcmp(kind, "timer.busy") ? 0 : domain_write(f->org->d, &org_operator, &r, NULL, e);
}

static void test_timer_at_once(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    timer_set(org, "busy", org_now_ms + 500);
    fake.on_event = timer_at_once;
    clock_move(&org->clock, 2600);
    struct fired log = { .org = org, .lines = BUF_INIT };
    assert_int_equal(fire_all(org, &log, 3), 3);
    assert_int_equal(row_int(org_row(org, ENTITY_TIMER, 4), TIMER_AT_MS), org_now_ms + 3500);
    int64_t made = timer_set(org, "past", org_now_ms); /* by nobody's firing */
    assert_int_equal(row_int(org_row(org, ENTITY_TIMER, made), TIMER_AT_MS), org_now_ms);
    buf_free(&log.lines);
    fake_remove(&fake);
}

/* A timer whose handler sets it again counts from its own time, not from the moved clock's. */
static int timer_again(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    (void)row;
    const struct store_set set[] = { { TIMER_NAME, value_text("daily") },
                                     { TIMER_AT_MS, value_int(domain_now(f->org->d) + day_ms) } };
    const struct record r = { .entity = ENTITY_TIMER, .set = set, .set_count = 2 };
    return strcmp(kind, "timer.daily") ? 0 : domain_write(f->org->d, &org_operator, &r, NULL, e);
}

static void test_moved_clock(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    timer_set(org, "daily", org_now_ms + day_ms);
    fake.on_event = timer_again;
    expect_fired(org, 4 * day_ms,
                 "timer.daily T-1 2026-03-02 09:00\n"
                 "timer.daily T-2 2026-03-03 09:00\n"
                 "timer.daily T-3 2026-03-04 09:00\n"
                 "timer.daily T-4 2026-03-05 09:00\n");
    fake_remove(&fake);
}

/* After a pause something else was written first: time does not run backwards. */
static void test_time_never_runs_back(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    timer_set(org, "check", org_now_ms + day_ms);
    clock_move(&org->clock, 3 * day_ms);
    review_open(org, &teacher);
    expect_fired(org, 0, "timer.check T-1 2026-03-02 09:00\n");
    assert_int_equal(fake.last_at_ms, org_now_ms + 3 * day_ms);
    fake_remove(&fake);
}

static void test_messages_do_not_block(void **state)
{
    struct org *org = *state;
    int64_t next;
    const struct store_set set[] = { { MESSAGE_CHANNEL, value_text("file") },
                                     { MESSAGE_RECIPIENT, value_text("a@b") },
                                     { MESSAGE_BODY, value_text("hi") } };
    org_write(org, ENTITY_MESSAGE, 0, set, 3, NULL);
    timer_set(org, "check", org_now_ms + day_ms);
    ok(domain_due_at(org->d, &next, &org->e));
    assert_int_equal(next, org_now_ms); /* the outbox has work */
    expect_fired(org, day_ms, "timer.check T-1 2026-03-02 09:00\n");
}

/* What is due is still due after a restart. */
static void test_restart(void **state)
{
    static const char *const roles[] = { "teacher", "psychologist", NULL };
    struct org *org = *state;
    review_at(org, "gathering");
    expect_fired(org, 2 * day_ms, "referral.reminder R-1 2026-03-03 09:00\n");
    org_stop(org);
    org_start(org);
    ok(domain_set_roles(org->d, roles, &org->e));
    ok(domain_add_graph(org->d, review_new(org, 1), &org->e));
    expect_fired(org, 4 * day_ms, "referral.overdue R-1 2026-03-04 09:00\n");
}

/* The whole review, six stages and a round more, with everybody in time but once. */
static void test_whole_review(void **state)
{
    struct org *org = *state;
    struct fake fake;
    char visit[64];
    fake_install(&fake, org);
    int64_t id = review_open(org, &teacher);
    ok(move_on(org, id, &teacher, "open_review", NULL));
    expect_fired(org, 2 * day_ms, "referral.reminder R-1 2026-03-03 09:00\n");
    ok(move_on(org, id, &teacher, "share", "{\"dossier\":\"scores\"}"));
    expect_fired(org, day_ms, "");
    ok(move_on(org, id, &teacher, "plan", "{\"goals\":[\"read 60 words\"]}"));
    for (int round = 0; round < 2; round++) {
        int64_t visit_ms = domain_now(org->d) + 14 * day_ms;
        snprintf(visit, sizeof visit, "{\"plan_days\":30,\"visit_at\":%lld}", (long long)visit_ms);
        ok(move_on(org, id, &teacher, "start", visit));
        expect_fired(org, 14 * day_ms,
                     round == 0 ? "referral.reminder R-1 2026-03-17 09:00\n"
                                  "referral.overdue R-1 2026-03-18 09:00\n"
                                : "referral.reminder R-1 2026-03-31 09:00\n"
                                  "referral.overdue R-1 2026-04-01 09:00\n");
        ok(move_on(org, id, &teacher, "record", "{\"progress\":\"none\"}"));
        ok(move_on(org, id, &teacher, "evaluate", NULL));
        if (round == 0)
            ok(move_on(org, id, &teacher, "retry", NULL));
    }
    assert_int_equal(move_on(org, id, &teacher, "refer", "{\"fidelity\":9}"), -ERROR_DENIED);
    ok(move_on(org, id, &lead, "refer", "{\"fidelity\":9}"));
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_string_equal(row_text(row, REFERRAL_OUTCOME), "referred to services");
    assert_int_equal(fake.guard_calls, 2);
    assert_int_equal(fake.effect_calls, 4);
    assert_contains(row->fields.s, "\"fidelity\":9");
    expect_tasks(org,
                 "reminder cancelled teacher\nreminder cancelled lead\noverdue cancelled lead\n"
                 "reminder cancelled lead\noverdue cancelled lead\n");
    struct history h = { org, BUF_INIT, INT64_MAX };
    ok(store_history(org->store, ENTITY_REFERRAL, id, 100, history_line, &h, &org->e));
    assert_contains(buf_text(&h.lines), "referral.advanced S-2 2026-04-01 09:00\n");
    buf_free(&h.lines);
    expect_fired(org, 365 * day_ms, "");
    fake_remove(&fake);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_steps_in_order),
        TEST(test_texts),
        TEST(test_long_title),
        TEST(test_limit),
        TEST(test_addressee),
        TEST(test_leaving_cancels),
        TEST(test_moved_deadline),
        TEST(test_date_field),
        TEST(test_timers),
        TEST(test_timer_at_once),
        TEST(test_moved_clock),
        TEST(test_time_never_runs_back),
        TEST(test_messages_do_not_block),
        TEST(test_restart),
        TEST(test_whole_review),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
