/* What stands in the tables of other files: baton.migrate, r:explain, events.explain, explain. */
#ifndef SCRIPT_MIGRATE_INTERNAL_H
#define SCRIPT_MIGRATE_INTERNAL_H

#include "script/script_internal.h"

int baton_migrate(lua_State *L); /* migrate.c */

/* explain.c */
int referral_explain(lua_State *L);
int events_explain(lua_State *L);
int session__explain(lua_State *L); /* prints lines */

#endif
