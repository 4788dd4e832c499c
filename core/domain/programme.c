/* Touches and conversions: recorded once, by key; a sale is attributed on the way.
 *
 * What was recorded under a key is compared with what is given now, so that a
 * source that repeats itself is answered and one that contradicts itself is
 * refused. */
#include "baton/domain/programme.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/money.h"
#include "baton/domain/attribution.h"
#include "domain/domain_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PROGRAMME_DAY_MS = 86400000, PROGRAMME_SETS = 13 };

/* ---- recorded once ---- */

struct once {
    struct store_set set[PROGRAMME_SETS];
    size_t count;
    char shown[2][32]; /* of references that `set` points into */
    char code[LIMIT_NAME_BYTES + 1];
};

static void once_put(struct once *o, int column, struct value v)
{
    if (v.type != VALUE_NULL)
        o->set[o->count++] = (struct store_set){ column, v };
}

static struct value once_id(int64_t id)
{
    return id ? value_int(id) : value_null();
}

static struct value once_ref(struct once *o, size_t slot, enum entity entity, int64_t id)
{
    if (entity == ENTITY_NONE)
        return value_null();
    row_id_format(entity, id, o->shown[slot]);
    return value_text(o->shown[slot]);
}

/* Columns that are decided here and not said by the source are left out of `set` until after. */
static bool once_same(const struct row *row, const struct once *o)
{
    for (size_t i = 0; i < o->count; i++)
        if (!value_equal(&row->v[o->set[i].column], &o->set[i].value))
            return false;
    return true;
}

/* 1: it is there already, *id is it; 0: it is new. */
static int once_find(struct domain *d, enum entity entity, const struct once *o, int64_t *id,
                     struct error *e)
{
    const struct row *row = NULL;
    char shown[32];
    const char *key = o->set[0].value.s; /* the key is the first column of both */
    int rc = store_find_by(d->store, entity, 0, key, &row, e);
    if (rc)
        return rc == -ERROR_NOT_FOUND ? 0 : rc;
    row_id_format(entity, row->id, shown);
    if (!once_same(row, o))
        return error_set(e, ERROR_CONFLICT, "\"%.80s\" was recorded as %s, with another content",
                         key, shown);
    *id = row->id;
    return 1;
}

static int once_check_key(const char *what, const char *key, struct error *e)
{
    size_t n = key ? strlen(key) : 0;
    if (n >= 1 && n <= LIMIT_KEY_BYTES)
        return 0;
    return error_set(e, ERROR_INVALID, "a %s needs a key of 1 to %d bytes: its source and id there",
                     what, (int)LIMIT_KEY_BYTES);
}

/* ---- touches ---- */

/* Its id, and in o->shown[0] and o->code whose it is and where it is shared. */
static int touch_code(struct domain *d, const struct touch_input *t, struct once *o,
                      struct error *e)
{
    const struct row *row = NULL;
    size_t n = strlen(t->code);
    if (n > LIMIT_NAME_BYTES)
        return error_set(e, ERROR_INVALID, "a code has at most %d characters",
                         (int)LIMIT_NAME_BYTES);
    for (size_t i = 0; i <= n; i++)
        o->code[i] = (char)toupper((unsigned char)t->code[i]);
    int rc = store_find_by(d->store, ENTITY_CODE, CODE_CODE, o->code, &row, e);
    if (rc)
        return rc == -ERROR_NOT_FOUND
                   ? error_set(e, ERROR_NOT_FOUND, "there is no code \"%.64s\"", o->code)
                   : rc;
    if (row_int(row, CODE_PROGRAMME) != t->programme_id)
        return error_set(e, ERROR_INVALID,
                         "code \"%s\" is of programme G-%" PRId64 ", not G-%" PRId64, o->code,
                         row_int(row, CODE_PROGRAMME), t->programme_id);
    once_put(o, TOUCH_CODE, value_int(row->id));
    snprintf(o->shown[0], sizeof o->shown[0], "%s", row_text(row, CODE_REFERRER));
    snprintf(o->code, sizeof o->code, "%s", row_text(row, CODE_CHANNEL));
    return 0;
}

