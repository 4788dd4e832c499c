/* Handles: what Lua holds of a row.
 *
 * A userdata of entity and id, never a core pointer: reading asks the store
 * each time, so a handle is never stale and keeps nothing alive. One metatable
 * per entity; its __index has one table as upvalue that says for each key what
 * to do: a number for a column, a function for a method. `h.fields` is a second
 * userdata, made once per handle and kept as its user value, that reads straight
 * from the row's JSON. Metatables are locked and shared by all environments. */
#include "script/handle_internal.h"

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/domain/pause.h"

#include <string.h>

struct handle {
    const void *magic; /* tells our userdata from any other: only C makes userdata */
    int64_t id;
    enum entity entity;
};

static const char handle_magic = 'h', handle_fields_magic = 'f';

enum {
    HANDLE_REF = 1000, /* + column: the row that it names */
    HANDLE_ID = 2000,
    HANDLE_REFNAME,
    HANDLE_VERSION,
    HANDLE_CREATED,
    HANDLE_UPDATED,
    HANDLE_FIELDS,
    HANDLE_OPEN,
    HANDLE_OVERDUE,
    HANDLE_PAUSED
};

static const struct {
    const char *name;
    int code;
} handle_specials[] = {
    { "id", HANDLE_ID },
    { "ref", HANDLE_REFNAME },
    { "version", HANDLE_VERSION },
    { "created_at_ms", HANDLE_CREATED },
    { "updated_at_ms", HANDLE_UPDATED },
    { "fields", HANDLE_FIELDS },
    { "open", HANDLE_OPEN },
    { "overdue", HANDLE_OVERDUE },
    { "paused", HANDLE_PAUSED },
    { NULL, 0 },
};

static struct handle *handle_at(lua_State *L, int index, const void *magic)
{
    if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(struct handle))
        return NULL;
    struct handle *h = lua_touserdata(L, index);
    return h->magic == magic ? h : NULL;
}

static struct handle *handle_self(lua_State *L, const void *magic)
{
    struct handle *h = handle_at(L, 1, magic);
    if (!h)
        script__raisef(L, ERROR_INVALID,
                       "not a handle: call methods with a colon, as in r:advance(\"accept\")");
    return h;
}

static const struct row *handle_row(lua_State *L, const struct handle *h)
{
    const struct row *row;
    struct error e;
    if (store_get(script__store(L), h->entity, h->id, &row, &e) < 0)
        script__raise(L, &e);
    return row;
}

/* ---- reading ---- */

static bool handle_has_special(enum entity entity, int code)
{
    if (code < HANDLE_OPEN || entity == ENTITY_REFERRAL)
        return true;
    return code != HANDLE_PAUSED && entity == ENTITY_TASK;
}

bool handle__open(const struct row *row)
{
    if (row->entity == ENTITY_REFERRAL)
        return row_is_null(row, REFERRAL_CLOSED_AT_MS);
    return row->entity == ENTITY_TASK && !strcmp(row_text(row, TASK_STATUS), "open");
}

bool handle__overdue(const struct row *row, int64_t now_ms)
{
    int due = row->entity == ENTITY_REFERRAL ? REFERRAL_DUE_AT_MS : TASK_DUE_AT_MS;
    return handle__open(row) && !row_is_null(row, due) && row_int(row, due) < now_ms;
}

/* Keys are few: built where they are needed for a message or completion. */
const char *const *handle__keys(lua_State *L, enum entity entity)
{
    const struct schema *s = schema_of(entity);
    struct arena *a = value__arena(L);
    const char **out = arena_alloc(
        a, (2 * s->count + sizeof handle_specials / sizeof *handle_specials) * sizeof *out);
    size_t n = 0;
    for (int i = 0; handle_specials[i].name; i++)
        if (handle_has_special(entity, handle_specials[i].code))
            out[n++] = handle_specials[i].name;
    for (size_t i = 0; i < s->count; i++) {
        const struct column *c = &s->columns[i];
        size_t len = strlen(c->name);
        out[n++] = c->name;
        if (c->type == COLUMN_REF && len > 3 && !strcmp(c->name + len - 3, "_id"))
            out[n++] = arena_dupn(a, c->name, len - 3);
    }
    return out;
}

