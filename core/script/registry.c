/* The one registration table (DESIGN 15): every function of Lua with its
 * signature and a line of help. Modules are made from it, and so are the help
 * of the REPL and the reference page. */
#include "script/help_internal.h"
#include "script/script_internal.h"

#include <string.h>

#include "baton/base/text.h"

const struct script_module *const script__modules[] = { &script__baton,
                                                        &script__referrals,
                                                        &script__referral,
                                                        &script__people,
                                                        &script__partners,
                                                        &script__services,
                                                        &script__locations,
                                                        &script__staff,
                                                        &script__tasks,
                                                        &script__task,
                                                        &script__timers,
                                                        &script__timer,
                                                        &script__notes,
                                                        &script__messages,
                                                        &script__consents,
                                                        &script__accounts,
                                                        &script__entries,
                                                        &script__ledger,
                                                        &script__programmes,
                                                        &script__codes,
                                                        &script__touches,
                                                        &script__conversions,
                                                        &script__money,
                                                        &script__events,
                                                        &script__handle,
                                                        &script__clock,
                                                        &script__csv,
                                                        &script__json,
                                                        &script__text,
                                                        &script__log,
                                                        &script__session_extras,
                                                        &script__spec,
                                                        &script__fixture,
                                                        &script__expect,
                                                        NULL };

enum { REGISTRY_NAMES_MAX = 512 };

void script__push_module(lua_State *L, const struct script_module *m)
{
    lua_createtable(L, 0, 16);
    for (const struct script_function *f = m->functions; f->name; f++) {
        if (!f->function || f->name[0] == ':')
            continue;
        lua_pushcfunction(L, f->function);
        lua_setfield(L, -2, f->name);
    }
}

static bool registry_is_method(const struct script_function *f)
{
    return f->name[0] == ':';
}

static const struct script_module *registry_module(const char *name, size_t n)
{
    for (size_t i = 0; script__modules[i]; i++)
        if (strlen(script__modules[i]->name) == n && !memcmp(script__modules[i]->name, name, n))
            return script__modules[i];
    return NULL;
}

/* A method is found with and without its colon. */
static const struct script_function *registry_function(const struct script_module *m,
                                                       const char *name)
{
    for (const struct script_function *f = m->functions; f->name; f++)
        if (!strcmp(f->name + (registry_is_method(f) ? 1 : 0), name))
            return f;
    return NULL;
}

/* The entity whose records the module finds and makes; NULL for one that has none. */
static const struct schema *registry_schema(const struct script_module *m)
{
    const struct schema *s = schema_named(m->name);
    return s && !strcmp(s->plural, m->name) ? s : NULL;
}

/* ---- help ---- */

static void help_overview(struct buf *out)
{
    size_t width = 0;
    for (size_t i = 0; script__modules[i]; i++) {
        size_t n = strlen(script__modules[i]->name);
        width = n > width ? n : width;
    }
    for (const struct help_topic *t = help__topics(); t->name; t++)
        width = strlen(t->name) > width ? strlen(t->name) : width;
    for (size_t i = 0; script__modules[i]; i++)
        buf_printf(out, "%-*s  %s\n", (int)width, script__modules[i]->name,
                   script__modules[i]->help);
    buf_puts(out, "\nWhat a plugin declares:\n");
    for (const struct help_topic *t = help__topics(); t->name; t++)
        buf_printf(out, "%-*s  %s\n", (int)width, t->name, t->help);
    buf_puts(out,
             "\nhelp \"referrals\" lists a module, help \"referrals.find\" shows one function.\n");
}

static void help_module(const struct script_module *m, struct buf *out)
{
    buf_printf(out, "%s: %s\n\n", m->name, m->help);
    for (const struct script_function *f = m->functions; f->name; f++)
        buf_printf(out, "  %s\n      %s\n", f->signature, f->help);
    if (!registry_schema(m))
        return;
    buf_puts(out, "\ncolumns (help columns says how they are read and written):\n");
    help__columns(registry_schema(m), out);
}

static void help_declared(const struct help_topic *t, struct buf *out)
{
    buf_puts(out, t->text);
    if (!strcmp(t->name, "columns"))
        help__all_columns(out);
}

static void help_example(const char *example, struct buf *out)
{
    if (!example)
        return;
    buf_puts(out, "\nexample:\n");
    for (size_t n; *example; example += n + (example[n] == '\n')) {
        n = strcspn(example, "\n");
        buf_printf(out, "  %.*s\n", (int)n, example);
    }
}

