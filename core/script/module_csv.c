/* csv.* — tables of other programs: reading row by row, writing what scripts
 * gathered. A file is written only once all of its rows are known to be good. */
#include "script/files_internal.h"
#include "script/records_internal.h"
#include "script/state_internal.h"

#include "baton/base/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CSV_SOURCE "baton.csv"

struct csv_source {
    struct csv_reader *reader;
    size_t rows;
};

static int csv_source_close(lua_State *L)
{
    struct csv_source *s = lua_touserdata(L, 1);
    csv_close(s->reader);
    s->reader = NULL;
    return 0;
}

static struct csv_source *csv_push_source(lua_State *L)
{
    struct csv_source *s = lua_newuserdatauv(L, sizeof *s, 1);
    *s = (struct csv_source){ 0 };
    if (luaL_newmetatable(L, CSV_SOURCE)) {
        lua_pushcfunction(L, csv_source_close);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, csv_source_close);
        lua_setfield(L, -2, "__close");
        lua_pushliteral(L, "csv");
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
    return s;
}

/* ---- reading ---- */

static const char *const read_options[] = { "separator", "header", NULL };

static char csv_separator(lua_State *L, int index, const char *what)
{
    const char *text = lua_istable(L, index) ? records__text(L, index, "separator", what) : NULL;
    if (!text)
        return ',';
    if (!strcmp(text, "\\t") || !strcmp(text, "tab"))
        return '\t';
    if (strlen(text) != 1 || strchr("\"\r\n", text[0]))
        script__raisef(L, ERROR_INVALID, "%s: separator is one character, such as \";\"", what);
    return text[0];
}

static int csv_fail(lua_State *L, const char *name, const struct error *e)
{
    script__raisef(L, e->code, "%.200s%s%s: %s", name, e->where[0] ? ", " : "", e->where,
                   e->message);
}

/* 1 and the cells, or 0 at the end. */
static int csv_row(lua_State *L, struct csv_source *s, const char *name,
                   const struct csv_cell **cells, size_t *count)
{
    struct error e;
    int rc = s->reader ? csv_next(s->reader, cells, count, &e) : 0;
    if (rc < 0)
        csv_fail(L, name, &e);
    return rc;
}

/* Pushes names for the columns: text, or column_N where it is empty or there before. */
static void csv_push_names(lua_State *L, const struct csv_cell *cells, size_t count)
{
    lua_createtable(L, (int)count, 0);
    lua_newtable(L); /* seen */
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, cells[i].text, cells[i].len);
        lua_pushvalue(L, -1);
        if (!cells[i].len || lua_rawget(L, -3) != LUA_TNIL) {
            lua_settop(L, lua_gettop(L) - 2);
            lua_pushfstring(L, "column_%d", (int)i + 1);
        } else {
            lua_pop(L, 1);
        }
        lua_pushvalue(L, -1);
        lua_pushboolean(L, 1);
        lua_rawset(L, -4);
        lua_rawseti(L, -3, (lua_Integer)i + 1);
    }
    lua_pop(L, 1);
}

/* Pushes the table of column names, or false where rows are lists. */
static void csv_push_header(lua_State *L, int options, struct csv_source *s, const char *name)
{
    const struct csv_cell *cells;
    size_t count;
    int type =
        lua_istable(L, options) ? lua_getfield(L, options, "header") : (lua_pushnil(L), LUA_TNIL);
    if (type == LUA_TTABLE)
        return;
    if (type == LUA_TBOOLEAN && !lua_toboolean(L, -1))
        return;
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        value__refuse(L, -1, "csv", "header", "true, false or a list of names");
    lua_pop(L, 1);
    if (csv_row(L, s, name, &cells, &count))
        csv_push_names(L, cells, count);
    else
        lua_newtable(L);
}

