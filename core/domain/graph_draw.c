/* A graph as a sketch, and the choice of who draws it. */
#include "domain/draw_internal.h"

#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/text.h"

enum {
    SKETCH_ANY_FROM = 3,
    SKETCH_LINES_MAX = 24,
    SKETCH_ARROWS_MAX = 4096,
    SKETCH_NOTE_WIDTH = 30
};

static const char *const draw_formats[] = { "text", "mermaid", "dot", "svg", NULL };

int draw_format_named(const char *name, enum draw_format *out, struct error *e)
{
    struct buf near = BUF_INIT;
    for (int i = 0; draw_formats[i]; i++)
        if (!strcmp(draw_formats[i], name)) {
            *out = (enum draw_format)i;
            return 0;
        }
    text_suggest(name, draw_formats, &near);
    int rc = error_set(e, ERROR_INVALID, "unknown format \"%.40s\"%s", name,
                       near.len ? buf_text(&near) : "; known: text, mermaid, dot, svg");
    buf_free(&near);
    return rc;
}

/* ---- boxes ---- */

/* Pictures go to terminals and into languages made of lines. */
static const char *sketch_shown(struct sketch *s, const char *words)
{
    struct buf plain = BUF_INIT, shown = BUF_INIT;
    for (; *words; words++)
        buf_putc(&plain, *words == '\n' || *words == '\t' ? ' ' : *words);
    text_printable(buf_text(&plain), plain.len, false, &shown);
    const char *kept = arena_dup(s->memory, buf_text(&shown));
    buf_free(&plain);
    buf_free(&shown);
    return kept;
}

static void sketch_line(struct sketch *s, struct sketch_box *b, struct buf *text)
{
    if (b->line_count < SKETCH_LINES_MAX)
        b->lines[b->line_count++] = sketch_shown(s, buf_text(text));
    buf_clear(text);
}

static void sketch_words(struct buf *out, const char *const *words)
{
    for (size_t i = 0; words && words[i]; i++)
        buf_printf(out, "%s%s", i ? ", " : "", words[i]);
}

static void sketch_steps(const struct stage *st, enum step_kind kind, const char *word,
                         struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < st->step_count; i++) {
        if (st->steps[i].kind != kind)
            continue;
        buf_puts(out, any ? ", " : word);
        any = true;
        span_format(&st->steps[i].span, out);
        if (st->steps[i].to_role)
            buf_printf(out, " to %s", st->steps[i].to_role);
        if (st->steps[i].to_field)
            buf_printf(out, " to the %s", st->steps[i].to_field);
    }
}

static void sketch_deadline(struct sketch *s, struct sketch_box *b, const struct stage *st,
                            struct buf *text)
{
    if (!st->has_deadline)
        return;
    buf_puts(text, "due ");
    if (st->due_field)
        buf_printf(text, "at %s", st->due_field);
    else {
        buf_puts(text, "in ");
        span_format(&st->within, text);
    }
    sketch_line(s, b, text);
    sketch_steps(st, STEP_REMIND, "reminds before: ", text);
    if (text->len)
        sketch_line(s, b, text);
    sketch_steps(st, STEP_ESCALATE, "escalates after: ", text);
    if (text->len)
        sketch_line(s, b, text);
}

/* Does it leave every open stage? Then it gets a box "any stage", above where it leads. */
static bool sketch_is_any(const struct graph *g, const struct transition *t)
{
    size_t open = 0;
    for (size_t i = 0; i < graph_stage_count(g); i++)
        open += !graph_stage(g, (int)i)->final;
    return t->to >= 0 && t->from_count == open && open >= SKETCH_ANY_FROM;
}

static void sketch_staying(struct sketch *s, struct sketch_box *b, int stage, struct buf *text)
{
    for (size_t i = 0; i < graph_transition_count(s->graph); i++) {
        const struct transition *t = graph_transition(s->graph, (int)i);
        bool leaves = graph_find_transition(s->graph, stage, t->name) == (int)i;
        if (leaves && (t->to < 0 || (t->to == stage && !sketch_is_any(s->graph, t))))
            buf_printf(text, "%s%s", text->len ? ", " : "stays: ", t->name);
    }
    if (text->len)
        sketch_line(s, b, text);
}

