/* The matcher of patterns (pattern.c), for the functions that use it (library_pattern.c). */
#ifndef SCRIPT_PATTERN_INTERNAL_H
#define SCRIPT_PATTERN_INTERNAL_H

#include "script/state_internal.h"

enum { MATCH_CAPTURES = 32 };
enum { CAPTURE_OPEN = -1, CAPTURE_PLACE = -2 }; /* instead of a length */

struct match {
    lua_State *L;
    const char *begin, *end; /* the subject */
    const char *stop;        /* the end of the pattern; a NUL stands there, as behind any string */
    size_t steps;
    int levels;
    int captures;
    struct {
        const char *at;
        ptrdiff_t n;
    } capture[MATCH_CAPTURES];
};

/* Subject and pattern end in a NUL that is not counted, and outlive the match. */
void pattern__start(struct match *m, lua_State *L, const char *subject, size_t n,
                    const char *pattern, size_t pattern_n);
/* The end of a match of p that begins at s, or NULL; raises where the pattern is malformed. */
const char *pattern__match(struct match *m, const char *s, const char *p);

#endif
