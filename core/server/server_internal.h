/* What the files of the server room share. */
#ifndef SERVER_SERVER_INTERNAL_H
#define SERVER_SERVER_INTERNAL_H

#include <jansson.h>
#include <uv.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/host/home.h"
#include "baton/host/host.h"
#include "baton/host/request.h"
#include "baton/server/server.h"

enum {
    SERVER_WRITE_HIGH_BYTES = 1024 * 1024, /* unsent: then we stop working for that connection */
    SERVER_GRACE_MS = 2000                 /* to send what is left, when stopping */
};

struct connection {
    uv_pipe_t pipe;
    struct server *server;
    struct conversation *conversation;
    struct org *held; /* kept awake for its session or script */
    struct buf in;    /* read; what is before in_at was taken */
    size_t in_at;
    struct buf out;  /* frames, not yet given to libuv */
    json_t *request; /* taken out of `in`, not yet started */
    char *barred;    /* an organisation that is kept closed for it; or NULL */
    struct org *org; /* of that request; valid while it is dispatched */
    bool paused;     /* not reading: enough is here */
    bool looked;     /* the frame that waits is no cancel */
    bool closing;    /* as soon as everything is sent */
    struct connection *next, **link;
};

struct server {
    uv_loop_t loop;
    struct home *home;
    struct host *host;
    struct connection *connections;
    size_t count;
    uv_pipe_t listener;
    uv_signal_t signals[3];
    uv_check_t check; /* after each poll: new requests, slices of scripts */
    uv_idle_t spin;   /* active while there is work that no event announces */
    uv_timer_t grace;
    int lock_fd;
    bool stop_wanted; /* by a client: after the round that is under way */
    bool stopping;
};

/* ---- connection.c ---- */
void connection__accept(struct server *s);
void connection__accept_waiting(struct server *s); /* without the loop */
void connection__send(struct connection *c, const char *json, size_t n);
void connection__send_error(struct connection *c, const struct error *error);
void connection__flush(struct connection *c);
void connection__close_when_sent(struct connection *c);
void connection__drop(struct connection *c); /* now */
bool connection__full(const struct connection *c);
/* Takes the next whole frame out of `in` as JSON: 1, 0 none. Bad ones are answered here. */
int connection__next(struct connection *c, json_t **out);
bool connection__has_frame(const struct connection *c);
void connection__resume(struct connection *c);
/* Reads what has come without the loop. Cancels what runs for it if that says so, or nobody is
 * there any more. */
void connection__poll(struct connection *c);
bool connection__wants_stop(const struct connection *c); /* the next frame says so */

/* ---- dispatch.c ---- */
void dispatch__work(struct server *s); /* one round of everything; decides whether to spin */
void dispatch__hold(struct connection *c);
/* While Lua computes or a file is read, and with it nothing else goes on: has somebody cancelled,
 * or gone, or is the server to stop? Sends what is there. */
void dispatch__poll(void *context);

/* ---- server.c ---- */
void server__stop(struct server *s, const char *why); /* never while connections are walked */
void server__spin(struct server *s, bool on);
void server__closed_one(struct server *s);

/* ---- listen.c ---- */
int listen__lock(struct home *h, int *fd, struct error *e);
int listen__socket(struct server *s, uv_connection_cb accepted, struct error *e);

#endif
