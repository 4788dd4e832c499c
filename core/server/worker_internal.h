/* What the files of a worker process share. */
#ifndef SERVER_WORKER_INTERNAL_H
#define SERVER_WORKER_INTERNAL_H

#include <jansson.h>
#include <uv.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/host/home.h"
#include "baton/host/host.h"
#include "baton/host/request.h"
#include "baton/server/server.h"
#include "server/wire_internal.h"

/* The end of a line: a client of the front, or the front itself. */
struct connection {
    struct wire wire; /* first: a wire is its connection */
    struct worker *worker;
    struct conversation *conversation;
    struct org *held; /* kept awake for its session or script */
    json_t *request;  /* taken out of the wire, not yet started */
    struct org *org;  /* of that request; valid while it is dispatched */
    char *barred;     /* an organisation that is kept closed for it; or NULL */
    bool looked;      /* the frame that waits is no cancel */
    struct connection *next, **link;
};

struct worker {
    uv_loop_t loop;
    struct home *home;
    struct host *host;
    struct connection *connections;
    struct connection *control; /* the front; NULL: it is gone */
    const char **orgs;          /* that the front gave us, by name */
    size_t org_count;
    json_t *orgs_json;   /* owns them */
    uv_pipe_t door;      /* lines of clients come in here, */
    char door_bytes[64]; /* carried by bytes that say nothing */
    uv_check_t check;    /* after each poll: new requests, slices of scripts */
    uv_idle_t spin;      /* active while there is work that no event announces */
    uv_timer_t grace;
    char *stop_wanted; /* why, by the front: after the round that is under way */
    bool stopping;
};

/* ---- connection.c ---- */
struct connection *connection__new(struct worker *w, int fd); /* NULL: it is no socket */
/* Takes a line that waits at the door. */
void connection__accept(struct worker *w);
void connection__drop(struct connection *c); /* now */
/* Takes the next whole frame as JSON: 1, 0 none. Bad ones are answered here. */
int connection__next(struct connection *c, json_t **out);
/* Reads what has come without the loop. Cancels what runs for it if that says so, or nobody is
 * there any more. */
void connection__poll(struct connection *c);

/* ---- dispatch.c ---- */
void dispatch__work(struct worker *w); /* one round of everything; decides whether to spin */
void dispatch__hold(struct connection *c);
/* While Lua computes or a file is read, and with it nothing else goes on: has somebody cancelled,
 * or gone, or are we to stop? Sends what is there. */
void dispatch__poll(void *context);

/* ---- control.c ---- */
/* A request without an organisation: the front's. Answers it. */
void control__request(struct connection *c, const json_t *request);

/* ---- worker.c ---- */
void worker__stop(struct worker *w, const char *why); /* never while connections are walked */
void worker__spin(struct worker *w, bool on);
void worker__closed_one(struct worker *w);
/* These organisations are ours from now on. */
int worker__take(struct worker *w, const json_t *orgs, struct error *e);

#endif
