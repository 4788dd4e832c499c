/* A home in a folder of its own, organisations and plugins made by the test. */
#ifndef HOST_FIXTURE_H
#define HOST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "baton/host/org.h"
#include "baton/host/request.h"

struct fixture {
    char dir[64];
    struct home *home;
    struct error e;
    struct buf notices; /* "org: text\n" each */
};

static inline void fixture_ok(struct fixture *f, int rc)
{
    if (rc)
        fail_msg("%s: %s (%s)", error_code_name(f->e.code), f->e.message, f->e.where);
}

static inline void fixture_write(struct fixture *f, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    for (char *p = path + strlen(f->dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The whole file, or NULL; the caller frees. */
static inline char *fixture_read(struct fixture *f, const char *name)
{
    char path[256];
    struct buf text = BUF_INIT;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    if (buf_read_file(&text, path, 1 << 20, NULL)) {
        buf_free(&text);
        return NULL;
    }
    return buf_take(&text);
}

/* A plugin of the home: plugins/NAME with this init.lua. */
static inline void fixture_plugin(struct fixture *f, const char *name, const char *lua)
{
    char path[128], ini[512];
    snprintf(ini, sizeof ini,
             "[plugin]\nname = %s\nversion = 1.0.0\ntitle = A test\napi = 1\n"
             "permissions = people, partners, services, staff, messages, timers\n",
             name);
    snprintf(path, sizeof path, "plugins/%s/plugin.ini", name);
    fixture_write(f, path, ini);
    snprintf(path, sizeof path, "plugins/%s/init.lua", name);
    fixture_write(f, path, lua);
}

static inline void fixture_org(struct fixture *f, const char *name, const char *plugins,
                               bool movable)
{
    struct org_settings s = { .title = "A test", .plugins = plugins, .clock_movable = movable };
    fixture_ok(f, home_add_org(f->home, name, &s, &f->e));
}

static inline void fixture_notice(void *context, const char *org, enum log_level level,
                                  const char *text)
{
    (void)level;
    struct fixture *f = context;
    buf_printf(&f->notices, "%s: %s\n", org, text);
}

static inline struct org *fixture_open(struct fixture *f, const char *name)
{
    struct org *o = NULL;
    fixture_ok(f, org_open(&o, f->home, name, fixture_notice, f, &f->e));
    return o;
}

static inline bool fixture_noticed(const struct fixture *f, const char *part)
{
    return strstr(buf_text(&f->notices), part) != NULL;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(struct fixture);
    strcpy(f->dir, "/tmp/baton-host-XXXXXX");
    if (!mkdtemp(f->dir) || home_init(f->dir, &f->e) || home_open(&f->home, f->dir, NULL, &f->e)) {
        fprintf(stderr, "%s\n", f->e.message);
        return -1;
    }
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    home_close(f->home);
    buf_free(&f->notices);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    int rc = system(command);
    mem_free(f);
    return rc;
}

/* ---- a conversation, with everything that it answered ---- */

struct talk {
    struct conversation *c;
    struct buf frames; /* one per line */
    int last;          /* how many last frames came */
};

static inline void talk_frame(void *context, const char *json, size_t n, bool last)
{
    struct talk *t = context;
    buf_add(&t->frames, json, n);
    buf_putc(&t->frames, '\n');
    t->last += last;
}

static inline void talk_open(struct talk *t)
{
    *t = (struct talk){ .frames = BUF_INIT };
    t->c = conversation_new(talk_frame, t);
}

static inline void talk_close(struct talk *t)
{
    conversation_free(t->c);
    buf_free(&t->frames);
}

/* Asks and waits; the frames of the answer. */
static inline const char *talk_ask(struct talk *t, struct org *o, const char *json)
{
    buf_clear(&t->frames);
    t->last = 0;
    conversation_start(t->c, o, json, strlen(json));
    for (int i = 0; i < 100000 && conversation_busy(t->c); i++)
        conversation_step(t->c);
    assert_false(conversation_busy(t->c));
    assert_int_equal(t->last, 1);
    return buf_text(&t->frames);
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("no \"%s\" in: %s", (part), (text));                                          \
    } while (0)
#define assert_lacks(text, part)                                                                   \
    do {                                                                                           \
        if (strstr((text), (part)))                                                                \
            fail_msg("\"%s\" in: %s", (part), (text));                                             \
    } while (0)

#endif
