/* Versions of workflows that an organisation has loaded: kept when they are new,
 * and a word where one has changed under the same number. */
#include "baton/domain/version.h"
#include "host/org_internal.h"

static int versions_keep(struct org *o, struct error *e)
{
    struct domain *d = o->world.domain;
    struct error ending;
    int rc = store_turn_begin(o->store, e);
    if (rc)
        return rc;
    domain_command_begin(d);
    rc = domain_keep_versions(d, e);
    int ended = domain_command_end(d, rc == 0, rc == 0 ? e : &ending);
    rc = rc ? rc : ended;
    if (rc)
        store_turn_abort(o->store);
    else
        rc = store_turn_commit(o->store, e);
    return rc;
}

/* Nothing stands still because of it: a version that could not be kept is tried at the next load.
 */
void versions__keep(struct org *o)
{
    struct error e = { 0 };
    size_t unkept = 0;
    int rc = domain_versions_unkept(o->world.domain, &unkept, &e);
    if (rc == 0 && unkept > 0)
        rc = versions_keep(o, &e);
    if (rc)
        org__say(o, LOG_ERROR, "the versions of its workflows could not be kept: %s", e.message);
}

/* Of a setting that changed whoever reloads is told, and doctor: org_waiting, op status. */
static void versions_say(void *context, const struct graph *g, bool by_setting, const char *text)
{
    (void)g;
    if (!by_setting)
        org__say(context, LOG_WARN, "%s", text);
}

void versions__report(struct org *o, const struct org_world *w)
{
    struct error e = { 0 };
    if (domain_version_problems(w->domain, versions_say, o, &e) < 0)
        org__say(o, LOG_ERROR, "%s", e.message);
}

struct versions_waiting {
    void (*each)(void *context, const char *text);
    void *context;
};

static void versions_wait(void *context, const char *workflow, const char *text)
{
    const struct versions_waiting *w = context;
    (void)workflow;
    w->each(w->context, text);
}

static void versions_set(void *context, const struct graph *g, bool by_setting, const char *text)
{
    const struct versions_waiting *w = context;
    (void)g;
    if (by_setting)
        w->each(w->context, text);
}

void org_waiting(struct org *o, void (*each)(void *context, const char *text), void *context)
{
    struct versions_waiting w = { each, context };
    struct error e = { 0 };
    if (domain_waiting(o->world.domain, versions_wait, &w, &e) ||
        domain_version_problems(o->world.domain, versions_set, &w, &e))
        org__say(o, LOG_ERROR, "open referrals could not be counted: %s", e.message);
}
