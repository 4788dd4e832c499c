/* Ed25519 signatures (RFC 8032), with keys in the forms that other tools read
 * (RFC 8410): base64 of DER, as it stands between the lines of a PEM file. */
#ifndef BATON_BASE_SIGN_H
#define BATON_BASE_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    SIGN_SECRET_BYTES = 64, /* seed and public key */
    SIGN_KEY_BYTES = 32,
    SIGN_BYTES = 64,
    SIGN_TEXT_BYTES = 128 /* room for any of them as base64, terminated */
};

void sign_new_key(uint8_t secret[SIGN_SECRET_BYTES]);
void sign_key_of(const uint8_t secret[SIGN_SECRET_BYTES], uint8_t key[SIGN_KEY_BYTES]);
void sign(const void *data, size_t n, const uint8_t secret[SIGN_SECRET_BYTES],
          uint8_t out[SIGN_BYTES]);
bool sign_holds(const void *data, size_t n, const uint8_t key[SIGN_KEY_BYTES],
                const uint8_t signature[SIGN_BYTES]);

void sign_key_text(const uint8_t key[SIGN_KEY_BYTES], char out[SIGN_TEXT_BYTES]);
/* Also with the lines of a PEM file around it. */
int sign_key_parse(const char *text, uint8_t out[SIGN_KEY_BYTES], struct error *e);
void sign_secret_text(const uint8_t secret[SIGN_SECRET_BYTES], char out[SIGN_TEXT_BYTES]);
int sign_secret_parse(const char *text, uint8_t out[SIGN_SECRET_BYTES], struct error *e);
void sign_text(const uint8_t signature[SIGN_BYTES], char out[SIGN_TEXT_BYTES]);
int sign_parse(const char *text, uint8_t out[SIGN_BYTES], struct error *e);
void sign_forget(void *secret, size_t n); /* wipes memory */

#endif
