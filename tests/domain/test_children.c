/* What closing a referral does with its children, and what the parent hears of
 * theirs. */
#include "domain/approval_fixture.h"

static const struct reason given[] = { { .code = "done" }, { .code = "parent_closed" } };

struct kind {
    const char *name;
    const struct reason *reasons;
    size_t reason_count;
    bool note, guarded;
};

/* open → open2 → closed, with end, and stop from everywhere. */
static struct graph *kind_new(struct org *org, const struct kind *k)
{
    static const char *const open[] = { "open", NULL }, *const any[] = { "*", NULL };
    const struct stage stages[] = { { .name = "open", .initial = true },
                                    { .name = "open2" },
                                    { .name = "closed", .final = true } };
    const struct transition on = { .name = "on", .guard = -1, .effect = -1 };
    const struct transition stop = { .name = "stop",
                                     .reasons = k->reasons,
                                     .reason_count = k->reason_count,
                                     .note_required = k->note,
                                     .guard = k->guarded ? 0 : -1,
                                     .effect = -1 };
    const struct transition law = {
        .name = "law", .locked = true, .source = "act", .guard = -1, .effect = -1
    };
    struct graph *g = graph_new(k->name, 1, "board");
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], NULL, &org->e));
    ok(graph_add_transition(g, &on, open, "open2", &org->e));
    ok(graph_add_transition(g, &stop, any, "closed", &org->e));
    ok(graph_add_transition(g, &law, any, "closed", &org->e));
    return g;
}

static void kind_use(struct org *org, const struct kind *k, const struct child_rule *rules,
                     size_t n)
{
    struct graph *g = kind_new(org, k);
    for (size_t i = 0; i < n; i++)
        ok(graph_add_child(g, &rules[i], &org->e));
    ok(graph_finish(g, &org->e));
    ok(domain_add_graph(org->d, g, &org->e));
}

