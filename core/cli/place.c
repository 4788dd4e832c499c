/* Where things are: the home, the organisation that is meant, the shipped
 * plugins, and files as absolute paths (a running server has another current
 * folder than whoever asks it). */
#include "cli/cli_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/host/home.h"

static bool place_has(const char *dir, const char *name)
{
    struct buf path = BUF_INIT;
    struct stat s;
    buf_printf(&path, "%s/%s", dir, name);
    bool there = stat(buf_text(&path), &s) == 0;
    buf_free(&path);
    return there;
}

/* The nearest folder upwards that holds baton.ini. */
static int place_home_upwards(char **out, struct error *e)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        return error_set(e, ERROR_IO, "the current folder cannot be read: %s", strerror(errno));
    char *dir = mem_dup(here);
    for (;;) {
        if (place_has(dir, "baton.ini")) {
            *out = dir;
            return 0;
        }
        char *slash = strrchr(dir, '/');
        if (!slash || dir[1] == '\0')
            break;
        slash[slash == dir] = '\0';
    }
    mem_free(dir);
    return error_set(
        e, ERROR_NOT_FOUND,
        "no home: --home and BATON_HOME are not given, and neither %s nor a folder above "
        "it holds baton.ini; make a home with: baton init DIR",
        here);
}

int place_home(const struct cli *c, char **out, struct error *e)
{
    const char *given = c->home ? c->home : getenv("BATON_HOME");
    if (!given || !*given)
        return place_home_upwards(out, e);
    if (!place_has(given, "baton.ini"))
        return error_set(e, ERROR_NOT_FOUND,
                         "%s is no home (it holds no baton.ini); make it one with: baton init %s",
                         given, given);
    *out = mem_dup(given);
    return 0;
}

int place_open(const struct cli *c, struct home **out, struct error *e)
{
    char *dir = NULL;
    int result = place_home(c, &dir, e);
    if (result < 0)
        return result;
    char *plugins = place_plugins();
    result = home_open(out, dir, plugins, e);
    mem_free(plugins);
    mem_free(dir);
    return result;
}

int place_org(const struct cli *c, const struct home *h, char **out, struct error *e)
{
    if (c->org) {
        int result = home_check_org(h, c->org, e);
        if (result == 0)
            *out = mem_dup(c->org);
        return result;
    }
    char **names = NULL;
    int result = home_orgs(h, &names, e);
    if (result < 0)
        return result;
    if (!names || !names[0]) {
        result = error_set(e, ERROR_NOT_FOUND,
                           "the home %s has no organisation yet; add one with: baton org add NAME",
                           home_dir(h));
    } else if (names[1]) {
        struct buf list = BUF_INIT;
        for (size_t i = 0; i < 8 && names[i]; i++)
            buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
        result =
            error_set(e, ERROR_INVALID, "which organisation? Say --org NAME: %s", buf_text(&list));
        buf_free(&list);
    } else {
        *out = mem_dup(names[0]);
    }
    mem_free(names);
    return result;
}

/* A program that runs from its build folder inside the sources uses the plugins there. */
static bool place_in_sources(void)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    size_t prefix = strlen(BATON_SOURCE_DIR);
    return n > (ssize_t)prefix && !memcmp(program, BATON_SOURCE_DIR, prefix) &&
           program[prefix] == '/';
}

char *place_plugins(void)
{
    const char *given = getenv("BATON_PLUGINS");
    if (given && *given)
        return mem_dup(given);
    if (!place_in_sources() && place_has(BATON_DATA_DIR, "plugins"))
        return mem_dup(BATON_DATA_DIR "/plugins");
    return mem_dup(BATON_SOURCE_DIR "/plugins");
}

/* What plugin.ini calls it, if that is a name. */
static char *place_called(const char *path)
{
    struct ini *ini = NULL;
    const char *name = NULL;
    char *called = NULL;
    if (ini_load(&ini, path, NULL) == 0 && ini_text(ini, "plugin", "name", &name, NULL) == 0 &&
        name && text_is_name(name))
        called = mem_dup(name);
    ini_free(ini);
    return called;
}

int place_plugin(const char *word, char **dir, char **name, struct error *e)
{
    char path[PATH_MAX], resolved[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/plugin.ini", word);
    if (n >= (int)sizeof path || access(path, F_OK) != 0 || !realpath(word, resolved))
        return error_set(e, ERROR_NOT_FOUND, "%s is no folder of a plugin: it holds no plugin.ini",
                         word);
    char *called = place_called(path), *slash = strrchr(resolved, '/');
    if (called && strcmp(called, slash + 1) != 0) {
        *name = called;
        *dir = mem_dup(resolved);
        return 0;
    }
    mem_free(called);
    *name = mem_dup(slash + 1);
    *slash = '\0';
    *dir = mem_dup(*resolved ? resolved : "/");
    if (text_is_name(*name))
        return 0;
    int rc =
        error_set(e, ERROR_INVALID, "%s: name = is no name, and nor is that of its folder", path);
    mem_free(*name);
    mem_free(*dir);
    *name = *dir = NULL;
    return rc;
}

int place_file(const char *path, char **out, struct error *e)
{
    if (!*path)
        return error_set(e, ERROR_INVALID, "the name of a file is empty");
    if (strlen(path) >= PATH_MAX)
        return error_set(e, ERROR_LIMIT, "the name of a file is longer than %d bytes",
                         PATH_MAX - 1);
    char resolved[PATH_MAX];
    if (realpath(path, resolved)) {
        *out = mem_dup(resolved);
        return 0;
    }
    const char *slash = strrchr(path, '/');
    char *folder = mem_dupn(path, slash == path ? 1 : slash ? (size_t)(slash - path) : 0);
    bool known = slash && slash[1] && realpath(folder, resolved);
    mem_free(folder);
    if (known) {
        struct buf full = BUF_INIT;
        buf_printf(&full, "%s%s", strcmp(resolved, "/") ? resolved : "", slash);
        *out = buf_take(&full);
        return 0;
    }
    if (path[0] == '/') {
        *out = mem_dup(path);
        return 0;
    }
    if (!getcwd(resolved, sizeof resolved))
        return error_set(e, ERROR_IO, "the current folder cannot be read: %s", strerror(errno));
    struct buf full = BUF_INIT;
    buf_printf(&full, "%s/%s", strcmp(resolved, "/") ? resolved : "", path);
    *out = buf_take(&full);
    return 0;
}
