/* Making a backup (backup.h). The database is copied first and as fast as the
 * disk allows, because it is held meanwhile; sums are made afterwards from the
 * copy. */
#include "host/backup_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/base/digest.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/tar.h"
#include "host/home_internal.h"

enum { BACKUP_BLOCK = 1024 * 1024 };

struct backup_member {
    char name[TAR_NAME_BYTES];
    int64_t at, size;
};

struct backup {
    char *org, *dir; /* whose, and its folder */
    char *path, *part;
    int fd;
    int64_t at; /* where the next head goes */
    struct backup_member *members;
    size_t count;
    struct buf left_out; /* names of links */
    struct backup__watch watch;
};

static int backup_io(const char *path, struct error *e)
{
    return error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
}

int backup__tell(const struct backup__watch *w, int64_t done, int64_t total, const char *label,
                 struct error *e)
{
    if (w->progress && w->progress(w->context, done, total, label))
        return error_set(e, ERROR_CANCELLED, "stopped on request");
    return 0;
}

int backup__write(int fd, const void *data, size_t n, struct error *e)
{
    const char *at = data;
    while (n > 0) {
        ssize_t got = write(fd, at, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(e, ERROR_IO, "writing failed: %s", strerror(errno));
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

int backup__copy(int from, int to, int64_t n, const struct backup__watch *w, struct error *e)
{
    char *block = mem_alloc(BACKUP_BLOCK);
    int64_t done = 0;
    int rc = 0;
    while (rc == 0 && done < n) {
        size_t want = n - done < BACKUP_BLOCK ? (size_t)(n - done) : BACKUP_BLOCK;
        ssize_t got = read(from, block, want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = error_set(e, ERROR_IO, "reading failed: %s", strerror(errno));
        else if (got == 0)
            rc = error_set(e, ERROR_CORRUPT, "the file ends too early");
        else
            rc = backup__write(to, block, (size_t)got, e);
        done += got > 0 ? got : 0;
        if (rc == 0)
            rc = backup__tell(w, done, n, "bytes", e);
    }
    mem_free(block);
    return rc;
}

/* ---- members ---- */

static int backup_begin_member(struct backup *b, const char *name, int64_t size, int64_t changed_ms,
                               struct error *e)
{
    struct tar_member m = { .size = size, .changed_at_ms = changed_ms };
    uint8_t head[TAR_BLOCK_BYTES];
    if ((size_t)snprintf(m.name, sizeof m.name, "%s/%s", b->org, name) >= sizeof m.name)
        return error_set(e, ERROR_LIMIT, "the name of a file is too long to be kept: %.100s…",
                         name);
    int rc = tar_write_head(&m, head, e);
    if (rc == 0)
        rc = backup__write(b->fd, head, sizeof head, e);
    if (rc)
        return rc;
    b->members = mem_resize(b->members, (b->count + 1) * sizeof *b->members);
    struct backup_member *kept = &b->members[b->count++];
    *kept = (struct backup_member){ .at = b->at + TAR_BLOCK_BYTES, .size = size };
    memcpy(kept->name, m.name, sizeof kept->name);
    b->at += TAR_BLOCK_BYTES + tar_padded(size);
    return 0;
}

static int backup_end_member(struct backup *b, int64_t size, struct error *e)
{
    static const uint8_t zeros[TAR_BLOCK_BYTES];
    return backup__write(b->fd, zeros, (size_t)(tar_padded(size) - size), e);
}

static int backup_text(struct backup *b, const char *name, const struct buf *text, struct error *e)
{
    struct clock clock = { 0 };
    int rc = backup_begin_member(b, name, (int64_t)text->len, clock_now_ms(&clock), e);
    if (rc == 0)
        rc = backup__write(b->fd, text->data, text->len, e);
    return rc ? rc : backup_end_member(b, (int64_t)text->len, e);
}

static int backup_link(const char *path, struct error *e)
{
    return error_set(e, ERROR_INVALID,
                     "%s is a symbolic link, and may lead to what is not the organisation's: put "
                     "the file itself in its place",
                     path);
}

/* size < 0: all of it, as long as it is now. */
static int backup_file(struct backup *b, const char *name, int64_t size, struct error *e)
{
    static const struct backup__watch nobody = { 0 };
    char *path = home__path(b->dir, name);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), rc = 0;
    if (fd < 0 && errno == ELOOP)
        rc = backup_link(path, e);
    else if (fd < 0 || fstat(fd, &st))
        rc = error_set(e, ERROR_IO, "can't read %s: %s", path, strerror(errno));
    else if (S_ISREG(st.st_mode)) {
        bool database = size >= 0;
        size = database ? size : (int64_t)st.st_size;
        rc = backup_begin_member(b, name, size, (int64_t)st.st_mtime * 1000, e);
        if (rc == 0)
            rc = backup__copy(fd, b->fd, size, database ? &b->watch : &nobody, e);
        if (rc == 0)
            rc = backup_end_member(b, size, e);
    }
    if (rc && e)
        error_prefix(e, "%s", name);
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}

/* Not the database, which is copied apart; nor what belongs to a process, or is half written. */
static bool backup_skips(const char *name, int depth)
{
    static const char *const own[] = { "org.db", "org.pid", BACKUP_FIRST, BACKUP_LAST, NULL };
    size_t n = strlen(name);
    if (name[0] == '.' || (n > 4 && !strcmp(name + n - 4, ".new")))
        return true;
    for (size_t i = 0; depth == 0 && own[i]; i++)
        if (!strcmp(name, own[i]))
            return true;
    return depth == 0 && (!strncmp(name, "org.db-", 7) || !strncmp(name, "org.db.", 7));
}

/* A link may lead to what is another organisation's, and a restore would make a file of it. */
static int backup_leave_out(struct backup *b, const char *name, const char *path, struct error *e)
{
    if (!strcmp(name, "org.ini"))
        return backup_link(path, e);
    buf_printf(&b->left_out, "%s%s", b->left_out.len ? ", " : "", name);
    return 0;
}

/* Everything below the folder of the organisation but links. */
static int backup_folder(struct backup *b, const char *below, int depth, struct error *e)
{
    char *path = home__path(b->dir, below);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        rc = error_set(e, ERROR_IO, "can't read %s: %s", path, strerror(errno));
    else if (depth > BACKUP_DEPTH)
        rc = error_set(e, ERROR_LIMIT, "%s lies more than %d folders deep", path, BACKUP_DEPTH);
    for (struct dirent *entry; rc == 0 && dir && (entry = readdir(dir));) {
        if (backup_skips(entry->d_name, depth))
            continue;
        struct buf name = BUF_INIT;
        struct stat st;
        buf_printf(&name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        char *whole = home__path(b->dir, name.data);
        bool there = lstat(whole, &st) == 0; /* else removed since */
        if (there && S_ISLNK(st.st_mode))
            rc = backup_leave_out(b, name.data, whole, e);
        else if (there && S_ISDIR(st.st_mode))
            rc = backup_folder(b, name.data, depth + 1, e);
        else if (there && S_ISREG(st.st_mode))
            rc = backup_file(b, name.data, -1, e);
        mem_free(whole);
        buf_free(&name);
    }
    if (dir)
        closedir(dir);
    mem_free(path);
    return rc;
}

/* ---- opening ---- */

static int backup_check_place(const struct home *h, const char *path, bool force, struct error *e)
{
    struct stat st;
    bool there = lstat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return error_set(e, ERROR_INVALID, "%s is no regular file: a backup is one file", path);
    if (there && !force)
        return error_set(e, ERROR_CONFLICT, "%s exists already; --force replaces it", path);
    char *folder = mem_dup(path), *slash = strrchr(folder, '/'), real[PATH_MAX];
    if (slash)
        slash[slash == folder] = '\0';
    char *orgs = home__path(home_dir(h), "orgs");
    size_t n = strlen(orgs);
    int rc = 0;
    if (!realpath(slash ? folder : ".", real))
        rc = error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
    else if (!strncmp(real, orgs, n) && (real[n] == '/' || !real[n]))
        rc = error_set(e, ERROR_INVALID,
                       "%s lies among the organisations: a backup belongs elsewhere, best on "
                       "another disk",
                       path);
    mem_free(folder);
    mem_free(orgs);
    return rc;
}

static int backup_write_first(struct backup *b, struct error *e)
{
    struct clock clock = { 0 };
    struct buf text = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &text);
    jsonw_open_object(&w);
    jsonw_key(&w, "baton_backup");
    jsonw_int(&w, 1);
    jsonw_key(&w, "organisation");
    jsonw_text(&w, b->org);
    jsonw_key(&w, "at_ms");
    jsonw_int(&w, clock_now_ms(&clock));
    jsonw_key(&w, "made_by");
    jsonw_text(&w, "baton " BATON_VERSION);
    jsonw_close(&w);
    buf_putc(&text, '\n');
    int rc = backup_text(b, BACKUP_FIRST, &text, e);
    buf_free(&text);
    return rc;
}

/* A lock instead of O_EXCL: what a process left that ended early is written over. */
static int backup_open_part(struct backup *b, struct error *e)
{
    b->fd = open(b->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (b->fd < 0)
        return backup_io(b->part, e);
    if (flock(b->fd, LOCK_EX | LOCK_NB)) {
        close(b->fd);
        b->fd = -1;
        return error_set(e, ERROR_BUSY, "%s is being written by another process", b->part);
    }
    return ftruncate(b->fd, 0) ? backup_io(b->part, e) : backup_write_first(b, e);
}

int backup_open(struct backup **out, const struct home *h, const char *org, const char *path,
                bool force, struct error *e)
{
    int rc = home_check_org(h, org, e);
    if (rc == 0)
        rc = backup_check_place(h, path, force, e);
    if (rc)
        return rc;
    struct backup *b = mem_new(struct backup);
    struct buf part = BUF_INIT;
    buf_printf(&part, "%s.part", path);
    b->org = mem_dup(org);
    b->dir = home__org_dir(h, org);
    b->path = mem_dup(path);
    b->part = buf_take(&part);
    rc = backup_open_part(b, e);
    if (rc)
        backup_close(b);
    else
        *out = b;
    return rc;
}

void backup_set_progress(struct backup *b, backup_progress progress, void *context)
{
    b->watch = (struct backup__watch){ progress, context };
}

void backup_close(struct backup *b)
{
    if (!b)
        return;
    if (b->fd >= 0 && b->part) {
        unlink(b->part);
        close(b->fd);
    }
    buf_free(&b->left_out);
    mem_free(b->members);
    mem_free(b->org);
    mem_free(b->dir);
    mem_free(b->path);
    mem_free(b->part);
    mem_free(b);
}

int backup_copy(struct backup *b, int64_t database_bytes, struct error *e)
{
    return backup_file(b, "org.db", database_bytes, e);
}

/* ---- finishing ---- */

static int backup_write_last(struct backup *b, struct error *e)
{
    struct buf sums = BUF_INIT;
    static const uint8_t end[2 * TAR_BLOCK_BYTES];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count; i++) {
        uint8_t sum[DIGEST_BYTES];
        char hex[2 * DIGEST_BYTES + 1];
        rc = digest_file(b->fd, b->members[i].at, b->members[i].size, sum, e);
        digest_hex(sum, sizeof sum, hex);
        buf_printf(&sums, "%s  %s\n", hex, b->members[i].name);
        if (rc == 0)
            rc = backup__tell(&b->watch, (int64_t)i + 1, (int64_t)b->count, "sums", e);
    }
    if (rc == 0)
        rc = backup_text(b, BACKUP_LAST, &sums, e);
    if (rc == 0)
        rc = backup__write(b->fd, end, sizeof end, e);
    if (rc == 0 && fsync(b->fd))
        rc = backup_io(b->part, e);
    buf_free(&sums);
    return rc;
}

/* By what a restore does, in a folder beside it. */
static int backup_verify(struct backup *b, struct backup_report *out, struct error *e)
{
    struct buf dir = BUF_INIT;
    buf_printf(&dir, "%s.check", b->part);
    folder__remove(dir.data, NULL); /* of a process that ended early */
    int rc = unpack__file(b->part, dir.data, &b->watch, out, e);
    if (rc == 0)
        rc = unpack__verify(dir.data, &b->watch, out, e);
    if (rc)
        error_prefix(e, "the backup does not verify, and was not kept");
    folder__remove(dir.data, NULL);
    buf_free(&dir);
    return rc;
}

static int backup_name_it(struct backup *b, struct error *e)
{
    char *folder = mem_dup(b->path), *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int rc = rename(b->part, b->path) ? backup_io(b->path, e) : 0;
    if (rc == 0) {
        close(b->fd);
        b->fd = -1;
        rc = home__sync_dir(slash ? folder : ".", e);
    }
    mem_free(folder);
    return rc;
}

int backup_finish(struct backup *b, struct backup_report *out, struct error *e)
{
    struct backup_report report = { 0 };
    int rc = backup_folder(b, "", 0, e);
    if (rc == 0)
        rc = backup_write_last(b, e);
    if (rc == 0)
        rc = backup_verify(b, &report, e);
    if (rc == 0)
        rc = backup_name_it(b, e);
    snprintf(report.left_out, sizeof report.left_out, "%s", buf_text(&b->left_out));
    if (rc == 0)
        *out = report;
    return rc;
}
