/* What becomes of a referral in another version of its workflow.
 *
 * Its stage and fields go by their names, or by the map that the new version
 * declares for the old one. It is blocked where the stage is gone, a field is
 * gone or does not fit, or a field lacks that every way into the stage asks for;
 * all reasons are given, not the first. */
#include "baton/domain/version.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/graph_internal.h"
#include "domain/migration_internal.h"
#include "domain/pause_internal.h"
#include "domain/words_internal.h"

/* Declaring. */

static int map_unknown(const struct graph *g, const char *what, const char *word,
                       const struct words *known, struct error *e)
{
    struct buf near = BUF_INIT;
    words__suggest(known, word, &near);
    if (near.len == 0) {
        buf_printf(&near, "; %ss: ", what);
        words__join(known, &near);
    }
    int rc =
        error_set(e, ERROR_INVALID, "workflow \"%s\": migrate: version %d has no %s \"%.80s\"%s",
                  g->name, g->version, what, word, buf_text(&near));
    buf_free(&near);
    return rc;
}

static int map_check_stage(const struct graph *g, const char *name, struct error *e)
{
    int index = graph_find_stage(g, name);
    if (index >= 0 && !graph_stage(g, index)->final)
        return 0;
    if (index >= 0)
        return error_set(
            e, ERROR_INVALID,
            "workflow \"%s\": migrate: stage \"%s\" is final: a migration ends nothing", g->name,
            name);
    struct words known = WORDS_INIT;
    for (size_t i = 0; i < g->stage_count; i++)
        words__add(&known, g->stages[i].name);
    int rc = map_unknown(g, "stage", name, &known, e);
    words__free(&known);
    return rc;
}

static int map_check_field(const struct graph *g, const char *name, struct error *e)
{
    if (graph_field(g, name))
        return 0;
    struct words known = WORDS_INIT;
    for (size_t i = 0; i < g->field_count; i++)
        words__add(&known, g->fields[i].name);
    int rc = map_unknown(g, "field", name, &known, e);
    words__free(&known);
    return rc;
}

static int map_check(const struct graph *g, const struct migration *m, struct error *e)
{
    int rc = 0;
    if (m->from < 1 || m->from == g->version)
        rc = error_set(e, ERROR_INVALID,
                       "workflow \"%s\": migrate: from is another version than %d, a whole number "
                       "from 1",
                       g->name, g->version);
    else if (graph_migration(g, m->from))
        rc = error_set(e, ERROR_INVALID, "workflow \"%s\": migrate from version %d is there twice",
                       g->name, m->from);
    for (size_t i = 0; rc == 0 && i < m->stage_count; i++)
        rc = map_check_stage(g, m->stages[i].to, e);
    for (size_t i = 0; rc == 0 && i < m->field_count; i++) {
        const char *to = m->fields[i].to;
        rc = to ? map_check_field(g, to, e) : 0;
        for (size_t j = 0; rc == 0 && to && j < i; j++)
            if (m->fields[j].to && !strcmp(m->fields[j].to, to))
                rc = error_set(e, ERROR_INVALID,
                               "workflow \"%s\": migrate: \"%s\" and \"%s\" both become \"%s\"",
                               g->name, m->fields[j].from, m->fields[i].from, to);
    }
    for (size_t i = 0; rc == 0 && i < m->deadline_count; i++)
        rc = map_check_stage(g, m->deadlines[i].stage, e);
    return rc;
}