/* What the code says of itself may have changed since: it is no part of what is compared. */
static void touch_take_from_code(const struct touch_input *t, struct once *o)
{
    once_put(o, TOUCH_REFERRER, value_text(o->shown[0]));
    if (!t->channel && o->code[0])
        once_put(o, TOUCH_CHANNEL, value_text(o->code));
}

static int touch_gather(struct domain *d, const struct touch_input *t, struct once *o,
                        struct error *e)
{
    int rc = once_check_key("touch", t->key, e);
    if (rc)
        return rc;
    if (!t->code == !t->referrer)
        return error_set(e, ERROR_INVALID, "a touch names a code or a referrer, one of both");
    if (!t->person_id == !t->visitor)
        return error_set(e, ERROR_INVALID, "a touch names a person or a visitor, one of both");
    once_put(o, TOUCH_KEY, value_text(t->key));
    once_put(o, TOUCH_PROGRAMME, value_int(t->programme_id));
    once_put(o, TOUCH_KIND, value_text(t->kind));
    once_put(o, TOUCH_PERSON, once_id(t->person_id));
    once_put(o, TOUCH_VISITOR, value_text(t->visitor));
    once_put(o, TOUCH_CHANNEL, value_text(t->channel));
    once_put(o, TOUCH_TOUCHED_AT_MS, value_int(t->touched_at_ms));
    if (t->code)
        return touch_code(d, t, o, e);
    once_put(o, TOUCH_REFERRER, once_ref(o, 0, t->referrer, t->referrer_id));
    return 0;
}

int programme_touch(struct domain *d, const struct actor *actor, const struct touch_input *t,
                    int64_t *id, bool *is_new, struct error *e)
{
    struct once o = { 0 };
    const struct row *row = NULL;
    int rc = store_get(d->store, ENTITY_PROGRAMME, t->programme_id, &row, e);
    if (!rc)
        rc = touch_gather(d, t, &o, e);
    if (!rc)
        rc = once_find(d, ENTITY_TOUCH, &o, id, e);
    if (rc < 0)
        return rc;
    if (is_new)
        *is_new = rc == 0;
    if (rc == 1)
        return 0;
    rc = domain__writable(d, e);
    if (rc)
        return rc;
    if (t->code)
        touch_take_from_code(t, &o);
    struct store_change change = { .entity = ENTITY_TOUCH,
                                   .kind = "touch.recorded",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = o.set,
                                   .set_count = o.count };
    rc = domain__change(d, &change, NULL, 0, &row, e);
    if (!rc)
        *id = row->id;
    return rc;
}

/* ---- attributing a sale ---- */

enum { ATTRIBUTE_TOUCHES = 256 };

struct attribute {
    struct domain *d;
    const struct conversion_input *c;
    struct attribution_touch touches[ATTRIBUTE_TOUCHES];
    char referrers[ATTRIBUTE_TOUCHES][32];
    size_t count;
};

static bool attribute_code_valid(struct domain *d, const struct row *touch)
{
    const struct row *code = NULL;
    if (row_is_null(touch, TOUCH_CODE))
        return true;
    int64_t at_ms = row_int(touch, TOUCH_TOUCHED_AT_MS);
    return store_get(d->store, ENTITY_CODE, row_int(touch, TOUCH_CODE), &code, NULL) == 0 &&
           !strcmp(row_text(code, CODE_STATUS), "active") &&
           (row_is_null(code, CODE_EXPIRES_AT_MS) || at_ms < row_int(code, CODE_EXPIRES_AT_MS));
}

