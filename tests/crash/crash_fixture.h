/* An organisation that works on the disk of disk.h, and the book of somebody who notes what it was
 * told was done. */
#ifndef CRASH_FIXTURE_H
#define CRASH_FIXTURE_H

#include <errno.h>
#include <fcntl.h>

#include "baton/domain/advance.h"
#include "baton/domain/audit.h"
#include "baton/domain/transfer.h"
#include "disk.h"
#include "host/host_fixture.h"
#include "store/store_internal.h"

enum { BOOK_REFERRALS = 60, BOOK_COMMANDS = 8, BOOK_DAY_MS = 86400000 };

static const char crash_plugin[] =
    "baton.field('person', 'town', { type = 'text', index = true })\n"
    "local function told(r, call)\n"
    "  r:timer('ping', '3 days')\n"
    "  r:task{ title = call.transition }\n"
    "  r:message{ to = 'a@b.example', subject = call.transition, body = r.ref }\n"
    "end\n"
    "baton.workflow{ name = 'crash', version = 1, fields = { n = { type = 'int', index = true } "
    "},\n"
    "  stages = { { name = 'a', deadline = { within = '9 days', remind = '2 days' } },\n"
    "             { name = 'b', deadline = { within = '5 days',\n"
    "                 expire = { after = '4 days', transition = 'lapse' } } },\n"
    "             { name = 'over', final = true, outcome = 'over' } },\n"
    "  transitions = { { name = 'go', from = 'a', to = 'b', effect = told },\n"
    "    { name = 'go', from = 'b', to = 'a', effect = told },\n"
    "    { name = 'lapse', from = '*', to = 'over', reasons = { 'expired', 'done' } } } }\n"
    "baton.on('timer.ping', function(e) baton.emit('test.pong', { timer = e.row.id }) end)\n";

/* What a client was told. */
struct book {
    struct { /* after each thing that was done: the last event, and how far the disk was */
        size_t position;
        int64_t seq;
    } * acks;
    size_t ack_count, ack_room;
    bool *ends; /* by seq: a commit ended there, or tried to */
    size_t ends_room;
    struct { /* each commit that was tried: how far the disk was, its last event */
        size_t position;
        int64_t seq;
    } * tries;
    size_t try_count, try_room;
    int64_t versions[BOOK_REFERRALS + 1]; /* of referrals, as answered; only where all went well */
    unsigned random;
    int errors; /* commands that were answered with an error of the disk */
    char file[160];
};

static inline unsigned book_random(struct book *b, unsigned below)
{
    b->random = b->random * 1103515245u + 12345u;
    return (b->random >> 16) % below;
}

static inline void book_free(struct book *b)
{
    mem_free(b->acks);
    mem_free(b->ends);
    mem_free(b->tries);
}

static inline void book_ack(struct book *b, struct org *o)
{
    if (b->ack_count == b->ack_room) {
        b->ack_room = b->ack_room ? b->ack_room * 2 : 64;
        b->acks = mem_resize(b->acks, b->ack_room * sizeof *b->acks);
    }
    b->acks[b->ack_count].position = disk_position();
    b->acks[b->ack_count++].seq = store_last_event(org_store(o));
}

struct book_hook {
    struct book *book;
    struct store *store;
};

/* Before SQLite writes a commit. */
static inline int book_try(void *context)
{
    struct book_hook *h = context;
    struct book *b = h->book;
    int64_t seq = h->store->next_seq - 1;
    if ((size_t)seq >= b->ends_room) {
        size_t room = ((size_t)seq + 1) * 2;
        b->ends = mem_resize(b->ends, room);
        memset(b->ends + b->ends_room, 0, room - b->ends_room);
        b->ends_room = room;
    }
    b->ends[seq] = true;
    if (b->try_count == b->try_room) {
        b->try_room = b->try_room ? b->try_room * 2 : 64;
        b->tries = mem_resize(b->tries, b->try_room * sizeof *b->tries);
    }
    b->tries[b->try_count].position = disk_position();
    b->tries[b->try_count++].seq = seq;
    return 0;
}

/* Small rooms, so that a short run sweeps and writes its log back. The hook must outlive the
 * store. */
static inline void book_watch(struct book *b, struct org *o, struct book_hook *hook)
{
    struct store *s = org_store(o);
    if (!s)
        return;
    s->dirty_limit = 24;
    s->checkpoint_pages = 60;
    *hook = (struct book_hook){ b, s };
    sqlite3_commit_hook(s->db, book_try, hook);
}

