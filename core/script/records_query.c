/* Tables that say what to find: {stage="requested", due_at_ms={before="now"},
 * fields={need="reading"}, limit=20, order="newest"}. */
#include "script/known_internal.h"
#include "script/records_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const query_words[] = { "id",     "created_at_ms", "updated_at_ms",
                                           "fields", "limit",         "after",
                                           "order",  "open",          "overdue",
                                           NULL };

static const struct {
    const char *name;
    enum filter_op op;
} query_ops[] = {
    { "before", FILTER_LT },  { "after", FILTER_GT }, { "at_least", FILTER_GE },
    { "at_most", FILTER_LE }, { "isnt", FILTER_NE },  { NULL, FILTER_EQ },
};

struct query_read {
    lua_State *L;
    const struct schema *schema;
    const char *what;
    struct records_query *out;
};

static void query_add(struct query_read *r, struct store_filter filter)
{
    if (r->out->q.filter_count >= LIMIT_FILTERS)
        script__raisef(r->L, ERROR_LIMIT, "%s: more than %d conditions", r->what, LIMIT_FILTERS);
    bool null = filter.value.type == VALUE_NULL;
    if (null && filter.op == FILTER_EQ)
        filter.op = FILTER_NULL;
    else if (null && filter.op == FILTER_NE)
        filter.op = FILTER_NOT_NULL;
    else if (null && filter.op != FILTER_NULL && filter.op != FILTER_NOT_NULL)
        script__raisef(r->L, ERROR_INVALID, "%s: nothing is before or after baton.none", r->what);
    r->out->filters[r->out->q.filter_count++] = filter;
}

/* What a condition compares: a column, or a custom field. */
struct query_side {
    int column;
    const struct column *as;   /* how its values are converted */
    const struct field *field; /* of FILTER_FIELD */
    const char *name;
};

static void query_compare(struct query_read *r, const struct query_side *side, int index,
                          enum filter_op op)
{
    struct store_filter f = { .column = side->column, .op = op };
    if (side->field) {
        f.field = side->field->name;
        f.value = value__is_null(r->L, index)
                      ? value_null()
                      : fields__convert(r->L, index, side->field, r->what, side->name);
    } else {
        f.value = script__convert(r->L, index, side->as, r->what, side->name);
    }
    query_add(r, f);
}

/* A plain value, or {before=…, after=…, …}. */
static void query_condition(struct query_read *r, const struct query_side *side, int index)
{
    lua_State *L = r->L;
    size_t known = 0, all = 0;
    if (!lua_istable(L, index)) {
        query_compare(r, side, index, FILTER_EQ);
        return;
    }
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        all++;
    for (int i = 0; query_ops[i].name; i++) {
        if (lua_getfield(L, index, query_ops[i].name) != LUA_TNIL) {
            known++;
            query_compare(r, side, lua_gettop(L), query_ops[i].op);
        }
        lua_pop(L, 1);
    }
    if (!known)
        query_compare(r, side, index, FILTER_EQ); /* says what the column takes */
    if (known != all)
        script__raisef(L, ERROR_INVALID,
                       "%s: conditions on \"%s\" are before, after, at_least, at_most, isnt",
                       r->what, side->name);
}

/* ---- custom fields ---- */

static const struct field *query_find_field(struct query_read *r, const struct graph *graph,
                                            const char *name)
{
    struct domain *d = script__domain(r->L);
    const struct field *f = fields__find(d, r->schema->entity, graph, name);
    bool any = r->schema->entity == ENTITY_REFERRAL && !graph;
    for (size_t i = 0; any && !f && i < domain_graph_count(d); i++)
        f = graph_field(domain_graph_at(d, i), name);
    return f;
}

static _Noreturn void query_unknown_field(struct query_read *r, const struct graph *graph,
                                          const char *name)
{
    struct domain *d = script__domain(r->L);
    size_t i = 0;
    /* Without a workflow: the near names of the first one that has any. */
    while (r->schema->entity == ENTITY_REFERRAL && !graph && i < domain_graph_count(d)) {
        const struct graph *g = domain_graph_at(d, i++);
        graph = graph_field_count(g) ? g : NULL;
    }
    script__unknown(r->L, r->what, "field", name, fields__names(r->L, r->schema->entity, graph));
}

