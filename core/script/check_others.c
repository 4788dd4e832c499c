/* What a declared workflow says of others: of the workflows of its children, and
 * of the version of its own that it migrates from, where the store has kept it. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/domain/version.h"

enum { OTHERS_VERSIONS = 1000 }; /* looked at: nobody migrates from further back */

/* The line where the word stands, as a name or a text, behind the declaration's first. */
static int others_line(const struct check *c, const struct check_workflow *w, const char *word)
{
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        for (size_t t = 0; !strcmp(s->file, w->file) && t < s->token_count; t++)
            if (s->tokens[t].line >= w->line && !strcmp(s->tokens[t].text, word) &&
                (s->tokens[t].kind == TOKEN_NAME || s->tokens[t].kind == TOKEN_STRING))
                return s->tokens[t].line;
    }
    return w->line;
}

static void others_children(struct check *c, const struct check_workflow *w, const struct graph *g)
{
    const struct child_rule *r;
    struct check_names known = { 0 };
    for (size_t i = 0; i < c->workflow_count; i++)
        check__name(c, &known, c->workflows[i].name);
    for (size_t i = 0; (r = graph_child_at(g, i)); i++)
        if (strcmp(r->workflow, "*") != 0 && !check__has(&known, r->workflow))
            check__add(c, "workflow-unknown", w->plugin, w->file, others_line(c, w, r->workflow),
                       "children: no plugin here declares a workflow \"%s\"%s", r->workflow,
                       check__near(c, &known, r->workflow));
}

static void others_names(struct check *c, const struct check_workflow *w, const char *what,
                         int version, const struct migration_name *names, size_t count,
                         const struct check_names *known)
{
    for (size_t i = 0; i < count; i++)
        if (!check__has(known, names[i].from))
            check__add(c, "migrate-unknown", w->plugin, w->file, others_line(c, w, names[i].from),
                       "migrate: version %d of \"%s\" had no %s \"%s\"%s", version, w->name, what,
                       names[i].from, check__near(c, known, names[i].from));
}

static void others_migration(struct check *c, const struct check_workflow *w,
                             const struct migration *m, const struct graph *old)
{
    struct check_names stages = { 0 }, fields = { 0 };
    for (size_t i = 0; i < graph_stage_count(old); i++)
        check__name(c, &stages, graph_stage(old, (int)i)->name);
    for (size_t i = 0; i < graph_field_count(old); i++)
        check__name(c, &fields, graph_field_at(old, i)->name);
    others_names(c, w, "stage", m->from, m->stages, m->stage_count, &stages);
    others_names(c, w, "field", m->from, m->fields, m->field_count, &fields);
}

void check__others(struct check *c, const struct check_workflow *w)
{
    const struct domain *d = c->script->domain;
    const struct graph *g = domain_graph(d, w->name);
    if (!g || w->refused.code)
        return;
    if (c->whole)
        others_children(c, w, g);
    int version = graph_version(g);
    for (int from = version > OTHERS_VERSIONS ? version - OTHERS_VERSIONS : 1; from < version;
         from++) {
        const struct migration *m = graph_migration(g, from);
        const struct graph *old = m ? domain_graph_kept(d, g, from) : NULL;
        if (old)
            others_migration(c, w, m, old);
    }
}
