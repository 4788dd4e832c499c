/* A backup unpacked into a folder, and what is in it verified. Nothing in the
 * file is believed: names stay below the folder, sizes are those of the file,
 * sums are made again. */
#include "host/backup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/digest.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/tar.h"
#include "baton/base/text.h"
#include "baton/domain/audit.h"
#include "host/home_internal.h"

struct unpack {
    int fd;
    int64_t size; /* of the file */
    const char *dir;
    struct backup_report *report;
    const struct backup__watch *watch;
    int64_t members; /* seen */
    bool ended;      /* by the sums */
};

static int unpack_damaged(struct error *e, const char *why)
{
    return error_set(e, ERROR_CORRUPT, "the backup is damaged, or no backup of baton: %s", why);
}

/* NAME/a/b without dots at the beginning of a part. *out is "a/b". */
static int unpack_name(struct unpack *u, const char *name, const char **out, struct error *e)
{
    size_t n = strcspn(name, "/");
    char org[sizeof u->report->org];
    if (n == 0 || n >= sizeof org || !name[n])
        return unpack_damaged(e, "a file in it belongs to no organisation");
    memcpy(org, name, n);
    org[n] = '\0';
    if (!text_is_name(org) || (u->members > 1 && strcmp(org, u->report->org) != 0))
        return unpack_damaged(e, "a file in it belongs to another organisation");
    memcpy(u->report->org, org, n + 1);
    size_t depth = 0;
    for (const char *at = name + n; *at; at += strcspn(at, "/"), depth++) {
        at++;
        if (!*at || *at == '.' || *at == '/' || depth > BACKUP_DEPTH + 1)
            return unpack_damaged(e, "a file in it has a name that leads elsewhere");
    }
    *out = name + n + 1;
    return 0;
}

/* The folder was empty: what stands in the way came out of the backup. */
static int unpack_cannot_make(const char *path, struct error *e)
{
    if (errno == EEXIST || errno == ENOTDIR)
        return unpack_damaged(e, "two files in it have the same name");
    return error_set(e, ERROR_IO, "can't make %s: %s", path, strerror(errno));
}

