/* The other end of the control socket, without a loop: blocking, for the command line. */
#ifndef BATON_SERVER_CLIENT_H
#define BATON_SERVER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client;
struct error;

/* ERROR_NOT_FOUND where no server listens (a stale socket file counts as none). */
int client_open(struct client **out, const char *socket_path, struct error *e);
void client_close(struct client *c);
int client_fd(const struct client *c);
int client_send(struct client *c, const char *json, size_t n, struct error *e);
/* Next frame, waits; the text is valid until the next call. 1: a frame, 0: the server closed. */
int client_receive(struct client *c, const char **json, size_t *n, struct error *e);
/* Reads what is there without waiting: 1 a frame, 0 none yet. ERROR_IO: closed. */
int client_poll(struct client *c, const char **json, size_t *n, struct error *e);

#endif
