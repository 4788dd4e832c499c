/* Two organisations of one home in this process, oak and elm, and a conversation with each. The
 * same tests run twice: the organisations opened by themselves, and in a host with its loop. */
#ifndef ISOLATION_FIXTURE_H
#define ISOLATION_FIXTURE_H

#include "host_fixture.h"

#include <uv.h>

#include "baton/base/json.h"
#include "baton/host/host.h"

enum who { OAK, ELM, WHO_END };
static const char *const who_names[] = { "oak", "elm" };

struct pair {
    struct fixture *f;
    bool hosted;
    uv_loop_t loop;
    struct host *host;
    bool closed;
    struct org *orgs[WHO_END]; /* unless hosted */
    struct talk talks[WHO_END];
};

static inline int pair_setup(void **state)
{
    struct pair *p = mem_new(struct pair);
    p->hosted = *state != NULL;
    if (fixture_setup((void **)&p->f))
        return -1;
    for (int i = 0; i < WHO_END; i++) {
        fixture_org(p->f, who_names[i], NULL, true);
        talk_open(&p->talks[i]);
    }
    *state = p;
    return 0;
}

static inline void pair_closed(void *context)
{
    *(bool *)context = true;
}

static inline int pair_teardown(void **state)
{
    struct pair *p = *state;
    void *f = p->f;
    for (int i = 0; i < WHO_END; i++) {
        talk_close(&p->talks[i]);
        org_close(p->orgs[i]);
    }
    if (p->host) {
        host_close(p->host, pair_closed, &p->closed);
        uv_run(&p->loop, UV_RUN_DEFAULT);
        assert_true(p->closed);
        assert_int_equal(uv_loop_close(&p->loop), 0);
    }
    mem_free(p);
    return fixture_teardown(&f);
}

/* The whole org.ini, before pair_open. */
static inline void pair_ini(struct pair *p, enum who who, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "orgs/%s/org.ini", who_names[who]);
    fixture_write(p->f, path, text);
}

/* The plugins of both. */
static inline void pair_plugins(struct pair *p, const char *names)
{
    char ini[256];
    snprintf(ini, sizeof ini, "[org]\nclock = movable\nplugins = %s\n", names);
    pair_ini(p, OAK, ini);
    pair_ini(p, ELM, ini);
}

static inline struct org *pair_org(struct pair *p, enum who who)
{
    if (p->hosted)
        fixture_ok(p->f, host_org(p->host, who_names[who], &p->orgs[who], &p->f->e));
    struct org *o = p->orgs[who];
    if (p->hosted)
        p->orgs[who] = NULL; /* the host's own */
    return o;
}

/* Both are open before anything happens in either. */
static inline void pair_open(struct pair *p)
{
    if (p->hosted) {
        assert_int_equal(uv_loop_init(&p->loop), 0);
        fixture_ok(p->f, host_open(&p->host, &p->loop, p->f->home, fixture_notice, p->f, &p->f->e));
    }
    for (int i = 0; i < WHO_END; i++) {
        if (!p->hosted)
            p->orgs[i] = fixture_open(p->f, who_names[i]);
        assert_non_null(pair_org(p, (enum who)i));
    }
}

/* What is due in either happens. */
static inline void pair_tick(struct pair *p)
{
    for (int i = 0; i < WHO_END; i++)
        fixture_ok(p->f, org_tick(pair_org(p, (enum who)i), &p->f->e));
    for (int i = 0; p->hosted && i < 3; i++)
        uv_run(&p->loop, UV_RUN_NOWAIT);
}

/* ---- asking: in the talk of `t`, something of the organisation `who` ---- */

static inline const char *pair_ask(struct pair *p, struct talk *t, enum who who, const char *json)
{
    struct org *o = pair_org(p, who);
    talk_ask(t, o, json);
    if (p->hosted) {
        host_changed(p->host, o);
        uv_run(&p->loop, UV_RUN_NOWAIT);
    }
    return buf_text(&t->frames);
}

