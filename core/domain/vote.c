/* Voting: what a vote writes, and what it decides. Who votes in which seat: vote_seat.c.
 *
 * The vote and the decision that it brings are two events of one command; then
 * their handlers, then the transition that the approval takes by itself. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "domain/vote_internal.h"

static const struct actor vote_clerk = { 0, "approval", NULL }; /* takes what was decided */

static int vote_refuse(const struct voting *v, struct error *e)
{
    assert(v->m.row && v->m.t); /* found before anything else is checked */
    error_prefix(e, "R-%lld: \"%s\"", (long long)v->m.row->id, v->m.t->name);
    return -ERROR_DENIED;
}

static int vote_check_note(const char *note, struct error *e)
{
    size_t n = note ? strlen(note) : 0;
    if (n > LIMIT_TEXT_BYTES)
        return error_set(e, ERROR_LIMIT, "the note has %zu bytes, more than %d", n,
                         LIMIT_TEXT_BYTES);
    return !note || text_is_utf8(note, n)
               ? 0
               : error_set(e, ERROR_INVALID, "the note is not UTF-8 text");
}

static int vote_check(struct voting *v, struct error *e)
{
    if (v->now.state != APPROVAL_OPEN)
        return error_set(e, ERROR_DENIED, "it is decided already: %s", approval_word(v->now.state));
    int rc = vote_check_note(v->b->note, e);
    if (rc == 0)
        rc = vote__person(v, e);
    if (rc == 0)
        rc = vote__seat(v, e);
    if (rc == 0 && v->b->vote == VOTE_ABSTAIN && v->m.t->approval->seats[v->seat].mandatory)
        rc = error_set(e, ERROR_INVALID, "seat \"%s\" is mandatory: it says yes or no",
                       v->m.t->approval->seats[v->seat].name);
    return rc;
}

/* ---- writing ---- */

static void vote_detail(const struct voting *v, struct buf *out)
{
    assert(v->m.t && v->m.t->approval);
    const struct seat *s = &v->m.t->approval->seats[v->seat];
    struct jsonw w;
    char id[32];
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, v->m.t->name);
    jsonw_key(&w, "seat");
    jsonw_text(&w, s->name);
    jsonw_key(&w, "vote");
    jsonw_text(&w, vote_word(v->b->vote));
    jsonw_key(&w, "weight");
    jsonw_int(&w, s->weight);
    jsonw_key(&w, "staff");
    row_id_format(ENTITY_STAFF, v->staff->id, id);
    jsonw_text(&w, id);
    if (v->staff->id != v->actor->staff_id) {
        row_id_format(ENTITY_STAFF, v->actor->staff_id, id);
        jsonw_key(&w, "by");
        jsonw_text(&w, v->actor->staff_id ? id : v->actor->name);
    }
    if (v->b->note && *v->b->note) {
        jsonw_key(&w, "note");
        jsonw_text(&w, v->b->note);
    }
    jsonw_close(&w);
}

static void vote_decision(const struct voting *v, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, v->m.t->name);
    jsonw_key(&w, "yes");
    jsonw_int(&w, v->now.yes);
    jsonw_key(&w, "no");
    jsonw_int(&w, v->now.no);
    jsonw_key(&w, "abstained");
    jsonw_int(&w, v->now.abstained);
    jsonw_key(&w, "need");
    jsonw_int(&w, v->m.t->approval->need);
    jsonw_close(&w);
}

static const char *vote_decided_kind(enum approval_state s)
{
    return s == APPROVAL_APPROVED ? "referral.approved" : "referral.refused_by_vote";
}

static int vote_record(const struct voting *v, const char *kind, const struct buf *detail,
                       struct error *e)
{
    const struct store_change record = { .entity = ENTITY_REFERRAL,
                                         .id = v->b->referral_id,
                                         .based_on = 0,
                                         .kind = kind,
                                         .actor = v->actor->name,
                                         .at_ms = v->m.now_ms,
                                         .detail = detail->data + 1,
                                         .detail_len = detail->len - 2 };
    return domain__record(v->d, &record, e);
}

static int vote_raise(const struct voting *v, const char *kind, const struct buf *detail,
                      struct error *e)
{
    const struct row *row;
    int rc = store_get(v->d->store, ENTITY_REFERRAL, v->b->referral_id, &row, e);
    return rc < 0 ? rc : domain__raise(v->d, kind, row, detail->data, detail->len, e);
}

/* Counts the new vote in. */
static void vote_count(struct voting *v)
{
    const struct approval *a = v->m.t->approval;
    enum vote votes[LIMIT_SEATS];
    int weight = a->seats[v->seat].weight;
    v->now.seats[v->seat].vote = v->b->vote;
    v->now.out -= weight;
    v->now.yes += v->b->vote == VOTE_YES ? weight : 0;
    v->now.no += v->b->vote == VOTE_NO ? weight : 0;
    v->now.abstained += v->b->vote == VOTE_ABSTAIN ? weight : 0;
    for (size_t i = 0; i < a->seat_count; i++)
        votes[i] = v->now.seats[i].vote;
    v->now.state = approval_decide(a, votes);
}

