/* A scratch organisation: alive like any other, with neither folder nor file of
 * its own, and gone when it is closed. Its clock can be moved, its messages go
 * nowhere. For specs, trials and looks at a later time. */
#ifndef BATON_HOST_SCRATCH_H
#define BATON_HOST_SCRATCH_H

#include "baton/host/org.h"

struct scratch_options {
    const char *name;               /* NULL: "scratch" */
    const char *ini, *ini_name;     /* text of org.ini; what messages call it */
    const char *const *plugin_dirs; /* searched in order; ends with NULL */
};
/* ERROR_INVALID too where a plugin does not load, with its problem. org_close ends it. */
int scratch_open(struct org **out, const struct scratch_options *options, org_notice notice,
                 void *context, struct error *e);
/* With settings, plugins, rows, history and time of a living one, which is not in a turn. */
int scratch_copy(struct org **out, struct org *of, org_notice notice, void *context,
                 struct error *e);
/* With settings and calendar of a living one and nothing else, its clock stopped; `plugins`:
 * folders of plugins that stand in the place of those of the same name (ends with NULL).
 * ERROR_INVALID too where a plugin does not load. */
int scratch_changed(struct org **out, struct org *of, const char *const *plugins, int64_t at_ms,
                    struct error *e);
/* Puts the clock there, back too, without firing anything. */
void scratch_stop_clock(struct org *o, int64_t at_ms);

/* Plugins with what they require, in the order in which they were given; text for org.ini,
 * appended. One that has no plugin.ini is kept: loading it says what is wrong. */
void scratch_requirements(const char *const *plugin_dirs, const char *names, struct buf *out);

#endif
