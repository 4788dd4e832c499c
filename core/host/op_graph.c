/* op graph: a workflow of the organisation as a picture, with how many
 * referrals are open in each stage if that is wanted. */
#include "baton/domain/draw.h"
#include "host/request_internal.h"

#include <string.h>

struct picture {
    const struct graph *graph;
    enum draw_format format;
    bool counts;
};

static int graph_start(struct conversation *c, struct error *e)
{
    struct picture *p = arena_alloc(c->arena, sizeof *p);
    const char *workflow = NULL, *format = "text";
    int rc;
    c->state = p;
    if ((rc = request__text(c, "workflow", true, &workflow, NULL, e)) ||
        (rc = request__text(c, "format", false, &format, NULL, e)) ||
        (rc = request__bool(c, "counts", &p->counts, e)) ||
        (rc = draw_format_named(format, &p->format, e)))
        return rc;
    return domain_find_graph(c->org->world.domain, workflow, &p->graph, e);
}

struct graph_counts {
    const struct graph *graph;
    int64_t *counts;
};

static int graph_count(void *context, const struct value *value, int64_t count)
{
    struct graph_counts *g = context;
    if (value->type != VALUE_TEXT)
        return 0;
    for (size_t i = 0; i < graph_stage_count(g->graph); i++) {
        const char *name = graph_stage(g->graph, (int)i)->name;
        if (!strcmp(name, value->s))
            g->counts[i] += count;
    }
    return 0;
}

static int graph_count_stages(const struct conversation *c, struct graph_counts *counts,
                              struct error *e)
{
    const struct store_filter filters[] = {
        { .column = REFERRAL_WORKFLOW,
          .op = FILTER_EQ,
          .value = value_text(graph_name(counts->graph)) },
        { .column = REFERRAL_CLOSED_AT_MS, .op = FILTER_NULL },
    };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 2 };
    return store_count_by(c->org->store, &q, REFERRAL_STAGE, graph_count, counts, e);
}

/* ---- in stages that the picture does not have ---- */

enum { GRAPH_VERSIONS_MAX = 32 };

struct graph_others {
    const struct graph *graph;
    int64_t versions[GRAPH_VERSIONS_MAX];
    size_t count;
    int64_t referrals; /* of one version */
    struct buf stages;
};

static int graph_version_of(void *context, const struct value *version, int64_t count)
{
    struct graph_others *o = context;
    (void)count;
    if (o->count < GRAPH_VERSIONS_MAX)
        o->versions[o->count++] = version->i;
    return 0;
}

static int graph_other_stage(void *context, const struct value *stage, int64_t count)
{
    struct graph_others *o = context;
    if (stage->type != VALUE_TEXT || graph_find_stage(o->graph, stage->s) >= 0)
        return 0;
    buf_printf(&o->stages, "%s%s %lld", o->stages.len > 0 ? ", " : "", stage->s, (long long)count);
    o->referrals += count;
    return 0;
}

/* As a line of the text, or as a comment of the language. */
static void graph_note(enum draw_format format, const struct graph_others *o, int64_t version,
                       struct buf *out)
{
    static const char *const around[][2] = { [DRAW_TEXT] = { "\n", "" },
                                             [DRAW_MERMAID] = { "%% ", "" },
                                             [DRAW_DOT] = { "// ", "" },
                                             [DRAW_SVG] = { "<!-- ", " -->" } };
    buf_printf(out, "%s%lld more in stages of version %lld: %s%s\n", around[format][0],
               (long long)o->referrals, (long long)version, buf_text(&o->stages),
               around[format][1]);
}

static int graph_notes(const struct conversation *c, struct buf *out, struct error *e)
{
    const struct picture *p = c->state;
    struct graph_others o = { .graph = p->graph };
    struct store_filter filters[] = {
        { .column = REFERRAL_WORKFLOW, .op = FILTER_EQ, .value = value_text(graph_name(p->graph)) },
        { .column = REFERRAL_CLOSED_AT_MS, .op = FILTER_NULL },
        { .column = REFERRAL_WORKFLOW_VERSION,
          .op = FILTER_NE,
          .value = value_int(graph_version(p->graph)) },
    };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 3 };
    int rc = store_count_by(c->org->store, &q, REFERRAL_WORKFLOW_VERSION, graph_version_of, &o, e);
    filters[2].op = FILTER_EQ;
    for (size_t i = 0; rc == 0 && i < o.count; i++) {
        filters[2].value = value_int(o.versions[i]);
        o.referrals = 0;
        buf_clear(&o.stages);
        rc = store_count_by(c->org->store, &q, REFERRAL_STAGE, graph_other_stage, &o, e);
        if (rc == 0 && o.referrals > 0)
            graph_note(p->format, &o, o.versions[i], out);
    }
    buf_free(&o.stages);
    return rc;
}

static int graph_finish_op(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct picture *p = c->state;
    struct graph_counts counts = { .graph = p->graph };
    struct buf out = BUF_INIT;
    counts.counts = arena_alloc(c->arena, graph_stage_count(p->graph) * sizeof *counts.counts);
    int rc = p->counts ? graph_count_stages(c, &counts, e) : 0;
    if (rc)
        return rc;
    graph_draw(p->graph, p->format, p->counts ? counts.counts : NULL, &out);
    rc = p->counts ? graph_notes(c, &out, e) : 0;
    if (rc == 0) {
        jsonw_key(done, "text");
        jsonw_textn(done, buf_text(&out), out.len);
    }
    buf_free(&out);
    return rc;
}

static const char *const graph_keys[] = { "workflow", "format", "counts", NULL };

const struct request_op op_graph = {
    .name = "graph", .keys = graph_keys, .start = graph_start, .finish = graph_finish_op
};
