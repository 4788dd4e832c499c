#include "base/check.h"

#include "baton/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int log_pipe[2];

static int set_up(void **state)
{
    (void)state;
    return pipe(log_pipe);
}

static int tear_down(void **state)
{
    (void)state;
    log_open(STDERR_FILENO, LOG_WARN);
    close(log_pipe[0]);
    close(log_pipe[1]);
    return 0;
}

/* What is behind the time, which is checked here. */
static const char *read_line(char *out, size_t size)
{
    ssize_t n = read(log_pipe[0], out, size - 1);
    assert_true(n > 25);
    out[n] = '\0';
    assert_int_equal(out[4], '-');
    assert_int_equal(out[10], 'T');
    assert_string_equal(out + n - 1, "\n");
    assert_memory_equal(out + 23, "Z ", 2);
    return out + 25;
}

static void test_lines(void **state)
{
    (void)state;
    char line[8192];
    log_open(log_pipe[1], LOG_INFO);
    log_write(LOG_WARN, "riverside", "plugin %s", "x");
    assert_string_equal(read_line(line, sizeof line), "warn org=riverside plugin x\n");
    log_write(LOG_DEBUG, NULL, "not shown");
    log_write(LOG_INFO, NULL, "a\nb \x1b[31m \xff");
    assert_string_equal(read_line(line, sizeof line), "info a\\x0ab \\x1b[31m \\xff\n");
    log_write(LOG_ERROR, "a\nb", "x");
    assert_string_equal(read_line(line, sizeof line), "error org=a\\x0ab x\n");
}

static void test_long(void **state)
{
    (void)state;
    char line[8192];
    for (int n = 4000; n < 5000; n += 37) {
        log_write(LOG_WARN, NULL, "%0*d", n, 0);
        size_t length = strlen(read_line(line, sizeof line)) + 25;
        assert_true(length <= 4096);
        bool cut = n + 30 + 1 > 4096;
        assert_int_equal(strstr(line, " ... (cut)\n") != NULL, cut);
    }
}

/* A log that is gone stops nobody, and leaves the caller's errno. */
static void test_gone(void **state)
{
    (void)state;
    log_open(-1, LOG_INFO);
    errno = ENOENT;
    log_write(LOG_WARN, NULL, "lost");
    assert_int_equal(errno, ENOENT);
}

static void test_level(void **state)
{
    (void)state;
    enum log_level level = LOG_DEBUG;
    assert_int_equal(log_level_parse("Warn", &level), 0);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(log_level_parse("loud", &level), -1);
    assert_int_equal(level, LOG_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_long),
                                        cmocka_unit_test(test_gone), cmocka_unit_test(test_level) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