static void csv_push_row(lua_State *L, int header, const struct csv_cell *cells, size_t count)
{
    bool keyed = lua_istable(L, header);
    lua_createtable(L, keyed ? 0 : (int)count, keyed ? (int)count : 0);
    for (size_t i = 0; i < count; i++) {
        if (keyed && lua_rawgeti(L, header, (lua_Integer)i + 1) != LUA_TSTRING) {
            lua_pop(L, 1);
            lua_pushfstring(L, "column_%d", (int)i + 1);
        }
        lua_pushlstring(L, cells[i].text, cells[i].len);
        if (keyed)
            lua_rawset(L, -3);
        else
            lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Upvalues: source, header, name of the file. */
static int csv_read_next(lua_State *L)
{
    const struct csv_cell *cells;
    size_t count;
    struct csv_source *s = lua_touserdata(L, lua_upvalueindex(1));
    if (!csv_row(L, s, lua_tostring(L, lua_upvalueindex(3)), &cells, &count)) {
        csv_close(s->reader);
        s->reader = NULL;
        lua_pushnil(L);
        return 1;
    }
    csv_push_row(L, lua_upvalueindex(2), cells, count);
    lua_pushinteger(L, (lua_Integer)csv_line(s->reader));
    return script__pause(L, 2);
}

static int csv_read(lua_State *L)
{
    const char *path = files__check_path(L, 1, "csv.read");
    records__check_options(L, 2, "csv.read", read_options);
    char separator = csv_separator(L, 2, "csv.read");
    struct csv_source *s = csv_push_source(L);
    int source = lua_gettop(L);
    files__hold(L, -1);
    int *fd = lua_touserdata(L, -1);
    *fd = script__open_file(L, path, "r");
    s->reader = csv_open_fd(*fd, separator);
    lua_setiuservalue(L, source, 1); /* the descriptor lives as long as the source */
    lua_pushvalue(L, source);
    csv_push_header(L, 2, s, path);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, csv_read_next, 3);
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, source); /* closed when the loop is left */
    return 4;
}

static int csv_parse(lua_State *L)
{
    const struct csv_cell *cells;
    size_t n, count;
    if (lua_type(L, 1) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "csv.parse takes text; csv.read takes a file");
    records__check_options(L, 2, "csv.parse", read_options);
    char separator = csv_separator(L, 2, "csv.parse");
    const char *text = lua_tolstring(L, 1, &n);
    struct csv_source *s = csv_push_source(L);
    s->reader = csv_open_text(text, n, separator);
    csv_push_header(L, 2, s, "text");
    int header = lua_gettop(L);
    lua_newtable(L);
    for (lua_Integer i = 1; csv_row(L, s, "text", &cells, &count); i++) {
        csv_push_row(L, header, cells, count);
        lua_rawseti(L, -2, i);
        budget__look(L);
    }
    csv_close(s->reader);
    s->reader = NULL;
    return 1;
}

/* ---- writing ---- */

/* Pushes the value of a column of a row: a member, or "fields.x" walked. */
static void write_push_member(lua_State *L, int row, const char *column)
{
    lua_pushvalue(L, row);
    while (*column) {
        size_t n = strcspn(column, ".");
        if (!lua_istable(L, -1) && !lua_isuserdata(L, -1)) {
            lua_pop(L, 1);
            lua_pushnil(L);
            return;
        }
        lua_pushlstring(L, column, n);
        lua_gettable(L, -2);
        lua_remove(L, -2);
        column += n + (column[n] == '.');
    }
}

/* Appends the value on top of the stack as a cell, and pops it. */
static void write_cell(lua_State *L, struct buf *out, bool first)
{
    size_t n;
    if (value__is_null(L, -1)) {
        lua_pop(L, 1);
        lua_pushliteral(L, "");
    } else if (lua_istable(L, -1)) {
        struct buf *json = script__hold_buf(L);
        script__to_json(L, -2, json);
        csv_write(out, buf_text(json), json->len, first);
        value__release(L, -1);
        lua_pop(L, 2);
        return;
    }
    const char *text = luaL_tolstring(L, -1, &n);
    csv_write(out, text, n, first);
    lua_pop(L, 2);
}

static void write_row(lua_State *L, struct buf *out, int row, int columns)
{
    bool list = !lua_istable(L, columns);
    lua_Integer n = (lua_Integer)lua_rawlen(L, list ? row : columns);
    if (!lua_istable(L, row) && (list || !lua_isuserdata(L, row)))
        script__raisef(L, ERROR_INVALID, "csv.write: a row is a table or a handle, got a %s",
                       luaL_typename(L, row));
    for (lua_Integer i = 1; i <= n; i++) {
        if (list) {
            lua_rawgeti(L, row, i);
        } else {
            lua_rawgeti(L, columns, i);
            if (lua_type(L, -1) != LUA_TSTRING)
                value__refuse(L, -1, "csv.write", "columns", "a list of names");
            write_push_member(L, row, lua_tostring(L, -1));
            lua_remove(L, -2);
        }
        write_cell(L, out, i == 1);
    }
    csv_write_end(out);
}

