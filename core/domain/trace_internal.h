/* Inside the domain room: which event is at hand, for the trace. */
#ifndef DOMAIN_TRACE_INTERNAL_H
#define DOMAIN_TRACE_INTERNAL_H

#include "baton/domain/trace.h"
#include "domain/domain_internal.h"

/* The event that a verb has written last, and where the list of what ran for it begins. */
struct trace_event {
    int64_t seq;
    size_t ran_at;
};

struct trace {
    struct trace_frame *top;
    struct trace_event at[LIMIT_EFFECT_DEPTH + 1]; /* by depth of handlers */
    struct buf ran;  /* entries of all events at hand, those of the innermost last */
    struct buf note; /* what the store adds to every event now */
    char failed[LIMIT_NAME_BYTES + 1]; /* plugin whose code failed last; "": none since the mark */
};

/* The state of it before something that may be undone. */
struct trace_point {
    struct trace_event at;
    size_t ran, wrote_count;
    int64_t next_seq;
};

struct trace *trace__new(void);
void trace__free(struct trace *t);
/* A verb begins that no handler called: nothing is at hand. */
void trace__reset(struct domain *d);
/* An event was written: what runs from here on at this depth runs for it. */
void trace__wrote(struct domain *d);
/* The event at hand at this depth, to be put back by a verb that another one calls. */
struct trace_event trace__save(const struct domain *d);
void trace__restore(struct domain *d, struct trace_event saved);
/* All that was to run for the event at hand has run: "handlers.ran", if anything did. */
int trace__flush(struct domain *d, struct error *e);

void trace__mark(struct domain *d, struct trace_point *p);
void trace__rewind(struct domain *d, const struct trace_point *p); /* the writes are undone */
void trace__failed(const struct domain *d, char out[LIMIT_NAME_BYTES + 1]);

#endif
