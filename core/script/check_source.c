/* The sources of a plugin: found in its folder, compiled, parsed; and what can
 * be said of them one by one: syntax, globals, functions of modules, files. */
#include "script/check_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "baton/base/text.h"

enum { SOURCES_MAX = 256, SOURCES_DEPTH = 8 };

/* ---- reading ---- */

static void source_compile(struct check *c, struct check_source *s, const struct buf *text)
{
    lua_State *L = script__main(c->script);
    const char *name = arena_printf(c->memory, "@%s", s->file);
    s->compiled = luaL_loadbufferx(L, buf_text(text), text->len, name, "t") == LUA_OK;
    const char *problem = s->compiled ? NULL : lua_tostring(L, -1);
    int line = 0, used = 0;
    const char *colon = problem ? strchr(problem, ':') : NULL;
    if (colon && sscanf(colon, ":%d:%n", &line, &used) == 1 && used)
        problem = colon + used + strspn(colon + used, " ");
    if (problem && check__wants(c, s->plugin))
        check__add(c, "syntax", s->plugin, s->file, line, "%s", problem);
    lua_pop(L, 1);
}

static void source_read(struct check *c, struct plugin *p, const char *name)
{
    struct buf text = BUF_INIT;
    struct error e;
    const char *path = arena_printf(c->memory, "%s/%s.lua", p->dir, name);
    if (c->source_count >= SOURCES_MAX || buf_read_file(&text, path, LIMIT_SOURCE_BYTES, &e) < 0) {
        buf_free(&text);
        return;
    }
    c->sources =
        check__grow(c->memory, c->sources, c->source_count, &c->source_room, sizeof *c->sources);
    struct check_source *s = &c->sources[c->source_count++];
    *s = (struct check_source){ .plugin = p, .name = name };
    s->file = arena_printf(c->memory, "%s/%s.lua", p->name, name);
    s->spec = !strncmp(name, "spec/", 5);
    source_compile(c, s, &text);
    if (s->compiled) {
        s->tokens = check__lex(c->memory, buf_text(&text), text.len, &s->token_count);
        check__parse(c, s);
    }
    buf_free(&text);
}

static int sources_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every .lua below the folder, in order; links that leave it are not followed. */
static void sources_below(struct check *c, struct plugin *p, const char *folder, int depth)
{
    const char *names[SOURCES_MAX];
    size_t count = 0;
    DIR *dir = opendir(arena_printf(c->memory, "%s/%s", p->dir, folder));
    for (struct dirent *entry; dir && count < SOURCES_MAX && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            names[count++] = arena_dup(c->memory, entry->d_name);
    if (dir)
        closedir(dir);
    qsort(names, count, sizeof *names, sources_order);
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_printf(c->memory, "%s%s%s", folder, *folder ? "/" : "", names[i]);
        struct stat st;
        size_t n = strlen(name);
        if (lstat(arena_printf(c->memory, "%s/%s", p->dir, name), &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < SOURCES_DEPTH)
            sources_below(c, p, name, depth + 1);
        else if (S_ISREG(st.st_mode) && n > 4 && !strcmp(name + n - 4, ".lua"))
            source_read(c, p, arena_dupn(c->memory, name, n - 4));
    }
}

void check__sources(struct check *c, struct plugin *p)
{
    sources_below(c, p, "", 0);
}

/* ---- globals and functions ---- */

/* The names of the environment that plugins get, and the members of its tables. */
static int globals_read(lua_State *L)
{
    struct check *c = lua_touserdata(L, 1);
    size_t room = 0;
    script__push_env(L, NULL, NULL);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        check__name(c, &c->globals, lua_tostring(L, -2));
        c->members =
            check__grow(c->memory, c->members, c->globals.count - 1, &room, sizeof *c->members);
        struct check_names *members = &c->members[c->globals.count - 1];
        *members = (struct check_names){ 0 };
        if (!lua_istable(L, -1) || !strcmp(lua_tostring(L, -2), "_G"))
            continue;
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING)
                check__name(c, members, lua_tostring(L, -2));
        if (!strcmp(lua_tostring(L, -2), "baton")) { /* a plugin has these besides */
            check__name(c, members, "settings");
            check__name(c, members, "plugin");
        }
    }
    return 0;
}

/* "people.fnd": a library or module that has no such member. */
static void function_check(struct check *c, const struct check_source *s,
                           const struct check_use *use)
{
    size_t n = strcspn(use->path, "."), i = 0;
    const char *module = arena_dupn(c->memory, use->path, n);
    const char *member = use->path + n + 1;
    member = arena_dupn(c->memory, member, strcspn(member, "."));
    while (i < c->globals.count && strcmp(c->globals.at[i], module) != 0)
        i++;
    if (i == c->globals.count || !c->members[i].count || !strcmp(member, "[]"))
        return;
    if (!check__has(&c->members[i], member))
        check__add(c, "function-unknown", s->plugin, s->file, use->line, "%s has no \"%s\"%s",
                   module, member, check__near(c, &c->members[i], member));
}

