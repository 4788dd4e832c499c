/* Migrating a referral, and taking it back.
 *
 * The event "referral.migrated" says what was before: "was" holds the columns,
 * "was_fields" the fields that changed, "tasks" those of the clock that went
 * with the old deadline. Taking it back is another such event, with "undo", the
 * seq of the first. It is done only while nothing else has touched what the
 * migration touched. */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/approval_internal.h"
#include "domain/migration_internal.h"
#include "domain/trace_internal.h"

static const char migrated_kind[] = "referral.migrated";
enum { MIGRATE_TASKS = 64 };

static int migrate_check_actor(const struct actor *actor, struct error *e)
{
    if (actor_has_role(actor, "admin"))
        return 0;
    return error_set(e, ERROR_DENIED, "migrating needs the role admin; %s has %.200s", actor->name,
                     actor->roles && *actor->roles ? actor->roles : "none");
}

/* The event. */

static void put_value(struct jsonw *w, const struct value *v)
{
    if (v->type == VALUE_INT)
        jsonw_int(w, v->i);
    else if (v->type == VALUE_TEXT)
        jsonw_textn(w, v->s, v->len);
    else
        jsonw_null(w);
}

static void put_was(struct jsonw *w, const struct migrating *m)
{
    const struct schema *s = schema_of(ENTITY_REFERRAL);
    jsonw_key(w, "was");
    jsonw_open_object(w);
    for (size_t i = 0; i < m->c.count; i++) {
        jsonw_key(w, s->columns[m->c.set[i].column].name);
        put_value(w, &m->row->v[m->c.set[i].column]);
    }
    jsonw_close(w);
}

static void put_was_fields(struct jsonw *w, const struct migrating *m)
{
    const struct buf *patch = &m->plan->fields;
    const struct value *fields = &m->row->fields;
    struct json_slice changed, was;
    const char *key;
    size_t at = 0, key_n;
    if (patch->len == 0)
        return;
    jsonw_key(w, "was_fields");
    jsonw_open_object(w);
    while (jsons_next(patch->data, patch->len, &at, &key, &key_n, &changed)) {
        jsonw_keyn(w, key, key_n);
        if (!jsons_get(fields->s, fields->len, key, key_n, &was)) {
            jsonw_null(w);
            continue;
        }
        bool text = was.type == JSON_T_TEXT;
        jsonw_raw(w, was.text - text, was.len + 2 * text);
    }
    jsonw_close(w);
}

static void put_step(struct jsonw *w, const struct migration_plan *p)
{
    jsonw_key(w, "from_version");
    jsonw_int(w, p->from_version);
    jsonw_key(w, "to_version");
    jsonw_int(w, p->to_version);
    jsonw_key(w, "from");
    jsonw_text(w, p->from_stage);
    jsonw_key(w, "to");
    jsonw_text(w, p->to_stage);
    if (p->due_moves) {
        jsonw_key(w, "due_from_ms");
        p->had_due ? jsonw_int(w, p->due_from_ms) : jsonw_null(w);
        jsonw_key(w, "due_to_ms");
        p->has_due ? jsonw_int(w, p->due_to_ms) : jsonw_null(w);
    }
}

/* Open tasks of the clock about it. */

struct migrate_tasks {
    int64_t id[MIGRATE_TASKS];
    size_t count;
};

static int tasks_take(void *context, const struct row *task)
{
    struct migrate_tasks *t = context;
    const char *kind = row_text(task, TASK_KIND);
    if (!strcmp(kind, "reminder") || !strcmp(kind, "overdue") || !strcmp(kind, "escalation"))
        t->id[t->count++] = task->id;
    return t->count == MIGRATE_TASKS;
}

static int tasks_find(const struct migrating *m, struct migrate_tasks *t, struct error *e)
{
    char about[32];
    row_id_format(ENTITY_REFERRAL, m->plan->id, about);
    const struct store_filter filters[] = {
        { TASK_ABOUT, FILTER_EQ, value_text(about), NULL },
        { TASK_STATUS, FILTER_EQ, value_text("open"), NULL },
    };
    const struct store_query q = {
        .entity = ENTITY_TASK, .filters = filters, .filter_count = 2, .limit = LIMIT_LIST_ROWS
    };
    t->count = 0;
    if (!m->plan->due_moves || !deadline__has_fired(m->row))
        return 0;
    int rc = store_list(m->d->store, &q, tasks_take, t, e);
    return rc < 0 ? rc : 0;
}

static int tasks_set(struct domain *d, const struct actor *actor, int64_t id, const char *status,
                     struct error *e)
{
    if (!strcmp(status, "cancelled"))
        return task__end(d, actor, id, status, NULL, e);
    const struct store_set set = { TASK_STATUS, value_text(status) };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .id = id,
                                   .kind = "task.changed",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = &set,
                                   .set_count = 1 };
    return domain__change(d, &change, NULL, 0, NULL, e);
}

/* Doing it. */

