/* A run that something makes fail here and there, and the look at what it left: for the tests of a
 * failing disk and of failing memory. */
#ifndef FAULT_FIXTURE_H
#define FAULT_FIXTURE_H

#include "crash/crash_fixture.h"

enum { FAULT_STEPS = 14, FAULT_MORE = 6, FAULT_ACKS = FAULT_STEPS + 1 };

struct fault {
    struct fixture *f;
    struct book book;
    struct book_hook hook;
    struct org *o;
    void (*heal)(void); /* from here on nothing fails */
    struct {            /* the last event of all that was answered */
        int64_t seq;
        uint8_t head[DIGEST_BYTES];
    } acks[FAULT_ACKS];
    size_t ack_count, looked_at;
};

static inline bool fault_plugin_is_there(struct org *o)
{
    struct plugin_info info;
    script_plugin_at(org_script(o), 0, &info);
    return info.loaded;
}

static inline void fault_ack(struct fault *t)
{
    assert_true(t->ack_count < FAULT_ACKS);
    t->acks[t->ack_count].seq = store_last_event(org_store(t->o));
    memcpy(t->acks[t->ack_count++].head, org_store(t->o)->head, DIGEST_BYTES);
}

static inline bool fault_open(struct fault *t)
{
    struct error e = { 0 };
    if (org_open(&t->o, t->f->home, "victim", NULL, NULL, &e)) {
        t->o = NULL;
        book_refused(&t->book, &e);
        return false;
    }
    if (!fault_plugin_is_there(t->o))
        fail_msg("a fault of the disk left the plugin out");
    book_watch(&t->book, t->o, &t->hook);
    return true;
}

/* Opens, works, closes in the middle and opens again; heals the disk after some errors. */
static inline void fault_run(struct fault *t)
{
    for (int i = 0; i < FAULT_STEPS; i++) {
        struct error e = { 0 };
        if (t->book.errors > FAULT_MORE)
            t->heal();
        if (!t->o && !fault_open(t))
            continue;
        int rc = i == 3   ? book_import(&t->book, t->o, &e)
                 : i == 6 ? org_move_clock(t->o, org_now(t->o) + 2 * BOOK_DAY_MS, &e)
                          : book_step(&t->book, t->o, &e);
        if (rc)
            book_refused(&t->book, &e);
        else
            fault_ack(t);
        if (org_store(t->o) != t->hook.store)
            book_watch(&t->book, t->o, &t->hook); /* it was opened anew */
        if (i == FAULT_STEPS / 2) {
            org_close(t->o);
            t->o = NULL;
        }
    }
}

static inline int fault_compare(void *context, const struct event *event)
{
    struct fault *t = context;
    while (t->looked_at < t->ack_count && t->acks[t->looked_at].seq <= event->seq) {
        assert_int_equal(event->seq, t->acks[t->looked_at].seq);
        assert_memory_equal(event->hash, t->acks[t->looked_at].head, DIGEST_BYTES);
        t->looked_at++;
    }
    return 0;
}

/* The disk is well: it works, and after opening once more everything is as it was answered. */
static inline void fault_check(struct fault *t)
{
    struct fixture *f = t->f;
    struct error e = { 0 };
    t->heal();
    if (!t->o && !fault_open(t))
        fail_msg("can't be opened again");
    if (book_turn(&t->book, t->o, &e))
        fail_msg("does not work again: %s", e.message);
    fault_ack(t);
    org_close(t->o);
    t->o = fixture_open(f, "victim");
    fixture_ok(f, store_events(org_store(t->o), 0, 0, fault_compare, t, &f->e));
    assert_int_equal(t->looked_at, t->ack_count);
    const char *why = tally_look(f, t->o, true);
    if (*why)
        fail_msg("%s", why);
    assert_string_equal(integrity(t->o), "ok");
    org_close(t->o);
    t->o = NULL;
}

static inline void fault_copy(struct fixture *f)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s/orgs/victim && cp -r %s/base %s/orgs/victim",
             f->dir, f->dir, f->dir);
    assert_int_equal(system(command), 0);
}

/* What every run begins with: work that is not settled, and a log that a crash left. */
static inline void fault_base(struct fixture *f)
{
    struct fault t = { .f = f, .book = { .random = 4 } };
    char command[300];
    snprintf(t.book.file, sizeof t.book.file, "%s/import.csv", f->dir);
    fixture_plugin(f, "crash", crash_plugin);
    fixture_org(f, "victim", "crash", true);
    assert_true(fault_open(&t));
    book_begin(f, t.o);
    for (int i = 0; i < 20; i++)
        fixture_ok(f, book_turn(&t.book, t.o, &f->e));
    snprintf(command, sizeof command, "cp -r %s/orgs/victim %s/base && rm %s/base/org.pid", f->dir,
             f->dir, f->dir);
    assert_int_equal(system(command), 0);
    org_close(t.o);
    book_free(&t.book);
}

/* One run; the fault is set already. Gives how many errors were answered. */
static inline int fault_once(struct fixture *f, void (*heal)(void))
{
    struct fault t = { .f = f, .book = { .random = 77 }, .heal = heal };
    snprintf(t.book.file, sizeof t.book.file, "%s/import.csv", f->dir);
    fault_run(&t);
    int errors = t.book.errors;
    fault_check(&t);
    book_free(&t.book);
    return errors;
}

#endif
