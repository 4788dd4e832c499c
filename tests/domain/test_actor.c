/* Roles: the ladder, the organisation's own, lists as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/domain/domain.h"

static void test_has_role(void **state)
{
    (void)state;
    static const struct {
        const char *roles, *wanted;
        bool has;
    } cases[] = {
        { NULL, "admin", true }, /* the operator */
        { NULL, "teacher", true },
        { "", "junior", false },
        { "junior", "junior", true },
        { "junior", "specialist", false },
        { "specialist", "junior", true },
        { "senior", "specialist", true },
        { "lead", "senior", true },
        { "admin", "lead", true },
        { "lead", "admin", false },
        { "admin", "teacher", false }, /* the organisation's own: satisfied by itself only */
        { "teacher", "teacher", true },
        { "teacher", "junior", false },
        { "teacher", "teache", false },
        { "teache", "teacher", false },
        { "junior, teacher", "teacher", true },
        { "junior,teacher", "teacher", true },
        { " teacher ,\tsenior ", "specialist", true },
        { ",,lead,", "lead", true },
        { "leader", "lead", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct actor a = { 3, "S-3", cases[i].roles };
        if (actor_has_role(&a, cases[i].wanted) != cases[i].has)
            fail_msg("\"%s\" wanted of \"%s\"", cases[i].wanted,
                     cases[i].roles ? cases[i].roles : "NULL");
    }
}

static void test_has_any_role(void **state)
{
    (void)state;
    static const char *const wanted[] = { "psychologist", "lead", NULL };
    const struct actor teacher = { 3, "S-3", "teacher" }, admin = { 4, "S-4", "admin" };
    const struct actor psychologist = { 5, "S-5", "teacher, psychologist" };
    const struct actor by_operator = { 0, "operator", NULL };
    assert_false(actor_has_any_role(&teacher, wanted));
    assert_true(actor_has_any_role(&admin, wanted));
    assert_true(actor_has_any_role(&psychologist, wanted));
    assert_true(actor_has_any_role(&by_operator, wanted));
    assert_true(actor_has_any_role(&teacher, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has_role),
        cmocka_unit_test(test_has_any_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