/* {"op":"eval","text":…} or {"op":"run","source":…}; as and cwd may be NULL. */
static inline void pair_request(struct buf *json, const char *op, const char *lua, const char *as,
                                const char *cwd)
{
    struct jsonw w;
    bool run = !strcmp(op, "run");
    jsonw_start(&w, json);
    jsonw_open_object(&w);
    jsonw_key(&w, "op");
    jsonw_text(&w, op);
    jsonw_key(&w, run ? "source" : "text");
    jsonw_text(&w, lua);
    if (run) {
        jsonw_key(&w, "name");
        jsonw_text(&w, "test.lua");
    }
    if (as) {
        jsonw_key(&w, "as");
        jsonw_text(&w, as);
    }
    if (cwd) {
        jsonw_key(&w, "cwd");
        jsonw_text(&w, cwd);
    }
    jsonw_close(&w);
}

static inline const char *pair_eval_as(struct pair *p, struct talk *t, enum who who, const char *as,
                                       const char *lua)
{
    struct buf json = BUF_INIT;
    pair_request(&json, "eval", lua, as, NULL);
    const char *frames = pair_ask(p, t, who, buf_text(&json));
    buf_free(&json);
    return frames;
}

/* A script of a session of its own, in the folder `cwd`. */
static inline const char *pair_run(struct pair *p, enum who who, const char *cwd, const char *lua)
{
    struct buf json = BUF_INIT;
    pair_request(&json, "run", lua, NULL, cwd);
    const char *frames = pair_ask(p, &p->talks[who], who, buf_text(&json));
    buf_free(&json);
    return frames;
}

static inline const char *pair_eval(struct pair *p, enum who who, const char *lua)
{
    return pair_eval_as(p, &p->talks[who], who, NULL, lua);
}

/* The statement prints exactly this, and goes well. */
#define pair_shows(p, who, lua, wanted)                                                            \
    pair_check((p), (who), (lua), pair_eval((p), (who), (lua)), (wanted))

static inline void pair_check(const struct pair *p, enum who who, const char *lua,
                              const char *frames, const char *wanted)
{
    char out[512];
    snprintf(out, sizeof out, "{\"out\":\"%s\\n\",\"stream\":\"print\"}\n{\"done\":", wanted);
    if (*wanted ? strncmp(frames, out, strlen(out)) : strncmp(frames, "{\"done\":", 8))
        fail_msg("%s%s: %s\nwanted: %s\ngot: %s", who_names[who], p->hosted ? " (hosted)" : "", lua,
                 wanted, frames);
}

/* The statement does its work, whatever it prints. */
static inline void pair_does(struct pair *p, enum who who, const char *lua)
{
    const char *frames = pair_eval(p, who, lua);
    if (strstr(frames, "\"error\"") || !strstr(frames, "\"done\""))
        fail_msg("%s: %s\ngot: %s", who_names[who], lua, frames);
}

static inline void pair_fails(struct pair *p, enum who who, const char *lua, const char *part)
{
    const char *frames = pair_eval(p, who, lua);
    if (!strstr(frames, "{\"error\"") || !strstr(frames, part))
        fail_msg("%s: %s\nwanted an error with: %s\ngot: %s", who_names[who], lua, part, frames);
}

static inline void pair_unnoticed(const struct pair *p, enum who who)
{
    char name[16];
    snprintf(name, sizeof name, "%s:", who_names[who]);
    assert_lacks(buf_text(&p->f->notices), name);
}

/* Each test twice: alone and hosted. */
#define ALONE(name)                                                                                \
    {                                                                                              \
#name, name, pair_setup, pair_teardown, NULL                                               \
    }
#define HOSTED(name)                                                                               \
    {                                                                                              \
#name " (hosted)", name, pair_setup, pair_teardown, (void *)"hosted"                       \
    }
#define BOTH(name) ALONE(name), HOSTED(name)

#endif
