#include "base/check.h"

#include "baton/base/clock.h"

static void test_system(void **state)
{
    (void)state;
    struct clock c = { 0 };
    int64_t a = clock_now_ms(NULL), b = clock_now_ms(&c);
    assert_true(a > INT64_C(1700000000000)); /* after 2023, in milliseconds */
    assert_true(b >= a && b - a < 10000);
    clock_move(&c, 3600000);
    assert_true(clock_now_ms(&c) - b >= 3600000);
}

static void test_stopped(void **state)
{
    (void)state;
    struct clock c = { 0 };
    clock_stop_at(&c, 1000);
    assert_int_equal(clock_now_ms(&c), 1000);
    clock_move(&c, 500);
    assert_int_equal(clock_now_ms(&c), 1500);
    clock_stop_at(&c, 10);
    assert_int_equal(clock_now_ms(&c), 10);
}

static void test_measuring(void **state)
{
    (void)state;
    uint64_t wall = clock_monotonic_ns(), cpu = clock_thread_cpu_ns();
    for (volatile int i = 0; i < 100000; i++)
        ;
    assert_true(clock_monotonic_ns() > wall);
    assert_true(clock_thread_cpu_ns() > cpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_system),
                                        cmocka_unit_test(test_stopped),
                                        cmocka_unit_test(test_measuring) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
