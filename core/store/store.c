/* Opening and closing the database of an organisation, and its small facts.
 *
 * One connection, exclusive lock, WAL, synchronous=FULL (DESIGN 1): a second
 * opener is refused, and no other process can checkpoint behind our back. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_internal.h"

enum { STORE_CACHE_BYTES = 8 * 1024 * 1024, STORE_CHECKPOINT_PAGES = 4000, STORE_BUSY_MS = 200 };
#define STORE_HIGHEST (INT64_C(1) << 48)

/* A scratch database needs nothing but to be undone: no log, no sync. */
static int store_configure_scratch(struct store *s, size_t cache_bytes, struct error *e)
{
    struct buf sql = BUF_INIT;
    buf_printf(&sql,
               "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; "
               "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%zu",
               (cache_bytes ? cache_bytes : STORE_CACHE_BYTES) / 1024);
    int result = store__exec(s, buf_text(&sql), e);
    buf_free(&sql);
    return result;
}

/* No mmap: it would spare 3 of 22 us of a random transition among 1,000,000 referrals, but a
 * damaged file of one organisation would then end the process of all (SIGBUS). */
static int store_configure(struct store *s, const struct store_options *o, struct error *e)
{
    size_t cache_bytes = o->cache_bytes;
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 128, 64);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
    if (o->scratch)
        return store_configure_scratch(s, cache_bytes, e);
    struct buf sql = BUF_INIT;
    buf_printf(
        &sql,
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%zu;"
        "PRAGMA journal_size_limit = 67108864; PRAGMA mmap_size = 0",
        (cache_bytes ? cache_bytes : STORE_CACHE_BYTES) / 1024);
    store__log_watch(s);
    int result = store__exec(s, buf_text(&sql), e);
    buf_free(&sql);
    return result;
}

/* WAL and lock are taken by the first read; taking them now says "busy" now. */
static int store_lock(struct store *s, bool scratch, struct error *e)
{
    int result = s->read_only ? 0 : store__exec(s, "BEGIN IMMEDIATE; COMMIT", e);
    return result || scratch ? result : store__log_check(s, e);
}

/* Numbers far above what anybody can have made are damage, and would run over. */
static int store_check_number(const struct store *s, int64_t number, struct error *e)
{
    if (number >= 0 && number <= STORE_HIGHEST)
        return 0;
    return error_set(e, ERROR_CORRUPT, "%s: damaged: a record or event has the number %lld",
                     s->path, (long long)number);
}

static int store_load_next_id(struct store *s, enum entity entity, struct error *e)
{
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT coalesce(max(id), 0) FROM %s", schema_of(entity)->name);
    sqlite3_stmt *st = store__statement_for(s, buf_text(&sql), e);
    buf_free(&sql);
    if (!st)
        return s->unprepared;
    int rc = sqlite3_step(st);
    int64_t highest = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    int result = rc == SQLITE_ROW ? store_check_number(s, highest, e) : store__sql_error(s, rc, e);
    sqlite3_reset(st);
    if (!result)
        s->next_id[entity] = highest + 1;
    return result;
}

static int store_load_last_event(struct store *s, struct error *e)
{
    sqlite3_stmt *st = store__statement(s, SQL_EVENT_LAST, e);
    if (!st)
        return s->unprepared;
    int rc = sqlite3_step(st), result = 0;
    s->next_seq = 1;
    if (rc == SQLITE_ROW && sqlite3_column_bytes(st, 1) == DIGEST_BYTES) {
        result = store_check_number(s, sqlite3_column_int64(st, 0), e);
        if (!result) {
            s->next_seq = sqlite3_column_int64(st, 0) + 1;
            memcpy(s->head, sqlite3_column_blob(st, 1), DIGEST_BYTES);
        }
    } else if (rc != SQLITE_DONE) {
        result = rc == SQLITE_ROW
                     ? error_set(e, ERROR_CORRUPT, "%s: the last event is damaged", s->path)
                     : store__sql_error(s, rc, e);
    }
    sqlite3_reset(st);
    return result;
}

static int store_load_counters(struct store *s, struct error *e)
{
    int result = 0;
    for (int i = 1; i < ENTITY_END && !result; i++)
        result = store_load_next_id(s, (enum entity)i, e);
    return result ? result : store_load_last_event(s, e);
}

static void store_keep_indexed(struct store *s, enum entity entity, const char *field)
{
    s->indexed = mem_resize(s->indexed, (s->indexed_count + 1) * sizeof *s->indexed);
    s->indexed[s->indexed_count].entity = entity;
    s->indexed[s->indexed_count++].name = mem_dup(field);
}