static int64_t kind_open(struct org *org, const char *workflow, int64_t parent)
{
    const struct referral_open open = { .workflow = workflow, .parent_id = parent };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &org_operator, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

static const struct child_rule rules[] = {
    { .workflow = "interview", .action = CHILD_ADVANCE, .transition = "stop" },
    { .workflow = "complaint", .action = CHILD_REFUSE },
    { .workflow = "letter", .action = CHILD_KEEP },
};

static void family(struct org *org, bool guarded)
{
    kind_use(org, &(struct kind){ .name = "case" }, rules, 3);
    kind_use(org, &(struct kind){ "interview", given, 2, false, guarded }, NULL, 0);
    kind_use(org, &(struct kind){ .name = "complaint" }, NULL, 0);
    kind_use(org, &(struct kind){ .name = "letter" }, NULL, 0);
    kind_use(org, &(struct kind){ .name = "plain" }, NULL, 0);
}

static void each_kind_its_own_way(void **state)
{
    struct org *org = *state;
    family(org, false);
    int64_t parent = kind_open(org, "case", 0), talk = kind_open(org, "interview", parent),
            sad = kind_open(org, "complaint", parent), sad2 = kind_open(org, "complaint", parent),
            letter = kind_open(org, "letter", parent), other = kind_open(org, "plain", parent);
    const struct advance stop = { .referral_id = parent, .transition = "stop" };
    check_rc(org, "may", domain_may_advance(org->d, &lead, &stop, &org->e), -ERROR_DENIED,
             "R-1: \"stop\" would close it while children are open: R-3 (complaint), R-4 "
             "(complaint); close them first");
    ok(move_on(org, parent, &lead, "on", NULL)); /* goes on: nobody asks */
    ok(move_on(org, sad, &lead, "stop", NULL));
    check_rc(org, "one", move_on(org, parent, &lead, "stop", NULL), -ERROR_DENIED,
             "while a child is open: R-4 (complaint); close it first");
    ok(move_on(org, sad2, &lead, "stop", NULL));
    ok(move_on(org, parent, &lead, "stop", NULL));
    assert_string_equal(stage_of(org, talk), "closed");
    assert_string_equal(newest(org, talk).actor, "S-2");
    assert_contains(newest(org, talk).payload, "\"reason\":\"parent_closed\"");
    assert_string_equal(stage_of(org, letter), "open");
    assert_string_equal(stage_of(org, other), "open");
}

static void the_rest_by_a_star(void **state)
{
    struct org *org = *state;
    static const struct child_rule star[] = {
        { .workflow = "letter", .action = CHILD_KEEP },
        { .workflow = "*", .action = CHILD_ADVANCE, .transition = "stop" },
    };
    kind_use(org, &(struct kind){ .name = "case" }, star, 2);
    kind_use(org, &(struct kind){ .name = "letter" }, NULL, 0);
    int64_t ids[150], parent = kind_open(org, "case", 0), letter = kind_open(org, "letter", parent);
    for (size_t i = 0; i < COUNT(ids); i++) /* more than are collected at once */
        ids[i] = kind_open(org, "case", parent);
    ok(move_on(org, parent, &lead, "stop", NULL));
    for (size_t i = 0; i < COUNT(ids); i++)
        assert_string_equal(stage_of(org, ids[i]), "closed");
    assert_string_equal(stage_of(org, letter), "open");
}

static int no_guard(struct fake *f, const struct domain_call *call, struct error *e)
{
    (void)f;
    (void)call;
    return error_set(e, ERROR_DENIED, "the interview is tomorrow");
}

/* A child that will not end keeps its parent open, and nothing is half done. */
static void a_child_that_refuses(void **state)
{
    struct org *org = *state;
    struct fake fake;
    family(org, true);
    fake_install(&fake, org);
    int64_t parent = kind_open(org, "case", 0), first = kind_open(org, "interview", parent);
    kind_open(org, "interview", parent);
    fake.on_guard = no_guard;
    check_rc(org, "child", move_on(org, parent, &lead, "stop", NULL), -ERROR_DENIED,
             "R-1: \"stop\" closes its child: R-2: \"stop\" is refused: the interview "
             "is tomorrow");
    assert_string_equal(stage_of(org, parent), "open");
    assert_string_equal(stage_of(org, first), "open");
    fake_remove(&fake);
}

/* What the law demands happens; somebody is told what is left. */
static void a_locked_one_goes_all_the_same(void **state)
{
    struct org *org = *state;
    struct fake fake;
    family(org, true);
    fake_install(&fake, org);
    fake.on_guard = no_guard;
    int64_t parent = kind_open(org, "case", 0), talk = kind_open(org, "interview", parent),
            sad = kind_open(org, "complaint", parent);
    ok(move_on(org, parent, &junior, "law", NULL));
    assert_string_equal(stage_of(org, parent), "closed");
    assert_string_equal(stage_of(org, talk), "open");
    assert_string_equal(stage_of(org, sad), "open");
    assert_int_equal(org_count(org, ENTITY_TASK), 2);
    assert_contains(row_text(org_row(org, ENTITY_TASK, 1), TASK_TITLE),
                    "R-2 is still open, and R-1, from which it came, is closed: R-2: \"stop\" is "
                    "refused: the interview is tomorrow");
    assert_string_equal(row_text(org_row(org, ENTITY_TASK, 2), TASK_KIND), "child");
    fake_remove(&fake);
}

static void the_parent_hears(void **state)
{
    struct org *org = *state;
    struct fake fake;
    family(org, false);
    int64_t parent = kind_open(org, "case", 0), talk = kind_open(org, "interview", parent),
            last = kind_open(org, "interview", parent);
    fake_install(&fake, org);
    const struct advance stop = { .referral_id = talk, .transition = "stop", .reason = "done" };
    ok(try_advance(org, &lead, &stop));
    assert_contains(buf_text(&fake.kinds),
                    "referral.child_closed R-1 {\"child\":\"R-2\",\"workflow\":\"interview\","
                    "\"stage\":\"closed\",\"outcome\":\"closed\"}\nreferral.advanced R-2 ");
    assert_string_equal(newest(org, parent).kind, "referral.child_closed");
    buf_clear(&fake.kinds);
    ok(move_on(org, parent, &lead, "stop",
               NULL)); /* closes the last: it is closed itself by then */
    assert_string_equal(stage_of(org, last), "closed");
    assert_null(strstr(buf_text(&fake.kinds), "child_closed"));
    fake_remove(&fake);
}

static int close_parent(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    const struct advance a = { .referral_id = row ? row->id : 0, .transition = "stop" };
    return strcmp(kind, "referral.child_closed") != 0
               ? 0
               : domain_advance(f->org->d, &org_operator, &a, NULL, e);
}

static void a_handler_closes_the_parent(void **state)
{
    struct org *org = *state;
    struct fake fake;
    family(org, false);
    int64_t parent = kind_open(org, "case", 0), a = kind_open(org, "complaint", parent),
            b = kind_open(org, "interview", parent);
    fake_install(&fake, org);
    fake.on_event = close_parent;
    ok(move_on(org, a, &lead, "stop", NULL));
    assert_string_equal(stage_of(org, parent), "closed");
    assert_string_equal(stage_of(org, b), "closed");
    fake_remove(&fake);
}

/* A chain of parents is followed as deep as events are, and no further. */
static void deep_families(void **state)
{
    struct org *org = *state;
    static const struct child_rule self = { .workflow = "case",
                                            .action = CHILD_ADVANCE,
                                            .transition = "stop" };
    kind_use(org, &(struct kind){ .name = "case" }, &self, 1);
    int64_t ids[LIMIT_EFFECT_DEPTH + 3];
    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = kind_open(org, "case", i ? ids[i - 1] : 0);
    check_rc(org, "deep", move_on(org, ids[0], &lead, "stop", NULL), -ERROR_LIMIT, "deep");
    assert_string_equal(stage_of(org, ids[5]), "open");
    ok(move_on(org, ids[3], &lead, "stop", NULL));
    assert_string_equal(stage_of(org, ids[COUNT(ids) - 1]), "closed");
    ok(move_on(org, ids[0], &lead, "stop", NULL));
}

static void declarations(void **state)
{
    struct org *org = *state;
    static const struct {
        struct child_rule rule;
        const char *message;
    } cases[] = {
        { { .workflow = "Bad" }, "children \"Bad\": name a workflow, or \"*\"" },
        { { .workflow = NULL }, "name a workflow" },
        { { .workflow = "x", .action = CHILD_ADVANCE }, "which transition is taken" },
        { { .workflow = "x", .action = CHILD_KEEP, .transition = "stop" },
          "it is not to be taken" },
        { { .workflow = "x", .action = CHILD_ADVANCE, .transition = "!" },
          "no name of a transition" },
        { { .workflow = "twice" }, "children \"twice\" is there twice" },
    };
    struct graph *g = kind_new(org, &(struct kind){ .name = "case" });
    ok(graph_add_child(g, &(struct child_rule){ .workflow = "twice" }, &org->e));
    for (size_t i = 0; i < COUNT(cases); i++)
        check_rc(org, "rule", graph_add_child(g, &cases[i].rule, &org->e), -ERROR_INVALID,
                 cases[i].message);
    ok(graph_add_child(
        g,
        &(struct child_rule){
            .workflow = "case", .action = CHILD_ADVANCE, .transition = "stp", .where = "x.lua:3" },
        &org->e));
    check_rc(org, "self", graph_finish(g, &org->e), -ERROR_INVALID,
             "children \"case\": it has no transition \"stp\"");
    assert_string_equal(org->e.where, "x.lua:3");
    graph_free(g);
}

/* Rules look into workflows that other plugins bring: checked when all are there. */
static void rules_fit_the_other_workflows(void **state)
{
    struct org *org = *state;
    static const struct {
        struct child_rule rule;
        const char *message; /* NULL: fits */
    } cases[] = {
        { { .workflow = "interview", .action = CHILD_ADVANCE, .transition = "stop" }, NULL },
        { { .workflow = "interview", .action = CHILD_REFUSE }, NULL },
        { { .workflow = "*", .action = CHILD_ADVANCE, .transition = "anything" }, NULL },
        { { .workflow = "intervew", .action = CHILD_REFUSE }, "did you mean \"interview\"?" },
        { { .workflow = "interview", .action = CHILD_ADVANCE, .transition = "on" },
          "has no transition \"on\" from stage \"open2\"" },
        { { .workflow = "noted", .action = CHILD_ADVANCE, .transition = "stop" },
          "must not need a note or an approval" },
        { { .workflow = "reasoned", .action = CHILD_ADVANCE, .transition = "stop" },
          "\"parent_closed\" among its reasons" },
    };
    kind_use(org, &(struct kind){ "interview", given, 2, false, false }, NULL, 0);
    kind_use(org, &(struct kind){ "noted", NULL, 0, true, false }, NULL, 0);
    kind_use(org, &(struct kind){ "reasoned", given, 1, false, false }, NULL, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct graph *g = kind_new(org, &(struct kind){ .name = "case" });
        ok(graph_add_child(g, &cases[i].rule, &org->e));
        ok(graph_finish(g, &org->e));
        check_rc(org, "fit", domain_check_children(org->d, g, &org->e),
                 cases[i].message ? -ERROR_INVALID : 0, cases[i].message);
        graph_free(g);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, rules_setup, org_teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_kind_its_own_way),
        CASE(the_rest_by_a_star),
        CASE(a_child_that_refuses),
        CASE(a_locked_one_goes_all_the_same),
        CASE(the_parent_hears),
        CASE(a_handler_closes_the_parent),
        CASE(deep_families),
        CASE(declarations),
        CASE(rules_fit_the_other_workflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
