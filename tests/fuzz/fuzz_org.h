/* An organisation for targets that need one: a home in a folder of its own, made anew after some
 * inputs so that what they wrote does not pile up, removed at exit. */
#ifndef FUZZ_ORG_H
#define FUZZ_ORG_H

#include <jansson.h>
#include <unistd.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "baton/host/org.h"
#include "baton/host/request.h"
#include "fuzz.h"

enum { FUZZ_ORG_INPUTS = 500, FUZZ_ORG_STEPS = 100000 };

struct fuzz_org {
    char dir[64];
    struct home *home;
    struct org *org;
    struct conversation *talk;
    int inputs;
    int last;         /* last frames of the request at work: there must be exactly one */
    json_t *answer;   /* that frame */
    struct buf shown; /* what it printed */
};

static void fuzz_org_notice(void *context, const char *org, enum log_level level, const char *text)
{
    (void)context, (void)org, (void)level, (void)text;
}

static void fuzz_org_frame(void *context, const char *json, size_t n, bool last)
{
    struct fuzz_org *f = context;
    struct error e = { 0 };
    json_t *frame = NULL;
    FUZZ_CHECK(json_read(json, n, &frame, &e) == 0);
    const char *out = json_string_value(json_object_get(frame, "out"));
    if (out)
        buf_puts(&f->shown, out);
    if (!last) {
        json_decref(frame);
        return;
    }
    f->last++;
    json_decref(f->answer);
    f->answer = frame;
}

static void fuzz_org_close(struct fuzz_org *f)
{
    char command[128];
    if (!f->home)
        return;
    conversation_free(f->talk);
    org_close(f->org);
    home_close(f->home);
    json_decref(f->answer);
    buf_free(&f->shown);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    FUZZ_CHECK(system(command) == 0);
    *f = (struct fuzz_org){ 0 };
}

static void fuzz_org_open(struct fuzz_org *f, const char *plugin)
{
    struct org_settings settings = { .title = "Fuzz", .plugins = plugin, .clock_movable = true };
    struct error e = { 0 };
    if (f->home && f->inputs++ < FUZZ_ORG_INPUTS)
        return;
    fuzz_org_close(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/baton-fuzz-XXXXXX");
    FUZZ_CHECK(mkdtemp(f->dir) && home_init(f->dir, &e) == 0);
    FUZZ_CHECK(home_open(&f->home, f->dir, BATON_SOURCE_DIR "/plugins", &e) == 0);
    FUZZ_CHECK(home_add_org(f->home, "fuzz", &settings, &e) == 0);
    FUZZ_CHECK(org_open(&f->org, f->home, "fuzz", fuzz_org_notice, f, &e) == 0);
    FUZZ_CHECK(chdir(f->dir) == 0);
    f->talk = conversation_new(fuzz_org_frame, f);
}

/* Asks, waits, insists on one last frame that is done, incomplete, or an error that says why. */
static void fuzz_org_answered(struct fuzz_org *f)
{
    for (int i = 0; i < FUZZ_ORG_STEPS && conversation_busy(f->talk); i++)
        conversation_step(f->talk);
    FUZZ_CHECK(!conversation_busy(f->talk) && f->last == 1);
    const json_t *error = json_object_get(f->answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    FUZZ_CHECK(!error || (message && message[0]));
    FUZZ_CHECK(error || json_object_get(f->answer, "done") ||
               json_object_get(f->answer, "incomplete"));
}

#endif
