/* The history as JSON Lines, with what is needed to check its chain elsewhere:
 * the hash of each event is SHA-256 of the hash before it, the header, and the
 * SHA-256 of salt and payload (store/event.c says byte by byte). Where a payload
 * was erased, its digest stands in its place. */
#include "baton/base/buf.h"
#include "baton/base/digest.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/domain/transfer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { EXPORT_EVENTS_PAGE = 1000, EXPORT_SALT_BYTES = 16 };

struct export_events {
    const struct transfer *t;
    struct buf out;
    struct transfer_report report;
    int64_t last;
};

static void export_hex(struct jsonw *w, const char *key, const uint8_t *bytes, size_t n)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(bytes, n, hex);
    jsonw_key(w, key);
    jsonw_text(w, hex);
}

static void export_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static int export_event(void *context, const struct event *event)
{
    struct export_events *x = context;
    struct jsonw w;
    jsonw_start(&w, &x->out);
    jsonw_open_object(&w);
    export_number(&w, "seq", event->seq);
    export_number(&w, "at_ms", event->at_ms);
    jsonw_key(&w, "kind");
    jsonw_text(&w, event->kind);
    jsonw_key(&w, "actor");
    jsonw_text(&w, event->actor);
    export_number(&w, "entity", event->entity);
    export_number(&w, "id", event->entity_id);
    export_number(&w, "version", event->version);
    export_number(&w, "previous", event->previous);
    if (event->payload) { /* as text: its bytes are what was hashed */
        jsonw_key(&w, "payload");
        jsonw_textn(&w, event->payload, event->payload_len);
        export_hex(&w, "salt", event->salt, EXPORT_SALT_BYTES);
    } else {
        export_hex(&w, "erased", event->payload_digest, DIGEST_BYTES);
    }
    export_hex(&w, "hash", event->hash, DIGEST_BYTES);
    jsonw_close(&w);
    buf_putc(&x->out, '\n');
    x->report.lines++;
    x->last = event->seq;
    return 0;
}

static int export_flush(struct export_events *x, struct error *e)
{
    for (size_t at = 0; at < x->out.len;) {
        ssize_t n = write(x->t->fd, x->out.data + at, x->out.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, ERROR_IO, "cannot write the export: %s", strerror(errno));
        at += (size_t)n;
    }
    buf_clear(&x->out);
    return 0;
}

int domain_export_events(struct domain *d, const struct transfer *t, struct transfer_report *out,
                         struct error *e)
{
    struct export_events x = { .t = t, .out = BUF_INIT };
    int64_t before;
    int rc;
    do {
        before = x.report.lines;
        rc = store_events(domain_store(d), x.last, EXPORT_EVENTS_PAGE, export_event, &x, e);
        if (rc == 0)
            rc = export_flush(&x, e);
        if (rc == 0 && t->progress && t->progress(t->context, &x.report, x.report.lines, NULL))
            rc = error_set(e, ERROR_CANCELLED, "the export was stopped on request");
    } while (rc == 0 && x.report.lines > before);
    if (rc == 0)
        *out = x.report;
    buf_free(&x.out);
    return rc;
}
