/* The organisations of a home in one loop.
 *
 * Each has an entry, kept sorted by name; one asleep costs its entry alone.
 * Waking opens it, sleeping closes it; the timers that do both are in
 * host_timers.c. An organisation that is held stays awake: whoever has a
 * session or a running script in it holds it. */
#include "host/host_internal.h"

#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- entries ---- */

/* The index of the name, or where it belongs. */
static size_t host_place(const struct host *h, const char *name, bool *found)
{
    size_t low = 0, high = h->count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, h->entries[middle]->name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct host_entry *host_add(struct host *h, const char *name)
{
    bool found;
    size_t at = host_place(h, name, &found);
    if (found)
        return h->entries[at];
    if (h->count == h->room) {
        h->room = h->room ? 2 * h->room : 16;
        h->entries = mem_resize(h->entries, h->room * sizeof *h->entries);
    }
    memmove(h->entries + at + 1, h->entries + at, (h->count - at) * sizeof *h->entries);
    struct host_entry *entry = mem_new(struct host_entry);
    entry->name = mem_dup(name);
    entry->due_ms = INT64_MAX;
    h->entries[at] = entry;
    h->count++;
    return entry;
}

static void host_free_entry(struct host *h, struct host_entry *entry)
{
    host__sleep(h, entry);
    mem_free(entry->name);
    mem_free(entry->zone);
    mem_free(entry);
}

static struct host_entry *host_of(const struct host *h, const struct org *o)
{
    for (struct host_entry *entry = h->awake; entry; entry = entry->next_awake)
        if (entry->org == o)
            return entry;
    return NULL;
}

/* Sees new organisations, drops those that are gone. */
static int host_scan(struct host *h, struct error *e)
{
    char **names;
    int rc = home_orgs(h->home, &names, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < h->count; i++)
        h->entries[i]->gone = true;
    for (char **name = names; *name; name++)
        if (!h->is_ours || h->is_ours(h->ours_context, *name))
            host_add(h, *name)->gone = false;
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->entries[i]->gone)
            host_free_entry(h, h->entries[i]);
        else
            h->entries[kept++] = h->entries[i];
    }
    h->count = kept;
    mem_free(names);
    return 0;
}

/* ---- waking and sleeping ---- */

void host__say(struct host *h, const struct host_entry *entry, enum log_level level,
               const char *format, ...)
{
    char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 128];
    if (!h->notice)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->notice(h->context, entry->name, level, text);
}

/* Of an awake one: it is shown when it sleeps, too. */
static void host_note_zone(struct host_entry *entry)
{
    mem_free(entry->zone);
    entry->zone = mem_dup(entry->org->world.config.zone);
}

int host__wake(struct host *h, struct host_entry *entry, struct error *e)
{
    if (entry->org)
        return 0;
    if (entry->barred)
        return error_set(e, ERROR_BUSY, "%s is being replaced or removed", entry->name);
    int rc = org__open(&entry->org, h->home, entry->name, h->page, h->notice, h->context, e);
    if (rc)
        return rc;
    org_set_poll(entry->org, h->poll, h->poll_context);
    host_note_zone(entry);
    entry->asked = false;
    entry->next_awake = h->awake;
    if (h->awake)
        h->awake->link = &entry->next_awake;
    entry->link = &h->awake;
    h->awake = entry;
    h->awake_count++;
    host__read_due(h, entry);
    host__touch(h, entry);
    return 0;
}

void host__sleep(struct host *h, struct host_entry *entry)
{
    if (!entry->org)
        return;
    *entry->link = entry->next_awake;
    if (entry->next_awake)
        entry->next_awake->link = entry->link;
    entry->next_awake = NULL;
    entry->link = NULL;
    h->awake_count--;
    struct org *o = entry->org;
    entry->org = NULL;
    entry->holds = 0;
    org_close(o);
}

int host_org(struct host *h, const char *name, struct org **out, struct error *e)
{
    bool found;
    size_t at = host_place(h, name, &found);
    struct host_entry *entry = found ? h->entries[at] : NULL;
    int rc;
    if (!entry) {
        if ((rc = home_check_org(h->home, name, e)))
            return rc;
        if (h->count >= LIMIT_ORGS)
            return error_set(e, ERROR_LIMIT, "more than %d organisations", LIMIT_ORGS);
        entry = host_add(h, name);
    }
    if ((rc = host__wake(h, entry, e)))
        return rc;
    entry->asked = true;
    entry->looked = true;
    entry->failures = 0;
    host__touch(h, entry);
    *out = entry->org;
    return 0;
}

void host_hold(struct host *h, struct org *o)
{
    struct host_entry *entry = host_of(h, o);
    if (entry)
        entry->holds++;
}

void host_release(struct host *h, struct org *o)
{
    struct host_entry *entry = host_of(h, o);
    if (!entry || !entry->holds)
        return;
    entry->holds--;
    host__touch(h, entry);
}

