/* How values look at the prompt.
 *
 * Text as it is; a list of handles or of tables as a table with a header; a
 * handle as a card; a table of counts as two columns; everything else as Lua
 * would write it, bounded in depth and length. Raw access only: showing runs no
 * code of a plugin. */
#include "script/show_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/domain/pause.h"
#include "baton/domain/version.h"
#include "script/referrals_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOW_DEPTH = 4, SHOW_ITEMS = 24, SHOW_TEXT = 120, SHOW_KEYS = 256 };

static void show_nested(lua_State *L, int index, unsigned depth, struct buf *out);

/* ---- pieces ---- */

void show__time(lua_State *L, int64_t at_ms, struct buf *out)
{
    zone_format(calendar_zone(domain_calendar(script__domain(L))), at_ms, false, out);
}

void show__label(lua_State *L, enum entity entity, int64_t id, struct buf *out)
{
    char ref[32];
    const struct row *row;
    const struct schema *s = schema_of(entity);
    row_id_format(entity, id, ref);
    buf_puts(out, ref);
    int column =
        schema_column(s, "name") >= 0 ? schema_column(s, "name") : schema_column(s, "title");
    if (column < 0 || store_get(script__store(L), entity, id, &row, NULL) < 0 ||
        row_is_null(row, column))
        return;
    buf_putc(out, ' ');
    buf_puts(out, row_text(row, column));
}

void show__column(lua_State *L, const struct column *c, const struct value *v, struct buf *out)
{
    if (v->type == VALUE_NULL)
        return;
    if (v->type == VALUE_TEXT)
        buf_add(out, v->s, v->len);
    else if (v->type == VALUE_REAL)
        buf_printf(out, "%.14g", v->r);
    else if (c->type == COLUMN_TIME)
        show__time(L, v->i, out);
    else if (c->type == COLUMN_REF)
        show__label(L, c->ref, v->i, out);
    else if (c->type == COLUMN_BOOL)
        buf_puts(out, v->i ? "yes" : "no");
    else
        buf_int(out, v->i);
}

static void show_look_field(const struct field *f, bool *time, bool *number)
{
    *time = *time || (f && f->type == FIELD_TIME);
    *number = *number || (f && (f->type == FIELD_INT || f->type == FIELD_REAL));
}

/* Is a custom field of that name a time, wherever one is declared? */
static bool show_is_time_field(lua_State *L, const char *key)
{
    const struct domain *d = script__domain(L);
    bool time = false, number = false;
    for (int e = ENTITY_NONE + 1; e < ENTITY_END; e++)
        show_look_field(domain_field(d, (enum entity)e, key), &time, &number);
    for (size_t i = 0; i < domain_graph_count(d); i++)
        show_look_field(graph_field(domain_graph_at(d, i), key), &time, &number);
    return time && !number;
}

/* A number in a table has nothing but its key to say so: small ones are something else. */
static bool show_is_time(lua_State *L, const char *key, int64_t i)
{
    size_t n = key ? strlen(key) : 0;
    if (n == 0 || i <= 100000000000)
        return false;
    return (n >= 5 && !strcmp(key + n - 5, "at_ms")) || show_is_time_field(L, key);
}

static void show_number(lua_State *L, int index, const char *key, struct buf *out)
{
    if (!lua_isinteger(L, index))
        buf_printf(out, "%.14g", lua_tonumber(L, index));
    else if (show_is_time(L, key, lua_tointeger(L, index)))
        show__time(L, lua_tointeger(L, index), out);
    else
        buf_int(out, lua_tointeger(L, index));
}

/* Whatever is neither table nor text. */
static void show_atom(lua_State *L, int index, const char *key, struct buf *out)
{
    enum entity entity;
    int64_t id;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        buf_puts(out, "nil");
        break;
    case LUA_TBOOLEAN:
        buf_puts(out, lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        show_number(L, index, key, out);
        break;
    default:
        if (script__is_handle(L, index, &entity, &id))
            show__label(L, entity, id, out);
        else if (handle__is_fields(L, index, &entity, &id))
            buf_puts(out, "fields");
        else if (value__is_null(L, index))
            buf_puts(out, "none");
        else
            buf_puts(out, luaL_typename(L, index));
    }
}

