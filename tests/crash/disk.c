/* The VFS: each call is counted, may be made to fail, goes through to the real one, and is written
 * into the diary where its file is a recorded one. Files on disk are inodes here: a file that is
 * removed and made again under the same name is another one. */
#include "disk_internal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/memory.h"

struct disk_file {
    sqlite3_file base;
    long inode;           /* -1: not recorded */
    int error;            /* errno of the last call that was made to fail */
    sqlite3_file *behind; /* the real one, in the same allocation */
};

static struct {
    sqlite3_vfs vfs, *behind;
    bool recording;
    char dir[256];
    struct diary diary;
    size_t calls[DISK_CALL_END];
    enum disk_call fail_call;
    int fail_error, last_error;
    size_t fail_at, fail_more;
    bool armed, failed;
} disk;

struct diary *disk__diary(void)
{
    return &disk.diary;
}

/* ---- faults ---- */

/* `f`: the file, NULL where there is none yet. */
static bool disk_fails(enum disk_call call, struct disk_file *f)
{
    size_t n = ++disk.calls[call];
    if (!disk.armed || call != disk.fail_call || n < disk.fail_at ||
        n - disk.fail_at > disk.fail_more)
        return false;
    disk.failed = true;
    disk.last_error = disk.fail_error;
    if (f)
        f->error = disk.fail_error;
    return true;
}

void disk_fail(enum disk_call call, int error, size_t at, size_t more)
{
    disk_heal();
    disk.armed = true;
    disk.fail_call = call;
    disk.fail_error = error;
    disk.fail_at = at;
    disk.fail_more = more;
}

void disk_heal(void)
{
    disk.armed = disk.failed = false;
    disk.last_error = 0;
    memset(disk.calls, 0, sizeof disk.calls);
}

size_t disk_calls(enum disk_call call)
{
    return disk.calls[call];
}

bool disk_failed(void)
{
    return disk.failed;
}

/* ---- the diary ---- */

static void diary_free(struct diary *d)
{
    for (size_t i = 0; i < d->count; i++)
        mem_free(d->ops[i].data);
    mem_free(d->ops);
    for (size_t i = 0; i < d->inode_count; i++)
        mem_free(d->names[i]);
    mem_free(d->names);
    mem_free(d->current);
    *d = (struct diary){ 0 };
}

static void diary_note(enum op_kind kind, long inode, int64_t offset, const void *data, size_t len)
{
    struct diary *d = &disk.diary;
    if (!disk.recording || inode < 0)
        return;
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 1024;
        d->ops = mem_resize(d->ops, d->room * sizeof *d->ops);
    }
    struct op *op = &d->ops[d->count++];
    *op = (struct op){ .kind = kind, .inode = (size_t)inode, .offset = offset, .len = len };
    if (data) {
        op->data = mem_alloc(len);
        memcpy(op->data, data, len);
    }
}

/* The recorded part of a path; NULL: not below the folder. */
static const char *diary_name(const char *path)
{
    size_t n = strlen(disk.dir);
    bool below = disk.recording && path && !strncmp(path, disk.dir, n) && path[n] == '/';
    return below && !strchr(path + n + 1, '/') ? path + n + 1 : NULL;
}

static long diary_inode(const char *name)
{
    struct diary *d = &disk.diary;
    for (size_t i = d->inode_count; name && i-- > 0;)
        if (d->current[i] && !strcmp(d->names[i], name))
            return (long)i;
    return -1;
}

static long diary_add(const char *name)
{
    struct diary *d = &disk.diary;
    d->names = mem_resize(d->names, (d->inode_count + 1) * sizeof *d->names);
    d->current = mem_resize(d->current, (d->inode_count + 1) * sizeof *d->current);
    d->names[d->inode_count] = mem_dup(name);
    d->current[d->inode_count] = true;
    return (long)d->inode_count++;
}

void disk_record(const char *dir)
{
    static const char *const names[] = { "org.db", "org.db-wal", "org.db-journal" };
    diary_free(&disk.diary);
    snprintf(disk.dir, sizeof disk.dir, "%s", dir);
    disk.recording = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf text = BUF_INIT;
        char path[320];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (buf_read_file(&text, path, SIZE_MAX / 2, NULL) == 0) {
            long inode = diary_add(names[i]);
            diary_note(OP_CREATE, inode, 0, NULL, 0);
            diary_note(OP_WRITE, inode, 0, text.data, text.len);
            diary_note(OP_SYNC, inode, 0, NULL, 0);
        }
        buf_free(&text);
    }
}

void disk_stop(void)
{
    disk.recording = false;
}

size_t disk_position(void)
{
    return disk.diary.count;
}

/* Stands before libc's, for what the host writes by itself: nobody pulls the plug on this machine,
 * and syncing for real is what would make these tests slow. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* ---- files ---- */

static struct disk_file *file_of(sqlite3_file *f)
{
    return (struct disk_file *)(void *)f;
}

