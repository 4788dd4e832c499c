/* op migrate: all that is to be done is planned first, for the preview and so
 * that nothing is begun while something is in the way. Then each referral is a
 * command of its own, many in a turn, a turn in each step. */
#include "baton/base/calendar.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/domain/version.h"
#include "host/request_internal.h"

#include <string.h>

enum { MIGRATE_BATCH = 64, MIGRATE_SHOWN_BYTES = 2 * 1024 * 1024, MIGRATE_FAILURES = 20 };

struct migrate_kept { /* a stage whose new deadline does not hold for those in it */
    const char *stage;
    int64_t count;
    struct migrate_kept *next;
};

struct migrate {
    struct migration_request request;
    bool preview, skip_blocked;
    struct migration_totals totals;
    struct buf blocked, rows; /* plans as JSON, separated by commas */
    int64_t left_out;         /* rows that had no room */
    int64_t *ids;
    size_t count, room, done;
    int64_t migrated, failed;
    struct buf failures;
    struct arena *memory;
    struct migrate_kept *kept;
};

struct migrate_command {
    struct conversation *c;
    int64_t id;
};

static void migrate_show(struct migrate *m, const struct migration_plan *p)
{
    struct buf *to = p->kind == MIGRATION_BLOCKED ? &m->blocked : &m->rows;
    struct jsonw w;
    if (to->len > MIGRATE_SHOWN_BYTES) {
        m->left_out++;
        return;
    }
    if (to->len > 0)
        buf_putc(to, ',');
    jsonw_start(&w, to);
    migration_plan_json(p, &w);
}

static void migrate_keeps(struct migrate *m, const struct migration_plan *p)
{
    struct migrate_kept *k = m->kept;
    while (k && strcmp(k->stage, p->to_stage) != 0)
        k = k->next;
    if (!k) {
        k = arena_alloc(m->memory, sizeof *k);
        *k = (struct migrate_kept){ .stage = arena_dup(m->memory, p->to_stage), .next = m->kept };
        m->kept = k;
    }
    k->count++;
}

static int migrate_plan(void *context, const struct migration_plan *p)
{
    struct migrate *m = context;
    migrate_show(m, p);
    if (p->kind == MIGRATION_BLOCKED)
        return 0;
    if (p->due_outdated)
        migrate_keeps(m, p);
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 256;
        m->ids = mem_resize(m->ids, m->room * sizeof *m->ids);
    }
    m->ids[m->count++] = p->id;
    return 0;
}

/* "2026-03-01 09:00", or "2 hours ago". */
static int migrate_since(struct conversation *c, struct migrate *m, struct error *e)
{
    const char *text = NULL;
    int rc = request__text(c, "since", false, &text, NULL, e);
    if (rc || !text)
        return rc;
    rc = when_parse(text, domain_calendar(c->org->world.domain), org_now(c->org),
                    &m->request.since_ms, e);
    if (rc)
        error_at(e, "/since");
    return rc;
}

static int migrate_start(struct conversation *c, struct error *e)
{
    struct migrate *m = arena_alloc(c->arena, sizeof *m);
    int rc;
    *m = (struct migrate){ .memory = c->arena };
    c->state = m;
    if ((rc = request__text(c, "workflow", false, &m->request.workflow, NULL, e)) ||
        (rc = request__bool(c, "preview", &m->preview, e)) ||
        (rc = request__bool(c, "undo", &m->request.undo, e)) ||
        (rc = request__bool(c, "skip_blocked", &m->skip_blocked, e)) ||
        (rc = migrate_since(c, m, e)))
        return rc;
    rc = domain_migration_survey(c->org->world.domain, &c->actor, &m->request, migrate_plan, m,
                                 &m->totals, e);
    if (rc == 0 && !m->preview && !m->skip_blocked)
        rc = migration_check_way(&m->request, &m->totals, e);
    return rc;
}

static int migrate_one(void *context, struct org *o, struct error *e)
{
    const struct migrate_command *one = context;
    const struct migrate *m = one->c->state;
    struct migration_plan plan = { .id = one->id };
    int rc = domain_migration_do(o->world.domain, &one->c->actor, &m->request, one->id, &plan, e);
    if (rc == 0 && plan.kind == MIGRATION_BLOCKED) /* since it was planned */
        rc = error_set(e, ERROR_CONFLICT, "R-%lld: %s", (long long)one->id, buf_text(&plan.why));
    migration_plan_free(&plan);
    return rc;
}