static int store_load_indexed(struct store *s, struct error *e)
{
    sqlite3_stmt *st = store__statement(s, SQL_FIELD_INDEXED, e);
    if (!st)
        return s->unprepared;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        int entity = sqlite3_column_int(st, 0);
        const char *name = (const char *)sqlite3_column_text(st, 1);
        if (!name)
            break;
        if (entity > ENTITY_NONE && entity < ENTITY_END)
            store_keep_indexed(s, (enum entity)entity, name);
    }
    if (rc == SQLITE_ROW)
        rc = SQLITE_NOMEM; /* a name is never null */
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : store__sql_error(s, rc, e);
}

static int store_check_path(const struct store_options *o, struct error *e)
{
    struct stat st;
    if (o->scratch)
        return 0;
    if (stat(o->path, &st)) {
        if (errno == ENOENT && o->create)
            return 0;
        return error_set(e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s: %s", o->path,
                         strerror(errno));
    }
    if (!S_ISREG(st.st_mode))
        return error_set(e, ERROR_INVALID, "%s: not a regular file", o->path);
    if (!o->read_only && access(o->path, W_OK))
        return error_set(e, ERROR_IO, "%s: can't be written: %s", o->path, strerror(errno));
    return 0;
}

static int store_connect(struct store *s, const struct store_options *o, struct error *e)
{
    bool create = o->create || o->scratch;
    int flags = o->read_only ? SQLITE_OPEN_READONLY
                             : SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    /* One thread per process (DESIGN 6): no mutexes, no shared memory counters. Once SQLite runs,
     * this is refused, and that is fine. */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* Many organisations in a process: pages and small pieces as needed, not in advance. */
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    mode_t mask = umask(077); /* what a database holds is nobody else's business */
    /* "": a temporary database that only grows into a (nameless) file when it outgrows its cache.
     */
    int rc = sqlite3_open_v2(o->scratch ? "" : o->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    umask(mask);
    if (rc != SQLITE_OK)
        return store__sql_error(s, rc, e);
    return o->scratch && o->copy_of ? store__copy(s, o->copy_of, e) : 0;
}

void store__remember_file(struct store *s, bool scratch)
{
    struct stat st;
    s->has_file = !scratch && stat(s->path, &st) == 0;
    if (s->has_file) {
        s->device = st.st_dev;
        s->inode = st.st_ino;
        store__log_remember(s);
    }
}

/* The log stays beside the file as it is: closing would write it back. */
static void store_leave_log(struct store *s)
{
    if (s->db)
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

int store__check_file(struct store *s, struct error *e)
{
    struct stat st;
    if (!s->has_file || (stat(s->path, &st) == 0 && st.st_dev == s->device &&
                         st.st_ino == s->inode && store__log_is_same(s, &st)))
        return 0;
    s->failed = true;
    store_leave_log(s);
    return error_set(
        e, ERROR_IO,
        "%s: the file was removed, replaced or changed by another program while it was "
        "open; nothing was written",
        s->path);
}

int store__connect(struct store *s, const struct store_options *o, struct error *e)
{
    int result = store_connect(s, o, e);
    if (!result)
        result = store_configure(s, o, e);
    return result ? result : store_lock(s, o->scratch, e);
}

int store_open(struct store **out, const struct store_options *o, struct error *e)
{
    int result = store_check_path(o, e);
    if (result)
        return result;
    struct store *s = mem_new(struct store);
    s->path = mem_dup(o->path);
    s->read_only = o->read_only;
    s->dirty_limit = o->dirty_rows ? o->dirty_rows : LIMIT_DIRTY_ROWS;
    s->checkpoint_pages = STORE_CHECKPOINT_PAGES;
    s->due_floor = s->due_passed = (struct due_entry){ .at_ms = INT64_MIN };
    s->cache_bytes = o->cache_bytes;
    if ((result = store__connect(s, o, e)) ||
        (result = store__migrate(s, o->create || o->scratch, e)) ||
        (result = store_load_counters(s, e)) || (result = store_load_indexed(s, e)) ||
        (result = store__recover(s, e))) {
        s->failed = true;
        store_leave_log(s);
        store_close(s);
        return result;
    }
    store__remember_file(s, o->scratch);
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->in_turn)
        store_turn_abort(s);
    if (!s->failed && !s->read_only && !store__check_file(s, NULL))
        store_settle(s, 0, NULL);
    store__finalize_all(s);
    for (size_t i = 0; i < STORE_CACHE_SLOTS; i++)
        mem_free(s->cache[i].row);
    store__retired_free(s);
    mem_free(s->retired);
    store__dirty_free(&s->dirty);
    mem_free(s->heap);
    mem_free(s->aside);
    mem_free(s->undo);
    mem_free(s->staged);
    for (size_t i = 0; i < s->indexed_count; i++)
        mem_free(s->indexed[i].name);
    mem_free(s->indexed);
    buf_free(&s->staged_text);
    buf_free(&s->scratch);
    buf_free(&s->payload);
    buf_free(&s->folded);
    buf_free(&s->annotation);
    sqlite3_close_v2(s->db);
    mem_free(s->path);
    mem_free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}

int store_meta_get(struct store *s, const char *key, struct buf *out, struct error *e)
{
    sqlite3_stmt *st = store__statement(s, SQL_META_GET, e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    const void *value = rc == SQLITE_ROW ? sqlite3_column_text(st, 0) : NULL;
    if (value)
        buf_add(out, value, (size_t)sqlite3_column_bytes(st, 0));
    else if (rc == SQLITE_ROW)
        rc = SQLITE_NOMEM; /* a value is never null */
    sqlite3_reset(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store__sql_error(s, rc, e);
}

int store_meta_set(struct store *s, const char *key, const char *text, struct error *e)
{
    int result = s->in_command ? store__savepoint(s, e) : 0;
    sqlite3_stmt *st = result ? NULL : store__statement(s, SQL_META_SET, e);
    if (!st)
        return result ? result : s->unprepared;
    sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
    return store__run(s, st, e);
}

struct index_backfill {
    struct store *store;
    struct error *error;
    int64_t last_id;
};

static int index_backfill_row(void *context, const struct row *r)
{
    struct index_backfill *b = context;
    b->last_id = r->id;
    return r->fields.len ? store__index_fields(b->store, r, b->error) : 0;
}

/* The first declaration indexes what is there; later ones find it known. */
int store_index_field(struct store *s, enum entity entity, const char *field, struct error *e)
{
    for (size_t i = 0; i < s->indexed_count; i++)
        if (s->indexed[i].entity == entity && !strcmp(s->indexed[i].name, field))
            return 0;
    int result = store_turn_begin(s, e);
    if (result)
        return result;
    store_keep_indexed(s, entity, field);
    sqlite3_stmt *st = store__statement(s, SQL_FIELD_DECLARE, e);
    if (!st)
        result = s->unprepared;
    if (!result) {
        sqlite3_bind_int(st, 1, (int)entity);
        sqlite3_bind_text(st, 2, field, -1, SQLITE_STATIC);
        result = store__run(s, st, e);
    }
    struct index_backfill b = { s, e, 0 };
    int64_t before;
    do {
        before = b.last_id;
        struct store_query q = { .entity = entity, .after_id = before, .limit = LIMIT_LIST_ROWS };
        if (!result)
            result = store_list(s, &q, index_backfill_row, &b, e);
    } while (!result && b.last_id != before);
    if (!result)
        return store_turn_commit(s, e);
    mem_free(s->indexed[--s->indexed_count].name);
    store_turn_abort(s);
    return result;
}

static int64_t stats_file_bytes(const char *path, const char *suffix)
{
    struct buf name = BUF_INIT;
    struct stat st;
    buf_printf(&name, "%s%s", path, suffix);
    int64_t bytes = stat(buf_text(&name), &st) ? 0 : (int64_t)st.st_size;
    buf_free(&name);
    return bytes;
}

int store_stats(struct store *s, struct store_stats *out, struct error *e)
{
    (void)e;
    static const int parts[] = { SQLITE_DBSTATUS_CACHE_USED, SQLITE_DBSTATUS_SCHEMA_USED,
                                 SQLITE_DBSTATUS_STMT_USED };
    *out = (struct store_stats){ .file_bytes = stats_file_bytes(s->path, ""),
                                 .wal_bytes = stats_file_bytes(s->path, "-wal"),
                                 .events = s->next_seq - 1,
                                 .dirty_rows = (int64_t)s->dirty.used,
                                 .settled_event = s->settled_seq,
                                 .turns = s->turns,
                                 .commands = s->commands,
                                 .sqlite_version = sqlite3_libversion() };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int now = 0, high = 0;
        sqlite3_db_status(s->db, parts[i], &now, &high, 0);
        out->memory_bytes += now;
        if (parts[i] == SQLITE_DBSTATUS_CACHE_USED)
            out->cache_bytes = now;
    }
    return 0;
}

int store_check(struct store *s, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, "PRAGMA quick_check(1)", e);
    if (!st)
        return s->unprepared;
    int rc = sqlite3_step(st), result = 0;
    if (rc != SQLITE_ROW)
        result = store__sql_error(s, rc, e);
    else if (strcmp((const char *)sqlite3_column_text(st, 0), "ok"))
        result = error_set(e, ERROR_CORRUPT, "%s: %s; restore a backup", s->path,
                           (const char *)sqlite3_column_text(st, 0));
    sqlite3_reset(st);
    return result;
}
