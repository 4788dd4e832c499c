/* Handles, for the files that make methods, lists and pictures of them. */
#ifndef SCRIPT_HANDLE_INTERNAL_H
#define SCRIPT_HANDLE_INTERNAL_H

#include "script/fields_internal.h"

#define HANDLE_FIELDS_NAME "baton.fields"

/* Names of what h.x reads (columns, handles behind them, id, ref, ...), ended by NULL; in the
 * arena. */
const char *const *handle__keys(lua_State *L, enum entity entity);
/* Names of methods into out (at most `room`); returns how many there are. */
size_t handle__methods(enum entity entity, const char **out, size_t room);
const struct script_function *handle__method(enum entity entity, const char *name); /* or NULL */
/* handle_options.c: keys of the options table of a method, in the arena; false: it has none. */
enum { HANDLE_OPTIONS_MAX = 96 };
struct handle_options {
    const char *names[HANDLE_OPTIONS_MAX];
    size_t count;
};
bool handle__options(struct arena *a, enum entity entity, const char *method,
                     struct handle_options *o);
const char *const *handle__finding(void); /* what find{…} takes besides columns */
const struct script_module *
handle__own_methods(enum entity entity);  /* NULL if it has only the common */
bool handle__open(const struct row *row); /* referrals and tasks */
bool handle__overdue(const struct row *row, int64_t now_ms);
bool handle__is_fields(lua_State *L, int index, enum entity *entity,
                       int64_t *id); /* is it h.fields? */
void handle__push_fields_table(lua_State *L, const struct row *row);

#endif
