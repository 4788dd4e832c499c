/* Folders of organisations as a whole: aside, swept, removed. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/store/store.h"
#include "host/backup_internal.h"
#include "host/home_internal.h"

enum { FOLDER_OPEN_FILES = 16 };

static int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)at;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

int folder__remove(const char *dir, struct error *e)
{
    if (nftw(dir, folder_remove_one, FOLDER_OPEN_FILES, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
        return error_set(e, ERROR_IO, "can't remove %s: %s", dir, strerror(errno));
    return 0;
}

char *folder__aside(const struct home *h, const char *word, const char *org)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/orgs/.%s-%s-%ld", home_dir(h), word, org, (long)getpid());
    return buf_take(&path);
}

static bool folder_is_left(const char *name)
{
    const char *dash = strrchr(name, '-');
    if ((strncmp(name, ".restore-", 9) != 0 && strncmp(name, ".erased-", 8) != 0) || !dash)
        return false;
    long pid = strtol(dash + 1, NULL, 10);
    return pid > 0 && pid != getpid() && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void folder__sweep(const struct home *h)
{
    char *orgs = home__path(home_dir(h), "orgs");
    DIR *dir = opendir(orgs);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (folder_is_left(entry->d_name)) {
            char *path = home__path(orgs, entry->d_name);
            folder__remove(path, NULL);
            mem_free(path);
        }
    if (dir)
        closedir(dir);
    mem_free(orgs);
}

int folder__free(const struct home *h, const char *org, struct error *e)
{
    struct error own = { 0 };
    struct store *store = NULL;
    char *dir = home__org_dir(h, org), *path = home__path(dir, "org.db");
    const struct store_options options = { .path = path };
    int rc = store_open(&store, &options, &own);
    store_close(store);
    mem_free(path);
    mem_free(dir);
    if (rc == -ERROR_BUSY)
        return error_set(e, ERROR_BUSY, "organisation %s is open in another process: end it first",
                         org);
    return 0;
}

static int folder_each_replaced(const struct home *h, const char *org,
                                int (*each)(void *context, const char *path), void *context)
{
    char *orgs = home__path(home_dir(h), "orgs");
    struct buf start = BUF_INIT;
    DIR *dir = opendir(orgs);
    int rc = 0;
    buf_printf(&start, "%s.replaced", org);
    for (struct dirent *entry; rc == 0 && dir && (entry = readdir(dir));)
        if (!strncmp(entry->d_name, start.data, start.len) &&
            (!entry->d_name[start.len] || entry->d_name[start.len] == '-')) {
            char *path = home__path(orgs, entry->d_name);
            rc = each(context, path);
            mem_free(path);
        }
    if (dir)
        closedir(dir);
    buf_free(&start);
    mem_free(orgs);
    return rc;
}

static int folder_list(void *context, const char *path)
{
    struct buf *out = context;
    buf_printf(out, "%s%s", out->len ? "\n" : "", path);
    return 0;
}

void home_replaced(const struct home *h, const char *org, struct buf *out)
{
    folder_each_replaced(h, org, folder_list, out);
}

static int folder_drop(void *context, const char *path)
{
    return folder__remove(path, context);
}

int home_erase_org(const struct home *h, const char *org, struct error *e)
{
    int rc = home_check_org(h, org, e);
    if (rc == 0)
        rc = folder__free(h, org, e);
    if (rc)
        return rc;
    folder__sweep(h);
    char *dir = home__org_dir(h, org), *aside = folder__aside(h, "erased", org);
    char *orgs = home__path(home_dir(h), "orgs");
    if (rename(dir, aside))
        rc = error_set(e, ERROR_IO, "can't remove %s: %s", dir, strerror(errno));
    if (rc == 0)
        rc = home__sync_dir(orgs, e);
    if (rc == 0)
        rc = folder__remove(aside, e);
    if (rc == 0)
        rc = folder_each_replaced(h, org, folder_drop, e);
    mem_free(dir);
    mem_free(aside);
    mem_free(orgs);
    return rc;
}
