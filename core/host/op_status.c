/* op status: an organisation in one object, for `baton status` and for whoever
 * wonders why something does not happen. */
#include "baton/base/limits.h"
#include "baton/base/zone.h"
#include "baton/domain/due.h"
#include "baton/domain/version.h"
#include "host/request_internal.h"

static void status_text(struct jsonw *w, const char *key, const char *text)
{
    jsonw_key(w, key);
    jsonw_text(w, text);
}

static void status_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void status_org(struct org *o, struct jsonw *w)
{
    const struct org_config *config = &o->world.config;
    int64_t due = org_tick_at(o);
    status_text(w, "name", o->name);
    status_text(w, "title", config->title);
    status_text(w, "zone", config->zone);
    status_text(w, "clock", config->clock_movable ? "movable" : "system");
    status_number(w, "now_ms", org_now(o));
    jsonw_key(w, "next_due_ms");
    if (due == INT64_MAX)
        jsonw_null(w);
    else
        jsonw_int(w, due);
    status_number(w, "memory_bytes", (int64_t)org_memory(o));
}

static int status_store(struct org *o, struct jsonw *w, struct error *e)
{
    struct store_stats stats;
    int rc = store_stats(o->store, &stats, e);
    if (rc)
        return rc;
    status_number(w, "file_bytes", stats.file_bytes);
    status_number(w, "wal_bytes", stats.wal_bytes);
    status_number(w, "events", stats.events);
    status_number(w, "dirty_rows", stats.dirty_rows);
    status_number(w, "turns", stats.turns);
    status_number(w, "commands", stats.commands);
    status_text(w, "sqlite", stats.sqlite_version);
    return 0;
}

/* Of a plugin that is switched off. */
static void status_off(const struct plugin_info *p, struct jsonw *w)
{
    status_text(w, "off_why", p->off_why);
    status_number(w, "off_since_ms", p->off_since_ms);
    jsonw_key(w, "off_again_ms");
    if (p->off_again_ms == INT64_MAX)
        jsonw_null(w);
    else
        jsonw_int(w, p->off_again_ms);
}

/* Quotas of its plugins, as org.ini or limits.h has them. */
static void status_limits(const struct org_config *c, struct jsonw *w)
{
    jsonw_key(w, "limits");
    jsonw_open_object(w);
    status_number(w, "lua_bytes", c->lua_bytes ? (int64_t)c->lua_bytes : LIMIT_LUA_BYTES);
    status_number(w, "call_ms", c->call_ms ? c->call_ms : LIMIT_CALL_MS);
    status_number(w, "call_output_bytes",
                  c->call_output_bytes ? c->call_output_bytes : LIMIT_CALL_OUTPUT_BYTES);
    status_number(w, "call_effects", c->call_effects ? c->call_effects : LIMIT_CALL_EFFECTS);
    status_number(w, "call_rows", c->call_rows ? c->call_rows : LIMIT_CALL_ROWS);
    status_number(w, "call_bytes", c->call_bytes ? c->call_bytes : LIMIT_CALL_BYTES);
    jsonw_close(w);
}

static void status_plugins(struct org *o, struct jsonw *w)
{
    struct plugin_info p;
    jsonw_key(w, "plugins");
    jsonw_open_array(w);
    for (size_t i = 0; i < script_plugin_count(o->world.script); i++) {
        script_plugin_at(o->world.script, i, &p);
        jsonw_open_object(w);
        status_text(w, "name", p.name);
        status_text(w, "version", p.version);
        status_text(w, "title", p.title);
        status_text(w, "dir", p.dir);
        jsonw_key(w, "loaded");
        jsonw_bool(w, p.loaded);
        status_text(w, "problem", p.problem);
        jsonw_key(w, "off");
        jsonw_bool(w, p.off);
        if (p.off)
            status_off(&p, w);
        status_number(w, "calls", p.calls);
        status_number(w, "failures", p.failures);
        status_number(w, "cpu_ms", (int64_t)(p.cpu_ns / 1000000));
        status_number(w, "workflows", (int64_t)p.workflows);
        status_number(w, "handlers", (int64_t)p.handlers);
        status_number(w, "commands", (int64_t)p.commands);
        status_number(w, "jobs", (int64_t)p.jobs);
        status_number(w, "reports", (int64_t)p.reports);
        jsonw_close(w);
    }
    jsonw_close(w);
}

