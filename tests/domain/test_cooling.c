/* Reasons with effects: a referral may not be repeated for a while, another
 * route is asked for. */
#include "domain/approval_fixture.h"

static const struct reason answers[] = {
    { .code = "no_capacity",
      .title = "No capacity",
      .cooling_off = { .days = 30 },
      .reroute = true },
    { .code = "not_ours" },
    { .code = "school", .cooling_off = { .working_days = 2 } },
};

static void asking_use(struct org *org)
{
    static const char *const any[] = { "*", NULL }, *const owners[] = { "teacher", NULL };
    const struct stage stages[] = { { .name = "asked", .initial = true, .owner_roles = owners },
                                    { .name = "said_no", .final = true } };
    const struct transition decline = { .name = "decline",
                                        .title = "Decline",
                                        .reasons = answers,
                                        .reason_count = 3,
                                        .guard = -1,
                                        .effect = -1 };
    struct graph *g = graph_new("asking", 1, "board");
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], NULL, &org->e));
    ok(graph_add_transition(g, &decline, any, "said_no", &org->e));
    ok(graph_finish(g, &org->e));
    assert_true(graph_cools(g));
    ok(domain_add_graph(org->d, g, &org->e));
    for (int i = 1; i <= 2; i++) {
        const struct store_set partner[] = { { PARTNER_NAME, value_text("Clinic") } };
        const struct store_set service[] = { { SERVICE_NAME, value_text("Reading") },
                                             { SERVICE_PARTNER, value_int(i) } };
        const struct store_set person[] = { { PERSON_NAME, value_text("Bo") } };
        org_write(org, ENTITY_PARTNER, 0, partner, 1, NULL);
        org_write(org, ENTITY_SERVICE, 0, service, 2, NULL);
        org_write(org, ENTITY_PERSON, 0, person, 1, NULL);
    }
}

/* 0 for a column: none. Returns the id, or the error. */
static int64_t ask(struct org *org, const char *workflow, int64_t subject, int64_t partner,
                   int64_t service)
{
    struct store_set set[3];
    size_t n = 0;
    const struct {
        int column;
        int64_t id;
    } given[] = { { REFERRAL_SUBJECT, subject },
                  { REFERRAL_PARTNER, partner },
                  { REFERRAL_SERVICE, service } };
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i].id)
            set[n++] = (struct store_set){ given[i].column, value_int(given[i].id) };
    const struct referral_open open = { .workflow = workflow, .set = set, .set_count = n };
    const struct row *row;
    struct error ignored;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    org->e = (struct error){ 0 };
    int64_t result = domain_open(org->d, &org_operator, &open, &row, &org->e);
    result = result < 0 ? result : row->id;
    domain_command_end(org->d, result > 0, &ignored);
    assert_int_equal(store_turn_commit(org->store, &ignored), 0);
    return result;
}

static void decline(struct org *org, int64_t id, const char *reason)
{
    const struct advance a = { .referral_id = id, .transition = "decline", .reason = reason };
    ok(try_advance(org, &org_operator, &a));
}

static void the_same_may_not_be_repeated(void **state)
{
    struct org *org = *state;
    asking_use(org);
    decline(org, ask(org, "asking", 1, 1, 1), "no_capacity");
    assert_contains(newest(org, 1).payload, "\"reason\":\"no_capacity\"");
    for (int i = 0; i < 2; i++) {
        check_rc(org, "same", (int)ask(org, "asking", 1, 1, 1), -ERROR_DENIED,
                 "workflow \"asking\": the same referral R-1 ended on 2026-03-01 09:00 for reason "
                 "\"no_capacity\" and may not be repeated before 2026-03-31 09:00");
        ok(store_settle(org->store, 0, &org->e)); /* from the table, too */
    }
    assert_true(ask(org, "asking", 2, 1, 1) > 0);
    assert_true(ask(org, "asking", 1, 2, 2) > 0);
    assert_true(ask(org, "asking", 1, 1, 0) > 0);
    assert_true(ask(org, "intake", 1, 1, 1) > 0);
    clock_move(&org->clock, 30 * day_ms - 1);
    check_rc(org, "last ms", (int)ask(org, "asking", 1, 1, 1), -ERROR_DENIED, "R-1");
    clock_move(&org->clock, 1);
    assert_true(ask(org, "asking", 1, 1, 1) > 0);
}

static void other_reasons_allow_it(void **state)
{
    struct org *org = *state;
    asking_use(org);
    decline(org, ask(org, "asking", 1, 1, 0), "not_ours");
    int64_t open = ask(org, "asking", 1, 1, 0); /* one that is open does not count */
    assert_true(ask(org, "asking", 1, 1, 0) > 0);
    decline(org, open, "school"); /* Sunday: two working days end on Tuesday */
    check_rc(org, "working days", (int)ask(org, "asking", 1, 1, 0), -ERROR_DENIED,
             "for reason \"school\"");
    clock_move(&org->clock, 4 * day_ms);
    assert_true(ask(org, "asking", 1, 1, 0) > 0);
}

