/* What a Lua source does with names: which globals it reads and writes, which
 * functions it calls with which literals, what its tables and functions hold.
 *
 * A recursive descent over the tokens of a source that compiled: it builds no
 * tree of the whole, only the uses. Locals are followed as far as one line
 * tells: `local settings = baton.settings` makes settings another name for it,
 * `local subject = r.subject` is known to come from the parameter r. */
#include "script/check_parse_internal.h"

#include <string.h>

/* ---- tokens ---- */

static const struct check_token *parse_token(const struct parse *p)
{
    return &p->s->tokens[p->at];
}

/* The last token, TOKEN_END, stays. */
static void parse_next(struct parse *p)
{
    if (p->at + 1 < p->s->token_count)
        p->at++;
}

static bool parse_is(const struct parse *p, const char *text)
{
    const struct check_token *t = parse_token(p);
    return (t->kind == TOKEN_SIGN || t->kind == TOKEN_WORD) && !strcmp(t->text, text);
}

static bool parse_take(struct parse *p, const char *text)
{
    bool is = parse_is(p, text);
    if (is)
        parse_next(p);
    return is;
}

static const char *parse_name(struct parse *p)
{
    const struct check_token *t = parse_token(p);
    if (t->kind != TOKEN_NAME)
        return "?";
    parse_next(p);
    return t->text;
}

static bool parse_ended(const struct parse *p)
{
    return parse_token(p)->kind == TOKEN_END;
}

/* ---- expressions ---- */

static const struct check_value parse_nothing = {
    .kind = EXPR_OTHER, .text = "?", .fn = -1, .use = SIZE_MAX
};

static struct check_value parse_expression(struct parse *p);
static void parse_block(struct parse *p);

/* "(a, b, …) body end"; returns its number. */
static int parse_function(struct parse *p, const char *name, bool method)
{
    int fn = parse__fn(p, name, parse_token(p)->line), outer = p->fn, number = 0;
    size_t scope = p->local_count;
    p->fn = fn;
    if (method)
        parse__local(p, "self", NULL)->param = number++;
    parse_take(p, "(");
    while (!parse_ended(p) && !parse_is(p, ")")) {
        if (parse_token(p)->kind == TOKEN_NAME) {
            struct parse_local *l = parse__local(p, parse_name(p), NULL);
            l->root = ROOT_PARAM;
            l->root_fn = fn;
            l->param = number++;
        } else {
            parse_next(p);
        }
    }
    parse_take(p, ")");
    parse_block(p);
    parse_take(p, "end");
    p->local_count = scope;
    p->fn = outer;
    return fn;
}

static struct check_entry *parse_entry(struct parse *p)
{
    struct check_entry *e = arena_alloc(p->arena, sizeof *e);
    const struct check_token *t = parse_token(p);
    e->line = t->line;
    bool named = t->kind == TOKEN_NAME && p->s->tokens[p->at + 1].kind == TOKEN_SIGN &&
                 !strcmp(p->s->tokens[p->at + 1].text, "=");
    if (named) {
        e->key = t->text;
        parse_next(p);
        parse_next(p);
    } else if (parse_take(p, "[")) {
        struct check_value key = parse_expression(p);
        if (key.kind == EXPR_STRING)
            e->key = key.text;
        else
            e->key = "?";
        parse_take(p, "]");
        parse_take(p, "=");
    }
    e->value = parse_expression(p);
    if (e->key && (e->value.fn >= 0 || !strncmp(e->value.text, "require:", 8)))
        parse__bind(p, e->key, &e->value, e->line);
    return e;
}

static struct check_value parse_table(struct parse *p)
{
    struct check_value v = parse_nothing;
    struct check_entry **last = &v.entries;
    v.kind = EXPR_TABLE;
    v.line = parse_token(p)->line;
    parse_take(p, "{");
    while (!parse_ended(p) && !parse_is(p, "}")) {
        size_t at = p->at;
        *last = parse_entry(p);
        last = &(*last)->next;
        if (!parse_take(p, ","))
            parse_take(p, ";");
        if (p->at == at)
            parse_next(p);
    }
    parse_take(p, "}");
    return v;
}

static struct check_value *parse_arguments(struct parse *p, size_t *count)
{
    size_t room = 0;
    struct check_value *args = NULL;
    bool list = parse_take(p, "(");
    *count = 0;
    while (!parse_ended(p) && !(list && parse_is(p, ")"))) {
        size_t at = p->at;
        args = check__grow(p->arena, args, *count, &room, sizeof *args);
        if (list) {
            struct check_value v = parse_expression(p);
            args[(*count)++] = v;
        } else if (parse_is(p, "{")) {
            args[(*count)++] = parse_table(p);
        } else {
            args[*count] = parse_nothing;
            args[*count].kind = EXPR_STRING;
            args[*count].line = parse_token(p)->line;
            args[(*count)++].text = parse_token(p)->text;
            parse_next(p);
        }
        if (!list)
            return args;
        if (!parse_take(p, ",") && p->at == at)
            parse_next(p);
    }
    parse_take(p, ")");
    return args;
}

