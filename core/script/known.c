/* Stages and workflows that a word can mean: those of the loaded graphs, and
 * what rows hold besides. Rows are only asked about a word that no graph has, so
 * that a right one costs nothing. */
#include "script/known_internal.h"

#include <string.h>

/* Is any referral in it? If that cannot be read, it may be. */
static bool known_is_stored(struct domain *d, int column, const char *text)
{
    const struct store_filter filter = { .column = column,
                                         .op = FILTER_EQ,
                                         .value = value_text(text) };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = &filter,
                                   .filter_count = 1 };
    int64_t n = 0;
    return store_count(domain_store(d), &q, &n, NULL) < 0 || n > 0;
}

bool known__workflow(struct domain *d, const char *name)
{
    return domain_graph(d, name) || known_is_stored(d, REFERRAL_WORKFLOW, name);
}

bool known__stage(struct domain *d, const char *workflow, const char *stage)
{
    const struct graph *only = workflow ? domain_graph(d, workflow) : NULL;
    for (size_t i = 0; i < domain_graph_count(d); i++) {
        const struct graph *g = domain_graph_at(d, i);
        if ((!only || g == only) && graph_find_stage(g, stage) >= 0)
            return true;
    }
    return known_is_stored(d, REFERRAL_STAGE, stage);
}

const char *const *known__workflows(struct domain *d, struct arena *a)
{
    size_t n = domain_graph_count(d);
    const char **names = arena_alloc(a, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = graph_name(domain_graph_at(d, i));
    names[n] = NULL;
    return names;
}

static size_t known_add_stages(const struct graph *g, const char **names, size_t n)
{
    for (int i = 0; i < (int)graph_stage_count(g); i++) {
        const char *name = graph_stage(g, i)->name;
        size_t same = 0;
        while (same < n && strcmp(names[same], name) != 0)
            same++;
        if (same == n)
            names[n++] = name;
    }
    return n;
}

const char *const *known__stages(struct domain *d, const char *workflow, struct arena *a)
{
    const struct graph *only = workflow ? domain_graph(d, workflow) : NULL;
    size_t room = 1, n = 0;
    for (size_t i = 0; i < domain_graph_count(d); i++)
        room += graph_stage_count(domain_graph_at(d, i));
    const char **names = arena_alloc(a, room * sizeof *names);
    for (size_t i = 0; i < domain_graph_count(d); i++)
        if (!only || domain_graph_at(d, i) == only)
            n = known_add_stages(domain_graph_at(d, i), names, n);
    names[n] = NULL;
    return names;
}

bool known__sure(const struct script *s, const struct domain *d)
{
    for (size_t i = 0; i < script_plugin_count(s); i++) {
        struct plugin_info info;
        script_plugin_at(s, i, &info);
        if (!info.loaded)
            return false;
    }
    return domain_graph_count(d) > 0;
}
