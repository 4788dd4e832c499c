/* Approvals in a stage graph: what a declaration must be by itself, and that
 * in its graph it can be reached, can pass, and leaves a way on when it fails. */
#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "domain/graph_internal.h"
#include "domain/words_internal.h"

static int approval_check_name(const char *name, const char *what, const char *given,
                               struct error *e)
{
    if (text_is_name(given))
        return 0;
    return error_set(e, ERROR_INVALID,
                     "approval of \"%s\": %s \"%.80s\": a name is made of a-z, 0-9 and _ and "
                     "begins with a letter",
                     name, what, given);
}

static int approval_check_seat(const char *name, const struct seat *s, struct error *e)
{
    int rc = approval_check_name(name, "seat", s->name ? s->name : "", e);
    if (rc < 0)
        return rc;
    if (!s->role == !s->field)
        return error_set(
            e, ERROR_INVALID,
            "approval of \"%s\": seat \"%s\" says who fills it: by role, or by a field "
            "that names a member of staff, not %s",
            name, s->name, s->role ? "both" : "neither");
    if (s->role && (rc = approval_check_name(name, "role", s->role, e)) < 0)
        return rc;
    if (s->weight < 1 || s->weight > LIMIT_SEAT_WEIGHT)
        return error_set(e, ERROR_INVALID,
                         "approval of \"%s\": seat \"%s\": weight takes 1 to %d, not %d", name,
                         s->name, LIMIT_SEAT_WEIGHT, s->weight);
    return 0;
}

/* One person fills one seat, so of two seats for the same person one stays empty for ever. */
static int approval_check_pair(const char *name, const struct approval *a, const struct seat *x,
                               const struct seat *y, struct error *e)
{
    if (!strcmp(x->name, y->name))
        return error_set(e, ERROR_INVALID, "approval of \"%s\": seat \"%s\" is there twice", name,
                         x->name);
    if (!a->several && x->field && y->field && !strcmp(x->field, y->field))
        return error_set(e, ERROR_INVALID,
                         "approval of \"%s\": seats \"%s\" and \"%s\" are the same person's (%s), "
                         "who fills only one: allow several = true",
                         name, x->name, y->name, x->field);
    return 0;
}

int graph__check_approval(const struct transition *t, struct error *e)
{
    const struct approval *a = t->approval;
    int all = 0;
    if (a->seat_count == 0)
        return error_set(e, ERROR_INVALID, "approval of \"%s\" has no seats: nobody could vote",
                         t->name);
    if (a->seat_count > LIMIT_SEATS)
        return error_set(e, ERROR_LIMIT, "approval of \"%s\" has more than %d seats", t->name,
                         LIMIT_SEATS);
    for (size_t i = 0; i < a->seat_count; i++) {
        int rc = approval_check_seat(t->name, &a->seats[i], e);
        for (size_t j = 0; rc == 0 && j < i; j++)
            rc = approval_check_pair(t->name, a, &a->seats[j], &a->seats[i], e);
        if (rc < 0)
            return rc;
        all += a->seats[i].weight;
    }
    if (a->need < 0)
        return error_set(e, ERROR_INVALID, "approval of \"%s\": need takes a weight from 1, not %d",
                         t->name, a->need);
    if (a->need > all)
        return error_set(e, ERROR_INVALID,
                         "approval of \"%s\" can never pass: it needs %d, and all seats together "
                         "weigh %d",
                         t->name, a->need, all);
    return 0;
}

const struct approval *graph__copy_approval(struct arena *memory, const struct approval *from)
{
    struct approval *to = arena_alloc(memory, sizeof *to);
    struct seat *seats = arena_alloc(memory, from->seat_count * sizeof *seats);
    int all = 0;
    *to = *from;
    for (size_t i = 0; i < from->seat_count; i++) {
        const struct seat *s = &from->seats[i];
        seats[i] = *s;
        seats[i].name = arena_dup(memory, s->name);
        seats[i].title = s->title ? arena_dup(memory, s->title) : seats[i].name;
        seats[i].role = s->role ? arena_dup(memory, s->role) : NULL;
        seats[i].field = s->field ? arena_dup(memory, s->field) : NULL;
        all += s->weight;
    }
    to->seats = seats;
    to->need = from->need ? from->need : all / 2 + 1;
    to->otherwise = from->otherwise ? arena_dup(memory, from->otherwise) : NULL;
    return to;
}

/* In the graph. */

static int approval_refuse(const struct transition *t, struct error *e)
{
    error_prefix(e, "approval of \"%s\"", t->name);
    if (t->where)
        error_at(e, "%s", t->where);
    return -ERROR_INVALID;
}

static int approval_unknown(const char *what, const char *word, struct words *known,
                            struct error *e)
{
    struct buf near = BUF_INIT;
    words__suggest(known, word, &near);
    if (near.len == 0) {
        buf_puts(&near, "; known: ");
        words__join(known, &near);
    }
    int rc = error_set(e, ERROR_INVALID, "%s \"%.80s\"%s", what, word, buf_text(&near));
    buf_free(&near);
    words__free(known);
    return rc;
}

