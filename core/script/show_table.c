/* Lists as tables: a header, aligned columns, numbers to the right, long cells
 * and long lists cut. Columns that are empty throughout are left out. */
#include "script/show_internal.h"

#include "baton/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 100, TABLE_COLUMNS = 10, TABLE_WIDTH = 44, TABLE_KEYS = 64 };

struct table_grid {
    struct arena *arena;
    size_t columns, rows, left_out;
    const char *headers[TABLE_COLUMNS];
    const char **cells; /* rows × TABLE_COLUMNS */
};

static struct table_grid grid_new(lua_State *L, size_t rows)
{
    struct table_grid g = { .arena = value__arena(L) };
    g.rows = rows > TABLE_ROWS ? TABLE_ROWS : rows;
    g.left_out = rows - g.rows;
    g.cells = arena_alloc(g.arena, (g.rows * TABLE_COLUMNS + 1) * sizeof *g.cells);
    return g;
}

/* One line of at most TABLE_WIDTH columns: control characters gone, cut with an ellipsis. */
static const char *grid_clean(struct table_grid *g, const struct buf *text)
{
    char *copy = arena_dupn(g->arena, buf_text(text), text->len);
    size_t n = text->len;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)copy[i] < ' ' || copy[i] == 127)
            copy[i] = ' ';
    if (text_width(copy, n) <= TABLE_WIDTH)
        return copy;
    while (n && (((unsigned char)copy[n] & 0xC0) == 0x80 || text_width(copy, n) > TABLE_WIDTH - 1))
        n = n > 4 * TABLE_WIDTH ? 4 * TABLE_WIDTH : n - 1;
    copy[n] = '\0';
    return arena_printf(g->arena, "%s…", copy);
}

static bool grid_is_number(const char *cell)
{
    const char *p = cell + (cell[0] == '-');
    if (!isdigit((unsigned char)*p))
        return false;
    return p[strspn(p, "0123456789.")] == '\0';
}

static void grid_put(struct buf *out, const char *cell, size_t width, bool right, bool last)
{
    size_t n = text_width(cell, strlen(cell)), pad = n < width ? width - n : 0;
    for (size_t i = 0; right && i < pad; i++)
        buf_putc(out, ' ');
    buf_puts(out, cell);
    for (size_t i = 0; !right && !last && i < pad; i++)
        buf_putc(out, ' ');
    buf_puts(out, last ? "\n" : "  ");
}

struct grid_column {
    size_t index, width;
    bool right;
};

/* The columns worth showing; always the first. */
static size_t grid_measure(const struct table_grid *g, struct grid_column *out)
{
    size_t n = 0;
    for (size_t c = 0; c < g->columns; c++) {
        struct grid_column column = { c, text_width(g->headers[c], strlen(g->headers[c])), true };
        bool filled = false;
        for (size_t r = 0; r < g->rows; r++) {
            const char *cell = g->cells[r * TABLE_COLUMNS + c];
            size_t w = text_width(cell, strlen(cell));
            column.width = w > column.width ? w : column.width;
            column.right = column.right && (!*cell || grid_is_number(cell));
            filled = filled || *cell;
        }
        if (filled || c == 0)
            out[n++] = column;
    }
    return n;
}

static void grid_render(const struct table_grid *g, struct buf *out)
{
    struct grid_column columns[TABLE_COLUMNS];
    size_t n = grid_measure(g, columns);
    for (size_t c = 0; c < n; c++)
        grid_put(out, g->headers[columns[c].index], columns[c].width, columns[c].right, c + 1 == n);
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < n; c++)
            grid_put(out, g->cells[r * TABLE_COLUMNS + columns[c].index], columns[c].width,
                     columns[c].right, c + 1 == n);
    if (g->left_out)
        buf_printf(out, "… and %zu more\n", g->left_out);
}

/* ---- handles ---- */

bool show__is_handles(lua_State *L, int index, enum entity *entity)
{
    size_t n = lua_rawlen(L, index);
    enum entity one;
    int64_t id;
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        bool same = script__is_handle(L, -1, &one, &id) && (i == 1 || one == *entity);
        lua_pop(L, 1);
        if (!same)
            return false;
        *entity = one;
    }
    return n > 0;
}

static const char *const *handles_columns(enum entity entity)
{
    static const char *const columns[ENTITY_END][8] = {
        [ENTITY_PERSON] = { "name", "email", "phone" },
        [ENTITY_PARTNER] = { "name", "kind", "email", "status" },
        [ENTITY_SERVICE] = { "name", "partner_id", "areas", "topics", "capacity", "status" },
        [ENTITY_LOCATION] = { "name", "partner_id", "address", "phone" },
        [ENTITY_STAFF] = { "name", "roles", "email", "status" },
        [ENTITY_REFERRAL] = { "workflow", "stage", "title", "subject_id", "owner_id", "due_at_ms",
                              "outcome" },
        [ENTITY_TIMER] = { "name", "about", "at_ms", "status" },
        [ENTITY_TASK] = { "title", "about", "assignee_id", "role", "status", "due_at_ms",
                          "outcome" },
        [ENTITY_NOTE] = { "about", "author_id", "text" },
        [ENTITY_MESSAGE] = { "recipient", "subject", "about", "status", "sent_at_ms" },
        [ENTITY_ACCOUNT] = { "name", "kind", "currency", "holder" },
        [ENTITY_ENTRY] = { "kind", "debit_id", "credit_id", "amount_minor", "currency", "about" },
        [ENTITY_PROGRAMME] = { "name", "title", "status", "attribution", "window_days",
                               "currency" },
        [ENTITY_CODE] = { "code", "referrer", "channel", "status", "expires_at_ms" },
        [ENTITY_TOUCH] = { "kind", "referrer", "person_id", "visitor", "channel", "touched_at_ms" },
        [ENTITY_CONVERSION] = { "kind", "amount_minor", "currency", "person_id", "referrer",
                                "converted_at_ms" },
        [ENTITY_CONSENT] = { "person_id", "purpose", "status", "given_at_ms", "expires_at_ms" },
    };
    return columns[entity];
}

