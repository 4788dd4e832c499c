/* Which touch wins: a pure function over the touches, so that a preview of
 * another rule asks the same code. */
#include "baton/domain/attribution.h"

#include <assert.h>

const char *attribution_reason(enum attribution_verdict v)
{
    static const char *const names[] = {
        [ATTRIBUTION_WON] = "won",
        [ATTRIBUTION_EARLIER_WON] = "earlier_won",
        [ATTRIBUTION_LATER_WON] = "later_won",
        [ATTRIBUTION_TOO_OLD] = "too_old",
        [ATTRIBUTION_TOO_LATE] = "too_late",
        [ATTRIBUTION_SELF] = "self",
        [ATTRIBUTION_NOT_VALID] = "not_valid",
    };
    assert(v >= ATTRIBUTION_WON && v <= ATTRIBUTION_NOT_VALID);
    return names[v];
}

/* Instants may be any: the difference of two is taken where it fits. */
static bool attribution_in_window(int64_t touched_ms, int64_t converted_ms, int64_t window_ms)
{
    return (uint64_t)converted_ms - (uint64_t)touched_ms < (uint64_t)window_ms;
}

static enum attribution_verdict attribution_counts(const struct attribution_touch *t,
                                                   int64_t window_ms, int64_t converted_at_ms)
{
    if (t->at_ms > converted_at_ms)
        return ATTRIBUTION_TOO_LATE;
    if (!attribution_in_window(t->at_ms, converted_at_ms, window_ms))
        return ATTRIBUTION_TOO_OLD;
    if (t->self)
        return ATTRIBUTION_SELF;
    return t->invalid ? ATTRIBUTION_NOT_VALID : ATTRIBUTION_WON;
}

static bool attribution_before(const struct attribution_touch *a, const struct attribution_touch *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->id < b->id);
}

long attribution_decide(enum attribution_rule rule, int64_t window_ms, int64_t converted_at_ms,
                        struct attribution_touch *touches, size_t count)
{
    long winner = -1;
    for (size_t i = 0; i < count; i++) {
        touches[i].verdict = attribution_counts(&touches[i], window_ms, converted_at_ms);
        if (touches[i].verdict != ATTRIBUTION_WON)
            continue;
        if (winner < 0 ||
            attribution_before(&touches[i], &touches[winner]) == (rule == ATTRIBUTION_FIRST))
            winner = (long)i;
    }
    for (size_t i = 0; i < count; i++)
        if (touches[i].verdict == ATTRIBUTION_WON && (long)i != winner)
            touches[i].verdict =
                rule == ATTRIBUTION_FIRST ? ATTRIBUTION_EARLIER_WON : ATTRIBUTION_LATER_WON;
    return winner;
}
