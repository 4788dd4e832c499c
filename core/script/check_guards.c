/* Which functions of the sources are guards, effects and handlers, whatever
 * file or local they come from; and what those may not do. */
#include "script/check_internal.h"

#include <string.h>

/* ---- marking ---- */

static bool bind_nested(const struct check_source *s, int fn, int outer)
{
    for (; fn > 0; fn = s->fns[fn].parent)
        if (fn == outer)
            return true;
    return false;
}

/* "require:plan.begin": the source and the number of that function; -1 if it is not found. */
static int bind_elsewhere(struct check *c, const struct plugin *p, const char *path,
                          struct check_source **out)
{
    if (strncmp(path, "require:", 8) != 0)
        return -1;
    const char *dot = strrchr(path, '.');
    if (!dot)
        return -1;
    const char *file = arena_dupn(c->memory, path + 8, (size_t)(dot - path - 8));
    struct check_source *s = (struct check_source *)check__source(c, p, file);
    *out = s;
    for (size_t i = 0; s && i < s->bind_count; i++)
        if (s->binds[i].fn >= 0 && !strcmp(s->binds[i].key, dot + 1))
            return s->binds[i].fn;
    for (size_t i = 1; s && i < s->fn_count; i++) {
        const char *name = s->fns[i].name, *last = name ? strrchr(name, '.') : NULL;
        if (last && !strcmp(last, dot))
            return (int)i;
    }
    return -1;
}

int check__callee(struct check *c, struct check_source *from, const struct check_use *use,
                  const struct check_source *in)
{
    struct check_source *s = from;
    int callee = use->callee;
    if (callee < 0 && !use->method)
        callee = bind_elsewhere(c, from->plugin, use->path, &s);
    return s == in ? callee : -1;
}

/* The function, those in it (a factory makes guards), and those that it calls. */
static void bind_guard(struct check *c, struct check_source *s, int fn)
{
    if (fn <= 0 || s->fns[fn].guard)
        return;
    s->fns[fn].guard = true;
    for (size_t i = 1; i < s->fn_count; i++)
        if (bind_nested(s, (int)i, fn))
            s->fns[i].guard = true;
    for (size_t i = 0; i < s->use_count; i++) {
        const struct check_use *use = &s->uses[i];
        if (use->kind != USE_CALL || !bind_nested(s, use->fn, fn))
            continue;
        struct check_source *other = NULL;
        int callee = use->callee;
        if (callee >= 0)
            bind_guard(c, s, callee);
        else if (!use->method && (callee = bind_elsewhere(c, s->plugin, use->path, &other)) >= 0)
            bind_guard(c, other, callee);
    }
}

/* What the handle is: nothing certain where the function is given to several that disagree. */
static enum entity bind_entity(const struct check_fn *f, int param, enum entity entity)
{
    return f->bound && (f->referral != param || f->entity != entity) ? ENTITY_NONE : entity;
}

/* "referral.advanced" is about a referral, "timer.call_again" about a timer. */
static enum entity bind_event(struct check *c, const struct check_use *use)
{
    const char *kind = use->arg_count && use->args[0].kind == EXPR_STRING ? use->args[0].text : "";
    const char *word = arena_dupn(c->memory, kind, strcspn(kind, "."));
    const struct schema *s = schema_named(word);
    return s && !strcmp(s->name, word) ? s->entity : ENTITY_NONE;
}

static void bind_function(struct check *c, struct check_source *s, const char *key, int fn)
{
    bool guard = !strcmp(key, "guard"), effect = !strcmp(key, "effect");
    if (fn <= 0 || (!guard && !effect))
        return;
    s->fns[fn].later = true;
    s->fns[fn].entity = bind_entity(&s->fns[fn], 0, ENTITY_REFERRAL);
    s->fns[fn].bound = true;
    s->fns[fn].referral = 0;
    if (guard)
        bind_guard(c, s, fn);
}

/* baton.on(event, function), baton.job(name, when, function), … */
static void bind_call(struct check *c, struct check_source *s, const struct check_use *use)
{
    static const char *const calls[] = { "baton.on", "baton.command", "baton.report", "baton.job",
                                         NULL };
    size_t i = 0;
    while (calls[i] && strcmp(calls[i], use->path) != 0)
        i++;
    if (!calls[i] || use->method)
        return;
    for (size_t j = 0; j < use->arg_count; j++) {
        int fn = use->args[j].fn;
        if (fn <= 0)
            continue;
        s->fns[fn].later = true;
        s->fns[fn].entity = i == 0 ? bind_entity(&s->fns[fn], 1, bind_event(c, use)) : ENTITY_NONE;
        s->fns[fn].bound = i == 0;
        s->fns[fn].referral = i == 0 ? 1 : -1;
    }
}

