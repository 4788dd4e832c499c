#include "server_fixture.h"

/* A server of the test's own, that says exactly what it is told. */
struct peer {
    char dir[64], path[80];
    int listener, fd;
    struct client *client;
    struct error e;
};

static int peer_setup(void **state)
{
    struct peer *p = mem_new(struct peer);
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    strcpy(p->dir, "/tmp/baton-cli-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/s", p->dir);
    strcpy(a.sun_path, p->path);
    p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(p->listener, (struct sockaddr *)&a, sizeof a) || listen(p->listener, 1) ||
        client_open(&p->client, p->path, &p->e))
        return -1;
    p->fd = accept(p->listener, NULL, NULL);
    *state = p;
    return p->fd < 0;
}

static int peer_teardown(void **state)
{
    struct peer *p = *state;
    client_close(p->client);
    close(p->fd);
    close(p->listener);
    unlink(p->path);
    int rc = rmdir(p->dir);
    mem_free(p);
    return rc;
}

static void say(struct peer *p, const char *bytes, size_t n)
{
    assert_int_equal(send(p->fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void no_server_is_not_found(void **state)
{
    (void)state;
    struct client *c = NULL;
    struct error e = { 0 };
    char path[256];
    assert_int_equal(client_open(&c, "/tmp/baton-no-such-socket", &e), -ERROR_NOT_FOUND);
    assert_int_equal(client_open(&c, "/dev/null", &e), -ERROR_NOT_FOUND);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(client_open(&c, path, &e), -ERROR_NOT_FOUND);
    assert_null(c);
}

static void sends_frames(void **state)
{
    struct peer *p = *state;
    char got[16];
    assert_int_equal(client_send(p->client, "{}", 2, &p->e), 0);
    assert_int_equal(recv(p->fd, got, sizeof got, 0), 6);
    assert_memory_equal(got, "\0\0\0\2{}", 6);
    assert_int_equal(client_send(p->client, "", 0, &p->e), -ERROR_LIMIT);
    assert_int_equal(client_send(p->client, "", LIMIT_FRAME_BYTES + 1, &p->e), -ERROR_LIMIT);
}

static void receives_frames_however_they_come(void **state)
{
    struct peer *p = *state;
    const char *json;
    size_t n;
    assert_int_equal(client_poll(p->client, &json, &n, &p->e), 0);
    say(p, "\0\0\0\3one\0\0\0\3two\0\0", 16);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 1);
    assert_memory_equal(json, "one", 3);
    assert_int_equal(client_poll(p->client, &json, &n, &p->e), 1);
    assert_int_equal(n, 3);
    assert_memory_equal(json, "two", 3);
    assert_int_equal(client_poll(p->client, &json, &n, &p->e), 0);
    say(p, "\0\5th", 4);
    assert_int_equal(client_poll(p->client, &json, &n, &p->e), 0);
    say(p, "ree", 3);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 1);
    assert_memory_equal(json, "three", 5);
}

static void notices_the_end(void **state)
{
    struct peer *p = *state;
    const char *json;
    size_t n;
    say(p, "\0\0\0\3one", 7);
    shutdown(p->fd, SHUT_RDWR);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 1);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 0);
    assert_int_equal(client_poll(p->client, &json, &n, &p->e), -ERROR_IO);
    assert_int_equal(client_send(p->client, "{}", 2, &p->e), -ERROR_IO);
}

/* A server that turns clients away answers before they ask. */
static void hears_why_it_is_turned_away(void **state)
{
    struct peer *p = *state;
    const char *json;
    size_t n;
    say(p, "\0\0\0\3why", 7);
    shutdown(p->fd, SHUT_RDWR);
    assert_int_equal(client_send(p->client, "{}", 2, &p->e), 0);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 1);
    assert_memory_equal(json, "why", 3);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), 0);
}

static void refuses_what_is_no_server(void **state)
{
    struct peer *p = *state;
    const char *json;
    size_t n;
    say(p, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    assert_int_equal(client_receive(p->client, &json, &n, &p->e), -ERROR_IO);
    assert_non_null(strstr(p->e.message, "no server of baton"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_server_is_not_found), T(sends_frames),
        T(receives_frames_however_they_come),     T(notices_the_end),
        T(hears_why_it_is_turned_away),           T(refuses_what_is_no_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
