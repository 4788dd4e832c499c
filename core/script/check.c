/* The check of plugins, as a whole: loads them with their declarations caught,
 * reads their sources, then asks each kind of check in turn.
 *
 * A plugin is loaded although its plugin.ini or its requirements are wrong, as
 * far as it goes: whoever checks wants to hear all of it. */
#include "script/check_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/domain/version.h"

struct check *check_new(void)
{
    struct check *c = mem_new(struct check);
    c->memory = arena_new(64 * 1024);
    return c;
}

void check_free(struct check *c)
{
    if (!c)
        return;
    arena_free(c->memory);
    mem_free(c);
}

size_t check_count(const struct check *c)
{
    return c->count;
}

const struct check_finding *check_at(const struct check *c, size_t index)
{
    return index < c->count ? &c->findings[index] : NULL;
}

/* ---- names ---- */

bool check__has(const struct check_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->at[i], name))
            return true;
    return false;
}

void check__name(struct check *c, struct check_names *names, const char *name)
{
    if (check__has(names, name))
        return;
    /* grown cleared and one before it is full: the word behind the last is NULL */
    if (names->count + 1 >= names->room)
        names->at = check__grow(c->memory, names->at, names->room ? names->room : names->count,
                                &names->room, sizeof *names->at);
    names->at[names->count++] = arena_dup(c->memory, name);
}

const char *check__near(struct check *c, const struct check_names *names, const char *name)
{
    enum { NEAR_LISTED = 12 };
    struct buf text = BUF_INIT;
    if (names->count)
        text_suggest(name, names->at, &text);
    if (!text.len && names->count && names->count <= NEAR_LISTED)
        for (size_t i = 0; i < names->count; i++)
            buf_printf(&text, "%s%s", i ? ", " : "; known: ", names->at[i]);
    const char *near = arena_dup(c->memory, buf_text(&text));
    buf_free(&text);
    return near;
}

/* ---- places ---- */

const struct check_source *check__source(const struct check *c, const struct plugin *p,
                                         const char *name)
{
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].plugin == p && !strcmp(c->sources[i].name, name))
            return &c->sources[i];
    return NULL;
}

bool check__compiled(const struct check *c, const struct plugin *p)
{
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].plugin == p && !c->sources[i].spec && !c->sources[i].compiled)
            return false;
    return true;
}

int check__line(const struct check *c, const char *file, int line, const char *word)
{
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        if (strcmp(s->file, file) != 0)
            continue;
        for (size_t t = 0; t < s->token_count; t++)
            if (s->tokens[t].line >= line && s->tokens[t].kind == TOKEN_STRING &&
                !strcmp(s->tokens[t].text, word))
                return s->tokens[t].line;
    }
    return line;
}

bool check__wants(const struct check *c, const struct plugin *p)
{
    if (!c->only)
        return true;
    for (const char *const *name = c->only; *name; name++)
        if (!strcmp(*name, p->name))
            return true;
    return false;
}

bool check__has_error(const struct check *c, const struct plugin *p)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->findings[i].kind->severity == CHECK_ERROR && !strcmp(c->findings[i].plugin, p->name))
            return true;
    return false;
}

/* ---- what only loading tells ---- */

/* "p/init.lua:12: message" of a plugin that did not load. */
static void check_load_failed(struct check *c, const struct plugin *p)
{
    const char *text = p->problem, *colon = strchr(text, ':');
    char file[ERROR_WHERE_BYTES];
    int line = 0, used = 0;
    snprintf(file, sizeof file, "%s/plugin.ini", p->name);
    if (colon && colon > text && sscanf(colon, ":%d:%n", &line, &used) == 1 && used) {
        size_t n = (size_t)(colon - text);
        snprintf(file, sizeof file, "%.*s", (int)(n < sizeof file ? n : sizeof file - 1), text);
        text = colon + used + strspn(colon + used, " ");
    } else {
        line = 0;
    }
    for (size_t i = 0; i < c->count; i++) /* what is wrong there was said by its own kind */
        if (line && c->findings[i].line == line && !strcmp(c->findings[i].file, file))
            return;
    check__add(c, "load-failed", p, file, line, "%s", text);
}

static void check_workflow(struct check *c, struct check_workflow *w)
{
    check__stages(c, w);
    check__transitions(c, w);
    check__roles(c, w);
    check__deadlines(c, w);
    check__fields(c, w);
    check__others(c, w);
}

static void check_declarations(struct check *c)
{
    for (size_t i = 0; i < c->workflow_count; i++) {
        struct check_workflow *w = &c->workflows[i];
        if (!check__wants(c, w->plugin))
            continue;
        size_t before = c->count;
        if (!w->beyond)
            check_workflow(c, w);
        bool found = false;
        for (size_t j = before; j < c->count; j++)
            found = found || c->findings[j].kind->severity == CHECK_ERROR;
        if (w->refused.code && !found) {
            int line = w->line, used = 0;
            const char *colon = strrchr(w->refused.where, ':');
            char file[ERROR_WHERE_BYTES];
            snprintf(file, sizeof file, "%s", w->file);
            if (colon && sscanf(colon, ":%d%n", &line, &used) == 1 && !colon[used])
                snprintf(file, sizeof file, "%.*s", (int)(colon - w->refused.where),
                         w->refused.where);
            check__add(c, "declaration-refused", w->plugin, file, line, "%s", w->refused.message);
        }
    }
}

