/* One server per home, and its socket. */
#ifndef SERVER_LISTEN_INTERNAL_H
#define SERVER_LISTEN_INTERNAL_H

#include <uv.h>

struct error;
struct home;

int listen__lock(struct home *h, int *fd, struct error *e);
int listen__socket(const struct home *h, uv_pipe_t *listener, uv_connection_cb accepted,
                   struct error *e);

#endif
