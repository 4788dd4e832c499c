/* Static checks of plugins: what can be said of one before it serves anybody.
 *
 * Loading stops at the first mistake; a check goes on and tells all that it
 * finds. It loads the plugins into a script of its own (over an empty store, so
 * that nothing real is touched) with their declarations caught on the way, and
 * reads their sources: it calls no guard, effect or handler. */
#ifndef BATON_SCRIPT_CHECK_H
#define BATON_SCRIPT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct check;
struct error;
struct ini;
struct script;

enum check_severity { CHECK_WARNING, CHECK_ERROR };

/* Everything that a check can find; codes stay what they are. NULL behind the last. */
struct check_kind {
    const char *code; /* "stage-unreachable" */
    enum check_severity severity;
    const char *help; /* one line */
};
const struct check_kind *check_kind_at(size_t index);

struct check_finding {
    const struct check_kind *kind;
    const char *plugin;  /* "" of the organisation's own settings */
    const char *file;    /* "tutoring/init.lua", "tutoring/plugin.ini", or the path of org.ini */
    int line;            /* 0: the file as a whole */
    const char *message; /* one sentence; near names included */
};

/* What an organisation knows beyond its org.ini; versions of workflows are in the script's store.
 */
struct check_org {
    const char *const *roles_held; /* by active staff, ends with NULL; NULL: not known */
};

struct check *check_new(void);
void check_free(struct check *c);

/* Loads `names` as script_load_plugins does, into a script that has none yet, and checks those of
 * `only` (NULL: all). Negative where nothing could be looked at. */
int check_plugins(struct check *c, struct script *s, const char *const *names,
                  const char *const *only, const char *const *dirs, struct ini *org_ini,
                  const struct check_org *org, struct error *e);

/* By plugin, file and line. Valid until check_free. */
size_t check_count(const struct check *c);
const struct check_finding *check_at(const struct check *c, size_t index);

#endif
