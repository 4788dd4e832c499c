/* Deadlines that stand still: by hand, and in stages whose clock is paused; and the
 * record of who held the clock. */
#include "domain/due_fixture.h"

#include "baton/base/arena.h"
#include "baton/base/ini.h"
#include "baton/domain/audit.h"
#include "baton/domain/clock_record.h"
#include "baton/domain/pause.h"
#include "baton/domain/version.h"

/* The calendar of the fixture: Mon-Fri 09:00-17:00, UTC. It is Sunday 2026-03-01 09:00. */

static void job_stages(struct org *org, struct graph *g, const char *work_name)
{
    static const char *const teachers[] = { "teacher", NULL };
    static const struct step steps[] = {
        { .kind = STEP_REMIND, .span = { .working_days = 1 } },
        { .kind = STEP_DUE },
        { .kind = STEP_ESCALATE, .span = { .working_days = 1 }, .to_role = "lead" },
        { .kind = STEP_ESCALATE, .span = { .days = 4 }, .to_role = "admin" },
    };
    static const struct step plain[] = { { .kind = STEP_DUE } };
    const struct stage stages[] = {
        { .name = work_name,
          .initial = true,
          .owner_roles = teachers,
          .has_deadline = true,
          .within = { .working_days = 3 },
          .steps = steps,
          .step_count = 4 },
        { .name = "on_hold",
          .clock_paused = true,
          .has_deadline = true,
          .within = { .days = 30 },
          .steps = plain,
          .step_count = 1 },
        { .name = "waiting", .clock_paused = true },
        { .name = "visit", .due_field = "visit_at", .steps = plain, .step_count = 1 },
        { .name = "free" },
        { .name = "done", .final = true },
        { .name = "lapsed", .final = true },
    };
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], "job.lua:1", &org->e));
}

static struct graph *job_new(struct org *org, int version, const char *work_name)
{
    static const char *const any[] = { "*", NULL };
    const char *const work[] = { work_name, NULL };
    const char *const to[] = { work_name, "on_hold", "waiting", "visit", "free", "done" };
    struct graph *g = graph_new("job", version, "test");
    const struct field visit = { .name = "visit_at", .type = FIELD_TIME };
    const struct field need = { .name = "need", .type = FIELD_TEXT };
    ok(graph_add_field(g, &visit, &org->e));
    ok(graph_add_field(g, &need, &org->e));
    job_stages(org, g, work_name);
    for (size_t i = 0; i < COUNT(to); i++) {
        const struct transition t = { .name = to[i], .guard = -1, .effect = -1 };
        ok(graph_add_transition(g, &t, any, to[i], &org->e));
    }
    const struct transition lapse = { .name = "lapse", .guard = -1, .effect = -1 };
    ok(graph_add_transition(g, &lapse, work, "lapsed", &org->e));
    const struct span after = { .days = 10 };
    ok(graph_set_expire(g, work_name, &after, "lapse", "job.lua:9", &org->e));
    ok(graph_finish(g, &org->e));
    return g;
}

static int setup(void **state)
{
    int rc = rules_setup(state);
    struct org *org = *state;
    ok(domain_add_graph(org->d, job_new(org, 1, "work"), &org->e));
    return rc;
}