static const struct migration_name *map_copy(struct arena *a, const struct migration_name *from,
                                             size_t n)
{
    struct migration_name *to = arena_alloc(a, (n + 1) * sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = (struct migration_name){ arena_dup(a, from[i].from),
                                         from[i].to ? arena_dup(a, from[i].to) : NULL };
    return to;
}

int graph_add_migration(struct graph *g, const struct migration *m, const char *where,
                        struct error *e)
{
    int rc = map_check(g, m, e);
    if (rc < 0) {
        if (where)
            error_at(e, "%s", where);
        return rc;
    }
    struct migration_deadline *deadlines =
        arena_alloc(g->memory, (m->deadline_count + 1) * sizeof *deadlines);
    for (size_t i = 0; i < m->deadline_count; i++)
        deadlines[i] = (struct migration_deadline){ arena_dup(g->memory, m->deadlines[i].stage),
                                                    m->deadlines[i].move };
    size_t n = g->migration_count++;
    g->migrations = mem_resize(g->migrations, (n + 1) * sizeof *g->migrations);
    g->migrations[n] = *m;
    g->migrations[n].stages = map_copy(g->memory, m->stages, m->stage_count);
    g->migrations[n].fields = map_copy(g->memory, m->fields, m->field_count);
    g->migrations[n].deadlines = deadlines;
    return 0;
}

const struct migration *graph_migration(const struct graph *g, int from)
{
    for (size_t i = 0; i < g->migration_count; i++)
        if (g->migrations[i].from == from)
            return &g->migrations[i];
    return NULL;
}

/* The plan. */

void migration__block(struct migrating *m, const char *format, ...)
{
    struct error text;
    va_list args;
    va_start(args, format);
    error_setv(&text, ERROR_CONFLICT, format, args);
    va_end(args);
    if (m->plan->why.len > 0)
        buf_puts(&m->plan->why, "; ");
    buf_puts(&m->plan->why, text.message);
    m->plan->kind = MIGRATION_BLOCKED;
}

static const struct migration_name *plan_mapped(const struct migration_name *list, size_t count,
                                                const char *name, size_t n)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i].from) == n && !memcmp(list[i].from, name, n))
            return &list[i];
    return NULL;
}

static void plan_stage(struct migrating *m)
{
    const char *from = row_text(m->row, REFERRAL_STAGE), *name = from;
    const struct migration_name *mapped =
        m->map ? plan_mapped(m->map->stages, m->map->stage_count, from, strlen(from)) : NULL;
    if (mapped)
        name = mapped->to;
    int index = graph_find_stage(m->to, name);
    m->stage = index >= 0 ? graph_stage(m->to, index) : NULL;
    if (!m->stage) {
        migration__block(m,
                         "version %d has no stage \"%s\": migrate = { from = %d, stages = { %s = "
                         "\"…\" } } says where it goes",
                         m->plan->to_version, from, m->plan->from_version, from);
        return;
    }
    snprintf(m->plan->to_stage, sizeof m->plan->to_stage, "%s", name);
    if (m->stage->final)
        migration__block(m, "stage \"%s\" is final in version %d", name, m->plan->to_version);
    if (strcmp(name, from) != 0) {
        columns__put(&m->c, REFERRAL_STAGE, value_text(m->stage->name));
        m->plan->kind = m->plan->kind == MIGRATION_BLOCKED ? MIGRATION_BLOCKED : MIGRATION_MAPPED;
    }
}

static void plan_field_fits(struct migrating *m, const char *name, const struct json_slice *value)
{
    struct buf one = BUF_INIT;
    struct jsonw w;
    struct error why;
    jsonw_start(&w, &one);
    jsonw_open_object(&w);
    jsonw_key(&w, name);
    bool text = value->type == JSON_T_TEXT;
    jsonw_raw(&w, value->text - text, value->len + 2 * text);
    jsonw_close(&w);
    if (domain_check_fields(m->d, ENTITY_REFERRAL, m->to, one.data, one.len, &why) < 0)
        migration__block(m, "%s", why.message);
    buf_free(&one);
}

/* Is there another field that takes this name? */
static bool plan_written(const struct migrating *m, const char *name)
{
    const struct value *fields = &m->row->fields;
    struct json_slice v;
    for (size_t i = 0; i < m->map->field_count; i++) {
        const struct migration_name *f = &m->map->fields[i];
        if (f->to && !strcmp(f->to, name) &&
            jsons_get(fields->s, fields->len, f->from, strlen(f->from), &v) &&
            v.type != JSON_T_NULL)
            return true;
    }
    return false;
}

/* One field that the referral has; what changes goes into the patch. */
static void plan_field(struct migrating *m, const char *key, size_t key_n,
                       const struct json_slice *value, struct jsonw *patch)
{
    char name[LIMIT_NAME_BYTES + 1];
    const struct migration_name *mapped =
        m->map ? plan_mapped(m->map->fields, m->map->field_count, key, key_n) : NULL;
    snprintf(name, sizeof name, "%.*s", (int)key_n, key);
    const char *to = mapped ? mapped->to : name;
    if (value->type == JSON_T_NULL)
        return;
    if (to && !graph_field(m->to, to) && !domain_field(m->d, ENTITY_REFERRAL, to)) {
        migration__block(m,
                         "version %d has no field \"%s\": migrate = { from = %d, fields = { %s = "
                         "\"…\" or false } } says what becomes of it",
                         m->plan->to_version, name, m->plan->from_version, name);
        return;
    }
    if (to)
        plan_field_fits(m, to, value);
    if (to && !strcmp(to, name))
        return;
    struct json_slice other;
    bool text = value->type == JSON_T_TEXT;
    if (to && jsons_get(m->row->fields.s, m->row->fields.len, to, strlen(to), &other) &&
        !plan_mapped(m->map->fields, m->map->field_count, to, strlen(to)))
        migration__block(m, "field \"%s\" becomes \"%s\", which is filled already", name, to);
    if (!plan_written(m, name)) {
        jsonw_key(patch, name);
        jsonw_null(patch);
    }
    if (to) {
        jsonw_key(patch, to);
        jsonw_raw(patch, value->text - text, value->len + 2 * text);
    }
}

