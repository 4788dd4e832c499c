/* May it go, and each reason why not. */
#ifndef BATON_DOMAIN_EXPLAIN_H
#define BATON_DOMAIN_EXPLAIN_H

#include "baton/domain/advance.h"

struct buf;
struct jsonw;

/* Asks every question of domain_advance, also behind one that fails, and writes nothing (guards run
 * read-only). Appends one object: {transition, to, may, checks: [{check, ok, text, where?}]}.
 * `text` says what is asked and how it stands, or why not; `where` is the file:line of a guard.
 * checks of what nothing is asked are left out. *may may be NULL. ERROR_NOT_FOUND: no such
 * referral; a transition that is unknown here is a check that fails. */
int domain_explain(struct domain *d, const struct actor *actor, const struct advance *a,
                   struct jsonw *w, bool *may, struct error *e);
/* The same for every transition that leaves its stage, as an array; a->transition is ignored. For
 * one that is pinned to another version: what is refused by that as one object without transition.
 */
int domain_explain_all(struct domain *d, const struct actor *actor, const struct advance *a,
                       struct jsonw *w, struct error *e);

/* What domain_explain, domain_explain_all or domain_explain_event wrote, as lines for people. */
int explain_text(const char *json, size_t n, struct buf *out, struct error *e);

#endif
