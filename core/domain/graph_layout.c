/* Places for a sketch: layers from the top, after Sugiyama.
 *
 * Boxes lie in even layers, the labels of arrows in odd ones: a label is a node
 * like any other, so it covers nothing. An arrow that goes back up is laid out
 * as if it went down. Within a layer nodes are ordered by where their neighbours
 * are, a few times up and down, keeping the order that crosses least; then each
 * moves as near to the middle of its neighbours as the others let it. */
#include "domain/draw_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/arena.h"

enum {
    LAYOUT_ORDER_ROUNDS = 24,
    LAYOUT_PLACE_ROUNDS = 40,
    LAYOUT_GAP_X = 34,
    LAYOUT_GAP_LINES = 12, /* between arrows that pass */
    LAYOUT_GAP_Y = 30,
    LAYOUT_MARGIN = 24
};

struct link { /* between neighbouring layers, downwards */
    int up, down;
};
struct making {
    const struct sketch *s;
    struct layout *l;
    int *rank;  /* of each box */
    bool *back; /* arrows that go up */
    struct link *links;
    size_t link_count, link_room;
    int **order; /* of each layer: nodes */
    size_t *counts;
};

/* ---- layers ---- */

/* Depth first: an arrow to a box that is still open closes a ring and counts as going back. */
static void rank_visit(struct making *m, int box, char *state)
{
    state[box] = 1;
    for (size_t i = 0; i < m->s->arrow_count; i++) {
        const struct sketch_arrow *a = &m->s->arrows[i];
        if (a->from != box)
            continue;
        if (state[a->to] == 1)
            m->back[i] = true;
        else if (state[a->to] == 0)
            rank_visit(m, a->to, state);
    }
    state[box] = 2;
}

static void rank_boxes(struct making *m)
{
    const struct sketch *s = m->s;
    char *state = arena_alloc(s->memory, s->box_count + 1);
    int initial = graph_initial(s->graph);
    rank_visit(m, initial >= 0 ? initial : 0, state);
    for (size_t i = 0; i < s->box_count; i++)
        if (!state[i])
            rank_visit(m, (int)i, state);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < s->arrow_count; i++) {
            int up = m->back[i] ? s->arrows[i].to : s->arrows[i].from;
            int down = m->back[i] ? s->arrows[i].from : s->arrows[i].to;
            if (m->rank[down] < m->rank[up] + 1) {
                m->rank[down] = m->rank[up] + 1;
                more = true;
            }
        }
    }
    /* "any stage" stands right above where it leads, not at the top of everything. */
    for (size_t i = 0; i < s->arrow_count; i++)
        if (s->boxes[s->arrows[i].from].stage < 0 && !m->back[i] && m->rank[s->arrows[i].to] > 0)
            m->rank[s->arrows[i].from] = m->rank[s->arrows[i].to] - 1;
}

static int node_add(struct making *m, int box, int arrow, int layer, struct layout_size size)
{
    struct layout *l = m->l;
    if (l->node_count == l->node_room) {
        l->node_room = l->node_room ? 2 * l->node_room : 64;
        struct layout_node *grown = arena_alloc(m->s->memory, l->node_room * sizeof *grown);
        if (l->node_count)
            memcpy(grown, l->nodes, l->node_count * sizeof *grown);
        l->nodes = grown;
    }
    l->nodes[l->node_count] = (struct layout_node){
        .box = box, .arrow = arrow, .layer = layer, .width = size.width, .height = size.height
    };
    if (layer >= l->layers)
        l->layers = layer + 1;
    return (int)l->node_count++;
}

static void link_add(struct making *m, int up, int down)
{
    if (m->link_count == m->link_room) {
        m->link_room = m->link_room ? 2 * m->link_room : 128;
        struct link *grown = arena_alloc(m->s->memory, m->link_room * sizeof *grown);
        if (m->link_count)
            memcpy(grown, m->links, m->link_count * sizeof *grown);
        m->links = grown;
    }
    m->links[m->link_count++] = (struct link){ up, down };
}

