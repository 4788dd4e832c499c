/* A stage graph: reading. All of it is plain lookups in small arrays. */
#include "domain/graph_internal.h"

#include <string.h>

const char *graph_name(const struct graph *g)
{
    return g->name;
}

const char *graph_title_of(const struct graph *g)
{
    return g->title;
}

const char *graph_plugin(const struct graph *g)
{
    return g->plugin;
}

int graph_version(const struct graph *g)
{
    return g->version;
}

size_t graph_stage_count(const struct graph *g)
{
    return g->stage_count;
}

const struct stage *graph_stage(const struct graph *g, int index)
{
    return index >= 0 && (size_t)index < g->stage_count ? &g->stages[index] : NULL;
}

int graph_find_stage(const struct graph *g, const char *name)
{
    for (size_t i = 0; i < g->stage_count; i++)
        if (!strcmp(g->stages[i].name, name))
            return (int)i;
    return -1;
}

int graph_initial(const struct graph *g)
{
    return g->initial;
}

size_t graph_transition_count(const struct graph *g)
{
    return g->transition_count;
}

const struct transition *graph_transition(const struct graph *g, int index)
{
    return index >= 0 && (size_t)index < g->transition_count ? &g->transitions[index] : NULL;
}

const int *graph__leaving(const struct graph *g, int stage, size_t *count)
{
    *count = g->leaving[stage].out_count;
    return g->leaving[stage].out;
}

int graph_find_transition(const struct graph *g, int stage, const char *name)
{
    if (stage < 0 || (size_t)stage >= g->stage_count)
        return -1;
    const struct graph_leaving *l = &g->leaving[stage];
    for (size_t i = 0; i < l->out_count; i++)
        if (!strcmp(g->transitions[l->out[i]].name, name))
            return l->out[i];
    return -1;
}

const struct field *graph_field(const struct graph *g, const char *name)
{
    for (size_t i = 0; i < g->field_count; i++)
        if (!strcmp(g->fields[i].name, name))
            return &g->fields[i];
    return NULL;
}

const struct field *graph_field_at(const struct graph *g, size_t index)
{
    return index < g->field_count ? &g->fields[index] : NULL;
}

size_t graph_field_count(const struct graph *g)
{
    return g->field_count;
}

bool graph__knows_field(const struct graph *g, const char *name)
{
    if (graph_field(g, name))
        return true;
    int column = schema_column(schema_of(ENTITY_REFERRAL), name);
    return column >= 0 && !(schema_of(ENTITY_REFERRAL)->columns[column].flags & COLUMN_ENGINE);
}
