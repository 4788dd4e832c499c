/* What would change. Rows are kept as the JSON of their columns, once as they
 * became and once as they were; what differs is shown.
 *
 * Columns that only the engine reads (version, wake_…) are left out. */
#include "baton/domain/changes.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "domain/domain_internal.h"

struct changed_row {
    enum entity entity;
    int64_t id;
    struct buf now;  /* JSON, by row_json */
    struct buf then; /* empty: it was not there */
};

struct changes {
    struct changed_row *rows;
    size_t count, room;
    uint32_t *slots; /* row index + 1 by entity and id; 0: empty */
    size_t slot_count;
    char **events; /* kinds of those about nothing, and of plugins; ended by NULL */
    size_t event_count;
};

enum { CHANGES_TEXT_BYTES = 300, CHANGES_BODY_LINES = 6, CHANGES_SHOWN = 500 };

/* ---- gathering ---- */

static uint32_t *changes_slot(const struct changes *c, enum entity entity, int64_t id)
{
    size_t mask = c->slot_count - 1;
    size_t i = (size_t)(((uint64_t)id * 16 + (uint64_t)entity) * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (c->slots[i] &&
           (c->rows[c->slots[i] - 1].id != id || c->rows[c->slots[i] - 1].entity != entity))
        i = (i + 1) & mask;
    return &c->slots[i];
}

static void changes_grow(struct changes *c)
{
    c->room = c->room ? c->room * 2 : 16;
    c->rows = mem_resize(c->rows, c->room * sizeof *c->rows);
    mem_free(c->slots);
    c->slot_count = c->room * 2;
    c->slots = mem_zero(c->slot_count * sizeof *c->slots);
    for (size_t i = 0; i < c->count; i++)
        *changes_slot(c, c->rows[i].entity, c->rows[i].id) = (uint32_t)i + 1;
}

static int changes_note(void *context, const struct event *event)
{
    struct changes *c = context;
    if (!strcmp(event->kind, "handlers.ran"))
        return 0; /* the engine's own notes */
    if (event->entity == ENTITY_NONE || !event->entity_id) {
        c->events = mem_resize(c->events, (c->event_count + 1) * sizeof *c->events);
        c->events[c->event_count++] = mem_dup(event->kind);
        return 0;
    }
    if (c->count == c->room)
        changes_grow(c);
    uint32_t *slot = changes_slot(c, event->entity, event->entity_id);
    if (*slot)
        return 0;
    c->rows[c->count++] = (struct changed_row){ .entity = event->entity, .id = event->entity_id };
    *slot = (uint32_t)c->count;
    return 0;
}

static int changes_read(struct domain *d, const struct changed_row *row, struct buf *out,
                        struct error *e)
{
    const struct row *r;
    struct jsonw w;
    int rc = store_get(d->store, row->entity, row->id, &r, e);
    if (rc < 0)
        return rc;
    jsonw_start(&w, out);
    row_json(r, &w);
    return 0;
}

int changes_gather(struct domain *d, int64_t after_seq, struct changes **out, struct error *e)
{
    struct changes *c = mem_new(struct changes);
    int rc = store_pending(d->store, after_seq, changes_note, c, e);
    for (size_t i = 0; rc == 0 && i < c->count; i++)
        rc = changes_read(d, &c->rows[i], &c->rows[i].now, e);
    if (rc < 0)
        changes_free(c);
    else
        *out = c;
    return rc;
}

int changes_settle(struct changes *c, struct domain *d, struct error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->count; i++) {
        rc = changes_read(d, &c->rows[i], &c->rows[i].then, e);
        if (rc == -ERROR_NOT_FOUND)
            rc = 0;
    }
    return rc;
}

void changes_free(struct changes *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        buf_free(&c->rows[i].now);
        buf_free(&c->rows[i].then);
    }
    for (size_t i = 0; i < c->event_count; i++)
        mem_free(c->events[i]);
    mem_free(c->rows);
    mem_free(c->slots);
    mem_free(c->events);
    mem_free(c);
}

size_t changes_count(const struct changes *c)
{
    return c->count;
}

/* ---- differences ---- */

struct difference {
    const char *name;            /* of a custom field: "fields.x" */
    const struct column *column; /* NULL: a custom field */
    json_t *old, *new;           /* borrowed; old NULL: the row is new */
};
typedef void (*difference_each)(void *context, const struct difference *difference);

static bool changes_is_quiet(const char *column)
{
    static const char *const quiet[] = {
        "id", "version", "created_at_ms", "updated_at_ms", "wake_at_ms", "wake_step", NULL
    };
    for (size_t i = 0; quiet[i]; i++)
        if (!strcmp(quiet[i], column))
            return true;
    return false;
}

static bool changes_is_empty(const json_t *v)
{
    return !v || json_is_null(v) || (json_is_string(v) && !json_string_length(v));
}

