/* baton.workflow{ migrate = … }: what becomes of referrals that run an older
 * version. One table, or a list of them, each with its own `from`. */
#include "script/workflow_internal.h"

#include <string.h>

#include "baton/domain/version.h"

static struct arena *migrate_arena(struct workflow_read *w)
{
    return script__arena(script__of(w->L));
}

/* { old = "new" | false } under `key` of the table on top of the stack. */
static const struct migration_name *migrate_names(struct workflow_read *w, const char *key,
                                                  bool may_drop, const char *what, size_t *count)
{
    lua_State *L = w->L;
    *count = 0;
    if (!table_table(L, -1, key, what)) {
        lua_pop(L, 1);
        return NULL;
    }
    const char *const *keys =
        table_keys(L, -1, arena_printf(migrate_arena(w), "%s: %s", what, key));
    size_t n = 0;
    while (keys[n])
        n++;
    struct migration_name *names = arena_alloc(migrate_arena(w), (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, keys[i]);
        lua_rawget(L, -2);
        bool drop = may_drop && lua_isboolean(L, -1) && !lua_toboolean(L, -1);
        if (lua_type(L, -1) != LUA_TSTRING && !drop)
            script__raisef(L, ERROR_INVALID, "%s: %s: %s takes the new name%s", what, key, keys[i],
                           may_drop ? ", or false to drop it" : "");
        names[i] = (struct migration_name){
            keys[i], drop ? NULL : arena_dup(migrate_arena(w), lua_tostring(L, -1))
        };
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    *count = n;
    return names;
}

/* { stage = "keep" | "restart" | "recompute" } */
static const struct migration_deadline *migrate_deadlines(struct workflow_read *w, const char *what,
                                                          size_t *count)
{
    static const char *const moves[] = { [DEADLINE_KEEP] = "keep",
                                         [DEADLINE_RESTART] = "restart",
                                         [DEADLINE_RECOMPUTE] = "recompute",
                                         NULL };
    const struct migration_name *names = migrate_names(w, "deadlines", false, what, count);
    struct migration_deadline *list = arena_alloc(migrate_arena(w), (*count + 1) * sizeof *list);
    what = arena_printf(migrate_arena(w), "%s: deadlines", what);
    for (size_t i = 0; i < *count; i++) {
        size_t move = 0;
        while (moves[move] && strcmp(moves[move], names[i].to) != 0)
            move++;
        if (!moves[move])
            script__unknown(w->L, arena_printf(migrate_arena(w), "%s: %s", what, names[i].from),
                            "word", names[i].to, moves);
        list[i] = (struct migration_deadline){ names[i].from, (enum deadline_move)move };
    }
    return list;
}

/* The table on top of the stack. */
static void migrate_read_one(struct workflow_read *w)
{
    static const char *const known[] = { "from", "stages", "fields", "deadlines", NULL };
    const char *what = arena_printf(migrate_arena(w), "%s: migrate", w->name);
    lua_State *L = w->L;
    struct error e;
    if (!lua_istable(L, -1))
        script__raisef(L, ERROR_INVALID, "%s takes { from = 1, stages = { old = \"new\" } }", what);
    table_check(L, lua_gettop(L), known, what);
    int64_t from = table_int(L, -1, "from", 0, what);
    struct migration m = { .from = from > INT32_MAX || from < 0 ? 0 : (int)from };
    m.stages = migrate_names(w, "stages", false, what, &m.stage_count);
    m.fields = migrate_names(w, "fields", true, what, &m.field_count);
    m.deadlines = migrate_deadlines(w, what, &m.deadline_count);
    workflow_check(w, graph_add_migration(w->graph, &m, workflow_where(w), &e), &e);
}

void workflow_read_migrations(struct workflow_read *w)
{
    lua_State *L = w->L;
    int top = lua_gettop(L);
    if (table_table(L, 1, "migrate", w->name)) {
        size_t count = lua_rawlen(L, -1);
        for (size_t i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            migrate_read_one(w);
            lua_pop(L, 1);
        }
        if (count == 0)
            migrate_read_one(w);
    }
    lua_settop(L, top);
}
