/* Handlers of events: baton.on, and running those that listen, the highest
 * priority first, equal ones in the order in which they were declared. */
#include "script/hooks_internal.h"
#include "script/known_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/domain/trace.h"
#include "baton/store/row.h"

struct handler {
    struct plugin *plugin;
    int ref;
    char *kind; /* "referral.advanced", "referral." for "referral.*", "" for "*" */
    size_t kind_len;
    bool prefix;
    int64_t priority;
    char *workflow, *stage; /* NULL: any */
    char *what;
    char where[ERROR_WHERE_BYTES];
};

/* Events that the core raises, for near names. timer.NAME and a plugin's own are open; what is only
 * written down (referral.step_failed, ...) is not here: nobody is called. */
const char *const handlers_kinds[] = { "referral.opened",
                                       "referral.advanced",
                                       "referral.changed",
                                       "referral.assigned",
                                       "referral.reminder",
                                       "referral.overdue",
                                       "referral.escalated",
                                       "referral.migrated",
                                       "referral.voted",
                                       "referral.approved",
                                       "referral.refused_by_vote",
                                       "referral.reroute",
                                       "referral.child_closed",
                                       "referral.paused",
                                       "referral.resumed",
                                       "referral.rescheduled",
                                       "person.created",
                                       "person.changed",
                                       "partner.created",
                                       "partner.changed",
                                       "service.created",
                                       "service.changed",
                                       "location.created",
                                       "location.changed",
                                       "staff.created",
                                       "staff.changed",
                                       "timer.created",
                                       "timer.changed",
                                       "task.created",
                                       "task.changed",
                                       "task.done",
                                       "task.cancelled",
                                       "note.created",
                                       "note.changed",
                                       "message.created",
                                       "message.changed",
                                       "message.sent",
                                       "message.failed",
                                       "message.dead",
                                       "consent.created",
                                       "consent.changed",
                                       NULL };

/* ---- listening ---- */

static bool handler_hears(const struct handler *h, const char *kind, size_t n)
{
    if (h->prefix)
        return n > h->kind_len && !memcmp(kind, h->kind, h->kind_len);
    return n == h->kind_len && !memcmp(kind, h->kind, n);
}

bool handlers_listens(void *context, const char *kind)
{
    const struct script *s = context;
    size_t n = strlen(kind);
    for (size_t i = 0; i < s->handler_count; i++)
        if (!breaker__is_off(s->handlers[i].plugin) && handler_hears(&s->handlers[i], kind, n))
            return true;
    return false;
}

static bool handler_takes(const struct handler *h, const struct row *row)
{
    if (!h->workflow && !h->stage)
        return true;
    if (!row || row->entity != ENTITY_REFERRAL)
        return false;
    return (!h->workflow || !strcmp(h->workflow, row_text(row, REFERRAL_WORKFLOW))) &&
           (!h->stage || !strcmp(h->stage, row_text(row, REFERRAL_STAGE)));
}

struct handlers_run {
    struct handler *handler;
    const char *kind, *detail;
    size_t detail_len;
    enum entity entity;
    int64_t id; /* 0: about nothing */
};

/* The detail's members, with or without braces around them. */
static void handlers_push_detail(lua_State *L, const struct handlers_run *run)
{
    if (!run->detail || run->detail_len == 0) {
        lua_newtable(L);
        return;
    }
    if (run->detail[0] == '{') {
        script__push_json_text(L, run->detail, run->detail_len);
    } else {
        char *text = arena_alloc(script__arena(script__of(L)), run->detail_len + 3);
        text[0] = '{';
        memcpy(text + 1, run->detail, run->detail_len);
        text[run->detail_len + 1] = '}';
        script__push_json_text(L, text, run->detail_len + 2);
    }
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
}

/* Each handler gets a table of its own: what one does to it the next does not see. */
static int handlers_call(lua_State *L)
{
    const struct handlers_run *run = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->handler->ref);
    handlers_push_detail(L, run);
    hooks_set_text(L, "kind", run->kind);
    lua_pushinteger(L, domain_now(script__domain(L)));
    lua_setfield(L, -2, "at_ms");
    if (run->id)
        hooks_push_handle(L, run->entity, run->id);
    else
        lua_pushnil(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "row");
    lua_call(L, 2, 0);
    return 0;
}

/* The clock asks: nobody reads what is refused. */
static bool handlers_fires(const char *kind)
{
    return !strncmp(kind, "timer.", 6) && strcmp(kind, "timer.created") != 0 &&
           strcmp(kind, "timer.changed") != 0;
}

static int handlers_one(struct script *s, const struct handlers_run *run, struct error *e)
{
    struct plugin *p = run->handler->plugin;
    struct script_frame frame = { .plugin = p,
                                  .what = run->handler->what,
                                  .actor = s->call ? script__actor(s->call->base) : NULL,
                                  .budget_ms = s->options.call_ms,
                                  .via = true,
                                  .faults =
                                      handlers_fires(run->kind) ? FAULTS_ALL : FAULTS_ERRORS };
    struct trace_frame trace;
    domain_trace_begin(s->domain, &trace, p->name, run->handler->what, run->handler->where);
    int rc = script__protect(script__running(s), &frame, handlers_call, (void *)run, e);
    domain_trace_end(s->domain, &trace);
    if (rc < 0)
        domain_trace_failed(s->domain, p->name);
    return rc;
}

