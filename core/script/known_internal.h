/* Stages and workflows that a word can mean. */
#ifndef SCRIPT_KNOWN_INTERNAL_H
#define SCRIPT_KNOWN_INTERNAL_H

#include "script/script_internal.h"

/* Of a loaded workflow, or in a stored row: of a version that was, or of a plugin that is gone. A
 * `workflow` that is loaded narrows the stages to its own; NULL: those of all. */
bool known__workflow(struct domain *d, const char *name);
bool known__stage(struct domain *d, const char *workflow, const char *stage);

/* Those that are loaded, each once; ended by NULL, in the arena. */
const char *const *known__workflows(struct domain *d, struct arena *a);
const char *const *known__stages(struct domain *d, const char *workflow, struct arena *a);

/* Is what is loaded all that there is: one workflow at least, and no plugin loading or left out? */
bool known__sure(const struct script *s, const struct domain *d);

#endif
