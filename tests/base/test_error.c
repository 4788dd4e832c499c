#include "base/check.h"

static void test_set(void **state)
{
    (void)state;
    struct error e = { .where = "old" };
    assert_int_equal(error_set(&e, ERROR_LIMIT, "%d rows\n", 7), -ERROR_LIMIT);
    assert_string_equal(e.message, "7 rows");
    assert_string_equal(e.where, "");
    assert_int_equal(error_set(NULL, ERROR_IO, "x"), -ERROR_IO);
    error_set(&e, ERROR_IO, "again: %s", e.message); /* its own text as an argument */
    assert_string_equal(e.message, "again: 7 rows");
    error_clear(&e);
    assert_int_equal(e.code, ERROR_NONE);
    assert_string_equal(e.message, "");
    error_clear(NULL);
}

static void test_place(void **state)
{
    (void)state;
    struct error e = { 0 };
    char out[64];
    error_at(&e, "a.ini:%d", 1); /* no error: no place */
    error_prefix(&e, "nothing");
    assert_string_equal(e.where, "");
    assert_string_equal(e.message, "");
    error_set(&e, ERROR_INVALID, "wrong");
    error_format(&e, out, sizeof out);
    assert_string_equal(out, "wrong");
    error_at(&e, "a.ini:%d", 1);
    error_at(&e, "b.ini:2"); /* the first place is the exact one */
    error_prefix(&e, "plugin %s", "x");
    error_format(&e, out, sizeof out);
    assert_string_equal(out, "a.ini:1: plugin x: wrong");
    error_format(&e, out, 8);
    assert_string_equal(out, "a.ini:1");
    error_format(NULL, out, sizeof out);
    assert_string_equal(out, "");
    error_at(NULL, "x");
    error_prefix(NULL, "x");
}

static void test_long(void **state)
{
    (void)state;
    struct error e;
    char text[3000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[sizeof text - 2] = '\0';
    error_set(&e, ERROR_INVALID, "%s", text);
    assert_int_equal(strlen(e.message), ERROR_MESSAGE_BYTES - 2); /* no half of a character */
    error_prefix(&e, "%s", text);
    assert_true(strlen(e.message) < ERROR_MESSAGE_BYTES);
    error_at(&e, "%s", text);
    assert_true(strlen(e.where) < ERROR_WHERE_BYTES);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(error_code_name(ERROR_NONE), "none");
    assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not_found");
    assert_string_equal(error_code_name(ERROR_CANCELLED), "cancelled");
    assert_string_equal(error_code_name((enum error_code)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_set), cmocka_unit_test(test_place),
                                        cmocka_unit_test(test_long), cmocka_unit_test(test_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