static bool parse_at_arguments(const struct parse *p)
{
    return parse_is(p, "(") || parse_is(p, "{") || parse_token(p)->kind == TOKEN_STRING;
}

/* The value of a call: a handle where a verb of records made it, `r` again after r:set{}. */
static void parse_call(struct parse *p, struct check_value *v, const char *method)
{
    size_t count;
    int line = parse_token(p)->line;
    const char *path = v->text;
    int callee = method ? -1 : v->fn;
    struct check_value *args = parse_arguments(p, &count);
    struct check_use *use = parse__use(p, USE_CALL, path, line);
    use->method = method;
    use->callee = callee;
    use->root = v->root;
    use->root_fn = v->root_fn;
    use->root_param = v->root_param;
    use->args = args;
    use->arg_count = count;
    v->kind = EXPR_OTHER;
    v->use = SIZE_MAX;
    v->text = "?";
    v->fn = callee;
    if (!strcmp(path, "baton.require") && count == 1 && args[0].kind == EXPR_STRING) {
        v->kind = EXPR_PATH;
        v->text = arena_printf(p->arena, "require:%s", args[0].text);
    } else if (!method) {
        v->root = parse__makes_record(path) ? ROOT_RECORD : ROOT_NONE;
    }
}

static void parse_member(struct parse *p, struct check_value *v, const char *name)
{
    v->text = parse__path(arena_printf(p->arena, "%s.%s", v->text, name));
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
}

static void parse_index(struct parse *p, struct check_value *v)
{
    parse_take(p, "[");
    struct check_value key = parse_expression(p);
    parse_take(p, "]");
    parse_member(p, v, key.kind == EXPR_STRING ? key.text : "[]");
    v->use = SIZE_MAX;
}

