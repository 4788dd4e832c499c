/* The ledger: idempotent entries, reversals, balances, the proof of the books. The model is a plain
 * list of everything that was posted, summed anew at each question. */
#include <sqlite3.h>

#include "domain/rules_fixture.h"

#include "baton/domain/ledger.h"

static int64_t account(struct org *org, const char *name, const char *kind, const char *currency)
{
    const struct ledger_account a = { .name = name, .kind = kind, .currency = currency };
    int64_t id = 0;
    ok(ledger_account(org->d, &org_operator, &a, &id, &org->e));
    return id;
}

static int64_t balance(struct org *org, int64_t id)
{
    int64_t minor = -1;
    ok(ledger_balance(org->d, id, &minor, &org->e));
    return minor;
}

static void test_accounts(void **state)
{
    struct org *org = *state;
    int64_t id = 0;
    org_begin(org);
    int64_t expense = account(org, "reward_expense", "expense", "USD");
    assert_int_equal(account(org, "reward_expense", "expense", "USD"), expense);
    const struct {
        struct ledger_account a;
        enum error_code code;
        const char *part;
    } wrong[] = {
        { { "reward_expense", "asset", "USD", ENTITY_NONE, 0 },
          ERROR_CONFLICT,
          "account reward_expense (A-1) is expense in USD, not asset in USD" },
        { { "reward_expense", "expense", "EUR", ENTITY_NONE, 0 },
          ERROR_CONFLICT,
          "not expense in EUR" },
        { { "reward_expense", "expense", "USD", ENTITY_PERSON, 1 }, ERROR_CONFLICT, "of P-1" },
        { { "a b", "expense", "USD", ENTITY_NONE, 0 }, ERROR_INVALID, "\"a b\" is no name" },
        { { "", "expense", "USD", ENTITY_NONE, 0 }, ERROR_INVALID, "is no name" },
        { { "x", "expense", "UDS", ENTITY_NONE, 0 }, ERROR_INVALID, "did you mean \"USD\"" },
        { { "x", "cost", "USD", ENTITY_NONE, 0 }, ERROR_INVALID, "account.kind" },
        { { "x", "expense", "USD", ENTITY_PERSON, 9 }, ERROR_NOT_FOUND, "P-9" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error e = { 0 };
        assert_int_equal(ledger_account(org->d, &org_operator, &wrong[i].a, &id, &e),
                         -(int)wrong[i].code);
        assert_contains(e.message, wrong[i].part);
    }
    const struct ledger_account more = { .name = "x", .kind = "asset", .currency = "USD" };
    assert_int_equal(ledger_account(org->d, &junior, &more, &id, &org->e), -ERROR_DENIED);
    org_end(org);
}

static void test_post(void **state)
{
    struct org *org = *state;
    int64_t id = 0, again = 0;
    bool is_new = false;
    org_begin(org);
    int64_t expense = account(org, "reward_expense", "expense", "USD");
    int64_t owed = account(org, "owed/P-1", "liability", "USD");
    int64_t euro = account(org, "owed/P-1/EUR", "liability", "EUR");
    const struct ledger_entry x = { .key = "reward/W-1/accrued",
                                    .kind = "reward.accrued",
                                    .debit_id = expense,
                                    .credit_id = owed,
                                    .amount_minor = 1470,
                                    .memo = "$49 at 30 %" };
    ok(ledger_post(org->d, &org_operator, &x, &id, &is_new, &org->e));
    assert_true(is_new);
    ok(ledger_post(org->d, &org_operator, &x, &again, &is_new, &org->e));
    assert_false(is_new);
    assert_int_equal(again, id);
    assert_int_equal(balance(org, expense), 1470);
    assert_int_equal(balance(org, owed), 1470);
    assert_int_equal(balance(org, euro), 0);
    struct {
        struct ledger_entry x;
        enum error_code code;
        const char *part;
    } wrong[] = {
        { x, ERROR_CONFLICT, "\"reward/W-1/accrued\" was posted as E-1" },
        { x, ERROR_INVALID, "the amount is above 0" },
        { x, ERROR_INVALID, "the amount is above 0" },
        { x, ERROR_INVALID, "moves nothing" },
        { x, ERROR_INVALID, "an entry has one currency" },
        { x, ERROR_NOT_FOUND, "A-99" },
        { x, ERROR_INVALID, "needs a key" },
        { x, ERROR_INVALID, "needs a kind" },
    };
    for (size_t i = 1; i < COUNT(wrong); i++)
        wrong[i].x.key = "other";
    wrong[0].x.amount_minor = 1471;
    wrong[1].x.amount_minor = 0;
    wrong[2].x.amount_minor = -5;
    wrong[3].x.credit_id = expense;
    wrong[4].x.credit_id = euro;
    wrong[5].x.credit_id = 99;
    wrong[6].x.key = "";
    wrong[7].x.kind = "";
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error e = { 0 };
        assert_int_equal(ledger_post(org->d, &org_operator, &wrong[i].x, &id, NULL, &e),
                         -(int)wrong[i].code);
        assert_contains(e.message, wrong[i].part);
    }
    struct ledger_entry mine = x;
    mine.key = "mine";
    assert_int_equal(ledger_post(org->d, &junior, &mine, &id, NULL, &org->e), -ERROR_DENIED);
    org_end(org);
}

