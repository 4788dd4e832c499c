/* The proof of the books, for the audit: every entry read once, in order.
 *
 * Entries cannot be wrong if they were posted by ledger.c, so what is looked for
 * is what somebody did to the file: an amount, an account or a version that was
 * written by other means. The chain of events proves the same from the other
 * side (audit.c). */
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/money.h"
#include "baton/domain/ledger.h"
#include "domain/domain_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PROOF_FIRST_VERSION = 2 };

struct proof {
    struct domain *d;
    struct ledger_proof *out;
    int64_t last_id;
    struct error *e;
};

static int proof_broken(struct proof *p, const struct row *row, const char *why)
{
    if (!p->out->broken) {
        p->out->broken = row->id;
        snprintf(p->out->why, sizeof p->out->why, "E-%" PRId64 ": %s", row->id, why);
    }
    return 0;
}

static bool proof_currency(struct proof *p, const struct row *row, int side)
{
    const struct row *account = NULL;
    return store_get(p->d->store, ENTITY_ACCOUNT, row_int(row, side), &account, NULL) == 0 &&
           !strcmp(row_text(account, ACCOUNT_CURRENCY), row_text(row, ENTRY_CURRENCY));
}

/* 1: together they take back more than there was. */
static int proof_reversals(struct proof *p, const struct row *row)
{
    int64_t reversed;
    const struct store_filter by[] = { { ENTRY_REVERSES, FILTER_EQ, value_int(row->id), NULL } };
    const struct store_query q = { .entity = ENTITY_ENTRY, .filters = by, .filter_count = 1 };
    int rc = store_sum(p->d->store, &q, ENTRY_AMOUNT_MINOR, &reversed, p->e);
    return rc ? rc : reversed > row_int(row, ENTRY_AMOUNT_MINOR);
}

static int proof_entry(void *context, const struct row *row)
{
    struct proof *p = context;
    p->out->entries++;
    p->last_id = row->id;
    if (row->version != PROOF_FIRST_VERSION)
        return proof_broken(p, row, "it was changed after it was posted");
    if (row_int(row, ENTRY_AMOUNT_MINOR) <= 0)
        return proof_broken(p, row, "its amount is not above 0");
    if (row_int(row, ENTRY_DEBIT) == row_int(row, ENTRY_CREDIT))
        return proof_broken(p, row, "both its accounts are the same");
    if (!proof_currency(p, row, ENTRY_DEBIT) || !proof_currency(p, row, ENTRY_CREDIT))
        return proof_broken(p, row, "an account is missing, or in another currency");
    int rc = proof_reversals(p, row);
    if (rc == 1)
        return proof_broken(p, row, "more of it was taken back than there was");
    return rc;
}

int ledger_prove(struct domain *d, struct ledger_proof *out, struct error *e)
{
    struct ledger_proof proof = { 0 };
    struct proof p = { .d = d, .out = &proof, .e = e };
    const struct store_query accounts = { .entity = ENTITY_ACCOUNT };
    int rc = store_count(d->store, &accounts, &proof.accounts, e);
    for (int64_t before = -1; !rc && p.last_id != before;) {
        before = p.last_id;
        const struct store_query q = { .entity = ENTITY_ENTRY,
                                       .after_id = p.last_id,
                                       .limit = LIMIT_LIST_ROWS };
        rc = store_list(d->store, &q, proof_entry, &p, e);
    }
    if (!rc)
        *out = proof;
    return rc;
}
