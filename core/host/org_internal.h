/* What the files of the host room share about a living organisation. */
#ifndef HOST_ORG_INTERNAL_H
#define HOST_ORG_INTERNAL_H

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/host/org.h"
#include "host/home_internal.h"

/* Everything that a reload makes anew. */
struct org_world {
    struct org_config config;
    struct domain *domain; /* NULL with script: unloaded */
    struct script *script;
    int64_t saved_at_ns; /* when the newest of its plugins' files changed, as they were loaded */
};

/* A world that a reload has replaced, while scripts that began in it go on. */
struct org_old {
    struct org_world world;
    unsigned users;
    struct org_old *next;
};

/* Why sessions are gone. */
enum org_detach {
    ORG_RELOADED, /* scripts may go on, in the newest of org->old */
    ORG_LOST,     /* the database failed: nothing can go on */
    ORG_CLOSED
};

/* Who wants to hear that sessions are gone: conversations. */
struct org_watch {
    void (*detached)(struct org_watch *w, const char *why, enum org_detach how);
    void (*committed)(struct org_watch *w); /* after a turn; NULL: not interested */
    struct org_watch *next, **link;         /* link NULL: not in a list */
};

struct org {
    const struct home *home;
    char *name, *dir;
    struct store *store; /* NULL: broken, see org__alive */
    struct org_world world;
    struct org_old *old; /* newest first */
    struct clock clock;
    int64_t seen_ms; /* its latest time that we know of: of the last event, of the last tick */
    org_notice notice;
    void *context;
    org_poll poll;
    void *poll_context;
    struct script_page *page; /* script/page.h; or NULL */
    struct org_watch *watches;
    struct arena *names; /* of actors; see org_actor */
    char **interned;
    size_t interned_count;
    bool ticking;       /* what is said waits in notices for the commit of the turn that is open */
    struct buf notices; /* a level ('0' is LOG_ERROR) and a text each; NUL ends it */
    struct org_voice *voices; /* one for each plugin that has said something: org_output.c */
    size_t voice_count;
    bool scratch;           /* no files: see scratch.h */
    char **plugin_dirs;     /* of a scratch one; ends with NULL */
    bool calendar_followed; /* org_calendar.c: its deadlines go by the calendar that is loaded */
    bool reloading;         /* plugins are loaded for org_reload */
    unsigned inside;        /* depth of calls into a session: the state can't be thrown away */
    bool reopen_wanted;
};

/* org_open, with a page to write on. */
int org__open(struct org **out, const struct home *h, const char *name, struct script_page *page,
              org_notice notice, void *context, struct error *e);

void org__say(struct org *o, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 0 if it is open; else tries to open it again. First thing of every verb that needs the store. */
int org__alive(struct org *o, struct error *e);
/* Says so where the clock was set back. What was written keeps its time: the order of history is
 * that of its numbers. */
void org__check_clock(struct org *o);
/* The commit failed or the store did: throw the state away and open again, at once or, inside a
 * session, when it is left. */
void org__recover(struct org *o);
void org__poll(struct org *o); /* has whoever asked had enough? (org_set_poll) */
void org__enter(struct org *o);
void org__leave(struct org *o);
/* Sessions are about to end: tells every watch. */
void org__detach_all(struct org *o, const char *why, enum org_detach how);
/* A script that went on in it is over. NULL: nothing. */
void org__leave_old(struct org *o, struct org_old *old);
void org__watch(struct org *o, struct org_watch *w);
void org__unwatch(struct org_watch *w);
void org__committed(struct org *o); /* tells them that there are new events */

/* tick_inside.c: the same as org_move_clock, inside the turn that is open: nothing is committed,
 * and messages count as sent without going anywhere. The clock stops there. */
int org__move_inside(struct org *o, int64_t to_ms, struct error *e);

/* org_versions.c: keeps the versions of workflows that are loaded; tells which differ from those
 * that referrals run. Outside any turn. */
void versions__keep(struct org *o);
void versions__report(struct org *o, const struct org_world *w);
/* saved.c */
int64_t saved__at_ns(const struct script *s);
bool org__saved_since(const struct org *o); /* have files of its plugins changed since? */

/* org_output.c: what plugins print and log, as script_output with the organisation as context. */
void output__plugin(void *context, enum script_stream stream, const char *plugin, const char *text,
                    size_t n);
/* How many lines were left out, once the window is over; behind each turn. */
void output__tell(struct org *o, bool closing);
void output__close(struct org *o);

/* org_breaker.c: writes what happened to plugins, between commands. In the open turn, or (alone) as
 * a turn of its own. Negative: the turn is lost. */
int breaker__write(struct org *o, struct error *e);
void breaker__write_alone(struct org *o);

/* org_calendar.c: at opening, keeps the calendar of an organisation that has none kept yet. */
void calendar__begin(struct org *o);
/* Moves deadlines that were computed by another calendar than the loaded one, and
 * says how many. Before anything fires; outside any turn. */
void calendar__follow(struct org *o);
/* The calendar by which they were computed; *out NULL: it is not known yet. The caller frees it. */
int calendar__applied(struct org *o, struct calendar **out, struct error *e);

/* org_world.c */
/* Fills domain and script of a world that has its config. */
int world__load(struct org_world *w, struct org *o, struct error *e);
void world__unload(struct org_world *w); /* keeps the config */
void world__close(struct org_world *w);
/* Tells what did not load, and settings of workflows that nobody declared. */
void world__report(struct org *o, const struct org_world *w);
/* A plugin that is loaded in `old`, or that `old` lacks, and that `new` could not load. */
int world__check_plugins(const struct org_world *old, const struct org_world *new, struct error *e);

/* tick.c: one turn of what is due, and a batch of the outbox. *more: something is due still. */
int org__tick_some(struct org *o, bool *more, struct error *e);

/* outbox_file.c: at most a batch; *tried is how many. */
int outbox__deliver(struct org *o, size_t *tried, struct error *e);

#define ORG_CLOCK_KEY "clock_offset_ms"
int64_t org__offset(const struct org *o); /* of its clock, against the system's */

#endif
