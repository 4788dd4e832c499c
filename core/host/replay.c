/* Replaying a history: reads it event by event and does again what it tells.
 *
 * Each step is one turn of the scratch organisation. In it every cause is a
 * command of its own; consequences of both sides are gathered until the next
 * cause and then held against each other (replay_block.c). */
#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/domain/version.h"
#include "host/replay_internal.h"

enum { REPLAY_BATCH = 4096, REPLAY_SLICE_MS = 10, REPLAY_BETWEEN_LOOKS = 16 };

/* ---- what it wrote ---- */

static int here_event(void *context, const struct event *event)
{
    struct replay *r = context;
    r->here_seq = event->seq;
    if (strcmp(event->kind, "handlers.ran") != 0)
        replay__told_add(r, true, event);
    return 0;
}

int replay__read_here(struct replay *r, struct error *e)
{
    if (store_last_event(r->org->store) == r->here_seq)
        return 0;
    return store_events(r->org->store, r->here_seq, 0, here_event, r, e);
}

/* ---- doing it again ---- */

static int do_command(struct replay *r, const struct replay_event *what, struct error *why,
                      struct error *e)
{
    struct domain *d = r->org->world.domain;
    struct error ending = { 0 };
    domain_command_begin(d);
    int done = domain_replay(d, what, why);
    int rc = domain_command_end(d, done == 0, &ending);
    if (rc == -ERROR_CANCELLED && done == 0) { /* a part had failed, and code had caught that */
        *why = ending;
        return 1;
    }
    if (rc < 0) {
        *e = ending;
        return rc;
    }
    r->commands++;
    return done < 0 ? 1 : 0;
}

/* The row that it made, or not, is the one of the history. */
static int do_link(struct replay *r, const struct event *event, struct error *e)
{
    size_t first = r->block[1].count;
    int rc = replay__read_here(r, e);
    struct told *made = first < r->block[1].count ? &r->block[1].items[first] : NULL;
    if (rc < 0 || !made || made->entity != event->entity || strcmp(made->kind, event->kind) != 0 ||
        event->entity == ENTITY_NONE || replay__map_get(&r->here[event->entity], event->entity_id))
        return rc;
    struct told *there = &r->block[0].items[0];
    there->linked = made->linked = true;
    if (event->entity != ENTITY_REFERRAL)
        replay__map_put(&r->story_there[event->entity], event->entity_id, replay__about(there));
    replay__link(r, event->entity, event->entity_id, made->id);
    return 0;
}

/* ---- facts: people, partners, tasks, notes, … ---- */

static int do_erased(struct replay *r, const struct event *event, struct error *e)
{
    struct domain *d = r->org->world.domain;
    const char *dot = strchr(event->kind, '.');
    struct error why = { 0 };
    if (event->entity == ENTITY_NONE || !dot || strcmp(dot, ".created") != 0)
        return 0;
    if (event->entity == ENTITY_PERSON)
        replay__map_put(&r->erased, event->entity_id, 1);
    domain_command_begin(d);
    int done = domain_replay_erased(d, event, &why);
    int rc = domain_command_end(d, done == 0, e);
    r->lost += done < 0 ? 1 : 0;
    return rc < 0 ? rc : do_link(r, event, e);
}

/* A handler that fails does not undo what is known to have happened. */
static int do_fact(struct replay *r, const struct event *event, struct error *e)
{
    struct replay_event what = { .event = event, .ids = &r->ids };
    struct error why = { 0 };
    if (!event->payload)
        return do_erased(r, event, e);
    int rc = do_command(r, &what, &why, e);
    if (rc > 0 && why.code != ERROR_NOT_FOUND) {
        what.silent = true;
        rc = do_command(r, &what, &why, e);
    }
    r->lost += rc > 0 && why.code != ERROR_NOT_FOUND ? 1 : 0;
    return rc < 0 ? rc : do_link(r, event, e);
}

/* ---- referrals ---- */

static int64_t do_payload_int(const struct event *event, const char *column)
{
    struct json_slice set, v;
    if (!event->payload || !jsons_get(event->payload, event->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, column, strlen(column), &v))
        return 0;
    return v.type == JSON_T_INT ? jsons_int(&v) : 0;
}

static void do_opening(struct replay *r, struct story *s, const struct event *event)
{
    struct json_slice set, v;
    s->opened = true;
    s->version = (int)do_payload_int(event, "workflow_version");
    if (event->payload && jsons_get(event->payload, event->payload_len, "set", 3, &set) &&
        jsons_get(set.text, set.len, "workflow", 8, &v))
        s->workflow = replay__word(r, v.text, v.len);
    if (!replay__map_get(&r->erased, do_payload_int(event, "subject_id")))
        return;
    s->lack = STORY_ERASED;
    s->unknown = true;
}

