/* Pictures of graphs: what they must show, that SVG is well formed and that
 * nothing in it covers anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "baton/domain/draw.h"

#define ok(call) assert_int_equal((call), 0)

static void stage(struct graph *g, const char *name, const char *title, bool final)
{
    static const struct step steps[] = { { STEP_REMIND, { .working_days = 1 }, "lead", NULL, -1 },
                                         { STEP_DUE, { 0 }, NULL, NULL, -1 },
                                         { STEP_ESCALATE, { .days = 2 }, "lead", NULL, -1 } };
    static const char *const roles[] = { "specialist", NULL };
    struct error e;
    const struct stage s = { .name = name,
                             .title = title,
                             .initial = graph_stage_count(g) == 0,
                             .final = final,
                             .owner_roles = final ? NULL : roles,
                             .has_deadline = !final,
                             .clock_paused = !strcmp(name, "matched"),
                             .within = { .working_days = final ? 0 : 3 },
                             .steps = final ? NULL : steps,
                             .step_count = final ? 0 : 3 };
    ok(graph_add_stage(g, &s, "w.lua:1", &e));
}

static void move(struct graph *g, const char *name, const char *from, const char *to, bool locked)
{
    struct error e;
    const char *const stages[] = { from, NULL };
    const struct transition t = { .name = name,
                                  .locked = locked,
                                  .source = locked ? "a & \"b\" <c>" : NULL,
                                  .guard = -1,
                                  .effect = -1 };
    ok(graph_add_transition(g, &t, stages, to, &e));
}

/* Forwards, back, staying, by the clock, locked from anywhere; text that markup must not take. */
static struct graph *sample(void)
{
    struct graph *g = graph_new("tutoring", 3, "p");
    const struct span after = { .days = 10 };
    struct error e;
    graph_title(g, "Tutoring <for> \"all\" & more");
    stage(g, "requested", "Asked <for>", false);
    stage(g, "matched", "Matched & \"met\"", false);
    stage(g, "end", "Under way", false);
    stage(g, "done", "Done", true);
    stage(g, "lapsed", "Lapsed", true);
    move(g, "match", "requested", "matched", false);
    move(g, "rematch", "requested", "matched", false);
    move(g, "begin", "matched", "end", false);
    move(g, "back", "end", "requested", false);
    move(g, "write_down", "matched", NULL, false);
    move(g, "finish", "end", "done", false);
    move(g, "lapse", "requested", "lapsed", false);
    move(g, "ask", "*", "end", true);
    ok(graph_set_expire(g, "requested", &after, "lapse", "w.lua:9", &e));
    if (graph_finish(g, &e))
        fail_msg("%s", e.message);
    return g;
}

static void shows(enum draw_format format, bool counts, const char *const *parts)
{
    static const int64_t numbers[] = { 7, 0, 12345, 1, 1 };
    struct graph *g = sample();
    struct buf out = BUF_INIT;
    graph_draw(g, format, counts ? numbers : NULL, &out);
    for (; *parts; parts++)
        if (!strstr(buf_text(&out), *parts))
            fail_msg("\"%s\" is not in\n%s", *parts, buf_text(&out));
    buf_free(&out);
    graph_free(g);
}

static void text(void **state)
{
    (void)state;
    static const char *const parts[] = { "tutoring version 3: Tutoring <for>",
                                         "(>) requested  \"Asked <for>\"  7 open",
                                         "due in 3 working days",
                                         "reminds before: 1 working day to lead",
                                         "escalates after: 2 days to lead",
                                         "owned by specialist",
                                         "--match--> matched",
                                         "--lapse (expires)--> lapsed",
                                         "stays: write_down",
                                         "    clock paused\n",
                                         "(*) any stage\n    --ask--> end   [locked]",
                                         "[x] done",
                                         "12345 open",
                                         NULL };
    shows(DRAW_TEXT, true, parts);
}

