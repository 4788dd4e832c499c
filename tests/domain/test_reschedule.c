/* Deadlines after a change of the calendar. */
#include "domain/due_fixture.h"

#include "baton/base/ini.h"
#include "baton/domain/audit.h"
#include "baton/domain/pause.h"
#include "baton/domain/reschedule.h"

/* The calendar of the fixture: Mon-Fri 09:00-17:00, UTC. It is Sunday 2026-03-01 09:00; "gathering"
 * of a review is due after three working days, on Wednesday 4 March. */

static struct calendar *calendar_of(struct org *org, const char *lines)
{
    struct buf text = BUF_INIT;
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    buf_printf(&text, "[calendar]\n%s\n", lines);
    ok(ini_parse_text(&ini, text.data, "org.ini", &org->e));
    ok(calendar_new(&c, ini, &org->e));
    ini_free(ini);
    buf_free(&text);
    return c;
}

struct moves {
    struct org *org;
    struct buf lines;
};

static int note_move(void *context, const struct reschedule_move *m)
{
    struct moves *moves = context;
    const struct zone *zone = calendar_zone(moves->org->calendar);
    buf_printf(&moves->lines, "R-%lld ", (long long)m->referral->id);
    zone_format(zone, m->due_from_ms, false, &moves->lines);
    buf_puts(&moves->lines, m->due_moves ? " > " : " = ");
    zone_format(zone, m->due_to_ms, false, &moves->lines);
    buf_printf(&moves->lines, "%s\n", m->error ? " failed" : "");
    return 0;
}

/* From the fixture's calendar to one with these lines; compares what moves. */
static void expect_moves(struct org *org, const char *ini, bool write, const char *lines)
{
    struct moves moves = { .org = org };
    struct calendar *new = calendar_of(org, ini);
    struct reschedule r = {
        .old_calendar = org->calendar, .new_calendar = new, .each = note_move, .context = &moves
    };
    while (!r.done) {
        org_begin(org);
        ok(write ? domain_reschedule(org->d, &r, 2, &org->e)
                 : domain_reschedule_preview(org->d, &r, 2, &org->e));
        org_end(org);
    }
    assert_string_equal(buf_text(&moves.lines), lines);
    buf_free(&moves.lines);
    calendar_free(new);
}

static const char holiday[] = "holidays = 2026-03-03";

static void test_moves(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    int64_t last;
    review_at(org, "concern"); /* without a deadline */
    int64_t third = review_at(org, "gathering");
    expect_moves(org, "week = Mon-Fri 09:00-17:00", false, "");
    last = store_last_event(org->store);
    expect_moves(org, holiday, false,
                 "R-1 2026-03-04 09:00 > 2026-03-05 09:00\n"
                 "R-3 2026-03-04 09:00 > 2026-03-05 09:00\n");
    assert_int_equal(store_last_event(org->store), last); /* a preview writes nothing */
    expect_moves(org, holiday, true,
                 "R-1 2026-03-04 09:00 > 2026-03-05 09:00\n"
                 "R-3 2026-03-04 09:00 > 2026-03-05 09:00\n");
    expect_newest(org, ENTITY_REFERRAL, id, "referral.rescheduled",
                  "\"from\":1772614800000,\"to\":1772701200000");
    expect_moves(org, holiday, true, ""); /* twice moves nothing twice */
    const struct row *row = org_row(org, ENTITY_REFERRAL, third);
    assert_int_equal(row_int(row, REFERRAL_DUE_AT_MS), 1772701200000);
    /* The reminder before it, which this calendar of the domain has a day earlier. */
    assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), 1772701200000 - day_ms);
    struct audit_result r;
    ok(domain_audit(org->d, &r, &org->e));
    assert_int_equal(r.differing, 0);
}

/* Only the reminder before it moves. */
static void test_step_moves(void **state)
{
    struct org *org = *state;
    review_at(org, "gathering");
    clock_move(&org->clock, 3600 * 1000);
    expect_moves(org, "week = Mon-Tue 09:00-17:00, Wed-Fri 09:00-16:00", true, "");
    /* Wednesday at 9 stays; a day before it is not Tuesday any more but Monday. */
    expect_moves(org, "week = Mon 09:00-17:00, Wed-Sun 09:00-17:00\nholidays = 2026-03-01", false,
                 "R-1 2026-03-04 09:00 > 2026-03-05 09:00\n");
}

