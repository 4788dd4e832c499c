/* A sketch as text for a terminal, as Mermaid, and as Graphviz's dot. */
#include "domain/draw_internal.h"

#include <inttypes.h>
#include <string.h>

#include "baton/base/buf.h"

/* ---- text ---- */

static void text_arrows(const struct sketch *s, int from, struct buf *out)
{
    for (size_t i = 0; i < s->arrow_count; i++) {
        const struct sketch_arrow *a = &s->arrows[i];
        for (size_t j = 0; a->from == from && j < a->label_count; j++)
            if (a->labels[j].note)
                buf_printf(out, "          %s\n", a->labels[j].text);
            else
                buf_printf(out, "    --%s--> %s%s\n", a->labels[j].text, s->boxes[a->to].name,
                           a->labels[j].locked ? "   [locked]" : "");
    }
}

void draw__text(const struct sketch *s, struct buf *out)
{
    buf_printf(out, "%s version %d: %s\n", graph_name(s->graph), graph_version(s->graph), s->title);
    for (size_t i = 0; i < s->box_count; i++) {
        const struct sketch_box *b = &s->boxes[i];
        bool titled = strcmp(b->title, b->name) != 0 && b->stage >= 0;
        buf_printf(out, "\n%s %s%s%s%s",
                   b->initial     ? "(>)"
                   : b->final     ? "[x]"
                   : b->stage < 0 ? "(*)"
                                  : "[ ]",
                   b->stage < 0 ? b->title : b->name, titled ? "  \"" : "", titled ? b->title : "",
                   titled ? "\"" : "");
        if (b->count >= 0)
            buf_printf(out, "  %" PRId64 " open", b->count);
        buf_putc(out, '\n');
        for (size_t j = 0; j < b->line_count; j++)
            buf_printf(out, "    %s\n", b->lines[j]);
        text_arrows(s, (int)i, out);
    }
}

/* ---- Mermaid ---- */

/* Quotes and what Mermaid reads as markup, as entities. */
static void mermaid_text(struct buf *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '"':
            buf_puts(out, "#quot;");
            break;
        case '#':
            buf_puts(out, "#35;");
            break;
        case '<':
            buf_puts(out, "#lt;");
            break;
        case '>':
            buf_puts(out, "#gt;");
            break;
        default:
            buf_putc(out, *text);
        }
}

/* A prefix: a stage may be called "end", which Mermaid keeps for itself. */
static void mermaid_id(const struct sketch *s, struct buf *out, int box)
{
    if (s->boxes[box].stage < 0)
        buf_printf(out, "any_%d", box);
    else
        buf_printf(out, "s_%s", s->boxes[box].name);
}

static void mermaid_box(const struct sketch *s, struct buf *out, int box)
{
    const struct sketch_box *b = &s->boxes[box];
    bool round = b->final || b->initial || b->stage < 0;
    buf_puts(out, "    ");
    mermaid_id(s, out, box);
    buf_puts(out, round ? "([\"" : "[\"");
    mermaid_text(out, b->title);
    if (b->count >= 0)
        buf_printf(out, " (%" PRId64 ")", b->count);
    for (size_t i = 0; i < b->line_count; i++) {
        buf_puts(out, "<br/>");
        mermaid_text(out, b->lines[i]);
    }
    buf_puts(out, round ? "\"])" : "\"]");
    buf_puts(out, b->final ? ":::final\n" : b->stage < 0 ? ":::any\n" : "\n");
}

void draw__mermaid(const struct sketch *s, struct buf *out)
{
    buf_puts(out, "flowchart TD\n");
    for (size_t i = 0; i < s->box_count; i++)
        mermaid_box(s, out, (int)i);
    for (size_t i = 0; i < s->arrow_count; i++) {
        const struct sketch_arrow *a = &s->arrows[i];
        buf_puts(out, "    ");
        mermaid_id(s, out, a->from);
        buf_puts(out, a->expires ? " -. \"" : a->locked ? " == \"" : " -- \"");
        for (size_t j = 0; j < a->label_count; j++) {
            buf_puts(out, j ? "<br/>" : "");
            mermaid_text(out, a->labels[j].text);
            buf_puts(out, a->labels[j].locked ? " (locked)" : "");
        }
        buf_puts(out, a->expires ? "\" .-> " : a->locked ? "\" ==> " : "\" --> ");
        mermaid_id(s, out, a->to);
        buf_putc(out, '\n');
    }
    buf_puts(out, "    classDef final fill:#e8eef4,stroke-width:3px\n"
                  "    classDef any stroke-dasharray:4 3,fill:#ffffff\n");
}

/* ---- dot ---- */

static void dot_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
}

void draw__dot(const struct sketch *s, struct buf *out)
{
    buf_printf(out, "digraph %s {\n", graph_name(s->graph));
    buf_puts(out, "    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
                  "    edge [fontname=\"sans-serif\", fontsize=11];\n");
    for (size_t i = 0; i < s->box_count; i++) {
        const struct sketch_box *b = &s->boxes[i];
        buf_printf(out, "    n%zu [label=\"", i);
        dot_text(out, b->title);
        if (b->count >= 0)
            buf_printf(out, " (%" PRId64 ")", b->count);
        for (size_t j = 0; j < b->line_count; j++) {
            buf_puts(out, "\\n");
            dot_text(out, b->lines[j]);
        }
        buf_puts(out, b->final       ? "\", peripheries=2];\n"
                      : b->stage < 0 ? "\", style=dashed];\n"
                      : b->initial   ? "\", penwidth=2];\n"
                                     : "\"];\n");
    }
    for (size_t i = 0; i < s->arrow_count; i++) {
        const struct sketch_arrow *a = &s->arrows[i];
        buf_printf(out, "    n%d -> n%d [label=\"", a->from, a->to);
        for (size_t j = 0; j < a->label_count; j++) {
            buf_puts(out, j ? "\\n" : "");
            dot_text(out, a->labels[j].text);
            buf_puts(out, a->labels[j].locked ? " (locked)" : "");
        }
        buf_puts(out, a->expires  ? "\", style=dashed];\n"
                      : a->locked ? "\", penwidth=2, color=\"#b45309\"];\n"
                                  : "\"];\n");
    }
    buf_puts(out, "}\n");
}