struct status_problem {
    const struct graph *graph;
    bool by_setting;
    struct buf text;
};

static void status_take_problem(void *context, const struct graph *g, bool by_setting,
                                const char *text)
{
    struct status_problem *p = context;
    if (p->graph != g)
        return;
    p->by_setting = by_setting;
    buf_puts(&p->text, text);
}

/* That it differs from what its referrals run, or began with. */
static void status_problem(struct org *o, const struct graph *g, struct jsonw *w)
{
    struct status_problem p = { .graph = g };
    domain_version_problems(o->world.domain, status_take_problem, &p, NULL);
    status_text(w, "problem", p.by_setting ? "" : buf_text(&p.text));
    if (p.by_setting)
        status_text(w, "by_setting", buf_text(&p.text));
    buf_free(&p.text);
}

static void status_workflows(struct org *o, struct jsonw *w)
{
    jsonw_key(w, "workflows");
    jsonw_open_array(w);
    for (size_t i = 0; i < domain_graph_count(o->world.domain); i++) {
        const struct graph *g = domain_graph_at(o->world.domain, i);
        jsonw_open_object(w);
        status_text(w, "name", graph_name(g));
        status_text(w, "title", graph_title_of(g));
        status_number(w, "version", graph_version(g));
        status_text(w, "plugin", graph_plugin(g));
        status_number(w, "stages", (int64_t)graph_stage_count(g));
        status_number(w, "transitions", (int64_t)graph_transition_count(g));
        status_problem(o, g, w);
        jsonw_close(w);
    }
    jsonw_close(w);
}

struct status_undeclared {
    const struct domain *domain;
    struct jsonw *w;
};

static void status_take_undeclared(void *context, const char *workflow, const char *text)
{
    const struct status_undeclared *u = context;
    if (!domain_graph(u->domain, workflow))
        jsonw_text(u->w, text);
}

/* Open referrals whose workflow is gone. */
static int status_undeclared(struct org *o, struct jsonw *w, struct error *e)
{
    struct status_undeclared u = { o->world.domain, w };
    jsonw_key(w, "undeclared");
    jsonw_open_array(w);
    int rc = domain_waiting(o->world.domain, status_take_undeclared, &u, e);
    jsonw_close(w);
    return rc;
}

static int status_rows(struct org *o, struct jsonw *w, struct error *e)
{
    jsonw_key(w, "rows");
    jsonw_open_object(w);
    for (enum entity entity = 1; entity < ENTITY_END; entity++) {
        struct store_query query = { .entity = entity };
        int64_t count = 0;
        int rc = store_count(o->store, &query, &count, e);
        if (rc)
            return rc;
        status_number(w, schema_of(entity)->plural, count);
    }
    jsonw_close(w);
    return 0;
}

/* What is due and waits for its plugin. */
static int status_waiting(struct org *o, struct jsonw *w, struct error *e)
{
    struct due_waiting waiting;
    int rc = domain_due_waiting(o->world.domain, org_now(o), &waiting, e);
    if (rc < 0)
        return rc;
    jsonw_key(w, "waiting");
    jsonw_open_object(w);
    status_number(w, "timers", waiting.timers);
    status_number(w, "referrals", waiting.referrals);
    status_text(w, "why", waiting.why.message);
    jsonw_close(w);
    return 0;
}

static int status_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    struct org *o = c->org;
    int rc = status_store(o, done, e);
    if (rc)
        return rc;
    status_org(o, done);
    status_limits(&o->world.config, done);
    status_plugins(o, done);
    status_workflows(o, done);
    jsonw_key(done, "declared");
    script_declared(o->world.script, done);
    if ((rc = status_undeclared(o, done, e)) || (rc = status_waiting(o, done, e)))
        return rc;
    return status_rows(o, done, e);
}

static const char *const status_keys[] = { NULL };

const struct request_op op_status = { .name = "status",
                                      .keys = status_keys,
                                      .finish = status_finish };
