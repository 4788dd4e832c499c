/* Where the home and files are; words that leave a REPL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "cli/cli_internal.h"
#include "cli/repl_internal.h"

struct place {
    char dir[64];
    char before[PATH_MAX];
};

static int set_up(void **state)
{
    struct place *p = mem_new(struct place);
    strcpy(p->dir, "/tmp/baton-test-place-XXXXXX");
    assert_non_null(getcwd(p->before, sizeof p->before));
    assert_non_null(mkdtemp(p->dir));
    assert_int_equal(chdir(p->dir), 0);
    unsetenv("BATON_HOME");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    unlink("a/baton.ini");
    rmdir("a/b/c");
    rmdir("a/b");
    rmdir("a");
    assert_int_equal(chdir(p->before), 0);
    rmdir(p->dir);
    unsetenv("BATON_HOME");
    mem_free(p);
    return 0;
}

static void make_home(void)
{
    FILE *ini;
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(mkdir("a/b", 0700), 0);
    assert_int_equal(mkdir("a/b/c", 0700), 0);
    assert_non_null(ini = fopen("a/baton.ini", "w"));
    fclose(ini);
}

static void test_home_upwards(void **state)
{
    struct place *p = *state;
    struct cli c = { .json = false };
    struct error e;
    char *home = NULL, expected[96];
    make_home();
    assert_int_equal(place_home(&c, &home, &e), -ERROR_NOT_FOUND);
    assert_non_null(strstr(e.message, "baton init"));
    assert_null(home);
    assert_int_equal(chdir("a/b/c"), 0);
    assert_int_equal(place_home(&c, &home, &e), 0);
    snprintf(expected, sizeof expected, "%s/a", p->dir);
    assert_string_equal(home, expected);
    mem_free(home);
    assert_int_equal(chdir(p->dir), 0);
}

static void test_home_given(void **state)
{
    struct cli c = { .json = false };
    struct error e;
    char *home = NULL;
    (void)state;
    make_home();
    setenv("BATON_HOME", "a", 1);
    assert_int_equal(place_home(&c, &home, &e), 0);
    assert_string_equal(home, "a");
    mem_free(home);
    c.home = "a/b"; /* the option goes before the variable, and must be right */
    assert_int_equal(place_home(&c, &home, &e), -ERROR_NOT_FOUND);
    assert_non_null(strstr(e.message, "a/b"));
}

static void test_files(void **state)
{
    struct place *p = *state;
    struct error e;
    char *path = NULL, expected[96], *large = mem_zero(PATH_MAX + 1);
    make_home();
    snprintf(expected, sizeof expected, "%s/a/baton.ini", p->dir);
    assert_int_equal(place_file("a/b/../baton.ini", &path, &e), 0);
    assert_string_equal(path, expected);
    mem_free(path);
    snprintf(expected, sizeof expected, "%s/new.csv", p->dir);
    assert_int_equal(place_file("new.csv", &path, &e), 0);
    assert_string_equal(path, expected);
    mem_free(path);
    assert_int_equal(place_file("/no/such/file", &path, &e), 0);
    assert_string_equal(path, "/no/such/file");
    mem_free(path);
    memset(large, 'x', PATH_MAX);
    assert_int_equal(place_file(large, &path, &e), -ERROR_LIMIT);
    assert_int_equal(place_file("", &path, &e), -ERROR_INVALID);
    mem_free(large);
}

static void test_plugins(void **state)
{
    (void)state;
    setenv("BATON_PLUGINS", "/somewhere", 1);
    char *plugins = place_plugins();
    assert_string_equal(plugins, "/somewhere");
    mem_free(plugins);
    unsetenv("BATON_PLUGINS");
    plugins = place_plugins();
    assert_non_null(strstr(plugins, "/plugins"));
    mem_free(plugins);
}

static void test_exit_words(void **state)
{
    static const struct {
        const char *line;
        bool leaves;
    } cases[] = {
        { "exit", true },         { " quit ;\n", true }, { "exit()", true }, { "quit\r\n", true },
        { "exits", false },       { "exit = 1", false }, { "", false },      { "quit(1)", false },
        { "return exit", false }, { "exi", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(repl_is_exit(cases[i].line), cases[i].leaves);
}

static void test_help_words(void **state)
{
    static const char *const not_help[] = { "help = 1", "help(people)", "helper", "x",
                                            "",         "help a b" };
    struct error e;
    int result = 0;
    (void)state;
    for (size_t i = 0; i < sizeof not_help / sizeof *not_help; i++)
        assert_false(repl_help(not_help[i], &result, &e));
    assert_true(repl_help("help nothing_like_it", &result, &e));
    assert_int_equal(result, -ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_home_upwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_home_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test(test_plugins),
        cmocka_unit_test(test_exit_words),
        cmocka_unit_test(test_help_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
