/* The outbox: which messages are due, and what became of an attempt.
 *
 * A message is due while its status is "waiting" and send_at_ms has come;
 * being sent or given up clears send_at_ms, which takes it off the due list.
 * Delivery is at least once: when the process dies between delivering and
 * domain_outbox_done, the message goes out again under the same id. */
#include "baton/domain/outbox.h"
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "domain/domain_internal.h"

#include <string.h>

enum { OUTBOX_RETRY_MS = 60 * 1000, OUTBOX_ERROR_BYTES = 500, OUTBOX_TITLE_BYTES = 120 };

static const struct actor outbox_actor = { .name = "outbox" };

struct outbox_due {
    struct arena *arena;
    struct outbox_item *items;
    size_t count;
};

static int outbox_due_copy(void *context, const struct row *row)
{
    struct outbox_due *due = context;
    struct outbox_item *item = &due->items[due->count++];
    item->id = row->id;
    item->attempts = row_int(row, MESSAGE_ATTEMPTS);
    item->channel = arena_dup(due->arena, row_text(row, MESSAGE_CHANNEL));
    item->recipient = arena_dup(due->arena, row_text(row, MESSAGE_RECIPIENT));
    item->subject = arena_dup(due->arena, row_text(row, MESSAGE_SUBJECT));
    item->body = arena_dup(due->arena, row_text(row, MESSAGE_BODY));
    item->created_at_ms = row->created_at_ms;
    return 0;
}

/* Copied first, because `each` may write to the store, which ends the life of borrowed rows. */
int domain_outbox_due(struct domain *d, int64_t now_ms, size_t limit, outbox_each each,
                      void *context, struct error *e)
{
    if (limit > LIMIT_LIST_ROWS)
        limit = LIMIT_LIST_ROWS;
    if (!limit)
        return 0;
    struct store_filter filters[] = {
        { .column = MESSAGE_STATUS, .op = FILTER_EQ, .value = value_text("waiting") },
        { .column = MESSAGE_SEND_AT_MS, .op = FILTER_LE, .value = value_int(now_ms) },
    };
    struct store_query query = {
        .entity = ENTITY_MESSAGE, .filters = filters, .filter_count = 2, .limit = limit
    };
    struct outbox_due due = { .arena = arena_new(0) };
    due.items = arena_alloc(due.arena, limit * sizeof *due.items);
    int rc = store_list(domain_store(d), &query, outbox_due_copy, &due, e);
    for (size_t i = 0; !rc && i < due.count; i++)
        rc = each(context, &due.items[i]);
    arena_free(due.arena);
    return rc;
}

/* The remote side's words: made printable, and cut before a character that would not fit. */
static void outbox_clean(const char *text, size_t limit_bytes, struct buf *out)
{
    text_printable(text, strlen(text), false, out);
    if (out->len <= limit_bytes)
        return;
    size_t n = limit_bytes;
    while (n && ((unsigned char)out->data[n] & 0xc0) == 0x80)
        n--;
    out->data[n] = '\0';
    out->len = n;
}

static int outbox_task(struct domain *d, int64_t message_id, const char *about,
                       const char *recipient, struct error *e)
{
    char id[32];
    row_id_format(ENTITY_MESSAGE, message_id, id);
    struct buf title = BUF_INIT;
    buf_printf(&title, "Message %s could not be delivered to ", id);
    struct buf to = BUF_INIT;
    outbox_clean(recipient, OUTBOX_TITLE_BYTES, &to);
    buf_puts(&title, buf_text(&to));
    struct store_set set[] = {
        { TASK_TITLE, value_textn(title.data, title.len) },
        { TASK_ABOUT, value_text(*about ? about : id) },
        { TASK_ROLE, value_text("lead") },
        { TASK_KIND, value_text("undelivered") },
    };
    struct record record = { .entity = ENTITY_TASK, .set = set, .set_count = 4 };
    int rc = domain_write(d, &outbox_actor, &record, NULL, e);
    buf_free(&title);
    buf_free(&to);
    return rc;
}

static int outbox_write(struct domain *d, int64_t id, const char *kind, const struct store_set *set,
                        size_t count, struct error *e)
{
    struct store_change change = { .entity = ENTITY_MESSAGE,
                                   .id = id,
                                   .kind = kind,
                                   .actor = outbox_actor.name,
                                   .at_ms = domain_now(d),
                                   .set = set,
                                   .set_count = count };
    return domain__change(d, &change, NULL, 0, NULL, e);
}

static int outbox_delivered(struct domain *d, int64_t id, int64_t attempts, struct error *e)
{
    struct store_set set[] = {
        { MESSAGE_STATUS, value_text("sent") }, { MESSAGE_ATTEMPTS, value_int(attempts) },
        { MESSAGE_SEND_AT_MS, value_null() },   { MESSAGE_SENT_AT_MS, value_int(domain_now(d)) },
        { MESSAGE_LAST_ERROR, value_null() },
    };
    return outbox_write(d, id, "message.sent", set, 5, e);
}

static int outbox_failed(struct domain *d, int64_t id, int64_t attempts, const char *failure,
                         struct error *e)
{
    struct buf why = BUF_INIT;
    outbox_clean(failure && *failure ? failure : "no reason given", OUTBOX_ERROR_BYTES, &why);
    bool dead = attempts >= LIMIT_MESSAGE_ATTEMPTS;
    int64_t wait_ms = dead ? 0 : (int64_t)OUTBOX_RETRY_MS << (attempts - 1);
    struct store_set set[] = {
        { MESSAGE_STATUS, value_text(dead ? "dead" : "waiting") },
        { MESSAGE_ATTEMPTS, value_int(attempts) },
        { MESSAGE_SEND_AT_MS, dead ? value_null() : value_int(domain_now(d) + wait_ms) },
        { MESSAGE_LAST_ERROR, value_textn(why.data, why.len) },
    };
    int rc = outbox_write(d, id, dead ? "message.dead" : "message.failed", set, 4, e);
    buf_free(&why);
    return rc;
}

int domain_outbox_done(struct domain *d, int64_t message_id, bool delivered, const char *failure,
                       struct error *e)
{
    const struct row *row;
    int rc = domain__writable(d, e);
    if (!rc)
        rc = store_get(domain_store(d), ENTITY_MESSAGE, message_id, &row, e);
    if (rc)
        return rc;
    const char *status = row_text(row, MESSAGE_STATUS);
    /* Cancelled while it was under way: what was delivered was delivered, a failure no longer
     * matters. */
    bool cancelled = !strcmp(status, "cancelled");
    if (cancelled && !delivered)
        return 0;
    if (!cancelled && strcmp(status, "waiting"))
        return error_set(e, ERROR_CONFLICT, "M-%lld is %s already: it waits for no attempt",
                         (long long)message_id, status);
    int64_t attempts = row_int(row, MESSAGE_ATTEMPTS);
    attempts = (attempts < 0 ? 0 : attempts) + 1;
    if (delivered)
        return outbox_delivered(d, message_id, attempts, e);
    struct buf about = BUF_INIT, recipient = BUF_INIT; /* the row is borrowed until the change */
    buf_puts(&about, row_text(row, MESSAGE_ABOUT));
    buf_puts(&recipient, row_text(row, MESSAGE_RECIPIENT));
    rc = outbox_failed(d, message_id, attempts, failure, e);
    if (!rc && attempts >= LIMIT_MESSAGE_ATTEMPTS)
        rc = outbox_task(d, message_id, buf_text(&about), buf_text(&recipient), e);
    buf_free(&about);
    buf_free(&recipient);
    return rc;
}
