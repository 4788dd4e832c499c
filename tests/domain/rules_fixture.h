/* The organisation of org_fixture.h with a six-stage review, staff, a student,
 * and hooks that record, refuse and fail on demand. */
#ifndef TESTS_DOMAIN_RULES_FIXTURE_H
#define TESTS_DOMAIN_RULES_FIXTURE_H

#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "domain/org_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const int64_t day_ms = 86400000, hour_ms = 3600000;

/* Hooks. */
struct fake {
    struct org *org;
    int guard_calls, effect_calls, event_calls;
    int guard_rc, effect_rc;
    const char *message; /* of a guard or effect that refuses */
    const char *fail_on; /* a handler of this kind errs */
    bool deaf;           /* nobody listens */
    int (*on_guard)(struct fake *f, const struct domain_call *call, struct error *e);
    int (*on_effect)(struct fake *f, const struct domain_call *call, struct error *e);
    int (*on_event)(struct fake *f, const char *kind, const struct row *row, struct error *e);
    struct buf kinds;   /* "referral.advanced R-1 {…}\n" */
    int64_t last_at_ms; /* domain_now of the last event */
};

static inline int fake_guard(void *context, const struct domain_call *call, struct error *e)
{
    struct fake *f = context;
    f->guard_calls++;
    if (f->on_guard)
        return f->on_guard(f, call, e);
    return f->guard_rc ? error_set(e, (enum error_code) - f->guard_rc, "%s", f->message) : 0;
}

static inline int fake_effect(void *context, const struct domain_call *call, struct error *e)
{
    struct fake *f = context;
    f->effect_calls++;
    if (f->on_effect)
        return f->on_effect(f, call, e);
    return f->effect_rc ? error_set(e, (enum error_code) - f->effect_rc, "%s", f->message) : 0;
}

static inline int fake_event(void *context, const char *kind, const struct row *row,
                             const char *detail, size_t detail_len, struct error *e)
{
    struct fake *f = context;
    char id[32] = "-";
    f->event_calls++;
    f->last_at_ms = domain_now(f->org->d);
    if (row)
        row_id_format(row->entity, row->id, id);
    buf_printf(&f->kinds, "%s %s %.*s\n", kind, id, (int)detail_len, detail ? detail : "");
    if (f->fail_on && !strcmp(f->fail_on, kind))
        return error_set(e, ERROR_SCRIPT, "handler of %s is broken", kind);
    return f->on_event ? f->on_event(f, kind, row, e) : 0;
}

static inline bool fake_listens(void *context, const char *kind)
{
    (void)kind;
    return !((struct fake *)context)->deaf;
}

static inline void fake_install(struct fake *f, struct org *org)
{
    *f = (struct fake){ .org = org };
    const struct domain_hooks hooks = { .context = f,
                                        .guard = fake_guard,
                                        .effect = fake_effect,
                                        .event = fake_event,
                                        .listens = fake_listens };
    domain_set_hooks(org->d, &hooks);
}

static inline void fake_remove(struct fake *f)
{
    domain_set_hooks(f->org->d, NULL);
    buf_free(&f->kinds);
}

/* The review. */
static inline void review_fields(struct org *org, struct graph *g)
{
    static const char *const progress[] = { "none", "some", "good", NULL };
    const struct field fields[] = {
        { .name = "dossier", .type = FIELD_TEXT },
        { .name = "goals",
          .type = FIELD_LIST,
          .has_min = true,
          .min = 0,
          .has_max = true,
          .max = 3 },
        { .name = "plan_days",
          .type = FIELD_INT,
          .has_min = true,
          .min = 1,
          .has_max = true,
          .max = 60 },
        { .name = "fidelity", .type = FIELD_INT, .help = "checks done of checks due" },
        { .name = "consent_on", .type = FIELD_DATE },
        { .name = "visit_at", .type = FIELD_TIME },
        { .name = "monitor", .type = FIELD_REF, .ref = ENTITY_STAFF },
        { .name = "progress", .type = FIELD_TEXT, .values = progress },
        { .name = "severe", .type = FIELD_BOOL },
        { .name = "ratio", .type = FIELD_REAL, .has_min = true, .min = 0 },
    };
    for (size_t i = 0; i < COUNT(fields); i++)
        ok(graph_add_field(g, &fields[i], &org->e));
}