static void mermaid(void **state)
{
    (void)state;
    static const char *const parts[] = { "flowchart TD\n",
                                         "s_requested([\"Asked #lt;for#gt; (7)",
                                         "s_end[\"Under way",
                                         "<br/>clock paused<br/>",
                                         "s_requested -- \"match<br/>rematch\" --> s_matched",
                                         "s_requested -. \"lapse (expires)\" .-> s_lapsed",
                                         " == \"ask (locked)\" ==> s_end",
                                         ":::final",
                                         NULL };
    shows(DRAW_MERMAID, true, parts);
}

static void dot(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "digraph tutoring {", "Matched & \\\"met\\\"",
        "\\nclock paused\\n", "n0 -> n1 [label=\"match\\nrematch\"];",
        "style=dashed",       "ask (locked)",
        "peripheries=2",      NULL
    };
    shows(DRAW_DOT, false, parts);
}

/* Every tag is closed, nothing that markup takes stands in text. */
static void well_formed(const char *svg)
{
    const char *open[64] = { NULL };
    size_t depth = 0;
    for (const char *p = svg; *p; p++) {
        if (*p == '&')
            assert_true(!strncmp(p, "&lt;", 4) || !strncmp(p, "&gt;", 4) ||
                        !strncmp(p, "&amp;", 5) || !strncmp(p, "&quot;", 6));
        if (*p != '<')
            continue;
        const char *end = strchr(p, '>');
        assert_non_null(end);
        if (p[1] == '/') {
            size_t n = (size_t)(end - p - 2);
            assert_true(depth > 0);
            assert_memory_equal(open[--depth], p + 2, n);
        } else if (end[-1] != '/') {
            assert_true(depth < 64);
            open[depth++] = p + 1;
        }
        p = end;
    }
    assert_int_equal(depth, 0);
}

struct place {
    double x, y, width, height;
};

static size_t rectangles(const char *svg, const char *before, struct place *out, size_t room)
{
    size_t count = 0;
    for (const char *p = svg; count < room && (p = strstr(p, before)); p++)
        count += sscanf(p + strlen(before), "x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"",
                        &out[count].x, &out[count].y, &out[count].width, &out[count].height) == 4;
    return count;
}

/* Boxes and labels lie inside the page and apart from each other. */
static void apart(const char *svg, size_t boxes)
{
    enum { ROOM = 512 };
    static const char *const kinds[] = { "<g class=\"initial\"><rect ", "<g class=\"stage\"><rect ",
                                         "<g class=\"final\"><rect ", "<g class=\"any\"><rect ",
                                         "<rect class=\"paper\" " };
    struct place *at = calloc(ROOM, sizeof *at);
    double width = 0, height = 0;
    size_t count = 0;
    assert_int_equal(sscanf(strstr(svg, "viewBox"), "viewBox=\"0 0 %lf %lf\"", &width, &height), 2);
    for (size_t i = 0; i < 5; i++) {
        if (i == 4)
            assert_int_equal(count, boxes);
        count += rectangles(svg, kinds[i], at + count, ROOM - count);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(at[i].x >= 0 && at[i].y >= 0 && at[i].x + at[i].width <= width &&
                    at[i].y + at[i].height <= height);
        for (size_t j = 0; j < i; j++)
            if (at[i].x < at[j].x + at[j].width && at[j].x < at[i].x + at[i].width &&
                at[i].y < at[j].y + at[j].height && at[j].y < at[i].y + at[i].height)
                fail_msg("%zu and %zu lie on each other in\n%s", i, j, svg);
    }
    free(at);
}

static void svg(void **state)
{
    (void)state;
    static const char *const parts[] = { "<svg xmlns=",
                                         "Tutoring &lt;for&gt; &quot;all&quot; &amp; more",
                                         "class=\"arrow locked\"",
                                         "class=\"arrow expires\"",
                                         "class=\"lock\"",
                                         ">clock paused</",
                                         ">12345</text>",
                                         "locked: always open",
                                         "by the clock",
                                         "open referrals",
                                         "</svg>\n",
                                         NULL };
    static const int64_t numbers[] = { 7, 0, 12345, 1, 1 };
    struct graph *g = sample();
    struct buf out = BUF_INIT;
    shows(DRAW_SVG, true, parts);
    graph_draw(g, DRAW_SVG, numbers, &out);
    well_formed(buf_text(&out));
    apart(buf_text(&out), 6);
    buf_free(&out);
    graph_free(g);
}

