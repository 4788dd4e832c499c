/* Columns, methods and options of handles: r.subjct, r:reffer{}, r:message{ recipient= }.
 *
 * Only where it is certain what the handle is: the parameter of a guard, an
 * effect or a handler that nobody else calls and that is not given another
 * value, and what it leads to by columns: r.subject.name. */
#include "script/check_internal.h"

#include <string.h>

#include "script/records_internal.h"

/* Functions that are called like any other may get anything. */
static bool handles_is_called(struct check *c, const struct check_source *s, int fn)
{
    for (size_t i = 0; i < c->source_count; i++) {
        struct check_source *from = &c->sources[i];
        for (size_t j = 0; from->plugin == s->plugin && j < from->use_count; j++)
            if (from->uses[j].kind == USE_CALL && check__callee(c, from, &from->uses[j], s) == fn)
                return true;
    }
    return false;
}

/* The entity of what the path begins with; ENTITY_NONE where that is not certain. */
static enum entity handles_root(struct check *c, const struct check_source *s,
                                const struct check_use *use)
{
    if (!use->direct || use->root != ROOT_PARAM || use->path[0] != '?')
        return ENTITY_NONE;
    const struct check_fn *f = &s->fns[use->root_fn];
    if (!f->bound || f->referral != use->root_param || f->assigned || f->entity == ENTITY_NONE ||
        handles_is_called(c, s, use->root_fn))
        return ENTITY_NONE;
    return f->entity;
}

static void handles_unknown(struct check *c, const struct check_source *s, int line,
                            enum entity entity, const char *name)
{
    const char *methods[64];
    struct check_names known = { 0 };
    for (const char *const *k = handle__keys(script__main(c->script), entity); *k; k++)
        check__name(c, &known, *k);
    size_t n = handle__methods(entity, methods, 64);
    for (size_t i = 0; i < n && i < 64; i++)
        check__name(c, &known, methods[i]);
    if (!check__has(&known, name))
        check__add(c, "column-unknown", s->plugin, s->file, line,
                   "a %s has no column or method \"%s\"%s", schema_of(entity)->name, name,
                   check__near(c, &known, name));
}

/* Along "?.subject.name"; what stands at its end, or ENTITY_NONE. */
static enum entity handles_walk(struct check *c, const struct check_source *s,
                                const struct check_use *use)
{
    enum entity entity = handles_root(c, s, use);
    const char *at = use->path + 1;
    while (entity != ENTITY_NONE && *at == '.') {
        size_t n = strcspn(++at, ".");
        const char *name = arena_dupn(c->memory, at, n);
        const struct schema *schema = schema_of(entity);
        int column = schema_column(schema, arena_printf(c->memory, "%s_id", name));
        if (name[0] == '[')
            return ENTITY_NONE;
        handles_unknown(c, s, use->line, entity, name);
        entity = column >= 0 ? schema->columns[column].ref : ENTITY_NONE;
        at += n;
    }
    return *at ? ENTITY_NONE : entity;
}

static void handles_options(struct check *c, const struct check_source *s,
                            const struct check_use *use, enum entity entity)
{
    struct handle_options o;
    struct check_names known = { 0 };
    if (!handle__options(c->memory, entity, use->method, &o))
        return;
    for (size_t i = 0; i < o.count; i++)
        check__name(c, &known, o.names[i]);
    const struct check_value *last = use->arg_count ? &use->args[use->arg_count - 1] : NULL;
    for (const struct check_entry *e = last ? last->entries : NULL; e; e = e->next)
        if (e->key && *e->key != '?' && !check__has(&known, e->key))
            check__add(c, "option-unknown", s->plugin, s->file, e->line,
                       "%s:%s has no option \"%s\"%s", schema_of(entity)->name, use->method, e->key,
                       check__near(c, &known, e->key));
}

static void handles_method(struct check *c, const struct check_source *s,
                           const struct check_use *use, enum entity entity)
{
    const char *methods[64];
    struct check_names known = { 0 };
    size_t n = handle__methods(entity, methods, 64);
    for (size_t i = 0; i < n && i < 64; i++)
        check__name(c, &known, methods[i]);
    if (check__has(&known, use->method))
        handles_options(c, s, use, entity);
    else
        check__add(c, "method-unknown", s->plugin, s->file, use->line,
                   "a %s has no method \"%s\"%s", schema_of(entity)->name, use->method,
                   check__near(c, &known, use->method));
}

void check__handles(struct check *c, struct plugin *p)
{
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        for (size_t j = 0; s->plugin == p && !s->spec && j < s->use_count; j++) {
            const struct check_use *use = &s->uses[j];
            if (use->kind == USE_MEMBER)
                handles_walk(c, s, use);
            enum entity entity =
                use->kind == USE_CALL && use->method ? handles_walk(c, s, use) : ENTITY_NONE;
            if (entity != ENTITY_NONE)
                handles_method(c, s, use, entity);
        }
    }
}
