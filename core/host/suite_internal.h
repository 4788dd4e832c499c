/* What suite.c and suite_coverage.c share. */
#ifndef HOST_SUITE_INTERNAL_H
#define HOST_SUITE_INTERNAL_H

#include "baton/host/suite.h"
#include "host/org_internal.h"

struct graph;

/* ---- suite_coverage.c ---- */
struct coverage_place { /* a stage, or a transition from some stages */
    char *name, *from;  /* from NULL: a stage */
    bool seen;
};
struct coverage_workflow {
    char *name;
    struct coverage_place *places;
    size_t count;
    struct buf never_entered, never_taken;
};
struct coverage {
    struct coverage_workflow *workflows;
    size_t count;
};
/* Notes the stages and transitions of the plugin's workflows, those of each organisation. */
void coverage__add(struct coverage *c, struct org *o, const char *plugin);
/* Notes what the events after `seq` of the open turn went through. */
void coverage__see(struct coverage *c, struct org *o, int64_t seq);
void coverage__free(struct coverage *c);
void coverage__report(struct coverage_workflow *w, struct suite_coverage *out);

#endif
