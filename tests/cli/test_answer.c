/* Frames of an answer: kept, counted, refused where they are not what they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/limits.h"
#include "cli/answer_internal.h"
#include "cli/cli_internal.h"

static struct cli quiet = { .quiet = true };

static void give(struct answer *a, const char *frame, bool last)
{
    answer_frame(a, frame, strlen(frame), last);
}

static void test_done(void **state)
{
    struct answer a;
    struct buf printed = BUF_INIT;
    (void)state;
    answer_init(&a, &quiet);
    a.capture = &printed;
    give(&a, "{\"out\":\"one\\n\",\"stream\":\"print\"}", false);
    give(&a, "{\"progress\":{\"done\":1,\"total\":2,\"label\":\"x\"}}", false);
    assert_false(a.answered);
    give(&a, "{\"done\":{\"n\":7}}", true);
    assert_true(a.answered);
    assert_int_equal(a.error.code, ERROR_NONE);
    assert_int_equal(json_integer_value(json_object_get(a.done, "n")), 7);
    assert_string_equal(buf_text(&printed), "one\n");
    answer_reset(&a);
    assert_null(a.done);
    give(&a, "{\"incomplete\":true}", true);
    assert_true(a.incomplete);
    answer_free(&a);
    buf_free(&printed);
}

static void test_errors(void **state)
{
    static const struct {
        const char *frame;
        enum error_code code;
        const char *message, *where;
    } cases[] = {
        { "{\"error\":{\"code\":\"denied\",\"message\":\"no\",\"where\":\"/as\"}}", ERROR_DENIED,
          "no", "" }, /* a place in the request says nothing to people */
        { "{\"error\":{\"code\":\"invalid\",\"message\":\"no\",\"where\":\"/a/org.ini:3\"}}",
          ERROR_INVALID, "no", "/a/org.ini:3" },
        { "{\"error\":{\"code\":\"invalid\",\"message\":\"no\",\"where\":\"line 3\"}}",
          ERROR_INVALID, "no", "line 3" },
        { "{\"error\":{\"code\":\"cancelled\",\"message\":\"x\"}}", ERROR_CANCELLED, "x", "" },
        { "{\"error\":{\"code\":\"what\",\"message\":\"x\"}}", ERROR_INVALID, "x", "" },
        { "{\"error\":{}}", ERROR_INVALID, "without a reason", "" },
        { "not json", ERROR_IO, "not JSON", "" },
        { "[1]", ERROR_IO, "no object", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a;
        answer_init(&a, &quiet);
        give(&a, cases[i].frame, true);
        assert_int_equal(a.error.code, cases[i].code);
        assert_non_null(strstr(a.error.message, cases[i].message));
        assert_string_equal(a.error.where, cases[i].where);
        answer_free(&a);
    }
}

static void test_refused_are_bounded(void **state)
{
    struct answer a;
    (void)state;
    answer_init(&a, &quiet);
    for (int i = 0; i < LIMIT_REFUSED_SHOWN + 5; i++)
        give(&a, "{\"refused\":{\"line\":3,\"message\":\"column email: no\"}}", false);
    assert_int_equal(json_array_size(a.refused), LIMIT_REFUSED_SHOWN);
    answer_free(&a);
}

static void remember(void *context, const char *text)
{
    buf_puts(context, text);
}

static void test_notices(void **state)
{
    struct answer a;
    struct buf seen = BUF_INIT;
    (void)state;
    answer_init(&a, &quiet);
    a.notice = remember;
    a.context = &seen;
    give(&a, "{\"notice\":\"R-1 overdue\"}", false);
    assert_string_equal(buf_text(&seen), "R-1 overdue");
    answer_free(&a);
    buf_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_refused_are_bounded),
        cmocka_unit_test(test_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
