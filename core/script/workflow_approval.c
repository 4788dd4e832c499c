/* The parts of baton.workflow that say who must agree, how long the same may
 * not be asked again, and what becomes of children. Each reads the table on top
 * of the stack. */
#include "script/workflow_internal.h"

#include <string.h>

static struct arena *approval_arena(struct workflow_read *w)
{
    return script__arena(script__of(w->L));
}

/* ---- seats ---- */

/* "teacher" is { name = "teacher", role = "teacher" }. */
static struct seat seat_read(struct workflow_read *w, int number, const char *what)
{
    static const char *const known[] = { "name",   "title",     "role", "field",
                                         "weight", "mandatory", "veto", NULL };
    lua_State *L = w->L;
    struct seat s = { .weight = 1 };
    if (lua_type(L, -1) == LUA_TSTRING) {
        s.name = s.role = arena_dup(approval_arena(w), lua_tostring(L, -1));
        return s;
    }
    what = arena_printf(approval_arena(w), "%s: seat %d", what, number);
    if (!lua_istable(L, -1))
        script__raisef(L, ERROR_INVALID,
                       "%s takes a role, or { name = \"…\", role = \"…\" }, got a %s", what,
                       luaL_typename(L, -1));
    table_check(L, lua_gettop(L), known, what);
    s.role = table_text(L, -1, "role", what);
    s.field = table_text(L, -1, "field", what);
    s.name = table_text(L, -1, "name", what);
    if (!s.name)
        s.name = s.role ? s.role : s.field;
    if (!s.name)
        script__raisef(L, ERROR_INVALID, "%s: who fills it? role = \"…\", or field = \"…\"", what);
    if (s.field && !strcmp(s.field, "owner"))
        s.field = "owner_id";
    s.title = table_text(L, -1, "title", what);
    int64_t weight = table_int(L, -1, "weight", 1, what);
    s.weight = weight < 0 ? -1 : weight > INT32_MAX / 2 ? INT32_MAX / 2 : (int)weight;
    s.mandatory = table_bool(L, -1, "mandatory", false, what);
    s.veto = table_bool(L, -1, "veto", false, what);
    return s;
}

static void approval_read_seats(struct workflow_read *w, struct approval *a, const char *what)
{
    lua_State *L = w->L;
    if (!table_table(L, -1, "seats", what))
        script__raisef(L, ERROR_INVALID,
                       "%s: seats is missing: { \"teacher\", { name = \"…\", field = \"…\" } }",
                       what);
    if (*table_keys(L, -1, what))
        script__raisef(L, ERROR_INVALID, "%s: seats is a list: { \"teacher\", { name = … } }",
                       what);
    size_t count = lua_rawlen(L, -1);
    if (count > LIMIT_SEATS)
        script__raisef(L, ERROR_LIMIT, "%s: more than %d seats", what, LIMIT_SEATS);
    struct seat *seats = arena_alloc(approval_arena(w), (count + 1) * sizeof *seats);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        seats[i] = seat_read(w, (int)i + 1, what);
        lua_pop(L, 1);
    }
    a->seats = seats;
    a->seat_count = count;
    lua_pop(L, 1);
}

/* A weight, "majority" (more than half, which is what is meant if nothing is said), or "all". */
static int approval_read_need(struct workflow_read *w, const struct approval *a, const char *what)
{
    lua_State *L = w->L;
    lua_pushliteral(L, "need");
    lua_rawget(L, -2);
    int type = lua_type(L, -1), all = 0;
    for (size_t i = 0; i < a->seat_count && all < INT32_MAX / 4; i++)
        all += a->seats[i].weight;
    if (type == LUA_TSTRING) {
        const char *word = lua_tostring(L, -1);
        if (strcmp(word, "all") != 0 && strcmp(word, "majority") != 0)
            script__raisef(L, ERROR_INVALID,
                           "%s: need takes a weight from 1, \"majority\" or \"all\", not \"%.40s\"",
                           what, word);
        all = strcmp(word, "all") == 0 ? all : 0;
        lua_pop(L, 1);
        return all;
    }
    lua_pop(L, 1);
    if (type == LUA_TNIL)
        return 0;
    int64_t need = table_int(L, -1, "need", 0, what);
    if (need < 1 || need > INT32_MAX)
        script__raisef(L, ERROR_INVALID,
                       "%s: need takes a weight from 1, \"majority\" or \"all\", not %lld", what,
                       (long long)need);
    return (int)need;
}

