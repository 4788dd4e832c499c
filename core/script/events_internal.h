/* Events as Lua sees them, for events.* and h:history. */
#ifndef SCRIPT_EVENTS_INTERNAL_H
#define SCRIPT_EVENTS_INTERNAL_H

#include "script/value_internal.h"

struct events_list { /* copies, in the script's arena */
    struct arena *arena;
    struct event *at;
    size_t count, room;
};

struct events_list events__room(lua_State *L, size_t room);
int events__gather(void *list, const struct event *event);       /* a store_each_event */
void events__push(lua_State *L, const struct events_list *list); /* an array of tables */
/* limit= of an options table at `index`, which may be absent. */
size_t events__limit(lua_State *L, int index, const char *what);

#endif