static void sketch_stage(struct sketch *s, int stage, const int64_t *counts)
{
    const struct stage *st = graph_stage(s->graph, stage);
    struct sketch_box *b = &s->boxes[s->box_count++];
    struct buf text = BUF_INIT;
    *b = (struct sketch_box){ .stage = stage,
                              .title = sketch_shown(s, st->title),
                              .name = st->name,
                              .count = counts ? counts[stage] : -1,
                              .initial = st->initial,
                              .final = st->final };
    b->lines = arena_alloc(s->memory, SKETCH_LINES_MAX * sizeof *b->lines);
    if (st->owner_roles) {
        buf_puts(&text, "owned by ");
        sketch_words(&text, st->owner_roles);
        sketch_line(s, b, &text);
    }
    sketch_deadline(s, b, st, &text);
    if (st->clock_paused) {
        buf_puts(&text, "clock paused");
        sketch_line(s, b, &text);
    }
    sketch_staying(s, b, stage, &text);
    if (st->final && st->outcome && strcmp(st->outcome, st->name) != 0) {
        buf_printf(&text, "outcome %s", st->outcome);
        sketch_line(s, b, &text);
    }
    buf_free(&text);
}

/* ---- arrows ---- */

static bool sketch_expires(const struct graph *g, int stage, int transition)
{
    const struct stage *st = graph_stage(g, stage);
    for (size_t i = 0; st && i < st->step_count; i++)
        if (st->steps[i].kind == STEP_EXPIRE && st->steps[i].transition == transition)
            return true;
    return false;
}

/* The labels of an arrow, with a line more at their end. */
static struct sketch_label *sketch_more(struct sketch *s, struct sketch_arrow *a)
{
    if (a->label_count == a->label_room) {
        a->label_room = a->label_room ? 2 * a->label_room : 4;
        struct sketch_label *grown = arena_alloc(s->memory, a->label_room * sizeof *grown);
        if (a->label_count)
            memcpy(grown, a->labels, a->label_count * sizeof *grown);
        a->labels = grown;
    }
    struct sketch_label *l = &a->labels[a->label_count++];
    *l = (struct sketch_label){ .text = "" };
    return l;
}

static void sketch_note(struct sketch *s, struct sketch_arrow *a, struct buf *text)
{
    struct sketch_label *l = sketch_more(s, a);
    l->text = arena_dup(s->memory, buf_text(text));
    l->note = true;
    buf_clear(text);
}

/* One of several, on the line at hand or, where that would be too long, on the next. */
static void sketch_item(struct sketch *s, struct sketch_arrow *a, struct buf *text,
                        const char *item, bool last)
{
    if (text->len && text->len + strlen(item) > SKETCH_NOTE_WIDTH)
        sketch_note(s, a, text);
    buf_printf(text, "%s%s%s", text->len ? " " : "", item, last ? "" : ",");
    if (last)
        sketch_note(s, a, text);
}

static void sketch_seat(const struct seat *seat, struct buf *out)
{
    const char *key = seat->mandatory ? "must" : seat->veto ? "veto" : NULL;
    buf_puts(out, seat->name);
    if (seat->weight != 1)
        buf_printf(out, " (%d%s%s)", seat->weight, key ? ", " : "", key ? key : "");
    else if (key)
        buf_printf(out, " (%s)", key);
}

/* "vote 2 of 3, else decline", then the seats, in lines that are not too long. */
static void sketch_approval(struct sketch *s, struct sketch_arrow *a, const struct approval *p)
{
    struct buf text = BUF_INIT, seat = BUF_INIT;
    int weight = 0;
    for (size_t i = 0; i < p->seat_count; i++)
        weight += p->seats[i].weight;
    buf_printf(&text, "vote %d of %d", p->need ? p->need : weight / 2 + 1, weight);
    if (p->otherwise)
        buf_printf(&text, ", else %s", p->otherwise);
    sketch_note(s, a, &text);
    for (size_t i = 0; i < p->seat_count; i++) {
        buf_clear(&seat);
        sketch_seat(&p->seats[i], &seat);
        sketch_item(s, a, &text, buf_text(&seat), i + 1 == p->seat_count);
    }
    buf_free(&seat);
    buf_free(&text);
}

