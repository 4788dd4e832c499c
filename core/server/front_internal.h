/* What the files of the front process share. */
#ifndef SERVER_FRONT_INTERNAL_H
#define SERVER_FRONT_INTERNAL_H

#include <jansson.h>
#include <uv.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/host/home.h"
#include "baton/script/page.h"
#include "baton/server/server.h"
#include "server/wire_internal.h"

struct jsonw;

/* The front's end of a line to a worker, on behalf of one client. */
struct line {
    struct wire wire; /* first: a wire is its line */
    struct ward *ward;
    bool bereft; /* the worker is dead: nothing comes after the end of the wire */
};

/* A client of the control socket. */
struct caller {
    struct wire wire; /* first: a wire is its caller */
    struct front *front;
    struct line *line;              /* to the worker that it asked last; or NULL */
    struct gather *gather;          /* what all workers are asked for it; or NULL */
    bool waiting;                   /* a request is at its worker, and not yet answered */
    bool looked;                    /* the frame that waits is no cancel */
    bool stays;                     /* it asked for the stop: it hears the end */
    uint64_t spare_until_ms;        /* it is beyond LIMIT_CONNECTIONS; or 0 */
    char org[LIMIT_NAME_BYTES + 1]; /* of its last request */
    struct caller *next, **link;
};

/* One life of a worker process: freed when its handles are closed. */
struct life {
    uv_process_t process;
    struct wire control;
    struct ward *ward;
    const struct script_page *page;
    int door; /* a socket: a line goes in as a descriptor */
    unsigned handles;
    uint64_t killed_ms;    /* after so long in a call; 0: not by us */
    uint64_t call_ns;      /* when the call that was seen last began */
    uint64_t starved_ns;   /* life__starved_ns when it was first seen */
    struct gather **asked; /* what the next answers are for, in order; NULL: nobody waits */
    size_t asked_count, asked_room;
};

/* A worker process and its successors, with the organisations that are theirs. */
struct ward {
    struct front *front;
    struct life *life;     /* NULL: it is dead */
    uv_timer_t rest;       /* until it is started again */
    unsigned orgs, deaths; /* deaths in a row, without LIMIT_RESTART_CALM_MS between */
    unsigned restarts;
    bool stopped;        /* it ended as it was told to */
    uint64_t started_ms; /* of the loop */
    int64_t since_ms;    /* of the clock */
    uint64_t rests_until_ms;
    char last_words[320];      /* how it ended last: "while plugin x was at work (…)" */
    struct script_work blamed; /* to be told to the next; began_ns 0: nobody */
};

struct place { /* an organisation and the ward that hosts it */
    char *org;
    struct ward *ward;
};

struct front {
    uv_loop_t loop;
    const struct server_options *options;
    struct home *home;
    uv_pipe_t listener;
    uv_signal_t signals[3];
    uv_check_t check; /* after each poll: a round over the callers */
    uv_timer_t look;  /* at the pages of the workers */
    uv_timer_t grace; /* when stopping */
    struct caller *callers;
    size_t caller_count;
    struct ward *wards[LIMIT_WORKERS];
    size_t ward_count, ward_limit;
    struct place *places; /* by name */
    size_t place_count, place_room;
    struct gather *gathers;
    int lock_fd;
    bool stop_wanted; /* by a client: after the round that is under way */
    bool stopping;
};

/* ---- front.c ---- */
void front__stop(struct front *f, const char *why);
void front__ended_one(struct front *f); /* a caller or a worker is gone: was it the last? */

/* ---- caller.c ---- */
void caller__accept(struct front *f);
void caller__work(struct caller *c); /* moves what can be moved */
void caller__bereave(struct caller *c, const struct ward *w);
void caller__drop(struct caller *c);
void caller__answer(struct caller *c, const char *json, size_t n);

/* ---- places.c ---- */
int places__scan(struct front *f, struct error *e); /* new organisations, those that are gone */
int places__find(struct front *f, const char *org, struct ward **out, struct error *e);
void places__write(const struct front *f, const struct ward *w, struct jsonw *names);
void places__free(struct front *f);

/* ---- life.c ---- */
int life__begin(struct life **out, struct ward *w); /* 0, or what libuv or the system says */
int life__connect(struct life *l, struct caller *c, struct error *e);
void life__end(struct life *l); /* of a process that is dead */
/* For how long it could have run and had no processor, so far; 0 where the system does not tell. */
uint64_t life__starved_ns(const struct life *l);

/* ---- ward.c ---- */
struct ward *ward__new(struct front *f); /* and starts it */
/* A line to it for the caller; ERROR_BUSY while it rests. */
int ward__connect(struct ward *w, struct caller *c, const char *org, struct error *e);
void ward__ask(struct ward *w, const char *json, size_t n, struct gather *g);
void ward__give(struct ward *w); /* the names of its organisations */
bool ward__look(struct ward *w); /* kills it if need be; true: a call is under way */
void ward__work(struct ward *w); /* takes what it answered */
void ward__write(const struct ward *w, struct jsonw *out, bool answered); /* for status */
void ward__stop(struct ward *w, const char *why); /* or keeps it from being started again */
void ward__kill(struct ward *w);
void ward__ended(struct life *l, int64_t status, int number); /* with an exit code, or a signal */

/* ---- gather.c ---- */
/* Asks every worker; the answers of all become one for the caller (NULL: for the log). */
void gather__status(struct caller *c);
void gather__reload(struct front *f, struct caller *c);
void gather__part(struct gather *g, const struct ward *w, const char *json,
                  size_t n);        /* NULL: none comes */
void gather__late(struct front *f); /* those that took too long are answered with what there is */
void gather__forget(struct gather *g); /* the caller is gone */

#endif