/* The outcome that somebody gave along with it: another one than its stage has. */
static const char *do_outcome(struct replay *r, const struct event *event)
{
    struct json_slice set, outcome;
    const struct row *row;
    if (!jsons_get(event->payload, event->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, "outcome", 7, &outcome) || outcome.type != JSON_T_TEXT ||
        store_get(r->of->store, ENTITY_REFERRAL, event->entity_id, &row, NULL) < 0)
        return NULL;
    const struct graph *g = domain_graph_run(r->of->world.domain, row);
    int stage = g ? graph_find_stage(g, row_text(row, REFERRAL_STAGE)) : -1;
    const char *usual = stage >= 0 ? graph_stage(g, stage)->outcome : NULL;
    const char *given = row_text(row, REFERRAL_OUTCOME);
    return usual && strcmp(usual, given) != 0 ? arena_dup(r->memory, given) : NULL;
}

/* May what was recorded be asked of the referral as it is here? */
static bool do_is_in_place(struct replay *r, struct story *s, const struct event *event)
{
    const struct row *row;
    if (!s->here || store_get(r->org->store, ENTITY_REFERRAL, s->here, &row, NULL) < 0)
        return false;
    const char *recorded = replay_stage(r->org->world.domain, r->words[s->workflow], s->version,
                                        r->words[s->rec.stage]);
    const char *stage = row_text(row, REFERRAL_STAGE);
    if (!strcmp(recorded, stage))
        return true;
    if (row_is_null(row, REFERRAL_CLOSED_AT_MS)) /* else its end is known */
        replay__unknown(s, event->seq, event->at_ms,
                        "it is in stage \"%s\"; recorded it was in \"%s\" when %s came", stage,
                        r->words[s->rec.stage], event->kind);
    return false;
}

static void do_refused(struct replay *r, struct story *s, const struct event *event,
                       const struct error *why)
{
    struct json_slice v;
    struct buf text = BUF_INIT;
    char name[LIMIT_NAME_BYTES + 1] = "";
    const char *what = strchr(event->kind, '.');
    if (jsons_get(event->payload, event->payload_len, "transition", 10, &v) &&
        v.type == JSON_T_TEXT && v.len < sizeof name)
        memcpy(name, v.text, v.len);
    replay__recorded(r, why->message, &text);
    replay__unknown(s, event->seq, event->at_ms, "%s%s%s%s by %s is refused: %s",
                    what ? what + 1 : event->kind, *name ? " \"" : "", name, *name ? "\"" : "",
                    event->actor, buf_text(&text));
    buf_free(&text);
}

static int do_referral(struct replay *r, const struct event *event, struct error *e)
{
    struct story *s = replay__story(r, event->entity_id);
    struct replay_event what = { .event = event, .ids = &r->ids };
    struct error why = { 0 };
    bool opens = !strcmp(event->kind, "referral.opened");
    if (opens)
        do_opening(r, s, event);
    if (s->unknown || (!opens && !do_is_in_place(r, s, event)))
        return 0;
    what.version = s->version;
    what.outcome = do_outcome(r, event);
    int rc = do_command(r, &what, &why, e);
    if (rc > 0)
        do_refused(r, replay__story(r, event->entity_id), event, &why);
    return rc < 0 ? rc : do_link(r, event, e);
}

/* ---- one event ---- */

/* The story of a task, note, … of the history; of one that is made now by what it is about. */
static int64_t event_story(struct replay *r, const struct event *event)
{
    const struct told t = { .payload = event->payload, .payload_len = event->payload_len };
    if (event->entity == ENTITY_REFERRAL)
        return event->entity_id;
    if (event->entity == ENTITY_NONE || event->entity >= ENTITY_END)
        return 0;
    int64_t known = replay__map_get(&r->story_there[event->entity], event->entity_id);
    return known ? known : replay__about(&t);
}

/* Nothing more happens with a story whose end is known here, or of which nothing is known. */
static bool event_is_idle(struct replay *r, int64_t id)
{
    const struct story *s = replay__story(r, id);
    bool closed_here = s->rep.closed_at_ms != INT64_MIN && s->rec.closed_at_ms == INT64_MIN;
    return id && (s->unknown || closed_here || (s->opened && !s->here));
}

