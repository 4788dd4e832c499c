/* Approvals: what the votes of a referral decide.
 *
 * Votes are not kept anywhere but in the history: they are few, and reading
 * them back to the entry into the stage is a handful of events. Where a stay is
 * so long that the walk would not end soon, that is said rather than guessed. */
#include "baton/domain/approval.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/approval_internal.h"
#include "domain/words_internal.h"

static const char *const vote_words[] = {
    [VOTE_NONE] = "", [VOTE_YES] = "yes", [VOTE_NO] = "no", [VOTE_ABSTAIN] = "abstain"
};

const char *vote_word(enum vote v)
{
    return vote_words[v];
}

int vote_read(const char *word, enum vote *out, struct error *e)
{
    for (int v = VOTE_YES; v <= VOTE_ABSTAIN; v++)
        if (!strcmp(vote_words[v], word)) {
            *out = (enum vote)v;
            return 0;
        }
    struct words known = WORDS_INIT;
    struct buf near = BUF_INIT;
    for (int v = VOTE_YES; v <= VOTE_ABSTAIN; v++)
        words__add(&known, vote_words[v]);
    words__suggest(&known, word, &near);
    int rc = error_set(e, ERROR_INVALID, "\"%.40s\" is no vote%s", word,
                       near.len > 0 ? buf_text(&near) : ": yes, no or abstain");
    buf_free(&near);
    words__free(&known);
    return rc;
}

const char *approval_word(enum approval_state s)
{
    return s == APPROVAL_OPEN ? "open" : s == APPROVAL_APPROVED ? "approved" : "refused";
}

/* The worst that can still come is no from everybody, the best is yes: where both end alike, so
 * does everything between them. */
enum approval_state approval_decide(const struct approval *a, const enum vote *votes)
{
    int yes = 0, out = 0;
    bool refused = false, waits = false;
    for (size_t i = 0; i < a->seat_count; i++) {
        const struct seat *s = &a->seats[i];
        bool key = s->mandatory || s->veto;
        yes += votes[i] == VOTE_YES ? s->weight : 0;
        out += votes[i] == VOTE_NONE ? s->weight : 0;
        refused =
            refused || (votes[i] == VOTE_NO && key) || (votes[i] == VOTE_ABSTAIN && s->mandatory);
        waits = waits || (votes[i] == VOTE_NONE && key);
    }
    if (refused || yes + out < a->need)
        return APPROVAL_REFUSED;
    return yes >= a->need && !waits ? APPROVAL_APPROVED : APPROVAL_OPEN;
}

/* ---- reading the votes ---- */

struct walk_votes {
    const struct transition *t;
    struct arena *arena;
    struct approval_now *now;
    struct buf text;
    size_t events;
    bool entered; /* the walk has come to the entry into the stage */
};

/* A text member, unescaped, in w->text; "" if absent. */
static const char *votes_member(struct walk_votes *w, const struct event *event, const char *key)
{
    struct json_slice v;
    buf_clear(&w->text);
    if (jsons_get(event->payload, event->payload_len, key, strlen(key), &v) &&
        v.type == JSON_T_TEXT)
        jsons_text(&v, &w->text);
    return buf_text(&w->text);
}

static struct seat_vote *votes_seat(struct walk_votes *w, const struct event *event)
{
    const struct approval *a = w->t->approval;
    const char *name = votes_member(w, event, "seat");
    for (size_t i = 0; i < a->seat_count; i++)
        if (!strcmp(a->seats[i].name, name))
            return &w->now->seats[i];
    return NULL; /* a seat that another version of the workflow had */
}

static void votes_read(struct walk_votes *w, const struct event *event)
{
    enum vote vote = VOTE_NONE;
    enum entity entity = ENTITY_STAFF;
    if (strcmp(votes_member(w, event, "transition"), w->t->name) != 0)
        return;
    struct seat_vote *s = votes_seat(w, event);
    if (!s || s->vote != VOTE_NONE || vote_read(votes_member(w, event, "vote"), &vote, NULL) < 0)
        return;
    s->vote = vote;
    s->at_ms = event->at_ms;
    if (row_id_parse(votes_member(w, event, "staff"), &entity, &s->staff_id) < 0)
        s->staff_id = 0;
    snprintf(s->by, sizeof s->by, "%.79s", votes_member(w, event, "by"));
    const char *note = votes_member(w, event, "note");
    s->note = w->arena && *note ? arena_dup(w->arena, note) : NULL;
}

/* Every way into a stage sets when it was entered. What was erased cannot tell: it counts as one.
 */
static bool votes_is_entry(const struct event *event)
{
    struct json_slice set, at;
    if (!event->payload)
        return !strcmp(event->kind, "referral.advanced") || !strcmp(event->kind, "referral.opened");
    return jsons_get(event->payload, event->payload_len, "set", 3, &set) &&
           set.type == JSON_T_OBJECT && jsons_get(set.text, set.len, "stage_at_ms", 11, &at);
}

static int votes_event(void *context, const struct event *event)
{
    struct walk_votes *w = context;
    w->events++;
    if (event->payload && !strcmp(event->kind, "referral.voted"))
        votes_read(w, event);
    w->entered = votes_is_entry(event);
    return w->entered;
}