int handlers_event(void *context, const char *kind, const struct row *row, const char *detail,
                   size_t detail_len, struct error *e)
{
    struct script *s = context;
    struct error own;
    size_t n = strlen(kind);
    struct handlers_run run = { .kind = kind,
                                .detail = detail,
                                .detail_len = detail_len,
                                .entity = row ? row->entity : ENTITY_NONE,
                                .id = row ? row->id : 0 };
    for (size_t i = 0; i < s->handler_count; i++) {
        struct handler *h = &s->handlers[i];
        if (!handler_hears(h, kind, n) || breaker__is_off(h->plugin))
            continue;
        /* A handler before this one may have changed the row, and `row` may be gone with it. */
        if (i > 0 && run.id && (h->workflow || h->stage) &&
            store_get(domain_store(s->domain), run.entity, run.id, &row, e ? e : &own) < 0)
            row = NULL;
        if (!handler_takes(h, row))
            continue;
        run.handler = h;
        int rc = handlers_one(s, &run, e ? e : &own);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- baton.on ---- */

static void on_check_kind(lua_State *L, const char *kind)
{
    const char *dot = strchr(kind, '.');
    if (!strcmp(kind, "*"))
        return;
    if (!dot || dot == kind || !dot[1])
        script__raisef(
            L, ERROR_INVALID,
            "baton.on: \"%.80s\" is no event: write \"referral.advanced\" or \"referral.*\"", kind);
    for (size_t i = 0; handlers_kinds[i]; i++)
        if (!strcmp(handlers_kinds[i], kind))
            return;
    if (strncmp(kind, "timer.", 6) != 0 && text_nearest(kind, handlers_kinds))
        script__unknown(L, "baton.on", "event", kind, handlers_kinds);
}

static void on_insert(struct script *s, const struct handler *h)
{
    size_t i = s->handler_count;
    s->handlers = mem_resize(s->handlers, (s->handler_count + 1) * sizeof *s->handlers);
    while (i > 0 && s->handlers[i - 1].priority < h->priority) {
        s->handlers[i] = s->handlers[i - 1];
        i--;
    }
    s->handlers[i] = *h;
    s->handler_count++;
}

int hooks_on(lua_State *L)
{
    static const char *const known[] = { "priority", "workflow", "stage", NULL };
    struct plugin *p = plugin_loading(L, "baton.on");
    struct script *s = script__of(L);
    const char *kind = luaL_checkstring(L, 1), *workflow = NULL, *stage = NULL;
    int64_t priority = 0;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 3);
    on_check_kind(L, kind);
    const char *what = arena_printf(s->arena, "handler of \"%s\"", kind);
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        table_check(L, 3, known, what);
        priority = table_int(L, 3, "priority", 0, what);
        workflow = table_text(L, 3, "workflow", what);
        stage = table_text(L, 3, "stage", what);
    }
    if (s->handler_count >= LIMIT_HANDLERS)
        script__raisef(L, ERROR_LIMIT, "%s: an organisation has at most %d handlers", what,
                       LIMIT_HANDLERS);
    lua_pushvalue(L, 2);
    struct handler h = { .plugin = p,
                         .ref = luaL_ref(L, LUA_REGISTRYINDEX),
                         .kind = mem_dup(kind),
                         .priority = priority,
                         .workflow = mem_dup(workflow),
                         .stage = mem_dup(stage),
                         .what = mem_dup(what) };
    if (lua_iscfunction(L, 2))
        error__place(L, 1, h.where, sizeof h.where);
    else
        hooks_where(L, 2, h.where);
    size_t n = strlen(kind);
    h.prefix = kind[n - 1] == '*';
    h.kind_len = h.prefix ? n - 1 : n;
    on_insert(s, &h);
    return 0;
}

/* ---- filters that nothing passes ---- */

static void handler_warn(const struct script *s, const struct handler *h, struct arena *a,
                         script_each_warning each, void *context)
{
    struct domain *d = s->domain;
    struct script_warning w = { .plugin = h->plugin->name, .where = h->where };
    struct buf text = BUF_INIT;
    if (h->workflow && !known__workflow(d, h->workflow)) {
        w.word = h->workflow;
        buf_printf(&text, "%s never runs: no workflow \"%.64s\"", h->what, w.word);
        text_suggest(w.word, known__workflows(d, a), &text);
    } else if (h->stage && !known__stage(d, h->workflow, h->stage)) {
        w.word = h->stage;
        w.stage = true;
        buf_printf(&text, "%s never runs: no stage \"%.64s\"", h->what, w.word);
        if (h->workflow)
            buf_printf(&text, " in workflow \"%s\"", h->workflow);
        text_suggest(w.word, known__stages(d, h->workflow, a), &text);
    }
    w.text = buf_text(&text);
    if (w.word)
        each(context, &w);
    buf_free(&text);
}

void script_warnings(const struct script *s, script_each_warning each, void *context)
{
    if (!known__sure(s, s->domain))
        return;
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < s->handler_count; i++)
        handler_warn(s, &s->handlers[i], a, each, context);
    arena_free(a);
}

/* ---- dropping ---- */

static void handler_free(struct handler *h)
{
    mem_free(h->kind);
    mem_free(h->workflow);
    mem_free(h->stage);
    mem_free(h->what);
}

void handlers_drop(struct script *s, const struct plugin *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->handler_count; i++) {
        if (s->handlers[i].plugin != p) {
            s->handlers[kept++] = s->handlers[i];
            continue;
        }
        luaL_unref(s->L, LUA_REGISTRYINDEX, s->handlers[i].ref);
        handler_free(&s->handlers[i]);
    }
    s->handler_count = kept;
}

void handlers_free(struct script *s)
{
    for (size_t i = 0; i < s->handler_count; i++)
        handler_free(&s->handlers[i]);
    mem_free(s->handlers);
    s->handlers = NULL;
    s->handler_count = 0;
}

size_t hooks_count(const struct script *s, const struct plugin *p)
{
    size_t count = 0;
    for (size_t i = 0; i < s->handler_count; i++)
        count += s->handlers[i].plugin == p;
    return count;
}
