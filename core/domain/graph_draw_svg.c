/* A sketch as SVG. No font is known here, so widths are those of a usual
 * sans-serif, with some room; nothing is loaded from elsewhere. */
#include "domain/draw_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/text.h"

#define SVG_TITLE_EM 7.6
#define SVG_LINE_EM 6.1
#define SVG_LABEL_EM 6.6
#define SVG_LOCKED_EM 7.6
enum {
    SVG_PAD = 14,
    SVG_TITLE_HEIGHT = 20,
    SVG_LINE_HEIGHT = 15,
    SVG_LABEL_HEIGHT = 16,
    SVG_LOCK_WIDTH = 14,
    SVG_HEAD = 52, /* the heading */
    SVG_FOOT = 34  /* what the signs mean */
};

static void svg_text(struct buf *out, const char *text)
{
    text_xml(text, strlen(text), out);
}

static double svg_width(const char *text, double em)
{
    return (double)text_width(text, strlen(text)) * em;
}

/* ---- sizes ---- */

static struct layout_size svg_box_size(const struct sketch_box *b)
{
    struct layout_size size = { svg_width(b->title, SVG_TITLE_EM),
                                SVG_TITLE_HEIGHT + SVG_LINE_HEIGHT + SVG_PAD };
    size.width = draw__max(size.width, svg_width(b->name, SVG_LINE_EM));
    for (size_t i = 0; i < b->line_count; i++)
        size.width = draw__max(size.width, svg_width(b->lines[i], SVG_LINE_EM));
    size.height += (double)b->line_count * SVG_LINE_HEIGHT + (b->line_count ? 6 : 0);
    if (b->stage < 0)
        size.height = SVG_TITLE_HEIGHT + 8;
    size.width = draw__max(size.width + 2 * SVG_PAD, b->stage < 0 ? 90 : 130);
    return size;
}

/* Locked ones are bold. */
static double svg_label_width(const struct sketch_label *l)
{
    return svg_width(l->text, l->locked ? SVG_LOCKED_EM : l->note ? SVG_LINE_EM : SVG_LABEL_EM);
}

static struct layout_size svg_label_size(const struct sketch_arrow *a)
{
    struct layout_size size = { 0, (double)a->label_count * SVG_LABEL_HEIGHT + 4 };
    for (size_t i = 0; i < a->label_count; i++)
        size.width = draw__max(size.width, svg_label_width(&a->labels[i]) +
                                               (a->labels[i].locked ? SVG_LOCK_WIDTH : 0));
    size.width += 8;
    return size;
}

/* ---- boxes ---- */

static void svg_count(struct buf *out, const struct layout_node *n, int64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, count);
    double width = draw__max(svg_width(text, 7.2) + 14, 24);
    double x = n->x + n->width / 2 - width / 2, y = n->y - n->height / 2 - 11;
    buf_printf(out,
               "<g class=\"%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"22\" "
               "rx=\"11\"/><text x=\"%.1f\" y=\"%.1f\">%s</text></g>\n",
               count ? "count" : "count none", x, y, width, x + width / 2, y + 15.5, text);
}

static void svg_box(struct buf *out, const struct sketch_box *b, const struct layout_node *n)
{
    double x = n->x - n->width / 2, y = n->y - n->height / 2;
    const char *kind = b->stage < 0 ? "any" : b->initial ? "initial" : b->final ? "final" : "stage";
    double round = b->stage < 0 ? n->height / 2 : b->final ? 16 : 6;
    buf_printf(out,
               "<g class=\"%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
               "rx=\"%.1f\"/>\n",
               kind, x, y, n->width, n->height, round);
    if (b->final)
        buf_printf(out,
                   "<rect class=\"inner\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                   "rx=\"%.1f\"/>\n",
                   x + 4, y + 4, n->width - 8, n->height - 8, round - 4);
    double at = y + SVG_TITLE_HEIGHT + (b->stage < 0 ? -1 : 3);
    buf_printf(out, "<text class=\"title\" x=\"%.1f\" y=\"%.1f\">", n->x, at);
    svg_text(out, b->title);
    buf_puts(out, "</text>\n");
    if (b->stage >= 0) {
        buf_printf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", n->x,
                   at += SVG_LINE_HEIGHT, b->name);
        if (b->line_count)
            buf_printf(out, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>\n", x + SVG_PAD, at + 7,
                       x + n->width - SVG_PAD);
    }
    at += 6;
    for (size_t i = 0; i < b->line_count; i++) {
        buf_printf(out, "<text class=\"line\" x=\"%.1f\" y=\"%.1f\">", n->x, at += SVG_LINE_HEIGHT);
        svg_text(out, b->lines[i]);
        buf_puts(out, "</text>\n");
    }
    buf_puts(out, "</g>\n");
    if (b->count >= 0 && !b->final)
        svg_count(out, n, b->count);
}

/* ---- arrows ---- */

