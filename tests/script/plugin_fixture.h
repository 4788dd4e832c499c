/* An organisation in a temporary directory with a folder of plugins that the
 * test writes, and a Lua environment to try them from. */
#ifndef TESTS_SCRIPT_PLUGIN_FIXTURE_H
#define TESTS_SCRIPT_PLUGIN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "script/plugin_internal.h"

static const int64_t fix_now_ms = 1772442000000; /* Monday 2026-03-02 09:00 UTC */
static const struct actor fix_operator = { .name = "operator" };

struct fix {
    char dir[64];
    struct store *store;
    struct calendar *calendar;
    struct clock clock;
    struct domain *d;
    struct script *s;
    struct script_options options;
    struct ini *org_ini;
    struct buf output; /* of plugins: what they print and log */
    struct error e;
    int env;        /* of fix_run */
    bool keep_last; /* fix_run leaves its command in */
};

#define ok(call) fix_ok((call), &f->e, #call, __LINE__)
static inline void fix_ok(int rc, const struct error *e, const char *call, int line)
{
    if (rc)
        fail_msg("line %d: %s: %d, %s (%s)", line, call, rc, e->message, e->where);
}

static inline void fix_contains(const char *text, const char *part, int line)
{
    if (!strstr(text, part))
        fail_msg("line %d: \"%s\" is not in \"%s\"", line, part, text);
}
#define assert_contains(text, part) fix_contains((text), (part), __LINE__)

static inline void fix_output(void *context, enum script_stream stream, const char *plugin,
                              const char *text, size_t n)
{
    struct fix *f = context;
    buf_printf(&f->output, "%d %s %.*s\n", (int)stream, plugin ? plugin : "-", (int)n, text);
}

static inline void fix_open_script(struct fix *f)
{
    f->options.org = "test";
    f->options.org_title = "Test organisation";
    f->options.clock = &f->clock;
    f->options.output = fix_output;
    f->options.context = f;
    ok(script_open(&f->s, f->d, &f->options, &f->e));
    f->env = LUA_NOREF;
}

static inline int fix_setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    char path[96];
    snprintf(f->dir, sizeof f->dir, "/tmp/baton-script-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(path, sizeof path, "%s/org.db", f->dir);
    struct store_options options = { .path = path, .create = true };
    ok(store_open(&f->store, &options, &f->e));
    ok(calendar_new(&f->calendar, NULL, &f->e));
    clock_stop_at(&f->clock, fix_now_ms);
    f->d = domain_new(f->store, f->calendar, &f->clock);
    fix_open_script(f);
    *state = f;
    return 0;
}

static inline int fix_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int fix_teardown(void **state)
{
    struct fix *f = *state;
    script_close(f->s);
    domain_free(f->d);
    calendar_free(f->calendar);
    store_close(f->store);
    ini_free(f->org_ini);
    buf_free(&f->output);
    nftw(f->dir, fix_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* A new state over the same database, as after a reload. */
static inline void fix_reopen(struct fix *f)
{
    script_close(f->s);
    fix_open_script(f);
}

static inline void fix_write(struct fix *f, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    for (char *slash = path + strlen(f->dir) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* plugins/NAME with a plain plugin.ini that has these further lines. */
static inline void fix_plugin(struct fix *f, const char *name, const char *ini, const char *lua)
{
    char path[128], text[4096];
    snprintf(path, sizeof path, "plugins/%s/plugin.ini", name);
    snprintf(text, sizeof text, "[plugin]\nname = %s\nversion = 1.2.0\napi = 1\n%s", name, ini);
    fix_write(f, path, text);
    snprintf(path, sizeof path, "plugins/%s/init.lua", name);
    fix_write(f, path, lua);
}

static inline void fix_org_ini(struct fix *f, const char *text)
{
    ini_free(f->org_ini);
    f->org_ini = NULL;
    ok(ini_parse_text(&f->org_ini, text, "org.ini", &f->e));
}

static inline int fix_load(struct fix *f, const char *const *names)
{
    char dir[96];
    snprintf(dir, sizeof dir, "%s/plugins", f->dir);
    const char *const dirs[] = { dir, NULL };
    return script_load_plugins(f->s, names, dirs, f->org_ini, &f->e);
}

/* Loads one; returns its problem, "" if there is none. */
static inline const char *fix_load_one(struct fix *f, const char *name)
{
    const char *const names[] = { name, NULL };
    struct plugin_info info;
    ok(fix_load(f, names));
    script_plugin_at(f->s, 0, &info);
    assert_int_equal(info.loaded, !*info.problem);
    return info.problem;
}

/* The usual: writes plugin "p", loads it, insists. */
static inline void fix_use(struct fix *f, const char *ini, const char *lua)
{
    fix_plugin(f, "p", ini, lua);
    const char *problem = fix_load_one(f, "p");
    if (*problem)
        fail_msg("plugin p: %s", problem);
}

struct fix_chunk {
    struct fix *f;
    const char *text;
};

static inline int fix_push_chunk(lua_State *L)
{
    const struct fix_chunk *c = lua_touserdata(L, 1);
    if (c->f->env == LUA_NOREF) {
        script__push_env(L, NULL, NULL);
        c->f->env = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    if (luaL_loadbufferx(L, c->text, strlen(c->text), "@test.lua", "t") != LUA_OK)
        return lua_error(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->f->env);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (!lua_isnil(L, -1)) {
        size_t n;
        const char *text = luaL_tolstring(L, -1, &n);
        buf_clear(&c->f->output);
        buf_add(&c->f->output, text, n);
    }
    return 0;
}

/* Runs Lua as the operator, without a command around it. What it returns is in f->output. */
static inline int fix_lua(struct fix *f, unsigned budget_ms, const char *text)
{
    struct script_frame frame = { .actor = &fix_operator, .what = "test", .budget_ms = budget_ms };
    struct fix_chunk chunk = { f, text };
    return script__protect(script__main(f->s), &frame, fix_push_chunk, &chunk, &f->e);
}

/* The same inside a turn and a command, kept if all went well. */
static inline int fix_run(struct fix *f, const char *text)
{
    ok(store_turn_begin(f->store, &f->e));
    domain_command_begin(f->d);
    int rc = fix_lua(f, 0, text);
    struct error kept = f->e;
    int ended = domain_command_end(f->d, rc == 0, &f->e);
    if (rc == 0 && ended < 0)
        rc = ended;
    else if (rc < 0)
        f->e = kept;
    kept = f->e;
    ok(store_turn_commit(f->store, &f->e));
    f->e = kept;
    return rc;
}

static inline void fix_refused(struct fix *f, int rc, enum error_code code, const char *part,
                               int line)
{
    if (rc != -(int)code)
        fail_msg("line %d: %d instead of %d: %s", line, rc, -(int)code,
                 rc ? f->e.message : buf_text(&f->output));
    char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
    error_format(&f->e, text, sizeof text);
    fix_contains(text, part, line);
}
#define refused(call, code, part) fix_refused(f, (call), (code), (part), __LINE__)
/* Lua that must return that text. */
#define gives(text, wanted)                                                                        \
    do {                                                                                           \
        ok(fix_run(f, text));                                                                      \
        assert_string_equal(buf_text(&f->output), wanted);                                         \
    } while (0)

#endif