/* The arrow as nodes from the upper box to the lower one; its label in the middle of the way. */
static void edge_make(struct making *m, size_t index, const struct layout_size *sizes)
{
    const struct sketch_arrow *a = &m->s->arrows[index];
    struct layout_edge *e = &m->l->edges[index];
    int up = m->back[index] ? a->to : a->from, down = m->back[index] ? a->from : a->to;
    int first = 2 * m->rank[up], last = 2 * m->rank[down], at = up;
    int label = m->back[index] ? last - 1 : first + 1;
    e->arrow = (int)index;
    e->path = arena_alloc(m->s->memory, (size_t)(last - first + 1) * sizeof *e->path);
    e->path[e->path_count++] = up;
    for (int layer = first + 1; layer < last; layer++) {
        static const struct layout_size thin = { 8, 0 };
        bool is_label = layer == label;
        int node = node_add(m, -1, is_label ? (int)index : -1, layer,
                            is_label ? sizes[m->s->box_count + index] : thin);
        link_add(m, at, node);
        e->path[e->path_count++] = at = node;
    }
    link_add(m, at, down);
    e->path[e->path_count++] = down;
    for (size_t i = 0, j = e->path_count - 1; m->back[index] && i < j; i++, j--) {
        int swap = e->path[i];
        e->path[i] = e->path[j];
        e->path[j] = swap;
    }
}

/* ---- order within layers ---- */

static void order_begin(struct making *m)
{
    struct layout *l = m->l;
    m->order = arena_alloc(m->s->memory, (size_t)l->layers * sizeof *m->order);
    m->counts = arena_alloc(m->s->memory, (size_t)l->layers * sizeof *m->counts);
    for (int i = 0; i < l->layers; i++)
        m->order[i] = arena_alloc(m->s->memory, l->node_count * sizeof **m->order);
    for (size_t i = 0; i < l->node_count; i++) {
        struct layout_node *n = &l->nodes[i];
        n->order = (int)m->counts[n->layer];
        m->order[n->layer][m->counts[n->layer]++] = (int)i;
    }
}

static size_t order_crossings(const struct making *m)
{
    const struct layout_node *n = m->l->nodes;
    size_t crossings = 0;
    for (size_t i = 0; i < m->link_count; i++)
        for (size_t j = i + 1; j < m->link_count; j++) {
            const struct link *a = &m->links[i], *b = &m->links[j];
            if (n[a->up].layer == n[b->up].layer)
                crossings +=
                    (n[a->up].order - n[b->up].order) * (n[a->down].order - n[b->down].order) < 0;
        }
    return crossings;
}

/* The middle of a node's neighbours above or below, by order or by x; its own where it has none. */
static double neighbours_mean(const struct making *m, int node, bool above, bool by_x)
{
    const struct layout_node *n = m->l->nodes;
    double sum = 0;
    int count = 0;
    for (size_t i = 0; i < m->link_count; i++) {
        int other = above && m->links[i].down == node  ? m->links[i].up
                    : !above && m->links[i].up == node ? m->links[i].down
                                                       : -1;
        if (other < 0)
            continue;
        sum += by_x ? n[other].x : n[other].order;
        count++;
    }
    return count ? sum / count : by_x ? n[node].x : n[node].order;
}

static void order_layer(struct making *m, int layer, bool above)
{
    int *order = m->order[layer];
    size_t count = m->counts[layer];
    double *key = arena_alloc(m->s->memory, count * sizeof *key);
    for (size_t i = 0; i < count; i++)
        key[i] = neighbours_mean(m, order[i], above, false);
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && key[j] < key[j - 1]; j--) {
            double k = key[j];
            int node = order[j];
            key[j] = key[j - 1];
            order[j] = order[j - 1];
            key[j - 1] = k;
            order[j - 1] = node;
        }
    for (size_t i = 0; i < count; i++)
        m->l->nodes[order[i]].order = (int)i;
}

static void order_nodes(struct making *m)
{
    struct layout *l = m->l;
    int *best = arena_alloc(m->s->memory, l->node_count * sizeof *best);
    size_t least = SIZE_MAX;
    order_begin(m);
    for (int round = 0; round <= LAYOUT_ORDER_ROUNDS && least > 0; round++) {
        size_t crossings = order_crossings(m);
        for (size_t i = 0; crossings < least && i < l->node_count; i++)
            best[i] = l->nodes[i].order;
        least = crossings < least ? crossings : least;
        for (int i = 0; i < l->layers; i++)
            order_layer(m, round % 2 ? l->layers - 1 - i : i, round % 2 == 0);
    }
    for (size_t i = 0; i < l->node_count; i++) {
        l->nodes[i].order = best[i];
        m->order[l->nodes[i].layer][best[i]] = (int)i;
    }
}

/* ---- places ---- */

static double place_gap(const struct layout_node *a, const struct layout_node *b)
{
    bool lines = a->box < 0 && a->arrow < 0 && b->box < 0 && b->arrow < 0;
    return (a->width + b->width) / 2 + (lines ? LAYOUT_GAP_LINES : LAYOUT_GAP_X);
}