void workflow_read_approval(struct workflow_read *w, struct transition *t, const char *what)
{
    static const char *const known[] = { "seats", "need", "auto", "otherwise", "several", NULL };
    lua_State *L = w->L;
    if (!table_table(L, -1, "approval", what)) {
        lua_pop(L, 1);
        return;
    }
    what = arena_printf(approval_arena(w), "%s: approval", what);
    lua_pushliteral(L, "deadline");
    if (lua_rawget(L, -2) != LUA_TNIL)
        script__raisef(L, ERROR_INVALID,
                       "%s has no deadline of its own: give one to the stage, with expire = { "
                       "transition = \"…\" }",
                       what);
    lua_pop(L, 1);
    table_check(L, lua_gettop(L), known, what);
    struct approval *a = arena_alloc(approval_arena(w), sizeof *a);
    approval_read_seats(w, a, what);
    a->need = approval_read_need(w, a, what);
    a->automatic = table_bool(L, -1, "auto", false, what);
    a->several = table_bool(L, -1, "several", false, what);
    a->otherwise = table_text(L, -1, "otherwise", what);
    t->approval = a;
    lua_pop(L, 1);
}

/* ---- children ---- */

/* "keep", "refuse", or { transition = "withdraw" }, on top of the stack. */
static struct child_rule child_read(struct workflow_read *w, const char *workflow)
{
    static const char *const known[] = { "on_close", "transition", NULL };
    static const char *const actions[] = {
        [CHILD_KEEP] = "keep", [CHILD_REFUSE] = "refuse", [CHILD_ADVANCE] = "advance", NULL
    };
    lua_State *L = w->L;
    struct child_rule r = { .workflow = workflow };
    const char *action,
        *what = arena_printf(approval_arena(w), "%s: children \"%.64s\"", w->name, workflow);
    if (lua_type(L, -1) == LUA_TSTRING) {
        action = lua_tostring(L, -1);
    } else if (lua_istable(L, -1)) {
        table_check(L, lua_gettop(L), known, what);
        r.transition = table_text(L, -1, "transition", what);
        action = table_text(L, -1, "on_close", what);
        action = action ? action : r.transition ? "advance" : "keep";
    } else {
        script__raisef(L, ERROR_INVALID,
                       "%s takes \"keep\", \"refuse\" or { transition = \"…\" }, got a %s", what,
                       luaL_typename(L, -1));
    }
    for (int i = 0; actions[i]; i++)
        if (!strcmp(actions[i], action)) {
            r.action = (enum child_action)i;
            return r;
        }
    script__unknown(L, what, "on_close", action, actions);
}

void workflow_read_children(struct workflow_read *w)
{
    lua_State *L = w->L;
    struct error e;
    if (table_table(L, 1, "children", w->name)) {
        const char *what = arena_printf(approval_arena(w), "%s: children", w->name);
        const char *const *names = table_keys(L, -1, what);
        if (lua_rawlen(L, -1) > 0)
            script__raisef(L, ERROR_INVALID,
                           "%s is a table by workflow: { interview = \"refuse\" }", what);
        workflow_place(w, NULL);
        const char *where = workflow_where(w);
        for (; *names; names++) {
            lua_pushstring(L, *names);
            lua_rawget(L, -2);
            struct child_rule r = child_read(w, *names);
            r.where = where;
            lua_pop(L, 1);
            workflow_check(w, graph_add_child(w->graph, &r, &e), &e);
        }
    }
    lua_pop(L, 1);
}
