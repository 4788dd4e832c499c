/* Dry runs. A script takes many turns otherwise; here all of it is one that is
 * aborted, so it runs without giving way to others: it has a minute. */
#include "host/dry_internal.h"

#include "baton/base/clock.h"

enum { DRY_MS = 60000 };

static int dry_steps(struct conversation *c, struct error *e)
{
    uint64_t until_ns = clock_monotonic_ns() + (uint64_t)DRY_MS * 1000000;
    bool done = false;
    int rc = 0;
    while (!rc && !done) {
        rc = session_step(c->script, &done, e);
        if (!rc && !done && clock_monotonic_ns() > until_ns)
            rc = error_set(e, ERROR_LIMIT,
                           "a dry run may take %d seconds: nobody else can work meanwhile",
                           DRY_MS / 1000);
    }
    return rc;
}

int dry__script(struct conversation *c, struct dry *d, struct error *e)
{
    struct org *o = c->org;
    const struct org_world *world = conversation__world(c);
    struct domain *domain = world->domain;
    struct error why = { 0 };
    struct clock clock = o->clock;
    int rc = store_turn_begin(o->store, e);
    if (rc)
        return rc;
    int64_t seq = store_last_event(o->store);
    int ran = dry_steps(c, e);
    rc = changes_gather(domain, seq, &d->changes, &why);
    store_turn_abort(o->store);
    o->clock = clock; /* clock.advance was tried out too */
    script_rewind(world->script);
    if (!rc)
        rc = changes_settle(d->changes, domain, &why);
    if (!rc)
        changes_text(d->changes, domain, &d->text);
    if (ran && !rc)
        conversation__output(c, SCRIPT_PRINT, NULL, buf_text(&d->text), d->text.len);
    if (!ran && rc && e)
        *e = why;
    return ran ? ran : rc;
}

int dry__command(struct conversation *c, struct dry *d,
                 int (*run)(struct conversation *c, struct error *e), struct error *e)
{
    struct domain *domain = c->org->world.domain;
    struct domain_point point;
    int64_t seq = store_last_event(c->org->store);
    int rc = domain_point_begin(domain, &point, e);
    if (rc)
        return rc;
    if ((rc = run(c, e)))
        return rc; /* the whole command is dropped */
    if ((rc = changes_gather(domain, seq, &d->changes, e)) ||
        (rc = domain_point_undo(domain, &point, e)) || (rc = changes_settle(d->changes, domain, e)))
        return rc;
    changes_text(d->changes, domain, &d->text);
    return 0;
}

void dry__tell(const struct dry *d, struct jsonw *done)
{
    if (!d->changes)
        return;
    jsonw_key(done, "changes");
    changes_json(d->changes, done);
    jsonw_key(done, "text");
    jsonw_textn(done, buf_text(&d->text), d->text.len);
}

void dry__free(struct dry *d)
{
    changes_free(d->changes);
    buf_free(&d->text);
    *d = (struct dry){ 0 };
}