static const struct graph *query_graph(struct query_read *r, int index)
{
    const struct graph *graph = NULL;
    if (r->schema->entity == ENTITY_REFERRAL &&
        lua_getfield(r->L, index, "workflow") == LUA_TSTRING)
        graph = domain_graph(script__domain(r->L), lua_tostring(r->L, -1));
    if (r->schema->entity == ENTITY_REFERRAL)
        lua_pop(r->L, 1);
    return graph;
}

static void query_fields(struct query_read *r, int query, int index)
{
    lua_State *L = r->L;
    if (!lua_istable(L, index))
        value__refuse(L, index, r->what, "fields", "a table such as {x=1}");
    const struct graph *graph = query_graph(r, query);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "%s: fields takes names and values: fields={x=1}",
                           r->what);
        const char *name = lua_tostring(L, -2);
        const struct field *f = query_find_field(r, graph, name);
        if (!f)
            query_unknown_field(r, graph, name);
        if (f->type == FIELD_LIST)
            script__raisef(L, ERROR_INVALID, "%s: \"%s\" is a list, which no condition compares",
                           r->what, name);
        struct query_side side = { FILTER_FIELD, NULL, f, name };
        query_condition(r, &side, lua_gettop(L));
    }
}

/* ---- words with a meaning of their own ---- */

static bool query_flag(struct query_read *r, const char *key, int index)
{
    if (!lua_isboolean(r->L, index))
        value__refuse(r->L, index, r->what, key, "true or false");
    return lua_toboolean(r->L, index);
}

static void query_open(struct query_read *r, bool open)
{
    bool task = r->schema->entity == ENTITY_TASK;
    struct store_filter f = { .column = task ? TASK_STATUS : REFERRAL_CLOSED_AT_MS };
    if (task) {
        f.op = open ? FILTER_EQ : FILTER_NE;
        f.value = value_text("open");
    } else {
        f.op = open ? FILTER_NULL : FILTER_NOT_NULL;
        f.value = value_null();
    }
    query_add(r, f);
}

static void query_overdue(struct query_read *r, bool overdue)
{
    if (!overdue)
        script__raisef(r->L, ERROR_INVALID,
                       "%s: overdue takes true; for the others use due_at_ms={after=\"now\"}",
                       r->what);
    struct store_filter f = { .column = r->schema->entity == ENTITY_TASK ? TASK_DUE_AT_MS
                                                                         : REFERRAL_DUE_AT_MS,
                              .op = FILTER_LT,
                              .value = value_int(domain_now(script__domain(r->L))) };
    query_add(r, f);
    query_open(r, true);
}

static void query_limit(struct query_read *r, int index)
{
    int whole;
    lua_Integer n = lua_tointegerx(r->L, index, &whole);
    if (!whole || n < 1 || n > LIMIT_LIST_ROWS)
        value__refuse(r->L, index, r->what, "limit",
                      "a whole number from 1 to 1000 (for more use each)");
    r->out->q.limit = (size_t)n;
    r->out->limited = true;
}

static void query_order(struct query_read *r, int index)
{
    const char *word = lua_type(r->L, index) == LUA_TSTRING ? lua_tostring(r->L, index) : "";
    if (strcmp(word, "newest") && strcmp(word, "oldest"))
        value__refuse(r->L, index, r->what, "order", "\"newest\" or \"oldest\"");
    r->out->q.descending = !strcmp(word, "newest");
}

