#include "base/check.h"

#include "baton/base/json.h"
#include "baton/base/memory.h"

#include <stdio.h>

static const char sample[] =
    "{\"id\":12,\"name\":\"A "
    "\\\"b\\\"\",\"stage\":\"new\",\"nested\":{\"stage\":\"x\",\"l\":[1,\"]}\"]},"
    "\"list\":[[],{\"a\":\"\\\\\"}],\"yes\":true,\"no\":false,\"none\":null,\"pi\":-3.25e2,"
    "\"empty\":\"\",\"min\":-9223372036854775808}";

static void test_get(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool found;
        enum json_type type;
        const char *text; /* as jsons_text shows it */
    } cases[] = {
        { "id", true, JSON_T_INT, "12" },
        { "name", true, JSON_T_TEXT, "A \"b\"" },
        { "stage", true, JSON_T_TEXT, "new" },
        { "nested", true, JSON_T_OBJECT, "{\"stage\":\"x\",\"l\":[1,\"]}\"]}" },
        { "list", true, JSON_T_ARRAY, "[[],{\"a\":\"\\\\\"}]" },
        { "yes", true, JSON_T_TRUE, "true" },
        { "no", true, JSON_T_FALSE, "false" },
        { "none", true, JSON_T_NULL, "null" },
        { "pi", true, JSON_T_REAL, "-3.25e2" },
        { "empty", true, JSON_T_TEXT, "" },
        { "min", true, JSON_T_INT, "-9223372036854775808" },
        { "l", false, 0, "" },
        { "i", false, 0, "" },
        { "idx", false, 0, "" },
        { "", false, 0, "" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_slice s;
        bool found = jsons_get(sample, strlen(sample), cases[i].key, strlen(cases[i].key), &s);
        assert_int_equal(found, cases[i].found);
        if (!found)
            continue;
        assert_int_equal(s.type, cases[i].type);
        jsons_text(&s, &b);
        check_buf(&b, cases[i].text);
    }
    buf_free(&b);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t integer;
        double real;
    } cases[] = {
        { "{\"v\":0}", 0, 0 },
        { "{\"v\":-15}", -15, -15 },
        { "{\"v\":9223372036854775807}", INT64_MAX, 9223372036854775807.0 },
        { "{\"v\":2.75}", 2, 2.75 },
        { "{\"v\":-2.75}", -2, -2.75 },
        { "{\"v\":1e300}", 0, 1e300 },
        { "{\"v\":\"7\"}", 0, 0 },
        { "{\"v\":true}", 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_slice s;
        assert_true(jsons_get(cases[i].text, strlen(cases[i].text), "v", 1, &s));
        assert_int_equal(jsons_int(&s), cases[i].integer);
        assert_true(jsons_real(&s) == cases[i].real);
    }
}

static void test_unescape(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *text;
    } cases[] = {
        { "\\b\\f\\n\\r\\t\\\"\\\\\\/", "\b\f\n\r\t\"\\/" },
        { "\\u0041\\u00e9\\u20AC", "A\xC3\xA9\xE2\x82\xAC" },
        { "\\ud83d\\ude00", "\xF0\x9F\x98\x80" },
        { "\\ud83dx", "\xEF\xBF\xBDx" },
        { "\\u12", "\xEF\xBF\xBD"
                   "12" },
        { "a\\", "a" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_slice s = { JSON_T_TEXT, cases[i].raw, strlen(cases[i].raw), true };
        jsons_text(&s, &b);
        check_buf(&b, cases[i].text);
    }
    buf_free(&b);
}

/* What our writer did not write must not be read beyond its end. Each prefix is in memory of its
 * own, so that the sanitizer sees one byte too many. */
static void test_broken(void **state)
{
    (void)state;
    static const char *const broken[] = { "",  "{",      "{}",       "[1]",        "{\"a",
                                          "x", "{\"a\"", "{\"a\":",  "{\"a\":\"b", "{\"a\":1,",
                                          ",", "{,}",    "{\"a\":[", "{\"a\":\"\\" };
    struct json_slice s;
    for (size_t n = 0; n <= strlen(sample); n++) {
        char *copy = mem_alloc(n);
        memcpy(copy, sample, n);
        jsons_get(copy, n, "missing", 7, &s);
        mem_free(copy);
    }
    for (size_t i = 0; i < COUNT(broken); i++)
        assert_false(jsons_get(broken[i], strlen(broken[i]), "b", 1, &s));
}

static void test_merge(void **state)
{
    (void)state;
    static const struct {
        const char *object, *patch, *merged;
    } cases[] = {
        { "", "", "{}" },
        { "{}", "{\"a\":1}", "{\"a\":1}" },
        { "{\"a\":1,\"b\":\"x\"}", "", "{\"a\":1,\"b\":\"x\"}" },
        { "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":\"two\"}", "{\"a\":1,\"b\":\"two\",\"c\":3}" },
        { "{\"a\":1,\"b\":2}", "{\"a\":null}", "{\"b\":2}" },
        { "{\"a\":1}", "{\"a\":null}", "{}" },
        { "{\"a\":1}", "{\"z\":null,\"y\":[1],\"x\":{\"n\":null}}",
          "{\"a\":1,\"y\":[1],\"x\":{\"n\":null}}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2}}", "{\"a\":{\"c\":2}}" },
        { "{\"a\":\"q\\\"\"}", "{\"b\":\"\\\\\"}", "{\"a\":\"q\\\"\",\"b\":\"\\\\\"}" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_merge(cases[i].object, strlen(cases[i].object), cases[i].patch, strlen(cases[i].patch),
                   &b);
        check_buf(&b, cases[i].merged);
    }
    buf_free(&b);
}

/* Enough members for the sorted index: every second one is replaced, every third removed. */
static void test_merge_many(void **state)
{
    (void)state;
    struct buf object = BUF_INIT, patch = BUF_INIT, merged = BUF_INIT;
    struct jsonw o, p;
    jsonw_start(&o, &object);
    jsonw_start(&p, &patch);
    jsonw_open_object(&o);
    jsonw_open_object(&p);
    for (int i = 0; i < 200; i++) {
        char key[16];
        int n = snprintf(key, sizeof key, "k%d", i * 7 % 200);
        jsonw_keyn(&o, key, (size_t)n);
        jsonw_int(&o, i);
        n = snprintf(key, sizeof key, "k%d", i);
        if (i % 2 == 0 || i % 3 == 0)
            jsonw_keyn(&p, key, (size_t)n);
        if (i % 3 == 0)
            jsonw_null(&p);
        else if (i % 2 == 0)
            jsonw_text(&p, key);
    }
    jsonw_close(&o);
    jsonw_close(&p);
    json_merge(object.data, object.len, patch.data, patch.len, &merged);
    for (int i = 0; i < 200; i++) {
        char key[16];
        struct json_slice s;
        int n = snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(jsons_get(merged.data, merged.len, key, (size_t)n, &s), i % 3 != 0);
        if (i % 3)
            assert_int_equal(s.type, i % 2 == 0 ? JSON_T_TEXT : JSON_T_INT);
    }
    buf_free(&object);
    buf_free(&patch);
    buf_free(&merged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_unescape), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_merge),    cmocka_unit_test(test_merge_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
