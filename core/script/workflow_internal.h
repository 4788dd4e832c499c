/* Between workflow.c (the whole) and workflow_parts.c (stages, transitions). */
#ifndef SCRIPT_WORKFLOW_INTERNAL_H
#define SCRIPT_WORKFLOW_INTERNAL_H

#include "script/plugin_internal.h"

struct workflow_read {
    lua_State *L;
    struct plugin *plugin;
    const char *name;
    struct graph *graph; /* held by a userdata until the domain has it */
    /* The file that makes the call, to find the line of a part by its name. */
    const char *source, *chunk;
    int line; /* of the call */
    int at;   /* of the part found last: the next one is looked for from here on */
    int shown;
};

/* Sets script->place to the line of the stage or transition of that name. */
void workflow_place(struct workflow_read *w, const char *name);
const char *workflow_where(struct workflow_read *w); /* that line, in the arena */
/* Raises what the graph said. */
void workflow_check(struct workflow_read *w, int rc, struct error *e);

/* Each reads the table on top of the stack and adds it to the graph. */
void workflow_add_stage(struct workflow_read *w, bool first_is_initial);
void workflow_add_expire(struct workflow_read *w);
void workflow_add_transition(struct workflow_read *w);
/* ---- workflow_migrate.c ---- */
void workflow_read_migrations(struct workflow_read *w); /* of the finished graph: migrate = { … } */
/* ---- workflow_approval.c ---- */
/* approval = { … } of the transition on top of the stack. */
void workflow_read_approval(struct workflow_read *w, struct transition *t, const char *what);
void workflow_read_children(struct workflow_read *w); /* children = { … } of the workflow */

#endif
