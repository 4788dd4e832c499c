/* Rows in their tables. The SQL is made from the schema, so that a column is
 * named in one place. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

enum { TABLE_FIXED = 6 }; /* id, version, last_event, created_at_ms, updated_at_ms, fields */

static const char *table_type(enum column_type t)
{
    switch (t) {
    case COLUMN_TEXT:
    case COLUMN_ANY:
        return "TEXT";
    case COLUMN_REAL:
        return "REAL";
    default:
        return "BIGINT";
    }
}

/* Without the nulls, of which some columns hold many. Where there are none the condition must not
 * be named: SQLite then fails to see that the index serves. */
static void table_index_sql(const struct schema *sc, const struct column *c, struct buf *b)
{
    if (!(c->flags & (COLUMN_UNIQUE | COLUMN_INDEXED)))
        return;
    buf_printf(b, "CREATE %sINDEX IF NOT EXISTS %s_%s ON %s (%s)",
               c->flags & COLUMN_UNIQUE ? "UNIQUE " : "", sc->name, c->name, sc->name, c->name);
    if (!(c->flags & COLUMN_REQUIRED))
        buf_printf(b, " WHERE %s IS NOT NULL", c->name);
    buf_puts(b, ";\n");
}

static void table_create_sql(const struct schema *sc, struct buf *b)
{
    buf_printf(b,
               "CREATE TABLE IF NOT EXISTS %s (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, "
               "last_event BIGINT NOT NULL, created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT "
               "NOT NULL, fields TEXT",
               sc->name);
    for (size_t i = 0; i < sc->count; i++)
        buf_printf(b, ", %s %s%s", sc->columns[i].name, table_type(sc->columns[i].type),
                   sc->columns[i].flags & COLUMN_REQUIRED ? " NOT NULL" : "");
    buf_puts(b, ");\n");
    for (size_t i = 0; i < sc->count; i++)
        table_index_sql(sc, &sc->columns[i], b);
}

/* Those that are missing: a step of the ladder adds what the schema has more. */
int store__create_tables(struct store *s, struct error *e)
{
    struct buf sql = BUF_INIT;
    for (int i = 1; i < ENTITY_END; i++)
        table_create_sql(schema_of((enum entity)i), &sql);
    int result = store__exec(s, buf_text(&sql), e);
    buf_free(&sql);
    return result;
}

static void table_columns(const struct schema *sc, struct buf *b)
{
    buf_puts(b, "id, version, last_event, created_at_ms, updated_at_ms, fields");
    for (size_t i = 0; i < sc->count; i++)
        buf_printf(b, ", %s", sc->columns[i].name);
}

void store__select(enum entity entity, struct buf *b)
{
    const struct schema *sc = schema_of(entity);
    buf_puts(b, "SELECT ");
    table_columns(sc, b);
    buf_printf(b, " FROM %s", sc->name);
}

struct value store__column_value(sqlite3_stmt *st, int at)
{
    switch (sqlite3_column_type(st, at)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_column_int64(st, at));
    case SQLITE_FLOAT:
        return value_real(sqlite3_column_double(st, at));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(st, at);
        return text ? value_textn(text, (size_t)sqlite3_column_bytes(st, at)) : value_null();
    }
    default:
        return value_null();
    }
}