static struct check_value parse_suffixed(struct parse *p)
{
    struct check_value v = parse_nothing;
    v.line = parse_token(p)->line;
    if (parse_take(p, "(")) {
        v = parse_expression(p);
        parse_take(p, ")");
    } else {
        parse__name(p, parse_name(p), &v);
    }
    for (;;) {
        if (parse_take(p, ".")) {
            parse_member(p, &v, parse_name(p));
        } else if (parse_is(p, "[")) {
            parse_index(p, &v);
        } else if (parse_take(p, ":")) {
            const char *method = parse_name(p);
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
    struct check_value v = parse_nothing;
    const struct check_token *t = parse_token(p);
    v.line = t->line;
    if (t->kind == TOKEN_STRING) {
        v.kind = EXPR_STRING;
        v.text = t->text;
        parse_next(p);
        return v;
    }
    if (parse_is(p, "{"))
        return parse_table(p);
    if (parse_take(p, "function")) {
        v.kind = EXPR_FUNCTION;
        v.fn = parse_function(p, NULL, false);
        return v;
    }
    if (t->kind == TOKEN_NAME || parse_is(p, "("))
        return parse_suffixed(p);
    if (t->kind == TOKEN_NUMBER || parse_is(p, "nil") || parse_is(p, "true") ||
        parse_is(p, "false") || parse_is(p, "..."))
        parse_next(p);
    return v;
}

static bool parse_operator(struct parse *p)
{
    static const char *const operators[] = { "+", "-",  "*", "/",  "//", "^",  "%",   "..",
                                             "<", "<=", ">", ">=", "==", "~=", "and", "or",
                                             "&", "|",  "~", "<<", ">>", NULL };
    for (size_t i = 0; operators[i]; i++)
        if (parse_take(p, operators[i]))
            return true;
    return false;
}

static void parse_unary(struct parse *p, bool *any)
{
    while (parse_take(p, "not") || parse_take(p, "-") || parse_take(p, "#") || parse_take(p, "~"))
        *any = true;
}

/* Operands in a row: which binds closer does not matter here. */
static struct check_value parse_expression(struct parse *p)
{
    bool combined = false;
    parse_unary(p, &combined);
    struct check_value v = parse_simple(p), left = v;
    for (;;) {
        bool equals = parse_is(p, "==") || parse_is(p, "~=");
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
    struct check_value whole = parse_nothing;
    whole.line = v.line;
    return whole;
}

static void parse_expressions(struct parse *p)
{
    do
        parse_expression(p);
    while (parse_take(p, ","));
}

/* ---- statements ---- */

static void parse_scope(struct parse *p)
{
    size_t scope = p->local_count;
    parse_block(p);
    p->local_count = scope;
}

static void parse_if(struct parse *p)
{
    do {
        parse_expression(p);
        parse_take(p, "then");
        parse_scope(p);
    } while (parse_take(p, "elseif"));
    if (parse_take(p, "else"))
        parse_scope(p);
    parse_take(p, "end");
}

static void parse_for(struct parse *p)
{
    const char *names[16];
    size_t count = 0, scope = p->local_count;
    do
        names[count++] = parse_name(p);
    while (count < 16 && parse_take(p, ","));
    if (!parse_take(p, "="))
        parse_take(p, "in");
    parse_expressions(p);
    for (size_t i = 0; i < count; i++)
        parse__local(p, names[i], NULL);
    parse_take(p, "do");
    parse_block(p);
    parse_take(p, "end");
    p->local_count = scope;
}

static void parse_local(struct parse *p)
{
    const char *names[16];
    struct check_value values[16];
    size_t count = 0, given = 0;
    do {
        names[count++] = parse_name(p);
        if (parse_take(p, "<")) {
            parse_name(p);
            parse_take(p, ">");
        }
    } while (count < 16 && parse_take(p, ","));
    if (parse_take(p, "="))
        do {
            struct check_value v = parse_expression(p);
            if (given < 16)
                values[given++] = v;
        } while (parse_take(p, ","));
    for (size_t i = 0; i < count; i++)
        parse__local(p, names[i], i < given ? &values[i] : NULL);
}

static void parse_function_statement(struct parse *p)
{
    struct check_value v = parse_nothing;
    const char *first = parse_name(p), *name = first;
    bool method = false;
    v.line = parse_token(p)->line;
    parse__name(p, first, &v);
    if (v.use != SIZE_MAX && (parse_is(p, "(")))
        p->s->uses[v.use].kind = USE_WRITE;
    while (parse_is(p, ".") || parse_is(p, ":")) {
        method = parse_is(p, ":");
        parse_next(p);
        name = arena_printf(p->arena, "%s.%s", name, parse_name(p));
    }
    parse_function(p, name, method);
}

static void parse_assigned(struct parse *p, const struct check_value *v)
{
    if (v->use == SIZE_MAX)
        return;
    struct check_use *use = &p->s->uses[v->use];
    use->kind = use->kind == USE_READ ? USE_WRITE : USE_ASSIGN;
}

static void parse_expression_statement(struct parse *p)
{
    size_t at = p->at;
    struct check_value target = parse_suffixed(p);
    if (parse_is(p, "=") || parse_is(p, ",")) {
        parse_assigned(p, &target);
        while (parse_take(p, ",")) {
            struct check_value v = parse_suffixed(p);
            parse_assigned(p, &v);
        }
        parse_take(p, "=");
        parse_expressions(p);
    }
    if (p->at == at)
        parse_next(p);
}

static void parse_repeat(struct parse *p)
{
    size_t scope = p->local_count;
    parse_block(p);
    parse_take(p, "until");
    parse_expression(p); /* sees what the block made local */
    p->local_count = scope;
}

static void parse_local_statement(struct parse *p)
{
    if (!parse_take(p, "function")) {
        parse_local(p);
        return;
    }
    const char *name = parse_name(p);
    parse__local(p, name, NULL); /* before its body: it may call itself */
    size_t at = p->local_count - 1;
    int fn = (int)p->s->fn_count;
    p->locals[at].fn = fn;
    parse_function(p, name, false);
}

static void parse_statement(struct parse *p)
{
    if (parse_take(p, "if")) {
        parse_if(p);
    } else if (parse_take(p, "while")) {
        parse_expression(p);
        parse_take(p, "do");
        parse_scope(p);
        parse_take(p, "end");
    } else if (parse_take(p, "do")) {
        parse_scope(p);
        parse_take(p, "end");
    } else if (parse_take(p, "for")) {
        parse_for(p);
    } else if (parse_take(p, "repeat")) {
        parse_repeat(p);
    } else if (parse_take(p, "function")) {
        parse_function_statement(p);
    } else if (parse_take(p, "local")) {
        parse_local_statement(p);
    } else if (parse_take(p, "::")) {
        parse_name(p);
        parse_take(p, "::");
    } else if (parse_take(p, "goto")) {
        parse_name(p);
    } else if (!parse_take(p, "break") && !parse_take(p, ";")) {
        parse_expression_statement(p);
    }
}

static bool parse_block_ends(const struct parse *p)
{
    return parse_ended(p) || parse_is(p, "end") || parse_is(p, "else") || parse_is(p, "elseif") ||
           parse_is(p, "until");
}

static void parse_block(struct parse *p)
{
    while (!parse_block_ends(p)) {
        if (parse_take(p, "return")) {
            if (!parse_block_ends(p) && !parse_is(p, ";"))
                parse_expressions(p);
            parse_take(p, ";");
        } else {
            parse_statement(p);
        }
    }
}

void check__parse(struct check *c, struct check_source *s)
{
    struct parse p = { .c = c, .arena = c->memory, .s = s };
    parse__fn(&p, NULL, 1);
    s->fns[0].parent = -1;
    while (!parse_ended(&p)) {
        parse_block(&p);
        if (!parse_ended(&p)) /* an "end" too many: cannot be, but must not hang */
            parse_next(&p);
    }
}
