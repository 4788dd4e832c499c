/* What the files of the script room share. Only this room sees lua.h. */
#ifndef SCRIPT_INTERNAL_H
#define SCRIPT_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/domain/advance.h"
#include "baton/domain/domain.h"
#include "baton/script/script.h"

struct plugin; /* plugin.c */

/* ---- state.c: the state, its allocator, environments ---- */
struct script *script__of(lua_State *L); /* from the extra space of L; any coroutine too */
lua_State *script__main(struct script *s);
struct domain *script__domain(lua_State *L);
struct store *script__store(lua_State *L);
struct arena *script__arena(struct script *s); /* reset when the outermost call ends */
const struct script_options *script__options(const struct script *s);
unsigned script__statement_ms(const struct script *s); /* LIMIT_STATEMENT_MS, as org.ini has it */

/* Who acts now, and for which plugin (NULL: a session). Set by script__call and sessions. */
const struct actor *script__actor(lua_State *L);
struct plugin *script__plugin(lua_State *L);
const char *script__plugin_name(lua_State *L); /* NULL in a session */
bool script__read_only(lua_State *L);          /* inside a guard */
struct session *script__session(lua_State *L); /* NULL outside one */

/* Pushes a fresh environment table: allowed globals (copies of the library tables), modules, print,
 * `baton`. Its contents can't be used to change what another environment sees. */
void script__push_env(lua_State *L, struct plugin *plugin, struct session *session);

/* Compiles text (never bytecode), in pieces between which the budget is looked at; like
 * luaL_loadbufferx. After a failure that is no LUA_ERRSYNTAX the message is raised again. */
int script__load_text(lua_State *L, const char *text, size_t n, const char *name);

/* ---- call.c: the one function that calls into Lua code of others (DESIGN 5) ---- */
/* Which failures count for the circuit breaker of the plugin (breaker.c), besides kills. */
enum script_faults {
    FAULTS_NONE,   /* somebody called it, and hears of its errors: commands, reports */
    FAULTS_ERRORS, /* but a refusal is told to whoever acts: guards, effects, handlers */
    FAULTS_ALL     /* nobody hears of a refusal: jobs, timers */
};
struct script_frame {
    struct plugin *plugin; /* blamed; NULL: a session */
    struct session *session;
    const struct actor *actor;
    const char *what;   /* "guard of accept", "job nightly": for messages */
    unsigned budget_ms; /* 0: none */
    bool read_only;
    bool via; /* acts as "<actor> via <plugin>", with every role */
    enum script_faults faults;
    bool loading; /* the plugin runs its files */
};
/* Like lua_pcall with a traceback: function and `nargs` arguments on the stack; results or nothing.
 * 0, or a negative code with message and where = "file:line"; a kill by budget is ERROR_LIMIT and
 * sticky. Counts calls, failures and CPU of the plugin. */
int script__call(lua_State *L, const struct script_frame *frame, int nargs, int nresults,
                 struct error *e);
/* The same for a coroutine: resumes `co`; *yielded tells. The budget is of this one step. Code that
 * computes for 20 ms yields by itself, without results, unless a command is open. */
int script__resume(lua_State *L, lua_State *co, const struct script_frame *frame, int nargs,
                   int *nresults, bool *yielded, struct error *e);
/* Of the last call that failed; "" if none. */
const char *script__traceback(const struct script *s);

/* ---- quota.c: what one call into a plugin may use, with the calls that it makes ---- */
enum script_quota { QUOTA_OUTPUT, QUOTA_EFFECTS, QUOTA_ROWS, QUOTA_BYTES, QUOTA_END };
/* Adds what is about to be used, and raises a kill where that is too much. 0 of QUOTA_ROWS
 * and QUOTA_BYTES: what the store has seen since. */
void script__charge(lua_State *L, enum script_quota quota, size_t amount);

/* ---- error.c ---- */
/* Raises a C error as a Lua error value (userdata-free: a table with a metatable whose __tostring
 * gives "file:line: message"; keys code, message), so that its code survives pcall and reaches
 * script__call's struct error again. Never returns. */
