/* Every check of graph_finish, one by one, and what settings take away. */
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

static const struct span one_day = { .days = 1 };

static void contains(const char *label, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s: \"%s\" is not in \"%s\"", label, part, text);
}

/* A graph in short: what is not given is fine as it is. */
struct plan_stage {
    const char *name;
    bool initial, final;
    const char *const *required;
    bool has_deadline;
    struct span within;
    const char *due_field;
    struct step steps[4];
    size_t step_count;
    const char *outcome;
    const char *const *owner_roles;
};

struct plan_transition {
    const char *name, *from, *also_from, *to;
    bool locked, note_required;
    const char *source;
    const char *const *roles, *const *required;
    bool guarded;
    struct reason reasons[3];
    size_t reason_count;
};

struct plan {
    const char *label, *message, *where; /* message NULL: it is accepted */
    struct plan_stage stages[6];
    struct plan_transition transitions[8];
    const char *expire_stage, *expire_transition;
    struct span expire_after;
    const char *disable;
};

static int plan_stages(const struct plan *p, struct graph *g, struct error *e)
{
    for (size_t i = 0; i < 6 && p->stages[i].name; i++) {
        const struct plan_stage *s = &p->stages[i];
        char where[32];
        snprintf(where, sizeof where, "w.lua:%zu", i + 1);
        const struct stage stage = { .name = s->name,
                                     .initial = s->initial,
                                     .final = s->final,
                                     .required = s->required,
                                     .has_deadline = s->has_deadline,
                                     .within = s->within,
                                     .due_field = s->due_field,
                                     .steps = s->steps,
                                     .step_count = s->step_count,
                                     .outcome = s->outcome,
                                     .owner_roles = s->owner_roles };
        int rc = graph_add_stage(g, &stage, where, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int plan_transitions(const struct plan *p, struct graph *g, struct error *e)
{
    for (size_t i = 0; i < 8 && p->transitions[i].name; i++) {
        const struct plan_transition *t = &p->transitions[i];
        const char *const from[] = { t->from, t->also_from, NULL };
        char where[32];
        snprintf(where, sizeof where, "w.lua:1%zu", i + 1);
        const struct transition transition = { .name = t->name,
                                               .locked = t->locked,
                                               .note_required = t->note_required,
                                               .source = t->source,
                                               .roles = t->roles,
                                               .required = t->required,
                                               .guard = t->guarded ? 0 : -1,
                                               .effect = -1,
                                               .reasons = t->reason_count ? t->reasons : NULL,
                                               .reason_count = t->reason_count,
                                               .where = where };
        int rc = graph_add_transition(g, &transition, from, t->to, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int plan_build(const struct plan *p, struct graph *g, struct error *e)
{
    const struct field score = { .name = "score", .type = FIELD_INT };
    const struct field visit_at = { .name = "visit_at", .type = FIELD_TIME };
    int rc = graph_add_field(g, &score, e);
    if (rc == 0)
        rc = graph_add_field(g, &visit_at, e);
    if (rc == 0)
        rc = plan_stages(p, g, e);
    if (rc == 0)
        rc = plan_transitions(p, g, e);
    if (rc == 0 && p->expire_stage)
        rc = graph_set_expire(g, p->expire_stage, &p->expire_after, p->expire_transition,
                              "w.lua:99", e);
    if (rc == 0 && p->disable)
        rc = graph_disable_transition(g, p->disable, e);
    return rc < 0 ? rc : graph_finish(g, e);
}

static const char *const words_score[] = { "score", NULL };
static const char *const words_scoer[] = { "scoer", NULL };
static const char *const words_subject[] = { "subject_id", NULL };
static const char *const words_stage[] = { "stage", NULL };
static const char *const words_lead[] = { "lead", NULL };
static const char *const words_empty[] = { NULL };

#define NEW                                                                                        \
    {                                                                                              \
        .name = "new", .initial = true                                                             \
    }
#define DONE                                                                                       \
    {                                                                                              \
        .name = "done", .final = true                                                              \
    }
#define GO                                                                                         \
    {                                                                                              \
        .name = "go", .from = "new", .to = "done"                                                  \
    }

/* clang-format off */
static const struct plan plans[] = {
    { .label = "smallest", .stages = { NEW, DONE }, .transitions = { GO } },
    { .label = "no stage", .message = "workflow \"w\": it has no stages" },
    { .label = "no initial stage", .message = "no stage is initial", .stages = { { .name = "new" },
      DONE }, .transitions = { GO } },
    { .label = "two initial stages", .message = "stages \"new\" and \"other\" are both initial",
      .where = "w.lua:2", .stages = { NEW, { .name = "other", .initial = true }, DONE },
      .transitions = { GO } },
    { .label = "initial and final", .message = "stage \"new\" is both initial and final",
      .stages = { { .name = "new", .initial = true, .final = true } } },
    { .label = "bad stage name", .message = "stage \"New one\": a name is made of a-z, 0-9 and _",
      .stages = { { .name = "New one", .initial = true } } },
    { .label = "stage twice", .message = "stage \"new\" is declared twice", .where = "w.lua:2",
      .stages = { NEW, { .name = "new" } } },
    { .label = "outcome of a stage that is not final",
      .message = "only a final stage has an outcome", .stages = { { .name = "new", .initial = true,
      .outcome = "good" } } },
    { .label = "unknown target", .message = "unknown stage \"doen\", did you mean \"done\"?",
      .where = "w.lua:11", .stages = { NEW, DONE }, .transitions = { { .name = "go", .from = "new",
      .to = "doen" } } },
    { .label = "unknown source", .message = "unknown stage \"zzzzzz\"; known: new, done",
      .stages = { NEW, DONE }, .transitions = { { .name = "go", .from = "zzzzzz", .to = "done"
      } } },
    { .label = "leaves a final stage",
      .message = "transition \"again\" leaves the final stage \"done\"", .where = "w.lua:12",
      .stages = { NEW, DONE }, .transitions = { GO, { .name = "again", .from = "done", .to = "new"
      } } },
    { .label = "leaves nothing", .message = "transition \"go\" leaves no stage", .stages = { NEW,
      DONE }, .transitions = { { .name = "go", .to = "done" } } },
    { .label = "same name, same stage", .message = "two transitions \"go\" leave stage \"new\"",
      .where = "w.lua:12", .stages = { NEW, DONE }, .transitions = { GO, GO } },
    { .label = "same name, other stages", .stages = { NEW, { .name = "mid" }, DONE },
      .transitions = { { .name = "go", .from = "new", .to = "mid" }, { .name = "go", .from = "mid",
      .to = "done" } } },
    { .label = "unreachable", .message = "stage \"mid\" is reached by no transition",
      .where = "w.lua:2", .stages = { NEW, { .name = "mid" }, DONE }, .transitions = { GO,
      { .name = "out", .from = "mid", .to = "done" } } },
    { .label = "no way out", .message = "from stage \"mid\" no way leads to a final stage",
      .where = "w.lua:2", .stages = { NEW, { .name = "mid" }, DONE }, .transitions = { GO,
      { .name = "in", .from = "new", .to = "mid" } } },
    { .label = "no final stage", .message = "from stage \"new\" no way leads to a final stage",
      .stages = { NEW, { .name = "mid" } }, .transitions = { { .name = "in", .from = "new",
      .to = "mid" }, { .name = "back", .from = "mid", .to = "new" } } },
    { .label = "required field, near name",
      .message = "unknown field \"scoer\", did you mean \"score\"?", .where = "w.lua:11",
      .stages = { NEW, DONE }, .transitions = { { .name = "go", .from = "new", .to = "done",
      .required = words_scoer } } },
    { .label = "required field of a stage", .message = "unknown field \"scoer\"",
      .where = "w.lua:1", .stages = { { .name = "new", .initial = true, .required = words_scoer },
      DONE }, .transitions = { GO } },
    { .label = "required field and column", .stages = { { .name = "new", .initial = true,
      .required = words_score }, DONE }, .transitions = { { .name = "go", .from = "new",
      .to = "done", .required = words_subject } } },
    { .label = "required column of the engine", .message = "unknown field \"stage\"",
      .stages = { NEW, DONE }, .transitions = { { .name = "go", .from = "new", .to = "done",
      .required = words_stage } } },
    { .label = "empty roles", .message = "roles is empty", .stages = { NEW, DONE },
      .transitions = { { .name = "go", .from = "new", .to = "done", .roles = words_empty } } },
    { .label = "empty owner roles", .message = "roles is empty", .stages = { { .name = "new",
      .initial = true, .owner_roles = words_empty } } },
    { .label = "reason twice", .message = "reason \"full\" is there twice", .stages = { NEW, DONE },
      .transitions = { { .name = "go", .from = "new", .to = "done", .reasons = { { .code = "full" },
      { .code = "full" } }, .reason_count = 2 } } },
    { .label = "deadline without consequence",
      .message = "stage \"new\" has a deadline without a consequence", .where = "w.lua:1",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 3 } },
      DONE }, .transitions = { GO } },
    { .label = "deadline", .stages = { { .name = "new", .initial = true, .has_deadline = true,
      .within = { .days = 3 }, .steps = { { .kind = STEP_DUE } }, .step_count = 1 }, DONE },
      .transitions = { GO } },
    { .label = "deadline without span", .message = "a deadline needs a span",
      .stages = { { .name = "new", .initial = true, .has_deadline = true } } },
    { .label = "deadline of a final stage", .message = "stage \"done\" is final and has a deadline",
      .stages = { NEW, { .name = "done", .final = true, .has_deadline = true,
      .within = { .days = 1 } } } },
    { .label = "deadline by span and field", .message = "a deadline is a span or a field, not both",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 },
      .due_field = "visit_at" } } },
    { .label = "deadline by an unknown field",
      .message = "unknown field \"visit_ta\", did you mean \"visit_at\"?",
      .stages = { { .name = "new", .initial = true, .due_field = "visit_ta",
      .steps = { { .kind = STEP_DUE } }, .step_count = 1 }, DONE }, .transitions = { GO } },
    { .label = "deadline by a field that is no time",
      .message = "the deadline's field \"score\" must be a time or a date",
      .stages = { { .name = "new", .initial = true, .due_field = "score",
      .steps = { { .kind = STEP_DUE } }, .step_count = 1 }, DONE }, .transitions = { GO } },
    { .label = "steps without deadline",
      .message = "stage \"new\" has reminders or escalations but no deadline",
      .stages = { { .name = "new", .initial = true, .steps = { { .kind = STEP_DUE } },
      .step_count = 1 }, DONE }, .transitions = { GO } },
    { .label = "deadline twice", .message = "the deadline is there twice",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 },
      .steps = { { .kind = STEP_DUE }, { .kind = STEP_DUE } }, .step_count = 2 } } },
    { .label = "reminder without span", .message = "a reminder says how long before the deadline",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 },
      .steps = { { .kind = STEP_REMIND } }, .step_count = 1 } } },
    { .label = "escalation back in time",
      .message = "an escalation says how long after the deadline", .stages = { { .name = "new",
      .initial = true, .has_deadline = true, .within = { .days = 1 },
      .steps = { { .kind = STEP_ESCALATE, .span = { .days = -1 } } }, .step_count = 1 } } },
    { .label = "expiry among the steps",
      .message = "a step is a reminder, the deadline or an escalation", .stages = { { .name = "new",
      .initial = true, .has_deadline = true, .within = { .days = 1 },
      .steps = { { .kind = STEP_EXPIRE } }, .step_count = 1 } } },
    { .label = "expiry is a consequence", .stages = { { .name = "new", .initial = true,
      .has_deadline = true, .within = { .days = 1 } }, DONE }, .transitions = { GO },
      .expire_stage = "new", .expire_transition = "go" },
    { .label = "expiry of an unknown stage",
      .message = "unknown stage \"nwe\", did you mean \"new\"?", .where = "w.lua:99",
      .stages = { NEW, DONE }, .transitions = { GO }, .expire_stage = "nwe",
      .expire_transition = "go" },
    { .label = "expiry by an unknown transition",
      .message = "unknown transition \"gon\", did you mean \"go\"?", .stages = { { .name = "new",
      .initial = true, .has_deadline = true, .within = { .days = 1 } }, DONE }, .transitions = { GO,
      { .name = "gooo", .from = "new", .to = "done" } }, .expire_stage = "new",
      .expire_transition = "gon" },
    { .label = "expiry that stays",
      .message = "stage \"new\" expires by \"stay\", which must move to a stage",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 } },
      DONE }, .transitions = { GO, { .name = "stay", .from = "new" } }, .expire_stage = "new",
      .expire_transition = "stay" },
    { .label = "expiry that asks for a note", .message = "which must not ask for a note",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 } },
      DONE }, .transitions = { { .name = "go", .from = "new", .to = "done",
      .note_required = true } }, .expire_stage = "new", .expire_transition = "go" },
    { .label = "expiry without its reason", .message = "must have \"expired\" among its reasons",
      .stages = { { .name = "new", .initial = true, .has_deadline = true, .within = { .days = 1 } },
      DONE }, .transitions = { { .name = "go", .from = "new", .to = "done",
      .reasons = { { .code = "full" } }, .reason_count = 1 } }, .expire_stage = "new",
      .expire_transition = "go" },
    { .label = "expiry without deadline", .message = "has reminders or escalations but no deadline",
      .stages = { NEW, DONE }, .transitions = { GO }, .expire_stage = "new",
      .expire_transition = "go" },
    { .label = "ring of instant expiries",
      .message = "expires round in a ring without time passing", .stages = { { .name = "new",
      .initial = true, .due_field = "visit_at" }, DONE }, .transitions = { GO, { .name = "again",
      .from = "new", .to = "new" } }, .expire_stage = "new", .expire_transition = "again" },
    { .label = "ring that takes time", .stages = { { .name = "new", .initial = true,
      .due_field = "visit_at" }, DONE }, .transitions = { GO, { .name = "again", .from = "new",
      .to = "new" } }, .expire_stage = "new", .expire_transition = "again",
      .expire_after = { .days = 1 } },
    { .label = "locked", .stages = { NEW, { .name = "mid" }, DONE }, .transitions = { GO,
      { .name = "in", .from = "new", .to = "mid" }, { .name = "ask", .from = "*", .to = "done",
      .locked = true, .source = "OSEP 11-07" } } },
    { .label = "locked without source",
      .message = "transition \"ask\": a locked one names its source", .where = "w.lua:12",
      .stages = { NEW, DONE }, .transitions = { GO, { .name = "ask", .from = "*", .to = "done",
      .locked = true } } },
    { .label = "locked, not from everywhere",
      .message = "a locked one leaves every stage that is not final", .stages = { NEW,
      { .name = "mid" }, DONE }, .transitions = { GO, { .name = "in", .from = "new", .to = "mid" },
      { .name = "ask", .from = "mid", .to = "done", .locked = true, .source = "law" } } },
    { .label = "locked with roles", .message = "a locked one has no roles", .stages = { NEW, DONE },
      .transitions = { { .name = "ask", .from = "*", .to = "done", .locked = true, .source = "law",
      .roles = words_lead } } },
    { .label = "locked with required fields", .message = "a locked one has no required fields",
      .stages = { NEW, DONE }, .transitions = { { .name = "ask", .from = "*", .to = "done",
      .locked = true, .source = "law", .required = words_score } } },
    { .label = "locked with guard", .message = "a locked one has no guard", .stages = { NEW, DONE },
      .transitions = { { .name = "ask", .from = "*", .to = "done", .locked = true, .source = "law",
      .guarded = true } } },
    { .label = "locked that asks for a note",
      .message = "a locked one asks for neither note nor reason", .stages = { NEW, DONE },
      .transitions = { { .name = "ask", .from = "*", .to = "done", .locked = true, .source = "law",
      .note_required = true } } },
    { .label = "locked that asks for a reason",
      .message = "a locked one asks for neither note nor reason", .stages = { NEW, DONE },
      .transitions = { { .name = "ask", .from = "*", .to = "done", .locked = true, .source = "law",
      .reasons = { { .code = "full" } }, .reason_count = 1 } } },
    { .label = "disable", .stages = { NEW, DONE }, .transitions = { GO, { .name = "other",
      .from = "new", .to = "done" } }, .disable = "other" },
    { .label = "disable the only way",
      .message = "from stage \"new\" no way leads to a final stage", .stages = { NEW, DONE },
      .transitions = { GO }, .disable = "go" },
    { .label = "disable a locked one",
      .message = "transition \"ask\" is locked and cannot be taken away: OSEP 11-07",
      .stages = { NEW, DONE }, .transitions = { GO, { .name = "ask", .from = "*", .to = "done",
      .locked = true, .source = "OSEP 11-07" } }, .disable = "ask" },
    { .label = "disable an unknown one", .message = "workflow \"w\": unknown transition \"og\"",
      .stages = { NEW, DONE }, .transitions = { GO }, .disable = "og" },
};
/* clang-format on */

