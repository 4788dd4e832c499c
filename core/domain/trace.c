/* The trace: what ran for an event, kept in the history itself.
 *
 * Frames are those of the C stack. What a handler writes itself are the seqs
 * between its begin and its end, without those of handlers further in and of
 * the records that close them. */
#include "domain/trace_internal.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"

static const char trace_kind[] = "handlers.ran";
enum { TRACE_SCAN = 10000 }; /* events behind one, among which its record is looked for */

struct trace *trace__new(void)
{
    return mem_new(struct trace);
}

void trace__free(struct trace *t)
{
    if (!t)
        return;
    buf_free(&t->ran);
    buf_free(&t->note);
    mem_free(t);
}

void trace__reset(struct domain *d)
{
    struct trace *t = d->trace;
    buf_clear(&t->ran);
    if (!t->top && t->note.len == 0)
        return;
    t->top = NULL;
    buf_clear(&t->note);
    store_annotate(d->store, NULL, 0);
}

void trace__wrote(struct domain *d)
{
    d->trace->at[d->depth] = (struct trace_event){ store_last_event(d->store), d->trace->ran.len };
}

struct trace_event trace__save(const struct domain *d)
{
    return d->trace->at[d->depth];
}

void trace__restore(struct domain *d, struct trace_event saved)
{
    d->trace->at[d->depth] = saved;
}

/* Frames. */

static void trace_annotate(struct domain *d)
{
    struct trace *t = d->trace;
    const struct trace_frame *f = t->top;
    struct jsonw w;
    buf_clear(&t->note);
    if (f) {
        jsonw_start(&w, &t->note);
        jsonw_open_object(&w);
        jsonw_key(&w, "cause");
        jsonw_int(&w, f->cause);
        jsonw_key(&w, "by");
        jsonw_text(&w, f->where);
        jsonw_close(&w);
    }
    store_annotate(d->store, t->note.data, t->note.len);
}

/* Everything up to now that belongs to nobody further in was written by `f`. */
static void trace_gather(struct domain *d, struct trace_frame *f)
{
    int64_t last = store_last_event(d->store);
    for (; f && f->next_seq <= last; f->next_seq++, f->wrote_count++)
        if (f->wrote_count < TRACE_WROTE)
            f->wrote[f->wrote_count] = f->next_seq;
}

void domain_trace_begin(struct domain *d, struct trace_frame *f, const char *plugin,
                        const char *what, const char *where)
{
    struct trace *t = d->trace;
    trace_gather(d, t->top);
    f->plugin = plugin;
    f->what = what;
    f->where = where;
    f->up = t->top;
    f->cause = d->depth > 0 ? t->at[d->depth - 1].seq : 0;
    f->next_seq = store_last_event(d->store) + 1;
    f->wrote_count = 0;
    f->began_ns = clock_monotonic_ns();
    t->top = f;
    trace_annotate(d);
}

static void trace_put(const struct trace_frame *f, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "what");
    jsonw_text(&w, f->what);
    jsonw_key(&w, "plugin");
    jsonw_text(&w, f->plugin);
    jsonw_key(&w, "where");
    jsonw_text(&w, f->where);
    jsonw_key(&w, "us");
    jsonw_int(&w, (int64_t)((clock_monotonic_ns() - f->began_ns) / 1000));
    jsonw_key(&w, "wrote");
    jsonw_open_array(&w);
    for (size_t i = 0; i < f->wrote_count && i < TRACE_WROTE; i++)
        jsonw_int(&w, f->wrote[i]);
    jsonw_close(&w);
    if (f->wrote_count > TRACE_WROTE) {
        jsonw_key(&w, "more");
        jsonw_int(&w, (int64_t)f->wrote_count - TRACE_WROTE);
    }
    jsonw_close(&w);
}

void domain_trace_end(struct domain *d, struct trace_frame *f)
{
    struct trace *t = d->trace;
    trace_gather(d, f);
    t->top = f->up;
    if (t->top)
        t->top->next_seq = store_last_event(d->store) + 1;
    if (t->ran.len > 0)
        buf_putc(&t->ran, ',');
    trace_put(f, &t->ran);
    trace_annotate(d);
}

