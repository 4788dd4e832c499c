/* A plugin from the inside: what plugin.ini says, what is loaded, how it fares. */
#ifndef SCRIPT_PLUGIN_INTERNAL_H
#define SCRIPT_PLUGIN_INTERNAL_H

#include "baton/base/digest.h"
#include "script/state_internal.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INT,
    SETTING_REAL,
    SETTING_BOOL,
    SETTING_SPAN,
    SETTING_WORDS
};

#include "baton/base/limits.h"

struct setting {
    char *name;
    enum setting_type type;
    char *value;  /* as text, checked; NULL: none */
    char **words; /* ended by NULL; one mem_free */
    bool has_min, has_max;
    double min, max;
};

struct requirement {
    char *plugin;
    char op[3]; /* "", ">=", "=", "<", ... */
    char *version;
};

enum breaker_state { BREAKER_ON, BREAKER_OFF, BREAKER_OFF_BY_HAND };

/* Of one plugin in one organisation: breaker.c. */
struct breaker {
    enum breaker_state state;
    bool loading; /* off, because the process died while it loaded: it is not loaded either */
    int64_t since_ms, again_ms; /* off; tried again from then on, INT64_MAX: not by itself */
    char *why;                  /* it is off; or NULL */
    char *said;                 /* the whole sentence; or NULL */
    int64_t kills[LIMIT_BREAKER_KILLS], errors[LIMIT_BREAKER_ERRORS]; /* when; the latest last */
    size_t kill_count, error_count;
    bool unsaved;
};

struct plugin {
    struct script *script;
    char *name, *version, *title, *dir; /* dir is resolved; "" until found */
    struct setting *settings;
    size_t setting_count;
    struct requirement *requirements;
    size_t require_count;
    unsigned permissions; /* bits of plugin_permissions[] */
    bool usable;          /* plugin.ini is good */
    bool ringed;          /* it requires itself, in a ring */
    bool loading, loaded;
    struct breaker breaker;
    char *problem; /* NULL: all is well */
    char *warning; /* what org.ini wants of it and does not get; or NULL */
    int env_ref, files_ref;
    struct actor actor; /* "plugin NAME" */
    char *actor_name;
    int64_t calls, failures;
    uint64_t cpu_ns;
    size_t workflows;
    uint8_t source[DIGEST_BYTES]; /* of what it loaded: origin.c */
};

/* ---- plugin_ini.c ---- */
extern const char *const plugin_permissions[]; /* ended by NULL */
/* Finds it in `dirs`, reads plugin.ini, then the settings in org_ini (may be NULL). */
int plugin_ini_read(struct plugin *p, const char *const *dirs, struct ini *org_ini,
                    struct error *e);
void plugin_ini_free(struct plugin *p);
int version_compare(const char *a, const char *b); /* dotted numbers */
bool version_satisfies(const char *version, const char *op, const char *wanted);
bool version_is_good(const char *text);
/* "other >= 1.0"; the texts of *out are the caller's in any case. */
int requirement_read(const char *text, struct requirement *out, struct error *e);

/* ---- origin.c ---- */
void origin__begin(struct plugin *p);
void origin__add(struct plugin *p, const char *text, size_t n); /* a source that it loads */
void origin__tell(const struct plugin *p);                      /* it has loaded */

/* ---- plugin_settings.c ---- */
/* One [setting NAME], appended to p->settings, which has room; `first` is its first entry. */
struct ini_entry;
int setting_read(struct plugin *p, struct ini *ini, const struct ini_entry *first, struct error *e);
int setting_check(const struct setting *s, const char *value, struct error *e);
struct setting *setting_find(const struct plugin *p, const char *name); /* or NULL */
int setting_unknown(const struct plugin *p, const struct ini_entry *entry, struct error *e);
int settings_read(struct plugin *p, struct ini *ini,
                  struct error *e); /* [setting NAME] of plugin.ini */
int settings_configure(struct plugin *p, struct ini *org_ini,
                       struct error *e);                  /* [plugin NAME] of org.ini */
void settings_push(lua_State *L, const struct plugin *p); /* a plain table */
void settings_free(struct plugin *p);

/* ---- plugin.c ---- */
/* Raises unless the plugin at work is loading. Returns it. */
struct plugin *plugin_loading(lua_State *L, const char *call);
void plugin_problem(struct plugin *p, const char *text); /* copies */
/* It works, but this is shown where its problem is. */
void plugin_warn(struct plugin *p, const struct error *e);
/* Reads NAME.lua of its folder, resolved, never outside it. */
int plugin_source(const struct plugin *p, const char *file, struct buf *out, struct error *e);
int plugin_require(lua_State *L); /* baton.require */