static void test_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const struct plan *p = &plans[i];
        struct error e = { 0 };
        struct graph *g = graph_new("w", 1, "test");
        int rc = plan_build(p, g, &e);
        if (p->message && rc == 0)
            fail_msg("%s: was accepted", p->label);
        else if (p->message)
            contains(p->label, e.message, p->message);
        else if (rc < 0)
            fail_msg("%s: %s (%s)", p->label, e.message, e.where);
        if (p->where)
            assert_string_equal(e.where, p->where);
        graph_free(g);
    }
}

static void test_disable_locked_is_denied(void **state)
{
    (void)state;
    struct error e;
    struct graph *g = graph_new("w", 1, "test");
    const char *const all[] = { "*", NULL };
    const struct transition t = {
        .name = "ask", .locked = true, .source = "law", .guard = -1, .effect = -1
    };
    assert_int_equal(graph_add_transition(g, &t, all, NULL, &e), 0);
    assert_int_equal(graph_disable_transition(g, "ask", &e), -ERROR_DENIED);
    graph_free(g);
}

static void test_names_and_versions(void **state)
{
    (void)state;
    struct error e;
    const struct stage s = { .name = "new", .initial = true };
    struct graph *g = graph_new("Bad Name", 1, "test");
    assert_int_equal(graph_finish(g, &e), -ERROR_INVALID);
    contains("name", e.message, "a name is made of");
    graph_free(g);
    g = graph_new("w", 0, "test");
    assert_int_equal(graph_add_stage(g, &s, NULL, &e), 0);
    assert_int_equal(graph_finish(g, &e), -ERROR_INVALID);
    contains("version", e.message, "versions count from 1");
    graph_free(g);
}