/* By no way of writing. */
static void test_never_changed(void **state)
{
    struct org *org = *state;
    int64_t id = 0;
    org_begin(org);
    const struct ledger_entry x = { .key = "k",
                                    .kind = "reward.accrued",
                                    .debit_id = account(org, "e", "expense", "USD"),
                                    .credit_id = account(org, "l", "liability", "USD"),
                                    .amount_minor = 5 };
    ok(ledger_post(org->d, &org_operator, &x, &id, NULL, &org->e));
    const struct store_set set = { ENTRY_AMOUNT_MINOR, value_int(6) };
    const struct record record = { .entity = ENTITY_ENTRY, .id = id, .set = &set, .set_count = 1 };
    assert_int_equal(domain_write(org->d, &org_operator, &record, NULL, &org->e), -ERROR_DENIED);
    assert_contains(org->e.message, "never changed");
    const struct store_change change = { .entity = ENTITY_ENTRY,
                                         .id = id,
                                         .kind = "entry.changed",
                                         .actor = "operator",
                                         .set = &set,
                                         .set_count = 1 };
    assert_int_equal(store_change(org->store, &change, NULL, &org->e), -ERROR_DENIED);
    assert_contains(org->e.message, "E-1: entries are never changed");
    org_end(org);
}

static void test_reverse(void **state)
{
    struct org *org = *state;
    int64_t id = 0, taken = 0;
    bool is_new = false;
    org_begin(org);
    int64_t expense = account(org, "e", "expense", "USD"),
            owed = account(org, "l", "liability", "USD");
    const struct ledger_entry x = { .key = "k",
                                    .kind = "reward.accrued",
                                    .debit_id = expense,
                                    .credit_id = owed,
                                    .amount_minor = 197,
                                    .about = ENTITY_PERSON,
                                    .about_id = 1 };
    ok(ledger_post(org->d, &org_operator, &x, &id, NULL, &org->e));
    ok(ledger_reverse(org->d, &org_operator, id, "k/refund-1", 99, NULL, &taken, &is_new, &org->e));
    assert_true(is_new);
    assert_int_equal(balance(org, owed), 98); /* 197 − 99 */
    ok(ledger_reverse(org->d, &org_operator, id, "k/refund-1", 99, NULL, &taken, &is_new, &org->e));
    assert_false(is_new);
    assert_int_equal(balance(org, owed), 98);
    assert_int_equal(
        ledger_reverse(org->d, &org_operator, id, "k/refund-2", 99, NULL, &taken, NULL, &org->e),
        -ERROR_DENIED);
    assert_contains(org->e.message, "of which 98 is left to take back, not 99");
    ok(ledger_reverse(org->d, &org_operator, id, "k/rest", 0, NULL, &taken, &is_new, &org->e));
    ok(ledger_reverse(org->d, &org_operator, id, "k/rest", 0, NULL, &taken, &is_new, &org->e));
    assert_false(is_new);
    assert_int_equal(balance(org, owed), 0);
    assert_int_equal(balance(org, expense), 0);
    assert_int_equal(
        ledger_reverse(org->d, &org_operator, id, "more", 0, NULL, &taken, NULL, &org->e),
        -ERROR_DENIED);
    assert_int_equal(ledger_reverse(org->d, &org_operator, 99, "x", 0, NULL, &taken, NULL, &org->e),
                     -ERROR_NOT_FOUND);
    assert_int_equal(ledger_reverse(org->d, &org_operator, id, "", 0, NULL, &taken, NULL, &org->e),
                     -ERROR_INVALID);
    org_end(org);
}

