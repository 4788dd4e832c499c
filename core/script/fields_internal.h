/* Custom fields of a row: those of its workflow, then those of its entity. */
#ifndef SCRIPT_FIELDS_INTERNAL_H
#define SCRIPT_FIELDS_INTERNAL_H

#include "script/value_internal.h"

struct json_slice;

size_t fields__count(const struct domain *d, enum entity entity, const struct graph *graph);
const struct field *fields__at(const struct domain *d, enum entity entity,
                               const struct graph *graph, size_t index);
const struct field *fields__find(const struct domain *d, enum entity entity,
                                 const struct graph *graph, const char *name);
/* Their names, ended by NULL, in the script's arena. */
const char *const *fields__names(lua_State *L, enum entity entity, const struct graph *graph);
const struct graph *fields__graph(struct domain *d,
                                  const struct row *row); /* NULL for what is no referral */
/* By which a referral's `fields` in the options at `index` are read: the loaded one, or, while it
 * is pinned to another version and they are of that, the one that it runs. */
const struct graph *fields__graph_to_set(lua_State *L, int index, const struct row *row);
/* One value as the store compares it: a list as text, a date as text. */
struct value fields__convert(lua_State *L, int index, const struct field *f, const char *what,
                             const char *name);
/* Pushes a field of a row as Lua sees it. */
void fields__push(lua_State *L, const struct row *row, const char *name,
                  const struct json_slice *s);

#endif
