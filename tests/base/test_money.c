#include "base/check.h"

#include "baton/base/money.h"

#include <inttypes.h>
#include <stdio.h>

static void test_currencies(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int digits;
    } cases[] = { { "USD", 2 }, { "EUR", 2 }, { "AED", 2 }, { "ZWG", 2 }, { "JPY", 0 },
                  { "CLP", 0 }, { "KWD", 3 }, { "TND", 3 }, { "CLF", 4 }, { "UYW", 4 } };
    struct error e = { 0 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int digits = -1;
        assert_int_equal(currency_exponent(cases[i].code, &digits, &e), 0);
        assert_int_equal(digits, cases[i].digits);
    }
    int digits = 7;
    check_error(currency_exponent("UDS", &digits, &e), &e, ERROR_INVALID, "did you mean \"USD\"");
    check_error(currency_exponent("usd", &digits, &e), &e, ERROR_INVALID, "ISO 4217");
    check_error(currency_exponent("", &digits, &e), &e, ERROR_INVALID, "ISO 4217");
    check_error(currency_exponent("QQQ", &digits, &e), &e, ERROR_INVALID, "QQQ");
    assert_int_equal(digits, 7);
}

/* amount × numerator ÷ denominator, each way of rounding: half_up, half_down, half_even, up, down,
 * ceiling, floor. */
