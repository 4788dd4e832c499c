/* Expressions of a Lua source: values as far as a literal or a path tells, and
 * the uses that they make of names. Statements are in check_parse.c. */
#include "script/check_parse_internal.h"

#include <string.h>

/* ---- tokens ---- */

const struct check_token *parse__token(const struct parse *p)
{
    return &p->s->tokens[p->at];
}

/* The last token, TOKEN_END, stays. */
void parse__next(struct parse *p)
{
    if (p->at + 1 < p->s->token_count)
        p->at++;
}

bool parse__is(const struct parse *p, const char *text)
{
    const struct check_token *t = parse__token(p);
    return (t->kind == TOKEN_SIGN || t->kind == TOKEN_WORD) && !strcmp(t->text, text);
}

bool parse__take(struct parse *p, const char *text)
{
    bool is = parse__is(p, text);
    if (is)
        parse__next(p);
    return is;
}

const char *parse__word(struct parse *p)
{
    const struct check_token *t = parse__token(p);
    if (t->kind != TOKEN_NAME)
        return "?";
    parse__next(p);
    return t->text;
}

bool parse__ended(const struct parse *p)
{
    return parse__token(p)->kind == TOKEN_END;
}

/* ---- expressions ---- */

const struct check_value parse__nothing = {
    .kind = EXPR_OTHER, .text = "?", .fn = -1, .use = SIZE_MAX
};

/* "(a, b, …) body end"; returns its number. */
int parse__function(struct parse *p, const char *name, bool method)
{
    int fn = parse__fn(p, name, parse__token(p)->line), outer = p->fn, number = 0;
    size_t scope = p->local_count;
    p->fn = fn;
    if (method)
        parse__local(p, "self", NULL)->param = number++;
    parse__take(p, "(");
    while (!parse__ended(p) && !parse__is(p, ")")) {
        if (parse__token(p)->kind == TOKEN_NAME) {
            struct parse_local *l = parse__local(p, parse__word(p), NULL);
            l->root = ROOT_PARAM;
            l->root_fn = fn;
            l->param = number++;
        } else {
            parse__next(p);
        }
    }
    parse__take(p, ")");
    parse__block(p);
    parse__take(p, "end");
    p->local_count = scope;
    p->fn = outer;
    return fn;
}

static struct check_entry *parse_entry(struct parse *p)
{
    struct check_entry *e = arena_alloc(p->arena, sizeof *e);
    const struct check_token *t = parse__token(p);
    e->line = t->line;
    bool named = t->kind == TOKEN_NAME && p->s->tokens[p->at + 1].kind == TOKEN_SIGN &&
                 !strcmp(p->s->tokens[p->at + 1].text, "=");
    if (named) {
        e->key = t->text;
        parse__next(p);
        parse__next(p);
    } else if (parse__take(p, "[")) {
        struct check_value key = parse__expression(p);
        if (key.kind == EXPR_STRING)
            e->key = key.text;
        else
            e->key = "?";
        parse__take(p, "]");
        parse__take(p, "=");
    }
    e->value = parse__expression(p);
    if (e->key && (e->value.fn >= 0 || !strncmp(e->value.text, "require:", 8)))
        parse__bind(p, e->key, &e->value, e->line);
    return e;
}

static struct check_value parse_table(struct parse *p)
{
    struct check_value v = parse__nothing;
    struct check_entry **last = &v.entries;
    v.kind = EXPR_TABLE;
    v.line = parse__token(p)->line;
    parse__take(p, "{");
    while (!parse__ended(p) && !parse__is(p, "}")) {
        size_t at = p->at;
        *last = parse_entry(p);
        last = &(*last)->next;
        if (!parse__take(p, ","))
            parse__take(p, ";");
        if (p->at == at)
            parse__next(p);
    }
    parse__take(p, "}");
    return v;
}

static struct check_value *parse_arguments(struct parse *p, size_t *count)
{
    size_t room = 0;
    struct check_value *args = NULL;
    bool list = parse__take(p, "(");
    *count = 0;
    while (!parse__ended(p) && !(list && parse__is(p, ")"))) {
        size_t at = p->at;
        args = check__grow(p->arena, args, *count, &room, sizeof *args);
        if (list) {
            struct check_value v = parse__expression(p);
            args[(*count)++] = v;
        } else if (parse__is(p, "{")) {
            args[(*count)++] = parse_table(p);
        } else {
            args[*count] = parse__nothing;
            args[*count].kind = EXPR_STRING;
            args[*count].line = parse__token(p)->line;
            args[(*count)++].text = parse__token(p)->text;
            parse__next(p);
        }
        if (!list)
            return args;
        if (!parse__take(p, ",") && p->at == at)
            parse__next(p);
    }
    parse__take(p, ")");
    return args;
}

static bool parse_at_arguments(const struct parse *p)
{
    return parse__is(p, "(") || parse__is(p, "{") || parse__token(p)->kind == TOKEN_STRING;
}

