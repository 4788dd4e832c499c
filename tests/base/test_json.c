#include "base/check.h"

#include "baton/base/json.h"

#include <jansson.h>
#include <math.h>

static void test_structure(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &b);
    jsonw_open_object(&w);
    jsonw_key(&w, "a");
    jsonw_int(&w, -5);
    jsonw_keyn(&w, "bcd", 1);
    jsonw_open_array(&w);
    jsonw_null(&w);
    jsonw_bool(&w, true);
    jsonw_bool(&w, false);
    jsonw_open_object(&w);
    jsonw_close(&w);
    jsonw_open_array(&w);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_key(&w, "c");
    jsonw_raw(&w, "{\"x\":1}", 7);
    jsonw_key(&w, "d");
    jsonw_text(&w, NULL);
    jsonw_key(&w, "e");
    jsonw_text(&w, "t");
    jsonw_close(&w);
    check_buf(&b,
              "{\"a\":-5,\"b\":[null,true,false,{},[]],\"c\":{\"x\":1},\"d\":null,\"e\":\"t\"}");
    buf_free(&b);
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *json;
    } cases[] = {
        { "", 0, "\"\"" },
        { "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
        { "\b\f\n\r\t\x01\x1f\x7f", 8, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
        { "a\0b", 3, "\"a\\u0000b\"" },
        { "\xC3\xA9\xF0\x9F\x98\x80", 6, "\"\xC3\xA9\xF0\x9F\x98\x80\"" },
        { "\xC3", 1, "\"\xEF\xBF\xBD\"" },
        { "x\xED\xA0\x80y", 5, "\"x\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDy\"" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jsonw w;
        jsonw_start(&w, &b);
        jsonw_textn(&w, cases[i].text, cases[i].n);
        check_buf(&b, cases[i].json);
    }
    buf_free(&b);
}

static void test_real(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *json;
    } cases[] = {
        { 0, "0.0" },
        { -0.0, "0.0" },
        { 1, "1.0" },
        { -12, "-12.0" },
        { 0.1, "0.1" },
        { 1.0 / 3, "0.3333333333333333" },
        { 1e15, "1e+15" },
        { 123456789012345, "123456789012345.0" },
        { 1e300, "1e+300" },
        { 5e-324, "4.94065645841247e-324" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { NAN, "null" },
        { INFINITY, "null" },
        { 1234567890123456.0, "1234567890123456.0" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jsonw w;
        jsonw_start(&w, &b);
        jsonw_real(&w, cases[i].v);
        check_buf(&b, cases[i].json);
    }
    buf_free(&b);
}

/* A tree that jansson read is written as it was, keys in their order. */
static void test_value(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"b\":1,\"a\":[1.5,\"x\",null,true,false,{\"c\":-9223372036854775808}],\"\":{}}",
        "[]",
        "\"\\u0001\"",
        "12",
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct jsonw w;
        json_t *value = NULL;
        assert_int_equal(json_read(texts[i], strlen(texts[i]), &value, NULL), 0);
        jsonw_start(&w, &b);
        jsonw_value(&w, value);
        check_buf(&b, texts[i]);
        json_decref(value);
    }
    buf_free(&b);
}

static void test_error(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct error e = { 0 };
    error_set(&e, ERROR_NOT_FOUND, "no \"x\"");
    json_error(&e, &b);
    check_buf(&b,
              "{\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"x\\\"\",\"where\":\"\"}}");
    error_at(&e, "line %d", 3);
    json_error(&e, &b);
    check_buf(&b, "{\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"x\\\"\","
                  "\"where\":\"line 3\"}}");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_structure),
                                        cmocka_unit_test(test_text), cmocka_unit_test(test_real),
                                        cmocka_unit_test(test_value),
                                        cmocka_unit_test(test_error) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
