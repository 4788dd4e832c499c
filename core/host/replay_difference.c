/* What a story becomes on each side, and how the sides differ: kept for the
 * report. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/replay_internal.h"

enum { DIFFERENCE_MEMBER_BYTES = 1000 }; /* of an event that is shown; longer ones are left out */

bool replay__is_key(const char *key, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(key, word, n);
}

bool replay__is_one_of(const char *key, size_t n, const char *const *words)
{
    for (; *words; words++)
        if (replay__is_key(key, n, *words))
            return true;
    return false;
}

/* ---- what becomes of each side ---- */

int64_t replay__instant(const struct json_slice *v)
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
        if (replay__is_key(key, n, "wake_at_ms"))
            end->wake_ms = replay__instant(&v);
        else if (replay__is_key(key, n, "due_at_ms"))
            end->due_ms = replay__instant(&v);
        else if (replay__is_key(key, n, "closed_at_ms"))
            end->closed_at_ms = replay__instant(&v);
        else if (replay__is_key(key, n, "stage"))
            end->stage = replay__word(r, v.text, v.len);
        else if (replay__is_key(key, n, "outcome"))
            end->outcome = replay__word(r, v.text, v.len);
    }
}

/* ---- what differs ---- */

static struct difference *difference_of(struct story *s)
{
    if (!s->d)
        s->d = mem_new(struct difference);
    return s->d;
}

static void difference_member(struct jsonw *w, const char *key, size_t n,
                              const struct json_slice *v)
{
    bool text = v->type == JSON_T_TEXT; /* the slice has no quotes */
    if (v->len > DIFFERENCE_MEMBER_BYTES)
        return;
    jsonw_keyn(w, key, n);
    jsonw_raw(w, v->text - text, v->len + (text ? 2 : 0));
}

/* What it set, of what people ask for. */
static void difference_set(struct jsonw *w, const struct told *t)
{
    static const char *const columns[] = { "stage",     "outcome",  "due_at_ms", "owner_id",
                                           "recipient", "template", "kind",      "name",
                                           "role",      "title",    NULL };
    struct json_slice set, v;
    const char *key;
    size_t at = 0, n;
    if (!t->payload || !jsons_get(t->payload, t->payload_len, "set", 3, &set))
        return;
    jsonw_key(w, "set");
    jsonw_open_object(w);
    while (jsons_next(set.text, set.len, &at, &key, &n, &v))
        if (replay__is_one_of(key, n, columns))
            difference_member(w, key, n, &v);
    jsonw_close(w);
}

/* An event as the report has it: what was decided, without notes and bookkeeping. */
static char *difference_json(const struct told *t)
{
    static const char *const left_out[] = { "set", "trace", "note",  "step",  "seat",  "staff",
                                            "by",  "seq",   "at_ms", "event", "actor", NULL };
    struct buf out = BUF_INIT;
    struct json_slice v;
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
    while (t->payload && jsons_next(t->payload, t->payload_len, &at, &key, &n, &v))
        if (!replay__is_one_of(key, n, left_out))
            difference_member(&w, key, n, &v);
    difference_set(&w, t);
    jsonw_close(&w);
    return buf_take(&out);
}

void replay__differ(struct story *s, const struct told *there, const struct told *here,
                    const char *names)
{
    struct difference *d = difference_of(s);
    if (d->has_first)
        return;
    d->has_first = true;
    d->first_there = there ? difference_json(there) : NULL;
    d->first_here = here ? difference_json(here) : NULL;
    d->names = names ? mem_dup(names) : NULL;
}

void replay__deadline_moved(struct story *s, struct replay *r, const struct told *there,
                            int64_t from_ms, int64_t to_ms)
{
    struct difference *d = difference_of(s);
    struct json_slice set, stage;
    if (d->move_count++ >= REPLAY_MOVES)
        return;
    struct deadline_moved *m = &d->moves[d->move_count - 1];
    m->stage = s->rec.stage;
    if (jsons_get(there->payload, there->payload_len, "set", 3, &set) &&
        jsons_get(set.text, set.len, "stage", 5, &stage))
        m->stage = replay__word(r, stage.text, stage.len);
    m->from_ms = from_ms;
    m->to_ms = to_ms;
}

void replay__unknown(struct story *s, int64_t seq, int64_t at_ms, const char *format, ...)
{
    struct difference *d = difference_of(s);
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
