/* Two events held against each other: what the workflow decides counts, ids,
 * traces and the engine's own bookkeeping do not. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/replay_internal.h"

static bool is_key(const char *key, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(key, word, n);
}

static bool is_one_of(const char *key, size_t n, const char *const *words)
{
    for (; *words; words++)
        if (is_key(key, n, *words))
            return true;
    return false;
}

/* ---- what becomes of each side ---- */

static int64_t take_instant(const struct json_slice *v)
{
    return v->type == JSON_T_INT ? jsons_int(v) : INT64_MIN;
}

void replay__take(struct replay *r, struct story *s, bool here, const struct told *t)
{
    struct story_end *end = here ? &s->rep : &s->rec;
    struct json_slice set, v;
    const char *key;
    size_t at = 0, n;
    if (t->entity != ENTITY_REFERRAL || !t->payload ||
        !jsons_get(t->payload, t->payload_len, "set", 3, &set))
        return;
    while (jsons_next(set.text, set.len, &at, &key, &n, &v)) {
        if (is_key(key, n, "wake_at_ms"))
            end->wake_ms = take_instant(&v);
        else if (is_key(key, n, "due_at_ms"))
            end->due_ms = take_instant(&v);
        else if (is_key(key, n, "closed_at_ms"))
            end->closed_at_ms = take_instant(&v);
        else if (is_key(key, n, "stage"))
            end->stage = replay__word(r, v.text, v.len);
        else if (is_key(key, n, "outcome"))
            end->outcome = replay__word(r, v.text, v.len);
    }
}

/* ---- what differs ---- */

struct difference *replay__difference(struct story *s)
{
    if (!s->d)
        s->d = mem_new(struct difference);
    return s->d;
}

/* An event as the report has it: what was decided, without notes and bookkeeping. */
static char *difference_json(const struct told *t)
{
    static const char *const left_out[] = { "set", "trace", "note",  "step",  "seat",  "staff",
                                            "by",  "seq",   "at_ms", "event", "actor", NULL };
    static const char *const columns[] = { "stage",     "outcome", "due_at_ms", "owner_id",
                                           "recipient", "template", "kind",     "name",
                                           "role",      "title",    NULL };
    struct buf out = BUF_INIT;
    struct json_slice v, set;
    struct jsonw w;
    const char *key;
    size_t at = 0, n;
    jsonw_start(&w, &out);
    jsonw_open_object(&w);
    jsonw_key(&w, "seq");
    jsonw_int(&w, t->seq);
    jsonw_key(&w, "at_ms");
    jsonw_int(&w, t->at_ms);
    jsonw_key(&w, "event");
    jsonw_text(&w, t->kind);
    jsonw_key(&w, "actor");
    jsonw_text(&w, t->actor);
    while (t->payload && jsons_next(t->payload, t->payload_len, &at, &key, &n, &v)) {
        if (is_one_of(key, n, left_out) || v.len > LIMIT_TEXT_BYTES)
            continue;
        jsonw_keyn(&w, key, n);
        bool text = v.type == JSON_T_TEXT; /* the slice has no quotes */
        jsonw_raw(&w, v.text - text, v.len + (text ? 2 : 0));
    }
    at = 0;
    if (t->payload && jsons_get(t->payload, t->payload_len, "set", 3, &set)) {
        jsonw_key(&w, "set");
        jsonw_open_object(&w);
        while (jsons_next(set.text, set.len, &at, &key, &n, &v)) {
            if (!is_one_of(key, n, columns))
                continue;
            jsonw_keyn(&w, key, n);
            bool text = v.type == JSON_T_TEXT;
            jsonw_raw(&w, v.text - text, v.len + (text ? 2 : 0));
        }
        jsonw_close(&w);
    }
    jsonw_close(&w);
    return buf_take(&out);
}

static void difference_first(struct story *s, const struct told *there, const struct told *here,
                             const char *names)
{
    struct difference *d = replay__difference(s);
    if (d->has_first)
        return;
    d->has_first = true;
    d->first_there = there ? difference_json(there) : NULL;
    d->first_here = here ? difference_json(here) : NULL;
    d->names = names ? mem_dup(names) : NULL;
}

