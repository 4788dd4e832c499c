/* Deadlines that stand still: what remains is kept in a field of the row that is
 * the engine's (pause_internal.h), so it is in the event as well, and the three
 * columns of the clock are empty meanwhile: nothing can fire.
 *
 * What has been counted stays counted; what remains is counted by the calendar
 * that holds when it goes on. */
#include "baton/domain/pause.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "domain/pause_internal.h"

static const char clock_field[] = "_clock", held_field[] = "_held";

struct stopped { /* _clock or _held */
    int64_t at_ms, left_ms, due_ms;
    enum calendar_unit unit;
    bool by_field;
    int step; /* the next one; -1: all have fired */
    char stage[LIMIT_NAME_BYTES + 1];
};

bool pause__is_engine_field(const char *name, size_t n)
{
    return n > 0 && name[0] == '_';
}

enum calendar_unit pause__unit(const struct stage *s)
{
    if (s->due_field)
        return CALENDAR_ELAPSED;
    if (s->within.school_days)
        return CALENDAR_SCHOOL;
    return s->within.working_days || s->within.working_ms ? CALENDAR_WORKING : CALENDAR_ELAPSED;
}

/* ---- the fields ---- */

/* Every move asks, and hardly any referral has them: one look tells that nothing is there. */
static bool pause_any(const struct row *row)
{
    return row->fields.len > 0 && strstr(row->fields.s, "\"_") != NULL;
}

static bool pause_find(const struct row *row, const char *field, struct json_slice *out)
{
    const struct value *f = &row->fields;
    return pause_any(row) && jsons_get(f->s, f->len, field, strlen(field), out) &&
           out->type == JSON_T_OBJECT;
}

static bool pause_number(const struct json_slice *object, const char *key, int64_t *out)
{
    struct json_slice v;
    if (!jsons_get(object->text, object->len, key, strlen(key), &v) || v.type != JSON_T_INT)
        return false;
    *out = jsons_int(&v);
    return true;
}

static void pause_word(const struct json_slice *object, const char *key, char *out, size_t size)
{
    struct json_slice v;
    bool has = jsons_get(object->text, object->len, key, strlen(key), &v) && v.type == JSON_T_TEXT;
    snprintf(out, size, "%.*s", has ? (int)v.len : 0, has ? v.text : "");
}

static bool pause_read(const struct row *row, const char *field, struct stopped *out)
{
    struct json_slice v;
    char unit[16];
    int64_t step = -1;
    *out = (struct stopped){ .step = -1 };
    if (!pause_find(row, field, &v) || !pause_number(&v, "paused_at_ms", &out->at_ms))
        return false;
    pause_number(&v, "left_ms", &out->left_ms);
    pause_number(&v, "due_at_ms", &out->due_ms);
    if (pause_number(&v, "step", &step))
        out->step = (int)step;
    pause_word(&v, "unit", unit, sizeof unit);
    pause_word(&v, "stage", out->stage, sizeof out->stage);
    out->by_field = !strcmp(unit, "field");
    for (int u = CALENDAR_ELAPSED; u <= CALENDAR_SCHOOL; u++)
        if (!strcmp(unit, calendar_unit_name((enum calendar_unit)u)))
            out->unit = (enum calendar_unit)u;
    return true;
}

