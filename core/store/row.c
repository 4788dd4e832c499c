/* Rows and values in memory. A row is one allocation: the struct, its values,
 * then their text, so that it can be freed at once and never changes. */
#include <stdlib.h>
#include <string.h>

#include "baton/base/json.h"
#include "store/store_internal.h"

struct value value_null(void)
{
    return (struct value){ .i = 0, .type = VALUE_NULL };
}

struct value value_int(int64_t i)
{
    return (struct value){ .i = i, .type = VALUE_INT };
}

struct value value_real(double r)
{
    return (struct value){ .r = r, .type = VALUE_REAL };
}

struct value value_textn(const char *s, size_t n)
{
    return (struct value){ .s = s, .len = (uint32_t)n, .type = VALUE_TEXT };
}

struct value value_text(const char *s)
{
    return s ? value_textn(s, strlen(s)) : value_null();
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_REAL:
        /* The same bits: NaN equals itself, -0 is a change. */
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): see above */
        return memcmp(&a->r, &b->r, sizeof a->r) == 0;
    case VALUE_TEXT:
        return a->len == b->len && !memcmp(a->s, b->s, a->len);
    default:
        return true;
    }
}

static size_t row_text_bytes(const struct value *v)
{
    return v->type == VALUE_TEXT ? (size_t)v->len + 1 : 0;
}

static char *row_place_text(struct value *to, const struct value *from, char *at)
{
    *to = *from;
    if (from->type != VALUE_TEXT)
        return at;
    memcpy(at, from->s, from->len);
    at[from->len] = '\0';
    to->s = at;
    return at + from->len + 1;
}

struct row *store__row_new(enum entity e, const struct value *values, const struct value *fields)
{
    size_t count = schema_of(e)->count, text = row_text_bytes(fields);
    for (size_t i = 0; i < count; i++)
        text += row_text_bytes(&values[i]);
    size_t head = sizeof(struct row) + count * sizeof(struct value);
    struct row *r = mem_alloc(head + text);
    memset(r, 0, sizeof *r);
    r->entity = e;
    char *at = row_place_text(&r->fields, fields, (char *)r + head);
    for (size_t i = 0; i < count; i++)
        at = row_place_text(&r->v[i], &values[i], at);
    return r;
}

int64_t row_int(const struct row *r, int column)
{
    return r->v[column].type == VALUE_INT ? r->v[column].i : 0;
}

const char *row_text(const struct row *r, int column)
{
    return r->v[column].type == VALUE_TEXT ? r->v[column].s : "";
}

bool row_is_null(const struct row *r, int column)
{
    return r->v[column].type == VALUE_NULL;
}

void row_id_format(enum entity e, int64_t id, char *out)
{
    char digits[24];
    size_t n = 0;
    uint64_t left = id < 0 ? 0 - (uint64_t)id : (uint64_t)id;
    do
        digits[n++] = (char)('0' + left % 10);
    while ((left /= 10) != 0);
    if (e != ENTITY_NONE) {
        *out++ = schema_of(e)->letter;
        *out++ = '-';
    }
    if (id < 0)
        *out++ = '-';
    while (n)
        *out++ = digits[--n];
    *out = '\0';
}

int row_id_parse(const char *text, enum entity *entity, int64_t *id)
{
    const struct schema *s = NULL;
    if (*text && text[1] == '-') {
        s = schema_lettered(*text);
        if (!s)
            return -1;
        text += 2;
    }
    int64_t n = 0;
    size_t digits = 0;
    for (; *text >= '0' && *text <= '9'; text++, digits++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
            return -1;
    if (*text || !digits || n == 0)
        return -1;
    if (s)
        *entity = s->entity;
    *id = n;
    return 0;
}

static void row_json_value(struct jsonw *w, const struct column *c, const struct value *v)
{
    switch (v->type) {
    case VALUE_INT:
        if (c->type == COLUMN_BOOL)
            jsonw_bool(w, v->i != 0);
        else
            jsonw_int(w, v->i);
        break;
    case VALUE_REAL:
        jsonw_real(w, v->r);
        break;
    case VALUE_TEXT:
        jsonw_textn(w, v->s, v->len);
        break;
    default:
        jsonw_null(w);
    }
}

void row_json(const struct row *r, struct jsonw *w)
{
    const struct schema *s = schema_of(r->entity);
    jsonw_open_object(w);
    jsonw_key(w, "id");
    jsonw_int(w, r->id);
    jsonw_key(w, "version");
    jsonw_int(w, r->version);
    jsonw_key(w, "created_at_ms");
    jsonw_int(w, r->created_at_ms);
    jsonw_key(w, "updated_at_ms");
    jsonw_int(w, r->updated_at_ms);
    for (size_t i = 0; i < s->count; i++) {
        jsonw_key(w, s->columns[i].name);
        row_json_value(w, &s->columns[i], &r->v[i]);
    }
    jsonw_key(w, "fields");
    if (r->fields.len)
        jsonw_raw(w, r->fields.s, r->fields.len);
    else
        jsonw_raw(w, "{}", 2);
    jsonw_close(w);
}
