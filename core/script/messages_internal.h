/* Messages, for messages.send and r:message. */
#ifndef SCRIPT_MESSAGES_INTERNAL_H
#define SCRIPT_MESSAGES_INTERNAL_H

#include "script/script_internal.h"

/* Puts one into the outbox from the table at `index`; about: ENTITY_NONE, 0: what the table says.
 * Returns its id. */
int64_t messages__send(lua_State *L, int index, enum entity entity, int64_t about_id,
                       const char *what);

#endif
