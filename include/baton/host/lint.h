/* `baton check`: plugins loaded in a scratch organisation and checked. With an
 * organisation, by its settings, roles and calendar, and a copy of its
 * database; without, by the defaults. Nothing real is written. */
#ifndef BATON_HOST_LINT_H
#define BATON_HOST_LINT_H

#include "baton/script/check.h"

struct domain;
struct home;
struct lint;

struct lint_options {
    const struct home *home;    /* NULL: none */
    const char *org;            /* of that home; NULL: none */
    const char *const *plugins; /* what to check; NULL: those of the organisation */
    const char *const *dirs; /* searched before the home's own folders, or plugins themselves; ends
                                with NULL */
    const char *shipped;     /* searched last; or NULL */
};
int lint_open(struct lint **out, const struct lint_options *o, struct error *e);
void lint_close(struct lint *l);
const struct check *lint_check(const struct lint *l); /* its findings */
/* Why the organisation's database was not looked at; "" if it was, or none was asked for. */
const char *lint_note(const struct lint *l);
size_t lint_plugin_count(const struct lint *l);         /* checked ones */
const struct domain *lint_domain(const struct lint *l); /* with the workflows that loaded */
/* The folder of a plugin; "" if it was not found. */
const char *lint_dir(const struct lint *l, const char *plugin);

#endif