/* The globals that a plugin assigns itself, in order: a generated source has thousands. */
struct globals_made {
    const char **at;
    size_t count, room;
};

static int made_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void globals_collect(struct check *c, const struct plugin *p, struct globals_made *made)
{
    for (size_t i = 0; i < c->source_count; i++)
        for (size_t u = 0; c->sources[i].plugin == p && u < c->sources[i].use_count; u++)
            if (c->sources[i].uses[u].kind == USE_WRITE) {
                made->at =
                    check__grow(c->memory, made->at, made->count, &made->room, sizeof *made->at);
                made->at[made->count++] = c->sources[i].uses[u].path;
            }
    if (made->count)
        qsort(made->at, made->count, sizeof *made->at, made_order);
}

static bool globals_has(const struct globals_made *made, const char *name)
{
    return made->count && bsearch(&name, made->at, made->count, sizeof *made->at, made_order);
}

static void globals_check(struct check *c, const struct check_source *s,
                          const struct globals_made *made)
{
    for (size_t i = 0; i < s->use_count; i++) {
        const struct check_use *use = &s->uses[i];
        bool known = check__has(&c->globals, use->path);
        if (use->kind == USE_READ && !known && !globals_has(made, use->path))
            check__add(c, "global-unknown", s->plugin, s->file, use->line,
                       "unknown global \"%s\"%s", use->path,
                       check__near(c, &c->globals, use->path));
        else if (use->kind == USE_WRITE)
            check__add(c, "global-assigned", s->plugin, s->file, use->line,
                       known ? "\"%s\" is a global of the environment and is written over"
                             : "assigns the global \"%s\": was local meant?",
                       use->path);
        else if ((use->kind == USE_MEMBER || use->kind == USE_ALIAS) && strchr(use->path, '.') &&
                 use->path[0] != '?' && strncmp(use->path, "require:", 8) != 0)
            function_check(c, s, use);
    }
}

void check__globals(struct check *c, struct plugin *p)
{
    static const struct script_frame frame = { .what = "check" };
    struct error ignored;
    if (!c->globals.count &&
        script__protect(script__main(c->script), &frame, globals_read, c, &ignored) < 0)
        return; /* out of memory: nothing can be said */
    struct globals_made made = { 0 };
    globals_collect(c, p, &made);
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].plugin == p && !c->sources[i].spec)
            globals_check(c, &c->sources[i], &made);
}

/* ---- files that require files ---- */

/* The file that a use requires, or NULL; "" where that is computed. */
static const char *files_required(const struct check_use *use)
{
    if (use->kind != USE_CALL || use->method || strcmp(use->path, "baton.require") != 0)
        return NULL;
    return use->arg_count && use->args[0].kind == EXPR_STRING ? use->args[0].text : "";
}

static bool files_ring(struct check *c, const struct check_source *from,
                       const struct check_source *to, int depth)
{
    if (from == to && depth > 0)
        return true;
    for (size_t i = 0; depth < 32 && i < from->use_count; i++) {
        const char *name = from->uses[i].fn == 0 ? files_required(&from->uses[i]) : NULL;
        const struct check_source *next = name ? check__source(c, from->plugin, name) : NULL;
        if (next && files_ring(c, next, to, depth + 1))
            return true;
    }
    return false;
}

static void files_check(struct check *c, struct check_source *s, struct check_names *used,
                        bool *computed)
{
    struct check_names there = { 0 };
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].plugin == s->plugin)
            check__name(c, &there, c->sources[i].name);
    for (size_t i = 0; i < s->use_count; i++) {
        const char *name = files_required(&s->uses[i]);
        if (!name)
            continue;
        if (!*name)
            *computed = true;
        else if (!check__has(&there, name))
            check__add(c, "require-missing", s->plugin, s->file, s->uses[i].line,
                       "there is no file %s.lua in the plugin%s", name,
                       check__near(c, &there, name));
        else
            check__name(c, used, name);
        const struct check_source *next = check__source(c, s->plugin, name);
        if (next && s->uses[i].fn == 0 && files_ring(c, next, s, next == s ? 1 : 0))
            check__add(c, "require-ring", s->plugin, s->file, s->uses[i].line,
                       "%s.lua requires %s.lua, which requires it again", s->name, name);
    }
}

void check__files(struct check *c, struct plugin *p)
{
    struct check_names used = { 0 };
    bool computed = false;
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].plugin == p)
            files_check(c, &c->sources[i], &used, &computed);
    if (!check__compiled(c, p))
        return;
    for (size_t i = 0; i < c->source_count && !computed; i++) {
        const struct check_source *s = &c->sources[i];
        if (s->plugin == p && !s->spec && strcmp(s->name, "init") != 0 &&
            !check__has(&used, s->name))
            check__add(c, "file-unused", p, s->file, 0, "no file of the plugin requires \"%s\"",
                       s->name);
    }
}
