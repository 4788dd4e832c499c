/* Versions: keeping each one as it was declared, and what a referral of another
 * version than the loaded one may do.
 *
 * A kept version is read back the first time that somebody asks, and then held
 * until the domain goes: there are as many as referrals in flight need. */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "domain/origin_internal.h"

struct version_held {
    char *name;
    int64_t version;
    struct graph *graph; /* NULL: nothing usable was kept */
};

struct versions {
    struct version_held *held;
    size_t count;
};

struct versions *versions__new(void)
{
    return mem_new(struct versions);
}

static void versions_clear(struct versions *v)
{
    for (size_t i = 0; i < v->count; i++) {
        graph_free(v->held[i].graph);
        mem_free(v->held[i].name);
    }
    mem_free(v->held);
    *v = (struct versions){ 0 };
}

void versions__free(struct versions *v)
{
    if (v)
        versions_clear(v);
    mem_free(v);
}

struct version_key {
    char text[LIMIT_NAME_BYTES + 40];
};

static struct version_key version_key(const char *name, int64_t version, const char *what)
{
    struct version_key key;
    snprintf(key.text, sizeof key.text, "workflow:%s:%lld%s", name, (long long)version, what);
    return key;
}

static int version_load(const struct domain *d, const char *name, int64_t version, struct buf *json,
                        struct error *e)
{
    return store_meta_get(d->store, version_key(name, version, "").text, json, e);
}

static int version_load_origin(const struct domain *d, const struct graph *g, struct buf *json,
                               struct error *e)
{
    struct version_key key = version_key(graph_name(g), graph_version(g), ":origin");
    return store_meta_get(d->store, key.text, json, e);
}

const struct graph *version__graph(const struct domain *d, const struct graph *loaded,
                                   int64_t version)
{
    struct versions *v = d->versions;
    const char *name = graph_name(loaded);
    if (version == graph_version(loaded))
        return loaded;
    for (size_t i = 0; i < v->count; i++)
        if (v->held[i].version == version && !strcmp(v->held[i].name, name))
            return v->held[i].graph ? v->held[i].graph : loaded;
    struct buf json = BUF_INIT;
    struct graph *g = NULL;
    if (version_load(d, name, version, &json, NULL) == 0 && json.len > 0 &&
        version__read(json.data, json.len, &g, NULL) < 0)
        g = NULL;
    buf_free(&json);
    v->held = mem_resize(v->held, (v->count + 1) * sizeof *v->held);
    v->held[v->count++] = (struct version_held){ mem_dup(name), version, g };
    return g ? g : loaded;
}

const struct graph *domain_graph_run(const struct domain *d, const struct row *referral)
{
    const struct graph *g = domain_graph(d, row_text(referral, REFERRAL_WORKFLOW));
    return g ? version__graph(d, g, row_int(referral, REFERRAL_WORKFLOW_VERSION)) : NULL;
}

const struct graph *domain_graph_kept(const struct domain *d, const struct graph *loaded,
                                      int version)
{
    const struct graph *g = version__graph(d, loaded, version);
    return g != loaded ? g : NULL;
}

/* Keeping. */

static int version_open_referrals(struct domain *d, const struct graph *g, int64_t *out,
                                  struct error *e)
{
    const struct store_filter filters[] = {
        { REFERRAL_WORKFLOW, FILTER_EQ, value_text(graph_name(g)), NULL },
        { REFERRAL_WORKFLOW_VERSION, FILTER_EQ, value_int(graph_version(g)), NULL },
        { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL },
    };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 3 };
    return store_count(d->store, &q, out, e);
}

enum version_state { VERSION_KEPT, VERSION_NEW, VERSION_OTHER };

static int version_look(struct domain *d, const struct graph *g, struct buf *json,
                        enum version_state *state, struct error *e)
{
    struct buf kept = BUF_INIT;
    int rc = version_load(d, graph_name(g), graph_version(g), &kept, e);
    if (rc == 0) {
        version__write(g, json);
        *state = kept.len == 0 ? VERSION_NEW
                 : kept.len == json->len && !memcmp(kept.data, json->data, kept.len)
                     ? VERSION_KEPT
                     : VERSION_OTHER;
    }
    buf_free(&kept);
    return rc;
}

/* What it is made from may change although it comes out the same. */
static int version_origin_differs(const struct domain *d, const struct graph *g, bool *differs,
                                  struct error *e)
{
    struct buf kept = BUF_INIT;
    int rc = version_load_origin(d, g, &kept, e);
    *differs = rc == 0 && *origin__of(g) && strcmp(origin__of(g), buf_text(&kept)) != 0;
    buf_free(&kept);
    return rc;
}

/* One that differs is replaced while nobody runs it: an author at work is not told off. */
static int version_wants_keeping(struct domain *d, const struct graph *g, struct buf *json,
                                 bool *wants, struct error *e)
{
    enum version_state state = VERSION_KEPT;
    int64_t running = 0;
    int rc = version_look(d, g, json, &state, e);
    if (rc == 0 && state == VERSION_OTHER)
        rc = version_open_referrals(d, g, &running, e);
    *wants = state == VERSION_NEW || (state == VERSION_OTHER && running == 0);
    if (rc == 0 && state == VERSION_KEPT)
        rc = version_origin_differs(d, g, wants, e);
    return rc;
}

int domain_versions_unkept(struct domain *d, size_t *out, struct error *e)
{
    int rc = 0;
    size_t count = 0;
    for (size_t i = 0; rc == 0 && i < domain_graph_count(d); i++) {
        struct buf json = BUF_INIT;
        bool wants = false;
        rc = version_wants_keeping(d, domain_graph_at(d, i), &json, &wants, e);
        count += wants ? 1 : 0;
        buf_free(&json);
    }
    if (rc == 0)
        *out = count;
    return rc;
}

