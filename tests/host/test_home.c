#include "host_fixture.h"

static void assert_mode(struct fixture *f, const char *name, mode_t mode)
{
    char path[256];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, mode);
}

static void init_makes_a_home_once(void **state)
{
    struct fixture *f = *state;
    assert_mode(f, "baton.ini", 0600);
    assert_mode(f, "orgs", 0700);
    assert_int_equal(home_init(f->dir, &f->e), -ERROR_CONFLICT);
    assert_string_equal(home_log_level(f->home), "info");
    assert_int_equal(home_sleep_after_ms(f->home), 600000);
    assert_has(home_socket(f->home), "/baton.sock");
    assert_true(home_socket(f->home)[0] == '/');
}

static void open_refuses_what_is_no_home(void **state)
{
    struct fixture *f = *state;
    struct home *h = NULL;
    char path[128];
    snprintf(path, sizeof path, "%s/orgs", f->dir);
    assert_int_equal(home_open(&h, path, NULL, &f->e), -ERROR_NOT_FOUND);
    assert_has(f->e.message, "baton init");
    assert_int_equal(home_open(&h, "/nowhere/at/all", NULL, &f->e), -ERROR_NOT_FOUND);
    assert_null(h);
}

static void settings_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message, *where;
    } cases[] = {
        { "[home]\nlogg = info\n", "did you mean \"log\"", "baton.ini:2" },
        { "[home]\nlog = loud\n", "error, warn, info, debug", "baton.ini:2" },
        { "[home]\n\nsleep_after = soon\n", "soon", "baton.ini:3" },
        { "[home]\nworkers = 0\n", "workers", "baton.ini:2" },
        { "[home]\nworkers = 65\n", "workers", "baton.ini:2" },
        { "[home]\nworkers = many\n", "many", "baton.ini:2" },
        { "[home]\nsleep_after = 3 working days\n", "between", "baton.ini:2" },
        { "[home]\nsleep_after = 90 days\n", "between", "baton.ini:2" },
        { "[home]\nsleep_after = 300000000 weeks\n", "", "baton.ini:2" },
        { "[house]\nlog = info\n", "house", "baton.ini:2" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct home *h = NULL;
        fixture_write(f, "baton.ini", cases[i].text);
        assert_true(home_open(&h, f->dir, NULL, &f->e) < 0);
        assert_null(h);
        assert_has(f->e.message, cases[i].message);
        assert_has(f->e.where, cases[i].where);
    }
    struct home *h = NULL;
    fixture_write(f, "baton.ini",
                  "[home]\nsocket = /tmp/x.sock\nsleep_after = 2 hours\nlog = debug\n");
    fixture_ok(f, home_open(&h, f->dir, NULL, &f->e));
    assert_string_equal(home_socket(h), "/tmp/x.sock");
    assert_int_equal(home_sleep_after_ms(h), 7200000);
    home_close(h);
}

static void add_org_makes_everything(void **state)
{
    struct fixture *f = *state;
    struct org_settings s = { .title = "Riverside Unified",
                              .zone = "America/Los_Angeles",
                              .roles = "teacher, counsellor" };
    fixture_ok(f, home_add_org(f->home, "riverside", &s, &f->e));
    assert_mode(f, "orgs/riverside", 0700);
    assert_mode(f, "orgs/riverside/org.ini", 0600);
    char *ini = fixture_read(f, "orgs/riverside/org.ini");
    assert_has(ini, "title = Riverside Unified\n");
    assert_has(ini, "zone = America/Los_Angeles\n");
    assert_has(ini, "clock = system\n");
    mem_free(ini);
    assert_int_equal(home_add_org(f->home, "riverside", &s, &f->e), -ERROR_CONFLICT);
    fixture_ok(f, home_add_org(f->home, "oak", NULL, &f->e));
    char **names;
    fixture_ok(f, home_orgs(f->home, &names, &f->e));
    assert_string_equal(names[0], "oak");
    assert_string_equal(names[1], "riverside");
    assert_null(names[2]);
    mem_free(names);
    org_close(fixture_open(f, "riverside"));
    org_close(fixture_open(f, "oak"));
}

static void add_org_refuses_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        struct org_settings s;
        const char *message;
    } cases[] = {
        { "River", { 0 }, "can't be the name" },
        { "../up", { 0 }, "can't be the name" },
        { "", { 0 }, "can't be the name" },
        { "x", { .title = "two\nlines" }, "one line" },
        { "x", { .title = " blank" }, "blank" },
        { "x", { .title = "" }, "1 to 200" },
        { "x", { .zone = "America/Los_Angles" }, "America/Los_Angeles" },
        { "x", { .plugins = "not_there" }, "no plugin \"not_there\"" },
        { "x", { .plugins = "Bad-Name" }, "no name" },
        { "x", { .plugins = "a, a" }, "twice" },
        { "x", { .roles = "teacher, Teacher" }, "no name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(home_add_org(f->home, cases[i].name, &cases[i].s, &f->e) < 0);
        assert_has(f->e.message, cases[i].message);
    }
    char **names;
    fixture_ok(f, home_orgs(f->home, &names, &f->e));
    assert_null(names[0]);
    mem_free(names);
}

static void half_made_org_is_finished(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "orgs/oak/plugins/x", "");
    assert_int_equal(home_check_org(f->home, "oak", &f->e), -ERROR_NOT_FOUND);
    fixture_org(f, "oak", NULL, false);
    org_close(fixture_open(f, "oak"));
}

static void unknown_org_gets_a_near_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(home_check_org(f->home, "oak", &f->e), -ERROR_NOT_FOUND);
    assert_has(f->e.message, "none yet");
    fixture_org(f, "riverside", NULL, false);
    assert_int_equal(home_check_org(f->home, "riversid", &f->e), -ERROR_NOT_FOUND);
    assert_has(f->e.message, "did you mean \"riverside\"");
    assert_int_equal(home_check_org(f->home, "../riverside", &f->e), -ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(init_makes_a_home_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(open_refuses_what_is_no_home, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(settings_are_checked, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(add_org_makes_everything, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(add_org_refuses_and_leaves_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(half_made_org_is_finished, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(unknown_org_gets_a_near_name, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
