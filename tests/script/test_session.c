/* Statements, scripts, commands, output, the clock. */
#include "session_fixture.h"

static void test_statements(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "1 + 1", "2" },
        { "x = 5", "" },
        { "x, _", "5\t2" },
        { "_", "5" },
        { "local y = 7 return y", "7" },
        { "y", "nil" },
        { "people.fnd", "!did you mean \"find\"?" },
        { "baton.settings", "!in a plugin only" },
        { "", "" },
        { "-- nothing", "" },
        { "nil", "nil" },
        { "'a\\27[2Jb'", "a\\x1b[2Jb" },
        { "print('a', 1, nil)", "a\t1\tnil" },
        { "1 +* 2", "!" },
        { "error('no')", "!no" },
        { "error{message='m', code='denied'}", "!m" },
        { "while true do end", "!it ran longer than its 5000 ms" },
        { "arg[0], arg[1], #arg", "run.lua\tone\t2" },
        { "progress(1, 10, 'rows')", "progress: 1 10 rows" },
        { "progress(3)", "progress: 3 0 " },
        { "progress(3, 4)", "progress: 3 4 " },
        { "progress()", "!number expected" },
        { "log.info('%d of %s', 3, people.get(1)) log.warn('100%') log.error('x', 'y')",
          "info: 3 of P-1\nwarn: 100%\nerror: x" },
        { "io, os, require, dofile, debug, load == nil", "nil\tnil\tnil\tnil\tnil\tfalse" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_all_or_nothing(void **state)
{
    struct world *w = *state;
    assert_fails(w, "people.add{name='gone'} error('stop')", "stop");
    assert_string_equal(w->e.where, "repl:1");
    assert_shows(w, "people.count{}", "0");
}

static void test_incomplete(void **state)
{
    struct world *w = *state;
    static const char *const more[] = { "for i = 1, 3 do", "x = ",    "1 +",
                                        "people.find{",    "f(",      "s = [[text",
                                        "function f()",    "return {" };
    static const char *const whole[] = { "for i = 1, 3 do end", "x = 1", "1 + 1", "local a" };
    bool incomplete;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        assert_int_equal(world_eval(w, more[i], &incomplete), 0);
        if (!incomplete)
            fail_msg("%s is not seen as incomplete", more[i]);
    }
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        assert_int_equal(world_eval(w, whole[i], &incomplete), 0);
        assert_false(incomplete);
    }
    assert_true(world_eval(w, "foo bar(", &incomplete) < 0);
}

static void test_output_limit(void **state)
{
    struct world *w = *state;
    world_shows(w, "s = ('x'):rep(1000000) for i = 1, 10 do print(s) end print('more')");
    assert_in_range(w->shown.len, LIMIT_OUTPUT_BYTES, LIMIT_OUTPUT_BYTES + 200);
    assert_non_null(strstr(buf_text(&w->shown), "left out"));
    assert_shows(w, "print('next')", "next");
}

