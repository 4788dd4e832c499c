/* A worker process as the front sees it: started, watched, mourned, started again.
 *
 * A call that is on the page for longer than its budget and a grace will not
 * come back, so the process is killed; the database undoes the turn. However it
 * ends, the plugin that the page names is blamed before its successor does
 * anything else. One that ends again and again is started after growing pauses.
 * A ward stays as long as the front; its lives come and go (life.c). */
#include "server/front_internal.h"

#include <signal.h>
#include <string.h>

#include "baton/base/clock.h"
#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"

enum { WARD_FREE_DEATHS = 2, WARD_PAUSE_MS = 250, WARD_PAUSE_DOUBLINGS = 7 };

/* ---- asking it ---- */

void ward__ask(struct ward *w, const char *json, size_t n, struct gather *g)
{
    struct life *l = w->life;
    if (!l) {
        if (g)
            gather__part(g, w, NULL, 0);
        return;
    }
    if (l->asked_count == l->asked_room) {
        l->asked_room = l->asked_room ? 2 * l->asked_room : 8;
        l->asked = mem_resize(l->asked, l->asked_room * sizeof *l->asked);
    }
    l->asked[l->asked_count++] = g;
    wire__send(&l->control, json, n);
    wire__flush(&l->control);
}

static void ward_answered(struct ward *w, struct life *l, const char *json, size_t n)
{
    if (!l->asked_count)
        return;
    struct gather *g = l->asked[0];
    memmove(l->asked, l->asked + 1, --l->asked_count * sizeof *l->asked);
    if (g)
        gather__part(g, w, json, n);
}

void ward__work(struct ward *w)
{
    const char *json;
    size_t n;
    struct life *l = w->life;
    while (l && (json = wire__frame(&l->control, &n)) && n && n <= LIMIT_FRAME_BYTES) {
        ward_answered(w, l, json, n);
        wire__take(&l->control);
    }
    if (l)
        wire__resume(&l->control);
}

static void ward_begin(struct jsonw *w, struct buf *json, const char *op)
{
    jsonw_start(w, json);
    jsonw_open_object(w);
    jsonw_key(w, "op");
    jsonw_text(w, op);
}

static void ward_send(struct ward *w, struct jsonw *writer, struct buf *json)
{
    jsonw_close(writer);
    ward__ask(w, json->data, json->len, NULL);
    buf_free(json);
}

void ward__give(struct ward *w)
{
    struct buf json = BUF_INIT;
    struct jsonw writer;
    ward_begin(&writer, &json, "take");
    jsonw_key(&writer, "orgs");
    places__write(w->front, w, &writer);
    ward_send(w, &writer, &json);
}

static void ward_blame(struct ward *w)
{
    struct buf json = BUF_INIT;
    struct jsonw writer;
    if (!w->blamed.began_ns)
        return;
    w->blamed.began_ns = 0;
    ward_begin(&writer, &json, "blame");
    jsonw_key(&writer, "blamed");
    jsonw_text(&writer, w->blamed.org);
    jsonw_key(&writer, "plugin");
    jsonw_text(&writer, w->blamed.plugin);
    jsonw_key(&writer, "why");
    jsonw_text(&writer, w->last_words);
    jsonw_key(&writer, "loading");
    jsonw_bool(&writer, w->blamed.loading);
    ward_send(w, &writer, &json);
}

void ward__stop(struct ward *w, const char *why)
{
    struct buf json = BUF_INIT;
    struct jsonw writer;
    uv_timer_stop(&w->rest);
    ward_begin(&writer, &json, "stop");
    jsonw_key(&writer, "why");
    jsonw_text(&writer, why);
    ward_send(w, &writer, &json);
}

static int ward_resting(const struct ward *w, const char *org, struct error *e)
{
    uint64_t now = uv_now(&w->front->loop);
    uint64_t left = w->rests_until_ms > now ? w->rests_until_ms - now : 0;
    return error_set(e, ERROR_BUSY,
                     "the process that hosts %s ended %u times in short order, last %s; it starts "
                     "again in %u s",
                     org, w->deaths, w->last_words, (unsigned)(left + 999) / 1000);
}

int ward__connect(struct ward *w, struct caller *c, const char *org, struct error *e)
{
    return w->life ? life__connect(w->life, c, e) : ward_resting(w, org, e);
}

/* ---- its end ---- */

static void ward_note_end(struct ward *w, const struct life *l, int64_t status, int number)
{
    char how[128];
    struct script_work work;
    if (l->killed_ms)
        snprintf(how, sizeof how, "killed after %llu ms: it did not come back",
                 (unsigned long long)l->killed_ms);
    else if (number)
        snprintf(how, sizeof how, "signal %d, %s", number, strsignal(number));
    else
        snprintf(how, sizeof how, "exit code %lld", (long long)status);
    if (page_read(l->page, &work)) {
        snprintf(w->last_words, sizeof w->last_words, "while plugin %s was at work in %s (%s)",
                 work.plugin, work.org, how);
        w->blamed = work;
    } else {
        snprintf(w->last_words, sizeof w->last_words, "outside any plugin (%s)", how);
    }
}