static int handle_no_key(lua_State *L, const struct handle *h)
{
    const struct schema *s = schema_of(h->entity);
    if (lua_type(L, 2) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "a %s has named columns, no [%s]", s->name,
                       luaL_tolstring(L, 2, NULL));
    const char *const *keys = handle__keys(L, h->entity);
    size_t n = 0;
    while (keys[n])
        n++;
    size_t methods = handle__methods(h->entity, NULL, 0);
    const char **all = arena_alloc(value__arena(L), (n + methods + 1) * sizeof *all);
    memcpy(all, keys, n * sizeof *all);
    handle__methods(h->entity, all + n, methods);
    char kind[48] = "column or method of a ";
    strcat(kind, s->name);
    script__unknown(L, s->plural, kind, lua_tostring(L, 2), all);
}

static void handle_push_fields(lua_State *L, const struct handle *h)
{
    if (lua_getiuservalue(L, 1, 1) == LUA_TUSERDATA)
        return;
    struct handle *f = lua_newuserdatauv(L, sizeof *f, 0);
    *f = (struct handle){ &handle_fields_magic, h->id, h->entity };
    luaL_setmetatable(L, HANDLE_FIELDS_NAME);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, 1);
}

static int handle_special(lua_State *L, const struct handle *h, lua_Integer code)
{
    char ref[32];
    if (code == HANDLE_ID) {
        lua_pushinteger(L, h->id);
        return 1;
    }
    if (code == HANDLE_REFNAME) {
        row_id_format(h->entity, h->id, ref);
        lua_pushstring(L, ref);
        return 1;
    }
    const struct row *row = handle_row(L, h);
    if (code == HANDLE_VERSION)
        lua_pushinteger(L, row->version);
    else if (code == HANDLE_CREATED)
        lua_pushinteger(L, row->created_at_ms);
    else if (code == HANDLE_UPDATED)
        lua_pushinteger(L, row->updated_at_ms);
    else if (code == HANDLE_OPEN)
        lua_pushboolean(L, handle__open(row));
    else if (code == HANDLE_PAUSED)
        lua_pushboolean(L, domain_paused(row, false, NULL) || domain_paused(row, true, NULL));
    else
        lua_pushboolean(L, handle__overdue(row, domain_now(script__domain(L))));
    return 1;
}

/* No code but Lua's own can call this, and always with two arguments and one of our handles. */
static int handle_index(lua_State *L)
{
    const struct handle *h = lua_touserdata(L, 1);
    lua_pushvalue(L, 2);
    int type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TFUNCTION)
        return 1;
    if (type != LUA_TNUMBER)
        return handle_no_key(L, h);
    lua_Integer code = lua_tointeger(L, -1);
    if (code == HANDLE_FIELDS) {
        handle_push_fields(L, h);
        return 1;
    }
    if (code >= HANDLE_ID)
        return handle_special(L, h, code);
    const struct schema *s = schema_of(h->entity);
    const struct row *row = handle_row(L, h);
    if (code < HANDLE_REF)
        script__push_value(L, &s->columns[code], &row->v[code]);
    else if (row->v[code - HANDLE_REF].type == VALUE_INT)
        script__push_handle(L, s->columns[code - HANDLE_REF].ref, row->v[code - HANDLE_REF].i);
    else
        lua_pushnil(L);
    return 1;
}

static int handle_newindex(lua_State *L)
{
    const struct handle *h = handle_self(L, &handle_magic);
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "column";
    if (h->entity == ENTITY_REFERRAL && !strcmp(key, "stage"))
        return script__raisef(L, ERROR_INVALID,
                              "the stage of a referral is not assigned: a transition moves it, "
                              "r:advance(\"…\"); r:possible() lists them");
    return script__raisef(L, ERROR_INVALID, "a %s is not changed by assigning: use h:set{%.64s=…}",
                          schema_of(h->entity)->name, key);
}

