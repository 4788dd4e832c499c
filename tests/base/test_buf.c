#include "base/check.h"

#include "baton/base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_add(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    assert_string_equal(buf_text(&b), "");
    buf_add(&b, NULL, 0);
    assert_null(b.data);
    buf_cut(&b, 3);
    buf_clear(&b);
    buf_puts(&b, "ab");
    buf_putc(&b, 'c');
    buf_add(&b, "d\0e", 3);
    assert_int_equal(b.len, 6);
    assert_memory_equal(b.data, "abcd\0e", 7);
    buf_cut(&b, 4);
    assert_int_equal(b.len, 2);
    buf_cut(&b, 9);
    check_buf(&b, "");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i % 10);
    assert_int_equal(b.len, 2000);
    buf_clear(&b);
    buf_printf(&b, "%0500d", 0); /* longer than what was reserved */
    assert_int_equal(b.len, 500);
    buf_free(&b);
    buf_free(NULL);
}

static void test_int(void **state)
{
    (void)state;
    static const int64_t numbers[] = { 0,     1,     9,         10,        99,   100,  -1,    -10,
                                       12345, -9999, INT64_MAX, INT64_MIN, 1000, 1001, 100000 };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        buf_int(&b, numbers[i]);
        check_buf(&b, expected);
    }
    buf_free(&b);
}

static void test_take(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    mem_free(empty);
    buf_puts(&b, "text");
    char *text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_null(b.data);
    mem_free(text);
}

static void test_read_file(void **state)
{
    (void)state;
    char path[] = "/tmp/test_buf_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    close(fd);
    struct buf b = BUF_INIT;
    struct error e;
    buf_puts(&b, "x");
    assert_int_equal(buf_read_file(&b, path, 10, &e), 0);
    assert_string_equal(b.data, "x0123456789");
    check_error(buf_read_file(&b, path, 9, &e), &e, ERROR_LIMIT, "limit of 9 bytes");
    assert_string_equal(b.data, "x0123456789"); /* untouched */
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd,
                           "\xef\xbb\xbf"
                           "ab",
                           5),
                     5);
    close(fd);
    buf_clear(&b);
    assert_int_equal(buf_read_file(&b, path, 10, &e), 0);
    assert_string_equal(b.data, "ab");
    assert_int_equal(b.len, 2);
    unlink(path);
    check_error(buf_read_file(&b, path, 9, &e), &e, ERROR_NOT_FOUND, path);
    check_error(buf_read_file(&b, "/tmp", 9, &e), &e, ERROR_IO, "not a regular file");
    assert_int_equal(buf_read_file(&b, path, 9, NULL), -ERROR_NOT_FOUND);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_add), cmocka_unit_test(test_int),
                                        cmocka_unit_test(test_take),
                                        cmocka_unit_test(test_read_file) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
