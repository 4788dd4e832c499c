/* The timers of a host: what is due, settling when idle, sleep, a first look.
 *
 * `due` is set for the earliest instant of all organisations, but for a minute
 * at most: the system's clock may jump. Each firing does one turn per
 * organisation, for LIMIT_TICK_MS in all, and wakes few, so that the loop stays
 * free between; the next goes on behind the last one. A timer is
 * never set to 0 ms inside a timer's callback: libuv would run it again before
 * it looks at anything else. */
#include "baton/base/clock.h"
#include "baton/base/limits.h"
#include "host/host_internal.h"

enum {
    HOST_LOOK_AGAIN_MS = 60 * 1000,
    HOST_WAKE_AT_ONCE = 4,     /* organisations opened in one firing */
    HOST_IDLE_MS = 50,         /* without use, before it is settled */
    HOST_UNASKED_MS = 1000,    /* awake for its timers only: sleeps soon */
    HOST_RETRY_MS = 30 * 1000, /* after a failure, doubled each time */
    HOST_RETRY_DOUBLINGS = 7,
    HOST_STUCK_MS = 1000,
    HOST_BUSY_MS = 50,
};

/* Instants come from rows, which may hold anything. */
static int64_t host_minus(int64_t a, int64_t b)
{
    int64_t r;
    if (__builtin_sub_overflow(a, b, &r))
        return b > 0 ? INT64_MIN : INT64_MAX;
    return r;
}

static int64_t host_system_ms(void)
{
    return clock_now_ms(NULL);
}

/* ---- what is due ---- */

static void host_on_due(uv_timer_t *timer);

static void host_set_due(struct host *h, int64_t at_ms)
{
    int64_t wait = host_minus(at_ms, host_system_ms());
    if (wait < 1)
        wait = 1;
    if (wait > HOST_LOOK_AGAIN_MS)
        wait = HOST_LOOK_AGAIN_MS;
    h->due_at_ms = at_ms;
    uv_timer_start(&h->due, host_on_due, (uint64_t)wait, 0);
}

void host__schedule(struct host *h)
{
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i]->due_ms < at)
            at = h->entries[i]->due_ms;
    h->due_at_ms = INT64_MAX;
    if (at == INT64_MAX)
        uv_timer_stop(&h->due);
    else
        host_set_due(h, at);
}

static void host_due_at(struct host *h, struct host_entry *entry, int64_t at_ms)
{
    entry->due_ms = at_ms;
    if (at_ms < h->due_at_ms)
        host_set_due(h, at_ms);
}

void host__read_due(struct host *h, struct host_entry *entry)
{
    int64_t at = org_tick_at(entry->org);
    entry->offset_ms = org__offset(entry->org);
    host_due_at(h, entry, at == INT64_MAX ? at : host_minus(at, entry->offset_ms));
}

void host__failed(struct host *h, struct host_entry *entry)
{
    unsigned doublings =
        entry->failures < HOST_RETRY_DOUBLINGS ? entry->failures : HOST_RETRY_DOUBLINGS;
    entry->failures++;
    host_due_at(h, entry, host_system_ms() + ((int64_t)HOST_RETRY_MS << doublings));
}

static void host_tick(struct host *h, struct host_entry *entry)
{
    struct error e = { 0 };
    bool more = false;
    int rc = host__wake(h, entry, &e);
    if (rc) {
        host__say(h, entry, LOG_ERROR, "can't be opened for what is due: %s", e.message);
        host__failed(h, entry);
        return;
    }
    rc = org__tick_some(entry->org, &more, &e);
    if (rc == -ERROR_BUSY) {
        host_due_at(h, entry, host_system_ms() + HOST_BUSY_MS);
        return;
    }
    if (rc) {
        host__say(h, entry, LOG_ERROR, "what is due could not be done: %s", e.message);
        host__failed(h, entry);
        return;
    }
    entry->failures = 0;
    host__touch(h, entry);
    host__read_due(h, entry);
    if (!more && entry->due_ms <= host_system_ms())
        entry->due_ms = host_system_ms() + HOST_STUCK_MS;
}

static void host_on_due(uv_timer_t *timer)
{
    struct host *h = timer->data;
    int64_t now = host_system_ms();
    uint64_t until_ns = clock_monotonic_ns() + (uint64_t)LIMIT_TICK_MS * 1000000;
    size_t from = h->due_from;
    int woken = 0;
    h->due_from = 0;
    for (size_t n = 0; n < h->count; n++) {
        size_t i = (from + n) % h->count;
        struct host_entry *entry = h->entries[i];
        if (entry->due_ms > now || (!entry->org && woken == HOST_WAKE_AT_ONCE))
            continue;
        woken += entry->org == NULL;
        host_tick(h, entry);
        if (clock_monotonic_ns() >= until_ns) {
            h->due_from = i + 1;
            break;
        }
    }
    host__schedule(h);
}

