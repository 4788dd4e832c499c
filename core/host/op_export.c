/* op export: every row of an entity, or the history (entity "events"), into a file
 * or, for path "-", into frames. That it was made is noted first (op_copies.c).
 *
 * A file is written aside and renamed when it is whole and on disk, so that a
 * failed export leaves the file of yesterday. A pipe or device is not written: it
 * could hold everybody up; whoever wants that takes the frames. */
#include "baton/domain/transfer.h"
#include "host/request_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXPORT_DATA_BYTES = 64 * 1024 };

struct export
{
    struct transfer transfer;
    struct transfer_report report;
    bool events;
};

static int export_progress(void *context, const struct transfer_report *so_far, int64_t line,
                           const struct error *refused)
{
    struct conversation *c = context;
    (void)line;
    if (!refused) {
        conversation__progress(c, so_far->lines, 0, "rows");
        org__poll(c->org);
    }
    return c->cancelled ? 1 : 0;
}

static int export_failed(const char *path, struct error *e)
{
    return error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
}

/* How much of a chunk ends with a whole UTF-8 character. */
static size_t export_whole(const char *text, size_t n)
{
    size_t back = 0;
    while (back < 4 && back < n && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back == n || back == 4)
        return n;
    unsigned char lead = (unsigned char)text[n - 1 - back];
    size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    return back < need ? n - 1 - back : n;
}

static int export_send(struct conversation *c, int fd, struct error *e)
{
    char chunk[EXPORT_DATA_BYTES];
    size_t kept = 0;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return export_failed("a temporary file", e);
    for (;;) {
        ssize_t n = read(fd, chunk + kept, sizeof chunk - kept);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return export_failed("a temporary file", e);
        size_t have = kept + (size_t)n, send = n ? export_whole(chunk, have) : have;
        if (send)
            conversation__data(c, chunk, send);
        if (!n)
            return 0;
        kept = have - send;
        memmove(chunk, chunk + send, kept);
    }
}

static int export_rows(struct conversation *c, struct export *state, struct error *e)
{
    struct domain *d = c->org->world.domain;
    return state->events ? domain_export_events(d, &state->transfer, &state->report, e)
                         : domain_export(d, &state->transfer, &state->report, e);
}

static int export_frames(struct conversation *c, struct export *state, struct error *e)
{
    FILE *file = tmpfile();
    if (!file)
        return export_failed("a temporary file", e);
    state->transfer.fd = fileno(file);
    int rc = export_rows(c, state, e);
    if (!rc)
        rc = export_send(c, state->transfer.fd, e);
    fclose(file);
    return rc;
}

static int export_file(struct conversation *c, struct export *state, const char *path,
                       struct error *e)
{
    const char *temp = arena_printf(c->arena, "%s.%ld.new", path, (long)getpid());
    unlink(temp); /* of a process that ended early, and had our number */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return export_failed(path, e);
    state->transfer.fd = fd;
    int rc = export_rows(c, state, e);
    if (!rc && (fsync(fd) || rename(temp, path)))
        rc = export_failed(path, e);
    close(fd);
    if (rc)
        unlink(temp);
    return rc;
}

static int export_read(struct conversation *c, struct export *state, const char **path,
                       struct error *e)
{
    const char *entity = json_string_value(json_object_get(c->request, "entity"));
    state->events = entity && !strcmp(entity, "events");
    if (!state->events)
        return transfer__read(c, &state->transfer, path, e);
    state->transfer = (struct transfer){ .format = TRANSFER_JSONL, .context = c };
    return request__text(c, "path", true, path, NULL, e);
}

/* One of several files of a whole is noted by whoever writes the whole. */
static int export_note(struct conversation *c, const struct export *state, const char *path,
                       struct error *e)
{
    const char *part_of = NULL, *to = strcmp(path, "-") ? path : "standard output";
    int rc = request__text(c, "part_of", false, &part_of, NULL, e);
    if (rc == 0)
        rc = request__text(c, "to", false, &to, NULL, e);
    if (rc || part_of)
        return rc;
    return copies__note(c, state->events ? "events" : schema_of(state->transfer.entity)->plural, to,
                        e);
}

static int export_start(struct conversation *c, struct error *e)
{
    struct export *state = arena_alloc(c->arena, sizeof *state);
    const char *path;
    struct stat st;
    *state = (struct export){ 0 };
    c->state = state;
    int rc = export_read(c, state, &path, e);
    if (rc)
        return rc;
    state->transfer.progress = export_progress;
    if (!strcmp(path, "-")) {
        rc = export_note(c, state, path, e);
        return rc ? rc : export_frames(c, state, e);
    }
    if ((rc = request__path(c, "path", true, &path, e)))
        return rc;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return request__refuse(e, "path", "%s is a folder: the name of a file is needed", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return request__refuse(e, "path",
                               "%s is no regular file: ask for the path \"-\" and write what "
                               "comes there",
                               path);
    rc = export_note(c, state, path, e);
    return rc ? rc : export_file(c, state, path, e);
}

static int export_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct export *state = c->state;
    (void)e;
    transfer__report(done, &state->report);
    return 0;
}

static const char *const export_keys[] = { "entity", "path",    "format", "separator",
                                           "to",     "part_of", NULL };

const struct request_op op_export = {
    .name = "export", .keys = export_keys, .start = export_start, .finish = export_finish
};
