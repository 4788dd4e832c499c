/* Inside the check of plugins.
 *
 * check.c loads and drives; check_lex.c and check_parse.c turn each source into
 * the uses that it makes of names; check_capture.c catches what the plugin
 * declares; the other check_*.c find mistakes in these, one idea a file. All
 * memory is the check's arena. */
#ifndef SCRIPT_CHECK_INTERNAL_H
#define SCRIPT_CHECK_INTERNAL_H

#include "baton/script/check.h"
#include "script/plugin_internal.h"

struct ini_entry;

/* ---- names ---- */

struct check_names {
    const char **at; /* ended by NULL once there is one */
    size_t count, room;
};
void check__name(struct check *c, struct check_names *names, const char *name); /* once */
bool check__has(const struct check_names *names, const char *name);
/* `, did you mean "x"?`, or `; known: a, b`, or "". */
const char *check__near(struct check *c, const struct check_names *names, const char *name);

/* ---- check_lex.c: a source as tokens ---- */

enum check_token_kind { TOKEN_END, TOKEN_NAME, TOKEN_WORD, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN };
struct check_token {
    enum check_token_kind kind;
    const char *text; /* terminated; of a string its content, simple escapes resolved */
    int line;
};
/* Ends with TOKEN_END. The source compiled, so whatever is odd here ends it early. */
struct check_token *check__lex(struct arena *a, const char *text, size_t n, size_t *count);

/* ---- check_parse.c: what a source does with names ---- */

/* Where the value at the beginning of a path comes from. */
enum check_root { ROOT_NONE, ROOT_GLOBAL, ROOT_LOCAL, ROOT_PARAM, ROOT_RECORD };

enum check_expr { EXPR_OTHER, EXPR_STRING, EXPR_PATH, EXPR_TABLE, EXPR_FUNCTION };
struct check_value {
    enum check_expr kind;
    const char *text; /* of a string, or the path: "baton.settings.x", "?.fields.x" */
    int line;
    int fn; /* the function that it is or that makes it; -1 */
    enum check_root root;
    int root_fn, root_param;     /* ROOT_PARAM: which parameter of which function, from 0 */
    bool direct;                 /* the path leads from the parameter by members alone */
    size_t use;                  /* the USE_MEMBER that it made, or SIZE_MAX */
    struct check_entry *entries; /* of a table */
};
struct check_entry {
    const char *key; /* NULL: by position */
    int line;
    struct check_value value;
    struct check_entry *next;
};
enum check_use_kind {
    USE_READ,
    USE_WRITE,
    USE_MEMBER,
    USE_ALIAS,
    USE_ASSIGN,
    USE_CALL,
    USE_EQUALS
};
struct check_use {
    enum check_use_kind kind;
    const char *path;   /* "?" where the beginning is not known */
    const char *method; /* of USE_CALL on x:method(…); path is x */
    const char *text;   /* of USE_EQUALS: the literal */
    int line;
    int fn;     /* in which it stands; 0: the file itself */
    int callee; /* of USE_CALL: a function of this file; -1 */
    enum check_root root;
    int root_fn, root_param;
    bool direct;
    const struct check_value *args;
    size_t arg_count;
};
struct check_fn {
    int parent;       /* -1: the file */
    const char *name; /* "plan.begin", NULL: none */
    int line;
    bool guard;         /* runs as a guard, or is called by one */
    bool later;         /* runs when the plugin serves, not when it loads */
    bool bound;         /* given to the core: its parameters are known */
    int referral;       /* number of the parameter that is a handle; -1 */
    enum entity entity; /* of that handle; ENTITY_NONE: not certain */
    bool assigned;      /* one of its parameters gets another value */
};
struct check_source {
    struct plugin *plugin;
    const char *name; /* "init", "lib/plan" */
    const char *file; /* "tutoring/init.lua" */
    bool compiled;
    bool spec;
    struct check_token *tokens;
    size_t token_count;
    struct check_use *uses;
    size_t use_count, use_room;
    struct check_fn *fns; /* [0] is the file */
    size_t fn_count, fn_room;
    struct check_bind { /* key = function, in a table */
        const char *key;
        int fn, line;
        const char *path; /* where fn is of another file: "require:plan.begin" */
    } * binds;
    size_t bind_count, bind_room;
};
void check__parse(struct check *c, struct check_source *s);

/* ---- check_capture.c: what a plugin declares ---- */

