/* Holding the file still while it is copied, and writing it anew.
 *
 * In WAL mode the database file is written by checkpoints alone. So a hold writes
 * the log back whole and empties it, and lets nothing write it back until it is
 * released: meanwhile a plain copy of the file is the database as of the hold.
 * This takes no second connection (DESIGN 1) and costs turns nothing; log.c, which
 * begins checkpoints, asks whether there is a hold. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_internal.h"

static int64_t hold_size(const char *path, const char *suffix)
{
    struct buf name = BUF_INIT;
    struct stat st;
    buf_printf(&name, "%s%s", path, suffix);
    int64_t bytes = stat(buf_text(&name), &st) ? 0 : (int64_t)st.st_size;
    buf_free(&name);
    return bytes;
}

int store_hold(struct store *s, int64_t *file_bytes, struct error *e)
{
    assert(!s->in_turn);
    if (s->failed || !s->has_file)
        return error_set(e, ERROR_IO, "%s: there is no file that could be copied", s->path);
    if (s->hold == STORE_HELD)
        return error_set(e, ERROR_BUSY, "%s: it is being copied already", s->path);
    int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        return store__sql_error(s, rc, e);
    s->hold = STORE_HELD;
    s->log_empty = true;
    s->log_pages = 0;
    store__log_remember(s);
    *file_bytes = hold_size(s->path, "");
    return 0;
}

bool store_held(const struct store *s)
{
    return s->hold == STORE_HELD;
}

void store_release(struct store *s)
{
    s->hold = STORE_FREE;
}

/* ---- written anew ---- */

static int compact_error(const char *path, struct error *e)
{
    return error_set(e, ERROR_IO, "%s: can't be written anew: %s", path, strerror(errno));
}

/* VACUUM INTO copies what lives; the search index first drops the words of rows that changed. */
static int compact_write(struct store *s, const char *path, struct error *e)
{
    int result = store__exec(s, "INSERT INTO search (search) VALUES ('optimize')", e);
    sqlite3_stmt *st = result ? NULL : store__statement_for(s, "VACUUM INTO ?", e);
    if (!st)
        return result ? result : -(int)ERROR_IO;
    sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    mode_t mask = umask(077);
    result = store__run(s, st, e);
    umask(mask);
    sqlite3_clear_bindings(st);
    int fd = result ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!result && (fd < 0 || fsync(fd)))
        result = compact_error(path, e);
    if (fd >= 0)
        close(fd);
    return result;
}

static int compact_sync_folder(const char *path, struct error *e)
{
    char *dir = mem_dup(path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 || fsync(fd) ? compact_error(path, e) : 0;
    if (fd >= 0)
        close(fd);
    mem_free(dir);
    return result;
}

/* Closing writes the log back and removes it: one that is left would belong to the old file. */
static int compact_swap(struct store *s, const char *path, struct error *e)
{
    store__finalize_all(s);
    memset(s->statements, 0, sizeof s->statements);
    memset(s->gets, 0, sizeof s->gets);
    memset(s->inserts, 0, sizeof s->inserts);
    s->cached_count = s->update_count = 0;
    int rc = sqlite3_close(s->db);
    s->db = NULL;
    if (rc != SQLITE_OK || hold_size(s->path, "-wal") > 0)
        return error_set(e, ERROR_IO, "%s: its log could not be written back", s->path);
    if (rename(path, s->path))
        return compact_error(s->path, e);
    return compact_sync_folder(s->path, e);
}

/* With what SQLite leaves beside a file that it could not end. */
static void compact_drop(const char *path)
{
    struct buf journal = BUF_INIT;
    buf_printf(&journal, "%s-journal", path);
    unlink(journal.data);
    unlink(path);
    buf_free(&journal);
}

int store_compact(struct store *s, struct error *e)
{
    assert(!s->in_turn);
    if (s->hold == STORE_HELD)
        return error_set(e, ERROR_BUSY, "%s: it is being copied; try again when that is done",
                         s->path);
    int result = store_settle(s, 0, e);
    if (!result)
        result = store__check_file(s, e);
    if (result || !s->has_file) /* a scratch database goes with its store */
        return result;
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s.compact", s->path);
    compact_drop(path.data); /* of a process that ended early */
    result = compact_write(s, path.data, e);
    if (!result) {
        const struct store_options o = { .path = s->path, .cache_bytes = s->cache_bytes };
        result = compact_swap(s, path.data, e);
        store__turn_forget_cache(s);
        int opened = store__connect(s, &o, result ? NULL : e);
        s->failed = s->failed || opened;
        store__remember_file(s, false);
        result = result ? result : opened;
    }
    compact_drop(path.data);
    buf_free(&path);
    return result;
}
