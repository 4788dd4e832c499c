/* op calendar: a month of working time; and which deadlines would move if the
 * settings as they are now in org.ini (or another file) were loaded. Nothing is
 * written. */
#include "baton/base/calendar.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "baton/domain/reschedule.h"
#include "host/request_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CALENDAR_SLICE = 256, CALENDAR_SHOWN = 1000 };

struct calendar_op {
    bool preview;
    int year, month;
    struct org_config config; /* of preview: as the file says */
    struct calendar *applied; /* NULL: not known, so the loaded one */
    struct reschedule r;
    struct buf rows; /* objects, separated by commas */
    int64_t shown;
};

/* ---- reading the request ---- */

static int calendar_month(struct conversation *c, struct calendar_op *op, struct error *e)
{
    const char *text = NULL;
    char rest;
    int rc = request__text(c, "month", false, &text, NULL, e);
    struct civil now;
    if (rc)
        return rc;
    zone_to_civil(calendar_zone(c->org->world.config.calendar), org_now(c->org), &now);
    op->year = now.year;
    op->month = now.month;
    if (text && (sscanf(text, "%4d-%2d%c", &op->year, &op->month, &rest) != 2 || op->month < 1 ||
                 op->month > 12 || op->year < 1970 || op->year > 2199))
        return request__refuse(e, "month",
                               "month \"%.40s\": expected as in 2026-11, years 1970 to 2199", text);
    return 0;
}

static void calendar_event(struct jsonw *w, const struct reschedule_move *m)
{
    const struct row *r = m->referral;
    char ref[32];
    row_id_format(ENTITY_REFERRAL, r->id, ref);
    jsonw_open_object(w);
    jsonw_key(w, "referral");
    jsonw_text(w, ref);
    jsonw_key(w, "title");
    jsonw_text(w, row_text(r, REFERRAL_TITLE));
    jsonw_key(w, "workflow");
    jsonw_text(w, row_text(r, REFERRAL_WORKFLOW));
    jsonw_key(w, "stage");
    jsonw_text(w, row_text(r, REFERRAL_STAGE));
    jsonw_key(w, "due_from_ms");
    jsonw_int(w, m->due_from_ms);
    jsonw_key(w, "due_to_ms");
    jsonw_int(w, m->due_to_ms);
    if (m->error) {
        jsonw_key(w, "error");
        jsonw_text(w, m->error);
    }
    jsonw_close(w);
}

static int calendar_each(void *context, const struct reschedule_move *m)
{
    struct calendar_op *op = context;
    struct jsonw w;
    if (op->shown++ >= CALENDAR_SHOWN)
        return 0;
    if (op->rows.len)
        buf_putc(&op->rows, ',');
    jsonw_start(&w, &op->rows);
    calendar_event(&w, m);
    return 0;
}

static int calendar_start_preview(struct conversation *c, struct calendar_op *op, struct error *e)
{
    const char *path = NULL;
    int rc = request__path(c, "path", false, &path, e);
    if (rc)
        return rc;
    char *own = path ? NULL : home__path(c->org->dir, "org.ini");
    rc = config__load(&op->config, path ? path : own, c->org->name, e);
    mem_free(own);
    if (!rc)
        rc = calendar__applied(c->org, &op->applied, e);
    op->r = (struct reschedule){ .old_calendar =
                                     op->applied ? op->applied : c->org->world.config.calendar,
                                 .new_calendar = op->config.calendar,
                                 .each = calendar_each,
                                 .context = op };
    return rc;
}

static int calendar_start(struct conversation *c, struct error *e)
{
    struct calendar_op *op = arena_alloc(c->arena, sizeof *op);
    const char *action = "show";
    *op = (struct calendar_op){ 0 };
    c->state = op;
    int rc = request__text(c, "action", false, &action, NULL, e);
    if (!rc && strcmp(action, "show") && strcmp(action, "preview"))
        rc = request__refuse(e, "action", "action \"%.40s\": show or preview", action);
    if (rc)
        return rc;
    op->preview = !strcmp(action, "preview");
    return op->preview ? calendar_start_preview(c, op, e) : calendar_month(c, op, e);
}

static int calendar_step(struct conversation *c, bool *done, struct error *e)
{
    struct calendar_op *op = c->state;
    if (c->cancelled)
        return error_set(e, ERROR_CANCELLED, "the preview was stopped");
    *done = !op->preview;
    if (*done)
        return 0;
    int rc = domain_reschedule_preview(c->org->world.domain, &op->r, CALENDAR_SLICE, e);
    *done = op->r.done;
    return rc;
}

/* ---- show ---- */

static void calendar_hours(struct jsonw *w, const struct calendar *c, int64_t day)
{
    struct buf text = BUF_INIT;
    int64_t start_ms = 0, end_ms = 0;
    size_t count = calendar_day_hours(c, day, -1, &start_ms, &end_ms);
    for (size_t i = 0; i < count; i++) {
        calendar_day_hours(c, day, (int)i, &start_ms, &end_ms);
        int from = (int)(start_ms / 60000), to = (int)(end_ms / 60000);
        buf_printf(&text, "%s%02d:%02d-%02d:%02d", i ? " " : "", from / 60, from % 60, to / 60,
                   to % 60);
    }
    jsonw_text(w, buf_text(&text));
    buf_free(&text);
}

