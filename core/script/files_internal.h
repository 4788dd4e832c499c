/* Files that a session may touch. */
#ifndef SCRIPT_FILES_INTERNAL_H
#define SCRIPT_FILES_INTERNAL_H

#include "script/script_internal.h"

struct buf *files__read(lua_State *L,
                        const char *path); /* pushes a held buffer with the whole file */
void files__write(lua_State *L, const char *path, const char *text,
                  size_t n); /* replaces the file; in a dry run, says so */
/* The path argument of a function; raises if it is no text. */
const char *files__check_path(lua_State *L, int index, const char *what);
/* Pushes a userdata that closes the descriptor when it is collected or closed. */
void files__hold(lua_State *L, int fd);

#endif
