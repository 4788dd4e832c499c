/* The clock of the machine is set forward and back by a year, between turns and while nobody has
 * the organisation open: everything due fires once and in order, nothing fires twice, nothing is
 * lost, and a clock that went back is told. */
#include "baton/domain/advance.h"
#include "baton/domain/audit.h"
#include "host_fixture.h"

#include "host/org_internal.h"

enum { DAY_MS = 86400000, TIMERS = 600, REFERRALS = 20 };
#define YEAR_MS (INT64_C(366) * DAY_MS)

static const char plugin[] =
    "baton.workflow{ name = 'w', version = 1, stages = {\n"
    "    { name = 'a', deadline = { within = '30 days', remind = '10 days',\n"
    "        escalate = { { after = '5 days', to = 'lead' } } } },\n"
    "    { name = 'over', final = true, outcome = 'over' } },\n"
    "  transitions = { { name = 'end', from = 'a', to = 'over' } } }\n"
    "baton.command('timers', { args = { { name = 'n', type = 'int' } } }, function(a)\n"
    "  for i = 1, a.n do timers.add{ name = 'ping', at = i .. ' hours' } end end)\n";

struct seen { /* what the history says */
    int64_t pings, reminders, overdue, escalated, last_ms;
    int backwards; /* events whose time is before that of the one before them */
    bool doubled, pinged[2 * TIMERS + 1];
};

static int see(void *context, const struct event *event)
{
    struct seen *s = context;
    if (!strcmp(event->kind, "timer.ping")) {
        s->doubled = s->doubled || s->pinged[event->entity_id];
        s->pinged[event->entity_id] = true;
        s->pings++;
    }
    s->reminders += !strcmp(event->kind, "referral.reminder");
    s->overdue += !strcmp(event->kind, "referral.overdue");
    s->escalated += !strcmp(event->kind, "referral.escalated");
    s->backwards += event->at_ms < s->last_ms;
    s->last_ms = event->at_ms;
    return 0;
}

static struct seen look(struct fixture *f, struct org *o)
{
    struct seen s = { 0 };
    struct audit_result audit;
    fixture_ok(f, store_events(org_store(o), 0, 0, see, &s, &f->e));
    fixture_ok(f, domain_audit(org_domain(o), &audit, &f->e));
    assert_int_equal(audit.broken_seq, 0);
    assert_int_equal(audit.differing, 0);
    assert_false(s.doubled);
    return s;
}

static int open_some(void *context, struct org *o, struct error *e)
{
    struct actor by_operator = { .name = "operator" };
    struct referral_open open = { .workflow = "w" };
    int rc = 0;
    (void)context;
    for (int i = 0; !rc && i < REFERRALS; i++)
        rc = domain_open(org_domain(o), &by_operator, &open, NULL, e);
    return rc;
}

static struct org *begin(struct fixture *f)
{
    char ask[100];
    struct talk t;
    fixture_plugin(f, "w", plugin);
    fixture_org(f, "oak", "w", false);
    struct org *o = fixture_open(f, "oak");
    fixture_ok(f, org_turn(o, open_some, NULL, &f->e));
    snprintf(ask, sizeof ask, "{\"op\":\"command\",\"name\":\"timers\",\"args\":{\"n\":%d}}",
             (int)TIMERS);
    talk_open(&t);
    assert_has(talk_ask(&t, o, ask), "done");
    talk_close(&t);
    return o;
}

/* Everything on the way, in order, at the time at which it was due, a bounded part in each turn. */
static void forward_by_a_year(void **state)
{
    struct fixture *f = *state;
    struct org *o = begin(f);
    bool more = true;
    int64_t before = 0;
    int turns = 0;
    clock_move(&o->clock, YEAR_MS);
    while (more) {
        fixture_ok(f, org__tick_some(o, &more, &f->e));
        int64_t events = store_last_event(org_store(o));
        assert_true(events - before <= 1000 + 4 * LIMIT_DUE_PER_TURN);
        before = events;
        turns++;
    }
    struct seen s = look(f, o);
    assert_true(turns >= TIMERS / LIMIT_DUE_PER_TURN);
    assert_int_equal(s.pings, TIMERS);
    assert_int_equal(s.reminders, REFERRALS);
    assert_int_equal(s.overdue, REFERRALS);
    assert_int_equal(s.escalated, REFERRALS);
    assert_int_equal(s.backwards, 0);
    assert_true(s.last_ms < org_now(o) - 300ll * DAY_MS); /* its own time, not now's */
    assert_false(fixture_noticed(f, "set back"));
    fixture_ok(f, org_tick(o, &f->e));
    assert_int_equal(look(f, o).pings, TIMERS);
    org_close(o);
}

/* `asleep`: the clock is set while nobody has the organisation open. */
static struct org *set_back(struct fixture *f, struct org *o, bool asleep)
{
    int64_t offset = o->clock.offset_ms - YEAR_MS;
    if (!asleep) {
        o->clock.offset_ms = offset;
        return o;
    }
    org_close(o);
    return fixture_open(f, "oak"); /* its clock is the system's */
}

static void back(struct fixture *f, bool asleep)
{
    struct org *o = begin(f);
    clock_move(&o->clock, YEAR_MS);
    fixture_ok(f, org_tick(o, &f->e));
    fixture_ok(f, org_turn(o, open_some, NULL, &f->e)); /* due a year from now */
    buf_clear(&f->notices);
    o = set_back(f, o, asleep);
    fixture_ok(f, org_tick(o, &f->e));
    fixture_ok(f, org_tick(o, &f->e));
    const char *told = strstr(buf_text(&f->notices), "the clock was set back");
    assert_non_null(told);
    assert_null(strstr(told + 1, "the clock was set back")); /* once */
    struct seen s = look(f, o);
    assert_int_equal(s.pings, TIMERS);
    assert_int_equal(s.reminders, REFERRALS);
    /* Work goes on, with the time that the clock says. */
    fixture_ok(f, org_turn(o, open_some, NULL, &f->e));
    s = look(f, o);
    assert_int_equal(s.backwards, 1);
    assert_true(s.last_ms <= org_now(o));
    clock_move(&o->clock, 60ll * DAY_MS); /* what was opened now has its deadline */
    fixture_ok(f, org_tick(o, &f->e));
    s = look(f, o);
    assert_int_equal(s.reminders, 2 * REFERRALS);
    assert_int_equal(s.escalated, 2 * REFERRALS);
    clock_move(&o->clock, YEAR_MS); /* and what was opened a year ahead has its own */
    fixture_ok(f, org_tick(o, &f->e));
    s = look(f, o);
    assert_int_equal(s.reminders, 3 * REFERRALS);
    assert_int_equal(s.escalated, 3 * REFERRALS);
    assert_int_equal(s.pings, TIMERS);
    assert_int_equal(s.backwards, 1);
    org_close(o);
}

static void back_by_a_year(void **state)
{
    back(*state, false);
}

static void back_by_a_year_while_closed(void **state)
{
    back(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forward_by_a_year, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(back_by_a_year, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(back_by_a_year_while_closed, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
