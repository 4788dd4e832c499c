#include "base/check.h"

#include "baton/base/memory.h"

static void test_alloc(void **state)
{
    (void)state;
    unsigned char *p = mem_zero(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    p[99] = 7;
    p = mem_resize(p, 10000);
    assert_int_equal(p[99], 7);
    mem_free(p);
    mem_free(NULL);
    void *empty = mem_alloc(0); /* still memory of its own */
    assert_non_null(empty);
    empty = mem_resize(empty, 0);
    assert_non_null(empty);
    mem_free(empty);
}

static void test_dup(void **state)
{
    (void)state;
    char *text = mem_dup("abc"), *part = mem_dupn("abcdef", 2), *none = mem_dupn(NULL, 0);
    assert_string_equal(text, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(none, "");
    assert_null(mem_dup(NULL));
    mem_free(text);
    mem_free(part);
    mem_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_alloc), cmocka_unit_test(test_dup) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
