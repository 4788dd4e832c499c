/* How the results of specs are told: lines for people, JSON, JUnit XML. */
#include "cli/test_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "cli/cli_internal.h"

/* ---- for people ---- */

void test_report_begin(struct test *t)
{
    buf_clear(&t->shown);
    buf_clear(&t->results);
    buf_clear(&t->junit);
    t->files = 0;
    jsonw_start(&t->w, &t->results);
    jsonw_open_object(&t->w);
    jsonw_key(&t->w, "cases");
    jsonw_open_array(&t->w);
}

static void report_line(const char *indent, const char *text, size_t n)
{
    fputs(indent, stdout);
    print_text(stdout, text, n);
    fputc('\n', stdout);
}

static void report_lines(const char *indent, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        report_line(indent, text, n);
        text += n + (text[n] == '\n');
    }
}

static void report_text(struct test *t, const struct suite_result *r)
{
    static const char *const marks[] = { "✓", "✗", "·" };
    if (strcmp(buf_text(&t->shown), r->file)) {
        buf_clear(&t->shown);
        buf_puts(&t->shown, r->file);
        report_line("", r->file, strlen(r->file));
    }
    if (r->status == SUITE_PASSED && t->c->quiet)
        return;
    printf("  %s ", marks[r->status]);
    report_line("", r->name, strlen(r->name));
    if (r->status == SUITE_PENDING)
        printf("      pending: it has no function\n");
    if (r->status != SUITE_FAILED)
        return;
    report_line("      ", r->where, strlen(r->where));
    report_lines("      ", r->why);
}

/* ---- for programs ---- */

static void report_json(struct test *t, const struct suite_result *r)
{
    static const char *const words[] = { "passed", "failed", "pending" };
    const struct {
        const char *key, *text;
    } members[] = { { "plugin", r->plugin },        { "file", r->file },   { "name", r->name },
                    { "status", words[r->status] }, { "where", r->where }, { "why", r->why } };
    struct jsonw *w = &t->w;
    jsonw_open_object(w);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        jsonw_key(w, members[i].key);
        jsonw_text(w, members[i].text);
    }
    jsonw_key(w, "expectations");
    jsonw_int(w, (int64_t)r->expectations);
    jsonw_key(w, "us");
    jsonw_int(w, (int64_t)(r->ns / 1000));
    jsonw_close(w);
}

static void junit_text(struct buf *out, const char *text)
{
    text_xml(text, strlen(text), out);
}

static void junit_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    junit_text(out, value);
    buf_putc(out, '"');
}

static void report_junit(struct test *t, const struct suite_result *r)
{
    struct buf *out = &t->junit;
    buf_puts(out, "    <testcase");
    junit_member(out, "classname", r->file);
    junit_member(out, "name", r->name);
    buf_printf(out, " time=\"%.6f\"", (double)r->ns / 1e9);
    if (r->status == SUITE_PASSED) {
        buf_puts(out, "/>\n");
        return;
    }
    buf_puts(out, ">");
    if (r->status == SUITE_PENDING) {
        buf_puts(out, "<skipped/>");
    } else {
        char *first = mem_dupn(r->why, strcspn(r->why, "\n"));
        buf_puts(out, "<failure");
        junit_member(out, "message", first);
        mem_free(first);
        buf_puts(out, ">");
        junit_text(out, r->where);
        buf_puts(out, "&#10;");
        junit_text(out, r->why);
        buf_puts(out, "</failure>");
    }
    buf_puts(out, "</testcase>\n");
}

void test_report_case(void *context, const struct suite_result *r)
{
    struct test *t = context;
    if (t->c->json)
        report_json(t, r);
    else
        report_text(t, r);
    report_junit(t, r);
}

/* What specs print is told apart, so that --json stays JSON. */
void test_report_output(void *context, const char *text, size_t n)
{
    const struct test *t = context;
    if (t->c->quiet)
        return;
    fflush(stdout);
    fputs("    | ", stderr);
    print_text(stderr, text, n);
    if (!n || text[n - 1] != '\n')
        fputc('\n', stderr);
}

/* ---- the end ---- */

static void end_missing(const char *what, const char *verb, size_t count, const char *names)
{
    if (count)
        printf("  %zu %s%s never %s: %s\n", count, what, count == 1 ? "" : "s", verb, names);
}

static void end_coverage(const struct suite *s)
{
    for (size_t i = 0; i < suite_coverage_count(s); i++) {
        struct suite_coverage c;
        suite_coverage_at(s, i, &c);
        printf("%s: %zu of %zu stages, %zu of %zu transitions\n", c.workflow, c.entered, c.stages,
               c.taken, c.transitions);
        end_missing("transition", "taken", c.transitions - c.taken, c.never_taken);
        end_missing("stage", "entered", c.stages - c.entered, c.never_entered);
    }
}

static void end_json(struct test *t, const struct suite *s, const struct suite_totals *totals)
{
    struct jsonw *w = &t->w;
    jsonw_close(w);
    jsonw_key(w, "coverage");
    jsonw_open_array(w);
    for (size_t i = 0; i < suite_coverage_count(s); i++) {
        struct suite_coverage c;
        suite_coverage_at(s, i, &c);
        const struct {
            const char *key;
            size_t n;
        } members[] = { { "stages", c.stages },
                        { "entered", c.entered },
                        { "transitions", c.transitions },
                        { "taken", c.taken } };
        jsonw_open_object(w);
        jsonw_key(w, "workflow");
        jsonw_text(w, c.workflow);
        for (size_t k = 0; k < 4; k++) {
            jsonw_key(w, members[k].key);
            jsonw_int(w, (int64_t)members[k].n);
        }
        jsonw_key(w, "never_entered");
        jsonw_text(w, c.never_entered);
        jsonw_key(w, "never_taken");
        jsonw_text(w, c.never_taken);
        jsonw_close(w);
    }
    jsonw_close(w);
    jsonw_key(w, "passed");
    jsonw_int(w, (int64_t)totals->passed);
    jsonw_key(w, "failed");
    jsonw_int(w, (int64_t)totals->failed);
    jsonw_key(w, "pending");
    jsonw_int(w, (int64_t)totals->pending);
    jsonw_close(w);
    print_json_text(stdout, t->results.data, t->results.len);
}

void test_report_end(struct test *t, const struct suite *s)
{
    struct suite_totals totals;
    suite_totals(s, &totals);
    if (t->c->json) {
        end_json(t, s, &totals);
    } else {
        end_coverage(s);
        if (totals.pending)
            printf("%zu pending\n", totals.pending);
        printf("%zu passed, %zu failed\n", totals.passed, totals.failed);
    }
    fflush(stdout);
}

int test_report_junit(struct test *t, const struct suite *s, const char *path, struct error *e)
{
    struct suite_totals totals;
    suite_totals(s, &totals);
    size_t all = totals.passed + totals.failed + totals.pending;
    FILE *out = fopen(path, "w");
    if (!out)
        return error_set(e, ERROR_IO, "%s cannot be written", path);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"baton\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" "
            "time=\"%.6f\">\n%s  </testsuite>\n</testsuites>\n",
            all, totals.failed, totals.pending, (double)totals.ns / 1e9, buf_text(&t->junit));
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    return failed ? error_set(e, ERROR_IO, "%s cannot be written", path) : 0;
}