static void test_portion(void **state)
{
    (void)state;
    static const struct {
        int64_t amount, numerator, denominator;
        int64_t want[7];
        const char *why;
    } cases[] = {
        { 3, 2000, 10000, { 1, 1, 1, 1, 0, 1, 0 }, "3 at 20 % is 0.6" },
        { 9999, 3000, 10000, { 3000, 3000, 3000, 3000, 2999, 3000, 2999 }, "2999.7" },
        { 4900, 3000, 10000, { 1470, 1470, 1470, 1470, 1470, 1470, 1470 }, "$49 at 30 %" },
        { 5, 1, 2, { 3, 2, 2, 3, 2, 3, 2 }, "2.5" },
        { 7, 1, 2, { 4, 3, 4, 4, 3, 4, 3 }, "3.5" },
        { -5, 1, 2, { -3, -2, -2, -3, -2, -2, -3 }, "-2.5" },
        { -7, 1, 2, { -4, -3, -4, -4, -3, -3, -4 }, "-3.5" },
        { -3, 2000, 10000, { -1, -1, -1, -1, 0, 0, -1 }, "-0.6" },
        { 1, 1, 3, { 0, 0, 0, 1, 0, 1, 0 }, "0.33" },
        { 0, 5, 7, { 0, 0, 0, 0, 0, 0, 0 }, "nothing" },
        { 100, -1, 8, { -13, -12, -12, -13, -12, -12, -13 }, "-12.5" },
        { INT64_MAX,
          INT64_MAX,
          INT64_MAX,
          { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
          "2^126 on the way" },
        { INT64_MIN,
          1,
          1,
          { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN },
          "the lowest" },
        { INT64_MIN, INT64_MIN, INT64_MAX, { 0, 0, 0, 0, 0, 0, 0 }, "refused: beyond 64 bits" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (enum rounding r = ROUNDING_HALF_UP; r <= ROUNDING_FLOOR; r++) {
            struct error e = { 0 };
            int64_t out = 77;
            int rc = money_portion(cases[i].amount, cases[i].numerator, cases[i].denominator, r,
                                   &out, &e);
            if (i == COUNT(cases) - 1) {
                check_error(rc, &e, ERROR_LIMIT, "minor units");
                assert_int_equal(out, 77);
            } else if (rc || out != cases[i].want[r]) {
                fail_msg("%s, %s: %" PRId64 ", not %" PRId64, cases[i].why, rounding_name(r), out,
                         cases[i].want[r]);
            }
        }
    struct error e = { 0 };
    int64_t out = 77;
    check_error(money_portion(1, 1, 0, ROUNDING_UP, &out, &e), &e, ERROR_INVALID, "above 0");
    check_error(money_portion(1, 1, -1, ROUNDING_UP, &out, &e), &e, ERROR_INVALID, "above 0");
}

/* Against counting: the whole number at the smallest distance, found by trying all near ones. */
static void test_portion_model(void **state)
{
    (void)state;
    for (int64_t amount = -60; amount <= 60; amount++)
        for (int64_t numerator = -7; numerator <= 7; numerator++)
            for (int64_t by = 1; by <= 12; by++) {
                int64_t exact = amount * numerator, up, down, half, floor, ceiling;
                struct error e = { 0 };
                assert_int_equal(money_portion(amount, numerator, by, ROUNDING_FLOOR, &floor, &e),
                                 0);
                assert_int_equal(
                    money_portion(amount, numerator, by, ROUNDING_CEILING, &ceiling, &e), 0);
                assert_int_equal(money_portion(amount, numerator, by, ROUNDING_UP, &up, &e), 0);
                assert_int_equal(money_portion(amount, numerator, by, ROUNDING_DOWN, &down, &e), 0);
                assert_true(floor * by <= exact && exact < (floor + 1) * by);
                assert_true((ceiling - 1) * by < exact && exact <= ceiling * by);
                assert_int_equal(down, exact < 0 ? ceiling : floor);
                assert_int_equal(up, exact < 0 ? floor : ceiling);
                int64_t below = exact - floor * by, above = ceiling * by - exact;
                int64_t nearest = below < above ? floor : ceiling;
                for (enum rounding r = ROUNDING_HALF_UP; r <= ROUNDING_HALF_EVEN; r++) {
                    assert_int_equal(money_portion(amount, numerator, by, r, &half, &e), 0);
                    int64_t tie = r == ROUNDING_HALF_UP     ? up
                                  : r == ROUNDING_HALF_DOWN ? down
                                  : up % 2 == 0             ? up
                                                            : down;
                    assert_int_equal(half, below == above ? tie : nearest);
                }
            }
}

static void test_split(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        size_t count;
        int64_t weights[4], want[4];
    } cases[] = {
        { 100, 3, { 1, 1, 1 }, { 34, 33, 33 } },
        { 101, 3, { 1, 1, 1 }, { 34, 34, 33 } },
        { -100, 3, { 1, 1, 1 }, { -34, -33, -33 } },
        { 5, 3, { 3, 1, 1 }, { 3, 1, 1 } },
        { 10, 3, { 5, 3, 3 }, { 4, 3, 3 } }, /* 4.54, 2.73, 2.73: both units to the .73s */
        { 7, 2, { 0, 5 }, { 0, 7 } },
        { 0, 2, { 1, 2 }, { 0, 0 } },
        { 1, 4, { 1, 1, 1, 1 }, { 1, 0, 0, 0 } },
        { INT64_MAX, 2, { INT64_MAX / 2, INT64_MAX / 2 }, { INT64_MAX / 2 + 1, INT64_MAX / 2 } },
        { INT64_MIN, 2, { 1, 1 }, { INT64_MIN / 2, INT64_MIN / 2 } },
    };
    struct error e = { 0 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t parts[4], sum = 0;
        assert_int_equal(money_split(cases[i].amount, cases[i].weights, cases[i].count, parts, &e),
                         0);
        for (size_t k = 0; k < cases[i].count; k++) {
            assert_int_equal(parts[k], cases[i].want[k]);
            sum += parts[k];
        }
        assert_int_equal(sum, cases[i].amount);
    }
    int64_t part[65], zero[65] = { 0 };
    check_error(money_split(1, zero, 2, part, &e), &e, ERROR_INVALID, "no weight");
    check_error(money_split(1, zero, 0, part, &e), &e, ERROR_LIMIT, "0 parts");
    check_error(money_split(1, zero, 65, part, &e), &e, ERROR_LIMIT, "65 parts");
    zero[1] = -1;
    check_error(money_split(1, zero, 2, part, &e), &e, ERROR_INVALID, "weight 2 is -1");
    zero[0] = zero[1] = INT64_MAX;
    check_error(money_split(1, zero, 2, part, &e), &e, ERROR_LIMIT, "minor units");
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *currency;
        int64_t minor;
        const char *shown; /* NULL: refused */
    } cases[] = {
        { "14.70", "USD", 1470, "14.70 USD" },
        { "14.7", "USD", 1470, "14.70 USD" },
        { "-3", "EUR", -300, "-3.00 EUR" },
        { "-0.05", "EUR", -5, "-0.05 EUR" },
        { "1470", "JPY", 1470, "1470 JPY" },
        { "1.5", "KWD", 1500, "1.500 KWD" },
        { "0.0001", "CLF", 1, "0.0001 CLF" },
        { "92233720368547758.07", "USD", INT64_MAX, "92233720368547758.07 USD" },
        { "-92233720368547758.08", "USD", INT64_MIN, "-92233720368547758.08 USD" },
        { "92233720368547758.08", "USD", 0, NULL },
        { "99999999999999999999999999999999999999999999", "JPY", 0, NULL },
        { "14.705", "USD", 0, NULL },
        { "1.", "USD", 0, NULL },
        { ".5", "USD", 0, NULL },
        { "1.0", "JPY", 0, NULL },
        { "1,470.00", "USD", 0, NULL },
        { "--1", "USD", 0, NULL },
        { "+1", "USD", 0, NULL },
        { "1 ", "USD", 0, NULL },
        { "1e3", "USD", 0, NULL },
        { "", "USD", 0, NULL },
        { "-", "USD", 0, NULL },
        { "1", "US", 0, NULL },
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = { 0 };
        int64_t minor = 77;
        int rc = money_parse(cases[i].text, cases[i].currency, &minor, &e);
        if (!cases[i].shown) {
            if (!rc || minor != 77 || !e.message[0])
                fail_msg("\"%s\" was read as %" PRId64, cases[i].text, minor);
            continue;
        }
        assert_int_equal(rc, 0);
        assert_int_equal(minor, cases[i].minor);
        money_format(minor, cases[i].currency, &out);
        check_buf(&out, cases[i].shown);
    }
    buf_free(&out);
}

static void test_roundings(void **state)
{
    (void)state;
    struct error e = { 0 };
    enum rounding r, again;
    for (r = ROUNDING_HALF_UP; r <= ROUNDING_FLOOR; r++) {
        assert_int_equal(rounding_read(rounding_name(r), &again, &e), 0);
        assert_int_equal(again, r);
    }
    check_error(rounding_read("half_op", &again, &e), &e, ERROR_INVALID,
                "did you mean \"half_up\"");
    check_error(rounding_read("", &again, &e), &e, ERROR_INVALID, "ceiling or floor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_currencies),    cmocka_unit_test(test_portion),
        cmocka_unit_test(test_portion_model), cmocka_unit_test(test_split),
        cmocka_unit_test(test_text),          cmocka_unit_test(test_roundings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
