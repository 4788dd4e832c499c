/* Backups of an organisation: one tar file with its folder (settings, plugins,
 * outbox) and its database, each file under NAME/, so that `tar xf FILE -C
 * HOME/orgs` restores it too. First comes backup.json, last backup.sha256 as
 * sha256sum -c reads it.
 *
 * Making one: backup_open → the database is held (store_hold, or op "backup" of a
 * running server) → backup_copy → released → backup_finish → backup_close. Turns
 * go on all the while. It gets its name only when it has been unpacked again and
 * the history in it verified. Whoever makes it needs to read the folder of the
 * organisation, and nothing of its database but the file. Symbolic links are left
 * out and named: what they lead to may be another organisation's. */
#ifndef BATON_HOST_BACKUP_H
#define BATON_HOST_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct home;
struct backup;

struct backup_report {
    char org[72]; /* whose it is */
    int64_t bytes, files, events, rows, erased;
    char head[72];      /* hash of its last event, in hex */
    char left_out[400]; /* symbolic links, which no backup holds: "plugins/own/x, …" */
};
/* Non-zero stops: ERROR_CANCELLED. */
typedef int (*backup_progress)(void *context, int64_t done, int64_t total, const char *label);

/* ERROR_CONFLICT: there is such a file and `force` is not given; ERROR_INVALID: it would lie inside
 * the organisation. What is written goes to PATH.part until it is whole. */
int backup_open(struct backup **out, const struct home *h, const char *org, const char *path,
                bool force, struct error *e);
void backup_set_progress(struct backup *b, backup_progress progress, void *context);
int backup_copy(struct backup *b, int64_t database_bytes, struct error *e); /* while it is held */
int backup_finish(struct backup *b, struct backup_report *out, struct error *e);
void backup_close(struct backup *b); /* what is not finished is removed */

/* Makes an organisation of a backup, under its name or `org`: unpacked aside, verified, put in its
 * place in one step. ERROR_CONFLICT: there is one, and `replace` is not given; ERROR_BUSY: it is
 * open. ERROR_CORRUPT: the backup is damaged. What was replaced is kept as orgs/NAME.replaced
 * (-2, -3, …): *kept is its name, NULL without; mem_free. erased: "P-3, P-7" of people erased since
 * the backup was made, who are back; mem_free; or NULL. */
struct restore {
    const char *path, *org; /* org NULL: the name in the backup */
    bool replace;
    backup_progress progress;
    void *context;
};
int backup_restore(const struct home *h, const struct restore *r, struct backup_report *out,
                   char **kept, char **erased, struct error *e);
/* The name in a backup. */
int backup_name(const char *path, char *out, size_t size, struct error *e);

/* Folders that restores kept of it, a line each. */
struct buf;
void home_replaced(const struct home *h, const char *org, struct buf *out);
/* The organisation is gone in one step, its folder then removed, and those that restores kept of
 * it. ERROR_BUSY: it is open. */
int home_erase_org(const struct home *h, const char *org, struct error *e);

#endif
