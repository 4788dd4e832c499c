/* The ledger: making accounts, posting and reversing entries, balances, and the
 * proof of the books.
 *
 * An idempotent posting is found by its key before anything else is looked at,
 * and compared whole: a key that means two things is the caller's mistake, and
 * the only way to post twice what should be posted once. */
#include "baton/domain/ledger.h"

#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/money.h"
#include "domain/domain_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int ledger_may(const struct actor *actor, struct error *e)
{
    if (actor_has_role(actor, "lead"))
        return 0;
    return error_set(e, ERROR_DENIED, "the ledger needs the role lead; %s does not have it",
                     actor->name);
}

/* "P-12", or null for nothing. `shown` holds 32 bytes. */
static struct value ledger_ref(enum entity entity, int64_t id, char *shown)
{
    if (entity == ENTITY_NONE)
        return value_null();
    row_id_format(entity, id, shown);
    return value_text(shown);
}

/* ---- accounts ---- */

static int ledger_account_name(const char *name, struct error *e)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "_-.:/";
    size_t n = strlen(name);
    if (n >= 1 && n <= LIMIT_NAME_BYTES && strspn(name, allowed) == n)
        return 0;
    return error_set(e, ERROR_INVALID,
                     "\"%.80s\" is no name of an account: 1 to %d letters, digits and _ - . : /",
                     name, (int)LIMIT_NAME_BYTES);
}

static int ledger_same_account(const struct row *row, const struct ledger_account *a,
                               const struct value *holder, struct error *e)
{
    char shown[32];
    if (!strcmp(row_text(row, ACCOUNT_KIND), a->kind) &&
        !strcmp(row_text(row, ACCOUNT_CURRENCY), a->currency) &&
        value_equal(&row->v[ACCOUNT_HOLDER], holder))
        return 0;
    row_id_format(ENTITY_ACCOUNT, row->id, shown);
    return error_set(e, ERROR_CONFLICT, "account %s (%s) is %s in %s%s%s, not %s in %s%s%s",
                     a->name, shown, row_text(row, ACCOUNT_KIND), row_text(row, ACCOUNT_CURRENCY),
                     row_is_null(row, ACCOUNT_HOLDER) ? "" : " of ", row_text(row, ACCOUNT_HOLDER),
                     a->kind, a->currency, holder->type == VALUE_TEXT ? " of " : "",
                     holder->type == VALUE_TEXT ? holder->s : "");
}

int ledger_account(struct domain *d, const struct actor *actor, const struct ledger_account *a,
                   int64_t *id, struct error *e)
{
    char shown[32];
    const struct row *row = NULL;
    const struct value holder = ledger_ref(a->holder, a->holder_id, shown);
    int digits;
    int rc = ledger_account_name(a->name, e);
    if (!rc)
        rc = currency_exponent(a->currency, &digits, e);
    if (rc)
        return rc;
    rc = store_find_by(d->store, ENTITY_ACCOUNT, ACCOUNT_NAME, a->name, &row, e);
    if (!rc) {
        *id = row->id;
        return ledger_same_account(row, a, &holder, e);
    }
    if (rc != -ERROR_NOT_FOUND)
        return rc;
    rc = domain__writable(d, e);
    if (!rc)
        rc = ledger_may(actor, e);
    if (rc)
        return rc;
    const struct store_set set[] = { { ACCOUNT_NAME, value_text(a->name) },
                                     { ACCOUNT_KIND, value_text(a->kind) },
                                     { ACCOUNT_CURRENCY, value_text(a->currency) },
                                     { ACCOUNT_HOLDER, holder } };
    struct store_change change = { .entity = ENTITY_ACCOUNT,
                                   .kind = "account.created",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = set,
                                   .set_count = sizeof set / sizeof *set };
    rc = domain__change(d, &change, NULL, 0, &row, e);
    if (!rc)
        *id = row->id;
    return rc;
}

/* ---- entries ---- */

/* `out` holds LIMIT_NAME_BYTES: the currency of both, which must be the same. */
static int ledger_currency(struct domain *d, const struct ledger_entry *x, char *out,
                           struct error *e)
{
    const struct row *row = NULL;
    char debit[8], credit[8];
    int rc = store_get(d->store, ENTITY_ACCOUNT, x->debit_id, &row, e);
    if (rc)
        return rc;
    snprintf(debit, sizeof debit, "%s", row_text(row, ACCOUNT_CURRENCY));
    rc = store_get(d->store, ENTITY_ACCOUNT, x->credit_id, &row, e);
    if (rc)
        return rc;
    snprintf(credit, sizeof credit, "%s", row_text(row, ACCOUNT_CURRENCY));
    if (strcmp(debit, credit) != 0)
        return error_set(e, ERROR_INVALID,
                         "A-%" PRId64 " is in %s and A-%" PRId64
                         " in %s: an entry has one currency",
                         x->debit_id, debit, x->credit_id, credit);
    memcpy(out, debit, sizeof debit);
    return 0;
}

