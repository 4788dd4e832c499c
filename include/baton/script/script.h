/* The Lua world of one organisation: one state with a quota, one environment
 * per plugin, one per session (DESIGN 4, 5). It holds no truth: close it and
 * open it again at any time outside a command.
 *
 * Life: script_open → script_load_plugins → sessions, jobs, hooks → script_close.
 * It sets the hooks of its domain, so guards, effects and handlers run by
 * themselves when the domain works. */
#ifndef BATON_SCRIPT_SCRIPT_H
#define BATON_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actor;
struct buf;
struct clock;
struct domain;
struct error;
struct ini;
struct jsonw;
struct script;
struct script_page;
struct store;

/* What Lua prints or logs: `plugin` NULL for a session. Text is UTF-8 made printable. The text of
 * SCRIPT_PROGRESS is "done total label" (total 0: unknown). */
enum script_stream {
    SCRIPT_PRINT,
    SCRIPT_LOG_INFO,
    SCRIPT_LOG_WARN,
    SCRIPT_LOG_ERROR,
    SCRIPT_PROGRESS
};
typedef void (*script_output)(void *context, enum script_stream stream, const char *plugin,
                              const char *text, size_t n);

struct script_options {
    const char *org; /* its name, for messages */
    const char *org_title;
    struct clock *clock; /* of the organisation; clock.advance moves it where clock_movable */
    bool clock_movable;
    size_t limit_bytes; /* 0: LIMIT_LUA_BYTES */
    unsigned call_ms;   /* 0: LIMIT_CALL_MS; budget of one call into a plugin */
    /* What one call into a plugin may use: bytes printed and logged, messages, rows and events
     * written. 0: LIMIT_CALL_OUTPUT_BYTES, LIMIT_CALL_EFFECTS, LIMIT_CALL_ROWS, LIMIT_CALL_BYTES */
    int64_t call_output_bytes, call_effects, call_rows, call_bytes;
    script_output output; /* for plugins; sessions have their own */
    void *context;
    /* clock.advance(span): the host moves the clock and fires everything on the way, outside any
     * turn. NULL: refused. */
    int (*advance_clock)(void *context, int64_t to_ms, struct error *e);
    /* Called every 20 ms or so while Lua computes, from within it: may look whether somebody wants
     * it stopped, and session_cancel. Nothing else of a script or store. NULL: nothing. */
    void (*poll)(void *context);
    /* A plugin (NULL: a session) is in a C function that does not come back, long after its budget;
     * the process ends with status 70 when this returns. Runs in a signal handler. NULL: nothing.
     */
    void (*stuck)(void *context, const char *plugin);
    bool anew;                /* a reload: what circuit breakers switched off is on again */
    bool trial;               /* a copy to try things on: nothing is switched off in it */
    struct script_page *page; /* page.h; NULL: nobody looks */
};
int script_open(struct script **out, struct domain *d, const struct script_options *o,
                struct error *e);
void script_close(struct script *s);
/* Why the store failed in a write of the code; NULL: it did not, or not there. */
const struct error *script_lost(const struct script *s);
size_t script_memory(const struct script *s); /* bytes that Lua holds */

/* ---- plugins ---- */

/* Loads plugins by name in dependency order. `dirs` (ends with NULL) are searched in order for
 * NAME/plugin.ini; one that has a plugin.ini itself is that plugin alone. `org_ini` gives [plugin
 * NAME] settings and [workflow NAME] disable = …. One that fails is left out with its error (see
 * script_plugin_at), those that need it too. Negative only where nothing can go on (a name twice, a
 * cycle, out of memory). */
int script_load_plugins(struct script *s, const char *const *names, const char *const *dirs,
                        struct ini *org_ini, struct error *e);

struct plugin_info {
    const char *name, *version, *title, *dir;
    bool loaded;
    bool off; /* switched off, by its circuit breaker or by hand */
    const char *off_why;
    int64_t off_since_ms, off_again_ms; /* tried again from then on; INT64_MAX: not by itself */
    /* why it is not, why it was switched off, or what org.ini wants of it and does not get; "" if
     * all is well */
    const char *problem;
    int64_t calls, failures;
    uint64_t cpu_ns;
    size_t workflows, handlers, commands, jobs, reports;
};
size_t script_plugin_count(const struct script *s);
void script_plugin_at(const struct script *s, size_t index, struct plugin_info *out);

/* ---- circuit breakers: a plugin that keeps failing is switched off (limits.h) ---- */

/* A kill, or an error that was nobody's but its own, counts for the plugin, and too many switch it
 * off: nothing of it is called, its workflows stand still but for locked transitions. After a pause
 * it is tried again. What happened to plugins since it was written last waits in the script: the
 * command in which it happened is undone. */
bool script_has_news(const struct script *s);
/* Writes it: events plugin.blamed, plugin.switched_off, plugin.switched_on, and the state that must
 * last. Inside a command of its own. */
int script_write_news(struct script *s, struct error *e);
/* The process died in that plugin, or had to be killed: counts as a kill. News. */
int script_blame(struct script *s, const char *plugin, const char *why, struct error *e);
/* The same while there is no script, because the process died while the plugin loaded: it is left
 * out from the next load on, until it is tried again. Inside a command. */
int script_blame_loading(struct store *store, int64_t now_ms, const char *plugin, const char *why,
                         struct error *e);
/* By hand, `why` may be NULL. News. */
int script_switch(struct script *s, const char *plugin, bool on, const struct actor *by,
                  const char *why, struct error *e);

