/* money.* and ledger.*, as a session uses them. */
#include "script/session_fixture.h"

static void test_money(void **state)
{
    struct world *w = *state;
    static const struct world_case cases[] = {
        { "money.parse('14.70', 'USD'), money.parse('-3', 'JPY')", "1470\t-3" },
        { "money.parse('14.705', 'USD')", "!no amount of USD" },
        { "money.parse(14.7, 'USD')", "!money.parse takes an amount such as \"14.70\"" },
        { "money.parse('1')", "!takes a currency such as \"USD\"" },
        { "money.format(1470, 'USD'), money.format(5, 'KWD')", "14.70 USD\t0.005 KWD" },
        { "money.format(1.5, 'USD')", "!\"amount\" takes a whole number" },
        { "money.format(1, 'usd')", "!unknown currency \"usd\"" },
        { "money.portion(3, 2000, 10000)", "1" },
        { "money.portion(9999, 3000, 10000, 'floor')", "2999" },
        { "money.portion(9999, 3000, 10000, 'flor')", "!did you mean \"floor\"" },
        { "money.portion(1, 1, 0)", "!above 0" },
        { "money.portion(math.maxinteger, 2, 1)", "!beyond 9223372036854775807" },
        { "table.concat(money.split(100, {1, 1, 1}), ' ')", "34 33 33" },
        { "money.split(100, {})", "!a list of 1 to 64 weights" },
        { "money.split(100, {1, 'x'})", "!a weight" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_ledger(void **state)
{
    struct world *w = *state;
    static const struct world_case cases[] = {
        { "ledger.account{name='cost', kind='expense', currency='USD'}.ref", "A-1" },
        { "ledger.account{name='cost', kind='expense', currency='USD'}.ref", "A-1" },
        { "ledger.account{name='owed', kind='liability', currency='USD', holder='P-1'}.holder.ref",
          "P-1" },
        { "ledger.account{name='cost', kind='asset', currency='USD'}", "!is expense in USD" },
        { "ledger.account{name='cost'}", "!takes {name=, kind=, currency=, holder=}" },
        { "ledger.account{nam='cost'}", "!did you mean \"name\"" },
        { "tostring(ledger.post{key='a', kind='reward.accrued', debit='A-1', credit='A-2', "
          "amount='14.70', about='P-1'})",
          "E-1" },
        { "select(2, ledger.post{key='a', kind='reward.accrued', debit=1, credit=2, "
          "amount=1470, about='P-1'})",
          "false" },
        { "ledger.post{key='a', kind='reward.accrued', debit=1, credit=2, amount=1471}",
          "!was posted as E-1" },
        { "ledger.post{key='b', kind='x', debit=1, credit=2, amount='1.705'}",
          "!no amount of USD" },
        { "ledger.post{key='b', kind='x', debit=1, credit=2, amount=-1}", "!above 0" },
        { "ledger.post{key='b', kind='x', debit=1, credit=2}", "!amount" },
        { "ledger.post{key='b', kind='x', debit=1, credit=2, amount=1, currency='USD'}",
          "!the currency is that of the accounts" },
        { "ledger.post{}", "!takes {key=, kind=, debit=, credit=, amount=, about=, memo=}" },
        { "tostring(ledger.reverse(1, {key='r', amount='4.70'}))", "E-2" },
        { "select(2, ledger.reverse('E-1', {key='r', amount='4.70'}))", "false" },
        { "ledger.reverse(1, {key='s', amount=1001})", "!1000 is left" },
        { "ledger.reverse(1, {keys='s'})", "!did you mean \"key\"" },
        { "ledger.reverse(1)", "!ledger.reverse takes an entry and" },
        { "ledger.balance(1), ledger.balance('A-2')", "1000\t1000" },
        { "entries.get(2).reverses.ref, entries.get(2).amount_minor", "E-1\t470" },
        { "entries.count{debit=1}, accounts.count{kind='liability'}", "1\t1" },
        { "entries.get(1):set{memo='x'}", "!never changed" },
        { "entries.add", "!there is no \"add\"" },
        { "ledger.prove().ok, ledger.prove().entries, ledger.prove().why", "true\t2\tnil" },
        { NULL, NULL },
    };
    world_shows(w, "people.add{name='Ada'}");
    world_table(w, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_money, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_ledger, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