static int ledger_check(const struct ledger_entry *x, struct error *e)
{
    if (!x->key || !x->key[0] || strlen(x->key) > LIMIT_KEY_BYTES)
        return error_set(e, ERROR_INVALID, "an entry needs a key of 1 to %d bytes: what it is for",
                         (int)LIMIT_KEY_BYTES);
    if (!x->kind || !x->kind[0] || strlen(x->kind) > LIMIT_NAME_BYTES)
        return error_set(e, ERROR_INVALID, "an entry needs a kind of 1 to %d bytes",
                         (int)LIMIT_NAME_BYTES);
    if (x->amount_minor <= 0)
        return error_set(e, ERROR_INVALID,
                         "an entry of %" PRId64
                         ": the amount is above 0; the other way round is to "
                         "swap debit and credit",
                         x->amount_minor);
    if (x->debit_id == x->credit_id)
        return error_set(e, ERROR_INVALID, "an entry from A-%" PRId64 " to itself moves nothing",
                         x->debit_id);
    return 0;
}

static int ledger_same_entry(const struct row *row, const struct ledger_entry *x,
                             const struct value *about, struct error *e)
{
    if (!strcmp(row_text(row, ENTRY_KIND), x->kind) && row_int(row, ENTRY_DEBIT) == x->debit_id &&
        row_int(row, ENTRY_CREDIT) == x->credit_id &&
        row_int(row, ENTRY_AMOUNT_MINOR) == x->amount_minor &&
        value_equal(&row->v[ENTRY_ABOUT], about))
        return 0;
    return error_set(e, ERROR_CONFLICT,
                     "\"%s\" was posted as E-%" PRId64 ": %s of %" PRId64 " from A-%" PRId64
                     " to A-%" PRId64 "; the same key is the same entry",
                     x->key, row->id, row_text(row, ENTRY_KIND), row_int(row, ENTRY_AMOUNT_MINOR),
                     row_int(row, ENTRY_CREDIT), row_int(row, ENTRY_DEBIT));
}

static int ledger_write(struct domain *d, const struct actor *actor, const struct ledger_entry *x,
                        const struct value *about, int64_t reverses_id, int64_t *id,
                        struct error *e)
{
    char currency[8];
    const struct row *row = NULL;
    int rc = domain__writable(d, e);
    if (!rc)
        rc = ledger_may(actor, e);
    if (!rc)
        rc = ledger_currency(d, x, currency, e);
    if (rc)
        return rc;
    const struct store_set set[] = {
        { ENTRY_KEY, value_text(x->key) },
        { ENTRY_KIND, value_text(x->kind) },
        { ENTRY_DEBIT, value_int(x->debit_id) },
        { ENTRY_CREDIT, value_int(x->credit_id) },
        { ENTRY_AMOUNT_MINOR, value_int(x->amount_minor) },
        { ENTRY_CURRENCY, value_text(currency) },
        { ENTRY_ABOUT, *about },
        { ENTRY_REVERSES, reverses_id ? value_int(reverses_id) : value_null() },
        { ENTRY_MEMO, value_text(x->memo) },
    };
    struct store_change change = { .entity = ENTITY_ENTRY,
                                   .kind = "entry.posted",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = set,
                                   .set_count = sizeof set / sizeof *set };
    rc = domain__change(d, &change, NULL, 0, &row, e);
    if (!rc)
        *id = row->id;
    return rc;
}

/* 1: it was posted before, *id is it. */
static int ledger_posted(struct domain *d, const struct ledger_entry *x, const struct value *about,
                         int64_t *id, struct error *e)
{
    const struct row *row = NULL;
    int rc = store_find_by(d->store, ENTITY_ENTRY, ENTRY_KEY, x->key, &row, e);
    if (rc)
        return rc == -ERROR_NOT_FOUND ? 0 : rc;
    rc = ledger_same_entry(row, x, about, e);
    if (rc)
        return rc;
    *id = row->id;
    return 1;
}

static int ledger_post_reversing(struct domain *d, const struct actor *actor,
                                 const struct ledger_entry *x, int64_t reverses_id, int64_t *id,
                                 bool *is_new, struct error *e)
{
    char shown[32];
    const struct value about = ledger_ref(x->about, x->about_id, shown);
    int rc = ledger_check(x, e);
    if (!rc)
        rc = ledger_posted(d, x, &about, id, e);
    if (rc < 0)
        return rc;
    if (is_new)
        *is_new = rc == 0;
    return rc == 1 ? 0 : ledger_write(d, actor, x, &about, reverses_id, id, e);
}

