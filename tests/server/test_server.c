#include "server_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char forever[] = "{\"op\":\"run\",\"org\":\"oak\",\"name\":\"x.lua\",\"source\":"
                              "\"while true do people.add{name='x'} end\"}";

/* ---- requests ---- */

static void answers_requests(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x = 20\"}", "{\"done\":");
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x + 1\"}", "\"21\\n\"");
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"for\"}", "incomplete");
    fixture_expect(f, c, "{\"op\":\"status\"}",
                   "{\"name\":\"oak\",\"zone\":\"UTC\",\"awake\":true");
    fixture_expect(f, c, "{\"op\":\"status\",\"org\":\"oak\"}", "\"clock\":\"movable\"");
    fixture_expect(f, c, "{\"op\":\"reload\"}", "{\"done\":{\"waiting\":[]}}");
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x\"}",
                   "\"20\\n\""); /* taken along */
    /* A request for another organisation leaves the session behind. */
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x = 1\"}", "done");
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"x\"}", "nil");
    client_close(c);
    fixture_stop(f);
}

static void refuses_bad_requests(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json, *part;
    } cases[] = {
        { "{", "\"invalid\"" },
        { "nonsense", "\"invalid\"" },
        { "{\"op\":\"eval\",\"text\":\"1\"}", "\"where\":\"/org\"" },
        { "{\"op\":\"eval\",\"org\":\"oka\",\"text\":\"1\"}", "did you mean \\\"oak\\\"" },
        { "{\"op\":\"eval\",\"org\":7,\"text\":\"1\"}", "\"where\":\"/org\"" },
        { "{\"org\":\"oak\"}", "\"where\":\"/op\"" },
        { "[]", "\"where\":\"/op\"" },
        { "{\"op\":\"evil\",\"org\":\"oak\"}", "did you mean \\\"eval\\\"" },
        { "{\"op\":\"evil\"}", "needs an organisation" },
        { "{\"op\":\"eval\",\"op\":\"run\"}", "\"invalid\"" },
    };
    fixture_start(f);
    struct client *c = fixture_connect(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fixture_expect(f, c, cases[i].json, cases[i].part);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1\"}", "done");
    client_close(c);
    fixture_stop(f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    char json[128];
    fixture_start(f);
    struct client *c = fixture_connect(f);
    enum { COUNT = 200 };
    for (int i = 0; i < COUNT; i++) {
        int n = snprintf(json, sizeof json,
                         "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"'answer %d'\"}", i);
        fixture_ok(f, client_send(c, json, (size_t)n, &f->e));
    }
    for (int i = 0; i < COUNT; i++) {
        char *answer = fixture_answer(f, c);
        snprintf(json, sizeof json, "answer %d\\n", i);
        if (!strstr(answer, json))
            fail_msg("no %s in %s", json, answer);
        mem_free(answer);
    }
    client_close(c);
    fixture_stop(f);
}

static int64_t number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    return strtoll(at + strlen(key), NULL, 10);
}

static void clients_share_turns(void **state)
{
    struct fixture *f = *state;
    enum { CLIENTS = 16 };
    struct client *c[CLIENTS];
    static const char add[] = "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.add{name='x'}\"}";
    fixture_start(f);
    struct client *control = fixture_connect(f);
    for (size_t i = 0; i < CLIENTS; i++)
        c[i] = fixture_connect(f);
    for (size_t i = 0; i < CLIENTS; i++)
        fixture_expect(f, c[i], "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1\"}", "done");
    for (size_t i = 0; i < CLIENTS; i++)
        fixture_ok(f, client_send(c[i], add, sizeof add - 1, &f->e));
    for (size_t i = 0; i < CLIENTS; i++) {
        char *answer = fixture_answer(f, c[i]);
        assert_non_null(strstr(answer, "done"));
        mem_free(answer);
    }
    char *status = fixture_ask(f, control, "{\"op\":\"status\",\"org\":\"oak\"}");
    assert_int_equal(number_after(status, "\"people\":"), CLIENTS);
    assert_true(number_after(status, "\"turns\":") <= 2 * CLIENTS + 8);
    mem_free(status);
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(c[i]);
    client_close(control);
    fixture_stop(f);
}