/* ---- commands ---- */

struct book_command {
    int kind;
    int64_t id, version;
};
static const struct actor book_operator = { .name = "operator" };

static inline int book_write(struct org *o, enum entity entity, int64_t id,
                             const struct store_set *set, size_t count, const char *fields,
                             struct error *e)
{
    struct record r = { .entity = entity, .id = id, .set = set, .set_count = count };
    (void)fields;
    return domain_write(org_domain(o), &book_operator, &r, NULL, e);
}

static inline int book_run(void *context, struct org *o, struct error *e)
{
    struct book_command *c = context;
    const struct row *row;
    char name[64];
    int rc;
    if (c->kind == 0) {
        struct referral_open open = { .workflow = "crash" };
        return domain_open(org_domain(o), &book_operator, &open, NULL, e);
    }
    if (c->kind == 1) {
        snprintf(name, sizeof name, "Person %lld of the town", (long long)c->id);
        struct store_set set[] = { { PERSON_NAME, value_text(name) } };
        return book_write(o, ENTITY_PERSON, 0, set, 1, NULL, e);
    }
    if (c->kind == 2) { /* a failure that is meant: undone alone, after it wrote */
        struct store_set set[] = { { PERSON_NAME, value_text("nobody") } };
        rc = book_write(o, ENTITY_PERSON, 0, set, 1, NULL, e);
        return rc ? rc : error_set(e, ERROR_DENIED, "meant to fail");
    }
    struct advance a = { .referral_id = c->id, .transition = "go" };
    rc = domain_advance(org_domain(o), &book_operator, &a, &row, e);
    if (!rc)
        c->version = row->version;
    return rc;
}

/* Whether the error is one that the disk (or memory) may cause, and says so. */
static inline void book_refused(struct book *b, const struct error *e)
{
    b->errors++;
    if (e->code != ERROR_IO && e->code != ERROR_BUSY)
        fail_msg("an odd error of the disk: %s: %s", error_code_name(e->code), e->message);
    if (!strstr(e->message, "/") || strstr(e->message, "disk I/O error"))
        fail_msg("says too little: %s", e->message);
}

static inline int book_turn(struct book *b, struct org *o, struct error *e)
{
    struct book_command commands[BOOK_COMMANDS] = { 0 };
    struct org_command turn[BOOK_COMMANDS] = { 0 };
    size_t n = 1 + book_random(b, BOOK_COMMANDS);
    for (size_t i = 0; i < n; i++) {
        commands[i].kind = (int)book_random(b, 12);
        commands[i].id = 1 + book_random(b, BOOK_REFERRALS);
        turn[i] = (struct org_command){ .run = book_run, .context = &commands[i] };
    }
    int rc = org_turn_many(o, turn, n, e);
    for (size_t i = 0; !rc && i < n; i++)
        if (!turn[i].result && commands[i].version)
            b->versions[commands[i].id] = commands[i].version;
    return rc;
}

static inline int book_import(struct book *b, struct org *o, struct error *e)
{
    if (!org_domain(o) || store_failed(org_store(o)))
        return book_turn(b, o, e); /* a turn opens it anew, an import needs it open */
    FILE *file = fopen(b->file, "w");
    assert_non_null(file);
    fputs("external_id,name,fields.town\n", file);
    for (int i = 0; i < 25; i++)
        fprintf(file, "x%d,Import %u,Town %u\n", i + (int)book_random(b, 2) * 25, b->random % 1000,
                book_random(b, 5));
    fclose(file);
    int fd = open(b->file, O_RDONLY);
    struct transfer t = { .entity = ENTITY_PERSON, .fd = fd, .per_turn = 7 };
    struct transfer_report report;
    int rc = domain_import(org_domain(o), &book_operator, &t, &report, e);
    close(fd);
    if (!rc)
        assert_int_equal(report.refused, 0);
    return rc;
}

/* One thing that a client asks; 0 or the error. */
static inline int book_step(struct book *b, struct org *o, struct error *e)
{
    bool more;
    int rc;
    switch (book_random(b, 10)) {
    case 0:
        rc = org_move_clock(o, org_now(o) + (int64_t)book_random(b, 40) * (BOOK_DAY_MS / 10), e);
        break;
    case 1:
        rc = org_settle_some(o, &more, e);
        break;
    case 2:
        rc = book_random(b, 3) ? book_turn(b, o, e) : book_import(b, o, e);
        break;
    default:
        rc = book_turn(b, o, e);
    }
    return rc;
}

