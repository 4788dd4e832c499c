#include "host_fixture.h"

#include "baton/host/checkpoint.h"

static struct checkpoint made(void)
{
    struct checkpoint c = { .org = "school", .events = 1234, .at = "2026-11-21T23:49:06.000Z" };
    memset(c.origin, 0xab, sizeof c.origin);
    memset(c.head, 0x1f, sizeof c.head);
    return c;
}

static void what_is_written_reads_back(void **state)
{
    struct fixture *f = *state;
    struct checkpoint c = made(), again;
    struct buf text = BUF_INIT;
    uint8_t key[SIGN_KEY_BYTES], same[SIGN_KEY_BYTES];
    fixture_ok(f, checkpoint_write(f->home, &c, &text, &f->e));
    fixture_ok(f, checkpoint_read(text.data, &again, &f->e));
    assert_string_equal(again.org, "school");
    assert_string_equal(again.at, c.at);
    assert_int_equal(again.events, 1234);
    assert_memory_equal(again.origin, c.origin, sizeof c.origin);
    assert_memory_equal(again.head, c.head, sizeof c.head);
    /* The key of the home, made once. */
    fixture_ok(f, checkpoint_key(f->home, true, key, &f->e));
    assert_memory_equal(again.key, key, sizeof key);
    fixture_ok(f, checkpoint_key(f->home, false, same, &f->e));
    assert_memory_equal(same, key, sizeof key);
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/checkpoint.pem", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_free(&text);
}

/* Each byte matters: changed, it is another text or no signature. */
static void every_changed_byte_is_refused(void **state)
{
    struct fixture *f = *state;
    struct checkpoint c = made(), again = { .events = 7 };
    struct buf text = BUF_INIT;
    fixture_ok(f, checkpoint_write(f->home, &c, &text, &f->e));
    for (size_t i = 0; i < text.len; i++)
        for (unsigned bit = 1; bit < 256; bit <<= 3) {
            char was = text.data[i];
            text.data[i] = (char)(was ^ (char)bit);
            int rc = checkpoint_read(text.data, &again, &f->e);
            if (rc != -ERROR_CORRUPT && rc != -ERROR_INVALID)
                fail_msg("byte %zu, bit %u: %d", i, bit, rc);
            text.data[i] = was;
        }
    for (size_t n = 0; n < text.len; n++) {
        char *cut = mem_dupn(text.data, n);
        assert_true(checkpoint_read(cut, &again, &f->e) < 0);
        mem_free(cut);
    }
    buf_puts(&text, "more\n");
    assert_int_equal(checkpoint_read(text.data, &again, &f->e), -ERROR_INVALID);
    assert_int_equal(again.events, 7);
    buf_free(&text);
}

static void a_damaged_key_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t key[SIGN_KEY_BYTES];
    fixture_write(f, "checkpoint.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    assert_int_equal(checkpoint_key(f->home, true, key, &f->e), -ERROR_INVALID);
    assert_has(f->e.where, "checkpoint.pem");
}

static void nothing_is_not_signed(void **state)
{
    struct fixture *f = *state;
    struct checkpoint none = { .org = "alpha", .at = "2026-03-02T09:00:00Z" }, again;
    struct buf text = BUF_INIT;
    assert_int_equal(checkpoint_write(f->home, &none, &text, &f->e), -ERROR_CONFLICT);
    assert_has(f->e.message, "is empty");
    none.events = 1;
    fixture_ok(f, checkpoint_write(f->home, &none, &text, &f->e));
    fixture_ok(f, checkpoint_read(text.data, &again, &f->e));
    *strstr(text.data, "events 1") = 'E';
    memcpy(strstr(text.data, "Events 1"), "events 0", 8);
    assert_int_equal(checkpoint_read(text.data, &again, &f->e), -ERROR_INVALID);
    buf_free(&text);
}

/* Whoever looks leaves no key behind. */
static void a_key_is_made_only_to_sign(void **state)
{
    struct fixture *f = *state;
    uint8_t key[SIGN_KEY_BYTES];
    assert_int_equal(checkpoint_key(f->home, false, key, &f->e), -ERROR_NOT_FOUND);
    assert_has(f->e.message, "checkpoint.pem is missing");
    assert_null(fixture_read(f, "checkpoint.pem"));
    fixture_ok(f, checkpoint_key(f->home, true, key, &f->e));
    fixture_ok(f, checkpoint_key(f->home, false, key, &f->e));
}

#define checkpoint_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        checkpoint_test(what_is_written_reads_back), checkpoint_test(every_changed_byte_is_refused),
        checkpoint_test(a_damaged_key_is_named),     checkpoint_test(nothing_is_not_signed),
        checkpoint_test(a_key_is_made_only_to_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
