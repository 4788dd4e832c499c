/* What a process can do no more once it is confined. Each attempt in a child of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "baton/base/buf.h"
#include "baton/server/server.h"
#include "server/confine_internal.h"

static int try_internet(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_program(void)
{
    return execl("/bin/true", "true", NULL);
}

static int try_fifo(void)
{
    return mkfifo("/tmp/baton-confine-fifo", 0600);
}

static int try_mount(void)
{
    return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static int try_file(void)
{
    char path[] = "/tmp/baton-confine-XXXXXX", other[sizeof path + 2];
    int fd = mkstemp(path);
    snprintf(other, sizeof other, "%s.b", path);
    int rc = fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) || rename(path, other);
    unlink(other);
    return rc ? -1 : 0;
}

enum fate { GOES, REFUSED, REFUSED_BY_LANDLOCK, DIES };

/* 0 it went, 1 refused, a signal as 128 + n. */
static int attempt(int (*what)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        confine__apply();
        _exit(what() >= 0 ? 0 : errno == EPERM || errno == EACCES ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void attempts(void **state)
{
    static const struct {
        const char *name;
        int (*what)(void);
        enum fate fate;
    } cases[] = {
        { "a file", try_file, GOES },
        { "the internet", try_internet, REFUSED },
        { "a socket", try_unix, REFUSED },
        { "a program", try_program, REFUSED },
        { "a fifo", try_fifo, REFUSED_BY_LANDLOCK },
        { "mount", try_mount, DIES },
    };
    static const int expected[] = {
        [GOES] = 0, [REFUSED] = 1, [REFUSED_BY_LANDLOCK] = 1, [DIES] = 128 + SIGSYS
    };
    struct buf offered = BUF_INIT;
    (void)state;
    server_confinement(&offered);
    bool seccomp = strstr(buf_text(&offered), "seccomp: on") != NULL;
    bool landlock = strstr(buf_text(&offered), "Landlock: on") != NULL;
    print_message("%s\n", buf_text(&offered));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].fate == REFUSED_BY_LANDLOCK ? !landlock : cases[i].fate != GOES && !seccomp)
            continue; /* this kernel can't */
        int got = attempt(cases[i].what);
        if (got != expected[cases[i].fate])
            fail_msg("%s: %d, not %d", cases[i].name, got, expected[cases[i].fate]);
    }
    unlink("/tmp/baton-confine-fifo");
    buf_free(&offered);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(attempts) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
