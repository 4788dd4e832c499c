/* Watching the folders of plugins: looks until something has changed and stays
 * as it is, because an editor writes a file in several steps. */
#include "cli/test_internal.h"

#include <uv.h>

#include "cli/cli_internal.h"
#include "cli/sources_internal.h"

enum { WATCH_LOOK_MS = 100 };

struct watch {
    uv_loop_t loop;
    struct sources *sources;
    uv_timer_t looks;
    uv_poll_t interrupts;
    bool changed, interrupted;
};

static void watch_on_look(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    w->changed = sources_look(w->sources) == SOURCES_CHANGED;
    if (w->changed)
        uv_stop(&w->loop);
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

static void watch_close(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

bool test_watch_wait(const struct test *t)
{
    struct watch w = { .sources = t->watched };
    uv_loop_init(&w.loop);
    uv_timer_init(&w.loop, &w.looks);
    uv_poll_init(&w.loop, &w.interrupts, interrupt_open());
    w.looks.data = w.interrupts.data = &w;
    uv_poll_start(&w.interrupts, UV_READABLE, watch_on_interrupt);
    uv_timer_start(&w.looks, watch_on_look, WATCH_LOOK_MS, WATCH_LOOK_MS);
    while (!w.changed && !w.interrupted)
        uv_run(&w.loop, UV_RUN_DEFAULT);
    uv_walk(&w.loop, watch_close, NULL);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    uv_loop_close(&w.loop);
    interrupt_close();
    if (w.changed)
        sources_take(t->watched, NULL);
    return w.changed;
}
