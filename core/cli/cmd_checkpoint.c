/* baton audit checkpoint, audit key: what somebody outside keeps, to hold it
 * against the history later. The history is verified first: what is signed is
 * whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "baton/host/checkpoint.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

static void checkpoint_bytes(const json_t *done, const char *key, uint8_t out[DIGEST_BYTES])
{
    const char *hex = json_string_value(json_object_get(done, key));
    for (size_t i = 0; hex && i < DIGEST_BYTES && hex[2 * i]; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        out[i] = (uint8_t)byte;
    }
}

static int checkpoint_make(const struct ask *a, struct buf *text, struct error *e)
{
    const json_t *done = json_object_get(a->answer.done, "result");
    struct checkpoint k = { .events = json_integer_value(json_object_get(done, "events")) };
    const struct clock system = { 0 };
    struct buf at = BUF_INIT;
    if (!json_is_true(json_object_get(done, "ok")))
        return error_set(e, ERROR_CORRUPT,
                         "the history is broken, and is not signed; see baton audit verify");
    checkpoint_bytes(done, "origin", k.origin);
    checkpoint_bytes(done, "head", k.head);
    zone_format_iso(clock_now_ms(&system), &at);
    snprintf(k.org, sizeof k.org, "%s", a->org);
    snprintf(k.at, sizeof k.at, "%s", buf_text(&at));
    buf_free(&at);
    return checkpoint_write(a->home, &k, text, e);
}

static int checkpoint_save(const char *path, const struct buf *text, struct error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), result = 0;
    if (fd < 0 && errno == EEXIST)
        return error_set(e, ERROR_CONFLICT, "%s exists already: a checkpoint is kept, not replaced",
                         path);
    if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || fsync(fd))
        result = error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && result < 0)
        unlink(path);
    return result;
}

static int checkpoint_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    struct buf text = BUF_INIT;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "audit");
    if (ask_send(&a, &e) < 0 || checkpoint_make(&a, &text, &e) < 0)
        code = cli_fail(c, &e);
    else if (c->count == 0)
        fputs(buf_text(&text), stdout);
    else if (checkpoint_save(c->words[0], &text, &e) < 0)
        code = cli_fail(c, &e);
    else if (!c->quiet)
        print_line(stdout, "%s: verified and signed: %s. Give it to somebody who keeps it.", a.org,
                   c->words[0]);
    ask_close(&a);
    buf_free(&text);
    return code;
}

const struct command command_audit_checkpoint = {
    .name = "audit checkpoint",
    .usage = "[FILE]",
    .summary = "Verifies the history and signs its end, for an outsider to keep",
    .notes =
        "A small text, to standard output or FILE: the number and hash of the last event, the "
        "time, "
        "the\n"
        "public key of this home, an Ed25519 signature. Whoever keeps it can say later whether "
        "that "
        "part of\n"
        "the history was changed: baton audit verify --checkpoint FILE, or by other tools: see "
        "docs/how-to.md.",
    .example = "baton audit checkpoint kept.txt --org riverside",
    .max = 1,
    .run = checkpoint_run,
};

static int key_run(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    uint8_t key[SIGN_KEY_BYTES];
    char text[SIGN_TEXT_BYTES];
    int code = CLI_OK;
    if (place_open(c, &h, &e) < 0 || checkpoint_key(h, true, key, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        sign_key_text(key, text);
        if (c->json)
            printf("{\"key\":\"%s\"}\n", text);
        else
            printf("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text);
    }
    home_close(h);
    return code;
}

const struct command command_audit_key = {
    .name = "audit key",
    .usage = "",
    .summary = "Prints the public key that checkpoints of this home are signed with",
    .notes =
        "As a PEM file, which other tools read. The private one is checkpoint.pem in the home, "
        "made when it\n"
        "is first needed: back it up, and let nobody read it.",
    .example = "baton audit key > baton-public.pem",
    .run = key_run,
};