void show__cell(lua_State *L, int index, const char *key, struct buf *out)
{
    size_t n;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &n);
        buf_add(out, text, n);
    } else if (lua_istable(L, index)) {
        show_nested(L, index, SHOW_DEPTH - 1, out);
    } else {
        show_atom(L, index, key, out);
    }
}

/* ---- tables as Lua would write them ---- */

struct show_key {
    const char *text; /* NULL: a number */
    lua_Number number;
};

static int show_compare(const void *a, const void *b)
{
    const struct show_key *x = a, *y = b;
    if (!x->text || !y->text)
        return x->text ? 1 : y->text ? -1 : (x->number > y->number) - (x->number < y->number);
    return strcmp(x->text, y->text);
}

/* Keys that are text or numbers beyond the list, sorted; those beyond the room are counted only. */
static size_t show_keys(lua_State *L, int index, lua_Integer list, struct show_key *keys,
                        size_t room, size_t *all)
{
    size_t n = 0;
    *all = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        bool text = lua_type(L, -2) == LUA_TSTRING, number = lua_type(L, -2) == LUA_TNUMBER;
        if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= list)
            continue;
        ++*all;
        if (n < room && (text || number))
            keys[n++] = (struct show_key){ text ? lua_tostring(L, -2) : NULL,
                                           text ? 0 : lua_tonumber(L, -2) };
    }
    qsort(keys, n, sizeof *keys, show_compare);
    return n;
}

static void show_push_key(lua_State *L, const struct show_key *key)
{
    if (key->text)
        lua_pushstring(L, key->text);
    else
        lua_pushnumber(L, key->number);
}

static void show_quoted(lua_State *L, int index, struct buf *out)
{
    size_t n;
    const char *text = lua_tolstring(L, index, &n);
    size_t shown = n > SHOW_TEXT ? SHOW_TEXT : n;
    while (shown < n && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
        shown--;
    buf_putc(out, '"');
    for (size_t i = 0; i < shown; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_putc(out, '\\');
        if (text[i] == '\n')
            buf_puts(out, "\\n");
        else
            buf_putc(out, text[i]);
    }
    buf_puts(out, shown < n ? "…\"" : "\"");
}

static void show_nested(lua_State *L, int index, unsigned depth, struct buf *out)
{
    struct show_key keys[SHOW_ITEMS];
    size_t all, n;
    if (lua_type(L, index) == LUA_TSTRING) {
        show_quoted(L, index, out);
        return;
    }
    if (!lua_istable(L, index)) {
        show_atom(L, index, NULL, out);
        return;
    }
    if (depth >= SHOW_DEPTH) {
        buf_puts(out, "{…}");
        return;
    }
    luaL_checkstack(L, 6, "showing");
    lua_Integer list = (lua_Integer)lua_rawlen(L, index);
    n = show_keys(L, index, list, keys, SHOW_ITEMS, &all);
    const char *between = "";
    buf_putc(out, '{');
    for (lua_Integer i = 1; i <= list && i <= SHOW_ITEMS; i++, between = ", ") {
        buf_puts(out, between);
        lua_rawgeti(L, index, i);
        show_nested(L, lua_gettop(L), depth + 1, out);
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < n; i++, between = ", ") {
        buf_printf(out, keys[i].text ? "%s%s=" : "%s", between, keys[i].text);
        if (!keys[i].text)
            buf_printf(out, "[%.14g]=", keys[i].number);
        show_push_key(L, &keys[i]);
        lua_rawget(L, index);
        show_nested(L, lua_gettop(L), depth + 1, out);
        lua_pop(L, 1);
    }
    if (list > SHOW_ITEMS || all > n)
        buf_puts(out, ", …");
    buf_putc(out, '}');
}

/* ---- name and value, one below the other ---- */

static void show_pad(struct buf *out, const char *name, size_t width, size_t indent)
{
    size_t n = text_width(name, strlen(name));
    for (size_t i = 0; i < indent; i++)
        buf_putc(out, ' ');
    buf_puts(out, name);
    do {
        buf_putc(out, ' ');
    } while (++n < width + 2);
}

/* A table whose keys are names or numbers and none of whose values is a table. */
static bool show_is_map(lua_State *L, int index)
{
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), n++) {
        bool plain = (lua_type(L, -2) == LUA_TSTRING || lua_type(L, -2) == LUA_TNUMBER) &&
                     !lua_istable(L, -1);
        if (!plain || n >= SHOW_KEYS) {
            lua_pop(L, 2);
            return false;
        }
    }
    return n > 0 && lua_rawlen(L, index) == 0;
}

