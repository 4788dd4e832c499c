/* Referral programmes: touches and conversions, each recorded once.
 *
 * A touch says that somebody was referred, a conversion what came of it. Both carry the key that
 * their source knows them by: the same key again, late or twice at once, changes nothing, and with
 * another content is a conflict. Both are never changed. A sale is attributed when it is recorded
 * (attribution.h): the winner stands in its row, every loser with its reason in its event
 * ("conversion.recorded": rule, touch, losers); touches that are recorded later do not change it.
 *
 * A refund or chargeback names the key of its sale and may come before it. What is left of a sale
 * is its amount less those, never below nothing. */
#ifndef BATON_DOMAIN_PROGRAMME_H
#define BATON_DOMAIN_PROGRAMME_H

#include "baton/domain/domain.h"

struct touch_input {
    const char *key; /* "shop/click-8812" */
    int64_t programme_id;
    const char *kind; /* click, share, code, claim */
    const char *code; /* of the referrer, in any case; or NULL, then: */
    enum entity referrer;
    int64_t referrer_id;
    int64_t person_id; /* who was referred, 0: not known, then: */
    const char *visitor;
    const char *channel; /* NULL: that of the code */
    int64_t touched_at_ms;
};
/* ERROR_NOT_FOUND: no such code (a near one is named). A code that has expired or was switched off
 * is recorded, and does not win. */
int programme_touch(struct domain *d, const struct actor *actor, const struct touch_input *t,
                    int64_t *id, bool *is_new, struct error *e);

struct conversion_input {
    const char *key; /* "shop/order-1007" */
    int64_t programme_id;
    const char *kind;   /* sale, refund, chargeback */
    const char *of_key; /* of a refund or chargeback */
    int64_t amount_minor;
    const char *currency, *product;
    int64_t items;     /* 0: not said */
    int64_t person_id; /* 0: not known, then: */
    const char *visitor;
    int64_t converted_at_ms;
};
/* ERROR_DENIED: the programme is a draft, paused, or it was not yet or not any more on at that time
 * (refunds and chargebacks are taken at any time). ERROR_CONFLICT: more refunded than was sold. */
int programme_convert(struct domain *d, const struct actor *actor, const struct conversion_input *c,
                      int64_t *id, bool *is_new, struct error *e);
/* What is left of a sale. */
int programme_net(struct domain *d, int64_t conversion_id, int64_t *minor, struct error *e);

#endif
