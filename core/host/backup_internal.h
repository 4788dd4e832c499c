/* What the files that keep and bring back organisations share. */
#ifndef HOST_BACKUP_INTERNAL_H
#define HOST_BACKUP_INTERNAL_H

#include "baton/base/buf.h"
#include "baton/host/backup.h"

/* Files at both ends of a backup. */
#define BACKUP_FIRST "backup.json"
#define BACKUP_LAST "backup.sha256"
enum { BACKUP_DEPTH = 16, BACKUP_SUMS_BYTES = 64 * 1024 * 1024 };

struct backup__watch { /* whoever wants to see progress, or to stop */
    backup_progress progress;
    void *context;
};
int backup__tell(const struct backup__watch *w, int64_t done, int64_t total, const char *label,
                 struct error *e);
/* Bytes from one descriptor to another, at their places. The file ends early: ERROR_CORRUPT. */
int backup__copy(int from, int to, int64_t n, const struct backup__watch *w, struct error *e);
int backup__write(int fd, const void *data, size_t n, struct error *e);

/* ---- unpack.c ---- */
/* Into the folder, which is made; each file is what backup.sha256 says. The folder's name is not
 * that of the backup's organisation, which goes to report->org. */
int unpack__file(const char *path, const char *dir, const struct backup__watch *w,
                 struct backup_report *report, struct error *e);
/* Opens the database in it and audits the history. */
int unpack__verify(const char *dir, const struct backup__watch *w, struct backup_report *report,
                   struct error *e);

/* ---- folders.c ---- */
int folder__remove(const char *dir, struct error *e); /* with all that is in it; absent: 0 */
/* orgs/.WORD-NAME-PID: no organisation has such a name. The caller frees. */
char *folder__aside(const struct home *h, const char *word, const char *org);
void folder__sweep(const struct home *h); /* removes those of processes that ended early */
/* ERROR_BUSY: a process has it open. A database that can't be opened is nobody's. */
int folder__free(const struct home *h, const char *org, struct error *e);

#endif
