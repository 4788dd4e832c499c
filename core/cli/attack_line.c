/* Asking the server of the attacks, with a watch in hand: one line for the
 * attack, one for the witness, both in one poll loop, so that nothing but the
 * server can delay either. */
#include "cli/attack_run_internal.h"

#include <jansson.h>
#include <poll.h>
#include <string.h>

#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/host/home.h"
#include "baton/server/client.h"
#include "cli/cli_internal.h"
#include "cli/link_internal.h"

enum { LINE_TEXT_BYTES = 64 * 1024, LINE_WITNESS_MS = 15, LINE_TICK_MS = 5 };

static int64_t line_ms_since(uint64_t ns)
{
    return (int64_t)((clock_monotonic_ns() - ns) / 1000000);
}

int attack__line_open(struct attack_line *line, struct error *e)
{
    return client_open(&line->client, home_socket(line->run->home), e);
}

void attack__line_close(struct attack_line *line)
{
    client_close(line->client);
    line->client = NULL;
    buf_free(&line->text);
    buf_free(&line->result);
}

static int line_send(struct client *client, const char *org, const char *op, const char *key,
                     const char *value, const char *cwd, struct error *e)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    link_begin(&w, &json, op, org, NULL);
    if (key) {
        jsonw_key(&w, key);
        jsonw_text(&w, value);
    }
    if (!strcmp(op, "run")) {
        jsonw_key(&w, "name");
        jsonw_text(&w, "attack.lua");
    }
    if (cwd) {
        jsonw_key(&w, "cwd");
        jsonw_text(&w, cwd);
    }
    jsonw_close(&w);
    int rc = client_send(client, json.data, json.len, e);
    buf_free(&json);
    return rc;
}

/* ---- the witness ---- */

static int witness_step(struct attack_run *run, struct error *e)
{
    struct attack_witness *w = &run->witness;
    const char *json;
    size_t n;
    int rc;
    if (!w->client && (rc = client_open(&w->client, home_socket(run->home), e)) < 0)
        return rc;
    while ((rc = client_poll(w->client, &json, &n, e)) > 0) {
        struct json_slice found;
        if (!w->sent_ns ||
            !(jsons_get(json, n, "done", 4, &found) || jsons_get(json, n, "error", 5, &found)))
            continue;
        int64_t took_ms = line_ms_since(w->sent_ns);
        w->longest_ms = took_ms > w->longest_ms ? took_ms : w->longest_ms;
        w->sent_ns = 0;
        w->next_ns = clock_monotonic_ns() + LINE_WITNESS_MS * 1000000ull;
    }
    if (rc == 0 && !w->sent_ns && clock_monotonic_ns() >= w->next_ns) {
        rc = line_send(w->client, "witness", "eval", "text", "baton.call('works')", NULL, e);
        w->sent_ns = clock_monotonic_ns();
    }
    return rc;
}

static int line_wait(struct attack_run *run, struct client *client, struct error *e)
{
    struct pollfd polled[] = {
        { .fd = run->witness.client ? client_fd(run->witness.client) : -1, .events = POLLIN },
        { .fd = run->interrupt_fd, .events = POLLIN },
        { .fd = client ? client_fd(client) : -1, .events = POLLIN },
    };
    poll(polled, 3, LINE_TICK_MS); /* a failure (EINTR) only makes us look once more */
    if (interrupt_take()) {
        run->interrupted = true;
        return error_set(e, ERROR_CANCELLED, "stopped on request");
    }
    return witness_step(run, e);
}

int attack__settle(struct attack_run *run, struct error *e)
{
    uint64_t began_ns = clock_monotonic_ns();
    int rc = witness_step(run, e);
    while (rc >= 0 && run->witness.sent_ns) {
        if (line_ms_since(began_ns) > ATTACK_PATIENCE_MS)
            return error_set(e, ERROR_LIMIT, "the witness has no answer");
        rc = line_wait(run, NULL, e);
    }
    return rc;
}

/* ---- answers ---- */

static void line_keep(struct buf *out, const json_t *value, const char *behind)
{
    size_t n = json_string_length(value), most = LINE_TEXT_BYTES;
    if (!json_is_string(value))
        return;
    most = out->len < most ? most - out->len : 0;
    buf_add(out, json_string_value(value), n < most ? n : most);
    buf_puts(out, behind);
}

static void line_take_error(struct attack_line *line, const json_t *error)
{
    const char *where = json_string_value(json_object_get(error, "where"));
    line->failed = true;
    buf_clear(&line->result);
    line_keep(&line->result, json_object_get(error, "where"), where && *where ? ": " : "");
    line_keep(&line->result, json_object_get(error, "message"), "");
    if (line->text.len < LINE_TEXT_BYTES)
        buf_add(&line->text, buf_text(&line->result), line->result.len);
}

/* What a command returns; of the status, what is wrong with the first plugin. */
static void line_take_result(struct attack_line *line, const json_t *done)
{
    const json_t *result = json_object_get(done, "result");
    const json_t *first = json_array_get(json_object_get(done, "plugins"), 0);
    struct jsonw w;
    buf_clear(&line->result);
    line_keep(&line->result, json_object_get(first, "problem"), "");
    line_keep(&line->result, result, "");
    if (!result || json_is_string(result))
        return;
    jsonw_start(&w, &line->result);
    jsonw_value(&w, result);
}

/* True: it was the last one. */
static bool line_take(struct attack_line *line, const json_t *frame)
{
    const json_t *error = json_object_get(frame, "error"), *done = json_object_get(frame, "done");
    line_keep(&line->text, json_object_get(frame, "out"), "");
    line_keep(&line->text, json_object_get(frame, "notice"), "\n");
    if (error)
        line_take_error(line, error);
    else if (done)
        line_take_result(line, done);
    return error || done || json_object_get(frame, "incomplete");
}

static int line_step(struct attack_line *line, bool *last, struct error *e)
{
    const char *json;
    size_t n;
    int rc;
    while (!*last && (rc = client_poll(line->client, &json, &n, e)) != 0) {
        json_t *frame = NULL;
        if (rc < 0 || (rc = json_read(json, n, &frame, e)) < 0)
            return rc;
        *last = line_take(line, frame);
        json_decref(frame);
    }
    return 0;
}

int attack__ask(struct attack_line *line, const char *op, const char *key, const char *value,
                int64_t cancel_after_ms, struct error *e)
{
    bool last = false, cancelled = false;
    char cwd[sizeof line->run->dir + 8];
    bool takes_cwd = !strcmp(op, "eval") || !strcmp(op, "run");
    snprintf(cwd, sizeof cwd, "%s/work", line->run->dir);
    line->failed = false;
    uint64_t began_ns = clock_monotonic_ns(), counted_ns = began_ns;
    int rc = line_send(line->client, line->org, op, key, value, takes_cwd ? cwd : NULL, e);
    while (rc >= 0 && (rc = line_step(line, &last, e)) >= 0 && !last) {
        if (cancel_after_ms > 0 && !cancelled && line_ms_since(began_ns) > cancel_after_ms) {
            cancelled = true;
            rc = line_send(line->client, NULL, "cancel", NULL, NULL, NULL, e);
            counted_ns = clock_monotonic_ns();
        }
        if (line_ms_since(began_ns) > ATTACK_PATIENCE_MS)
            rc = error_set(e, ERROR_LIMIT, "no answer within %d s", ATTACK_PATIENCE_MS / 1000);
        if (rc >= 0)
            rc = line_wait(line->run, line->client, e);
    }
    line->took_ms = line_ms_since(counted_ns);
    return rc;
}