static void help_function(const struct script_module *m, const struct script_function *f,
                          struct buf *out)
{
    buf_printf(out, "%s\n\n%s\n", f->signature, f->help);
    if (registry_schema(m))
        buf_printf(out, "Columns: help %s, help columns.\n", m->name);
    help_example(f->example, out);
}

const char *const *help__names(struct arena *memory)
{
    const char **names = arena_alloc(memory, REGISTRY_NAMES_MAX * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; script__modules[i] && count < REGISTRY_NAMES_MAX - 1; i++) {
        const struct script_module *m = script__modules[i];
        names[count++] = m->name;
        for (const struct script_function *f = m->functions;
             f->name && count < REGISTRY_NAMES_MAX - 1; f++)
            names[count++] =
                arena_printf(memory, "%s%s%s", m->name, registry_is_method(f) ? "" : ".", f->name);
    }
    for (const struct help_topic *t = help__topics(); t->name && count < REGISTRY_NAMES_MAX - 1;
         t++)
        names[count++] = t->name;
    for (const char *const *a = help__aliases(); *a && count < REGISTRY_NAMES_MAX - 1; a++)
        names[count++] = *a;
    names[count] = NULL;
    return names;
}

static int help_unknown(const char *topic, struct error *e)
{
    struct arena *memory = arena_new(0);
    struct buf near = BUF_INIT;
    text_suggest(topic, help__names(memory), &near);
    int rc = error_set(e, ERROR_NOT_FOUND, "no help on \"%.80s\"%s", topic,
                       near.len ? buf_text(&near) : "; help without a name lists the modules");
    buf_free(&near);
    arena_free(memory);
    return rc;
}

/* "find" alone: every function of that name, in whatever module. */
static size_t help_anywhere(const char *name, struct buf *out)
{
    size_t found = 0;
    for (size_t i = 0; script__modules[i]; i++) {
        const struct script_function *f = registry_function(script__modules[i], name);
        if (!f)
            continue;
        if (found++)
            buf_putc(out, '\n');
        help_function(script__modules[i], f, out);
    }
    return found;
}

int script_help(const char *topic, struct buf *out, struct error *e)
{
    const char *text = topic ? topic : "";
    if (!strncmp(text, "baton.", 6)) { /* modules are members of baton too */
        size_t n = strcspn(text + 6, ".:");
        if (registry_module(text + 6, n))
            text += 6;
    }
    if (!*text) {
        help_overview(out);
        return 0;
    }
    const struct help_topic *declared = help__topic(text);
    if (declared) {
        help_declared(declared, out);
        help_example(help__example(declared->name), out);
        return 0;
    }
    size_t n = strcspn(text, ".:");
    const struct script_module *m = registry_module(text, n);
    const struct script_function *f = m && text[n] ? registry_function(m, text + n + 1) : NULL;
    if (m && !text[n])
        help_module(m, out);
    else if (f)
        help_function(m, f, out);
    else if (m || text[n] || !help_anywhere(text, out))
        return help_unknown(text, e);
    return 0;
}

/* ---- the reference page ---- */

static void reference_example(const char *example, struct buf *out)
{
    if (example)
        buf_printf(out, "\n```lua\n%s\n```\n", example);
}

void script_reference(struct buf *out)
{
    buf_puts(
        out,
        "# Lua reference\n\nMade from the registration table: change the table, not this page. "
        "Every function is called with a dot, every method of a handle with a colon.\n");
    for (const struct help_topic *t = help__topics(); t->name; t++) {
        buf_printf(out, "\n## %s: %s\n\n```text\n", t->name, t->help);
        help_declared(t, out);
        buf_puts(out, "```\n");
        reference_example(help__example(t->name), out);
    }
    for (size_t i = 0; script__modules[i]; i++) {
        const struct script_module *m = script__modules[i];
        buf_printf(out, "\n## %s\n\n%s.\n", m->name, m->help);
        if (registry_schema(m)) {
            buf_puts(out, "\n```text\n");
            help__columns(registry_schema(m), out);
            buf_puts(out, "```\n");
        }
        for (const struct script_function *f = m->functions; f->name; f++) {
            buf_printf(out, "\n### `%s`\n\n%s.\n", f->signature, f->help);
            reference_example(f->example, out);
        }
    }
}