struct check_step {
    enum step_kind kind;
    struct span span;
    const char *to;
};
struct check_stage {
    const char *name, *title, *outcome, *file;
    int line;
    bool initial, final;
    const char *const *owner_roles, *const *required; /* NULL: none */
    bool has_deadline, has_within;
    struct span within;
    const char *due_field;
    struct check_step *steps;
    size_t step_count;
    const char *expire; /* transition; NULL: does not */
    struct span expire_after;
    bool reached, ends, leaves; /* check_stages.c */
};
struct check_transition {
    const char *name, *title, *to, *source, *file;
    int line;
    const char *const *from, *const *roles, *const *required, *const *reasons;
    const char *const *commented; /* reasons that ask for a comment */
    const char *reason_twice;     /* or NULL */
    bool note, locked, guard, effect;
    bool disabled; /* by org.ini */
    bool other;    /* it has keys that this check knows nothing of */
    struct check_approval {
        const char *const *roles; /* of its seats */
        int64_t need, weight;     /* weight: of all seats; 0: no approval */
    } approval;
};
struct check_field {
    const char *name, *type, *help;
    int line;
};
struct check_workflow {
    struct plugin *plugin;
    const char *name, *title, *file;
    int line, version;
    struct check_field *fields;
    size_t field_count;
    struct check_stage *stages;
    size_t stage_count;
    struct check_transition *transitions;
    size_t transition_count;
    bool beyond;          /* a list is longer than its limit and was not read to its end */
    struct error refused; /* what loading says of it; code 0: nothing */
};
struct check_declared { /* baton.on, command, report, job, field, messages.template */
    struct plugin *plugin;
    const char *what, *name, *file;
    int line;
    bool every_ok;
};
/* Finds the lines of stages and transitions, once the sources are read. */
void check__places(struct check *c);

/* ---- the whole ---- */

struct check {
    struct arena *memory;
    struct script *script;
    const struct check_org *org;
    struct ini *org_ini;
    const char *const *only;
    const char *const *dirs;
    bool whole; /* every plugin has loaded to its end: what is not declared is not there */
    struct check_finding *findings;
    size_t count, room;
    struct check_source *sources;
    size_t source_count, source_room;
    struct check_workflow *workflows;
    size_t workflow_count, workflow_room;
    struct check_declared *declared;
    size_t declared_count, declared_room;
    struct check_names globals;  /* of the standard environment */
    struct check_names *members; /* of each that is a table */
};

void check__add(struct check *c, const char *code, const struct plugin *p, const char *file,
                int line, const char *format, ...) __attribute__((format(printf, 6, 7)));
bool check__wants(const struct check *c, const struct plugin *p); /* is it one of `only`? */
bool check__has_error(const struct check *c, const struct plugin *p);
/* Grows an array by one in steps. */
void *check__grow(struct arena *a, void *at, size_t count, size_t *room, size_t size);
/* The line of the first string token that says `word`, at or behind `line`; `line` if none. */
int check__line(const struct check *c, const char *file, int line, const char *word);
/* Has every source of it compiled? Else nobody can say that something is not used. */
bool check__compiled(const struct check *c, const struct plugin *p);
const struct check_source *check__source(const struct check *c, const struct plugin *p,
                                         const char *name);

void check__ini(struct check *c, struct plugin *p);     /* check_ini.c */
void check__org_ini(struct check *c);                   /* check_ini.c */
void check__sources(struct check *c, struct plugin *p); /* check_source.c: reads them */
void check__globals(struct check *c, struct plugin *p); /* check_source.c */
void check__files(struct check *c, struct plugin *p);   /* check_source.c */
void check__bind(struct check *c);                      /* check_guards.c: marks functions */
void check__guards(struct check *c, struct plugin *p);  /* check_guards.c */
/* check_guards.c: the function of `in` that the use calls; -1: another, or none. */
int check__callee(struct check *c, struct check_source *from, const struct check_use *use,
                  const struct check_source *in);
void check__handles(struct check *c, struct plugin *p);     /* check_handles.c */
void check__permissions(struct check *c, struct plugin *p); /* check_permissions.c */
void check__names_used(struct check *c, struct plugin *p);  /* check_code.c */
void check__events(struct check *c, struct plugin *p);      /* check_events.c */
/* check_stages.c. Does the transition leave that stage? "*" is every stage that is not final. */
bool check__leaves(const struct check_transition *t, const struct check_stage *s);
const struct check_stage *check__stage(const struct check_workflow *w,
                                       const char *name); /* or NULL */
/* How often the plugin's sources say the word, as a name or a text. */
size_t check__mentions(const struct check *c, const struct plugin *p, const char *word);
void check__stages(struct check *c, struct check_workflow *w);       /* check_stages.c */
void check__roles(struct check *c, struct check_workflow *w);        /* check_roles.c */
void check__transitions(struct check *c, struct check_workflow *w);  /* check_transitions.c */
void check__deadlines(struct check *c, struct check_workflow *w);    /* check_deadlines.c */
void check__fields(struct check *c, struct check_workflow *w);       /* check_fields.c */
void check__others(struct check *c, const struct check_workflow *w); /* check_others.c */

#endif
