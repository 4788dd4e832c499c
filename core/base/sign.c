/* Ed25519, from libsodium. DER of these keys is a fixed head and 32 bytes. */
#include "baton/base/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/error.h"

static const uint8_t sign_public_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                            0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t sign_secret_head[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                            0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
enum { SIGN_DER_MAX = sizeof sign_secret_head + SIGN_KEY_BYTES };

void sign_new_key(uint8_t secret[SIGN_SECRET_BYTES])
{
    uint8_t key[SIGN_KEY_BYTES];
    if (sodium_init() < 0)
        abort(); /* no source of randomness: nothing secret may be made */
    crypto_sign_keypair(key, secret);
}

void sign_key_of(const uint8_t secret[SIGN_SECRET_BYTES], uint8_t key[SIGN_KEY_BYTES])
{
    crypto_sign_ed25519_sk_to_pk(key, secret);
}

void sign(const void *data, size_t n, const uint8_t secret[SIGN_SECRET_BYTES],
          uint8_t out[SIGN_BYTES])
{
    crypto_sign_detached(out, NULL, data, n, secret);
}

bool sign_holds(const void *data, size_t n, const uint8_t key[SIGN_KEY_BYTES],
                const uint8_t signature[SIGN_BYTES])
{
    return crypto_sign_verify_detached(signature, data, n, key) == 0;
}

static void sign_encode(const uint8_t *head, size_t head_n, const uint8_t *body, size_t n,
                        char out[SIGN_TEXT_BYTES])
{
    uint8_t der[SIGN_BYTES];
    memcpy(der, head, head_n);
    memcpy(der + head_n, body, n);
    sodium_bin2base64(out, SIGN_TEXT_BYTES, der, head_n + n, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(der, sizeof der);
}

/* Base64 of exactly n bytes, blanks left out. */
static bool sign_decode(const char *text, size_t text_n, uint8_t *out, size_t n)
{
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(out, n, text, text_n, " \r\n\t", &got, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == n && end == text + text_n;
}

/* What stands between the lines of a PEM file, if it is one. */
static const char *sign_body(const char *text, size_t *n)
{
    const char *end = NULL;
    if (!strncmp(text, "-----BEGIN ", 11)) {
        text += strcspn(text, "\n");
        end = strstr(text, "-----END ");
    }
    *n = end ? (size_t)(end - text) : strlen(text);
    return text;
}

static int sign_read_der(const char *text, const uint8_t *head, size_t head_n, const char *what,
                         uint8_t out[SIGN_KEY_BYTES], struct error *e)
{
    uint8_t der[SIGN_DER_MAX];
    size_t n;
    const char *body = sign_body(text, &n);
    bool good = sign_decode(body, n, der, head_n + SIGN_KEY_BYTES) && !memcmp(der, head, head_n);
    if (good)
        memcpy(out, der + head_n, SIGN_KEY_BYTES);
    sodium_memzero(der, sizeof der);
    return good ? 0 : error_set(e, ERROR_INVALID, "this is no %s Ed25519 key", what);
}

void sign_key_text(const uint8_t key[SIGN_KEY_BYTES], char out[SIGN_TEXT_BYTES])
{
    sign_encode(sign_public_head, sizeof sign_public_head, key, SIGN_KEY_BYTES, out);
}

int sign_key_parse(const char *text, uint8_t out[SIGN_KEY_BYTES], struct error *e)
{
    return sign_read_der(text, sign_public_head, sizeof sign_public_head, "public", out, e);
}

void sign_secret_text(const uint8_t secret[SIGN_SECRET_BYTES], char out[SIGN_TEXT_BYTES])
{
    uint8_t seed[SIGN_KEY_BYTES];
    crypto_sign_ed25519_sk_to_seed(seed, secret);
    sign_encode(sign_secret_head, sizeof sign_secret_head, seed, sizeof seed, out);
    sodium_memzero(seed, sizeof seed);
}

int sign_secret_parse(const char *text, uint8_t out[SIGN_SECRET_BYTES], struct error *e)
{
    uint8_t seed[SIGN_KEY_BYTES], key[SIGN_KEY_BYTES];
    int rc = sign_read_der(text, sign_secret_head, sizeof sign_secret_head, "private", seed, e);
    if (rc == 0)
        crypto_sign_seed_keypair(key, out, seed);
    sodium_memzero(seed, sizeof seed);
    return rc;
}

void sign_text(const uint8_t signature[SIGN_BYTES], char out[SIGN_TEXT_BYTES])
{
    sodium_bin2base64(out, SIGN_TEXT_BYTES, signature, SIGN_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

int sign_parse(const char *text, uint8_t out[SIGN_BYTES], struct error *e)
{
    return sign_decode(text, strlen(text), out, SIGN_BYTES)
               ? 0
               : error_set(e, ERROR_INVALID, "this is no Ed25519 signature");
}

void sign_forget(void *secret, size_t n)
{
    sodium_memzero(secret, n);
}