static int attribute_add(void *context, const struct row *row)
{
    struct attribute *a = context;
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    for (size_t i = 0; i < a->count; i++)
        if (a->touches[i].id == row->id)
            return 0; /* found by person and by visitor */
    if (a->count == ATTRIBUTE_TOUCHES)
        return 1;
    struct attribution_touch *t = &a->touches[a->count];
    snprintf(a->referrers[a->count], sizeof a->referrers[0], "%s", row_text(row, TOUCH_REFERRER));
    row_id_parse(a->referrers[a->count], &entity, &id);
    *t = (struct attribution_touch){ .id = row->id,
                                     .at_ms = row_int(row, TOUCH_TOUCHED_AT_MS),
                                     .self = entity == ENTITY_PERSON && a->c->person_id == id };
    t->invalid = !attribute_code_valid(a->d, row);
    a->count++;
    return 0;
}

/* The newest are looked at: the last ATTRIBUTE_TOUCHES of them. */
static int attribute_gather(struct attribute *a, int column, struct value who, struct error *e)
{
    if (who.type == VALUE_NULL)
        return 0;
    const struct store_filter by[] = {
        { column, FILTER_EQ, who, NULL },
        { TOUCH_PROGRAMME, FILTER_EQ, value_int(a->c->programme_id), NULL },
    };
    const struct store_query q = { .entity = ENTITY_TOUCH,
                                   .filters = by,
                                   .filter_count = 2,
                                   .descending = true,
                                   .limit = ATTRIBUTE_TOUCHES };
    int rc = store_list(a->d->store, &q, attribute_add, a, e);
    return rc < 0 ? rc : 0;
}

/* {"touch":"H-3","rule":"last","losers":[{"touch":"H-1","why":"later_won"}]} without braces. */
static void attribute_tell(const struct attribute *a, long winner, const char *rule,
                           struct jsonw *w)
{
    char shown[32];
    jsonw_key(w, "rule");
    jsonw_text(w, rule);
    if (winner >= 0) {
        row_id_format(ENTITY_TOUCH, a->touches[winner].id, shown);
        jsonw_key(w, "touch");
        jsonw_text(w, shown);
    }
    jsonw_key(w, "losers");
    jsonw_open_array(w);
    for (size_t i = 0; i < a->count; i++) {
        if ((long)i == winner)
            continue;
        row_id_format(ENTITY_TOUCH, a->touches[i].id, shown);
        jsonw_open_object(w);
        jsonw_key(w, "touch");
        jsonw_text(w, shown);
        jsonw_key(w, "why");
        jsonw_text(w, attribution_reason(a->touches[i].verdict));
        jsonw_close(w);
    }
    jsonw_close(w);
}

/* ---- conversions ---- */

static bool conversion_is_sale(const struct conversion_input *c)
{
    return !strcmp(c->kind, "sale");
}

static int conversion_check(const struct conversion_input *c, struct error *e)
{
    int digits, rc = once_check_key("conversion", c->key, e);
    if (!rc)
        rc = currency_exponent(c->currency, &digits, e);
    if (rc)
        return rc;
    if (c->amount_minor <= 0)
        return error_set(e, ERROR_INVALID,
                         "the amount of a conversion is above 0, also of a refund; got %" PRId64,
                         c->amount_minor);
    if (c->items < 0)
        return error_set(e, ERROR_INVALID, "items: %" PRId64 " is below 0", c->items);
    if (conversion_is_sale(c) ? c->of_key != NULL : !c->of_key)
        return error_set(
            e, ERROR_INVALID,
            "a refund or a chargeback names the key of its sale (of), a sale does not");
    if (conversion_is_sale(c) && !c->person_id && !c->visitor)
        return error_set(e, ERROR_INVALID, "a sale names a person or a visitor");
    return 0;
}

