/* How values look to people: pieces shared by show.c and show_table.c. */
#ifndef SCRIPT_SHOW_INTERNAL_H
#define SCRIPT_SHOW_INTERNAL_H

#include "script/handle_internal.h"

/* ---- show.c ---- */
void show__time(lua_State *L, int64_t at_ms, struct buf *out); /* in the organisation's zone */
/* "P-3 Ada Lovelace"; only the id if the row is gone. */
void show__label(lua_State *L, enum entity entity, int64_t id, struct buf *out);
void show__column(lua_State *L, const struct column *c, const struct value *v, struct buf *out);
/* A Lua value in one line. `key`: its name, which may say that it is a time; or NULL. */
void show__cell(lua_State *L, int index, const char *key, struct buf *out);

/* ---- show_json.c ---- */
void show__json(lua_State *L, int index, struct buf *out); /* for programs; rows as objects */

/* ---- show_table.c ---- */
bool show__is_handles(lua_State *L, int index,
                      enum entity *entity);  /* a list of handles of one entity */
bool show__is_rows(lua_State *L, int index); /* a list of tables with text keys */
void show__handles(lua_State *L, int index, enum entity entity, struct buf *out);
void show__rows(lua_State *L, int index, struct buf *out);

#endif
