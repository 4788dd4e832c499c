/* The rules of one organisation: a registry of what its plugins declared.
 *
 * Graphs are owned; the last one asked for is remembered, because commands of
 * one turn mostly concern one workflow. Fields are allocated one by one, so
 * that a pointer handed out lasts until its plugin goes. */
#include "baton/domain/domain.h"
#include "baton/base/limits.h"

#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"
#include "domain/due_waiting_internal.h"
#include "domain/graph_internal.h"
#include "domain/trace_internal.h"
#include "domain/version_internal.h"
#include "domain/words_internal.h"

struct domain *domain_new(struct store *store, const struct calendar *calendar,
                          const struct clock *clock)
{
    struct domain *d = mem_new(struct domain);
    d->store = store;
    d->calendar = calendar;
    d->clock = clock;
    d->last_graph = mem_zero(sizeof(*d->last_graph));
    d->versions = versions__new();
    delegate__declare(d);
    d->trace = trace__new();
    d->waiting = waiting__new();
    store_due_back(store); /* what waited for another world */
    return d;
}

static void domain_free_field(struct declared *f)
{
    arena_free(f->memory);
    mem_free(f);
}

static void domain_free_roles(char **roles)
{
    for (char **r = roles; r && *r; r++)
        mem_free(*r);
    mem_free(roles);
}

void domain_free(struct domain *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->graph_count; i++)
        graph_free(d->graphs[i]);
    for (size_t i = 0; i < d->field_count; i++)
        domain_free_field(d->fields[i]);
    for (size_t i = 0; i <= LIMIT_EFFECT_DEPTH; i++)
        buf_free(&d->detail[i]);
    domain_free_roles(d->roles);
    versions__free(d->versions);
    trace__free(d->trace);
    waiting__free(d->waiting);
    mem_free(d->graphs);
    mem_free(d->fields);
    mem_free(d->last_graph);
    mem_free(d);
}

void domain_set_hooks(struct domain *d, const struct domain_hooks *hooks)
{
    d->hooks = hooks ? *hooks : (struct domain_hooks){ 0 };
}

struct store *domain_store(struct domain *d)
{
    return d->store;
}

const struct calendar *domain_calendar(const struct domain *d)
{
    return d->calendar;
}

int64_t domain_now(const struct domain *d)
{
    return d->firing ? d->firing_at_ms : clock_now_ms(d->clock);
}

/* Graphs. */

static int domain_check_role_list(const struct domain *d, const char *const *roles, struct error *e)
{
    for (; roles && *roles; roles++)
        if (domain_check_role(d, *roles, e) < 0)
            return -ERROR_INVALID;
    return 0;
}

static int domain_check_stage_roles(const struct domain *d, const struct stage *s, struct error *e)
{
    int rc = domain_check_role_list(d, s->owner_roles, e);
    for (size_t i = 0; rc == 0 && i < s->step_count; i++)
        if (s->steps[i].to_role)
            rc = domain_check_role(d, s->steps[i].to_role, e);
    if (rc < 0)
        error_prefix(e, "stage \"%s\"", s->name);
    return rc;
}

static int domain_check_graph_roles(const struct domain *d, const struct graph *g, struct error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < g->stage_count; i++) {
        rc = domain_check_stage_roles(d, &g->stages[i], e);
        if (rc < 0 && g->leaving[i].where)
            error_at(e, "%s", g->leaving[i].where);
    }
    for (size_t i = 0; rc == 0 && i < g->transition_count; i++) {
        const struct transition *t = &g->transitions[i];
        rc = domain_check_role_list(d, t->roles, e);
        if (rc == 0)
            rc = approval__check_roles(d, t, e);
        if (rc < 0)
            error_prefix(e, "transition \"%s\"", t->name);
        if (rc < 0 && t->where)
            error_at(e, "%s", t->where);
    }
    if (rc < 0)
        error_prefix(e, "workflow \"%s\"", g->name);
    return rc;
}

int domain_add_graph(struct domain *d, struct graph *g, struct error *e)
{
    if (!g->finished)
        return error_set(e, ERROR_INVALID, "workflow \"%s\" is not finished", g->name);
    const struct graph *same = domain_graph(d, g->name);
    if (same)
        return error_set(e, ERROR_CONFLICT, "workflow \"%s\" is declared by plugin \"%s\" already",
                         g->name, same->plugin);
    if (d->graph_count >= LIMIT_WORKFLOWS)
        return error_set(e, ERROR_LIMIT, "more than %d workflows", LIMIT_WORKFLOWS);
    int rc = domain_check_graph_roles(d, g, e);
    for (size_t i = 0; rc == 0 && i < g->field_count; i++)
        if (g->fields[i].indexed)
            rc = store_index_field(d->store, ENTITY_REFERRAL, g->fields[i].name, e);
    if (rc < 0)
        return rc;
    d->graphs = mem_resize(d->graphs, (d->graph_count + 1) * sizeof(struct graph *));
    d->graphs[d->graph_count++] = g;
    waiting__again(d);
    return 0;
}

const struct graph *domain_graph(const struct domain *d, const char *name)
{
    if (*d->last_graph && !strcmp((*d->last_graph)->name, name))
        return *d->last_graph;
    for (size_t i = 0; i < d->graph_count; i++)
        if (!strcmp(d->graphs[i]->name, name)) {
            *d->last_graph = d->graphs[i];
            return d->graphs[i];
        }
    return NULL;
}

size_t domain_graph_count(const struct domain *d)
{
    return d->graph_count;
}

const struct graph *domain_graph_at(const struct domain *d, size_t index)
{
    return index < d->graph_count ? d->graphs[index] : NULL;
}

