/* Replaying: which events are causes, and each cause done again.
 *
 * Consequences carry a trace, or are the engine's by their mark, actor or kind.
 * The few that have none stand in the command of their cause: same actor, right
 * after it, and of a shape that only the engine writes there. */
#include "baton/domain/replay.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/domain/approval.h"
#include "baton/domain/outbox.h"
#include "baton/domain/pause.h"
#include "domain/replay_internal.h"

/* A command's events need not have one instant: the clock runs while it works. */
enum { PART_COMMAND_MS = 5000 };

/* ---- which part ---- */

static bool part_is_traced(const struct event *event)
{
    static const char key[] = "\"trace\":";
    struct json_slice v;
    return event->payload && memmem(event->payload, event->payload_len, key, sizeof key - 1) &&
           jsons_get(event->payload, event->payload_len, "trace", 5, &v);
}

static bool part_has(const char *json, size_t n, const char *key, const char *word)
{
    struct json_slice v;
    return json && jsons_get(json, n, key, strlen(key), &v) && v.type == JSON_T_TEXT &&
           v.len == strlen(word) && !memcmp(v.text, word, v.len);
}

static bool part_sets(const struct event *event, const char *column, const char *word)
{
    struct json_slice set;
    return event->payload && jsons_get(event->payload, event->payload_len, "set", 3, &set) &&
           part_has(set.text, set.len, column, word);
}

static bool part_is_kind(const struct event *event, const char *const *kinds)
{
    for (; *kinds; kinds++)
        if (!strcmp(event->kind, *kinds))
            return true;
    return false;
}

/* Tasks that ask for a vote have a field that only the engine sets. */
static bool part_is_vote_task(const struct event *event)
{
    struct json_slice fields, vote;
    return event->payload && jsons_get(event->payload, event->payload_len, "fields", 6, &fields) &&
           fields.type == JSON_T_OBJECT && jsons_get(fields.text, fields.len, "_vote", 5, &vote);
}

/* A task that the engine ends or gives to somebody else says so (record.c). */
static bool part_is_engine(const struct event *event)
{
    static const char key[] = "\"engine\":true";
    struct json_slice v;
    return event->entity == ENTITY_TASK && event->payload &&
           memmem(event->payload, event->payload_len, key, sizeof key - 1) &&
           jsons_get(event->payload, event->payload_len, "engine", 6, &v) && v.type == JSON_T_TRUE;
}

static bool part_follows(const struct event *event, const struct replay_cause *last)
{
    static const char *const words[] = { "reroute", "child", "approval", "effect_failed", NULL };
    if (event->at_ms > last->at_ms + PART_COMMAND_MS || strcmp(event->actor, last->actor) != 0)
        return false;
    if (event->entity == ENTITY_REFERRAL && !strcmp(event->kind, "referral.advanced"))
        return part_has(event->payload, event->payload_len, "reason", "parent_closed");
    if (event->entity != ENTITY_TASK || strcmp(event->kind, "task.created") != 0)
        return false;
    for (const char *const *w = words; *w; w++)
        if (part_sets(event, "kind", *w))
            return true;
    return part_is_vote_task(event);
}

static enum replay_part part_of(const struct event *event, const struct replay_cause *last)
{
    static const char *const engine[] = { "referral.approved",      "referral.refused_by_vote",
                                          "referral.reroute",       "referral.child_closed",
                                          "referral.effect_failed", NULL };
    const char *actor = event->actor;
    if (!strcmp(event->kind, "handlers.ran") || !strcmp(event->kind, "timer.postponed"))
        return REPLAY_NOTHING;
    if (part_is_traced(event) || !strcmp(actor, "approval") || !strcmp(actor, "calendar") ||
        !strncmp(actor, "plugin ", 7) ||
        (event->entity == ENTITY_REFERRAL && part_is_kind(event, engine)) ||
        part_is_engine(event) || part_follows(event, last))
        return REPLAY_CONSEQUENCE;
    if (!strcmp(actor, "timer"))
        return event->entity == ENTITY_REFERRAL || event->entity == ENTITY_TIMER
                   ? REPLAY_CLOCK
                   : REPLAY_CONSEQUENCE;
    if (!strcmp(actor, "outbox"))
        return event->entity == ENTITY_MESSAGE ? REPLAY_OUTBOX : REPLAY_CONSEQUENCE;
    return REPLAY_CAUSE;
}

