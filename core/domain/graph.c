/* A stage graph: building.
 *
 * While it is built, stages, transitions and fields collect in arrays, and all
 * that they point to is copied into one arena. graph_finish (graph_check.c)
 * turns names into indices and checks the whole; after it nothing changes. */
#include "domain/graph_internal.h"

#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

struct graph *graph_new(const char *name, int version, const char *plugin)
{
    struct graph *g = mem_new(struct graph);
    g->memory = arena_new(0);
    g->name = arena_dup(g->memory, name);
    g->title = g->name;
    g->plugin = arena_dup(g->memory, plugin ? plugin : "");
    g->version = version;
    g->initial = -1;
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    mem_free(g->stages);
    mem_free(g->leaving);
    mem_free(g->transitions);
    mem_free(g->pending);
    mem_free(g->expires);
    mem_free(g->fields);
    mem_free(g->disabled);
    mem_free(g->disabled_pending);
    mem_free(g->migrations);
    mem_free(g->children);
    arena_free(g->memory);
    mem_free(g);
}

void graph_title(struct graph *g, const char *title)
{
    g->title = title && *title ? arena_dup(g->memory, title) : g->name;
}

static const char *graph_dup(struct graph *g, const char *text)
{
    return text ? arena_dup(g->memory, text) : NULL;
}

/* An empty list is no list. */
static const char *const *graph_dup_words(struct arena *memory, const char *const *words)
{
    size_t n = 0;
    while (words && words[n])
        n++;
    if (n == 0)
        return NULL;
    const char **copy = arena_alloc(memory, (n + 1) * sizeof(*copy));
    for (size_t i = 0; i < n; i++)
        copy[i] = arena_dup(memory, words[i]);
    return copy;
}

static int graph_check_open(const struct graph *g, struct error *e)
{
    if (g->finished)
        return error_set(e, ERROR_INVALID, "workflow \"%s\" is finished and cannot change",
                         g->name);
    return 0;
}

static int graph_check_name(const char *what, const char *name, struct error *e)
{
    if (name && text_is_name(name))
        return 0;
    return error_set(
        e, ERROR_INVALID,
        "%s \"%.80s\": a name is made of a-z, 0-9 and _, begins with a letter and has at "
        "most %d characters",
        what, name ? name : "", LIMIT_NAME_BYTES);
}