static void notices_reach_whoever_has_it_open(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *watcher = fixture_connect(f), *other = fixture_connect(f),
                  *actor = fixture_connect(f);
    fixture_expect(f, watcher, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1\"}", "done");
    fixture_expect(f, other, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"1\"}", "done");
    fixture_expect(f, actor,
                   "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"messages.send{to='a@example.org', "
                   "subject='x', "
                   "body='y'}\"}",
                   "{\"notice\":\"M-1 delivered");
    const char *json;
    size_t n;
    assert_int_equal(client_receive(watcher, &json, &n, &f->e), 1);
    assert_int_equal(strncmp(json, "{\"notice\":\"M-1 delivered", 23), 0);
    assert_int_equal(client_poll(other, &json, &n, &f->e), 0);
    client_close(watcher);
    client_close(other);
    client_close(actor);
    fixture_stop(f);
}

/* ---- scripts ---- */

static void others_work_while_a_script_runs(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *c = fixture_connect(f);
    fixture_ok(f, client_send(runner, forever, sizeof forever - 1, &f->e));
    for (int i = 0; i < 5; i++) {
        fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1 + 1\"}", "\"2\\n\"");
        fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"1 + 1\"}", "\"2\\n\"");
    }
    fixture_expect(f, runner, "{\"op\":\"cancel\"}", "\"cancelled\"");
    fixture_expect(f, runner, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.count{} > 0\"}",
                   "true");
    /* A cancel that comes too late is not answered. */
    fixture_ok(f, client_send(runner, "{\"op\":\"cancel\"}", 15, &f->e));
    fixture_expect(f, runner, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"7\"}", "\"7\\n\"");
    client_close(runner);
    client_close(c);
    fixture_stop(f);
}

static void closing_cancels_the_script(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *c = fixture_connect(f);
    fixture_ok(f, client_send(runner, forever, sizeof forever - 1, &f->e));
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1\"}", "done");
    client_close(runner);
    static const char count[] = "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.count{}\"}";
    bool stopped = false;
    for (int i = 0; i < 200 && !stopped; i++) {
        struct timespec pause = { .tv_nsec = 20000000 };
        char *before = fixture_ask(f, c, count);
        nanosleep(&pause, NULL);
        char *after = fixture_ask(f, c, count);
        const char *a = strstr(before, "{\"out\""), *b = strstr(after, "{\"out\"");
        stopped = a && b && !strncmp(a, b, strcspn(a, "\n"));
        mem_free(before);
        mem_free(after);
    }
    assert_true(stopped);
    client_close(c);
    fixture_stop(f);
}

static const char endless[] = "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"while true do end\"}";

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    struct timespec pause = { .tv_nsec = ms * 1000000 };
    nanosleep(&pause, NULL);
}

/* A statement has no place to give way; it is stopped long before its 5 s. */
static void a_statement_is_cancelled_while_it_runs(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *c = fixture_connect(f);
    int64_t began = now_ms();
    fixture_ok(f, client_send(runner, endless, sizeof endless - 1, &f->e));
    pause_ms(100);
    fixture_expect(f, runner, "{\"op\":\"cancel\"}", "\"cancelled\"");
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"1 + 1\"}", "\"2\\n\"");
    assert_true(now_ms() - began < 3000);
    /* Other requests behind the cancel are still answered. */
    fixture_ok(f, client_send(runner, endless, sizeof endless - 1, &f->e));
    pause_ms(50);
    fixture_ok(f, client_send(runner, "{\"op\":\"cancel\"}", 15, &f->e));
    fixture_expect(f, runner, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"7\"}", "\"cancelled\"");
    char *answer = fixture_answer(f, runner);
    assert_non_null(strstr(answer, "\"7\\n\""));
    mem_free(answer);
    client_close(runner);
    client_close(c);
    fixture_stop(f);
}

static void closing_cancels_the_statement(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *c = fixture_connect(f);
    int64_t began = now_ms();
    fixture_ok(f, client_send(runner, endless, sizeof endless - 1, &f->e));
    pause_ms(100);
    client_close(runner);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"1 + 1\"}", "\"2\\n\"");
    assert_true(now_ms() - began < 3000);
    client_close(c);
    fixture_stop(f);
}

static void a_slow_reader_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    static const char chatter[] =
        "{\"op\":\"run\",\"org\":\"oak\",\"name\":\"x.lua\",\"source\":\"local s = ('x'):rep(1000) "
        "for i = 1, 20000 do print(s) progress(i, 20000, 'lines') end\"}";
    fixture_start(f);
    struct client *slow = fixture_connect(f), *c = fixture_connect(f);
    fixture_ok(f, client_send(slow, chatter, sizeof chatter - 1, &f->e));
    struct timespec pause = { .tv_nsec = 100000000 };
    nanosleep(&pause, NULL);
    for (int i = 0; i < 3; i++)
        fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1 + 1\"}", "\"2\\n\"");
    /* It gets on when it reads. */
    char *answer = fixture_answer(f, slow);
    assert_true(strlen(answer) > 4 * 1024 * 1024);
    assert_non_null(strstr(answer, "{\"progress\":{\"done\":20000,"));
    if (!strstr(answer, "{\"done\""))
        fail_msg("%s", answer + strlen(answer) - 300);
    mem_free(answer);
    client_close(slow);
    client_close(c);
    fixture_stop(f);
}