/* What a setting changed is no mistake of the plugin. */
static void check_version(void *context, const struct graph *g, bool by_setting, const char *text)
{
    struct check *c = context;
    if (by_setting)
        return;
    for (size_t i = 0; i < c->workflow_count; i++) {
        const struct check_workflow *w = &c->workflows[i];
        if (!strcmp(w->name, graph_name(g)) && check__wants(c, w->plugin))
            check__add(c, "version-not-raised", w->plugin, w->file, w->line, "%s", text);
    }
}

/* A handler's filter that its source does not spell out, so that check_code.c cannot know it. */
static void check_filter(void *context, const struct script_warning *w)
{
    struct check *c = context;
    const struct plugin *p = NULL;
    const char *quoted = arena_printf(c->memory, "\"%s\"", w->word), *colon = strchr(w->where, ':');
    const char *code = w->stage ? "stage-name-unknown" : "workflow-unknown";
    for (size_t i = 0; i < c->script->plugin_count; i++)
        if (!strcmp(c->script->plugins[i]->name, w->plugin))
            p = c->script->plugins[i];
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->findings[i].plugin, w->plugin) && strstr(c->findings[i].message, quoted))
            return;
    if (p && colon && check__wants(c, p))
        check__add(c, code, p, arena_dupn(c->memory, w->where, (size_t)(colon - w->where)),
                   atoi(colon + 1), "%s", w->text);
}

static void check_filters(struct check *c)
{
    for (size_t i = 0; i < c->workflow_count; i++)
        if (c->workflows[i].refused.code) /* its names are no mistake of who uses them */
            return;
    script_warnings(c->script, check_filter, c);
}

static void check_plugin(struct check *c, struct plugin *p)
{
    check__ini(c, p);
    if (!*p->dir)
        return;
    check__globals(c, p);
    check__files(c, p);
    check__guards(c, p);
    check__handles(c, p);
    check__permissions(c, p);
    check__names_used(c, p);
    if (c->whole && check__compiled(c, p))
        check__events(c, p);
}

static int check_order(const void *a, const void *b)
{
    const struct check_finding *x = a, *y = b;
    int order = strcmp(x->plugin, y->plugin);
    if (!order)
        order = strcmp(x->file, y->file);
    if (!order)
        order = (x->line > y->line) - (x->line < y->line);
    return order ? order : strcmp(x->message, y->message);
}

/* One finding for each ring, at the first of its members. */
static void check_rings(struct check *c)
{
    const char *said = "";
    for (size_t i = 0; i < c->script->plugin_count; i++) {
        struct plugin *p = c->script->plugins[i];
        if (!p->ringed || !check__wants(c, p) || !strcmp(p->problem, said))
            continue;
        said = p->problem;
        check__add(c, "requires-ring", p, arena_printf(c->memory, "%s/plugin.ini", p->name), 0,
                   "%s", said);
    }
}

int check_plugins(struct check *c, struct script *s, const char *const *names,
                  const char *const *only, const char *const *dirs, struct ini *org_ini,
                  const struct check_org *org, struct error *e)
{
    c->script = s;
    c->only = only;
    c->dirs = dirs;
    c->org = org;
    c->org_ini = org_ini;
    s->check = c;
    int rc = script_load_plugins(s, names, dirs, org_ini, e);
    s->check = NULL;
    if (rc < 0)
        return rc;
    check_rings(c);
    for (size_t i = 0; i < s->plugin_count; i++)
        if (*s->plugins[i]->dir)
            check__sources(c, s->plugins[i]);
    c->whole = true;
    for (size_t i = 0; i < s->plugin_count; i++)
        c->whole = c->whole && s->plugins[i]->loaded;
    check__places(c);
    check__bind(c);
    for (size_t i = 0; i < s->plugin_count; i++)
        if (check__wants(c, s->plugins[i]))
            check_plugin(c, s->plugins[i]);
    check_filters(c);
    check_declarations(c);
    check__org_ini(c);
    if (domain_version_problems(s->domain, check_version, c, e) < 0)
        return -(int)(e ? e->code : ERROR_IO);
    for (size_t i = 0; i < s->plugin_count; i++)
        if (check__wants(c, s->plugins[i]) && s->plugins[i]->problem && !s->plugins[i]->ringed &&
            !check__has_error(c, s->plugins[i]))
            check_load_failed(c, s->plugins[i]);
    if (c->count)
        qsort(c->findings, c->count, sizeof *c->findings, check_order);
    return 0;
}
