/* Referrals, for module, methods and completion. */
#ifndef SCRIPT_REFERRALS_INTERNAL_H
#define SCRIPT_REFERRALS_INTERNAL_H

#include "script/script_internal.h"

/* Opens one from the table at `index`; parent_id 0: what the table says. Returns its id. */
int64_t referrals__open(lua_State *L, int index, int64_t parent_id, const char *what);
/* Names of the transitions that leave its stage, each once; returns how many were put into out. */
size_t referrals__possible(lua_State *L, const struct row *row, const char **out, size_t room);

#endif
