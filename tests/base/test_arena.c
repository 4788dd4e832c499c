#include "base/check.h"

#include "baton/base/arena.h"

static void test_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 128, 129, 5000, 1, 64, 100000, 3 };
    struct arena *a = arena_new(128);
    unsigned char *pieces[COUNT(sizes)];
    for (int round = 0; round < 3; round++) {
        size_t sum = 0;
        for (size_t i = 0; i < COUNT(sizes); i++) {
            pieces[i] = arena_alloc(a, sizes[i]);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], 0); /* also after a reset */
            memset(pieces[i], (int)i + 1, sizes[i]);
            sum += sizes[i];
        }
        for (size_t i = 0; i < COUNT(sizes); i++) {
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], (int)i + 1);
        }
        assert_true(arena_bytes(a) >= sum);
        arena_reset(a);
        assert_int_equal(arena_bytes(a), 0);
    }
    arena_free(a);
    arena_free(NULL);
}

static void test_text(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    assert_string_equal(arena_dup(a, "abc"), "abc");
    assert_null(arena_dup(a, NULL));
    assert_string_equal(arena_dupn(a, "abcdef", 3), "abc");
    assert_string_equal(arena_dupn(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%s-%d", "x", 7), "x-7");
    assert_int_equal(strlen(arena_printf(a, "%0255d", 1)), 255);
    assert_int_equal(strlen(arena_printf(a, "%0256d", 1)), 256);
    assert_int_equal(strlen(arena_printf(a, "%09000d", 1)), 9000);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_pieces),
                                        cmocka_unit_test(test_text) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
