#include "host_fixture.h"

#include "baton/base/zone.h"

static void eval(struct talk *t, struct org *o, const char *lua, const char *answer)
{
    struct buf json = BUF_INIT;
    buf_puts(&json, "{\"op\":\"eval\",\"text\":\"");
    for (const char *p = lua; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_putc(&json, '\\');
        buf_putc(&json, *p);
    }
    buf_puts(&json, "\"}");
    const char *frames = talk_ask(t, o, json.data);
    assert_has(frames, answer);
    buf_free(&json);
}

/* Where each part begins, in the order given. */
static void assert_order(const char *text, const char *const *parts)
{
    const char *at = text;
    for (; *parts; parts++) {
        at = strstr(at, *parts);
        if (!at) {
            fail_msg("\"%s\" is not in its place: %s", *parts, text);
            return;
        }
    }
}

static const char ringing[] =
    "baton.on('timer.*', function(event, timer)\n"
    "  if event.kind == 'timer.created' then return end\n"
    "  log.info('%s rings at %s', timer.name, clock.format(clock.now(), 'iso'))\n"
    "  if timer.name == 'first' then\n"
    "    timers.add{name = 'echo', at = clock.now() + 60000}\n"
    "  end\n"
    "end)\n"
    "baton.job('hourly', {every = '1 hour'}, function() log.info('hourly job') end)\n";

static void a_moved_clock_fires_in_order(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "oak", "ringing", true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    eval(&t, o, "timers.add{name='second', at='30 minutes'}", "done");
    eval(&t, o, "timers.add{name='first', at='10 minutes'}", "done");
    eval(&t, o, "timers.add{name='late', at='3 hours'}", "done");
    int64_t start = org_now(o);
    buf_clear(&f->notices);
    fixture_ok(f, org_move_clock(o, start + 2 * 3600 * 1000 + 1000, &f->e));
    static const char *const order[] = { "first rings", "echo rings", "second rings",
                                         "hourly job",  "hourly job", NULL };
    assert_order(buf_text(&f->notices), order);
    /* What a plugin logs stands with what it was fired by, not before everything of the turn. */
    static const char *const told[] = {
        "second rings", "second", "hourly job", "job hourly of", "hourly job", "job hourly of", NULL
    };
    assert_order(buf_text(&f->notices), told);
    assert_false(fixture_noticed(f, "late rings"));
    assert_true(org_now(o) >= start + 2 * 3600 * 1000 + 1000);
    assert_true(org_now(o) < start + 2 * 3600 * 1000 + 31000);
    talk_close(&t);
    org_close(o);
    /* The offset lasts, and what was done is not done again. */
    buf_clear(&f->notices);
    o = fixture_open(f, "oak");
    assert_true(org_now(o) >= start + 2 * 3600 * 1000 + 1000);
    fixture_ok(f, org_tick(o, &f->e));
    assert_false(fixture_noticed(f, "rings"));
    fixture_ok(f, org_move_clock(o, org_now(o) + 2 * 3600 * 1000, &f->e));
    assert_true(fixture_noticed(f, "late rings"));
    org_close(o);
}

static void each_sees_its_own_time(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct buf expected = BUF_INIT;
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "oak", "ringing", true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    int64_t at = org_now(o) + 1234567;
    char lua[128];
    snprintf(lua, sizeof lua, "timers.add{name='exact', at=%lld}", (long long)at);
    eval(&t, o, lua, "done");
    fixture_ok(f, org_move_clock(o, at + 86400000, &f->e));
    buf_puts(&expected, "exact rings at ");
    zone_format_iso(at, &expected);
    assert_has(buf_text(&f->notices), expected.data);
    buf_free(&expected);
    talk_close(&t);
    org_close(o);
}