static int64_t open_job(struct org *org)
{
    static const char fields[] = "{\"need\":\"a \\\"_clock\"}"; /* looks like the engine's */
    const struct store_set set[] = { { REFERRAL_TITLE, value_text("roof") } };
    const struct referral_open open = { .workflow = "job",
                                        .set = set,
                                        .set_count = 1,
                                        .fields = fields,
                                        .fields_len = sizeof fields - 1 };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &teacher, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

typedef int (*pause_verb)(struct domain *d, const struct actor *actor, const struct pause *p,
                          const struct row **out, struct error *e);

static int try_pause(struct org *org, pause_verb verb, const struct pause *p)
{
    struct error ignored;
    const struct row *row;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = verb(org->d, &teacher, p, &row, &org->e);
    if (domain_command_end(org->d, rc == 0, &ignored) < 0)
        fail_msg("%s", ignored.message);
    ok(store_turn_commit(org->store, &ignored));
    return rc;
}

static void stop(struct org *org, int64_t id)
{
    const struct pause p = { .referral_id = id, .reason = "strike" };
    ok(try_pause(org, domain_pause, &p));
}

static void go_on(struct org *org, int64_t id)
{
    const struct pause p = { .referral_id = id };
    ok(try_pause(org, domain_resume, &p));
}

static void expect_due(struct org *org, int64_t id, const char *when)
{
    struct buf out = BUF_INIT;
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    if (!row_is_null(row, REFERRAL_DUE_AT_MS))
        zone_format(calendar_zone(org->calendar), row_int(row, REFERRAL_DUE_AT_MS), false, &out);
    assert_string_equal(buf_text(&out), when);
    buf_free(&out);
}

static void expect_paused(struct org *org, int64_t id, const char *text)
{
    struct buf out = BUF_INIT;
    domain_paused_text(org->d, org_row(org, ENTITY_REFERRAL, id), &out);
    assert_string_equal(buf_text(&out), text);
    buf_free(&out);
}

/* Moves the clock to a wall time of March 2026, and fires. */
static void at(struct org *org, int day, int hour, const char *fired)
{
    const struct civil c = { .year = 2026, .month = 3, .day = day, .hour = hour };
    expect_fired(org, zone_from_civil(calendar_zone(org->calendar), &c) - domain_now(org->d),
                 fired);
}

static void expect_audit(struct org *org)
{
    struct audit_result r;
    ok(domain_audit(org->d, &r, &org->e));
    assert_int_equal(r.broken_seq, 0);
    assert_int_equal(r.differing, 0);
}

/* Opened on Sunday, due on Wednesday at 9: of three working days one has gone by on Tuesday. */
static void test_working_time(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    expect_due(org, id, "2026-03-04 09:00");
    at(org, 2, 13, ""); /* Monday */
    stop(org, id);
    expect_due(org, id, "");
    expect_paused(org, id, "paused since 2026-03-02 13:00, 12 hours of working time remain");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.paused", "\"left_ms\":43200000");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.paused", "\"reason\":\"strike\"");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.paused", "\"unit\":\"working\"");
    at(org, 13, 16, ""); /* Friday, weeks later */
    expect_tasks(org, "");
    go_on(org, id); /* an hour on Friday, eight on Monday, three on Tuesday */
    expect_due(org, id, "2026-03-17 12:00");
    expect_paused(org, id, "");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.resumed", "\"paused_ms\":961200000");
    at(org, 30, 9,
       "referral.reminder R-1 2026-03-16 12:00\n"
       "referral.overdue R-1 2026-03-17 12:00\n"
       "referral.escalated R-1 2026-03-18 12:00\n"
       "referral.escalated R-1 2026-03-21 12:00\n"
       "referral.expired R-1 2026-03-27 12:00\n");
    assert_string_equal(stage_of(org, id), "lapsed");
    expect_audit(org);
}

/* Steps that have fired do not fire again; tasks stay open meanwhile; what is overdue stays so. */
static void test_overdue(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    at(org, 4, 13,
       "referral.reminder R-1 2026-03-03 09:00\nreferral.overdue R-1 2026-03-04 09:00\n");
    stop(org, id);
    expect_paused(org, id, "paused since 2026-03-04 13:00, overdue by 4 hours of working time");
    at(org, 18, 15, "");
    expect_tasks(org, "reminder open teacher\noverdue open teacher\n");
    go_on(org, id);
    expect_due(org, id, "2026-03-18 11:00");
    at(org, 20, 9, "referral.escalated R-1 2026-03-19 11:00\n");
    expect_tasks(org, "reminder open teacher\noverdue open teacher\nescalation open lead\n");
    stop(org, id);
    ok(move_on(org, id, &teacher, "free", NULL)); /* the tasks were about a deadline that is gone */
    expect_tasks(
        org, "reminder cancelled teacher\noverdue cancelled teacher\nescalation cancelled lead\n");
    expect_paused(org, id, "");
    expect_audit(org);
}

static void test_refused(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    struct pause p = { .referral_id = id };
    check_rc(org, "not paused", try_pause(org, domain_resume, &p), -ERROR_DENIED, "not paused");
    p.based_on = 99;
    check_rc(org, "version", try_pause(org, domain_pause, &p), -ERROR_CONFLICT, "version");
    p.based_on = 0;
    p.reason = "\xff";
    check_rc(org, "text", try_pause(org, domain_pause, &p), -ERROR_INVALID, "the reason must be");
    p.reason = NULL;
    p.referral_id = 77;
    check_rc(org, "unknown", try_pause(org, domain_pause, &p), -ERROR_NOT_FOUND, "R-77");
    p.referral_id = id;
    stop(org, id);
    check_rc(org, "twice", try_pause(org, domain_pause, &p), -ERROR_DENIED,
             "R-1: its clock stands still already: paused since 2026-03-01 09:00");
    ok(move_on(org, id, &teacher, "free", NULL));
    check_rc(org, "free", try_pause(org, domain_pause, &p), -ERROR_DENIED,
             "no deadline runs in stage \"free\"");
    ok(move_on(org, id, &teacher, "done", NULL));
    check_rc(org, "closed", try_pause(org, domain_pause, &p), -ERROR_DENIED, "it is closed");
    /* Nobody writes the engine's fields. */
    id = open_job(org);
    check_rc(org, "field", move_on(org, id, &teacher, "free", "{\"_clock\":{\"left_ms\":1}}"),
             -ERROR_INVALID, "no field \"_clock\"");
}

