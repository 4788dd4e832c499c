/* Between check_parse.c (statements), check_expression.c and check_scope.c (names). */
#ifndef SCRIPT_CHECK_PARSE_INTERNAL_H
#define SCRIPT_CHECK_PARSE_INTERNAL_H

#include "script/check_internal.h"

struct parse_local {
    const char *name, *alias; /* alias: another name for a path; NULL: none */
    int fn;                   /* a function of this file; -1 */
    enum check_root root;
    int root_fn, param;
};
struct parse {
    struct check *c;
    struct arena *arena;
    struct check_source *s;
    size_t at;
    int fn; /* the one at hand */
    struct parse_local *locals;
    size_t local_count, local_room;
};

/* A new local that is what `value` is (NULL: not known). */
struct parse_local *parse__local(struct parse *p, const char *name,
                                 const struct check_value *value);
/* What a name alone means here; a global is used by it. */
void parse__name(struct parse *p, const char *name, struct check_value *v);
const char *parse__path(const char *path); /* "baton.people.get" is "people.get" */
const char *parse__joined(struct parse *p, const char *path, const char *name); /* "path.name" */
struct check_use *parse__use(struct parse *p, enum check_use_kind kind, const char *path, int line);
int parse__fn(struct parse *p, const char *name, int line);
void parse__bind(struct parse *p, const char *key, const struct check_value *v, int line);
/* people.get, referrals.open, …: what they return is a handle. */
bool parse__makes_record(const char *path);

/* ---- check_expression.c ---- */
const struct check_token *parse__token(const struct parse *p);
void parse__next(struct parse *p);                       /* the last token, TOKEN_END, stays */
bool parse__is(const struct parse *p, const char *text); /* a sign or reserved word */
bool parse__take(struct parse *p, const char *text);
const char *parse__word(struct parse *p); /* takes a name; "?" where there is none */
bool parse__ended(const struct parse *p);
extern const struct check_value parse__nothing;
struct check_value parse__expression(struct parse *p);
struct check_value parse__suffixed(struct parse *p);
void parse__expressions(struct parse *p);
/* "(a, b, …) body end"; returns its number. */
int parse__function(struct parse *p, const char *name, bool method);

/* ---- check_parse.c ---- */
void parse__block(struct parse *p);

#endif
