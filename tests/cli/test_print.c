/* Tables, cards, numbers; what a terminal must not see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/zone.h"
#include "cli/cli_internal.h"

static void check_value(const char *json, const char *expected)
{
    json_t *value = NULL;
    char *text = NULL;
    size_t n = 0;
    FILE *out = tmpfile();
    assert_int_equal(json_read(json, strlen(json), &value, NULL), 0);
    print_value(out, value);
    n = (size_t)ftell(out);
    text = calloc(1, n + 1);
    rewind(out);
    assert_int_equal(fread(text, 1, n, out), n);
    assert_string_equal(text, expected);
    free(text);
    fclose(out);
    json_decref(value);
}

static void test_values(void **state)
{
    (void)state;
    check_value("[{\"name\":\"ä\",\"n\":1},{\"name\":\"abcdef\",\"n\":100}]",
                "name      n\nä         1\nabcdef  100\n");
    check_value("[{\"a\":\"x\"},{\"b\":true}]", "a  b\nx  \n   yes\n");
    check_value("{\"title\":\"Riverside\",\"n\":3,\"none\":null}",
                "title  Riverside\nn      3\nnone   \n");
    check_value("{\"rows\":[{\"a\":1}],\"x\":{\"y\":2}}", "rows:\na\n1\nx     {\"y\":2}\n");
    check_value("[1,\"two\",false]", "1\ntwo\nno\n");
    check_value("[{\"a\":\"line\\nbreak\\u001b[2J\"}]", "a\nline\\x0abreak\\x1b[2J\n");
    check_value("[]", "");
    check_value("null", "");
}

static void test_counts_and_bytes(void **state)
{
    static const struct {
        long long n;
        const char *count, *bytes;
    } cases[] = {
        { 0, "0", "0 bytes" },
        { 999, "999", "999 bytes" },
        { 1000, "1,000", "1.0 kB" },
        { 1234567, "1,234,567", "1.2 MB" },
        { 999990000, "999,990,000", "1.0 GB" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf count = BUF_INIT, bytes = BUF_INIT;
        print_count(&count, cases[i].n);
        print_bytes(&bytes, cases[i].n);
        assert_string_equal(buf_text(&count), cases[i].count);
        assert_string_equal(buf_text(&bytes), cases[i].bytes);
        buf_free(&count);
        buf_free(&bytes);
    }
    struct buf negative = BUF_INIT;
    print_count(&negative, -123456);
    assert_string_equal(buf_text(&negative), "-123,456");
    buf_free(&negative);
}

static void test_human(void **state)
{
    static const char json[] =
        "{\"now_ms\":0,\"cpu_ms\":5,\"in\":[{\"file_bytes\":2048,\"due_at_ms\":60000}]}";
    json_t *value = NULL;
    const struct zone *utc = NULL;
    struct buf out = BUF_INIT;
    struct jsonw w;
    (void)state;
    assert_int_equal(zone_find(&utc, "UTC", NULL), 0);
    assert_int_equal(json_read(json, strlen(json), &value, NULL), 0);
    print_human(value, utc);
    jsonw_start(&w, &out);
    jsonw_value(&w, value);
    assert_string_equal(buf_text(&out),
                        "{\"now\":\"1970-01-01 00:00\",\"cpu_ms\":5,\"in\":[{\"file\":\"2.0 kB\","
                        "\"due_at\":\"1970-01-01 00:01\"}]}");
    buf_free(&out);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_counts_and_bytes),
        cmocka_unit_test(test_human),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