static int write_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Pushes the names of the columns of a row, or false if it is a list. */
static void write_push_columns(lua_State *L, int row)
{
    enum entity entity;
    int64_t id;
    const char *names[LIMIT_CSV_COLUMNS];
    size_t n = 0;
    if (script__is_handle(L, row, &entity, &id)) {
        const struct schema *s = schema_of(entity);
        names[n++] = "ref";
        for (size_t i = 0; i < s->count; i++)
            names[n++] = s->columns[i].name;
    } else if (lua_istable(L, row) && lua_rawlen(L, row) == 0) {
        for (lua_pushnil(L); lua_next(L, row); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING && n < LIMIT_CSV_COLUMNS)
                names[n++] = lua_tostring(L, -2);
        qsort(names, n, sizeof *names, write_compare);
    } else {
        lua_pushboolean(L, 0);
        return;
    }
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Pushes the next row: of a list, or from an iterator. False at the end. */
static bool write_next(lua_State *L, int rows, lua_Integer i)
{
    if (lua_istable(L, rows)) {
        lua_rawgeti(L, rows, i);
    } else {
        lua_pushvalue(L, rows);
        lua_call(L, 0, 1);
    }
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static void write_header(lua_State *L, struct buf *out, int columns)
{
    if (!lua_istable(L, columns))
        return;
    lua_Integer n = (lua_Integer)lua_rawlen(L, columns);
    for (lua_Integer k = 1; k <= n; k++) {
        lua_rawgeti(L, columns, k);
        write_cell(L, out, k == 1);
    }
    csv_write_end(out);
}

static int csv_write_file(lua_State *L)
{
    static const char *const known[] = { "columns", NULL };
    const char *path = files__check_path(L, 1, "csv.write");
    if (!lua_istable(L, 2) && !lua_isfunction(L, 2))
        script__raisef(L, ERROR_INVALID,
                       "csv.write takes a file and rows: csv.write(\"out.csv\", people.each{})");
    records__check_options(L, 3, "csv.write", known);
    lua_settop(L, 3);
    struct buf *out = script__hold_buf(L);
    if (!lua_istable(L, 3))
        lua_pushnil(L);
    else if (lua_getfield(L, 3, "columns") != LUA_TNIL && !lua_istable(L, 5))
        value__refuse(L, 5, "csv.write", "columns", "a list of names");
    bool named = lua_istable(L, 5);
    write_header(L, out, 5);
    lua_Integer count = 0;
    while (write_next(L, 2, count + 1)) {
        if (++count == 1 && !named) {
            write_push_columns(L, 6);
            lua_replace(L, 5);
            write_header(L, out, 5);
        }
        write_row(L, out, 6, 5);
        lua_settop(L, 5);
    }
    files__write(L, path, buf_text(out), out->len);
    value__release(L, 4);
    lua_pushinteger(L, count);
    return script__pause(L, 1);
}

static const struct script_function csv_functions[] = {
    { "read", csv_read,
      "csv.read(file, {separator=\",\", header=true|false|{names}}) → iterator of row, line",
      "rows as tables keyed by the header; empty or repeated names become column_N",
      "for row, line in csv.read(\"people.csv\") do print(line, row.name) end  --> 2\tAda "
      "Lovelace\n"
      "--> 3\tGrace Hopper" },
    { "parse", csv_parse,
      "csv.parse(text, {separator=\",\", header=true|false|{names}}) → array of rows",
      "the same for text",
      "csv.parse(\"name,age\\nAda Lovelace,36\")  --> { { age = \"36\", name = \"Ada Lovelace\" } "
      "}" },
    { "write", csv_write_file, "csv.write(file, rows, {columns={…}}) → number",
      "writes a list or an iterator of tables or handles; a column may be \"fields.x\" or "
      "\"subject.name\"",
      "csv.write(\"out.csv\", people.each{}, { columns = { \"ref\", \"name\" } })  --> 1" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__csv = { "csv", "tables of other programs", csv_functions };
