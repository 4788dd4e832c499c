/* The list of copies, kept as a chain of events. */
#include "baton/domain/copies.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "domain/domain_internal.h"

static const char copies_key[] = "copies", copies_kind[] = "data.copied";

static int copies_last(struct domain *d, int64_t *out, struct error *e)
{
    struct buf text = BUF_INIT;
    int rc = store_meta_get(d->store, copies_key, &text, e);
    *out = text.len ? strtoll(text.data, NULL, 10) : 0;
    buf_free(&text);
    return rc;
}

int domain_note_copy(struct domain *d, const struct actor *actor, const char *what,
                     const char *where, struct error *e)
{
    int64_t before = 0;
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = copies_last(d, &before, e);
    if (rc < 0)
        return rc;
    struct buf detail = BUF_INIT, last = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    jsonw_key(&w, "what");
    jsonw_text(&w, what);
    jsonw_key(&w, "where");
    jsonw_text(&w, where);
    jsonw_key(&w, "before");
    jsonw_int(&w, before);
    jsonw_close(&w);
    struct store_change record = { .kind = copies_kind,
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .detail = detail.data + 1,
                                   .detail_len = detail.len - 2 };
    rc = store_record(d->store, &record, e);
    buf_int(&last, store_last_event(d->store));
    if (rc == 0)
        rc = store_meta_set(d->store, copies_key, buf_text(&last), e);
    buf_free(&detail);
    buf_free(&last);
    return rc;
}

struct copies {
    int64_t since_ms, before;
    copy_each each;
    void *context;
};

static void copies_text(const struct event *event, const char *key, struct buf *out)
{
    struct json_slice slice;
    if (jsons_get(event->payload, event->payload_len, key, strlen(key), &slice))
        jsons_text(&slice, out);
}

static int copies_look(void *context, const struct event *event)
{
    struct copies *c = context;
    struct json_slice before;
    struct buf what = BUF_INIT, where = BUF_INIT;
    int rc = 0;
    c->before = 0;
    if (strcmp(event->kind, copies_kind) != 0 || !event->payload || event->at_ms < c->since_ms)
        return 0;
    if (jsons_get(event->payload, event->payload_len, "before", 6, &before) &&
        jsons_int(&before) < event->seq)
        c->before = jsons_int(&before);
    copies_text(event, "what", &what);
    copies_text(event, "where", &where);
    const struct copy copy = { event->seq, event->at_ms, event->actor, buf_text(&what),
                               buf_text(&where) };
    rc = c->each(c->context, &copy);
    buf_free(&what);
    buf_free(&where);
    return rc;
}

int domain_copies(struct domain *d, int64_t since_ms, copy_each each, void *context,
                  struct error *e)
{
    struct copies c = { .since_ms = since_ms, .each = each, .context = context };
    int rc = copies_last(d, &c.before, e);
    while (rc == 0 && c.before > 0) {
        int64_t at = c.before;
        rc = store_events(d->store, at - 1, 1, copies_look, &c, e);
    }
    return rc;
}

bool domain_copy_has_people(const char *what)
{
    const struct schema *s = schema_named(what);
    return !s || (s->entity != ENTITY_PARTNER && s->entity != ENTITY_SERVICE &&
                  s->entity != ENTITY_LOCATION && s->entity != ENTITY_STAFF);
}
