/* The check of a stage graph as a whole (DESIGN 7), and what an organisation's
 * settings take away before it.
 *
 * graph_finish first turns names into indices, then looks at the parts, then
 * walks the graph: everything must be reachable, and everything must end. */
#include "domain/graph_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "domain/words_internal.h"

/* Sets `KIND "word" is unknown, did you mean "x"?` and the place. Frees the words. */
static int graph_unknown(const char *what, const char *word, struct words *known, const char *where,
                         struct error *e)
{
    struct buf near = BUF_INIT;
    words__suggest(known, word, &near);
    if (near.len == 0) {
        buf_puts(&near, "; known: ");
        words__join(known, &near);
    }
    int rc = error_set(e, ERROR_INVALID, "%s \"%.80s\"%s", what, word, buf_text(&near));
    if (where)
        error_at(e, "%s", where);
    buf_free(&near);
    words__free(known);
    return rc;
}

static int graph_unknown_stage(const struct graph *g, const char *word, const char *where,
                               struct error *e)
{
    struct words known = WORDS_INIT;
    for (size_t i = 0; i < g->stage_count; i++)
        words__add(&known, g->stages[i].name);
    return graph_unknown("unknown stage", word, &known, where, e);
}

static int graph_unknown_transition(const struct graph *g, const char *word, const char *where,
                                    struct error *e)
{
    struct words known = WORDS_INIT;
    for (size_t i = 0; i < g->transition_count; i++)
        words__add(&known, g->transitions[i].name);
    return graph_unknown("unknown transition", word, &known, where, e);
}

static int graph_unknown_field(const struct graph *g, const char *word, const char *where,
                               struct error *e)
{
    struct words known = WORDS_INIT;
    const struct schema *referral = schema_of(ENTITY_REFERRAL);
    for (size_t i = 0; i < g->field_count; i++)
        words__add(&known, g->fields[i].name);
    for (size_t i = 0; i < referral->count; i++)
        if (!(referral->columns[i].flags & COLUMN_ENGINE))
            words__add(&known, referral->columns[i].name);
    return graph_unknown("unknown field", word, &known, where, e);
}

static int graph_refuse(const char *where, struct error *e)
{
    if (where)
        error_at(e, "%s", where);
    return -ERROR_INVALID;
}

static void disable_keep(struct graph *g, size_t index)
{
    size_t n = g->disabled_count++;
    g->disabled = mem_resize(g->disabled, (n + 1) * sizeof(*g->disabled));
    g->disabled_pending = mem_resize(g->disabled_pending, (n + 1) * sizeof(*g->disabled_pending));
    g->disabled[n] = g->transitions[index];
    g->disabled_pending[n] = g->pending[index];
}

int graph_disable_transition(struct graph *g, const char *name, struct error *e)
{
    size_t found = 0;
    if (g->finished)
        return error_set(e, ERROR_INVALID, "workflow \"%s\" is finished and cannot change",
                         g->name);
    for (size_t i = 0; i < g->transition_count; i++) {
        const struct transition *t = &g->transitions[i];
        if (strcmp(t->name, name) != 0)
            continue;
        found++;
        if (t->locked)
            return error_set(e, ERROR_DENIED,
                             "transition \"%s\" is locked and cannot be taken away: %s", name,
                             t->source ? t->source : "its plugin says so");
    }
    if (found == 0) {
        int rc = graph_unknown_transition(g, name, NULL, e);
        error_prefix(e, "workflow \"%s\"", g->name);
        return rc;
    }
    size_t kept = 0;
    for (size_t i = 0; i < g->transition_count; i++) {
        if (strcmp(g->transitions[i].name, name) == 0) {
            disable_keep(g, i);
            continue;
        }
        g->transitions[kept] = g->transitions[i];
        g->pending[kept++] = g->pending[i];
    }
    g->transition_count = kept;
    return 0;
}

/* Names to indices. */

static void finish_from_all(struct graph *g, struct transition *t)
{
    int *from = arena_alloc(g->memory, g->stage_count * sizeof(*from));
    for (size_t i = 0; i < g->stage_count; i++)
        if (!g->stages[i].final)
            from[t->from_count++] = (int)i;
    t->from = from;
}

