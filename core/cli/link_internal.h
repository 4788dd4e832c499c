/* A line to an organisation: one that a running server hosts, or, where no
 * server runs for this home, one hosted in this process. The same requests,
 * the same frames (host/request.h); notices come as {"notice":text} frames at
 * any time. */
#ifndef CLI_LINK_INTERNAL_H
#define CLI_LINK_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct cli;
struct error;
struct home;
struct jsonw;
struct link;
struct org;

typedef void (*link_frame)(void *context, const char *json, size_t n, bool last);

/* `org` NULL: the server itself; then ERROR_NOT_FOUND where none runs. Borrows `home`. */
int link_open(struct link **out, const struct home *home, const char *org, link_frame frame,
              void *context, struct error *e);
void link_close(struct link *l);
bool link_is_remote(const struct link *l);
struct org *link_org(struct link *l); /* NULL if remote */

/* Waits until the request is answered; Ctrl-C cancels it (ERROR_CANCELLED). The answer itself, an
 * error frame too, goes to `frame`: a negative return means that the line broke. */
int link_request(struct link *l, const char *json, size_t n, struct error *e);

/* The same for a loop: start, then step while busy. A remote link has a descriptor: step when it is
 * readable, busy or not (notices). A local one wants to be stepped without waiting. */
int link_start(struct link *l, const char *json, size_t n, struct error *e);
bool link_busy(const struct link *l);
int link_step(struct link *l, struct error *e);
int link_fd(const struct link *l); /* -1: local */
void link_cancel(struct link *l);

/* Local links, when idle: fires what is due, settles a slice. *next_ms: in how many milliseconds to
 * come again. */
int link_idle(struct link *l, int64_t *next_ms, struct error *e);

/* Waits until the server has closed the connection (after "stop"). */
void link_wait_closed(struct link *l);

/* Opens the object of a request: op, org, as. The caller adds members and closes it. */
void link_begin(struct jsonw *w, struct buf *out, const char *op, const char *org, const char *as);

#endif