static int unpack_folders(const char *path, size_t from, struct error *e)
{
    char *part = mem_dup(path);
    int rc = 0;
    for (char *at = part + from; rc == 0 && (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            rc = unpack_cannot_make(part, e);
        *at = '/';
    }
    mem_free(part);
    return rc;
}

static int unpack_member(struct unpack *u, const char *name, int64_t size, struct error *e)
{
    static const struct backup__watch nobody = { 0 };
    uint8_t rest[TAR_BLOCK_BYTES];
    char *path = home__path(u->dir, name);
    int rc = unpack_folders(path, strlen(u->dir) + 1, e);
    int fd = rc ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (rc == 0 && fd < 0)
        rc = unpack_cannot_make(path, e);
    if (rc == 0)
        rc = backup__copy(u->fd, fd, size, strcmp(name, "org.db") ? &nobody : u->watch, e);
    size_t fill = (size_t)(tar_padded(size) - size);
    if (rc == 0 && read(u->fd, rest, fill) != (ssize_t)fill)
        rc = unpack_damaged(e, "it ends too early");
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}

static int unpack_members(struct unpack *u, struct error *e)
{
    uint8_t head[TAR_BLOCK_BYTES];
    struct tar_member m;
    int rc = 0, found = 1;
    while (rc == 0 && !u->ended) {
        const char *name = NULL;
        if (read(u->fd, head, sizeof head) != (ssize_t)sizeof head)
            return unpack_damaged(e, "it ends too early");
        if ((found = tar_read_head(head, &m, e)) <= 0)
            return found ? found : unpack_damaged(e, "it ends too early");
        u->members++;
        rc = unpack_name(u, m.name, &name, e);
        if (rc == 0 && (u->members == 1) != !strcmp(name, BACKUP_FIRST))
            rc = unpack_damaged(e, "it does not begin with " BACKUP_FIRST);
        if (rc == 0 && m.size > u->size)
            rc = unpack_damaged(e, "a file in it is longer than all of it");
        if (rc == 0)
            rc = unpack_member(u, name, m.size, e);
        u->ended = rc == 0 && !strcmp(name, BACKUP_LAST);
        u->report->bytes += m.size;
    }
    return rc;
}

/* ---- sums ---- */

static int unpack_check_sum(const struct unpack *u, const char *hex, const char *name,
                            struct error *e)
{
    uint8_t sum[DIGEST_BYTES];
    char found[2 * DIGEST_BYTES + 1], *path = home__path(u->dir, name);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || fstat(fd, &st) ? unpack_damaged(e, "a file is missing in it")
                                      : digest_file(fd, 0, (int64_t)st.st_size, sum, e);
    if (rc == 0) {
        digest_hex(sum, sizeof sum, found);
        if (strcmp(found, hex) != 0)
            rc = error_set(e, ERROR_CORRUPT, "the backup is damaged: %s is not what it was", name);
    }
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}

/* "HEX  NAME/path\n" for each file but the sums themselves. */
static int unpack_check_sums(struct unpack *u, struct error *e)
{
    struct buf sums = BUF_INIT;
    char *path = home__path(u->dir, BACKUP_LAST);
    int rc = buf_read_file(&sums, path, BACKUP_SUMS_BYTES, e);
    int64_t lines = 0;
    for (char *at = sums.data, *end; rc == 0 && at && (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        size_t n = 2 * (size_t)DIGEST_BYTES, org = strlen(u->report->org);
        if (strlen(at) < n + org + 4 || at[n] != ' ' ||
            strncmp(at + n + 2, u->report->org, org) != 0) {
            rc = unpack_damaged(e, "its sums can't be read");
            break;
        }
        at[n] = '\0';
        rc = unpack_check_sum(u, at, at + n + 2 + org + 1, e);
        lines++;
    }
    if (rc == 0 && lines != u->members - 1)
        rc = unpack_damaged(e, "its sums are not those of its files");
    u->report->files = lines;
    buf_free(&sums);
    mem_free(path);
    return rc;
}

/* The descriptor, or an error. Without waiting: a pipe may have nobody at its other end. */
static int unpack_open(const char *path, int64_t *size, struct error *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) {
        if (fd >= 0)
            close(fd);
        return error_set(e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "can't read %s: %s", path,
                         strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return error_set(e, ERROR_INVALID, "%s is no regular file: a backup is one file", path);
    }
    *size = (int64_t)st.st_size;
    return fd;
}

int unpack__file(const char *path, const char *dir, const struct backup__watch *w,
                 struct backup_report *report, struct error *e)
{
    static const char *const own[] = { BACKUP_FIRST, BACKUP_LAST };
    struct unpack u = { .dir = dir, .report = report, .watch = w };
    int rc = 0;
    u.fd = unpack_open(path, &u.size, e);
    if (u.fd < 0)
        return u.fd;
    if (mkdir(dir, 0700))
        rc = error_set(e, ERROR_IO, "can't make the folder %s: %s", dir, strerror(errno));
    if (rc == 0)
        rc = unpack_members(&u, e);
    if (rc == 0)
        rc = unpack_check_sums(&u, e);
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        char *done = home__path(dir, own[i]);
        unlink(done);
        mem_free(done);
    }
    close(u.fd);
    return rc;
}

int backup_name(const char *path, char *out, size_t size, struct error *e)
{
    struct backup_report report = { 0 };
    struct unpack u = { .report = &report, .members = 1 };
    uint8_t head[TAR_BLOCK_BYTES];
    struct tar_member m;
    const char *name;
    int fd = unpack_open(path, &u.size, e), rc = 0;
    if (fd < 0)
        return fd;
    if (read(fd, head, sizeof head) != (ssize_t)sizeof head || tar_read_head(head, &m, NULL) != 1)
        rc = unpack_damaged(e, "it does not begin with " BACKUP_FIRST);
    if (rc == 0)
        rc = unpack_name(&u, m.name, &name, e);
    if (rc == 0)
        snprintf(out, size, "%s", report.org);
    close(fd);
    return rc;
}

/* ---- what is in it ---- */

static int unpack_audit(struct store *store, const struct backup__watch *w,
                        struct backup_report *report, struct error *e)
{
    struct calendar *calendar = NULL;
    struct clock clock = { 0 };
    int rc = calendar_new(&calendar, NULL, e);
    if (rc)
        return rc;
    struct domain *d = domain_new(store, calendar, &clock);
    struct audit *a = audit_open(d, 0);
    for (bool done = false; rc == 0 && !done;) {
        int64_t seen, total;
        rc = audit_step(a, &done, e);
        audit_progress(a, &seen, &total);
        if (rc == 0)
            rc = backup__tell(w, seen, total, "events", e);
    }
    const struct audit_result *r = audit_result(a);
    if (rc == 0 && r->broken_seq)
        rc = error_set(e, ERROR_CORRUPT, "its history is broken at line %lld: %s",
                       (long long)r->broken_seq, r->broken_why);
    if (rc == 0 && r->differing)
        rc = error_set(e, ERROR_CORRUPT, "%lld rows in it do not follow from the history: %s",
                       (long long)r->differing, r->differs_why);
    report->events = r->events;
    report->rows = r->rows;
    report->erased = r->erased;
    digest_hex(r->head, sizeof r->head, report->head);
    audit_close(a);
    domain_free(d);
    calendar_free(calendar);
    return rc;
}

int unpack__verify(const char *dir, const struct backup__watch *w, struct backup_report *report,
                   struct error *e)
{
    char *path = home__path(dir, "org.db"), *ini = home__path(dir, "org.ini");
    const struct store_options options = { .path = path };
    struct org_config config = { 0 };
    struct store *store = NULL;
    int rc = config__load(&config, ini, report->org, e);
    if (rc == 0)
        rc = store_open(&store, &options, e);
    if (rc == 0)
        rc = store_check(store, e);
    if (rc == 0)
        rc = unpack_audit(store, w, report, e);
    store_close(store);
    config__free(&config);
    mem_free(path);
    mem_free(ini);
    return rc;
}