static void changes_compare(const char *prefix, const struct schema *schema, json_t *then,
                            json_t *now, difference_each each, void *context)
{
    const char *key;
    json_t *value;
    json_object_foreach(now, key, value)
    {
        json_t *old = json_object_get(then, key);
        int column = schema ? schema_column(schema, key) : -1;
        if ((schema && changes_is_quiet(key)) || json_is_object(value) || json_equal(old, value) ||
            (changes_is_empty(old) && changes_is_empty(value)))
            continue;
        struct buf name = BUF_INIT;
        buf_printf(&name, "%s%s", prefix, key);
        struct difference difference = { .name = name.data,
                                         .column = column < 0 ? NULL : &schema->columns[column],
                                         .old = then ? (old ? old : json_null()) : NULL,
                                         .new = value };
        each(context, &difference);
        buf_free(&name);
    }
}

/* Fields that are gone from the object are no members of the new one. */
static void changes_compare_gone(json_t *then, json_t *now, difference_each each, void *context)
{
    const char *key;
    json_t *value;
    json_object_foreach(then, key, value)
    {
        if (json_object_get(now, key) || changes_is_empty(value))
            continue;
        struct buf name = BUF_INIT;
        buf_printf(&name, "fields.%s", key);
        struct difference difference = { .name = name.data, .old = value, .new = json_null() };
        each(context, &difference);
        buf_free(&name);
    }
}

static void changes_of_row(const struct changed_row *row, difference_each each, void *context)
{
    json_t *now = NULL, *then = NULL;
    json_read(buf_text(&row->now), row->now.len, &now, NULL);
    if (row->then.len)
        json_read(row->then.data, row->then.len, &then, NULL);
    json_t *now_fields = json_object_get(now, "fields"),
           *then_fields = json_object_get(then, "fields");
    changes_compare("", schema_of(row->entity), then, now, each, context);
    changes_compare("fields.", NULL, then_fields, now_fields, each, context);
    changes_compare_gone(then_fields, now_fields, each, context);
    json_decref(now);
    json_decref(then);
}

/* ---- for people ---- */

struct changes_lines {
    const struct domain *d;
    struct buf *out;
};

static bool changes_ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && !strcmp(text + n - m, ending);
}

static void changes_put_text(struct buf *out, const char *text)
{
    size_t n = strlen(text), cut = n;
    if (n > CHANGES_TEXT_BYTES)
        for (cut = CHANGES_TEXT_BYTES; cut && ((unsigned char)text[cut] & 0xC0) == 0x80;)
            cut--;
    buf_putc(out, '"');
    text_printable(text, cut, false, out);
    buf_puts(out, cut < n ? "…\"" : "\"");
}

static void changes_put_value(const struct changes_lines *l, const struct difference *difference,
                              const json_t *v)
{
    bool time = difference->column ? difference->column->type == COLUMN_TIME
                                   : changes_ends_with(difference->name, "_at");
    if (json_is_null(v)) {
        buf_puts(l->out, "none");
    } else if (json_is_integer(v) && time) {
        zone_format(calendar_zone(l->d->calendar), json_integer_value(v), false, l->out);
    } else if (json_is_integer(v) && difference->column && difference->column->type == COLUMN_REF) {
        char ref[32];
        row_id_format(difference->column->ref, json_integer_value(v), ref);
        buf_puts(l->out, ref);
    } else if (json_is_string(v)) {
        changes_put_text(l->out, json_string_value(v));
    } else {
        struct jsonw w;
        jsonw_start(&w, l->out);
        jsonw_value(&w, v);
    }
}

static void changes_put_line(void *context, const struct difference *difference)
{
    const struct changes_lines *l = context;
    buf_printf(l->out, "\n    %s: ", difference->name);
    if (difference->old) {
        changes_put_value(l, difference, difference->old);
        buf_puts(l->out, " → ");
    }
    changes_put_value(l, difference, difference->new);
}

/* A message that is new and waits: would go out. */
static bool changes_is_sent(const struct changed_row *row)
{
    return row->entity == ENTITY_MESSAGE && !row->then.len;
}

