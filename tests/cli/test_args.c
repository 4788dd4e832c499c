/* The command line: options anywhere, near names, what is too much or missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/cli_internal.h"

enum { WORDS = 12 };

static int parse(struct cli *c, const char *const *words, struct error *e)
{
    char *argv[WORDS + 2] = { "baton" };
    int argc = 1;
    for (; words[argc - 1] && argc <= WORDS; argc++)
        argv[argc] = (char *)words[argc - 1];
    return cli_parse(c, argc, argv, e);
}

static void test_globals_anywhere(void **state)
{
    static const char *const lines[][WORDS] = {
        { "--home", "/h", "--org", "a", "--json", "org", "list" },
        { "org", "--home=/h", "list", "--org=a", "--json" },
        { "org", "list", "--json", "-o", "a", "--home", "/h" },
        { "org", "list", "-oa", "--home=/h", "--json", "--" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct cli c;
        struct error e;
        assert_int_equal(parse(&c, lines[i], &e), 0);
        assert_ptr_equal(c.command, &command_org_list);
        assert_string_equal(c.home, "/h");
        assert_string_equal(c.org, "a");
        assert_true(c.json);
        assert_false(c.quiet);
        assert_int_equal(c.count, 0);
        cli_free(&c);
    }
}

static void test_own_options(void **state)
{
    static const char *const line[WORDS] = { "import", "people", "--map", "Given Name=name",
                                             "a.csv",  "-m",     "x=y",   "-n",
                                             NULL };
    struct cli c;
    struct error e;
    size_t at = 0;
    (void)state;
    assert_int_equal(parse(&c, line, &e), 0);
    assert_ptr_equal(c.command, &command_import);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.words[1], "a.csv");
    assert_string_equal(cli_next(&c, "map", &at), "Given Name=name");
    assert_string_equal(cli_next(&c, "map", &at), "x=y");
    assert_null(cli_next(&c, "map", &at));
    assert_string_equal(cli_value(&c, "map"), "x=y");
    assert_true(cli_has(&c, "dry-run"));
    assert_false(cli_has(&c, "skip-unknown"));
    assert_null(cli_value(&c, "format"));
    cli_free(&c);
}

static void test_script_arguments_pass(void **state)
{
    static const char *const line[WORDS] = {
        "run", "--org", "a", "s.lua", "--org", "b", "--", "-x"
    };
    struct cli c;
    struct error e;
    (void)state;
    assert_int_equal(parse(&c, line, &e), 0);
    assert_string_equal(c.org, "a");
    assert_int_equal(c.count, 5);
    assert_string_equal(c.words[1], "--org");
    assert_string_equal(c.words[3], "--");
    assert_string_equal(c.words[4], "-x");
    cli_free(&c);
}

static void test_help_of_anything(void **state)
{
    static const char *const lines[][WORDS] = {
        { "--help" }, { "-h" }, { "import", "--help" }, { "org", "--help" }, { "org", "add", "-h" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct cli c;
        struct error e;
        assert_int_equal(parse(&c, lines[i], &e), 0);
        assert_true(c.help);
        cli_free(&c);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *words[WORDS];
        const char *says;
    } cases[] = {
        { { "imprt", "people" }, "did you mean \"import\"?" },
        { { "xyzzyxyzzy" }, "see baton help" },
        { { "--hom", "/h", "repl" }, "did you mean --home?" },
        { { "import", "a", "b", "--dry-rum" }, "did you mean --dry-run?" },
        { { "-e", "1" }, "behind its name" },
        { { "repl", "-z" }, "unknown option -z of baton repl" },
        { { "repl", "--e", "1" }, "unknown option --e" },
        { { "--org" }, "wants a value" },
        { { "org", "list", "--json=yes" }, "takes no value" },
        { { "org", "lits" }, "did you mean \"org list\"?" },
        { { "import", "people" }, "something is missing" },
        { { "import", "people", "a", "b" }, "\"b\" is too much" },
        { { "repl", "-qj" }, "apart" },
        { { "repl", "\xff" }, "not UTF-8" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cli c;
        struct error e;
        assert_int_equal(parse(&c, cases[i].words, &e), -ERROR_INVALID);
        if (!strstr(e.message, cases[i].says))
            fail_msg("case %zu says: %s", i, e.message);
        cli_free(&c);
    }
}

static void test_exit_codes(void **state)
{
    static const struct {
        enum error_code code;
        int exit;
    } cases[] = {
        { ERROR_NONE, 0 },      { ERROR_INVALID, 1 },     { ERROR_SCRIPT, 1 },
        { ERROR_NOT_FOUND, 3 }, { ERROR_DENIED, 4 },      { ERROR_CONFLICT, 5 },
        { ERROR_BUSY, 6 },      { ERROR_LIMIT, 7 },       { ERROR_IO, 8 },
        { ERROR_CORRUPT, 9 },   { ERROR_CANCELLED, 130 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cli_exit_code(cases[i].code), cases[i].exit);
}

static void test_table_is_whole(void **state)
{
    (void)state;
    const struct command *c;
    for (size_t i = 0; (c = command_at(i)); i++) {
        assert_non_null(c->name);
        assert_non_null(c->usage);
        assert_non_null(c->summary);
        assert_non_null(c->example);
        assert_non_null(c->run);
        assert_true(c->min <= c->max);
        assert_ptr_equal(command_named(c->name), c);
        assert_true(strstr(c->example, "baton") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globals_anywhere),
        cmocka_unit_test(test_own_options),
        cmocka_unit_test(test_script_arguments_pass),
        cmocka_unit_test(test_help_of_anything),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_table_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
