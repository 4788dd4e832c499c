/* What plugins say by themselves: one line each, with the plugin in front,
 * nothing that drives a terminal, and not more than a measure. */
#include "host_fixture.h"

static const char plugin[] =
    "baton.on('person.created', function(event, row)\n"
    "  if row.name == 'escapes' then print('\\27[2J\\194\\155x\\7') end\n"
    "  if row.name == 'bytes' then print('\\255\\192\\175 a\\0b \\u{202e}txt') end\n"
    "  if row.name == 'lines' then log.warn('one\\nerror elm: plugin fine: two\\r\\nthree\\n') "
    "end\n"
    "  if row.name == 'error' then error('x\\n\\27[2Jforged', 0) end\n"
    "  if row.name == 'long' then print(('y'):rep(100000)) end\n"
    "  if row.name == 'many' then for i = 1, 5000 do print('line ' .. i) end end\n"
    "end)\n";

static struct org *begin(struct fixture *f, struct talk *t)
{
    fixture_plugin(f, "p", plugin);
    fixture_org(f, "oak", "p", true);
    talk_open(t);
    return fixture_open(f, "oak");
}

static const char *add(struct fixture *f, struct talk *t, struct org *o, const char *name)
{
    char json[128];
    buf_clear(&f->notices);
    snprintf(json, sizeof json, "{\"op\":\"eval\",\"text\":\"people.add{name='%s'} return 1\"}",
             name);
    return talk_ask(t, o, json);
}

static void nothing_poses_as_something_else(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t);
    static const struct {
        const char *name, *says;
    } cases[] = {
        { "escapes", "oak: plugin p: \\x1b[2J\\u009bx\\x07\n" },
        { "bytes", "oak: plugin p: \\xff\\xc0\\xaf a\\x00b \\u202etxt\n" },
        { "lines", "oak: plugin p: warning: one\n"
                   "oak: plugin p: warning: error elm: plugin fine: two\\x0d\n"
                   "oak: plugin p: warning: three\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_has(add(f, &t, o, cases[i].name), "\"done\"");
        assert_string_equal(buf_text(&f->notices), cases[i].says);
    }
    const char *frames = add(f, &t, o, "error");
    assert_has(frames, "x\\n\\\\x1b[2Jforged"); /* a newline of JSON, an escape spelled out */
    assert_has(buf_text(&f->notices), "oak: plugin p: error: \\x1b[2Jforged\n");
    assert_lacks(buf_text(&f->notices), "\033");
    add(f, &t, o, "long");
    assert_has(buf_text(&f->notices), "yyy ... (cut)\n");
    assert_true(f->notices.len < LIMIT_LOG_LINE_BYTES + 100);
    talk_close(&t);
    org_close(o);
}

static void a_measure_of_lines(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    struct org *o = begin(f, &t);
    char last[64], first_left_out[64], count[64];
    add(f, &t, o, "many");
    snprintf(last, sizeof last, "plugin p: line %d\n", LIMIT_LOG_LINES);
    snprintf(first_left_out, sizeof first_left_out, "plugin p: line %d\n", LIMIT_LOG_LINES + 1);
    snprintf(count, sizeof count, "plugin p: %d lines were left out", 2 * 5000 - LIMIT_LOG_LINES);
    assert_has(buf_text(&f->notices), last);
    assert_has(buf_text(&f->notices), "the rest is left out, and counted");
    assert_lacks(buf_text(&f->notices), first_left_out);
    add(f, &t, o, "many"); /* the same window */
    assert_string_equal(buf_text(&f->notices), "");
    talk_close(&t);
    org_close(o);
    assert_has(buf_text(&f->notices), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_poses_as_something_else, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_measure_of_lines, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
