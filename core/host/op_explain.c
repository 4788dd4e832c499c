/* op explain: may a transition be taken, and each reason why not; or what ran
 * for an event. It only reads: guards run read-only, outside any turn. */
#include "baton/domain/explain.h"
#include "baton/domain/trace.h"
#include "host/request_internal.h"

#include <string.h>

struct explain {
    int64_t event;
    bool all;
    struct advance advance;
    struct buf json;
};

static int explain_read_event(struct conversation *c, struct explain *x, struct error *e)
{
    const json_t *v = json_object_get(c->request, "event");
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_integer(v) || json_integer_value(v) < 1)
        return request__refuse(e, "event",
                               "\"event\" must be the seq of an event, a number from 1");
    x->event = json_integer_value(v);
    return 0;
}

static int explain_read_referral(struct conversation *c, struct explain *x, struct error *e)
{
    const char *referral = NULL, *fields = NULL;
    enum entity entity = ENTITY_REFERRAL;
    int rc;
    if ((rc = request__text(c, "referral", true, &referral, NULL, e)) ||
        (rc = request__text(c, "transition", false, &x->advance.transition, NULL, e)) ||
        (rc = request__text(c, "reason", false, &x->advance.reason, NULL, e)) ||
        (rc = request__text(c, "note", false, &x->advance.note, NULL, e)) ||
        (rc = request__text(c, "outcome", false, &x->advance.outcome, NULL, e)) ||
        (rc = request__object(c, "fields", &fields, e)))
        return rc;
    if (row_id_parse(referral, &entity, &x->advance.referral_id) || entity != ENTITY_REFERRAL)
        return request__refuse(e, "referral", "\"%.64s\" is no referral, such as R-12", referral);
    if (strlen(fields) > 2) {
        x->advance.fields = fields;
        x->advance.fields_len = strlen(fields);
    }
    x->all = !x->advance.transition;
    return 0;
}

static int explain_start(struct conversation *c, struct error *e)
{
    struct explain *x = arena_alloc(c->arena, sizeof *x);
    struct domain *d = c->org->world.domain;
    struct jsonw w;
    *x = (struct explain){ 0 };
    c->state = x;
    int rc = explain_read_event(c, x, e);
    if (rc == 0 && !x->event)
        rc = explain_read_referral(c, x, e);
    if (rc)
        return rc;
    jsonw_start(&w, &x->json);
    org__enter(c->org);
    if (x->event)
        rc = domain_explain_event(d, x->event, &w, e);
    else if (x->all)
        rc = domain_explain_all(d, &c->actor, &x->advance, &w, e);
    else
        rc = domain_explain(d, &c->actor, &x->advance, &w, NULL, e);
    org__leave(c->org);
    return rc;
}

static int explain_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct explain *x = c->state;
    (void)e;
    jsonw_key(done, "result");
    jsonw_raw(done, x->json.data, x->json.len);
    return 0;
}

static void explain_end(struct conversation *c)
{
    struct explain *x = c->state;
    if (x)
        buf_free(&x->json);
}

static const char *const explain_keys[] = { "referral", "transition", "reason", "note",
                                            "outcome",  "fields",     "event",  NULL };

const struct request_op op_explain = { .name = "explain",
                                       .keys = explain_keys,
                                       .start = explain_start,
                                       .finish = explain_finish,
                                       .end = explain_end };
