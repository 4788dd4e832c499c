/* Transitions per second through the whole path, beside the two bare loops. */
#include <stdio.h>

#include "bench/bench_home.h"

static void transitions_report(int per_turn, const struct bench_cost *ours,
                               const struct bench_cost *u, const struct bench_cost *e)
{
    char name[64];
    snprintf(name, sizeof name, "transitions, turns of %d", per_turn);
    bench_report(name, 1e6 / ours->wall_us, "per second", "(u) row update + event",
                 u->wall_us / ours->wall_us);
    bench_report(name, 1e6 / ours->wall_us, "per second", "(e) event alone",
                 e->wall_us / ours->wall_us);
    snprintf(name, sizeof name, "  CPU, turns of %d", per_turn);
    bench_report(name, ours->cpu_us, "us per transition", "(u)", u->cpu_us / ours->cpu_us);
    bench_report(name, ours->cpu_us, "us per transition", "(e)", e->cpu_us / ours->cpu_us);
    snprintf(name, sizeof name, "  written, turns of %d", per_turn);
    bench_report(name, ours->bytes, "bytes per transition", "(u)", u->bytes / ours->bytes);
    snprintf(name, sizeof name, "  longest turn of %d", per_turn);
    bench_report(name, ours->worst_ms, "ms", "(u)", u->worst_ms / ours->worst_ms);
}

void bench_transitions(const struct bench_options *o)
{
    static const struct {
        int per_turn, share; /* 1/share of the referrals move */
    } sizes[] = { { 1, 40 }, { 8, 8 }, { 64, 1 }, { 256, 1 } };
    struct error error;
    struct org *org;
    printf("filling three databases with %lld referrals\n", (long long)o->referrals);
    struct bench_bare *u = bench_bare_open(o, "u"), *e = bench_bare_open(o, "e");
    struct home *h = bench_home_new(o);
    bench_home_add(h, "bench", "bench");
    if (org_open(&org, h, "bench", NULL, NULL, &error))
        bench_die("%s", error.message);
    bench_home_fill(org, o->referrals);
    struct bench_walk walk;
    bench_walk_start(&walk, o->referrals);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bench_cost ours, uc, ec;
        int per_turn = sizes[i].per_turn;
        int64_t n = o->referrals / sizes[i].share / per_turn * per_turn;
        bench_walk_run(&walk, org, n, per_turn, &ours);
        bench_bare_run(u, n / 2 / per_turn * per_turn, per_turn, 1, &uc);
        bench_bare_run(e, n / 2 / per_turn * per_turn, per_turn, 0, &ec);
        transitions_report(per_turn, &ours, &uc, &ec);
    }
    bench_report("list of 50 by stage, in that mix", walk.query_us / (double)walk.queries, "us",
                 NULL, 0);
    bench_walk_end(&walk);
    org_close(org);
    home_close(h);
    bench_bare_close(u);
    bench_bare_close(e);
}
