/* Between the files that draw graphs.
 *
 * graph_draw.c turns a graph into a sketch: boxes and arrows without any place;
 * graph_draw_text.c writes it as text and as the languages of other programs;
 * graph_layout.c gives it places, graph_draw_svg.c draws those. */
#ifndef DOMAIN_DRAW_INTERNAL_H
#define DOMAIN_DRAW_INTERNAL_H

#include "baton/domain/draw.h"

struct arena;

/* Transitions that leave nearly everywhere come from a box of their own, "any stage": an arrow from
 * each would hide the rest. */
struct sketch_box {
    int stage; /* -1: any stage */
    const char *title, *name;
    const char **lines; /* deadline, owner, transitions that stay */
    size_t line_count;
    int64_t count; /* -1: not shown */
    bool initial, final;
};
struct sketch_label {
    const char *text;
    bool locked, expires;
    bool note; /* goes on about the one before: who takes it, how it is voted on */
};
struct sketch_arrow {
    int from, to; /* boxes */
    struct sketch_label *labels;
    size_t label_count, label_room;
    bool locked, expires; /* any of its labels; all of them */
};
struct sketch {
    struct arena *memory;
    const struct graph *graph;
    const char *title;        /* this and all texts below: one line, no control characters */
    struct sketch_box *boxes; /* stages first, in their order */
    size_t box_count;
    struct sketch_arrow *arrows;
    size_t arrow_count;
};

static inline double draw__max(double a, double b)
{
    return a > b ? a : b;
}
static inline double draw__min(double a, double b)
{
    return a < b ? a : b;
}

void draw__text(const struct sketch *s, struct buf *out);
void draw__mermaid(const struct sketch *s, struct buf *out);
void draw__dot(const struct sketch *s, struct buf *out);
void draw__svg(const struct sketch *s, struct buf *out);

/* ---- graph_layout.c: layers from the top, boxes and labels as nodes ---- */
struct layout_node {
    int box, arrow; /* one of them, or both -1: an arrow passes through */
    int layer, order;
    double width, height, x, y; /* x, y: the middle */
};
struct layout_edge {
    int arrow;
    int *path; /* nodes from its beginning to its end */
    size_t path_count;
};
struct layout {
    struct layout_node *nodes;
    size_t node_count, node_room;
    struct layout_edge *edges; /* one for each arrow */
    double *layer_height;      /* of the highest node in each layer */
    int layers;
    double width, height;
};
/* `sizes`: width and height of each box, then of the labels of each arrow. */
struct layout_size {
    double width, height;
};
struct layout *layout__make(const struct sketch *s, const struct layout_size *sizes);

#endif
