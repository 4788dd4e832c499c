#include "base/check.h"

#include "baton/base/text.h"

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        bool valid;
    } cases[] = {
        { "", 0, true },
        { "plain", 5, true },
        { "a\0b", 3, false },
        { "\xC3\xA9", 2, true },
        { "\xC3", 1, false },
        { "\xC0\x80", 2, false },     /* overlong */
        { "\xE0\x9F\xBF", 3, false }, /* overlong */
        { "\xED\xA0\x80", 3, false }, /* surrogate */
        { "\xEF\xBF\xBD", 3, true },
        { "\xF0\x9F\x98\x80", 4, true },
        { "\xF0\x8F\xBF\xBF", 4, false },
        { "\xF4\x90\x80\x80", 4, false }, /* beyond U+10FFFF */
        { "\xF0\x9F\x98", 3, false },
        { "\x80", 1, false },
        { "\xFF", 1, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_is_utf8(cases[i].text, cases[i].n), cases[i].valid);
}

static void test_fold(void **state)
{
    (void)state;
    static const struct {
        const char *text, *folded;
    } cases[] = {
        { "", "" },
        { "Smith-Jones", "smith-jones" },
        { "Ren\xC3\xA9"
          "e",
          "renee" },
        { "Rene\xCC\x81"
          "e",
          "renee" }, /* the accent as a mark of its own */
        { "STRASSE \xC3\x9F", "strasse ss" },
        { "\xEF\xBC\xA1\xEF\xAC\x81", "afi" }, /* full width A, the fi ligature */
        { "bad \xFF\xC3\xA9", "bad \xEF\xBF\xBD"
                              "e" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        text_fold(cases[i].text, strlen(cases[i].text), &b);
        check_buf(&b, cases[i].folded);
    }
    buf_puts(&b, "x:");
    text_fold("A\xC3\xA9", 3, &b); /* appends */
    check_buf(&b, "x:ae");
    buf_free(&b);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc", 3), 3);
    assert_int_equal(text_width("\xC3\xA9", 2), 1);
    assert_int_equal(text_width("e\xCC\x81", 3), 1);
    assert_int_equal(text_width("\xE6\xBC\xA2", 3), 2);
    assert_int_equal(text_width("\xFF", 1), 1);
}

static void test_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep;
        const char *shown;
    } cases[] = {
        { "a\nb\tc\r", false, "a\\x0ab\\x09c\\x0d" },
        { "a\nb\tc\r", true, "a\nb\tc\\x0d" },
        { "\x1b[31m\x7f", true, "\\x1b[31m\\x7f" },
        { "\xC2\x9B"
          "31m",
          true, "\\u009b31m" },
        { "\xE2\x80\xAE", true, "\\u202e" },
        { "\xC3\xA9 \xFF", true, "\xC3\xA9 \\xff" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        text_printable(cases[i].text, strlen(cases[i].text), cases[i].keep, &b);
        check_buf(&b, cases[i].shown);
    }
    buf_free(&b);
}

static void test_name(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    assert_true(text_is_name(longest));
    longest[64] = 'a';
    longest[65] = '\0';
    assert_false(text_is_name(longest));
    assert_true(text_is_name("a"));
    assert_true(text_is_name("pre_referral2"));
    static const char *const bad[] = { "", "2a", "_a", "A", "a-b", "a b", "\xC3\xA9", "a\n" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_is_name(bad[i]));
}

static void test_xml(void **state)
{
    (void)state;
#define REPLACED "\xEF\xBF\xBD"
    static const struct {
        const char *text;
        size_t n;
        const char *xml;
    } cases[] = {
        { "", 0, "" },
        { "plain", 5, "plain" },
        { "a<b>&\"c'", 8, "a&lt;b&gt;&amp;&quot;c&#39;" },
        { "\t\n\r", 3, "&#9;&#10;&#13;" },
        { "a\0b", 3, "a" REPLACED "b" },
        { "\x01\x1B\x1F", 3, REPLACED REPLACED REPLACED },
        { "\x7F\xC2\x85", 3, "\x7F\xC2\x85" }, /* odd, but characters of XML 1.0 */
        { "\xFF\xFE", 2, REPLACED REPLACED },
        { "\xC3\xA9\xC3", 3, "\xC3\xA9" REPLACED },
        { "\xED\xA0\x80", 3, REPLACED REPLACED REPLACED }, /* half of a pair */
        { "\xEF\xBF\xBD", 3, REPLACED },
        { "\xEF\xBF\xBE\xEF\xBF\xBF", 6, REPLACED REPLACED },
        { "\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        text_xml(cases[i].text, cases[i].n, &b);
        check_buf(&b, cases[i].xml);
    }
    buf_free(&b);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const words[] = { "referrer", "referral", "zone", "holidays", "UTC", NULL };
    static const char *const none[] = { NULL };
    static const struct {
        const char *word, *near;
    } cases[] = {
        { "refferal", "referral" },
        { "zoen", "zone" }, /* a swap is one step */
        { "utc", "UTC" },
        { "holiday", "holidays" },
        { "week", NULL },
        { "x", NULL },
        { "", NULL },
        { "Referrer", "referrer" },
        { "a_word_that_is_much_longer_than_any_name_may_be_in_all_of_this_project", NULL },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *near = text_nearest(cases[i].word, words);
        if (cases[i].near)
            assert_string_equal(near, cases[i].near);
        else
            assert_null(near);
        assert_null(text_nearest(cases[i].word, none));
    }
    text_suggest("zoen", words, &b);
    check_buf(&b, ", did you mean \"zone\"?");
    text_suggest("week", words, &b);
    check_buf(&b, "");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),  cmocka_unit_test(test_fold),
        cmocka_unit_test(test_width), cmocka_unit_test(test_printable),
        cmocka_unit_test(test_name),  cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_xml)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
