/* What a row must be, whoever writes it: checked before anything is staged. */
#include <math.h>
#include <string.h>

#include "baton/base/text.h"
#include "store/store_internal.h"

static int check_words(const struct schema *sc, const struct column *c, const struct value *v,
                       struct error *e)
{
    for (size_t i = 0; c->values[i]; i++)
        if (!strcmp(c->values[i], v->s))
            return 0;
    struct buf b = BUF_INIT;
    for (size_t i = 0; c->values[i]; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", c->values[i]);
    text_suggest(v->s, c->values, &b);
    error_set(e, ERROR_INVALID, "%s.%s: \"%.60s\" is not one of %s", sc->name, c->name, v->s,
              buf_text(&b));
    buf_free(&b);
    return -(int)ERROR_INVALID;
}

static int check_text(const struct schema *sc, const struct column *c, const struct value *v,
                      struct error *e)
{
    if (v->type != VALUE_TEXT)
        return error_set(e, ERROR_INVALID, "%s.%s takes text", sc->name, c->name);
    if (v->len > LIMIT_TEXT_BYTES)
        return error_set(e, ERROR_LIMIT, "%s.%s has %u bytes, at most %d are allowed", sc->name,
                         c->name, (unsigned)v->len, (int)LIMIT_TEXT_BYTES);
    if (!text_is_utf8(v->s, v->len))
        return error_set(e, ERROR_INVALID, "%s.%s is not UTF-8 text, or holds a NUL", sc->name,
                         c->name);
    if (c->flags & COLUMN_REQUIRED && v->len == 0)
        return error_set(e, ERROR_INVALID, "%s.%s (%s) can't be empty", sc->name, c->name, c->help);
    return c->values ? check_words(sc, c, v, e) : 0;
}

static int check_number(const struct schema *sc, const struct column *c, const struct value *v,
                        struct error *e)
{
    if (c->type == COLUMN_REAL) {
        if (v->type == VALUE_INT || (v->type == VALUE_REAL && isfinite(v->r)))
            return 0;
        return error_set(e, ERROR_INVALID, "%s.%s takes a number", sc->name, c->name);
    }
    if (v->type != VALUE_INT)
        return error_set(e, ERROR_INVALID, "%s.%s takes %s", sc->name, c->name,
                         c->type == COLUMN_TIME ? "a time in ms" : "a whole number");
    if (c->type == COLUMN_BOOL && v->i != 0 && v->i != 1)
        return error_set(e, ERROR_INVALID, "%s.%s takes true or false", sc->name, c->name);
    return 0;
}

static int check_exists(struct store *s, const struct schema *sc, const struct column *c,
                        enum entity ref, int64_t id, struct error *e)
{
    if (store_has(s, ref, id))
        return 0;
    char shown[32];
    row_id_format(ref, id, shown);
    return error_set(e, ERROR_NOT_FOUND, "%s.%s: there is no %s %s", sc->name, c->name,
                     schema_of(ref)->name, shown);
}

static int check_reference(struct store *s, const struct schema *sc, const struct column *c,
                           const struct value *v, struct error *e)
{
    if (c->type == COLUMN_REF) {
        if (v->type != VALUE_INT)
            return error_set(e, ERROR_INVALID, "%s.%s takes the id of a %s", sc->name, c->name,
                             schema_of(c->ref)->name);
        return check_exists(s, sc, c, c->ref, v->i, e);
    }
    enum entity ref = ENTITY_NONE;
    int64_t id = 0;
    if (v->type != VALUE_TEXT || row_id_parse(v->s, &ref, &id) || ref == ENTITY_NONE)
        return error_set(e, ERROR_INVALID, "%s.%s takes an id with its letter, such as R-12",
                         sc->name, c->name);
    return check_exists(s, sc, c, ref, id, e);
}

static int check_unique(struct store *s, const struct store_change *change,
                        const struct store_set *set, struct error *e)
{
    const struct schema *sc = schema_of(change->entity);
    const struct row *other;
    struct error none;
    if (set->value.type != VALUE_TEXT ||
        store_find_by(s, change->entity, set->column, set->value.s, &other, &none) ||
        other->id == change->id)
        return 0;
    char shown[32];
    row_id_format(other->entity, other->id, shown);
    return error_set(e, ERROR_CONFLICT, "%s.%s: \"%.80s\" is already that of %s", sc->name,
                     sc->columns[set->column].name, set->value.s, shown);
}

int store__check_set(struct store *s, const struct store_change *change,
                     const struct store_set *set, struct error *e)
{
    const struct schema *sc = schema_of(change->entity);
    const struct column *c = &sc->columns[set->column];
    const struct value *v = &set->value;
    if (v->type == VALUE_NULL)
        return 0;
    int result;
    switch (c->type) {
    case COLUMN_TEXT:
        result = check_text(sc, c, v, e);
        break;
    case COLUMN_REF:
    case COLUMN_ANY:
        result = check_reference(s, sc, c, v, e);
        break;
    default:
        result = check_number(sc, c, v, e);
    }
    if (!result && c->flags & COLUMN_UNIQUE)
        result = check_unique(s, change, set, e);
    return result;
}

int store__check_row(const struct schema *sc, const struct value *v, struct error *e)
{
    for (size_t i = 0; i < sc->count; i++)
        if (sc->columns[i].flags & COLUMN_REQUIRED && v[i].type == VALUE_NULL)
            return error_set(e, ERROR_INVALID, "%s.%s (%s) is missing", sc->name,
                             sc->columns[i].name, sc->columns[i].help);
    return 0;
}