static int finish_from_names(struct graph *g, struct transition *t, const char *const *names,
                             struct error *e)
{
    int *from = arena_alloc(g->memory, g->stage_count * sizeof(*from));
    bool seen[LIMIT_STAGES] = { false };
    t->from = from;
    for (; *names; names++) {
        int stage = graph_find_stage(g, *names);
        if (stage < 0)
            return graph_unknown_stage(g, *names, t->where, e);
        if (g->stages[stage].final) {
            error_set(e, ERROR_INVALID, "transition \"%s\" leaves the final stage \"%s\"", t->name,
                      *names);
            return graph_refuse(t->where, e);
        }
        if (!seen[stage])
            from[t->from_count++] = stage;
        seen[stage] = true;
    }
    return 0;
}

static int finish_transition(struct graph *g, size_t index, struct error *e)
{
    struct transition *t = &g->transitions[index];
    const struct graph_pending *p = &g->pending[index];
    t->from_count = 0;
    if (!strcmp(p->from[0], "*") && !p->from[1])
        finish_from_all(g, t);
    else if (finish_from_names(g, t, p->from, e) < 0)
        return -ERROR_INVALID;
    t->to = p->to ? graph_find_stage(g, p->to) : -1;
    if (p->to && t->to < 0)
        return graph_unknown_stage(g, p->to, t->where, e);
    return 0;
}

static int finish_leaving(struct graph *g, size_t index, struct error *e)
{
    const struct transition *t = &g->transitions[index];
    for (size_t i = 0; i < t->from_count; i++) {
        struct graph_leaving *l = &g->leaving[t->from[i]];
        if (!l->out)
            l->out = arena_alloc(g->memory, g->transition_count * sizeof(*l->out));
        for (size_t j = 0; j < l->out_count; j++)
            if (!strcmp(g->transitions[l->out[j]].name, t->name)) {
                error_set(e, ERROR_INVALID, "two transitions \"%s\" leave stage \"%s\"", t->name,
                          g->stages[t->from[i]].name);
                return graph_refuse(t->where, e);
            }
        l->out[l->out_count++] = (int)index;
    }
    return 0;
}

/* The parts. */

static int finish_initial(struct graph *g, struct error *e)
{
    for (size_t i = 0; i < g->stage_count; i++) {
        if (!g->stages[i].initial)
            continue;
        if (g->initial >= 0) {
            error_set(e, ERROR_INVALID, "stages \"%s\" and \"%s\" are both initial",
                      g->stages[g->initial].name, g->stages[i].name);
            return graph_refuse(g->leaving[i].where, e);
        }
        g->initial = (int)i;
    }
    if (g->initial < 0)
        return error_set(e, ERROR_INVALID, "no stage is initial: mark one of them");
    return 0;
}

static int finish_required(const struct graph *g, const char *const *names, const char *where,
                           struct error *e)
{
    for (; names && *names; names++)
        if (!graph__knows_field(g, *names))
            return graph_unknown_field(g, *names, where, e);
    return 0;
}

/* A locked transition stands open to everybody, always: nothing may be asked for. */
static const char *finish_locked_lacks(const struct graph *g, const struct transition *t)
{
    size_t open = 0;
    for (size_t i = 0; i < g->stage_count; i++)
        open += g->stages[i].final ? 0 : 1;
    if (!t->source || !*t->source)
        return "names its source: the act or standard that demands it";
    if (t->from_count != open)
        return "leaves every stage that is not final: from = \"*\"";
    if (t->roles)
        return "has no roles";
    if (t->required)
        return "has no required fields";
    if (t->guard >= 0)
        return "has no guard";
    if (t->note_required || t->reasons)
        return "asks for neither note nor reason";
    if (t->approval)
        return "needs no approval";
    return NULL;
}

static int finish_check_transition(struct graph *g, const struct transition *t, struct error *e)
{
    const char *lacks = t->locked ? finish_locked_lacks(g, t) : NULL;
    if (lacks) {
        error_set(e, ERROR_INVALID, "transition \"%s\": a locked one %s", t->name, lacks);
        return graph_refuse(t->where, e);
    }
    int rc = finish_required(g, t->required, t->where, e);
    if (rc == 0)
        rc = graph__finish_reasons(g, t, e);
    return rc == 0 && t->approval ? graph__finish_approval(g, t, e) : rc;
}

/* Whoever is told by a field must be somebody who can be told. */
static int finish_steps_to(const struct graph *g, const struct stage *s, const char *where,
                           struct error *e)
{
    char what[LIMIT_NAME_BYTES + 40];
    snprintf(what, sizeof what, "stage \"%s\": its deadline tells", s->name);
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].to_field && graph__check_staff_field(g, what, s->steps[i].to_field, e) < 0)
            return graph_refuse(where, e);
    return 0;
}

