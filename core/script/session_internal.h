/* A session from the inside. */
#ifndef SCRIPT_SESSION_INTERNAL_H
#define SCRIPT_SESSION_INTERNAL_H

#include "script/script_internal.h"

enum session_mode { SESSION_IDLE, SESSION_STATEMENT, SESSION_SCRIPT };

struct session {
    struct script *script;
    struct actor actor;
    char *actor_name, *actor_roles;
    script_output output;
    void *context;
    char *cwd;    /* NULL: no files */
    char **files; /* ended by NULL; one by one mem_free */
    char **args;
    char *script_name;
    int env;    /* registry references */
    int thread; /* of the script; LUA_NOREF: none */
    lua_State *co;
    int nargs;              /* of its first resume */
    enum session_mode mode; /* what runs now */
    volatile bool cancelled;
    size_t output_bytes; /* since the statement or step began */
    bool output_cut;
    bool as_json; /* results of statements */
    bool wants_clock;
    int64_t clock_to_ms;
    bool whole_turn; /* the host holds a turn around all that it does */
    bool trial;      /* what runs is undone: files that it would write are told of */
    bool may_switch; /* opened by the operator: as() works */
    bool timing;
    bool wants_at, at_back; /* at(): after the statement */
    int64_t at_ms;
    char *at_code;
    bool wants_watch, watch_on;
    char *watch_kind;
    struct spec *spec; /* whose session it is, or NULL */
};

void session__push_env(lua_State *L, const struct session *s);
/* arg, progress and what else only sessions have, into the environment on top of the stack. */
void session__add_globals(lua_State *L, const struct session *s);
/* ---- session_extra.c: as, at, watch, timing; session_dry.c: dry ---- */
void session__add_extras(lua_State *L); /* into the environment on top of the stack */
void session__free_extras(struct session *s);
int session__as(lua_State *L);  /* as(staff, fn, …) */
int session__dry(lua_State *L); /* dry(fn) */
/* clock.advance: now, or after the statement. Raises where it may not. */
void session__advance_clock(lua_State *L, int64_t to_ms);
/* What the clock will say once a wish of this statement is fulfilled. */
int64_t session__now(lua_State *L);

#endif
