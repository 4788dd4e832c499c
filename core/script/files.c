/* Files of sessions: what was named on the command line, and what lies below
 * the current folder once every symbolic link is resolved, but for what baton
 * keeps to itself (files_kept). Plugins have none. */
#include "script/files_internal.h"

#include "script/session_internal.h"
#include "script/value_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int files_raise(lua_State *L, const char *path, int problem)
{
    enum error_code code = problem == ENOENT ? ERROR_NOT_FOUND : ERROR_IO;
    script__raisef(L, code, "%.200s: %s", path, strerror(problem));
}

static bool files_is_below(const char *folder, const char *path)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return !strncmp(folder, path, n) && (path[n] == '/' || (n == 1 && folder[0] == '/')) &&
           path[n] != '\0';
}

/* Where the path leads: itself resolved; for a file to be made, its resolved folder and its
 * name. */
static bool files_resolve(const char *path, bool writing, char out[PATH_MAX])
{
    char copy[PATH_MAX];
    if (!writing)
        return realpath(path, out) != NULL;
    size_t n = strlen(path);
    if (n >= sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(copy, path, n + 1);
    char *slash = strrchr(copy, '/'), *name = slash ? slash + 1 : copy;
    if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
        errno = EISDIR;
        return false;
    }
    if (slash)
        *slash = '\0';
    if (!realpath(!slash ? "." : slash == copy ? "/" : copy, out))
        return false;
    size_t used = strlen(out);
    if (used + strlen(name) + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (used == 1)
        used = 0; /* the root */
    out[used] = '/';
    strcpy(out + used + 1, name);
    return true;
}

/* Named on the command line: as it was written, or by where it leads. */
static bool files_is_named(const struct session *s, const char *path, const char *real,
                           bool writing)
{
    char named[PATH_MAX];
    for (char *const *f = s->files; f && *f; f++)
        if (!strcmp(*f, path) || (files_resolve(*f, writing, named) && !strcmp(named, real)))
            return true;
    return false;
}

static bool files_holds(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && n < (int)sizeof path && access(path, F_OK) == 0;
}

static bool files_is_own(lua_State *L, const char *folder)
{
    char own[PATH_MAX];
    const char *path = store_path(script__store(L));
    if (!path || !realpath(path, own))
        return false;
    char *slash = strrchr(own, '/');
    return slash && (size_t)(slash - own) == strlen(folder) && !memcmp(own, folder, strlen(folder));
}

/* Why baton keeps a file from sessions, though it lies below their folder (a home is such a
 * folder); NULL if it does not. Closing a database that this process has open would drop its locks,
 * so not even naming it helps. `folder` is the resolved path, and is cut on the way up. */
static const char *files_kept(lua_State *L, char *folder, bool writing, bool named)
{
    static const char *const settings[] = { "org.ini", "baton.ini", "plugin.ini", NULL };
    const char *name = strrchr(folder, '/') + 1;
    bool database = !strncmp(name, "org.db", 6), direct = true;
    for (int i = 0; writing && !named && settings[i]; i++)
        if (!strcmp(name, settings[i]))
            return "holds settings, which no script writes";
    for (char *slash; (slash = strrchr(folder, '/')) && slash > folder; direct = false) {
        *slash = '\0'; /* `name` stays whole behind it */
        bool of_org = files_holds(folder, "org.db");
        if (of_org && direct && database)
            return "is a database, which only baton opens";
        if (named)
            return NULL;
        if (of_org)
            return files_is_own(L, folder) ? NULL : "belongs to another organisation";
        if (writing && files_holds(folder, "plugin.ini"))
            return "belongs to a plugin, which no script writes";
    }
    return NULL;
}

static const char *files_absolute(lua_State *L, const struct session *s, const char *path)
{
    if (path[0] == '/')
        return path;
    if (!s->cwd)
        script__raisef(L, ERROR_DENIED, "%.200s: this session has no folder; give the whole path",
                       path);
    return arena_printf(value__arena(L), "%s/%s", s->cwd, path);
}

/* Raises unless the session may read or write the file; then `real` is where it leads. Is it named
 * on the command line? */
static bool files_check(lua_State *L, const char *path, bool writing, char real[PATH_MAX])
{
    char folder[PATH_MAX];
    const struct session *s = script__session(L);
    if (!s || script__plugin_name(L))
        script__raisef(L, ERROR_DENIED, "files are for scripts and the prompt: a plugin has none");
    path = files_absolute(L, s, path);
    if (!files_resolve(path, writing, real))
        files_raise(L, path, errno);
    bool named = files_is_named(s, path, real, writing);
    bool below = s->cwd && realpath(s->cwd, folder) && files_is_below(folder, real);
    if (!named && !below)
        script__raisef(L, ERROR_DENIED,
                       "%.200s is neither below the current folder nor named on the command line",
                       path);
    const char *why = files_kept(L, strcpy(folder, real), writing, named);
    if (why)
        script__raisef(L, ERROR_DENIED, "%.200s %s", path, why);
    return named;
}

int script__open_file(lua_State *L, const char *path, const char *mode)
{
    char real[PATH_MAX];
    struct stat st;
    bool writing = mode[0] == 'w', named = files_check(L, path, writing, real);
    int flags = writing ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
    /* What leads elsewhere was resolved above, so a link here came in between, or leaves. 0600:
     * what a script writes out is about people. */
    int fd = open(real, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0 && errno == ELOOP)
        script__raisef(L, ERROR_DENIED, "%.200s is a symbolic link, which is not written through",
                       path);
    if (fd < 0)
        files_raise(L, path, errno);
    if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !named)) {
        close(fd);
        script__raisef(L, ERROR_INVALID, "%.200s is not a regular file", path);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

/* ---- whole files ---- */

static int files_close(lua_State *L)
{
    int *fd = lua_touserdata(L, 1);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return 0;
}

void files__hold(lua_State *L, int fd)
{
    int *held = lua_newuserdatauv(L, sizeof *held, 0);
    *held = fd;
    if (luaL_newmetatable(L, "baton.file")) {
        lua_pushcfunction(L, files_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
}

static void files_close_held(lua_State *L, int index)
{
    int *fd = lua_touserdata(L, index);
    close(*fd);
    *fd = -1;
}

const char *files__check_path(lua_State *L, int index, const char *what)
{
    size_t n;
    if (lua_type(L, index) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes the name of a file", what);
    const char *path = lua_tolstring(L, index, &n);
    if (!n || strlen(path) != n)
        script__raisef(L, ERROR_INVALID, "%s: that is not the name of a file", what);
    return path;
}

struct buf *files__read(lua_State *L, const char *path)
{
    char block[16384];
    struct buf *text = script__hold_buf(L);
    files__hold(L, -1);
    int *fd = lua_touserdata(L, -1);
    *fd = script__open_file(L, path, "r");
    for (;;) {
        ssize_t n = read(*fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            files_raise(L, path, errno);
        if (n == 0)
            break;
        buf_add(text, block, (size_t)n);
        if (text->len > LIMIT_LUA_BYTES)
            script__raisef(L, ERROR_LIMIT, "%.200s is longer than %d MB", path,
                           LIMIT_LUA_BYTES / (1024 * 1024));
    }
    files_close_held(L, -1);
    lua_pop(L, 1);
    return text;
}

/* A dry run keeps no file either. */
static void files_tell(lua_State *L, const char *path, size_t n)
{
    char real[PATH_MAX];
    struct buf *line = script__hold_buf(L);
    files_check(L, path, true, real);
    buf_printf(line, "would write %s: %zu bytes", real, n);
    script__output(L, SCRIPT_PRINT, buf_text(line), line->len);
    lua_pop(L, 1);
}

void files__write(lua_State *L, const char *path, const char *text, size_t n)
{
    const struct session *s = script__session(L);
    if (s && s->trial) {
        files_tell(L, path, n);
        return;
    }
    files__hold(L, -1);
    int *fd = lua_touserdata(L, -1);
    *fd = script__open_file(L, path, "w");
    while (n) {
        ssize_t done = write(*fd, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            files_raise(L, path, errno);
        text += done;
        n -= (size_t)done;
    }
    files_close_held(L, -1);
    lua_pop(L, 1);
}
