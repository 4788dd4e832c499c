/* Memory of one more organisation, awake and asleep; time to wake one. */
#include <malloc.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/host/host.h"
#include "bench/bench_home.h"

enum {
    ORG_COUNT = 20,
    ORG_SLEEPING = 500,
    ORG_WAKES = 30,
    ORG_UNSETTLED = 10000,
    ORG_ROWS = 20000
};

static size_t org_heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void org_name_of(int i, char *out, size_t size)
{
    snprintf(out, size, "org%d", i);
}

/* SQLite's page cache counts apart: it is a setting, not a cost of ours. */
static void org_awake(struct home *h)
{
    struct org *orgs[ORG_COUNT];
    struct error e;
    char name[32];
    size_t before = 0, cache = 0;
    for (int i = 0; i < ORG_COUNT; i++) {
        org_name_of(i, name, sizeof name);
        if (i == 1)
            before = org_heap(); /* the first one pays for what all share */
        if (org_open(&orgs[i], h, name, NULL, NULL, &e))
            bench_die("%s", e.message);
        struct store_stats stats;
        store_stats(org_store(orgs[i]), &stats, &e);
        cache += i ? (size_t)stats.cache_bytes : 0;
    }
    double each = (double)(org_heap() - before - cache) / (ORG_COUNT - 1) / 1000;
    bench_report("one more organisation awake, pre_referral", each, "kB without page cache",
                 "400 kB", 400 / each);
    for (int i = 0; i < ORG_COUNT; i++)
        org_close(orgs[i]);
}

static void org_asleep(struct home *h)
{
    struct error e;
    struct host *host;
    uv_loop_t loop;
    uv_loop_init(&loop);
    size_t before = org_heap();
    if (host_open(&host, &loop, h, NULL, NULL, &e) || host_watch_all(host, &e))
        bench_die("%s", e.message);
    struct host_state state;
    host_state(host, &state);
    if (state.awake)
        bench_die("%zu organisations are awake", state.awake);
    double each = (double)(org_heap() - before) / (double)state.orgs / 1000;
    bench_report("one more organisation asleep", each, "kB", "1 kB", 1 / each);
    host_close(host, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        bench_die("the loop has handles left");
}

static double org_wake_ms(struct home *h, const char *name)
{
    struct error e;
    struct org *o;
    uint64_t from = clock_monotonic_ns();
    if (org_open(&o, h, name, NULL, NULL, &e))
        bench_die("%s", e.message);
    double ms = (double)(clock_monotonic_ns() - from) / 1e6;
    org_close(o);
    return ms;
}

/* A child moves referrals and dies without closing: what it changed is in events only. */
static void org_crash(struct home *h, const char *name)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct error e;
        struct org *o;
        struct bench_walk w;
        struct bench_cost cost;
        if (org_open(&o, h, name, NULL, NULL, &e))
            _exit(1);
        bench_walk_start(&w, ORG_ROWS);
        bench_walk_run(&w, o, ORG_UNSETTLED, 200, &cost);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status)
        bench_die("the crashing child failed");
}

void bench_org(const struct bench_options *o)
{
    struct home *h = bench_home_new(o);
    char name[32];
    for (int i = 0; i < ORG_COUNT; i++) {
        org_name_of(i, name, sizeof name);
        bench_home_add(h, name, "pre_referral");
    }
    org_awake(h);
    org_asleep(h);
    double best = 1e9, sum = 0;
    for (int i = 0; i < ORG_WAKES; i++) {
        double ms = org_wake_ms(h, "org0");
        best = ms < best ? ms : best;
        sum += ms;
    }
    bench_report("wake, cleanly closed, pre_referral", sum / ORG_WAKES, "ms", "3 ms",
                 3 * ORG_WAKES / sum);
    bench_home_add(h, "crashing", "bench");
    struct error e;
    struct org *filled;
    if (org_open(&filled, h, "crashing", NULL, NULL, &e))
        bench_die("%s", e.message);
    bench_home_fill(filled, ORG_ROWS);
    org_close(filled);
    org_crash(h, "crashing");
    double ms = org_wake_ms(h, "crashing");
    bench_report("wake, crashed with 10,000 unsettled events", ms, "ms", "150 ms", 150 / ms);
    home_close(h);
}
