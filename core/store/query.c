/* Reading rows: one by id, one by a column, lists. Lists of referrals merge
 * what stands in the table with what is dirty in memory. */
#include <stdio.h>
#include <string.h>

#include "baton/base/json.h"
#include "store/store_internal.h"

int store_get(struct store *s, enum entity entity, int64_t id, const struct row **out,
              struct error *e)
{
    struct row *r = NULL;
    const struct dirty *d = entity == ENTITY_REFERRAL ? store__dirty_find(&s->dirty, id) : NULL;
    if (d) {
        *out = d->row;
        return 0;
    }
    r = store__cache_get(s, entity, id);
    if (!r) {
        int result = store__table_get(s, entity, id, &r, e);
        if (result)
            return result;
        if (!r) {
            char shown[32];
            row_id_format(entity, id, shown);
            return error_set(e, ERROR_NOT_FOUND, "no %s %s",
                             entity == ENTITY_STAFF ? "member of staff" : schema_of(entity)->name,
                             shown);
        }
        store__cache_put(s, r);
    }
    *out = r;
    return 0;
}

bool store_has(struct store *s, enum entity entity, int64_t id)
{
    const struct row *r;
    return store_get(s, entity, id, &r, NULL) == 0;
}

/* ---- conditions, in SQL and in memory ---- */

static const char *const query_ops[] = {
    [FILTER_EQ] = "=", [FILTER_NE] = "IS DISTINCT FROM",
    [FILTER_LT] = "<", [FILTER_LE] = "<=",
    [FILTER_GT] = ">", [FILTER_GE] = ">=",
};

static void query_column(const struct store_query *q, const struct store_filter *f, struct buf *sql)
{
    switch (f->column) {
    case FILTER_ID:
        buf_puts(sql, "id");
        break;
    case FILTER_CREATED:
        buf_puts(sql, "created_at_ms");
        break;
    case FILTER_UPDATED:
        buf_puts(sql, "updated_at_ms");
        break;
    case FILTER_FIELD:
        /* Field names are [a-z0-9_]: the caller checked. ->> compares as text only after a CAST. */
        buf_printf(sql,
                   f->value.type == VALUE_TEXT || f->op >= FILTER_NULL
                       ? "CAST(fields ->> '%s' AS TEXT)"
                       : "CAST(fields ->> '%s' AS REAL)",
                   f->field);
        break;
    default:
        buf_puts(sql, schema_of(q->entity)->columns[f->column].name);
    }
}

static bool query_is_indexed_field(const struct store *s, const struct store_query *q,
                                   const struct store_filter *f)
{
    for (size_t i = 0; i < s->indexed_count; i++)
        if (f->column == FILTER_FIELD && f->op == FILTER_EQ && f->value.type != VALUE_REAL &&
            s->indexed[i].entity == q->entity && !strcmp(s->indexed[i].name, f->field))
            return true;
    return false;
}

static void query_condition(const struct store *s, const struct store_query *q,
                            const struct store_filter *f, struct buf *sql)
{
    if (query_is_indexed_field(s, q, f)) {
        buf_printf(sql,
                   "id IN (SELECT id FROM field_index WHERE entity = %d AND name = '%s' AND value "
                   "= CAST(? AS TEXT))",
                   (int)q->entity, f->field);
        return;
    }
    query_column(q, f, sql);
    if (f->op == FILTER_NULL)
        buf_puts(sql, " IS NULL");
    else if (f->op == FILTER_NOT_NULL)
        buf_puts(sql, " IS NOT NULL");
    else if (f->op == FILTER_NE)
        buf_puts(sql, " IS NOT ?");
    else
        buf_printf(sql, " %s ?", query_ops[f->op]);
}

static void query_where(const struct store *s, const struct store_query *q, struct buf *sql)
{
    buf_puts(sql, q->descending ? " WHERE id < ?" : " WHERE id > ?");
    for (size_t i = 0; i < q->filter_count; i++) {
        buf_puts(sql, " AND ");
        query_condition(s, q, &q->filters[i], sql);
    }
}

static sqlite3_stmt *query_prepare(struct store *s, const struct store_query *q, struct buf *sql,
                                   struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, buf_text(sql), e);
    if (!st)
        return NULL;
    int at = 1;
    sqlite3_bind_int64(st, at++, q->after_id || !q->descending ? q->after_id : INT64_MAX);
    for (size_t i = 0; i < q->filter_count; i++)
        if (q->filters[i].op < FILTER_NULL)
            store__bind(st, at++, &q->filters[i].value);
    return st;
}

void store__field_text(const struct json_slice *v, struct buf *out)
{
    if (v->type == JSON_T_TRUE)
        buf_putc(out, '1');
    else if (v->type == JSON_T_FALSE)
        buf_putc(out, '0');
    else
        jsons_text(v, out);
}