/* false: not such a word. */
static bool query_word(struct query_read *r, const char *key, int query, int index)
{
    static const struct column times = { "time", COLUMN_TIME, 0, ENTITY_NONE, NULL, "" };
    enum entity entity = r->schema->entity;
    bool opens = entity == ENTITY_REFERRAL || entity == ENTITY_TASK;
    struct column ids = { "id", COLUMN_REF, 0, entity, NULL, "" };
    struct query_side side = { FILTER_ID, &ids, NULL, key };
    if (!strcmp(key, "limit"))
        query_limit(r, index);
    else if (!strcmp(key, "order"))
        query_order(r, index);
    else if (!strcmp(key, "after"))
        r->out->q.after_id = script__check_id(r->L, index, entity);
    else if (!strcmp(key, "fields"))
        query_fields(r, query, index);
    else if (!strcmp(key, "open") && opens)
        query_open(r, query_flag(r, key, index));
    else if (!strcmp(key, "overdue") && opens)
        query_overdue(r, query_flag(r, key, index));
    else if (!strcmp(key, "id"))
        query_condition(r, &side, index);
    else if (!strcmp(key, "created_at_ms") || !strcmp(key, "created"))
        query_condition(r, &(struct query_side){ FILTER_CREATED, &times, NULL, key }, index);
    else if (!strcmp(key, "updated_at_ms") || !strcmp(key, "updated"))
        query_condition(r, &(struct query_side){ FILTER_UPDATED, &times, NULL, key }, index);
    else
        return false;
    return true;
}

static void query_unknown(struct query_read *r, const char *key)
{
    const char *all[SCHEMA_COLUMNS_MAX + sizeof query_words / sizeof *query_words];
    size_t n = 0;
    for (size_t i = 0; i < r->schema->count; i++)
        all[n++] = r->schema->columns[i].name;
    for (size_t i = 0; query_words[i]; i++)
        all[n++] = query_words[i];
    all[n] = NULL;
    script__unknown(r->L, r->what, "column", key, all);
}

void records__query(lua_State *L, int index, enum entity entity, const char *what,
                    struct records_query *out)
{
    struct query_read r = { L, schema_of(entity), what, out };
    out->q = (struct store_query){ .entity = entity, .filters = out->filters };
    out->limited = false;
    if (lua_isnoneornil(L, index))
        return;
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        script__raisef(L, ERROR_INVALID, "%s takes conditions such as {%s=…}, got a %s", what,
                       r.schema->columns[0].name, luaL_typename(L, index));
    luaL_checkstack(L, 12, what);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "%s takes names and values: {%s=…}", what,
                           r.schema->columns[0].name);
        const char *key = lua_tostring(L, -2);
        int column = records__column(r.schema, key);
        if (column >= 0) {
            struct query_side side = { column, &r.schema->columns[column], NULL, key };
            query_condition(&r, &side, lua_gettop(L));
        } else if (!query_word(&r, key, index, lua_gettop(L))) {
            query_unknown(&r, key);
        }
    }
}

/* The text that a column must equal (or must not, with FILTER_NE); NULL: none is asked for. */
static const char *query_text(const struct records_query *query, int column, enum filter_op op)
{
    for (size_t i = 0; i < query->q.filter_count; i++) {
        const struct store_filter *f = &query->filters[i];
        if (f->column == column && f->op == op && f->value.type == VALUE_TEXT)
            return f->value.s;
    }
    return NULL;
}

void records__check_names(lua_State *L, const struct records_query *query, const char *what)
{
    static const enum filter_op ops[] = { FILTER_EQ, FILTER_NE };
    struct domain *d = script__domain(L);
    if (query->q.entity != ENTITY_REFERRAL)
        return;
    const char *of = query_text(query, REFERRAL_WORKFLOW, FILTER_EQ);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        const char *workflow = query_text(query, REFERRAL_WORKFLOW, ops[i]);
        const char *stage = query_text(query, REFERRAL_STAGE, ops[i]);
        bool no_workflow = workflow && !known__workflow(d, workflow);
        bool no_stage = stage && !known__stage(d, NULL, stage);
        if ((!no_workflow && !no_stage) || !known__sure(script__of(L), d))
            continue;
        if (no_workflow)
            script__unknown(L, what, "workflow", workflow, known__workflows(d, value__arena(L)));
        script__unknown(L, what, "stage", stage, known__stages(d, of, value__arena(L)));
    }
}
