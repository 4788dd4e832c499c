/* op audit: walks the whole history and says whether it is whole. By slices:
 * turns go on between them. */
#include "baton/base/digest.h"
#include "baton/domain/audit.h"
#include "host/request_internal.h"

static int audit_start(struct conversation *c, struct error *e)
{
    int64_t seq = 0;
    int rc = request__int(c, "seq", &seq, e);
    if (rc == 0)
        c->state = audit_open(c->org->world.domain, seq);
    return rc;
}

static int audit_slice(struct conversation *c, bool *done, struct error *e)
{
    int64_t seen, total;
    if (c->cancelled)
        return error_set(e, ERROR_CANCELLED, "the audit was stopped");
    int rc = audit_step(c->state, done, e);
    audit_progress(c->state, &seen, &total);
    conversation__progress(c, seen, total, "events");
    return rc;
}

static void audit_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void audit_hash(struct jsonw *w, const char *key, const uint8_t hash[DIGEST_BYTES])
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(hash, DIGEST_BYTES, hex);
    jsonw_key(w, key);
    jsonw_text(w, hex);
}

static int audit_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct audit_result *r = audit_result(c->state);
    char differs[32];
    (void)e;
    jsonw_key(done, "result");
    jsonw_open_object(done);
    jsonw_key(done, "ok");
    jsonw_bool(done, !r->broken_seq && !r->differing && r->differs_entity == ENTITY_NONE);
    audit_number(done, "events", r->events);
    audit_number(done, "rows", r->rows);
    audit_number(done, "erased", r->erased);
    audit_number(done, "erasures", r->erasures);
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
    audit_hash(done, "head", r->head);
    audit_hash(done, "origin", r->origin);
    audit_hash(done, "wanted", r->wanted);
    audit_number(done, "now_ms", org_now(c->org));
    jsonw_close(done);
    return 0;
}

static void audit_end(struct conversation *c)
{
    audit_close(c->state);
}

static const char *const audit_keys[] = { "seq", NULL };

const struct request_op op_audit = { .name = "audit",
                                     .keys = audit_keys,
                                     .start = audit_start,
                                     .step = audit_slice,
                                     .finish = audit_finish,
                                     .end = audit_end };
