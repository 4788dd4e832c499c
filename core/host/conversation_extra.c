/* What a statement asks of the conversation beyond its command: a later time on
 * a scratch copy (at), events as they happen (watch), how long it took (timing).
 *
 * Gone to a copy, requests that need a session go to an inner conversation with
 * it, whose frames are ours; at() there makes us come back. */
#include <stdio.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "baton/host/scratch.h"
#include "host/request_internal.h"

enum { EXTRA_WATCH_LINES = 100 };

struct away {
    struct org *org;
    struct conversation *inner;
    struct conversation *outer;
    size_t happened;
};

static void extra_print(struct conversation *c, const struct buf *text)
{
    conversation__output(c, SCRIPT_PRINT, NULL, buf_text(text), text->len);
    conversation__flush(c);
}

/* ---- at ---- */

static void away_notice(void *context, const char *org, enum log_level level, const char *text)
{
    struct away *a = context;
    struct buf line = BUF_INIT;
    (void)org;
    (void)level;
    a->happened++;
    buf_printf(&line, "  %s", text); /* says itself when it was due */
    extra_print(a->outer, &line);
    buf_free(&line);
}

static void away_free(struct away *a)
{
    if (!a)
        return;
    conversation_free(a->inner);
    org_close(a->org);
    mem_free(a);
}

void conversation__end_away(struct conversation *c)
{
    away_free(c->away);
    c->away = NULL;
}

static int away_move(struct away *a, int64_t at_ms, struct error *e)
{
    struct buf line = BUF_INIT;
    a->happened = 0;
    int rc = at_ms > org_now(a->org) ? org_move_clock(a->org, at_ms, e) : 0;
    if (!rc) {
        buf_printf(&line, "%zu thing%s happened until ", a->happened, a->happened == 1 ? "" : "s");
        zone_format(calendar_zone(domain_calendar(org_domain(a->org))), at_ms, false, &line);
        extra_print(a->outer, &line);
    }
    buf_free(&line);
    return rc;
}

static int away_open(struct away **out, struct conversation *c, int64_t at_ms, struct error *e)
{
    struct away *a = mem_new(struct away);
    a->outer = c;
    int rc = scratch_copy(&a->org, c->org, away_notice, a, e);
    if (!rc)
        rc = away_move(a, at_ms, e);
    if (rc)
        away_free(a);
    else
        *out = a;
    return rc;
}

struct away_code {
    struct session *session;
    const char *text;
};

static int away_eval(void *context, struct org *o, struct error *e)
{
    const struct away_code *code = context;
    bool incomplete = false;
    (void)o;
    int rc = session_eval(code->session, code->text, strlen(code->text), &incomplete, e);
    if (!rc && incomplete)
        rc = error_set(e, ERROR_INVALID, "at: the code is not finished: %.200s", code->text);
    return rc;
}

/* at(time, "code"): there and back. */
static int extra_at_code(struct conversation *c, const struct session_wishes *w, struct error *e)
{
    static const char *const none[] = { NULL };
    struct away *a = NULL;
    struct away_code code = { .text = w->at_code };
    struct session_options so = { .actor = session_actor(c->session),
                                  .output = conversation__output,
                                  .context = c,
                                  .files = none,
                                  .args = none,
                                  .script_name = "session" };
    int rc = away_open(&a, c, w->at_ms, e);
    if (!rc)
        rc = session_open(&code.session, org_script(a->org), &so, e);
    if (!rc) {
        rc = org_turn(a->org, away_eval, &code, e);
        session_close(code.session);
    }
    away_free(a);
    return rc;
}

static int extra_at(struct conversation *c, const struct session_wishes *w, struct error *e)
{
    struct buf line = BUF_INIT;
    int rc = 0;
    if (c->is_away && !w->at_back && !w->at_code)
        return away_move(c->is_away, w->at_ms, e);
    if (c->is_away && w->at_code)
        return error_set(e, ERROR_INVALID,
                         "at: this is a scratch copy already: at(time) goes on, at() goes back");
    if (c->is_away) {
        c->leaves = true; /* the outer conversation comes back once this is answered */
        buf_puts(&line, "back to now");
    } else if (w->at_back) {
        buf_puts(&line, "this is now");
    } else if (w->at_code) {
        return extra_at_code(c, w, e);
    } else if (!(rc = away_open(&c->away, c, w->at_ms, e))) {
        c->away->inner = conversation_new(c->frame, c->context);
        c->away->inner->is_away = c->away;
        buf_puts(&line, "this is a scratch copy, with variables of its own: nothing in it is kept "
                        "or sent; at() goes back to now");
    }
    if (!rc)
        extra_print(c, &line);
    buf_free(&line);
    return rc;
}

