/* Checkpoints and the key of a home (checkpoint.h). */
#include "baton/host/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "host/home_internal.h"

enum { CHECKPOINT_KEY_FILE_BYTES = 4096 };

/* ---- the key ---- */

static int checkpoint_make_key(const char *path, uint8_t secret[SIGN_SECRET_BYTES], struct error *e)
{
    char text[SIGN_TEXT_BYTES];
    struct buf pem = BUF_INIT;
    sign_new_key(secret);
    sign_secret_text(secret, text);
    buf_printf(&pem, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", text);
    int rc = home__write_new(path, pem.data, e);
    sign_forget(pem.data, pem.len);
    sign_forget(text, sizeof text);
    buf_free(&pem);
    return rc;
}

static int checkpoint_secret(const struct home *h, bool make, uint8_t secret[SIGN_SECRET_BYTES],
                             struct error *e)
{
    char *path = home__path(home_dir(h), "checkpoint.pem");
    struct buf text = BUF_INIT;
    int rc = -ERROR_CONFLICT;
    if (access(path, F_OK))
        rc = make ? checkpoint_make_key(path, secret, e)
                  : error_set(e, ERROR_NOT_FOUND,
                              "%s is missing: this home has signed nothing; give the public key of "
                              "whoever did",
                              path);
    if (rc == -ERROR_CONFLICT) { /* there, or made meanwhile */
        rc = buf_read_file(&text, path, CHECKPOINT_KEY_FILE_BYTES, e);
        if (rc == 0)
            rc = sign_secret_parse(buf_text(&text), secret, e);
        if (rc < 0)
            error_at(e, "%s", path);
    }
    if (text.data)
        sign_forget(text.data, text.len);
    buf_free(&text);
    mem_free(path);
    return rc;
}

int checkpoint_key(const struct home *h, bool make, uint8_t out[SIGN_KEY_BYTES], struct error *e)
{
    uint8_t secret[SIGN_SECRET_BYTES];
    int rc = checkpoint_secret(h, make, secret, e);
    if (rc == 0)
        sign_key_of(secret, out);
    sign_forget(secret, sizeof secret);
    return rc;
}

/* ---- writing ---- */

int checkpoint_write(const struct home *h, struct checkpoint *c, struct buf *out, struct error *e)
{
    uint8_t secret[SIGN_SECRET_BYTES], signature[SIGN_BYTES];
    char origin[2 * DIGEST_BYTES + 1], head[2 * DIGEST_BYTES + 1], text[SIGN_TEXT_BYTES];
    struct buf lines = BUF_INIT;
    if (c->events < 1)
        return error_set(e, ERROR_CONFLICT, "the history of %s is empty: there is nothing to sign",
                         c->org);
    int rc = checkpoint_secret(h, true, secret, e);
    if (rc)
        return rc;
    sign_key_of(secret, c->key);
    digest_hex(c->origin, DIGEST_BYTES, origin);
    digest_hex(c->head, DIGEST_BYTES, head);
    sign_key_text(c->key, text);
    buf_printf(&lines,
               "baton-checkpoint 1\norganisation %s\norigin %s\nevents %" PRId64
               "\nhead %s\nat %s\nkey %s\n",
               c->org, origin, c->events, head, c->at, text);
    sign(lines.data, lines.len, secret, signature);
    sign_forget(secret, sizeof secret);
    sign_text(signature, text);
    buf_add(out, lines.data, lines.len);
    buf_printf(out, "signature %s\n", text);
    buf_free(&lines);
    return 0;
}

/* ---- reading ---- */

/* "word value\n" at *at; the value is copied. */
static bool checkpoint_line(const char **at, const char *word, char *out, size_t size)
{
    size_t n = strlen(word), length = strcspn(*at, "\n");
    if (strncmp(*at, word, n) != 0 || (*at)[n] != ' ' || (*at)[length] != '\n' ||
        length - n - 1 >= size)
        return false;
    memcpy(out, *at + n + 1, length - n - 1);
    out[length - n - 1] = '\0';
    *at += length + 1;
    return true;
}

static bool checkpoint_hash(const char **at, const char *word, uint8_t out[DIGEST_BYTES])
{
    char hex[2 * DIGEST_BYTES + 1], again[2 * DIGEST_BYTES + 1];
    if (!checkpoint_line(at, word, hex, sizeof hex))
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i] ? hex[2 * i + 1] : '\0', '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
        if (!pair[0])
            return false;
    }
    digest_hex(out, DIGEST_BYTES, again);
    return !strcmp(hex, again);
}

static bool checkpoint_lines(const char **at, struct checkpoint *c, char key[SIGN_TEXT_BYTES])
{
    char version[8], events[24];
    if (!checkpoint_line(at, "baton-checkpoint", version, sizeof version) ||
        strcmp(version, "1") != 0 || !checkpoint_line(at, "organisation", c->org, sizeof c->org) ||
        !checkpoint_hash(at, "origin", c->origin) ||
        !checkpoint_line(at, "events", events, sizeof events) ||
        !checkpoint_hash(at, "head", c->head) || !checkpoint_line(at, "at", c->at, sizeof c->at) ||
        !checkpoint_line(at, "key", key, SIGN_TEXT_BYTES))
        return false;
    char *end;
    c->events = strtoll(events, &end, 10);
    return events[0] && !*end && c->events > 0;
}

int checkpoint_read(const char *text, struct checkpoint *out, struct error *e)
{
    struct checkpoint c = { 0 };
    char key[SIGN_TEXT_BYTES], signed_by[SIGN_TEXT_BYTES];
    uint8_t signature[SIGN_BYTES];
    const char *at = text;
    if (!checkpoint_lines(&at, &c, key) || sign_key_parse(key, c.key, NULL))
        return error_set(e, ERROR_INVALID, "this is no checkpoint of baton, or it was damaged");
    const char *end = at;
    if (!checkpoint_line(&at, "signature", signed_by, sizeof signed_by) || *at ||
        sign_parse(signed_by, signature, NULL))
        return error_set(e, ERROR_INVALID, "the checkpoint lacks its signature");
    if (!sign_holds(text, (size_t)(end - text), c.key, signature))
        return error_set(e, ERROR_CORRUPT,
                         "the checkpoint itself was changed: its signature does not hold");
    *out = c;
    return 0;
}
