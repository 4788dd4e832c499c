/* The stage graph: building and reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/domain/graph.h"

static void contains(const char *label, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s: \"%s\" is not in \"%s\"", label, part, text);
}

static void test_reading(void **state)
{
    (void)state;
    struct error e;
    struct graph *g = graph_new("w", 3, "test");
    const struct field score = { .name = "score", .type = FIELD_INT };
    const struct stage stages[] = { { .name = "new", .initial = true },
                                    { .name = "mid" },
                                    { .name = "done", .final = true } };
    const struct transition go = { .name = "go", .guard = -1, .effect = -1 };
    const char *const from_new[] = { "new", NULL }, *const from_mid[] = { "mid", NULL };
    graph_title(g, "A workflow");
    assert_int_equal(graph_add_field(g, &score, &e), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(graph_add_stage(g, &stages[i], NULL, &e), 0);
    assert_int_equal(graph_add_transition(g, &go, from_new, "mid", &e), 0);
    assert_int_equal(graph_add_transition(g, &go, from_mid, "done", &e), 0);
    assert_int_equal(graph_finish(g, &e), 0);
    assert_string_equal(graph_name(g), "w");
    assert_string_equal(graph_title_of(g), "A workflow");
    assert_string_equal(graph_plugin(g), "test");
    assert_int_equal(graph_version(g), 3);
    assert_int_equal(graph_stage_count(g), 3);
    assert_int_equal(graph_initial(g), 0);
    assert_int_equal(graph_find_stage(g, "done"), 2);
    assert_int_equal(graph_find_stage(g, "nope"), -1);
    assert_string_equal(graph_stage(g, 2)->outcome, "done");
    assert_string_equal(graph_stage(g, 1)->title, "mid");
    assert_null(graph_stage(g, 3));
    assert_null(graph_stage(g, -1));
    assert_int_equal(graph_find_transition(g, 0, "go"), 0);
    assert_int_equal(graph_find_transition(g, 1, "go"), 1);
    assert_int_equal(graph_find_transition(g, 2, "go"), -1);
    assert_int_equal(graph_find_transition(g, 99, "go"), -1);
    assert_int_equal(graph_transition(g, 1)->to, 2);
    assert_null(graph_transition(g, 2));
    assert_int_equal(graph_field_count(g), 1);
    assert_string_equal(graph_field(g, "score")->name, "score");
    assert_null(graph_field(g, "none"));
    assert_null(graph_field_at(g, 1));
    /* Finished is finished. */
    const struct stage more = { .name = "more" };
    assert_int_equal(graph_add_stage(g, &more, NULL, &e), -ERROR_INVALID);
    assert_int_equal(graph_disable_transition(g, "go", &e), -ERROR_INVALID);
    assert_int_equal(graph_finish(g, &e), -ERROR_INVALID);
    graph_free(g);
    graph_free(NULL);
}

static void test_fields(void **state)
{
    (void)state;
    static const char *const some[] = { "a", "b", NULL };
    static const char *const none[] = { NULL };
    const struct {
        struct field field;
        const char *message;
    } cases[] = {
        { { .name = "score",
            .type = FIELD_INT,
            .has_min = true,
            .min = 1,
            .has_max = true,
            .max = 5 },
          NULL },
        { { .name = "score", .type = FIELD_TEXT }, "declared twice" },
        { { .name = "Score", .type = FIELD_TEXT }, "a name is made of" },
        { { .name = NULL, .type = FIELD_TEXT }, "a name is made of" },
        { { .name = "title", .type = FIELD_TEXT }, "every referral has a column of that name" },
        { { .name = "id", .type = FIELD_TEXT }, "every referral has a column of that name" },
        { { .name = "kind", .type = FIELD_TEXT, .values = some }, NULL },
        { { .name = "kinds", .type = FIELD_LIST, .values = some }, NULL },
        { { .name = "count", .type = FIELD_INT, .values = some },
          "only a text or a list has allowed values" },
        { { .name = "word", .type = FIELD_TEXT, .values = none },
          "the list of allowed values is empty" },
        { { .name = "who", .type = FIELD_REF, .ref = ENTITY_STAFF }, NULL },
        { { .name = "whom", .type = FIELD_REF }, "a reference says to which entity" },
        { { .name = "range",
            .type = FIELD_INT,
            .has_min = true,
            .min = 5,
            .has_max = true,
            .max = 1 },
          "min 5 is above max 1" },
    };
    struct graph *g = graph_new("w", 1, "test");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = { 0 };
        int rc = graph_add_field(g, &cases[i].field, &e);
        assert_int_equal(rc, cases[i].message ? -ERROR_INVALID : 0);
        if (cases[i].message)
            contains("field", e.message, cases[i].message);
    }
    graph_free(g);
}

static void test_limits(void **state)
{
    (void)state;
    struct error e;
    char name[16];
    struct graph *g = graph_new("w", 1, "test");
    int rc = 0;
    for (int i = 0; i <= LIMIT_STAGES; i++) {
        snprintf(name, sizeof name, "s%d", i);
        const struct stage s = { .name = name, .initial = i == 0, .final = i == LIMIT_STAGES - 1 };
        rc = graph_add_stage(g, &s, NULL, &e);
        assert_int_equal(rc, i < LIMIT_STAGES ? 0 : -ERROR_LIMIT);
    }
    for (int i = 0; i <= LIMIT_TRANSITIONS; i++) {
        snprintf(name, sizeof name, "t%d", i);
        const struct transition t = { .name = name, .guard = -1, .effect = -1 };
        const char *const from[] = { "*", NULL };
        char to[16];
        snprintf(to, sizeof to, "s%d", i % LIMIT_STAGES);
        rc = graph_add_transition(g, &t, from, to, &e);
        assert_int_equal(rc, i < LIMIT_TRANSITIONS ? 0 : -ERROR_LIMIT);
    }
    assert_int_equal(graph_finish(g, &e), 0); /* the largest graph of all */
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
