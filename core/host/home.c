/* A home: its baton.ini, its folders, the names of its organisations.
 *
 * home_open reads baton.ini once; names of organisations are read from the
 * folder each time, so a new one is seen without opening the home again. An
 * organisation exists when orgs/NAME/org.ini exists: home_add_org writes that
 * file last (home_add.c). */
#include "baton/host/home.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "host/home_internal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOME_SLEEP_MIN_MS = 1000 };
#define HOME_SLEEP_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)
#define HOME_SLEEP_DEFAULT_MS (INT64_C(10) * 60 * 1000)

struct home {
    char *dir, *socket, *plugins, *shipped, *log;
    int64_t sleep_after_ms, workers;
};

static int home_read_span(struct ini *ini, const char *text, int64_t *out, struct error *e)
{
    struct span span;
    struct ini_entry *entry = ini_find(ini, "home", "sleep_after");
    int rc = span_parse(text, &span, e);
    if (rc) {
        error_at(e, "%s:%d", ini_file(ini), entry ? entry->line : 0);
        return rc;
    }
    bool plain = !span.months && !span.working_days && !span.school_days && !span.working_ms;
    int64_t days = span.days;
    int64_t ms = 0;
    if (plain && days >= 0 && days <= 30 && span.ms >= 0 && span.ms <= HOME_SLEEP_MAX_MS)
        ms = span.ms + days * 24 * 3600 * 1000;
    if (ms < HOME_SLEEP_MIN_MS || ms > HOME_SLEEP_MAX_MS) {
        rc = error_set(
            e, ERROR_INVALID,
            "sleep_after = %s: a time between \"1 second\" and \"30 days\" is needed, like "
            "\"10 minutes\"",
            text);
        error_at(e, "%s:%d", ini_file(ini), entry ? entry->line : 0);
        return rc;
    }
    *out = ms;
    return 0;
}

static int home_refuse(struct ini *ini, const char *key, struct error *e, const char *why)
{
    struct ini_entry *entry = ini_find(ini, "home", key);
    int rc = error_set(e, ERROR_INVALID, "%s = %s: %s", key, entry ? entry->value : "", why);
    error_at(e, "%s:%d", ini_file(ini), entry ? entry->line : 0);
    return rc;
}

static char *home_resolve(const char *dir, const char *path)
{
    return path[0] == '/' ? mem_dup(path) : home__path(dir, path);
}

static int home_read(struct home *h, struct ini *ini, struct error *e)
{
    const char *plugins = "plugins", *sock = "baton.sock", *log = "info", *sleep_after = NULL;
    int rc;
    if ((rc = ini_text(ini, "home", "plugins", &plugins, e)) ||
        (rc = ini_text(ini, "home", "socket", &sock, e)) ||
        (rc = ini_text(ini, "home", "log", &log, e)) ||
        (rc = ini_text(ini, "home", "sleep_after", &sleep_after, e)) ||
        (rc = ini_int(ini, "home", "workers", 1, LIMIT_WORKERS, &h->workers, e)) ||
        (rc = ini_unknown(ini, e)))
        return rc;
    enum log_level level;
    if (log_level_parse(log, &level))
        return home_refuse(ini, "log", e, "one of error, warn, info, debug is needed");
    if (!*plugins)
        return home_refuse(ini, "plugins", e, "the name of a folder is needed");
    h->sleep_after_ms = HOME_SLEEP_DEFAULT_MS;
    if (sleep_after && (rc = home_read_span(ini, sleep_after, &h->sleep_after_ms, e)))
        return rc;
    if (!*sock)
        return home_refuse(ini, "socket", e, "the name of a file is needed");
    h->log = mem_dup(log);
    h->plugins = home_resolve(h->dir, plugins);
    h->socket = home_resolve(h->dir, sock);
    return 0;
}

int home_open(struct home **out, const char *dir, const char *shipped_plugins, struct error *e)
{
    char real[PATH_MAX];
    if (!realpath(dir, real))
        return error_set(e, errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_IO,
                         "can't open the home %s: %s", dir, strerror(errno));
    char *path = home__path(real, "baton.ini");
    struct home *h = mem_new(struct home);
    struct ini *ini = NULL;
    int rc;
    if (access(path, F_OK)) {
        rc = error_set(e, ERROR_NOT_FOUND,
                       "%s is no home: it has no baton.ini; `baton init %s` makes one", real, dir);
        goto out;
    }
    h->dir = mem_dup(real);
    h->shipped = mem_dup(shipped_plugins);
    rc = ini_load(&ini, path, e);
    if (!rc)
        rc = home_read(h, ini, e);
out:
    ini_free(ini);
    mem_free(path);
    if (rc)
        home_close(h);
    else
        *out = h;
    return rc;
}

void home_close(struct home *h)
{
    if (!h)
        return;
    mem_free(h->dir);
    mem_free(h->socket);
    mem_free(h->plugins);
    mem_free(h->shipped);
    mem_free(h->log);
    mem_free(h);
}

const char *home_dir(const struct home *h)
{
    return h->dir;
}

const char *home_plugins(const struct home *h)
{
    return h->plugins;
}

