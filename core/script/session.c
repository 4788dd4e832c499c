/* Sessions: the prompt, a script, a remote command.
 *
 * A session has an environment of its own in the organisation's Lua state. A
 * statement runs inside the command that its caller opened; a script is a
 * coroutine that the caller steps. What it prints goes to its own output, cut
 * at a limit. */
#include "script/session_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "script/show_internal.h"
#include "script/value_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- life ---- */

static char **session_copy_list(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    char **copy = mem_zero((n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = mem_dup(list[i]);
    return copy;
}

static void session_free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        mem_free(list[i]);
    mem_free(list);
}

static struct script_frame session_frame(struct session *s, const char *what, unsigned budget_ms)
{
    return (struct script_frame){
        .session = s, .actor = &s->actor, .what = what, .budget_ms = budget_ms
    };
}

static int session_make_env(lua_State *L)
{
    struct session *s = lua_touserdata(L, 1);
    script__push_env(L, NULL, s);
    session__add_globals(L, s);
    s->env = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* Runs f(L) with the session as its argument, protected and with its name on everything. */
static int session_protect(struct session *s, lua_CFunction f, void *argument, const char *what,
                           struct error *e)
{
    lua_State *L = script__main(s->script);
    struct script_frame frame = session_frame(s, what, LIMIT_STATEMENT_MS);
    if (!lua_checkstack(L, LUA_MINSTACK))
        return error_set(e, ERROR_LIMIT, "Lua's stack is full");
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, argument);
    return script__call(L, &frame, 1, 0, e);
}

int session_open(struct session **out, struct script *script, const struct session_options *o,
                 struct error *e)
{
    struct session *s = mem_new(struct session);
    s->script = script;
    s->actor_name = mem_dup(o->actor && o->actor->name ? o->actor->name : "operator");
    s->actor_roles = mem_dup(o->actor ? o->actor->roles : NULL);
    s->actor = (struct actor){ o->actor ? o->actor->staff_id : 0, s->actor_name, s->actor_roles };
    s->output = o->output;
    s->context = o->context;
    s->cwd = mem_dup(o->cwd);
    s->files = session_copy_list(o->files);
    s->args = session_copy_list(o->args);
    s->script_name = mem_dup(o->script_name);
    s->whole_turn = s->trial = o->whole_turn;
    s->may_switch = !s->actor.staff_id && !s->actor_roles;
    s->env = s->thread = LUA_NOREF;
    int rc = session_protect(s, session_make_env, s, "opening a session", e);
    if (rc < 0)
        session_close(s);
    else
        *out = s;
    return rc;
}

static void session_end_thread(struct session *s)
{
    luaL_unref(script__main(s->script), LUA_REGISTRYINDEX, s->thread);
    s->thread = LUA_NOREF;
    s->co = NULL;
}

void session_close(struct session *s)
{
    if (!s)
        return;
    session_end_thread(s);
    luaL_unref(script__main(s->script), LUA_REGISTRYINDEX, s->env);
    session_free_list(s->files);
    session_free_list(s->args);
    session__free_extras(s);
    mem_free(s->actor_name);
    mem_free(s->actor_roles);
    mem_free(s->cwd);
    mem_free(s->script_name);
    mem_free(s);
}

void session__push_env(lua_State *L, const struct session *s)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->env);
}

/* ---- beginning and ending what runs ---- */

static void session_begin(struct session *s, enum session_mode mode)
{
    s->mode = mode;
    s->output_bytes = 0;
    s->output_cut = false;
}

/* Adds the way to the place to an error: lines of scripts and plugins, innermost first. */
static void session_show_way(struct session *s, const struct error *e)
{
    struct buf way = BUF_INIT;
    size_t places = 0;
    const char *line = e->code == ERROR_SCRIPT ? script__traceback(s->script) : "";
    for (; (line = strchr(line, '\n')); line++) {
        size_t n = strcspn(line + 1, "\n");
        const char *place = line + 1 + (line[1] == '\t'), *end = strstr(place, ": in ");
        if (!end || end > line + 1 + n || place[0] == '[' || places >= 6)
            continue;
        buf_printf(&way, "%s%.*s", places ? ", called from " : "in ", (int)(end - place), place);
        places++;
    }
    if (places > 1 && s->output)
        s->output(s->context, SCRIPT_LOG_ERROR, NULL, buf_text(&way), way.len);
    buf_free(&way);
}

/* ---- statements ---- */