static const char *changes_member(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static void changes_put_message(const struct changed_row *row, struct buf *out)
{
    json_t *now = NULL;
    json_read(buf_text(&row->now), row->now.len, &now, NULL);
    buf_printf(out, "would send M-%lld to %s by %s", (long long)row->id,
               changes_member(now, "recipient"), changes_member(now, "channel"));
    if (*changes_member(now, "subject"))
        buf_printf(out, ": %s", changes_member(now, "subject"));
    const char *body = changes_member(now, "body");
    for (int lines = 0; *body; lines++) {
        size_t n = strcspn(body, "\n");
        if (lines == CHANGES_BODY_LINES) {
            buf_puts(out, "\n    | …");
            break;
        }
        buf_puts(out, "\n    | ");
        text_printable(body, n, false, out);
        body += n + (body[n] == '\n');
    }
    json_decref(now);
}

static void changes_put_summary(const struct changes *c, struct buf *out)
{
    size_t created = 0, changed = 0, sent = 0;
    for (size_t i = 0; i < c->count; i++) {
        sent += changes_is_sent(&c->rows[i]);
        created += !c->rows[i].then.len;
        changed += c->rows[i].then.len > 0;
    }
    if (!c->count && !c->event_count) {
        buf_puts(out, "nothing would change");
        return;
    }
    buf_printf(out, "%zu row%s would be created, %zu changed, %zu message%s sent; nothing was kept",
               created, created == 1 ? "" : "s", changed, sent, sent == 1 ? "" : "s");
}

void changes_text(const struct changes *c, const struct domain *d, struct buf *out)
{
    const struct changes_lines lines = { d, out };
    size_t shown = 0, sent = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct changed_row *row = &c->rows[i];
        char ref[32];
        if (changes_is_sent(row) || shown++ >= CHANGES_SHOWN)
            continue;
        row_id_format(row->entity, row->id, ref);
        buf_printf(out, "%s %s (%s)", row->then.len ? "changed" : "created", ref,
                   schema_of(row->entity)->name);
        changes_of_row(row, changes_put_line, (void *)&lines);
        buf_putc(out, '\n');
    }
    if (shown > CHANGES_SHOWN)
        buf_printf(out, "… and %zu rows more\n", shown - CHANGES_SHOWN);
    for (size_t i = 0; i < c->event_count && i < CHANGES_SHOWN; i++)
        buf_printf(out, "event %s\n", c->events[i]);
    for (size_t i = 0; i < c->count; i++)
        if (changes_is_sent(&c->rows[i]) && sent++ < CHANGES_SHOWN) {
            changes_put_message(&c->rows[i], out);
            buf_putc(out, '\n');
        }
    if (sent > CHANGES_SHOWN)
        buf_printf(out, "… and %zu messages more\n", sent - CHANGES_SHOWN);
    changes_put_summary(c, out);
}

/* ---- for programs ---- */

static void changes_json_column(void *context, const struct difference *difference)
{
    struct jsonw *w = context;
    jsonw_key(w, difference->name);
    jsonw_open_array(w);
    if (difference->old)
        jsonw_value(w, difference->old);
    else
        jsonw_null(w);
    jsonw_value(w, difference->new);
    jsonw_close(w);
}

static void changes_json_message(const struct changed_row *row, struct jsonw *w)
{
    static const char *const keys[] = { "recipient", "subject", "channel", "body", NULL };
    json_t *now = NULL;
    char ref[32];
    json_read(buf_text(&row->now), row->now.len, &now, NULL);
    row_id_format(row->entity, row->id, ref);
    jsonw_open_object(w);
    jsonw_key(w, "ref");
    jsonw_text(w, ref);
    for (size_t i = 0; keys[i]; i++) {
        jsonw_key(w, i == 0 ? "to" : keys[i]);
        jsonw_text(w, changes_member(now, keys[i]));
    }
    jsonw_close(w);
    json_decref(now);
}

static void changes_json_row(const struct changed_row *row, struct jsonw *w)
{
    char ref[32];
    row_id_format(row->entity, row->id, ref);
    jsonw_open_object(w);
    jsonw_key(w, "ref");
    jsonw_text(w, ref);
    jsonw_key(w, "entity");
    jsonw_text(w, schema_of(row->entity)->name);
    jsonw_key(w, "change");
    jsonw_text(w, row->then.len ? "changed" : "created");
    jsonw_key(w, "columns");
    jsonw_open_object(w);
    changes_of_row(row, changes_json_column, w);
    jsonw_close(w);
    jsonw_close(w);
}

void changes_json(const struct changes *c, struct jsonw *w)
{
    jsonw_open_object(w);
    jsonw_key(w, "rows");
    jsonw_open_array(w);
    for (size_t i = 0; i < c->count; i++)
        changes_json_row(&c->rows[i], w);
    jsonw_close(w);
    jsonw_key(w, "messages");
    jsonw_open_array(w);
    for (size_t i = 0; i < c->count; i++)
        if (changes_is_sent(&c->rows[i]))
            changes_json_message(&c->rows[i], w);
    jsonw_close(w);
    jsonw_key(w, "events");
    jsonw_open_array(w);
    for (size_t i = 0; i < c->event_count; i++)
        jsonw_text(w, c->events[i]);
    jsonw_close(w);
    jsonw_close(w);
}

/* ---- points ---- */

int domain_point_begin(struct domain *d, struct domain_point *p, struct error *e)
{
    int rc = store_point_begin(d->store, &p->store, e);
    p->spoiled = d->spoiled;
    memcpy(p->spoiled_why, d->spoiled_why, sizeof p->spoiled_why);
    return rc;
}

/* What spoiled the command inside the point is gone with it. */
int domain_point_undo(struct domain *d, const struct domain_point *p, struct error *e)
{
    d->spoiled = p->spoiled;
    memcpy(d->spoiled_why, p->spoiled_why, sizeof d->spoiled_why);
    return store_point_undo(d->store, &p->store, e);
}