static int finish_check_stage(const struct graph *g, size_t index, struct error *e)
{
    const struct stage *s = &g->stages[index];
    const char *where = g->leaving[index].where;
    if (finish_required(g, s->required, where, e) < 0)
        return -ERROR_INVALID;
    if (s->due_field) {
        const struct field *f = graph_field(g, s->due_field);
        if (!f)
            return graph_unknown_field(g, s->due_field, where, e);
        if (f->type != FIELD_TIME && f->type != FIELD_DATE) {
            error_set(e, ERROR_INVALID,
                      "stage \"%s\": the deadline's field \"%s\" must be a time or a date", s->name,
                      f->name);
            return graph_refuse(where, e);
        }
    }
    if (s->has_deadline && s->step_count == 0) {
        error_set(e, ERROR_INVALID,
                  "stage \"%s\" has a deadline without a consequence: add a reminder, an overdue "
                  "task, an "
                  "escalation or an expiry",
                  s->name);
        return graph_refuse(where, e);
    }
    if (!s->has_deadline && s->step_count > 0) {
        error_set(e, ERROR_INVALID, "stage \"%s\" has reminders or escalations but no deadline",
                  s->name);
        return graph_refuse(where, e);
    }
    return finish_steps_to(g, s, where, e);
}

/* Steps by the clock. */

/* Rough, for the order only: what fires when is computed from the calendar. */
static double finish_span_days(const struct span *s)
{
    const double day_ms = 86400000.0;
    return s->months * 30.4 + s->days + s->working_days * 1.4 + s->school_days * 1.9 +
           (double)s->working_ms * 4.2 / day_ms + (double)s->ms / day_ms;
}

static double finish_step_place(const struct step *s)
{
    if (s->kind == STEP_DUE)
        return 0;
    return s->kind == STEP_REMIND ? -finish_span_days(&s->span) : finish_span_days(&s->span);
}

static bool finish_step_before(const struct step *a, const struct step *b)
{
    double pa = finish_step_place(a), pb = finish_step_place(b);
    return pa < pb || (pa <= pb && a->kind < b->kind);
}

static void finish_sort_steps(struct step *steps, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && finish_step_before(&steps[j], &steps[j - 1]); j--) {
            struct step swap = steps[j];
            steps[j] = steps[j - 1];
            steps[j - 1] = swap;
        }
}

/* The clock gives no note, and no reason but "expired". */
static const char *finish_expire_lacks(const struct transition *t)
{
    bool reason = t->reason_count == 0;
    for (size_t i = 0; i < t->reason_count; i++)
        reason =
            reason || (!strcmp(t->reasons[i].code, "expired") && !t->reasons[i].comment_required);
    if (t->to < 0)
        return "must move to a stage";
    if (t->note_required)
        return "must not ask for a note";
    if (t->approval)
        return "must not need an approval";
    return reason ? NULL : "must have \"expired\" among its reasons, without a comment";
}

static int finish_expire(struct graph *g, const struct graph_expire *x, struct error *e)
{
    int stage = graph_find_stage(g, x->stage);
    if (stage < 0)
        return graph_unknown_stage(g, x->stage, x->where, e);
    int transition = graph_find_transition(g, stage, x->transition);
    if (transition < 0)
        return graph_unknown_transition(g, x->transition, x->where, e);
    struct stage *s = &g->stages[stage];
    const char *lacks = finish_expire_lacks(&g->transitions[transition]);
    if (lacks) {
        error_set(e, ERROR_INVALID, "stage \"%s\" expires by \"%s\", which %s", s->name,
                  x->transition, lacks);
        return graph_refuse(x->where, e);
    }
    struct step *steps = arena_alloc(g->memory, (s->step_count + 1) * sizeof(*steps));
    memcpy(steps, s->steps, s->step_count * sizeof(*steps));
    steps[s->step_count++] =
        (struct step){ .kind = STEP_EXPIRE, .span = x->after, .transition = transition };
    s->steps = steps;
    return 0;
}

/* Where a stage goes at the very moment that a field names, or -1. */
static int finish_instant_expiry(const struct graph *g, int stage)
{
    const struct stage *s = &g->stages[stage];
    for (size_t i = 0; s->due_field && i < s->step_count; i++)
        if (s->steps[i].kind == STEP_EXPIRE && span_is_zero(&s->steps[i].span))
            return g->transitions[s->steps[i].transition].to;
    return -1;
}