struct row *store__row_read(enum entity e, sqlite3_stmt *st)
{
    struct value v[SCHEMA_COLUMNS_MAX];
    size_t count = schema_of(e)->count;
    assert(count <= SCHEMA_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        v[i] = store__column_value(st, TABLE_FIXED + (int)i);
    struct value fields = store__column_value(st, 5);
    if (store__out_of_memory(st))
        return NULL;
    if (fields.type != VALUE_TEXT)
        fields = value_textn("", 0);
    struct row *r = store__row_new(e, v, &fields);
    r->id = sqlite3_column_int64(st, 0);
    r->version = sqlite3_column_int64(st, 1);
    r->last_event = sqlite3_column_int64(st, 2);
    r->created_at_ms = sqlite3_column_int64(st, 3);
    r->updated_at_ms = sqlite3_column_int64(st, 4);
    return r;
}

static sqlite3_stmt *table_prepare(struct store *s, struct buf *sql, struct error *e)
{
    sqlite3_stmt *st = NULL;
    store__prepare(s, buf_text(sql), &st, e);
    buf_free(sql);
    return st;
}

int store__table_get(struct store *s, enum entity entity, int64_t id, struct row **out,
                     struct error *e)
{
    sqlite3_stmt *st = s->gets[entity];
    if (!st) {
        struct buf sql = BUF_INIT;
        store__select(entity, &sql);
        buf_puts(&sql, " WHERE id = ?");
        st = s->gets[entity] = table_prepare(s, &sql, e);
        if (!st)
            return s->unprepared;
    }
    sqlite3_bind_int64(st, 1, id);
    int rc = sqlite3_step(st), result = 0;
    struct row *row = rc == SQLITE_ROW ? store__row_read(entity, st) : NULL;
    if (rc == SQLITE_ROW && !row)
        rc = SQLITE_NOMEM;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        result = store__sql_error(s, rc, e);
    else
        *out = row;
    sqlite3_reset(st);
    return result;
}

static void table_bind_fields(sqlite3_stmt *st, int at, const struct row *r)
{
    if (r->fields.len)
        store__bind(st, at, &r->fields);
    else
        sqlite3_bind_null(st, at);
}

static sqlite3_stmt *table_insert_statement(struct store *s, const struct schema *sc,
                                            struct error *e)
{
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "INSERT INTO %s (", sc->name);
    table_columns(sc, &sql);
    buf_puts(&sql, ") VALUES (?,?,?,?,?,?");
    for (size_t i = 0; i < sc->count; i++)
        buf_puts(&sql, ",?");
    buf_putc(&sql, ')');
    return table_prepare(s, &sql, e);
}

int store__table_insert(struct store *s, const struct row *r, struct error *e)
{
    const struct schema *sc = schema_of(r->entity);
    sqlite3_stmt *st = s->inserts[r->entity];
    if (!st && !(st = s->inserts[r->entity] = table_insert_statement(s, sc, e)))
        return s->unprepared;
    sqlite3_bind_int64(st, 1, r->id);
    sqlite3_bind_int64(st, 2, r->version);
    sqlite3_bind_int64(st, 3, r->last_event);
    sqlite3_bind_int64(st, 4, r->created_at_ms);
    sqlite3_bind_int64(st, 5, r->updated_at_ms);
    table_bind_fields(st, 6, r);
    for (size_t i = 0; i < sc->count; i++)
        store__bind(st, TABLE_FIXED + 1 + (int)i, &r->v[i]);
    return store__run(s, st, e);
}

/* One statement for each set of columns that changes together: naming an indexed column in an
 * UPDATE costs its index even where the value stays. */
static sqlite3_stmt *table_update_statement(struct store *s, const struct schema *sc, uint32_t mask,
                                            struct error *e)
{
    for (size_t i = 0; i < s->update_count; i++)
        if (s->updates[i].mask == mask && s->updates[i].entity == sc->entity)
            return s->updates[i].st;
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "UPDATE %s SET version = ?, last_event = ?, updated_at_ms = ?", sc->name);
    if (mask & FIELDS_BIT)
        buf_puts(&sql, ", fields = ?");
    for (size_t i = 0; i < sc->count; i++)
        if (mask & (1u << i))
            buf_printf(&sql, ", %s = ?", sc->columns[i].name);
    buf_puts(&sql, " WHERE id = ?");
    sqlite3_stmt *st = table_prepare(s, &sql, e);
    if (!st)
        return NULL;
    size_t at = s->update_count;
    if (at < STORE_UPDATES) {
        s->update_count++;
    } else {
        at = mask % STORE_UPDATES;
        sqlite3_finalize(s->updates[at].st);
    }
    s->updates[at].entity = sc->entity;
    s->updates[at].mask = mask;
    s->updates[at].st = st;
    return st;
}

int store__table_update(struct store *s, const struct row *r, uint32_t mask, struct error *e)
{
    const struct schema *sc = schema_of(r->entity);
    sqlite3_stmt *st = table_update_statement(s, sc, mask, e);
    if (!st)
        return s->unprepared;
    int at = 1;
    sqlite3_bind_int64(st, at++, r->version);
    sqlite3_bind_int64(st, at++, r->last_event);
    sqlite3_bind_int64(st, at++, r->updated_at_ms);
    if (mask & FIELDS_BIT)
        table_bind_fields(st, at++, r);
    for (size_t i = 0; i < sc->count; i++)
        if (mask & (1u << i))
            store__bind(st, at++, &r->v[i]);
    sqlite3_bind_int64(st, at, r->id);
    return store__run(s, st, e);
}