enum replay_part replay_part(const struct event *event, struct replay_cause *last)
{
    enum replay_part part = part_of(event, last);
    if (part == REPLAY_CONSEQUENCE || part == REPLAY_NOTHING)
        return part;
    last->entity = event->entity;
    last->id = event->entity_id;
    last->at_ms = event->at_ms;
    snprintf(last->actor, sizeof last->actor, "%s", event->actor);
    return part;
}

/* ---- names of another version ---- */

const struct migration *replay__names(const struct domain *d, const char *workflow, int version)
{
    const struct graph *g = version > 0 ? domain_graph(d, workflow) : NULL;
    return g && graph_version(g) != version ? graph_migration(g, version) : NULL;
}

static const char *names_find(const struct migration_name *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i].from, name))
            return names[i].to ? names[i].to : "";
    return name;
}

const char *replay_stage(const struct domain *d, const char *workflow, int version,
                         const char *name)
{
    const struct migration *m = replay__names(d, workflow, version);
    return m ? names_find(m->stages, m->stage_count, name) : name;
}

const char *replay_field(const struct domain *d, const char *workflow, int version,
                         const char *name)
{
    return replay__field(replay__names(d, workflow, version), name);
}

const char *replay__field(const struct migration *m, const char *name)
{
    return m ? names_find(m->fields, m->field_count, name) : name;
}

/* ---- referrals ---- */

static int do_opened(struct replaying *r, struct error *e)
{
    const struct value *parent = replay__column(r, REFERRAL_PARENT);
    const struct value *workflow = replay__column(r, REFERRAL_WORKFLOW);
    const struct referral_open open = { .workflow = workflow ? workflow->s : NULL,
                                        .parent_id = parent ? parent->i : 0,
                                        .set = r->set,
                                        .set_count = replay__keep_users(r),
                                        .fields = r->fields,
                                        .fields_len = r->fields_len };
    return domain_open(r->d, &r->actor, &open, NULL, e);
}

static int do_advanced(struct replaying *r, struct error *e)
{
    const struct advance a = { .referral_id = r->id,
                               .transition = replay__detail(r, "transition"),
                               .reason = replay__detail(r, "reason"),
                               .note = replay__detail(r, "note"),
                               .fields = r->fields,
                               .fields_len = r->fields_len,
                               .outcome = r->what->outcome };
    return domain_advance(r->d, &r->actor, &a, NULL, e);
}

static int do_changed(struct replaying *r, struct error *e)
{
    const struct record record = { .entity = ENTITY_REFERRAL,
                                   .id = r->id,
                                   .set = r->set,
                                   .set_count = replay__keep_users(r),
                                   .fields = r->fields,
                                   .fields_len = r->fields_len };
    return domain_set(r->d, &r->actor, &record, NULL, e);
}

static int do_assigned(struct replaying *r, struct error *e)
{
    const struct value *owner = replay__column(r, REFERRAL_OWNER);
    int64_t id = owner && owner->type == VALUE_INT ? owner->i : 0;
    return domain_assign(r->d, &r->actor, r->id, id, NULL, e);
}

/* The vote is that of `staff`; where somebody gave it in their place the event says by whom, and
 * that is its actor. */
static int do_voted(struct replaying *r, struct error *e)
{
    struct ballot b = { .referral_id = r->id,
                        .transition = replay__detail(r, "transition"),
                        .seat = replay__detail(r, "seat"),
                        .note = replay__detail(r, "note") };
    const char *word = replay__detail(r, "vote"), *staff = replay__detail(r, "staff");
    enum entity entity = ENTITY_STAFF;
    int64_t id = 0;
    int rc = vote_read(word ? word : "", &b.vote, e);
    if (rc == 0 && replay__detail(r, "by") && staff && row_id_parse(staff, &entity, &id) == 0)
        b.for_staff = r->what->ids->here(r->what->ids->context, ENTITY_STAFF, id);
    return rc < 0 ? rc : domain_vote(r->d, &r->actor, &b, NULL, e);
}

