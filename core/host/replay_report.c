/* What came of a replay: counts, and each referral that would have gone
 * otherwise. */
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/zone.h"
#include "host/replay_internal.h"

enum report_class {
    REPORT_OPEN, /* not judged: it has not ended, or before */
    REPORT_SAME,
    REPORT_END,       /* ends otherwise */
    REPORT_WAY,       /* the same end, another way */
    REPORT_DEADLINES, /* deadlines move, nothing else */
    REPORT_UNKNOWN,
    REPORT_LACKS, /* not replayed */
    REPORT_CLASSES
};
static const char *const report_names[] = { "",          "same",    "end",         "way",
                                            "deadlines", "unknown", "not_replayed" };

static bool report_same_end(struct replay *r, const struct story *s)
{
    const char *stage = replay_stage(r->org->world.domain, r->words[s->workflow], s->version,
                                     r->words[s->rec.stage]);
    return s->rec.outcome == s->rep.outcome && !strcmp(stage, r->words[s->rep.stage]);
}

/* A child whose parent went another way was perhaps never opened: that is known only where the
 * parent's story is. */
static bool report_parent_unknown(struct replay *r, int64_t id)
{
    const struct row *row;
    if (store_get(r->of->store, ENTITY_REFERRAL, id, &row, NULL) < 0 ||
        row_is_null(row, REFERRAL_PARENT))
        return true;
    return replay__story(r, row_int(row, REFERRAL_PARENT))->unknown;
}

static enum report_class report_class(struct replay *r, int64_t id)
{
    const struct story *s = replay__story(r, id);
    if (!s->opened || s->rec.closed_at_ms == INT64_MIN || s->rec.closed_at_ms < r->since_ms)
        return REPORT_OPEN;
    if (s->lack)
        return REPORT_LACKS;
    if (s->unknown)
        return REPORT_UNKNOWN;
    if (!s->here)
        return report_parent_unknown(r, id) ? REPORT_UNKNOWN : REPORT_END;
    if (!report_same_end(r, replay__story(r, id)))
        return REPORT_END;
    s = replay__story(r, id);
    if (s->d && s->d->has_first)
        return REPORT_WAY;
    return s->d && s->d->move_count ? REPORT_DEADLINES : REPORT_SAME;
}

static void report_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void report_instant(struct jsonw *w, const char *key, int64_t ms)
{
    jsonw_key(w, key);
    if (ms == INT64_MIN)
        jsonw_null(w);
    else
        jsonw_int(w, ms);
}

static void report_end(struct replay *r, const char *key, const struct story_end *end, bool there,
                       struct jsonw *w)
{
    jsonw_key(w, key);
    if (!there) {
        jsonw_null(w);
        return;
    }
    jsonw_open_object(w);
    jsonw_key(w, "stage");
    jsonw_text(w, r->words[end->stage]);
    jsonw_key(w, "outcome");
    jsonw_text(w, r->words[end->outcome]);
    report_instant(w, "closed_at_ms", end->closed_at_ms);
    jsonw_close(w);
}

static void report_event(const char *key, const char *json, struct jsonw *w)
{
    jsonw_key(w, key);
    if (json)
        jsonw_raw(w, json, strlen(json));
    else
        jsonw_null(w);
}

static void report_replayed(const struct replay *r, const char *json, struct jsonw *w)
{
    struct buf text = BUF_INIT;
    if (json)
        replay__recorded(r, json, &text);
    report_event("replayed", json ? buf_text(&text) : NULL, w);
    buf_free(&text);
}

static void report_difference(const struct replay *r, const struct difference *d, struct jsonw *w)
{
    size_t shown = d->move_count < REPLAY_MOVES ? d->move_count : REPLAY_MOVES;
    if (d->has_first) {
        jsonw_key(w, "first");
        jsonw_open_object(w);
        report_event("recorded", d->first_there, w);
        report_replayed(r, d->first_here, w);
        jsonw_key(w, "differs");
        jsonw_text(w, d->names);
        jsonw_close(w);
    }
    jsonw_key(w, "deadlines");
    jsonw_open_array(w);
    for (size_t i = 0; i < shown; i++) {
        jsonw_open_object(w);
        jsonw_key(w, "stage");
        jsonw_text(w, r->words[d->moves[i].stage]);
        report_instant(w, "from_ms", d->moves[i].from_ms);
        report_instant(w, "to_ms", d->moves[i].to_ms);
        jsonw_close(w);
    }
    jsonw_close(w);
    if (!d->why)
        return;
    jsonw_key(w, "unknown");
    jsonw_open_object(w);
    report_number(w, "seq", d->why_seq);
    report_number(w, "at_ms", d->why_at_ms);
    jsonw_key(w, "why");
    jsonw_text(w, d->why);
    jsonw_close(w);
}

