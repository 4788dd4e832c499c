/* Names in the sources that must exist elsewhere: settings, commands,
 * workflows, transitions, stages, reasons, fields, columns, roles, times. Only
 * literals are looked at, and only where their meaning is certain. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/when.h"
#include "script/records_internal.h"

struct code {
    struct check *c;
    struct plugin *p;
    const struct check_source *s;
    struct check_names workflows, stages, transitions, fields, roles, commands, reports;
    struct check_names settings, settings_used;
    bool settings_known, settings_computed;
    bool sure; /* every workflow that the plugin names is here */
};

static void code_add(struct code *x, const char *code, int line, const char *what, const char *word,
                     const struct check_names *known)
{
    check__add(x->c, code, x->p, x->s->file, line, "%s \"%s\"%s", what, word,
               check__near(x->c, known, word));
}

static bool code_calls(const struct check_use *use, const char *path)
{
    return use->kind == USE_CALL && !use->method && !strcmp(use->path, path);
}

static bool code_method(const struct check_use *use, const char *method)
{
    return use->kind == USE_CALL && use->method && !strcmp(use->method, method);
}

/* The first argument, if it is a literal text. */
static const struct check_value *code_literal(const struct check_use *use, size_t index)
{
    return index < use->arg_count && use->args[index].kind == EXPR_STRING ? &use->args[index]
                                                                          : NULL;
}

/* ---- what there is ---- */

static void code_collect(struct code *x)
{
    static const char *const ladder[] = { "junior", "specialist", "senior", "lead", "admin" };
    struct check *c = x->c;
    for (size_t i = 0; i < c->workflow_count; i++) {
        const struct check_workflow *w = &c->workflows[i];
        check__name(c, &x->workflows, w->name);
        for (size_t j = 0; j < w->stage_count; j++)
            check__name(c, &x->stages, w->stages[j].name);
        for (size_t j = 0; j < w->transition_count; j++)
            check__name(c, &x->transitions, w->transitions[j].name);
        for (size_t j = 0; j < w->field_count; j++)
            check__name(c, &x->fields, w->fields[j].name);
    }
    for (size_t i = 0; i < c->declared_count; i++) {
        const struct check_declared *d = &c->declared[i];
        if (!strcmp(d->what, "field"))
            check__name(c, &x->fields, d->name);
        if (!strcmp(d->what, "command"))
            check__name(c, &x->commands, d->name);
        if (!strcmp(d->what, "report"))
            check__name(c, &x->reports, d->name);
    }
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++)
        check__name(c, &x->roles, ladder[i]);
    struct ini *ini;
    x->settings_known =
        ini_load(&ini, arena_printf(c->memory, "%s/plugin.ini", x->p->dir), NULL) == 0;
    for (size_t i = 0; x->settings_known && i < ini_count(ini); i++)
        if (!strncmp(ini_at(ini, i)->section, "setting ", 8))
            check__name(c, &x->settings, ini_at(ini, i)->section + 8);
    if (x->settings_known)
        ini_free(ini);
}

/* ---- settings ---- */

static void code_setting(struct code *x, const struct check_use *use)
{
    static const char prefix[] = "baton.settings";
    size_t n = sizeof prefix - 1;
    if ((use->kind != USE_MEMBER && use->kind != USE_ALIAS) || strncmp(use->path, prefix, n) != 0)
        return;
    const char *name = use->path + n;
    if (!*name && use->kind == USE_ALIAS)
        return;
    if (name[0] != '.' || name[1] == '[') {
        x->settings_computed = true;
        return;
    }
    name = arena_dupn(x->c->memory, name + 1, strcspn(name + 1, "."));
    if (x->settings_known && !check__has(&x->settings, name))
        code_add(x, "setting-unknown", use->line, "plugin.ini declares no setting", name,
                 &x->settings);
    else
        check__name(x->c, &x->settings_used, name);
}

static void code_settings_unused(struct code *x)
{
    struct ini *ini;
    if (x->settings_computed ||
        ini_load(&ini, arena_printf(x->c->memory, "%s/plugin.ini", x->p->dir), NULL) < 0)
        return;
    const char *file = arena_printf(x->c->memory, "%s/plugin.ini", x->p->name), *last = "";
    for (size_t i = 0; i < ini_count(ini); i++) {
        const struct ini_entry *entry = ini_at(ini, i);
        if (strncmp(entry->section, "setting ", 8) != 0 || !strcmp(entry->section, last))
            continue;
        last = entry->section;
        if (!check__has(&x->settings_used, entry->section + 8))
            check__add(x->c, "setting-unused", x->p, file, entry->line,
                       "no code reads baton.settings.%s", entry->section + 8);
    }
    ini_free(ini);
}

/* ---- entries of option tables ---- */

