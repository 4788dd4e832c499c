/* Replays that must say "no difference", of histories that look otherwise than
 * they are: failing handlers, tasks that people end beside those of the engine,
 * a calendar that changed. */
#include "host_fixture.h"

#include "baton/base/json.h"

static void run(struct fixture *f, struct talk *t, struct org *o, const char *lua)
{
    struct buf request = BUF_INIT;
    struct jsonw w;
    (void)f;
    jsonw_start(&w, &request);
    jsonw_open_object(&w);
    jsonw_key(&w, "op");
    jsonw_text(&w, "run");
    jsonw_key(&w, "name");
    jsonw_text(&w, "history");
    jsonw_key(&w, "source");
    jsonw_text(&w, lua);
    jsonw_close(&w);
    assert_has(talk_ask(t, o, request.data), "{\"done\":{");
    buf_free(&request);
}

static void same(struct talk *t, struct org *o, const char *finished)
{
    const char *frames =
        talk_ask(t, o, "{\"op\":\"replay\",\"plugins\":[\"q\"],\"since\":\"2020-01-01\"}");
    assert_has(frames, "\"rows\":[]");
    assert_has(frames, finished);
}

static struct org *begin(struct fixture *f, struct talk *t, const char *plugin)
{
    fixture_plugin(f, "q", plugin);
    fixture_org(f, "oak", "q", true);
    talk_open(t);
    return fixture_open(f, "oak");
}

/* Its clock fires all of them within a moment of the replay: no circuit breaker may trip there. */
static void failing_handlers(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(
        f, &t,
        "baton.workflow{ name = 'w', fields = { n = 'int' }, stages = { { name = 'a' }, { name = "
        "'b' }, { name = 'z', final = true } }, transitions = { { name = 'go', from = 'a', to = "
        "'b', effect = function(r) timers.add{ name = 'ping', about = r, at = '1 day' } end }, "
        "{ name = 'finish', from = 'b', to = 'z' } } }\n"
        "baton.on('timer.ping', function(_, t) local r = t.about\n"
        "  if type(r) == 'string' then r = referrals.get(r) end\n"
        "  if r.fields.n > 0 then r:note('ping') end end)\n");
    run(f, &t, o,
        "for round = 1, 2 do\n"
        "  for i = 1, 24 do\n"
        "    local r = referrals.open{ workflow = 'w', title = 'T', fields = round == 2 and { n = "
        "1 "
        "} or nil }\n"
        "    r:advance('go')\n"
        "    if i % 24 == 0 then clock.advance('2 days') end\n"
        "  end\n"
        "  clock.advance('2 days')\n"
        "end\n"
        "for r in referrals.each{ open = true } do r:advance('finish') end\n");
    same(&t, o, "\"finished\":48");
    talk_close(&t);
    org_close(o);
}

#define VOTES                                                                                      \
    "baton.workflow{ name = 'w', fields = { n = 'int' }, stages = { { name = 'a' }, { name = "     \
    "'z', "                                                                                        \
    "final = true } }, transitions = { { name = 'finish', from = 'a', to = 'z' }, { name = "       \
    "'adopt', from = 'a', to = 'z', approval = { need = 2, seats = { { name = 'one', role = "      \
    "'specialist' }, { name = 'two', role = 'lead' } } } } } }\n"

/* Right behind a cause, by the same actor: their own doing all the same. */
static void tasks_ended_by_hand(void **state)
{
    static const char *const ways[] = {
        "r:set{ priority = 'urgent' } r:tasks{ status = 'open' }[1]:done('by hand')",
        "r:set{ priority = 'urgent' } r:tasks{ status = 'open' }[2]:cancel()",
        "r:vote('adopt', 'yes', { for_staff = two }) r:tasks{ status = 'open' }[1]:done('by hand')",
        "r:vote('adopt', 'yes', { for_staff = one }) r:tasks{ status = 'open' }[1]:cancel()",
        "r:tasks{ status = 'open' }[1]:set{ assignee = two } r:note('x')",
        "for _, k in ipairs(r:tasks{ status = 'open' }) do k:done() end r:advance('finish')",
    };
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t, VOTES);
    run(f, &t, o,
        "staff.add{ name = 'One', roles = 'specialist' } staff.add{ name = 'Two', roles = 'lead' "
        "}");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct buf lua = BUF_INIT;
        buf_printf(&lua,
                   "local one, two = staff.get(1), staff.get(2)\n"
                   "local r = referrals.open{ workflow = 'w', title = 'way %zu' }\n%s\n"
                   "if r.open then r:advance('finish') end\n",
                   i, ways[i]);
        run(f, &t, o, lua.data);
        buf_free(&lua);
    }
    same(&t, o, "\"finished\":6");
    talk_close(&t);
    org_close(o);
}

/* Deadlines that the calendar moved were moved by nobody's rules. */
static void another_calendar(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(
        f, &t,
        "baton.workflow{ name = 'w', stages = { { name = 'a', deadline = { within = '20 working "
        "days', remind = '2 working days' } }, { name = 'z', final = true } }, transitions = { { "
        "name = 'finish', from = 'a', to = 'z' } } }\n");
    run(f, &t, o, "for i = 1, 3 do referrals.open{ workflow = 'w', title = 'T' } end");
    fixture_write(f, "orgs/oak/org.ini",
                  "[org]\nplugins = q\nclock = movable\n[calendar]\nweek = Tue-Thu 09:00-17:00\n");
    fixture_ok(f, org_reload(o, &f->e));
    fixture_ok(f, org_tick(o, &f->e));
    run(f, &t, o,
        "clock.advance('60 days') for r in referrals.each{ open = true } do r:advance('finish') "
        "end");
    const char *frames =
        talk_ask(&t, o, "{\"op\":\"replay\",\"plugins\":[\"q\"],\"since\":\"2020-01-01\"}");
    assert_has(frames,
               "\"finished\":3,\"same\":0,\"end\":0,\"way\":0,\"deadlines\":3,\"unknown\":0");
    talk_close(&t);
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failing_handlers, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(tasks_ended_by_hand, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_calendar, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
