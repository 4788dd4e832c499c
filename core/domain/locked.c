/* Locked transitions: nothing that a plugin does may stop one.
 *
 * It is taken like any other, inside a point of the command. Where its effect
 * or a handler fails, all that was written since is undone, and it is taken
 * again with the hooks silent; its history then says what was not done, and a
 * lead has a task about it. Only a database that fails stops it. */
#include "domain/locked_internal.h"

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/domain/changes.h"
#include "domain/trace_internal.h"

static const char failed_kind[] = "referral.effect_failed";

static void failed_detail(const struct move *m, const struct error *why, const char *plugin,
                          struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, m->t->name);
    if (*plugin) {
        jsonw_key(&w, "plugin");
        jsonw_text(&w, plugin);
    }
    jsonw_key(&w, "error");
    jsonw_open_object(&w);
    jsonw_key(&w, "code");
    jsonw_text(&w, error_code_name(why->code));
    jsonw_key(&w, "message");
    jsonw_text(&w, why->message);
    if (why->where[0]) {
        jsonw_key(&w, "where");
        jsonw_text(&w, why->where);
    }
    jsonw_close(&w);
    jsonw_close(&w);
}

static int failed_record(const struct move *m, const struct error *why, const char *plugin,
                         struct error *e)
{
    struct buf detail = BUF_INIT;
    failed_detail(m, why, plugin, &detail);
    const struct store_change record = { .entity = ENTITY_REFERRAL,
                                         .id = m->a->referral_id,
                                         .kind = failed_kind,
                                         .actor = m->actor->name,
                                         .at_ms = m->now_ms,
                                         .detail = detail.data + 1,
                                         .detail_len = detail.len - 2 };
    int rc = domain__record(m->d, &record, e);
    buf_free(&detail);
    return rc;
}

static int failed_task(const struct move *m, const struct error *why, const char *plugin,
                       struct error *e)
{
    struct buf title = BUF_INIT;
    char about[32];
    row_id_format(ENTITY_REFERRAL, m->a->referral_id, about);
    buf_printf(&title, "%s: \"%s\" was taken, but nothing that follows from it was done", about,
               m->t->title ? m->t->title : m->t->name);
    if (*plugin)
        buf_printf(&title, " (plugin %s)", plugin);
    buf_printf(&title, ": %s", why->message);
    const struct store_set set[] = { { TASK_TITLE, value_textn(title.data, title.len) },
                                     { TASK_ABOUT, value_text(about) },
                                     { TASK_KIND, value_text("effect_failed") },
                                     { TASK_ROLE, value_text("lead") },
                                     { TASK_STATUS, value_text("open") } };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .kind = "task.created",
                                   .actor = m->actor->name,
                                   .at_ms = m->now_ms,
                                   .set = set,
                                   .set_count = sizeof set / sizeof *set };
    int rc = domain__store(m->d, &change, NULL, 0, NULL, e);
    buf_free(&title);
    return rc;
}

/* The second time, without hooks. What the first one read may be gone. */
static int locked_again(struct move *m, locked__write write, const struct error *why,
                        const struct row **out, struct error *e)
{
    struct domain *d = m->d;
    char plugin[LIMIT_NAME_BYTES + 1];
    trace__failed(d, plugin);
    int rc = store_get(d->store, ENTITY_REFERRAL, m->a->referral_id, &m->row, e);
    if (rc == 0)
        rc = advance__find(m, e);
    if (rc < 0)
        return rc;
    d->silent++;
    rc = write(m, out, e);
    if (rc == 0)
        rc = failed_record(m, why, plugin, e);
    if (rc == 0)
        rc = failed_task(m, why, plugin, e);
    d->silent--;
    if (rc == 0 && out)
        rc = store_get(d->store, ENTITY_REFERRAL, m->a->referral_id, out, e);
    if (rc < 0)
        domain__spoil(d, e);
    return rc;
}

bool locked__may_go_on(int rc)
{
    return rc != -ERROR_IO && rc != -ERROR_CORRUPT && rc != -ERROR_BUSY;
}

int locked__take(struct move *m, locked__write write, const struct row **out, struct error *e)
{
    struct domain *d = m->d;
    struct domain_point point;
    struct trace_point trace;
    struct error why = { 0 }, local;
    e = e ? e : &local;
    int rc = domain_point_begin(d, &point, e);
    if (rc < 0)
        return rc;
    trace__mark(d, &trace);
    rc = write(m, out, &why);
    if (rc == 0)
        return store_point_keep(d->store, e);
    if (!locked__may_go_on(rc)) {
        *e = why;
        return rc;
    }
    rc = domain_point_undo(d, &point, e);
    trace__rewind(d, &trace);
    return rc < 0 ? rc : locked_again(m, write, &why, out, e);
}
