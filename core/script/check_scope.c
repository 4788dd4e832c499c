/* Names of a Lua source while it is parsed: which are local, and what they
 * stand for. */
#include "script/check_parse_internal.h"

#include <string.h>

void *check__grow(struct arena *a, void *at, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return at;
    *room = *room ? 2 * *room : 16;
    void *grown = arena_alloc(a, *room * size);
    if (count)
        memcpy(grown, at, count * size);
    return grown;
}

/* Modules are members of baton too. */
const char *parse__path(const char *path)
{
    if (strncmp(path, "baton.", 6) != 0)
        return path;
    size_t n = strcspn(path + 6, ".");
    for (size_t i = 0; path[6 + n] && script__modules[i]; i++)
        if (strlen(script__modules[i]->name) == n && !memcmp(script__modules[i]->name, path + 6, n))
            return path + 6;
    return path;
}

/* One that nobody would write begins again: each prefix is kept, so that memory would grow with the
 * square of its length. */
const char *parse__joined(struct parse *p, const char *path, const char *name)
{
    enum { JOINED_BYTES = 512 };
    if (strlen(path) + strlen(name) >= JOINED_BYTES)
        return "?";
    return arena_printf(p->arena, "%s.%s", path, name);
}

struct check_use *parse__use(struct parse *p, enum check_use_kind kind, const char *path, int line)
{
    struct check_source *s = p->s;
    s->uses = check__grow(p->arena, s->uses, s->use_count, &s->use_room, sizeof *s->uses);
    struct check_use *use = &s->uses[s->use_count++];
    *use = (struct check_use){
        .kind = kind, .path = path, .line = line, .fn = p->fn, .callee = -1, .root_param = -1
    };
    return use;
}

int parse__fn(struct parse *p, const char *name, int line)
{
    struct check_source *s = p->s;
    s->fns = check__grow(p->arena, s->fns, s->fn_count, &s->fn_room, sizeof *s->fns);
    s->fns[s->fn_count] =
        (struct check_fn){ .parent = p->fn, .name = name, .line = line, .referral = -1 };
    return (int)s->fn_count++;
}

void parse__bind(struct parse *p, const char *key, const struct check_value *v, int line)
{
    struct check_source *s = p->s;
    s->binds = check__grow(p->arena, s->binds, s->bind_count, &s->bind_room, sizeof *s->binds);
    s->binds[s->bind_count++] = (struct check_bind){
        .key = key, .fn = v->fn, .line = line, .path = v->fn < 0 ? v->text : NULL
    };
}

bool parse__makes_record(const char *path)
{
    static const char *const verbs[] = { ".get", ".first", ".add", ".open", NULL };
    size_t n = strcspn(path, ".");
    bool module = false;
    for (int e = 1; e < ENTITY_END && !module; e++)
        module = strlen(schema_of((enum entity)e)->plural) == n &&
                 !memcmp(schema_of((enum entity)e)->plural, path, n);
    for (size_t i = 0; module && verbs[i]; i++)
        if (!strcmp(path + n, verbs[i]))
            return true;
    return false;
}

struct parse_local *parse__local(struct parse *p, const char *name, const struct check_value *value)
{
    p->locals = check__grow(p->arena, p->locals, p->local_count, &p->local_room, sizeof *p->locals);
    struct parse_local *l = &p->locals[p->local_count++];
    *l = (struct parse_local){ .name = name, .fn = -1, .root = ROOT_LOCAL, .param = -1 };
    if (!value)
        return l;
    l->fn = value->fn;
    if (value->kind == EXPR_TABLE)
        l->root = ROOT_NONE; /* a table of its own, whatever its members are called */
    if (value->kind == EXPR_PATH && value->text[0] != '?' && !strstr(value->text, "[]")) {
        l->alias = value->text;
        if (value->use != SIZE_MAX && p->s->uses[value->use].kind == USE_MEMBER)
            p->s->uses[value->use].kind = USE_ALIAS;
    }
    if (value->root == ROOT_PARAM || value->root == ROOT_RECORD) {
        l->root = value->root;
        l->root_fn = value->root_fn;
        l->param = -1; /* comes from it, but is not it */
    }
    return l;
}

void parse__name(struct parse *p, const char *name, struct check_value *v)
{
    for (size_t i = p->local_count; i-- > 0;) {
        const struct parse_local *l = &p->locals[i];
        if (strcmp(l->name, name) != 0)
            continue;
        v->kind = EXPR_PATH;
        v->text = l->alias ? l->alias : "?";
        v->fn = l->fn;
        v->root = l->root;
        v->root_fn = l->root_fn;
        v->root_param = l->param;
        v->direct = l->root == ROOT_PARAM && l->param >= 0;
        if (l->alias) { /* the whole of it is used, unless a member follows */
            parse__use(p, USE_MEMBER, l->alias, v->line);
            v->use = p->s->use_count - 1;
        }
        return;
    }
    v->kind = EXPR_PATH;
    v->text = name;
    v->root = ROOT_GLOBAL;
    parse__use(p, USE_READ, name, v->line);
    v->use = p->s->use_count - 1;
}
