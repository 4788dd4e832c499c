/* What the files of the host room share about conversations: one small file per op. */
#ifndef HOST_REQUEST_INTERNAL_H
#define HOST_REQUEST_INTERNAL_H

#include <jansson.h>
#include <signal.h>

#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/host/request.h"
#include "host/org_internal.h"

/* One kind of request. Of `turn` and `step` at most one is set. Every function may fail: the error
 * is the answer then. */
struct request_op {
    const char *name;
    const char *const *keys; /* members besides op, org and as; ends with NULL */
    bool writes;             /* what became due by it is fired before the answer */
    int (*start)(struct conversation *c, struct error *e); /* reads the request; or NULL */
    int (*turn)(struct conversation *c, struct error *e);  /* a command in a turn */
    int (*step)(struct conversation *c, bool *done, struct error *e); /* a slice */
    /* After turn or steps went well; writes the members of "done". */
    int (*finish)(struct conversation *c, struct jsonw *done, struct error *e);
    void (*end)(struct conversation *c); /* in any case; frees c->state */
};

extern const struct request_op op_graph;
extern const struct request_op op_eval, op_run, op_import, op_export, op_audit, op_status,
    op_complete, op_command, op_report, op_settle, op_reload;

extern const struct request_op op_migrate, op_explain, op_calendar, op_replay;
extern const struct request_op op_person, op_backup, op_plugin;

struct conversation {
    conversation_frame frame;
    void *context;

    struct org *org;
    struct org_watch watch;
    struct session *session; /* of eval, complete, command; NULL: not yet, or lost */
    struct session *script;  /* of run */
    struct org_old *old;     /* the world that the script runs in; NULL: the organisation's */
    struct actor actor;      /* of this request */
    struct actor session_actor;
    char lost[160]; /* why the session was lost; told once */
    bool holds;     /* the store, for a backup: op_backup.c */

    /* the request at work */
    const struct request_op *op; /* NULL: none */
    json_t *request;
    struct arena *arena;
    void *state;
    bool stepping;
    bool incomplete; /* of eval: the last frame says so */
    volatile sig_atomic_t cancelled;
    const char *stopped; /* conversation_stop; or NULL */

    /* conversation_extra.c */
    struct away *away;    /* a scratch copy that requests go to; NULL: none */
    struct away *is_away; /* of an inner conversation: where it is */
    bool leaves;          /* of an inner one: at() was called */
    int64_t watch_seq;    /* events up to here were shown */
    char watch_kind[2 * LIMIT_NAME_BYTES + 2];

    /* output on its way */
    struct buf text; /* of one stream, not yet a frame */
    enum script_stream stream;
    bool hold;       /* nothing goes out before the commit */
    struct buf held; /* frames kept meanwhile; NUL ends each */
};

/* ---- request.c: reading members; errors have "/key" in `where` ---- */
/* Absent: *out stays. */
int request__text(struct conversation *c, const char *key, bool required, const char **out,
                  size_t *n, struct error *e);
int request__path(struct conversation *c, const char *key, bool required, const char **out,
                  struct error *e);
int request__bool(struct conversation *c, const char *key, bool *out, struct error *e);
int request__int(struct conversation *c, const char *key, int64_t *out, struct error *e);
int request__list(struct conversation *c, const char *key, bool paths, const char *const **out,
                  struct error *e); /* absent: an empty list */
int request__object(struct conversation *c, const char *key, const char **out,
                    struct error *e); /* as text */
int request__refuse(struct error *e, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* op and unknown members. */
int request__check(json_t *request, const struct request_op **op, struct error *e);

/* ---- conversation_frame.c: sending ---- */
void conversation__output(void *context, enum script_stream stream, const char *plugin,
                          const char *text, size_t n);
void conversation__flush(struct conversation *c);     /* what was printed becomes frames */
void conversation__release(struct conversation *c);   /* held frames go out */
void conversation__drop_held(struct conversation *c); /* the commit failed: nobody hears of it */
void conversation__progress(struct conversation *c, int64_t done, int64_t total, const char *label);
void conversation__refused(struct conversation *c, int64_t line, const struct error *error);
void conversation__notice(struct conversation *c, const char *text);
void conversation__data(struct conversation *c, const char *text, size_t n);
void conversation__last(struct conversation *c, const char *json, size_t n);
void conversation__answer_error(struct conversation *c, const struct error *error);

/* ---- conversation_extra.c ---- */
/* Fulfils what the statement of the session asked for: at, watch, timing. */
int conversation__wishes(struct conversation *c, uint64_t began_ns, struct error *e);
/* Gone to a scratch copy: the request goes there. False: it is none of its business. */
bool conversation__start_away(struct conversation *c, json_t *request);
void conversation__end_away(struct conversation *c);
void conversation__committed(struct org_watch *w);

/* The world that its script runs in: a reload may have left it behind. */
const struct org_world *conversation__world(const struct conversation *c);
/* The session of the conversation, opened where there is none for this actor. */
int conversation__session(struct conversation *c, struct error *e);

/* ---- op_backup.c ---- */
void conversation__end_hold(struct conversation *c);

/* ---- op_copies.c: the list of copies (domain/copies.h) ---- */
/* In a turn of its own, before the copy is made. */
int copies__note(struct conversation *c, const char *what, const char *where, struct error *e);
/* "copies":[{at_ms,what,where,by}], of those since; people: only such as may hold people. */
int copies__write(struct conversation *c, int64_t since_ms, bool people, struct jsonw *w,
                  struct error *e);

/* ---- op_transfer.c: what import and export share ---- */
struct transfer;
struct transfer_report;
int transfer__read(struct conversation *c, struct transfer *out, const char **path,
                   struct error *e);
void transfer__report(struct jsonw *w, const struct transfer_report *report);

#endif
