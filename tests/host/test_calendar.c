/* An organisation follows its calendar: at opening and reloading, many at once, past handlers that
 * refuse, and after having been broken off. */
#include "host_fixture.h"

#include "host/org_internal.h"

static const char job[] = "baton.workflow{ name = 'job', stages = {\n"
                          "  { name = 'work', deadline = { within = '10 working days' } },\n"
                          "  { name = 'done', final = true } },\n"
                          "  transitions = { { name = 'finish', from = '*', to = 'done' } } }\n"
                          "baton.on('referral.rescheduled', function(event, r)\n"
                          "  if r.title == 'bad' then error('not this one') end\n"
                          "end)\n";

static void write_ini(struct fixture *f, const char *calendar)
{
    char text[512];
    snprintf(text, sizeof text,
             "[org]\ntitle = Oak\nplugins = job\nclock = movable\n[calendar]\n%s\n", calendar);
    fixture_write(f, "orgs/oak/org.ini", text);
}

static void ask(struct org *o, const char *request, const char *part)
{
    struct talk t;
    talk_open(&t);
    assert_has(talk_ask(&t, o, request), part);
    talk_close(&t);
}

static void fill(struct org *o, int count)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"op\":\"eval\",\"text\":\"for i = 1, %d do referrals.open{workflow='job', "
             "title = i == 300 and 'bad' or 'good'} end\"}",
             count);
    ask(o, text, "done");
}

static int64_t due_of(struct org *o, int64_t id)
{
    const struct row *row;
    assert_int_equal(store_get(o->store, ENTITY_REFERRAL, id, &row, NULL), 0);
    return row_int(row, REFERRAL_DUE_AT_MS);
}

/* Whole days of the week, so that a deadline is ten days off whenever this runs. */
static const char all_days[] = "week = Mon-Sun 00:00-24:00",
                  seven[] = "week = Mon-Sun 00:00-24:00\nholidays = 1990-01-01..2199-12-30";

static void reload_moves(void **state)
{
    struct fixture *f = *state;
    fixture_plugin(f, "job", job);
    fixture_org(f, "oak", "job", true);
    write_ini(f, all_days);
    struct org *o = fixture_open(f, "oak");
    fill(o, 600);
    int64_t before = due_of(o, 1);
    buf_clear(&f->notices);
    write_ini(f, "week = Mon-Fri 00:00-24:00");
    ask(o, "{\"op\":\"calendar\",\"action\":\"preview\"}", "\"moved\":600");
    assert_int_equal(due_of(o, 1), before);
    assert_string_equal(buf_text(&f->notices), "");
    fixture_ok(f, org_reload(o, &f->e));
    assert_true(fixture_noticed(f, "the calendar has changed: 599 deadlines moved"));
    assert_true(fixture_noticed(f, "not this one"));
    assert_true(due_of(o, 1) >= before + 2 * 86400000);
    assert_true(due_of(o, 600) >= before + 2 * 86400000);
    assert_true(due_of(o, 300) - before < 3600000);
    /* Opened again it is silent. */
    org_close(o);
    buf_clear(&f->notices);
    o = fixture_open(f, "oak");
    ask(o, "{\"op\":\"eval\",\"text\":\"1\"}", "done");
    assert_false(fixture_noticed(f, "calendar"));
    org_close(o);
}

static int set_meta(void *context, struct org *o, struct error *e)
{
    const char *const *pair = context;
    return store_meta_set(o->store, pair[0], pair[1], e);
}

/* A crash after some turns, and other settings before the next start. */
static void goes_on(void **state)
{
    struct fixture *f = *state;
    const char *next[] = { "calendar_next",
                           "[org]\nzone = UTC\n[calendar]\nweek = Mon 00:00-24:00\n" };
    const char *done[] = { "calendar_done", "2" };
    fixture_plugin(f, "job", job);
    fixture_org(f, "oak", "job", true);
    write_ini(f, all_days);
    struct org *o = fixture_open(f, "oak");
    fill(o, 5);
    int64_t before = due_of(o, 5);
    fixture_ok(f, org_turn(o, set_meta, next, &f->e));
    fixture_ok(f, org_turn(o, set_meta, done, &f->e));
    org_close(o);
    buf_clear(&f->notices);
    o = fixture_open(f, "oak");
    ask(o, "{\"op\":\"eval\",\"text\":\"1\"}", "done");
    /* Those behind the second went to Mondays and back; the first two were there, as it is told. */
    assert_true(fixture_noticed(f, "the calendar has changed: 3 deadlines moved"));
    assert_int_equal(due_of(o, 5), before);
    org_close(o);
}

static void impossible(void **state)
{
    struct fixture *f = *state;
    fixture_plugin(f, "job", job);
    fixture_org(f, "oak", "job", true);
    write_ini(f, all_days);
    struct org *o = fixture_open(f, "oak");
    fill(o, 2);
    int64_t before = due_of(o, 1);
    buf_clear(&f->notices);
    write_ini(f, seven);
    fixture_ok(f, org_reload(o, &f->e));
    assert_true(fixture_noticed(f, "2 deadlines could not be computed by the new calendar"));
    assert_int_equal(due_of(o, 1), before);
    org_close(o);
}

static void requests(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[][2] = {
        { "{\"op\":\"calendar\",\"month\":\"2026-02\"}", "\"working_days\":28" },
        { "{\"op\":\"calendar\",\"month\":\"2026-02\"}", "\"Mon\":\"00:00-24:00\"" },
        { "{\"op\":\"calendar\",\"month\":\"x\"}", "\"where\":\"/month\"" },
        { "{\"op\":\"calendar\",\"month\":\"2026-1x\"}", "\"where\":\"/month\"" },
        { "{\"op\":\"calendar\",\"action\":\"do\"}", "show or preview" },
        { "{\"op\":\"calendar\",\"action\":\"preview\",\"path\":\"/nowhere/org.ini\"}", "error" },
        { "{\"op\":\"calendar\",\"action\":\"preview\",\"path\":\"org.ini\"}", "error" },
        { "{\"op\":\"calendar\",\"action\":\"preview\"}", "\"looked\":0,\"moved\":0" },
    };
    fixture_plugin(f, "job", job);
    fixture_org(f, "oak", "job", true);
    write_ini(f, all_days);
    struct org *o = fixture_open(f, "oak");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ask(o, cases[i][0], cases[i][1]);
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reload_moves, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(goes_on, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(impossible, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(requests, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
