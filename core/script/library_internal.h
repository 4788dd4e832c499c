/* Functions of Lua's libraries that we write ourselves, because the ones that come with Lua can run
 * for hours inside one call, where no hook reaches them. */
#ifndef SCRIPT_LIBRARY_INTERNAL_H
#define SCRIPT_LIBRARY_INTERNAL_H

#include "script/state_internal.h"

/* Each puts its functions over those in the library table on top of the stack. */
void library__add_patterns(lua_State *L); /* library_pattern.c: find, match, gmatch, gsub */
void library__add_string(lua_State *L);   /* library_string.c: rep, format */
void library__add_table(lua_State *L);    /* library_table.c: insert, remove, move, concat */
void library__add_sort(lua_State *L);     /* library_sort.c: sort */

/* Raises where `count` is more elements than the quota could hold: "table.move of 12 elements: at
 * most 5". */
void library__check_elements(lua_State *L, const char *what, lua_Unsigned count);

#endif
