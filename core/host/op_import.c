/* op import: a file of rows into one entity. The domain reads it and commits
 * turns of its own; here are the request, the progress, and a bound on how many
 * refused lines are spelt out. In one go: other organisations of a server wait,
 * so only a regular file is read (a pipe may never end), and each progress asks
 * whether to stop. */
#include "baton/base/limits.h"
#include "baton/domain/transfer.h"
#include "host/request_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct import {
    struct transfer transfer;
    struct transfer_report report;
    size_t refused_shown;
};

static int import_progress(void *context, const struct transfer_report *so_far, int64_t line,
                           const struct error *refused)
{
    struct conversation *c = context;
    struct import *state = c->state;
    if (!refused) {
        conversation__progress(c, so_far->bytes_done, so_far->bytes_total, "bytes");
        org__poll(c->org);
    } else if (state->refused_shown++ < LIMIT_REFUSED_SHOWN) {
        conversation__refused(c, line, refused);
    }
    return c->cancelled ? 1 : 0;
}

static int import_map_pair(struct conversation *c, const json_t *item, size_t index,
                           struct transfer_map *out, struct error *e)
{
    const char *text = json_string_value(item);
    const char *equals = text ? strrchr(text, '=') : NULL;
    if (!equals) {
        int rc =
            error_set(e, ERROR_INVALID,
                      "a mapping is written HEADER=COLUMN, like \"Given Name=name\", or HEADER= to "
                      "drop it");
        error_at(e, "/map/%zu", index);
        return rc;
    }
    out->from = arena_dupn(c->arena, text, (size_t)(equals - text));
    out->to = arena_dup(c->arena, equals + 1);
    return 0;
}

static int import_map(struct conversation *c, struct transfer *t, struct error *e)
{
    json_t *map = json_object_get(c->request, "map");
    if (!map || json_is_null(map))
        return 0;
    if (!json_is_object(map) && !json_is_array(map))
        return request__refuse(e, "map",
                               "\"map\" must be {\"HEADER\":\"COLUMN\"} or [\"HEADER=COLUMN\"]");
    size_t count = json_is_object(map) ? json_object_size(map) : json_array_size(map), i = 0;
    if (count > LIMIT_CSV_COLUMNS)
        return request__refuse(e, "map", "%zu columns are mapped, at most %d can be", count,
                               LIMIT_CSV_COLUMNS);
    struct transfer_map *pairs = arena_alloc(c->arena, (count + 1) * sizeof *pairs);
    const char *key;
    json_t *value;
    if (json_is_array(map)) {
        for (i = 0; i < count; i++) {
            int rc = import_map_pair(c, json_array_get(map, i), i, &pairs[i], e);
            if (rc)
                return rc;
        }
    } else {
        json_object_foreach(map, key, value)
        {
            if (!json_is_string(value))
                return request__refuse(e, "map", "\"%.64s\" must be mapped to the name of a column",
                                       key);
            pairs[i++] = (struct transfer_map){ key, json_string_value(value) };
        }
    }
    t->map = pairs;
    t->map_count = count;
    return 0;
}

static int import_open(const char *path, int *out, struct error *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        int rc = error_set(
            e, fd < 0 && errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "can't read %s: %s", path,
            fd < 0 ? strerror(errno) : "it is no file to read from (a folder, pipe or device)");
        if (fd >= 0)
            close(fd);
        return rc;
    }
    *out = fd;
    return 0;
}

/* What was committed before it stopped stays: whoever asked must know. */
static void import_explain(const struct transfer_report *r, struct error *e)
{
    struct error why = *e;
    error_set(e, why.code,
              "%s; kept before that: %" PRId64 " lines (%" PRId64 " created, %" PRId64
              " changed, %" PRId64 " unchanged, %" PRId64 " refused)",
              why.message, r->lines, r->created, r->changed, r->unchanged, r->refused);
    if (why.where[0])
        error_at(e, "%s", why.where);
}

static int import_start(struct conversation *c, struct error *e)
{
    struct import *state = arena_alloc(c->arena, sizeof *state);
    struct transfer *t = &state->transfer;
    const char *path;
    int rc;
    c->state = state;
    if ((rc = transfer__read(c, t, &path, e)) || (rc = request__path(c, "path", true, &path, e)) ||
        (rc = import_map(c, t, e)) || (rc = request__bool(c, "dry_run", &t->dry_run, e)) ||
        (rc = request__bool(c, "skip_unknown", &t->skip_unknown, e)) ||
        (rc = import_open(path, &t->fd, e)))
        return rc;
    t->progress = import_progress;
    struct org *o = c->org;
    org__enter(o);
    rc = domain_import(o->world.domain, &c->actor, t, &state->report, e);
    org__leave(o);
    close(t->fd);
    if (rc && e && state->report.lines)
        import_explain(&state->report, e);
    return rc;
}

static int import_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct import *state = c->state;
    (void)e;
    transfer__report(done, &state->report);
    return 0;
}

static const char *const import_keys[] = { "entity",  "path",         "format",    "map",
                                           "dry_run", "skip_unknown", "separator", NULL };

const struct request_op op_import = { .name = "import",
                                      .keys = import_keys,
                                      .writes = true,
                                      .start = import_start,
                                      .finish = import_finish };
