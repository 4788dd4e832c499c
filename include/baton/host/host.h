/* Organisations in a libuv loop: opened when asked for, ticked when something
 * is due, settled when idle, put to sleep when nobody asks. */
#ifndef BATON_HOST_HOST_H
#define BATON_HOST_HOST_H

#include <uv.h>

#include "baton/host/org.h"

struct home;
struct host;

int host_open(struct host **out, uv_loop_t *loop, struct home *h, org_notice notice, void *context,
              struct error *e);
/* See org.h; before any organisation is asked for. */
void host_set_poll(struct host *h, org_poll poll, void *context);
/* script/page.h: where organisations that are opened from now on say what they do. */
struct script_page;
void host_set_page(struct host *h, struct script_page *page);
/* Only these organisations of the home are this host's to wake by itself; else all are. From the
 * next host_watch_all or host_reload on. */
void host_set_ours(struct host *h, bool (*is_ours)(void *context, const char *org), void *context);
/* Closes every organisation and handle, then calls closed(context) from the loop. */
void host_close(struct host *h, void (*closed)(void *context), void *context);
/* Borrowed; opens it if asleep. Touching it keeps it awake. host_hold and _release: busy ones. */
int host_org(struct host *h, const char *name, struct org **out, struct error *e);
void host_hold(struct host *h, struct org *o);
void host_release(struct host *h, struct org *o);
/* After a turn: looks at its next due time again. */
void host_changed(struct host *h, struct org *o);
/* Wakes sleeping organisations that have something due: at start it looks into each once and keeps
 * only its next instant (under 1 kB for one asleep). */
int host_watch_all(struct host *h, struct error *e);
/* All awake ones; new and removed ones are seen. */
int host_reload(struct host *h, struct error *e);
/* org_waiting of those awake. */
void host_waiting(struct host *h, void (*each)(void *context, const char *org, const char *text),
                  void *context);
/* Puts it to sleep and keeps it closed, while somebody replaces or removes its folder; sessions and
 * requests in it end. Then it is looked at again, whatever is there: a new one too. */
int host_bar(struct host *h, const char *name, struct error *e);
void host_unbar(struct host *h, const char *name);
struct host_state {
    size_t orgs, awake;
};
void host_state(const struct host *h, struct host_state *out);
struct host_listed {
    const char *name, *zone; /* zone "": not known yet */
    bool awake;
    int64_t next_due_ms; /* in the organisation's time; INT64_MAX: nothing */
    size_t memory_bytes;
};
typedef void (*host_each)(void *context, const struct host_listed *org);
void host_list(const struct host *h, host_each each, void *context);

#endif
