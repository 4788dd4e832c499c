/* op run: a script, in a session of its own that ends with it. It is stepped in
 * slices, so that a loop can do other things meanwhile; each of its writes is a
 * turn of its own. */
#include "host/dry_internal.h"

static int run_start(struct conversation *c, struct error *e)
{
    const char *source = NULL, *name = NULL, *cwd = NULL;
    const char *const *args, *const *files;
    size_t n = 0;
    bool dry = false;
    int rc;
    if ((rc = request__bool(c, "dry_run", &dry, e)))
        return rc;
    if (dry)
        c->state = arena_alloc(c->arena, sizeof(struct dry));
    if ((rc = request__text(c, "source", true, &source, &n, e)) ||
        (rc = request__text(c, "name", true, &name, NULL, e)) ||
        (rc = request__path(c, "cwd", false, &cwd, e)) ||
        (rc = request__list(c, "args", false, &args, e)) ||
        (rc = request__list(c, "files", true, &files, e)))
        return rc;
    struct session_options options = { .actor = &c->actor,
                                       .output = conversation__output,
                                       .context = c,
                                       .cwd = cwd,
                                       .files = files,
                                       .args = args,
                                       .script_name = name,
                                       .whole_turn = dry };
    if ((rc = session_open(&c->script, c->org->world.script, &options, e)))
        return rc;
    return session_start(c->script, source, n, name, e);
}

static int run_step(struct conversation *c, bool *done, struct error *e)
{
    struct org *o = c->org;
    if (!c->script)
        return error_set(e, ERROR_CANCELLED,
                         "the script was stopped: the organisation was opened anew");
    org__enter(o);
    int rc = c->state ? dry__script(c, c->state, e) : session_step(c->script, done, e);
    struct error lost = { 0 };
    if (script_lost(conversation__world(c)->script))
        lost = *script_lost(conversation__world(c)->script); /* leaving closes that world */
    org__leave(o);
    if (c->state)
        *done = true;
    else if (o->store)
        org__committed(o); /* its writes are turns that we do not see */
    if (!rc && !c->script)
        rc = error_set(e, ERROR_IO,
                       "the script was stopped: the database failed and was opened again%s%s",
                       lost.code ? ": " : "", lost.message);
    return rc;
}

static int run_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    (void)e;
    jsonw_key(done, "now_ms");
    jsonw_int(done, org_now(c->org));
    if (c->state)
        dry__tell(c->state, done);
    return 0;
}

static void run_end(struct conversation *c)
{
    if (c->state)
        dry__free(c->state);
}

static const char *const run_keys[] = { "source", "name", "args", "cwd", "files", "dry_run", NULL };

const struct request_op op_run = { .name = "run",
                                   .keys = run_keys,
                                   .writes = true,
                                   .start = run_start,
                                   .step = run_step,
                                   .finish = run_finish,
                                   .end = run_end };
