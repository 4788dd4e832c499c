/* One attack: prepared, let loose, measured and judged. */
#include "cli/attack_run_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/limits.h"

static const char *const place_names[] = { "main chunk", "guard",  "effect",  "handler", "job",
                                           "command",    "report", "session", "script" };

const char *attack__place_name(enum attack_place place)
{
    return place_names[place];
}

bool attack__has_controls(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i], next = i + 1 < n ? (unsigned char)text[i + 1] : 0;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ||
            (c == 0xc2 && next >= 0x80 && next < 0xa0))
            return true;
    }
    return false;
}

static int64_t one_budget_ms(const struct attack *a)
{
    if (a->place == ATTACK_GUARD || a->place == ATTACK_EFFECT || a->place == ATTACK_HANDLER)
        return attack__call_ms(a);
    if (a->place == ATTACK_SCRIPT)
        return 0;
    return (int64_t)attack__call_ms(a) * LIMIT_STATEMENT_MS / LIMIT_CALL_MS;
}

/* As the body of a function, like everywhere else. */
static void one_source(const struct attack *a, struct buf *out)
{
    buf_printf(out,
               a->place == ATTACK_SCRIPT ? "local function attack(...)\n%s\nend print(attack())"
                                         : "return (function(...)\n%s\nend)()",
               a->lua);
}

/* What must be there before; untimed, so that opening the organisation is not measured. */
static int one_prepare(struct attack_line *line, const struct attack *a, struct error *e)
{
    bool moves = a->place == ATTACK_GUARD || a->place == ATTACK_EFFECT;
    int rc = 0;
    if (a->place != ATTACK_MAIN)
        rc = attack__ask(line, "eval", "text",
                         moves ? "referrals.open{workflow = 'w', title = 'T'}" : "1", 0, e);
    if (rc >= 0 && line->failed)
        rc = error_set(e, ERROR_INVALID, "it cannot be prepared: %.500s", line->text.data);
    buf_clear(&line->text);
    buf_clear(&line->result);
    return rc;
}

static int one_trigger(struct attack_line *line, const struct attack *a, struct error *e)
{
    struct buf source = BUF_INIT;
    int rc = 0;
    switch (a->place) {
    case ATTACK_MAIN:
        return attack__ask(line, "eval", "text", "1", 0, e);
    case ATTACK_GUARD:
    case ATTACK_EFFECT:
        return attack__ask(line, "eval", "text", "referrals.get(1):advance('go')", 0, e);
    case ATTACK_HANDLER:
        return attack__ask(line, "eval", "text", "referrals.open{workflow = 'w', title = 'T'}", 0,
                           e);
    case ATTACK_JOB:
        return attack__ask(line, "eval", "text", "clock.advance('90 seconds')", 0, e);
    case ATTACK_COMMAND:
        return attack__ask(line, "command", "name", "attack", 0, e);
    case ATTACK_REPORT:
        return attack__ask(line, "report", "name", "attack", 0, e);
    case ATTACK_SESSION:
        one_source(a, &source);
        rc = attack__ask(line, "eval", "text", source.data, 0, e);
        break;
    case ATTACK_SCRIPT: /* has no budget: whoever runs it stops it */
        one_source(a, &source);
        rc = attack__ask(line, "run", "source", source.data,
                         a->end == ATTACK_STOPPED ? ATTACK_CANCEL_MS : 0, e);
        break;
    }
    buf_free(&source);
    return rc;
}

/* Where the outcome is told elsewhere than in the answer. */
static int one_look(struct attack_line *line, const struct attack *a, struct error *e)
{
    bool returned = a->place == ATTACK_COMMAND || a->place == ATTACK_REPORT ||
                    a->place == ATTACK_SESSION || a->place == ATTACK_SCRIPT;
    int64_t took_ms = line->took_ms;
    bool failed = line->failed;
    int rc = 0;
    if (a->place == ATTACK_JOB) { /* its failure is a notice */
        const char *told = strstr(buf_text(&line->text), "job attack of plugin attack failed: ");
        failed = told != NULL;
        buf_clear(&line->result);
        buf_add(&line->result, told ? told : "", told ? strcspn(told, "\n") : 0);
    }
    if (a->place == ATTACK_MAIN) {
        rc = attack__ask(line, "status", NULL, NULL, 0, e);
        failed = line->result.len > 0;
    }
    if (rc >= 0 && !failed && !returned)
        rc = attack__ask(line, "command", "name", "last", 0, e);
    line->took_ms = took_ms;
    line->failed = failed;
    return rc;
}