static bool code_takes_workflow(const struct check_use *use)
{
    return use->kind == USE_CALL &&
           (use->method ? !strcmp(use->method, "refer") || !strcmp(use->method, "children")
                        : !strncmp(use->path, "referrals.", 10) || !strcmp(use->path, "baton.on"));
}

static bool code_takes_role(const struct check_use *use)
{
    return code_method(use, "task") || code_calls(use, "tasks.add");
}

/* Fields of a call whose table is about fields of rows; not of a declaration. */
static bool code_takes_fields(const struct check_use *use)
{
    static const char *const methods[] = { "set", "advance", "refer", "can", NULL };
    static const char *const verbs[] = { ".open", ".add", ".find", ".first", ".each", ".count" };
    size_t n = strcspn(use->path, ".");
    if (use->kind != USE_CALL)
        return false;
    for (size_t i = 0; use->method && methods[i]; i++)
        if (!strcmp(methods[i], use->method))
            return true;
    for (size_t i = 0; !use->method && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(use->path + n, verbs[i]))
            return true;
    return false;
}

static void code_time(struct code *x, const struct check_value *v)
{
    const struct domain *d = x->c->script->domain;
    struct error e;
    int64_t at_ms;
    if (v->kind == EXPR_STRING &&
        when_parse(v->text, domain_calendar(d), domain_now(d), &at_ms, &e) < 0)
        check__add(x->c, "time-malformed", x->p, x->s->file, v->line, "%s", e.message);
}

static void code_fields(struct code *x, const struct check_entry *fields)
{
    for (const struct check_entry *e = fields->value.entries; e; e = e->next)
        if (e->key && *e->key != '?' && x->sure && x->fields.count &&
            !check__has(&x->fields, e->key))
            code_add(x, "field-name-unknown", e->line, "no field is declared of the name", e->key,
                     &x->fields);
}

static void code_entry(struct code *x, const struct check_use *use, const struct check_entry *e)
{
    const char *word = e->value.kind == EXPR_STRING ? e->value.text : NULL;
    if (word && !strcmp(e->key, "workflow") && code_takes_workflow(use) && x->c->whole &&
        !check__has(&x->workflows, word))
        code_add(x, "workflow-unknown", e->line, "no plugin here declares a workflow", word,
                 &x->workflows);
    else if (word && !strcmp(e->key, "stage") && code_takes_workflow(use) && x->sure &&
             x->stages.count && !check__has(&x->stages, word))
        code_add(x, "stage-name-unknown", e->line, "no workflow has a stage", word, &x->stages);
    else if (word && !strcmp(e->key, "role") && code_takes_role(use) &&
             !domain_knows_role(x->c->script->domain, word))
        code_add(x, "role-unknown", e->line, "unknown role", word, &x->roles);
    else if (word && !strcmp(e->key, "due") && code_takes_role(use))
        code_time(x, &e->value);
    else if (word && !strcmp(e->key, "at") && code_calls(use, "timers.add"))
        code_time(x, &e->value);
    else if (!strcmp(e->key, "fields") && e->value.kind == EXPR_TABLE && code_takes_fields(use))
        code_fields(x, e);
}

/* ---- lists: people.find{nmae=…} ---- */

static void code_columns(struct code *x, const struct check_use *use)
{
    static const char *const verbs[] = { ".find", ".first", ".each", ".count" };
    struct check_names known = { 0 };
    size_t n = strcspn(use->path, "."), verb = 0;
    while (verb < 4 && strcmp(use->path + n, verbs[verb]) != 0)
        verb++;
    const struct schema *schema = schema_named(arena_dupn(x->c->memory, use->path, n));
    if (use->kind != USE_CALL || use->method || verb == 4 || !schema || !use->arg_count)
        return;
    for (const char *const *word = handle__finding(); *word; word++)
        check__name(x->c, &known, *word);
    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->columns[i].name;
        size_t length = strlen(name);
        check__name(x->c, &known, name);
        if (length > 3 && !strcmp(name + length - 3, "_id"))
            check__name(x->c, &known, arena_dupn(x->c->memory, name, length - 3));
    }
    for (const struct check_entry *e = use->args[0].entries; e; e = e->next)
        if (e->key && *e->key != '?' && !check__has(&known, e->key) &&
            records__column(schema, e->key) < 0)
            check__add(x->c, "column-unknown", x->p, x->s->file, e->line,
                       "%s have no column \"%s\"%s", schema->plural, e->key,
                       check__near(x->c, &known, e->key));
}

/* ---- transitions ---- */