int domain_find_graph(const struct domain *d, const char *name, const struct graph **out,
                      struct error *e)
{
    const struct graph *g = name ? domain_graph(d, name) : NULL;
    if (g) {
        *out = g;
        return 0;
    }
    struct words known = WORDS_INIT;
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < d->graph_count; i++)
        words__add(&known, d->graphs[i]->name);
    words__suggest(&known, name ? name : "", &near);
    if (near.len == 0) {
        buf_puts(&near, "; workflows: ");
        words__join(&known, &near);
    }
    int rc = error_set(e, ERROR_NOT_FOUND, "unknown workflow \"%.80s\"%s", name ? name : "",
                       buf_text(&near));
    buf_free(&near);
    words__free(&known);
    return rc;
}

/* Fields of entities. */

int domain_add_field(struct domain *d, const char *plugin, enum entity entity,
                     const struct field *f, struct error *e)
{
    int rc = field__check(f, entity, e);
    if (rc < 0)
        return rc;
    size_t of_entity = 0;
    for (size_t i = 0; i < d->field_count; i++) {
        const struct declared *other = d->fields[i];
        of_entity += other->entity == entity ? 1 : 0;
        if (other->entity == entity && !strcmp(other->field.name, f->name))
            return error_set(e, ERROR_CONFLICT,
                             "field \"%s\" of %s is declared by plugin \"%s\" already", f->name,
                             schema_of(entity)->name, other->plugin);
    }
    if (of_entity >= LIMIT_FIELDS)
        return error_set(e, ERROR_LIMIT, "%s has more than %d fields", schema_of(entity)->name,
                         LIMIT_FIELDS);
    if (f->indexed && (rc = store_index_field(d->store, entity, f->name, e)) < 0)
        return rc;
    struct declared *n = mem_new(struct declared);
    n->memory = arena_new(256);
    n->plugin = arena_dup(n->memory, plugin);
    n->entity = entity;
    field__copy(n->memory, f, &n->field);
    d->fields = mem_resize(d->fields, (d->field_count + 1) * sizeof(struct declared *));
    d->fields[d->field_count++] = n;
    return 0;
}

const struct field *domain_field(const struct domain *d, enum entity entity, const char *name)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i]->entity == entity && !strcmp(d->fields[i]->field.name, name))
            return &d->fields[i]->field;
    return NULL;
}

const struct field *domain_field_at(const struct domain *d, enum entity entity, size_t index)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i]->entity == entity && index-- == 0)
            return &d->fields[i]->field;
    return NULL;
}

void domain_remove_plugin(struct domain *d, const char *plugin)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->graph_count; i++) {
        if (strcmp(d->graphs[i]->plugin, plugin) != 0)
            d->graphs[kept++] = d->graphs[i];
        else
            graph_free(d->graphs[i]);
    }
    d->graph_count = kept;
    *d->last_graph = NULL;
    kept = 0;
    for (size_t i = 0; i < d->field_count; i++) {
        if (strcmp(d->fields[i]->plugin, plugin) != 0)
            d->fields[kept++] = d->fields[i];
        else
            domain_free_field(d->fields[i]);
    }
    d->field_count = kept;
}

/* Roles. */

static bool domain_is_built_in_role(const char *name)
{
    for (const char *const *r = actor__ladder; *r; r++)
        if (!strcmp(*r, name))
            return true;
    return false;
}

static int domain_check_role_name(const char *name, struct error *e)
{
    if (text_is_name(name))
        return 0;
    return error_set(e, ERROR_INVALID,
                     "role \"%.80s\": a name is made of a-z, 0-9 and _ and begins with a letter",
                     name);
}

int domain_set_roles(struct domain *d, const char *const *names, struct error *e)
{
    size_t n = 0;
    for (; names && names[n]; n++) {
        int rc = domain_check_role_name(names[n], e);
        if (rc)
            return rc;
        if (domain_is_built_in_role(names[n]))
            return error_set(e, ERROR_INVALID, "role \"%s\" is built in and need not be added",
                             names[n]);
    }
    char **copy = mem_zero((n + 1) * sizeof(*copy));
    for (size_t i = 0; i < n; i++)
        copy[i] = mem_dup(names[i]);
    domain_free_roles(d->roles);
    d->roles = copy;
    return 0;
}

int domain_add_role(struct domain *d, const char *name, struct error *e)
{
    int rc = domain_check_role_name(name, e);
    if (rc || domain_knows_role(d, name))
        return rc;
    size_t n = 0;
    while (d->roles && d->roles[n])
        n++;
    d->roles = mem_resize(d->roles, (n + 2) * sizeof(*d->roles));
    d->roles[n] = mem_dup(name);
    d->roles[n + 1] = NULL;
    return 0;
}

bool domain_knows_role(const struct domain *d, const char *name)
{
    for (char **r = d->roles; r && *r; r++)
        if (!strcmp(*r, name))
            return true;
    return domain_is_built_in_role(name);
}

int domain_check_role(const struct domain *d, const char *name, struct error *e)
{
    if (domain_knows_role(d, name))
        return 0;
    struct words known = WORDS_INIT;
    struct buf near = BUF_INIT;
    words__add_all(&known, actor__ladder);
    words__add_all(&known, (const char *const *)d->roles);
    words__suggest(&known, name, &near);
    buf_puts(&near, near.len > 0 ? " Known: " : "; known: ");
    words__join(&known, &near);
    int rc = error_set(e, ERROR_INVALID, "unknown role \"%.80s\"%s", name, buf_text(&near));
    buf_free(&near);
    words__free(&known);
    return rc;
}