static void difference_due(struct replay *r, struct story *s, const struct told *there,
                           int64_t from_ms, int64_t to_ms)
{
    struct difference *d = replay__difference(s);
    struct json_slice set, stage;
    const char *name = r->words[s->rec.stage];
    size_t n = strlen(name);
    if (d->move_count++ >= REPLAY_MOVES)
        return;
    struct deadline_moved *m = &d->moves[d->move_count - 1];
    if (jsons_get(there->payload, there->payload_len, "set", 3, &set) &&
        jsons_get(set.text, set.len, "stage", 5, &stage)) {
        name = stage.text;
        n = stage.len;
    }
    snprintf(m->stage, sizeof m->stage, "%.*s", n > LIMIT_NAME_BYTES ? LIMIT_NAME_BYTES : (int)n,
             name);
    m->from_ms = from_ms;
    m->to_ms = to_ms;
}

void replay__unknown(struct story *s, int64_t seq, int64_t at_ms,
                     const char *format, ...)
{
    struct difference *d = replay__difference(s);
    struct buf why = BUF_INIT;
    char text[ERROR_MESSAGE_BYTES + 256];
    va_list args;
    if (s->unknown)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_puts(&why, text);
    s->unknown = true;
    d->why = buf_take(&why);
    d->why_seq = seq;
    d->why_at_ms = at_ms;
}

/* ---- comparing ---- */

struct comparing {
    struct replay *r;
    struct story *s;
    const struct told *there, *here;
    struct buf names;
};

static void comparing_name(struct comparing *c, const char *key, size_t n)
{
    if (c->names.len > 200)
        return;
    if (c->names.len)
        buf_puts(&c->names, ", ");
    buf_add(&c->names, key, n);
}

