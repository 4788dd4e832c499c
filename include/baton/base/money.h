/* Money: whole minor units (cents) of an ISO 4217 currency, never a fraction and never a double.
 *
 * Where a result may not be whole, the caller names how it is rounded. What is computed on the way
 * has 128 bits; a result that does not fit in 64 is an error, and *out stays as it was. */
#ifndef BATON_BASE_MONEY_H
#define BATON_BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

/* Digits behind the point (ISO 4217 table A.1, "minor unit"): USD 2, JPY 0, KWD 3. */
int currency_exponent(const char *code, int *out, struct error *e);

enum rounding {
    ROUNDING_HALF_UP,   /* half_up: to the nearest, a half away from zero */
    ROUNDING_HALF_DOWN, /* half_down: a half towards zero */
    ROUNDING_HALF_EVEN, /* half_even: a half to the even neighbour */
    ROUNDING_UP,        /* up: away from zero */
    ROUNDING_DOWN,      /* down: towards zero */
    ROUNDING_CEILING,   /* ceiling: towards plus infinity */
    ROUNDING_FLOOR      /* floor: towards minus infinity */
};
const char *rounding_name(enum rounding r);
int rounding_read(const char *name, enum rounding *out, struct error *e); /* near names */

int money_add(int64_t a, int64_t b, int64_t *out, struct error *e);
/* amount × numerator ÷ denominator: 30 % is 3000 ÷ 10000 (basis points). denominator > 0. */
int money_portion(int64_t amount, int64_t numerator, int64_t denominator, enum rounding r,
                  int64_t *out, struct error *e);
/* Parts in the proportion of the weights (each ≥ 0, one > 0) that add up to the amount: what
 * rounding down leaves goes, unit by unit, to the largest remainders, the first of equal ones. */
int money_split(int64_t amount, const int64_t *weights, size_t count, int64_t *parts,
                struct error *e);

/* "14.7", "-3", "1470.00": a point, no grouping; more digits than the currency has are refused. */
int money_parse(const char *text, const char *currency, int64_t *minor, struct error *e);
void money_format(int64_t minor, const char *currency, struct buf *out); /* "14.70 USD" */

#endif
