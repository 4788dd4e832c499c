/* baton doctor: looks at everything that baton stands on, and says of each
 * thing whether it is well, and if not, what to do. */
#include <stdarg.h>
#include <stdlib.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/attack_internal.h"
#include "cli/cli_internal.h"
#include "cli/doctor_internal.h"

static const char *const finding_words[] = { "ok", "warn", "bad" };

void doctor_say(struct doctor *d, enum finding_level level, const char *subject, const char *remedy,
                const char *format, ...)
{
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 32;
        d->findings = mem_resize(d->findings, d->room * sizeof *d->findings);
    }
    char *message = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    d->findings[d->count++] = (struct finding){
        .level = level,
        .subject = mem_dup(subject),
        .message = mem_dup(message ? message : format),
        .remedy = mem_dup(remedy ? remedy : ""),
    };
    free(message);
}

static void doctor_json(const struct doctor *d)
{
    struct buf out = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &out);
    jsonw_open_array(&w);
    for (size_t i = 0; i < d->count; i++) {
        jsonw_open_object(&w);
        jsonw_key(&w, "level");
        jsonw_text(&w, finding_words[d->findings[i].level]);
        jsonw_key(&w, "subject");
        jsonw_text(&w, d->findings[i].subject);
        jsonw_key(&w, "message");
        jsonw_text(&w, d->findings[i].message);
        jsonw_key(&w, "remedy");
        jsonw_text(&w, d->findings[i].remedy);
        jsonw_close(&w);
    }
    jsonw_close(&w);
    print_json_text(stdout, out.data, out.len);
    buf_free(&out);
}

static void doctor_text(const struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct finding *f = &d->findings[i];
        if (d->c->quiet && f->level == FINDING_OK)
            continue;
        print_line(stdout, "%-4s  %s: %s", finding_words[f->level], f->subject, f->message);
        if (*f->remedy)
            print_line(stdout, "      remedy: %s", f->remedy);
    }
}

static void doctor_look(struct doctor *d)
{
    struct home *h = NULL;
    struct error e;
    char **names = NULL;
    doctor_machine(d);
    if (place_open(d->c, &h, &e) < 0) {
        doctor_say(d, FINDING_BAD, "home", "give --home DIR, or mend baton.ini", "%s%s%s", e.where,
                   *e.where ? ": " : "", e.message);
        return;
    }
    doctor_home(d, h);
    if (d->c->org)
        doctor_org(d, h, d->c->org);
    else if (home_orgs(h, &names, &e) < 0)
        doctor_say(d, FINDING_BAD, "home", NULL, "%s", e.message);
    for (size_t i = 0; names && names[i]; i++)
        doctor_org(d, h, names[i]);
    mem_free(names);
    home_close(h);
}

static int doctor_run(const struct cli *c)
{
    struct doctor d = { .c = c };
    if (cli_has(c, "attack"))
        return attack_all_of(c, cli_value(c, "only"));
    size_t bad = 0, warnings = 0;
    doctor_look(&d);
    for (size_t i = 0; i < d.count; i++) {
        bad += d.findings[i].level == FINDING_BAD;
        warnings += d.findings[i].level == FINDING_WARN;
    }
    if (c->json)
        doctor_json(&d);
    else
        doctor_text(&d);
    if (!c->json && !c->quiet)
        print_line(stdout, "%zu findings: %zu bad, %zu warnings.", d.count, bad, warnings);
    for (size_t i = 0; i < d.count; i++) {
        mem_free(d.findings[i].subject);
        mem_free(d.findings[i].message);
        mem_free(d.findings[i].remedy);
    }
    mem_free(d.findings);
    return bad ? CLI_FAILED : CLI_OK;
}

static const struct option doctor_options[] = {
    { "attack", 0, NULL, "let hostile plugins loose in a scratch home, and say what came of it" },
    { "only", 0, "WHICH", "with --attack: a group (1 to 10), or one attack by its name" },
    { NULL, 0, NULL, NULL },
};

const struct command command_doctor = {
    .name = "doctor",
    .usage = "[--attack [--only WHICH]]",
    .options = doctor_options,
    .summary = "Checks versions, settings, permissions, disk, time zones, plugins, databases",
    .notes =
        "Each finding is ok, warn or bad, with a remedy; exit code 1 if one is bad. "
        "Organisations that a\n"
        "running server has open are asked through it.\n"
        "\n"
        "With --attack nothing of yours is touched: this program serves a home of its own in\n"
        "TMPDIR, with an organisation for each attack and one that works beside. Exit code 1 if\n"
        "an attack got anywhere. Groups: 1 code that does not end, 2 to 9 docs/security.md,\n"
        "10 output.",
    .example = "baton doctor\nbaton doctor --json --org riverside\nbaton doctor --attack --only "
               "loop-guard",
    .run = doctor_run,
};