static void approval_weigh(struct approval_now *now)
{
    const struct approval *a = now->transition->approval;
    enum vote votes[LIMIT_SEATS];
    for (size_t i = 0; i < a->seat_count; i++) {
        int weight = a->seats[i].weight;
        votes[i] = now->seats[i].vote;
        now->yes += votes[i] == VOTE_YES ? weight : 0;
        now->no += votes[i] == VOTE_NO ? weight : 0;
        now->abstained += votes[i] == VOTE_ABSTAIN ? weight : 0;
        now->out += votes[i] == VOTE_NONE ? weight : 0;
    }
    now->state = approval_decide(a, votes);
}

int approval__count(const struct move *m, struct arena *arena, struct approval_now *out,
                    struct error *e)
{
    *out = (struct approval_now){ .graph = m->graph, .transition = m->t };
    struct walk_votes w = { .t = m->t, .arena = arena, .now = out, .text = BUF_INIT };
    int rc = store_history(m->d->store, ENTITY_REFERRAL, m->row->id, LIMIT_APPROVAL_EVENTS,
                           votes_event, &w, e);
    buf_free(&w.text);
    if (rc < 0)
        return rc;
    if (!w.entered && w.events >= LIMIT_APPROVAL_EVENTS)
        return referral__refuse(m->row->id, e, ERROR_LIMIT,
                                "more than %d events since it entered stage \"%s\": its votes "
                                "cannot be counted",
                                LIMIT_APPROVAL_EVENTS, m->from);
    approval_weigh(out);
    return 0;
}

int domain_approval(struct domain *d, int64_t referral_id, const char *transition,
                    struct arena *arena, struct approval_now *out, struct error *e)
{
    const struct advance a = { .referral_id = referral_id, .transition = transition };
    struct move m = { .d = d, .a = &a, .now_ms = domain_now(d) };
    struct approval_now now;
    int rc = store_get(d->store, ENTITY_REFERRAL, referral_id, &m.row, e);
    if (rc == 0)
        rc = advance__find(&m, e);
    if (rc == 0 && !m.t->approval)
        rc = referral__refuse(referral_id, e, ERROR_INVALID, "\"%s\" needs no approval", m.t->name);
    if (rc == 0)
        rc = approval__count(&m, arena, &now, e);
    if (rc == 0)
        *out = now;
    return rc;
}

/* ---- before the transition ---- */

bool approval_waits_for(const struct approval_now *now, size_t seat)
{
    const struct approval *a = now->transition->approval;
    const struct seat *s = &a->seats[seat];
    return now->seats[seat].vote == VOTE_NONE && (now->yes < a->need || s->mandatory || s->veto);
}

void approval_missing(const struct approval_now *now, struct buf *out)
{
    const struct approval *a = now->transition->approval;
    bool first = true;
    for (size_t i = 0; i < a->seat_count; i++) {
        const struct seat *s = &a->seats[i];
        if (!approval_waits_for(now, i))
            continue;
        buf_printf(out, "%s%s%s", first ? "" : ", ", s->name,
                   s->mandatory ? " (mandatory)"
                   : s->veto    ? " (veto)"
                                : "");
        first = false;
    }
}

/* "parent (S-3) said no": what it failed on, where it was one voice. */
static void approval_put_against(const struct approval_now *now, struct buf *out)
{
    const struct approval *a = now->transition->approval;
    for (size_t i = 0; i < a->seat_count; i++) {
        const struct seat *s = &a->seats[i];
        if (now->seats[i].vote == VOTE_NO && (s->mandatory || s->veto)) {
            buf_printf(out, ": seat \"%s\" (S-%lld) said no", s->name,
                       (long long)now->seats[i].staff_id);
            return;
        }
    }
    buf_printf(out, ": %d yes, %d no, %d abstained, %d needed", now->yes, now->no, now->abstained,
               a->need);
}

int approval__check(struct move *m, struct error *e)
{
    struct buf text = BUF_INIT;
    m->approval = NULL;
    if (!m->t->approval)
        return 0;
    if (!m->memory)
        m->memory = arena_new(0);
    struct approval_now *now = arena_alloc(m->memory, sizeof *now);
    int rc = approval__count(m, m->memory, now, e);
    if (rc < 0)
        return rc;
    m->approval = now;
    if (now->state == APPROVAL_APPROVED)
        return 0;
    if (now->state == APPROVAL_REFUSED) {
        approval_put_against(now, &text);
        rc = referral__refuse(m->row->id, e, ERROR_DENIED, "\"%s\" was refused by vote%s",
                              m->t->name, buf_text(&text));
    } else {
        approval_missing(now, &text);
        rc = referral__refuse(m->row->id, e, ERROR_DENIED,
                              "\"%s\" needs an approval: %d of %d yes; missing: %s", m->t->name,
                              now->yes, m->t->approval->need, buf_text(&text));
    }
    buf_free(&text);
    return rc;
}

int approval__check_roles(const struct domain *d, const struct transition *t, struct error *e)
{
    for (size_t i = 0; t->approval && i < t->approval->seat_count; i++) {
        const struct seat *s = &t->approval->seats[i];
        if (s->role && domain_check_role(d, s->role, e) < 0) {
            error_prefix(e, "seat \"%s\"", s->name);
            return -ERROR_INVALID;
        }
    }
    return 0;
}
