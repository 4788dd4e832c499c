/* Between check_capture.c and check_read.c. */
#ifndef SCRIPT_CHECK_READ_INTERNAL_H
#define SCRIPT_CHECK_READ_INTERNAL_H

#include "script/check_internal.h"

/* Reads the table at index 1 as far as it makes sense; false if it has no name. Never raises. */
bool read__workflow(lua_State *L, struct check *c, struct check_workflow *w);

#endif