const char *home_socket(const struct home *h)
{
    return h->socket;
}

int64_t home_sleep_after_ms(const struct home *h)
{
    return h->sleep_after_ms;
}

const char *home_log_level(const struct home *h)
{
    return h->log;
}

size_t home_workers(const struct home *h)
{
    return (size_t)h->workers;
}

char *home__path(const char *dir, const char *name)
{
    struct buf path = BUF_INIT;
    buf_puts(&path, dir);
    buf_putc(&path, '/');
    buf_puts(&path, name);
    return buf_take(&path);
}

char *home__org_dir(const struct home *h, const char *name)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/orgs/%s", h->dir, name);
    return buf_take(&path);
}

char **home__plugin_dirs(const struct home *h, const char *org_dir)
{
    char **dirs = mem_zero(4 * sizeof *dirs);
    size_t n = 0;
    dirs[n++] = home__path(org_dir, "plugins");
    dirs[n++] = mem_dup(h->plugins);
    if (h->shipped)
        dirs[n++] = mem_dup(h->shipped);
    return dirs;
}

void home__free_list(char **list)
{
    for (char **p = list; p && *p; p++)
        mem_free(*p);
    mem_free(list);
}

int home_sources(const struct home *h, const char *org,
                 void (*each)(void *context, const char *path), void *context, struct error *e)
{
    char *dir = home__org_dir(h, org), *path = home__path(dir, "org.ini");
    char **dirs = home__plugin_dirs(h, dir), **names = NULL;
    struct ini *ini = NULL;
    each(context, path);
    int rc = ini_load(&ini, path, e);
    if (!rc)
        rc = ini_list(ini, "org", "plugins", &names, e);
    for (char **name = names; !rc && name && *name; name++)
        for (char **d = dirs; text_is_name(*name) && *d; d++) {
            char *folder = home__path(*d, *name);
            each(context, folder);
            mem_free(folder);
        }
    mem_free(names);
    ini_free(ini);
    home__free_list(dirs);
    mem_free(path);
    mem_free(dir);
    return rc;
}

static bool home_is_org(const struct home *h, const char *name)
{
    if (!text_is_name(name))
        return false;
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/orgs/%s/org.ini", h->dir, name);
    bool found = access(buf_text(&path), F_OK) == 0;
    buf_free(&path);
    return found;
}

static int home_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One allocation: the pointers, then the names. */
static char **home_pack(char **names, size_t count, size_t bytes)
{
    char **packed = mem_alloc((count + 1) * sizeof *packed + bytes);
    char *at = (char *)(packed + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(names[i]) + 1;
        packed[i] = memcpy(at, names[i], n);
        at += n;
    }
    packed[count] = NULL;
    return packed;
}

int home_orgs(const struct home *h, char ***out, struct error *e)
{
    char *path = home__path(h->dir, "orgs");
    DIR *dir = opendir(path);
    int rc = 0;
    char **names = NULL;
    size_t count = 0, bytes = 0, room = 0;
    if (!dir) {
        rc = error_set(e, ERROR_IO, "can't read %s: %s", path, strerror(errno));
        goto out;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!home_is_org(h, entry->d_name))
            continue;
        if (count == LIMIT_ORGS) {
            rc = error_set(e, ERROR_LIMIT, "%s holds more than %d organisations", path, LIMIT_ORGS);
            goto out;
        }
        if (count == room) {
            room = room ? room * 2 : 16;
            names = mem_resize(names, room * sizeof *names);
        }
        names[count++] = mem_dup(entry->d_name);
        bytes += strlen(entry->d_name) + 1;
    }
    if (count)
        qsort(names, count, sizeof *names, home_order);
    *out = home_pack(names, count, bytes);
out:
    if (dir)
        closedir(dir);
    for (size_t i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
    mem_free(path);
    return rc;
}

/* What a link leads to may be another organisation, and is not erased with the link. */
static int home_check_folder(const struct home *h, const char *name, struct error *e)
{
    struct stat st;
    char *dir = home__org_dir(h, name);
    int rc = 0;
    if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode))
        rc = error_set(e, ERROR_INVALID,
                       "%s is a symbolic link, and an organisation is a folder of its own: move "
                       "the folder here, or mount it",
                       dir);
    mem_free(dir);
    return rc;
}

int home_check_org(const struct home *h, const char *name, struct error *e)
{
    if (home_is_org(h, name))
        return home_check_folder(h, name, e);
    char **names = NULL;
    int rc = home_orgs(h, &names, e);
    if (rc)
        return rc;
    assert(names);
    struct buf hint = BUF_INIT, shown = BUF_INIT;
    text_printable(name, strnlen(name, LIMIT_NAME_BYTES), false, &shown);
    text_suggest(name, (const char *const *)names, &hint);
    if (!hint.len && !names[0])
        buf_puts(&hint, ": it has none yet");
    rc = error_set(e, ERROR_NOT_FOUND, "no organisation \"%s\" in %s%s", buf_text(&shown), h->dir,
                   buf_text(&hint));
    buf_free(&hint);
    buf_free(&shown);
    mem_free(names);
    return rc;
}