/* One of the engine's: only a stage that it names gets its new name. */
static void plan_engine_field(struct migrating *m, struct jsonw *patch)
{
    struct pause_state held;
    if (!m->map || !domain_paused(m->row, true, &held))
        return;
    const struct migration_name *mapped =
        plan_mapped(m->map->stages, m->map->stage_count, held.stage, strlen(held.stage));
    if (mapped && strcmp(mapped->to, held.stage) != 0)
        pause__rename_held(m->row, mapped->to, patch);
}

static void plan_fields(struct migrating *m)
{
    const struct value *fields = &m->row->fields;
    struct migration_plan *p = m->plan;
    struct json_slice value;
    struct jsonw patch;
    const char *key;
    size_t at = 0, key_n;
    jsonw_start(&patch, &p->fields);
    jsonw_open_object(&patch);
    while (fields->len > 0 && jsons_next(fields->s, fields->len, &at, &key, &key_n, &value))
        if (!pause__is_engine_field(key, key_n))
            plan_field(m, key, key_n, &value, &patch);
    plan_engine_field(m, &patch);
    jsonw_close(&patch);
    if (p->fields.len <= 2)
        buf_clear(&p->fields);
    else if (p->kind == MIGRATION_FITS)
        p->kind = MIGRATION_MAPPED;
}

/* Does this way into a stage ask for the field? */
static bool way_requires(const struct graph *g, const struct transition *t, int from,
                         const char *field)
{
    const char *const *lists[] = { t->required, graph_stage(g, from)->required };
    for (size_t l = 0; !t->locked && l < 2; l++)
        for (const char *const *name = lists[l]; name && *name; name++)
            if (!strcmp(*name, field))
                return true;
    return false;
}

/* Whoever is in a stage by the new version has come by one of the ways that lead there. */
static bool plan_always_required(const struct migrating *m, int stage, const char *field)
{
    bool any = false;
    for (size_t i = 0; i < graph_transition_count(m->to); i++) {
        const struct transition *t = graph_transition(m->to, (int)i);
        for (size_t j = 0; t->to == stage && j < t->from_count; j++) {
            if (t->from[j] == stage)
                continue;
            any = true;
            if (!way_requires(m->to, t, t->from[j], field))
                return false;
        }
    }
    return any;
}

static bool plan_filled(const struct migrating *m, const char *name)
{
    const struct buf *patch = &m->plan->fields;
    const struct value *fields = &m->row->fields;
    struct json_slice v;
    size_t n = strlen(name);
    if (patch->len > 0 && jsons_get(patch->data, patch->len, name, n, &v))
        return fields__filled(&v);
    return fields->len > 0 && jsons_get(fields->s, fields->len, name, n, &v) && fields__filled(&v);
}

static void plan_required(struct migrating *m)
{
    int stage = graph_find_stage(m->to, m->stage->name);
    for (size_t i = 0; !m->stage->initial && i < graph_field_count(m->to); i++) {
        const char *name = graph_field_at(m->to, i)->name;
        if (!plan_filled(m, name) && plan_always_required(m, stage, name))
            migration__block(m,
                             "field \"%s\" is empty, which every way into stage \"%s\" requires: "
                             "set it first",
                             name, m->stage->name);
    }
}

static void plan_begin(struct migrating *m)
{
    struct migration_plan *p = m->plan;
    p->id = m->row->id;
    p->from_version = (int)row_int(m->row, REFERRAL_WORKFLOW_VERSION);
    p->to_version = graph_version(m->to);
    snprintf(p->from_stage, sizeof p->from_stage, "%s", row_text(m->row, REFERRAL_STAGE));
    p->had_due = p->has_due = !row_is_null(m->row, REFERRAL_DUE_AT_MS);
    p->due_from_ms = p->due_to_ms = row_int(m->row, REFERRAL_DUE_AT_MS);
    p->kind = MIGRATION_FITS;
    m->map = graph_migration(m->to, p->from_version);
}

