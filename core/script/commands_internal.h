/* Commands and reports of plugins from the inside. */
#ifndef SCRIPT_COMMANDS_INTERNAL_H
#define SCRIPT_COMMANDS_INTERNAL_H

#include "script/plugin_internal.h"

enum command_type { ARG_ANY, ARG_TEXT, ARG_INT, ARG_REAL, ARG_BOOL, ARG_TIME, ARG_TABLE, ARG_REF };

#include "baton/base/limits.h"

struct command_arg {
    char *name;
    enum command_type type;
    enum entity ref;
    bool required;
    char *help;
};
struct report_column {
    char *name;
    bool time;
};

struct command {
    struct plugin *plugin;
    int ref;
    bool report;
    char *name, *what, *help;
    struct command_arg *args; /* NULL with any_args: whatever is given is passed on */
    size_t arg_count;
    bool any_args;
    struct report_column *columns; /* of a report: the order they are shown in */
    size_t column_count;
};

extern const char *const commands__types[]; /* of arguments, but for references; ends with NULL */

/* ---- report_columns.c ---- */
/* columns = { "name", { name=, type="time" } } of the table at 2, into the arena. */
void commands__read_columns(lua_State *L, struct command *c, const char *what);
void commands__keep_columns(struct command *c); /* from the arena to the heap */
void commands__free_columns(struct command *c);

#endif