/* `words` may be NULL; an empty list is refused where it could be taken for "nobody". */
static int graph_check_roles(const char *what, const char *name, const char *const *roles,
                             struct error *e)
{
    if (!roles)
        return 0;
    if (!roles[0])
        return error_set(e, ERROR_INVALID, "%s \"%s\": roles is empty; leave it out for anyone",
                         what, name);
    for (; *roles; roles++) {
        int rc = graph_check_name("role", *roles, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Fields. */

int field__check(const struct field *f, enum entity entity, struct error *e)
{
    int rc = graph_check_name("field", f->name, e);
    if (rc < 0)
        return rc;
    bool reserved =
        !strcmp(f->name, "id") || !strcmp(f->name, "version") || !strcmp(f->name, "fields");
    if (reserved || schema_column(schema_of(entity), f->name) >= 0)
        return error_set(e, ERROR_INVALID, "field \"%s\": every %s has a column of that name",
                         f->name, schema_of(entity)->name);
    if (f->values && f->type != FIELD_TEXT && f->type != FIELD_LIST)
        return error_set(e, ERROR_INVALID, "field \"%s\": only a text or a list has allowed values",
                         f->name);
    if (f->values && !f->values[0])
        return error_set(e, ERROR_INVALID, "field \"%s\": the list of allowed values is empty",
                         f->name);
    if (f->type == FIELD_REF && (f->ref <= ENTITY_NONE || f->ref >= ENTITY_END))
        return error_set(e, ERROR_INVALID, "field \"%s\": a reference says to which entity",
                         f->name);
    if (f->has_min && f->has_max && f->min > f->max)
        return error_set(e, ERROR_INVALID, "field \"%s\": min %g is above max %g", f->name, f->min,
                         f->max);
    return 0;
}

void field__copy(struct arena *memory, const struct field *from, struct field *to)
{
    *to = *from;
    to->name = arena_dup(memory, from->name);
    to->values = graph_dup_words(memory, from->values);
    to->help = from->help ? arena_dup(memory, from->help) : NULL;
}

int graph_add_field(struct graph *g, const struct field *f, struct error *e)
{
    int rc = graph_check_open(g, e);
    if (rc == 0)
        rc = field__check(f, ENTITY_REFERRAL, e);
    if (rc < 0)
        return rc;
    if (graph_field(g, f->name))
        return error_set(e, ERROR_INVALID, "field \"%s\" is declared twice", f->name);
    if (g->field_count >= LIMIT_FIELDS)
        return error_set(e, ERROR_LIMIT, "workflow \"%s\" has more than %d fields", g->name,
                         LIMIT_FIELDS);
    g->fields = mem_resize(g->fields, (g->field_count + 1) * sizeof(*g->fields));
    field__copy(g->memory, f, &g->fields[g->field_count++]);
    return 0;
}

/* Stages. */

static bool graph_span_is_positive(const struct span *s)
{
    return !span_is_zero(s) && s->ms >= 0 && s->working_ms >= 0 && s->days >= 0 && s->months >= 0 &&
           s->working_days >= 0 && s->school_days >= 0;
}

static int graph_check_step(const struct stage *s, const struct step *step, struct error *e)
{
    if (step->to_role && graph_check_name("role", step->to_role, e) < 0)
        return -ERROR_INVALID;
    switch (step->kind) {
    case STEP_REMIND:
        if (!graph_span_is_positive(&step->span))
            return error_set(e, ERROR_INVALID,
                             "stage \"%s\": a reminder says how long before the deadline", s->name);
        return 0;
    case STEP_DUE:
        return 0;
    case STEP_ESCALATE:
        if (!graph_span_is_positive(&step->span))
            return error_set(e, ERROR_INVALID,
                             "stage \"%s\": an escalation says how long after the deadline",
                             s->name);
        return 0;
    case STEP_EXPIRE:
        break;
    }
    return error_set(e, ERROR_INVALID,
                     "stage \"%s\": a step is a reminder, the deadline or an escalation", s->name);
}

static int graph_check_deadline(const struct stage *s, struct error *e)
{
    bool within = s->has_deadline && !s->due_field;
    if (s->due_field && !span_is_zero(&s->within))
        return error_set(e, ERROR_INVALID,
                         "stage \"%s\": a deadline is a span or a field, not both", s->name);
    if (within && !graph_span_is_positive(&s->within))
        return error_set(e, ERROR_INVALID,
                         "stage \"%s\": a deadline needs a span, such as 3 working days", s->name);
    if (s->final && (within || s->due_field))
        return error_set(e, ERROR_INVALID, "stage \"%s\" is final and has a deadline", s->name);
    if (s->step_count > LIMIT_STEPS)
        return error_set(e, ERROR_LIMIT, "stage \"%s\" has more than %d steps", s->name,
                         LIMIT_STEPS);
    for (size_t i = 0; i < s->step_count; i++) {
        int rc = graph_check_step(s, &s->steps[i], e);
        if (rc < 0)
            return rc;
        for (size_t j = 0; j < i; j++)
            if (s->steps[i].kind == STEP_DUE && s->steps[j].kind == STEP_DUE)
                return error_set(e, ERROR_INVALID, "stage \"%s\": the deadline is there twice",
                                 s->name);
    }
    return 0;
}

static int graph_check_stage(const struct graph *g, const struct stage *s, struct error *e)
{
    int rc = graph_check_name("stage", s->name, e);
    if (rc == 0)
        rc = graph_check_roles("stage", s->name, s->owner_roles, e);
    if (rc < 0)
        return rc;
    if (graph_find_stage(g, s->name) >= 0)
        return error_set(e, ERROR_INVALID, "stage \"%s\" is declared twice", s->name);
    if (g->stage_count >= LIMIT_STAGES)
        return error_set(e, ERROR_LIMIT, "workflow \"%s\" has more than %d stages", g->name,
                         LIMIT_STAGES);
    if (s->initial && s->final)
        return error_set(e, ERROR_INVALID, "stage \"%s\" is both initial and final", s->name);
    if (s->clock_paused && s->final)
        return error_set(e, ERROR_INVALID,
                         "stage \"%s\" is final: no clock runs there that could be paused",
                         s->name);
    if (s->outcome && !s->final)
        return error_set(e, ERROR_INVALID, "stage \"%s\": only a final stage has an outcome",
                         s->name);
    return graph_check_deadline(s, e);
}

static void graph_copy_stage(struct graph *g, const struct stage *s, struct stage *to)
{
    *to = *s;
    to->name = graph_dup(g, s->name);
    to->title = s->title ? graph_dup(g, s->title) : to->name;
    to->help = graph_dup(g, s->help);
    to->owner_roles = graph_dup_words(g->memory, s->owner_roles);
    to->required = graph_dup_words(g->memory, s->required);
    to->outcome = s->final ? graph_dup(g, s->outcome ? s->outcome : s->name) : NULL;
    to->due_field = graph_dup(g, s->due_field);
    to->has_deadline = s->has_deadline || s->due_field;
    struct step *steps = arena_alloc(g->memory, (s->step_count + 1) * sizeof(*steps));
    for (size_t i = 0; i < s->step_count; i++) {
        steps[i] = s->steps[i];
        steps[i].to_role = graph_dup(g, s->steps[i].to_role);
        steps[i].to_field = graph_dup(g, s->steps[i].to_field);
        steps[i].transition = -1;
        if (steps[i].kind == STEP_DUE)
            steps[i].span = (struct span){ 0 };
    }
    to->steps = steps;
}

int graph_add_stage(struct graph *g, const struct stage *s, const char *where, struct error *e)
{
    int rc = graph_check_open(g, e);
    if (rc == 0)
        rc = graph_check_stage(g, s, e);
    if (rc < 0) {
        if (where)
            error_at(e, "%s", where);
        return rc;
    }
    size_t n = g->stage_count++;
    g->stages = mem_resize(g->stages, (n + 1) * sizeof(*g->stages));
    g->leaving = mem_resize(g->leaving, (n + 1) * sizeof(*g->leaving));
    graph_copy_stage(g, s, &g->stages[n]);
    g->leaving[n] = (struct graph_leaving){ graph_dup(g, where), NULL, 0 };
    return 0;
}

int graph_set_expire(struct graph *g, const char *stage, const struct span *after,
                     const char *transition, const char *where, struct error *e)
{
    int rc = graph_check_open(g, e);
    for (size_t i = 0; rc == 0 && i < g->expire_count; i++)
        if (!strcmp(g->expires[i].stage, stage))
            rc = error_set(e, ERROR_INVALID, "stage \"%s\" expires twice", stage);
    if (rc == 0 && !span_is_zero(after) && !graph_span_is_positive(after))
        rc = error_set(e, ERROR_INVALID, "stage \"%s\" expires after its deadline, not before",
                       stage);
    if (rc == 0 && g->expire_count >= LIMIT_STAGES)
        rc = error_set(e, ERROR_LIMIT, "workflow \"%s\" has more expiries than stages", g->name);
    if (rc < 0) {
        if (where)
            error_at(e, "%s", where);
        return rc;
    }
    g->expires = mem_resize(g->expires, (g->expire_count + 1) * sizeof(*g->expires));
    g->expires[g->expire_count++] =
        (struct graph_expire){ graph_dup(g, stage), graph_dup(g, transition), graph_dup(g, where),
                               *after };
    return 0;
}

/* Transitions. */

static int graph_check_reasons(const struct transition *t, struct error *e)
{
    if (t->reason_count > LIMIT_REASONS)
        return error_set(e, ERROR_LIMIT, "transition \"%s\" has more than %d reasons", t->name,
                         LIMIT_REASONS);
    for (size_t i = 0; i < t->reason_count; i++) {
        int rc = graph_check_name("reason", t->reasons[i].code, e);
        if (rc < 0)
            return rc;
        const struct span *cooling = &t->reasons[i].cooling_off;
        if (!span_is_zero(cooling) && !graph_span_is_positive(cooling))
            return error_set(e, ERROR_INVALID,
                             "transition \"%s\": reason \"%s\": a cooling-off lies ahead", t->name,
                             t->reasons[i].code);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(t->reasons[i].code, t->reasons[j].code))
                return error_set(e, ERROR_INVALID,
                                 "transition \"%s\": reason \"%s\" is there twice", t->name,
                                 t->reasons[i].code);
    }
    return 0;
}

static int graph_check_transition(const struct graph *g, const struct transition *t,
                                  const char *const *from, struct error *e)
{
    int rc = graph_check_name("transition", t->name, e);
    if (rc == 0)
        rc = graph_check_roles("transition", t->name, t->roles, e);
    if (rc == 0)
        rc = graph_check_reasons(t, e);
    if (rc == 0 && t->approval)
        rc = graph__check_approval(t, e);
    if (rc < 0)
        return rc;
    if (!from || !from[0])
        return error_set(
            e, ERROR_INVALID,
            "transition \"%s\" leaves no stage: give from, or \"*\" for every stage that is "
            "not final",
            t->name);
    if (g->transition_count >= LIMIT_TRANSITIONS)
        return error_set(e, ERROR_LIMIT, "workflow \"%s\" has more than %d transitions", g->name,
                         LIMIT_TRANSITIONS);
    return 0;
}

static void graph_copy_transition(struct graph *g, const struct transition *t,
                                  struct transition *to)
{
    *to = *t;
    to->name = graph_dup(g, t->name);
    to->title = t->title ? graph_dup(g, t->title) : to->name;
    to->help = graph_dup(g, t->help);
    to->from = NULL;
    to->from_count = 0;
    to->to = -1;
    to->roles = graph_dup_words(g->memory, t->roles);
    to->required = graph_dup_words(g->memory, t->required);
    to->source = graph_dup(g, t->source);
    to->guard_where = graph_dup(g, t->guard_where);
    to->where = graph_dup(g, t->where);
    struct reason *reasons = arena_alloc(g->memory, (t->reason_count + 1) * sizeof(*reasons));
    for (size_t i = 0; i < t->reason_count; i++) {
        reasons[i] = t->reasons[i];
        reasons[i].code = graph_dup(g, t->reasons[i].code);
        reasons[i].title =
            t->reasons[i].title ? graph_dup(g, t->reasons[i].title) : reasons[i].code;
    }
    to->reasons = t->reason_count > 0 ? reasons : NULL;
    to->approval = t->approval ? graph__copy_approval(g->memory, t->approval) : NULL;
}

int graph_add_transition(struct graph *g, const struct transition *t, const char *const *from,
                         const char *to, struct error *e)
{
    int rc = graph_check_open(g, e);
    if (rc == 0)
        rc = graph_check_transition(g, t, from, e);
    if (rc < 0) {
        if (t->where)
            error_at(e, "%s", t->where);
        return rc;
    }
    size_t n = g->transition_count++;
    g->transitions = mem_resize(g->transitions, (n + 1) * sizeof(*g->transitions));
    g->pending = mem_resize(g->pending, (n + 1) * sizeof(*g->pending));
    graph_copy_transition(g, t, &g->transitions[n]);
    g->pending[n] = (struct graph_pending){ graph_dup_words(g->memory, from), graph_dup(g, to) };
    return 0;
}