static int handle_eq(lua_State *L)
{
    const struct handle *a = handle_at(L, 1, &handle_magic), *b = handle_at(L, 2, &handle_magic);
    lua_pushboolean(L, a && b && a->entity == b->entity && a->id == b->id);
    return 1;
}

static int handle_tostring(lua_State *L)
{
    const struct handle *h = handle_self(L, &handle_magic);
    return handle_special(L, h, HANDLE_REFNAME);
}

static int handle_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* ---- h.fields ---- */

static int handle_fields_missing(lua_State *L, const struct row *row, const char *name)
{
    struct domain *d = script__domain(L);
    const struct graph *graph = fields__graph(d, row);
    bool unloaded = row->entity == ENTITY_REFERRAL && !graph;
    if (!unloaded && !fields__find(d, row->entity, graph, name))
        script__unknown(L, graph ? graph_name(graph) : schema_of(row->entity)->plural, "field",
                        name, fields__names(L, row->entity, graph));
    lua_pushnil(L);
    return 1;
}

static int handle_fields_index(lua_State *L)
{
    const struct handle *h = lua_touserdata(L, 1);
    size_t n;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &n) : NULL;
    if (!name)
        script__raisef(L, ERROR_INVALID, "fields have names: r.fields.x");
    const struct row *row = handle_row(L, h);
    struct json_slice slice;
    if (row->fields.type != VALUE_TEXT ||
        !jsons_get(row->fields.s, row->fields.len, name, n, &slice))
        return handle_fields_missing(L, row, name);
    fields__push(L, row, name, &slice);
    return 1;
}

static int handle_fields_newindex(lua_State *L)
{
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "x";
    return script__raisef(L, ERROR_INVALID,
                          "a field is not changed by assigning: use h:set{fields={%.64s=…}}", key);
}

/* Whoever loops gets this function and may call it with anything: lua_next checks nothing. */
static int handle_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : (lua_pushnil(L), 1);
}

/* A copy: what the loop does may change the row. */
static int handle_fields_pairs(lua_State *L)
{
    const struct handle *h = handle_self(L, &handle_fields_magic);
    const struct row *row = handle_row(L, h);
    lua_pushcfunction(L, handle_next);
    handle__push_fields_table(L, row);
    return 2;
}

void handle__push_fields_table(lua_State *L, const struct row *row)
{
    const char *key;
    size_t at = 0, key_n;
    struct json_slice slice;
    lua_newtable(L);
    while (row->fields.type == VALUE_TEXT &&
           jsons_next(row->fields.s, row->fields.len, &at, &key, &key_n, &slice)) {
        if (key_n > 0 && key[0] == '_') /* the engine's own */
            continue;
        const char *name = lua_pushlstring(L, key, key_n);
        fields__push(L, row, name, &slice);
        lua_rawset(L, -3);
    }
}

/* ---- for the other files ---- */

void script__push_handle(lua_State *L, enum entity entity, int64_t id)
{
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 1);
    *h = (struct handle){ &handle_magic, id, entity };
    lua_rawgetp(L, LUA_REGISTRYINDEX, schema_of(entity));
    lua_setmetatable(L, -2);
}

bool script__is_handle(lua_State *L, int index, enum entity *entity, int64_t *id)
{
    const struct handle *h = handle_at(L, index, &handle_magic);
    if (!h)
        return false;
    *entity = h->entity;
    *id = h->id;
    return true;
}

bool handle__is_fields(lua_State *L, int index, enum entity *entity, int64_t *id)
{
    const struct handle *h = handle_at(L, index, &handle_fields_magic);
    if (!h)
        return false;
    *entity = h->entity;
    *id = h->id;
    return true;
}

