/* Custom fields against their declarations. */
#include "domain/rules_fixture.h"

static void test_workflow_fields(void **state)
{
    struct org *org = *state;
    static const struct {
        const char *patch, *message; /* NULL: fine */
    } cases[] = {
        { "{}", NULL },
        { "{\"dossier\":\"x\"}", NULL },
        { "{\"dossier\":null,\"plan_days\":null}", NULL },
        { "{\"dossier\":3}", "field \"dossier\" takes text, not 3" },
        { "{\"dossier\":[1]}", "field \"dossier\" takes text, not [1]" },
        { "{\"plan_days\":30}", NULL },
        { "{\"plan_days\":0}", "field \"plan_days\" takes a whole number from 1 to 60, not 0" },
        { "{\"plan_days\":61}", "from 1 to 60, not 61" },
        { "{\"plan_days\":1.5}", "takes a whole number from 1 to 60, not 1.5" },
        { "{\"plan_days\":\"30\"}", "takes a whole number from 1 to 60, not \"30\"" },
        { "{\"fidelity\":-5}", NULL },
        { "{\"fidelity\":true}", "takes a whole number, not true" },
        { "{\"ratio\":0.5}", NULL },
        { "{\"ratio\":2}", NULL },
        { "{\"ratio\":-0.5}", "takes a number of at least 0, not -0.5" },
        { "{\"severe\":true}", NULL },
        { "{\"severe\":false}", NULL },
        { "{\"severe\":\"yes\"}", "takes true or false, not \"yes\"" },
        { "{\"progress\":\"some\"}", NULL },
        { "{\"progress\":\"smoe\"}", "field \"progress\" has no value \"smoe\", did you mean "
                                     "\"some\"? It takes one of none, some, good" },
        { "{\"progress\":\"zzz\"}", "has no value \"zzz\"; it takes one of none, some, good" },
        { "{\"consent_on\":\"2026-02-28\"}", NULL },
        { "{\"consent_on\":\"2024-02-29\"}", NULL },
        { "{\"consent_on\":\"2026-02-29\"}",
          "takes a date such as 2026-03-01, not \"2026-02-29\"" },
        { "{\"consent_on\":\"2026-2-01\"}", "takes a date" },
        { "{\"consent_on\":\"0000-01-01\"}", "takes a date" },
        { "{\"consent_on\":20260301}", "takes a date" },
        { "{\"visit_at\":1772355600000}", NULL },
        { "{\"visit_at\":\"2026-03-01\"}", "takes an instant, in milliseconds since 1970" },
        { "{\"visit_at\":9223372036854775807}", "takes an instant" },
        { "{\"goals\":[]}", NULL },
        { "{\"goals\":[\"a\",2,true]}", NULL },
        { "{\"goals\":[1,2,3,4]}", "field \"goals\" has 4 elements; it takes 0 to 3" },
        { "{\"goals\":[{\"a\":1}]}", "field \"goals\": element 1 is neither text nor number" },
        { "{\"goals\":\"a\"}", "field \"goals\" takes a list, not \"a\"" },
        { "{\"monitor\":1}", NULL },
        { "{\"monitor\":99}", "field \"monitor\": there is no staff S-99" },
        { "{\"monitor\":\"S-1\"}", "takes the id of a staff as a number (3 for S-3), not \"S-1\"" },
        { "{\"moniter\":1}",
          "workflow review has no field \"moniter\", did you mean \"monitor\"?" },
        { "{\"x\":1}", "workflow review has no field \"x\"; fields: dossier, goals" },
        { "{\"dossier\":\"x\",\"ratio\":\"x\"}", "field \"ratio\" takes a number of at least 0" },
        { "{\"a_name_that_is_much_longer_than_any_field_name_can_be_and_so_is_not_known\":1}",
          "has no field" },
    };
    const struct graph *g = domain_graph(org->d, "review");
    for (size_t i = 0; i < COUNT(cases); i++) {
        int rc = domain_check_fields(org->d, ENTITY_REFERRAL, g, cases[i].patch,
                                     strlen(cases[i].patch), &org->e);
        if (cases[i].message ? rc == 0 : rc < 0)
            fail_msg("%s: %d %s", cases[i].patch, rc, rc ? org->e.message : "");
        if (cases[i].message)
            assert_contains(org->e.message, cases[i].message);
    }
}

static void test_entity_fields(void **state)
{
    struct org *org = *state;
    const struct field f = { .name = "everywhere", .type = FIELD_BOOL };
    ok(domain_add_field(org->d, "test", ENTITY_REFERRAL, &f, &org->e));
    static const struct {
        enum entity entity;
        bool with_graph;
        const char *patch, *message;
    } cases[] = {
        { ENTITY_PERSON, false, "{\"colour\":\"red\"}", NULL },
        { ENTITY_PERSON, false, "{\"dossier\":\"x\"}", "entity person has no field \"dossier\"" },
        { ENTITY_PARTNER, false, "{\"colour\":\"red\"}",
          "entity partner has no field \"colour\"; fields: none" },
        { ENTITY_REFERRAL, true, "{\"everywhere\":true}", NULL },
        { ENTITY_REFERRAL, true, "{\"everywhere\":true,\"dossier\":\"x\"}", NULL },
        { ENTITY_REFERRAL, false, "{\"dossier\":\"x\"}", "has no field \"dossier\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct graph *g = cases[i].with_graph ? domain_graph(org->d, "review") : NULL;
        int rc = domain_check_fields(org->d, cases[i].entity, g, cases[i].patch,
                                     strlen(cases[i].patch), &org->e);
        if (cases[i].message ? rc == 0 : rc < 0)
            fail_msg("%s: %d %s", cases[i].patch, rc, rc ? org->e.message : "");
        if (cases[i].message)
            assert_contains(org->e.message, cases[i].message);
    }
}

static void test_limits(void **state)
{
    struct org *org = *state;
    const struct graph *g = domain_graph(org->d, "review");
    struct buf patch = BUF_INIT;
    buf_puts(&patch, "{\"dossier\":\"");
    for (int i = 0; i < LIMIT_TEXT_BYTES; i++)
        buf_putc(&patch, 'x');
    buf_puts(&patch, "\"}");
    ok(domain_check_fields(org->d, ENTITY_REFERRAL, g, patch.data, patch.len, &org->e));
    patch.len -= 2;
    buf_puts(&patch, "x\"}");
    assert_int_equal(
        domain_check_fields(org->d, ENTITY_REFERRAL, g, patch.data, patch.len, &org->e),
        -ERROR_LIMIT);
    for (int i = 0; i < LIMIT_FIELDS_BYTES; i++)
        buf_putc(&patch, ' ');
    assert_int_equal(
        domain_check_fields(org->d, ENTITY_REFERRAL, g, patch.data, patch.len, &org->e),
        -ERROR_LIMIT);
    buf_free(&patch);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_workflow_fields), TEST(test_entity_fields),
                                        TEST(test_limits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
