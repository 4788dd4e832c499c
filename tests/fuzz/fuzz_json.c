/* JSON from outside: what is accepted, our writer writes so that it reads back as equal, and the
 * scanner finds the members that jansson found. */
#include <jansson.h>

#include "baton/base/json.h"
#include "fuzz.h"

static void json_scanned(const json_t *object, const struct buf *text)
{
    const char *key;
    size_t key_n, at = 0, seen = 0;
    struct json_slice slice;
    while (jsons_next(buf_text(text), text->len, &at, &key, &key_n, &slice)) {
        FUZZ_CHECK(slice.text >= text->data && slice.text + slice.len <= text->data + text->len);
        seen++;
    }
    FUZZ_CHECK(seen == json_object_size(object));
}

static void json_patched(const struct buf *text)
{
    struct buf merged = BUF_INIT;
    struct json_t *read = NULL;
    struct error e = { 0 };
    json_merge(buf_text(text), text->len, buf_text(text), text->len, &merged);
    FUZZ_CHECK(json_read(buf_text(&merged), merged.len, &read, &e) == 0);
    json_decref(read);
    buf_free(&merged);
}

/* Keys with escapes are for jansson only: the scanner works on field names. */
static bool json_is_plain(const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) for (const char *p = key; *p; p++)
    {
        if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_t *value = NULL, *again = NULL;
    struct error e = { 0 };
    struct buf text = BUF_INIT;
    struct jsonw w;
    if (json_read((const char *)data, size, &value, &e)) {
        fuzz_explained(&e);
        return 0;
    }
    jsonw_start(&w, &text);
    jsonw_value(&w, value);
    FUZZ_CHECK(json_read(buf_text(&text), text.len, &again, &e) == 0);
    FUZZ_CHECK(json_equal(value, again));
    if (json_is_object(value) && json_is_plain(value)) {
        json_scanned(value, &text);
        json_patched(&text);
    }
    json_decref(value);
    json_decref(again);
    buf_free(&text);
    return 0;
}
