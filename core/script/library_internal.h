/* Functions of Lua's libraries that we write ourselves, because the ones that come with Lua can run
 * for hours inside one call, where no hook reaches them. */
#ifndef SCRIPT_LIBRARY_INTERNAL_H
#define SCRIPT_LIBRARY_INTERNAL_H

#include "script/state_internal.h"

/* Each puts its functions over those in the library table on top of the stack. */
void library__add_patterns(lua_State *L); /* pattern.c: find, match, gmatch, gsub */
void library__add_string(lua_State *L);   /* library_string.c: rep, format */
void library__add_table(lua_State *L);    /* library_table.c: insert, remove, move, concat */
void library__add_sort(lua_State *L);     /* library_sort.c: sort */

/* How many elements of a table the quota could hold: what a table function may be asked to visit.
 */
lua_Integer library__elements(lua_State *L);
/* Raises where `count` is more than that: "table.move of 12 elements: at most 5". */
void library__check_elements(lua_State *L, const char *what, lua_Unsigned count);

/* Where a text of n bytes begins to be read, if a caller says `at` (negative: from the end),
 * counted from 0; n + 1 or more: behind it. */
static inline size_t library_start(lua_Integer at, size_t n)
{
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)n)
        return 0;
    return n - (size_t)-at;
}

#endif