static void show_map(lua_State *L, int index, size_t indent, struct buf *out)
{
    struct show_key *keys = arena_alloc(value__arena(L), SHOW_KEYS * sizeof *keys);
    size_t all, width = 0, n = show_keys(L, index, 0, keys, SHOW_KEYS, &all);
    char number[40];
    for (size_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, "%.14g", keys[i].number);
        const char *name = keys[i].text ? keys[i].text : number;
        size_t w = text_width(name, strlen(name));
        width = w > width && w < 40 ? w : width;
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, "%.14g", keys[i].number);
        show_pad(out, keys[i].text ? keys[i].text : number, width, indent);
        show_push_key(L, &keys[i]);
        lua_rawget(L, index);
        show__cell(L, lua_gettop(L), keys[i].text, out);
        lua_pop(L, 1);
        buf_putc(out, '\n');
    }
}

/* ---- a handle as a card ---- */

static void card_line(lua_State *L, const struct row *row, int column, const char *name,
                      struct buf *out)
{
    if (row_is_null(row, column))
        return;
    show_pad(out, name, 10, 2);
    show__column(L, &schema_of(row->entity)->columns[column], &row->v[column], out);
    buf_putc(out, '\n');
}

/* The row's fields as a table to look at: times as text. */
static void card_push_fields(lua_State *L, const struct row *row)
{
    struct domain *d = script__domain(L);
    const struct graph *graph = fields__graph(d, row);
    size_t n = fields__count(d, row->entity, graph);
    struct buf *text = script__hold_buf(L);
    handle__push_fields_table(L, row);
    for (size_t i = 0; i < n; i++) {
        const struct field *f = fields__at(d, row->entity, graph, i);
        if (f->type != FIELD_TIME)
            continue;
        lua_pushstring(L, f->name);
        lua_rawget(L, -2);
        if (lua_isinteger(L, -1)) {
            buf_clear(text);
            show__time(L, lua_tointeger(L, -1), text);
            lua_pushlstring(L, buf_text(text), text->len);
            lua_setfield(L, -3, f->name);
        }
        lua_pop(L, 1);
    }
    value__release(L, -2);
    lua_remove(L, -2);
}

static void card_fields(lua_State *L, const struct row *row, struct buf *out)
{
    card_push_fields(L, row);
    lua_pushnil(L);
    if (lua_next(L, -2)) {
        lua_pop(L, 2);
        buf_puts(out, "  fields\n");
        show_map(L, lua_gettop(L), 4, out);
    }
    lua_pop(L, 1);
}

static void card_stage(lua_State *L, const struct row *row, const struct graph *g, struct buf *out)
{
    const char *stage = row_text(row, REFERRAL_STAGE);
    int index = g ? graph_find_stage(g, stage) : -1;
    const char *title = index >= 0 ? graph_stage(g, index)->title : NULL;
    show_pad(out, "stage", 10, 2);
    buf_puts(out, stage);
    if (title && *title && strcmp(title, stage))
        buf_printf(out, " (%s)", title);
    buf_puts(out, ", since ");
    show__time(L, row_int(row, REFERRAL_STAGE_AT_MS), out);
    buf_putc(out, '\n');
}

static void card_due(lua_State *L, const struct row *row, struct buf *out)
{
    int64_t now = domain_now(script__domain(L)), due = row_int(row, REFERRAL_DUE_AT_MS);
    struct buf *paused = script__hold_buf(L);
    domain_paused_text(script__domain(L), row, paused);
    if (paused->len > 0) {
        show_pad(out, "clock", 10, 2);
        buf_add(out, paused->data, paused->len);
        buf_putc(out, '\n');
    }
    value__release(L, -1);
    lua_pop(L, 1);
    if (row_is_null(row, REFERRAL_DUE_AT_MS))
        return;
    show_pad(out, "due", 10, 2);
    show__time(L, due, out);
    buf_puts(out, " (");
    when_relative(due, now, out);
    buf_puts(out, handle__overdue(row, now) ? ", overdue)\n" : ")\n");
}

