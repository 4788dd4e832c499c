/* The write-ahead log: when it goes into the database, and to which database it
 * belongs.
 *
 * SQLite applies whatever log lies beside a database. A log beside an older (or
 * another) org.db, put there by hand after a crash, would be laid over pages it
 * was not made for. So the database bears a generation, in the upper 24 bits of
 * user_version, which stand in the first sector of the file: the first commit
 * into an empty log counts it up. A log thus holds the generation behind that of
 * the database on which it began, or, once it has been written back, the same;
 * anything else was never together. Checkpoints are ours, not SQLite's, because
 * one must know which commit is the first.
 *
 * The same header tells when somebody else wrote into the file while it was
 * open: we write it at checkpoints only. */
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

enum { LOG_HEADER_BYTES = 100, LOG_VERSION_AT = 60, LOG_SCHEMA_BITS = 8, LOG_PAGE_BYTES = 4096 };
#define LOG_GENERATIONS 0xffffffu

/* user_version as it stands in the database itself, past the log. Read through SQLite's own handle:
 * closing another one would give up its locks. */
static int log_version_below(struct store *s, uint32_t *out, struct error *e)
{
    uint8_t header[LOG_HEADER_BYTES] = { 0 };
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xRead(file, header, LOG_HEADER_BYTES, 0);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) /* short: nothing is in it yet */
        return store__sql_error(s, rc, e);
    const uint8_t *at = header + LOG_VERSION_AT;
    *out = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return 0;
}

int store__log_version(struct store *s, int64_t *schema, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, "PRAGMA user_version", e);
    if (!st)
        return s->unprepared;
    int rc = sqlite3_step(st);
    uint32_t version = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_int(st, 0) : 0;
    sqlite3_reset(st);
    if (rc != SQLITE_ROW)
        return store__sql_error(s, rc, e);
    s->generation = version >> LOG_SCHEMA_BITS;
    *schema = version & ((1u << LOG_SCHEMA_BITS) - 1);
    return 0;
}

int store__log_set_version(struct store *s, struct error *e)
{
    char sql[64];
    if (!s->generation) /* of a new database: so that those of two organisations differ */
        random_bytes(&s->generation, sizeof s->generation);
    uint32_t next = (s->generation + s->log_empty) & LOG_GENERATIONS;
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d",
             (int)(next << LOG_SCHEMA_BITS | (uint32_t)STORE_SCHEMA_VERSION));
    int result = store__exec(s, sql, e);
    if (!result)
        s->generation = next;
    return result;
}

/* ---- opening ---- */

static int log_on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *s = context;
    (void)db;
    (void)name;
    s->log_pages = pages;
    s->log_empty = false;
    return SQLITE_OK;
}

void store__log_watch(struct store *s)
{
    struct buf path = BUF_INIT;
    struct stat st;
    buf_printf(&path, "%s-wal", s->path);
    s->log_empty = stat(buf_text(&path), &st) != 0 || st.st_size == 0;
    buf_free(&path);
    sqlite3_wal_autocheckpoint(s->db, 0);
    sqlite3_wal_hook(s->db, log_on_commit, s);
}

int store__log_check(struct store *s, struct error *e)
{
    uint32_t below = 0;
    int64_t schema;
    int result = log_version_below(s, &below, e);
    if (!result)
        result = store__log_version(s, &schema, e);
    if (result || s->log_empty || !below) /* 0: new, all that it has is in its log */
        return result;
    if (((s->generation - (below >> LOG_SCHEMA_BITS)) & LOG_GENERATIONS) > 1)
        return error_set(e, ERROR_CORRUPT,
                         "%s-wal does not belong to %s: one of them was replaced without the "
                         "other, and nothing was changed; bring both back from one copy, or, to go "
                         "on with what the database alone holds, move the -wal away",
                         s->path, s->path);
    if (!s->read_only)
        store__log_checkpoint(s); /* what a crash left; if that fails, the log goes on as it is */
    return 0;
}

/* ---- checkpoints ---- */

void store__log_checkpoint(struct store *s)
{
    int pages = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    s->log_empty = rc == SQLITE_OK && pages == done;
    store__log_remember(s);
}

void store__log_committed(struct store *s)
{
    if (s->hold == STORE_HELD && s->log_pages >= LIMIT_HELD_LOG_BYTES / LOG_PAGE_BYTES)
        s->hold = STORE_HOLD_LOST;
    if (s->hold == STORE_HELD || s->log_pages < s->checkpoint_pages)
        return;
    s->log_pages = 0; /* where it fails, the next commit tries again */
    store__log_checkpoint(s);
}

/* ---- has somebody else written into the database? ---- */

void store__log_remember(struct store *s)
{
    struct stat st;
    uint32_t below = 0;
    if (s->has_file && stat(s->path, &st) == 0 && !log_version_below(s, &below, NULL)) {
        s->changed = st.st_mtim;
        s->file_bytes = st.st_size;
        s->file_version = below;
    }
}

bool store__log_is_same(struct store *s, const struct stat *st)
{
    uint32_t below = 0;
    if (st->st_size == s->file_bytes && !memcmp(&st->st_mtim, &s->changed, sizeof s->changed))
        return true;
    return st->st_size == s->file_bytes && !log_version_below(s, &below, NULL) &&
           below == s->file_version;
}