static void migrate_detail(const struct migrating *m, const struct migrate_tasks *t,
                           struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    put_step(&w, m->plan);
    put_was(&w, m);
    put_was_fields(&w, m);
    if (t->count > 0) {
        jsonw_key(&w, "tasks");
        jsonw_open_array(&w);
        for (size_t i = 0; i < t->count; i++)
            jsonw_int(&w, t->id[i]);
        jsonw_close(&w);
    }
    jsonw_close(&w);
}

/* The event, the tasks, the handlers. */
static int migrate_write(struct domain *d, const struct actor *actor, int64_t id,
                         const struct columns *c, const char *fields, size_t fields_len,
                         const struct buf *detail, const struct migrate_tasks *t,
                         const char *task_status, struct error *e)
{
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = id,
                                   .kind = migrated_kind,
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = c->set,
                                   .set_count = c->count,
                                   .fields = fields,
                                   .fields_len = fields_len };
    const struct row *row;
    struct trace_event outer = trace__save(d);
    int rc = domain__store(d, &change, detail->data, detail->len, &row, e);
    if (rc < 0)
        return rc;
    store_due_back(d->store); /* it may have waited for a stage that it had no more */
    for (size_t i = 0; rc == 0 && i < t->count; i++)
        rc = tasks_set(d, actor, t->id[i], task_status, e);
    if (rc == 0 && t->count > 0)
        rc = store_get(d->store, ENTITY_REFERRAL, id, &row, e);
    if (rc == 0)
        rc = vote__tasks(d, actor, &row, true, e);
    rc = domain__tell(d, rc, migrated_kind, row, detail->data, detail->len, NULL, e);
    trace__restore(d, outer);
    return rc;
}

int domain_migrate(struct domain *d, const struct actor *actor, int64_t id,
                   struct migration_plan *out, struct error *e)
{
    struct migrating m = { .d = d, .plan = out };
    struct migrate_tasks tasks;
    struct buf detail = BUF_INIT;
    *out = (struct migration_plan){ .id = id };
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = migrate_check_actor(actor, e);
    if (rc == 0)
        rc = migration__plan(&m, id, e);
    if (rc != 0 || out->kind == MIGRATION_CURRENT)
        return rc;
    if (out->kind == MIGRATION_BLOCKED)
        return referral__refuse(id, e, ERROR_CONFLICT, "%s", buf_text(&out->why));
    rc = tasks_find(&m, &tasks, e);
    if (rc == 0) {
        migrate_detail(&m, &tasks, &detail);
        rc = migrate_write(d, actor, id, &m.c, out->fields.data, out->fields.len, &detail, &tasks,
                           "cancelled", e);
    }
    buf_free(&detail);
    return rc;
}

/* Taking it back. */

struct undoing {
    struct migration_plan *plan;
    int64_t since_ms, skip_to; /* an undo: go on behind the event that it undid */
    int64_t seq;               /* of the migration; 0: none */
    struct buf payload;
};

/* Has the event changed what a migration changes? */
static bool undo_touched(const struct event *event)
{
    static const char *const engine[] = { "stage",        "stage_at_ms", "workflow_version",
                                          "due_at_ms",    "wake_at_ms",  "wake_step",
                                          "closed_at_ms", NULL };
    struct json_slice set, v;
    if (!event->payload || jsons_get(event->payload, event->payload_len, "fields", 6, &v))
        return true;
    if (!jsons_get(event->payload, event->payload_len, "set", 3, &set))
        return false;
    for (const char *const *name = engine; *name; name++)
        if (jsons_get(set.text, set.len, *name, strlen(*name), &v))
            return true;
    return false;
}

static int undo_look(void *context, const struct event *event)
{
    struct undoing *u = context;
    struct json_slice undo;
    if (u->skip_to != 0 && event->seq > u->skip_to)
        return 0;
    if (u->skip_to == event->seq) {
        u->skip_to = 0;
        return 0;
    }
    if (strcmp(event->kind, migrated_kind) != 0) {
        if (undo_touched(event) && u->plan->why.len == 0)
            buf_printf(&u->plan->why, "event %lld (%s) came since", (long long)event->seq,
                       event->kind);
        return 0;
    }
    if (!event->payload)
        return 1;
    if (jsons_get(event->payload, event->payload_len, "undo", 4, &undo)) {
        u->skip_to = jsons_int(&undo);
        return 0;
    }
    if (event->at_ms >= u->since_ms) {
        u->seq = event->seq;
        buf_add(&u->payload, event->payload, event->payload_len);
    }
    return 1;
}

static bool undo_text(const struct undoing *u, const char *key, char *out, size_t size)
{
    struct json_slice v;
    if (!jsons_get(u->payload.data, u->payload.len, key, strlen(key), &v))
        return false;
    snprintf(out, size, "%.*s", (int)v.len, v.text); /* names: nothing is escaped */
    return true;
}