/* A field says when: a pause does not move that, only nothing fires. */
static void test_field(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    const struct record r = { .entity = ENTITY_REFERRAL,
                              .id = id,
                              .fields = "{\"visit_at\":1773046800000}", /* Monday 9 March 09:00 */
                              .fields_len = 26 };
    ok(move_on(org, id, &teacher, "visit", "{\"visit_at\":1772787600000}")); /* Friday 6 March */
    expect_due(org, id, "2026-03-06 09:00");
    stop(org, id);
    expect_paused(org, id, "paused since 2026-03-01 09:00, its field says when it is due");
    org_begin(org);
    ok(domain_set(org->d, &teacher, &r, NULL, &org->e));
    org_end(org);
    expect_due(org, id, "");
    at(org, 7, 9, "");
    go_on(org, id);
    expect_due(org, id, "2026-03-09 09:00");
    at(org, 10, 9, "referral.overdue R-1 2026-03-09 09:00\n");
}

/* On hold: what remains is kept, and goes on where it stopped. */
static void test_hold(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    at(org, 3, 9, "referral.reminder R-1 2026-03-03 09:00\n");
    ok(move_on(org, id, &teacher, "on_hold", "{\"need\":\"rain\"}"));
    expect_due(org, id, "2026-04-02 09:00"); /* its own */
    expect_tasks(org, "reminder open teacher\n");
    expect_paused(org, id,
                  "that of stage \"work\" paused since 2026-03-03 09:00, 8 hours of working time "
                  "remain");
    struct pause p = { .referral_id = id };
    check_rc(org, "resume", try_pause(org, domain_resume, &p), -ERROR_DENIED,
             "the clock of stage \"work\" goes on when it returns there");
    ok(move_on(org, id, &teacher, "waiting", NULL)); /* one more that waits: kept on */
    at(org, 12, 13, "");
    ok(move_on(org, id, &teacher, "work", NULL));
    expect_due(org, id, "2026-03-13 13:00");
    expect_paused(org, id, "");
    struct json_slice v;
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_true(jsons_get(row->fields.s, row->fields.len, "need", 4, &v));
    assert_memory_equal(v.text, "rain", 4);
    at(org, 13, 14, "referral.overdue R-1 2026-03-13 13:00\n"); /* no second reminder */
    expect_tasks(org, "reminder open teacher\noverdue open teacher\n");
    expect_audit(org);
}

/* Leaving for elsewhere drops it; its own deadline's tasks go when it comes back. */
static void test_hold_left(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    at(org, 3, 9, "referral.reminder R-1 2026-03-03 09:00\n");
    ok(move_on(org, id, &teacher, "on_hold", NULL));
    expect_fired(org, 31 * day_ms, "referral.overdue R-1 2026-04-02 09:00\n");
    ok(move_on(org, id, &teacher, "work", NULL));
    expect_tasks(org, "reminder open teacher\noverdue cancelled lead\n");
    ok(move_on(org, id, &teacher, "on_hold", NULL));
    ok(move_on(org, id, &teacher, "free", NULL));
    expect_tasks(org, "reminder cancelled teacher\noverdue cancelled lead\n");
    expect_paused(org, id, "");
    ok(move_on(org, id, &teacher, "work", NULL));
    expect_due(org, id, "2026-04-08 09:00"); /* Friday 3 April and three days */
    /* A pause by hand is carried into the hold; coming back starts it. */
    stop(org, id);
    ok(move_on(org, id, &teacher, "waiting", NULL));
    ok(move_on(org, id, &teacher, "work", NULL));
    expect_due(org, id, "2026-04-07 17:00");
    expect_audit(org);
}

static void test_graph(void **state)
{
    struct org *org = *state;
    struct graph *g = graph_new("x", 1, "test");
    const struct stage s = { .name = "end", .final = true, .clock_paused = true };
    check_rc(org, "final", graph_add_stage(g, &s, NULL, &org->e), -ERROR_INVALID,
             "no clock runs there");
    graph_free(g);
}