static bool one_names_line(const char *text)
{
    for (; (text = strchr(text, ':')); text++)
        if (isdigit((unsigned char)text[1]))
            return true;
    return false;
}

static const char *one_judge(const struct attack *a, const struct attack_line *line)
{
    const char *text = buf_text(&line->text), *result = buf_text(&line->result);
    bool plugin = a->place != ATTACK_SESSION && a->place != ATTACK_SCRIPT;
    if (attack__has_controls(text, line->text.len))
        return "control characters came through";
    if (a->says && !strstr(text, a->says) && !strstr(result, a->says))
        return "it does not say what it should";
    if (a->end == ATTACK_HARMLESS)
        return line->failed ? "an error instead of a result" : "";
    if (!line->failed)
        return "no error";
    if (a->end == ATTACK_STOPPED && a->place != ATTACK_SCRIPT &&
        ((plugin && !strstr(result, "plugin attack")) || !one_names_line(result)))
        return "the error names no plugin or no line";
    return "";
}

/* Times depend on the machine too: said apart, so that it can be tried again. */
static const char *one_judge_times(const struct attack *a, const struct attack_result *r)
{
    int64_t slack_ms = ATTACK_SLACK_MS + r->starved_ms;
    int64_t budget_ms = one_budget_ms(a);
    if (a->end != ATTACK_HARMLESS && r->took_ms > budget_ms + slack_ms)
        return "it took too long";
    if (a->place == ATTACK_SCRIPT) /* within baton.turn it does not give way */
        budget_ms = ATTACK_CANCEL_MS;
    if (r->witness_ms > budget_ms + slack_ms)
        return "the witness waited too long";
    return r->next_ms > ATTACK_CALL_MS + slack_ms ? "the next command took too long" : "";
}

static int one_next(struct attack_line *line, struct attack_result *out, struct error *e)
{
    buf_clear(&line->text);
    buf_clear(&line->result);
    int rc = attack__ask(line, "eval", "text",
                         "people.add{name = 'Next'} return baton.call('works')", 0, e);
    out->next_ms = line->took_ms;
    if (rc >= 0 && (line->failed || !line->text.len || !strstr(line->text.data, "well")))
        rc = error_set(e, ERROR_CONFLICT, "the next command of the organisation fails: %.100s",
                       buf_text(&line->text));
    return rc;
}

static int one_run(struct attack_line *line, const struct attack *a, struct attack_result *out,
                   struct error *e)
{
    int rc = attack__line_open(line, e);
    if (rc >= 0 && (rc = one_prepare(line, a, e)) >= 0 &&
        (rc = attack__settle(line->run, e)) >= 0) {
        line->run->witness.longest_ms = 0;
        rc = one_trigger(line, a, e);
    }
    if (rc >= 0 && (rc = one_look(line, a, e)) >= 0) {
        out->took_ms = line->took_ms;
        const struct buf *came = line->result.len ? &line->result : &line->text;
        buf_add(&out->came, buf_text(came), came->len);
        snprintf(out->failed, sizeof out->failed, "%s", one_judge(a, line));
        rc = one_next(line, out, e);
    }
    if (rc >= 0)
        rc = attack__settle(line->run, e);
    return rc;
}

void attack__one(struct attack_run *run, const struct attack *a, const char *org,
                 struct attack_result *out)
{
    struct attack_line line = { .run = run, .org = org };
    struct error e = { 0 };
    for (int n = 0; n < ATTACK_TRIES; n++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%d", org, n);
        line.org = name;
        buf_clear(&out->came);
        out->failed[0] = '\0';
        int64_t starved_ms = attack__starved_ms(run);
        int rc = attack__add_org(run, name, a, &e);
        if (rc >= 0)
            rc = one_run(&line, a, out, &e);
        out->witness_ms = run->witness.longest_ms;
        int64_t starved_by_now_ms = attack__starved_ms(run);
        out->starved_ms = starved_by_now_ms > starved_ms ? starved_by_now_ms - starved_ms : 0;
        attack__line_close(&line);
        if (rc < 0)
            snprintf(out->failed, sizeof out->failed, "%.*s", (int)sizeof out->failed - 1,
                     e.message);
        if (out->failed[0])
            return;
        snprintf(out->failed, sizeof out->failed, "%s", one_judge_times(a, out));
        if (!out->failed[0])
            return;
    }
}