static inline void review_stages(struct org *org, struct graph *g)
{
    static const char *const teachers[] = { "teacher", NULL }, *const goals[] = { "goals", NULL };
    static const struct step gathering[] = {
        { .kind = STEP_REMIND, .span = { .working_days = 1 } },
        { .kind = STEP_DUE },
        { .kind = STEP_ESCALATE, .span = { .working_days = 2 }, .to_role = "lead" },
    };
    static const struct step monitoring[] = { { .kind = STEP_REMIND, .span = { .days = 1 } },
                                              { .kind = STEP_DUE } };
    static const struct step formal[] = { { .kind = STEP_REMIND, .span = { .days = 7 } },
                                          { .kind = STEP_DUE } };
    const struct stage stages[] = {
        { .name = "concern", .initial = true },
        { .name = "gathering",
          .owner_roles = teachers,
          .has_deadline = true,
          .within = { .working_days = 3 },
          .steps = gathering,
          .step_count = 3 },
        { .name = "discussion", .required = goals },
        { .name = "strategies" },
        { .name = "monitoring", .due_field = "visit_at", .steps = monitoring, .step_count = 2 },
        { .name = "evaluation" },
        { .name = "formal",
          .has_deadline = true,
          .within = { .days = 60 },
          .steps = formal,
          .step_count = 2 },
        { .name = "discontinued", .final = true },
        { .name = "referred", .final = true, .outcome = "referred to services" },
        { .name = "declined", .final = true },
        { .name = "withdrawn", .final = true },
    };
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], "review.lua:1", &org->e));
}

struct review_edge {
    const char *name, *from[4], *to;
    struct transition t;
};

static inline void review_transitions(struct org *org, struct graph *g)
{
    static const char *const concerned[] = { "teacher", "specialist", NULL };
    static const char *const deciders[] = { "lead", "psychologist", NULL };
    static const char *const dossier[] = { "dossier", NULL }, *const days[] = { "plan_days", NULL };
    static const char *const fidelity[] = { "fidelity", NULL };
    static const struct reason reasons[] = { { .code = "no_concern" },
                                             { .code = "duplicate" },
                                             { .code = "other", .comment_required = true },
                                             { .code = "expired" } };
    const struct review_edge edges[] = {
        { "open_review", { "concern" }, "gathering", { .roles = concerned } },
        { "share", { "gathering" }, "discussion", { .required = dossier } },
        { "plan", { "discussion" }, "strategies", { 0 } },
        { "start", { "strategies" }, "monitoring", { .required = days } },
        { "record", { "monitoring" }, NULL, { 0 } },
        { "evaluate", { "monitoring" }, "evaluation", { 0 } },
        { "retry", { "evaluation" }, "strategies", { 0 } },
        { "discontinue", { "evaluation" }, "discontinued", { 0 } },
        { "refer", { "evaluation" }, "referred", { .roles = deciders, .required = fidelity } },
        { "finish", { "formal" }, "referred", { 0 } },
        { "decline",
          { "concern", "gathering" },
          "declined",
          { .reasons = reasons, .reason_count = 4 } },
        { "withdraw", { "*" }, "withdrawn", { .note_required = true } },
        { "request_evaluation", { "*" }, "formal", { .locked = true, .source = "OSEP 11-07" } },
    };
    for (size_t i = 0; i < COUNT(edges); i++) {
        struct transition t = edges[i].t;
        t.name = edges[i].name;
        t.guard = !strcmp(t.name, "start") ? 0 : -1;
        t.guard_where = t.guard == 0 ? "review.lua:40" : NULL;
        t.effect = !strcmp(t.name, "start") || !strcmp(t.name, "evaluate") ? 0 : -1;
        t.where = "review.lua:30";
        ok(graph_add_transition(g, &t, edges[i].from, edges[i].to, &org->e));
    }
    const struct span after = { .days = 10 };
    ok(graph_set_expire(g, "gathering", &after, "decline", "review.lua:50", &org->e));
}

static inline struct graph *review_new(struct org *org, int version)
{
    struct graph *g = graph_new("review", version, "pre_referral");
    review_fields(org, g);
    review_stages(org, g);
    review_transitions(org, g);
    ok(graph_finish(g, &org->e));
    return g;
}

