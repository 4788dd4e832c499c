/* Attribution: which of the touches that came before a conversion brought it about (P35; DOMAIN 3).
 *
 * A touch counts where the conversion came less than the window after it, in plain days of 24 hours
 * (UTC): converted < touched + window. Of those that count the first or the last wins, by the rule
 * of the programme; of two at the same instant the one that was recorded first, or last. Each other
 * one is kept with the reason why it lost. */
#ifndef BATON_DOMAIN_ATTRIBUTION_H
#define BATON_DOMAIN_ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum attribution_rule { ATTRIBUTION_FIRST, ATTRIBUTION_LAST };

enum attribution_verdict {
    ATTRIBUTION_WON,
    ATTRIBUTION_EARLIER_WON, /* it counted, but an earlier one did too, and the first wins */
    ATTRIBUTION_LATER_WON,
    ATTRIBUTION_TOO_OLD,  /* outside the window */
    ATTRIBUTION_TOO_LATE, /* after the conversion */
    ATTRIBUTION_SELF,     /* the referrer is the customer */
    ATTRIBUTION_NOT_VALID /* its code had expired or was switched off */
};
const char *attribution_reason(enum attribution_verdict v); /* "earlier_won", ... */

struct attribution_touch {
    int64_t id, at_ms;
    bool self, invalid;
    enum attribution_verdict verdict; /* out */
};
/* Fills in the verdicts; the index of the winner, or -1 where none counts. */
long attribution_decide(enum attribution_rule rule, int64_t window_ms, int64_t converted_at_ms,
                        struct attribution_touch *touches, size_t count);

#endif