static int do_paused(struct replaying *r, struct error *e)
{
    const struct pause p = { r->id, 0, replay__detail(r, "reason"), replay__detail(r, "note") };
    return domain_pause(r->d, &r->actor, &p, NULL, e);
}

static int do_resumed(struct replaying *r, struct error *e)
{
    const struct pause p = { r->id, 0, replay__detail(r, "reason"), replay__detail(r, "note") };
    return domain_resume(r->d, &r->actor, &p, NULL, e);
}

static const struct {
    const char *kind;
    int (*run)(struct replaying *r, struct error *e);
} doing[] = {
    { "referral.advanced", do_advanced }, { "referral.opened", do_opened },
    { "referral.changed", do_changed },   { "referral.assigned", do_assigned },
    { "referral.voted", do_voted },       { "referral.paused", do_paused },
    { "referral.resumed", do_resumed },   { NULL, NULL },
};

/* ---- all else ---- */

/* A fact is written as it was recorded; who may write what was asked then. */
static int do_fact(struct replaying *r, struct error *e)
{
    const struct event *event = r->what->event;
    struct store_change change = { .entity = event->entity,
                                   .id = r->id,
                                   .kind = event->kind,
                                   .actor = r->actor.name,
                                   .at_ms = domain_now(r->d),
                                   .set = r->set,
                                   .set_count = r->set_count,
                                   .fields = r->fields,
                                   .fields_len = r->fields_len };
    struct buf detail = BUF_INIT;
    replay__details(r, &detail);
    int rc = domain__change(r->d, &change, detail.data, detail.len, NULL, e);
    buf_free(&detail);
    return rc;
}

static int do_message(struct replaying *r, struct error *e)
{
    bool sent = !strcmp(r->what->event->kind, "message.sent");
    const struct value *why = replay__column(r, MESSAGE_LAST_ERROR);
    return domain_outbox_done(r->d, r->id, sent, why && why->type == VALUE_TEXT ? why->s : NULL, e);
}

/* "<entity>.created" and ".changed" are the engine's; other kinds a script has emitted. */
static bool replay_is_fact(const struct event *event)
{
    if (event->entity == ENTITY_NONE)
        return false;
    const char *name = schema_of(event->entity)->name;
    size_t n = strlen(name);
    return !strncmp(event->kind, name, n) && event->kind[n] == '.';
}

static int replay_referral(struct replaying *r, struct error *e)
{
    for (size_t i = 0; doing[i].kind; i++)
        if (!strcmp(doing[i].kind, r->what->event->kind))
            return doing[i].run(r, e);
    return error_set(e, ERROR_INVALID, "an event \"%.80s\" cannot be replayed",
                     r->what->event->kind);
}

static int replay_run(struct replaying *r, struct error *e)
{
    const struct event *event = r->what->event;
    bool fact = replay_is_fact(event);
    if (!fact)
        return domain_emit(r->d, &r->actor, event->kind, event->entity, r->id, event->payload,
                           event->payload_len, e);
    if (event->entity == ENTITY_REFERRAL)
        return replay_referral(r, e);
    return !strcmp(event->actor, "outbox") ? do_message(r, e) : do_fact(r, e);
}

int domain_replay(struct domain *d, const struct replay_event *what, struct error *e)
{
    struct replaying r = { .d = d, .what = what, .memory = arena_new(0) };
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = replay__read(&r, e);
    d->silent += what->silent ? 1 : 0;
    if (rc == 0)
        rc = replay_run(&r, e);
    d->silent -= what->silent ? 1 : 0;
    arena_free(r.memory);
    return rc;
}

int domain_replay_erased(struct domain *d, const struct event *event, struct error *e)
{
    const struct schema *s = schema_of(event->entity);
    struct store_set set[SCHEMA_COLUMNS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        if ((s->columns[i].flags & COLUMN_REQUIRED) && s->columns[i].type == COLUMN_TEXT)
            set[count++] = (struct store_set){
                (int)i, value_text(s->columns[i].values ? s->columns[i].values[0] : "(erased)")
            };
    struct store_change change = { .entity = event->entity,
                                   .kind = event->kind,
                                   .actor = event->actor,
                                   .at_ms = domain_now(d),
                                   .set = set,
                                   .set_count = count };
    return store_change(d->store, &change, NULL, e);
}
