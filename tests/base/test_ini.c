#include "base/check.h"

#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct ini *parse(const char *text)
{
    struct ini *ini = NULL;
    struct error e = { 0 };
    if (ini_parse_text(&ini, text, "a.ini", &e))
        fail_msg("%s: %s", e.where, e.message);
    return ini;
}

static void test_entries(void **state)
{
    (void)state;
    static const struct {
        const char *section, *key, *value;
        int line;
    } expected[] = {
        { "", "top", "1", 2 },
        { "one", "a", "x ; y # z", 5 }, /* no inline comments */
        { "one", "b", "", 6 },
        { "one", "indented", "yes", 7 }, /* no continuation lines */
        { "one", "url", "http://h/?a=b", 8 },
        { "a section name of more than fifty bytes is kept as it was written", "a", "2", 12 },
        { "one", "again", "3", 14 },
    };
    struct ini *ini = parse("\xEF\xBB\xBF# comment\n"
                            "top = 1\n"
                            "[one]\n"
                            "; comment = no\n"
                            "a = x ; y # z  \n"
                            "b =\n"
                            "   indented = yes\n"
                            "url: http://h/?a=b\r\n"
                            "\n"
                            "[empty]\n"
                            "[a section name of more than fifty bytes is kept as it was written]\n"
                            "a=2\n"
                            "  [one]  \n"
                            "again = 3");
    assert_string_equal(ini_file(ini), "a.ini");
    assert_int_equal(ini_count(ini), COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        struct ini_entry *entry = ini_at(ini, i);
        assert_string_equal(entry->section, expected[i].section);
        assert_string_equal(entry->key, expected[i].key);
        assert_string_equal(entry->value, expected[i].value);
        assert_int_equal(entry->line, expected[i].line);
        assert_ptr_equal(ini_find(ini, expected[i].section, expected[i].key), entry);
    }
    assert_null(ini_find(ini, "one", "c"));
    assert_true(ini_has_section(ini, "empty"));
    assert_false(ini_has_section(ini, "two"));
    ini_free(ini);
    ini_free(NULL);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *where;
    } cases[] = {
        { "a = 1\nnonsense\nb = 2\n", "expected key = value", "a.ini:2" },
        { "[a\nb = 1", "no closing bracket", "a.ini:1" },
        { "[a] b = 1", "unexpected text after the section [a]", "a.ini:1" },
        { "[a] ; comment", "unexpected text after the section [a]", "a.ini:1" },
        { "[a]\nb = 1\n[c]\n[a]\nb = 2", "[a] b is set twice: the first time on line 2",
          "a.ini:5" },
        { "[a]\n = 1", "a value without a key", "a.ini:2" },
        { "[a]\nb = \xFF", "not UTF-8", "a.ini:2" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ini *ini = NULL;
        struct error e = { 0 };
        check_error(ini_parse_text(&ini, cases[i].text, "a.ini", &e), &e, ERROR_INVALID,
                    cases[i].message);
        assert_string_equal(e.where, cases[i].where);
        assert_null(ini);
    }
}

/* Up to the limit a value arrives whole; over it the file is refused whole. */
static void test_long_line(void **state)
{
    (void)state;
    for (int n = LIMIT_INI_LINE_BYTES - 4; n <= LIMIT_INI_LINE_BYTES + 4; n++) {
        struct buf text = BUF_INIT;
        struct ini *ini = NULL;
        struct error e = { 0 };
        buf_printf(&text, "[s]\nkey = %0*d\nlast = 1\n", n - 6, 7);
        int rc = ini_parse_text(&ini, text.data, "a.ini", &e);
        if (n <= LIMIT_INI_LINE_BYTES) {
            assert_int_equal(rc, 0);
            assert_int_equal(strlen(ini_find(ini, "s", "key")->value), n - 6);
            assert_int_equal(ini_find(ini, "s", "last")->line, 3);
        } else {
            check_error(rc, &e, ERROR_LIMIT, "longer than 4096 bytes");
            assert_string_equal(e.where, "a.ini:2");
        }
        ini_free(ini);
        buf_free(&text);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t value; /* -1: refused */
    } cases[] = {
        { "five", 5 },  { "high", 10 }, { "low", 0 },    { "over", -1 }, { "neg", -1 },
        { "junk", -1 }, { "huge", -1 }, { "empty", -1 }, { "dot", -1 },  { "absent", 77 }
    };
    struct ini *ini = parse("[s]\nfive=5\nhigh=10\nlow=0\nover=11\nneg=-1\njunk=5x\n"
                            "huge=99999999999999999999\nempty=\ndot=1.5\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t out = 77;
        struct error e = { 0 };
        int rc = ini_int(ini, "s", cases[i].key, 0, 10, &out, &e);
        assert_int_equal(out, cases[i].value < 0 ? 77 : cases[i].value);
        if (cases[i].value < 0)
            check_error(rc, &e, ERROR_INVALID, "expected a whole number from 0 to 10");
        else
            assert_int_equal(rc, 0);
    }
    struct error e;
    int64_t out;
    ini_int(ini, "s", "over", 0, 10, &out, &e);
    assert_string_equal(e.where, "a.ini:5");
    ini_free(ini);
}

