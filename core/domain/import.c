/* Import: the loop over a file, in turns of per_turn lines.
 *
 * Each line is a command of its own: a refused one is undone alone and
 * reported, and the rest goes on. What the world does to the store (disk full,
 * a damaged file) ends the import; what was committed before stays, and the
 * report says how much that is. A dry run is one turn, undone at its end, so
 * that later lines see what earlier ones would have made. */
#include "baton/base/arena.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "domain/transfer_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { IMPORT_PER_TURN = 500, IMPORT_PROGRESS_LINES = 1000, IMPORT_PROGRESS_MS = 200 };

struct import {
    const struct transfer *t;
    struct store *store;
    struct transfer__map *map;
    struct transfer__reader *reader;
    struct transfer__line line;
    struct import__rows rows;
    struct transfer_report report;    /* so far */
    struct transfer_report committed; /* as of the last commit */
    size_t in_turn;
    uint64_t told_ns; /* the last progress */
};

static int import_tell(struct import *im, int64_t line, const struct error *refused,
                       struct error *e)
{
    im->report.bytes_done = transfer__reader_bytes(im->reader);
    if (!im->t->progress || !im->t->progress(im->t->context, &im->report, line, refused))
        return 0;
    return error_set(e, ERROR_CANCELLED, "stopped at line %" PRId64 " on request", line);
}

/* What a line can do about: anything but a store that cannot go on. */
static bool import_is_fatal(const struct import *im, int rc)
{
    return store_failed(im->store) || rc == -ERROR_IO || rc == -ERROR_CORRUPT;
}

static void import_count(struct transfer_report *report, enum import_result result)
{
    if (result == IMPORT_CREATED)
        report->created++;
    else if (result == IMPORT_CHANGED)
        report->changed++;
    else
        report->unchanged++;
}

/* 1: done; 0: the line is refused, with its error in *refused; negative: the import can't go on. */
static int import_line(struct import *im, struct error *refused, struct error *e)
{
    if (!store_in_turn(im->store)) {
        int rc = store_turn_begin(im->store, e);
        if (rc)
            return rc;
    }
    enum import_result result = IMPORT_UNCHANGED;
    domain_command_begin(im->rows.d);
    int64_t id;
    int rc = import__row(&im->rows, &im->line, transfer__reader_arena(im->reader), &result, &id,
                         refused);
    int ended = domain_command_end(im->rows.d, rc == 0, rc ? e : refused);
    im->in_turn++;
    if (rc ? ended != 0 : import_is_fatal(im, ended)) { /* the turn is lost */
        if (!rc)
            *e = *refused;
        return ended;
    }
    if (rc && import_is_fatal(im, rc)) {
        *e = *refused;
        return rc;
    }
    if (rc || ended) /* ended: a handler caught what cannot be undone alone */
        return 0;
    *domain__idmap_at(&im->rows.touched, (uint64_t)id) = (uint64_t)im->line.number;
    import_count(&im->report, result);
    return 1;
}

static int import_commit(struct import *im, struct error *e)
{
    if (!store_in_turn(im->store))
        return 0;
    if (im->t->dry_run) {
        store_turn_abort(im->store);
        return 0;
    }
    im->in_turn = 0;
    int rc = store_turn_commit(im->store, e);
    if (!rc)
        im->committed = im->report;
    return rc;
}

/* Progress is also where somebody may stop us, so slow lines must not keep it waiting. */
static bool import_tell_due(struct import *im)
{
    uint64_t now = clock_monotonic_ns();
    if (im->report.lines % IMPORT_PROGRESS_LINES &&
        now - im->told_ns < (uint64_t)IMPORT_PROGRESS_MS * 1000000)
        return false;
    im->told_ns = now;
    return true;
}

static int import_refuse(struct import *im, struct error *refused, struct error *e)
{
    error_at(refused, "line %" PRId64, im->line.number);
    im->report.refused++;
    return import_tell(im, im->line.number, refused, e);
}

/* `e` is not NULL here and below. */
static int import_lines(struct import *im, struct error *e)
{
    size_t per_turn = im->t->per_turn ? im->t->per_turn : IMPORT_PER_TURN;
    im->told_ns = clock_monotonic_ns();
    for (;;) {
        struct error refused;
        error_clear(&refused);
        int rc = transfer__reader_next(im->reader, &im->line, &refused);
        if (!rc)
            return import_commit(im, e);
        if (rc == -ERROR_IO || (rc < 0 && transfer__reader_gave_up(im->reader))) {
            *e = refused;
            error_at(e, "line %" PRId64, im->line.number);
            return rc;
        }
        im->report.lines++;
        int done = rc > 0 ? import_line(im, &refused, e) : 0;
        if (done < 0)
            return done;
        rc = done ? 0 : import_refuse(im, &refused, e);
        if (!rc && im->in_turn >= per_turn && !im->t->dry_run)
            rc = import_commit(im, e);
        if (!rc && import_tell_due(im))
            rc = import_tell(im, im->line.number, NULL, e);
        if (rc)
            return rc;
    }
}

static int import_open(struct import *im, struct domain *d, struct error *e)
{
    if (im->t->separator && strchr("\"\r\n", im->t->separator))
        return error_set(e, ERROR_INVALID, "a quote or line end cannot separate columns");
    if (store_in_turn(im->store))
        return error_set(e, ERROR_INVALID,
                         "an import begins turns of its own: it cannot run inside of one");
    int rc = transfer__map_new(&im->map, d, im->t, e);
    if (!rc)
        rc = transfer__reader_open(&im->reader, im->t, im->map, e);
    if (rc)
        return rc;
    im->rows.schema = transfer__map_schema(im->map);
    struct stat st;
    if (!fstat(im->t->fd, &st) && S_ISREG(st.st_mode))
        im->report.bytes_total = (int64_t)st.st_size;
    return 0;
}

int domain_import(struct domain *d, const struct actor *actor, const struct transfer *t,
                  struct transfer_report *out, struct error *e)
{
    struct error own;
    error_clear(&own);
    struct import im = { .t = t, .store = domain_store(d), .rows = { .d = d, .actor = actor } };
    int rc = import_open(&im, d, &own);
    if (rc && t->progress)
        t->progress(t->context, &im.report, 0, &own);
    if (!rc)
        rc = import_lines(&im, &own);
    if (rc && im.reader && store_in_turn(im.store))
        store_turn_abort(im.store);
    if (im.reader)
        im.report.bytes_done = transfer__reader_bytes(im.reader);
    *out = rc ? im.committed : im.report;
    if (rc && e)
        *e = own;
    transfer__reader_close(im.reader);
    transfer__map_free(im.map);
    domain__idmap_free(&im.rows.touched);
    mem_free(im.line.fields);
    return rc;
}