/* Sums beyond 64 bits are an error, not another number. */
static void test_overflow(void **state)
{
    struct org *org = *state;
    int64_t id, minor = 7;
    org_begin(org);
    struct ledger_entry x = { .key = "a",
                              .kind = "reward.accrued",
                              .debit_id = account(org, "e", "expense", "USD"),
                              .credit_id = account(org, "l", "liability", "USD"),
                              .amount_minor = INT64_MAX };
    ok(ledger_post(org->d, &org_operator, &x, &id, NULL, &org->e));
    assert_int_equal(balance(org, x.debit_id), INT64_MAX);
    x.key = "b";
    ok(ledger_post(org->d, &org_operator, &x, &id, NULL, &org->e));
    assert_int_equal(ledger_balance(org->d, x.debit_id, &minor, &org->e), -ERROR_LIMIT);
    assert_contains(org->e.message, "beyond 9223372036854775807");
    assert_int_equal(minor, 7);
    org_end(org);
}

/* ---- random streams against the model ---- */

enum { MODEL_ACCOUNTS = 4, MODEL_STEPS = 400 };
struct posted {
    char key[24];
    int64_t id, debit, credit, amount, reversed;
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t model_balance(const struct posted *list, size_t count, int64_t id, bool by_debit)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (list[i].debit == id) * list[i].amount - (list[i].credit == id) * list[i].amount;
    return by_debit ? sum : -sum;
}

/* One step, in a command that may be dropped: then the model does not hear of it either. */
static size_t model_step(struct org *org, const int64_t ids[static MODEL_ACCOUNTS],
                         struct posted list[static MODEL_STEPS], size_t count, uint64_t *seed)
{
    size_t was = count;
    struct posted p = { 0 }, *old = &list[count ? random_next(seed) % count : 0];
    int64_t reversed_before = old->reversed;
    bool is_new = false, keep = random_next(seed) % 5 != 0;
    domain_command_begin(org->d);
    if (count && random_next(seed) % 3 == 0) { /* again, as it was */
        struct ledger_entry x = { .key = old->key,
                                  .kind = "k",
                                  .debit_id = old->debit,
                                  .credit_id = old->credit,
                                  .amount_minor = old->amount };
        ok(ledger_post(org->d, &org_operator, &x, &p.id, &is_new, &org->e));
        assert_false(is_new);
        assert_int_equal(p.id, old->id);
    } else if (count && old->amount > old->reversed && random_next(seed) % 2) {
        p = (struct posted){ .debit = old->credit, .credit = old->debit };
        p.amount = 1 + (int64_t)(random_next(seed) % (uint64_t)(old->amount - old->reversed));
        snprintf(p.key, sizeof p.key, "r%zu", count);
        ok(ledger_reverse(org->d, &org_operator, old->id, p.key, p.amount, NULL, &p.id, NULL,
                          &org->e));
        old->reversed += p.amount;
        list[count++] = p;
    } else {
        size_t debit = random_next(seed) % MODEL_ACCOUNTS;
        p = (struct posted){
            .debit = ids[debit],
            .credit = ids[(debit + 1 + random_next(seed) % (MODEL_ACCOUNTS - 1)) % MODEL_ACCOUNTS],
            .amount = 1 + (int64_t)(random_next(seed) % 100000)
        };
        snprintf(p.key, sizeof p.key, "k%zu", count);
        struct ledger_entry x = { .key = p.key,
                                  .kind = "k",
                                  .debit_id = p.debit,
                                  .credit_id = p.credit,
                                  .amount_minor = p.amount };
        ok(ledger_post(org->d, &org_operator, &x, &p.id, NULL, &org->e));
        list[count++] = p;
    }
    ok(domain_command_end(org->d, keep, &org->e));
    if (!keep)
        old->reversed = reversed_before;
    return keep ? count : was;
}