/* Passed by the old one, ahead by the new one: as if it had not passed. */
static void test_again(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    expect_fired(org, 4 * day_ms,
                 "referral.reminder R-1 2026-03-03 09:00\n"
                 "referral.overdue R-1 2026-03-04 09:00\n");
    expect_moves(org, "holidays = 2026-03-02..2026-03-05", true,
                 "R-1 2026-03-04 09:00 > 2026-03-10 09:00\n");
    expect_tasks(org, "reminder cancelled teacher\noverdue cancelled teacher\n");
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_int_equal(row_int(row, REFERRAL_WAKE_STEP), 0);
    expect_fired(org, 6 * day_ms,
                 "referral.reminder R-1 2026-03-09 09:00\n"
                 "referral.overdue R-1 2026-03-10 09:00\n");
}

/* A reminder that is late by now is not lost. */
static void test_late_step(void **state)
{
    struct org *org = *state;
    review_at(org, "gathering");
    clock_move(&org->clock, 2 * day_ms + 1000);
    expect_moves(org, "holidays = 2026-12-24", true, "");
    expect_fired(org, 0, "referral.reminder R-1 2026-03-03 09:00\n");
}

static int64_t resumed_review(struct org *org)
{
    int64_t id = review_at(org, "gathering");
    const struct pause p = { .referral_id = id };
    clock_move(&org->clock, day_ms); /* Monday 09:00: 16 working hours remain */
    org_begin(org);
    ok(domain_pause(org->d, &teacher, &p, NULL, &org->e));
    org_end(org);
    return id;
}

static void test_paused(void **state)
{
    struct org *org = *state;
    int64_t id = resumed_review(org);
    const struct pause p = { .referral_id = id };
    expect_moves(org, "holidays = 2026-03-03", true, ""); /* what remains stays */
    clock_move(&org->clock, 7 * day_ms);                  /* Monday 9 March */
    org_begin(org);
    ok(domain_resume(org->d, &teacher, &p, NULL, &org->e));
    org_end(org);
    assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, id), REFERRAL_DUE_AT_MS),
                     org_now_ms + 9 * day_ms + 8 * hour_ms); /* Tuesday 17:00 */
    /* From when it went on, with what remained. */
    expect_moves(org, "holidays = 2026-03-10", true, "R-1 2026-03-10 17:00 > 2026-03-11 17:00\n");
    expect_moves(org, "holidays = 2026-03-10", true, "");
}

/* One that the definition does not explain keeps what remains; plain time stays. */
static void test_kept(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    const struct store_set set = { REFERRAL_DUE_AT_MS, value_int(org_now_ms + 5 * day_ms) };
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = id,
                                   .kind = "referral.migrated",
                                   .actor = "operator",
                                   .at_ms = org_now_ms,
                                   .set = &set,
                                   .set_count = 1 };
    org_begin(org);
    ok(store_change(org->store, &change, NULL, &org->e));
    org_end(org);
    expect_moves(org, holiday, true, "R-1 2026-03-06 09:00 > 2026-03-06 17:00\n");
    int64_t plain = review_open(org, &teacher);
    ok(move_on(org, plain, &org_operator, "request_evaluation", NULL)); /* 60 days */
    expect_moves(org, "holidays = 2026-03-03", true, "R-1 2026-03-06 17:00 > 2026-03-09 17:00\n");
}

/* No such day in the new one: it stays, and says so. */
static void test_impossible(void **state)
{
    struct org *org = *state;
    review_at(org, "gathering");
    expect_moves(org, "holidays = 2026-03-01..2099-12-31", true,
                 "R-1 2026-03-04 09:00 = 2026-03-04 09:00 failed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_moves, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_step_moves, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_again, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_late_step, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_paused, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_kept, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_impossible, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
