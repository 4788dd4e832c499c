/* op replay: the history, done again with changed plugins, a slice in each step. */
#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/when.h"
#include "baton/host/replay.h"
#include "host/request_internal.h"

enum { REPLAY_SHOWN = 200, REPLAY_SHOWN_MAX = 100000 };

struct replay_op {
    struct replay *replay;
    int64_t limit;
};

static int replay_limit(struct conversation *c, struct replay_op *op, struct error *e)
{
    const json_t *v = json_object_get(c->request, "limit");
    op->limit = REPLAY_SHOWN;
    if (!v)
        return 0;
    op->limit = json_integer_value(v);
    if (json_is_integer(v) && op->limit >= 0 && op->limit <= REPLAY_SHOWN_MAX)
        return 0;
    return request__refuse(e, "limit", "\"limit\" must be a whole number from 0 to %d",
                           REPLAY_SHOWN_MAX);
}

static int replay_since(struct conversation *c, int64_t *since_ms, struct error *e)
{
    const char *text = NULL;
    int rc = request__text(c, "since", true, &text, NULL, e);
    if (!rc)
        rc = when_parse(text, domain_calendar(c->org->world.domain), org_now(c->org), since_ms, e);
    if (rc)
        error_at(e, "/since");
    return rc;
}

static int replay_start(struct conversation *c, struct error *e)
{
    struct replay_op *op = arena_alloc(c->arena, sizeof *op);
    struct replay_options options = { .plugins = NULL };
    c->state = op;
    int rc = replay_limit(c, op, e);
    if (!rc)
        rc = replay_since(c, &options.since_ms, e);
    if (!rc)
        rc = request__list(c, "plugins", false, &options.plugins, e);
    if (!rc && !options.plugins[0])
        rc = request__refuse(e, "plugins", "\"plugins\" must name a plugin, or its folder");
    return rc ? rc : replay_open(&op->replay, c->org, &options, e);
}

static int replay_steps(struct conversation *c, bool *done, struct error *e)
{
    struct replay_op *op = c->state;
    int64_t read, all;
    if (c->cancelled)
        return error_set(e, ERROR_CANCELLED, "the replay was stopped");
    int rc = replay_step(op->replay, done, e);
    replay_progress(op->replay, &read, &all);
    conversation__progress(c, read, all, "events");
    return rc;
}

static int replay_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    struct replay_op *op = c->state;
    jsonw_key(done, "result");
    return replay_report(op->replay, (size_t)op->limit, done, e);
}

static void replay_end(struct conversation *c)
{
    struct replay_op *op = c->state;
    if (op)
        replay_close(op->replay);
}

static const char *const replay_keys[] = { "plugins", "since", "limit", NULL };

const struct request_op op_replay = { .name = "replay",
                                      .keys = replay_keys,
                                      .start = replay_start,
                                      .step = replay_steps,
                                      .finish = replay_finish,
                                      .end = replay_end };
