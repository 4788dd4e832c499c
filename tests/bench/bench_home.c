/* Homes, organisations and random walks of the benchmark. */
#include "bench/bench_home.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/domain/advance.h"

static const char plugin_ini[] =
    "[plugin]\nname = bench\nversion = 1.0.0\ntitle = Benchmark\napi = 1\n";
static const char plugin_lua[] =
    "local function guard(r)\n"
    "  local f = r.fields\n"
    "  return f.need ~= nil and f.score > 10 and f.f9 == 9, 'not ready'\n"
    "end\n"
    "baton.workflow{\n"
    "  name = 'bench', version = 1,\n"
    "  fields = { need='text', score='int', f1='int', f2='text', f3='int', f4='text', f5='int',\n"
    "             f6='int', f7='text', f8='int', f9='int', f10='int' },\n"
    "  stages = {\n"
    "    { name='one', deadline={ within='5 days', remind='1 day' } },\n"
    "    { name='two', deadline={ within='9 days', remind='1 day' } },\n"
    "    { name='three', deadline={ within='14 days', remind='2 days' } },\n"
    "    { name='done', final=true, outcome='completed' } },\n"
    "  transitions = {\n"
    "    { name='next', from='one', to='two', guard=guard },\n"
    "    { name='next', from='two', to='three', guard=guard },\n"
    "    { name='next', from='three', to='one', guard=guard },\n"
    "    { name='finish', from='three', to='done' } },\n"
    "}\n";

static int home_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void home_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) == EOF || fclose(f))
        bench_die("%s: %s", path, strerror(errno));
}

static void home_path(const struct bench_options *o, const char *below, char *out, size_t size)
{
    char real[400];
    if (!realpath(o->dir, real))
        bench_die("%s: %s", o->dir, strerror(errno));
    snprintf(out, size, "%s/home%s", real, below);
}

static struct home *home_again(const struct bench_options *o)
{
    char dir[512];
    struct error e;
    struct home *h;
    home_path(o, "", dir, sizeof dir);
    if (home_open(&h, dir, o->plugins, &e))
        bench_die("%s", e.message);
    return h;
}

void bench_home_remove(const struct bench_options *o)
{
    nftw(o->dir, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct home *bench_home_new(const struct bench_options *o)
{
    char path[512];
    struct error e;
    home_path(o, "", path, sizeof path);
    nftw(path, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (home_init(path, &e))
        bench_die("%s", e.message);
    home_path(o, "/plugins", path, sizeof path);
    mkdir(path, 0700);
    home_path(o, "/plugins/bench", path, sizeof path);
    mkdir(path, 0700);
    home_path(o, "/plugins/bench/plugin.ini", path, sizeof path);
    home_write(path, plugin_ini);
    home_path(o, "/plugins/bench/init.lua", path, sizeof path);
    home_write(path, plugin_lua);
    return home_again(o);
}

void bench_home_add(struct home *h, const char *org, const char *plugins)
{
    struct error e;
    struct org_settings s = { .title = org, .plugins = plugins };
    if (home_add_org(h, org, &s, &e))
        bench_die("%s", e.message);
}

struct fill {
    int64_t from, to;
};

static int fill_run(void *context, struct org *o, struct error *e)
{
    static const char fields[] =
        "{\"need\":\"reading\",\"f1\":1,\"f2\":\"two\",\"f3\":3,\"f4\":\"four\",\"f5\":5,"
        "\"f6\":6,\"f7\":\"seven\",\"f8\":8,\"f9\":9,\"f10\":10,\"score\":71}";
    struct fill *f = context;
    struct actor by_operator = { .name = "operator" };
    struct store_set title = { REFERRAL_TITLE, value_text("a referral of the benchmark") };
    struct referral_open open = { .workflow = "bench",
                                  .set = &title,
                                  .set_count = 1,
                                  .fields = fields,
                                  .fields_len = sizeof fields - 1 };
    int result = 0;
    for (int64_t i = f->from; i < f->to && !result; i++)
        result = domain_open(org_domain(o), &by_operator, &open, NULL, e);
    return result;
}

void bench_home_fill(struct org *o, int64_t count)
{
    struct error e;
    for (int64_t at = 0; at < count; at += 1000) {
        struct fill f = { at, at + 1000 < count ? at + 1000 : count };
        if (org_turn(o, fill_run, &f, &e))
            bench_die("%s", e.message);
    }
    if (store_settle(org_store(o), 0, &e))
        bench_die("%s", e.message);
}

void bench_walk_start(struct bench_walk *w, int64_t count)
{
    *w = (struct bench_walk){ .stage = mem_zero((size_t)count + 1), .count = count, .seed = 42 };
}

void bench_walk_end(struct bench_walk *w)
{
    mem_free(w->stage);
}

static int walk_advance(void *context, struct org *o, struct error *e)
{
    const int64_t *id = context;
    struct actor by_operator = { .name = "operator" };
    struct advance a = { .referral_id = *id, .transition = "next" };
    return domain_advance(org_domain(o), &by_operator, &a, NULL, e);
}

static int walk_row(void *context, const struct row *row)
{
    int64_t *seen = context;
    *seen += row->id != 0;
    return 0;
}

/* Fifty referrals of one stage, from a random place. */
static void walk_query(struct bench_walk *w, struct org *o)
{
    struct error e;
    struct store_filter f = { REFERRAL_STAGE, FILTER_EQ, value_text("two"), NULL };
    struct store_query q = { .entity = ENTITY_REFERRAL,
                             .filters = &f,
                             .filter_count = 1,
                             .limit = 50,
                             .after_id = (int64_t)(bench_random(&w->seed) % (uint64_t)w->count) };
    int64_t seen = 0;
    uint64_t from = clock_monotonic_ns();
    if (store_list(org_store(o), &q, walk_row, &seen, &e))
        bench_die("%s", e.message);
    w->query_us += (double)(clock_monotonic_ns() - from) / 1e3;
    w->queries++;
}

void bench_walk_run(struct bench_walk *w, struct org *o, int64_t transitions, int per_turn,
                    struct bench_cost *out)
{
    static struct org_command commands[LIMIT_TURN_COMMANDS];
    int64_t ids[LIMIT_TURN_COMMANDS];
    struct bench_meter m;
    struct error e;
    uint64_t worst = 0;
    bench_meter_start(&m);
    for (int64_t done = 0; done < transitions; done += per_turn) {
        for (int i = 0; i < per_turn; i++) {
            ids[i] = 1 + (int64_t)(bench_random(&w->seed) % (uint64_t)w->count);
            commands[i].run = walk_advance;
            commands[i].context = &ids[i];
        }
        uint64_t from = clock_monotonic_ns();
        if (org_turn_many(o, commands, (size_t)per_turn, &e))
            bench_die("%s", e.message);
        uint64_t took = clock_monotonic_ns() - from;
        worst = took > worst ? took : worst;
        for (int i = 0; i < per_turn; i++)
            if (commands[i].result)
                bench_die("R-%lld: %s", (long long)ids[i], commands[i].error.message);
        if (done % 1000 < per_turn)
            walk_query(w, o);
    }
    bench_meter_stop(&m, transitions, out);
    out->worst_ms = (double)worst / 1e6;
}
