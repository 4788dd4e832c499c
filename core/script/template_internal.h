/* Templates over Lua values and rows. */
#ifndef SCRIPT_TEMPLATE_INTERNAL_H
#define SCRIPT_TEMPLATE_INTERNAL_H

#include "script/script_internal.h"

/* Renders; the result is in the script's arena. `values` is the index of a table, or 0; entity and
 * id say what it is about, ENTITY_NONE: nothing. Raises "what: …" with line and name. */
const char *template__render(lua_State *L, const char *text, int values, enum entity entity,
                             int64_t id, const char *what);

#endif
