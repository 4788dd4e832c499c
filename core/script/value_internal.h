/* Shared by the files that turn Lua values into the store's and back. */
#ifndef SCRIPT_VALUE_INTERNAL_H
#define SCRIPT_VALUE_INTERNAL_H

#include "script/script_internal.h"

/* The arena of the call at hand; raises where a loop has filled it beyond reason. */
struct arena *value__arena(lua_State *L);
void value__release(lua_State *L, int index); /* frees early what script__hold… holds */
bool value__is_null(lua_State *L, int index); /* nil, nothing or baton.none */
/* What a person would call the value: "abc", 12, P-3, a table; in the arena. */
const char *value__seen(lua_State *L, int index);
/* Raises: `what: "name" takes …, got …`; what may be NULL. */
void value__refuse(lua_State *L, int index, const char *what, const char *name, const char *takes)
    __attribute__((noreturn));
/* A handle of that entity, a number or "P-12"; false for anything else. */
bool value__id(lua_State *L, int index, enum entity wanted, int64_t *id);
int64_t value__from_double(double d, bool *ok);
/* Pushes what the JSON says, or nil and returns the error. */
int value__push_json(lua_State *L, const char *json, size_t n, struct error *e);
void value__mark_list(lua_State *L, int index); /* an empty table that JSON shows as [] */

#endif
