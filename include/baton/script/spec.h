/* A file of specs in one Lua state: what it declares, and running one of them.
 *
 * The same file is read once in each scratch organisation that one of its groups
 * asks for (its settings, zone, calendar); cases have the same index in each. */
#ifndef BATON_SCRIPT_SPEC_H
#define BATON_SCRIPT_SPEC_H

#include "baton/script/script.h"

struct spec;

struct spec_options {
    const char
        *plugin; /* whose it is: `settings` are its, and its workflow is the default; or NULL */
    const char *chunk; /* name of the file in messages */
    script_output output;
    void *context;
};
/* Runs the file: describe, it, each and before only declare. */
int spec_open(struct spec **out, struct script *s, const struct spec_options *o, const char *source,
              size_t n, struct error *e);
void spec_close(struct spec *s);

struct spec_case {
    const char *name;    /* "tutoring › matches" */
    const char *where;   /* "file:line" of its it */
    const char *at;      /* when it begins, as written; "" if the file does not say */
    const char *plugins; /* others that it needs: "followup, escalation"; "" if none */
    const char *ini;     /* what [org] has besides plugins, and further sections */
    bool pending;        /* it has no function */
};
size_t spec_count(const struct spec *s);
void spec_case_at(const struct spec *s, size_t index, struct spec_case *out);

/* In an open turn, with the clock stopped at its instant. Negative: it failed; `why` says more than
 * *e (several lines). *expectations: how many held. */
int spec_run(struct spec *s, size_t index, struct buf *why, size_t *expectations, struct error *e);

#endif