static struct value query_field_value(const struct row *r, const struct store_filter *f,
                                      struct buf *text)
{
    struct json_slice v;
    if (!jsons_get(r->fields.s, r->fields.len, f->field, strlen(f->field), &v) ||
        v.type == JSON_T_NULL)
        return value_null();
    if (f->value.type == VALUE_INT || f->value.type == VALUE_REAL)
        return v.type == JSON_T_TRUE ? value_real(1) : value_real(jsons_real(&v));
    buf_clear(text);
    store__field_text(&v, text);
    return value_textn(buf_text(text), text->len);
}

static int query_compare(const struct value *a, const struct value *b)
{
    if (a->type == VALUE_TEXT || b->type == VALUE_TEXT) {
        if (a->type != b->type)
            return a->type == VALUE_TEXT ? 1 : -1;
        int order = memcmp(a->s, b->s, a->len < b->len ? a->len : b->len);
        return order ? order : (a->len > b->len) - (a->len < b->len);
    }
    if (a->type == VALUE_INT && b->type == VALUE_INT)
        return (a->i > b->i) - (a->i < b->i);
    double x = a->type == VALUE_REAL ? a->r : (double)a->i,
           y = b->type == VALUE_REAL ? b->r : (double)b->i;
    return (x > y) - (x < y);
}

