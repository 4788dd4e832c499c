/* What the domain asks of plugins: guards, effects, handlers of events.
 *
 * Functions are kept as references in the registry; the graph knows guards and
 * effects by their number in script->hooks. The domain calls from C frames that
 * an error of Lua must not jump over, so everything that can raise, arguments
 * included, happens inside script__call: a small C function gets a pointer to
 * what it needs and calls the plugin's function. */
#include "script/plugin_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/memory.h"
#include "baton/domain/trace.h"
#include "script/hooks_internal.h"
#include "script/referrals_internal.h"

/* ---- numbers of functions ---- */

static int hooks_params(lua_State *L, int index)
{
    lua_Debug ar;
    lua_pushvalue(L, index);
    lua_getinfo(L, ">u", &ar);
    return ar.isvararg ? LUA_MINSTACK : ar.nparams;
}

void hooks_where(lua_State *L, int index, char out[ERROR_WHERE_BYTES])
{
    lua_Debug ar;
    lua_pushvalue(L, index);
    lua_getinfo(L, ">S", &ar);
    snprintf(out, ERROR_WHERE_BYTES, "%s:%d", ar.short_src, ar.linedefined);
}

int hooks_add_function(lua_State *L, int index, struct plugin *p, const char *what)
{
    struct script *s = script__of(L);
    int params = hooks_params(L, index);
    lua_pushvalue(L, index);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    s->hooks = mem_resize(s->hooks, (s->hook_count + 1) * sizeof *s->hooks);
    s->hooks[s->hook_count] =
        (struct script_hook){ .plugin = p, .ref = ref, .params = params, .what = mem_dup(what) };
    hooks_where(L, index, s->hooks[s->hook_count].where);
    return (int)s->hook_count++;
}

static struct script_hook *hooks_at(struct script *s, int number)
{
    if (number < 0 || (size_t)number >= s->hook_count || !s->hooks[number].plugin)
        return NULL;
    return &s->hooks[number];
}

/* ---- arguments ---- */

void hooks_push_handle(lua_State *L, enum entity entity, int64_t id)
{
    struct script *s = script__of(L);
    if (s->handle_ref != LUA_NOREF && s->handle_entity == entity && s->handle_id == id) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->handle_ref);
        return;
    }
    script__push_handle(L, entity, id);
    lua_pushvalue(L, -1);
    if (s->handle_ref == LUA_NOREF)
        s->handle_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    else
        lua_rawseti(L, LUA_REGISTRYINDEX, s->handle_ref);
    s->handle_entity = entity;
    s->handle_id = id;
}

void hooks_set_text(lua_State *L, const char *key, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

/* {transition, from, to, reason, note, fields, actor, approval, now_ms} */
static void hooks_push_call(lua_State *L, const struct domain_call *call)
{
    int to = call->transition->to;
    lua_createtable(L, 0, 8);
    hooks_set_text(L, "transition", call->transition->name);
    hooks_set_text(L, "from", call->from);
    hooks_set_text(L, "to", to >= 0 ? graph_stage(call->graph, to)->name : call->from);
    hooks_set_text(L, "reason", call->reason);
    hooks_set_text(L, "note", call->note);
    if (call->changes)
        script__push_json_text(L, call->changes, strlen(call->changes));
    else
        lua_newtable(L);
    lua_setfield(L, -2, "fields");
    if (call->actor && call->actor->staff_id) {
        script__push_handle(L, ENTITY_STAFF, call->actor->staff_id);
        lua_setfield(L, -2, "actor");
    }
    if (call->approval) {
        referrals__push_approval(L, call->approval);
        lua_setfield(L, -2, "approval");
    }
    lua_pushinteger(L, call->now_ms);
    lua_setfield(L, -2, "now_ms");
}

struct hooks_run {
    const struct script_hook *hook;
    const struct domain_call *call;
    bool refused;
    struct error *error; /* filled if refused */
};

/* Leaves the function and its arguments; `call` is only built for one that takes it. */
static int hooks_push_run(lua_State *L, const struct hooks_run *run)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->hook->ref);
    hooks_push_handle(L, ENTITY_REFERRAL, run->call->referral->id);
    if (run->hook->params < 2)
        return 1;
    hooks_push_call(L, run->call);
    return 2;
}

