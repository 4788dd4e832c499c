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

/* The three run in turns, so that a machine that others use too slows them alike. */
enum { ROUNDS = 10 };

static void transitions_add(struct bench_cost *sum, const struct bench_cost *part)
{
    sum->wall_us += part->wall_us / ROUNDS;
    sum->cpu_us += part->cpu_us / ROUNDS;
    sum->bytes += part->bytes / ROUNDS;
    if (part->worst_ms > sum->worst_ms)
        sum->worst_ms = part->worst_ms;
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
        struct bench_cost ours = { 0 }, uc = { 0 }, ec = { 0 }, part;
        int per_turn = sizes[i].per_turn;
        int64_t n = o->referrals / sizes[i].share / ROUNDS / per_turn * per_turn;
        for (int round = 0; round < ROUNDS && n > 0; round++) {
            bench_walk_run(&walk, org, n, per_turn, &part);
            transitions_add(&ours, &part);
            bench_bare_run(u, n, per_turn, 1, &part);
            transitions_add(&uc, &part);
            bench_bare_run(e, n, per_turn, 0, &part);
            transitions_add(&ec, &part);
        }
        if (n > 0)
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
