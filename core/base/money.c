/* Money in whole minor units: the currencies of ISO 4217, rounding by name,
 * proportions and splits, reading and writing.
 *
 * A quotient is rounded once, from the exact 128-bit product: rounding a rounded
 * value is how cents get lost. */
#include "baton/base/money.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { CURRENCY_DIGITS_MAX = 4, MONEY_PARTS_MAX = 64 };

/* ISO 4217 table A.1, active codes of money (funds, metals and test codes left out), in order. */
static const char currency_codes[][4] = {
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN",
    "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
    "CHF", "CLF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD",
    "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ",
    "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD",
    "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR",
    "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR",
    "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB",
    "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UYW",
    "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR",
    "ZMW", "ZWG",
};
enum { CURRENCY_COUNT = sizeof currency_codes / sizeof *currency_codes };

/* All others have two. */
static const struct currency_digits {
    int digits;
    const char *codes;
} currency_others[] = {
    { 0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF" },
    { 3, "BHD IQD JOD KWD LYD OMR TND" },
    { 4, "CLF UYW" },
};

static int currency_refuse(const char *code, struct error *e)
{
    const char *names[CURRENCY_COUNT + 1] = { NULL };
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < CURRENCY_COUNT; i++)
        names[i] = currency_codes[i];
    text_suggest(code, names, &near);
    int rc = error_set(e, ERROR_INVALID,
                       "unknown currency \"%.16s\"%s (three capitals of ISO 4217, such as USD)",
                       code, buf_text(&near));
    buf_free(&near);
    return rc;
}

int currency_exponent(const char *code, int *out, struct error *e)
{
    size_t low = 0, high = CURRENCY_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(currency_codes[middle], code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == CURRENCY_COUNT || strcmp(currency_codes[low], code) != 0)
        return currency_refuse(code, e);
    int digits = 2;
    for (size_t i = 0; i < sizeof currency_others / sizeof *currency_others; i++)
        if (strstr(currency_others[i].codes, code))
            digits = currency_others[i].digits;
    *out = digits;
    return 0;
}

/* ---- rounding ---- */

static const char *const rounding_names[] = {
    [ROUNDING_HALF_UP] = "half_up",     [ROUNDING_HALF_DOWN] = "half_down",
    [ROUNDING_HALF_EVEN] = "half_even", [ROUNDING_UP] = "up",
    [ROUNDING_DOWN] = "down",           [ROUNDING_CEILING] = "ceiling",
    [ROUNDING_FLOOR] = "floor",         NULL,
};

const char *rounding_name(enum rounding r)
{
    assert(r >= ROUNDING_HALF_UP && r <= ROUNDING_FLOOR);
    return rounding_names[r];
}

int rounding_read(const char *name, enum rounding *out, struct error *e)
{
    for (enum rounding r = ROUNDING_HALF_UP; r <= ROUNDING_FLOOR; r++) {
        if (!strcmp(rounding_names[r], name)) {
            *out = r;
            return 0;
        }
    }
    struct buf near = BUF_INIT;
    text_suggest(name, rounding_names, &near);
    int rc = error_set(e, ERROR_INVALID,
                       "unknown rounding \"%.32s\"%s (half_up, half_down, half_even, up, down, "
                       "ceiling or floor)",
                       name, buf_text(&near));
    buf_free(&near);
    return rc;
}

/* Away from zero, instead of what the division cut off? `left` and `by` are magnitudes. */
static bool rounding_goes_out(enum rounding r, bool negative, bool odd, unsigned __int128 left,
                              unsigned __int128 by)
{
    switch (r) {
    case ROUNDING_UP:
        return left > 0;
    case ROUNDING_DOWN:
        return false;
    case ROUNDING_CEILING:
        return left > 0 && !negative;
    case ROUNDING_FLOOR:
        return left > 0 && negative;
    case ROUNDING_HALF_UP:
        return left >= by - left;
    case ROUNDING_HALF_DOWN:
        return left > by - left;
    case ROUNDING_HALF_EVEN:
        return left > by - left || (left == by - left && odd);
    }
    return false;
}

/* ---- arithmetic ---- */

static int money_fits(__int128 value, int64_t *out, struct error *e)
{
    if (value < INT64_MIN || value > INT64_MAX)
        return error_set(e, ERROR_LIMIT, "the amount is beyond 9223372036854775807 minor units");
    *out = (int64_t)value;
    return 0;
}

