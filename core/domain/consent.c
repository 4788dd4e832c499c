/* Consent (P46): the last word counts. Of all consents of a person for a
 * purpose the one that was written last decides: given, begun, not expired.
 * So a withdrawal holds even where an older consent was given twice. */
#include "baton/base/error.h"
#include "domain/domain_internal.h"

#include <string.h>

struct consent_last {
    int64_t now_ms, last_event, last_id;
    bool holds;
};

static int consent_look(void *context, const struct row *row)
{
    struct consent_last *l = context;
    l->last_id = row->id;
    if (row->last_event < l->last_event)
        return 0;
    l->last_event = row->last_event;
    l->holds =
        !strcmp(row_text(row, CONSENT_STATUS), "given") &&
        (row_is_null(row, CONSENT_GIVEN_AT_MS) || row_int(row, CONSENT_GIVEN_AT_MS) <= l->now_ms) &&
        (row_is_null(row, CONSENT_EXPIRES_AT_MS) ||
         row_int(row, CONSENT_EXPIRES_AT_MS) > l->now_ms);
    return 0;
}

int domain_consent_holds(struct domain *d, int64_t person_id, const char *purpose, bool *out,
                         struct error *e)
{
    const struct store_filter filters[] = {
        { CONSENT_PERSON, FILTER_EQ, value_int(person_id), NULL },
        { CONSENT_PURPOSE, FILTER_EQ, value_text(purpose), NULL },
    };
    struct consent_last last = { .now_ms = domain_now(d) };
    for (;;) {
        const struct store_query q = { .entity = ENTITY_CONSENT,
                                       .filters = filters,
                                       .filter_count = 2,
                                       .after_id = last.last_id,
                                       .limit = LIMIT_LIST_ROWS };
        int64_t before = last.last_id;
        int rc = store_list(d->store, &q, consent_look, &last, e);
        if (rc < 0)
            return rc;
        if (last.last_id == before)
            break;
    }
    *out = last.holds;
    return 0;
}
