/* A checkpoint: what the history of an organisation was up to some event, signed
 * by the home, for somebody outside to keep and to hold against it later.
 *
 * Seven lines of "word value", each ended by a newline, then the signature:
 *
 *   baton-checkpoint 1
 *   organisation riverside
 *   origin HEX        the hash of event 1: no other history has it
 *   events 1234       the number of the last event
 *   head HEX          its hash, which follows from every event before it
 *   at 2026-11-21T23:49:06.000Z
 *   key BASE64        public key: DER, as in a PEM file (RFC 8410)
 *   signature BASE64  Ed25519 (RFC 8032) of all bytes before this line
 *
 * The key of a home is made when it is first needed: checkpoint.pem in the home,
 * PKCS #8, readable by its owner alone. */
#ifndef BATON_HOST_CHECKPOINT_H
#define BATON_HOST_CHECKPOINT_H

#include <stdint.h>

#include "baton/base/digest.h"
#include "baton/base/sign.h"

struct buf;
struct error;
struct home;

struct checkpoint {
    char org[72];
    uint8_t origin[DIGEST_BYTES], head[DIGEST_BYTES];
    int64_t events;
    char at[40];
    uint8_t key[SIGN_KEY_BYTES]; /* that signed it */
};

/* The public key of the home. Not there yet: `make` makes it, else ERROR_NOT_FOUND. */
int checkpoint_key(const struct home *h, bool make, uint8_t out[SIGN_KEY_BYTES], struct error *e);
/* Signs with the home's key, which c->key becomes; appends the text. ERROR_CONFLICT: no event. */
int checkpoint_write(const struct home *h, struct checkpoint *c, struct buf *out, struct error *e);
/* ERROR_CORRUPT where the signature does not hold for the key that the text names: it was changed.
 * Whose key that is, is for the caller to ask. */
int checkpoint_read(const char *text, struct checkpoint *out, struct error *e);

#endif
