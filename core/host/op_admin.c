/* op reload and op settle. */
#include "host/request_internal.h"

static const char *const admin_keys[] = { NULL };

static int reload_start(struct conversation *c, struct error *e)
{
    return org_reload(c->org, e);
}

static void reload_waiting(void *context, const char *text)
{
    jsonw_text(context, text);
}

/* What a reload has stopped. Counting it is no reason to call the reload a failure. */
static int reload_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    (void)e;
    jsonw_key(done, "waiting");
    jsonw_open_array(done);
    org_waiting(c->org, reload_waiting, done);
    jsonw_close(done);
    return 0;
}

static int settle_step(struct conversation *c, bool *done, struct error *e)
{
    bool more = false;
    if (c->cancelled)
        return error_set(e, ERROR_CANCELLED, "settling was stopped");
    int rc = org_settle_some(c->org, &more, e);
    if (!rc)
        *done = !more;
    return rc;
}

const struct request_op op_reload = {
    .name = "reload", .keys = admin_keys, .start = reload_start, .finish = reload_finish
};
const struct request_op op_settle = { .name = "settle", .keys = admin_keys, .step = settle_step };
