/* kill -9 of a worker or of the whole server at random moments under load, with
 * a book of what was acknowledged: all of it is there, once, and the chain
 * verifies. 10 times; 200 with BATON_SOAK. */
#include "worker_fixture.h"

#include <poll.h>

enum { CLIENTS = 4, KILLS = 10, SOAK_KILLS = 200, BOOK = 100000, NO_REQUEST = -1 };

struct book {
    struct fixture *f;
    pid_t server;
    struct client *clients[CLIENTS];
    int asked[CLIENTS]; /* the number of its request under way */
    int next;           /* number */
    int checked;        /* those below were looked for */
    bool acknowledged[BOOK];
    unsigned seed;
};

static const char *book_org(int client)
{
    return client ? "oak" : "elm";
}

static unsigned book_random(struct book *b, unsigned below)
{
    b->seed = b->seed * 1103515245u + 12345u;
    return (b->seed >> 16) % below;
}

/* Until it is there again: what is locked by a process that is just dying is told as busy. */
static char *book_ask(struct book *b, const char *json)
{
    int64_t end = now_ms() + 10000;
    for (;;) {
        struct client *c = fixture_connect(b->f);
        char *answer = fixture_ask(b->f, c, json);
        client_close(c);
        if (strstr(answer, "{\"done\"") || now_ms() > end)
            return answer;
        mem_free(answer);
        pause_ms(20);
    }
}

static void book_connect(struct book *b)
{
    for (int i = 0; i < CLIENTS; i++) {
        client_close(b->clients[i]);
        b->clients[i] = fixture_connect(b->f);
        b->asked[i] = NO_REQUEST;
    }
}

static void book_send(struct book *b, int i)
{
    char json[160];
    if (b->asked[i] != NO_REQUEST || b->next == BOOK)
        return;
    int n = snprintf(
        json, sizeof json,
        "{\"op\":\"eval\",\"org\":\"%s\",\"text\":\"people.add{name='x', external_id='n%d'}\"}",
        book_org(i), b->next);
    if (client_send(b->clients[i], json, (size_t)n, NULL) == 0)
        b->asked[i] = b->next++;
}

/* What has come for it. False: the server is gone. */
static bool book_receive(struct book *b, int i)
{
    const char *json;
    size_t n;
    int rc;
    while ((rc = client_poll(b->clients[i], &json, &n, NULL)) == 1) {
        if (b->asked[i] == NO_REQUEST || !fixture_is_last(json))
            continue;
        b->acknowledged[b->asked[i]] = !strncmp(json, "{\"done\"", 7);
        b->asked[i] = NO_REQUEST;
    }
    return rc == 0;
}

/* False: it ended before that. */
static bool book_work(struct book *b, int64_t until_ms)
{
    while (now_ms() < until_ms) {
        struct pollfd polled[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            book_send(b, i);
            polled[i] = (struct pollfd){ .fd = client_fd(b->clients[i]), .events = POLLIN };
        }
        poll(polled, CLIENTS, 5);
        for (int i = 0; i < CLIENTS; i++)
            if (!book_receive(b, i))
                return false;
    }
    return true;
}

/* Everything acknowledged in one organisation is there once, whoever asked for it. */
static void book_check_org(struct book *b, const char *org)
{
    struct buf json = BUF_INIT;
    buf_printf(&json, "{\"op\":\"eval\",\"org\":\"%s\",\"text\":\"for _, n in ipairs{", org);
    for (int k = b->checked; k < b->next; k++)
        if (b->acknowledged[k])
            buf_printf(&json, "'n%d',", k);
    buf_puts(&json, "} do print(n, people.count{external_id=n}) end\"}");
    char *answer = book_ask(b, buf_text(&json));
    buf_clear(&json);
    for (int k = b->checked; k < b->next; k++) {
        char once[32], never[32];
        snprintf(once, sizeof once, "n%d\\t1\\n", k);
        snprintf(never, sizeof never, "n%d\\t0\\n", k);
        if (b->acknowledged[k] && !strstr(answer, once) && !strstr(answer, never))
            fail_msg("n%d is there more than once, or: %.2000s", k, answer);
        if (b->acknowledged[k] && strstr(answer, once))
            b->acknowledged[k] = false; /* found */
    }
    mem_free(answer);
    buf_printf(&json, "{\"op\":\"audit\",\"org\":\"%s\"}", org);
    answer = book_ask(b, buf_text(&json));
    if (!strstr(answer, "\"ok\":true"))
        fail_msg("%s", answer);
    mem_free(answer);
    buf_free(&json);
}

static void book_check(struct book *b)
{
    book_check_org(b, "oak");
    book_check_org(b, "elm");
    for (; b->checked < b->next; b->checked++)
        if (b->acknowledged[b->checked])
            fail_msg("n%d was acknowledged, and is lost", b->checked);
}

static void what_was_acknowledged_is_there(void **state)
{
    struct book *b = mem_new(struct book);
    int kills = getenv("BATON_SOAK") ? SOAK_KILLS : KILLS, total = 0;
    b->f = *state;
    b->seed = (unsigned)time(NULL);
    print_message("seed %u\n", b->seed);
    b->server = fixture_fork(b->f);
    for (int i = 0; i < kills; i++) {
        bool whole = i % 3 == 2;
        pid_t victim = whole ? b->server : worker_of(b->f, "oak", NULL, 0);
        book_connect(b);
        assert_true(book_work(b, now_ms() + 20 + book_random(b, 130)));
        kill(victim ? victim : b->server, SIGKILL);
        bool gone = !book_work(b, now_ms() + 100);
        assert_true(gone == (whole || !victim));
        for (int k = 0; k < CLIENTS; k++)
            book_receive(b, k); /* what was on its way counts */
        if (gone) {
            assert_int_equal(waitpid(b->server, NULL, 0), b->server);
            b->server = fixture_fork(b->f);
        }
        total = b->next;
        book_connect(b);
        book_check(b);
    }
    print_message("%d requests, %d kills\n", total, kills);
    assert_true(total > kills);
    for (int i = 0; i < CLIENTS; i++)
        client_close(b->clients[i]);
    mem_free(book_ask(b, "{\"op\":\"stop\"}"));
    assert_int_equal(waitpid(b->server, NULL, 0), b->server);
    mem_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_is_there, worker_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
