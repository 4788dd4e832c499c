/* accounts.*, entries.*, ledger.* — where money lies and is owed, and the entries that move it. */
#include "script/records_internal.h"

#include "baton/base/money.h"
#include "baton/domain/ledger.h"

#include <string.h>

RECORDS_VERBS(accounts, ENTITY_ACCOUNT)
RECORDS_VERBS(entries, ENTITY_ENTRY)

static const char *ledger_lua_text(const struct records_input *in, int column)
{
    const struct value *v = records__get(in, column);
    return v && v->type == VALUE_TEXT ? v->s : NULL;
}

static int64_t ledger_lua_id(const struct records_input *in, int column)
{
    const struct value *v = records__get(in, column);
    return v && v->type == VALUE_INT ? v->i : 0;
}

static void ledger_lua_ref(const struct records_input *in, int column, enum entity *entity,
                           int64_t *id)
{
    const char *text = ledger_lua_text(in, column);
    *entity = ENTITY_NONE;
    if (text)
        row_id_parse(text, entity, id);
}

static int ledger_lua_account(lua_State *L)
{
    struct records_input in;
    struct script_write w;
    struct error e;
    int64_t id = 0;
    script__require_permission(L, "ledger");
    records__read(L, 1, ENTITY_ACCOUNT, NULL, "ledger.account", NULL, &in);
    struct ledger_account a = { .name = ledger_lua_text(&in, ACCOUNT_NAME),
                                .kind = ledger_lua_text(&in, ACCOUNT_KIND),
                                .currency = ledger_lua_text(&in, ACCOUNT_CURRENCY) };
    ledger_lua_ref(&in, ACCOUNT_HOLDER, &a.holder, &a.holder_id);
    if (!a.name || !a.kind || !a.currency)
        script__raisef(L, ERROR_INVALID, "ledger.account takes {name=, kind=, currency=, holder=}");
    script__write_begin(L, &w);
    script__write_end(L, &w, ledger_account(script__domain(L), script__actor(L), &a, &id, &e), &e);
    script__push_handle(L, ENTITY_ACCOUNT, id);
    return script__pause(L, 1);
}

/* Minor units, or text in the currency of the account. */
static int64_t ledger_lua_amount(lua_State *L, int table, const char *what, int64_t account_id)
{
    static const struct column minor = { "amount", COLUMN_INT, 0, ENTITY_NONE, NULL, "" };
    struct error e;
    const struct row *account = NULL;
    int64_t amount;
    if (lua_getfield(L, table, "amount") != LUA_TSTRING)
        amount = script__convert(L, -1, &minor, what, "amount").i;
    else if (store_get(domain_store(script__domain(L)), ENTITY_ACCOUNT, account_id, &account, &e) ||
             money_parse(lua_tostring(L, -1), row_text(account, ACCOUNT_CURRENCY), &amount, &e))
        script__raise(L, &e);
    lua_pop(L, 1);
    return amount;
}

static int ledger_lua_answer(lua_State *L, int64_t id, bool is_new)
{
    script__push_handle(L, ENTITY_ENTRY, id);
    lua_pushboolean(L, is_new);
    return script__pause(L, 2);
}

static int ledger_lua_post(lua_State *L)
{
    static const char *const also[] = { "amount", NULL };
    struct records_input in;
    struct script_write w;
    struct error e;
    int64_t id = 0;
    bool is_new = false;
    script__require_permission(L, "ledger");
    records__read(L, 1, ENTITY_ENTRY, NULL, "ledger.post", also, &in);
    struct ledger_entry x = { .key = ledger_lua_text(&in, ENTRY_KEY),
                              .kind = ledger_lua_text(&in, ENTRY_KIND),
                              .debit_id = ledger_lua_id(&in, ENTRY_DEBIT),
                              .credit_id = ledger_lua_id(&in, ENTRY_CREDIT),
                              .memo = ledger_lua_text(&in, ENTRY_MEMO) };
    if (!x.key || !x.kind || !x.debit_id || !x.credit_id)
        script__raisef(L, ERROR_INVALID,
                       "ledger.post takes {key=, kind=, debit=, credit=, amount=, about=, memo=}");
    if (records__get(&in, ENTRY_CURRENCY) || records__get(&in, ENTRY_REVERSES) ||
        records__get(&in, ENTRY_AMOUNT_MINOR))
        script__raisef(
            L, ERROR_INVALID,
            "ledger.post: the amount is \"amount\", the currency is that of the accounts, "
            "and what takes an entry back is ledger.reverse");
    x.amount_minor = ledger_lua_amount(L, 1, "ledger.post", x.debit_id);
    ledger_lua_ref(&in, ENTRY_ABOUT, &x.about, &x.about_id);
    script__write_begin(L, &w);
    script__write_end(L, &w, ledger_post(script__domain(L), script__actor(L), &x, &id, &is_new, &e),
                      &e);
    return ledger_lua_answer(L, id, is_new);
}