/* Another version of the workflow, where the stage has another name. */
static void test_migrated(void **state)
{
    struct org *org = *state;
    const struct migration_name stages[] = { { "work", "labour" } };
    const struct migration map = { .from = 1, .stages = stages, .stage_count = 1 };
    int64_t paused = open_job(org), held = open_job(org);
    struct migration_plan plan;
    at(org, 2, 13, "");
    stop(org, paused);
    ok(move_on(org, held, &teacher, "waiting", NULL));
    domain_remove_plugin(org->d, "test");
    struct graph *g = job_new(org, 2, "labour");
    ok(graph_add_migration(g, &map, NULL, &org->e));
    ok(domain_add_graph(org->d, g, &org->e));
    for (int64_t id = paused; id <= held; id++) {
        org_begin(org);
        ok(domain_migrate(org->d, &org_operator, id, &plan, &org->e));
        assert_false(plan.due_moves);
        migration_plan_free(&plan);
        org_end(org);
        expect_due(org, id, "");
    }
    expect_paused(org, paused, "paused since 2026-03-02 13:00, 12 hours of working time remain");
    at(org, 10, 9, "");
    go_on(org, paused);
    ok(move_on(org, held, &teacher, "labour", NULL));
    expect_due(org, paused, "2026-03-11 13:00");
    expect_due(org, held, "2026-03-11 13:00");
    expect_audit(org);
}

/* ---- the record ---- */

static void expect_record(struct org *org, int64_t id, const char *lines)
{
    struct arena *arena = arena_new(0);
    struct buf out = BUF_INIT;
    struct clock_held *held;
    size_t count;
    ok(domain_clock_record(org->d, id, arena, &held, &count, &org->e));
    for (size_t i = 0; i < count; i++) {
        const struct clock_held *h = &held[i];
        buf_printf(&out, "%s S-%lld %s ", h->stage, (long long)h->staff_id, h->role);
        zone_format(calendar_zone(org->calendar), h->from_ms, false, &out);
        buf_printf(&out, " %lldh %lldh%s%s\n", (long long)(h->ms / hour_ms),
                   (long long)(h->working_ms / hour_ms), h->paused ? " paused" : "",
                   h->lasts ? " lasts" : "");
        assert_true(i == 0 || held[i - 1].to_ms == h->from_ms);
        assert_int_equal(h->ms, h->to_ms - h->from_ms);
    }
    assert_string_equal(buf_text(&out), lines);
    buf_free(&out);
    arena_free(arena);
}

static void test_record(void **state)
{
    struct org *org = *state;
    int64_t id = open_job(org);
    expect_record(org, id, "");
    at(org, 2, 12, "");
    org_begin(org);
    ok(domain_assign(org->d, &teacher, id, 1, NULL, &org->e));
    org_end(org);
    at(org, 2, 15, "");
    stop(org, id);
    at(org, 4, 9, "");
    go_on(org, id);
    at(org, 4, 10, "");
    ok(move_on(org, id, &teacher, "on_hold", NULL));
    at(org, 5, 9, "");
    expect_record(org, id,
                  "work S-0 teacher 2026-03-01 09:00 27h 3h\n"
                  "work S-1 teacher 2026-03-02 12:00 3h 3h\n"
                  "work S-1 teacher 2026-03-02 15:00 42h 10h paused\n"
                  "work S-1 teacher 2026-03-04 09:00 1h 1h\n"
                  "on_hold S-1  2026-03-04 10:00 23h 7h paused lasts\n");
    ok(move_on(org, id, &teacher, "done", NULL));
    at(org, 20, 9, "");
    expect_record(org, id,
                  "work S-0 teacher 2026-03-01 09:00 27h 3h\n"
                  "work S-1 teacher 2026-03-02 12:00 3h 3h\n"
                  "work S-1 teacher 2026-03-02 15:00 42h 10h paused\n"
                  "work S-1 teacher 2026-03-04 09:00 1h 1h\n"
                  "on_hold S-1  2026-03-04 10:00 23h 7h paused\n");
    struct clock_held *held;
    size_t count;
    check_rc(org, "unknown", domain_clock_record(org->d, 99, NULL, &held, &count, &org->e),
             -ERROR_NOT_FOUND, "R-99");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_working_time, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_overdue, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_field, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_hold, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_hold_left, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_migrated, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_graph, setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_record, setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
