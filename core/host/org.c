/* An organisation alive: opens store, domain and Lua, and keeps them together.
 *
 * Life: org_open → turns, ticks, sessions → org_close. When a commit fails the
 * state in memory may differ from the disk, so all of it is thrown away and
 * opened again (org__recover); if that fails too the organisation is broken:
 * `store` is NULL and every verb tries again (org__alive). While Lua of a
 * session is on the C stack nothing can be thrown away: it waits for
 * org__leave.
 *
 * org.pid names the process for the message of another one that comes too late;
 * what keeps that one out is the lock of the database itself. */
#include "baton/host/org.h"

#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "host/org_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ORG_CLOCK_BACK_MS = 60 * 1000 }; /* less is a clock that is being kept right */

static int64_t org_read_pid(const char *dir)
{
    char *path = home__path(dir, "org.pid");
    struct buf text = BUF_INIT;
    int64_t pid = 0;
    if (buf_read_file(&text, path, 64, NULL) == 0)
        pid = strtoll(buf_text(&text), NULL, 10);
    if (pid <= 0 || pid > INT32_MAX || (kill((pid_t)pid, 0) && errno != EPERM))
        pid = 0;
    buf_free(&text);
    mem_free(path);
    return pid;
}

/* Only for a message, so failing is no error. */
static void org_write_pid(const char *dir)
{
    char *path = home__path(dir, "org.pid");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        dprintf(fd, "%ld\n", (long)getpid());
        close(fd);
    }
    mem_free(path);
}

static void org_remove_pid(const char *dir)
{
    char *path = home__path(dir, "org.pid");
    unlink(path);
    mem_free(path);
}

static int org_busy(const struct org *o, struct error *e)
{
    int64_t pid = org_read_pid(o->dir);
    char who[48] = "";
    if (pid == getpid())
        strcpy(who, " (this one)");
    else if (pid)
        snprintf(who, sizeof who, " (pid %lld)", (long long)pid);
    return error_set(
        e, ERROR_BUSY,
        "organisation %s is open in another process%s: leave the REPL or script that has "
        "it open, or start `baton serve`, which many can use at once",
        o->name, who);
}

static int org_open_store(struct org *o, struct error *e)
{
    char *path = home__path(o->dir, "org.db");
    struct store_options options = { .path = path };
    int rc;
    if (access(path, F_OK) && errno == ENOENT)
        rc = error_set(e, ERROR_NOT_FOUND,
                       "organisation %s has lost its database %s: bring it back from a backup",
                       o->name, path);
    else
        rc = store_open(&o->store, &options, e);
    if (rc == -ERROR_BUSY)
        rc = org_busy(o, e);
    mem_free(path);
    return rc;
}

/* The clock's offset, if the organisation has one that moves. */
static int org_read_clock(struct org *o, struct error *e)
{
    struct buf text = BUF_INIT;
    o->clock = (struct clock){ 0 };
    int rc = o->world.config.clock_movable ? store_meta_get(o->store, ORG_CLOCK_KEY, &text, e) : 0;
    if (!rc && text.len)
        o->clock.offset_ms = strtoll(text.data, NULL, 10);
    buf_free(&text);
    return rc;
}

static int org_read_seen(void *context, const struct event *event)
{
    struct org *o = context;
    o->seen_ms = event->at_ms;
    return 0;
}

void org__check_clock(struct org *o)
{
    int64_t now = org_now(o);
    if (o->seen_ms > now && o->seen_ms - now > ORG_CLOCK_BACK_MS) {
        struct buf at = BUF_INIT, was = BUF_INIT;
        zone_format(calendar_zone(o->world.config.calendar), now, true, &at);
        zone_format(calendar_zone(o->world.config.calendar), o->seen_ms, true, &was);
        org__say(o, LOG_WARN,
                 "the clock was set back: it is %s, and was %s. What is due waits for its time; "
                 "what was written meanwhile keeps the time that it bears",
                 buf_text(&at), buf_text(&was));
        buf_free(&at);
        buf_free(&was);
    }
    o->seen_ms = now;
}

/* Opens store and world; the config is there. */
static int org_start(struct org *o, struct error *e)
{
    int rc = org_open_store(o, e);
    if (rc)
        return rc;
    /* Only for a notice, so failing is no error. */
    store_events(o->store, store_last_event(o->store) - 1, 1, org_read_seen, o, NULL);
    if (!(rc = org_read_clock(o, e)))
        rc = world__load(&o->world, o, e);
    if (rc) {
        store_close(o->store);
        o->store = NULL;
        return rc;
    }
    versions__keep(o);
    calendar__begin(o);
    breaker__write_alone(o);
    org_write_pid(o->dir);
    return 0;
}

int org__open(struct org **out, const struct home *h, const char *name, struct script_page *page,
              org_notice notice, void *context, struct error *e)
{
    int rc = home_check_org(h, name, e);
    if (rc)
        return rc;
    struct org *o = mem_new(struct org);
    o->home = h;
    o->name = mem_dup(name);
    o->dir = home__org_dir(h, name);
    o->page = page;
    o->notice = notice;
    o->context = context;
    o->names = arena_new(0);
    char *path = home__path(o->dir, "org.ini");
    rc = config__load(&o->world.config, path, o->name, e);
    mem_free(path);
    if (!rc)
        rc = org_start(o, e);
    if (rc) {
        org_close(o);
        return rc;
    }
    world__report(o, &o->world);
    org__check_clock(o);
    *out = o;
    return 0;
}

int org_open(struct org **out, const struct home *h, const char *name, org_notice notice,
             void *context, struct error *e)
{
    return org__open(out, h, name, NULL, notice, context, e);
}

