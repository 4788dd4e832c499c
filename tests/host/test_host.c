#include "host_fixture.h"

#include <uv.h>

#include "baton/host/host.h"

struct world {
    struct fixture *f;
    uv_loop_t loop;
    struct host *h;
    bool closed;
};

static void world_closed(void *context)
{
    bool *closed = context;
    *closed = true;
}

static void world_open(struct world *w, struct fixture *f)
{
    *w = (struct world){ .f = f };
    assert_int_equal(uv_loop_init(&w->loop), 0);
    fixture_ok(f, host_open(&w->h, &w->loop, f->home, fixture_notice, f, &f->e));
}

static void world_close(struct world *w)
{
    host_close(w->h, world_closed, &w->closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void world_stop(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void world_run(struct world *w, uint64_t ms)
{
    uv_timer_t timer;
    uv_timer_init(&w->loop, &timer);
    uv_timer_start(&timer, world_stop, ms, 0);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* Runs until `noticed`, at most 10 s. */
static void world_run_until_noticed(struct world *w, const char *noticed)
{
    for (int i = 0; i < 500 && !fixture_noticed(w->f, noticed); i++)
        world_run(w, 20);
    assert_has(buf_text(&w->f->notices), noticed);
}

static size_t awake(struct world *w)
{
    struct host_state state;
    host_state(w->h, &state);
    return state.awake;
}

static const char *ask(struct world *w, struct talk *t, const char *org, const char *json)
{
    struct org *o;
    fixture_ok(w->f, host_org(w->h, org, &o, &w->f->e));
    const char *frames = talk_ask(t, o, json);
    host_changed(w->h, o);
    return frames;
}

static void short_sleep(struct fixture *f)
{
    fixture_write(f, "baton.ini", "[home]\nsleep_after = 1 second\n");
    home_close(f->home);
    f->home = NULL;
    fixture_ok(f, home_open(&f->home, f->dir, NULL, &f->e));
}

static void opens_when_asked(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct org *o, *again;
    fixture_org(f, "oak", NULL, false);
    world_open(&w, f);
    assert_int_equal(awake(&w), 0);
    assert_int_equal(host_org(w.h, "oka", &o, &f->e), -ERROR_NOT_FOUND);
    fixture_ok(f, host_org(w.h, "oak", &o, &f->e));
    fixture_ok(f, host_org(w.h, "oak", &again, &f->e));
    assert_ptr_equal(o, again);
    assert_int_equal(awake(&w), 1);
    world_close(&w);
}

static void sleeps_when_nobody_asks_but_not_when_held(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct org *o;
    struct host_state s;
    short_sleep(f);
    fixture_org(f, "oak", NULL, false);
    world_open(&w, f);
    fixture_ok(f, host_org(w.h, "oak", &o, &f->e));
    host_hold(w.h, o);
    world_run(&w, 1300);
    assert_int_equal(awake(&w), 1);
    host_release(w.h, o);
    world_run(&w, 1300);
    host_state(w.h, &s);
    assert_int_equal(s.awake, 0);
    assert_int_equal(s.orgs, 1);
    world_close(&w);
}

static const char ringing[] =
    "baton.on('timer.egg', function(_, t) log.info('%s rings', t.name) end)\n";

static void a_timer_wakes_it(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct talk t;
    short_sleep(f);
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "oak", "ringing", false);
    fixture_org(f, "elm", "ringing", false);
    world_open(&w, f);
    talk_open(&t);
    assert_has(ask(&w, &t, "oak",
                   "{\"op\":\"eval\",\"text\":\"timers.add{name='egg', at=clock.now() + 3000}\"}"),
               "done");
    talk_close(&t);
    for (int i = 0; i < 100 && awake(&w); i++)
        world_run(&w, 20);
    assert_int_equal(awake(&w), 0);
    assert_false(fixture_noticed(f, "rings"));
    world_run_until_noticed(&w, "oak: plugin ringing: egg rings");
    assert_false(fixture_noticed(f, "elm:"));
    /* Awake for its timer only, it sleeps again. */
    for (int i = 0; i < 150 && awake(&w); i++)
        world_run(&w, 20);
    assert_int_equal(awake(&w), 0);
    world_close(&w);
}

static void watching_finds_what_is_due(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct talk t;
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "oak", "ringing", false);
    fixture_org(f, "elm", NULL, false);
    fixture_org(f, "ash", NULL, false);
    fixture_write(f, "orgs/ash/org.ini", "[org]\nbroken\n");
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    assert_has(
        talk_ask(&t, o,
                 "{\"op\":\"eval\",\"text\":\"timers.add{name='egg', at=clock.now() + 300}\"}"),
        "done");
    talk_close(&t);
    org_close(o);
    world_open(&w, f);
    fixture_ok(f, host_watch_all(w.h, &f->e));
    world_run_until_noticed(&w, "ash: can't be opened");
    world_run_until_noticed(&w, "oak: plugin ringing: egg rings");
    world_close(&w);
}

/* Its handler takes its time at each of them: what others have due is done in between. */
static void one_with_much_due_does_not_hold_up_others(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct talk t;
    fixture_plugin(f, "hog",
                   "baton.on('timer.hog', function(_, timer)\n"
                   "  for i = 1, 5000000 do end\n"
                   "  log.info('%s rings', timer.data)\n"
                   "end)\n");
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "ash", "hog", false);
    fixture_org(f, "elm", "ringing", false);
    fixture_write(f, "orgs/ash/org.ini",
                  "[org]\ntitle = A test\nplugins = hog\n[limits]\ncall_ms = 5000\n");
    world_open(&w, f);
    talk_open(&t);
    assert_has(ask(&w, &t, "ash",
                   "{\"op\":\"eval\",\"text\":\"for n = 1, 40 do timers.add{name='hog', "
                   "at=clock.now() + 300, data=tostring(n)} end\"}"),
               "done");
    talk_close(&t);
    talk_open(&t);
    assert_has(ask(&w, &t, "elm",
                   "{\"op\":\"eval\",\"text\":\"timers.add{name='egg', at=clock.now() + 300}\"}"),
               "done");
    talk_close(&t);
    world_run_until_noticed(&w, "ash: plugin hog: 40 rings");
    assert_has(buf_text(&f->notices), "elm: plugin ringing: egg rings");
    assert_true(strstr(f->notices.data, "egg rings") < strstr(f->notices.data, "40 rings"));
    world_close(&w);
}

static void organisations_are_apart(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct talk a, b;
    fixture_plugin(f, "p", "baton.command('who', {}, function() return baton.org.name end)\n");
    fixture_org(f, "oak", "p", false);
    fixture_org(f, "elm", NULL, false);
    world_open(&w, f);
    talk_open(&a);
    talk_open(&b);
    ask(&w, &a, "oak",
        "{\"op\":\"eval\",\"text\":\"x = 1; people.add{name='Ada'}; string.shared = 1\"}");
    assert_has(ask(&w, &b, "elm", "{\"op\":\"eval\",\"text\":\"tostring(x) .. people.count{}\"}"),
               "nil0");
    assert_has(ask(&w, &b, "elm", "{\"op\":\"command\",\"name\":\"who\"}"), "error");
    assert_has(ask(&w, &a, "oak", "{\"op\":\"command\",\"name\":\"who\"}"), "oak");
    assert_has(ask(&w, &b, "elm", "{\"op\":\"eval\",\"text\":\"string.shared\"}"), "nil");
    /* One conversation that goes over to another organisation leaves its session behind. */
    assert_has(ask(&w, &a, "elm", "{\"op\":\"eval\",\"text\":\"x\"}"), "nil");
    talk_close(&a);
    talk_close(&b);
    world_close(&w);
}

static void reload_sees_new_and_gone_ones(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct org *o;
    struct talk t;
    char path[128];
    fixture_org(f, "oak", NULL, false);
    fixture_org(f, "elm", NULL, false);
    world_open(&w, f);
    talk_open(&t);
    ask(&w, &t, "oak", "{\"op\":\"eval\",\"text\":\"x = 1\"}");
    fixture_org(f, "ash", NULL, false);
    fixture_ok(f, host_org(w.h, "ash", &o, &f->e)); /* seen without a reload */
    snprintf(path, sizeof path, "%s/orgs/oak/org.ini", f->dir);
    assert_int_equal(unlink(path), 0);
    fixture_ok(f, host_reload(w.h, &f->e));
    struct host_state s;
    host_state(w.h, &s);
    assert_int_equal(s.orgs, 2);
    assert_null(conversation_org(t.c));
    assert_int_equal(host_org(w.h, "oak", &o, &f->e), -ERROR_NOT_FOUND);
    fixture_write(f, "orgs/ash/org.ini", "[org]\nbad = 1\n");
    assert_int_equal(host_reload(w.h, &f->e), -ERROR_INVALID);
    assert_has(f->e.message, "ash: ");
    assert_has(buf_text(&f->notices), "ash: not reloaded");
    talk_close(&t);
    world_close(&w);
}

static void settles_when_idle(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct talk t;
    fixture_plugin(
        f, "flow",
        "baton.workflow{name='flow', version=1, stages={{name='a'}, {name='b', final=true}},\n"
        "  transitions={{name='go', from='a', to='b'}}}\n");
    fixture_org(f, "oak", "flow", false);
    world_open(&w, f);
    talk_open(&t);
    assert_has(ask(&w, &t, "oak",
                   "{\"op\":\"eval\",\"text\":\"for i = 1, 50 do referrals.open{workflow='flow', "
                   "title='x'}:advance('go') end\"}"),
               "done");
    struct org *o;
    fixture_ok(f, host_org(w.h, "oak", &o, &f->e));
    assert_true(store_dirty(org_store(o)) > 0);
    world_run(&w, 200);
    assert_int_equal(store_dirty(org_store(o)), 0);
    talk_close(&t);
    world_close(&w);
}

struct listed {
    size_t count, sleeping_bytes;
};

static void list_one(void *context, const struct host_listed *org)
{
    struct listed *l = context;
    l->count++;
    if (!org->awake && org->memory_bytes > l->sleeping_bytes)
        l->sleeping_bytes = org->memory_bytes;
    assert_string_equal(org->zone, org->awake ? "UTC" : "");
    assert_true(org->next_due_ms == INT64_MAX);
}

static void one_asleep_costs_little(void **state)
{
    struct fixture *f = *state;
    struct world w;
    struct listed l = { 0 };
    struct org *o;
    fixture_org(f, "oak", NULL, false);
    fixture_org(f, "elm", NULL, false);
    world_open(&w, f);
    fixture_ok(f, host_org(w.h, "elm", &o, &f->e));
    host_list(w.h, list_one, &l);
    assert_int_equal(l.count, 2);
    assert_true(l.sleeping_bytes > 0 && l.sleeping_bytes < 1024);
    world_close(&w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(opens_when_asked),
        T(sleeps_when_nobody_asks_but_not_when_held),
        T(a_timer_wakes_it),
        T(watching_finds_what_is_due),
        T(organisations_are_apart),
        T(reload_sees_new_and_gone_ones),
        T(settles_when_idle),
        T(one_asleep_costs_little),
        T(one_with_much_due_does_not_hold_up_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
