/* programmes.*, codes.*, touches.*, conversions.* — who was referred by whom, and what came of it.
 */
#include "script/records_internal.h"

#include "baton/base/money.h"
#include "baton/domain/programme.h"

#include <string.h>

RECORDS_VERBS(programmes, ENTITY_PROGRAMME)
RECORDS_VERB(programmes, add, add, ENTITY_PROGRAMME)
RECORDS_VERBS(codes, ENTITY_CODE)
RECORDS_VERB(codes, add, add, ENTITY_CODE)
RECORDS_VERBS(touches, ENTITY_TOUCH)
RECORDS_VERBS(conversions, ENTITY_CONVERSION)

static const char *programme_text(const struct records_input *in, int column)
{
    const struct value *v = records__get(in, column);
    return v && v->type == VALUE_TEXT ? v->s : NULL;
}

static int64_t programme_int(const struct records_input *in, int column, int64_t absent)
{
    const struct value *v = records__get(in, column);
    return v && v->type == VALUE_INT ? v->i : absent;
}

static void programme_wants(lua_State *L, bool there, const char *what, const char *name)
{
    if (!there)
        script__raisef(L, ERROR_INVALID, "%s: \"%s\" is missing", what, name);
}

/* Member `key` of the table: text, or the handle of a row that has the text in `column`. NULL: it
 * is absent. Stays on the stack, so it lives. */
static const char *programme_named(lua_State *L, const char *key, enum entity wanted, int column,
                                   const char *takes)
{
    struct error e;
    const struct row *row = NULL;
    enum entity entity;
    int64_t id;
    lua_getfield(L, 1, key);
    if (script__is_handle(L, -1, &entity, &id) && entity == wanted) {
        if (store_get(domain_store(script__domain(L)), wanted, id, &row, &e))
            script__raise(L, &e);
        lua_pushstring(L, row_text(row, column));
        lua_replace(L, -2);
    }
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s", takes);
    return lua_tostring(L, -1);
}

static int touch_lua_record(lua_State *L)
{
    static const char *const also[] = { "code", NULL };
    static const char what[] = "touches.record";
    struct records_input in;
    struct script_write w;
    struct error e;
    int64_t id = 0;
    bool is_new = false;
    script__require_permission(L, "programmes");
    records__read(L, 1, ENTITY_TOUCH, NULL, what, also, &in);
    struct touch_input t = { .key = programme_text(&in, TOUCH_KEY),
                             .programme_id = programme_int(&in, TOUCH_PROGRAMME, 0),
                             .kind = programme_text(&in, TOUCH_KIND),
                             .person_id = programme_int(&in, TOUCH_PERSON, 0),
                             .visitor = programme_text(&in, TOUCH_VISITOR),
                             .channel = programme_text(&in, TOUCH_CHANNEL) };
    t.touched_at_ms = programme_int(&in, TOUCH_TOUCHED_AT_MS, domain_now(script__domain(L)));
    if (programme_text(&in, TOUCH_REFERRER))
        row_id_parse(programme_text(&in, TOUCH_REFERRER), &t.referrer, &t.referrer_id);
    t.code = programme_named(L, "code", ENTITY_CODE, CODE_CODE,
                             "touches.record: \"code\" takes a code such as \"ADA-10\"");
    programme_wants(L, t.programme_id != 0, what, "programme");
    programme_wants(L, t.kind != NULL, what, "kind");
    script__write_begin(L, &w);
    script__write_end(
        L, &w, programme_touch(script__domain(L), script__actor(L), &t, &id, &is_new, &e), &e);
    script__push_handle(L, ENTITY_TOUCH, id);
    lua_pushboolean(L, is_new);
    return script__pause(L, 2);
}

/* Minor units, or text in the currency. */
static int64_t conversion_lua_amount(lua_State *L, const char *currency)
{
    static const struct column minor = { "amount", COLUMN_INT, 0, ENTITY_NONE, NULL, "" };
    struct error e;
    int64_t amount;
    if (lua_getfield(L, 1, "amount") != LUA_TSTRING)
        amount = script__convert(L, -1, &minor, "conversions.record", "amount").i;
    else if (money_parse(lua_tostring(L, -1), currency, &amount, &e))
        script__raise(L, &e);
    lua_pop(L, 1);
    return amount;
}

