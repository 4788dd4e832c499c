#include "base/check.h"

#include "baton/base/json.h"
#include "baton/base/limits.h"

#include <jansson.h>

static void test_good(void **state)
{
    (void)state;
    json_t *value = NULL;
    const char *text = " {\"a\": [1, 2.0, \"[[[[\\\"[[[[\"]} ";
    assert_int_equal(json_read(text, strlen(text), &value, NULL), 0);
    assert_true(json_is_integer(json_array_get(json_object_get(value, "a"), 0)));
    assert_true(json_is_real(json_array_get(json_object_get(value, "a"), 1)));
    json_decref(value);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *message, *where;
    } cases[] = {
        { "", 0, "found nothing", "" },
        { "{\"a\":1,\"a\":2}", 13, "duplicate object key", "1:10" },
        { "{\n \"a\": x}", 10, "not valid JSON", "2:7" },
        { "{\"a\":1} x", 9, "not valid JSON", "1:9" },
        { "{'a':1}", 7, "not valid JSON", "1:2" },
        { "[1,]", 4, "not valid JSON", "1:4" },
        { "[01]", 4, "not valid JSON", "1:2" },
        { "[NaN]", 5, "not valid JSON", "1:4" },
        { "[9223372036854775808]", 21, "too big", "1:20" },
        { "[1e999]", 7, "overflow", "1:6" },
        { "{\"a\\u0000b\":1}", 14, "not valid JSON", "1:11" },
        { "[\"\xFF\"]", 5, "not valid JSON", "1:2" },
        { "[1\0]", 4, "NUL byte", "1:3" }, /* jansson alone would take it */
        { "[\"\\u0000\"]", 10, "\\u0000 is not allowed", "1:9" },
        { "[", 1, "not valid JSON", "1:1" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = { 0 };
        json_t *value = (json_t *)&e; /* must stay as it is */
        int rc = json_read(cases[i].text, cases[i].n, &value, &e);
        check_error(rc, &e, ERROR_INVALID, cases[i].message);
        assert_string_equal(e.where, cases[i].where);
        assert_ptr_equal(value, &e);
    }
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * (LIMIT_JSON_DEPTH + 1) + 1];
    for (int depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        struct error e = { 0 };
        json_t *value = NULL;
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        int rc = json_read(text, 2 * (size_t)depth, &value, &e);
        if (depth <= LIMIT_JSON_DEPTH) {
            assert_int_equal(rc, 0);
            json_decref(value);
        } else {
            check_error(rc, &e, ERROR_LIMIT, "deeper than 32 levels");
            assert_string_equal(e.where, "1:33");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_depth) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