static void sketch_notes(struct sketch *s, struct sketch_arrow *a, const struct transition *t)
{
    struct buf text = BUF_INIT;
    if (t->roles) {
        buf_puts(&text, "by");
        for (size_t i = 0; t->roles[i]; i++)
            sketch_item(s, a, &text, t->roles[i], !t->roles[i + 1]);
    }
    if (t->approval)
        sketch_approval(s, a, t->approval);
    buf_free(&text);
}

static struct sketch_arrow *sketch_arrow(struct sketch *s, int from, int to)
{
    for (size_t i = 0; i < s->arrow_count; i++)
        if (s->arrows[i].from == from && s->arrows[i].to == to)
            return &s->arrows[i];
    if (s->arrow_count >= SKETCH_ARROWS_MAX)
        return NULL;
    struct sketch_arrow *a = &s->arrows[s->arrow_count++];
    *a = (struct sketch_arrow){ .from = from, .to = to };
    a->expires = true;
    return a;
}

static void sketch_label(struct sketch *s, int from, int transition)
{
    const struct transition *t = graph_transition(s->graph, transition);
    struct sketch_arrow *a = sketch_arrow(s, from, t->to);
    if (!a)
        return;
    struct sketch_label *l = sketch_more(s, a);
    l->locked = t->locked;
    l->expires = sketch_expires(s->graph, s->boxes[from].stage, transition);
    l->text = l->expires ? arena_printf(s->memory, "%s (expires)", t->name) : t->name;
    a->locked = a->locked || l->locked;
    a->expires = a->expires && l->expires;
    sketch_notes(s, a, t);
}

static int sketch_any(struct sketch *s, int to)
{
    for (size_t i = 0; i < s->arrow_count; i++)
        if (s->boxes[s->arrows[i].from].stage < 0 && s->arrows[i].to == to)
            return s->arrows[i].from;
    s->boxes[s->box_count] =
        (struct sketch_box){ .stage = -1, .title = "any stage", .name = "any", .count = -1 };
    return (int)s->box_count++;
}

static void sketch_arrows(struct sketch *s)
{
    for (size_t i = 0; i < graph_transition_count(s->graph); i++) {
        const struct transition *t = graph_transition(s->graph, (int)i);
        if (t->to >= 0 && sketch_is_any(s->graph, t)) {
            sketch_label(s, sketch_any(s, t->to), (int)i);
            continue;
        }
        for (size_t j = 0; t->to >= 0 && j < t->from_count; j++)
            if (t->from[j] != t->to)
                sketch_label(s, t->from[j], (int)i);
    }
}

void graph_draw(const struct graph *g, enum draw_format format, const int64_t *counts,
                struct buf *out)
{
    struct sketch s = { .memory = arena_new(0), .graph = g };
    size_t stages = graph_stage_count(g);
    s.title = sketch_shown(&s, graph_title_of(g));
    s.boxes = arena_alloc(s.memory, 2 * stages * sizeof *s.boxes + sizeof *s.boxes);
    s.arrows = arena_alloc(s.memory, SKETCH_ARROWS_MAX * sizeof *s.arrows);
    for (size_t i = 0; i < stages; i++)
        sketch_stage(&s, (int)i, counts);
    sketch_arrows(&s);
    switch (format) {
    case DRAW_TEXT:
        draw__text(&s, out);
        break;
    case DRAW_MERMAID:
        draw__mermaid(&s, out);
        break;
    case DRAW_DOT:
        draw__dot(&s, out);
        break;
    case DRAW_SVG:
        draw__svg(&s, out);
        break;
    }
    arena_free(s.memory);
}
