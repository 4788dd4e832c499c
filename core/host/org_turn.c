/* Turns of an organisation, and what is asked of it between them.
 *
 * A turn is one commit (DESIGN 2): each command in it succeeds or fails alone;
 * when the commit fails all of them have failed, and org__recover opens the
 * organisation anew. */
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "host/org_internal.h"

#include <assert.h>
#include <string.h>

/* Runs one command of the open turn. Negative: the turn is lost. */
static int turn_command(struct org *o, struct org_command *c, struct error *e)
{
    struct error ending = { 0 };
    error_clear(&c->error);
    domain_command_begin(o->world.domain);
    c->result = c->run(c->context, o, &c->error);
    int rc = domain_command_end(o->world.domain, c->result == 0, &ending);
    if (rc == -ERROR_CANCELLED && c->result == 0) {
        c->result = rc; /* it had failed in part, and code had caught that: dropped alone */
        c->error = ending;
        return 0;
    }
    if (rc && e)
        *e = ending;
    return rc;
}

int org_turn_many(struct org *o, struct org_command *commands, size_t count, struct error *e)
{
    int rc = org__alive(o, e);
    if (rc)
        return rc;
    if (count > LIMIT_TURN_COMMANDS)
        return error_set(e, ERROR_LIMIT, "%zu commands in one turn, at most %d can be", count,
                         LIMIT_TURN_COMMANDS);
    if (store_in_turn(o->store))
        return error_set(e, ERROR_BUSY, "a turn of %s is open already", o->name);
    if ((rc = store_turn_begin(o->store, e))) {
        if (store_failed(o->store))
            org__recover(o);
        return rc;
    }
    for (size_t i = 0; !rc && i < count; i++)
        if (!(rc = turn_command(o, &commands[i], e)))
            rc = breaker__write(o, e);
    if (rc)
        store_turn_abort(o->store);
    else
        rc = store_turn_commit(o->store, e);
    if (rc)
        org__recover(o);
    else
        org__committed(o);
    output__tell(o, false);
    return rc;
}

int org_turn(struct org *o, org_run run, void *context, struct error *e)
{
    struct org_command command = { .run = run, .context = context };
    int rc = org_turn_many(o, &command, 1, e);
    if (!rc && command.result) {
        rc = command.result;
        if (e)
            *e = command.error;
    }
    return rc;
}

int org_settle_some(struct org *o, bool *more, struct error *e)
{
    int rc = org__alive(o, e);
    if (rc)
        return rc;
    if (store_in_turn(o->store)) {
        *more = false;
        return 0;
    }
    rc = store_dirty(o->store) ? store_settle(o->store, LIMIT_SETTLE_SLICE, e) : 0;
    if (rc) {
        if (store_failed(o->store))
            org__recover(o);
        return rc;
    }
    *more = store_dirty(o->store) > 0;
    return 0;
}

const char *org_name(const struct org *o)
{
    return o->name;
}

const char *org_dir(const struct org *o)
{
    return o->dir;
}

struct domain *org_domain(struct org *o)
{
    return o->world.domain;
}

struct store *org_store(struct org *o)
{
    return o->store;
}

struct script *org_script(struct org *o)
{
    return o->world.script;
}

int64_t org_now(const struct org *o)
{
    return clock_now_ms(&o->clock);
}

size_t org_memory(const struct org *o)
{
    struct store_stats stats;
    size_t bytes = sizeof *o + arena_bytes(o->names);
    if (o->world.script)
        bytes += script_memory(o->world.script);
    if (o->store && store_stats(o->store, &stats, NULL) == 0 && stats.memory_bytes > 0)
        bytes += (size_t)stats.memory_bytes;
    return bytes;
}