/* ---- frames ---- */

static int raw_connect(struct fixture *f)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    strcpy(a.sun_path, home_socket(f->home));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* Sends the bytes; what comes until the server closes, or nothing comes for 300 ms. */
static size_t raw_exchange(int fd, const void *data, size_t n, char *out, size_t size)
{
    size_t got = 0;
    assert_int_equal(send(fd, data, n, MSG_NOSIGNAL), (ssize_t)n);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while (got < size - 1 && poll(&p, 1, 300) == 1) {
        ssize_t r = recv(fd, out + got, size - 1 - got, 0);
        if (r <= 0)
            break;
        got += (size_t)r;
    }
    out[got] = '\0';
    return got;
}

static bool raw_is_closed(int fd)
{
    char byte;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 2000) == 1 && recv(fd, &byte, 1, 0) == 0;
}

static void malformed_frames(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *part; /* of the answer; NULL: none */
        bool closes;
    } cases[] = {
        { "\0\0\0\0", 4, "a frame of 0 bytes", true },
        { "\xff\xff\xff\xff", 4, "\"limit\"", true },
        { "\0\x80\0\1", 4, "\"limit\"", true },
        { "GET / HTTP/1.1\r\n\r\n", 18, "\"limit\"", true },
        { "\0\0\0\4nope", 8, "\"invalid\"", false },
        { "\0\0\0\1\0", 5, "\"invalid\"", false },
        { "\0\0\0", 3, NULL, false },
        { "\0\0\0\x10{\"op\"", 9, NULL, false },
    };
    char out[4096];
    fixture_start(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = raw_connect(f);
        size_t n = raw_exchange(fd, cases[i].bytes, cases[i].n, out, sizeof out);
        if (cases[i].part && (n < 4 || !strstr(out + 4, cases[i].part)))
            fail_msg("case %zu: no \"%s\" in %s", i, cases[i].part, n > 4 ? out + 4 : "");
        if (!cases[i].part)
            assert_int_equal(n, 0);
        if (cases[i].closes)
            assert_true(raw_is_closed(fd));
        close(fd); /* in the middle of a frame, in some cases */
    }
    fixture_stop(f);
}

static void a_frame_may_come_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    static const char json[] = "{\"op\":\"status\"}";
    char out[4096];
    fixture_start(f);
    int fd = raw_connect(f);
    char frame[4 + sizeof json - 1] = { 0, 0, 0, sizeof json - 1 };
    memcpy(frame + 4, json, sizeof json - 1);
    for (size_t i = 0; i + 1 < sizeof frame; i++)
        assert_int_equal(send(fd, frame + i, 1, MSG_NOSIGNAL), 1);
    raw_exchange(fd, frame + sizeof frame - 1, 1, out, sizeof out);
    assert_non_null(strstr(out + 4, "\"orgs\":["));
    close(fd);
    fixture_stop(f);
}

static void too_many_clients_are_turned_away(void **state)
{
    struct fixture *f = *state;
    struct client *c[LIMIT_CONNECTIONS];
    fixture_start(f);
    for (size_t i = 0; i < LIMIT_CONNECTIONS; i++) {
        c[i] = fixture_connect(f);
        fixture_expect(f, c[i], "{\"op\":\"status\"}", "done");
    }
    log_open(STDERR_FILENO, LOG_ERROR);
    struct client *more = fixture_connect(f);
    char *answer = fixture_answer(f, more);
    assert_non_null(strstr(answer, "64 clients are connected"));
    mem_free(answer);
    client_close(more);
    more = fixture_connect(f); /* whoever asks how it is, or ends it, is heard */
    fixture_expect(f, more, "{\"op\":\"status\"}", "done");
    client_close(more);
    more = fixture_connect(f);
    fixture_expect(f, more, "{\"op\":\"status\",\"org\":\"oak\"}", "64 clients are connected");
    client_close(more);
    client_close(c[0]);
    for (int i = 0; i < 100; i++) { /* its place is free as soon as the server has seen it */
        more = fixture_connect(f);
        client_send(more, "{\"op\":\"status\",\"org\":\"oak\"}", 27, NULL);
        answer = fixture_answer(f, more);
        bool done = strstr(answer, "\"done\"") != NULL;
        mem_free(answer);
        client_close(more);
        if (done)
            break;
        assert_true(i < 99);
    }
    c[0] = fixture_connect(f);
    more = fixture_connect(f);
    fixture_expect(f, more, "{\"op\":\"stop\"}", "done");
    fixture_join(f);
    client_close(more);
    for (size_t i = 0; i < LIMIT_CONNECTIONS; i++)
        client_close(c[i]);
}

/* ---- one server, its socket, its end ---- */

