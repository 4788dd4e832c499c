/* Start-up of the program beside lua and sqlite3, in turns, medians. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "bench/bench_home.h"

enum { START_RUNS = 61 };

struct start {
    const char *name;
    const char *argv[10];
    double ms[START_RUNS];
};

static double start_once(const struct start *s)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status;
    uint64_t from = clock_monotonic_ns();
    if (posix_spawnp(&pid, s->argv[0], &actions, NULL, (char *const *)s->argv, environ))
        bench_die("%s can't be started; make deps installs what is missing", s->argv[0]);
    waitpid(pid, &status, 0);
    double ms = (double)(clock_monotonic_ns() - from) / 1e6;
    posix_spawn_file_actions_destroy(&actions);
    if (status)
        bench_die("%s failed", s->name);
    return ms;
}

static int start_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_start(const struct bench_options *o)
{
    struct home *h = bench_home_new(o);
    bench_home_add(h, "start", "bench");
    struct start starts[] = {
        { .name = "lua5.4 -e ''", .argv = { "lua5.4", "-e", "" } },
        { .name = "sqlite3 :memory: ''", .argv = { "sqlite3", ":memory:", "" } },
        { .name = "baton version", .argv = { o->program, "version" } },
        { .name = "baton repl -e 1",
          .argv = { o->program, "--home", home_dir(h), "repl", "-e", "1" } },
    };
    enum { COUNT = sizeof starts / sizeof *starts };
    for (int run = 0; run < START_RUNS; run++)
        for (int i = 0; i < COUNT; i++)
            starts[i].ms[run] = start_once(&starts[i]);
    double median[COUNT];
    for (int i = 0; i < COUNT; i++) {
        qsort(starts[i].ms, START_RUNS, sizeof(double), start_compare);
        median[i] = starts[i].ms[START_RUNS / 2];
    }
    bench_report("lua5.4 -e ''", median[0], "ms", NULL, 0);
    bench_report("sqlite3 :memory: ''", median[1], "ms", NULL, 0);
    for (int i = 2; i < COUNT; i++) {
        bench_report(starts[i].name, median[i], "ms", starts[0].name, median[0] / median[i]);
        bench_report(starts[i].name, median[i], "ms", starts[1].name, median[1] / median[i]);
    }
    home_close(h);
}
