/* Doctor: the machine and the home. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "baton/host/home.h"
#include "baton/server/client.h"
#include "baton/server/server.h"
#include "cli/cli_internal.h"
#include "cli/doctor_internal.h"

#define DOCTOR_DISK_BAD (100LL * 1000 * 1000)
#define DOCTOR_DISK_WARN (1000LL * 1000 * 1000)
enum { DOCTOR_FILES_WARN = 1000 };

static bool doctor_before(const char *version, int major, int minor, int patch)
{
    int v[3] = { 0, 0, 0 };
    const int wanted[3] = { major, minor, patch };
    if (sscanf(version, "%d.%d.%d", &v[0], &v[1], &v[2]) < 2)
        return false;
    for (int i = 0; i < 3; i++)
        if (v[i] != wanted[i])
            return v[i] < wanted[i];
    return false;
}

static void doctor_libraries(struct doctor *d)
{
    struct version_library libraries[VERSION_LIBRARIES];
    struct buf all = BUF_INIT;
    version_libraries(libraries);
    for (size_t i = 0; i < VERSION_LIBRARIES; i++) {
        buf_printf(&all, ", %s %s", libraries[i].name, libraries[i].version);
        if (!strcmp(libraries[i].name, "lua") && doctor_before(libraries[i].version, 5, 4, 6))
            doctor_say(
                d, FINDING_WARN, "lua",
                "upgrade to Lua 5.4.6 or later when the distribution has it",
                "Lua %s has known crashes when memory runs short; committed work is safe from them",
                libraries[i].version);
    }
    doctor_say(d, FINDING_OK, "versions", NULL, "baton %s%s", BATON_VERSION, buf_text(&all));
    buf_free(&all);
}

static void doctor_zones(struct doctor *d)
{
    static const char *const names[] = { "UTC", "America/New_York", "Europe/Berlin" };
    const struct zone *zone;
    struct error e;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (zone_find(&zone, names[i], &e) < 0) {
            doctor_say(d, FINDING_BAD, "time zones", "install the package tzdata", "%s", e.message);
            return;
        }
    doctor_say(d, FINDING_OK, "time zones", NULL, "can be loaded");
}

void doctor_machine(struct doctor *d)
{
    doctor_libraries(d);
    doctor_zones(d);
}

/* Nobody but the owner may look into a home. `wanted` are the most permissions that it may have. */
static void doctor_mode(struct doctor *d, const char *dir, const char *name, mode_t wanted)
{
    struct buf path = BUF_INIT, remedy = BUF_INIT;
    struct stat s;
    buf_printf(&path, "%s%s%s", dir, *name ? "/" : "", name);
    if (stat(path.data, &s) < 0) {
        if (errno != ENOENT)
            doctor_say(d, FINDING_BAD, "permissions", NULL, "%s: %s", path.data, strerror(errno));
    } else if (s.st_uid != geteuid()) {
        buf_printf(&remedy, "chown %u %s, or run baton as its owner", (unsigned)geteuid(),
                   path.data);
        doctor_say(d, FINDING_WARN, "permissions", remedy.data,
                   "%s belongs to user %u, not to you (%u)", path.data, (unsigned)s.st_uid,
                   (unsigned)geteuid());
    } else if (s.st_mode & 0777 & ~wanted) {
        buf_printf(&remedy, "chmod %o %s", (unsigned)wanted, path.data);
        doctor_say(d, FINDING_WARN, "permissions", remedy.data, "others may use %s (mode %o)",
                   path.data, (unsigned)(s.st_mode & 0777));
    } else if (access(path.data, R_OK | W_OK) < 0) {
        buf_printf(&remedy, "chmod u+rw %s", path.data);
        doctor_say(d, FINDING_BAD, "permissions", remedy.data, "%s: %s", path.data,
                   strerror(errno));
    }
    buf_free(&path);
    buf_free(&remedy);
}

static void doctor_permissions(struct doctor *d, const struct home *h)
{
    size_t before = d->count;
    char **names = NULL;
    doctor_mode(d, home_dir(h), "", 0700);
    doctor_mode(d, home_dir(h), "baton.ini", 0600);
    doctor_mode(d, home_dir(h), "orgs", 0700);
    if (home_orgs(h, &names, NULL) == 0)
        for (size_t i = 0; names[i]; i++) {
            static const char *const files[] = { "org.ini", "org.db", "org.db-wal" };
            struct buf dir = BUF_INIT;
            buf_printf(&dir, "%s/orgs/%s", home_dir(h), names[i]);
            doctor_mode(d, dir.data, "", 0700);
            for (size_t k = 0; k < sizeof files / sizeof *files; k++)
                doctor_mode(d, dir.data, files[k], 0600);
            buf_free(&dir);
        }
    mem_free(names);
    if (d->count == before)
        doctor_say(d, FINDING_OK, "permissions", NULL, "only you may read and write %s",
                   home_dir(h));
}

static void doctor_disk(struct doctor *d, const char *dir)
{
    struct statvfs s;
    struct buf text = BUF_INIT;
    if (statvfs(dir, &s) < 0) {
        doctor_say(d, FINDING_BAD, "disk", NULL, "%s: %s", dir, strerror(errno));
        return;
    }
    long long available = (long long)s.f_bavail * (long long)s.f_frsize;
    print_bytes(&text, available);
    enum finding_level level = available < DOCTOR_DISK_BAD    ? FINDING_BAD
                               : available < DOCTOR_DISK_WARN ? FINDING_WARN
                                                              : FINDING_OK;
    doctor_say(d, level, "disk",
               level == FINDING_OK ? NULL : "make room, or move the home to a larger disk",
               "%s free for %s", buf_text(&text), dir);
    if (s.f_files > 0 && s.f_favail < DOCTOR_FILES_WARN)
        doctor_say(d, FINDING_WARN, "disk", "remove files that nobody needs",
                   "only %llu files more fit on it", (unsigned long long)s.f_favail);
    if (s.f_flag & ST_RDONLY)
        doctor_say(d, FINDING_BAD, "disk", "mount it for writing",
                   "%s is on a read-only file system", dir);
    buf_free(&text);
}

static void doctor_plugins(struct doctor *d)
{
    char *plugins = place_plugins();
    if (access(plugins, R_OK | X_OK) == 0)
        doctor_say(d, FINDING_OK, "plugins", NULL, "shipped ones are in %s", plugins);
    else
        doctor_say(d, FINDING_WARN, "plugins", "install baton again, or set BATON_PLUGINS",
                   "the folder of shipped plugins %s: %s", plugins, strerror(errno));
    mem_free(plugins);
}

static void doctor_confinement(struct doctor *d)
{
    struct buf text = BUF_INIT;
    server_confinement(&text);
    doctor_say(d, FINDING_OK, "worker processes", NULL, "%s", buf_text(&text));
    buf_free(&text);
}

void doctor_home(struct doctor *d, const struct home *h)
{
    struct client *client = NULL;
    struct error e;
    doctor_say(d, FINDING_OK, "home", NULL, "%s", home_dir(h));
    doctor_permissions(d, h);
    doctor_disk(d, home_dir(h));
    doctor_plugins(d);
    doctor_confinement(d);
    int result = client_open(&client, home_socket(h), &e);
    if (result == 0)
        doctor_say(d, FINDING_OK, "server", NULL, "runs, at %s", home_socket(h));
    else if (result == -ERROR_NOT_FOUND)
        doctor_say(d, FINDING_OK, "server", NULL,
                   "none runs: deadlines fire only while a command is at work");
    else
        doctor_say(d, FINDING_BAD, "server", "stop it and start it again", "%s", e.message);
    client_close(client);
}
