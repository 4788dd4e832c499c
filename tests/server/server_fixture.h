/* A home with organisations, served by a thread of the test. */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "baton/server/client.h"
#include "baton/server/server.h"

struct fixture {
    char dir[64];
    struct home *home;
    struct error e;
    pthread_t thread;
    bool running;
    int ready[2];
    struct server_options options;
    int rc;              /* of server_run */
    struct error served; /* its error */
};

static inline void fixture_ok(struct fixture *f, int rc)
{
    if (rc < 0)
        fail_msg("%s: %s (%s)", error_code_name(f->e.code), f->e.message, f->e.where);
}

static inline void fixture_write(struct fixture *f, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void *fixture_serve(void *context)
{
    struct fixture *f = context;
    f->rc = server_run(&f->options, &f->served);
    if (f->rc && write(f->ready[1], "0", 1) != 1)
        abort();
    return NULL;
}

/* Workers are the program itself: a test can't be one. */
static inline struct server_options *fixture_options(struct fixture *f)
{
    f->options = (struct server_options){
        .home = f->home, .ready_fd = f->ready[1], .program = BATON_PROGRAM, .log_level = "error"
    };
    return &f->options;
}

static inline void fixture_start(struct fixture *f)
{
    fixture_options(f);
    char byte = 0;
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_serve, f), 0);
    f->running = true;
    assert_int_equal(read(f->ready[0], &byte, 1), 1);
    if (byte != '1')
        fail_msg("%s", f->served.message);
}

/* The server as a process of its own, which does not outlive a test that fails. */
static inline pid_t fixture_fork(struct fixture *f)
{
    char byte = 0;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(server_run(fixture_options(f), NULL) ? 1 : 0);
    }
    assert_int_equal(read(f->ready[0], &byte, 1), 1);
    return pid;
}

static inline struct client *fixture_connect(struct fixture *f)
{
    struct client *c = NULL;
    fixture_ok(f, client_open(&c, home_socket(f->home), &f->e));
    return c;
}

static inline bool fixture_is_last(const char *json)
{
    return !strncmp(json, "{\"done\"", 7) || !strncmp(json, "{\"error\"", 8) ||
           !strncmp(json, "{\"incomplete\"", 13);
}

/* Frames up to the last one, a line each; the caller frees. */
static inline char *fixture_answer(struct fixture *f, struct client *c)
{
    struct buf all = BUF_INIT;
    for (;;) {
        const char *json;
        size_t n;
        int rc = client_receive(c, &json, &n, &f->e);
        fixture_ok(f, rc);
        if (rc == 0) {
            buf_puts(&all, "closed\n");
            break;
        }
        size_t at = all.len;
        buf_add(&all, json, n);
        bool last = fixture_is_last(all.data + at);
        buf_putc(&all, '\n');
        if (last)
            break;
    }
    return buf_take(&all);
}

static inline char *fixture_ask(struct fixture *f, struct client *c, const char *json)
{
    fixture_ok(f, client_send(c, json, strlen(json), &f->e));
    return fixture_answer(f, c);
}

static inline void fixture_expect(struct fixture *f, struct client *c, const char *json,
                                  const char *part)
{
    char *answer = fixture_ask(f, c, json);
    if (!strstr(answer, part))
        fail_msg("no \"%s\" in: %s", part, answer);
    mem_free(answer);
}

static inline void fixture_join(struct fixture *f)
{
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    f->running = false;
}

static inline void fixture_stop(struct fixture *f)
{
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"stop\"}", "{\"done\":{}}");
    fixture_join(f);
    client_close(c);
    if (f->rc)
        fail_msg("%s", f->served.message);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(struct fixture);
    log_open(STDERR_FILENO, LOG_ERROR);
    strcpy(f->dir, "/tmp/baton-srv-XXXXXX");
    if (!mkdtemp(f->dir) || pipe(f->ready) || home_init(f->dir, &f->e) ||
        home_open(&f->home, f->dir, NULL, &f->e))
        return -1;
    static const struct org_settings movable = { .clock_movable = true };
    if (home_add_org(f->home, "oak", &movable, &f->e) ||
        home_add_org(f->home, "elm", NULL, &f->e)) {
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
    if (f->running) { /* the test failed */
        struct client *c;
        if (client_open(&c, home_socket(f->home), NULL) == 0) {
            client_send(c, "{\"op\":\"stop\"}", 13, NULL);
            pthread_join(f->thread, NULL);
            client_close(c);
        }
    }
    home_close(f->home);
    close(f->ready[0]);
    close(f->ready[1]);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    int rc = system(command);
    mem_free(f);
    return rc;
}

#endif