static int ledger_lua_reverse(lua_State *L)
{
    static const char *const known[] = { "key", "amount", "memo", NULL };
    struct script_write w;
    struct error e;
    const struct row *row = NULL;
    int64_t id = 0, amount = 0, entry = script__check_id(L, 1, ENTITY_ENTRY);
    bool is_new = false;
    script__require_permission(L, "ledger");
    records__check_options(L, 2, "ledger.reverse", known);
    if (!lua_istable(L, 2))
        script__raisef(L, ERROR_INVALID,
                       "ledger.reverse takes an entry and {key=, amount=, memo=}");
    const char *key = records__text(L, 2, "key", "ledger.reverse");
    const char *memo = records__text(L, 2, "memo", "ledger.reverse");
    if (store_get(domain_store(script__domain(L)), ENTITY_ENTRY, entry, &row, &e))
        script__raise(L, &e);
    if (lua_getfield(L, 2, "amount") != LUA_TNIL)
        amount = ledger_lua_amount(L, 2, "ledger.reverse", row_int(row, ENTRY_DEBIT));
    script__write_begin(L, &w);
    script__write_end(L, &w,
                      ledger_reverse(script__domain(L), script__actor(L), entry, key, amount, memo,
                                     &id, &is_new, &e),
                      &e);
    return ledger_lua_answer(L, id, is_new);
}

static int ledger_lua_balance(lua_State *L)
{
    struct error e;
    int64_t minor;
    if (ledger_balance(script__domain(L), script__check_id(L, 1, ENTITY_ACCOUNT), &minor, &e))
        script__raise(L, &e);
    lua_pushinteger(L, minor);
    return 1;
}

static int ledger_lua_prove(lua_State *L)
{
    struct error e;
    struct ledger_proof proof;
    if (ledger_prove(script__domain(L), &proof, &e))
        script__raise(L, &e);
    lua_createtable(L, 0, 4);
    lua_pushboolean(L, !proof.broken);
    lua_setfield(L, -2, "ok");
    lua_pushinteger(L, proof.accounts);
    lua_setfield(L, -2, "accounts");
    lua_pushinteger(L, proof.entries);
    lua_setfield(L, -2, "entries");
    if (proof.broken) {
        lua_pushstring(L, proof.why);
        lua_setfield(L, -2, "why");
    }
    return 1;
}

static const struct script_function accounts_functions[] = {
    RECORDS_ENTRIES(accounts, "A", "kind = \"expense\"", "kind", "{ expense = 1, liability = 1 }"),
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct script_function entries_functions[] = {
    RECORDS_ENTRIES(entries, "E", "debit = \"A-1\"", "kind", "{ reward_accrued = 1 }"),
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct script_function ledger_functions[] = {
    { "account", ledger_lua_account, "ledger.account{name=, kind=, currency=, holder=} → handle",
      "the account of that name, made if there is none; kind: asset, liability, equity, income or "
      "expense",
      "ledger.account{ name = \"reward_expense\", kind = \"expense\", currency = \"USD\" }  --> "
      "A-1\n"
      "ledger.account{ name = \"bank\", kind = \"asset\", currency = \"USD\" }  --> A-3" },
    { "post", ledger_lua_post,
      "ledger.post{key=, kind=, debit=, credit=, amount=, about=, memo=} → entry, is it new",
      "moves an amount from one account to another; the same key again changes nothing; amount: "
      "minor units, or text such as \"14.70\"",
      "local bank = ledger.account{ name = \"bank\", kind = \"asset\", currency = \"USD\" }\n"
      "ledger.post{ key = \"paid/1\", kind = \"payout_settled\", debit = \"A-2\", credit = bank, "
      "amount "
      "= \"5.91\" }  --> E-2, true\n"
      "ledger.post{ key = \"paid/1\", kind = \"payout_settled\", debit = \"A-2\", credit = bank, "
      "amount "
      "= \"5.91\" }  --> E-2, false" },
    { "reverse", ledger_lua_reverse,
      "ledger.reverse(entry, {key=, amount=, memo=}) → entry, is it new",
      "takes an entry back, all of it or an amount, by an entry the other way round",
      "ledger.reverse(\"E-1\", { key = \"refund/1\", amount = \"2.00\" })  --> E-2, true\n"
      "ledger.balance(\"A-2\")  --> 391" },
    { "balance", ledger_lua_balance, "ledger.balance(account) → minor units",
      "the sum of its entries: debits less credits of an asset or expense, else credits less "
      "debits",
      "ledger.balance(\"A-2\")  --> 591" },
    { "prove", ledger_lua_prove, "ledger.prove() → {ok, accounts, entries, why}",
      "reads every entry and says whether the books are right",
      "ledger.prove()  --> { accounts = 2, entries = 1, ok = true }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__accounts = { "accounts", "of the ledger: read them here",
                                                accounts_functions };
const struct script_module script__entries = { "entries", "of the ledger: read them here",
                                               entries_functions };
const struct script_module script__ledger = { "ledger", "double entry: accounts, entries, balances",
                                              ledger_functions };