static bool comparing_same(const struct json_slice *a, const struct json_slice *b)
{
    return a->type == b->type && a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static bool comparing_instant(const struct json_slice *a, const struct json_slice *b)
{
    return a->type == JSON_T_INT && b->type == JSON_T_INT
               ? replay__near(jsons_int(a), jsons_int(b))
               : comparing_same(a, b);
}

/* A stage by the name that the loaded version gives it. */
static bool comparing_stage(const struct comparing *c, const struct json_slice *a,
                            const struct json_slice *b)
{
    char name[LIMIT_NAME_BYTES + 1];
    if (comparing_same(a, b) || a->type != JSON_T_TEXT || a->len >= sizeof name)
        return comparing_same(a, b);
    memcpy(name, a->text, a->len);
    name[a->len] = '\0';
    const char *now = replay_stage(c->r->org->world.domain, c->r->words[c->s->workflow],
                                   c->s->version, name);
    return b->type == JSON_T_TEXT && strlen(now) == b->len && !memcmp(now, b->text, b->len);
}

/* An id of the history, and one of here. */
static bool comparing_ref(const struct comparing *c, enum entity entity, const struct json_slice *a,
                          const struct json_slice *b)
{
    if (a->type != JSON_T_INT || b->type != JSON_T_INT)
        return comparing_same(a, b);
    return replay__map_get(&c->r->here[entity], jsons_int(a)) == jsons_int(b);
}

/* Of a task, a message or a timer only what it is counts: its words hold ids and dates. */
static bool comparing_counts(enum entity entity, const char *key, size_t n)
{
    static const char *const task[] = { "kind", "role", "assignee_id", NULL };
    static const char *const message[] = { "channel", "template", NULL };
    static const char *const timer[] = { "name", NULL };
    static const char *const none[] = { NULL };
    static const char *const bookkeeping[] = { "wake_at_ms",       "wake_step",    "stage_at_ms",
                                               "workflow_version", "closed_at_ms", "due_at_ms",
                                               NULL };
    switch (entity) {
    case ENTITY_REFERRAL:
        return !is_one_of(key, n, bookkeeping);
    case ENTITY_TASK:
        return is_one_of(key, n, task);
    case ENTITY_MESSAGE:
        return is_one_of(key, n, message);
    case ENTITY_TIMER:
        return is_one_of(key, n, timer);
    default:
        return is_one_of(key, n, none);
    }
}

static bool comparing_column(const struct comparing *c, const char *key, size_t n,
                             const struct json_slice *a, const struct json_slice *b)
{
    const struct schema *s = schema_of(c->there->entity);
    for (size_t i = 0; i < s->count; i++) {
        if (s->columns[i].type != COLUMN_REF || !is_key(key, n, s->columns[i].name))
            continue;
        return comparing_ref(c, s->columns[i].ref, a, b);
    }
    return is_key(key, n, "stage") ? comparing_stage(c, a, b) : comparing_same(a, b);
}

static const struct json_slice comparing_null = { JSON_T_NULL, "null", 4, false };

/* Members of `a` against those of `b`, then those that only `b` has; absent is null. */
static void comparing_sets(struct comparing *c, const struct json_slice *a,
                           const struct json_slice *b)
{
    enum entity entity = c->there->entity;
    struct json_slice v, w;
    const char *key;
    size_t at = 0, n;
    while (jsons_next(a->text, a->len, &at, &key, &n, &v)) {
        bool both = jsons_get(b->text, b->len, key, n, &w);
        if (comparing_counts(entity, key, n) &&
            !comparing_column(c, key, n, &v, both ? &w : &comparing_null))
            comparing_name(c, key, n);
    }
    at = 0;
    while (jsons_next(b->text, b->len, &at, &key, &n, &v))
        if (comparing_counts(entity, key, n) && v.type != JSON_T_NULL &&
            !jsons_get(a->text, a->len, key, n, &w))
            comparing_name(c, key, n);
}

/* A field as the loaded version calls it; NULL: it is dropped, or the engine's own. */
static const char *comparing_field(const struct comparing *c, const char *key, size_t n,
                                   char name[LIMIT_NAME_BYTES + 1])
{
    if (n == 0 || key[0] == '_' || n > LIMIT_NAME_BYTES)
        return NULL;
    memcpy(name, key, n);
    name[n] = '\0';
    const char *now = replay_field(c->r->org->world.domain, c->r->words[c->s->workflow],
                                   c->s->version, name);
    return *now ? now : NULL;
}

static bool comparing_same_field(const struct comparing *c, const char *name,
                                 const struct json_slice *a, const struct json_slice *b)
{
    const struct graph *g = domain_graph(c->r->org->world.domain, c->r->words[c->s->workflow]);
    const struct field *f = g ? graph_field(g, name) : NULL;
    if (f && f->type == FIELD_TIME)
        return comparing_instant(a, b);
    return f && f->type == FIELD_REF ? comparing_ref(c, f->ref, a, b) : comparing_same(a, b);
}

/* Does the history have a field that is called so here? */
static bool comparing_has(const struct comparing *c, const struct json_slice *a, const char *name,
                          size_t name_n)
{
    char old[LIMIT_NAME_BYTES + 1];
    struct json_slice v;
    const char *key;
    size_t at = 0, n;
    while (jsons_next(a->text, a->len, &at, &key, &n, &v)) {
        const char *now = comparing_field(c, key, n, old);
        if (now && is_key(name, name_n, now))
            return true;
    }
    return false;
}

static void comparing_fields(struct comparing *c, const struct json_slice *a,
                             const struct json_slice *b)
{
    char old[LIMIT_NAME_BYTES + 1];
    struct json_slice v, w;
    const char *key;
    size_t at = 0, n;
    while (jsons_next(a->text, a->len, &at, &key, &n, &v)) {
        const char *name = comparing_field(c, key, n, old);
        bool both = name && jsons_get(b->text, b->len, name, strlen(name), &w);
        if (!name || (!both && v.type == JSON_T_NULL))
            continue;
        if (!both || !comparing_same_field(c, name, &v, &w))
            comparing_name(c, name, strlen(name));
    }
    at = 0;
    while (jsons_next(b->text, b->len, &at, &key, &n, &v))
        if (n && key[0] != '_' && v.type != JSON_T_NULL && !comparing_has(c, a, key, n))
            comparing_name(c, key, n);
}

/* Members of the event itself: what the clock measured goes with the deadlines. */
static void comparing_details(struct comparing *c)
{
    static const char *const left_out[] = { "set",     "fields",    "trace",   "step", "left_ms",
                                            "unit",    "paused_ms", "by",      "child",
                                            "at_ms",   "due_at_ms", "from_ms", NULL };
    static const char *const stages[] = { "from", "to", "stage", NULL };
    struct json_slice v, w;
    const char *key;
    size_t at = 0, n;
    while (jsons_next(c->there->payload, c->there->payload_len, &at, &key, &n, &v)) {
        if (is_one_of(key, n, left_out))
            continue;
        bool both = jsons_get(c->here->payload, c->here->payload_len, key, n, &w);
        bool instant = n > 3 && !memcmp(key + n - 3, "_ms", 3);
        if (!both || !(is_one_of(key, n, stages) ? comparing_stage(c, &v, &w)
                       : instant                 ? comparing_instant(&v, &w)
                                                 : comparing_same(&v, &w)))
            comparing_name(c, key, n);
    }
    at = 0;
    while (jsons_next(c->here->payload, c->here->payload_len, &at, &key, &n, &v))
        if (!is_one_of(key, n, left_out) &&
            !jsons_get(c->there->payload, c->there->payload_len, key, n, &w))
            comparing_name(c, key, n);
}

static struct json_slice comparing_part(const struct told *t, const char *key)
{
    struct json_slice v;
    bool has = jsons_get(t->payload, t->payload_len, key, strlen(key), &v);
    return has && v.type == JSON_T_OBJECT ? v : (struct json_slice){ JSON_T_OBJECT, "{}", 2, false };
}

static void comparing_deadline(struct comparing *c, const struct json_slice *a,
                               const struct json_slice *b)
{
    struct json_slice v, w;
    bool there = jsons_get(a->text, a->len, "due_at_ms", 9, &v);
    bool here = jsons_get(b->text, b->len, "due_at_ms", 9, &w);
    int64_t from_ms = there ? take_instant(&v) : INT64_MIN;
    int64_t to_ms = here ? take_instant(&w) : INT64_MIN;
    if (!replay__near(from_ms, to_ms))
        difference_due(c->r, c->s, c->there, from_ms, to_ms);
}

static void compare_members(struct comparing *c)
{
    struct json_slice a = comparing_part(c->there, "set"), b = comparing_part(c->here, "set");
    comparing_sets(c, &a, &b);
    if (c->there->entity != ENTITY_REFERRAL)
        return;
    comparing_deadline(c, &a, &b);
    a = comparing_part(c->there, "fields");
    b = comparing_part(c->here, "fields");
    comparing_fields(c, &a, &b);
    comparing_details(c);
}

/* Up to its trace, which an event has at its end. */
static size_t compare_length(const struct told *t)
{
    static const char key[] = ",\"trace\":{";
    const char *at = memmem(t->payload, t->payload_len, key, sizeof key - 1);
    return at ? (size_t)(at - t->payload) : t->payload_len - 1;
}

static bool compare_is_same(const struct replay *r, const struct told *a, const struct told *b)
{
    if (r->ids.moved || !a->payload_len || !b->payload_len)
        return false;
    size_t n = compare_length(a);
    return n == compare_length(b) && !memcmp(a->payload, b->payload, n);
}

void replay__compare(struct replay *r, struct story *s, const struct told *there,
                     const struct told *here)
{
    struct comparing c = { r, s, there, here, BUF_INIT };
    if (!there->payload || !here->payload || compare_is_same(r, there, here))
        return;
    compare_members(&c);
    if (c.names.len)
        difference_first(s, there, here, c.names.data);
    buf_free(&c.names);
}

void replay__part(struct story *s, const struct told *there, const struct told *here)
{
    difference_first(s, there, here, NULL);
}