/* A closed padlock, 9 wide. */
static void svg_lock(struct buf *out, double x, double y)
{
    buf_printf(
        out,
        "<path class=\"lock\" d=\"M%.1f %.1fh9v6.5h-9zM%.1f %.1fv-2a2.7 2.7 0 0 1 5.4 0v2\"/>\n", x,
        y - 6.5, x + 1.8, y - 6.5);
}

static void svg_label(struct buf *out, const struct sketch_arrow *a, const struct layout_node *n)
{
    buf_printf(out,
               "<rect class=\"paper\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
               n->x - n->width / 2, n->y - n->height / 2, n->width, n->height);
    double y = n->y - n->height / 2 + 13.5;
    for (size_t i = 0; i < a->label_count; i++, y += SVG_LABEL_HEIGHT) {
        const struct sketch_label *l = &a->labels[i];
        double shift = l->locked ? SVG_LOCK_WIDTH / 2.0 : 0;
        if (l->locked)
            svg_lock(out, n->x - svg_label_width(l) / 2 - 6, y);
        buf_printf(out, "<text class=\"label%s\" x=\"%.1f\" y=\"%.1f\">",
                   l->locked    ? " locked"
                   : l->note    ? " note"
                   : l->expires ? " expires"
                                : "",
                   n->x + shift, y);
        svg_text(out, l->text);
        buf_puts(out, "</text>\n");
    }
}

/* Where an arrow touches a box: spread over its side, in the order of where they go. */
static double svg_port(const struct sketch *s, const struct layout *l, size_t edge, bool begin,
                       bool bottom)
{
    const struct layout_edge *e = &l->edges[edge];
    int box = e->path[begin ? 0 : e->path_count - 1];
    double towards = l->nodes[e->path[begin ? 1 : e->path_count - 2]].x;
    size_t count = 0, before = 0;
    for (size_t i = 0; i < s->arrow_count; i++)
        for (int end = 0; end < 2; end++) {
            const struct layout_edge *o = &l->edges[i];
            int at = o->path[end ? o->path_count - 1 : 0];
            const struct layout_node *next = &l->nodes[o->path[end ? o->path_count - 2 : 1]];
            if (at != box || (next->y > l->nodes[box].y) != bottom)
                continue;
            count++;
            before += next->x < towards || (next->x <= towards && i < edge);
        }
    double room = draw__min(l->nodes[box].width * 0.72, (double)(count - 1) * 36);
    return l->nodes[box].x + (count > 1 ? room * ((double)before / (double)(count - 1) - 0.5) : 0);
}

static void svg_arrow(struct buf *out, const struct sketch *s, const struct layout *l, size_t index)
{
    const struct sketch_arrow *a = &s->arrows[index];
    const struct layout_edge *e = &l->edges[index];
    const struct layout_node *from = &l->nodes[e->path[0]];
    const struct layout_node *to = &l->nodes[e->path[e->path_count - 1]];
    double down = from->y < to->y ? 1 : -1;
    double x = svg_port(s, l, index, true, down > 0), y = from->y + down * from->height / 2;
    const char *kind = a->locked ? "locked" : a->expires ? "expires" : "plain";
    buf_printf(out, "<path class=\"arrow %s\" marker-end=\"url(#%s)\" d=\"M%.1f %.1f", kind,
               a->locked ? "head-locked" : "head", x, y);
    for (size_t i = 1; i < e->path_count; i++) {
        const struct layout_node *n = &l->nodes[e->path[i]];
        bool last = i + 1 == e->path_count;
        double nx = last ? svg_port(s, l, index, false, down < 0) : n->x;
        /* straight through the whole layer: a bend could cut a corner of what lies beside it */
        double half = down * (last ? n->height : l->layer_height[n->layer]) / 2;
        double ny = last ? to->y - half - down * 3 : n->y - half;
        double bend = (ny - y) * 0.5;
        buf_printf(out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x, y + bend, nx, ny - bend, nx, ny);
        if (!last)
            buf_printf(out, "L%.1f %.1f", nx, n->y + half);
        x = nx;
        y = n->y + half;
    }
    buf_puts(out, "\"/>\n");
}

/* ---- the whole ---- */

