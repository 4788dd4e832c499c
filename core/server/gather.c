/* What all workers are asked at once, and the one answer that their answers
 * become. A worker that is dead, or dies meanwhile, has none; for a status nobody
 * waits long, since a worker may be at an import for minutes. */
#include "server/front_internal.h"

#include <string.h>
#include <unistd.h>

#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"

enum { GATHER_STATUS_MS = 1000 };

struct gather {
    struct front *front;
    struct caller *caller; /* NULL: nobody, or it has its answer */
    bool status;           /* else: reload */
    bool logged;           /* asked by a signal */
    uint64_t began_ms;
    unsigned waiting;             /* parts that may still come; and one while we ask */
    json_t *parts[LIMIT_WORKERS]; /* answers, by the place of the worker; NULL: none */
    struct error first;           /* that went wrong */
    struct gather *next, **link;
};

static struct gather *gather_new(struct front *f, struct caller *c)
{
    struct gather *g = mem_new(struct gather);
    g->front = f;
    g->caller = c;
    g->began_ms = uv_now(&f->loop);
    g->waiting = 1;
    g->next = f->gathers;
    if (g->next)
        g->next->link = &g->next;
    g->link = &f->gathers;
    f->gathers = g;
    if (c)
        c->gather = g;
    return g;
}

static void gather_free(struct gather *g)
{
    *g->link = g->next;
    if (g->next)
        g->next->link = g->link;
    for (size_t i = 0; i < LIMIT_WORKERS; i++)
        json_decref(g->parts[i]);
    mem_free(g);
}

/* ---- the answer ---- */

static const char *gather_org_name(const json_t *org)
{
    const char *name = json_string_value(json_object_get(org, "name"));
    return name ? name : "";
}

/* Of a worker that did not answer, what the front knows. */
static void gather_unknown(const char *name, struct jsonw *w)
{
    jsonw_open_object(w);
    jsonw_key(w, "name");
    jsonw_text(w, name);
    jsonw_key(w, "zone");
    jsonw_text(w, "");
    jsonw_key(w, "awake");
    jsonw_null(w);
    jsonw_key(w, "next_due_ms");
    jsonw_null(w);
    jsonw_key(w, "memory_bytes");
    jsonw_null(w);
    jsonw_close(w);
}

static size_t gather_place_of(const struct front *f, const struct ward *w)
{
    size_t i = 0;
    while (i < f->ward_count && f->wards[i] != w)
        i++;
    return i;
}

/* Both lists are by name: that of the front, and each worker's. */
static void gather_orgs(const struct gather *g, struct jsonw *w)
{
    const struct front *f = g->front;
    size_t at[LIMIT_WORKERS] = { 0 };
    jsonw_open_array(w);
    for (size_t i = 0; i < f->place_count; i++) {
        size_t k = gather_place_of(f, f->places[i].ward);
        const json_t *orgs = json_object_get(json_object_get(g->parts[k], "done"), "orgs"), *org;
        while ((org = json_array_get(orgs, at[k])) &&
               strcmp(gather_org_name(org), f->places[i].org) < 0)
            at[k]++;
        if (org && !strcmp(gather_org_name(org), f->places[i].org))
            jsonw_value(w, org);
        else
            gather_unknown(f->places[i].org, w);
    }
    jsonw_close(w);
}

static void gather_write_status(const struct gather *g, struct buf *json)
{
    const struct front *f = g->front;
    struct buf confinement = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, json);
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_open_object(&w);
    jsonw_key(&w, "version");
    jsonw_text(&w, BATON_VERSION);
    jsonw_key(&w, "pid");
    jsonw_int(&w, getpid());
    jsonw_key(&w, "confinement");
    server_confinement(&confinement);
    jsonw_text(&w, buf_text(&confinement));
    jsonw_key(&w, "workers");
    jsonw_open_array(&w);
    for (size_t i = 0; i < f->ward_count; i++)
        ward__write(f->wards[i], &w, g->parts[i] != NULL);
    jsonw_close(&w);
    jsonw_key(&w, "orgs");
    gather_orgs(g, &w);
    jsonw_close(&w);
    jsonw_close(&w);
    buf_free(&confinement);
}