/* ---- breaker.c ---- */
/* As the database has it; `anew` (a reload): on, unless it was switched off by hand. */
void breaker__open(struct plugin *p, bool anew);
void breaker__close(struct plugin *p);
void breaker__rewind(struct plugin *p);       /* the turn was undone: counts begin anew */
bool breaker__is_off(const struct plugin *p); /* not while it is tried again */
int breaker__refuse(const struct plugin *p, struct error *e); /* ERROR_DENIED if it is off */
/* Why it must not even be loaded; NULL: it may be. */
const char *breaker__keeps_out(const struct plugin *p);
/* How a call went. A kill counts whatever the call was. */
void breaker__went_well(struct plugin *p);
void breaker__failed(struct plugin *p, const struct script_frame *frame, bool kill,
                     const struct error *why);
/* Of the domain's hooks: may its workflows go on? */
int breaker__serves(void *context, const char *plugin, int64_t *again_ms, struct error *e);

int breaker__check_name(const char *plugin, struct error *e);
/* Adds an instant to those within the window, of which at most `most` are kept; how many. */
size_t breaker__count(int64_t *times, size_t *count, size_t most, int64_t now_ms);

/* ---- breaker_keep.c ---- */
#define BREAKER_ACTOR "breaker"
/* What cannot be read counts as on: nothing is lost by that. */
void breaker__read(struct store *store, const char *plugin, struct breaker *b);
/* To be written by script_write_news; `why` and `where` may be NULL or "". */
void breaker__tell_news(struct script *s, const char *kind, const char *actor, const char *plugin,
                        const char *why, const char *where);

/* ---- check_capture.c ---- */
/* Puts catching functions over those that declare, into the environment on top of the stack. */
void check__catch(lua_State *L, struct plugin *p);

/* ---- hooks.c ---- */
void hooks_install(struct script *s);
int hooks_guard(void *context, const struct domain_call *call,
                struct error *e); /* as the domain calls it */
int hooks_add_function(lua_State *L, int index, struct plugin *p,
                       const char *what); /* takes the function; its number */
int hooks_on(lua_State *L);               /* baton.on */
void hooks_drop(struct script *s, const struct plugin *p);
void hooks_free(struct script *s);
size_t hooks_count(const struct script *s, const struct plugin *p);
/* Pushes the handle of a row, the one pushed last where that is the same. */
void hooks_push_handle(lua_State *L, enum entity entity, int64_t id);

/* ---- jobs.c ---- */
int jobs_add(lua_State *L);         /* baton.job */
void jobs_rewind(struct script *s); /* reads again when each ran last */
void jobs_drop(struct script *s, const struct plugin *p);
void jobs_free(struct script *s);
size_t jobs_count(const struct script *s, const struct plugin *p);

/* ---- commands.c ---- */
int commands_add(lua_State *L);        /* baton.command */
int commands_add_report(lua_State *L); /* baton.report */
int commands_call(lua_State *L);       /* baton.call */
int commands_run_report(lua_State *L); /* baton.run_report */
void commands_drop(struct script *s, const struct plugin *p);
void commands_free(struct script *s);
size_t commands_count(const struct script *s, const struct plugin *p, bool report);

/* ---- workflow.c, workflow_fields.c ---- */
int workflow_add(lua_State *L);   /* baton.workflow */
int workflow_field(lua_State *L); /* baton.field */
/* Reads a field declaration, a type name or a table, at `index`; text lives in the arena. */
void workflow_read_field(lua_State *L, int index, const char *name, struct field *out);

/* ---- table.c: option tables of declarations. All raise; `what` is `transition "decide"` ---- */
void table_check(lua_State *L, int index, const char *const *known, const char *what);
/* Absent: NULL, or the default. Text lives as long as the script's arena. */
const char *table_text(lua_State *L, int index, const char *key, const char *what);
const char *table_need_text(lua_State *L, int index, const char *key, const char *what);
bool table_bool(lua_State *L, int index, const char *key, bool otherwise, const char *what);
int64_t table_int(lua_State *L, int index, const char *key, int64_t otherwise, const char *what);
bool table_number(lua_State *L, int index, const char *key, double *out, const char *what);
/* A word or a list of words, ended by NULL; NULL if absent. */
const char *const *table_words(lua_State *L, int index, const char *key, const char *what);
/* Pushes the value and tells whether it is a table (or absent: false); another type raises. */
bool table_table(lua_State *L, int index, const char *key, const char *what);
bool table_span(lua_State *L, int index, const char *key, struct span *out, const char *what);
struct span table_to_span(lua_State *L, int index, const char *key, const char *what);
/* String keys of a table, sorted, in the arena; ended by NULL. Integer keys are left out, others
 * raise. */
const char *const *table_keys(lua_State *L, int index, const char *what);
/* The word at `index` must be a name ([a-z][a-z0-9_]*): in the arena. */
const char *table_to_name(lua_State *L, int index, const char *what);

#endif