static void a_second_server_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error e = { 0 };
    struct stat st;
    fixture_start(f);
    assert_int_equal(stat(home_socket(f->home), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(server_run(fixture_options(f), &e), -ERROR_BUSY);
    assert_non_null(strstr(e.message, "served already by process"));
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"status\"}", "done");
    client_close(c);
    fixture_stop(f);
    assert_int_equal(stat(home_socket(f->home), &st), -1);
}

static void a_stale_socket_is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct client *c = NULL;
    strcpy(a.sun_path, home_socket(f->home));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* the file stays */
    assert_int_equal(client_open(&c, home_socket(f->home), &f->e), -ERROR_NOT_FOUND);
    fixture_start(f);
    fixture_stop(f);
}

static void start_reopen(struct fixture *f)
{
    home_close(f->home);
    f->home = NULL;
    fixture_ok(f, home_open(&f->home, f->dir, NULL, &f->e));
}

static void sockets_that_can_not_be(void **state)
{
    struct fixture *f = *state;
    struct error e = { 0 };
    char ini[512];
    memset(ini, 0, sizeof ini);
    strcpy(ini, "[home]\nsocket = ");
    memset(ini + strlen(ini), 's', 108);
    fixture_write(f, "baton.ini", ini);
    start_reopen(f);
    assert_int_equal(server_run(fixture_options(f), &e), -ERROR_LIMIT);
    assert_non_null(strstr(e.message, "107"));
    fixture_write(f, "baton.ini", "[home]\nsocket = notes.txt\n");
    fixture_write(f, "notes.txt", "mine");
    start_reopen(f);
    assert_int_equal(server_run(fixture_options(f), &e), -ERROR_CONFLICT);
    fixture_write(f, "baton.ini", "[home]\nsocket = no/such/folder.sock\n");
    start_reopen(f);
    assert_int_equal(server_run(fixture_options(f), &e), -ERROR_IO);
    fixture_write(f, "baton.ini", "[home]\n");
    start_reopen(f);
    fixture_start(f);
    fixture_stop(f);
}

static void stopping_ends_what_runs(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *idle = fixture_connect(f);
    fixture_expect(f, idle, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"x = 1\"}", "done");
    fixture_ok(f, client_send(runner, forever, sizeof forever - 1, &f->e));
    fixture_expect(f, idle, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"x\"}", "done");
    fixture_stop(f);
    char *answer = fixture_answer(f, runner);
    if (!strstr(answer, "the server is stopping"))
        fail_msg("%s", answer);
    mem_free(answer);
    answer = fixture_answer(f, idle);
    assert_string_equal(answer, "closed\n");
    mem_free(answer);
    client_close(runner);
    client_close(idle);
    /* Everything was released: another can serve. */
    fixture_start(f);
    fixture_stop(f);
}

/* Signals reach a process, so this one is a child. */
static void signals_reload_and_stop(void **state)
{
    struct fixture *f = *state;
    int status;
    pid_t pid = fixture_fork(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x = function() end\"}",
                   "done");
    kill(pid, SIGPIPE);
    kill(pid, SIGHUP);
    const char *gone = "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x\"}";
    bool reloaded = false;
    for (int i = 0; i < 200 && !reloaded; i++) {
        char *answer = fixture_ask(f, c, gone);
        reloaded = strstr(answer, "reloaded") != NULL;
        mem_free(answer);
    }
    assert_true(reloaded);
    kill(pid, SIGTERM);
    char *answer = fixture_answer(f, c);
    assert_string_equal(answer, "closed\n");
    mem_free(answer);
    client_close(c);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What was answered is on disk, however the server ends. */
static void a_killed_server_loses_nothing_answered(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fixture_fork(f);
    struct client *c = fixture_connect(f);
    for (int i = 0; i < 20; i++)
        fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.add{name='x'}\"}",
                       "done");
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    client_close(c);
    fixture_start(f);
    c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.count{}\"}",
                   "\"20\\n\"");
    client_close(c);
    fixture_stop(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(answers_requests),
        T(refuses_bad_requests),
        T(pipelined_requests_are_answered_in_order),
        T(clients_share_turns),
        T(notices_reach_whoever_has_it_open),
        T(others_work_while_a_script_runs),
        T(closing_cancels_the_script),
        T(a_statement_is_cancelled_while_it_runs),
        T(closing_cancels_the_statement),
        T(a_slow_reader_holds_nobody_up),
        T(malformed_frames),
        T(a_frame_may_come_byte_by_byte),
        T(too_many_clients_are_turned_away),
        T(a_second_server_is_refused),
        T(a_stale_socket_is_taken_over),
        T(sockets_that_can_not_be),
        T(stopping_ends_what_runs),
        T(signals_reload_and_stop),
        T(a_killed_server_loses_nothing_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
