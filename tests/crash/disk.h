/* A disk that keeps a diary and fails on demand: a VFS of SQLite in front of the usual one.
 *
 * Everything goes through to real files, syncs aside: those are only written down, so that tests
 * run fast anywhere. From the diary disk_image makes the files that a power cut could have left.
 * One disk for a process; install it before the first store opens. */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void disk_install(void);

/* ---- the diary ---- */

/* Forgets the old one and begins: whatever SQLite does to files in this folder is written down.
 * Files that are there already count as synced. */
void disk_record(const char *dir);
void disk_stop(void);
size_t disk_position(void); /* how many operations it holds */

/* What of the operations that no sync had made safe is on the disk after the cut. */
enum disk_left {
    DISK_NOTHING, /* none */
    DISK_ALL,     /* every one: as if the process alone had died */
    DISK_SOME,    /* any of them, whatever their order was */
    DISK_TORN,    /* any sectors of 512 bytes of any of them */
    DISK_LEFT_END
};
struct disk_replay;
struct disk_replay *disk_replay_new(void);
void disk_replay_free(struct disk_replay *r);
/* Makes `dir` (which exists) hold what a cut just before operation `at` leaves. `at` never goes
 * back. A creation is safe once the new file was synced, a deletion when SQLite asked for it; those
 * that are not happen in their order, up to some point. */
void disk_image(struct disk_replay *r, size_t at, enum disk_left left, uint64_t seed,
                const char *dir);

/* ---- faults ---- */

enum disk_call {
    DISK_READ,
    DISK_WRITE, /* half of it is written */
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_LOCK,
    DISK_OPEN,
    DISK_DELETE,
    DISK_SIZE,
    DISK_CALL_END
};
/* The `at`-th such call from now on (1 is the first) fails with this errno, and so do the `more`
 * behind it. ENOSPC of a write is reported as SQLite's own VFS does. */
void disk_fail(enum disk_call call, int error, size_t at, size_t more);
void disk_heal(void);
size_t disk_calls(enum disk_call call); /* since disk_fail or disk_heal */
bool disk_failed(void);                 /* one did, since disk_fail */

#endif