int migration__plan(struct migrating *m, int64_t id, struct error *e)
{
    *m->plan = (struct migration_plan){ .id = id };
    m->c = (struct columns){ .entity = ENTITY_REFERRAL, .now_ms = domain_now(m->d) };
    int rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    if (rc == 0)
        rc = domain_find_graph(m->d, row_text(m->row, REFERRAL_WORKFLOW), &m->to, e);
    if (rc < 0)
        return rc;
    plan_begin(m);
    if (m->plan->from_version == m->plan->to_version ||
        !row_is_null(m->row, REFERRAL_CLOSED_AT_MS)) {
        snprintf(m->plan->to_stage, sizeof m->plan->to_stage, "%s", m->plan->from_stage);
        m->plan->kind = MIGRATION_CURRENT;
        return 0;
    }
    columns__put(&m->c, REFERRAL_WORKFLOW_VERSION, value_int(m->plan->to_version));
    plan_stage(m);
    plan_fields(m);
    if (!m->stage || m->stage->final)
        return 0;
    plan_required(m);
    return migration__deadline(m, e);
}

int domain_migration_plan(struct domain *d, int64_t id, struct migration_plan *out, struct error *e)
{
    struct migrating m = { .d = d, .plan = out };
    return migration__plan(&m, id, e);
}

void migration_plan_free(struct migration_plan *p)
{
    buf_free(&p->fields);
    buf_free(&p->why);
}

const char *migration_kind_name(enum migration_kind kind)
{
    static const char *const names[] = { "current", "fits", "mapped", "blocked" };
    return names[kind];
}

static void plan_put_due(struct jsonw *w, const char *key, bool has, int64_t at_ms)
{
    jsonw_key(w, key);
    if (has)
        jsonw_int(w, at_ms);
    else
        jsonw_null(w);
}

void migration_plan_json(const struct migration_plan *p, struct jsonw *w)
{
    char ref[32];
    row_id_format(ENTITY_REFERRAL, p->id, ref);
    jsonw_open_object(w);
    jsonw_key(w, "referral");
    jsonw_text(w, ref);
    jsonw_key(w, "class");
    jsonw_text(w, migration_kind_name(p->kind));
    jsonw_key(w, "from_version");
    jsonw_int(w, p->from_version);
    jsonw_key(w, "to_version");
    jsonw_int(w, p->to_version);
    jsonw_key(w, "stage");
    jsonw_text(w, p->from_stage);
    jsonw_key(w, "to_stage");
    jsonw_text(w, p->to_stage[0] ? p->to_stage : NULL);
    plan_put_due(w, "due_from_ms", p->had_due, p->due_from_ms);
    plan_put_due(w, "due_to_ms", p->has_due, p->due_to_ms);
    jsonw_key(w, "deadline_moves");
    jsonw_bool(w, p->due_moves);
    if (p->due_outdated) {
        jsonw_key(w, "due_outdated");
        jsonw_bool(w, true);
    }
    if (p->fields.len > 0) {
        jsonw_key(w, "fields");
        jsonw_raw(w, p->fields.data, p->fields.len);
    }
    if (p->why.len > 0) {
        jsonw_key(w, "why");
        jsonw_text(w, buf_text(&p->why));
    }
    jsonw_close(w);
}

static int list_take(void *context, const struct row *row)
{
    int64_t **next = context;
    *(*next)++ = row->id;
    return 0;
}

int domain_migration_list(struct domain *d, const char *workflow, bool all, int64_t after_id,
                          int64_t *ids, size_t room, size_t *count, struct error *e)
{
    const struct graph *g;
    int64_t *end = ids;
    int rc = domain_find_graph(d, workflow, &g, e);
    if (rc < 0)
        return rc;
    const struct store_filter filters[] = {
        { REFERRAL_WORKFLOW, FILTER_EQ, value_text(graph_name(g)), NULL },
        { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL },
        { REFERRAL_WORKFLOW_VERSION, FILTER_NE, value_int(graph_version(g)), NULL },
    };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = all ? 2 : 3,
                                   .after_id = after_id,
                                   .limit = room < LIMIT_LIST_ROWS ? room : LIMIT_LIST_ROWS };
    rc = store_list(d->store, &q, list_take, &end, e);
    if (rc == 0)
        *count = (size_t)(end - ids);
    return rc;
}
