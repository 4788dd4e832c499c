/* What the columns of a programme and of a code must look like. */
#include "baton/base/digest.h"
#include "baton/base/error.h"
#include "baton/base/money.h"
#include "domain/domain_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    PROGRAMME_WINDOW_DAYS_DEFAULT = 30,
    PROGRAMME_WINDOW_DAYS_MAX = 3650,
    PROGRAMME_BP_MAX = 1000000, /* a hundred referrals for each customer */
    CODE_BYTES_MIN = 3,
    CODE_BYTES_MAX = 32,
    CODE_BYTES_MADE = 8
};

/* As it will be: given now, or as it was. */
static const struct value *programme_value(struct columns *c, const struct row *before, int column)
{
    const struct value *v = columns__get(c, column);
    return v || !before ? v : &before->v[column];
}

static bool programme_is_int(const struct value *v)
{
    return v && v->type == VALUE_INT;
}

static int programme_range(struct columns *c, int column, int64_t low, int64_t high,
                           struct error *e)
{
    const struct value *v = columns__get(c, column);
    if (!programme_is_int(v) || (v->i >= low && v->i <= high))
        return 0;
    return error_set(e, ERROR_INVALID, "%s takes a whole number from %lld to %lld, got %lld",
                     schema_of(c->entity)->columns[column].name, (long long)low, (long long)high,
                     (long long)v->i);
}

static int programme_dates(struct columns *c, const struct row *before, struct error *e)
{
    const struct value *starts = programme_value(c, before, PROGRAMME_STARTS_AT_MS);
    const struct value *ends = programme_value(c, before, PROGRAMME_ENDS_AT_MS);
    if (programme_is_int(starts) && programme_is_int(ends) && starts->i >= ends->i)
        return error_set(e, ERROR_INVALID, "ends_at_ms is not after starts_at_ms");
    return 0;
}

/* Whoever was promised something can be shown which terms held when. */
static void programme_terms(struct columns *c, const struct row *before)
{
    const struct value *terms = columns__get(c, PROGRAMME_TERMS);
    if (!before)
        columns__put(c, PROGRAMME_TERMS_VERSION, value_int(1));
    if (!terms || (before && value_equal(terms, &before->v[PROGRAMME_TERMS])))
        return;
    columns__put(c, PROGRAMME_TERMS_FROM_AT_MS, value_int(c->now_ms));
    if (before)
        columns__put(c, PROGRAMME_TERMS_VERSION,
                     value_int(row_int(before, PROGRAMME_TERMS_VERSION) + 1));
}

int columns__programme(struct columns *c, const struct row *before, struct error *e)
{
    int digits, rc = 0;
    const struct value *currency = columns__get(c, PROGRAMME_CURRENCY);
    if (!before) {
        columns__default(c, PROGRAMME_STATUS, value_text("draft"));
        columns__default(c, PROGRAMME_ATTRIBUTION, value_text("last"));
        columns__default(c, PROGRAMME_WINDOW_DAYS, value_int(PROGRAMME_WINDOW_DAYS_DEFAULT));
    }
    if (currency && currency->type == VALUE_TEXT)
        rc = currency_exponent(currency->s, &digits, e);
    if (!rc && before && currency && !value_equal(currency, &before->v[PROGRAMME_CURRENCY]))
        rc = error_set(e, ERROR_DENIED,
                       "the currency of a programme stays; what was promised in %s is owed in %s",
                       row_text(before, PROGRAMME_CURRENCY), row_text(before, PROGRAMME_CURRENCY));
    if (!rc)
        rc = programme_range(c, PROGRAMME_WINDOW_DAYS, 1, PROGRAMME_WINDOW_DAYS_MAX, e);
    if (!rc)
        rc = programme_range(c, PROGRAMME_BASELINE_BP, 0, PROGRAMME_BP_MAX, e);
    if (!rc)
        rc = programme_range(c, PROGRAMME_GOAL_BP, 0, PROGRAMME_BP_MAX, e);
    if (!rc)
        rc = programme_dates(c, before, e);
    if (!rc)
        programme_terms(c, before);
    return rc;
}

/* ---- codes ---- */

/* Without 0 O 1 I L: people read codes aloud. 31 letters: 8 of them are 40 bits, nearly. */
static void code_make(char *out)
{
    static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    unsigned char bytes[CODE_BYTES_MADE];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < CODE_BYTES_MADE; i++)
        out[i] = letters[bytes[i] % (sizeof letters - 1)];
    out[CODE_BYTES_MADE] = '\0';
}

/* Capitals into `room`, which the write borrows. */
static int code_fold(const char *code, char *room, struct error *e)
{
    size_t n = strlen(code);
    bool good = n >= CODE_BYTES_MIN && n <= CODE_BYTES_MAX;
    for (size_t i = 0; good && i <= n; i++) {
        good = i == n || isalnum((unsigned char)code[i]) || code[i] == '-';
        room[i] = (char)toupper((unsigned char)code[i]);
    }
    return good
               ? 0
               : error_set(e, ERROR_INVALID, "\"%.40s\" is no code: %d to %d letters, digits and -",
                           code, (int)CODE_BYTES_MIN, (int)CODE_BYTES_MAX);
}

static int code_referrer(struct columns *c, struct error *e)
{
    const struct value *v = columns__get(c, CODE_REFERRER);
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    if (!v || v->type != VALUE_TEXT || row_id_parse(v->s, &entity, &id) ||
        entity == ENTITY_PERSON || entity == ENTITY_PARTNER || entity == ENTITY_STAFF)
        return 0; /* what is missing or malformed the store says */
    return error_set(e, ERROR_INVALID,
                     "a referrer is a person, a partner or a member of staff, not %s", v->s);
}

int columns__code(struct columns *c, const struct row *before, struct error *e)
{
    const struct value *code = columns__get(c, CODE_CODE);
    const struct value *referrer = columns__get(c, CODE_REFERRER);
    int rc = code_referrer(c, e);
    if (!rc && before && code && !value_equal(code, &before->v[CODE_CODE]))
        rc = error_set(e, ERROR_DENIED, "a code stays what it is: switch it off and make another");
    if (!rc && before && referrer && !value_equal(referrer, &before->v[CODE_REFERRER]))
        rc = error_set(e, ERROR_DENIED,
                       "a code stays its referrer's: switch it off and make another");
    if (rc || before)
        return rc;
    columns__default(c, CODE_STATUS, value_text("active"));
    if (code && code->type == VALUE_TEXT)
        rc = code_fold(code->s, c->code, e);
    else
        code_make(c->code);
    if (!rc)
        columns__put(c, CODE_CODE, value_text(c->code));
    return rc;
}