void check__bind(struct check *c)
{
    for (size_t i = 0; i < c->source_count; i++) {
        struct check_source *s = &c->sources[i];
        for (size_t j = 0; j < s->bind_count; j++) {
            struct check_source *other = NULL;
            int fn = s->binds[j].fn;
            if (fn >= 0)
                bind_function(c, s, s->binds[j].key, fn);
            else if ((fn = bind_elsewhere(c, s->plugin, s->binds[j].path, &other)) >= 0)
                bind_function(c, other, s->binds[j].key, fn);
        }
        for (size_t j = 0; j < s->use_count; j++)
            if (s->uses[j].kind == USE_CALL)
                bind_call(c, s, &s->uses[j]);
    }
}

/* ---- findings ---- */

static bool guards_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(*words, word))
            return true;
    return false;
}

/* What it writes, in the words of the source; NULL: nothing. */
static const char *guards_written(struct check *c, const struct check_use *use)
{
    static const char *const methods[] = { "set",   "advance", "assign",  "task",
                                           "timer", "refer",   "message", "note",
                                           "done",  "cancel",  "vote",    NULL };
    static const char *const calls[] = { "referrals.open", "messages.send", "baton.emit", NULL };
    size_t n = strlen(use->path);
    if (use->kind != USE_CALL)
        return NULL;
    if (use->method)
        return (use->root == ROOT_PARAM || use->root == ROOT_RECORD) &&
                       guards_one_of(use->method, methods)
                   ? arena_printf(c->memory, ":%s", use->method)
                   : NULL;
    if (guards_one_of(use->path, calls))
        return use->path;
    const char *module = arena_dupn(c->memory, use->path, strcspn(use->path, "."));
    return n > 4 && !strcmp(use->path + n - 4, ".add") && schema_named(module) ? use->path : NULL;
}

static bool guards_is_later(const struct check_source *s, int fn)
{
    for (; fn > 0; fn = s->fns[fn].parent)
        if (s->fns[fn].later)
            return true;
    return false;
}

static void guards_check_late(struct check *c, const struct check_source *s,
                              const struct check_use *use)
{
    static const char *const declares[] = { "baton.workflow",    "baton.on",
                                            "baton.field",       "baton.command",
                                            "baton.report",      "baton.job",
                                            "messages.template", NULL };
    if (use->kind == USE_CALL && !use->method && guards_one_of(use->path, declares) &&
        guards_is_later(s, use->fn))
        check__add(c, "declared-late", s->plugin, s->file, use->line,
                   "%s works only while the plugin loads, and this function runs later", use->path);
}

/* r.owner = x, where r is the handle that a guard, effect or handler gets. */
static void guards_check_assigned(struct check *c, const struct check_source *s,
                                  const struct check_use *use)
{
    if (use->kind != USE_ASSIGN || use->path[0] != '?')
        return;
    bool handle = use->root == ROOT_RECORD ||
                  (use->root == ROOT_PARAM && use->root_param >= 0 && s->fns[use->root_fn].bound &&
                   s->fns[use->root_fn].referral == use->root_param);
    const char *name = use->path + 2;
    if (!handle || !*name)
        return;
    if (!strncmp(name, "fields.", 7))
        check__add(c, "handle-assigned", s->plugin, s->file, use->line,
                   "a field is not changed by assigning: use h:set{fields={%s=…}}", name + 7);
    else if (!strcmp(name, "stage"))
        check__add(c, "handle-assigned", s->plugin, s->file, use->line,
                   "a stage is not assigned: a transition moves a referral, r:advance(\"…\")");
    else if (!strchr(name, '.'))
        check__add(c, "handle-assigned", s->plugin, s->file, use->line,
                   "a handle is not changed by assigning: use h:set{%s=…}", name);
}

void check__guards(struct check *c, struct plugin *p)
{
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        if (s->plugin != p || s->spec)
            continue;
        for (size_t j = 0; j < s->use_count; j++) {
            const struct check_use *use = &s->uses[j];
            const char *written = s->fns[use->fn].guard ? guards_written(c, use) : NULL;
            if (written)
                check__add(c, "guard-writes", p, s->file, use->line,
                           "this runs in a guard, which may only read: %s", written);
            guards_check_late(c, s, use);
            guards_check_assigned(c, s, use);
        }
    }
}
