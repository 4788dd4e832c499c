/* Between hooks.c (guards, effects) and handlers.c (events). */
#ifndef SCRIPT_HOOKS_INTERNAL_H
#define SCRIPT_HOOKS_INTERNAL_H

#include "script/plugin_internal.h"

int handlers_event(void *context, const char *kind, const struct row *row, const char *detail,
                   size_t detail_len, struct error *e);
bool handlers_listens(void *context, const char *kind);
void handlers_drop(struct script *s, const struct plugin *p);
void handlers_free(struct script *s);
/* "plugin/init.lua:12" of the function at `index`. */
void hooks_where(lua_State *L, int index, char out[ERROR_WHERE_BYTES]);
/* Sets a member of the table on top of the stack; NULL sets nothing. */
void hooks_set_text(lua_State *L, const char *key, const char *text);

/* Events that the core raises; ended by NULL. */
extern const char *const handlers_kinds[];

#endif