/* S-1 teacher, S-2 lead, S-3 junior, S-4 inactive teacher; P-1. Roles teacher and psychologist. */
static inline int rules_setup(void **state)
{
    static const char *const roles[] = { "teacher", "psychologist", NULL };
    static const char *const staff[][3] = { { "Tea Cher", "teacher", "active" },
                                            { "Le Ad", "lead", "active" },
                                            { "Ju Nior", "junior", "active" },
                                            { "Go Ne", "teacher", "inactive" } };
    int rc = org_setup(state);
    struct org *org = *state;
    ok(domain_set_roles(org->d, roles, &org->e));
    ok(domain_add_graph(org->d, review_new(org, 1), &org->e));
    for (size_t i = 0; i < COUNT(staff); i++) {
        const struct store_set set[] = { { STAFF_NAME, value_text(staff[i][0]) },
                                         { STAFF_ROLES, value_text(staff[i][1]) },
                                         { STAFF_STATUS, value_text(staff[i][2]) } };
        org_write(org, ENTITY_STAFF, 0, set, 3, NULL);
    }
    const struct store_set person[] = { { PERSON_NAME, value_text("Ana Ruiz") } };
    org_write(org, ENTITY_PERSON, 0, person, 1, NULL);
    return rc;
}

static const struct actor teacher = { 1, "S-1", "teacher" }, lead = { 2, "S-2", "lead" },
                          junior = { 3, "S-3", "junior" };

/* Opens a review; in a turn of its own. */
static inline int64_t review_open(struct org *org, const struct actor *actor)
{
    const struct store_set set[] = { { REFERRAL_TITLE, value_text("reading") },
                                     { REFERRAL_SUBJECT, value_int(1) } };
    const struct referral_open open = { .workflow = "review", .set = set, .set_count = 2 };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, actor, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

/* One advance in a command of its own; kept if it went well. */
static inline int try_advance(struct org *org, const struct actor *actor, const struct advance *a)
{
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    struct error ignored;
    org->e = (struct error){ 0 };
    int rc = domain_advance(org->d, actor, a, NULL, &org->e);
    if (domain_command_end(org->d, rc == 0, &ignored) < 0 ||
        store_turn_commit(org->store, &ignored) < 0)
        fail_msg("the turn was lost: %s", ignored.message);
    return rc;
}

static inline int move_on(struct org *org, int64_t id, const struct actor *actor,
                          const char *transition, const char *fields)
{
    const struct advance a = { .referral_id = id,
                               .transition = transition,
                               .fields = fields,
                               .fields_len = fields ? strlen(fields) : 0 };
    return try_advance(org, actor, &a);
}

static inline const char *stage_of(struct org *org, int64_t id)
{
    return row_text(org_row(org, ENTITY_REFERRAL, id), REFERRAL_STAGE);
}

/* The path of a review to one of its stages. */
static inline int64_t review_at(struct org *org, const char *stage)
{
    static const char *const path[][2] = {
        { "open_review", NULL },
        { "share", "{\"dossier\":\"x\"}" },
        { "plan", "{\"goals\":[\"read\"]}" },
        { "start", "{\"plan_days\":30}" },
        { "evaluate", NULL },
        { "discontinue", NULL },
    };
    int64_t id = review_open(org, &teacher);
    for (size_t i = 0; i < COUNT(path) && strcmp(stage_of(org, id), stage) != 0; i++)
        ok(move_on(org, id, &org_operator, path[i][0], path[i][1]));
    assert_string_equal(stage_of(org, id), stage);
    return id;
}

static inline void check_rc(struct org *org, const char *label, int rc, int want,
                            const char *message)
{
    if (rc != want)
        fail_msg("%s: %d instead of %d (%s)", label, rc, want, rc ? org->e.message : "");
    if (message && !strstr(org->e.message, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", label, message, org->e.message);
}

/* The newest event of a referral. */
struct seen {
    char kind[64], actor[64], payload[512];
    int64_t at_ms;
};

static inline int seen_newest(void *context, const struct event *event)
{
    struct seen *s = context;
    snprintf(s->kind, sizeof s->kind, "%s", event->kind);
    snprintf(s->actor, sizeof s->actor, "%s", event->actor);
    snprintf(s->payload, sizeof s->payload, "%.*s", (int)event->payload_len, event->payload);
    s->at_ms = event->at_ms;
    return 1;
}

static inline struct seen newest(struct org *org, int64_t id)
{
    struct seen s = { .at_ms = 0 };
    store_history(org->store, ENTITY_REFERRAL, id, 1, seen_newest, &s, &org->e);
    return s;
}

#endif
