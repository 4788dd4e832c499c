/* Time budgets without a cost for calls that keep them.
 *
 * A count hook is dear at any period, so no hook is set while all is well. One
 * POSIX timer per thread ticks every 5 ms while calls are made; its handler
 * counts a tick for the script at work and, beyond its deadline, sets a hook
 * that fires at the next Lua instruction. The hook raises the kill, and stays
 * until the call that was over its budget returns: pcall, xpcall, coroutines
 * and close handlers raise it again (budget__rethrow). A call only writes
 * volatile words; the timer stops itself after ticks without a call.
 *
 * A hook does not fire inside a C function. Those that may take long look at
 * the budget themselves (budget__look), all others are bounded by what they are
 * given (docs/security.md has the table). For what is neither, a mistake of ours
 * or of a library, the handler ends the process, once the thread has computed for
 * a while after a deadline: nothing of the turn is committed yet, and whoever
 * supervises the process starts another one.
 *
 * The same hook lets a script that computes for long give way: it yields where
 * its coroutine began. And it lets the host look whether whoever asked is still
 * there (script_options.poll), which a signal handler could not. */
#include "script/plugin_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/base/memory.h"
#include "baton/store/store.h"

enum { BUDGET_IDLE_TICKS = 40 };
#define BUDGET_WHERE " (call_ms in [limits] of org.ini)"

struct budget_timer {
    struct script *volatile active; /* whose outermost call runs */
    volatile bool armed;
    volatile int idle_ticks;
    timer_t timer;
    pid_t thread;
    bool made;
    int scripts; /* that are open */
};

/* The one mutable global of this room: a signal handler has no other way to find what it works on.
 * One thread runs all scripts of a process; the timer is of that thread. */
static struct budget_timer *volatile budget_timer;

static int budget_signal(void)
{
    return SIGRTMIN + 4;
}

static void budget_hook(lua_State *L, lua_Debug *ar);

static void budget_set(timer_t timer, long period_ms)
{
    struct itimerspec at = { 0 };
    at.it_interval.tv_nsec = period_ms * 1000000L;
    at.it_value = at.it_interval;
    timer_settime(timer, 0, &at, NULL);
}

/* ---- the backstop; all of it async-signal-safe ---- */

struct budget_line {
    char text[320];
    size_t n;
};

static void line_add(struct budget_line *l, const char *text)
{
    for (; *text && l->n < sizeof l->text; text++)
        l->text[l->n++] = *text;
}

static void line_add_number(struct budget_line *l, int64_t n)
{
    char digits[24], *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    line_add(l, at);
}

static void budget_give_up(const struct script *s, int64_t over_ms)
{
    const struct plugin *p = s->call ? s->call->frame->plugin : NULL;
    const char *plugin = p ? p->name : NULL;
    if (s->options.stuck)
        s->options.stuck(s->options.context, plugin);
    struct budget_line l = { .n = 0 };
    line_add(&l, "baton: ");
    line_add(&l, plugin ? "plugin " : "a session");
    line_add(&l, plugin ? plugin : "");
    line_add(&l, " of organisation ");
    line_add(&l, s->org);
    line_add(&l, " did not come back from a C function ");
    line_add_number(&l, over_ms);
    line_add(&l, " ms after the end of its budget; the process ends\n");
    ssize_t written = write(STDERR_FILENO, l.text, l.n);
    (void)written; /* there is nobody left to tell */
    _exit(BUDGET_EXIT);
}

/* Time that the thread computed counts, not time that a disk or a busy machine took. */
static void budget_watch(struct script *s)
{
    if (s->tick < s->deadline) {
        s->over_since_ms = -1;
        return;
    }
    int64_t now = (int64_t)(clock_thread_cpu_ns() / 1000000); /* one system call */
    if (s->over_since_ms < 0 || s->over_deadline != s->deadline) {
        s->over_since_ms = now;
        s->over_deadline = s->deadline;
    } else if (now - s->over_since_ms > LIMIT_STUCK_MS) {
        budget_give_up(s, now - s->over_since_ms);
    }
}

/* Once is enough: lua_sethook visits every call that is open, and 300,000 of them take longer than
 * a tick, so that the thread would do nothing else. */
static void budget_set_hook(lua_State *L)
{
    if (lua_gethook(L) != budget_hook)
        lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1);
}

/* Async-signal-safe: words of the script, lua_sethook (which Lua allows here), timer_settime. */
static void budget_on_tick(int signal_number)
{
    (void)signal_number;
    struct budget_timer *b = budget_timer;
    int saved = errno;
    if (!b)
        return;
    struct script *s = b->active;
    if (s) {
        b->idle_ticks = 0;
        s->tick++;
        budget_watch(s);
        if (s->tick >= s->deadline || s->tick >= s->slice_end || s->tick >= s->poll_at ||
            s->cancel_wanted)
            budget_set_hook(s->running);
    } else if (++b->idle_ticks > BUDGET_IDLE_TICKS) {
        b->armed = false;
        budget_set(b->timer, 0);
    }
    errno = saved;
}

void budget__open(struct script *s)
{
    s->running = s->L;
    s->deadline = s->slice_end = UINT64_MAX;
    s->poll_at = s->options.poll ? 0 : UINT64_MAX;
    s->over_since_ms = -1;
    if (!budget_timer)
        budget_timer = mem_new(struct budget_timer);
    struct budget_timer *b = budget_timer;
    b->scripts++;
    if (b->made && b->thread != gettid())
        b->made = b->armed = false; /* we are the child of a fork: timers stay with the parent */
}