int trace__flush(struct domain *d, struct error *e)
{
    struct trace *t = d->trace;
    struct trace_event at = t->at[d->depth];
    if (t->ran.len <= at.ran_at)
        return 0;
    struct buf detail = BUF_INIT;
    size_t begin = at.ran_at + (at.ran_at > 0 ? 1 : 0); /* behind the comma */
    buf_printf(&detail, "\"cause\":%lld,\"handlers\":[", (long long)at.seq);
    buf_add(&detail, t->ran.data + begin, t->ran.len - begin);
    buf_putc(&detail, ']');
    t->ran.len = at.ran_at;
    t->ran.data[at.ran_at] = '\0';
    const struct store_change record = { .kind = trace_kind,
                                         .actor = "baton",
                                         .at_ms = domain_now(d),
                                         .detail = detail.data,
                                         .detail_len = detail.len };
    trace_gather(d, t->top);
    store_annotate(d->store, NULL, 0);
    int rc = store_record(d->store, &record, e);
    if (t->top)
        t->top->next_seq = store_last_event(d->store) + 1;
    store_annotate(d->store, t->note.data, t->note.len);
    buf_free(&detail);
    return rc;
}

/* Undoing. */

void trace__mark(struct domain *d, struct trace_point *p)
{
    struct trace *t = d->trace;
    trace_gather(d, t->top);
    *p = (struct trace_point){ .at = t->at[d->depth],
                               .ran = t->ran.len,
                               .wrote_count = t->top ? t->top->wrote_count : 0,
                               .next_seq = t->top ? t->top->next_seq : 0 };
    t->failed[0] = '\0';
}

void trace__rewind(struct domain *d, const struct trace_point *p)
{
    struct trace *t = d->trace;
    t->at[d->depth] = p->at;
    if (t->ran.len > p->ran) {
        t->ran.len = p->ran;
        t->ran.data[p->ran] = '\0';
    }
    if (t->top) {
        t->top->wrote_count = p->wrote_count;
        t->top->next_seq = p->next_seq;
    }
}

void domain_trace_failed(struct domain *d, const char *plugin)
{
    snprintf(d->trace->failed, sizeof d->trace->failed, "%s", plugin);
}

void trace__failed(const struct domain *d, char out[LIMIT_NAME_BYTES + 1])
{
    memcpy(out, d->trace->failed, sizeof d->trace->failed);
}

/* Explaining. */

struct trace_seen {
    int64_t seq; /* wanted, or that was found */
    bool found;
    int64_t at_ms;
    char about[32];
    struct buf kind, actor, payload;
};

static void seen_free(struct trace_seen *s)
{
    buf_free(&s->kind);
    buf_free(&s->actor);
    buf_free(&s->payload);
}

static int seen_take(void *context, const struct event *event)
{
    struct trace_seen *s = context;
    if (event->seq != s->seq)
        return 1;
    s->found = true;
    s->at_ms = event->at_ms;
    if (event->entity != ENTITY_NONE && event->entity_id > 0)
        row_id_format(event->entity, event->entity_id, s->about);
    buf_puts(&s->kind, event->kind);
    buf_puts(&s->actor, event->actor);
    if (event->payload)
        buf_add(&s->payload, event->payload, event->payload_len);
    return 1;
}

static int seen_get(struct domain *d, int64_t seq, struct trace_seen *s, struct error *e)
{
    *s = (struct trace_seen){ .seq = seq };
    int rc = seq > 0 ? store_events(d->store, seq - 1, 1, seen_take, s, e) : 0;
    return rc < 0 ? rc : 0;
}

/* {"seq":346,"kind":"note.created","about":"N-1"} */
static int explain_short(struct domain *d, int64_t seq, struct jsonw *w, struct error *e)
{
    struct trace_seen s;
    int rc = seen_get(d, seq, &s, e);
    if (rc == 0) {
        jsonw_open_object(w);
        jsonw_key(w, "seq");
        jsonw_int(w, seq);
        if (s.found) {
            jsonw_key(w, "kind");
            jsonw_text(w, buf_text(&s.kind));
        }
        if (s.about[0]) {
            jsonw_key(w, "about");
            jsonw_text(w, s.about);
        }
        jsonw_close(w);
    }
    seen_free(&s);
    return rc;
}