/* ---- what was decided is done ---- */

static int vote_task(const struct voting *v, const char *transition, const struct error *why,
                     struct error *e)
{
    const struct row *row;
    char title[ERROR_MESSAGE_BYTES + 200];
    int rc = store_get(v->d->store, ENTITY_REFERRAL, v->b->referral_id, &row, e);
    if (rc < 0)
        return rc;
    snprintf(title, sizeof title, "\"%s\" is decided by vote and waits for somebody to take it: %s",
             transition, why->message);
    return follow__task(v->d, v->actor, row, graph_stage(v->m.graph, v->m.stage), "approval", title,
                        e);
}

/* A handler may have moved it: then there is nothing left to take. */
static bool vote_has_moved(const struct voting *v, int64_t entered_ms, const struct row *row)
{
    return row_int(row, REFERRAL_STAGE_AT_MS) != entered_ms ||
           strcmp(row_text(row, REFERRAL_STAGE), v->m.from) != 0;
}

static int vote_take(const struct voting *v, int64_t entered_ms, struct error *e)
{
    const struct approval *a = v->m.t->approval;
    bool yes = v->now.state == APPROVAL_APPROVED;
    struct advance next = { .referral_id = v->b->referral_id,
                            .transition = yes ? v->m.t->name : a->otherwise,
                            .reason = yes ? "approved" : "refused" };
    const struct row *row;
    struct error why = { 0 };
    if (v->now.state == APPROVAL_OPEN || (yes ? !a->automatic : !a->otherwise))
        return 0;
    int rc = store_get(v->d->store, ENTITY_REFERRAL, v->b->referral_id, &row, e);
    if (rc < 0 || vote_has_moved(v, entered_ms, row))
        return rc;
    rc = domain_may_advance(v->d, &vote_clerk, &next, &why);
    if (rc == 0)
        return domain_advance(v->d, &vote_clerk, &next, NULL, e);
    if (follow__is_refusal(rc))
        return vote_task(v, next.transition, &why, e);
    if (e)
        *e = why;
    return rc;
}

static int vote_write(struct voting *v, const struct row **out, struct error *e)
{
    struct buf cast = BUF_INIT, decision = BUF_INIT;
    int64_t entered_ms = row_int(v->m.row, REFERRAL_STAGE_AT_MS);
    const struct row *row = NULL;
    vote_detail(v, &cast);
    vote_count(v);
    vote_decision(v, &decision);
    bool decided = v->now.state != APPROVAL_OPEN;
    const char *kind = vote_decided_kind(v->now.state);
    int rc = vote_record(v, "referral.voted", &cast, e);
    if (rc < 0)
        goto out; /* nothing is written yet */
    if (decided)
        rc = vote_record(v, kind, &decision, e);
    if (rc == 0)
        rc = vote_raise(v, "referral.voted", &cast, e);
    if (rc == 0 && decided)
        rc = vote_raise(v, kind, &decision, e);
    if (rc == 0)
        rc = store_get(v->d->store, ENTITY_REFERRAL, v->b->referral_id, &row, e);
    if (rc == 0)
        rc = vote__tasks(v->d, v->actor, &row, false, e);
    if (rc == 0)
        rc = vote_take(v, entered_ms, e);
    if (rc == 0)
        rc = store_get(v->d->store, ENTITY_REFERRAL, v->b->referral_id, &row, e);
    if (rc < 0)
        domain__spoil(v->d, e);
    else if (out)
        *out = row;
out:
    buf_free(&cast);
    buf_free(&decision);
    return rc;
}

int domain_vote(struct domain *d, const struct actor *actor, const struct ballot *b,
                const struct row **out, struct error *e)
{
    const struct advance a = { .referral_id = b->referral_id, .transition = b->transition };
    struct voting v = { .d = d, .actor = actor, .b = b, .m = { .d = d, .actor = actor, .a = &a } };
    struct error own = { 0 };
    e = e ? e : &own;
    v.m.now_ms = domain_now(d);
    if (b->vote < VOTE_YES || b->vote > VOTE_ABSTAIN)
        return error_set(e, ERROR_INVALID, "a vote is yes, no or abstain");
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, b->referral_id, &v.m.row, e);
    if (rc == 0)
        rc = advance__find(&v.m, e);
    if (rc == 0)
        rc = referral__check_version(v.m.row, b->based_on, e);
    if (rc == 0 && !v.m.t->approval)
        rc = referral__refuse(b->referral_id, e, ERROR_INVALID, "\"%s\" needs no approval",
                              v.m.t->name);
    if (rc == 0)
        rc = approval__count(&v.m, NULL, &v.now, e);
    if (rc < 0)
        return rc;
    rc = vote_check(&v, e);
    if (rc < 0) {
        vote_refuse(&v, e);
        return rc;
    }
    return vote_write(&v, out, e);
}
