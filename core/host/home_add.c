/* Making a home, and an organisation in it.
 *
 * Files are written aside, synced and renamed. org.ini is the last file of a
 * new organisation: a folder without it is the rest of an attempt that died,
 * and the next attempt takes it over. */
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/store/store.h"
#include "host/home_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOME_TITLE_BYTES = 200 };

static const char home_ini_text[] =
    "; A home of baton: organisations are in orgs/NAME/, each with its own org.ini.\n"
    "[home]\n"
    "; A further folder of plugins for every organisation here, relative to this one.\n"
    "plugins = plugins\n"
    "; The control socket of `baton serve`.\n"
    "socket = baton.sock\n"
    "; error, warn, info or debug\n"
    "log = info\n"
    "; An organisation that nobody asks leaves memory after this time.\n"
    "sleep_after = 10 minutes\n"
    "; Processes that host the organisations; left out: one for each processor.\n"
    "; workers = 2\n";

static int home_mkdir(const char *path, mode_t mode, struct error *e)
{
    struct stat st;
    if (mkdir(path, mode) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return error_set(e, ERROR_IO, "can't make the folder %s: %s", path, strerror(errno));
}

int home__sync_dir(const char *dir, struct error *e)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd)) {
        int rc = error_set(e, ERROR_IO, "can't sync the folder %s: %s", dir, strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    close(fd);
    return 0;
}

static int home_write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return fsync(fd);
}

int home__write_new(const char *path, const char *text, struct error *e)
{
    struct buf temp = BUF_INIT;
    buf_printf(&temp, "%s.%ld.new", path, (long)getpid());
    int rc = 0;
    int fd = open(temp.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || home_write_all(fd, text)) {
        rc = error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
        goto out;
    }
    /* link, unlike rename, does not replace a file that someone else made meanwhile. */
    if (link(temp.data, path)) {
        if (errno == EEXIST)
            rc = error_set(e, ERROR_CONFLICT, "%s exists already", path);
        else
            rc = error_set(e, ERROR_IO, "can't make %s: %s", path, strerror(errno));
    }
out:
    if (fd >= 0) {
        close(fd);
        unlink(temp.data);
    }
    buf_free(&temp);
    return rc;
}

int home_init(const char *dir, struct error *e)
{
    char *ini = home__path(dir, "baton.ini"), *orgs = home__path(dir, "orgs");
    char *plugins = home__path(dir, "plugins");
    int rc;
    if (access(ini, F_OK) == 0)
        rc = error_set(e, ERROR_CONFLICT, "%s is a home already: it has a baton.ini", dir);
    else if (!(rc = home_mkdir(dir, 0700, e)) && !(rc = home_mkdir(orgs, 0700, e)) &&
             !(rc = home_mkdir(plugins, 0755, e)) && !(rc = home__write_new(ini, home_ini_text, e)))
        rc = home__sync_dir(dir, e);
    mem_free(ini);
    mem_free(orgs);
    mem_free(plugins);
    return rc;
}

/* A value that reads back as it was given: one line, no blanks around it. */
static int add_check_value(const char *what, const char *value, struct error *e)
{
    if (!value)
        return 0;
    size_t n = strlen(value);
    if (n == 0 || n > HOME_TITLE_BYTES || !text_is_utf8(value, n))
        return error_set(e, ERROR_INVALID, "the %s must have 1 to %d bytes of UTF-8, it has %zu",
                         what, HOME_TITLE_BYTES, n);
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return error_set(e, ERROR_INVALID, "the %s must be one line without control characters",
                             what);
    if (value[0] == ' ' || value[n - 1] == ' ')
        return error_set(e, ERROR_INVALID, "the %s must not begin or end with a blank", what);
    return 0;
}

static void add_text(const char *name, const struct org_settings *s, struct buf *out)
{
    buf_printf(out, "; The organisation %s. See `baton help org.ini`.\n[org]\n", name);
    buf_printf(out, "title = %s\n", s->title ? s->title : name);
    buf_printf(out, "; An IANA time zone, like America/Los_Angeles or Europe/Berlin.\nzone = %s\n",
               s->zone ? s->zone : "UTC");
    buf_printf(out, "; Plugins that run here, by name, separated by commas.\n%splugins = %s\n",
               s->plugins ? "" : "; ", s->plugins ? s->plugins : "pre_referral");
    buf_printf(
        out,
        "; system, or movable: time can be moved forward, for practice and tests. Never for\n"
        "; real work.\nclock = %s\n\n",
        s->clock_movable ? "movable" : "system");
    buf_printf(out,
               "[roles]\n; Besides junior, specialist, senior, lead and admin.\n%sextra = %s\n\n",
               s->roles ? "" : "; ", s->roles ? s->roles : "teacher, counsellor");
    buf_puts(out, "[calendar]\nweek = Mon-Fri 09:00-17:00\n"
                  "; holidays = 2026-11-26, 2026-12-24..2027-01-03\n"
                  "; terms = 2026-08-17..2026-12-18, 2027-01-04..2027-06-04\n\n"
                  "; Settings of a plugin go into a section of its own:\n"
                  "; [plugin pre_referral]\n; minimum_strategies = 2\n");
}