/* ---- idle: settling, then sleep ---- */

static void host_on_idle(uv_timer_t *timer);

static void host_idle_within(struct host *h, uint64_t wait_ms)
{
    if (!uv_is_active((uv_handle_t *)&h->idle) || uv_timer_get_due_in(&h->idle) > wait_ms)
        uv_timer_start(&h->idle, host_on_idle, wait_ms, 0);
}

void host__touch(struct host *h, struct host_entry *entry)
{
    entry->used_ms = uv_now(h->loop);
    host_idle_within(h, HOST_IDLE_MS);
}

/* How long to wait before it can be settled; 0: at once; UINT64_MAX: nothing to settle. */
static uint64_t host_settle_wait(const struct host *h, const struct host_entry *entry)
{
    if (!entry->org->store || !store_dirty(entry->org->store) || store_in_turn(entry->org->store))
        return UINT64_MAX;
    uint64_t now = uv_now(h->loop), at = entry->used_ms + HOST_IDLE_MS;
    if (at < entry->settle_at_ms)
        at = entry->settle_at_ms;
    return at > now ? at - now : 0;
}

static uint64_t host_sleep_wait(const struct host *h, const struct host_entry *entry)
{
    if (entry->holds || (entry->org->store && store_in_turn(entry->org->store)))
        return UINT64_MAX;
    uint64_t now = uv_now(h->loop);
    uint64_t after = entry->asked ? (uint64_t)home_sleep_after_ms(h->home) : HOST_UNASKED_MS;
    if (entry->used_ms + after > now)
        return entry->used_ms + after - now;
    /* What is due within moments keeps it awake. */
    return entry->due_ms <= host_system_ms() + HOST_UNASKED_MS ? HOST_UNASKED_MS : 0;
}

static void host_settle(struct host *h, struct host_entry *entry)
{
    struct error e = { 0 };
    bool more;
    if (org_settle_some(entry->org, &more, &e) == 0)
        return;
    host__say(h, entry, LOG_ERROR, "settling failed: %s", e.message);
    entry->settle_at_ms = uv_now(h->loop) + HOST_RETRY_MS;
}

/* One slice of one organisation, or one put to sleep, then the loop has its turn. */
static void host_on_idle(uv_timer_t *timer)
{
    struct host *h = timer->data;
    uint64_t next = UINT64_MAX;
    for (struct host_entry *entry = h->awake; entry; entry = entry->next_awake) {
        uint64_t settle = host_settle_wait(h, entry);
        uint64_t sleep = settle == UINT64_MAX ? host_sleep_wait(h, entry) : UINT64_MAX;
        if (settle == 0 || sleep == 0) {
            if (settle == 0)
                host_settle(h, entry);
            else
                host__sleep(h, entry);
            next = 1;
            break;
        }
        uint64_t wait = settle < sleep ? settle : sleep;
        next = wait < next ? wait : next;
    }
    if (next != UINT64_MAX)
        host_idle_within(h, next);
}

/* ---- a first look into each ---- */

static void host_on_watch(uv_timer_t *timer)
{
    struct host *h = timer->data;
    size_t i = 0;
    while (i < h->count && h->entries[i]->looked)
        i++;
    if (i == h->count) {
        uv_timer_stop(&h->watch);
        return;
    }
    struct host_entry *entry = h->entries[i];
    struct error e = { 0 };
    bool was_awake = entry->org != NULL;
    entry->looked = true;
    if (host__wake(h, entry, &e)) {
        char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
        error_format(&e, text, sizeof text);
        host__say(h, entry, LOG_ERROR, "can't be opened: %s", text);
        host__failed(h, entry);
    } else if (!was_awake && entry->due_ms > host_system_ms() + HOST_UNASKED_MS) {
        host__sleep(h, entry);
    }
    uv_timer_start(&h->watch, host_on_watch, 1, 0);
}

void host__watch(struct host *h)
{
    uv_timer_start(&h->watch, host_on_watch, 1, 0);
}

/* ---- handles ---- */

void host__timers_open(struct host *h)
{
    uv_timer_t *timers[] = { &h->due, &h->idle, &h->watch };
    for (size_t i = 0; i < 3; i++) {
        uv_timer_init(h->loop, timers[i]);
        timers[i]->data = h;
    }
    h->handles = 3;
    h->due_at_ms = INT64_MAX;
}

void host__timers_close(struct host *h, uv_close_cb closed)
{
    uv_close((uv_handle_t *)&h->due, closed);
    uv_close((uv_handle_t *)&h->idle, closed);
    uv_close((uv_handle_t *)&h->watch, closed);
}
