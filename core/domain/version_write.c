/* A stage graph as JSON: what decides how referrals run, in one form, so that
 * two declarations that mean the same give the same text. Names instead of
 * indices; transitions in the order of their names; spans in their parts. */
#include <stdlib.h>
#include <string.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/graph_internal.h"
#include "domain/version_internal.h"

static void write_text(struct jsonw *w, const char *key, const char *text)
{
    if (!text)
        return;
    jsonw_key(w, key);
    jsonw_text(w, text);
}

static void write_flag(struct jsonw *w, const char *key, bool flag)
{
    if (!flag)
        return;
    jsonw_key(w, key);
    jsonw_bool(w, true);
}

static void write_int(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void write_words(struct jsonw *w, const char *key, const char *const *words)
{
    if (!words)
        return;
    jsonw_key(w, key);
    jsonw_open_array(w);
    for (; *words; words++)
        jsonw_text(w, *words);
    jsonw_close(w);
}

static void write_span(struct jsonw *w, const char *key, const struct span *s)
{
    const struct {
        const char *name;
        int64_t n;
    } parts[] = { { "ms", s->ms },
                  { "working_ms", s->working_ms },
                  { "days", s->days },
                  { "months", s->months },
                  { "working_days", s->working_days },
                  { "school_days", s->school_days } };
    jsonw_key(w, key);
    jsonw_open_object(w);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].n != 0)
            write_int(w, parts[i].name, parts[i].n);
    jsonw_close(w);
}

static void write_field(struct jsonw *w, const struct field *f)
{
    jsonw_open_object(w);
    write_text(w, "name", f->name);
    write_int(w, "type", f->type);
    if (f->type == FIELD_REF)
        write_int(w, "ref", f->ref);
    write_words(w, "values", f->values);
    if (f->has_min) {
        jsonw_key(w, "min");
        jsonw_real(w, f->min);
    }
    if (f->has_max) {
        jsonw_key(w, "max");
        jsonw_real(w, f->max);
    }
    jsonw_close(w);
}

/* The expiry is a step with a transition; the others are written in their order. */
static void write_steps(struct jsonw *w, const struct graph *g, const struct stage *s)
{
    jsonw_key(w, "steps");
    jsonw_open_array(w);
    for (size_t i = 0; i < s->step_count; i++) {
        const struct step *step = &s->steps[i];
        jsonw_open_object(w);
        write_int(w, "kind", step->kind);
        write_span(w, "span", &step->span);
        write_text(w, "to", step->to_role);
        write_text(w, "to_field", step->to_field);
        if (step->kind == STEP_EXPIRE)
            write_text(w, "transition", graph_transition(g, step->transition)->name);
        jsonw_close(w);
    }
    jsonw_close(w);
}

static void write_stage(struct jsonw *w, const struct graph *g, const struct stage *s)
{
    jsonw_open_object(w);
    write_text(w, "name", s->name);
    write_flag(w, "initial", s->initial);
    write_flag(w, "final", s->final);
    write_text(w, "outcome", s->outcome);
    write_words(w, "owner_roles", s->owner_roles);
    write_words(w, "required", s->required);
    write_text(w, "due_field", s->due_field);
    write_flag(w, "clock_paused", s->clock_paused);
    if (s->has_deadline && !s->due_field)
        write_span(w, "within", &s->within);
    if (s->step_count > 0)
        write_steps(w, g, s);
    jsonw_close(w);
}

static void write_reasons(struct jsonw *w, const struct transition *t)
{
    jsonw_key(w, "reasons");
    jsonw_open_array(w);
    for (size_t i = 0; i < t->reason_count; i++) {
        const struct reason *r = &t->reasons[i];
        jsonw_open_object(w);
        write_text(w, "code", r->code);
        write_flag(w, "comment", r->comment_required);
        if (!span_is_zero(&r->cooling_off))
            write_span(w, "cooling_off", &r->cooling_off);
        write_flag(w, "reroute", r->reroute);
        jsonw_close(w);
    }
    jsonw_close(w);
}

