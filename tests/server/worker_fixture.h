/* A served home whose two organisations are in a process each, and eyes for them. */
#ifndef WORKER_FIXTURE_H
#define WORKER_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <jansson.h>

#include "baton/script/page.h"
#include "server_fixture.h"

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void pause_ms(long ms)
{
    struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
}

static inline int worker_setup(void **state)
{
    if (fixture_setup(state))
        return -1;
    struct fixture *f = *state;
    fixture_write(f, "baton.ini", "[home]\nworkers = 2\n");
    home_close(f->home);
    f->home = NULL;
    return home_open(&f->home, f->dir, NULL, &f->e);
}

/* The process that hosts it, as the status says; 0: it is dead. *problem NULL: not wanted. */
static inline pid_t worker_of(struct fixture *f, const char *org, char *problem, size_t size)
{
    struct client *c = fixture_connect(f);
    char *answer = fixture_ask(f, c, "{\"op\":\"status\"}");
    json_t *status = json_loads(answer, 0, NULL), *worker, *name;
    size_t i, k;
    pid_t pid = -1;
    assert_non_null(status);
    json_array_foreach(json_object_get(json_object_get(status, "done"), "workers"), i, worker)
    {
        json_array_foreach(json_object_get(worker, "orgs"), k, name)
        {
            if (strcmp(json_string_value(name), org))
                continue;
            pid = (pid_t)json_integer_value(json_object_get(worker, "pid"));
            if (problem)
                snprintf(problem, size, "%s",
                         json_string_value(json_object_get(worker, "problem")));
        }
    }
    json_decref(status);
    mem_free(answer);
    client_close(c);
    assert_true(pid >= 0);
    return pid;
}

/* Waits until another process than `before` hosts it. */
static inline pid_t worker_after(struct fixture *f, const char *org, pid_t before)
{
    for (int i = 0; i < 1000; i++) {
        pid_t pid = worker_of(f, org, NULL, 0);
        if (pid && pid != before)
            return pid;
        pause_ms(10);
    }
    fail_msg("no new worker for %s", org);
    return 0;
}

static inline bool process_lives(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *state = strrchr(text, ')');
    return state && state[2] != 'Z' && state[2] != 'X';
}

static inline int open_files(pid_t pid)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The page that the process writes on, as the front sees it. */
static inline const struct script_page *worker_page(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, WORKER_PAGE_FD);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    void *page = mmap(NULL, sizeof(struct script_page), PROT_READ, MAP_SHARED, fd, 0);
    assert_true(page != MAP_FAILED);
    close(fd);
    return page;
}

#endif