int script__raise(lua_State *L, const struct error *e) __attribute__((noreturn));
int script__raisef(lua_State *L, enum error_code code, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
/* Reads an error value of any type into *e. */
void script__read_error(lua_State *L, int index, struct error *e);

/* ---- registry.c: the one registration table (DESIGN 15) ---- */
struct script_function {
    const char *name;       /* "find"; ":advance" for a method */
    lua_CFunction function; /* NULL: documented here, made elsewhere */
    const char *signature;  /* "referrals.find{stage=, limit=, after=} → array of referrals" */
    const char *help;       /* one line */
    const char *example;    /* runs as it stands: tests/host/test_examples.c */
};
struct script_module {
    const char *name; /* "referrals"; "referral" for methods of handles */
    const char *help;
    const struct script_function *functions; /* ended by name NULL */
};
/* Ended by NULL; registry.c lists them. */
extern const struct script_module *const script__modules[];
/* Pushes a new table with the functions of a module. */
void script__push_module(lua_State *L, const struct script_module *m);

/* ---- write.c: commands of scripts ---- */
/* Before and after anything that writes. In a session's coroutine outside a command each write is a
 * turn of its own: begin opens turn and command, end commits. Elsewhere (hooks, REPL statement,
 * baton.turn) the command is open and both do nothing. begin raises in a guard. */
struct script_write {
    bool own_turn, own_command;
    int64_t last_event; /* when it began */
};
void script__write_begin(lua_State *L, struct script_write *w);
/* `result` is what the core said: 0 or negative with *e. Raises if it was negative, or the commit
 * failed. */
void script__write_end(lua_State *L, struct script_write *w, int result, struct error *e);
/* Called by C functions as the last thing: `return script__pause(L, nresults);` lets a long script
 * give way to the loop (lua_yieldk) where that is possible and it has run for a while. */
int script__pause(lua_State *L, int nresults);

/* ---- value.c: between Lua and store values ---- */
/* Pushes a column value as Lua sees it (bool for COLUMN_BOOL). */
void script__push_value(lua_State *L, const struct column *c, const struct value *v);
/* Converts for a column: numbers, strings, booleans, handles for references, times as text,
 * baton.none and nil as null. Text lives in the script's arena. A wrong type raises, with `what`
 * ("people.add", or NULL) in front and the caller's `name` of it. */
struct value script__convert(lua_State *L, int index, const struct column *c, const char *what,
                             const char *name);
/* Custom fields: a Lua table to a JSON patch by declared types (times, lists, refs); raises. */
void script__to_fields(lua_State *L, int index, enum entity entity, const struct graph *graph,
                       struct buf *out);
/* Any Lua value as JSON, and back. Cycles, depth, NaN, mixed keys, functions are refused, with
 * the path. */
void script__to_json(lua_State *L, int index, struct buf *out);
struct json_t;
void script__push_json(lua_State *L, const struct json_t *value);
void script__push_json_text(lua_State *L, const char *json, size_t n); /* nil on malformed */
int64_t script__check_time(lua_State *L, int index); /* number of ms or text; raises */
/* Lua's errors jump over C frames: whatever must be freed hangs on a userdata, pushed here. */
struct buf *script__hold_buf(lua_State *L); /* an empty one; buf_free it early where that is easy */
void script__hold(lua_State *L, void *p, void (*release)(void *)); /* p NULL is fine */
/* Raises ERROR_INVALID: `what: unknown column "nmae", did you mean "name"?`; without a near one
 * those that there are, if few. */
int script__unknown(lua_State *L, const char *what, const char *kind, const char *word,
                    const char *const *candidates) __attribute__((noreturn));
void *script__none(void); /* light userdata of baton.none */

/* ---- handle.c ---- */
/* A handle is a full userdata {entity, id} with a per-entity metatable; never a core pointer.
 * Metatables are locked (__metatable), and shared by all environments. */
void script__push_handle(lua_State *L, enum entity entity, int64_t id);
bool script__is_handle(lua_State *L, int index, enum entity *entity, int64_t *id);
/* Handle, number, or "R-12"; raises with what was seen. */
int64_t script__check_id(lua_State *L, int index, enum entity entity);
/* Raises if it is gone. */
const struct row *script__check_row(lua_State *L, int index, enum entity entity);
void script__open_handles(lua_State *L); /* makes the metatables, once per state */

/* ---- commands.c ---- */
/* The command (or report) that a plugin declared under that name, from outside: the argument table
 * is on top of the stack and is replaced by one result. On an error it is popped. */
int script__run_command(lua_State *L, struct session *session, const char *name, bool report,
                        struct error *e);

/* ---- plugin.c ---- */
bool script__permitted(lua_State *L, const char *permission); /* a session: always */
/* Raises unless the plugin at work (if any) has that word in its permissions. */
void script__require_permission(lua_State *L, const char *permission);

/* ---- session.c / show.c ---- */
/* A value for people: table, card, scalar. */
void script__show(lua_State *L, int index, struct buf *out);
/* Opens a file that the session may touch; raises otherwise. mode "r" or "w". Returns fd. */
int script__open_file(lua_State *L, const char *path, const char *mode);
void script__output(lua_State *L, enum script_stream stream, const char *text, size_t n);

/* ---- modules; each in its own file ---- */
extern const struct script_module script__baton, script__people, script__partners, script__services,
    script__locations, script__staff, script__referrals, script__tasks, script__timers,
    script__events, script__messages, script__consents, script__notes, script__csv, script__json,
    script__log, script__clock, script__text, script__money, script__accounts, script__entries,
    script__ledger, script__programmes, script__codes, script__touches, script__conversions;
/* Methods of handles: "handle" those of all, the others of one entity besides. For help only;
 * handle.c installs them. */
extern const struct script_module script__handle, script__referral, script__task, script__timer;

/* What only sessions have, and what only specs have: installed by session_extra.c and spec*.c. */
extern const struct script_module script__session_extras, script__spec, script__fixture,
    script__expect;

#endif
