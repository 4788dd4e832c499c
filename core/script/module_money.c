/* money.* — whole minor units, rounding by name. */
#include "script/value_internal.h"

#include "baton/base/money.h"

#include <string.h>

enum { MONEY_LUA_PARTS = 64 };

static int64_t money_lua_minor(lua_State *L, int index, const char *what, const char *name)
{
    static const struct column minor = { "amount", COLUMN_INT, 0, ENTITY_NONE, NULL, "" };
    return script__convert(L, index, &minor, what, name).i;
}

static const char *money_lua_text(lua_State *L, int index, const char *what, const char *wanted)
{
    if (lua_type(L, index) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes %s, got a %s", what, wanted,
                       luaL_typename(L, index));
    return lua_tostring(L, index);
}

static int money_lua_parse(lua_State *L)
{
    struct error e;
    int64_t minor;
    const char *text = money_lua_text(L, 1, "money.parse", "an amount such as \"14.70\"");
    const char *currency = money_lua_text(L, 2, "money.parse", "a currency such as \"USD\"");
    if (money_parse(text, currency, &minor, &e))
        script__raise(L, &e);
    lua_pushinteger(L, minor);
    return 1;
}

static int money_lua_format(lua_State *L)
{
    struct error e;
    int digits;
    int64_t minor = money_lua_minor(L, 1, "money.format", "amount");
    const char *currency = money_lua_text(L, 2, "money.format", "a currency such as \"USD\"");
    if (currency_exponent(currency, &digits, &e))
        script__raise(L, &e);
    struct buf *out = script__hold_buf(L);
    money_format(minor, currency, out);
    lua_pushlstring(L, buf_text(out), out->len);
    value__release(L, -2);
    return 1;
}

static int money_lua_portion(lua_State *L)
{
    struct error e;
    int64_t amount = money_lua_minor(L, 1, "money.portion", "amount");
    int64_t numerator = money_lua_minor(L, 2, "money.portion", "numerator");
    int64_t denominator = money_lua_minor(L, 3, "money.portion", "denominator");
    enum rounding rounding = ROUNDING_HALF_UP;
    if (!lua_isnoneornil(L, 4) &&
        rounding_read(money_lua_text(L, 4, "money.portion", "a rounding such as \"half_up\""),
                      &rounding, &e))
        script__raise(L, &e);
    if (money_portion(amount, numerator, denominator, rounding, &amount, &e))
        script__raise(L, &e);
    lua_pushinteger(L, amount);
    return 1;
}

static int money_lua_split(lua_State *L)
{
    struct error e;
    int64_t weights[MONEY_LUA_PARTS], parts[MONEY_LUA_PARTS];
    int64_t amount = money_lua_minor(L, 1, "money.split", "amount");
    size_t count = lua_istable(L, 2) ? lua_rawlen(L, 2) : 0;
    if (count == 0 || count > MONEY_LUA_PARTS)
        script__raisef(L, ERROR_INVALID, "money.split takes a list of 1 to %d weights: {1, 1, 2}",
                       (int)MONEY_LUA_PARTS);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        weights[i] = money_lua_minor(L, -1, "money.split", "a weight");
        lua_pop(L, 1);
    }
    if (money_split(amount, weights, count, parts, &e))
        script__raise(L, &e);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushinteger(L, parts[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const struct script_function money_functions[] = {
    { "parse", money_lua_parse, "money.parse(text, currency) → minor units",
      "an amount as people write it, in whole minor units (cents) of an ISO 4217 currency",
      "money.parse(\"14.70\", \"USD\")  --> 1470" },
    { "format", money_lua_format, "money.format(minor, currency) → text",
      "minor units with the point of their currency",
      "money.format(1470, \"USD\")  --> \"14.70 USD\"" },
    { "portion", money_lua_portion,
      "money.portion(minor, numerator, denominator, rounding=\"half_up\") → minor units",
      "minor × numerator ÷ denominator, rounded once: half_up, half_down, half_even, up, down, "
      "ceiling or floor; 30 % is 3000 of 10000 basis points",
      "money.portion(4900, 3000, 10000)  --> 1470\n"
      "money.portion(9999, 3000, 10000, \"floor\")  --> 2999" },
    { "split", money_lua_split, "money.split(minor, {weight, …}) → {minor, …}",
      "parts in the proportion of the weights that add up to the whole",
      "money.split(100, { 1, 1, 1 })  --> { 34, 33, 33 }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__money = { "money", "amounts in whole minor units",
                                             money_functions };
