/* A history of finished referrals, replayed: commands a second. Each referral is
 * opened, moved twice past a guard, and finished. */
#include <stdio.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/domain/advance.h"
#include "baton/host/replay.h"
#include "bench/bench_home.h"

enum { REPLAY_PER_SECOND = 20000, REPLAY_OF = 10 };

static const char *const replay_moves[] = { "next", "next", "finish" };

static int replay_advance(void *context, struct org *o, struct error *e)
{
    const struct actor by_operator = { .name = "operator" };
    return domain_advance(org_domain(o), &by_operator, context, NULL, e);
}

static void replay_finish(struct org *o, int64_t count)
{
    static struct org_command commands[LIMIT_TURN_COMMANDS];
    static struct advance moves[LIMIT_TURN_COMMANDS];
    struct error e;
    for (size_t m = 0; m < 3; m++)
        for (int64_t at = 1; at <= count; at += LIMIT_TURN_COMMANDS) {
            size_t n = 0;
            for (; n < LIMIT_TURN_COMMANDS && at + (int64_t)n <= count; n++) {
                moves[n] = (struct advance){ .referral_id = at + (int64_t)n,
                                             .transition = replay_moves[m] };
                commands[n] = (struct org_command){ .run = replay_advance, .context = &moves[n] };
            }
            if (org_turn_many(o, commands, n, &e) || commands[0].result)
                bench_die("%s", commands[0].result ? commands[0].error.message : e.message);
        }
}

void bench_replay(const struct bench_options *o)
{
    static const char *const plugins[] = { "bench", NULL };
    const struct replay_options options = { .plugins = plugins };
    int64_t count = o->referrals / REPLAY_OF;
    struct home *h = bench_home_new(o);
    struct org *of;
    struct replay *r;
    struct error e;
    struct buf report = BUF_INIT;
    struct jsonw w;
    char name[64];
    bool done = false;
    bench_home_add(h, "replayed", "bench");
    if (org_open(&of, h, "replayed", NULL, NULL, &e))
        bench_die("%s", e.message);
    bench_home_fill(of, count);
    replay_finish(of, count);
    uint64_t from = clock_monotonic_ns();
    if (replay_open(&r, of, &options, &e))
        bench_die("%s", e.message);
    while (!done)
        if (replay_step(r, &done, &e))
            bench_die("%s", e.message);
    double seconds = (double)(clock_monotonic_ns() - from) / 1e9;
    double rate = 4 * (double)count / seconds;
    jsonw_start(&w, &report);
    if (replay_report(r, 1, &w, &e) || replay_differing(r))
        bench_die("the replay differs: %s", buf_text(&report));
    snprintf(name, sizeof name, "replay of %lld finished referrals", (long long)count);
    bench_report(name, rate, "commands/s", "20,000/s", rate / REPLAY_PER_SECOND);
    replay_close(r);
    buf_free(&report);
    org_close(of);
    home_close(h);
}