static void migrate_count(struct migrate *m, const struct org_command *command)
{
    if (command->result == 0) {
        m->migrated++;
        return;
    }
    if (m->failed++ < MIGRATE_FAILURES)
        buf_printf(&m->failures, "%s%s", m->failures.len > 0 ? "; " : "", command->error.message);
}

static int migrate_step(struct conversation *c, bool *done, struct error *e)
{
    struct migrate *m = c->state;
    struct migrate_command what[MIGRATE_BATCH];
    struct org_command *commands;
    size_t n = 0;
    if (c->cancelled)
        return error_set(e, ERROR_CANCELLED, "stopped: %lld of %zu are done",
                         (long long)m->migrated, m->count);
    *done = m->preview || m->done == m->count;
    if (*done)
        return 0;
    commands = mem_zero(MIGRATE_BATCH * sizeof *commands);
    for (; n < MIGRATE_BATCH && m->done + n < m->count; n++) {
        what[n] = (struct migrate_command){ c, m->ids[m->done + n] };
        commands[n] = (struct org_command){ .run = migrate_one, .context = &what[n] };
    }
    int rc = org_turn_many(c->org, commands, n, e);
    for (size_t i = 0; rc == 0 && i < n; i++)
        migrate_count(m, &commands[i]);
    mem_free(commands);
    m->done += n;
    conversation__progress(c, (int64_t)m->done, (int64_t)m->count, "referrals");
    return rc;
}

static void migrate_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

/* What the counts do not show. */
static void migrate_notes(const struct org *o, const struct migrate *m, struct jsonw *w)
{
    struct buf text = BUF_INIT;
    jsonw_key(w, "notes");
    jsonw_open_array(w);
    if (org__saved_since(o))
        jsonw_text(w, "files of plugins were saved since they were loaded: baton reload, then "
                      "preview again");
    for (const struct migrate_kept *k = m->kept; k; k = k->next) {
        buf_clear(&text);
        buf_printf(&text,
                   "the deadline of %s changed; %lld %s: migrate = { …, deadlines = { %s = "
                   "\"restart\" or \"recompute\" } }",
                   k->stage, (long long)k->count,
                   k->count == 1 ? "referral keeps its old due time"
                                 : "referrals keep their old due times",
                   k->stage);
        jsonw_text(w, buf_text(&text));
    }
    jsonw_close(w);
    buf_free(&text);
}

static int migrate_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct migrate *m = c->state;
    (void)e;
    jsonw_key(done, "result");
    jsonw_open_object(done);
    jsonw_key(done, "preview");
    jsonw_bool(done, m->preview);
    jsonw_key(done, "undo");
    jsonw_bool(done, m->request.undo);
    migrate_number(done, "fits", m->totals.fits);
    migrate_number(done, "mapped", m->totals.mapped);
    migrate_number(done, "blocked", m->totals.blocked);
    migrate_number(done, "deadline_moves", m->totals.deadline_moves);
    migrate_number(done, "migrated", m->migrated);
    migrate_number(done, "failed", m->failed);
    if (m->failures.len > 0) {
        jsonw_key(done, "failures");
        jsonw_text(done, buf_text(&m->failures));
    }
    jsonw_key(done, "zone");
    jsonw_text(done, zone_name(calendar_zone(domain_calendar(c->org->world.domain))));
    struct buf rows = BUF_INIT;
    buf_printf(&rows, "[%s%s%s]", buf_text(&m->blocked),
               m->blocked.len > 0 && m->rows.len > 0 ? "," : "", buf_text(&m->rows));
    jsonw_key(done, "rows");
    jsonw_raw(done, rows.data, rows.len);
    buf_free(&rows);
    migrate_number(done, "rows_left_out", m->left_out);
    migrate_notes(c->org, m, done);
    jsonw_close(done);
    return 0;
}

static void migrate_end(struct conversation *c)
{
    struct migrate *m = c->state;
    if (!m)
        return;
    buf_free(&m->totals.in_the_way);
    buf_free(&m->blocked);
    buf_free(&m->rows);
    buf_free(&m->failures);
    mem_free(m->ids);
}

static const char *const migrate_keys[] = { "workflow", "preview",      "undo",
                                            "since",    "skip_blocked", NULL };

const struct request_op op_migrate = { .name = "migrate",
                                       .keys = migrate_keys,
                                       .writes = true,
                                       .start = migrate_start,
                                       .step = migrate_step,
                                       .finish = migrate_finish,
                                       .end = migrate_end };