/* The one that holds longest is named; what is nobody's is compared by its partner. */
static void the_longest_is_named(void **state)
{
    struct org *org = *state;
    asking_use(org);
    int64_t first = ask(org, "asking", 0, 1, 0), second = ask(org, "asking", 0, 1, 0);
    decline(org, first, "no_capacity");
    decline(org, second, "school");
    check_rc(org, "longest", (int)ask(org, "asking", 0, 1, 0), -ERROR_DENIED, "referral R-1 ended");
    assert_true(ask(org, "asking", 0, 2, 0) > 0);
    decline(org, ask(org, "asking", 0, 0, 0), "no_capacity");
    assert_true(ask(org, "asking", 0, 0, 0) > 0); /* about nobody, to nobody: nothing to compare */
}

static int set_partner(struct org *org, int64_t id, int64_t partner)
{
    const struct store_set set = { REFERRAL_PARTNER, value_int(partner) };
    const struct record r = { .entity = ENTITY_REFERRAL, .id = id, .set = &set, .set_count = 1 };
    struct error ignored;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = domain_set(org->d, &org_operator, &r, NULL, &org->e);
    domain_command_end(org->d, rc == 0, &ignored);
    assert_int_equal(store_turn_commit(org->store, &ignored), 0);
    return rc;
}

/* Opening it without the partner and naming him afterwards is the same. */
static void nor_made_the_same_later(void **state)
{
    struct org *org = *state;
    asking_use(org);
    int64_t first = ask(org, "asking", 1, 1, 0), later = ask(org, "asking", 1, 0, 0);
    decline(org, first, "no_capacity");
    check_rc(org, "set", set_partner(org, later, 1), -ERROR_DENIED, "the same referral R-1");
    ok(set_partner(org, later, 2));
    ok(set_partner(org, first, 2)); /* what is closed may be mended */
    check_rc(org, "mended", set_partner(org, later, 1), 0, NULL);
}

static void another_route(void **state)
{
    struct org *org = *state;
    struct fake fake;
    asking_use(org);
    fake_install(&fake, org);
    int64_t id = ask(org, "asking", 1, 1, 0), owned = ask(org, "asking", 2, 1, 0);
    buf_clear(&fake.kinds);
    decline(org, id, "no_capacity");
    assert_string_equal(
        buf_text(&fake.kinds),
        "task.created K-1 \n"
        "referral.reroute R-1 "
        "{\"transition\":\"decline\",\"from\":\"asked\",\"reason\":\"no_capacity\"}\n"
        "referral.advanced R-1 {\"transition\":\"decline\",\"from\":\"asked\",\"to\":\"said_no\","
        "\"reason\":\"no_capacity\",\"cooling_off_until_ms\":1774947600000}\n");
    const struct row *task = org_row(org, ENTITY_TASK, 1);
    assert_string_equal(row_text(task, TASK_KIND), "reroute");
    assert_string_equal(row_text(task, TASK_ROLE), "teacher");
    assert_string_equal(
        row_text(task, TASK_TITLE),
        "R-1 needs another route: \"Decline\" for reason \"no_capacity\" (No capacity)");
    org_begin(org);
    ok(domain_assign(org->d, &org_operator, owned, 1, NULL, &org->e));
    org_end(org);
    decline(org, owned, "no_capacity");
    assert_int_equal(row_int(org_row(org, ENTITY_TASK, 2), TASK_ASSIGNEE), 1);
    int64_t third = ask(org, "asking", 1, 2, 0);
    fake.fail_on = "referral.reroute";
    const struct advance a = { .referral_id = third,
                               .transition = "decline",
                               .reason = "no_capacity" };
    check_rc(org, "handler", try_advance(org, &org_operator, &a), -ERROR_SCRIPT, "is broken");
    assert_string_equal(stage_of(org, third), "asked");
    fake_remove(&fake);
}

static void it_cools_only_what_ends(void **state)
{
    struct org *org = *state;
    static const char *const first[] = { "a", NULL };
    static const struct reason back[] = { { .code = "x", .cooling_off = { .days = -1 } } };
    const struct stage stages[] = { { .name = "a", .initial = true },
                                    { .name = "b" },
                                    { .name = "c", .final = true } };
    struct transition on = {
        .name = "on", .reasons = answers, .reason_count = 1, .guard = -1, .effect = -1
    };
    const struct transition end = { .name = "end", .guard = -1, .effect = -1 };
    static const char *const any[] = { "*", NULL };
    struct graph *g = graph_new("w", 1, "p");
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], NULL, &org->e));
    ok(graph_add_transition(g, &on, first, "b", &org->e));
    ok(graph_add_transition(g, &end, any, "c", &org->e));
    check_rc(org, "goes on", graph_finish(g, &org->e), -ERROR_INVALID,
             "transition \"on\": reason \"no_capacity\" has a cooling-off, which begins when a "
             "referral ends; this transition does not end it");
    on.reasons = back;
    check_rc(org, "past", graph_add_transition(g, &on, first, "b", &org->e), -ERROR_INVALID,
             "reason \"x\": a cooling-off lies ahead");
    graph_free(g);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, rules_setup, org_teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_same_may_not_be_repeated),
        CASE(other_reasons_allow_it),
        CASE(the_longest_is_named),
        CASE(nor_made_the_same_later),
        CASE(another_route),
        CASE(it_cools_only_what_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