int ledger_post(struct domain *d, const struct actor *actor, const struct ledger_entry *x,
                int64_t *id, bool *is_new, struct error *e)
{
    return ledger_post_reversing(d, actor, x, 0, id, is_new, e);
}

/* ---- taking back ---- */

static int ledger_reversed(struct domain *d, int64_t entry_id, int64_t *minor, struct error *e)
{
    const struct store_filter by[] = { { ENTRY_REVERSES, FILTER_EQ, value_int(entry_id), NULL } };
    const struct store_query q = { .entity = ENTITY_ENTRY, .filters = by, .filter_count = 1 };
    return store_sum(d->store, &q, ENTRY_AMOUNT_MINOR, minor, e);
}

/* What a repeated call must not be refused for is that the first one took the amount back. */
static int ledger_reverse_left(struct domain *d, int64_t entry_id, const char *key, int64_t whole,
                               int64_t *amount, struct error *e)
{
    const struct row *row = NULL;
    int64_t reversed;
    if (store_find_by(d->store, ENTITY_ENTRY, ENTRY_KEY, key, &row, NULL) == 0) {
        if (!*amount)
            *amount = row_int(row, ENTRY_AMOUNT_MINOR);
        return 0;
    }
    int rc = ledger_reversed(d, entry_id, &reversed, e);
    if (rc)
        return rc;
    if (!*amount)
        *amount = whole - reversed;
    if (*amount > 0 && *amount <= whole - reversed)
        return 0;
    return error_set(e, ERROR_DENIED,
                     "E-%" PRId64 " is an entry of %" PRId64 ", of which %" PRId64
                     " is left to take back, not %" PRId64,
                     entry_id, whole, whole - reversed, *amount);
}

int ledger_reverse(struct domain *d, const struct actor *actor, int64_t entry_id, const char *key,
                   int64_t amount_minor, const char *memo, int64_t *id, bool *is_new,
                   struct error *e)
{
    const struct row *row = NULL;
    char kind[LIMIT_NAME_BYTES + 16];
    int rc = store_get(d->store, ENTITY_ENTRY, entry_id, &row, e);
    if (rc)
        return rc;
    snprintf(kind, sizeof kind, "%.*s", (int)LIMIT_NAME_BYTES, row_text(row, ENTRY_KIND));
    struct ledger_entry x = { .key = key,
                              .kind = kind,
                              .debit_id = row_int(row, ENTRY_CREDIT),
                              .credit_id = row_int(row, ENTRY_DEBIT),
                              .amount_minor = amount_minor,
                              .memo = memo };
    if (!row_is_null(row, ENTRY_ABOUT))
        row_id_parse(row_text(row, ENTRY_ABOUT), &x.about, &x.about_id);
    int64_t whole = row_int(row, ENTRY_AMOUNT_MINOR);
    if (!key || !key[0])
        return ledger_check(&x, e);
    rc = ledger_reverse_left(d, entry_id, key, whole, &x.amount_minor, e);
    return rc ? rc : ledger_post_reversing(d, actor, &x, entry_id, id, is_new, e);
}

/* ---- balances ---- */

static int ledger_side(struct domain *d, int64_t account_id, int side, int64_t *minor,
                       struct error *e)
{
    const struct store_filter by[] = { { side, FILTER_EQ, value_int(account_id), NULL } };
    const struct store_query q = { .entity = ENTITY_ENTRY, .filters = by, .filter_count = 1 };
    return store_sum(d->store, &q, ENTRY_AMOUNT_MINOR, minor, e);
}

int ledger_balance(struct domain *d, int64_t account_id, int64_t *minor, struct error *e)
{
    const struct row *row = NULL;
    int64_t debits = 0, credits = 0;
    int rc = store_get(d->store, ENTITY_ACCOUNT, account_id, &row, e);
    if (rc)
        return rc;
    const char *kind = row_text(row, ACCOUNT_KIND);
    bool grows_by_debit = !strcmp(kind, "asset") || !strcmp(kind, "expense");
    rc = ledger_side(d, account_id, ENTRY_DEBIT, &debits, e);
    if (!rc)
        rc = ledger_side(d, account_id, ENTRY_CREDIT, &credits, e);
    if (!rc) /* both are 0 or more: the difference fits */
        *minor = grows_by_debit ? debits - credits : credits - debits;
    return rc;
}
