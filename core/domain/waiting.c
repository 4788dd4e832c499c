/* Open referrals that wait because nothing loaded moves them: their workflow has
 * another version, or no plugin declares it. */
#include <string.h>

#include "baton/base/error.h"
#include "baton/domain/version.h"
#include "domain/domain_internal.h"

struct waiting {
    const struct domain *d;
    const struct graph *loaded; /* NULL: of all workflows, those that nothing declares */
    domain_waiting_each each;
    void *context;
};

static void waiting_say(const struct waiting *w, const char *workflow, struct buf *text)
{
    w->each(w->context, workflow, buf_text(text));
    buf_free(text);
}

static int waiting_version(void *context, const struct value *version, int64_t count)
{
    const struct waiting *w = context;
    const char *name = graph_name(w->loaded);
    struct buf text = BUF_INIT;
    buf_printf(&text, "%lld open %s version %lld of %s and %s: baton migrate %s --preview",
               (long long)count, count == 1 ? "referral runs" : "referrals run",
               (long long)version->i, name, count == 1 ? "waits" : "wait", name);
    waiting_say(w, name, &text);
    return 0;
}

static int waiting_workflow(void *context, const struct value *workflow, int64_t count)
{
    const struct waiting *w = context;
    struct buf text = BUF_INIT;
    if (workflow->type != VALUE_TEXT || domain_graph(w->d, workflow->s))
        return 0;
    buf_printf(&text, "%lld open %s of workflow \"%s\" %s: no plugin declares it", (long long)count,
               count == 1 ? "referral" : "referrals", workflow->s, count == 1 ? "waits" : "wait");
    waiting_say(w, workflow->s, &text);
    return 0;
}

static int waiting_outdated(struct domain *d, const struct waiting *w, struct error *e)
{
    const struct store_filter filters[] = {
        { REFERRAL_WORKFLOW, FILTER_EQ, value_text(graph_name(w->loaded)), NULL },
        { REFERRAL_WORKFLOW_VERSION, FILTER_NE, value_int(graph_version(w->loaded)), NULL },
        { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL },
    };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 3 };
    return store_count_by(d->store, &q, REFERRAL_WORKFLOW_VERSION, waiting_version, (void *)w, e);
}

int domain_waiting(struct domain *d, domain_waiting_each each, void *context, struct error *e)
{
    const struct store_filter open = { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL };
    const struct store_query q = { .entity = ENTITY_REFERRAL, .filters = &open, .filter_count = 1 };
    struct waiting w = { .d = d, .each = each, .context = context };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < domain_graph_count(d); i++) {
        w.loaded = domain_graph_at(d, i);
        rc = waiting_outdated(d, &w, e);
    }
    w.loaded = NULL;
    return rc ? rc : store_count_by(d->store, &q, REFERRAL_WORKFLOW, waiting_workflow, &w, e);
}

void domain_waiting_text(const struct domain *d, const struct row *referral, struct buf *out)
{
    const char *name = row_text(referral, REFERRAL_WORKFLOW);
    const struct graph *loaded = domain_graph(d, name);
    long long runs = row_int(referral, REFERRAL_WORKFLOW_VERSION);
    if (!row_is_null(referral, REFERRAL_CLOSED_AT_MS))
        return;
    if (!loaded)
        buf_printf(out, "no plugin declares %s", name);
    else if (runs != graph_version(loaded))
        buf_printf(out, "it runs version %lld, version %d is loaded: baton migrate %s --preview",
                   runs, graph_version(loaded), name);
}
