/* What a plugin's author waits for: loading it, checking it, its specs. The plugin
 * has 20 stages, each with a deadline, a guard and a way out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/host/lint.h"
#include "baton/host/suite.h"
#include "bench/bench_home.h"

enum {
    AUTHOR_STAGES = 20,
    AUTHOR_RUNS = 31,
    AUTHOR_LOAD_MS = 2,
    AUTHOR_CHECK_MS = 50,
    AUTHOR_CASES = 20,
    AUTHOR_STEPS = 500, /* of one case */
    AUTHOR_STEPS_PER_S = 10000
};

static const char author_ini[] =
    "[plugin]\nname = long\nversion = 1.0.0\ntitle = Twenty stages\napi = 1\n"
    "[setting answer_within]\ntype = span\ndefault = 3 working days\nhelp = for each stage\n";
static const char author_spec[] = "describe('long', function()\n"
                                  "  for case = 1, %d do\n"
                                  "    it('goes round ' .. case, function(t)\n"
                                  "      local r = t.referral{ workflow = 'long', title = 'x' }\n"
                                  "      for step = 1, %d do r:advance('next') end\n"
                                  "      expect(r.stage):equals('s%d')\n"
                                  "    end)\n"
                                  "  end\n"
                                  "end)\n";

static void author_source(struct buf *out)
{
    buf_puts(out, "local function ready(r, call)\n"
                  "  return r.fields.left ~= 7 and call.from ~= call.to, 'not ready'\nend\n"
                  "baton.workflow{ name = 'long', version = 1, title = 'Twenty stages',\n"
                  "  fields = { left = { type = 'int', help = 'how many' }, why = 'text' },\n"
                  "  stages = {\n");
    for (int i = 0; i < AUTHOR_STAGES; i++)
        buf_printf(out,
                   "    { name = 's%d', title = 'Stage %d', deadline = { within = "
                   "baton.settings.answer_within,\n      remind = { '1 working day' }, escalate = "
                   "{ { after = '2 days', to = 'lead' } } } },\n",
                   i, i);
    buf_puts(out, "    { name = 'closed', title = 'Closed', final = true, outcome = 'closed' } },\n"
                  "  transitions = {\n");
    for (int i = 0; i < AUTHOR_STAGES; i++)
        buf_printf(
            out,
            "    { name = 'next', title = 'Next', from = 's%d', to = 's%d', guard = ready "
            "},\n    { name = 'close%d', from = 's%d', to = 'closed', roles = { 'specialist' "
            "},\n      reasons = { 'done', other = { title = 'Other', comment = true } } },\n",
            i, (i + 1) % AUTHOR_STAGES, i, i);
    buf_puts(out, "  } }\n");
}

static void author_write(const char *dir, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) == EOF || fclose(f))
        bench_die("%s: %s", path, strerror(errno));
}

static void author_make(const char *dir)
{
    struct buf text = BUF_INIT;
    char spec[600];
    snprintf(spec, sizeof spec, "%s/spec", dir);
    if (mkdir(dir, 0700) || mkdir(spec, 0700))
        bench_die("%s: %s", dir, strerror(errno));
    author_write(dir, "plugin.ini", author_ini);
    author_source(&text);
    author_write(dir, "init.lua", text.data);
    buf_clear(&text);
    buf_printf(&text, author_spec, AUTHOR_CASES, AUTHOR_STEPS, AUTHOR_STEPS % AUTHOR_STAGES);
    author_write(dir, "spec/long.lua", text.data);
    buf_free(&text);
}

/* ---- medians ---- */

static int author_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double author_median(void (*run)(void *context), void *context)
{
    double ms[AUTHOR_RUNS];
    for (int i = 0; i < AUTHOR_RUNS; i++) {
        uint64_t from = clock_monotonic_ns();
        run(context);
        ms[i] = (double)(clock_monotonic_ns() - from) / 1e6;
    }
    qsort(ms, AUTHOR_RUNS, sizeof *ms, author_compare);
    return ms[AUTHOR_RUNS / 2];
}

static void author_load(void *context)
{
    struct error e;
    if (org_reload(context, &e))
        bench_die("%s", e.message);
}

static void author_check(void *context)
{
    static const char *const names[] = { "long", NULL };
    const struct lint_options options = { .home = context, .plugins = names };
    struct lint *lint;
    struct error e;
    if (lint_open(&lint, &options, &e))
        bench_die("%s", e.message);
    for (size_t i = 0; i < check_count(lint_check(lint)); i++)
        if (check_at(lint_check(lint), i)->kind->severity == CHECK_ERROR)
            bench_die("check: %s", check_at(lint_check(lint), i)->message);
    lint_close(lint);
}

static double author_specs(const struct home *h, const char *dir)
{
    const struct suite_options options = { .home = h };
    struct suite *s = suite_new(&options);
    struct suite_totals totals;
    struct error e;
    uint64_t from = clock_monotonic_ns();
    if (suite_plugin(s, dir, NULL, &e))
        bench_die("%s", e.message);
    double seconds = (double)(clock_monotonic_ns() - from) / 1e9;
    suite_totals(s, &totals);
    if (totals.failed || totals.passed != AUTHOR_CASES)
        bench_die("%zu specs passed, %zu failed", totals.passed, totals.failed);
    suite_free(s);
    return AUTHOR_CASES * AUTHOR_STEPS / seconds;
}

void bench_author(const struct bench_options *o)
{
    struct home *h = bench_home_new(o);
    struct org *org;
    struct error e;
    char dir[560];
    snprintf(dir, sizeof dir, "%s/long", home_plugins(h));
    author_make(dir);
    bench_home_add(h, "author", "long");
    if (org_open(&org, h, "author", NULL, NULL, &e))
        bench_die("%s", e.message);
    double load = author_median(author_load, org), check = author_median(author_check, h);
    org_close(org);
    bench_report("plugin of 20 stages loaded (reload)", load, "ms", "2 ms", AUTHOR_LOAD_MS / load);
    bench_report("plugin of 20 stages checked", check, "ms", "50 ms", AUTHOR_CHECK_MS / check);
    double steps = author_specs(h, dir);
    bench_report("specs: transitions", steps, "per second", "10,000", steps / AUTHOR_STEPS_PER_S);
    home_close(h);
}