static bool approval_is_staff(const struct field *f)
{
    return f->type == FIELD_REF && f->ref == ENTITY_STAFF;
}

int graph__check_staff_field(const struct graph *g, const char *what, const char *field,
                             struct error *e)
{
    if (!strcmp(field, "owner_id"))
        return 0;
    const struct field *f = graph_field(g, field);
    if (f && approval_is_staff(f))
        return 0;
    if (f)
        return error_set(e, ERROR_INVALID,
                         "%s: field \"%s\" must name a member of staff: { type = \"ref\", "
                         "to = \"staff\" }",
                         what, f->name);
    struct words known = WORDS_INIT;
    char unknown[2 * LIMIT_NAME_BYTES];
    words__add(&known, "owner");
    for (size_t i = 0; i < g->field_count; i++)
        if (approval_is_staff(&g->fields[i]))
            words__add(&known, g->fields[i].name);
    snprintf(unknown, sizeof unknown, "%s: unknown field", what);
    return approval_unknown(unknown, field, &known, e);
}

static int approval_finish_seat(const struct graph *g, const struct seat *s, struct error *e)
{
    char what[LIMIT_NAME_BYTES + 16];
    if (!s->field)
        return 0;
    snprintf(what, sizeof what, "seat \"%s\"", s->name);
    return graph__check_staff_field(g, what, s->field, e);
}

bool graph__lacks_reason(const struct transition *t, const char *code)
{
    bool found = t->reason_count == 0;
    for (size_t i = 0; i < t->reason_count; i++)
        found = found || (!strcmp(t->reasons[i].code, code) && !t->reasons[i].comment_required);
    return !found;
}

/* What the vote takes by itself gives no note, and one reason only. */
static int approval_finish_taken(const struct transition *t, const char *code, struct error *e)
{
    if (t->note_required)
        return error_set(e, ERROR_INVALID,
                         "\"%s\" is taken by the vote and must not ask for a note", t->name);
    if (graph__lacks_reason(t, code))
        return error_set(e, ERROR_INVALID,
                         "\"%s\" is taken by the vote and must have \"%s\" among its reasons, "
                         "without a comment",
                         t->name, code);
    return 0;
}

static int approval_finish_otherwise(const struct graph *g, int stage, const char *name,
                                     struct error *e)
{
    int index = graph_find_transition(g, stage, name);
    if (index >= 0 && g->transitions[index].approval)
        return error_set(e, ERROR_INVALID, "otherwise = \"%s\" needs an approval itself", name);
    if (index >= 0)
        return approval_finish_taken(&g->transitions[index], "refused", e);
    struct words known = WORDS_INIT;
    char what[2 * LIMIT_NAME_BYTES];
    size_t count;
    const int *out = graph__leaving(g, stage, &count);
    for (size_t i = 0; i < count; i++)
        if (!g->transitions[out[i]].approval)
            words__add(&known, g->transitions[out[i]].name);
    snprintf(what, sizeof what, "otherwise: from stage \"%s\" leads no transition",
             g->stages[stage].name);
    return approval_unknown(what, name, &known, e);
}

/* Once refused it stays refused until the stage is entered again: something else must lead on. */
static bool approval_has_way_on(const struct graph *g, int stage)
{
    size_t count;
    const int *out = graph__leaving(g, stage, &count);
    for (size_t i = 0; i < count; i++)
        if (!g->transitions[out[i]].approval && g->transitions[out[i]].to >= 0)
            return true;
    return false;
}

static int approval_finish_from(const struct graph *g, const struct approval *a, int stage,
                                struct error *e)
{
    if (a->otherwise)
        return approval_finish_otherwise(g, stage, a->otherwise, e);
    if (approval_has_way_on(g, stage))
        return 0;
    return error_set(e, ERROR_INVALID,
                     "when it is refused, nothing leads out of stage \"%s\": say what happens "
                     "otherwise = \"a_transition\"",
                     g->stages[stage].name);
}

int graph__finish_approval(struct graph *g, const struct transition *t, struct error *e)
{
    const struct approval *a = t->approval;
    int rc = 0;
    g->votes = true;
    if (t->to < 0)
        rc = error_set(e, ERROR_INVALID,
                       "it stays in its stage, so it could be taken again and again on one vote: "
                       "give it a stage to go to");
    for (size_t i = 0; rc == 0 && i < a->seat_count; i++)
        rc = approval_finish_seat(g, &a->seats[i], e);
    if (rc == 0 && a->automatic)
        rc = approval_finish_taken(t, "approved", e);
    for (size_t i = 0; rc == 0 && i < t->from_count; i++)
        rc = approval_finish_from(g, a, t->from[i], e);
    return rc < 0 ? approval_refuse(t, e) : 0;
}
