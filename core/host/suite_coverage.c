/* Which stages and transitions the cases of a suite went through, by what their
 * events say, before they are undone. */
#include <string.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "host/suite_internal.h"

static struct coverage_workflow *coverage_find(struct coverage *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->workflows[i].name, name))
            return &c->workflows[i];
    return NULL;
}

static struct coverage_place *coverage_place(struct coverage_workflow *w, const char *name,
                                             const char *from)
{
    for (size_t i = 0; i < w->count; i++) {
        struct coverage_place *p = &w->places[i];
        if (!strcmp(p->name, name) && !p->from == !from && (!from || !strcmp(p->from, from)))
            return p;
    }
    return NULL;
}

static void coverage_put(struct coverage_workflow *w, const char *name, const char *from)
{
    if (coverage_place(w, name, from))
        return;
    w->places = mem_resize(w->places, (w->count + 1) * sizeof *w->places);
    w->places[w->count++] = (struct coverage_place){ .name = mem_dup(name), .from = mem_dup(from) };
}

/* "a, b": the stages that a transition leaves; the same for every workflow that declares it. */
static void coverage_from(const struct graph *g, const struct transition *t, struct buf *out)
{
    for (size_t i = 0; i < t->from_count; i++)
        buf_printf(out, "%s%s", i ? ", " : "", graph_stage(g, t->from[i])->name);
}

static void coverage_add_graph(struct coverage *c, const struct graph *g)
{
    struct coverage_workflow *w = coverage_find(c, graph_name(g));
    if (!w) {
        c->workflows = mem_resize(c->workflows, (c->count + 1) * sizeof *c->workflows);
        w = &c->workflows[c->count++];
        *w = (struct coverage_workflow){ .name = mem_dup(graph_name(g)) };
    }
    for (size_t i = 0; i < graph_stage_count(g); i++)
        coverage_put(w, graph_stage(g, (int)i)->name, NULL);
    for (size_t i = 0; i < graph_transition_count(g); i++) {
        const struct transition *t = graph_transition(g, (int)i);
        struct buf from = BUF_INIT;
        coverage_from(g, t, &from);
        coverage_put(w, t->name, buf_text(&from));
        buf_free(&from);
    }
}

void coverage__add(struct coverage *c, struct org *o, const char *plugin)
{
    const struct domain *d = o->world.domain;
    for (size_t i = 0; plugin && i < domain_graph_count(d); i++)
        if (!strcmp(graph_plugin(domain_graph_at(d, i)), plugin))
            coverage_add_graph(c, domain_graph_at(d, i));
}

/* ---- what was seen ---- */

struct coverage_look {
    struct coverage *coverage;
    struct org *o;
};

static void coverage_mark(struct coverage_workflow *w, const char *name, const char *from)
{
    struct coverage_place *p = coverage_place(w, name, from);
    if (p)
        p->seen = true;
}

/* A short member of the payload; names of stages need no unescaping. */
static bool coverage_member(const struct event *event, const char *key, char *out, size_t size)
{
    struct json_slice slice;
    if (!event->payload ||
        !jsons_get(event->payload, event->payload_len, key, strlen(key), &slice) ||
        slice.type != JSON_T_TEXT || slice.len >= size)
        return false;
    memcpy(out, slice.text, slice.len);
    out[slice.len] = '\0';
    return true;
}

static void coverage_advanced(struct coverage_workflow *w, const struct graph *g,
                              const struct event *event)
{
    char name[128], from[128], to[128];
    struct buf stages = BUF_INIT;
    if (!coverage_member(event, "transition", name, sizeof name) ||
        !coverage_member(event, "from", from, sizeof from))
        return;
    int stage = graph_find_stage(g, from);
    int transition = stage >= 0 ? graph_find_transition(g, stage, name) : -1;
    if (transition >= 0) {
        coverage_from(g, graph_transition(g, transition), &stages);
        coverage_mark(w, name, buf_text(&stages));
    }
    if (coverage_member(event, "to", to, sizeof to))
        coverage_mark(w, to, NULL);
    buf_free(&stages);
}

static int coverage_event(void *context, const struct event *event)
{
    const struct coverage_look *look = context;
    const struct row *row;
    bool opened = !strcmp(event->kind, "referral.opened");
    if (event->entity != ENTITY_REFERRAL || (!opened && strcmp(event->kind, "referral.advanced")) ||
        store_get(look->o->store, ENTITY_REFERRAL, event->entity_id, &row, NULL))
        return 0;
    const char *name = row_text(row, REFERRAL_WORKFLOW);
    struct coverage_workflow *w = coverage_find(look->coverage, name);
    const struct graph *g = w ? domain_graph(look->o->world.domain, name) : NULL;
    if (g && opened)
        coverage_mark(w, graph_stage(g, graph_initial(g))->name, NULL);
    else if (g)
        coverage_advanced(w, g, event);
    return 0;
}

void coverage__see(struct coverage *c, struct org *o, int64_t seq)
{
    struct coverage_look look = { c, o };
    if (c->count)
        store_pending(o->store, seq, coverage_event, &look, NULL);
}

/* ---- the report ---- */

static bool coverage_is_ambiguous(const struct coverage_workflow *w, const struct coverage_place *p)
{
    for (size_t i = 0; i < w->count; i++)
        if (&w->places[i] != p && w->places[i].from && !strcmp(w->places[i].name, p->name))
            return true;
    return false;
}

void coverage__report(struct coverage_workflow *w, struct suite_coverage *out)
{
    *out = (struct suite_coverage){ .workflow = w->name };
    buf_clear(&w->never_entered);
    buf_clear(&w->never_taken);
    for (size_t i = 0; i < w->count; i++) {
        const struct coverage_place *p = &w->places[i];
        struct buf *never = p->from ? &w->never_taken : &w->never_entered;
        *(p->from ? &out->transitions : &out->stages) += 1;
        *(p->from ? &out->taken : &out->entered) += p->seen;
        if (p->seen)
            continue;
        buf_printf(never, "%s%s", never->len ? ", " : "", p->name);
        if (p->from && coverage_is_ambiguous(w, p))
            buf_printf(never, " (from %s)", p->from);
    }
    out->never_entered = buf_text(&w->never_entered);
    out->never_taken = buf_text(&w->never_taken);
}

void coverage__free(struct coverage *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct coverage_workflow *w = &c->workflows[i];
        for (size_t k = 0; k < w->count; k++) {
            mem_free(w->places[k].name);
            mem_free(w->places[k].from);
        }
        mem_free(w->places);
        buf_free(&w->never_entered);
        buf_free(&w->never_taken);
        mem_free(w->name);
    }
    mem_free(c->workflows);
    *c = (struct coverage){ 0 };
}