static int event_cause(struct replay *r, const struct event *event, int64_t story, struct error *e)
{
    r->touched = story;
    if (event->entity == ENTITY_REFERRAL)
        return do_referral(r, event, e);
    return event_is_idle(r, story) ? 0 : do_fact(r, event, e);
}

/* Of a story that differs the clock is its own. */
static int event_clock(struct replay *r, const struct event *event, int64_t story, struct error *e)
{
    const struct story *s = replay__story(r, story);
    int64_t here = replay__map_get(&r->here[event->entity], event->entity_id);
    if (!here || (story && (s->own || s->unknown)))
        return 0;
    return replay__fire(r, event->entity, here, event->at_ms, e);
}

/* Before something else happens: the block before it ends, and what was due by then fires. */
static int event_begin(struct replay *r, const struct event *event, struct error *e)
{
    int rc = replay__end_block(r, e);
    if (rc == 0)
        rc = replay__own_clock(r, event->at_ms, e);
    clock_stop_at(&r->org->clock, event->at_ms); /* back too, where a clock was set back */
    return rc;
}

/* What cannot be done again: the story is left out as a whole. */
static void event_lacks(struct replay *r, const struct event *event)
{
    bool migrated = !strcmp(event->kind, "referral.migrated");
    if (event->entity != ENTITY_REFERRAL || (event->payload && !migrated))
        return;
    struct story *s = replay__story(r, event->entity_id);
    s->lack = migrated ? STORY_MIGRATED : STORY_ERASED;
    s->unknown = true;
}

static int replay_event(struct replay *r, const struct event *event, struct error *e)
{
    enum replay_part part = replay_part(event, &r->cause);
    if (part == REPLAY_NOTHING)
        return 0;
    event_lacks(r, event);
    if (part == REPLAY_CONSEQUENCE) {
        if (!strcmp(event->kind, "referral.rescheduled"))
            r->rescheduled_at_ms = event->at_ms;
        if (!strcmp(event->kind, "referral.opened"))
            do_opening(r, replay__story(r, event->entity_id), event);
        replay__told_add(r, false, event);
        return 0;
    }
    int64_t story = event_story(r, event);
    int rc = event_begin(r, event, e);
    if (rc == 0 && part == REPLAY_CAUSE)
        rc = replay__settle(r, story, e);
    if (rc < 0)
        return rc;
    r->touched = 0;
    replay__told_add(r, false, event);
    if (part == REPLAY_CAUSE)
        return event_cause(r, event, story, e);
    if (part == REPLAY_CLOCK)
        return event_clock(r, event, story, e);
    return event_is_idle(r, story) ? 0 : do_fact(r, event, e);
}

/* ---- a step ---- */

static int step_event(void *context, const struct event *event)
{
    struct replay *r = context;
    if (event->seq > r->until_seq)
        return 1;
    if (event->entity_id < 0 || event->entity_id > event->seq)
        return error_set(r->error, ERROR_CORRUPT,
                         "event %lld is about a row that there cannot be; run audit verify",
                         (long long)event->seq);
    r->at_seq = event->seq;
    int rc = replay_event(r, event, r->error);
    if (rc < 0)
        return rc;
    return event->seq % REPLAY_BETWEEN_LOOKS == 0 && clock_monotonic_ns() > r->slice_ends_ns;
}

static int step_turn(struct replay *r, struct error *e)
{
    int rc = store_turn_begin(r->org->store, e);
    if (rc < 0)
        return rc;
    r->error = e;
    r->slice_ends_ns = clock_monotonic_ns() + (uint64_t)REPLAY_SLICE_MS * 1000000;
    rc = store_events(r->of->store, r->at_seq, REPLAY_BATCH, step_event, r, e);
    if (rc >= 0 && r->at_seq >= r->until_seq)
        rc = replay__end_block(r, e);
    if (rc == 0 && r->at_seq >= r->until_seq)
        replay__blame_strangers(r);
    if (rc < 0) {
        store_turn_abort(r->org->store);
        return rc;
    }
    return store_turn_commit(r->org->store, e);
}

int replay_step(struct replay *r, bool *done, struct error *e)
{
    struct error own = { 0 };
    int rc = org__alive(r->of, e);
    if (rc == 0 && r->at_seq < r->until_seq)
        rc = step_turn(r, e ? e : &own);
    *done = r->at_seq >= r->until_seq;
    return rc;
}

void replay_progress(const struct replay *r, int64_t *done, int64_t *total)
{
    *done = r->at_seq;
    *total = r->until_seq;
}
