/* Watching the folders of plugins: waits for a change below them, and a little
 * longer, because an editor writes a file in several steps. */
#include "cli/test_internal.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "baton/base/memory.h"
#include "cli/cli_internal.h"

enum { WATCH_QUIET_MS = 80, WATCH_DIRS = 256, WATCH_DEPTH = 6 };

void test_watch_add(struct test *t, const char *dir)
{
    for (size_t i = 0; i < t->watched_count; i++)
        if (!strcmp(t->watched[i], dir))
            return;
    t->watched = mem_resize(t->watched, (t->watched_count + 2) * sizeof *t->watched);
    t->watched[t->watched_count++] = mem_dup(dir);
    t->watched[t->watched_count] = NULL;
}

struct watch {
    uv_loop_t loop;
    uv_fs_event_t *events;
    size_t count;
    uv_timer_t quiet;
    uv_poll_t interrupts;
    bool changed, interrupted;
};

static void watch_on_quiet(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    w->changed = true;
    uv_stop(&w->loop);
}

static bool watch_is_source(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return n > 4 && name[0] != '.' &&
           (!strcmp(name + n - 4, ".lua") || !strcmp(name + n - 4, ".ini"));
}

static void watch_on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct watch *w = event->data;
    (void)events;
    if (status == 0 && watch_is_source(name))
        uv_timer_start(&w->quiet, watch_on_quiet, WATCH_QUIET_MS, 0);
}

static void watch_on_interrupt(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    (void)status;
    (void)events;
    w->interrupted = interrupt_take() != 0 || w->interrupted;
    if (w->interrupted)
        uv_stop(&w->loop);
}

/* uv_fs_event does not go down by itself on Linux. */
static void watch_dir(struct watch *w, const char *path, unsigned depth)
{
    if (w->count == WATCH_DIRS)
        return;
    uv_fs_event_t *event = &w->events[w->count];
    uv_fs_event_init(&w->loop, event);
    event->data = w;
    w->count++;
    uv_fs_event_start(event, watch_on_event, path, 0);
    DIR *dir = depth < WATCH_DEPTH ? opendir(path) : NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat st;
        struct buf below = BUF_INIT;
        buf_printf(&below, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && lstat(below.data, &st) == 0 && S_ISDIR(st.st_mode))
            watch_dir(w, below.data, depth + 1);
        buf_free(&below);
    }
    if (dir)
        closedir(dir);
}

static void watch_close(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

bool test_watch_wait(const struct test *t)
{
    struct watch w = { .count = 0 };
    w.events = mem_zero(WATCH_DIRS * sizeof *w.events);
    uv_loop_init(&w.loop);
    uv_timer_init(&w.loop, &w.quiet);
    uv_poll_init(&w.loop, &w.interrupts, interrupt_open());
    w.quiet.data = w.interrupts.data = &w;
    uv_poll_start(&w.interrupts, UV_READABLE, watch_on_interrupt);
    for (size_t i = 0; i < t->watched_count; i++)
        watch_dir(&w, t->watched[i], 0);
    while (!w.changed && !w.interrupted)
        uv_run(&w.loop, UV_RUN_DEFAULT);
    uv_walk(&w.loop, watch_close, NULL);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    uv_loop_close(&w.loop);
    interrupt_close();
    mem_free(w.events);
    return w.changed;
}