int64_t script__check_id(lua_State *L, int index, enum entity entity)
{
    int64_t id;
    if (value__id(L, index, entity, &id))
        return id;
    const struct schema *s = schema_of(entity);
    script__raisef(L, ERROR_INVALID, "a %s is wanted (a handle, a number or \"%c-12\"), got %s",
                   entity == ENTITY_STAFF ? "member of staff" : s->name, s->letter,
                   value__seen(L, index));
}

const struct row *script__check_row(lua_State *L, int index, enum entity entity)
{
    struct handle h = { &handle_magic, script__check_id(L, index, entity), entity };
    return handle_row(L, &h);
}

/* ---- metatables ---- */

static void handle_install(lua_State *L, const struct script_module *m)
{
    for (const struct script_function *f = m->functions; f->name; f++) {
        lua_pushcfunction(L, f->function);
        lua_setfield(L, -2, f->name + (f->name[0] == ':'));
    }
}

/* Pushes the table that says what each key is. */
static void handle_push_keys(lua_State *L, const struct schema *s)
{
    lua_newtable(L);
    for (int i = 0; handle_specials[i].name; i++) {
        if (!handle_has_special(s->entity, handle_specials[i].code))
            continue;
        lua_pushinteger(L, handle_specials[i].code);
        lua_setfield(L, -2, handle_specials[i].name);
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct column *c = &s->columns[i];
        size_t len = strlen(c->name);
        if (c->type == COLUMN_REF && len > 3 && !strcmp(c->name + len - 3, "_id")) {
            lua_pushlstring(L, c->name, len - 3);
            lua_pushinteger(L, HANDLE_REF + (lua_Integer)i);
            lua_rawset(L, -3);
        }
        lua_pushinteger(L, (lua_Integer)i);
        lua_setfield(L, -2, c->name);
    }
    handle_install(L, &script__handle);
    const struct script_module *own = handle__own_methods(s->entity);
    if (own)
        handle_install(L, own);
}

static void handle_make(lua_State *L, const struct schema *s)
{
    static const luaL_Reg rest[] = {
        { "__newindex", handle_newindex }, { "__eq", handle_eq }, { "__tostring", handle_tostring },
        { "__concat", handle_concat },     { NULL, NULL },
    };
    lua_newtable(L);
    luaL_setfuncs(L, rest, 0);
    handle_push_keys(L, s);
    lua_pushcclosure(L, handle_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, s->name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__name");
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, s);
}

void script__open_handles(lua_State *L)
{
    static const luaL_Reg fields[] = {
        { "__index", handle_fields_index },
        { "__newindex", handle_fields_newindex },
        { "__pairs", handle_fields_pairs },
        { NULL, NULL },
    };
    for (int e = ENTITY_NONE + 1; e < ENTITY_END; e++)
        handle_make(L, schema_of((enum entity)e));
    luaL_newmetatable(L, HANDLE_FIELDS_NAME);
    luaL_setfuncs(L, fields, 0);
    lua_pushliteral(L, "fields");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

const struct script_module *handle__own_methods(enum entity entity)
{
    switch (entity) {
    case ENTITY_REFERRAL:
        return &script__referral;
    case ENTITY_TASK:
        return &script__task;
    case ENTITY_TIMER:
        return &script__timer;
    default:
        return NULL;
    }
}

size_t handle__methods(enum entity entity, const char **out, size_t room)
{
    const struct script_module *const both[] = { &script__handle, handle__own_methods(entity) };
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        for (const struct script_function *f = both[i] ? both[i]->functions : NULL; f && f->name;
             f++, n++)
            if (n < room)
                out[n] = f->name + (f->name[0] == ':');
    return n;
}

const struct script_function *handle__method(enum entity entity, const char *name)
{
    const struct script_module *const both[] = { &script__handle, handle__own_methods(entity) };
    for (int i = 0; i < 2; i++)
        for (const struct script_function *f = both[i] ? both[i]->functions : NULL; f && f->name;
             f++)
            if (!strcmp(f->name + (f->name[0] == ':'), name))
                return f;
    return NULL;
}
