/* Full-text search over people, partners and services: SQLite's FTS5, fed with
 * text that is already without case and accents, so that another engine's
 * full text gives the same answers. */
#include <string.h>

#include "baton/base/text.h"
#include "store/store_internal.h"

enum { SEARCH_ENTITIES = 16 }; /* rowid = id * 16 + entity */

int store__search_feed(struct store *s, const struct row *r, bool is_new, struct error *e)
{
    const struct schema *sc = schema_of(r->entity);
    sqlite3_int64 rowid = r->id * SEARCH_ENTITIES + (int)r->entity;
    int result = 0;
    sqlite3_stmt *st;
    if (!is_new) {
        if (!(st = store__statement(s, SQL_SEARCH_DELETE, e)))
            return s->unprepared;
        sqlite3_bind_int64(st, 1, rowid);
        result = store__run(s, st, e);
    }
    buf_clear(&s->folded);
    for (size_t i = 0; i < sc->count; i++)
        if (sc->columns[i].flags & COLUMN_SEARCHED && r->v[i].type == VALUE_TEXT) {
            text_fold(r->v[i].s, r->v[i].len, &s->folded);
            buf_putc(&s->folded, '\n');
        }
    if (result || !(st = store__statement(s, SQL_SEARCH_INSERT, e)))
        return result ? result : s->unprepared;
    sqlite3_bind_int64(st, 1, rowid);
    sqlite3_bind_text(st, 2, buf_text(&s->folded), (int)s->folded.len, SQLITE_STATIC);
    return store__run(s, st, e);
}

static bool search_is_word(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* "São Tomé cl" becomes "sao" "tome" "cl"*: quoted, so that nothing in it is FTS5 syntax. */
static size_t search_expression(struct store *s, const char *text, struct buf *out)
{
    buf_clear(&s->folded);
    text_fold(text, strlen(text), &s->folded);
    const char *at = buf_text(&s->folded);
    size_t words = 0;
    while (*at) {
        while (*at && !search_is_word((unsigned char)*at))
            at++;
        const char *word = at;
        while (*at && search_is_word((unsigned char)*at))
            at++;
        if (at == word)
            break;
        if (++words > LIMIT_SEARCH_TERMS)
            return words;
        buf_printf(out, "%s\"%.*s\"", words > 1 ? " " : "", (int)(at - word), word);
    }
    if (words)
        buf_putc(out, '*');
    return words;
}

int store_search(struct store *s, enum entity entity, const char *text, size_t limit,
                 store_each each, void *context, struct error *e)
{
    struct buf expression = BUF_INIT;
    size_t words = search_expression(s, text, &expression);
    int result = 0, at = 1, rc = SQLITE_DONE;
    if (!limit)
        limit = LIMIT_LIST_DEFAULT;
    if (!words)
        result = error_set(e, ERROR_INVALID, "search for at least one word");
    else if (words > LIMIT_SEARCH_TERMS)
        result = error_set(e, ERROR_LIMIT, "search for at most %d words", (int)LIMIT_SEARCH_TERMS);
    else if (limit > LIMIT_LIST_ROWS)
        result = error_set(e, ERROR_LIMIT, "a search gives at most %d rows", (int)LIMIT_LIST_ROWS);
    if (result)
        goto out;
    sqlite3_stmt *st = store__statement_for(
        s, store__statement_text(entity == ENTITY_NONE ? SQL_SEARCH : SQL_SEARCH_ONE), e);
    if (!st) {
        result = s->unprepared;
        goto out;
    }
    sqlite3_bind_text(st, at++, buf_text(&expression), (int)expression.len, SQLITE_STATIC);
    if (entity != ENTITY_NONE)
        sqlite3_bind_int(st, at++, (int)entity);
    sqlite3_bind_int64(st, at, (sqlite3_int64)limit);
    while (!result && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        sqlite3_int64 rowid = sqlite3_column_int64(st, 0);
        const struct row *r;
        result =
            store_get(s, (enum entity)(rowid % SEARCH_ENTITIES), rowid / SEARCH_ENTITIES, &r, e);
        if (!result)
            result = each(context, r);
    }
    if (!result && rc != SQLITE_DONE)
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
out:
    buf_free(&expression);
    return result;
}
