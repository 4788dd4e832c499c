/* Custom fields: a JSON patch against what was declared.
 *
 * The patch was written by our writer, so only meaning is checked here: is the
 * field declared, is the value of its type, in its range, one of its words. A
 * null takes a field away and fits every type. Forms: text "…", int 3, real
 * 0.5, bool true, time ms since 1970, date "2026-03-01", list […], reference
 * the id as a number. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "domain/domain_internal.h"
#include "domain/graph_internal.h"
#include "domain/words_internal.h"

bool fields__date(const char *text, size_t n, int64_t *day)
{
    int part[3] = { 0, 0, 0 };
    if (n != 10 || text[4] != '-' || text[7] != '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (i == 4 || i == 7)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        int *p = &part[i < 4 ? 0 : i < 7 ? 1 : 2];
        *p = *p * 10 + (text[i] - '0');
    }
    if (part[0] < 1 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
        return false;
    int64_t days = civil_to_days(part[0], part[1], part[2]);
    int y, m, d;
    civil_from_days(days, &y, &m, &d);
    if (y != part[0] || m != part[1] || d != part[2]) /* February 30 */
        return false;
    *day = days;
    return true;
}

bool fields__filled(const struct json_slice *v)
{
    switch (v->type) {
    case JSON_T_NULL:
        return false;
    case JSON_T_TEXT:
        return v->len > 0;
    case JSON_T_ARRAY:
    case JSON_T_OBJECT:
        return v->len > 2;
    default:
        return true;
    }
}

int64_t fields__staff(const struct row *referral, const char *field)
{
    struct json_slice v;
    if (!strcmp(field, "owner_id"))
        return row_int(referral, REFERRAL_OWNER);
    bool has = referral->fields.len > 0 &&
               jsons_get(referral->fields.s, referral->fields.len, field, strlen(field), &v);
    return has ? jsons_int(&v) : 0;
}

/* "field "x" takes …, not 120". The value is shown as JSON, cut when long. */
static int fields_refuse(const struct field *f, const struct json_slice *v, struct error *e,
                         const char *takes)
{
    const char *quote = v->type == JSON_T_TEXT ? "\"" : "";
    size_t shown = v->len > 80 ? 80 : v->len;
    return error_set(e, ERROR_INVALID, "field \"%s\" takes %s, not %s%.*s%s%s", f->name, takes,
                     quote, (int)shown, v->text, v->len > shown ? "..." : "", quote);
}

static int fields_number(const struct field *f, const struct json_slice *v, struct error *e)
{
    char takes[160];
    double x = jsons_real(v);
    bool type = v->type == JSON_T_INT || (v->type == JSON_T_REAL && f->type == FIELD_REAL);
    if (type && !(f->has_min && x < f->min) && !(f->has_max && x > f->max))
        return 0;
    const char *kind = f->type == FIELD_INT ? "a whole number" : "a number";
    if (f->has_min && f->has_max)
        snprintf(takes, sizeof takes, "%s from %.15g to %.15g", kind, f->min, f->max);
    else if (f->has_min)
        snprintf(takes, sizeof takes, "%s of at least %.15g", kind, f->min);
    else if (f->has_max)
        snprintf(takes, sizeof takes, "%s of at most %.15g", kind, f->max);
    else
        snprintf(takes, sizeof takes, "%s", kind);
    return fields_refuse(f, v, e, takes);
}

static int fields_unknown_word(const struct field *f, const char *word, struct error *e)
{
    struct words known = WORDS_INIT;
    struct buf near = BUF_INIT;
    words__add_all(&known, f->values);
    words__suggest(&known, word, &near);
    buf_puts(&near, near.len > 0 ? " It takes one of " : "; it takes one of ");
    words__join(&known, &near);
    int rc = error_set(e, ERROR_INVALID, "field \"%s\" has no value \"%.80s\"%s", f->name, word,
                       buf_text(&near));
    buf_free(&near);
    words__free(&known);
    return rc;
}

static int fields_word(const struct field *f, const char *word, struct error *e)
{
    for (const char *const *w = f->values; w && *w; w++)
        if (!strcmp(*w, word))
            return 0;
    return f->values ? fields_unknown_word(f, word, e) : 0;
}

static int fields_text(const struct field *f, const struct json_slice *v, struct error *e)
{
    if (v->type != JSON_T_TEXT)
        return fields_refuse(f, v, e, "text");
    if (!f->values && v->len <= LIMIT_TEXT_BYTES)
        return 0; /* escapes only make it longer than it is */
    struct buf text = BUF_INIT;
    jsons_text(v, &text);
    int rc = text.len > LIMIT_TEXT_BYTES
                 ? error_set(e, ERROR_LIMIT, "field \"%s\" has %zu bytes, more than %d", f->name,
                             text.len, LIMIT_TEXT_BYTES)
                 : fields_word(f, buf_text(&text), e);
    buf_free(&text);
    return rc;
}

/* Years 1 to 9999: what a date can show. */
static int fields_time(const struct field *f, const struct json_slice *v, struct error *e)
{
    int64_t at_ms = jsons_int(v);
    if (v->type == JSON_T_INT && at_ms >= -62135596800000 && at_ms <= 253402300799999)
        return 0;
    return fields_refuse(f, v, e, "an instant, in milliseconds since 1970");
}