static const char svg_style[] =
    "<style>\n"
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1c2733;"
    "text-anchor:middle}\n"
    ".page,.paper{fill:#fff}.paper{fill-opacity:.92}\n"
    ".head{font-size:17px;font-weight:600;text-anchor:start}\n"
    ".sub{font-size:12px;fill:#5b6b7b;text-anchor:start}\n"
    ".title{font-size:13px;font-weight:600}.name{font-size:11px;fill:#5b6b7b}\n"
    ".line{font-size:11px;fill:#3d4b59}.rule{stroke:#d3dbe3;stroke-width:1}\n"
    ".stage rect{fill:#f7f9fb;stroke:#6b7c8d;stroke-width:1.3}\n"
    ".initial rect{fill:#ecf6ee;stroke:#2f7d4a;stroke-width:2}\n"
    ".final rect{fill:#e9edf2;stroke:#46566a;stroke-width:1.3}.final rect.inner{fill:none}\n"
    ".any rect{fill:#fff;stroke:#6b7c8d;stroke-width:1.2;stroke-dasharray:4 3}\n"
    ".any .title{font-weight:400;font-size:12px;fill:#3d4b59}\n"
    ".arrow{fill:none;stroke:#5b6b7b;stroke-width:1.4}\n"
    ".arrow.locked{stroke:#b45309;stroke-width:2}.arrow.expires{stroke-dasharray:5 4}\n"
    ".label{font-size:12px}.label.locked{fill:#9a4708;font-weight:600}\n"
    ".label.note{font-size:11px;fill:#5b6b7b}\n"
    ".label.expires{fill:#5b6b7b;font-style:italic}\n"
    ".lock{fill:none;stroke:#b45309;stroke-width:1.4}\n"
    ".count rect{fill:#1d5fa8}.count.none rect{fill:#aab6c2}\n"
    ".count text{font-size:12px;font-weight:600;fill:#fff}\n"
    "</style>\n"
    "<defs>\n"
    "<marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"8\" refY=\"5\" markerWidth=\"9\" "
    "markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
    "<path d=\"M0 0L10 5L0 10z\" fill=\"#5b6b7b\"/></marker>\n"
    "<marker id=\"head-locked\" viewBox=\"0 0 10 10\" refX=\"8\" refY=\"5\" markerWidth=\"11\" "
    "markerHeight=\"11\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
    "<path d=\"M0 0L10 5L0 10z\" fill=\"#b45309\"/></marker>\n"
    "</defs>\n";

static bool svg_any(const struct sketch *s, bool locked)
{
    for (size_t i = 0; i < s->arrow_count; i++)
        if (locked ? s->arrows[i].locked : s->arrows[i].expires)
            return true;
    return false;
}

/* What the signs mean, where they occur. */
static void svg_legend(struct buf *out, const struct sketch *s, double y, bool counts)
{
    double x = 24;
    buf_printf(out, "<g transform=\"translate(0 %.1f)\">\n", y);
    if (svg_any(s, true)) {
        svg_lock(out, x, 4);
        buf_printf(out, "<text class=\"sub\" x=\"%.1f\" y=\"4\">locked: always open</text>\n",
                   x + 15);
        x += 150;
    }
    if (svg_any(s, false)) {
        buf_printf(out,
                   "<path class=\"arrow expires\" d=\"M%.1f 0h26\"/><text class=\"sub\" x=\"%.1f\" "
                   "y=\"4\">by the clock</text>\n",
                   x, x + 32);
        x += 130;
    }
    if (counts)
        buf_printf(out,
                   "<g class=\"count\"><rect x=\"%.1f\" y=\"-8\" width=\"24\" height=\"16\" "
                   "rx=\"8\"/></g><text class=\"sub\" x=\"%.1f\" y=\"4\">open referrals</text>\n",
                   x, x + 30);
    buf_puts(out, "</g>\n");
}

void draw__svg(const struct sketch *s, struct buf *out)
{
    const struct graph *g = s->graph;
    struct layout_size *sizes =
        arena_alloc(s->memory, (s->box_count + s->arrow_count + 1) * sizeof *sizes);
    for (size_t i = 0; i < s->box_count; i++)
        sizes[i] = svg_box_size(&s->boxes[i]);
    for (size_t i = 0; i < s->arrow_count; i++)
        sizes[s->box_count + i] = svg_label_size(&s->arrows[i]);
    const struct layout *l = layout__make(s, sizes);
    bool counts = s->box_count > 0 && s->boxes[0].count >= 0;
    bool legend = counts || svg_any(s, true) || svg_any(s, false);
    double width = draw__max(l->width, draw__max(svg_width(s->title, 10) + 48, legend ? 430 : 0));
    double height = l->height + SVG_HEAD + (legend ? SVG_FOOT : 0);
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
               "height=\"%.0f\" role=\"img\">\n<title>",
               width, height, width, height);
    svg_text(out, s->title);
    buf_puts(out, "</title>\n");
    buf_puts(out, svg_style);
    buf_printf(out, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n", width, height);
    buf_puts(out, "<text class=\"head\" x=\"24\" y=\"32\">");
    svg_text(out, s->title);
    buf_printf(out, "</text>\n<text class=\"sub\" x=\"24\" y=\"50\">%s, version %d</text>\n",
               graph_name(g), graph_version(g));
    buf_printf(out, "<g transform=\"translate(%.1f %d)\">\n", (width - l->width) / 2, SVG_HEAD);
    for (size_t i = 0; i < s->arrow_count; i++)
        svg_arrow(out, s, l, i);
    for (size_t i = 0; i < l->node_count; i++)
        if (l->nodes[i].box >= 0)
            svg_box(out, &s->boxes[l->nodes[i].box], &l->nodes[i]);
        else if (l->nodes[i].arrow >= 0)
            svg_label(out, &s->arrows[l->nodes[i].arrow], &l->nodes[i]);
    buf_puts(out, "</g>\n");
    if (legend)
        svg_legend(out, s, l->height + SVG_HEAD + 12, counts);
    buf_puts(out, "</svg>\n");
}