static int conversion_check_programme(const struct row *programme, const struct conversion_input *c,
                                      struct error *e)
{
    const char *name = row_text(programme, PROGRAMME_NAME);
    const char *status = row_text(programme, PROGRAMME_STATUS);
    int64_t at_ms = c->converted_at_ms;
    if (!conversion_is_sale(c))
        return 0;
    if (!strcmp(status, "draft") || !strcmp(status, "paused"))
        return error_set(e, ERROR_DENIED, "programme %s is %s: it takes no sales", name, status);
    if (!row_is_null(programme, PROGRAMME_STARTS_AT_MS) &&
        at_ms < row_int(programme, PROGRAMME_STARTS_AT_MS))
        return error_set(e, ERROR_DENIED, "programme %s had not begun at the time of the sale",
                         name);
    if (!row_is_null(programme, PROGRAMME_ENDS_AT_MS) &&
        at_ms >= row_int(programme, PROGRAMME_ENDS_AT_MS))
        return error_set(e, ERROR_DENIED, "programme %s had ended at the time of the sale", name);
    return 0;
}

static int conversion_taken_back(struct domain *d, const char *sale_key, int64_t *minor,
                                 struct error *e)
{
    const struct store_filter by[] = { { CONVERSION_OF_KEY, FILTER_EQ, value_text(sale_key),
                                         NULL } };
    const struct store_query q = { .entity = ENTITY_CONVERSION, .filters = by, .filter_count = 1 };
    return store_sum(d->store, &q, CONVERSION_AMOUNT_MINOR, minor, e);
}

/* Of a refund whose sale is known: the same currency, and not more than was sold. */
static int conversion_check_sale(struct domain *d, const struct conversion_input *c,
                                 struct error *e)
{
    const struct row *sale = NULL;
    int64_t before, after;
    int rc = store_find_by(d->store, ENTITY_CONVERSION, CONVERSION_KEY, c->of_key, &sale, e);
    if (rc)
        return rc == -ERROR_NOT_FOUND ? 0 : rc;
    int64_t sold = row_int(sale, CONVERSION_AMOUNT_MINOR);
    if (strcmp(row_text(sale, CONVERSION_KIND), "sale") != 0)
        return error_set(e, ERROR_INVALID, "\"%.80s\" is a %s, not a sale", c->of_key,
                         row_text(sale, CONVERSION_KIND));
    if (strcmp(row_text(sale, CONVERSION_CURRENCY), c->currency) != 0)
        return error_set(e, ERROR_INVALID, "\"%.80s\" was sold in %s, not in %s", c->of_key,
                         row_text(sale, CONVERSION_CURRENCY), c->currency);
    rc = conversion_taken_back(d, c->of_key, &before, e);
    if (!rc)
        rc = money_add(before, c->amount_minor, &after, e);
    if (!rc && after > sold)
        rc = error_set(e, ERROR_CONFLICT,
                       "\"%.80s\" was a sale of %" PRId64 ", of which %" PRId64
                       " was taken back; %" PRId64 " more is too much",
                       c->of_key, sold, before, c->amount_minor);
    return rc;
}

static void conversion_gather(const struct conversion_input *c, struct once *o)
{
    once_put(o, CONVERSION_KEY, value_text(c->key));
    once_put(o, CONVERSION_PROGRAMME, value_int(c->programme_id));
    once_put(o, CONVERSION_KIND, value_text(c->kind));
    once_put(o, CONVERSION_OF_KEY, value_text(c->of_key));
    once_put(o, CONVERSION_AMOUNT_MINOR, value_int(c->amount_minor));
    once_put(o, CONVERSION_CURRENCY, value_text(c->currency));
    once_put(o, CONVERSION_ITEMS, once_id(c->items));
    once_put(o, CONVERSION_PRODUCT, value_text(c->product));
    once_put(o, CONVERSION_PERSON, once_id(c->person_id));
    once_put(o, CONVERSION_VISITOR, value_text(c->visitor));
    once_put(o, CONVERSION_CONVERTED_AT_MS, value_int(c->converted_at_ms));
}

struct conversion_rule {
    enum attribution_rule rule;
    int64_t window_ms;
    char name[8];
};

static void conversion_read_rule(const struct row *programme, struct conversion_rule *out)
{
    snprintf(out->name, sizeof out->name, "%s", row_text(programme, PROGRAMME_ATTRIBUTION));
    out->rule = strcmp(out->name, "first") ? ATTRIBUTION_LAST : ATTRIBUTION_FIRST;
    out->window_ms = row_int(programme, PROGRAMME_WINDOW_DAYS) * PROGRAMME_DAY_MS;
}