static void put_int(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void put_text(struct jsonw *w, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    jsonw_key(w, key);
    jsonw_text(w, text);
}

static void put_left(struct jsonw *w, const struct stopped *s)
{
    put_int(w, "left_ms", s->left_ms);
    put_text(w, "unit", s->by_field ? "field" : calendar_unit_name(s->unit));
}

static void put_stopped(struct jsonw *w, const char *field, const struct stopped *s)
{
    jsonw_key(w, field);
    jsonw_open_object(w);
    put_text(w, "stage", field == held_field ? s->stage : NULL);
    put_int(w, "paused_at_ms", s->at_ms);
    put_left(w, s);
    put_int(w, "step", s->step);
    put_int(w, "due_at_ms", s->due_ms);
    jsonw_close(w);
}

/* Of a deadline that goes on: nothing where a field says when it is due. */
static void put_resumed(struct jsonw *w, const struct stopped *s, int64_t now_ms)
{
    jsonw_key(w, clock_field);
    if (s->by_field) {
        jsonw_null(w);
        return;
    }
    jsonw_open_object(w);
    put_int(w, "from_ms", now_ms);
    put_left(w, s);
    jsonw_close(w);
}

void pause__patch(struct buf *fields, struct store_change *change)
{
    if (fields->len <= 2)
        return;
    if (change->fields && change->fields_len > 2) {
        struct buf both = BUF_INIT;
        buf_add(&both, change->fields, change->fields_len - 1);
        buf_putc(&both, ',');
        buf_add(&both, fields->data + 1, fields->len - 1);
        buf_free(fields);
        *fields = both;
    }
    change->fields = fields->data;
    change->fields_len = fields->len;
}

void pause__rename_held(const struct row *referral, const char *stage, struct jsonw *patch)
{
    struct stopped held;
    if (!pause_read(referral, held_field, &held))
        return;
    snprintf(held.stage, sizeof held.stage, "%s", stage);
    put_stopped(patch, held_field, &held);
}

/* ---- asking ---- */

bool domain_paused(const struct row *referral, bool held, struct pause_state *out)
{
    struct stopped s;
    if (!pause_read(referral, held ? held_field : clock_field, &s))
        return false;
    if (out) {
        *out = (struct pause_state){ s.at_ms, s.left_ms, s.unit, s.by_field, "" };
        snprintf(out->stage, sizeof out->stage, "%s",
                 held ? s.stage : row_text(referral, REFERRAL_STAGE));
    }
    return true;
}

bool pause__is_paused(const struct row *referral)
{
    return referral && domain_paused(referral, false, NULL);
}

bool pause__has_fired(const struct row *referral)
{
    struct stopped s;
    return (pause_read(referral, clock_field, &s) && s.step != 0) ||
           (pause_read(referral, held_field, &s) && s.step != 0);
}

bool pause__resumed(const struct row *referral, int64_t *from_ms, int64_t *left_ms)
{
    struct json_slice v;
    return pause_find(referral, clock_field, &v) && pause_number(&v, "from_ms", from_ms) &&
           pause_number(&v, "left_ms", left_ms);
}

/* "2 working hours 30 minutes remain", "overdue by 2 working hours". */
static void pause_left_text(const struct pause_state *s, struct buf *out)
{
    static const char *const words[] = { "", " of working time", " of school time" };
    struct buf text = BUF_INIT;
    struct span span = { .ms = s->left_ms < 0 ? -s->left_ms : s->left_ms };
    span.ms -= span.ms % 60000;
    span_format(&span, &text);
    if (s->by_field)
        buf_puts(out, "its field says when it is due");
    else if (s->left_ms < 0)
        buf_printf(out, "overdue by %s%s", text.data, words[s->unit]);
    else
        buf_printf(out, "%s%s remain", text.data, words[s->unit]);
    buf_free(&text);
}

void domain_paused_text(const struct domain *d, const struct row *referral, struct buf *out)
{
    struct pause_state s;
    const char *between = "";
    for (int held = 0; held <= 1; held++) {
        if (!domain_paused(referral, held, &s))
            continue;
        buf_puts(out, between);
        between = "; ";
        if (held)
            buf_printf(out, "that of stage \"%s\" ", s.stage);
        buf_puts(out, "paused since ");
        zone_format(calendar_zone(d->calendar), s.since_ms, false, out);
        buf_puts(out, ", ");
        pause_left_text(&s, out);
    }
}

/* ---- stopping and going on ---- */

/* What remains of the deadline that runs in `stage`; false if none does. */
static bool pause_measure(const struct domain *d, const struct row *row, const struct stage *stage,
                          int64_t now_ms, struct stopped *out)
{
    if (row_is_null(row, REFERRAL_DUE_AT_MS))
        return false;
    *out = (struct stopped){ .at_ms = now_ms,
                             .due_ms = row_int(row, REFERRAL_DUE_AT_MS),
                             .unit = stage ? pause__unit(stage) : CALENDAR_ELAPSED,
                             .by_field = stage && stage->due_field,
                             .step = -1 };
    out->left_ms = calendar_measure(d->calendar, out->unit, now_ms, out->due_ms);
    if (!row_is_null(row, REFERRAL_WAKE_AT_MS))
        out->step = (int)row_int(row, REFERRAL_WAKE_STEP);
    snprintf(out->stage, sizeof out->stage, "%s", row_text(row, REFERRAL_STAGE));
    return true;
}

static int pause_go_on(struct domain *d, const struct deadline *dl, const struct stopped *s,
                       struct columns *c, struct error *e)
{
    int64_t due_ms = 0;
    bool has = true;
    int rc = s->by_field ? deadline__due(d, dl, &has, &due_ms, e)
                         : calendar_add(d->calendar, s->unit, dl->now_ms, s->left_ms, &due_ms, e);
    if (rc < 0) {
        error_prefix(e, "deadline of stage \"%s\"", dl->stage->name);
        return rc;
    }
    return deadline__put(d, dl, has, due_ms, s->step, c, e);
}

/* ---- moves ---- */

static bool enter_keeps(const struct move *m, const struct stage *to, bool held,
                        struct stopped *kept)
{
    const struct graph *g = m->graph;
    int index = m->stage;
    if (!to->clock_paused || held)
        return false;
    if (referral__place(m->d, m->row, &g, &index, NULL) == 0 && graph_stage(g, index)->clock_paused)
        return false; /* from one that waits to another, and nothing ran before */
    if (pause_read(m->row, clock_field, kept)) {
        snprintf(kept->stage, sizeof kept->stage, "%s", row_text(m->row, REFERRAL_STAGE));
        return true;
    }
    return pause_measure(m->d, m->row, graph_stage(g, index), m->now_ms, kept);
}

int pause__enter(const struct move *m, const struct deadline *dl, struct columns *c,
                 struct buf *fields, int64_t *cancel_after_ms, struct error *e)
{
    const struct stage *to = dl->stage;
    struct stopped held, kept;
    if (!to->clock_paused && !pause_any(m->row)) { /* nearly always */
        if (deadline__step_fired(m->row))
            *cancel_after_ms = INT64_MIN;
        return deadline__set(m->d, dl, c, e);
    }
    struct json_slice clock;
    bool had_clock = pause_find(m->row, clock_field, &clock);
    bool has_held = pause_read(m->row, held_field, &held);
    bool back = has_held && !to->clock_paused && !strcmp(held.stage, to->name);
    bool keeps = enter_keeps(m, to, has_held, &kept);
    bool fired = deadline__has_fired(m->row);
    int rc = back ? pause_go_on(m->d, dl, &held, c, e) : deadline__set(m->d, dl, c, e);
    if (rc < 0)
        return rc;
    if (fired && !keeps) /* back: those of the stage where it waited */
        *cancel_after_ms = back || (has_held && to->clock_paused)
                               ? row_int(m->row, REFERRAL_STAGE_AT_MS)
                               : INT64_MIN;
    if (!had_clock && !has_held && !keeps)
        return 0;
    struct jsonw w;
    jsonw_start(&w, fields);
    jsonw_open_object(&w);
    if (back) {
        put_resumed(&w, &held, m->now_ms);
    } else if (had_clock) {
        jsonw_key(&w, clock_field);
        jsonw_null(&w);
    }
    if (keeps) {
        put_stopped(&w, held_field, &kept);
    } else if (has_held && !to->clock_paused) {
        jsonw_key(&w, held_field);
        jsonw_null(&w);
    }
    jsonw_close(&w);
    return 0;
}

/* ---- r:pause, r:resume ---- */

struct pausing {
    const struct pause *p;
    const char *kind;
    const struct row *row;
    const struct stage *stage;
    struct columns c;
    struct stopped s;
    struct buf fields, detail;
};

static int pausing_check_text(const struct pause *p, const char *what, const char *text,
                              struct error *e)
{
    if (!text || (strlen(text) <= LIMIT_TEXT_BYTES && text_is_utf8(text, strlen(text))))
        return 0;
    return referral__refuse(p->referral_id, e, ERROR_INVALID,
                            "the %s must be UTF-8 text of at most %d bytes", what,
                            LIMIT_TEXT_BYTES);
}

static int pausing_begin(struct domain *d, struct pausing *x, struct error *e)
{
    const struct pause *p = x->p;
    const struct graph *g = NULL;
    int index = 0;
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, p->referral_id, &x->row, e);
    if (rc == 0)
        rc = referral__check_version(x->row, p->based_on, e);
    if (rc == 0 && !row_is_null(x->row, REFERRAL_CLOSED_AT_MS))
        rc = referral__refuse(p->referral_id, e, ERROR_DENIED, "it is closed (%s)",
                              row_text(x->row, REFERRAL_OUTCOME));
    if (rc == 0)
        rc = referral__place(d, x->row, &g, &index, e);
    if (rc == 0)
        x->stage = graph_stage(g, index);
    if (rc == 0)
        rc = pausing_check_text(p, "reason", p->reason, e);
    if (rc == 0)
        rc = pausing_check_text(p, "note", p->note, e);
    assert(rc < 0 || (x->row && x->stage));
    return rc;
}