static int fields_element(const struct field *f, size_t index, const json_t *x, struct error *e)
{
    if (f->values)
        return json_is_string(x)
                   ? fields_word(f, json_string_value(x), e)
                   : error_set(e, ERROR_INVALID, "field \"%s\": element %zu is not text", f->name,
                               index + 1);
    if (json_is_array(x) || json_is_object(x) || json_is_null(x))
        return error_set(e, ERROR_INVALID,
                         "field \"%s\": element %zu is neither text nor number nor true or false",
                         f->name, index + 1);
    return 0;
}

static int fields_list(const struct field *f, const struct json_slice *v, struct error *e)
{
    if (v->type != JSON_T_ARRAY)
        return fields_refuse(f, v, e, "a list");
    json_t *list;
    int rc = json_read(v->text, v->len, &list, e);
    if (rc < 0)
        return rc;
    size_t n = json_array_size(list);
    if ((f->has_min && (double)n < f->min) || (f->has_max && (double)n > f->max))
        rc = error_set(e, ERROR_INVALID, "field \"%s\" has %zu elements; it takes %.15g to %.15g",
                       f->name, n, f->has_min ? f->min : 0,
                       f->has_max ? f->max : LIMIT_FIELDS_BYTES);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = fields_element(f, i, json_array_get(list, i), e);
    json_decref(list);
    return rc;
}

static int fields_ref(const struct domain *d, const struct field *f, const struct json_slice *v,
                      struct error *e)
{
    const struct schema *s = schema_of(f->ref);
    char takes[120];
    if (v->type != JSON_T_INT) {
        snprintf(takes, sizeof takes, "the id of a %s as a number (3 for %c-3)", s->name,
                 s->letter);
        return fields_refuse(f, v, e, takes);
    }
    if (store_has(d->store, f->ref, jsons_int(v)))
        return 0;
    return error_set(e, ERROR_INVALID, "field \"%s\": there is no %s %c-%lld", f->name, s->name,
                     s->letter, (long long)jsons_int(v));
}

static int fields_value(const struct domain *d, const struct field *f, const struct json_slice *v,
                        struct error *e)
{
    int64_t day;
    if (v->type == JSON_T_NULL)
        return 0;
    switch (f->type) {
    case FIELD_TEXT:
        return fields_text(f, v, e);
    case FIELD_INT:
    case FIELD_REAL:
        return fields_number(f, v, e);
    case FIELD_BOOL:
        return v->type == JSON_T_TRUE || v->type == JSON_T_FALSE
                   ? 0
                   : fields_refuse(f, v, e, "true or false");
    case FIELD_TIME:
        return fields_time(f, v, e);
    case FIELD_DATE:
        if (v->type == JSON_T_TEXT && fields__date(v->text, v->len, &day))
            return 0;
        return fields_refuse(f, v, e, "a date such as 2026-03-01");
    case FIELD_LIST:
        return fields_list(f, v, e);
    case FIELD_REF:
        return fields_ref(d, f, v, e);
    }
    return 0;
}

static const struct field *fields_find(const struct domain *d, enum entity entity,
                                       const struct graph *graph, const char *key, size_t n)
{
    char name[LIMIT_NAME_BYTES + 1];
    if (n >= sizeof name)
        return NULL;
    memcpy(name, key, n);
    name[n] = '\0';
    const struct field *f = graph ? graph_field(graph, name) : NULL;
    return f ? f : domain_field(d, entity, name);
}

static int fields_unknown(const struct domain *d, enum entity entity, const struct graph *graph,
                          const char *key, size_t key_n, struct error *e)
{
    struct words known = WORDS_INIT;
    struct buf name = BUF_INIT, near = BUF_INIT;
    const struct field *f;
    for (size_t i = 0; graph && (f = graph_field_at(graph, i)); i++)
        words__add(&known, f->name);
    for (size_t i = 0; (f = domain_field_at(d, entity, i)); i++)
        words__add(&known, f->name);
    buf_add(&name, key, key_n > 80 ? 80 : key_n);
    words__suggest(&known, buf_text(&name), &near);
    buf_puts(&near, near.len > 0 ? " Fields: " : "; fields: ");
    words__join(&known, &near);
    int rc = error_set(
        e, ERROR_INVALID, "%s %s has no field \"%s\"%s", graph ? "workflow" : "entity",
        graph ? graph_name(graph) : schema_of(entity)->name, buf_text(&name), buf_text(&near));
    buf_free(&near);
    buf_free(&name);
    words__free(&known);
    return rc;
}

int domain_check_fields(const struct domain *d, enum entity entity, const struct graph *graph,
                        const char *fields, size_t n, struct error *e)
{
    size_t at = 0, key_n;
    const char *key;
    struct json_slice value;
    if (n > LIMIT_FIELDS_BYTES)
        return error_set(e, ERROR_LIMIT, "the fields have %zu bytes, more than %d", n,
                         LIMIT_FIELDS_BYTES);
    while (n > 0 && jsons_next(fields, n, &at, &key, &key_n, &value)) {
        const struct field *f = fields_find(d, entity, graph, key, key_n);
        int rc =
            f ? fields_value(d, f, &value, e) : fields_unknown(d, entity, graph, key, key_n, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}
