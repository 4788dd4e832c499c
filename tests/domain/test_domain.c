/* The registry: graphs, fields of entities, roles. */
#include "domain/rules_fixture.h"

static void test_graphs(void **state)
{
    struct org *org = *state;
    const struct graph *g;
    assert_int_equal(domain_graph_count(org->d), 2);
    assert_string_equal(graph_name(domain_graph_at(org->d, 1)), "review");
    assert_null(domain_graph_at(org->d, 2));
    assert_null(domain_graph(org->d, "nope"));
    ok(domain_find_graph(org->d, "review", &g, &org->e));
    assert_ptr_equal(g, domain_graph(org->d, "review"));
    assert_int_equal(domain_find_graph(org->d, "reviw", &g, &org->e), -ERROR_NOT_FOUND);
    assert_contains(org->e.message, "unknown workflow \"reviw\", did you mean \"review\"?");
    assert_int_equal(domain_find_graph(org->d, "zzz", &g, &org->e), -ERROR_NOT_FOUND);
    assert_contains(org->e.message, "workflows: intake, review");
}

static void test_add_graph_refused(void **state)
{
    struct org *org = *state;
    struct graph *again = review_new(org, 2), *raw = graph_new("raw", 1, "test");
    assert_int_equal(domain_add_graph(org->d, again, &org->e), -ERROR_CONFLICT);
    assert_contains(org->e.message,
                    "workflow \"review\" is declared by plugin \"pre_referral\" already");
    assert_int_equal(domain_add_graph(org->d, raw, &org->e), -ERROR_INVALID);
    graph_free(again);
    graph_free(raw);
    /* Roles are checked against those that the organisation knows. */
    const char *const roles[] = { "teacher", NULL };
    domain_remove_plugin(org->d, "pre_referral");
    ok(domain_set_roles(org->d, roles, &org->e));
    again = review_new(org, 2);
    assert_int_equal(domain_add_graph(org->d, again, &org->e), -ERROR_INVALID);
    assert_contains(org->e.message,
                    "workflow \"review\": transition \"refer\": unknown role \"psychologist\"");
    assert_contains(org->e.message, "known: junior, specialist, senior, lead, admin, teacher");
    assert_string_equal(org->e.where, "review.lua:30");
    ok(domain_set_roles(org->d, NULL, &org->e));
    assert_int_equal(domain_add_graph(org->d, again, &org->e), -ERROR_INVALID);
    assert_contains(org->e.message, "stage \"gathering\": unknown role \"teacher\"");
    graph_free(again);
}

static void test_fields(void **state)
{
    struct org *org = *state;
    const struct field f = { .name = "grade", .type = FIELD_INT, .indexed = true };
    const struct field name = { .name = "name", .type = FIELD_TEXT };
    ok(domain_add_field(org->d, "school", ENTITY_PERSON, &f, &org->e));
    ok(domain_add_field(org->d, "school", ENTITY_PARTNER, &f, &org->e));
    assert_int_equal(domain_add_field(org->d, "other", ENTITY_PERSON, &f, &org->e),
                     -ERROR_CONFLICT);
    assert_contains(org->e.message,
                    "field \"grade\" of person is declared by plugin \"school\" already");
    assert_int_equal(domain_add_field(org->d, "school", ENTITY_PERSON, &name, &org->e),
                     -ERROR_INVALID);
    assert_contains(org->e.message, "every person has a column of that name");
    assert_non_null(domain_field(org->d, ENTITY_PERSON, "grade"));
    assert_null(domain_field(org->d, ENTITY_SERVICE, "grade"));
    assert_string_equal(domain_field_at(org->d, ENTITY_PARTNER, 0)->name, "grade");
    assert_null(domain_field_at(org->d, ENTITY_PARTNER, 1));
    domain_remove_plugin(org->d, "school");
    assert_null(domain_field(org->d, ENTITY_PERSON, "grade"));
    assert_non_null(domain_field(org->d, ENTITY_PERSON, "colour"));
    ok(domain_add_field(org->d, "other", ENTITY_PERSON, &f, &org->e));
}

static void test_remove_plugin(void **state)
{
    struct org *org = *state;
    assert_non_null(domain_graph(org->d, "review"));
    domain_remove_plugin(org->d, "pre_referral");
    assert_null(domain_graph(org->d, "review")); /* the remembered one too */
    assert_non_null(domain_graph(org->d, "intake"));
    domain_remove_plugin(org->d, "nobody");
    assert_int_equal(domain_graph_count(org->d), 1);
}

static void test_roles(void **state)
{
    struct org *org = *state;
    const char *const bad[] = { "Teacher", NULL }, *const built_in[] = { "counsellor", "lead",
                                                                         NULL };
    assert_true(domain_knows_role(org->d, "teacher"));
    assert_true(domain_knows_role(org->d, "admin"));
    assert_int_equal(domain_check_role(org->d, "teecher", &org->e), -ERROR_INVALID);
    assert_contains(org->e.message,
                    "unknown role \"teecher\", did you mean \"teacher\"? Known: junior");
    assert_int_equal(domain_set_roles(org->d, bad, &org->e), -ERROR_INVALID);
    assert_int_equal(domain_set_roles(org->d, built_in, &org->e), -ERROR_INVALID);
    assert_contains(org->e.message, "role \"lead\" is built in");
    assert_true(domain_knows_role(org->d, "teacher")); /* what was refused changed nothing */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_graphs), TEST(test_add_graph_refused),
        TEST(test_fields), TEST(test_remove_plugin),
        TEST(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
