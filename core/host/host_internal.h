/* What host.c and host_timers.c share. */
#ifndef HOST_HOST_INTERNAL_H
#define HOST_HOST_INTERNAL_H

#include "baton/host/host.h"
#include "host/org_internal.h"

/* An organisation that the host knows. Asleep it is this and its name. */
struct host_entry {
    char *name;
    struct org *org;       /* NULL: asleep */
    char *zone;            /* since it was awake first */
    int64_t offset_ms;     /* of its clock when it was awake last */
    int64_t due_ms;        /* by the system's clock; INT64_MAX: nothing */
    uint64_t used_ms;      /* loop time of its last use */
    uint64_t settle_at_ms; /* after a failure: not before */
    unsigned holds;
    unsigned failures; /* in a row, of waking or ticking */
    bool looked;       /* its due time is known */
    bool asked;        /* somebody wanted it; else it woke for its timers only */
    bool gone;         /* marked by a reload */
    bool barred;       /* host_bar */
    struct host_entry *next_awake, **link;
};

struct host {
    uv_loop_t *loop;
    struct home *home;
    org_notice notice;
    org_poll poll;
    void *poll_context;
    struct script_page *page;
    bool (*is_ours)(void *context, const char *org); /* NULL: all are */
    void *ours_context;
    void *context;
    struct host_entry **entries; /* by name */
    size_t count, room;
    struct host_entry *awake;
    size_t awake_count;
    uv_timer_t due;    /* the earliest due time of all */
    size_t due_from;   /* the entry that is looked at first: those before it had their turn */
    uv_timer_t idle;   /* settling and sleep */
    uv_timer_t watch;  /* looks into those never looked into, one at a time */
    int64_t due_at_ms; /* for which `due` is set */
    unsigned handles;
    void (*closed)(void *context);
    void *closed_context;
};

int host__wake(struct host *h, struct host_entry *entry, struct error *e);
void host__sleep(struct host *h, struct host_entry *entry);
void host__say(struct host *h, const struct host_entry *entry, enum log_level level,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* host_timers.c */
void host__timers_open(struct host *h);
void host__timers_close(struct host *h, uv_close_cb closed);
void host__read_due(struct host *h, struct host_entry *entry); /* of an awake one */
void host__failed(struct host *h, struct host_entry *entry); /* tries again later, and later yet */
void host__schedule(struct host *h);
void host__touch(struct host *h, struct host_entry *entry);
void host__watch(struct host *h);

#endif
