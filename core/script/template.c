/* What the names of a template mean: {{a.b.c}} is walked through the table of
 * values and the row that the message is about.
 *
 * The first part is a value; or "org"; or the row itself ("referral", "about");
 * or one of its columns ({{title}}, {{subject.name}}). What is empty renders as
 * nothing, so {{#if}} can ask for it; what cannot exist is refused. Instants are
 * shown in the organisation's zone. */
#include "script/template_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "baton/domain/outbox.h"
#include "script/handle_internal.h"

#include <string.h>

struct template_walk {
    lua_State *L;
    int values;
    enum entity entity;
    int64_t id;
    const char *name; /* of the lookup at hand */
    size_t n;
};

/* One part of the name, "" at the end; *at moves behind it. */
static const char *walk_part(lua_State *L, const struct template_walk *w, size_t *at)
{
    size_t from = *at;
    while (*at < w->n && w->name[*at] != '.')
        ++*at;
    const char *part = arena_dupn(value__arena(L), w->name + from, *at - from);
    *at += *at < w->n;
    return part;
}

static void walk_unknown(lua_State *L, const struct template_walk *w, const char *part)
{
    enum { MANY = 64 };
    const char *names[MANY + 1];
    size_t n = 0;
    if (lua_istable(L, 2))
        for (lua_pushnil(L); lua_next(L, 2) && n < MANY / 2; lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING)
                names[n++] = lua_tostring(L, -2);
    const char *const *keys = w->entity ? handle__keys(L, w->entity) : NULL;
    if (w->entity)
        names[n++] = schema_of(w->entity)->name;
    while (keys && *keys && n < MANY)
        names[n++] = *keys++;
    names[n] = NULL;
    struct buf *near = script__hold_buf(L);
    text_suggest(part, names, near);
    script__raisef(L, ERROR_INVALID, "unknown name \"%.64s\"%s", part, buf_text(near));
}

static bool walk_is_key(lua_State *L, enum entity entity, const char *part)
{
    for (const char *const *keys = handle__keys(L, entity); *keys; keys++)
        if (!strcmp(*keys, part))
            return true;
    return false;
}

/* Pushes what the first part means. */
static void walk_first(lua_State *L, const struct template_walk *w, const char *part)
{
    const struct script_options *o = script__options(script__of(L));
    if (lua_istable(L, 2) && lua_getfield(L, 2, part) != LUA_TNIL)
        return;
    if (!strcmp(part, "org")) {
        lua_newtable(L);
        lua_pushstring(L, o->org_title ? o->org_title : o->org);
        lua_setfield(L, -2, "title");
        lua_pushstring(L, o->org);
        lua_setfield(L, -2, "name");
    } else if (w->entity && (!strcmp(part, "about") || !strcmp(part, schema_of(w->entity)->name))) {
        script__push_handle(L, w->entity, w->id);
    } else if (w->entity && walk_is_key(L, w->entity, part)) {
        script__push_handle(L, w->entity, w->id);
        lua_getfield(L, -1, part);
    } else {
        walk_unknown(L, w, part);
    }
}

/* Is `part` of the handle's fields declared as an instant? */
static bool walk_is_time_field(lua_State *L, enum entity entity, int64_t id, const char *part)
{
    const struct row *row;
    if (store_get(script__store(L), entity, id, &row, NULL) < 0)
        return false;
    struct domain *d = script__domain(L);
    const struct field *f = fields__find(d, entity, fields__graph(d, row), part);
    return f && f->type == FIELD_TIME;
}

static const char *walk_label(const struct row *row)
{
    const struct schema *s = schema_of(row->entity);
    int column = schema_column(s, "name");
    if (column < 0)
        column = schema_column(s, "title");
    return column >= 0 && !row_is_null(row, column) ? row_text(row, column) : NULL;
}

