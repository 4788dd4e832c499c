/* The ledger: accounts, and entries that move an amount from one to another.
 *
 * An entry debits one account and credits another of the same currency with the same amount, so
 * debits equal credits by its shape and not by a check. Entries are only ever added: what is wrong
 * is set right by an entry that takes it back (DESIGN 11; DOMAIN 3). There are no stored totals
 * that could differ from the entries: a balance is their sum.
 *
 * Each entry has a key that says what it is for. The same key posted again, by a retry, a late
 * duplicate or two at once, is found and changes nothing; with another content it is a conflict. */
#ifndef BATON_DOMAIN_LEDGER_H
#define BATON_DOMAIN_LEDGER_H

#include "baton/domain/domain.h"

struct ledger_account {
    const char *name;     /* letters, digits and _ - . : /, at most LIMIT_NAME_BYTES */
    const char *kind;     /* asset, liability, equity, income or expense */
    const char *currency; /* ISO 4217 */
    enum entity holder;   /* ENTITY_NONE: nobody's */
    int64_t holder_id;
};
/* The id of the account of that name, made where there is none. ERROR_CONFLICT where it has another
 * kind, currency or holder. Inside a command, as posting is. */
int ledger_account(struct domain *d, const struct actor *actor, const struct ledger_account *a,
                   int64_t *id, struct error *e);

struct ledger_entry {
    const char *key, *kind;      /* "reward/W-12/accrued", "reward_accrued" */
    int64_t debit_id, credit_id; /* of accounts */
    int64_t amount_minor;        /* above 0 */
    enum entity about;           /* ENTITY_NONE: nothing */
    int64_t about_id;
    const char *memo; /* or NULL */
};
/* *is_new (may be NULL): false where the key was posted before. ERROR_CONFLICT: with another kind,
 * account, amount or about. ERROR_DENIED: only lead and higher, the operator and plugins post. */
int ledger_post(struct domain *d, const struct actor *actor, const struct ledger_entry *x,
                int64_t *id, bool *is_new, struct error *e);
/* Takes an entry back, by amount_minor (0: all that is left of it): the same accounts the other way
 * round. All reversals of an entry together are at most its amount. */
int ledger_reverse(struct domain *d, const struct actor *actor, int64_t entry_id, const char *key,
                   int64_t amount_minor, const char *memo, int64_t *id, bool *is_new,
                   struct error *e);

/* Debits − credits of an asset or an expense, credits − debits of the others. */
int ledger_balance(struct domain *d, int64_t account_id, int64_t *minor, struct error *e);

/* Proves the books: every entry is as it was posted: never changed, an amount above 0, two accounts
 * of its currency, and not more taken back than there was. */
struct ledger_proof {
    int64_t accounts, entries;
    int64_t broken; /* first entry that is not what it must be, or 0 */
    char why[128];  /* "" where the books are right */
};
int ledger_prove(struct domain *d, struct ledger_proof *out, struct error *e);

#endif
