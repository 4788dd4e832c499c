#include "org_fixture.h"

#include "domain/idmap_internal.h"

static void keeps_what_it_was_given(void **state)
{
    (void)state;
    struct domain__idmap m = { 0 };
    uint64_t value = 7;
    assert_false(domain__idmap_get(&m, 1, &value));
    for (uint64_t key = 1; key <= 20000; key++)
        *domain__idmap_at(&m, key << 40 | key) = key * 3;
    assert_int_equal(m.count, 20000);
    for (uint64_t key = 1; key <= 20000; key++) {
        assert_true(domain__idmap_get(&m, key << 40 | key, &value));
        assert_int_equal(value, key * 3);
    }
    assert_false(domain__idmap_get(&m, 20001, &value));
    *domain__idmap_at(&m, UINT64_MAX) = 1;
    assert_int_equal(*domain__idmap_at(&m, UINT64_MAX), 1);
    domain__idmap_free(&m);
    assert_false(domain__idmap_get(&m, 1, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(keeps_what_it_was_given) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
