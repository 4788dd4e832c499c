/* Which handlers and effects ran for an event, in which order, how long, and
 * what each wrote.
 *
 * While one runs, every event that it writes carries "trace":{"cause":345,
 * "by":"plugin/init.lua:12"}: the event that the innermost one runs for.
 * When all that ran for an event has run, one event "handlers.ran" about no row
 * follows in the same command: {"cause":345,"handlers":[{"what","plugin",
 * "where","us","wrote":[346,…]}]}. Where nothing ran nothing is written. */
#ifndef BATON_DOMAIN_TRACE_H
#define BATON_DOMAIN_TRACE_H

#include "baton/domain/domain.h"

struct jsonw;

/* Around one handler or effect, by whoever runs it for the domain. The frame lives on the caller's
 * stack; the texts must last until the end. */
enum { TRACE_WROTE = 32 }; /* of what one writes the record names so many; the rest is counted */
struct trace_frame {
    const char *plugin, *what, *where;
    struct trace_frame *up;
    int64_t cause, next_seq;
    uint64_t began_ns;
    int64_t wrote[TRACE_WROTE];
    size_t wrote_count;
};
void domain_trace_begin(struct domain *d, struct trace_frame *f, const char *plugin,
                        const char *what, const char *where);
void domain_trace_end(struct domain *d, struct trace_frame *f);
/* Code of that plugin failed, or is switched off: for whoever must say what was not done. */
void domain_trace_failed(struct domain *d, const char *plugin);

/* Writes one object: {seq, at_ms, kind, actor, about, by, caused_by: {seq, kind, about},
 * handlers: [{what, plugin, where, us, wrote: [{seq, kind, about}]}]}; absent members left out.
 * ERROR_NOT_FOUND: there is no such event. */
int domain_explain_event(struct domain *d, int64_t seq, struct jsonw *w, struct error *e);

#endif