/* The folder's own name is safe only once `orgs` is. */
static int add_sync(const struct home *h, const char *dir, struct error *e)
{
    char *orgs = home__path(home_dir(h), "orgs");
    int rc = home__sync_dir(dir, e);
    if (!rc)
        rc = home__sync_dir(orgs, e);
    mem_free(orgs);
    return rc;
}

static int add_fill(const struct home *h, const char *dir, const char *text, struct error *e)
{
    char *plugins = home__path(dir, "plugins"), *outbox = home__path(dir, "outbox");
    char *db = home__path(dir, "org.db"), *ini = home__path(dir, "org.ini");
    struct store *store = NULL;
    int rc;
    if (!(rc = home_mkdir(dir, 0700, e)) && !(rc = home_mkdir(plugins, 0700, e)) &&
        !(rc = home_mkdir(outbox, 0700, e))) {
        struct store_options options = { .path = db, .create = true };
        rc = store_open(&store, &options, e);
        store_close(store);
    }
    if (!rc && !(rc = home__write_new(ini, text, e)))
        rc = add_sync(h, dir, e);
    mem_free(plugins);
    mem_free(outbox);
    mem_free(db);
    mem_free(ini);
    return rc;
}

static int add_check_plugins(const struct home *h, const char *org_dir, char **plugins,
                             struct error *e)
{
    char **dirs = home__plugin_dirs(h, org_dir);
    int rc = 0;
    for (char **name = plugins; !rc && name && *name; name++) {
        bool found = false;
        for (char **dir = dirs; !found && *dir; dir++) {
            struct buf path = BUF_INIT;
            buf_printf(&path, "%s/%s/plugin.ini", *dir, *name);
            found = access(path.data, F_OK) == 0;
            buf_free(&path);
        }
        if (!found)
            rc = error_set(e, ERROR_NOT_FOUND, "no plugin \"%s\" in %s%s%s", *name, dirs[1],
                           dirs[2] ? " or " : "", dirs[2] ? dirs[2] : "");
    }
    home__free_list(dirs);
    return rc;
}

int home_add_org(struct home *h, const char *name, const struct org_settings *settings,
                 struct error *e)
{
    static const struct org_settings defaults = { 0 };
    const struct org_settings *s = settings ? settings : &defaults;
    if (!text_is_name(name)) {
        struct buf shown = BUF_INIT;
        text_printable(name, strnlen(name, 80), false, &shown);
        int rc =
            error_set(e, ERROR_INVALID,
                      "\"%s\" can't be the name of an organisation: a-z, 0-9 and _ after a first "
                      "letter, at most 64, like riverside",
                      buf_text(&shown));
        buf_free(&shown);
        return rc;
    }
    int rc;
    if ((rc = add_check_value("title", s->title, e)) ||
        (rc = add_check_value("zone", s->zone, e)) ||
        (rc = add_check_value("plugins", s->plugins, e)) ||
        (rc = add_check_value("roles", s->roles, e)))
        return rc;
    if (home_check_org(h, name, NULL) == 0)
        return error_set(e, ERROR_CONFLICT, "the organisation %s exists already in %s", name,
                         home_dir(h));
    char *dir = home__org_dir(h, name);
    struct buf text = BUF_INIT;
    struct org_config config = { 0 };
    add_text(name, s, &text);
    /* Reading it back refuses now what would keep the organisation from opening later. */
    rc = config__parse(&config, text.data, "org.ini", name, e);
    if (rc && e)
        e->where[0] = '\0'; /* the file is not there, and shall not be */
    if (!rc)
        rc = add_check_plugins(h, dir, config.plugins, e);
    if (!rc)
        rc = add_fill(h, dir, text.data, e);
    config__free(&config);
    buf_free(&text);
    mem_free(dir);
    return rc;
}
