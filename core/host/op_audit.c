/* op audit: walks the whole history and says whether it is whole. In one go:
 * nothing of the organisation can go on meanwhile. */
#include "baton/base/digest.h"
#include "baton/domain/audit.h"
#include "host/request_internal.h"

static void audit_progressed(void *context, int64_t done, int64_t total)
{
    struct conversation *c = context;
    conversation__progress(c, done, total, "events");
    org__poll(c->org); /* sends the progress */
}

static int audit_start(struct conversation *c, struct error *e)
{
    struct audit_result *result = arena_alloc(c->arena, sizeof *result);
    c->state = result;
    return domain_audit(c->org->world.domain, audit_progressed, c, result, e);
}

static void audit_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static int audit_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct audit_result *r = c->state;
    char differs[32], head[2 * DIGEST_BYTES + 1];
    (void)e;
    digest_hex(r->head, DIGEST_BYTES, head);
    jsonw_key(done, "result");
    jsonw_open_object(done);
    jsonw_key(done, "ok");
    jsonw_bool(done, !r->broken_seq && !r->differing && r->differs_entity == ENTITY_NONE);
    audit_number(done, "events", r->events);
    audit_number(done, "rows", r->rows);
    audit_number(done, "broken_seq", r->broken_seq);
    jsonw_key(done, "broken_why");
    jsonw_text(done, r->broken_why);
    audit_number(done, "differing", r->differing);
    jsonw_key(done, "differs");
    if (r->differs_entity == ENTITY_NONE) {
        jsonw_null(done);
    } else {
        row_id_format(r->differs_entity, r->differs_id, differs);
        jsonw_text(done, differs);
    }
    jsonw_key(done, "differs_why");
    jsonw_text(done, r->differs_why);
    jsonw_key(done, "head");
    jsonw_text(done, head);
    jsonw_close(done);
    return 0;
}

static const char *const audit_keys[] = { NULL };

const struct request_op op_audit = {
    .name = "audit", .keys = audit_keys, .start = audit_start, .finish = audit_finish
};
