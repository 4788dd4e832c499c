/* What the record modules share: conditions, columns, and the verbs over any
 * schema. `what` is the function as its caller wrote it, for messages. */
#ifndef SCRIPT_RECORDS_INTERNAL_H
#define SCRIPT_RECORDS_INTERNAL_H

#include "script/handle_internal.h"

/* A column by the name that people use: "owner_id", or "owner"; "due_at_ms", or "due". -1: none. */
int records__column(const struct schema *s, const char *name);

/* ---- records_read.c: tables that say what to write ---- */
struct records_input {
    struct store_set set[SCHEMA_COLUMNS_MAX];
    size_t count;
    const char *fields; /* JSON patch or NULL; in the arena */
    size_t fields_len;
    int64_t based_on;
};
/* {column=…, fields={…}, version=…}. Keys of `also` (ended by NULL, or NULL) are the caller's. */
void records__read(lua_State *L, int index, enum entity entity, const struct graph *graph,
                   const char *what, const char *const *also, struct records_input *out);
void records__put(struct records_input *in, int column,
                  struct value v); /* replaces what is there */
const struct value *records__get(const struct records_input *in, int column); /* NULL: not given */
/* Writes (id 0: creates) with permission, turn and errors; returns the row's id. */
int64_t records__write(lua_State *L, enum entity entity, int64_t id,
                       const struct records_input *in);
/* An optional text member of an options table: NULL if absent; raises on another type. */
const char *records__text(lua_State *L, int index, const char *key, const char *what);
void records__check_options(lua_State *L, int index, const char *what, const char *const *known);

/* ---- records_query.c: tables that say what to find ---- */
struct records_query {
    struct store_query q;
    struct store_filter filters[LIMIT_FILTERS];
    bool limited; /* the caller gave a limit */
};
void records__query(lua_State *L, int index, enum entity entity, const char *what,
                    struct records_query *out);
/* Raises where conditions on referrals name a workflow or stage that there is not. Not part of
 * reading them: the next page of an iterator must not fail because the last row moved on. */
void records__check_names(lua_State *L, const struct records_query *query, const char *what);

/* ---- records.c: verbs; each takes its arguments from index 1 ---- */
int records__fetch(lua_State *L, enum entity entity);
int records__find(lua_State *L, enum entity entity);
int records__first(lua_State *L, enum entity entity);
int records__each(lua_State *L, enum entity entity);
int records__count(lua_State *L, enum entity entity);
int records__count_by(lua_State *L, enum entity entity);
int records__search(lua_State *L, enum entity entity);
int records__add(lua_State *L, enum entity entity);

/* For methods that list what belongs to a handle: arguments (h, conditions or nothing) become a
 * copy of the conditions at index 1, with `column` = h. */
void records__only_of(lua_State *L, const char *what, const char *column);

/* A registered function has no upvalue to tell its entity: each module has its own of each verb. */
#define RECORDS_VERB(module, verb, action, entity)                                                 \
    static int module##_##verb(lua_State *L)                                                       \
    {                                                                                              \
        return records__##action(L, entity);                                                       \
    }
#define RECORDS_VERBS(module, entity)                                                              \
    RECORDS_VERB(module, get, fetch, entity)                                                       \
    RECORDS_VERB(module, find, find, entity)                                                       \
    RECORDS_VERB(module, first, first, entity)                                                     \
    RECORDS_VERB(module, each, each, entity)                                                       \
    RECORDS_VERB(module, count, count, entity)                                                     \
    RECORDS_VERB(module, count_by, count_by, entity)

/* Their entries; `letter` as in "P", `some` a condition that row 1 of the examples meets and `by` a
 * column worth counting, which gives `counts` there. */
#define RECORDS_ENTRIES(module, letter, some, by, counts)                                          \
    { "get", module##_get, #module ".get(id) → handle or nil",                                     \
      "the row of that id: a number, or \"" letter "-12\"",                                        \
      #module ".get(\"" letter "-1\")  --> " letter "-1\n" #module ".get(99)  --> nil" },          \
        { "find", module##_find,                                                                   \
          #module ".find{column=value, fields={…}, limit=50, after=id, order=\"newest\"} → array", \
          "rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, "  \
          "isnt=} or baton.none",                                                                  \
          #module ".find{ " some " }  --> { " letter "-1 }" },                                     \
        { "first", module##_first, #module ".first{column=value, …} → handle or nil",              \
          "the first row that meets all conditions",                                               \
          #module ".first{ " some " }  --> " letter "-1" },                                        \
        { "each", module##_each, #module ".each{column=value, …} → iterator of handles",           \
          "all rows that meet all conditions, however many: for x in " #module                     \
          ".each{…} do … end",                                                                     \
          "for x in " #module ".each{ " some " } do print(x) end  --> " letter "-1" },             \
        { "count", module##_count, #module ".count{column=value, …} → number",                     \
          "how many rows meet all conditions", #module ".count{ " some " }  --> 1" },              \
    {                                                                                              \
        "count_by", module##_count_by,                                                             \
            #module ".count_by(column, {column=value, …}) → {value=number, …}",                    \
            "how many rows there are of each value of a column; \"none\" where it is empty",       \
            #module ".count_by(\"" by "\")  --> " counts                                           \
    }

#endif