struct trace_search {
    int64_t cause;
    struct buf *handlers; /* the array of the record */
};

static int search_record(void *context, const struct event *event)
{
    struct trace_search *s = context;
    struct json_slice cause, handlers;
    if (strcmp(event->kind, trace_kind) != 0 || !event->payload ||
        !jsons_get(event->payload, event->payload_len, "cause", 5, &cause) ||
        !jsons_get(event->payload, event->payload_len, "handlers", 8, &handlers))
        return 0;
    if (jsons_int(&cause) == s->cause)
        buf_add(s->handlers, handlers.text, handlers.len);
    return jsons_int(&cause) <= s->cause; /* or that of an outer one: there is none of this */
}

static int explain_wrote(struct domain *d, const json_t *wrote, struct jsonw *w, struct error *e)
{
    int rc = 0;
    jsonw_key(w, "wrote");
    jsonw_open_array(w);
    for (size_t i = 0; rc == 0 && i < json_array_size(wrote); i++)
        rc = explain_short(d, json_integer_value(json_array_get(wrote, i)), w, e);
    jsonw_close(w);
    return rc;
}

static int explain_handlers(struct domain *d, int64_t seq, struct jsonw *w, struct error *e)
{
    struct buf list = BUF_INIT;
    struct trace_search s = { seq, &list };
    json_t *handlers = NULL, *value;
    const char *key;
    int rc = store_events(d->store, seq, TRACE_SCAN, search_record, &s, e);
    rc = rc > 0 ? 0 : rc;
    if (rc == 0 && list.len > 0)
        rc = json_read(list.data, list.len, &handlers, e);
    jsonw_key(w, "handlers");
    jsonw_open_array(w);
    for (size_t i = 0; rc == 0 && i < json_array_size(handlers); i++) {
        jsonw_open_object(w);
        json_object_foreach(json_array_get(handlers, i), key, value)
        {
            if (!strcmp(key, "wrote")) {
                rc = rc == 0 ? explain_wrote(d, value, w, e) : rc;
                continue;
            }
            jsonw_key(w, key);
            jsonw_value(w, value);
        }
        jsonw_close(w);
    }
    jsonw_close(w);
    json_decref(handlers);
    buf_free(&list);
    return rc;
}

/* "cause", "by", and the event that caused it. */
static int explain_cause(struct domain *d, const struct trace_seen *s, struct jsonw *w,
                         struct error *e)
{
    struct json_slice trace, cause, by;
    if (s->payload.len == 0 || !jsons_get(s->payload.data, s->payload.len, "trace", 5, &trace) ||
        trace.type != JSON_T_OBJECT || !jsons_get(trace.text, trace.len, "cause", 5, &cause) ||
        !jsons_get(trace.text, trace.len, "by", 2, &by))
        return 0;
    jsonw_key(w, "by");
    jsonw_raw(w, by.text - 1, by.len + 2); /* with its quotes */
    jsonw_key(w, "caused_by");
    return explain_short(d, jsons_int(&cause), w, e);
}

int domain_explain_event(struct domain *d, int64_t seq, struct jsonw *w, struct error *e)
{
    struct trace_seen s;
    int rc = seen_get(d, seq, &s, e);
    if (rc == 0 && !s.found)
        rc = error_set(e, ERROR_NOT_FOUND, "no event %lld; the last is %lld", (long long)seq,
                       (long long)store_last_event(d->store));
    if (rc < 0) {
        seen_free(&s);
        return rc;
    }
    jsonw_open_object(w);
    jsonw_key(w, "seq");
    jsonw_int(w, seq);
    jsonw_key(w, "at_ms");
    jsonw_int(w, s.at_ms);
    jsonw_key(w, "zone");
    jsonw_text(w, zone_name(calendar_zone(d->calendar)));
    jsonw_key(w, "kind");
    jsonw_text(w, buf_text(&s.kind));
    jsonw_key(w, "actor");
    jsonw_text(w, buf_text(&s.actor));
    if (s.about[0]) {
        jsonw_key(w, "about");
        jsonw_text(w, s.about);
    }
    rc = explain_cause(d, &s, w, e);
    if (rc == 0)
        rc = explain_handlers(d, seq, w, e);
    jsonw_close(w);
    seen_free(&s);
    return rc;
}
