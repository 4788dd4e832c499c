/* The ladder of migrations: forwards only, under the lock, each step in the
 * transaction that notes it. */
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

static int migrate_pragma(struct store *s, const char *sql, int64_t *out, struct error *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        rc = SQLITE_OK;
    }
    int result = rc == SQLITE_OK ? 0 : store__sql_error(s, rc, e);
    sqlite3_finalize(st);
    return result;
}

/* What the planner is to believe: an equality on an indexed column finds few rows, so that a list
 * by stage reads that index in the order of ids instead of walking the table from its key.
 * Constants, because a plan that changes with the data surprises at night. */
static int migrate_statistics(struct store *s, struct error *e)
{
    struct buf sql = BUF_INIT;
    buf_puts(&sql, "ANALYZE meta;\nDELETE FROM sqlite_stat1;\n"); /* makes the table */
    for (int i = 1; i < ENTITY_END; i++) {
        const struct schema *sc = schema_of((enum entity)i);
        for (size_t k = 0; k < sc->count; k++)
            if (sc->columns[k].flags & (COLUMN_UNIQUE | COLUMN_INDEXED))
                buf_printf(&sql,
                           "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('%s', '%s_%s', "
                           "'1000000 %d');\n",
                           sc->name, sc->name, sc->columns[k].name,
                           sc->columns[k].flags & COLUMN_UNIQUE ? 1 : 1000);
    }
    buf_puts(&sql, "ANALYZE sqlite_schema;\n");
    int result = store__exec(s, buf_text(&sql), e);
    buf_free(&sql);
    return result;
}

static int migrate_to_1(struct store *s, struct error *e)
{
    static const char sql[] =
        "CREATE TABLE event (seq INTEGER PRIMARY KEY, at_ms BIGINT NOT NULL, entity INT NOT NULL,"
        " entity_id BIGINT NOT NULL, version BIGINT NOT NULL, previous BIGINT NOT NULL,"
        " kind TEXT NOT NULL, actor TEXT NOT NULL, payload TEXT, salt BLOB, hash BLOB NOT NULL, "
        "digest BLOB);\n"
        "CREATE TABLE due (at_ms BIGINT NOT NULL, entity INT NOT NULL, id BIGINT NOT NULL,"
        " PRIMARY KEY (at_ms, entity, id)) WITHOUT ROWID;\n"
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;\n"
        "CREATE TABLE field_index (entity INT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
        " id BIGINT NOT NULL,"
        " PRIMARY KEY (entity, name, value, id)) WITHOUT ROWID;\n"
        "CREATE INDEX field_index_row ON field_index (entity, id);\n"
        "CREATE TABLE field_indexed (entity INT NOT NULL, name TEXT NOT NULL,"
        " PRIMARY KEY (entity, name)) WITHOUT ROWID;\n"
        "CREATE VIRTUAL TABLE search USING fts5(text,"
        " tokenize = \"unicode61 remove_diacritics 2\");\n";
    int result = store__exec(s, sql, e);
    if (!result)
        result = store__create_tables(s, e);
    return result ? result : migrate_statistics(s, e);
}

/* The ledger and the programmes. */
static int migrate_to_2(struct store *s, struct error *e)
{
    int result = store__create_tables(s, e);
    return result ? result : migrate_statistics(s, e);
}

typedef int (*migrate_step)(struct store *s, struct error *e);
static const migrate_step steps[STORE_SCHEMA_VERSION] = { migrate_to_1, migrate_to_2 };

static int migrate_climb(struct store *s, int64_t version, struct error *e)
{
    int result = 0;
    for (int64_t at = version; at < STORE_SCHEMA_VERSION && !result; at++)
        result = steps[at](s, e);
    if (!result) {
        char sql[48];
        snprintf(sql, sizeof sql, "PRAGMA application_id = %d", (int)STORE_APPLICATION_ID);
        result = store__exec(s, sql, e);
    }
    if (!result)
        result = store__log_set_version(s, e);
    return result;
}

static int migrate_look(struct store *s, bool create, int64_t *version, struct error *e)
{
    int64_t application = 0, tables = 0;
    int result = store__log_version(s, version, e);
    if (!result)
        result = migrate_pragma(s, "PRAGMA application_id", &application, e);
    if (!result)
        result = migrate_pragma(s, "SELECT count(*) FROM sqlite_master", &tables, e);
    if (result)
        return result;
    if (application != STORE_APPLICATION_ID && (tables || *version || application || !create))
        return error_set(e, ERROR_CORRUPT, "%s: this is not a database of baton", s->path);
    if (*version > STORE_SCHEMA_VERSION)
        return error_set(
            e, ERROR_CONFLICT,
            "%s: made by a newer baton (schema %lld, this one knows %d); install the newer one",
            s->path, (long long)*version, (int)STORE_SCHEMA_VERSION);
    return 0;
}

int store__migrate(struct store *s, bool create, struct error *e)
{
    int64_t version = 0;
    int result = migrate_look(s, create, &version, e);
    if (result || version == STORE_SCHEMA_VERSION)
        return result;
    if (s->read_only)
        return error_set(e, ERROR_CONFLICT, "%s: made by an older baton; open it for writing once",
                         s->path);
    result = store__exec(s, "BEGIN EXCLUSIVE", e);
    if (result)
        return result;
    result = migrate_look(s, create, &version, e);
    if (!result)
        result = migrate_climb(s, version, e);
    if (!result)
        return store__exec(s, "COMMIT", e);
    store__exec(s, "ROLLBACK", NULL);
    return result;
}