static void ward_start(struct ward *w);

static void ward_on_rest(uv_timer_t *timer)
{
    ward_start(timer->data);
}

static void ward_mourn(struct ward *w)
{
    struct front *f = w->front;
    uint64_t now = uv_now(&f->loop);
    w->deaths = now - w->started_ms > LIMIT_RESTART_CALM_MS ? 1 : w->deaths + 1;
    unsigned doublings = w->deaths > WARD_FREE_DEATHS ? w->deaths - WARD_FREE_DEATHS - 1 : 0;
    if (doublings > WARD_PAUSE_DOUBLINGS)
        doublings = WARD_PAUSE_DOUBLINGS;
    uint64_t pause = w->deaths > WARD_FREE_DEATHS ? (uint64_t)WARD_PAUSE_MS << doublings : 0;
    if (pause > LIMIT_RESTART_PAUSE_MS)
        pause = LIMIT_RESTART_PAUSE_MS;
    log_write(LOG_ERROR, NULL, "a worker ended %s; it starts again%s", w->last_words,
              pause ? " after a pause, since it did so often" : "");
    w->rests_until_ms = now + pause;
    w->restarts++;
    if (pause)
        uv_timer_start(&w->rest, ward_on_rest, pause, 0);
    else
        ward_start(w);
}

void ward__ended(struct life *l, int64_t status, int number)
{
    struct ward *w = l->ward;
    struct front *f = w->front;
    ward_note_end(w, l, status, number);
    w->life = NULL;
    for (struct caller *c = f->callers; c; c = c->next)
        caller__bereave(c, w);
    w->stopped = f->stopping && !status && !number;
    if (!f->stopping)
        ward_mourn(w);
    else if (!w->stopped)
        log_write(LOG_ERROR, NULL, "a worker that was to stop ended %s", w->last_words);
    while (l->asked_count) /* last: what is told may be of this end */
        ward_answered(w, l, NULL, 0);
    life__end(l);
}

/* On a busy machine a budget lasts longer than its milliseconds: what counts is when it could run.
 */
static bool ward_is_late(struct life *l, const struct script_work *work, uint64_t now)
{
    uint64_t allowed = (uint64_t)LIMIT_CALL_GRACE_MS * 1000000;
    if (now < allowed || now - allowed <= work->until_ns)
        return false;
    uint64_t starved = life__starved_ns(l);
    allowed += starved > l->starved_ns ? starved - l->starved_ns : 0;
    return now >= allowed && now - allowed > work->until_ns;
}

bool ward__look(struct ward *w)
{
    struct script_work work;
    struct life *l = w->life;
    if (!l || !page_read(l->page, &work))
        return false;
    uint64_t now = clock_monotonic_ns();
    if (l->call_ns != work.began_ns) {
        l->call_ns = work.began_ns;
        l->starved_ns = life__starved_ns(l);
    }
    if (l->killed_ms || !ward_is_late(l, &work, now))
        return true;
    l->killed_ms = (now - work.began_ns) / 1000000;
    ward__kill(w);
    return true;
}

void ward__kill(struct ward *w)
{
    if (w->life)
        uv_process_kill(&w->life->process, SIGKILL);
}

/* ---- its beginning ---- */

static void ward_start(struct ward *w)
{
    w->started_ms = uv_now(&w->front->loop);
    w->since_ms = clock_now_ms(NULL);
    int rc = life__begin(&w->life, w);
    if (rc) {
        snprintf(w->last_words, sizeof w->last_words, "before it began (%s)", uv_strerror(rc));
        ward_mourn(w);
        return;
    }
    ward_blame(w);
    ward__give(w);
}

struct ward *ward__new(struct front *f)
{
    struct ward *w = mem_new(struct ward);
    w->front = f;
    uv_timer_init(&f->loop, &w->rest);
    w->rest.data = w;
    f->wards[f->ward_count++] = w;
    ward_start(w);
    return w;
}

/* ---- how it is ---- */

void ward__write(const struct ward *w, struct jsonw *out, bool answered)
{
    struct error e = { 0 };
    jsonw_open_object(out);
    jsonw_key(out, "pid");
    jsonw_int(out, w->life ? uv_process_get_pid(&w->life->process) : 0);
    jsonw_key(out, "orgs");
    places__write(w->front, w, out);
    jsonw_key(out, "started_at_ms");
    jsonw_int(out, w->since_ms);
    jsonw_key(out, "restarts");
    jsonw_int(out, w->restarts);
    if (w->restarts) {
        jsonw_key(out, "ended_last");
        jsonw_text(out, w->last_words);
    }
    if (!w->life)
        ward_resting(w, "these", &e);
    else if (!answered)
        error_set(&e, ERROR_BUSY, "at work: it does not answer now");
    jsonw_key(out, "problem");
    jsonw_text(out, e.message);
    jsonw_close(out);
}