static void gather_write_reload(const struct gather *g, struct buf *json)
{
    struct jsonw w;
    jsonw_start(&w, json);
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_open_object(&w);
    jsonw_key(&w, "waiting");
    jsonw_open_array(&w);
    for (size_t i = 0; i < LIMIT_WORKERS; i++) {
        const json_t *list = json_object_get(json_object_get(g->parts[i], "done"), "waiting");
        for (size_t k = 0; k < json_array_size(list); k++)
            jsonw_value(&w, json_array_get(list, k));
    }
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_close(&w);
}

static void gather_answer(struct gather *g)
{
    struct buf json = BUF_INIT;
    if (g->logged && g->first.code)
        log_write(LOG_ERROR, NULL, "reload: %s", g->first.message);
    else if (g->logged)
        log_write(LOG_INFO, NULL, "reloaded");
    if (!g->caller)
        return;
    if (g->status)
        gather_write_status(g, &json);
    else if (g->first.code)
        json_error(&g->first, &json);
    else
        gather_write_reload(g, &json);
    caller__answer(g->caller, json.data, json.len);
    g->caller = NULL;
    buf_free(&json);
}

static void gather_less(struct gather *g)
{
    if (--g->waiting)
        return;
    gather_answer(g);
    gather_free(g);
}

/* ---- the parts ---- */

static void gather_take_error(struct gather *g, const json_t *answer)
{
    const char *code = NULL, *message = NULL, *where = NULL;
    json_unpack((json_t *)answer, "{s:{s:s, s:s, s:s}}", "error", "code", &code, "message",
                &message, "where", &where);
    if (!message || g->first.code)
        return;
    enum error_code found = ERROR_INVALID;
    for (enum error_code c = ERROR_INVALID; c <= ERROR_CANCELLED; c++)
        if (!strcmp(error_code_name(c), code))
            found = c;
    error_set(&g->first, found, "%s", message);
    if (*where)
        error_at(&g->first, "%s", where);
}

void gather__part(struct gather *g, const struct ward *w, const char *json, size_t n)
{
    json_t *answer = NULL;
    if (json)
        json_read(json, n, &answer, NULL);
    if (!g->parts[gather_place_of(g->front, w)])
        g->parts[gather_place_of(g->front, w)] = json_incref(answer);
    if (!g->status && answer)
        gather_take_error(g, answer);
    else if (!g->status && !g->first.code)
        error_set(&g->first, ERROR_IO, "a worker ended %s; it reads its settings when it starts",
                  w->last_words);
    json_decref(answer);
    gather_less(g);
}

static void gather_ask(struct gather *g, const char *json)
{
    for (size_t i = 0; i < g->front->ward_count; i++) {
        g->waiting++;
        ward__ask(g->front->wards[i], json, strlen(json), g);
    }
    gather_less(g);
}

void gather__status(struct caller *c)
{
    struct gather *g = gather_new(c->front, c);
    g->status = true;
    gather_ask(g, "{\"op\":\"status\"}");
}

void gather__reload(struct front *f, struct caller *c)
{
    struct gather *g = gather_new(f, c);
    g->logged = !c;
    places__scan(f, &g->first);
    gather_ask(g, "{\"op\":\"reload\"}");
}

void gather__late(struct front *f)
{
    uint64_t now = uv_now(&f->loop);
    for (struct gather *g = f->gathers; g; g = g->next)
        if (g->status && g->caller && now - g->began_ms >= GATHER_STATUS_MS)
            gather_answer(g);
}

void gather__forget(struct gather *g)
{
    g->caller = NULL;
}