static const char *report_lacking(const struct story *s)
{
    return s->lack == STORY_MIGRATED ? "it was migrated from one version to another meanwhile"
                                     : "a part of its history was erased";
}

static void report_row(struct replay *r, int64_t id, enum report_class class, struct jsonw *w)
{
    const struct story *s = replay__story(r, id);
    const struct row *row;
    char ref[32];
    row_id_format(ENTITY_REFERRAL, id, ref);
    jsonw_open_object(w);
    jsonw_key(w, "referral");
    jsonw_text(w, ref);
    jsonw_key(w, "title");
    jsonw_text(w, store_get(r->of->store, ENTITY_REFERRAL, id, &row, NULL) == 0
                      ? row_text(row, REFERRAL_TITLE)
                      : "");
    jsonw_key(w, "workflow");
    jsonw_text(w, r->words[s->workflow]);
    jsonw_key(w, "class");
    jsonw_text(w, report_names[class]);
    report_end(r, "recorded", &s->rec, true, w);
    report_end(r, "replayed", &s->rep, s->here && class != REPORT_LACKS, w);
    if (s->d)
        report_difference(r, s->d, w);
    if (s->lack || !s->here) {
        jsonw_key(w, "why");
        jsonw_text(w, s->lack ? report_lacking(s) : "nothing opens it");
    }
    jsonw_close(w);
}

/* ---- the whole ---- */

/* The calendar is the present one: deadlines from before it changed may differ for that alone. */
static void report_notes(struct replay *r, struct jsonw *w)
{
    struct plugin_info info;
    struct buf text = BUF_INIT;
    jsonw_key(w, "notes");
    jsonw_open_array(w);
    for (size_t i = 0; i < script_plugin_count(r->org->world.script); i++) {
        script_plugin_at(r->org->world.script, i, &info);
        if (!*info.problem)
            continue;
        buf_clear(&text);
        buf_printf(&text, "plugin %s: %s", info.name, info.problem);
        jsonw_text(w, text.data);
    }
    if (r->rescheduled_at_ms) {
        buf_clear(&text);
        buf_puts(&text, "the calendar changed, last on ");
        zone_format(calendar_zone(r->of->world.config.calendar), r->rescheduled_at_ms, false,
                    &text);
        buf_puts(&text, ": deadlines from before are computed by the present one");
        jsonw_text(w, text.data);
    }
    if (r->lost) {
        buf_clear(&text);
        buf_printf(&text, "%lld records other than referrals could not be written again",
                   (long long)r->lost);
        jsonw_text(w, text.data);
    }
    jsonw_close(w);
    buf_free(&text);
}

static void report_counts(struct replay *r, const int64_t counts[REPORT_CLASSES], struct jsonw *w)
{
    int64_t judged = 0;
    for (int c = REPORT_SAME; c < REPORT_CLASSES; c++)
        judged += counts[c];
    jsonw_key(w, "plugins");
    jsonw_text(w, buf_text(&r->plugins));
    report_number(w, "since_ms", r->since_ms);
    jsonw_key(w, "zone");
    jsonw_text(w, zone_name(calendar_zone(r->of->world.config.calendar)));
    report_number(w, "events", r->until_seq);
    report_number(w, "commands", r->commands);
    report_number(w, "finished", judged);
    for (int c = REPORT_SAME; c < REPORT_CLASSES; c++)
        report_number(w, report_names[c], counts[c]);
}

int64_t replay_differing(const struct replay *r)
{
    return r->differing;
}

int replay_report(struct replay *r, size_t rows, struct jsonw *w, struct error *e)
{
    int64_t counts[REPORT_CLASSES] = { 0 };
    struct buf list = BUF_INIT;
    struct jsonw lw;
    size_t shown = 0;
    int rc = org__alive(r->of, e);
    if (rc < 0)
        return rc;
    jsonw_start(&lw, &list);
    jsonw_open_array(&lw);
    for (size_t id = 1; id < r->story_count; id++) {
        enum report_class class = report_class(r, (int64_t)id);
        counts[class]++;
        if (class > REPORT_SAME && shown < rows && list.len < LIMIT_FRAME_BYTES / 4) {
            report_row(r, (int64_t)id, class, &lw);
            shown++;
        }
    }
    jsonw_close(&lw);
    r->differing = 0;
    for (int c = REPORT_END; c < REPORT_CLASSES; c++)
        r->differing += counts[c];
    jsonw_open_object(w);
    report_counts(r, counts, w);
    report_number(w, "rows_left_out", r->differing - (int64_t)shown);
    report_notes(r, w);
    jsonw_key(w, "rows");
    jsonw_raw(w, list.data, list.len);
    jsonw_close(w);
    buf_free(&list);
    return 0;
}
