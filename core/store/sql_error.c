/* What SQLite reports, said so that whoever runs the machine can mend it: which
 * file, what was tried, and the system's own reason. SQLite says "disk I/O error"
 * for most of it, and "full" only where a write said so; the reason behind is an
 * errno. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

/* After these SQLite may have rolled the transaction back by itself, so the turn is lost. */
static bool sql_error_is_fatal(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        return false;
    default:
        return true;
    }
}

static const char *sql_error_doing(int rc)
{
    switch (rc) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
        return "reading";
    case SQLITE_IOERR_WRITE:
        return "writing";
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
        return "syncing to the disk";
    case SQLITE_IOERR_TRUNCATE:
        return "shortening";
    case SQLITE_IOERR_LOCK:
    case SQLITE_IOERR_RDLOCK:
    case SQLITE_IOERR_UNLOCK:
    case SQLITE_IOERR_CHECKRESERVEDLOCK:
        return "locking";
    case SQLITE_IOERR_DELETE:
    case SQLITE_IOERR_DELETE_NOENT:
        return "removing its log";
    default:
        return "reading or writing";
    }
}

/* The errno behind it. SQLite itself notes it for what fails in the middle of a statement, but not
 * in a commit; its files do in either. */
static int sql_error_reason(struct store *s)
{
    static const int files[] = { SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER };
    int reason = 0;
    for (size_t i = 0; i < 2 && !reason; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(s->db, "main", files[i], &file) == SQLITE_OK && file &&
            file->pMethods)
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason);
    }
    return reason ? reason : sqlite3_system_errno(s->db);
}

static int sql_error_io(struct store *s, int rc, struct error *e)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return error_set(e, ERROR_IO, "%s: out of memory", s->path);
    int reason = sql_error_reason(s);
    if (reason == ENOSPC || reason == EDQUOT)
        return error_set(e, ERROR_IO, "%s: the disk is full: %s failed: %s", s->path,
                         sql_error_doing(rc), strerror(reason));
    return error_set(e, ERROR_IO, "%s: %s failed: %s", s->path, sql_error_doing(rc),
                     reason ? strerror(reason) : sqlite3_errstr(rc));
}

static int sql_error_open(struct store *s, const char *detail, struct error *e)
{
    int reason = sqlite3_system_errno(s->db);
    return error_set(e, ERROR_IO, "%s: can't be opened: %s", s->path,
                     reason ? strerror(reason) : detail);
}

static int sql_error_say(struct store *s, int rc, struct error *e)
{
    const char *detail = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);
    if ((rc & 0xff) == rc && s->db && (sqlite3_extended_errcode(s->db) & 0xff) == rc)
        rc = sqlite3_extended_errcode(s->db); /* as from sqlite3_exec before codes are extended */
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return error_set(e, ERROR_IO, "%s: the disk is full; nothing was written", s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return error_set(e, ERROR_IO, "%s: the file or its folder can't be written (%s)", s->path,
                         detail);
    case SQLITE_CANTOPEN:
        return sql_error_open(s, detail, e);
    case SQLITE_IOERR:
        return sql_error_io(s, rc, e);
    case SQLITE_NOMEM:
        return error_set(e, ERROR_IO, "%s: out of memory", s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(e, ERROR_BUSY, "%s: another process has it open", s->path);
    case SQLITE_ERROR: /* our statements are fixed: what they name is not there */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(e, ERROR_CORRUPT,
                         "%s: damaged, or not a database of baton (%s); restore a backup", s->path,
                         detail);
    case SQLITE_TOOBIG:
        return error_set(e, ERROR_LIMIT, "%s: a value is too large", s->path);
    case SQLITE_CONSTRAINT:
        return error_set(e, ERROR_CONFLICT, "%s: %s", s->path, detail);
    default:
        return error_set(e, ERROR_IO, "%s: %s", s->path, detail);
    }
}

int store__sql_error(struct store *s, int rc, struct error *e)
{
    struct error said;
    int result = sql_error_say(s, rc, &said);
    if (s->in_turn && !s->failed && sql_error_is_fatal(rc)) {
        s->failed = true;
        s->failure = said;
    }
    if (e)
        *e = said;
    return result;
}

int store__failed_error(const struct store *s, struct error *e)
{
    if (s->failure.code == ERROR_NONE)
        return error_set(e, ERROR_IO, "%s: failed earlier and must be opened again", s->path);
    if (e)
        *e = s->failure;
    return -(int)s->failure.code;
}