void host_changed(struct host *h, struct org *o)
{
    struct host_entry *entry = host_of(h, o);
    if (!entry)
        return;
    host__touch(h, entry);
    host__read_due(h, entry);
}

int host_bar(struct host *h, const char *name, struct error *e)
{
    bool found;
    size_t at = host_place(h, name, &found);
    if (!found)
        return 0;
    struct host_entry *entry = h->entries[at];
    if (entry->barred)
        return error_set(e, ERROR_BUSY, "%s is being replaced or removed already", name);
    host__sleep(h, entry);
    entry->barred = true;
    return 0;
}

void host_unbar(struct host *h, const char *name)
{
    bool found;
    size_t at = host_place(h, name, &found);
    if (found) {
        h->entries[at]->barred = false;
        h->entries[at]->looked = false;
        h->entries[at]->failures = 0;
        h->entries[at]->due_ms = INT64_MAX;
    }
    if (host_scan(h, NULL) == 0)
        host__watch(h);
}

/* ---- the whole ---- */

int host_open(struct host **out, uv_loop_t *loop, struct home *home, org_notice notice,
              void *context, struct error *e)
{
    struct host *h = mem_new(struct host);
    h->loop = loop;
    h->home = home;
    h->notice = notice;
    h->context = context;
    int rc = host_scan(h, e);
    if (rc) {
        mem_free(h->entries);
        mem_free(h);
        return rc;
    }
    host__timers_open(h);
    *out = h;
    return 0;
}

void host_set_poll(struct host *h, org_poll poll, void *context)
{
    h->poll = poll;
    h->poll_context = context;
}

void host_set_page(struct host *h, struct script_page *page)
{
    h->page = page;
}

void host_set_ours(struct host *h, bool (*is_ours)(void *context, const char *org), void *context)
{
    h->is_ours = is_ours;
    h->ours_context = context;
}

static void host_handle_closed(uv_handle_t *handle)
{
    struct host *h = handle->data;
    if (--h->handles)
        return;
    void (*closed)(void *) = h->closed;
    void *context = h->closed_context;
    mem_free(h);
    if (closed)
        closed(context);
}

void host_close(struct host *h, void (*closed)(void *context), void *context)
{
    h->closed = closed;
    h->closed_context = context;
    for (size_t i = 0; i < h->count; i++)
        host_free_entry(h, h->entries[i]);
    mem_free(h->entries);
    h->entries = NULL;
    h->count = 0;
    host__timers_close(h, host_handle_closed);
}

int host_watch_all(struct host *h, struct error *e)
{
    int rc = host_scan(h, e);
    if (!rc)
        host__watch(h);
    return rc;
}

int host_reload(struct host *h, struct error *e)
{
    struct error first = { 0 };
    int rc = host_scan(h, e);
    if (rc)
        return rc;
    for (struct host_entry *entry = h->awake; entry; entry = entry->next_awake) {
        struct error why = { 0 };
        int one = org_reload(entry->org, &why);
        host_note_zone(entry);
        if (one) {
            char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
            error_format(&why, text, sizeof text);
            host__say(h, entry, LOG_ERROR, "not reloaded: %s", text);
            error_prefix(&why, "%s", entry->name);
            if (!rc) {
                rc = one;
                first = why;
            }
        }
        host__read_due(h, entry);
    }
    /* Those that could not be opened may have been mended. */
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i]->failures)
            h->entries[i]->looked = false;
    host__watch(h);
    if (rc && e)
        *e = first;
    return rc;
}

struct host_waits {
    const char *org;
    void (*each)(void *context, const char *org, const char *text);
    void *context;
};

static void host_wait(void *context, const char *text)
{
    const struct host_waits *w = context;
    w->each(w->context, w->org, text);
}

void host_waiting(struct host *h, void (*each)(void *context, const char *org, const char *text),
                  void *context)
{
    for (struct host_entry *entry = h->awake; entry; entry = entry->next_awake) {
        struct host_waits w = { entry->name, each, context };
        org_waiting(entry->org, host_wait, &w);
    }
}

void host_state(const struct host *h, struct host_state *out)
{
    *out = (struct host_state){ .orgs = h->count, .awake = h->awake_count };
}

void host_list(const struct host *h, host_each each, void *context)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct host_entry *entry = h->entries[i];
        size_t bytes = sizeof *entry + strlen(entry->name) + 1;
        if (entry->org)
            bytes += org_memory(entry->org);
        int64_t due;
        if (__builtin_add_overflow(entry->due_ms, entry->offset_ms, &due))
            due = entry->due_ms;
        struct host_listed listed = { .name = entry->name,
                                      .zone = entry->zone ? entry->zone : "",
                                      .awake = entry->org != NULL,
                                      .next_due_ms = entry->due_ms == INT64_MAX ? INT64_MAX : due,
                                      .memory_bytes = bytes };
        each(context, &listed);
    }
}