/* Rings, long ways, many arrows between the same two, as many as fit. */
/* Titles are words of whoever wrote the plugin. */
static void unprintable(void **state)
{
    (void)state;
    static const char *const starts[] = { "wild version 1: A b \\x1b[31m\\x7f\\xff \\u202e\n",
                                          "flowchart TD\n    s_a([\"a b \\x1b", "digraph wild {\n",
                                          "<svg " };
    struct graph *g = graph_new("wild", 1, "p");
    struct error e;
    graph_title(g, "A\nb\t\x1b[31m\x7f\xff \xe2\x80\xae");
    stage(g, "a", "a\nb \x1b\x07", false);
    stage(g, "b", "\x7f\xfe", true);
    move(g, "go", "a", "b", false);
    ok(graph_finish(g, &e));
    for (int format = DRAW_TEXT; format <= DRAW_SVG; format++) {
        struct buf out = BUF_INIT;
        graph_draw(g, (enum draw_format)format, NULL, &out);
        if (strncmp(buf_text(&out), starts[format], strlen(starts[format])) != 0)
            fail_msg("\"%s\" does not begin\n%s", starts[format], buf_text(&out));
        for (size_t i = 0; i < out.len; i++)
            if ((unsigned char)(out.data[i] - 1) < 0x1F && out.data[i] != '\n')
                fail_msg("byte %02x in format %d", out.data[i], format);
        assert_null(strchr(buf_text(&out), 0x7F));
        assert_null(strstr(buf_text(&out), "a\nb"));
        assert_true(text_is_utf8(out.data, out.len));
        buf_free(&out);
    }
    graph_free(g);
}

static void many_shapes(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 60; round++) {
        struct graph *g = graph_new("w", 1, "p");
        struct buf out = BUF_INIT;
        struct error e;
        int stages = 2 + rand() % (round == 59 ? LIMIT_STAGES - 1 : 12);
        char name[16], from[16], to[16];
        for (int i = 0; i < stages; i++) {
            snprintf(name, sizeof name, "s%d", i);
            stage(g, name, i % 3 ? name : "A title that is somewhat longer", i == stages - 1);
        }
        for (int i = 0; i < stages - 1; i++) { /* a way through all of them */
            snprintf(name, sizeof name, "go%d", i);
            snprintf(from, sizeof from, "s%d", i);
            snprintf(to, sizeof to, "s%d", i + 1);
            move(g, name, from, to, false);
        }
        for (int i = 0; i < stages; i++) { /* and anything besides */
            snprintf(name, sizeof name, "any%d", i);
            snprintf(from, sizeof from, "s%d", rand() % (stages > 1 ? stages - 1 : 1));
            snprintf(to, sizeof to, "s%d", rand() % stages);
            move(g, name, i % 7 == 6 ? "*" : from, to, false);
        }
        if (graph_finish(g, &e))
            fail_msg("%s", e.message);
        for (enum draw_format format = DRAW_TEXT; format <= DRAW_SVG; format++) {
            buf_clear(&out);
            graph_draw(g, format, NULL, &out);
            assert_true(out.len > 0);
        }
        well_formed(buf_text(&out));
        size_t boxes = 0;
        for (const char *p = buf_text(&out); (p = strstr(p, "class=\"title\"")); p++)
            boxes++;
        apart(buf_text(&out), boxes);
        buf_free(&out);
        graph_free(g);
    }
}

static void formats(void **state)
{
    (void)state;
    enum draw_format format = DRAW_TEXT;
    struct error e;
    ok(draw_format_named("svg", &format, &e));
    assert_int_equal(format, DRAW_SVG);
    assert_int_equal(draw_format_named("sgv", &format, &e), -ERROR_INVALID);
    assert_non_null(strstr(e.message, "did you mean \"svg\"?"));
    assert_int_equal(draw_format_named("picture", &format, &e), -ERROR_INVALID);
    assert_non_null(strstr(e.message, "known: text, mermaid, dot, svg"));
    assert_int_equal(format, DRAW_SVG);
}

