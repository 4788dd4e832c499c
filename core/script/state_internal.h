/* Inside the state and its plugins. Only the files of this half of the room look in here (state,
 * sandbox, call, budget, error, write, plugin, workflow, hooks, jobs, commands, module_baton); the
 * modules of records use script_internal.h. */
#ifndef SCRIPT_STATE_INTERNAL_H
#define SCRIPT_STATE_INTERNAL_H

#include "script/script_internal.h"

struct ini;
struct value_held;
struct job;
struct command;
struct handler;

/* One call into Lua code of others; lives on the C stack of script__call or script__resume. */
struct script_call {
    struct script_call *up;
    const struct script_frame *frame;
    lua_State *base;          /* where it began; never handed to Lua */
    lua_State *outer_running; /* what script->running and the deadlines were before it */
    uint64_t outer_deadline, outer_slice_end;
    uint64_t until;             /* its own deadline in ticks, UINT64_MAX: none */
    bool read_only;             /* its own or one further out */
    bool resumable;             /* began in script__resume: base may yield */
    bool own_turn, own_command; /* opened by script__write_begin and not ended yet */
    bool spoiled;    /* what failed inside it could not be undone alone: it must fail too */
    bool error_read; /* *error holds what went wrong */
    struct error *error;
    uint64_t began_ns, inner_ns;
    int64_t began_with[QUOTA_END]; /* of script->spent, or of the store */
    struct script *outer_active;   /* of the tick timer */
    struct actor via;              /* made when it is asked for: "S-3 via pre_referral" */
};

enum script_kill { KILL_NONE, KILL_TIME, KILL_MEMORY, KILL_QUOTA, KILL_CANCEL };

/* A function of a plugin that the core knows by number: guard or effect of a transition. */
struct script_hook {
    struct plugin *plugin; /* NULL: dropped */
    int ref;
    int params;
    char *what;                    /* `guard of "decide"` */
    char where[ERROR_WHERE_BYTES]; /* "plugin/init.lua:12" */
};

struct script {
    struct error lost; /* why the store failed in a write of ours; code ERROR_NONE: it did not */
    lua_State *L;
    struct domain *domain;
    struct script_options options;
    char *org, *org_title;
    size_t used_bytes, limit_bytes;
    struct value_held *held; /* made last, while it holds something: value.c */
    size_t left_bytes;       /* in those before it, since a collection for their sake */
    bool starved; /* since the outermost call began memory was asked for in vain; last there: */
    char starved_where[ERROR_WHERE_BYTES];
    bool refused; /* the allocator said no, and the next request comes after a collection */
    unsigned statement_ms; /* budget of what may take longer: LIMIT_STATEMENT_MS */
    struct arena *arena;
    struct error scratch; /* where a caller wants no error */
    struct buf traceback; /* of the last failure */

    /* Calls and their budgets: budget.c. What the signal handler touches is volatile. */
    struct script_call *call; /* innermost */
    lua_State *volatile running;
    volatile uint64_t tick, deadline, slice_end, poll_at;
    volatile int cancel_wanted;
    /* When the thread had computed that long, the deadline at hand had passed; -1: it has not. */
    volatile int64_t over_since_ms;
    volatile uint64_t over_deadline;
    enum script_kill kill;
    struct script_call *kill_call; /* the call that a kill ends; it is sticky until then */
    enum script_quota kill_quota;  /* of KILL_QUOTA */
    char kill_where[ERROR_WHERE_BYTES];

    int64_t spent[QUOTA_END]; /* since the beginning; what is written the store counts */
    bool blamed;              /* the failure that is on its way out counts already: breaker.c */
    struct buf news; /* of breakers, not yet written: kind, actor, detail, a NUL behind each */

    struct plugin **plugins; /* in the order of org.ini */
    size_t plugin_count;
    struct ini *org_ini; /* while plugins load */
    struct check *check; /* while they load to be checked: check.c */

    /* While a declaration is read: "file:line" of the part at hand, nearer than the call's own
     * line. */
    char place[ERROR_WHERE_BYTES];

    struct script_hook *hooks;
    size_t hook_count;
    struct handler *handlers; /* by priority */
    size_t handler_count;
    struct command *commands; /* reports too */
    size_t command_count;
    struct job *jobs;
    size_t job_count;

    /* The handle pushed last for a guard or handler: a handle is immutable, so the next call about
     * the same row may have it too. */
    enum entity handle_entity;
    int64_t handle_id;
    int handle_ref;
};

/* ---- state.c ---- */
/* Runs f(L) with `arg` as its only argument (light userdata), so that what raises in it comes back
 * as an error. */
int script__protect(lua_State *L, const struct script_frame *frame, lua_CFunction f, void *arg,
                    struct error *e);
/* Where C code called by the domain may push and call: what runs now, or the main state. */
lua_State *script__running(struct script *s);

/* ---- sandbox.c ---- */
void script__open_libs(lua_State *L); /* once per state */
/* A read-only view of the table on top of the stack, which it replaces; `what` for messages. */
void script__push_read_only(lua_State *L, const char *what);

/* ---- protected.c ---- */
/* pcall, xpcall and coroutines, into the environment table on top of the stack. */
void script__add_protected_calls(lua_State *L);

/* ---- load.c ---- */
/* load(chunk, name, mode, env): text only; env is the caller's own where none is given (upvalue 1).
 */
int script__lua_load(lua_State *L);

/* ---- budget.c ---- */
enum { BUDGET_TICK_MS = 5, BUDGET_SLICE_TICKS = 4, BUDGET_POLL_TICKS = 4, BUDGET_EXIT = 70 };
void budget__open(struct script *s);
void budget__close(struct script *s);
/* Around the outermost call of a script. enter returns who was active before. */
struct script *budget__enter(struct script *s);
void budget__leave(struct script *before);
/* For C functions that may take long, every few thousand steps: raises where the hook would. */
void budget__look(lua_State *L);
/* A kill from within C code that Lua called: raises. `c` is the call that it ends. */
int budget__kill(lua_State *L, enum script_kill kill, struct script_call *c)
    __attribute__((noreturn));
/* If a kill is under way: keeps its hook on L and raises it again. Whatever catches errors of Lua
 * code calls this first. */
void budget__rethrow(lua_State *L);
/* Fills *e with why, if `c` is the call that was killed. */
bool budget__killed(const struct script *s, const struct script_call *c, struct error *e);

/* ---- quota.c ---- */
void quota__begin(struct script *s, struct script_call *c);
void quota__explain(const struct script *s, struct error *e); /* of a KILL_QUOTA */
/* Behind every protected call that failed: running out of memory is a kill in a plugin. */
void quota__check_memory(lua_State *L, int status);
void quota__explain_memory(const struct script *s, struct error *e);

/* ---- write.c ---- */
/* Ends a part of several writes that failed, without raising. Where the command is not its own, and
 * it has written, whoever catches the error must not keep the half: the call that opened the
 * command fails too. */
void script__write_undo(lua_State *L, struct script_write *w);
/* At the end of a call that went well: 0, or why what it wrote must not be kept. A write that an
 * error jumped out of is undone, in any case. */
int write__close(struct script *s, struct script_call *c, int rc, struct error *e);

/* ---- error.c ---- */
void error__open(lua_State *L); /* makes the metatable of error values */
/* "file:line" of the innermost Lua function at or above `level`; no allocation. */
bool error__place(lua_State *L, int level, char *out, size_t size);

#endif