static bool query_matches_one(const struct row *r, const struct store_filter *f, struct buf *text)
{
    struct value v;
    if (f->column == FILTER_ID)
        v = value_int(r->id);
    else if (f->column == FILTER_CREATED)
        v = value_int(r->created_at_ms);
    else if (f->column == FILTER_UPDATED)
        v = value_int(r->updated_at_ms);
    else
        v = f->column == FILTER_FIELD ? query_field_value(r, f, text) : r->v[f->column];
    if (f->op == FILTER_NULL || f->op == FILTER_NOT_NULL)
        return (v.type == VALUE_NULL) == (f->op == FILTER_NULL);
    if (v.type == VALUE_NULL)
        return f->op == FILTER_NE;
    int order = query_compare(&v, &f->value);
    switch (f->op) {
    case FILTER_EQ:
        return order == 0;
    case FILTER_NE:
        return order != 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LE:
        return order <= 0;
    case FILTER_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool query_matches(const struct store_query *q, const struct row *r, struct buf *text)
{
    if (q->descending ? q->after_id && r->id >= q->after_id : r->id <= q->after_id)
        return false;
    for (size_t i = 0; i < q->filter_count; i++)
        if (!query_matches_one(r, &q->filters[i], text))
            return false;
    return true;
}

/* ---- lists ---- */

static bool query_before(const struct store_query *q, int64_t a, int64_t b)
{
    return q->descending ? a > b : a < b;
}

/* The next dirty row in order that matches; NULL at the end. */
static struct row *query_next_dirty(struct store *s, const struct store_query *q, int64_t *at,
                                    struct buf *text)
{
    if (q->entity != ENTITY_REFERRAL || !s->dirty.used)
        return NULL;
    for (;;) {
        *at = q->descending ? store__dirty_before(&s->dirty, *at)
                            : store__dirty_after(&s->dirty, *at);
        if (!*at)
            return NULL;
        struct row *r = store__dirty_find(&s->dirty, *at)->row;
        if (query_matches(q, r, text))
            return r;
    }
}

/* The next row of the table that is not dirty; NULL at the end. */
static int query_next_settled(struct store *s, const struct store_query *q, sqlite3_stmt *st,
                              struct row **out, struct error *e)
{
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (q->entity == ENTITY_REFERRAL &&
            store__dirty_find(&s->dirty, sqlite3_column_int64(st, 0)))
            continue;
        *out = store__row_read(q->entity, st);
        return *out ? 0 : store__sql_error(s, SQLITE_NOMEM, e);
    }
    *out = NULL;
    return rc == SQLITE_DONE ? 0 : store__sql_error(s, rc, e);
}

static int query_merge(struct store *s, const struct store_query *q, sqlite3_stmt *st, size_t limit,
                       store_each each, void *context, struct error *e)
{
    struct buf text = BUF_INIT;
    int64_t at = q->after_id || !q->descending ? q->after_id : INT64_MAX;
    struct row *dirty = query_next_dirty(s, q, &at, &text), *settled = NULL;
    int result = query_next_settled(s, q, st, &settled, e);
    for (size_t given = 0; !result && given < limit && (dirty || settled); given++) {
        if (dirty && (!settled || query_before(q, dirty->id, settled->id))) {
            result = each(context, dirty);
            dirty = query_next_dirty(s, q, &at, &text);
            continue;
        }
        struct row *r = settled;
        settled = NULL;
        result = each(context, r);
        store__retire(s, r);
        if (!result && given + 1 < limit)
            result = query_next_settled(s, q, st, &settled, e);
    }
    mem_free(settled);
    buf_free(&text);
    return result;
}

int store_list(struct store *s, const struct store_query *q, store_each each, void *context,
               struct error *e)
{
    size_t limit = q->limit ? q->limit : LIMIT_LIST_DEFAULT;
    if (limit > LIMIT_LIST_ROWS)
        return error_set(e, ERROR_LIMIT,
                         "a list gives at most %d rows at once, asked for %zu; page with after",
                         (int)LIMIT_LIST_ROWS, limit);
    if (q->filter_count > LIMIT_FILTERS)
        return error_set(e, ERROR_LIMIT, "a list takes at most %d conditions", (int)LIMIT_FILTERS);
    struct buf sql = BUF_INIT;
    store__select(q->entity, &sql);
    query_where(s, q, &sql);
    buf_puts(&sql, q->descending ? " ORDER BY id DESC" : " ORDER BY id");
    sqlite3_stmt *st = query_prepare(s, q, &sql, e);
    buf_free(&sql);
    if (!st)
        return s->unprepared;
    int result = query_merge(s, q, st, limit, each, context, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}

int store_find_by(struct store *s, enum entity entity, int column, const char *text,
                  const struct row **out, struct error *e)
{
    const struct schema *sc = schema_of(entity);
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT id FROM %s WHERE %s = ? ORDER BY id LIMIT 1", sc->name,
               sc->columns[column].name);
    sqlite3_stmt *st = store__statement_for(s, buf_text(&sql), e);
    buf_free(&sql);
    if (!st)
        return s->unprepared;
    sqlite3_bind_text(st, 1, text, -1, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    int64_t id = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    int result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store__sql_error(s, rc, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    if (result)
        return result;
    if (!id)
        return error_set(e, ERROR_NOT_FOUND, "no %s with %s \"%.80s\"", sc->name,
                         sc->columns[column].name, text);
    return store_get(s, entity, id, out, e);
}

/* Counting sees the table only, so what is dirty is settled first (outside a turn), or refused. */
static int query_settle_for_count(struct store *s, const struct store_query *q, struct error *e)
{
    if (q->entity != ENTITY_REFERRAL || !s->dirty.used)
        return 0;
    if (!s->in_turn)
        return s->read_only ? 0 : store_settle(s, 0, e);
    return store__settle_now(s, e);
}

int store_count(struct store *s, const struct store_query *q, int64_t *out, struct error *e)
{
    int result = query_settle_for_count(s, q, e);
    if (result)
        return result;
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT count(*) FROM %s", schema_of(q->entity)->name);
    query_where(s, q, &sql);
    sqlite3_stmt *st = query_prepare(s, q, &sql, e);
    buf_free(&sql);
    if (!st)
        return s->unprepared;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}

/* SQLite sums integers as integers, and says where they overflow. */
int store_sum(struct store *s, const struct store_query *q, int column, int64_t *out,
              struct error *e)
{
    struct buf sql = BUF_INIT;
    int result = query_settle_for_count(s, q, e);
    if (result)
        return result;
    const struct schema *sc = schema_of(q->entity);
    buf_printf(&sql, "SELECT coalesce(sum(%s), 0) FROM %s", sc->columns[column].name, sc->name);
    query_where(s, q, &sql);
    sqlite3_stmt *st = query_prepare(s, q, &sql, e);
    buf_free(&sql);
    if (!st)
        return -(int)ERROR_IO;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else if (!strcmp(sqlite3_errmsg(s->db), "integer overflow"))
        result = error_set(e, ERROR_LIMIT, "the sum of %s.%s is beyond 9223372036854775807",
                           sc->name, sc->columns[column].name);
    else
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}

int store_count_by(struct store *s, const struct store_query *q, int column, store_each_count each,
                   void *context, struct error *e)
{
    int result = query_settle_for_count(s, q, e);
    if (result)
        return result;
    const struct schema *sc = schema_of(q->entity);
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT %s, count(*) FROM %s", sc->columns[column].name, sc->name);
    query_where(s, q, &sql);
    buf_printf(&sql, " GROUP BY %s ORDER BY count(*) DESC, %s", sc->columns[column].name,
               sc->columns[column].name);
    sqlite3_stmt *st = query_prepare(s, q, &sql, e);
    buf_free(&sql);
    if (!st)
        return s->unprepared;
    int rc = SQLITE_DONE;
    while (!result && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct value v = store__column_value(st, 0);
        if (store__out_of_memory(st)) {
            rc = SQLITE_NOMEM;
            break;
        }
        result = each(context, &v, sqlite3_column_int64(st, 1));
    }
    if (!result && rc != SQLITE_DONE)
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}