/* "was" as columns. Text points into the payload, which is kept until the write. */
static void undo_columns(struct undoing *u, struct columns *c, struct buf *stage)
{
    struct json_slice was, v;
    const char *key;
    size_t at = 0, key_n;
    if (!jsons_get(u->payload.data, u->payload.len, "was", 3, &was))
        return;
    while (jsons_next(was.text, was.len, &at, &key, &key_n, &v)) {
        char name[LIMIT_NAME_BYTES + 1];
        snprintf(name, sizeof name, "%.*s", (int)key_n, key);
        int column = schema_column(schema_of(ENTITY_REFERRAL), name);
        if (column < 0)
            continue;
        if (v.type == JSON_T_TEXT) {
            jsons_text(&v, stage);
            columns__put(c, column, value_text(buf_text(stage)));
        } else {
            columns__put(c, column, v.type == JSON_T_INT ? value_int(jsons_int(&v)) : value_null());
        }
    }
}

static void undo_tasks(struct domain *d, const struct undoing *u, struct migrate_tasks *t)
{
    struct json_slice list;
    const struct row *task;
    t->count = 0;
    if (!jsons_get(u->payload.data, u->payload.len, "tasks", 5, &list))
        return;
    const char *at = list.text + 1, *end = list.text + list.len;
    while (at < end && t->count < MIGRATE_TASKS) {
        const struct json_slice number = { JSON_T_INT, at, strcspn(at, ",]"), false };
        int64_t id = jsons_int(&number);
        if (id > 0 && store_get(d->store, ENTITY_TASK, id, &task, NULL) == 0 &&
            !strcmp(row_text(task, TASK_STATUS), "cancelled"))
            t->id[t->count++] = id;
        at += number.len + 1;
    }
}

static void undo_plan(struct undoing *u, const struct row *row)
{
    struct migration_plan *p = u->plan;
    struct json_slice was, v;
    bool known = jsons_get(u->payload.data, u->payload.len, "was", 3, &was);
    p->from_version = (int)row_int(row, REFERRAL_WORKFLOW_VERSION);
    if (known && jsons_get(was.text, was.len, "workflow_version", 16, &v))
        p->to_version = (int)jsons_int(&v);
    snprintf(p->from_stage, sizeof p->from_stage, "%s", row_text(row, REFERRAL_STAGE));
    undo_text(u, "from", p->to_stage, sizeof p->to_stage);
    p->had_due = p->has_due = !row_is_null(row, REFERRAL_DUE_AT_MS);
    p->due_from_ms = p->due_to_ms = row_int(row, REFERRAL_DUE_AT_MS);
    if (known && jsons_get(was.text, was.len, "due_at_ms", 9, &v)) {
        p->has_due = v.type == JSON_T_INT;
        p->due_to_ms = jsons_int(&v);
    }
    p->due_moves = p->had_due != p->has_due || p->due_from_ms != p->due_to_ms;
    if (jsons_get(u->payload.data, u->payload.len, "was_fields", 10, &v))
        buf_add(&p->fields, v.text, v.len);
    p->kind = p->why.len > 0                                                 ? MIGRATION_BLOCKED
              : strcmp(p->from_stage, p->to_stage) != 0 || p->fields.len > 0 ? MIGRATION_MAPPED
                                                                             : MIGRATION_FITS;
}

static int undo_write(struct domain *d, const struct actor *actor, struct undoing *u,
                      struct error *e)
{
    struct columns c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) };
    struct buf stage = BUF_INIT, detail = BUF_INIT;
    struct migrate_tasks tasks;
    struct jsonw w;
    undo_columns(u, &c, &stage);
    undo_tasks(d, u, &tasks);
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    jsonw_key(&w, "undo");
    jsonw_int(&w, u->seq);
    put_step(&w, u->plan);
    jsonw_close(&w);
    int rc = migrate_write(d, actor, u->plan->id, &c, u->plan->fields.data, u->plan->fields.len,
                           &detail, &tasks, "open", e);
    buf_free(&stage);
    buf_free(&detail);
    return rc;
}

int domain_migration_undo(struct domain *d, const struct actor *actor, int64_t id, int64_t since_ms,
                          bool preview, struct migration_plan *out, struct error *e)
{
    struct undoing u = { .plan = out, .since_ms = since_ms };
    const struct row *row;
    *out = (struct migration_plan){ .id = id };
    int rc = preview ? 0 : domain__writable(d, e);
    if (rc == 0)
        rc = migrate_check_actor(actor, e);
    if (rc == 0)
        rc = store_history(d->store, ENTITY_REFERRAL, id, 0, undo_look, &u, e);
    if (rc >= 0)
        rc = store_get(d->store, ENTITY_REFERRAL, id, &row, e);
    if (rc == 0 && u.seq != 0)
        undo_plan(&u, row);
    else
        buf_clear(&out->why);
    if (rc == 0 && !preview && u.seq != 0 && out->kind != MIGRATION_BLOCKED)
        rc = undo_write(d, actor, &u, e);
    buf_free(&u.payload);
    return rc;
}