/* The first referrals, so that there is something to move. */
static inline void book_begin(struct fixture *f, struct org *o)
{
    for (int i = 0; i < BOOK_REFERRALS; i += 20) {
        struct org_command turn[20] = { 0 };
        struct book_command c = { .kind = 0 };
        for (size_t k = 0; k < 20; k++)
            turn[k] = (struct org_command){ .run = book_run, .context = &c };
        fixture_ok(f, org_turn_many(o, turn, 20, &f->e));
        for (size_t k = 0; k < 20; k++)
            assert_int_equal(turn[k].result, 0);
    }
}

/* ---- is everything there, and nothing twice? ---- */

struct tally {
    int64_t advanced, timers, pings, pongs, messages, sent, events;
    bool *pinged;
    size_t room;
    int doubled;
};

static inline int tally_event(void *context, const struct event *event)
{
    struct tally *t = context;
    bool go = event->payload && !strcmp(event->kind, "referral.advanced") &&
              strstr(event->payload, "\"transition\":\"go\"");
    t->events++;
    t->advanced += go;
    t->timers += !strcmp(event->kind, "timer.created");
    t->pongs += !strcmp(event->kind, "test.pong");
    t->messages += !strcmp(event->kind, "message.created");
    t->sent += !strcmp(event->kind, "message.sent");
    if (!strcmp(event->kind, "timer.ping")) {
        size_t id = (size_t)event->entity_id;
        if (id >= t->room) {
            t->pinged = mem_resize(t->pinged, id * 2 + 1);
            memset(t->pinged + t->room, 0, id * 2 + 1 - t->room);
            t->room = id * 2 + 1;
        }
        t->doubled += t->pinged[id];
        t->pinged[id] = true;
        t->pings++;
    }
    return 0;
}

/* "" or what is wrong. Ends with the clock moved on, so that all timers have fired. */
static inline const char *tally_look(struct fixture *f, struct org *o, bool fire)
{
    static char why[400];
    struct tally t = { 0 };
    int64_t open_timers = 0;
    struct audit_result audit;
    *why = '\0';
    fixture_ok(f, domain_audit(org_domain(o), &audit, &f->e));
    if (audit.broken_seq || audit.differing) {
        snprintf(why, sizeof why, "event %lld: %s; %lld rows differ: %s",
                 (long long)audit.broken_seq, audit.broken_why, (long long)audit.differing,
                 audit.differs_why);
        return why;
    }
    if (fire)
        fixture_ok(f, org_move_clock(o, org_now(o) + 4ll * BOOK_DAY_MS, &f->e));
    fixture_ok(f, store_events(org_store(o), 0, 0, tally_event, &t, &f->e));
    struct store_filter waits = { .column = TIMER_AT_MS, .op = FILTER_NOT_NULL };
    struct store_query q = { .entity = ENTITY_TIMER, .filters = &waits, .filter_count = 1 };
    fixture_ok(f, store_count(org_store(o), &q, &open_timers, &f->e));
    if (t.timers != t.advanced || t.messages != t.advanced || t.pongs != t.pings || t.doubled ||
        t.pings + open_timers != t.timers || (fire && (open_timers || t.sent != t.messages)))
        snprintf(why, sizeof why,
                 "%lld transitions made %lld timers (%lld fired, %lld wait, %d twice, %lld pongs) "
                 "and %lld messages (%lld sent)",
                 (long long)t.advanced, (long long)t.timers, (long long)t.pings,
                 (long long)open_timers, t.doubled, (long long)t.pongs, (long long)t.messages,
                 (long long)t.sent);
    mem_free(t.pinged);
    return why;
}

static inline const char *integrity(struct org *o)
{
    static char text[200];
    sqlite3_stmt *st;
    struct store *s = org_store(o);
    snprintf(text, sizeof text, "can't be checked");
    if (sqlite3_prepare_v2(s->db, "PRAGMA integrity_check", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    if (!strcmp(text, "ok") &&
        sqlite3_exec(s->db, "INSERT INTO search (search) VALUES ('integrity-check')", NULL, NULL,
                     NULL) != SQLITE_OK)
        snprintf(text, sizeof text, "search: %s", sqlite3_errmsg(s->db));
    return text;
}

#endif