static void test_model(void **state)
{
    struct org *org = *state;
    static const char *const names[MODEL_ACCOUNTS] = { "a", "e", "l", "i" };
    static const char *const kinds[MODEL_ACCOUNTS] = { "asset", "expense", "liability", "income" };
    static struct posted list[MODEL_STEPS];
    int64_t ids[MODEL_ACCOUNTS];
    uint64_t seed = 88172645463325252u;
    size_t count = 0;
    org_begin(org);
    for (size_t i = 0; i < MODEL_ACCOUNTS; i++)
        ids[i] = account(org, names[i], kinds[i], "USD");
    org_end(org);
    for (int step = 0; step < MODEL_STEPS; step++) {
        ok(store_turn_begin(org->store, &org->e));
        count = model_step(org, ids, list, count, &seed);
        ok(store_turn_commit(org->store, &org->e));
        if (step % 50 == 49) {
            org_stop(org);
            org_start(org);
        }
        for (size_t i = 0; i < MODEL_ACCOUNTS; i++)
            assert_int_equal(balance(org, ids[i]), model_balance(list, count, ids[i], i < 2));
    }
    struct ledger_proof proof;
    ok(ledger_prove(org->d, &proof, &org->e));
    assert_int_equal(proof.entries, count);
    assert_int_equal(proof.accounts, MODEL_ACCOUNTS);
    assert_string_equal(proof.why, "");
}

/* ---- somebody wrote to the file ---- */

static void test_tampered(void **state)
{
    struct org *org = *state;
    static const struct {
        const char *sql, *why;
    } cases[] = {
        { "UPDATE entry SET amount_minor = -5 WHERE id = 2", "E-2: its amount is not above 0" },
        { "UPDATE entry SET version = 3 WHERE id = 3", "E-3: it was changed after it was posted" },
        { "UPDATE entry SET debit_id = credit_id WHERE id = 2",
          "E-2: both its accounts are the same" },
        { "UPDATE entry SET currency = 'EUR' WHERE id = 1", "E-1: an account is missing, or in" },
        { "UPDATE entry SET debit_id = 9 WHERE id = 1", "E-1: an account is missing, or in" },
        { "UPDATE entry SET reverses_id = 1 WHERE id = 3", "E-1: more of it was taken back" },
    };
    int64_t id;
    org_begin(org);
    int64_t expense = account(org, "e", "expense", "USD"),
            owed = account(org, "l", "liability", "USD");
    for (int i = 1; i <= 3; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        const struct ledger_entry x = {
            .key = key, .kind = "k", .debit_id = expense, .credit_id = owed, .amount_minor = i * 10
        };
        ok(ledger_post(org->d, &org_operator, &x, &id, NULL, &org->e));
    }
    org_end(org);
    org_stop(org);
    for (size_t i = 0; i < COUNT(cases); i++) {
        sqlite3 *db = NULL;
        char *undo = "UPDATE entry SET amount_minor = id * 10, version = 2, debit_id = 1,"
                     " credit_id = 2, currency = 'USD', reverses_id = NULL";
        assert_int_equal(sqlite3_open(org->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, undo, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        org_start(org);
        struct ledger_proof proof;
        ok(ledger_prove(org->d, &proof, &org->e));
        assert_contains(proof.why, cases[i].why);
        org_stop(org);
    }
    org_start(org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accounts, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_post, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_never_changed, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_reverse, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_overflow, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_model, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_tampered, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
