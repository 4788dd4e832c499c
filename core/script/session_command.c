/* Commands and reports of plugins, called by name from outside, and what only
 * sessions have as globals. */
#include "script/session_internal.h"

#include "baton/base/json.h"
#include "baton/base/text.h"
#include "script/value_internal.h"

#include <stdio.h>
#include <string.h>

struct command_call {
    struct session *session;
    const char *name, *args;
    bool report;
    struct buf *out; /* owned by the caller */
};

static void command_push_args(lua_State *L, const struct command_call *c)
{
    struct error e;
    if (!c->args || !c->args[0]) {
        lua_newtable(L);
        return;
    }
    if (value__push_json(L, c->args, strlen(c->args), &e) < 0)
        script__raisef(L, e.code, "arguments of %s: %s%s%s", c->name, e.where,
                       e.where[0] ? ": " : "", e.message);
    if (!lua_istable(L, -1) || lua_rawlen(L, -1))
        script__raisef(L, ERROR_INVALID,
                       "arguments of %s: a JSON object is wanted, such as {\"person\":\"P-1\"}",
                       c->name);
}

/* What it prints is beside its result; the caller's buffer is touched once all went well. */
static int command_run(lua_State *L)
{
    const struct command_call *c = lua_touserdata(L, 1);
    struct error e;
    command_push_args(L, c);
    if (script__run_command(L, c->session, c->name, c->report, &e) < 0)
        script__raise(L, &e);
    struct buf *json = script__hold_buf(L);
    script__to_json(L, -2, json);
    buf_add(c->out, buf_text(json), json->len);
    value__release(L, -1);
    return 0;
}

static int command_call(struct session *s, const char *name, const char *json_args, bool report,
                        struct buf *out, struct error *e)
{
    lua_State *L = script__main(s->script);
    struct command_call call = { s, name, json_args, report, out };
    struct script_frame frame = { .session = s,
                                  .actor = &s->actor,
                                  .what = report ? "report" : "command",
                                  .budget_ms =
                                      2 * script__statement_ms(s->script), /* its own ends first */
                                  .read_only = report };
    if (!lua_checkstack(L, LUA_MINSTACK))
        return error_set(e, ERROR_LIMIT, "Lua's stack is full");
    s->mode = SESSION_STATEMENT;
    s->output_bytes = 0;
    s->output_cut = s->cancelled = s->wants_clock = false;
    lua_pushcfunction(L, command_run);
    lua_pushlightuserdata(L, &call);
    int rc = script__call(L, &frame, 1, 0, e);
    s->mode = SESSION_IDLE;
    return rc;
}

int session_command(struct session *s, const char *name, const char *json_args, struct buf *out,
                    struct error *e)
{
    return command_call(s, name, json_args, false, out, e);
}

int session_report(struct session *s, const char *name, const char *json_args, struct buf *out,
                   struct error *e)
{
    return command_call(s, name, json_args, true, out, e);
}

/* ---- output ---- */

void script__output(lua_State *L, enum script_stream stream, const char *text, size_t n)
{
    static const char cut[] = "… the rest of the output was left out";
    const struct script_options *o = script__options(script__of(L));
    struct session *s = script__session(L);
    script_output output = s ? s->output : o->output;
    void *context = s ? s->context : o->context;
    script__charge(L, QUOTA_OUTPUT, n);
    if (!output)
        return;
    if (s && stream != SCRIPT_PROGRESS) {
        if (s->output_cut)
            return;
        s->output_cut = n > LIMIT_OUTPUT_BYTES - s->output_bytes;
        if (s->output_cut)
            n = LIMIT_OUTPUT_BYTES - s->output_bytes;
        s->output_bytes += n;
    } else if (n > LIMIT_OUTPUT_BYTES) {
        n = LIMIT_OUTPUT_BYTES;
    }
    struct buf *shown = script__hold_buf(L);
    text_printable(text, n, true, shown);
    output(context, stream, script__plugin_name(L), buf_text(shown), shown->len);
    if (s && s->output_cut)
        output(context, stream, script__plugin_name(L), cut, sizeof cut - 1);
    value__release(L, -1);
    lua_pop(L, 1);
}

static int session_progress(lua_State *L)
{
    double done = luaL_checknumber(L, 1), total = luaL_optnumber(L, 2, 0);
    const char *label = lua_isnoneornil(L, 3) ? "" : luaL_tolstring(L, 3, NULL);
    struct buf *text = script__hold_buf(L);
    buf_printf(text, "%.0f %.0f %.200s", done, total, label);
    script__output(L, SCRIPT_PROGRESS, buf_text(text), text->len);
    return script__pause(L, 0);
}

void session__add_globals(lua_State *L, const struct session *s)
{
    lua_newtable(L);
    for (int i = 0; s->args[i]; i++) {
        lua_pushstring(L, s->args[i]);
        lua_rawseti(L, -2, i + 1);
    }
    if (s->script_name) {
        lua_pushstring(L, s->script_name);
        lua_rawseti(L, -2, 0);
    }
    lua_setfield(L, -2, "arg");
    lua_pushcfunction(L, session_progress);
    lua_setfield(L, -2, "progress");
    session__add_extras(L);
}
