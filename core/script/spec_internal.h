/* A file of specs from the inside. */
#ifndef SCRIPT_SPEC_INTERNAL_H
#define SCRIPT_SPEC_INTERNAL_H

#include "baton/script/spec.h"
#include "script/session_internal.h"
#include "script/state_internal.h"
#include "script/value_internal.h"

enum { SPEC_DEPTH = 16, SPEC_CASES = 100000, SPEC_HOOKS = 64, SPEC_RUN_MS = 60000 };

struct spec_group {
    size_t parent;
    char *name;  /* "tutoring › nested"; "" for the file itself */
    int options; /* registry: merged with those of its parents */
    int before[SPEC_HOOKS], after[SPEC_HOOKS];
    size_t before_count, after_count;
    char *at, *plugins, *ini; /* made when the group is closed */
};

struct spec_it {
    size_t group;
    char *name, *where;
    int function; /* LUA_NOREF: pending */
    int row;      /* of each: a table of arguments, or LUA_NOREF */
};

struct spec {
    struct script *script;
    struct session *session;
    char *plugin, *chunk;
    struct spec_group *groups; /* [0] is the file */
    size_t group_count, group; /* the one that is open */
    struct spec_it *its;
    size_t it_count;
    bool declaring; /* the file is being read */
    size_t depth;

    /* of the case that runs */
    size_t expectations, made; /* that held; rows that fixtures made, for their names */
    int64_t first_seq;
    struct buf detail; /* of the expectation that failed */
    char *brief;       /* its message: tells whether detail belongs to an error */
};

struct spec *spec__of(lua_State *L, const char *what); /* raises outside a spec */
/* Raises with a text of several lines. */
int spec__fail(lua_State *L, const struct buf *text) __attribute__((noreturn));

/* ---- spec_options.c: the options table at `index`, merged: texts for org.ini ---- */
void spec__check_options(lua_State *L, int index);
/* Overlays the options at `index` on a copy of the table at `base` (0: none); pushes it. */
void spec__merge_options(lua_State *L, int base, int index);
void spec__read_options(lua_State *L, int index, const struct spec *s, struct spec_group *g);

/* ---- spec_fixture.c ---- */
void spec__push_fixtures(lua_State *L); /* the table t */

/* ---- spec_expect.c, spec_show.c ---- */
void spec__add_expect(lua_State *L); /* `expect` into the table on top of the stack */
/* A value on one line, as a person would write it: {a = 1, "x"}, R-12. */
void spec__show(lua_State *L, int index, struct buf *out);
/* Lines about where two values differ; returns how many differences there are. */
size_t spec__differences(lua_State *L, int wanted, int got, struct buf *out);
bool spec__equal(lua_State *L, int a, int b); /* ==, handles by entity and id */
/* Every member of the pattern is in the value; the value may be a handle. */
bool spec__fits(lua_State *L, int value, int pattern);

#endif