/* Who may take it and how it is voted on stand at the arrow, in every format. */
static struct graph *voted(void)
{
    static const char *const from[] = { "asked", NULL }, *const roles[] = { "lead", "board", NULL };
    static const struct seat seats[] = {
        { .name = "teacher", .role = "teacher", .weight = 1 },
        { .name = "psychologist", .role = "senior", .weight = 2, .mandatory = true },
        { .name = "monitor", .role = "junior", .weight = 1, .veto = true },
    };
    static const struct approval approval = {
        .seats = seats, .seat_count = 3, .need = 3, .otherwise = "close_1"
    };
    struct graph *g = graph_new("grant", 1, "p");
    struct error e;
    stage(g, "asked", "Asked", false);
    stage(g, "granted", "Granted", true);
    const struct transition t = {
        .name = "adopt", .roles = roles, .guard = -1, .effect = -1, .approval = &approval
    };
    ok(graph_add_transition(g, &t, from, "granted", &e));
    for (int i = 1; i <= 5; i++) {
        char name[16], end[16];
        snprintf(name, sizeof name, "close_%d", i);
        snprintf(end, sizeof end, "closed_%d", i);
        stage(g, end, "Closed for a reason that has a long title", true);
        move(g, name, "asked", end, false);
    }
    if (graph_finish(g, &e))
        fail_msg("%s", e.message);
    return g;
}

static void approvals(void **state)
{
    (void)state;
    static const char *const parts[] = { "vote 3 of 4, else close_1", "teacher",
                                         "psychologist (2, must)", "monitor (veto)",
                                         "by lead, board" };
    struct graph *g = voted();
    for (int format = DRAW_TEXT; format <= DRAW_SVG; format++) {
        struct buf out = BUF_INIT;
        graph_draw(g, (enum draw_format)format, NULL, &out);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (!strstr(buf_text(&out), parts[i]))
                fail_msg("\"%s\" is not in\n%s", parts[i], buf_text(&out));
        buf_free(&out);
    }
    graph_free(g);
}

/* A way to the end from each stage but one: arrows that pass by all the others. */
static struct graph *leaving(void)
{
    enum { STAGES = 7 };
    struct graph *g = graph_new("leaving", 1, "p");
    char names[STAGES][16];
    struct error e;
    for (int i = 0; i < STAGES; i++) {
        snprintf(names[i], sizeof names[i], "stage_%d", i);
        stage(g, names[i], names[i], i == STAGES - 1);
    }
    for (int i = 0; i + 1 < STAGES; i++) {
        move(g, "go", names[i], names[i + 1], false);
        if (i > 0 && i + 2 < STAGES)
            move(g, "close", names[i], names[STAGES - 1], false);
    }
    move(g, "back", names[4], names[1], false);
    if (graph_finish(g, &e))
        fail_msg("%s", e.message);
    return g;
}

/* The page is as wide as what is on it, with a margin. */
static void no_wider_than_drawn(void **state)
{
    (void)state;
    struct graph *const graphs[] = { voted(), sample(), leaving() };
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        struct buf out = BUF_INIT;
        double width = 0, left = 1e9, right = 0, x, w;
        graph_draw(graphs[i], DRAW_SVG, NULL, &out);
        const char *p = strstr(buf_text(&out), "viewBox=\"");
        assert_int_equal(sscanf(p, "viewBox=\"0 0 %lf", &width), 1);
        for (p = buf_text(&out); (p = strstr(p, " x=\"")); p++)
            if (sscanf(p, " x=\"%lf\" y=\"%*f\" width=\"%lf\"", &x, &w) == 2) {
                left = x < left ? x : left;
                right = x + w > right ? x + w : right;
            }
        assert_true(right > left);
        if (width > right - left + 100) /* arrows may pass beside */
            fail_msg("%.0f wide, %.0f used", width, right - left);
        buf_free(&out);
        graph_free(graphs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),        cmocka_unit_test(mermaid),
        cmocka_unit_test(dot),         cmocka_unit_test(svg),
        cmocka_unit_test(many_shapes), cmocka_unit_test(formats),
        cmocka_unit_test(approvals),   cmocka_unit_test(no_wider_than_drawn),
        cmocka_unit_test(unprintable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