static int conversion_lua_record(lua_State *L)
{
    static const char *const also[] = { "amount", "of", NULL };
    static const char what[] = "conversions.record";
    struct records_input in;
    struct script_write w;
    struct error e;
    int64_t id = 0;
    bool is_new = false;
    script__require_permission(L, "programmes");
    records__read(L, 1, ENTITY_CONVERSION, NULL, what, also, &in);
    struct conversion_input c = { .key = programme_text(&in, CONVERSION_KEY),
                                  .programme_id = programme_int(&in, CONVERSION_PROGRAMME, 0),
                                  .kind = programme_text(&in, CONVERSION_KIND),
                                  .currency = programme_text(&in, CONVERSION_CURRENCY),
                                  .product = programme_text(&in, CONVERSION_PRODUCT),
                                  .items = programme_int(&in, CONVERSION_ITEMS, 0),
                                  .person_id = programme_int(&in, CONVERSION_PERSON, 0),
                                  .visitor = programme_text(&in, CONVERSION_VISITOR) };
    c.converted_at_ms =
        programme_int(&in, CONVERSION_CONVERTED_AT_MS, domain_now(script__domain(L)));
    c.kind = c.kind ? c.kind : "sale";
    programme_wants(L, c.programme_id != 0, what, "programme");
    programme_wants(L, c.currency != NULL, what, "currency");
    c.amount_minor = conversion_lua_amount(L, c.currency);
    c.of_key = programme_named(L, "of", ENTITY_CONVERSION, CONVERSION_KEY,
                               "conversions.record: \"of\" takes a sale or its key");
    script__write_begin(L, &w);
    script__write_end(
        L, &w, programme_convert(script__domain(L), script__actor(L), &c, &id, &is_new, &e), &e);
    script__push_handle(L, ENTITY_CONVERSION, id);
    lua_pushboolean(L, is_new);
    return script__pause(L, 2);
}

static int conversion_lua_net(lua_State *L)
{
    struct error e;
    int64_t minor;
    if (programme_net(script__domain(L), script__check_id(L, 1, ENTITY_CONVERSION), &minor, &e))
        script__raise(L, &e);
    lua_pushinteger(L, minor);
    return 1;
}

static const struct script_function programmes_functions[] = {
    RECORDS_ENTRIES(programmes, "G", "status = \"active\"", "status", "{ active = 1 }"),
    { "add", programmes_add,
      "programmes.add{name=, currency=, status=\"draft\", attribution=\"last\", window_days=30, "
      "terms=, …} → handle",
      "a referral programme: whom it is for, what it promises, which touch wins",
      "programmes.add{ name = \"colleagues\", currency = \"EUR\", attribution = \"first\" }  --> "
      "G-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct script_function codes_functions[] = {
    RECORDS_ENTRIES(codes, "D", "referrer = \"P-1\"", "channel", "{ mail = 1 }"),
    { "add", codes_add, "codes.add{programme=, referrer=, code=, channel=, expires=} → handle",
      "the code or link of one referrer in one channel; one is made up if none is given",
      "codes.add{ programme = \"G-1\", referrer = \"S-1\", code = \"ines\" }.code  --> \"INES\"\n"
      "#codes.add{ programme = \"G-1\", referrer = \"O-1\" }.code  --> 8" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct script_function touches_functions[] = {
    RECORDS_ENTRIES(touches, "H", "kind = \"click\"", "kind", "{ click = 1 }"),
    { "record", touch_lua_record,
      "touches.record{key=, programme=, kind=, code= or referrer=, person= or visitor=, channel=, "
      "touched_at=} → handle, is it new",
      "somebody was referred: a click, a share, a code entered, a claim; the same key again "
      "changes "
      "nothing",
      "local ben = people.add{ name = \"Ben Sato\" }\n"
      "touches.record{ key = \"web/2\", programme = \"G-1\", kind = \"code\", code = \"ada-10\", "
      "person = ben }  --> H-2, true\n"
      "touches.record{ key = \"web/2\", programme = \"G-1\", kind = \"code\", code = \"ada-10\", "
      "person = ben }  --> H-2, false" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct script_function conversions_functions[] = {
    RECORDS_ENTRIES(conversions, "X", "kind = \"sale\"", "kind", "{ sale = 1 }"),
    { "record", conversion_lua_record,
      "conversions.record{key=, programme=, kind=\"sale\", amount=, currency=, person= or "
      "visitor=, "
      "of=, items=, product=, converted_at=} → handle, is it new",
      "a sale, attributed to the touch that wins; or a refund or chargeback `of` one; the same key "
      "again changes nothing",
      "local sale = conversions.record{ key = \"shop/1002\", programme = \"G-1\", amount = "
      "\"49.00\",\n"
      "    currency = \"USD\", visitor = \"cookie-7\" }\n"
      "sale.referrer  --> P-1\n"
      "conversions.record{ key = \"shop/1002-r\", programme = \"G-1\", kind = \"refund\", of = "
      "sale,\n"
      "    amount = \"9.00\", currency = \"USD\" }  --> X-3, true" },
    { "net", conversion_lua_net, "conversions.net(sale) → minor units",
      "what is left of a sale after refunds and chargebacks",
      "conversions.net(\"X-1\")  --> 1970" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__programmes = { "programmes", "referral programmes",
                                                  programmes_functions };
const struct script_module script__codes = { "codes", "codes and links of referrers",
                                             codes_functions };
const struct script_module script__touches = { "touches", "who was referred, when and how",
                                               touches_functions };
const struct script_module script__conversions = { "conversions", "what came of it",
                                                   conversions_functions };