/* The value on the stack as text on the stack. */
static int walk_text(lua_State *L, bool is_time)
{
    enum entity entity;
    int64_t id;
    const struct row *row;
    if (value__is_null(L, -1) || (lua_isboolean(L, -1) && !lua_toboolean(L, -1))) {
        lua_pushliteral(L, "");
    } else if (lua_isboolean(L, -1)) {
        lua_pushliteral(L, "yes");
    } else if (is_time && lua_isinteger(L, -1)) {
        struct buf *out = script__hold_buf(L);
        zone_format(calendar_zone(domain_calendar(script__domain(L))), lua_tointeger(L, -2), false,
                    out);
        lua_pushlstring(L, buf_text(out), out->len);
    } else if (script__is_handle(L, -1, &entity, &id)) {
        bool there = store_get(script__store(L), entity, id, &row, NULL) == 0;
        if (there && walk_label(row))
            lua_pushstring(L, walk_label(row));
        else
            luaL_tolstring(L, -1, NULL);
    } else if (lua_istable(L, -1) || lua_isfunction(L, -1)) {
        script__raisef(L, ERROR_INVALID, "a %s has no text", luaL_typename(L, -1));
    } else {
        luaL_tolstring(L, -1, NULL);
    }
    return 1;
}

/* Called protected with (walk, values or nil). */
static int template_resolve(lua_State *L)
{
    const struct template_walk *w = lua_touserdata(L, 1);
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    size_t at = 0;
    const char *part = walk_part(L, w, &at);
    walk_first(L, w, part);
    bool is_time = false, in_fields = !strcmp(part, "fields") && w->entity;
    if (in_fields) {
        entity = w->entity;
        id = w->id;
    }
    while (at < w->n) {
        part = walk_part(L, w, &at);
        if (value__is_null(L, -1))
            break;
        is_time = in_fields && walk_is_time_field(L, entity, id, part);
        in_fields = script__is_handle(L, -1, &entity, &id) && !strcmp(part, "fields");
        if (!lua_istable(L, -1) && !lua_isuserdata(L, -1))
            script__raisef(L, ERROR_INVALID, "there is no \"%s\" in a %s", part,
                           luaL_typename(L, -1));
        lua_getfield(L, -1, part);
    }
    size_t len = strlen(part);
    return walk_text(L, is_time || (len > 6 && !strcmp(part + len - 6, "_at_ms")));
}

static int template_look(void *context, const char *name, size_t n, struct buf *out,
                         struct error *e)
{
    struct template_walk *w = context;
    lua_State *L = w->L;
    size_t len;
    w->name = name;
    w->n = n;
    lua_pushcfunction(L, template_resolve);
    lua_pushlightuserdata(L, w);
    if (w->values)
        lua_pushvalue(L, w->values);
    else
        lua_pushnil(L);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        struct error mine;
        script__read_error(L, -1, &mine);
        lua_pop(L, 1);
        return error_set(e, mine.code, "%s", mine.message); /* the renderer names the name */
    }
    const char *text = lua_tolstring(L, -1, &len);
    if (len <= LIMIT_TEXT_BYTES)
        buf_add(out, text, len);
    lua_pop(L, 1);
    return len <= LIMIT_TEXT_BYTES ? 0
                                   : error_set(e, ERROR_LIMIT, "a text of %zu bytes, at most %d",
                                               len, LIMIT_TEXT_BYTES);
}

const char *template__render(lua_State *L, const char *text, int values, enum entity entity,
                             int64_t id, const char *what)
{
    struct template_walk w = { L, values, entity, id, NULL, 0 };
    struct buf *out = script__hold_buf(L);
    struct error e;
    luaL_checkstack(L, 12, what);
    if (template_render(text, template_look, &w, out, &e) < 0)
        script__raisef(L, e.code, "%s: %s%s%s", what, e.where, e.where[0] ? ": " : "", e.message);
    const char *done = arena_dupn(value__arena(L), buf_text(out), out->len);
    value__release(L, -1);
    lua_pop(L, 1);
    return done;
}
