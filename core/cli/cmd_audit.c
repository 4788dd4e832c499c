/* baton audit verify: is the history whole, do the rows follow from it, and is it
 * still the one that a checkpoint was made of? */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/host/checkpoint.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"

enum { AUDIT_FILE_BYTES = 4096 };

static long long audit_number(const json_t *done, const char *key)
{
    return json_integer_value(json_object_get(done, key));
}

static const char *audit_word(const json_t *done, const char *key)
{
    const char *word = json_string_value(json_object_get(done, key));
    return word ? word : "";
}

static void audit_say(const struct cli *c, const char *org, const json_t *done, bool broken)
{
    struct buf events = BUF_INIT, rows = BUF_INIT;
    print_count(&events, audit_number(done, "events"));
    print_count(&rows, audit_number(done, "rows"));
    if (audit_number(done, "broken_seq") > 0)
        print_line(stdout, "%s: the history is broken at line %lld: %s", org,
                   audit_number(done, "broken_seq"), audit_word(done, "broken_why"));
    if (audit_number(done, "differing") > 0)
        print_line(stdout, "%s: %lld rows do not follow from the history; the first is %s: %s", org,
                   audit_number(done, "differing"), audit_word(done, "differs"),
                   audit_word(done, "differs_why"));
    if (broken)
        print_line(stdout, "Remedy: keep a copy of the database as it is, and restore the last "
                           "backup that verifies.");
    else if (!c->quiet)
        print_line(stdout, "%s: the history is whole: %s events, %s rows follow from them; head %s",
                   org, buf_text(&events), buf_text(&rows), audit_word(done, "head"));
    if (!broken && !c->quiet && audit_number(done, "erased") > 0)
        print_line(stdout, "%s: payloads erased, as the history itself says: %lld, with %lld %s",
                   org, audit_number(done, "erased"), audit_number(done, "erasures"),
                   audit_number(done, "erasures") == 1 ? "person" : "people");
    buf_free(&events);
    buf_free(&rows);
}

/* ---- against a checkpoint ---- */

/* Whose key: --key, a file or the text of it, else that of the home. */
static int audit_check_key(const struct cli *c, const struct home *h, const struct checkpoint *k,
                           struct error *e)
{
    const char *given = cli_value(c, "key");
    uint8_t key[SIGN_KEY_BYTES];
    struct buf text = BUF_INIT;
    int result;
    if (!given) {
        result = checkpoint_key(h, false, key, e);
    } else if (sign_key_parse(given, key, NULL) == 0) {
        result = 0;
    } else {
        result = buf_read_file(&text, given, AUDIT_FILE_BYTES, e);
        if (result == 0 && (result = sign_key_parse(buf_text(&text), key, e)) < 0)
            error_at(e, "%s", given);
    }
    buf_free(&text);
    if (result == 0 && memcmp(key, k->key, sizeof key) != 0)
        result = error_set(e, ERROR_CORRUPT, "the checkpoint was signed with another key than %s",
                           given ? "the one given" : "that of this home; --key PUBLIC says which");
    return result;
}

static int audit_read_checkpoint(const struct cli *c, const struct home *h, struct checkpoint *out,
                                 struct error *e)
{
    const char *path = cli_value(c, "checkpoint");
    struct buf text = BUF_INIT;
    int result = buf_read_file(&text, path, AUDIT_FILE_BYTES, e);
    if (result == 0)
        result = checkpoint_read(buf_text(&text), out, e);
    if (result == 0)
        result = audit_check_key(c, h, out, e);
    if (result < 0)
        error_at(e, "%s", path);
    buf_free(&text);
    return result;
}

/* The history is the one that was signed, and at least as long. */
static int audit_compare(const struct checkpoint *k, const json_t *done, struct error *e)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(k->origin, DIGEST_BYTES, hex);
    if (strcmp(hex, audit_word(done, "origin")) != 0)
        return error_set(e, ERROR_CORRUPT,
                         "the checkpoint is of another history: that of organisation %s, made %s",
                         k->org, k->at);
    if (audit_number(done, "events") < k->events)
        return error_set(e, ERROR_CORRUPT,
                         "the history was cut back: %lld events were signed %s, %lld are there",
                         (long long)k->events, k->at, audit_number(done, "events"));
    digest_hex(k->head, DIGEST_BYTES, hex);
    if (strcmp(hex, audit_word(done, "wanted")) != 0)
        return error_set(e, ERROR_CORRUPT,
                         "the history was rewritten: what event %lld and those before it say is "
                         "not what was signed %s",
                         (long long)k->events, k->at);
    return 0;
}

/* ---- the command ---- */

static int audit_answer(const struct cli *c, const struct ask *a, const struct checkpoint *k)
{
    const json_t *done = json_object_get(a->answer.done, "result");
    bool broken = audit_number(done, "broken_seq") > 0 || audit_number(done, "differing") > 0;
    struct error e;
    int result = k ? audit_compare(k, done, &e) : 0;
    if (c->json)
        print_json(stdout, done);
    else
        audit_say(c, a->org, done, broken);
    if (result < 0)
        return cli_fail(c, &e);
    if (k && !c->quiet && !c->json)
        print_line(stdout, "%s: up to event %lld it is the history that was signed %s", a->org,
                   (long long)k->events, k->at);
    return broken ? CLI_CORRUPT : CLI_OK;
}

static int audit_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    struct checkpoint k = { 0 };
    bool checks = cli_has(c, "checkpoint");
    int code;
    if (cli_has(c, "key") && !checks) {
        error_set(&e, ERROR_INVALID, "--key is the key of a --checkpoint");
        return cli_usage(c, &e);
    }
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    int result = checks ? audit_read_checkpoint(c, a.home, &k, &e) : 0;
    ask_begin(&a, "audit");
    jsonw_key(&a.w, "seq");
    jsonw_int(&a.w, k.events);
    if (result < 0 || ask_send(&a, &e) < 0)
        code = cli_fail(c, &e);
    else
        code = audit_answer(c, &a, checks ? &k : NULL);
    ask_close(&a);
    return code;
}

static const struct option audit_options[] = {
    { "checkpoint", 0, "FILE", "and that it is the history of which this checkpoint was made" },
    { "key", 0, "PUBLIC", "of the checkpoint: a file or the text of it; else that of this home" },
    { NULL, 0, NULL, NULL },
};

const struct command command_audit = {
    .name = "audit verify",
    .usage = "[options]",
    .summary = "Checks the chain of the history, and that all rows follow from it",
    .options = audit_options,
    .notes = "Names the first broken line and the first row that differs; exit code 9 if there is "
             "one, or "
             "where\n"
             "the history is not the one of the checkpoint. A payload may be missing where a later "
             "event "
             "says that\n"
             "a person was erased. Turns go on meanwhile.",
    .example = "baton audit verify --org riverside\n"
               "baton audit verify --checkpoint kept.txt",
    .run = audit_run,
};