bool conversation__start_away(struct conversation *c, json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    if (!c->away || !op ||
        (strcmp(op, "eval") && strcmp(op, "complete") && strcmp(op, "command") &&
         strcmp(op, "report")))
        return false;
    struct conversation *inner = c->away->inner;
    conversation_start_value(inner, c->away->org, request);
    if (inner->leaves)
        conversation__end_away(c);
    return true;
}

/* ---- watch ---- */

struct watch_lines {
    struct conversation *c;
    const struct zone *zone;
    struct buf lines; /* each ended by NUL */
    size_t count, more;
};

static bool watch_wants(const struct conversation *c, const char *kind)
{
    size_t n = strlen(c->watch_kind);
    if (!n || !strcmp(c->watch_kind, "*"))
        return true;
    if (c->watch_kind[n - 1] == '*')
        return !strncmp(c->watch_kind, kind, n - 1);
    return !strcmp(c->watch_kind, kind);
}

static void watch_member(const struct event *event, const char *key, const char *before,
                         struct buf *out)
{
    struct json_slice slice;
    if (!event->payload ||
        !jsons_get(event->payload, event->payload_len, key, strlen(key), &slice) ||
        slice.type != JSON_T_TEXT)
        return;
    buf_puts(out, before);
    jsons_text(&slice, out);
}

static int watch_line(void *context, const struct event *event)
{
    struct watch_lines *l = context;
    l->c->watch_seq = event->seq;
    if (!strcmp(event->kind, "handlers.ran") || !watch_wants(l->c, event->kind))
        return 0;
    if (l->count == EXTRA_WATCH_LINES) {
        l->more++;
        return 0;
    }
    l->count++;
    zone_format(l->zone, event->at_ms, false, &l->lines);
    buf_printf(&l->lines, "  #%lld ", (long long)event->seq);
    if (event->entity != ENTITY_NONE && event->entity_id) {
        char ref[32];
        row_id_format(event->entity, event->entity_id, ref);
        buf_printf(&l->lines, "%s ", ref);
    }
    buf_puts(&l->lines, event->kind);
    watch_member(event, "transition", " ", &l->lines);
    watch_member(event, "from", ": ", &l->lines);
    watch_member(event, "to", " → ", &l->lines);
    buf_printf(&l->lines, ", by %s", event->actor);
    buf_putc(&l->lines, '\0');
    return 0;
}

void conversation__committed(struct org_watch *w)
{
    struct conversation *c =
        (struct conversation *)((char *)w - offsetof(struct conversation, watch));
    if (!c->org || !c->org->store || store_last_event(c->org->store) <= c->watch_seq)
        return;
    struct watch_lines l = { .c = c,
                             .zone = calendar_zone(domain_calendar(c->org->world.domain)),
                             .lines = BUF_INIT };
    store_events(c->org->store, c->watch_seq, 0, watch_line, &l, NULL);
    for (size_t at = 0; at < l.lines.len; at += strlen(l.lines.data + at) + 1)
        conversation__notice(c, l.lines.data + at);
    if (l.more) {
        char text[64];
        snprintf(text, sizeof text, "… and %zu events more", l.more);
        conversation__notice(c, text);
    }
    buf_free(&l.lines);
}

static int extra_watch(struct conversation *c, const struct session_wishes *w, struct error *e)
{
    const char *kind = w->watch_kind ? w->watch_kind : "";
    if (strlen(kind) >= sizeof c->watch_kind)
        return error_set(e, ERROR_LIMIT, "watch: \"%.60s…\" is no kind of event", kind);
    snprintf(c->watch_kind, sizeof c->watch_kind, "%s", kind);
    c->watch.committed = w->watch_on ? conversation__committed : NULL;
    c->watch_seq = store_last_event(c->org->store);
    struct buf line = BUF_INIT;
    if (w->watch_on)
        buf_printf(&line, "watching %s; watch(false) ends it", *kind ? kind : "all events");
    else
        buf_puts(&line, "no longer watching");
    extra_print(c, &line);
    buf_free(&line);
    return 0;
}

/* ---- all of them ---- */

int conversation__wishes(struct conversation *c, uint64_t began_ns, struct error *e)
{
    struct session_wishes w;
    uint64_t ended_ns = clock_monotonic_ns();
    int rc = 0;
    if (!c->session)
        return 0;
    session_wishes(c->session, &w);
    if (w.timing) {
        char text[64];
        double ms = (double)(ended_ns - began_ns) / 1e6;
        snprintf(text, sizeof text, "%.*f ms", ms < 10 ? 2 : 0, ms);
        conversation__notice(c, text);
    }
    if (w.watch)
        rc = extra_watch(c, &w, e);
    if (!rc && w.at)
        rc = extra_at(c, &w, e);
    return rc;
}
