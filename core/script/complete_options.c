/* Completion in the options of a call: keys of methods, names of fields, codes of
 * reasons, words that a field takes; and the topics of help. */
#include "script/complete_internal.h"

#include "script/help_internal.h"

#include <ctype.h>
#include <string.h>

/* ---- help ---- */

bool complete__topics(struct complete *c)
{
    size_t begin = c->cursor, end;
    while (begin > 0 &&
           (isalnum((unsigned char)c->line[begin - 1]) || strchr("_.:", c->line[begin - 1])))
        begin--;
    end = begin - (c->quote && begin > 0);
    end = complete__skip_space(c, end);
    if (end == 0 || end == c->cursor)
        return false;
    if (c->quote && c->line[end - 1] == '(')
        end = complete__skip_space(c, end - 1);
    size_t word = complete__word_begin(c, end);
    if (complete__skip_space(c, word) != 0 || strcmp(complete__word(c, word, end), "help") != 0)
        return false;
    c->begin = begin;
    complete__add_all(c, help__names(c->arena));
    return true;
}

/* ---- the call ---- */

struct options_call {
    size_t open;   /* of the outermost table in it */
    size_t target; /* where the expression before ":" or "." ends */
    const char *verb;
    const char *first; /* a literal before the table: r:advance("close", {…}; or NULL */
    bool method;
    bool in_fields; /* fields = { … */
};

static const char *call_literal(struct complete *c, size_t at)
{
    at += strspn(c->line + at, " \t\n");
    char quote = c->line[at];
    const char *end = quote == '"' || quote == '\'' ? strchr(c->line + at + 1, quote) : NULL;
    return end && end < c->line + c->cursor ? complete__word(c, at + 1, (size_t)(end - c->line))
                                            : NULL;
}

/* The call in whose table `at` is, or in the table of whose fields=. */
static bool call_read(struct complete *c, size_t at, struct options_call *call)
{
    *call = (struct options_call){ .open = complete__open_bracket(c, at, false) };
    size_t end = call->open == SIZE_MAX ? 0 : complete__skip_space(c, call->open);
    if (end > 0 && c->line[call->open] == '{' && c->line[end - 1] == '=') {
        end = complete__skip_space(c, end - 1);
        size_t key = complete__word_begin(c, end);
        call->in_fields = !strcmp(complete__word(c, key, end), "fields");
        call->open = call->in_fields ? complete__open_bracket(c, key, false) : SIZE_MAX;
        end = call->open == SIZE_MAX ? 0 : complete__skip_space(c, call->open);
    }
    if (end == 0 || c->line[call->open] != '{')
        return false;
    if (c->line[end - 1] == ',' || c->line[end - 1] == '(') {
        size_t bracket = complete__open_bracket(c, end - (c->line[end - 1] == '('), false);
        if (c->line[end - 1] == '(')
            bracket = end - 1;
        if (bracket == SIZE_MAX || c->line[bracket] != '(')
            return false;
        call->first = call_literal(c, bracket + 1);
        end = complete__skip_space(c, bracket);
    }
    size_t verb = complete__word_begin(c, end);
    if (verb == end || verb == 0 || !strchr(":.", c->line[verb - 1]))
        return false;
    call->verb = complete__word(c, verb, end);
    call->method = c->line[verb - 1] == ':';
    call->target = verb - 1;
    return true;
}

/* What the call is about: the entity, and the workflow of a referral, if it is known. */
struct options_about {
    enum entity entity;
    const struct graph *graph;
};

/* referrals.open{ workflow = "x": the graph of the workflow that the table names. */
static const struct graph *about_named(struct complete *c, lua_State *L, size_t open)
{
    const char *table = c->line + open, *key = strstr(table, "workflow"), *name = NULL;
    if (key && (key += strlen("workflow"), key += strspn(key, " "), *key == '='))
        name = call_literal(c, (size_t)(key + 1 - c->line));
    return name ? domain_graph(script__domain(L), name) : NULL;
}

static bool about_read(struct complete *c, lua_State *L, const struct options_call *call,
                       struct options_about *about)
{
    int64_t id = 0;
    const struct row *row;
    *about = (struct options_about){ .graph = about_named(c, L, call->open) };
    if (!call->method) {
        size_t module = complete__word_begin(c, call->target);
        const struct schema *s = schema_named(complete__word(c, module, call->target));
        about->entity = s ? s->entity : ENTITY_NONE;
        return s != NULL;
    }
    struct complete_target t = complete__target(c, L, call->target);
    about->entity = t.entity;
    if (t.found && t.entity == ENTITY_NONE && script__is_handle(L, -1, &about->entity, &id) &&
        strcmp(call->verb, "refer") != 0 &&
        store_get(script__store(L), about->entity, id, &row, NULL) == 0)
        about->graph = fields__graph(script__domain(L), row);
    return about->entity != ENTITY_NONE;
}

/* ---- words ---- */

void complete__add_column(struct complete *c, const struct column *column)
{
    size_t n = strlen(column->name), ending = column->type == COLUMN_REF    ? 3
                                              : column->type == COLUMN_TIME ? 6
                                                                            : n;
    if (n > ending)
        complete__add(c, arena_dupn(c->arena, column->name, n - ending));
    if (n <= ending || c->begin < c->cursor)
        complete__add(c, column->name);
}

bool complete__option_keys(struct complete *c, lua_State *L)
{
    struct options_call call;
    struct options_about about;
    struct handle_options o;
    size_t before = complete__skip_space(c, c->begin);
    if (!before || !strchr("{,", c->line[before - 1]) || !call_read(c, before, &call) ||
        (!call.method && !call.in_fields))
        return false;
    if (!about_read(c, L, &call, &about))
        return call.in_fields; /* of something unknown: not the place for globals all the same */
    if (call.in_fields) {
        complete__add_all(c, fields__names(L, about.entity, about.graph));
        return true;
    }
    if (!handle__options(c->arena, about.entity, call.verb, &o))
        return false;
    for (size_t i = 0; i < o.count; i++) {
        size_t n = strlen(o.names[i]);
        bool written = n > 6 && !strcmp(o.names[i] + n - 6, "_at_ms");
        if (c->begin < c->cursor || !(written || complete__is_inner(o.names[i])))
            complete__add(c, o.names[i]);
    }
    return true;
}

static void words_reasons(struct complete *c, const struct graph *g, const char *transition)
{
    for (size_t i = 0; g && i < graph_transition_count(g); i++) {
        const struct transition *t = graph_transition(g, (int)i);
        for (size_t j = 0; j < t->reason_count; j++)
            if (!transition || !strcmp(t->name, transition))
                complete__add(c, t->reasons[j].code);
    }
}

bool complete__option_words(struct complete *c, lua_State *L, size_t end)
{
    struct options_call call;
    struct options_about about;
    if (!end || c->line[end - 1] != '=')
        return false;
    size_t key_end = complete__skip_space(c, end - 1), key = complete__word_begin(c, key_end);
    const char *name = complete__word(c, key, key_end);
    if (!call_read(c, key, &call) || !about_read(c, L, &call, &about))
        return false;
    if (call.in_fields) {
        const struct field *f = fields__find(script__domain(L), about.entity, about.graph, name);
        complete__add_all(c, f ? f->values : NULL);
        return f && f->values;
    }
    if (!call.method || strcmp(name, "reason") != 0 || !call.first)
        return false;
    words_reasons(c, about.graph, call.first);
    return true;
}