/* Leaves the function, or nothing and the error; *incomplete if more lines may mend it. */
static int eval_load(lua_State *L, const char *text, size_t n, bool *incomplete)
{
    static const char eof[] = "<eof>";
    struct buf source = BUF_INIT;
    buf_puts(&source, "return ");
    buf_add(&source, text, n);
    int status = script__load_text(L, buf_text(&source), source.len, "=repl");
    buf_free(&source);
    for (int attempt = 0; status == LUA_ERRSYNTAX; attempt++) {
        size_t len;
        const char *message = lua_tolstring(L, -1, &len);
        if (len >= sizeof eof - 1 && !strcmp(message + len - (sizeof eof - 1), eof))
            *incomplete = true;
        if (attempt == 1)
            break;
        lua_pop(L, 1);
        status = script__load_text(L, text, n, "=repl");
    }
    if (status == LUA_OK)
        *incomplete = false;
    return status;
}

/* Results on the stack: the first becomes `_`, all are shown. */
static int eval_show(lua_State *L)
{
    int n = lua_gettop(L);
    const struct session *s = script__session(L);
    struct buf *out = script__hold_buf(L);
    session__push_env(L, s);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "_");
    for (int i = 1; s->as_json && i <= n; i++) {
        show__json(L, i, out);
        buf_putc(out, '\n');
    }
    for (int i = 1; !s->as_json && i <= n; i++) {
        bool wide = lua_istable(L, i) || lua_isuserdata(L, i);
        if (i > 1 && !(out->len && out->data[out->len - 1] == '\n'))
            buf_putc(out, wide || lua_istable(L, i - 1) ? '\n' : '\t');
        script__show(L, i, out);
    }
    while (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    script__output(L, SCRIPT_PRINT, buf_text(out), out->len);
    return 0;
}

static int eval_run(struct session *s, lua_State *L, struct error *e)
{
    struct script_frame frame = session_frame(s, "statement", script__statement_ms(s->script));
    int base = lua_gettop(L) - 1;
    int rc = script__call(L, &frame, 0, LUA_MULTRET, e);
    if (rc < 0) {
        session_show_way(s, e);
        return rc;
    }
    int results = lua_gettop(L) - base;
    if (!results)
        return 0;
    if (!lua_checkstack(L, 4))
        return error_set(e, ERROR_LIMIT, "too many results");
    lua_pushcfunction(L, eval_show);
    lua_insert(L, base + 1);
    frame.read_only = true;
    return script__call(L, &frame, results, 0, e);
}

int session_eval(struct session *s, const char *text, size_t n, bool *incomplete, struct error *e)
{
    lua_State *L = script__main(s->script);
    struct error ignored;
    int top = lua_gettop(L), rc = 0;
    bool more = false;
    e = e ? e : &ignored;
    if (n > LIMIT_STATEMENT_BYTES) /* it is compiled before its budget begins */
        return error_set(e, ERROR_LIMIT, "a statement may have %d bytes, this one has %zu",
                         LIMIT_STATEMENT_BYTES, n);
    if (!lua_checkstack(L, LUA_MINSTACK))
        return error_set(e, ERROR_LIMIT, "Lua's stack is full");
    session_begin(s, SESSION_STATEMENT);
    s->wants_clock = s->cancelled = false;
    int status = eval_load(L, text, n, &more);
    if (status != LUA_OK && !more) {
        struct error mine;
        script__read_error(L, -1, &mine);
        if (status == LUA_ERRMEM)
            rc = error_set(
                e, ERROR_LIMIT,
                "the organisation's Lua state is full: what this session keeps in globals "
                "goes when it is closed");
        else
            rc = error_set(e, ERROR_INVALID, "%s", mine.message);
        error_at(e, "%s", mine.where[0] ? mine.where : "repl:1");
    } else if (status == LUA_OK) {
        session__push_env(L, s);
        lua_setupvalue(L, -2, 1);
        rc = eval_run(s, L, e);
    }
    lua_settop(L, top);
    s->mode = SESSION_IDLE;
    if (rc < 0)
        s->wants_clock = false;
    else
        *incomplete = more;
    return rc;
}

void session_show_json(struct session *s, bool json)
{
    s->as_json = json;
}

bool session_wants_clock(struct session *s, int64_t *to_ms)
{
    bool wanted = s->wants_clock;
    s->wants_clock = false;
    if (wanted)
        *to_ms = s->clock_to_ms;
    return wanted;
}