/* What loads, but was probably not meant: a handler for a workflow or stage that there is not. Says
 * nothing while a plugin is left out. */
struct script_warning {
    const char *plugin, *where; /* "tutoring/init.lua:12" */
    const char *text;
    const char *word; /* that names nothing */
    bool stage;       /* it is meant as a stage; else as a workflow */
};
typedef void (*script_each_warning)(void *context, const struct script_warning *w);
void script_warnings(const struct script *s, script_each_warning each, void *context);

/* baton.job(name, {every=…} | {at="06:00"} , fn): when the next is due (INT64_MAX: none), and
 * running what is due, each as a command in the open turn, until `report` says no more now. One due
 * while asleep runs once. */
int64_t script_jobs_at(const struct script *s);
typedef bool (*script_job_report)(void *context, const char *plugin, const char *job,
                                  const struct error *error);
int script_run_jobs(struct script *s, int64_t now_ms, script_job_report report, void *context,
                    struct error *e);

/* ---- sessions: a REPL, a script, one remote command ---- */

struct session;
struct session_options {
    const struct actor *actor; /* copied */
    script_output output;
    void *context;
    const char *cwd;          /* absolute: files below it may be read and written; NULL: none */
    const char *const *files; /* others, named on the command line: absolute; ends with NULL */
    const char *const *args;  /* the script's arguments: `arg`; ends with NULL */
    const char *script_name;  /* arg[0] */
    /* The caller holds a turn around all of it and aborts it; commands in it come and go. Files
     * that it would write are told of. */
    bool whole_turn;
};
int session_open(struct session **out, struct script *s, const struct session_options *o,
                 struct error *e);
void session_close(struct session *s);
/* Another world for the same session: the options that it was opened with (valid as long as it is),
 * and its variables, as far as they are plain values, copied into one opened so. `left` gets the
 * names of those that stayed behind: "f, t (in part)". */
struct session_options session_same(const struct session *s);
int session_carry(struct session *to, const struct session *from, struct buf *left,
                  struct error *e);

/* One REPL statement or expression. Runs inside the command that the caller opened: all or nothing.
 * Results are shown through output (tables of handles as a table, a referral as a card).
 * *incomplete: the text is only the beginning of a statement; nothing was run, returns 0. */
int session_eval(struct session *s, const char *text, size_t n, bool *incomplete, struct error *e);
/* Results of the statements that follow are shown as JSON, a line each; rows as objects. */
void session_show_json(struct session *s, bool json);

/* A script, as a coroutine: each writing call is a turn of its own unless baton.turn(fn) wraps
 * several. session_step runs until it is done, has failed, or some milliseconds have passed between
 * two of its calls (then *done is false and it wants to be stepped again). */
int session_start(struct session *s, const char *source, size_t n, const char *chunk_name,
                  struct error *e);
int session_step(struct session *s, bool *done, struct error *e);
/* The next step, or the running one, ends with ERROR_CANCELLED. */
void session_cancel(struct session *s);
/* After session_eval: did the statement call clock.advance? It ran inside a command, so the host
 * does it after that command's commit. Asking clears the wish. */
bool session_wants_clock(struct session *s, int64_t *to_ms);

/* A command that a plugin declared by baton.command, called by name with JSON arguments; result as
 * JSON appended to *out. Inside a command that the caller opened. Likewise a report. */
int session_command(struct session *s, const char *name, const char *json_args, struct buf *out,
                    struct error *e);
int session_report(struct session *s, const char *name, const char *json_args, struct buf *out,
                   struct error *e);

/* What a statement asked of its host beyond its own command (as, at, watch, timing: see help
 * "session"). Reading clears it, but for timing. Texts last until the session is used again. */
struct session_wishes {
    bool at, at_back; /* to a later time on a scratch copy: `at_code` there, or from now on; back */
    int64_t at_ms;
    const char *at_code; /* NULL: from now on */
    bool watch, watch_on;
    const char *watch_kind; /* "referral.*"; NULL: all */
    bool timing;
};
const struct actor *session_actor(const struct session *s); /* who acts in it now */
void session_wishes(struct session *s, struct session_wishes *out);

/* The state has seen a turn that was undone as a whole, or the clock went back: what it remembers
 * of jobs and circuit breakers is read again. */
void script_rewind(struct script *s);
/* What runs, if anything, ends soon with "cancelled". Safe in a signal handler. */
void script_cancel(struct script *s);

/* All that plugins declare so, as a JSON array: {kind:"command" or "report", name, plugin, help,
 * args:[{name,type,required,help}] (null: whatever is given)}. */
void script_declared(const struct script *s, struct jsonw *w);
/* The columns of a report as it declares them: [{name,type}], type "time" or "any". */
void script_report_columns(const struct script *s, const char *name, struct jsonw *w);

/* Completion of the word before `cursor`: each(candidate). */
typedef void (*session_each_word)(void *context, const char *word);
size_t session_complete(struct session *s, const char *line, size_t cursor, session_each_word each,
                        void *context);
/* Returns where the word begins. */

/* ---- help, from the registration table (DESIGN 15) ---- */
/* Appends help for "" (overview), a module or "referrals.find"; ERROR_NOT_FOUND has near names. */
int script_help(const char *topic, struct buf *out, struct error *e);
/* Appends the whole reference as Markdown: docs/lua-api.md. */
void script_reference(struct buf *out);
/* The names of all environments for luacheck (docs/lua/luacheckrc), and stubs for LuaLS
 * (docs/lua/baton.lua). */
void script_luacheck(struct buf *out);
void script_luals(struct buf *out);

#endif
