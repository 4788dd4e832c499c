/* Looking at all referrals that a migration, or its undo, is about. */
#include "baton/base/error.h"
#include "domain/migration_internal.h"

enum { SURVEY_PAGE = 256, SURVEY_NAMED = 20 };

struct survey {
    struct domain *d;
    const struct actor *actor;
    const struct migration_request *r;
    migration_each each;
    void *context;
    struct migration_totals *totals;
    int64_t named;
};

static void survey_count(struct survey *s, const struct migration_plan *p)
{
    struct migration_totals *t = s->totals;
    t->deadline_moves += p->due_moves && p->kind != MIGRATION_BLOCKED ? 1 : 0;
    t->fits += p->kind == MIGRATION_FITS ? 1 : 0;
    t->mapped += p->kind == MIGRATION_MAPPED ? 1 : 0;
    if (p->kind != MIGRATION_BLOCKED)
        return;
    t->blocked++;
    if (s->named++ < SURVEY_NAMED)
        buf_printf(&t->in_the_way, "%sR-%lld: %.200s", t->in_the_way.len > 0 ? "; " : "",
                   (long long)p->id, buf_text(&p->why));
}

static int survey_one(struct survey *s, int64_t id, struct error *e)
{
    struct migration_plan p = { .id = id };
    int rc = s->r->undo ? domain_migration_undo(s->d, s->actor, id, s->r->since_ms, true, &p, e)
                        : domain_migration_plan(s->d, id, &p, e);
    if (rc == 0 && p.kind != MIGRATION_CURRENT) {
        survey_count(s, &p);
        rc = s->each ? s->each(s->context, &p) : 0;
    }
    migration_plan_free(&p);
    return rc;
}

static int survey_workflow(struct survey *s, const char *workflow, struct error *e)
{
    int64_t ids[SURVEY_PAGE];
    int64_t after = 0;
    size_t count = SURVEY_PAGE;
    int rc = 0;
    while (rc == 0 && count == SURVEY_PAGE) {
        rc = domain_migration_list(s->d, workflow, s->r->undo, after, ids, SURVEY_PAGE, &count, e);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = survey_one(s, ids[i], e);
        after = rc == 0 && count > 0 ? ids[count - 1] : after;
    }
    return rc;
}

int domain_migration_survey(struct domain *d, const struct actor *actor,
                            const struct migration_request *r, migration_each each, void *context,
                            struct migration_totals *out, struct error *e)
{
    struct survey s = { d, actor, r, each, context, out, 0 };
    int rc = 0;
    *out = (struct migration_totals){ 0 };
    if (r->workflow)
        return survey_workflow(&s, r->workflow, e);
    for (size_t i = 0; rc == 0 && i < domain_graph_count(d); i++)
        rc = survey_workflow(&s, graph_name(domain_graph_at(d, i)), e);
    return rc;
}

int migration_check_way(const struct migration_request *r, const struct migration_totals *t,
                        struct error *e)
{
    if (t->blocked == 0)
        return 0;
    return error_set(e, ERROR_CONFLICT,
                     "nothing was %s: %lld %s in the way (--skip-blocked leaves %s as %s): %.700s",
                     r->undo ? "taken back" : "migrated", (long long)t->blocked,
                     t->blocked == 1 ? "referral is" : "referrals are",
                     t->blocked == 1 ? "it" : "them", t->blocked == 1 ? "it is" : "they are",
                     buf_text(&t->in_the_way));
}

int domain_migration_do(struct domain *d, const struct actor *actor,
                        const struct migration_request *r, int64_t id, struct migration_plan *out,
                        struct error *e)
{
    return r->undo ? domain_migration_undo(d, actor, id, r->since_ms, false, out, e)
                   : domain_migrate(d, actor, id, out, e);
}
