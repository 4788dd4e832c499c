/* The Lua state of one organisation: its allocator with a quota, and who asks
 * what of it.
 *
 * Life: script_open makes the state and everything shared that no environment
 * can reach (private libraries, metatables, error values), and sets the hooks
 * of the domain; script_close takes both back. Every lua_State knows its script
 * through its extra space, which coroutines inherit. */
#include "script/plugin_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/memory.h"

enum { STATE_SETUP_MS = 1000 };

/* Lua raises the error of memory without asking any handler, so its place is kept here: the last
 * one that there was, as what asks on the way out stands nowhere. Reading the stack allocates
 * nothing. */
static void state_starved(struct script *s)
{
    s->starved = true;
    if (s->call)
        error__place(s->running, 0, s->starved_where, sizeof s->starved_where);
}

/* When ptr is NULL, `osize` is a type tag, no size (DESIGN "lua"). Giving back always succeeds.
 *
 * Lua collects all garbage when it hears no, and asks again. Where that frees little, each of many
 * small requests would cost a whole collection, inside one C function perhaps; so a state that a
 * collection leaves above 15/16 of its quota is full. */
static void *state_allocate(void *context, void *ptr, size_t osize, size_t nsize)
{
    struct script *s = context;
    size_t had = ptr ? osize : 0;
    if (nsize == 0) {
        free(ptr);
        s->used_bytes -= had;
        return NULL;
    }
    if (nsize > had) {
        size_t limit = s->refused ? s->limit_bytes / 16 * 15 : s->limit_bytes;
        bool first = !s->refused;
        s->refused = false;
        if (s->used_bytes + (nsize - had) > limit) {
            s->refused = first;
            state_starved(s);
            return NULL;
        }
    }
    void *p = realloc(ptr, nsize);
    if (!p) {
        state_starved(s);
        return NULL;
    }
    s->used_bytes += nsize - had;
    return p;
}

static int state_set_up(lua_State *L)
{
    error__open(L);
    script__open_libs(L);
    script__open_handles(L);
    return 0;
}

static void state_copy_options(struct script *s, const struct script_options *o)
{
    s->options = *o;
    s->org = mem_dup(o->org ? o->org : "");
    s->org_title = mem_dup(o->org_title ? o->org_title : s->org);
    s->options.org = s->org;
    s->options.org_title = s->org_title;
    if (s->options.call_ms == 0)
        s->options.call_ms = LIMIT_CALL_MS;
    uint64_t statement_ms = (uint64_t)s->options.call_ms * LIMIT_STATEMENT_MS / LIMIT_CALL_MS;
    s->statement_ms =
        (unsigned)(statement_ms < LIMIT_CALL_MS_HIGH ? statement_ms : LIMIT_CALL_MS_HIGH);
    if (s->options.call_output_bytes == 0)
        s->options.call_output_bytes = LIMIT_CALL_OUTPUT_BYTES;
    if (s->options.call_effects == 0)
        s->options.call_effects = LIMIT_CALL_EFFECTS;
    if (s->options.call_rows == 0)
        s->options.call_rows = LIMIT_CALL_ROWS;
    if (s->options.call_bytes == 0)
        s->options.call_bytes = LIMIT_CALL_BYTES;
    s->limit_bytes = o->limit_bytes ? o->limit_bytes : LIMIT_LUA_BYTES;
    s->options.limit_bytes = s->limit_bytes;
}

int script_open(struct script **out, struct domain *d, const struct script_options *o,
                struct error *e)
{
    struct script *s = mem_new(struct script);
    state_copy_options(s, o);
    s->domain = d;
    s->arena = arena_new(0);
    s->handle_ref = LUA_NOREF;
    s->L = lua_newstate(state_allocate, s);
    int rc = 0;
    if (!s->L) {
        rc = error_set(e, ERROR_LIMIT, "a Lua state does not fit into %zu bytes", s->limit_bytes);
        goto out;
    }
    *(struct script **)lua_getextraspace(s->L) = s;
    budget__open(s);
    struct script_frame frame = { .what = "setting up", .budget_ms = STATE_SETUP_MS };
    rc = script__protect(s->L, &frame, state_set_up, NULL, e);
    if (rc == 0)
        hooks_install(s);
out:
    if (rc)
        script_close(s);
    else
        *out = s;
    return rc;
}

void script_close(struct script *s)
{
    if (!s)
        return;
    static const struct domain_hooks none = { 0 };
    domain_set_hooks(s->domain, &none);
    for (size_t i = 0; i < s->plugin_count; i++) {
        domain_remove_plugin(s->domain, s->plugins[i]->name);
        breaker__close(s->plugins[i]);
        plugin_ini_free(s->plugins[i]);
    }
    mem_free(s->plugins);
    hooks_free(s);
    jobs_free(s);
    commands_free(s);
    if (s->L) {
        lua_close(s->L);
        budget__close(s);
    }
    arena_free(s->arena);
    buf_free(&s->traceback);
    buf_free(&s->news);
    mem_free(s->org);
    mem_free(s->org_title);
    mem_free(s);
}

const struct error *script_lost(const struct script *s)
{
    return s->lost.code ? &s->lost : NULL;
}

size_t script_memory(const struct script *s)
{
    return s->used_bytes;
}

struct script *script__of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

lua_State *script__main(struct script *s)
{
    return s->L;
}

lua_State *script__running(struct script *s)
{
    return s->call ? s->running : s->L;
}

struct domain *script__domain(lua_State *L)
{
    return script__of(L)->domain;
}

struct store *script__store(lua_State *L)
{
    return domain_store(script__of(L)->domain);
}

struct arena *script__arena(struct script *s)
{
    return s->arena;
}

const struct script_options *script__options(const struct script *s)
{
    return &s->options;
}

unsigned script__statement_ms(const struct script *s)
{
    return s->statement_ms;
}

struct plugin *script__plugin(lua_State *L)
{
    const struct script_call *c = script__of(L)->call;
    return c ? c->frame->plugin : NULL;
}

const char *script__plugin_name(lua_State *L)
{
    const struct plugin *p = script__plugin(L);
    return p ? p->name : NULL;
}

bool script__read_only(lua_State *L)
{
    const struct script_call *c = script__of(L)->call;
    return c && c->read_only;
}

struct session *script__session(lua_State *L)
{
    const struct script_call *c = script__of(L)->call;
    return c ? c->frame->session : NULL;
}

/* "S-3 via pre_referral": who began it stays named first, however many plugins it goes through. */
static const struct actor *state_via(struct script *s, struct script_call *c)
{
    if (c->via.name)
        return &c->via;
    const struct actor *from = c->frame->actor;
    const char *rest = from && from->name ? strstr(from->name, " via ") : NULL;
    if (!from || !from->name)
        return &c->frame->plugin->actor;
    c->via.staff_id = from->staff_id;
    c->via.name = arena_printf(s->arena, "%.*s via %s", rest ? (int)(rest - from->name) : 200,
                               from->name, c->frame->plugin->name);
    return &c->via;
}

const struct actor *script__actor(lua_State *L)
{
    /* Outside any call nobody acts: a name for messages, and no role. */
    static const struct actor nobody = { 0, "script", "" };
    struct script *s = script__of(L);
    struct script_call *c = s->call;
    if (!c)
        return &nobody;
    if (c->frame->via && c->frame->plugin)
        return state_via(s, c);
    if (c->frame->actor)
        return c->frame->actor;
    return c->frame->plugin ? &c->frame->plugin->actor : &nobody;
}
