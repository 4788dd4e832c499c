/* Jobs by the clock, also across restarts. */
#include "plugin_fixture.h"

#include "baton/store/store.h"

static const int64_t minute_ms = 60000, hour_ms = 3600000, day_ms = 86400000;

static bool note_report(void *context, const char *plugin, const char *job,
                        const struct error *error)
{
    struct fix *f = context;
    buf_printf(&f->output, "%s.%s %s\n", plugin, job, error ? error->message : "went well");
    return true;
}

/* Runs what is due at the clock's time, as the host does. */
static void run_due(struct fix *f)
{
    buf_clear(&f->output);
    ok(store_turn_begin(f->store, &f->e));
    ok(script_run_jobs(f->s, clock_now_ms(&f->clock), note_report, f, &f->e));
    ok(store_turn_commit(f->store, &f->e));
}

static void every(void **state)
{
    struct fix *f = *state;
    static const char lua[] =
        "baton.job('tick', {every = '1 hour'}, function() people.add{name = 'T'} end)";
    fix_use(f, "permissions = people\n", lua);
    assert_true(script_jobs_at(f->s) <= fix_now_ms); /* to be written down that it has been seen */
    run_due(f);
    assert_string_equal(buf_text(&f->output), "");
    assert_true(script_jobs_at(f->s) == fix_now_ms + hour_ms);
    clock_move(&f->clock, 59 * minute_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "");
    fix_reopen(f); /* a restart does not put it off */
    fix_use(f, "permissions = people\n", lua);
    assert_true(script_jobs_at(f->s) == fix_now_ms + hour_ms);
    clock_move(&f->clock, 5 * hour_ms); /* missed five times: runs once */
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.tick went well\n");
    assert_true(script_jobs_at(f->s) == clock_now_ms(&f->clock) + hour_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "");
    gives("return people.count{}", "1");
}

static void at_a_time(void **state)
{
    struct fix *f = *state;
    fix_use(f, "",
            "baton.job('early', {at = '06:00', days = 'working'}, function() end)\n"
            "baton.job('late', {at = '23:30'}, function() end)");
    run_due(f);
    assert_true(script_jobs_at(f->s) == fix_now_ms + 14 * hour_ms + 30 * minute_ms); /* 23:30 */
    clock_move(&f->clock, 15 * hour_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.late went well\n");
    assert_true(script_jobs_at(f->s) == fix_now_ms + 21 * hour_ms); /* Tuesday 06:00 */
    clock_stop_at(&f->clock, fix_now_ms + 4 * day_ms);              /* Friday 09:00 */
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.early went well\np.late went well\n");
    clock_stop_at(&f->clock, fix_now_ms + 4 * day_ms + 15 * hour_ms); /* Saturday 00:00 */
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.late went well\n");
    clock_stop_at(&f->clock, fix_now_ms + 5 * day_ms); /* Saturday 09:00: early waits for Monday */
    run_due(f);
    assert_string_equal(buf_text(&f->output), "");
}

static void failing(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n",
            "baton.job('bad', {every = '1 hour'}, function() people.add{name = 'half'} error('no') "
            "end)\n"
            "baton.job('good', {every = '1 hour'}, function() people.add{name = 'whole'} end)");
    run_due(f);
    for (int i = 0; i < 4; i++) {
        clock_move(&f->clock, hour_ms);
        run_due(f);
        assert_contains(buf_text(&f->output), "p.bad plugin p, job bad: no");
        assert_contains(buf_text(&f->output), "p.good went well");
        run_due(f); /* not tried again at once */
        assert_string_equal(buf_text(&f->output), "");
    }
    gives("return people.count{name = 'half'} .. people.count{}", "04");
}

/* A clock that was ahead and is put right: by a year, each goes on from now, also over restarts; by
 * an hour, nothing runs twice. */
static void clock_ahead(void **state)
{
    struct fix *f = *state;
    static const char lua[] = "baton.job('daily', {at = '10:00'}, function() end)\n"
                              "baton.job('weekly', {every = '7 days'}, function() end)";
    fix_use(f, "", lua);
    run_due(f);
    clock_stop_at(&f->clock, fix_now_ms + 366 * day_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.daily went well\np.weekly went well\n");
    for (int64_t day = 0; day < 7; day++) {
        clock_stop_at(&f->clock, fix_now_ms + day * day_ms);
        run_due(f);
        assert_string_equal(buf_text(&f->output), day ? "p.daily went well\n" : "");
        assert_true(script_jobs_at(f->s) == fix_now_ms + day * day_ms + hour_ms);
        fix_reopen(f);
        fix_use(f, "", lua);
    }
    clock_stop_at(&f->clock, fix_now_ms + 7 * day_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.daily went well\np.weekly went well\n");
    clock_move(&f->clock, hour_ms);
    run_due(f);
    assert_string_equal(buf_text(&f->output), "p.daily went well\n");
    clock_move(&f->clock, -hour_ms);
    for (int i = 0; i < 4; i++) { /* 09:00 … 10:30 again */
        run_due(f);
        assert_string_equal(buf_text(&f->output), "");
        clock_move(&f->clock, hour_ms / 2);
    }
    assert_true(script_jobs_at(f->s) == fix_now_ms + 8 * day_ms + hour_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(at_a_time, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(failing, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(clock_ahead, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
