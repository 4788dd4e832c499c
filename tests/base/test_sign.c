#include "check.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/sign.h"

/* RFC 8032, 7.1, test 2: seed, public key, signature of the byte 72; the texts by openssl. */
static const char secret_text[] =
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7";
static const uint8_t wanted_key[] = { 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a,
                                      0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
                                      0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c,
                                      0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c };
static const uint8_t wanted_signature[] = {
    0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f, 0x64, 0x25, 0x40,
    0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda,
    0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c,
    0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00
};

static void the_standard_s_own_vector(void **state)
{
    uint8_t secret[SIGN_SECRET_BYTES], key[SIGN_KEY_BYTES], signature[SIGN_BYTES];
    char text[SIGN_TEXT_BYTES];
    struct error e;
    (void)state;
    assert_int_equal(sign_secret_parse(secret_text, secret, &e), 0);
    sign_key_of(secret, key);
    assert_memory_equal(key, wanted_key, sizeof key);
    sign("\x72", 1, secret, signature);
    assert_memory_equal(signature, wanted_signature, sizeof signature);
    sign_secret_text(secret, text);
    assert_string_equal(text, secret_text);
}

static void a_changed_bit_is_refused(void **state)
{
    uint8_t secret[SIGN_SECRET_BYTES], key[SIGN_KEY_BYTES], signature[SIGN_BYTES];
    char data[] = "what was said";
    (void)state;
    sign_new_key(secret);
    sign_key_of(secret, key);
    sign(data, sizeof data, secret, signature);
    assert_true(sign_holds(data, sizeof data, key, signature));
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] ^= 1;
        assert_false(sign_holds(data, sizeof data, key, signature));
        data[i] ^= 1;
    }
    for (size_t i = 0; i < SIGN_BYTES; i++) {
        signature[i] ^= 1;
        assert_false(sign_holds(data, sizeof data, key, signature));
        signature[i] ^= 1;
    }
    key[3] ^= 1;
    assert_false(sign_holds(data, sizeof data, key, signature));
}

static void texts_read_back(void **state)
{
    uint8_t secret[SIGN_SECRET_BYTES], again[SIGN_SECRET_BYTES], key[SIGN_KEY_BYTES],
        key_again[SIGN_KEY_BYTES], signature[SIGN_BYTES], signature_again[SIGN_BYTES];
    char text[SIGN_TEXT_BYTES], pem[2 * SIGN_TEXT_BYTES];
    struct error e;
    (void)state;
    sign_new_key(secret);
    sign_key_of(secret, key);
    sign_secret_text(secret, text);
    assert_int_equal(sign_secret_parse(text, again, &e), 0);
    assert_memory_equal(again, secret, sizeof secret);
    assert_int_equal(sign_key_parse(text, key_again, &e), -ERROR_INVALID); /* the wrong one */
    sign_key_text(key, text);
    snprintf(pem, sizeof pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text);
    assert_int_equal(sign_key_parse(pem, key_again, &e), 0);
    assert_memory_equal(key_again, key, sizeof key);
    sign("x", 1, secret, signature);
    sign_text(signature, text);
    assert_int_equal(sign_parse(text, signature_again, &e), 0);
    assert_memory_equal(signature, signature_again, sizeof signature);
    static const char *const bad[] = {
        "",
        "AAAA",
        "not base64!",
        "MCowBQYDK2VwAyEA",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sign_key_parse(bad[i], key_again, &e), -ERROR_INVALID);
        assert_int_equal(sign_secret_parse(bad[i], again, &e), -ERROR_INVALID);
        assert_int_equal(sign_parse(bad[i], signature_again, &e), -ERROR_INVALID);
    }
    assert_memory_equal(key_again, key, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standard_s_own_vector),
        cmocka_unit_test(a_changed_bit_is_refused),
        cmocka_unit_test(texts_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
