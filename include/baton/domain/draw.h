/* A stage graph as a picture: text for a terminal, Mermaid, Graphviz's dot, or
 * SVG that is laid out here. */
#ifndef BATON_DOMAIN_DRAW_H
#define BATON_DOMAIN_DRAW_H

#include <stdint.h>

#include "baton/domain/graph.h"

struct buf;

enum draw_format { DRAW_TEXT, DRAW_MERMAID, DRAW_DOT, DRAW_SVG };
int draw_format_named(const char *name, enum draw_format *out, struct error *e);

/* Appends the picture. `counts`: open referrals in each stage, in the order of stages; NULL: not
 * shown. */
void graph_draw(const struct graph *g, enum draw_format format, const int64_t *counts,
                struct buf *out);

#endif
