/* Every fixed statement, by name, in the subset that SQLite and PostgreSQL
 * share; prepared when first used and kept. */
#include <assert.h>
#include <string.h>

#include "store/store_internal.h"

#define EVENT_COLUMNS                                                                              \
    "seq, at_ms, entity, entity_id, version, previous, kind, actor, payload, salt, hash, digest"

static const char *const texts[SQL_END] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT command",
    [SQL_RELEASE] = "RELEASE command",
    [SQL_ROLLBACK_TO] = "ROLLBACK TO command",
    [SQL_EVENT_INSERT] =
        "INSERT INTO event (" EVENT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL)",
    [SQL_EVENT_GET] = "SELECT " EVENT_COLUMNS " FROM event WHERE seq = ?",
    [SQL_EVENT_AFTER] = "SELECT " EVENT_COLUMNS " FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
    [SQL_EVENT_LAST] = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1",
    [SQL_EVENT_ERASE] = "UPDATE event SET payload = NULL, salt = NULL, digest = ? WHERE seq = ?",
    [SQL_DUE_INSERT] = "INSERT INTO due (at_ms, entity, id) VALUES (?,?,?) ON CONFLICT DO NOTHING",
    [SQL_DUE_HAS] = "SELECT 1 FROM due WHERE at_ms = ? AND entity = ? AND id = ?",
    [SQL_DUE_DELETE_BELOW] = "DELETE FROM due WHERE (at_ms, entity, id) <= (?,?,?)",
    [SQL_DUE_AFTER] = "SELECT at_ms, entity, id FROM due WHERE (at_ms, entity, id) > (?,?,?) "
                      "ORDER BY at_ms, entity, id",
    [SQL_META_GET] = "SELECT value FROM meta WHERE key = ?",
    [SQL_META_SET] = "INSERT INTO meta (key, value) VALUES (?,?) "
                     "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [SQL_SEARCH_DELETE] = "DELETE FROM search WHERE rowid = ?",
    [SQL_SEARCH_INSERT] = "INSERT INTO search (rowid, text) VALUES (?,?)",
    [SQL_SEARCH] = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rank, rowid LIMIT ?",
    [SQL_SEARCH_ONE] = "SELECT rowid FROM search WHERE search MATCH ? AND rowid % 16 = ? "
                       "ORDER BY rank, rowid LIMIT ?",
    [SQL_FIELD_INDEX_DELETE] = "DELETE FROM field_index WHERE entity = ? AND id = ?",
    [SQL_FIELD_INDEX_INSERT] = "INSERT INTO field_index (entity, name, value, id) VALUES (?,?,?,?) "
                               "ON CONFLICT DO NOTHING",
    [SQL_FIELD_INDEXED] = "SELECT entity, name FROM field_indexed ORDER BY entity, name",
    [SQL_FIELD_DECLARE] =
        "INSERT INTO field_indexed (entity, name) VALUES (?,?) ON CONFLICT DO NOTHING",
};

int store__prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct error *e)
{
    int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    if (rc != SQLITE_OK)
        s->unprepared = store__sql_error(s, rc, e);
    return rc == SQLITE_OK ? 0 : s->unprepared;
}

sqlite3_stmt *store__statement(struct store *s, enum statement which, struct error *e)
{
    assert(texts[which]);
    sqlite3_stmt **st = &s->statements[which];
    if (!*st && store__prepare(s, texts[which], st, e))
        return NULL;
    sqlite3_reset(*st);
    return *st;
}

const char *store__statement_text(enum statement which)
{
    return texts[which];
}

/* A small ring: the oldest gives way, unless someone is in the middle of it. */
sqlite3_stmt *store__statement_for(struct store *s, const char *sql, struct error *e)
{
    for (size_t i = 0; i < s->cached_count; i++)
        if (!strcmp(s->cached[i].sql, sql) && !sqlite3_stmt_busy(s->cached[i].st))
            return s->cached[i].st;
    size_t at = s->cached_count;
    if (at < LIMIT_CACHE_STATEMENTS) {
        s->cached_count++;
    } else {
        do
            at = s->cached_next++ % LIMIT_CACHE_STATEMENTS;
        while (sqlite3_stmt_busy(s->cached[at].st));
        sqlite3_finalize(s->cached[at].st);
        mem_free(s->cached[at].sql);
    }
    s->cached[at].sql = NULL;
    s->cached[at].st = NULL;
    if (store__prepare(s, sql, &s->cached[at].st, e)) {
        s->cached[at].sql = mem_dup("");
        return NULL;
    }
    s->cached[at].sql = mem_dup(sql);
    return s->cached[at].st;
}

int store__run(struct store *s, sqlite3_stmt *st, struct error *e)
{
    int rc = sqlite3_step(st);
    int result = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store__sql_error(s, rc, e);
    sqlite3_reset(st);
    return result;
}

int store__run_named(struct store *s, enum statement which, struct error *e)
{
    sqlite3_stmt *st = store__statement(s, which, e);
    return st ? store__run(s, st, e) : s->unprepared;
}

int store__exec(struct store *s, const char *sql, struct error *e)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store__sql_error(s, rc, e);
}

bool store__out_of_memory(sqlite3_stmt *st)
{
    return sqlite3_errcode(sqlite3_db_handle(st)) == SQLITE_NOMEM;
}

void store__bind(sqlite3_stmt *st, int at, const struct value *v)
{
    switch (v->type) {
    case VALUE_INT:
        sqlite3_bind_int64(st, at, v->i);
        break;
    case VALUE_REAL:
        sqlite3_bind_double(st, at, v->r);
        break;
    case VALUE_TEXT:
        sqlite3_bind_text(st, at, v->s, (int)v->len, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(st, at);
    }
}

void store__finalize_all(struct store *s)
{
    for (size_t i = 0; i < SQL_END; i++)
        sqlite3_finalize(s->statements[i]);
    for (size_t i = 0; i < s->cached_count; i++) {
        sqlite3_finalize(s->cached[i].st);
        mem_free(s->cached[i].sql);
    }
    for (size_t i = 0; i < s->update_count; i++)
        sqlite3_finalize(s->updates[i].st);
    for (size_t i = 0; i < ENTITY_END; i++) {
        sqlite3_finalize(s->gets[i]);
        sqlite3_finalize(s->inserts[i]);
    }
}