/* A reason that none of the transitions of that name takes. */
static void code_reason(struct code *x, const char *transition, const struct check_entry *e)
{
    struct check_names known = { 0 };
    for (size_t i = 0; i < x->c->workflow_count; i++)
        for (size_t j = 0; j < x->c->workflows[i].transition_count; j++) {
            const struct check_transition *t = &x->c->workflows[i].transitions[j];
            if (strcmp(t->name, transition) != 0)
                continue;
            if (!t->reasons)
                return;
            for (const char *const *r = t->reasons; *r; r++)
                check__name(x->c, &known, *r);
        }
    if (known.count && !check__has(&known, e->value.text))
        check__add(x->c, "reason-unknown", x->p, x->s->file, e->line,
                   "transition \"%s\" has no reason \"%s\"%s", transition, e->value.text,
                   check__near(x->c, &known, e->value.text));
}

static void code_transition(struct code *x, const struct check_use *use)
{
    const struct check_value *name = code_literal(use, 0);
    if (!name || !(code_method(use, "advance") || code_method(use, "can") ||
                   code_method(use, "explain") || code_method(use, "vote")))
        return;
    if (x->sure && x->transitions.count && !check__has(&x->transitions, name->text)) {
        code_add(x, "transition-unknown", name->line, "no workflow has a transition", name->text,
                 &x->transitions);
        return;
    }
    for (const struct check_entry *e = use->arg_count > 1 ? use->args[1].entries : NULL; e;
         e = e->next)
        if (e->key && !strcmp(e->key, "reason") && e->value.kind == EXPR_STRING)
            code_reason(x, name->text, e);
}

/* ---- members and comparisons ---- */

static bool code_ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n > m && !strcmp(path + n - m, end);
}

static void code_equals(struct code *x, const struct check_use *use)
{
    if (use->path[0] != '?' || !x->sure)
        return;
    if (code_ends(use->path, ".stage") && x->stages.count && !check__has(&x->stages, use->text))
        code_add(x, "stage-name-unknown", use->line, "no workflow has a stage", use->text,
                 &x->stages);
    if (code_ends(use->path, ".transition") && x->transitions.count &&
        !check__has(&x->transitions, use->text))
        code_add(x, "transition-unknown", use->line, "no workflow has a transition", use->text,
                 &x->transitions);
    if (code_ends(use->path, ".workflow") && !check__has(&x->workflows, use->text))
        code_add(x, "workflow-unknown", use->line, "no plugin here declares a workflow", use->text,
                 &x->workflows);
}

/* r.fields.x */
static void code_field(struct code *x, const struct check_use *use)
{
    const char *at = strstr(use->path, ".fields.");
    if (use->path[0] != '?' || !at || use->root == ROOT_NONE || !x->sure || !x->fields.count)
        return;
    at += strlen(".fields.");
    const char *name = arena_dupn(x->c->memory, at, strcspn(at, "."));
    if (*name != '[' && !check__has(&x->fields, name))
        code_add(x, "field-name-unknown", use->line, "no field is declared of the name", name,
                 &x->fields);
}

static void code_use(struct code *x, const struct check_use *use)
{
    const struct check_value *first = use->kind == USE_CALL ? code_literal(use, 0) : NULL;
    code_setting(x, use);
    if (use->kind == USE_EQUALS)
        code_equals(x, use);
    if (use->kind == USE_MEMBER || use->kind == USE_ASSIGN)
        code_field(x, use);
    if (use->kind != USE_CALL)
        return;
    if (first && x->c->whole && code_calls(use, "baton.call") &&
        !check__has(&x->commands, first->text))
        code_add(x, "command-unknown", first->line, "no plugin here declares a command",
                 first->text, &x->commands);
    if (first && x->c->whole && code_calls(use, "baton.run_report") &&
        !check__has(&x->reports, first->text))
        code_add(x, "command-unknown", first->line, "no plugin here declares a report", first->text,
                 &x->reports);
    if (first && code_calls(use, "clock.parse") && use->arg_count == 1)
        code_time(x, first);
    if (code_method(use, "timer") && code_literal(use, 1))
        code_time(x, code_literal(use, 1));
    code_transition(x, use);
    code_columns(x, use);
    for (size_t i = 0; i < use->arg_count; i++)
        for (const struct check_entry *e = use->args[i].entries; e; e = e->next)
            if (e->key)
                code_entry(x, use, e);
}

/* Two rounds: a workflow that is not here leaves what its names are open. */
void check__names_used(struct check *c, struct plugin *p)
{
    struct code x = { .c = c, .p = p };
    code_collect(&x);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < c->source_count; i++) {
            x.s = &c->sources[i];
            for (size_t j = 0; x.s->plugin == p && !x.s->spec && j < x.s->use_count; j++)
                code_use(&x, &x.s->uses[j]);
        }
        bool missing = false;
        for (size_t i = 0; i < c->count; i++)
            missing = missing || (!strcmp(c->findings[i].plugin, p->name) &&
                                  !strcmp(c->findings[i].kind->code, "workflow-unknown"));
        x.sure = c->whole && !missing;
    }
    if (check__compiled(c, p))
        code_settings_unused(&x);
}