void org_set_poll(struct org *o, org_poll poll, void *context)
{
    o->poll = poll;
    o->poll_context = context;
}

void org__poll(struct org *o)
{
    if (o->poll)
        o->poll(o->poll_context);
}

void org_close(struct org *o)
{
    if (!o)
        return;
    org__detach_all(o, "the organisation was closed", ORG_CLOSED);
    world__close(&o->world);
    if (o->store) {
        store_close(o->store);
        if (!o->scratch)
            org_remove_pid(o->dir);
    }
    output__close(o);
    home__free_list(o->plugin_dirs);
    arena_free(o->names);
    mem_free(o->interned);
    buf_free(&o->notices);
    mem_free(o->name);
    mem_free(o->dir);
    mem_free(o);
}

int org__alive(struct org *o, struct error *e)
{
    if (o->store && !store_failed(o->store))
        return 0;
    if (o->inside)
        return error_set(e, ERROR_IO,
                         "the database of %s failed: it is opened again when this is over",
                         o->name);
    if (o->scratch)
        return error_set(e, ERROR_IO, "the scratch database of %s failed: it is lost", o->name);
    org__detach_all(o, "the database failed and was opened again", ORG_LOST);
    world__unload(&o->world);
    store_close(o->store);
    o->store = NULL;
    o->reopen_wanted = false;
    int rc = org_start(o, e);
    if (rc)
        error_prefix(e, "the database of %s failed, and opening it again too", o->name);
    return rc;
}

void org__recover(struct org *o)
{
    buf_clear(&o->notices);
    if (o->scratch)
        return; /* every verb says so from now on */
    if (o->inside) {
        o->reopen_wanted = true;
        return;
    }
    org__detach_all(o, "the database failed and was opened again", ORG_LOST);
    world__unload(&o->world);
    store_close(o->store);
    o->store = NULL;
    o->reopen_wanted = false;
    struct error e = { 0 };
    if (org__alive(o, &e))
        org__say(o, LOG_ERROR, "%s", e.message);
}

void org__enter(struct org *o)
{
    o->inside++;
}

void org__leave(struct org *o)
{
    if (--o->inside == 0 && (o->reopen_wanted || (o->store && store_failed(o->store))))
        org__recover(o);
}

void org__leave_old(struct org *o, struct org_old *old)
{
    if (!old || --old->users > 0)
        return;
    struct org_old **link = &o->old;
    while (*link != old)
        link = &(*link)->next;
    *link = old->next;
    world__close(&old->world);
    mem_free(old);
}

/* Scripts that run keep the world that they began in. */
static void org_replace_world(struct org *o, const struct org_world *new)
{
    struct org_old *old = mem_new(struct org_old);
    *old = (struct org_old){ .world = o->world, .users = 1, .next = o->old };
    o->old = old;
    o->world = *new;
    org__detach_all(o, "the organisation was reloaded", ORG_RELOADED);
    org__leave_old(o, old);
}

/* Reads everything anew beside what runs, and swaps only if all of it is well. */
int org_reload(struct org *o, struct error *e)
{
    int rc = org__alive(o, e);
    if (rc)
        return rc;
    if (o->inside || store_in_turn(o->store))
        return error_set(e, ERROR_BUSY, "%s can't be reloaded by what runs in it", o->name);
    struct org_world new = { 0 };
    char *path = home__path(o->dir, "org.ini");
    rc = config__load(&new.config, path, o->name, e);
    mem_free(path);
    o->reloading = true;
    if (!rc && !(rc = world__load(&new, o, e)))
        rc = world__check_plugins(&o->world, &new, e);
    o->reloading = false;
    if (rc) {
        world__close(&new);
        return rc;
    }
    bool moves = new.config.clock_movable != o->world.config.clock_movable;
    org_replace_world(o, &new);
    versions__keep(o);
    breaker__write_alone(o);
    world__report(o, &o->world);
    o->calendar_followed = false;
    calendar__follow(o);
    return moves ? org_read_clock(o, e) : 0;
}

void org__watch(struct org *o, struct org_watch *w)
{
    org__unwatch(w);
    w->next = o->watches;
    if (w->next)
        w->next->link = &w->next;
    w->link = &o->watches;
    o->watches = w;
}

void org__unwatch(struct org_watch *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->next = NULL;
    w->link = NULL;
}

/* A watch may leave the list while it is told. */
void org__detach_all(struct org *o, const char *why, enum org_detach how)
{
    for (struct org_watch *w = o->watches, *next; w; w = next) {
        next = w->next;
        w->detached(w, why, how);
    }
}

void org__committed(struct org *o)
{
    for (struct org_watch *w = o->watches, *next; w; w = next) {
        next = w->next;
        if (w->committed)
            w->committed(w);
    }
}

/* One line, whatever it quotes: it goes to terminals. */
static void org_say(struct org *o, enum log_level level, const char *text)
{
    if (o->ticking) {
        buf_putc(&o->notices, (char)('0' + level));
        buf_puts(&o->notices, text);
        buf_putc(&o->notices, '\0');
    } else {
        struct buf line = BUF_INIT;
        text_printable(text, strlen(text), false, &line);
        o->notice(o->context, o->name, level, buf_text(&line));
        buf_free(&line);
    }
}

void org__say(struct org *o, enum log_level level, const char *format, ...)
{
    if (!o->notice)
        return;
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    char first[512];
    int n = vsnprintf(first, sizeof first, format, args);
    va_end(args);
    if (n >= (int)sizeof first) {
        buf_reserve(&text, (size_t)n + 1);
        va_start(args, format);
        vsnprintf(text.data, (size_t)n + 1, format, args);
        va_end(args);
        org_say(o, level, text.data);
    } else {
        org_say(o, level, first);
    }
    buf_free(&text);
}
