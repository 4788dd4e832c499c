/* `baton serve`: a front process behind a Unix socket, and worker processes that
 * host the organisations of a home (DESIGN 6).
 * Frames: 4 bytes length (big endian, at most LIMIT_FRAME_BYTES), then JSON of host/request.h. */
#ifndef BATON_SERVER_SERVER_H
#define BATON_SERVER_SERVER_H

#include <stdbool.h>

struct buf;
struct error;
struct home;

struct server_options {
    struct home *home;
    int ready_fd;          /* >= 0: a byte is written when it listens */
    const char *program;   /* baton, which knows the command worker; NULL: the one that runs */
    const char *log_level; /* of workers; NULL: what baton.ini says */
};
/* The front. Runs until SIGTERM or SIGINT (graceful: turns are finished, rows settled), reloads on
 * SIGHUP. ERROR_BUSY if a server serves this home already. */
int server_run(const struct server_options *o, struct error *e);

/* A worker: what `baton worker` does, started by the front with these descriptors. */
enum { WORKER_CONTROL_FD = 3, WORKER_DOOR_FD = 4, WORKER_PAGE_FD = 5 };
int worker_run(struct home *h, struct error *e);

/* Appends what this kernel lets a worker give up: "seccomp: on; Landlock: on (ABI 4)". */
void server_confinement(struct buf *out);

#endif
