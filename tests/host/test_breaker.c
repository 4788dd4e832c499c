/* Circuit breakers in a living organisation: what is written when, org_blame,
 * timers and expiries that wait, reload. */
#include "baton/domain/domain.h"
#include "host_fixture.h"

static const char plugin[] =
    "baton.workflow{ name = 'w', fields = {}, stages = {\n"
    "    { name = 'a', deadline = { within = '1 day', expire = { after = '1 hour', transition = "
    "'lapse' } } },\n"
    "    { name = 'z', final = true, outcome = 'over' } },\n"
    "  transitions = { { name = 'finish', from = 'a', to = 'z', effect = function() error('half') "
    "end },\n"
    "    { name = 'lapse', from = 'a', to = 'z', reasons = { 'expired' } },\n"
    "    { name = 'law', from = '*', to = 'z', locked = true, source = 'the law' } } }\n"
    "baton.on('referral.opened', function(e, r) r:timer('ring', '2 days') end)\n"
    "baton.on('timer.ring', function() baton.emit('test.rang') end)\n";

static int gather(void *context, const struct event *event)
{
    buf_printf(context, "%s %.*s\n", event->kind, (int)event->payload_len, event->payload);
    return 0;
}

static const char *history(struct fixture *f, struct org *o)
{
    buf_clear(&f->notices);
    fixture_ok(f, store_events(org_store(o), 0, 0, gather, &f->notices, &f->e));
    return buf_text(&f->notices);
}

static const char *ask(struct talk *t, struct org *o, const char *lua)
{
    char json[512];
    snprintf(json, sizeof json, "{\"op\":\"eval\",\"text\":\"%s\"}", lua);
    return talk_ask(t, o, json);
}

static struct org *begin(struct fixture *f, struct talk *t)
{
    fixture_plugin(f, "p", plugin);
    fixture_org(f, "oak", "p", true);
    talk_open(t);
    return fixture_open(f, "oak");
}

static struct plugin_info info_of(struct org *o)
{
    struct plugin_info info;
    script_plugin_at(org_script(o), 0, &info);
    return info;
}

/* Five deaths of the process, each in another one. */
static void blamed_for_the_process(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t);
    for (int i = 0; i < LIMIT_BREAKER_KILLS; i++) {
        assert_false(info_of(o).off);
        fixture_ok(f, org_blame(o, "p", "the worker was killed", &f->e));
        org_close(o);
        o = fixture_open(f, "oak");
    }
    assert_true(info_of(o).off);
    assert_true(fixture_noticed(f, "plugin p: switched off since"));
    assert_has(history(f, o), "plugin.blamed {\"plugin\":\"p\",\"why\":\"the worker was killed\"}");
    assert_has(history(f, o), "plugin.switched_off {\"plugin\":\"p\",\"why\":\"of 5 kills within");
    talk_close(&t);
    org_close(o);
    fixture_ok(f, org_blame_loading(f->home, "oak", "p", "it crashed at load", &f->e));
    o = fixture_open(f, "oak");
    assert_false(info_of(o).loaded);
    assert_has(info_of(o).problem, "it crashed at load");
    fixture_ok(f, org_reload(o, &f->e)); /* whoever reloads has mended it */
    assert_true(info_of(o).loaded && !info_of(o).off);
    assert_has(history(f, o),
               "plugin.switched_on {\"plugin\":\"p\",\"why\":\"the organisation was");
    org_close(o);
    assert_int_equal(org_blame_loading(f->home, "elm", "p", "x", &f->e), -ERROR_NOT_FOUND);
}

/* Its referrals can be read, what the law demands goes, what it would have missed waits for it. */
static void while_it_is_off(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t);
    assert_has(ask(&t, o, "for i = 1, 2 do referrals.open{workflow='w', title='T'} end"), "done");
    for (int i = 0; i < LIMIT_BREAKER_ERRORS; i++)
        assert_has(ask(&t, o, "referrals.get(1):advance('finish')"), "half");
    assert_has(history(f, o), "plugin.switched_off");
    assert_has(ask(&t, o, "referrals.get(1):advance('finish')"), "baton plugin on p");
    assert_has(ask(&t, o, "explain(referrals.get(1), 'finish')"), "plugin p is switched off");
    assert_has(ask(&t, o, "print(referrals.get(1).stage)"), "\"a\\n\"");
    assert_has(ask(&t, o, "referrals.get(2):advance('law')"), "done");
    assert_has(talk_ask(&t, o, "{\"op\":\"plugin\",\"name\":\"p\",\"action\":\"off\"}"),
               "switched off already");
    assert_has(talk_ask(&t, o, "{\"op\":\"plugin\",\"name\":\"p\",\"action\":\"on\"}"), "done");
    assert_has(talk_ask(&t, o, "{\"op\":\"plugin\",\"name\":\"p\",\"action\":\"off\"}"), "done");
    fixture_ok(f, org_move_clock(o, org_now(o) + INT64_C(3) * 86400000, &f->e));
    assert_lacks(history(f, o), "timer.ring ");
    assert_has(talk_ask(&t, o, "{\"op\":\"status\"}"),
               "\"waiting\":{\"timers\":2,\"referrals\":1,\"why\":\"plugin p is switched off");
    assert_lacks(history(f, o), "test.rang");
    assert_has(ask(&t, o, "print(referrals.get(1).stage)"), "\"a\\n\"");
    assert_has(talk_ask(&t, o, "{\"op\":\"plugin\",\"name\":\"p\",\"action\":\"on\"}"), "done");
    fixture_ok(f, org_tick(o, &f->e));
    assert_has(history(f, o), "test.rang");
    assert_has(ask(&t, o, "print(referrals.get(1).outcome)"), "\"over\\n\"");
    talk_close(&t);
    org_close(o);
}

/* A typo, seen at the next opening: what was due meanwhile is not lost, and nothing is written. */
static void while_it_does_not_load(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t);
    assert_has(ask(&t, o, "for i = 1, 3 do referrals.open{workflow='w', title='T'} end"), "done");
    talk_close(&t);
    org_close(o);
    fixture_plugin(f, "p", "baton.workflow{\n");
    o = fixture_open(f, "oak");
    int64_t events = store_last_event(org_store(o));
    buf_clear(&f->notices);
    fixture_ok(f, org_move_clock(o, org_now(o) + INT64_C(21) * 86400000, &f->e));
    assert_int_equal(store_last_event(org_store(o)), events);
    assert_true(fixture_noticed(f, "timers of plugin p wait: plugin p is not loaded"));
    assert_true(fixture_noticed(f, "deadlines of workflow w wait:"));
    assert_int_equal(org_tick_at(o), INT64_MAX);
    size_t notices = f->notices.len;
    fixture_ok(f, org_move_clock(o, org_now(o) + INT64_C(21) * 86400000, &f->e));
    assert_int_equal(f->notices.len, notices); /* said once */
    talk_open(&t);
    assert_has(talk_ask(&t, o, "{\"op\":\"status\"}"),
               "\"waiting\":{\"timers\":3,\"referrals\":3,");
    talk_close(&t);
    fixture_plugin(f, "p", plugin);
    fixture_ok(f, org_reload(o, &f->e));
    fixture_ok(f, org_tick(o, &f->e));
    talk_open(&t);
    assert_has(ask(&t, o, "print(timers.count{status='fired'}, referrals.get(3).outcome)"),
               "3\\tover");
    talk_close(&t);
    assert_has(history(f, o), "test.rang");
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blamed_for_the_process, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(while_it_is_off, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(while_it_does_not_load, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