static void card_approval(struct buf *out, const char *text)
{
    show_pad(out, "approval", 10, 2);
    buf_puts(out, text);
    buf_putc(out, '\n');
}

/* Why nothing, or little, comes next. */
static void card_waits(lua_State *L, const struct row *row, struct buf *out)
{
    struct buf *why = script__hold_buf(L);
    domain_waiting_text(script__domain(L), row, why);
    if (why->len > 0) {
        show_pad(out, "waits", 10, 2);
        buf_add(out, why->data, why->len);
        buf_putc(out, '\n');
    }
    value__release(L, -1);
    lua_pop(L, 1);
}

static void card_referral(lua_State *L, const struct row *row, struct buf *out)
{
    static const struct {
        int column;
        const char *name;
    } lines[] = {
        { REFERRAL_SUBJECT, "subject" },      { REFERRAL_REFERRER, "referrer" },
        { REFERRAL_FROM_PARTNER, "from" },    { REFERRAL_PARTNER, "partner" },
        { REFERRAL_SERVICE, "service" },      { REFERRAL_OWNER, "owner" },
        { REFERRAL_PARENT, "parent" },        { REFERRAL_PRIORITY, "priority" },
        { REFERRAL_EXTERNAL_ID, "external" }, { REFERRAL_CLOSED_AT_MS, "closed" },
        { REFERRAL_OUTCOME, "outcome" },
    };
    const char *names[LIMIT_TRANSITIONS];
    const struct graph *g = fields__graph(script__domain(L), row);
    buf_printf(out, " · %s\n", row_text(row, REFERRAL_WORKFLOW));
    card_stage(L, row, g, out);
    card_due(L, row, out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        card_line(L, row, lines[i].column, lines[i].name, out);
    card_fields(L, row, out);
    referrals__show_approvals(L, row, g, card_approval, out);
    card_waits(L, row, out);
    size_t n = referrals__possible(L, row, names, LIMIT_TRANSITIONS);
    if (n)
        show_pad(out, "next", 10, 2);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i ? ", " : "", names[i]);
    buf_puts(out, n ? "\n" : "");
}

static void card_record(lua_State *L, const struct row *row, struct buf *out)
{
    const struct schema *s = schema_of(row->entity);
    buf_putc(out, '\n');
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->columns[i].name, "name") && strcmp(s->columns[i].name, "title"))
            card_line(L, row, (int)i, s->columns[i].name, out);
    card_fields(L, row, out);
}

static void show_card(lua_State *L, enum entity entity, int64_t id, struct buf *out)
{
    const struct row *row;
    struct error e;
    show__label(L, entity, id, out);
    if (store_get(script__store(L), entity, id, &row, &e) < 0)
        buf_printf(out, " (%s)", e.message);
    else if (entity == ENTITY_REFERRAL)
        card_referral(L, row, out);
    else
        card_record(L, row, out);
}

/* ---- the whole ---- */

static void show_table(lua_State *L, int index, struct buf *out)
{
    enum entity entity;
    if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        buf_puts(out, luaL_tolstring(L, index, NULL));
        lua_pop(L, 1);
    } else if (show__is_handles(L, index, &entity)) {
        show__handles(L, index, entity, out);
    } else if (show__is_rows(L, index)) {
        show__rows(L, index, out);
    } else if (show_is_map(L, index)) {
        show_map(L, index, 0, out);
    } else {
        show_nested(L, index, 0, out);
    }
}

void script__show(lua_State *L, int index, struct buf *out)
{
    enum entity entity;
    int64_t id;
    const struct row *row;
    index = lua_absindex(L, index);
    luaL_checkstack(L, 12, "showing");
    if (lua_istable(L, index)) {
        show_table(L, index, out);
    } else if (script__is_handle(L, index, &entity, &id)) {
        show_card(L, entity, id, out);
    } else if (handle__is_fields(L, index, &entity, &id) &&
               store_get(script__store(L), entity, id, &row, NULL) == 0) {
        card_push_fields(L, row);
        show_table(L, lua_gettop(L), out);
        lua_pop(L, 1);
    } else {
        show__cell(L, index, NULL, out);
    }
}
