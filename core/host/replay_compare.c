/* Two events held against each other: what the workflow decides counts, ids,
 * traces and the engine's own bookkeeping do not. */
#include <string.h>

#include "host/replay_internal.h"

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
    return a->type == JSON_T_INT && b->type == JSON_T_INT ? replay__near(jsons_int(a), jsons_int(b))
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
    const char *now =
        replay_stage(c->r->org->world.domain, c->r->words[c->s->workflow], c->s->version, name);
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
    static const char *const bookkeeping[] = {
        "wake_at_ms",   "wake_step", "stage_at_ms", "workflow_version",
        "closed_at_ms", "due_at_ms", NULL
    };
    switch (entity) {
    case ENTITY_REFERRAL:
        return !replay__is_one_of(key, n, bookkeeping);
    case ENTITY_TASK:
        return replay__is_one_of(key, n, task);
    case ENTITY_MESSAGE:
        return replay__is_one_of(key, n, message);
    case ENTITY_TIMER:
        return replay__is_one_of(key, n, timer);
    default:
        return replay__is_one_of(key, n, none);
    }
}

static bool comparing_column(const struct comparing *c, const char *key, size_t n,
                             const struct json_slice *a, const struct json_slice *b)
{
    const struct schema *s = schema_of(c->there->entity);
    for (size_t i = 0; i < s->count; i++) {
        if (s->columns[i].type != COLUMN_REF || !replay__is_key(key, n, s->columns[i].name))
            continue;
        return comparing_ref(c, s->columns[i].ref, a, b);
    }
    return replay__is_key(key, n, "stage") ? comparing_stage(c, a, b) : comparing_same(a, b);
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
    const char *now =
        replay_field(c->r->org->world.domain, c->r->words[c->s->workflow], c->s->version, name);
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
        if (now && replay__is_key(name, name_n, now))
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
    static const char *const left_out[] = { "set",       "fields",    "trace", "step",  "left_ms",
                                            "unit",      "paused_ms", "by",    "child", "at_ms",
                                            "due_at_ms", "from_ms",   NULL };
    static const char *const stages[] = { "from", "to", "stage", NULL };
    struct json_slice v, w;
    const char *key;
    size_t at = 0, n;
    while (jsons_next(c->there->payload, c->there->payload_len, &at, &key, &n, &v)) {
        if (replay__is_one_of(key, n, left_out))
            continue;
        bool both = jsons_get(c->here->payload, c->here->payload_len, key, n, &w);
        bool instant = n > 3 && !memcmp(key + n - 3, "_ms", 3);
        if (!both || !(replay__is_one_of(key, n, stages) ? comparing_stage(c, &v, &w)
                       : instant                         ? comparing_instant(&v, &w)
                                                         : comparing_same(&v, &w)))
            comparing_name(c, key, n);
    }
    at = 0;
    while (jsons_next(c->here->payload, c->here->payload_len, &at, &key, &n, &v))
        if (!replay__is_one_of(key, n, left_out) &&
            !jsons_get(c->there->payload, c->there->payload_len, key, n, &w))
            comparing_name(c, key, n);
}

static struct json_slice comparing_part(const struct told *t, const char *key)
{
    struct json_slice v;
    bool has = jsons_get(t->payload, t->payload_len, key, strlen(key), &v);
    return has && v.type == JSON_T_OBJECT ? v
                                          : (struct json_slice){ JSON_T_OBJECT, "{}", 2, false };
}

static void comparing_deadline(struct comparing *c, const struct json_slice *a,
                               const struct json_slice *b)
{
    struct json_slice v, w;
    bool there = jsons_get(a->text, a->len, "due_at_ms", 9, &v);
    bool here = jsons_get(b->text, b->len, "due_at_ms", 9, &w);
    int64_t from_ms = there ? replay__instant(&v) : INT64_MIN;
    int64_t to_ms = here ? replay__instant(&w) : INT64_MIN;
    if (!replay__near(from_ms, to_ms))
        replay__deadline_moved(c->s, c->r, c->there, from_ms, to_ms);
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
        replay__differ(s, there, here, c.names.data);
    buf_free(&c.names);
}
