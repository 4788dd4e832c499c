/* Templates: checking says what rendering does; a value is never read as a template. */
#include "baton/domain/outbox.h"
#include "fuzz.h"

static const char template_value[] = "{{person.name}} {{#if x}} }} {{/if}}";

static int template_known(void *context, const char *name, size_t n, struct buf *out,
                          struct error *e)
{
    size_t *asked = context;
    (void)e;
    FUZZ_CHECK(n > 0 && memchr(name, '\0', n) == NULL);
    buf_puts(out, template_value);
    ++*asked;
    return 0;
}

static int template_unknown(void *context, const char *name, size_t n, struct buf *out,
                            struct error *e)
{
    (void)context, (void)out;
    return error_set(e, ERROR_NOT_FOUND, "no value is called \"%.*s\"", (int)n, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct error e = { 0 };
    size_t asked = 0;
    buf_add(&text, data, size);
    bool fine = template_check(buf_text(&text), &e) == 0;
    if (!fine)
        fuzz_explained(&e);
    FUZZ_CHECK(fine == (template_render(buf_text(&text), template_known, &asked, &out, &e) == 0));
    if (fine && asked == 0)
        FUZZ_CHECK(out.len == strlen(buf_text(&text)));
    buf_clear(&out);
    if (template_render(buf_text(&text), template_unknown, NULL, &out, &e))
        fuzz_explained(&e);
    else
        FUZZ_CHECK(asked == 0);
    buf_free(&text);
    buf_free(&out);
    return 0;
}
