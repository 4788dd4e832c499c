/* baton.migrate: moving open referrals to the loaded version of their workflow,
 * or looking at what that would do. In a script each referral is a turn of its
 * own. */
#include "script/migrate_internal.h"

#include "baton/base/json.h"
#include "baton/domain/version.h"
#include "script/records_internal.h"

struct migrate_run {
    struct buf *rows; /* JSON of the plans, separated by commas */
    struct arena *arena;
    int64_t *ids;
    size_t count, room;
};

static void migrate_put(struct buf *rows, const struct migration_plan *p)
{
    struct jsonw w;
    if (rows->len > 0)
        buf_putc(rows, ',');
    jsonw_start(&w, rows);
    migration_plan_json(p, &w);
}

static int migrate_gather(void *context, const struct migration_plan *p)
{
    struct migrate_run *run = context;
    migrate_put(run->rows, p);
    if (p->kind == MIGRATION_BLOCKED)
        return 0;
    if (run->count == run->room) {
        size_t room = run->room ? 2 * run->room : 64;
        int64_t *grown = arena_alloc(run->arena, room * sizeof *grown);
        for (size_t i = 0; i < run->count; i++)
            grown[i] = run->ids[i];
        run->ids = grown;
        run->room = room;
    }
    run->ids[run->count++] = p->id;
    return 0;
}

static bool migrate_flag(lua_State *L, const char *key)
{
    lua_getfield(L, 1, key);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

static void migrate_survey(lua_State *L, const struct migration_request *r, bool strict,
                           struct migrate_run *run)
{
    struct migration_totals totals;
    struct error e;
    int rc = domain_migration_survey(script__domain(L), script__actor(L), r, migrate_gather, run,
                                     &totals, &e);
    if (rc == 0 && strict)
        rc = migration_check_way(r, &totals, &e);
    buf_free(&totals.in_the_way);
    if (rc < 0)
        script__raise(L, &e);
}

static void migrate_one(lua_State *L, const struct migration_request *r, int64_t id)
{
    struct script_write w;
    struct migration_plan plan = { .id = id };
    struct error e;
    script__write_begin(L, &w);
    int rc = domain_migration_do(script__domain(L), script__actor(L), r, id, &plan, &e);
    migration_plan_free(&plan);
    script__write_end(L, &w, rc, &e);
}

int baton_migrate(lua_State *L)
{
    static const char *const known[] = { "workflow", "preview",      "undo",
                                         "since",    "skip_blocked", NULL };
    struct migration_request r = { 0 };
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    records__check_options(L, 1, "baton.migrate", known);
    r.workflow = records__text(L, 1, "workflow", "baton.migrate");
    r.undo = migrate_flag(L, "undo");
    bool preview = migrate_flag(L, "preview"), skip = migrate_flag(L, "skip_blocked");
    if (lua_getfield(L, 1, "since") != LUA_TNIL)
        r.since_ms = script__check_time(L, -1);
    lua_settop(L, 1);
    struct migrate_run run = { .rows = script__hold_buf(L), .arena = value__arena(L) };
    migrate_survey(L, &r, !preview && !skip, &run);
    for (size_t i = 0; !preview && i < run.count; i++)
        migrate_one(L, &r, run.ids[i]);
    struct buf *list = script__hold_buf(L);
    buf_printf(list, "[%s]", buf_text(run.rows));
    script__push_json_text(L, buf_text(list), list->len);
    return script__pause(L, 1);
}