static void test_steps_are_sorted(void **state)
{
    (void)state;
    struct error e;
    struct graph *g = graph_new("w", 1, "test");
    const struct step steps[] = {
        { .kind = STEP_ESCALATE, .span = { .working_days = 5 }, .to_role = "lead" },
        { .kind = STEP_DUE },
        { .kind = STEP_REMIND, .span = { .ms = 3600000 } },
        { .kind = STEP_ESCALATE, .span = { .days = 1 } },
        { .kind = STEP_REMIND, .span = { .months = 1 } },
    };
    const struct stage stages[] = { { .name = "new",
                                      .initial = true,
                                      .has_deadline = true,
                                      .within = { .months = 2 },
                                      .steps = steps,
                                      .step_count = 5 },
                                    { .name = "done", .final = true } };
    const struct transition go = { .name = "go", .guard = -1, .effect = -1 };
    const char *const from[] = { "new", NULL };
    const struct span weeks = { .days = 14 };
    assert_int_equal(graph_add_stage(g, &stages[0], NULL, &e), 0);
    assert_int_equal(graph_add_stage(g, &stages[1], NULL, &e), 0);
    assert_int_equal(graph_add_transition(g, &go, from, "done", &e), 0);
    assert_int_equal(graph_set_expire(g, "new", &weeks, "go", NULL, &e), 0);
    assert_int_equal(graph_set_expire(g, "new", &one_day, "go", NULL, &e), -ERROR_INVALID);
    assert_int_equal(graph_finish(g, &e), 0);
    const struct stage *s = graph_stage(g, 0);
    assert_int_equal(s->step_count, 6);
    assert_int_equal(s->steps[0].span.months, 1);
    assert_int_equal(s->steps[1].span.ms, 3600000);
    assert_int_equal(s->steps[2].kind, STEP_DUE);
    assert_int_equal(s->steps[3].span.days, 1);
    assert_string_equal(s->steps[4].to_role, "lead");
    assert_int_equal(s->steps[5].kind, STEP_EXPIRE);
    assert_int_equal(s->steps[5].transition, 0);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_disable_locked_is_denied),
        cmocka_unit_test(test_names_and_versions),
        cmocka_unit_test(test_steps_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