/* A date that has passed would send a referral round such a ring for ever. */
static int finish_no_ring(const struct graph *g, struct error *e)
{
    for (size_t i = 0; i < g->stage_count; i++) {
        int at = (int)i;
        for (size_t hops = 0; at >= 0 && hops <= g->stage_count; hops++)
            at = finish_instant_expiry(g, at);
        if (at < 0)
            continue;
        error_set(
            e, ERROR_INVALID,
            "stage \"%s\" expires round in a ring without time passing: give an expiry a span",
            g->stages[at].name);
        return graph_refuse(g->leaving[at].where, e);
    }
    return 0;
}

/* The walk. */

/* Marks what can be reached from the initial stage, or, backwards, what can reach a final one. */
static void finish_walk(const struct graph *g, bool backwards, bool *reached)
{
    for (size_t i = 0; i < g->stage_count; i++)
        reached[i] = backwards ? g->stages[i].final : (int)i == g->initial;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < g->transition_count; i++) {
            const struct transition *t = &g->transitions[i];
            for (size_t j = 0; t->to >= 0 && j < t->from_count; j++) {
                int have = backwards ? t->to : t->from[j], get = backwards ? t->from[j] : t->to;
                if (reached[have] && !reached[get])
                    more = reached[get] = true;
            }
        }
    }
}

/* An organisation that disables transitions may leave stages behind that nobody reaches any more:
 * that is what it asked for. One that nobody can leave is a trap all the same. */
static int finish_reach(const struct graph *g, struct error *e)
{
    bool reached[LIMIT_STAGES], ends[LIMIT_STAGES];
    finish_walk(g, false, reached);
    finish_walk(g, true, ends);
    for (size_t i = 0; i < g->stage_count; i++) {
        if (reached[i] ? ends[i] : g->disabled_count > 0)
            continue;
        if (!reached[i])
            error_set(e, ERROR_INVALID,
                      "stage \"%s\" is reached by no transition from the initial stage",
                      g->stages[i].name);
        else
            error_set(e, ERROR_INVALID, "from stage \"%s\" no way leads to a final stage%s%s%s",
                      g->stages[i].name, g->disabled_count ? ", with \"" : "",
                      g->disabled_count ? g->disabled[0].name : "",
                      g->disabled_count ? "\" disabled in org.ini" : "");
        return graph_refuse(g->leaving[i].where, e);
    }
    return 0;
}

static int finish_all(struct graph *g, struct error *e)
{
    int rc = finish_initial(g, e);
    for (size_t i = 0; rc == 0 && i < g->transition_count; i++)
        rc = finish_transition(g, i, e);
    for (size_t i = 0; rc == 0 && i < g->transition_count; i++)
        rc = finish_leaving(g, i, e);
    for (size_t i = 0; rc == 0 && i < g->transition_count; i++)
        rc = finish_check_transition(g, &g->transitions[i], e);
    for (size_t i = 0; rc == 0 && i < g->expire_count; i++)
        rc = finish_expire(g, &g->expires[i], e);
    for (size_t i = 0; rc == 0 && i < g->stage_count; i++) {
        rc = finish_check_stage(g, i, e);
        finish_sort_steps((struct step *)g->stages[i].steps, g->stages[i].step_count);
    }
    if (rc == 0)
        rc = graph__finish_children(g, e);
    if (rc == 0)
        rc = finish_no_ring(g, e);
    if (rc == 0)
        rc = finish_reach(g, e);
    return rc;
}

int graph_finish(struct graph *g, struct error *e)
{
    if (g->finished)
        return error_set(e, ERROR_INVALID, "workflow \"%s\" is finished already", g->name);
    int rc = 0;
    if (!text_is_name(g->name))
        rc = error_set(e, ERROR_INVALID,
                       "a name is made of a-z, 0-9 and _, begins with a letter and has at most %d "
                       "characters",
                       LIMIT_NAME_BYTES);
    else if (g->stage_count == 0)
        rc = error_set(e, ERROR_INVALID, "it has no stages");
    else if (g->version < 1)
        rc = error_set(e, ERROR_INVALID, "version %d: versions count from 1", g->version);
    else
        rc = finish_all(g, e);
    if (rc < 0) {
        error_prefix(e, "workflow \"%s\"", g->name);
        return rc;
    }
    g->finished = true;
    return 0;
}
