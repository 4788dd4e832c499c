/* The benchmark program (`make bench`): what it measures stands beside a peer
 * or a limit measured in the same run. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

enum { BENCH_REFERRALS = 1000000, BENCH_FIELDS = 12 };

struct bench_options {
    const char *dir;     /* scratch folder, on a real disk */
    const char *plugins; /* shipped plugins */
    const char *program; /* baton */
    int64_t referrals;
};

/* One line of the table and of bench.json. `against` NULL: nothing beside it. The ratio says how
 * many times better (more for rates, less for costs) this is than `peer`. */
void bench_report(const char *name, double value, const char *unit, const char *against,
                  double ratio);

/* What one run of transitions cost. */
struct bench_cost {
    double wall_us, cpu_us, bytes; /* per transition */
    double worst_ms;               /* longest turn */
};
struct bench_meter {
    uint64_t wall_ns, cpu_ns;
    int64_t bytes;
};
void bench_meter_start(struct bench_meter *m);
void bench_meter_stop(const struct bench_meter *m, int64_t transitions, struct bench_cost *out);

uint64_t bench_random(uint64_t *seed);
void bench_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* bench_bare.c: two loops in C on SQLite alone, on rows of the same size. */
struct bench_bare;
struct bench_bare *bench_bare_open(const struct bench_options *o, const char *name);
void bench_bare_run(struct bench_bare *b, int64_t transitions, int per_turn, int update,
                    struct bench_cost *out);
void bench_bare_close(struct bench_bare *b);

/* bench_transitions.c */
void bench_transitions(const struct bench_options *o);
/* bench_backup.c: turns while a backup is made. */
void bench_backup(const struct bench_options *o);
/* bench_org.c: memory of an organisation, time to wake one. */
void bench_org(const struct bench_options *o);
/* bench_start.c: start-up of the program. */
void bench_start(const struct bench_options *o);
/* bench_author.c: a plugin loaded, checked, its specs. */
void bench_author(const struct bench_options *o);
/* bench_calendar.c: a deadline computed. */
void bench_calendar(void);
/* bench_replay.c: a history done again. */
void bench_replay(const struct bench_options *o);

#endif