int money_add(int64_t a, int64_t b, int64_t *out, struct error *e)
{
    return money_fits((__int128)a + b, out, e);
}

int money_portion(int64_t amount, int64_t numerator, int64_t denominator, enum rounding r,
                  int64_t *out, struct error *e)
{
    if (denominator <= 0)
        return error_set(e, ERROR_INVALID, "a part of %" PRId64 ": it must be above 0",
                         denominator);
    __int128 product = (__int128)amount * numerator;
    bool negative = product < 0;
    unsigned __int128 magnitude = (unsigned __int128)(negative ? -product : product);
    unsigned __int128 by = (unsigned __int128)denominator;
    __int128 whole = (__int128)(magnitude / by);
    if (rounding_goes_out(r, negative, whole & 1, magnitude % by, by))
        whole++;
    return money_fits(negative ? -whole : whole, out, e);
}

static int money_weigh(const int64_t *weights, size_t count, int64_t *total, struct error *e)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] < 0)
            return error_set(e, ERROR_INVALID, "weight %zu is %" PRId64 ": it must be 0 or more",
                             i + 1, weights[i]);
        int rc = money_add(*total, weights[i], total, e);
        if (rc)
            return rc;
    }
    return *total > 0 ? 0 : error_set(e, ERROR_INVALID, "no weight is above 0");
}

int money_split(int64_t amount, const int64_t *weights, size_t count, int64_t *parts,
                struct error *e)
{
    int64_t total, sign = amount < 0 ? -1 : 1;
    unsigned __int128 left[MONEY_PARTS_MAX];
    if (count == 0 || count > MONEY_PARTS_MAX)
        return error_set(e, ERROR_LIMIT, "%zu parts: 1 to %d", count, MONEY_PARTS_MAX);
    int rc = money_weigh(weights, count, &total, e);
    if (rc)
        return rc;
    assert(total > 0);
    unsigned __int128 magnitude = (unsigned __int128)((__int128)amount * sign), given = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned __int128 share = magnitude * (unsigned __int128)weights[i];
        parts[i] = (int64_t)((__int128)(share / (unsigned __int128)total) * sign);
        given += share / (unsigned __int128)total;
        left[i] = share % (unsigned __int128)total;
    }
    for (; given < magnitude; given++) { /* fewer than `count` rounds */
        size_t most = 0;
        for (size_t i = 1; i < count; i++)
            if (left[i] > left[most])
                most = i;
        parts[most] += sign;
        left[most] = 0;
    }
    return 0;
}

/* ---- as text ---- */

static int money_unreadable(const char *text, const char *currency, int digits, struct error *e)
{
    return error_set(e, ERROR_INVALID,
                     "\"%.40s\" is no amount of %s: digits, and %s, such as 1470%s", text, currency,
                     digits ? "a point with the parts of one unit" : "no point",
                     digits == 0   ? ""
                     : digits == 2 ? ".50"
                     : digits == 3 ? ".500"
                                   : ".5000");
}

int money_parse(const char *text, const char *currency, int64_t *minor, struct error *e)
{
    int digits, behind = -1;
    __int128 value = 0;
    int rc = currency_exponent(currency, &digits, e);
    if (rc)
        return rc;
    const char *p = text + (*text == '-');
    if (*p < '0' || *p > '9')
        return money_unreadable(text, currency, digits, e);
    for (; *p; p++) {
        if (*p == '.' && behind < 0 && p[1]) {
            behind = 0;
            continue;
        }
        if (*p < '0' || *p > '9' || behind == digits || value > (__int128)INT64_MAX)
            return money_unreadable(text, currency, digits, e);
        value = value * 10 + (*p - '0');
        behind += behind >= 0;
    }
    for (int i = behind < 0 ? 0 : behind; i < digits; i++)
        value *= 10;
    return money_fits(*text == '-' ? -value : value, minor, e);
}

void money_format(int64_t minor, const char *currency, struct buf *out)
{
    int digits = 2;
    uint64_t magnitude = minor < 0 ? (uint64_t)0 - (uint64_t)minor : (uint64_t)minor, unit = 1;
    currency_exponent(currency, &digits, NULL);
    for (int i = 0; i < digits; i++)
        unit *= 10;
    buf_printf(out, "%s%" PRIu64, minor < 0 ? "-" : "", magnitude / unit);
    if (digits)
        buf_printf(out, ".%0*" PRIu64, digits, magnitude % unit);
    buf_printf(out, " %s", currency);
}
