#include "org_fixture.h"

#include "baton/domain/outbox.h"

struct lookups {
    int count;
};

static int lookup(void *context, const char *name, size_t n, struct buf *out, struct error *e)
{
    static const char *const values[][2] = { { "name", "Ann" },
                                             { "empty", "" },
                                             { "partner.name", "Oak Clinic" },
                                             { "trick", "{{name}} }} {{#if empty}}" } };
    struct lookups *lookups = context;
    lookups->count++;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strlen(values[i][0]) == n && !memcmp(values[i][0], name, n)) {
            buf_puts(out, values[i][1]);
            return 0;
        }
    }
    return error_set(e, ERROR_NOT_FOUND, "unknown name");
}

static void renders(void **state)
{
    (void)state;
    static const struct {
        const char *text, *becomes;
    } cases[] = {
        { "", "" },
        { "no braces { } }}", "no braces { } }}" },
        { "Dear {{name}},", "Dear Ann," },
        { "{{ name }}{{\tname\t}}", "AnnAnn" },
        { "{{partner.name}}", "Oak Clinic" },
        { "[{{empty}}]", "[]" },
        { "{{#if name}}yes{{/if}}", "yes" },
        { "{{#if empty}}yes{{/if}}no", "no" },
        { "{{#if empty}}yes{{else}}no{{/if}}", "no" },
        { "{{#if name}}yes{{else}}no{{/if}}", "yes" },
        { "{{#if name}}{{#if empty}}a{{else}}b{{/if}}{{else}}c{{/if}}", "b" },
        { "{{#if empty}}{{#if name}}a{{else}}b{{/if}}{{else}}c{{/if}}", "c" },
        { "{{#if empty}}{{#if empty}}a{{else}}b{{/if}}{{/if}}.", "." },
        { "{{ #if name }}x{{ else }}y{{ /if }}", "x" },
        { "{{trick}}", "{{name}} }} {{#if empty}}" },
        { "a\n{{#if name}}\nb\n{{/if}}\n", "a\n\nb\n\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct error e;
        struct lookups lookups = { 0 };
        error_clear(&e);
        int rc = template_render(cases[i].text, lookup, &lookups, &out, &e);
        if (rc)
            fail_msg("%s: %s", cases[i].text, e.message);
        assert_string_equal(buf_text(&out), cases[i].becomes);
        buf_free(&out);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *where;
    } cases[] = {
        { "a\nb {{nam}}", "{{nam}}", "line 2" },
        { "{{#if empty}}{{nam}}{{/if}}", "{{nam}}", "line 1" },
        { "{{#if nam}}{{/if}}", "{{nam}}", "line 1" },
        { "{{}}", "holds no name", "line 1" },
        { "\n\n{{name", "not closed by }}", "line 3" },
        { "{{name\n}}", "not closed by }}", "line 1" },
        { "{{name {{name}}", "not closed by }}", "line 1" },
        { "{{na me}}", "neither a name", "line 1" },
        { "{{#unless name}}", "neither a name", "line 1" },
        { "{{#if}}x{{/if}}", "holds no name", "line 1" },
        { "x\n{{#if name}}\nx\n", "not closed by {{/if}}", "line 2" },
        { "{{/if}}", "without an {{#if}}", "line 1" },
        { "{{else}}", "outside of", "line 1" },
        { "{{#if name}}{{else}}\n{{else}}{{/if}}", "second {{else}}", "line 2" },
        { "{{#if name}}{{#if name}}{{#if name}}{{#if name}}{{#if name}}{{#if name}}{{#if name}}"
          "{{#if name}}{{#if name}}",
          "deeper than 8", "line 1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct error e;
        struct lookups lookups = { 0 };
        error_clear(&e);
        buf_puts(&out, "before");
        assert_true(template_render(cases[i].text, lookup, &lookups, &out, &e) < 0);
        assert_contains(e.message, cases[i].message);
        assert_string_equal(e.where, cases[i].where);
        assert_string_equal(buf_text(&out), "before");
        buf_free(&out);
    }
}

/* A name of 10,000 characters is cut in the message, not in memory. */
static void refuses_long_names(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct error e;
    struct lookups lookups = { 0 };
    buf_puts(&text, "{{");
    for (int i = 0; i < 10000; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "}}");
    assert_int_equal(template_render(text.data, lookup, &lookups, &out, &e), -ERROR_INVALID);
    assert_int_equal(lookups.count, 0);
    buf_free(&text);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