static void pausing_detail(struct pausing *x, int64_t due_ms, bool has_due, int64_t paused_ms)
{
    struct jsonw w;
    jsonw_start(&w, &x->detail);
    jsonw_open_object(&w);
    put_text(&w, "stage", x->stage->name);
    if (has_due)
        put_int(&w, "due_at_ms", due_ms);
    put_left(&w, &x->s);
    if (paused_ms >= 0)
        put_int(&w, "paused_ms", paused_ms);
    put_text(&w, "reason", x->p->reason);
    put_text(&w, "note", x->p->note);
    jsonw_close(&w);
}

static int pausing_write(struct domain *d, const struct actor *actor, struct pausing *x,
                         const struct row **out, struct error *e)
{
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = x->p->referral_id,
                                   .kind = x->kind,
                                   .actor = actor->name,
                                   .at_ms = x->c.now_ms,
                                   .set = x->c.set,
                                   .set_count = x->c.count };
    pause__patch(&x->fields, &change);
    int rc = domain__change(d, &change, x->detail.data, x->detail.len, out, e);
    buf_free(&x->fields);
    buf_free(&x->detail);
    return rc;
}

static int pause_refuse(struct domain *d, const struct pausing *x, struct error *e)
{
    struct buf text = BUF_INIT;
    domain_paused_text(d, x->row, &text);
    int rc = text.len ? referral__refuse(x->row->id, e, ERROR_DENIED,
                                         "its clock stands still already: %s", buf_text(&text))
                      : referral__refuse(x->row->id, e, ERROR_DENIED,
                                         "no deadline runs in stage \"%s\": there is nothing to "
                                         "pause",
                                         x->stage->name);
    buf_free(&text);
    return rc;
}

