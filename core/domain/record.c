/* Writing a record: people, partners, staff, tasks, timers, messages, ...
 * Referrals are opened by domain_open and changed by domain_set (open.c). */
#include <stdio.h>

#include "baton/base/error.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"

static int record_refuse_referral(struct domain *d, const struct actor *actor,
                                  const struct record *r, const struct row **out, struct error *e)
{
    if (r->id > 0)
        return domain_set(d, actor, r, out, e);
    return error_set(e, ERROR_INVALID,
                     "a referral is opened in a workflow, not written as a record");
}

int domain_write(struct domain *d, const struct actor *actor, const struct record *r,
                 const struct row **out, struct error *e)
{
    if (r->entity <= ENTITY_NONE || r->entity >= ENTITY_END)
        return error_set(e, ERROR_INVALID, "there is no entity %d", (int)r->entity);
    if (r->entity == ENTITY_REFERRAL)
        return record_refuse_referral(d, actor, r, out, e);
    struct columns c = { .entity = r->entity, .now_ms = domain_now(d) };
    const struct row *before = NULL;
    int rc = domain__writable(d, e);
    if (rc == 0 && r->id != 0)
        rc = store_get(d->store, r->entity, r->id, &before, e);
    if (rc == 0)
        rc = columns__take(&c, r->set, r->set_count, e);
    if (rc == 0)
        rc = columns__check(d, actor, &c, before, e);
    if (rc == 0 && r->fields)
        rc = domain_check_fields(d, r->entity, NULL, r->fields, r->fields_len, e);
    if (rc == 0 && r->entity == ENTITY_STAFF)
        rc = delegate__check_staff(before, r, e);
    if (rc < 0)
        return rc;
    char kind[LIMIT_NAME_BYTES];
    snprintf(kind, sizeof kind, "%s.%s", schema_of(r->entity)->name,
             before ? "changed" : "created");
    struct store_change change = { .entity = r->entity,
                                   .id = r->id,
                                   .based_on = r->based_on,
                                   .kind = kind,
                                   .actor = actor->name,
                                   .at_ms = c.now_ms,
                                   .set = c.set,
                                   .set_count = c.count,
                                   .fields = r->fields,
                                   .fields_len = r->fields_len };
    return domain__change(d, &change, NULL, 0, out, e);
}
