/* `baton serve`: every organisation of a home on one loop, behind a Unix socket.
 * Frames: 4 bytes length (big endian, at most LIMIT_FRAME_BYTES), then JSON of host/request.h. */
#ifndef BATON_SERVER_SERVER_H
#define BATON_SERVER_SERVER_H

#include <stdbool.h>

struct error;
struct home;

/* Runs until SIGTERM or SIGINT (graceful: finishes turns, settles, closes), reloads on SIGHUP.
 * ERROR_BUSY if a server serves this home already. `ready_fd` >= 0: a byte is written when it
 * listens. */
int server_run(struct home *h, int ready_fd, struct error *e);

#endif