/* The value of a call: a handle where a verb of records made it, `r` again after r:set{}. */
static void parse_call(struct parse *p, struct check_value *v, const char *method)
{
    size_t count;
    int line = parse__token(p)->line;
    const char *path = v->text;
    int callee = method ? -1 : v->fn;
    struct check_value *args = parse_arguments(p, &count);
    struct check_use *use = parse__use(p, USE_CALL, path, line);
    use->method = method;
    use->callee = callee;
    use->root = v->root;
    use->root_fn = v->root_fn;
    use->root_param = v->root_param;
    use->direct = v->direct;
    use->args = args;
    use->arg_count = count;
    v->kind = EXPR_OTHER;
    v->use = SIZE_MAX;
    v->text = "?";
    v->fn = callee;
    v->direct = false;
    if (!strcmp(path, "baton.require") && count == 1 && args[0].kind == EXPR_STRING) {
        v->kind = EXPR_PATH;
        v->text = arena_printf(p->arena, "require:%s", args[0].text);
    } else if (!method) {
        v->root = parse__makes_record(path) ? ROOT_RECORD : ROOT_NONE;
    }
}

static void parse_member(struct parse *p, struct check_value *v, const char *name)
{
    v->text = parse__path(parse__joined(p, v->text, name));
    v->kind = EXPR_PATH;
    v->fn = -1;
    if (v->use == SIZE_MAX || p->s->uses[v->use].kind == USE_READ) {
        parse__use(p, USE_MEMBER, v->text, p->s->tokens[p->at - 1].line);
        v->use = p->s->use_count - 1;
    }
    struct check_use *use = &p->s->uses[v->use];
    use->path = v->text;
    use->root = v->root;
    use->root_fn = v->root_fn;
    use->root_param = v->root_param;
    use->direct = v->direct;
}

static void parse_index(struct parse *p, struct check_value *v)
{
    parse__take(p, "[");
    struct check_value key = parse__expression(p);
    parse__take(p, "]");
    parse_member(p, v, key.kind == EXPR_STRING ? key.text : "[]");
    v->use = SIZE_MAX;
}

struct check_value parse__suffixed(struct parse *p)
{
    struct check_value v = parse__nothing;
    v.line = parse__token(p)->line;
    if (parse__take(p, "(")) {
        v = parse__expression(p);
        parse__take(p, ")");
    } else {
        parse__name(p, parse__word(p), &v);
    }
    for (;;) {
        if (parse__take(p, ".")) {
            parse_member(p, &v, parse__word(p));
        } else if (parse__is(p, "[")) {
            parse_index(p, &v);
        } else if (parse__take(p, ":")) {
            const char *method = parse__word(p);
            parse_call(p, &v, method);
        } else if (parse_at_arguments(p)) {
            parse_call(p, &v, NULL);
        } else {
            return v;
        }
    }
}

static struct check_value parse_simple(struct parse *p)
{
    struct check_value v = parse__nothing;
    const struct check_token *t = parse__token(p);
    v.line = t->line;
    if (t->kind == TOKEN_STRING) {
        v.kind = EXPR_STRING;
        v.text = t->text;
        parse__next(p);
        return v;
    }
    if (parse__is(p, "{"))
        return parse_table(p);
    if (parse__take(p, "function")) {
        v.kind = EXPR_FUNCTION;
        v.fn = parse__function(p, NULL, false);
        return v;
    }
    if (t->kind == TOKEN_NAME || parse__is(p, "("))
        return parse__suffixed(p);
    if (t->kind == TOKEN_NUMBER || parse__is(p, "nil") || parse__is(p, "true") ||
        parse__is(p, "false") || parse__is(p, "..."))
        parse__next(p);
    return v;
}

static bool parse_operator(struct parse *p)
{
    static const char *const operators[] = { "+", "-",  "*", "/",  "//", "^",  "%",   "..",
                                             "<", "<=", ">", ">=", "==", "~=", "and", "or",
                                             "&", "|",  "~", "<<", ">>", NULL };
    for (size_t i = 0; operators[i]; i++)
        if (parse__take(p, operators[i]))
            return true;
    return false;
}

static void parse_unary(struct parse *p, bool *any)
{
    while (parse__take(p, "not") || parse__take(p, "-") || parse__take(p, "#") ||
           parse__take(p, "~"))
        *any = true;
}

/* Operands in a row: which binds closer does not matter here. */
struct check_value parse__expression(struct parse *p)
{
    bool combined = false;
    parse_unary(p, &combined);
    struct check_value v = parse_simple(p), left = v;
    for (;;) {
        bool equals = parse__is(p, "==") || parse__is(p, "~=");
        if (!parse_operator(p))
            break;
        combined = true;
        parse_unary(p, &combined);
        struct check_value right = parse_simple(p);
        if (equals && left.kind == EXPR_PATH && right.kind == EXPR_STRING) {
            struct check_use *use = parse__use(p, USE_EQUALS, left.text, right.line);
            use->text = right.text;
            use->root = left.root;
        }
        left = right;
    }
    if (!combined)
        return v;
    struct check_value whole = parse__nothing;
    whole.line = v.line;
    return whole;
}

void parse__expressions(struct parse *p)
{
    do
        parse__expression(p);
    while (parse__take(p, ","));
}