static void budget_drop_timer(struct budget_timer *b)
{
    if (b->made)
        timer_delete(b->timer);
    b->made = b->armed = false;
}

void budget__close(struct script *s)
{
    struct budget_timer *b = budget_timer;
    if (b->active == s)
        b->active = NULL;
    if (--b->scripts > 0)
        return;
    budget_timer = NULL; /* a tick still on its way finds nothing */
    budget_drop_timer(b);
    mem_free(b);
}

/* The slow path: a timer for this thread (another one after a fork), set to tick. */
static void budget_arm(struct budget_timer *b)
{
    pid_t thread = gettid();
    if (!b->made) {
        struct sigaction action = { .sa_handler = budget_on_tick, .sa_flags = SA_RESTART };
        sigset_t unblocked;
        sigaction(budget_signal(), &action, NULL);
        sigemptyset(&unblocked);
        sigaddset(&unblocked, budget_signal());
        pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);
        struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = budget_signal() };
        event._sigev_un._tid = thread;
        if (timer_create(CLOCK_MONOTONIC, &event, &b->timer) < 0)
            return; /* no budget without a timer; the front process still watches (DESIGN 6) */
        b->made = true;
        b->thread = thread;
    }
    b->idle_ticks = 0;
    b->armed = true;
    budget_set(b->timer, BUDGET_TICK_MS);
}

struct script *budget__enter(struct script *s)
{
    struct budget_timer *b = budget_timer;
    struct script *before = b->active;
    b->active = s; /* first: from here on the handler does not disarm */
    if (!b->armed)
        budget_arm(b);
    return before;
}

void budget__leave(struct script *before)
{
    budget_timer->active = before;
}

void script_cancel(struct script *s)
{
    if (!s->call)
        return;
    s->cancel_wanted = 1;
    lua_sethook(s->running, budget_hook, LUA_MASKCOUNT, 1);
}

/* ---- the kill ---- */

static const char budget_token; /* its address is the error value of a kill: nothing to allocate */

static void budget_decide(struct script *s)
{
    struct script_call *over = NULL, *outermost = NULL;
    for (struct script_call *c = s->call; c; c = c->up) {
        outermost = c;
        if (s->tick >= c->until)
            over = c;
    }
    if (s->cancel_wanted && outermost) {
        s->kill = KILL_CANCEL;
        s->kill_call = outermost;
    } else if (over) {
        s->kill = KILL_TIME;
        s->kill_call = over;
    }
}

static void budget_raise(lua_State *L) __attribute__((noreturn));
static void budget_raise(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&budget_token);
    lua_error(L);
    __builtin_unreachable();
}

int budget__kill(lua_State *L, enum script_kill kill, struct script_call *c)
{
    struct script *s = script__of(L);
    s->kill = kill;
    s->kill_call = c;
    s->kill_where[0] = '\0';
    if (kill == KILL_MEMORY)
        memcpy(s->kill_where, s->starved_where, sizeof s->kill_where);
    else
        error__place(L, 0, s->kill_where, sizeof s->kill_where);
    lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1); /* for the close handlers on the way out */
    budget_raise(L);
}

/* True where the innermost call is a coroutine of ours that may yield right here. */
static bool budget_may_give_way(struct script *s, lua_State *L)
{
    return s->call && s->call->resumable && s->call->base == L && lua_isyieldable(L) &&
           !store_in_command(domain_store(s->domain));
}

static void budget_poll(struct script *s)
{
    if (s->tick < s->poll_at)
        return;
    s->poll_at = s->tick + BUDGET_POLL_TICKS;
    s->options.poll(s->options.context);
}

/* Is it time to end a call? Then where its code is: a coroutine may hold a C function only. */
static bool budget_judge(struct script *s, lua_State *L)
{
    if (s->kill != KILL_NONE)
        return true;
    budget_poll(s);
    budget_decide(s);
    s->kill_where[0] = '\0';
    if (s->kill != KILL_NONE && !error__place(L, 0, s->kill_where, sizeof s->kill_where))
        error__place(s->call->base, 0, s->kill_where, sizeof s->kill_where);
    return s->kill != KILL_NONE;
}

static void budget_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct script *s = script__of(L);
    if (budget_judge(s, L))
        budget_raise(L);
    lua_sethook(L, NULL, 0, 0); /* a slice, or a hook that a coroutine inherited */
    if (s->tick >= s->slice_end && budget_may_give_way(s, L))
        lua_yield(L, 0);
}

void budget__look(lua_State *L)
{
    struct script *s = script__of(L);
    if (s->tick < s->deadline && s->tick < s->poll_at && !s->cancel_wanted && s->kill == KILL_NONE)
        return;
    if (!s->call || !budget_judge(s, L))
        return;
    lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1);
    budget_raise(L);
}

void budget__rethrow(lua_State *L)
{
    if (script__of(L)->kill == KILL_NONE)
        return;
    lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1); /* for the close handlers on the way out */
    budget_raise(L);
}

bool budget__killed(const struct script *s, const struct script_call *c, struct error *e)
{
    if (s->kill == KILL_NONE || s->kill_call != c)
        return false;
    if (s->kill == KILL_CANCEL)
        error_set(e, ERROR_CANCELLED, "stopped on request");
    else if (s->kill == KILL_QUOTA)
        quota__explain(s, e);
    else if (s->kill == KILL_MEMORY)
        quota__explain_memory(s, e);
    else
        error_set(e, ERROR_LIMIT, "stopped: it ran longer than its %u ms%s", c->frame->budget_ms,
                  c->frame->plugin ? BUDGET_WHERE : "");
    if (s->kill_where[0])
        error_at(e, "%s", s->kill_where);
    return true;
}