static sqlite3_file *behind(sqlite3_file *f)
{
    return file_of(f)->behind;
}

static int file_close(sqlite3_file *f)
{
    return behind(f)->pMethods->xClose(behind(f));
}

static int file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    if (disk_fails(DISK_READ, file_of(f)))
        return SQLITE_IOERR_READ;
    return behind(f)->pMethods->xRead(behind(f), out, n, at);
}

static int file_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    bool fails = disk_fails(DISK_WRITE, file_of(f));
    int rc = SQLITE_OK, part = fails ? n / 2 : n;
    if (part) {
        diary_note(OP_WRITE, file_of(f)->inode, at, data, (size_t)part);
        rc = behind(f)->pMethods->xWrite(behind(f), data, part, at);
    }
    if (fails)
        rc = disk.fail_error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return rc;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (disk_fails(DISK_TRUNCATE, file_of(f)))
        return SQLITE_IOERR_TRUNCATE;
    diary_note(OP_TRUNCATE, file_of(f)->inode, size, NULL, 0);
    return behind(f)->pMethods->xTruncate(behind(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    if (disk_fails(DISK_SYNC, file_of(f)))
        return SQLITE_IOERR_FSYNC;
    diary_note(OP_SYNC, file_of(f)->inode, 0, NULL, 0);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
    if (disk_fails(DISK_SIZE, file_of(f)))
        return SQLITE_IOERR_FSTAT;
    return behind(f)->pMethods->xFileSize(behind(f), out);
}

static int file_lock(sqlite3_file *f, int level)
{
    if (disk_fails(DISK_LOCK, file_of(f)))
        return SQLITE_IOERR_LOCK;
    return behind(f)->pMethods->xLock(behind(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return behind(f)->pMethods->xUnlock(behind(f), level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    return behind(f)->pMethods->xCheckReservedLock(behind(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    if (op == SQLITE_FCNTL_LAST_ERRNO && file_of(f)->error) {
        *(int *)arg = file_of(f)->error;
        return SQLITE_OK;
    }
    return behind(f)->pMethods->xFileControl(behind(f), op, arg);
}

static int file_sector(sqlite3_file *f)
{
    return behind(f)->pMethods->xSectorSize(behind(f));
}

static int file_traits(sqlite3_file *f)
{
    return behind(f)->pMethods->xDeviceCharacteristics(behind(f));
}

/* Version 1: no shared memory, so a store that asked for any would not work here. */
static const sqlite3_io_methods file_methods = { .iVersion = 1,
                                                 .xClose = file_close,
                                                 .xRead = file_read,
                                                 .xWrite = file_write,
                                                 .xTruncate = file_truncate,
                                                 .xSync = file_sync,
                                                 .xFileSize = file_size,
                                                 .xLock = file_lock,
                                                 .xUnlock = file_unlock,
                                                 .xCheckReservedLock = file_reserved,
                                                 .xFileControl = file_control,
                                                 .xSectorSize = file_sector,
                                                 .xDeviceCharacteristics = file_traits };

/* ---- the VFS ---- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *given)
{
    (void)vfs;
    struct disk_file *f = file_of(out);
    struct stat st;
    *f = (struct disk_file){ .behind = (sqlite3_file *)(void *)(f + 1), .inode = -1 };
    if (disk_fails(DISK_OPEN, NULL))
        return SQLITE_CANTOPEN;
    bool is_new = path && stat(path, &st) != 0;
    int rc = disk.behind->xOpen(disk.behind, path, f->behind, flags, given);
    if (rc != SQLITE_OK)
        return rc;
    f->base.pMethods = &file_methods;
    const char *name = diary_name(path);
    if (name && is_new) {
        f->inode = diary_add(name);
        diary_note(OP_CREATE, f->inode, 0, NULL, 0);
    } else {
        f->inode = diary_inode(name);
    }
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    if (disk_fails(DISK_DELETE, NULL))
        return SQLITE_IOERR_DELETE;
    int rc = disk.behind->xDelete(disk.behind, path, 0);
    long inode = diary_inode(diary_name(path));
    if (rc == SQLITE_OK && inode >= 0) {
        disk.diary.current[inode] = false;
        diary_note(sync ? OP_DELETE_SYNC : OP_DELETE, inode, 0, NULL, 0);
    }
    return rc;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *text)
{
    (void)vfs;
    return disk.last_error ? disk.last_error : disk.behind->xGetLastError(disk.behind, n, text);
}

void disk_install(void)
{
    if (disk.behind)
        return;
    disk.behind = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.behind;
    disk.vfs.zName = "disk";
    disk.vfs.pNext = NULL;
    disk.vfs.szOsFile = (int)sizeof(struct disk_file) + disk.behind->szOsFile;
    disk.vfs.xOpen = vfs_open;
    disk.vfs.xDelete = vfs_delete;
    disk.vfs.xGetLastError = vfs_last_error;
    sqlite3_vfs_register(&disk.vfs, 1);
}