static void calendar_put_week(struct jsonw *w, const struct calendar *c)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    jsonw_key(w, "week");
    jsonw_open_object(w);
    for (int i = 0; i < 7; i++) {
        jsonw_key(w, names[i]);
        calendar_hours(w, c, 4 + i); /* 1970-01-05 was a Monday */
    }
    jsonw_close(w);
}

static void calendar_put_day(struct jsonw *w, const struct calendar *c, int64_t day)
{
    char date[40];
    int y, m, d;
    civil_from_days(day, &y, &m, &d);
    snprintf(date, sizeof date, "%04d-%02d-%02d", y, m, d);
    jsonw_open_object(w);
    jsonw_key(w, "date");
    jsonw_text(w, date);
    jsonw_key(w, "weekday");
    jsonw_int(w, (day + 3) % 7 + 1); /* Monday is 1 */
    jsonw_key(w, "working");
    jsonw_bool(w, calendar_is_working_day(c, day));
    jsonw_key(w, "school");
    jsonw_bool(w, calendar_is_school_day(c, day));
    jsonw_key(w, "holiday");
    jsonw_bool(w, calendar_is_holiday(c, day));
    jsonw_close(w);
}

static void calendar_show(const struct calendar *c, const struct calendar_op *op, struct jsonw *w)
{
    char month[40];
    int64_t first = civil_to_days(op->year, op->month, 1);
    int64_t end = civil_to_days(op->year, op->month + 1, 1);
    int working = 0, school = 0;
    snprintf(month, sizeof month, "%04d-%02d", op->year, op->month);
    jsonw_key(w, "zone");
    jsonw_text(w, zone_name(calendar_zone(c)));
    calendar_put_week(w, c);
    jsonw_key(w, "month");
    jsonw_text(w, month);
    jsonw_key(w, "days");
    jsonw_open_array(w);
    for (int64_t day = first; day < end; day++) {
        working += calendar_is_working_day(c, day);
        school += calendar_is_school_day(c, day);
        calendar_put_day(w, c, day);
    }
    jsonw_close(w);
    jsonw_key(w, "working_days");
    jsonw_int(w, working);
    jsonw_key(w, "school_days");
    jsonw_int(w, school);
}

/* ---- preview ---- */

/* The lines of both that differ, as { "holidays": [from, to] }. */
static const char *calendar_line(const char *text, const char *key, size_t *n)
{
    size_t key_n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, key_n) && !strncmp(line + key_n, " = ", 3)) {
            *n = strcspn(line + key_n + 3, "\n");
            return line + key_n + 3;
        }
    }
    *n = 0;
    return "";
}

static void calendar_differences(const struct calendar_op *op, struct jsonw *w)
{
    static const char *const keys[] = { "zone", "week", "holidays", "terms" };
    struct buf old = BUF_INIT, new = BUF_INIT;
    calendar_write(op->r.old_calendar, &old);
    calendar_write(op->r.new_calendar, &new);
    jsonw_key(w, "settings");
    jsonw_open_object(w);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t old_n, new_n;
        const char *a = calendar_line(old.data, keys[i], &old_n);
        const char *b = calendar_line(new.data, keys[i], &new_n);
        if (old_n == new_n && !memcmp(a, b, old_n))
            continue;
        jsonw_key(w, keys[i]);
        jsonw_open_array(w);
        jsonw_textn(w, a, old_n);
        jsonw_textn(w, b, new_n);
        jsonw_close(w);
    }
    jsonw_close(w);
    buf_free(&old);
    buf_free(&new);
}

static void calendar_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void calendar_preview(const struct calendar_op *op, struct jsonw *w)
{
    calendar_differences(op, w);
    calendar_number(w, "looked", op->r.looked);
    calendar_number(w, "moved", op->r.moved);
    calendar_number(w, "steps", op->r.steps);
    calendar_number(w, "failed", op->r.failed);
    calendar_number(w, "left_out", op->shown > CALENDAR_SHOWN ? op->shown - CALENDAR_SHOWN : 0);
    jsonw_key(w, "zone"); /* in which times are shown */
    jsonw_text(w, zone_name(calendar_zone(op->r.new_calendar)));
    jsonw_key(w, "moves");
    jsonw_open_array(w);
    if (op->rows.len)
        jsonw_raw(w, op->rows.data, op->rows.len);
    jsonw_close(w);
}

static int calendar_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct calendar_op *op = c->state;
    (void)e;
    if (op->preview)
        calendar_preview(op, done);
    else
        calendar_show(c->org->world.config.calendar, op, done);
    return 0;
}

static void calendar_end(struct conversation *c)
{
    struct calendar_op *op = c->state;
    if (!op)
        return;
    config__free(&op->config);
    calendar_free(op->applied);
    buf_free(&op->rows);
}

static const char *const calendar_keys[] = { "action", "month", "path", NULL };

const struct request_op op_calendar = { .name = "calendar",
                                        .keys = calendar_keys,
                                        .start = calendar_start,
                                        .step = calendar_step,
                                        .finish = calendar_finish,
                                        .end = calendar_end };