static void clock_advance_from_a_session(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_plugin(f, "ringing", ringing);
    fixture_org(f, "oak", "ringing", true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    eval(&t, o, "timers.add{name='second', at='30 minutes'}; clock.advance('2 days')", "done");
    assert_true(fixture_noticed(f, "second rings"));
    buf_clear(&f->notices);
    /* A statement that fails takes its wish with it. */
    eval(&t, o, "clock.advance('2 days'); error('no')", "error");
    assert_false(fixture_noticed(f, "hourly job"));
    eval(&t, o, "1 + 1", "done");
    assert_false(fixture_noticed(f, "hourly job"));
    /* From a script it happens at once. */
    const char *frames = talk_ask(
        &t, o,
        "{\"op\":\"run\",\"name\":\"x.lua\",\"source\":\"timers.add{name='third', at='1 hour'}\\n"
        "local before = clock.now()\\nclock.advance('2 hours')\\n"
        "print('moved', clock.now() - before >= 7200000)\"}");
    assert_has(frames, "moved\\ttrue");
    assert_has(frames, "{\"done\":");
    assert_true(fixture_noticed(f, "third rings"));
    talk_close(&t);
    org_close(o);
}

static void some_clocks_do_not_move(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    fixture_org(f, "elm", NULL, true);
    struct org *o = fixture_open(f, "oak"), *p = fixture_open(f, "elm");
    assert_int_equal(org_move_clock(o, org_now(o) + 1000, &f->e), -ERROR_DENIED);
    assert_has(f->e.message, "clock = movable");
    assert_int_equal(org_move_clock(p, org_now(p) - 60000, &f->e), -ERROR_INVALID);
    assert_has(f->e.message, "forward only");
    assert_int_equal(org_move_clock(p, INT64_MAX - 1, &f->e), -ERROR_INVALID);
    assert_has(f->e.message, "100 years");
    org_close(o);
    org_close(p);
}

static void a_failing_handler_holds_nothing_up(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_plugin(f, "fails", "baton.on('timer.bad', function() error('it broke') end)\n");
    fixture_org(f, "oak", "fails", true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    eval(&t, o, "timers.add{name='bad', at='1 minute'}; timers.add{name='good', at='2 minutes'}",
         "done");
    fixture_ok(f, org_move_clock(o, org_now(o) + 3600000, &f->e));
    assert_true(fixture_noticed(f, "it broke")); /* told, and the next went on */
    assert_true(fixture_noticed(f, "good"));
    eval(&t, o, "timers.count{status='waiting'}", "\"0");
    talk_close(&t);
    org_close(o);
}

static int add_message(void *context, struct org *o, struct error *e)
{
    struct actor actor;
    struct store_set set[] = { { MESSAGE_CHANNEL, value_text("file") },
                               { MESSAGE_RECIPIENT, value_text("a@example.org") },
                               { MESSAGE_SUBJECT, value_text(context) },
                               { MESSAGE_BODY, value_text("Hello\nworld") } };
    struct record record = { .entity = ENTITY_MESSAGE, .set = set, .set_count = 4 };
    int rc = org_actor(o, NULL, &actor, e);
    return rc ? rc : domain_write(org_domain(o), &actor, &record, NULL, e);
}

static void messages_become_files(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_org(f, "oak", NULL, true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    fixture_ok(f, org_turn(o, add_message, "Hi", &f->e));
    fixture_ok(f, org_tick(o, &f->e));
    assert_true(fixture_noticed(f, "M-1 delivered"));
    char *mail = fixture_read(f, "orgs/oak/outbox/M-1.txt");
    assert_non_null(mail);
    assert_has(mail, "Message-ID: <M-1@oak>\n");
    assert_has(mail, "To: a@example.org\n");
    assert_has(mail, "Subject: Hi\n");
    assert_has(mail, "\n\nHello\nworld\n");
    mem_free(mail);
    eval(&t, o, "messages.get(1).status", "sent");
    eval(&t, o, "messages.send{to='b@example.org', subject='x', body='y'}", "done");
    assert_true(fixture_noticed(f, "M-2 delivered"));
    talk_close(&t);
    org_close(o);
}

static void failed_delivery_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    char path[128];
    fixture_org(f, "oak", NULL, true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    /* A file stands where the folder should be. */
    snprintf(path, sizeof path, "%s/orgs/oak/outbox", f->dir);
    assert_int_equal(rmdir(path), 0);
    fixture_write(f, "orgs/oak/outbox", "");
    eval(&t, o, "messages.send{to='a@example.org', subject='x', body='y'}", "done");
    assert_true(fixture_noticed(f, "M-1 not delivered: can't write"));
    eval(&t, o, "messages.get(1).status", "waiting");
    assert_int_equal(unlink(path), 0);
    fixture_ok(f, org_move_clock(o, org_now(o) + 120000, &f->e));
    eval(&t, o, "messages.get(1).status", "sent");
    char *mail = fixture_read(f, "orgs/oak/outbox/M-1.txt");
    assert_non_null(mail);
    mem_free(mail);
    talk_close(&t);
    org_close(o);
}

static void no_such_channel_ends_dead(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_org(f, "oak", NULL, true);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    const char *frames =
        talk_ask(&t, o,
                 "{\"op\":\"eval\",\"text\":\"messages.send{to='a', subject='x', body='y', "
                 "channel='pigeon'}\"}");
    if (!strstr(frames, "\"error\"")) { /* else the script room refuses it already */
        fixture_ok(f, org_move_clock(o, org_now(o) + 2 * 86400000, &f->e));
        eval(&t, o, "messages.get(1).status", "dead");
        assert_true(fixture_noticed(f, "nothing delivers the channel \"pigeon\""));
    }
    talk_close(&t);
    org_close(o);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_moved_clock_fires_in_order),       T(each_sees_its_own_time),
        T(clock_advance_from_a_session),       T(some_clocks_do_not_move),
        T(a_failing_handler_holds_nothing_up), T(messages_become_files),
        T(failed_delivery_is_tried_again),     T(no_such_channel_ends_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
