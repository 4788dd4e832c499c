/* Events, timers and templates: who names them, and who makes them. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/text.h"
#include "script/hooks_internal.h"

struct events {
    struct check *c;
    struct plugin *p;
    struct check_names emitted, timers, templates; /* by the code of every plugin */
    bool emits_computed, timers_computed, templates_computed;
};

static const struct check_entry *events_entry(const struct check_use *use, const char *key)
{
    for (size_t i = 0; i < use->arg_count; i++)
        for (const struct check_entry *e = use->args[i].entries; e; e = e->next)
            if (e->key && !strcmp(e->key, key))
                return e;
    return NULL;
}

static void events_note(struct check *c, struct check_names *names, bool *computed,
                        const struct check_value *v)
{
    if (v && v->kind == EXPR_STRING)
        check__name(c, names, v->text);
    else
        *computed = true;
}

/* What this use sets off. */
static void events_collect(struct events *x, const struct check_use *use)
{
    struct check *c = x->c;
    const struct check_value *first = use->arg_count ? &use->args[0] : NULL;
    const struct check_entry *e;
    if (use->kind != USE_CALL)
        return;
    if (!use->method && !strcmp(use->path, "baton.emit"))
        events_note(c, &x->emitted, &x->emits_computed, first);
    if (use->method && !strcmp(use->method, "timer"))
        events_note(c, &x->timers, &x->timers_computed, first);
    if (!use->method && !strcmp(use->path, "timers.add"))
        events_note(c, &x->timers, &x->timers_computed,
                    (e = events_entry(use, "name")) ? &e->value : NULL);
    if ((e = events_entry(use, "template")))
        events_note(c, &x->templates, &x->templates_computed, &e->value);
}

static bool events_hears(const char *pattern, const char *kind)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*')
        return !strncmp(pattern, kind, n - 1);
    return !strcmp(pattern, kind);
}

static bool events_is_core(const char *kind)
{
    for (size_t i = 0; handlers_kinds[i]; i++)
        if (!strcmp(handlers_kinds[i], kind))
            return true;
    return false;
}

static void events_check_kind(struct events *x, const struct check_declared *d)
{
    struct check *c = x->c;
    size_t n = strcspn(d->name, ".");
    if (strchr(d->name, '*') || events_is_core(d->name) || !d->name[n])
        return;
    if (!strncmp(d->name, "timer.", 6)) {
        if (!x->timers_computed && !check__has(&x->timers, d->name + 6))
            check__add(c, "timer-never-set", x->p, d->file, d->line, "nobody sets a timer \"%s\"%s",
                       d->name + 6, check__near(c, &x->timers, d->name + 6));
        return;
    }
    if (text_nearest(d->name, handlers_kinds)) /* refused when it was declared: said there */
        return;
    if (schema_named(arena_dupn(c->memory, d->name, n)))
        check__add(c, "event-unknown", x->p, d->file, d->line,
                   "baton raises no event \"%s\"; see help \"baton.on\"", d->name);
    else if (!x->emits_computed && !check__has(&x->emitted, d->name))
        check__add(c, "event-never-emitted", x->p, d->file, d->line, "nobody emits \"%s\"%s",
                   d->name, check__near(c, &x->emitted, d->name));
}

static void events_check_timer(struct events *x, const struct check_source *s, const char *name,
                               int line)
{
    struct check *c = x->c;
    struct check_names waiting = { 0 };
    const char *kind = arena_printf(c->memory, "timer.%s", name);
    for (size_t i = 0; i < c->declared_count; i++) {
        const struct check_declared *d = &c->declared[i];
        if (strcmp(d->what, "handler") != 0)
            continue;
        if (events_hears(d->name, kind))
            return;
        if (!strncmp(d->name, "timer.", 6))
            check__name(c, &waiting, d->name + 6);
    }
    check__add(c, "timer-unhandled", x->p, s->file, line,
               "no handler waits for this timer: baton.on(\"%s\", …)%s", kind,
               check__near(c, &waiting, name));
}

static void events_check_template(struct events *x, const struct check_source *s, const char *name,
                                  int line)
{
    struct check *c = x->c;
    struct check_names known = { 0 };
    for (size_t i = 0; i < c->declared_count; i++)
        if (!strcmp(c->declared[i].what, "template"))
            check__name(c, &known, c->declared[i].name);
    if (!check__has(&known, name))
        check__add(c, "template-unknown", x->p, s->file, line, "no template \"%s\" is declared%s",
                   name, check__near(c, &known, name));
}

static void events_check_use(struct events *x, const struct check_source *s,
                             const struct check_use *use)
{
    const struct check_entry *e;
    if (use->kind != USE_CALL)
        return;
    if (use->method && !strcmp(use->method, "timer") && use->arg_count &&
        use->args[0].kind == EXPR_STRING)
        events_check_timer(x, s, use->args[0].text, use->args[0].line);
    if (!use->method && !strcmp(use->path, "timers.add") && (e = events_entry(use, "name")) &&
        e->value.kind == EXPR_STRING)
        events_check_timer(x, s, e->value.text, e->line);
    if ((e = events_entry(use, "template")) && e->value.kind == EXPR_STRING)
        events_check_template(x, s, e->value.text, e->line);
}

void check__events(struct check *c, struct plugin *p)
{
    struct events x = { .c = c, .p = p };
    for (size_t i = 0; i < c->source_count; i++)
        for (size_t j = 0; !c->sources[i].spec && j < c->sources[i].use_count; j++)
            events_collect(&x, &c->sources[i].uses[j]);
    for (size_t i = 0; i < c->source_count; i++)
        for (size_t j = 0;
             c->sources[i].plugin == p && !c->sources[i].spec && j < c->sources[i].use_count; j++)
            events_check_use(&x, &c->sources[i], &c->sources[i].uses[j]);
    for (size_t i = 0; i < c->declared_count; i++) {
        const struct check_declared *d = &c->declared[i];
        if (d->plugin != p)
            continue;
        if (!strcmp(d->what, "handler"))
            events_check_kind(&x, d);
        if (!strcmp(d->what, "template") && !x.templates_computed &&
            !check__has(&x.templates, d->name))
            check__add(c, "template-unused", p, d->file, d->line, "no message uses template \"%s\"",
                       d->name);
    }
}
