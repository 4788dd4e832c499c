/* Progress: the line itself, and silence in a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/text.h"
#include "cli/progress_internal.h"

#define SECOND 1000000000ULL

static void test_line(void **state)
{
    static const struct {
        int64_t done, total;
        uint64_t after_ns;
        size_t columns;
        const char *line;
    } cases[] = {
        { 0, 100, 0, 80, "rows [....................]   0%  0/100" },
        { 50, 100, 2 * SECOND, 80, "rows [##########..........]  50%  50/100  25/s  0:02 left" },
        { 1234567, 1234567, 10 * SECOND, 90,
          "rows [####################] 100%  1,234,567/1,234,567  123,456/s" },
        { 1, 7201, SECOND, 80, "rows [....................]   0%  1/7,201  1.0/s  2:00:00 left" },
        { 1500, 0, SECOND, 80, "rows  1,500  1,500/s" },
        { 50, 100, SECOND, 50, "rows 50%  50/100  50/s  0:01 left" },
        { 200, 100, SECOND, 80, "rows [####################] 100%  200/100  200/s" },
        { -5, 100, SECOND, 80, "rows [....................]   0%  -5/100" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct progress p = {
            .label = "rows", .done = cases[i].done, .total = cases[i].total, .began_ns = SECOND
        };
        struct buf out = BUF_INIT;
        progress_line(&p, SECOND + cases[i].after_ns, cases[i].columns, &out);
        assert_string_equal(buf_text(&out), cases[i].line);
        buf_free(&out);
    }
}

static void test_line_never_wraps(void **state)
{
    struct progress p = { .label = "a label that is long, with ä and 漢字 in it",
                          .done = 5,
                          .total = 10,
                          .began_ns = 1 };
    (void)state;
    for (size_t columns = 2; columns < 100; columns++) {
        struct buf out = BUF_INIT;
        progress_line(&p, 3 * SECOND, columns, &out);
        assert_true(text_width(buf_text(&out), out.len) < columns);
        assert_true(text_is_utf8(buf_text(&out), out.len));
        buf_free(&out);
    }
}

static void test_silent_in_a_pipe(void **state)
{
    struct progress p;
    FILE *out = tmpfile();
    (void)state;
    assert_non_null(out);
    progress_start(&p, out, false);
    progress_update(&p, 1, 10, "rows", SECOND);
    progress_update(&p, 10, 10, "rows", 3 * SECOND);
    progress_clear(&p);
    progress_end(&p, 4 * SECOND);
    assert_int_equal(fseek(out, 0, SEEK_END), 0);
    assert_int_equal(ftell(out), 0);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_line_never_wraps),
        cmocka_unit_test(test_silent_in_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
