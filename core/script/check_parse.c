/* What a Lua source does with names: which globals it reads and writes, which
 * functions it calls with which literals, what its tables and functions hold.
 *
 * A recursive descent over the tokens of a source that compiled: statements
 * here, expressions in check_expression.c. It builds no tree of the whole, only
 * the uses. Locals are followed as far as one line tells: `local settings =
 * baton.settings` makes settings another name for it, `local subject =
 * r.subject` is known to come from the parameter r. */
#include "script/check_parse_internal.h"

#include <string.h>

static void parse_scope(struct parse *p)
{
    size_t scope = p->local_count;
    parse__block(p);
    p->local_count = scope;
}

static void parse_if(struct parse *p)
{
    do {
        parse__expression(p);
        parse__take(p, "then");
        parse_scope(p);
    } while (parse__take(p, "elseif"));
    if (parse__take(p, "else"))
        parse_scope(p);
    parse__take(p, "end");
}

static void parse_for(struct parse *p)
{
    const char *names[16];
    size_t count = 0, scope = p->local_count;
    do
        names[count++] = parse__word(p);
    while (count < 16 && parse__take(p, ","));
    if (!parse__take(p, "="))
        parse__take(p, "in");
    parse__expressions(p);
    for (size_t i = 0; i < count; i++)
        parse__local(p, names[i], NULL);
    parse__take(p, "do");
    parse__block(p);
    parse__take(p, "end");
    p->local_count = scope;
}

static void parse_local(struct parse *p)
{
    const char *names[16];
    struct check_value values[16];
    size_t count = 0, given = 0;
    do {
        names[count++] = parse__word(p);
        if (parse__take(p, "<")) {
            parse__word(p);
            parse__take(p, ">");
        }
    } while (count < 16 && parse__take(p, ","));
    if (parse__take(p, "="))
        do {
            struct check_value v = parse__expression(p);
            if (given < 16)
                values[given++] = v;
        } while (parse__take(p, ","));
    for (size_t i = 0; i < count; i++)
        parse__local(p, names[i], i < given ? &values[i] : NULL);
}

static void parse_function_statement(struct parse *p)
{
    struct check_value v = parse__nothing;
    const char *first = parse__word(p), *name = first;
    bool method = false;
    v.line = parse__token(p)->line;
    parse__name(p, first, &v);
    if (v.use != SIZE_MAX && (parse__is(p, "(")))
        p->s->uses[v.use].kind = USE_WRITE;
    while (parse__is(p, ".") || parse__is(p, ":")) {
        method = parse__is(p, ":");
        parse__next(p);
        name = parse__joined(p, name, parse__word(p));
    }
    parse__function(p, name, method);
}

static void parse_assigned(struct parse *p, const struct check_value *v)
{
    if (v->direct && v->use == SIZE_MAX && !strcmp(v->text, "?"))
        p->s->fns[v->root_fn].assigned = true;
    if (v->use == SIZE_MAX)
        return;
    struct check_use *use = &p->s->uses[v->use];
    use->kind = use->kind == USE_READ ? USE_WRITE : USE_ASSIGN;
}

static void parse_expression_statement(struct parse *p)
{
    size_t at = p->at;
    struct check_value target = parse__suffixed(p);
    if (parse__is(p, "=") || parse__is(p, ",")) {
        parse_assigned(p, &target);
        while (parse__take(p, ",")) {
            struct check_value v = parse__suffixed(p);
            parse_assigned(p, &v);
        }
        parse__take(p, "=");
        parse__expressions(p);
    }
    if (p->at == at)
        parse__next(p);
}

static void parse_repeat(struct parse *p)
{
    size_t scope = p->local_count;
    parse__block(p);
    parse__take(p, "until");
    parse__expression(p); /* sees what the block made local */
    p->local_count = scope;
}

static void parse_local_statement(struct parse *p)
{
    if (!parse__take(p, "function")) {
        parse_local(p);
        return;
    }
    const char *name = parse__word(p);
    parse__local(p, name, NULL); /* before its body: it may call itself */
    size_t at = p->local_count - 1;
    int fn = (int)p->s->fn_count;
    p->locals[at].fn = fn;
    parse__function(p, name, false);
}

static void parse_statement(struct parse *p)
{
    if (parse__take(p, "if")) {
        parse_if(p);
    } else if (parse__take(p, "while")) {
        parse__expression(p);
        parse__take(p, "do");
        parse_scope(p);
        parse__take(p, "end");
    } else if (parse__take(p, "do")) {
        parse_scope(p);
        parse__take(p, "end");
    } else if (parse__take(p, "for")) {
        parse_for(p);
    } else if (parse__take(p, "repeat")) {
        parse_repeat(p);
    } else if (parse__take(p, "function")) {
        parse_function_statement(p);
    } else if (parse__take(p, "local")) {
        parse_local_statement(p);
    } else if (parse__take(p, "::")) {
        parse__word(p);
        parse__take(p, "::");
    } else if (parse__take(p, "goto")) {
        parse__word(p);
    } else if (!parse__take(p, "break") && !parse__take(p, ";")) {
        parse_expression_statement(p);
    }
}

static bool parse_block_ends(const struct parse *p)
{
    return parse__ended(p) || parse__is(p, "end") || parse__is(p, "else") ||
           parse__is(p, "elseif") || parse__is(p, "until");
}

void parse__block(struct parse *p)
{
    while (!parse_block_ends(p)) {
        if (parse__take(p, "return")) {
            if (!parse_block_ends(p) && !parse__is(p, ";"))
                parse__expressions(p);
            parse__take(p, ";");
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
    while (!parse__ended(&p)) {
        parse__block(&p);
        if (!parse__ended(&p)) /* an "end" too many: cannot be, but must not hang */
            parse__next(&p);
    }
}