static int version_write(struct domain *d, const struct graph *g, const struct buf *json,
                         struct error *e)
{
    struct version_key key = version_key(graph_name(g), graph_version(g), ""),
                       origin = version_key(graph_name(g), graph_version(g), ":origin");
    int rc = store_meta_set(d->store, key.text, buf_text(json), e);
    return rc ? rc : store_meta_set(d->store, origin.text, origin__of(g), e);
}

int domain_keep_versions(struct domain *d, struct error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < domain_graph_count(d); i++) {
        const struct graph *g = domain_graph_at(d, i);
        struct buf json = BUF_INIT;
        bool wants = false;
        rc = version_wants_keeping(d, g, &json, &wants, e);
        if (rc == 0 && wants)
            rc = version_write(d, g, &json, e);
        buf_free(&json);
    }
    versions_clear(d->versions);
    return rc;
}

/* Whoever changes a setting does not own the plugin, and its version is right as it is. */
static void version_tell(const struct graph *g, int64_t running, const struct buf *kept,
                         domain_version_problem each, void *context)
{
    struct buf text = BUF_INIT, names = BUF_INIT;
    bool by_setting = origin__same_source(g, kept);
    origin__changed_settings(g, kept, &names);
    if (by_setting)
        buf_printf(&text,
                   "workflow \"%s\" version %d differs from the one that %lld open %s began with, "
                   "by a setting that changed%s%s: due times that run stay, what follows goes by "
                   "the new one",
                   graph_name(g), graph_version(g), (long long)running,
                   running == 1 ? "referral" : "referrals", names.len > 0 ? ", " : "",
                   buf_text(&names));
    else
        buf_printf(&text,
                   "workflow \"%s\" version %d differs from the one that %lld open %s; raise "
                   "its version",
                   graph_name(g), graph_version(g), (long long)running,
                   running == 1 ? "referral runs" : "referrals run");
    each(context, g, by_setting, buf_text(&text));
    buf_free(&text);
    buf_free(&names);
}

static int version_problem(struct domain *d, const struct graph *g, domain_version_problem each,
                           void *context, struct error *e)
{
    enum version_state state = VERSION_KEPT;
    struct buf json = BUF_INIT;
    int64_t running = 0;
    int rc = version_look(d, g, &json, &state, e);
    if (rc == 0 && state == VERSION_OTHER)
        rc = version_open_referrals(d, g, &running, e);
    buf_clear(&json);
    if (rc == 0 && running > 0)
        rc = version_load_origin(d, g, &json, e);
    if (rc == 0 && running > 0)
        version_tell(g, running, &json, each, context);
    buf_free(&json);
    return rc;
}

int domain_version_problems(struct domain *d, domain_version_problem each, void *context,
                            struct error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < domain_graph_count(d); i++)
        rc = version_problem(d, domain_graph_at(d, i), each, context, e);
    return rc;
}

/* The move of one that is pinned. */

int version__refuse(const struct row *referral, const struct graph *loaded, struct error *e)
{
    return error_set(
        e, ERROR_DENIED, "R-%lld runs version %lld of %s, version %d is loaded: baton migrate %s",
        (long long)referral->id, (long long)row_int(referral, REFERRAL_WORKFLOW_VERSION),
        graph_name(loaded), graph_version(loaded), graph_name(loaded));
}

/* A locked transition leaves every stage that is not final, so it goes even where the stage is
 * gone: as from the first stage that it leaves. */
static int place_locked(struct move *m, const struct graph *g)
{
    int stage = graph_find_stage(g, row_text(m->row, REFERRAL_STAGE));
    if (!m->a->transition)
        return -1;
    if (stage >= 0 && !graph_stage(g, stage)->final) {
        int index = graph_find_transition(g, stage, m->a->transition);
        return index >= 0 && graph_transition(g, index)->locked ? stage : -1;
    }
    for (size_t i = 0; i < graph_transition_count(g); i++) {
        const struct transition *t = graph_transition(g, (int)i);
        if (t->locked && t->from_count > 0 && !strcmp(t->name, m->a->transition))
            return t->from[0];
    }
    return -1;
}

static int place_pinned(struct move *m, const struct graph *g, struct error *e)
{
    if (!row_is_null(m->row, REFERRAL_CLOSED_AT_MS))
        return referral__refuse(
            m->row->id, e, ERROR_DENIED, "it is closed (%s): nothing leaves stage \"%s\"",
            row_text(m->row, REFERRAL_OUTCOME), row_text(m->row, REFERRAL_STAGE));
    int stage = place_locked(m, g);
    if (stage < 0)
        return version__refuse(m->row, g, e);
    m->graph = g;
    m->stage = stage;
    snprintf(m->gone, sizeof m->gone, "%s", row_text(m->row, REFERRAL_STAGE));
    m->from = m->gone;
    return 0;
}

int advance__place(struct move *m, struct error *e)
{
    const struct graph *g = domain_graph(m->d, row_text(m->row, REFERRAL_WORKFLOW));
    if (g && row_int(m->row, REFERRAL_WORKFLOW_VERSION) != graph_version(g))
        return place_pinned(m, g, e);
    int rc = referral__place(m->d, m->row, &m->graph, &m->stage, e);
    if (rc == 0)
        m->from = graph_stage(m->graph, m->stage)->name;
    return rc;
}
