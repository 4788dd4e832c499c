/* A home with organisations for the benchmark. */
#ifndef BENCH_HOME_H
#define BENCH_HOME_H

#include "baton/host/home.h"
#include "baton/host/org.h"
#include "bench/bench.h"

/* Makes SCRATCH/home anew with the plugin `bench`: three stages in a circle, a guard that reads
 * three of twelve fields, a deadline in each stage. */
struct home *bench_home_new(const struct bench_options *o);
void bench_home_remove(const struct bench_options *o); /* the whole scratch folder */
void bench_home_add(struct home *h, const char *org, const char *plugins);
/* Opens `count` referrals of the workflow in turns of 1,000. */
void bench_home_fill(struct org *o, int64_t count);
/* Runs transitions on random referrals; stages follow the circle. `lists`: one query per 1,000. */
struct bench_walk {
    uint8_t *stage; /* of each referral */
    int64_t count;
    uint64_t seed;
    int64_t queries;
    double query_us; /* of all queries together */
};
void bench_walk_start(struct bench_walk *w, int64_t count);
void bench_walk_run(struct bench_walk *w, struct org *o, int64_t transitions, int per_turn,
                    struct bench_cost *out);
void bench_walk_end(struct bench_walk *w);

#endif
