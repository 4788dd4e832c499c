/* Firing what is due, and looking at what came of it. */
#ifndef TESTS_DOMAIN_DUE_FIXTURE_H
#define TESTS_DOMAIN_DUE_FIXTURE_H

#include "baton/base/zone.h"
#include "baton/domain/due.h"
#include "domain/rules_fixture.h"

struct fired {
    struct org *org;
    struct buf lines; /* "referral.overdue R-1 2026-03-04 09:00\n", "!" behind a failed one */
    char last_text[512];
    char last_error[ERROR_MESSAGE_BYTES];
};

static inline bool fired_note(void *context, const struct due_fired *f)
{
    struct fired *log = context;
    char id[32];
    row_id_format(f->entity, f->id, id);
    buf_printf(&log->lines, "%s %s ", f->kind, id);
    zone_format(calendar_zone(log->org->calendar), f->at_ms, false, &log->lines);
    buf_puts(&log->lines, f->error ? "!\n" : "\n");
    snprintf(log->last_text, sizeof log->last_text, "%s", f->text);
    snprintf(log->last_error, sizeof log->last_error, "%s", f->error ? f->error->message : "");
    return true;
}

static inline size_t fire_all(struct org *org, struct fired *log, size_t limit)
{
    size_t fired = 0;
    ok(store_turn_begin(org->store, &org->e));
    ok(domain_fire_due(org->d, domain_now(org->d), limit, log ? fired_note : NULL, log, &fired,
                       &org->e));
    ok(store_turn_commit(org->store, &org->e));
    return fired;
}

/* Moves the clock and fires. */
static inline void expect_fired(struct org *org, int64_t by_ms, const char *lines)
{
    struct fired log = { .org = org, .lines = BUF_INIT };
    clock_move(&org->clock, by_ms);
    fire_all(org, &log, 100);
    assert_string_equal(buf_text(&log.lines), lines);
    buf_free(&log.lines);
}

static inline void add_task(struct buf *out, const struct row *task)
{
    buf_printf(out, "%s %s ", row_text(task, TASK_KIND), row_text(task, TASK_STATUS));
    if (!row_is_null(task, TASK_ASSIGNEE))
        buf_printf(out, "S-%lld\n", (long long)row_int(task, TASK_ASSIGNEE));
    else
        buf_printf(out, "%s\n", row_text(task, TASK_ROLE));
}

static inline int collect_task(void *context, const struct row *task)
{
    add_task(context, task);
    return 0;
}

static inline void expect_tasks(struct org *org, const char *lines)
{
    struct buf out = BUF_INIT;
    const struct store_query q = { .entity = ENTITY_TASK };
    ok(store_list(org->store, &q, collect_task, &out, &org->e));
    assert_string_equal(buf_text(&out), lines);
    buf_free(&out);
}

struct history {
    struct org *org;
    struct buf lines;
    int64_t before_ms;
};

static inline int history_line(void *context, const struct event *event)
{
    struct history *h = context;
    if (event->at_ms > h->before_ms)
        fail_msg("%s is later than the event behind it", event->kind);
    h->before_ms = event->at_ms;
    buf_printf(&h->lines, "%s %s ", event->kind, event->actor);
    zone_format(calendar_zone(h->org->calendar), event->at_ms, false, &h->lines);
    buf_putc(&h->lines, '\n');
    return 0;
}

/* Newest first. */
static inline void expect_history(struct org *org, int64_t id, const char *lines)
{
    struct history h = { org, BUF_INIT, INT64_MAX };
    ok(store_history(org->store, ENTITY_REFERRAL, id, 100, history_line, &h, &org->e));
    assert_string_equal(buf_text(&h.lines), lines);
    buf_free(&h.lines);
}

struct payload {
    char kind[64], text[1024];
};

static inline int payload_newest(void *context, const struct event *event)
{
    struct payload *p = context;
    snprintf(p->kind, sizeof p->kind, "%s", event->kind);
    snprintf(p->text, sizeof p->text, "%.*s", (int)event->payload_len, event->payload);
    return 1;
}

static inline void expect_newest(struct org *org, enum entity entity, int64_t id, const char *kind,
                                 const char *part)
{
    struct payload p = { "", "" };
    store_history(org->store, entity, id, 1, payload_newest, &p, &org->e);
    assert_string_equal(p.kind, kind);
    assert_contains(p.text, part);
}

static inline int64_t timer_set(struct org *org, const char *name, int64_t at_ms)
{
    const struct store_set set[] = { { TIMER_NAME, value_text(name) },
                                     { TIMER_AT_MS, value_int(at_ms) },
                                     { TIMER_ABOUT, value_text("P-1") } };
    return org_write(org, ENTITY_TIMER, 0, set, 3, NULL);
}

#endif
