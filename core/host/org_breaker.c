/* What circuit breakers of plugins have to remember: written as commands of
 * their own, because those in which plugins failed are undone. */
#include <inttypes.h>
#include <stdlib.h>

#include "baton/base/memory.h"
#include "host/org_internal.h"

int breaker__write(struct org *o, struct error *e)
{
    struct error ending;
    if (!script_has_news(o->world.script))
        return 0;
    store_command_begin(o->store);
    int rc = script_write_news(o->world.script, e);
    int ended = store_command_end(o->store, rc == 0, rc == 0 ? e : &ending);
    return rc ? rc : ended;
}

static int breaker_nothing(void *context, struct org *o, struct error *e)
{
    (void)context;
    (void)o;
    (void)e;
    return 0; /* the turn writes what there is behind each of its commands */
}

void breaker__write_alone(struct org *o)
{
    struct error e = { 0 };
    if (!o->world.script || !script_has_news(o->world.script) || store_in_turn(o->store))
        return;
    if (org_turn(o, breaker_nothing, NULL, &e))
        org__say(o, LOG_ERROR, "what happened to plugins could not be written down: %s", e.message);
}

struct blame {
    const char *plugin, *why;
};

static int blame_run(void *context, struct org *o, struct error *e)
{
    const struct blame *b = context;
    return script_blame(o->world.script, b->plugin, b->why, e);
}

int org_blame(struct org *o, const char *plugin, const char *why, struct error *e)
{
    struct blame b = { plugin, why };
    return org_turn(o, blame_run, &b, e);
}

/* By the organisation's own clock, which may have been moved. */
static int blame_at(struct store *store, int64_t *at_ms, struct error *e)
{
    struct buf offset = BUF_INIT;
    int rc = store_meta_get(store, ORG_CLOCK_KEY, &offset, e);
    if (!rc)
        *at_ms = clock_now_ms(NULL) + strtoll(buf_text(&offset), NULL, 10);
    buf_free(&offset);
    return rc;
}

static int blame_write(struct store *store, const struct blame *b, struct error *e)
{
    struct error ending;
    int64_t at_ms;
    int rc = blame_at(store, &at_ms, e);
    if (rc || (rc = store_turn_begin(store, e)))
        return rc;
    store_command_begin(store);
    rc = script_blame_loading(store, at_ms, b->plugin, b->why, e);
    int ended = store_command_end(store, rc == 0, rc == 0 ? e : &ending);
    rc = rc ? rc : ended;
    if (rc)
        store_turn_abort(store);
    else
        rc = store_turn_commit(store, e);
    return rc;
}

int org_blame_loading(const struct home *h, const char *org, const char *plugin, const char *why,
                      struct error *e)
{
    struct blame b = { plugin, why };
    struct store *store;
    int rc = home_check_org(h, org, e);
    if (rc)
        return rc;
    char *dir = home__org_dir(h, org), *path = home__path(dir, "org.db");
    struct store_options options = { .path = path };
    rc = store_open(&store, &options, e);
    if (!rc) {
        rc = blame_write(store, &b, e);
        store_close(store);
    }
    mem_free(path);
    mem_free(dir);
    return rc;
}