/* "owner" for owner_id, "due" for due_at_ms. */
static const char *handles_header(struct table_grid *g, const char *column)
{
    static const char *const endings[] = { "_id", "_at_ms", "_ms" };
    size_t n = strlen(column);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i]);
        if (n > len && !strcmp(column + n - len, endings[i]))
            return arena_dupn(g->arena, column, n - len);
    }
    return column;
}

static void handles_row(lua_State *L, struct table_grid *g, size_t r, enum entity entity,
                        int64_t id, struct buf *text)
{
    char ref[32];
    const struct row *row = NULL;
    const struct schema *s = schema_of(entity);
    const char *const *names = handles_columns(entity);
    bool there = store_get(script__store(L), entity, id, &row, NULL) == 0;
    row_id_format(entity, id, ref);
    g->cells[r * TABLE_COLUMNS] = arena_dup(g->arena, ref);
    for (size_t c = 1; c < g->columns; c++) {
        int column = schema_column(s, names[c - 1]);
        buf_clear(text);
        if (there)
            show__column(L, &s->columns[column], &row->v[column], text);
        g->cells[r * TABLE_COLUMNS + c] = grid_clean(g, text);
    }
}

void show__handles(lua_State *L, int index, enum entity entity, struct buf *out)
{
    struct table_grid g = grid_new(L, lua_rawlen(L, index));
    struct buf *text = script__hold_buf(L);
    const char *const *names = handles_columns(entity);
    g.headers[g.columns++] = "ref";
    for (size_t i = 0; names[i]; i++)
        g.headers[g.columns++] = handles_header(&g, names[i]);
    for (size_t r = 0; r < g.rows; r++) {
        enum entity same;
        int64_t id = 0;
        lua_rawgeti(L, index, (lua_Integer)r + 1);
        script__is_handle(L, -1, &same, &id);
        lua_pop(L, 1);
        handles_row(L, &g, r, entity, id, text);
    }
    grid_render(&g, out);
    value__release(L, -1);
    lua_pop(L, 1);
}

/* ---- tables ---- */

bool show__is_rows(lua_State *L, int index)
{
    size_t n = lua_rawlen(L, index);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        bool row = lua_istable(L, -1) && lua_rawlen(L, -1) == 0;
        lua_pop(L, 1);
        if (!row)
            return false;
    }
    return n > 0;
}

/* Names that say what a row is come first. */
static int rows_rank(const char *name)
{
    static const char *const first[] = { "ref",   "id",    "seq",  "at_ms", "kind",
                                         "about", "actor", "name", "title", NULL };
    int i = 0;
    while (first[i] && strcmp(first[i], name))
        i++;
    return i;
}

static int rows_compare(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int by_rank = rows_rank(x) - rows_rank(y);
    return by_rank ? by_rank : strcmp(x, y);
}

static size_t rows_add_keys(lua_State *L, const char **names, size_t n)
{
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        const char *name = lua_tostring(L, -2);
        size_t i = 0;
        while (i < n && strcmp(names[i], name))
            i++;
        if (i == n && n < TABLE_KEYS)
            names[n++] = name; /* the table keeps it alive */
    }
    return n;
}

void show__rows(lua_State *L, int index, struct buf *out)
{
    const char *names[TABLE_KEYS];
    size_t n = 0;
    struct table_grid g = grid_new(L, lua_rawlen(L, index));
    struct buf *text = script__hold_buf(L);
    for (size_t r = 0; r < g.rows; r++) {
        lua_rawgeti(L, index, (lua_Integer)r + 1);
        n = rows_add_keys(L, names, n);
        lua_pop(L, 1);
    }
    qsort(names, n, sizeof *names, rows_compare);
    g.columns = n < TABLE_COLUMNS ? n : TABLE_COLUMNS;
    for (size_t c = 0; c < g.columns; c++)
        g.headers[c] = names[c];
    for (size_t r = 0; r < g.rows; r++) {
        lua_rawgeti(L, index, (lua_Integer)r + 1);
        for (size_t c = 0; c < g.columns; c++) {
            buf_clear(text);
            lua_pushstring(L, names[c]);
            lua_rawget(L, -2);
            if (!lua_isnil(L, -1))
                show__cell(L, lua_gettop(L), names[c], text);
            lua_pop(L, 1);
            g.cells[r * TABLE_COLUMNS + c] = grid_clean(&g, text);
        }
        lua_pop(L, 1);
    }
    grid_render(&g, out);
    value__release(L, -1);
    lua_pop(L, 1);
}
