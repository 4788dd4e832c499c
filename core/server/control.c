/* What the front asks of a worker: which organisations are its own, how they
 * are, to read settings again, to stop; and it brings the blame for the death
 * of the process before. Answers are frames like any other. */
#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "server/confine_internal.h"
#include "server/worker_internal.h"

#include <string.h>

static void control_done(struct connection *c)
{
    static const char done[] = "{\"done\":{}}";
    wire__send(&c->wire, done, sizeof done - 1);
}

static void control_list_one(void *context, const struct host_listed *org)
{
    struct jsonw *w = context;
    jsonw_open_object(w);
    jsonw_key(w, "name");
    jsonw_text(w, org->name);
    jsonw_key(w, "zone");
    jsonw_text(w, org->zone);
    jsonw_key(w, "awake");
    jsonw_bool(w, org->awake);
    jsonw_key(w, "next_due_ms");
    if (org->next_due_ms == INT64_MAX)
        jsonw_null(w);
    else
        jsonw_int(w, org->next_due_ms);
    jsonw_key(w, "memory_bytes");
    jsonw_int(w, (int64_t)org->memory_bytes);
    jsonw_close(w);
}

static void control_status(struct connection *c)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_open_object(&w);
    jsonw_key(&w, "orgs");
    jsonw_open_array(&w);
    host_list(c->worker->host, control_list_one, &w);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_close(&w);
    wire__send(&c->wire, json.data, json.len);
    buf_free(&json);
}

static void control_wait(void *context, const char *org, const char *text)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s: %s", org, text);
    jsonw_text(context, buf_text(&line));
    buf_free(&line);
}

/* With what waits since: see op reload. */
static void control_reloaded(struct connection *c)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_open_object(&w);
    jsonw_key(&w, "waiting");
    jsonw_open_array(&w);
    host_waiting(c->worker->host, control_wait, &w);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_close(&w);
    wire__send(&c->wire, json.data, json.len);
    buf_free(&json);
}

static int control_blame(struct worker *w, const json_t *request, struct error *e)
{
    const char *plugin = json_string_value(json_object_get(request, "plugin"));
    const char *name = json_string_value(json_object_get(request, "blamed"));
    const char *why = json_string_value(json_object_get(request, "why"));
    struct org *o;
    if (!name || !plugin || !why)
        return error_set(e, ERROR_INVALID, "blame takes blamed, plugin and why");
    if (json_is_true(json_object_get(request, "loading")))
        return org_blame_loading(w->home, name, plugin, why, e);
    int rc = host_org(w->host, name, &o, e);
    return rc ? rc : org_blame(o, plugin, why, e);
}

void control__request(struct connection *c, const json_t *request)
{
    struct worker *w = c->worker;
    struct error e = { 0 };
    const char *op = json_string_value(json_object_get(request, "op"));
    const char *why = json_string_value(json_object_get(request, "why"));
    int rc = 0;
    if (!op)
        op = "";
    if (!strcmp(op, "status")) {
        control_status(c);
        return;
    }
    if (!strcmp(op, "take"))
        rc = worker__take(w, json_object_get(request, "orgs"), &e);
    else if (!strcmp(op, "reload"))
        rc = host_reload(w->host, &e);
    else if (!strcmp(op, "blame"))
        rc = control_blame(w, request, &e);
    else if (!strcmp(op, "stop") && !w->stop_wanted)
        w->stop_wanted = mem_dup(why ? why : "the front asked for it");
    if (rc)
        wire__send_error(&c->wire, &e);
    else if (!strcmp(op, "reload"))
        control_reloaded(c);
    else
        control_done(c);
}
