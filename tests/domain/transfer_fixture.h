/* Imports from a text and exports to a text, with what was refused. */
#ifndef TESTS_DOMAIN_TRANSFER_FIXTURE_H
#define TESTS_DOMAIN_TRANSFER_FIXTURE_H

#include "org_fixture.h"

#include "baton/domain/transfer.h"

#include <sys/mman.h>

enum { REFUSED_KEPT = 16 };
struct outcome {
    int rc;
    struct transfer_report report;
    struct error e;
    int calls, refusals;
    int stop_after; /* refusals */
    struct refused {
        int64_t line;
        struct error e;
    } refused[REFUSED_KEPT];
};

static inline int outcome_progress(void *context, const struct transfer_report *so_far,
                                   int64_t line, const struct error *refused)
{
    struct outcome *o = context;
    (void)so_far;
    o->calls++;
    if (!refused)
        return 0;
    if (o->refusals < REFUSED_KEPT)
        o->refused[o->refusals] = (struct refused){ line, *refused };
    o->refusals++;
    return o->refusals == o->stop_after;
}

static inline int text_fd(const char *text, size_t n)
{
    int fd = memfd_create("text", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static inline void import_with(struct org *org, struct transfer t, const char *text,
                               struct outcome *o)
{
    t.fd = text_fd(text, strlen(text));
    t.progress = outcome_progress;
    t.context = o;
    error_clear(&o->e);
    o->rc = domain_import(org->d, &org_operator, &t, &o->report, &o->e);
    assert_false(store_in_turn(org->store));
    close(t.fd);
}

static inline void import(struct org *org, enum entity entity, const char *text, struct outcome *o)
{
    struct transfer t = { .entity = entity,
                          .format = *text == '{' ? TRANSFER_JSONL : TRANSFER_CSV };
    *o = (struct outcome){ 0 };
    import_with(org, t, text, o);
}

static inline void assert_report(const struct outcome *o, int64_t created, int64_t changed,
                                 int64_t unchanged, int64_t refused, int line)
{
    const struct transfer_report *r = &o->report;
    if (!o->rc && r->created == created && r->changed == changed && r->unchanged == unchanged &&
        r->refused == refused && r->lines == created + changed + unchanged + refused)
        return;
    fail_msg(
        "line %d: rc %d (%s): %d lines, %d created, %d changed, %d unchanged, %d refused (%s: %s)",
        line, o->rc, o->e.message, (int)r->lines, (int)r->created, (int)r->changed,
        (int)r->unchanged, (int)r->refused, o->refusals ? o->refused[0].e.where : "",
        o->refusals ? o->refused[0].e.message : "");
}
#define imported(o, created, changed, unchanged, refused)                                          \
    assert_report((o), (created), (changed), (unchanged), (refused), __LINE__)

static inline void export(struct org *org, struct transfer t, struct buf *out)
{
    struct transfer_report report;
    t.fd = memfd_create("export", MFD_CLOEXEC);
    ok(domain_export(org->d, &t, &report, &org->e));
    off_t size = lseek(t.fd, 0, SEEK_END);
    assert_int_equal(report.bytes_done, size);
    buf_reserve(out, (size_t)size);
    assert_int_equal(pread(t.fd, out->data, (size_t)size, 0), size);
    out->data[size] = '\0';
    out->len = (size_t)size;
    close(t.fd);
}

#endif
