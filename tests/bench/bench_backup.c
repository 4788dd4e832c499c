/* Transitions while a backup is made, beside those without one, in turns. The
 * copying and verifying is a process of its own, as with `baton backup`. */
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/host/backup.h"
#include "bench/bench_home.h"

enum { BACKUP_ROUNDS = 5, BACKUP_PER_TURN = 8, BACKUP_CHUNK = 400, BACKUP_REFERRALS_MAX = 200000 };

struct backup_side { /* the other process */
    pid_t pid;
    int copied; /* readable once the database is copied */
};

static void backup_child(const struct home *h, const char *path, int64_t bytes, int copied)
{
    struct backup *b;
    struct backup_report report;
    struct error e;
    setpriority(PRIO_PROCESS, 0, 19); /* as baton backup does where a server works */
    int rc = backup_open(&b, h, "bench", path, true, &e);
    if (rc == 0)
        rc = backup_copy(b, bytes, &e);
    if (write(copied, "1", 1) != 1)
        _exit(1);
    if (rc == 0)
        rc = backup_finish(b, &report, &e);
    _exit(rc ? 1 : 0);
}

static struct backup_side backup_start(const struct home *h, struct org *org, const char *path)
{
    struct backup_side s;
    struct error e;
    int64_t bytes;
    int ends[2];
    if (pipe(ends) || store_hold(org_store(org), &bytes, &e))
        bench_die("a backup could not be begun");
    s.pid = fork();
    if (s.pid == 0)
        backup_child(h, path, bytes, ends[1]);
    close(ends[1]);
    s.copied = ends[0];
    return s;
}

static void backup_release(struct backup_side *s, struct org *org)
{
    struct pollfd p = { .fd = s->copied, .events = POLLIN };
    if (store_held(org_store(org)) && poll(&p, 1, 0) > 0)
        store_release(org_store(org));
}

/* Transitions until the backup is there; how many, and how long the longest turn was. */
static int64_t backup_walk(struct bench_walk *w, struct org *org, struct backup_side *s,
                           struct bench_cost *sum)
{
    struct bench_cost part;
    int64_t done = 0;
    int status;
    do {
        bench_walk_run(w, org, BACKUP_CHUNK, BACKUP_PER_TURN, &part);
        sum->worst_ms = part.worst_ms > sum->worst_ms ? part.worst_ms : sum->worst_ms;
        sum->cpu_us += part.cpu_us * BACKUP_CHUNK;
        done += BACKUP_CHUNK;
        backup_release(s, org);
    } while (waitpid(s->pid, &status, WNOHANG) == 0);
    backup_release(s, org);
    close(s->copied);
    if (status)
        bench_die("the backup failed");
    return done;
}

void bench_backup(const struct bench_options *o)
{
    struct home *h = bench_home_new(o);
    struct error e;
    struct org *org;
    char path[600];
    int64_t referrals = o->referrals < BACKUP_REFERRALS_MAX ? o->referrals : BACKUP_REFERRALS_MAX;
    bench_home_add(h, "bench", "bench");
    if (org_open(&org, h, "bench", NULL, NULL, &e))
        bench_die("%s", e.message);
    bench_home_fill(org, referrals);
    struct bench_walk w;
    struct bench_cost warm, part, with = { 0 }, without = { 0 };
    int64_t turns = 0;
    bench_walk_start(&w, referrals);
    bench_walk_run(&w, org, BACKUP_CHUNK, BACKUP_PER_TURN, &warm);
    snprintf(path, sizeof path, "%s/backup.tar", o->dir);
    for (int i = 0; i < BACKUP_ROUNDS; i++) {
        uint64_t from = clock_monotonic_ns();
        struct backup_side s = backup_start(h, org, path);
        int64_t n = backup_walk(&w, org, &s, &with);
        with.wall_us += (double)(clock_monotonic_ns() - from) / 1e3;
        bench_walk_run(&w, org, n, BACKUP_PER_TURN, &part);
        without.wall_us += part.wall_us * (double)n;
        without.cpu_us += part.cpu_us * (double)n;
        without.worst_ms = part.worst_ms > without.worst_ms ? part.worst_ms : without.worst_ms;
        turns += n;
    }
    bench_report("transitions during a backup, turns of 8", (double)turns * 1e6 / with.wall_us,
                 "per second", "without one", without.wall_us / with.wall_us);
    bench_report("  CPU", with.cpu_us / (double)turns, "us per transition", "without one",
                 without.cpu_us / with.cpu_us);
    bench_report("  longest turn", with.worst_ms, "ms", "without one",
                 without.worst_ms / with.worst_ms);
    bench_report("  a backup, verified", with.wall_us / 1e6 / BACKUP_ROUNDS, "s", NULL, 0);
    bench_walk_end(&w);
    org_close(org);
    home_close(h);
}
