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
    jsonw_key(done, "text");
    jsonw_textn(done, buf_text(&out), out.len);
    buf_free(&out);
    return 0;
}

static const char *const graph_keys[] = { "workflow", "format", "counts", NULL };

const struct request_op op_graph = {
    .name = "graph", .keys = graph_keys, .start = graph_start, .finish = graph_finish_op
};
