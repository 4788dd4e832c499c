/* The file sink of the outbox: each message becomes a text file in the
 * organisation's outbox/ folder, for a mail program or a person to take.
 *
 * The name is the message's id, and the file is written aside, synced and
 * renamed: delivering a message twice, after a crash between the file and its
 * mark in the database, leaves the same one file. */
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "baton/domain/outbox.h"
#include "host/org_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTBOX_BATCH = 64 };

struct outbox_attempt {
    int64_t id;
    bool delivered;
    char failure[200];
};

struct outbox {
    struct org *o;
    char *dir;
    size_t count;
    struct outbox_attempt attempts[OUTBOX_BATCH];
};

/* One header line; nothing in the value can begin another. */
static void outbox_header(struct buf *out, const char *name, const char *value)
{
    if (!*value)
        return;
    buf_printf(out, "%s: ", name);
    for (const char *p = value; *p; p++)
        buf_putc(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
    buf_putc(out, '\n');
}

static void outbox_text(const struct org *o, const struct outbox_item *item, struct buf *out)
{
    struct buf value = BUF_INIT;
    buf_printf(&value, "<M-%lld@%s>", (long long)item->id, o->name);
    outbox_header(out, "Message-ID", value.data);
    buf_clear(&value);
    zone_format_iso(item->created_at_ms, &value);
    outbox_header(out, "Date", value.data);
    outbox_header(out, "From", o->world.config.title);
    outbox_header(out, "To", item->recipient);
    outbox_header(out, "Subject", item->subject);
    outbox_header(out, "Content-Type", "text/plain; charset=utf-8");
    buf_putc(out, '\n');
    buf_puts(out, item->body);
    if (!out->len || out->data[out->len - 1] != '\n')
        buf_putc(out, '\n');
    buf_free(&value);
}

static int outbox_put(const char *temp, const char *path, const struct buf *text)
{
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    size_t at = 0;
    while (at < text->len) {
        ssize_t n = write(fd, text->data + at, text->len - at);
        if (n < 0 && errno != EINTR)
            break;
        at += n > 0 ? (size_t)n : 0;
    }
    int rc = at < text->len || fsync(fd) ? -1 : 0;
    int failed = errno;
    close(fd);
    if (!rc && rename(temp, path)) {
        rc = -1;
        failed = errno;
    }
    if (rc)
        unlink(temp);
    errno = failed;
    return rc;
}

static int outbox_write(void *context, const struct outbox_item *item)
{
    struct outbox *box = context;
    struct outbox_attempt *attempt = &box->attempts[box->count++];
    attempt->id = item->id;
    if (box->o->scratch) { /* nothing leaves it */
        attempt->delivered = true;
        return 0;
    }
    if (strcmp(item->channel, "file")) {
        snprintf(attempt->failure, sizeof attempt->failure,
                 "nothing delivers the channel \"%.64s\": file does", item->channel);
        return 0;
    }
    struct buf text = BUF_INIT, path = BUF_INIT, temp = BUF_INIT;
    outbox_text(box->o, item, &text);
    buf_printf(&path, "%s/M-%lld.txt", box->dir, (long long)item->id);
    buf_printf(&temp, "%s/.M-%lld.new", box->dir, (long long)item->id);
    mkdir(box->dir, 0700); /* someone may have cleared it away */
    if (outbox_put(temp.data, path.data, &text))
        snprintf(attempt->failure, sizeof attempt->failure, "can't write outbox/M-%lld.txt: %s",
                 (long long)item->id, strerror(errno));
    else
        attempt->delivered = true;
    buf_free(&text);
    buf_free(&path);
    buf_free(&temp);
    return 0;
}

/* The names must be on disk before the database says "sent". */
static void outbox_sync(struct outbox *box)
{
    struct error e = { 0 };
    if (!box->count || box->o->scratch || home__sync_dir(box->dir, &e) == 0)
        return;
    for (size_t i = 0; i < box->count; i++) {
        if (!box->attempts[i].delivered)
            continue;
        box->attempts[i].delivered = false;
        snprintf(box->attempts[i].failure, sizeof box->attempts[i].failure, "%.190s", e.message);
    }
}

static int outbox_mark(void *context, struct org *o, struct error *e)
{
    const struct outbox_attempt *a = context;
    return domain_outbox_done(o->world.domain, a->id, a->delivered, a->failure, e);
}

static void outbox_tell(struct outbox *box, const struct org_command *commands)
{
    for (size_t i = 0; i < box->count; i++) {
        const struct outbox_attempt *a = &box->attempts[i];
        long long id = (long long)a->id;
        if (commands[i].result)
            org__say(box->o, LOG_WARN, "M-%lld: %s", id, commands[i].error.message);
        else if (a->delivered)
            org__say(box->o, LOG_INFO,
                     box->o->scratch ? "M-%lld would be sent"
                                     : "M-%lld delivered to outbox/M-%lld.txt",
                     id, id);
        else
            org__say(box->o, LOG_WARN, "M-%lld not delivered: %s", id, a->failure);
    }
}

int outbox__deliver(struct org *o, size_t *tried, struct error *e)
{
    struct outbox *box = mem_new(struct outbox);
    struct org_command *commands = NULL;
    box->o = o;
    box->dir = home__path(o->dir, "outbox");
    int rc = domain_outbox_due(o->world.domain, org_now(o), OUTBOX_BATCH, outbox_write, box, e);
    if (!rc && box->count) {
        outbox_sync(box);
        commands = mem_zero(box->count * sizeof *commands);
        for (size_t i = 0; i < box->count; i++)
            commands[i] = (struct org_command){ .run = outbox_mark, .context = &box->attempts[i] };
        rc = org_turn_many(o, commands, box->count, e);
    }
    if (!rc) {
        *tried = box->count;
        if (commands)
            outbox_tell(box, commands);
    }
    mem_free(commands);
    mem_free(box->dir);
    mem_free(box);
    return rc;
}
