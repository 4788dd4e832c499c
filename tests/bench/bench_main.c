/* Table, bench.json, meters; runs the parts one after the other. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/json.h"
#include "bench/bench_home.h"

static struct buf report_json;
static struct jsonw report_writer;

void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void bench_report(const char *name, double value, const char *unit, const char *against,
                  double ratio)
{
    printf("%-44s %12.6g %-22s", name, value, unit);
    if (against)
        printf(" %6.2f of %s", ratio, against);
    putchar('\n');
    fflush(stdout);
    jsonw_open_object(&report_writer);
    jsonw_key(&report_writer, "name");
    jsonw_text(&report_writer, name);
    jsonw_key(&report_writer, "value");
    jsonw_real(&report_writer, value);
    jsonw_key(&report_writer, "unit");
    jsonw_text(&report_writer, unit);
    jsonw_key(&report_writer, "against");
    jsonw_text(&report_writer, against);
    jsonw_key(&report_writer, "ratio");
    if (against)
        jsonw_real(&report_writer, ratio);
    else
        jsonw_null(&report_writer);
    jsonw_close(&report_writer);
}

static int64_t meter_written(void)
{
    char line[128];
    long long bytes = 0;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "write_bytes: %lld", &bytes) == 1)
            break;
    if (f)
        fclose(f);
    return bytes;
}

void bench_meter_start(struct bench_meter *m)
{
    m->bytes = meter_written();
    m->cpu_ns = clock_thread_cpu_ns();
    m->wall_ns = clock_monotonic_ns();
}

void bench_meter_stop(const struct bench_meter *m, int64_t transitions, struct bench_cost *out)
{
    double n = (double)transitions;
    out->wall_us = (double)(clock_monotonic_ns() - m->wall_ns) / 1e3 / n;
    out->cpu_us = (double)(clock_thread_cpu_ns() - m->cpu_ns) / 1e3 / n;
    out->bytes = (double)(meter_written() - m->bytes) / n;
}

/* The same sequence in every run: xorshift64*. */
uint64_t bench_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (*seed * 2685821657736338717u) >> 16;
}

static void main_write_json(const char *path)
{
    jsonw_close(&report_writer);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(report_json.data, 1, report_json.len, f) != report_json.len ||
        fputc('\n', f) == EOF || fclose(f))
        bench_die("%s: %s", path, strerror(errno));
    printf("\nwritten to %s\n", path);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        bench_die("usage: baton_bench SCRATCH_DIR PLUGINS_DIR BATON JSON_FILE REFERRALS");
    struct bench_options o = { .dir = argv[1],
                               .plugins = argv[2],
                               .program = argv[3],
                               .referrals = strtoll(argv[5], NULL, 10) };
    if (o.referrals < 1000)
        bench_die("at least 1000 referrals");
    if (mkdir(o.dir, 0700) && errno != EEXIST)
        bench_die("%s: %s", o.dir, strerror(errno));
    jsonw_start(&report_writer, &report_json);
    jsonw_open_array(&report_writer);
    bench_start(&o);
    bench_calendar();
    bench_author(&o);
    bench_org(&o);
    bench_backup(&o);
    bench_transitions(&o);
    bench_replay(&o);
    main_write_json(argv[4]);
    bench_home_remove(&o);
    buf_free(&report_json);
    return 0;
}