static void test_other_types(void **state)
{
    (void)state;
    struct ini *ini = parse("[s]\nt= hello \nyes=Yes\noff=OFF\nmaybe=maybe\nlist= a, b c ,d\n"
                            "none=\nhole=a,,b\n");
    struct error e = { 0 };
    const char *text = "kept";
    bool flag = false;
    char **list = NULL;
    assert_int_equal(ini_text(ini, "s", "absent", &text, &e), 0);
    assert_string_equal(text, "kept");
    assert_int_equal(ini_text(ini, "s", "t", &text, &e), 0);
    assert_string_equal(text, "hello");
    assert_int_equal(ini_bool(ini, "s", "yes", &flag, &e), 0);
    assert_true(flag);
    check_error(ini_bool(ini, "s", "maybe", &flag, &e), &e, ERROR_INVALID,
                "[s] maybe = \"maybe\": expected yes or no");
    assert_true(flag);
    assert_int_equal(ini_bool(ini, "s", "off", &flag, &e), 0);
    assert_false(flag);
    assert_int_equal(ini_list(ini, "s", "list", &list, &e), 0);
    assert_string_equal(list[0], "a");
    assert_string_equal(list[1], "b c");
    assert_string_equal(list[2], "d");
    assert_null(list[3]);
    mem_free(list);
    assert_int_equal(ini_list(ini, "s", "none", &list, &e), 0);
    assert_null(list[0]);
    mem_free(list);
    check_error(ini_list(ini, "s", "hole", &list, &e), &e, ERROR_INVALID, "between the commas");
    assert_int_equal(ini_list(ini, "s", "absent", &list, &e), 0);
    assert_null(list);
    ini_free(ini);
}

static void test_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message; /* NULL: all is known */
    } cases[] = {
        { "[org]\nzone = UTC\n", NULL },
        { "[org]\nzoen = UTC\n", "unknown key \"zoen\" in [org], did you mean \"zone\"?" },
        { "[org]\nname = x\nxyzzy = 1\n", "unknown key \"xyzzy\" in [org]" },
        { "[rog]\nzone = UTC\n", "unknown section [rog] with \"zone\", did you mean [org]?" },
        { "[plugin]\nwhatever = 1\n", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ini *ini = parse(cases[i].text);
        struct error e = { 0 };
        ini_find(ini, "org", "zone");
        ini_find(ini, "org", "name");
        ini_find(ini, "org", "name");
        ini_know_section(ini, "plugin");
        int rc = ini_unknown(ini, &e);
        if (cases[i].message)
            check_error(rc, &e, ERROR_INVALID, cases[i].message);
        else
            assert_int_equal(rc, 0);
        ini_free(ini);
    }
}

static void test_load(void **state)
{
    (void)state;
    char path[] = "/tmp/test_ini_XXXXXX";
    int fd = mkstemp(path);
    struct ini *ini = NULL;
    struct error e;
    assert_int_equal(write(fd, "[a]\nb = 1\n\0c = 2\n", 17), 17);
    check_error(ini_load(&ini, path, &e), &e, ERROR_INVALID, "NUL bytes");
    assert_int_equal(ftruncate(fd, 10), 0);
    assert_int_equal(ini_load(&ini, path, &e), 0);
    assert_string_equal(ini_find(ini, "a", "b")->value, "1");
    ini_free(ini);
    assert_int_equal(ftruncate(fd, LIMIT_INI_FILE_BYTES + 1), 0);
    check_error(ini_load(&ini, path, &e), &e, ERROR_LIMIT, "limit");
    close(fd);
    unlink(path);
    check_error(ini_load(&ini, path, &e), &e, ERROR_NOT_FOUND, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_line),   cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_other_types), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