static void write_approval(struct jsonw *w, const struct approval *a)
{
    jsonw_key(w, "approval");
    jsonw_open_object(w);
    write_int(w, "need", a->need);
    write_flag(w, "automatic", a->automatic);
    write_flag(w, "several", a->several);
    write_text(w, "otherwise", a->otherwise);
    jsonw_key(w, "seats");
    jsonw_open_array(w);
    for (size_t i = 0; i < a->seat_count; i++) {
        const struct seat *s = &a->seats[i];
        jsonw_open_object(w);
        write_text(w, "name", s->name);
        write_text(w, "role", s->role);
        write_text(w, "field", s->field);
        write_int(w, "weight", s->weight);
        write_flag(w, "mandatory", s->mandatory);
        write_flag(w, "veto", s->veto);
        jsonw_close(w);
    }
    jsonw_close(w);
    jsonw_close(w);
}

struct written {
    const struct transition *t;
    const struct graph_pending *pending;
};

static int written_order(const void *a, const void *b)
{
    const struct written *x = a, *y = b;
    int order = strcmp(x->t->name, y->t->name);
    for (size_t i = 0; order == 0; i++) {
        const char *p = x->pending->from[i], *q = y->pending->from[i];
        if (!p || !q)
            return (p != NULL) - (q != NULL);
        order = strcmp(p, q);
    }
    return order;
}

static void write_transition(struct jsonw *w, const struct written *x)
{
    const struct transition *t = x->t;
    jsonw_open_object(w);
    write_text(w, "name", t->name);
    write_words(w, "from", x->pending->from);
    write_text(w, "to", x->pending->to);
    write_words(w, "roles", t->roles);
    write_words(w, "required", t->required);
    if (t->reason_count > 0)
        write_reasons(w, t);
    write_flag(w, "note", t->note_required);
    write_flag(w, "locked", t->locked);
    write_text(w, "source", t->source);
    write_flag(w, "guard", t->guard >= 0);
    write_flag(w, "effect", t->effect >= 0);
    if (t->approval)
        write_approval(w, t->approval);
    jsonw_close(w);
}

static void write_transitions(struct jsonw *w, const struct graph *g)
{
    size_t count = g->transition_count + g->disabled_count;
    struct written *all = mem_zero((count + 1) * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = i < g->transition_count
                     ? (struct written){ &g->transitions[i], &g->pending[i] }
                     : (struct written){ &g->disabled[i - g->transition_count],
                                         &g->disabled_pending[i - g->transition_count] };
    qsort(all, count, sizeof *all, written_order);
    jsonw_key(w, "transitions");
    jsonw_open_array(w);
    for (size_t i = 0; i < count; i++)
        write_transition(w, &all[i]);
    jsonw_close(w);
    mem_free(all);
}

static void write_children(struct jsonw *w, const struct graph *g)
{
    const struct child_rule *r;
    if (!graph_child_at(g, 0))
        return;
    jsonw_key(w, "children");
    jsonw_open_array(w);
    for (size_t i = 0; (r = graph_child_at(g, i)); i++) {
        jsonw_open_object(w);
        write_text(w, "workflow", r->workflow);
        write_int(w, "action", r->action);
        write_text(w, "transition", r->transition);
        jsonw_close(w);
    }
    jsonw_close(w);
}

void version__write(const struct graph *g, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    write_text(&w, "name", g->name);
    write_int(&w, "version", g->version);
    jsonw_key(&w, "fields");
    jsonw_open_array(&w);
    for (size_t i = 0; i < g->field_count; i++)
        write_field(&w, &g->fields[i]);
    jsonw_close(&w);
    jsonw_key(&w, "stages");
    jsonw_open_array(&w);
    for (size_t i = 0; i < g->stage_count; i++)
        write_stage(&w, g, &g->stages[i]);
    jsonw_close(&w);
    write_transitions(&w, g);
    write_children(&w, g);
    jsonw_close(&w);
}