int domain_pause(struct domain *d, const struct actor *actor, const struct pause *p,
                 const struct row **out, struct error *e)
{
    static const int empty[] = { REFERRAL_DUE_AT_MS, REFERRAL_WAKE_AT_MS, REFERRAL_WAKE_STEP };
    struct pausing x = { .p = p,
                         .kind = "referral.paused",
                         .c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) } };
    struct jsonw w;
    int rc = pausing_begin(d, &x, e);
    if (rc < 0)
        return rc;
    if (!pause_measure(d, x.row, x.stage, x.c.now_ms, &x.s))
        return pause_refuse(d, &x, e);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (!row_is_null(x.row, empty[i]))
            columns__put(&x.c, empty[i], value_null());
    jsonw_start(&w, &x.fields);
    jsonw_open_object(&w);
    put_stopped(&w, clock_field, &x.s);
    jsonw_close(&w);
    pausing_detail(&x, x.s.due_ms, true, -1);
    return pausing_write(d, actor, &x, out, e);
}

int domain_resume(struct domain *d, const struct actor *actor, const struct pause *p,
                  const struct row **out, struct error *e)
{
    struct pausing x = { .p = p,
                         .kind = "referral.resumed",
                         .c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) } };
    struct pause_state held;
    struct jsonw w;
    int rc = pausing_begin(d, &x, e);
    if (rc < 0)
        return rc;
    if (!pause_read(x.row, clock_field, &x.s))
        return domain_paused(x.row, true, &held)
                   ? referral__refuse(p->referral_id, e, ERROR_DENIED,
                                      "the clock of stage \"%s\" goes on when it returns there",
                                      held.stage)
                   : referral__refuse(p->referral_id, e, ERROR_DENIED, "it is not paused");
    const struct deadline dl = { .stage = x.stage,
                                 .row = x.row,
                                 .entered_ms = row_int(x.row, REFERRAL_STAGE_AT_MS),
                                 .now_ms = x.c.now_ms };
    rc = pause_go_on(d, &dl, &x.s, &x.c, e);
    if (rc < 0)
        return rc;
    const struct value *due = columns__get(&x.c, REFERRAL_DUE_AT_MS);
    bool has_due = due && due->type == VALUE_INT;
    jsonw_start(&w, &x.fields);
    jsonw_open_object(&w);
    put_resumed(&w, &x.s, x.c.now_ms);
    jsonw_close(&w);
    pausing_detail(&x, has_due ? due->i : 0, has_due, x.c.now_ms - x.s.at_ms);
    return pausing_write(d, actor, &x, out, e);
}