/* Least squares under "each right of the one before it": pool those that would overlap. */
static void place_layer(struct making *m, int layer, bool above)
{
    struct layout_node *n = m->l->nodes;
    const int *order = m->order[layer];
    size_t count = m->counts[layer], blocks = 0;
    double *offset = arena_alloc(m->s->memory, count * sizeof *offset);
    double *mean = arena_alloc(m->s->memory, count * sizeof *mean);
    size_t *size = arena_alloc(m->s->memory, count * sizeof *size);
    for (size_t i = 0; i < count; i++) {
        offset[i] = i ? offset[i - 1] + place_gap(&n[order[i - 1]], &n[order[i]]) : 0;
        mean[blocks] = neighbours_mean(m, order[i], above, true) - offset[i];
        size[blocks++] = 1;
        while (blocks > 1 && mean[blocks - 2] > mean[blocks - 1]) {
            double total = mean[blocks - 2] * (double)size[blocks - 2] +
                           mean[blocks - 1] * (double)size[blocks - 1];
            size[blocks - 2] += size[blocks - 1];
            blocks--;
            mean[blocks - 1] = total / (double)size[blocks - 1];
        }
    }
    for (size_t b = 0, i = 0; b < blocks; b++)
        for (size_t k = 0; k < size[b]; k++, i++)
            n[order[i]].x = mean[b] + offset[i];
}

static void place_x(struct making *m)
{
    struct layout *l = m->l;
    for (int layer = 0; layer < l->layers; layer++) {
        double x = 0;
        for (size_t i = 0; i < m->counts[layer]; i++) {
            struct layout_node *n = &l->nodes[m->order[layer][i]];
            n->x = x + n->width / 2;
            x += n->width + LAYOUT_GAP_X;
        }
        for (size_t i = 0; i < m->counts[layer]; i++)
            l->nodes[m->order[layer][i]].x -= x / 2;
    }
    for (int round = 0; round < LAYOUT_PLACE_ROUNDS; round++)
        for (int i = 0; i < l->layers; i++)
            place_layer(m, round % 2 ? l->layers - 1 - i : i, round % 2 == 0);
}

static void place_y(struct making *m)
{
    struct layout *l = m->l;
    double y = LAYOUT_MARGIN, left = 0, right = 0; /* the nodes may all have moved to one side */
    double *middle = arena_alloc(m->s->memory, (size_t)l->layers * sizeof *middle);
    l->layer_height = arena_alloc(m->s->memory, (size_t)l->layers * sizeof *l->layer_height);
    for (int layer = 0; layer < l->layers; layer++) {
        double height = 0;
        for (size_t i = 0; i < m->counts[layer]; i++)
            height = draw__max(height, l->nodes[m->order[layer][i]].height);
        middle[layer] = y + height / 2;
        l->layer_height[layer] = height;
        y += height + LAYOUT_GAP_Y;
    }
    for (size_t i = 0; i < l->node_count; i++) {
        struct layout_node *n = &l->nodes[i];
        n->y = middle[n->layer];
        double begin = n->x - n->width / 2, end = n->x + n->width / 2;
        left = i ? draw__min(left, begin) : begin;
        right = i ? draw__max(right, end) : end;
    }
    for (size_t i = 0; i < l->node_count; i++)
        l->nodes[i].x += LAYOUT_MARGIN - left;
    l->width = right - left + 2 * LAYOUT_MARGIN;
    l->height = y - LAYOUT_GAP_Y + LAYOUT_MARGIN;
}

struct layout *layout__make(const struct sketch *s, const struct layout_size *sizes)
{
    struct making m = { .s = s, .l = arena_alloc(s->memory, sizeof *m.l) };
    m.rank = arena_alloc(s->memory, (s->box_count + 1) * sizeof *m.rank);
    m.back = arena_alloc(s->memory, (s->arrow_count + 1) * sizeof *m.back);
    m.l->edges = arena_alloc(s->memory, (s->arrow_count + 1) * sizeof *m.l->edges);
    rank_boxes(&m);
    for (size_t i = 0; i < s->box_count; i++)
        node_add(&m, (int)i, -1, 2 * m.rank[i], sizes[i]);
    for (size_t i = 0; i < s->arrow_count; i++)
        edge_make(&m, i, sizes);
    order_nodes(&m);
    place_x(&m);
    place_y(&m);
    return m.l;
}
