/* Between hooks.c (guards, effects) and handlers.c (events). */
#ifndef SCRIPT_HOOKS_INTERNAL_H
#define SCRIPT_HOOKS_INTERNAL_H

#include "script/plugin_internal.h"

int handlers_event(void *context, const char *kind, const struct row *row, const char *detail,
                   size_t detail_len, struct error *e);
bool handlers_listens(void *context, const char *kind);
void handlers_drop(struct script *s, const struct plugin *p);
void handlers_free(struct script *s);
/* Sets a member of the table on top of the stack; NULL sets nothing. */
void hooks_set_text(lua_State *L, const char *key, const char *text);

#endif