static int conversion_attribute(struct domain *d, const struct conversion_input *c,
                                const struct conversion_rule *rule, struct once *o,
                                struct jsonw *detail, struct error *e)
{
    struct attribute a = { .d = d, .c = c };
    int rc = attribute_gather(&a, TOUCH_PERSON, once_id(c->person_id), e);
    if (!rc)
        rc = attribute_gather(&a, TOUCH_VISITOR, value_text(c->visitor), e);
    if (rc)
        return rc;
    long winner =
        attribution_decide(rule->rule, rule->window_ms, c->converted_at_ms, a.touches, a.count);
    attribute_tell(&a, winner, rule->name, detail);
    if (winner >= 0) {
        memcpy(o->shown[1], a.referrers[winner], sizeof o->shown[1]);
        once_put(o, CONVERSION_TOUCH, value_int(a.touches[winner].id));
        once_put(o, CONVERSION_REFERRER, value_text(o->shown[1]));
    }
    return 0;
}

static int conversion_write(struct domain *d, const struct actor *actor,
                            const struct conversion_input *c, const struct conversion_rule *rule,
                            struct once *o, int64_t *id, struct error *e)
{
    struct buf detail = BUF_INIT;
    struct jsonw w;
    const struct row *row = NULL;
    int rc = 0;
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    if (conversion_is_sale(c))
        rc = conversion_attribute(d, c, rule, o, &w, e);
    else
        rc = conversion_check_sale(d, c, e);
    jsonw_close(&w);
    struct store_change change = { .entity = ENTITY_CONVERSION,
                                   .kind = "conversion.recorded",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = o->set,
                                   .set_count = o->count };
    if (!rc)
        rc = domain__change(d, &change, detail.data, detail.len, &row, e);
    if (!rc)
        *id = row->id;
    buf_free(&detail);
    return rc;
}

int programme_convert(struct domain *d, const struct actor *actor, const struct conversion_input *c,
                      int64_t *id, bool *is_new, struct error *e)
{
    struct once o = { 0 };
    struct conversion_rule rule = { 0 };
    const struct row *programme = NULL;
    int rc = conversion_check(c, e);
    if (rc)
        return rc;
    conversion_gather(c, &o);
    rc = once_find(d, ENTITY_CONVERSION, &o, id, e);
    if (rc < 0)
        return rc;
    if (is_new)
        *is_new = rc == 0;
    if (rc == 1)
        return 0;
    rc = domain__writable(d, e);
    if (!rc)
        rc = store_get(d->store, ENTITY_PROGRAMME, c->programme_id, &programme, e);
    if (!rc)
        rc = conversion_check_programme(programme, c, e);
    if (rc)
        return rc;
    conversion_read_rule(programme, &rule);
    return conversion_write(d, actor, c, &rule, &o, id, e);
}

int programme_net(struct domain *d, int64_t conversion_id, int64_t *minor, struct error *e)
{
    const struct row *sale = NULL;
    char key[LIMIT_KEY_BYTES + 1];
    int64_t back, sold;
    int rc = store_get(d->store, ENTITY_CONVERSION, conversion_id, &sale, e);
    if (rc)
        return rc;
    if (strcmp(row_text(sale, CONVERSION_KIND), "sale") != 0)
        return error_set(e, ERROR_INVALID, "X-%" PRId64 " is a %s: only a sale has a net amount",
                         conversion_id, row_text(sale, CONVERSION_KIND));
    sold = row_int(sale, CONVERSION_AMOUNT_MINOR);
    snprintf(key, sizeof key, "%s", row_text(sale, CONVERSION_KEY));
    rc = conversion_taken_back(d, key, &back, e);
    if (!rc)
        *minor = back < sold ? sold - back : 0;
    return rc;
}
