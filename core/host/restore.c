/* Restoring a backup (backup.h): unpacked into orgs/.restore-NAME-PID, which is
 * no organisation, verified and synced there, and put into its place by one
 * rename. Where it replaces another it first becomes orgs/NAME.replaced, and both
 * then change places in one step; so whenever it ends early, the organisation is
 * the old one or the new one, and never a file of one beside a file of the other. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/store/store.h"
#include "host/backup_internal.h"
#include "host/home_internal.h"

/* Everything below it is on the disk before its name is. */
static int restore_sync(const char *dir, struct error *e)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || syncfs(fd)
                 ? error_set(e, ERROR_IO, "can't sync %s: %s", dir, strerror(errno))
                 : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Of the one that is replaced: people erased behind the end of the backup. */
static int restore_note_erased(void *context, const struct event *event)
{
    struct buf *out = context;
    if (!strcmp(event->kind, "person.erased"))
        buf_printf(out, "%sP-%" PRId64, out->len ? ", " : "", event->entity_id);
    return 0;
}

static char *restore_erased_since(const char *dir, int64_t events)
{
    char *path = home__path(dir, "org.db");
    const struct store_options options = { .path = path };
    struct store *store = NULL;
    struct buf out = BUF_INIT;
    if (store_open(&store, &options, NULL) == 0) /* one that is damaged tells nothing */
        store_events(store, events, 0, restore_note_erased, &out, NULL);
    store_close(store);
    mem_free(path);
    if (out.len)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}

/* Takes the first free name of orgs/NAME.replaced, -2, -3, …: what is replaced will lie there. */
static int restore_free_name(const char *aside, const char *dir, char **out, struct error *e)
{
    for (int i = 1;; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s.replaced", dir);
        if (i > 1)
            buf_printf(&path, "-%d", i);
        if (renameat2(AT_FDCWD, aside, AT_FDCWD, path.data, RENAME_NOREPLACE) == 0) {
            *out = buf_take(&path);
            return 0;
        }
        buf_free(&path);
        if (errno != EEXIST)
            return error_set(e, ERROR_IO, "can't make room for what is replaced: %s",
                             strerror(errno));
    }
}

static int restore_place(const char *aside, const char *dir, bool replace, char **kept,
                         struct error *e)
{
    const char *from = aside;
    char *free_name = NULL;
    bool exchange = replace && access(dir, F_OK) == 0;
    int rc = exchange ? restore_free_name(aside, dir, &free_name, e) : 0;
    if (rc == 0 && exchange)
        from = free_name;
    if (rc == 0 &&
        renameat2(AT_FDCWD, from, AT_FDCWD, dir, exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE)) {
        rc = error_set(e, errno == EEXIST ? ERROR_CONFLICT : ERROR_IO, "can't make %s: %s", dir,
                       strerror(errno));
        folder__remove(from, NULL);
    }
    if (rc == 0)
        *kept = free_name;
    else
        mem_free(free_name);
    return rc;
}

static int restore_check(const struct home *h, const char *org, bool replace, struct error *e)
{
    if (!text_is_name(org))
        return error_set(e, ERROR_INVALID,
                         "\"%.80s\" can't be the name of an organisation: a-z, 0-9 and _ after a "
                         "first letter",
                         org);
    int rc = home_check_org(h, org, e);
    if (rc)
        return rc == -ERROR_NOT_FOUND ? 0 : rc;
    if (!replace)
        return error_set(e, ERROR_CONFLICT,
                         "organisation %s exists; --replace puts the backup in its place and keeps "
                         "what was there",
                         org);
    return folder__free(h, org, e);
}

int backup_restore(const struct home *h, const struct restore *r, struct backup_report *out,
                   char **kept, char **erased, struct error *e)
{
    struct backup_report report = { 0 };
    const struct backup__watch watch = { r->progress, r->context };
    char name[sizeof report.org], *orgs = home__path(home_dir(h), "orgs");
    const char *org = r->org ? r->org : name;
    char *dir = NULL, *aside = NULL;
    *kept = *erased = NULL;
    int rc = backup_name(r->path, name, sizeof name, e);
    if (rc == 0)
        rc = restore_check(h, org, r->replace, e);
    if (rc)
        goto out;
    folder__sweep(h);
    dir = home__org_dir(h, org);
    aside = folder__aside(h, "restore", org);
    rc = unpack__file(r->path, aside, &watch, &report, e);
    if (rc == 0)
        rc = unpack__verify(aside, &watch, &report, e);
    if (rc == 0)
        rc = restore_sync(aside, e);
    if (rc == 0)
        rc = restore_check(h, org, r->replace, e); /* it may have been opened meanwhile */
    if (rc == 0 && r->replace)
        *erased = restore_erased_since(dir, report.events);
    if (rc == 0)
        rc = restore_place(aside, dir, r->replace, kept, e);
    if (rc == 0)
        rc = home__sync_dir(orgs, e);
    if (rc == 0)
        *out = report;
    folder__remove(aside, NULL);
out:
    mem_free(aside);
    mem_free(dir);
    mem_free(orgs);
    return rc;
}