static void test_clock(void **state)
{
    struct world *w = *state;
    int64_t to = 0;
    assert_false(session_wants_clock(w->session, &to));
    assert_shows(w, "clock.format(clock.advance('2 days'))", "2026-03-03 09:00");
    assert_shows(w, "clock.format()", "2026-03-01 09:00"); /* the host moves it, after the commit */
    world_shows(w, "clock.advance('1 day') clock.advance('1 day')");
    assert_true(session_wants_clock(w->session, &to));
    assert_int_equal(to, world_now_ms + 2 * 86400000LL);
    assert_false(session_wants_clock(w->session, &to));
    world_fails(w, "clock.advance('1 day') error('x')");
    assert_false(session_wants_clock(w->session, &to));
    assert_fails(w, "clock.advance('2020-01-01')", "forwards only");
    static const struct world_case cases[] = {
        { "clock.now()", "1772355600000" },
        { "clock.format(0, 'iso')", "1970-01-01T00:00:00.000Z" },
        { "clock.format(clock.now(), 'date'), clock.format(nil, 'time')", "2026-03-01\t09:00" },
        { "clock.format(clock.now(), 'seconds')", "2026-03-01 09:00:00" },
        { "clock.format(clock.parse('3 days'), 'relative')", "in 3 days" },
        { "clock.format(clock.now(), 'dat')", "!unknown style \"dat\", did you mean \"date\"?" },
        { "clock.parse('1 day', 0)", "86400000" },
        { "clock.parse('some day')", "!clock.parse: " },
        { "clock.parse{}", "!takes a time" },
        { "clock.working_days('2026-03-02', '2026-03-06')", "4" },
        { "clock.working_days('2026-03-06', '2026-03-02')", "-4" },
        { "clock.working_days('2026-03-06', '2026-03-09')", "1" },
        { "clock.working_days(0, 9e14 // 1 | 0)", "!" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

/* ---- scripts ---- */

static int script(struct world *w, const char *text, size_t *steps)
{
    bool done = false;
    buf_clear(&w->shown);
    int rc = session_start(w->session, text, strlen(text), "scripts/test.lua", &w->e);
    for (size_t n = 1; rc == 0 && !done; n++) {
        rc = session_step(w->session, &done, &w->e);
        if (steps)
            *steps = n;
    }
    return rc;
}

static void test_script(void **state)
{
    struct world *w = *state;
    world_ok(w, script(w,
                       "#!/usr/bin/env baton run\nprint(arg[1], ...)\nfor i = 1, 3 do "
                       "people.add{name='p' .. i} end\n"
                       "clock.advance('1 day') print(clock.format())\n",
                       NULL));
    assert_string_equal(buf_text(&w->shown), "one\tone\ttwo\n2026-03-02 09:00\n");
    assert_shows(w, "people.count{}", "3");
    /* What it wrote before it failed stays: each write was a turn of its own. */
    assert_int_equal(
        script(w, "people.add{name='a'}\n\nlocal function f() error('stop') end\nf()\n", NULL),
        -ERROR_SCRIPT);
    assert_string_equal(w->e.where, "scripts/test.lua:3");
    assert_string_equal(w->e.message, "stop");
    assert_non_null(
        strstr(buf_text(&w->shown), "in scripts/test.lua:3, called from scripts/test.lua:4"));
    assert_shows(w, "people.count{}", "4");
    assert_int_equal(script(w, "x = = 1", NULL), -ERROR_SCRIPT);
    assert_string_equal(w->e.where, "scripts/test.lua:1");
    assert_int_equal(script(w, "baton.turn(function() people.add{name='b'} error('no') end)", NULL),
                     -ERROR_SCRIPT);
    assert_shows(w, "people.count{}", "4");
    assert_int_equal(script(w, "baton.turn(function() clock.advance('1 day') end)", NULL),
                     -ERROR_DENIED);
    assert_non_null(strstr(w->e.message, "inside baton.turn"));
    world_ok(w, script(w, "print(pcall(people.add, {nmae='x'}))", NULL));
    assert_non_null(strstr(buf_text(&w->shown), "did you mean \"name\"?"));
    bool done;
    assert_int_equal(session_step(w->session, &done, &w->e), -ERROR_INVALID);
}

static void test_script_pauses(void **state)
{
    struct world *w = *state;
    size_t steps = 0;
    world_ok(w, script(w, "for i = 1, 2000 do people.add{name='p' .. i} end", &steps));
    assert_true(steps > 1);
    assert_shows(w, "people.count{}", "2000");
    steps = 0;
    world_ok(w, script(w,
                       "local n = 0 for k = 1, 30 do for p in people.each{} do n = n + #p.name end "
                       "end print(n)",
                       &steps));
    assert_true(steps > 1);
}

static void test_cancel(void **state)
{
    struct world *w = *state;
    bool done = false;
    const char text[] = "while true do people.add{name='x'} end";
    world_ok(w, session_start(w->session, text, sizeof text - 1, "loop.lua", &w->e));
    assert_int_equal(session_start(w->session, text, sizeof text - 1, "loop.lua", &w->e),
                     -ERROR_BUSY);
    world_ok(w, session_step(w->session, &done, &w->e));
    assert_false(done);
    session_cancel(w->session);
    assert_int_equal(session_step(w->session, &done, &w->e), -ERROR_CANCELLED);
    assert_int_equal(session_step(w->session, &done, &w->e), -ERROR_INVALID);
    assert_shows(w, "1", "1");
}

/* ---- commands ---- */

static int command(struct world *w, bool report, const char *name, const char *args,
                   struct buf *out)
{
    world_ok(w, store_turn_begin(w->store, &w->e));
    domain_command_begin(w->d);
    struct error e = { .code = ERROR_NONE }, ended;
    buf_clear(&w->shown);
    buf_clear(out);
    int rc = report ? session_report(w->session, name, args, out, &e)
                    : session_command(w->session, name, args, out, &e);
    domain_command_end(w->d, rc == 0, &ended);
    world_ok(w, store_turn_commit(w->store, &w->e));
    w->e = e;
    return rc;
}

static void test_commands(void **state)
{
    struct world *w = *state;
    struct buf out = BUF_INIT;
    world_people(w);
    world_ok(w, command(w, false, "greet", "{\"person\":\"P-1\"}", &out));
    assert_string_equal(buf_text(&out), "{\"text\":\"hello Ada Lovelace\"}");
    assert_non_null(strstr(buf_text(&w->shown), "[tutoring] greeting"));
    static const struct {
        bool report;
        const char *name, *args, *wanted;
    } bad[] = {
        { false, "gret", "{}", "did you mean \"greet\"?" },
        { false, "greet", "{}", "person" },
        { false, "greet", NULL, "person" },
        { false, "greet", "[1]", "a JSON object is wanted" },
        { false, "greet", "{", "arguments of greet" },
        { false, "partner", "{}", "partners" },
        { false, "file", "{}", "a plugin has none" },
        { true, "stage", "{}", "did you mean \"stages\"?" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (command(w, bad[i].report, bad[i].name, bad[i].args, &out) == 0)
            fail_msg("%s did not fail", bad[i].name);
        if (!strstr(w->e.message, bad[i].wanted))
            fail_msg("%s says %s", bad[i].name, w->e.message);
        assert_int_equal(out.len, 0);
    }
    world_ok(w, command(w, true, "stages", NULL, &out));
    assert_string_equal(buf_text(&out), "[{\"n\":1,\"stage\":\"a\"}]");
    assert_shows(w, "baton.call('greet', {person=1}).text",
                 "[tutoring] greeting\nhello Ada Lovelace");
    buf_free(&out);
}

/* Whatever runs out of memory in the middle leaves nothing behind, and the session goes on. */
static void test_memory(void **state)
{
    struct world *w = *state;
    world_people(w);
    world_write(w, "desk/a.csv", "name,age\nAda,36\nBob,7\n");
    static const char *const texts[] = {
        "people.find{}",
        "referrals.get(1):history()",
        "json.encode{a={1, 2, {b='x'}}}",
        "json.decode('{\"a\":[1,2,{\"b\":[1,2,3,4]}]}')",
        "referrals.get(1).fields.need",
        "for row in csv.read('a.csv') do keep[#keep + 1] = row end",
        "csv.write('b.csv', people.each{})",
        "messages.template('t', '{{subject.name}}') referrals.get(1):message{to='x', template='t'}",
        "pcall(people.add, {nmae='x'})",
        "referrals.get(1):set{fields={tags={'a', 'b'}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "local keep = {} while true do keep[#keep + 1] = ('x'):rep(200) %s%s %s",
                 i < 5 ? "keep[#keep + 1] = " : "", texts[i], "end");
        assert_true(world_eval(w, text, NULL) < 0);
        if (!strstr(w->e.message, "memory") && !strstr(w->e.message, "ran longer"))
            fail_msg("%s: %s", texts[i], w->e.message);
        assert_shows(w, "people.count{}", "2");
    }
}

static int small_setup(void **state)
{
    return world_setup_with(state, 1500 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statements, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_all_or_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_incomplete, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_output_limit, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_clock, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_script, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_script_pauses, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cancel, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_commands, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_memory, small_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