/* ---- guards ---- */

/* true goes; false or nil refuses, with a message of its own if it gives one. */
static int guard_run(lua_State *L)
{
    struct hooks_run *run = lua_touserdata(L, 1);
    lua_call(L, hooks_push_run(L, run), 2);
    if (lua_toboolean(L, -2))
        return 0;
    run->refused = true;
    const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    if (why && *why)
        error_set(run->error, ERROR_DENIED, "%s", why);
    else
        error_set(run->error, ERROR_DENIED, "%s refused (return false, \"why\" to say so)",
                  run->hook->what);
    return 0;
}

int hooks_guard(void *context, const struct domain_call *call, struct error *e)
{
    struct script *s = context;
    lua_State *L = script__running(s);
    const struct script_hook *hook = hooks_at(s, call->transition->guard);
    if (!hook)
        return error_set(e, ERROR_DENIED, "the guard of \"%s\" is not loaded",
                         call->transition->name);
    if (breaker__is_off(hook->plugin))
        return breaker__refuse(hook->plugin, e);
    struct hooks_run run = { hook, call, false, e ? e : &s->scratch };
    struct script_frame frame = { .plugin = hook->plugin,
                                  .actor = call->actor,
                                  .what = hook->what,
                                  .budget_ms = s->options.call_ms,
                                  .read_only = true,
                                  .faults = FAULTS_ERRORS };
    int rc = script__protect(L, &frame, guard_run, &run, e);
    if (rc < 0)
        return rc;
    return run.refused ? -ERROR_DENIED : 0;
}

/* ---- effects ---- */

static int effect_run(lua_State *L)
{
    struct hooks_run *run = lua_touserdata(L, 1);
    lua_call(L, hooks_push_run(L, run), 0);
    return 0;
}

static int hooks_effect(void *context, const struct domain_call *call, struct error *e)
{
    struct script *s = context;
    struct script_hook *hook = hooks_at(s, call->transition->effect);
    struct error own;
    if (!hook || breaker__is_off(hook->plugin))
        domain_trace_failed(s->domain, graph_plugin(call->graph));
    if (!hook)
        return error_set(e, ERROR_DENIED, "the effect of \"%s\" is not loaded",
                         call->transition->name);
    if (breaker__is_off(hook->plugin))
        return breaker__refuse(hook->plugin, e);
    struct plugin *plugin = hook->plugin;
    struct hooks_run run = { hook, call, false, NULL };
    struct script_frame frame = { .plugin = plugin,
                                  .actor = call->actor,
                                  .what = hook->what,
                                  .budget_ms = s->options.call_ms,
                                  .via = true,
                                  .faults = FAULTS_ERRORS };
    struct trace_frame trace;
    domain_trace_begin(s->domain, &trace, plugin->name, hook->what, hook->where);
    int rc = script__protect(script__running(s), &frame, effect_run, &run, e ? e : &own);
    domain_trace_end(s->domain, &trace);
    if (rc < 0)
        domain_trace_failed(s->domain, plugin->name);
    return rc;
}

void hooks_install(struct script *s)
{
    const struct domain_hooks hooks = { .context = s,
                                        .guard = hooks_guard,
                                        .effect = hooks_effect,
                                        .event = handlers_event,
                                        .listens = handlers_listens,
                                        .serves = breaker__serves };
    domain_set_hooks(s->domain, &hooks);
}

/* ---- dropping ---- */

void hooks_drop(struct script *s, const struct plugin *p)
{
    /* Numbers stay as they are: graphs of others hold them. */
    for (size_t i = 0; i < s->hook_count; i++)
        if (s->hooks[i].plugin == p) {
            luaL_unref(s->L, LUA_REGISTRYINDEX, s->hooks[i].ref);
            s->hooks[i].plugin = NULL;
        }
    handlers_drop(s, p);
}

void hooks_free(struct script *s)
{
    for (size_t i = 0; i < s->hook_count; i++)
        mem_free(s->hooks[i].what);
    mem_free(s->hooks);
    s->hooks = NULL;
    s->hook_count = 0;
    handlers_free(s);
}