int64_t session__now(lua_State *L)
{
    const struct session *s = script__session(L);
    return s && s->wants_clock ? s->clock_to_ms : domain_now(script__domain(L));
}

void session__advance_clock(lua_State *L, int64_t to_ms)
{
    struct session *s = script__session(L);
    const struct script_options *o = script__options(script__of(L));
    struct error e;
    if (!s || script__plugin_name(L))
        script__raisef(L, ERROR_DENIED, "clock.advance is for scripts and the prompt");
    if (!o->clock_movable || !o->advance_clock)
        script__raisef(L, ERROR_DENIED,
                       "clock.advance: the clock of %s is the system's; with `clock = movable` in "
                       "org.ini it moves",
                       o->org);
    if (to_ms < session__now(L))
        script__raisef(L, ERROR_INVALID, "clock.advance: the clock goes forwards only");
    if (s->mode == SESSION_STATEMENT) {
        s->wants_clock = true;
        s->clock_to_ms = to_ms;
        return;
    }
    struct store *store = script__store(L);
    if (s->whole_turn ? store_in_command(store) : store_in_turn(store))
        script__raisef(L, ERROR_DENIED,
                       "clock.advance does not work inside baton.turn: what falls due has turns of "
                       "its own");
    if (o->advance_clock(o->context, to_ms, &e) < 0)
        script__raise(L, &e);
}

/* ---- scripts ---- */

struct session_source {
    struct session *session;
    const char *text;
    size_t n;
    const char *name;
};

/* A first line such as #!/usr/bin/env baton is none of Lua's; line numbers stay. */
static void source_skip_interpreter(struct session_source *source)
{
    if (!source->n || source->text[0] != '#')
        return;
    const char *end = memchr(source->text, '\n', source->n);
    size_t skip = end ? (size_t)(end - source->text) : source->n;
    source->text += skip;
    source->n -= skip;
}

static int session_make_thread(lua_State *L)
{
    const struct session_source *source = lua_touserdata(L, 1);
    struct session *s = source->session;
    const char *name = source->name[0] == '@' || source->name[0] == '='
                           ? source->name
                           : lua_pushfstring(L, "@%s", source->name);
    lua_State *co = lua_newthread(L);
    int status = script__load_text(L, source->text, source->n, name);
    if (status != LUA_OK)
        return lua_error(L);
    session__push_env(L, s);
    lua_setupvalue(L, -2, 1);
    lua_xmove(L, co, 1);
    for (s->nargs = 0; s->args[s->nargs]; s->nargs++) {
        luaL_checkstack(co, 1, "arguments");
        lua_pushstring(co, s->args[s->nargs]);
    }
    s->thread = luaL_ref(L, LUA_REGISTRYINDEX);
    s->co = co;
    return 0;
}

int session_start(struct session *s, const char *source, size_t n, const char *chunk_name,
                  struct error *e)
{
    struct session_source what = { s, source, n, chunk_name };
    if (s->co)
        return error_set(e, ERROR_BUSY, "this session runs a script already");
    if (n > LIMIT_SOURCE_BYTES)
        return error_set(e, ERROR_LIMIT, "%s: a script may have %d bytes, this one has %zu",
                         chunk_name, LIMIT_SOURCE_BYTES, n);
    source_skip_interpreter(&what);
    s->cancelled = false;
    return session_protect(s, session_make_thread, &what, "reading the script", e);
}

int session_step(struct session *s, bool *done, struct error *e)
{
    lua_State *L = script__main(s->script);
    struct script_frame frame = session_frame(s, "script", 0);
    struct error ignored;
    int results = 0;
    bool yielded = false;
    e = e ? e : &ignored;
    if (!s->co)
        return error_set(e, ERROR_INVALID, "no script was started in this session");
    if (s->cancelled) {
        session_end_thread(s);
        return error_set(e, ERROR_CANCELLED, "stopped on request");
    }
    session_begin(s, SESSION_SCRIPT);
    int nargs = s->nargs;
    s->nargs = 0;
    int rc = script__resume(L, s->co, &frame, nargs, &results, &yielded, e);
    s->mode = SESSION_IDLE;
    if (rc < 0)
        session_show_way(s, e);
    else
        lua_pop(s->co, results);
    if (rc < 0 || !yielded)
        session_end_thread(s);
    if (rc == 0)
        *done = !yielded;
    return rc;
}

void session_cancel(struct session *s)
{
    s->cancelled = true;
    if (s->mode != SESSION_IDLE)
        script_cancel(s->script);
}
