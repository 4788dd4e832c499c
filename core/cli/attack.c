/* baton doctor --attack: everything that a hostile plugin may try, against this
 * very program in a scratch home, and a table of what came of it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/server/client.h"
#include "cli/attack_run_internal.h"
#include "cli/cli_internal.h"
#include "cli/progress_internal.h"

const struct attack_list *const attack_lists[] = {
    &attack_list_loops,  &attack_list_library, &attack_list_memory,
    &attack_list_source, &attack_list_reach,   &attack_list_data,
    &attack_list_errors, &attack_list_output,  NULL
};

enum { ATTACK_CAME_BYTES = 70, ATTACK_CAME_JSON = 1000, ATTACK_LOG_BYTES = 16 * 1024 * 1024 };

struct attack_table {
    struct attack_result *results;
    size_t count, room, failed;
    char log[160]; /* what is wrong with the server's log; or "" */
};

/* ---- which ---- */

static bool attack_wanted(const struct attack *a, const char *only)
{
    char *end;
    if (!only || !strcmp(only, a->name))
        return true;
    long group = strtol(only, &end, 10);
    return *only && !*end && group == a->group;
}

static void attack_gather(struct attack_table *t, const char *only)
{
    for (const struct attack_list *const *list = attack_lists; *list; list++)
        for (size_t i = 0; i < (*list)->count; i++) {
            if (!attack_wanted(&(*list)->attacks[i], only))
                continue;
            if (t->count == t->room) {
                t->room = t->room ? 2 * t->room : 128;
                t->results = mem_resize(t->results, t->room * sizeof *t->results);
            }
            t->results[t->count++] = (struct attack_result){ .attack = &(*list)->attacks[i] };
        }
}

/* ---- running ---- */

/* After a server that died or no longer answers: a new one. */
static int attack_server_again(struct attack_run *run, struct error *e)
{
    client_close(run->witness.client);
    run->witness = (struct attack_witness){ 0 };
    attack__stop_server(run);
    return attack__start_server(run, e);
}

static int attack_all(struct attack_run *run, struct attack_table *t, struct progress *progress,
                      struct error *e)
{
    int rc = attack__start_server(run, e);
    for (size_t i = 0; rc >= 0 && i < t->count && !run->interrupted; i++) {
        struct attack_result *r = &t->results[i];
        char org[32];
        snprintf(org, sizeof org, "attack_%zu", i);
        progress_update(progress, (int64_t)i, (int64_t)t->count, r->attack->name,
                        clock_monotonic_ns());
        attack__one(run, r->attack, org, r);
        t->failed += r->failed[0] != '\0';
        if (r->failed[0] && !run->interrupted)
            rc = attack_server_again(run, e);
    }
    progress_clear(progress);
    return rc;
}

/* Nothing that plugins print may drive a terminal or pass for a line of the log. */
static void attack_check_log(const struct attack_run *run, struct attack_table *t)
{
    char path[sizeof run->dir + 16];
    struct buf log = BUF_INIT;
    struct error e;
    snprintf(path, sizeof path, "%s/serve.log", run->dir);
    if (buf_read_file(&log, path, ATTACK_LOG_BYTES, &e) < 0)
        snprintf(t->log, sizeof t->log, "%.*s", (int)sizeof t->log - 1, e.message);
    else if (attack__has_controls(log.data, log.len) || memchr(log.data, '\t', log.len))
        snprintf(t->log, sizeof t->log, "control characters are in the server's log");
    for (const char *line = buf_text(&log); *line && !t->log[0]; line = strchr(line, '\n') + 1)
        if (strspn(line, "0123456789") != 4 || line[4] != '-' || !strchr(line, '\n'))
            snprintf(t->log, sizeof t->log, "a line of the server's log is forged: %.80s", line);
    t->failed += t->log[0] != '\0';
    buf_free(&log);
}

/* ---- telling ---- */

/* One line, cut between characters. */
static json_t *attack_came(const struct attack_result *r, bool whole)
{
    struct buf line = BUF_INIT;
    text_printable(buf_text(&r->came), r->came.len, false, &line);
    size_t n = line.len, most = whole ? ATTACK_CAME_JSON : ATTACK_CAME_BYTES;
    if (n > most) {
        for (n = most; n > 0 && ((unsigned char)line.data[n] & 0xC0) == 0x80;)
            n--;
    }
    json_t *text = json_stringn(buf_text(&line), n);
    buf_free(&line);
    return text;
}

static json_t *attack_row(const struct attack_result *r, bool whole)
{
    const struct attack *a = r->attack;
    return json_pack("{s:i, s:s, s:s, s:o, s:I, s:I, s:I, s:s}", "group", a->group, "attack",
                     a->name, "place", attack__place_name(a->place), "what came",
                     attack_came(r, whole), "ms", (json_int_t)r->took_ms, "next ms",
                     (json_int_t)r->next_ms, "witness ms", (json_int_t)r->witness_ms, "result",
                     r->failed[0] ? "FAILED" : "ok");
}

static void attack_tell(const struct cli *c, const struct attack_table *t)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < t->count; i++) {
        json_t *row = attack_row(&t->results[i], c->json);
        if (c->json)
            json_object_set_new(row, "why", json_string(t->results[i].failed));
        json_array_append_new(rows, row);
    }
    if (c->json) {
        json_t *all =
            json_pack("{s:O, s:s, s:I, s:I}", "attacks", rows, "log", t->log, "passed",
                      (json_int_t)(t->count - t->failed), "failed", (json_int_t)t->failed);
        print_json(stdout, all);
        json_decref(all);
    } else {
        print_value(stdout, rows);
        for (size_t i = 0; i < t->count; i++)
            if (t->results[i].failed[0])
                print_line(stdout, "FAILED %s: %s", t->results[i].attack->name,
                           t->results[i].failed);
        if (t->log[0])
            print_line(stdout, "FAILED log: %s", t->log);
        print_line(stdout, "%zu attacks: %zu failed.", t->count, t->failed);
    }
    json_decref(rows);
}

static void attack_free(struct attack_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        buf_free(&t->results[i].came);
    mem_free(t->results);
}

int attack_all_of(const struct cli *c, const char *only)
{
    struct attack_run run = { .server = 0 };
    struct attack_table t = { 0 };
    struct progress progress;
    struct error e;
    attack_gather(&t, only);
    if (t.count == 0) {
        error_set(&e, ERROR_INVALID, "no attack \"%.60s\": a group (1 to 10) or a name", only);
        return cli_usage(c, &e);
    }
    run.interrupt_fd = interrupt_open();
    progress_start(&progress, stderr, c->quiet);
    int rc = attack__home_open(&run, &e);
    if (rc >= 0)
        rc = attack_all(&run, &t, &progress, &e);
    attack__stop_server(&run);
    if (rc >= 0 && !run.interrupted)
        attack_check_log(&run, &t);
    client_close(run.witness.client);
    attack__home_close(&run);
    interrupt_close();
    int code = t.failed ? CLI_FAILED : CLI_OK;
    if (run.interrupted)
        code = CLI_INTERRUPTED;
    else if (rc < 0)
        code = cli_fail(c, &e);
    else
        attack_tell(c, &t);
    attack_free(&t);
    return code;
}
