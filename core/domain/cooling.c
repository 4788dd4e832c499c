/* Cooling-offs: a reason can forbid that the same referral is repeated for a
 * while. The same is: of the same workflow, about the same person, to the same
 * partner and service.
 *
 * Until when is reckoned once, at the ending, and stands in its event; the
 * workflow or the calendar may change afterwards. It is found again by the
 * index of the person (else of the partner, else of the service) among the
 * referrals that ended lately, the newest LIMIT_LIST_ROWS of them. */
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "domain/approval_internal.h"

enum { COOLING_EVENTS = 1000 }; /* looked at behind an ending: what closed rarely changes */

/* Spans of working and school days do not subtract exactly as they add. */
static const int64_t cooling_slack_ms = (int64_t)31 * 86400000;

int cooling__until(const struct move *m, bool *has, int64_t *until_ms, struct error *e)
{
    const struct reason *r = follow__reason(m);
    *has = r && !span_is_zero(&r->cooling_off);
    if (!*has)
        return 0;
    int rc = span_add(&r->cooling_off, 1, m->d->calendar, m->now_ms, until_ms, e);
    if (rc < 0)
        error_prefix(e, "cooling-off of reason \"%s\"", r->code);
    return rc;
}

/* ---- one that ended ---- */

struct cooling_ending {
    int64_t until_ms; /* 0: none */
    char reason[LIMIT_NAME_BYTES + 1];
    int64_t at_ms;
};

static int ending_event(void *context, const struct event *event)
{
    struct cooling_ending *x = context;
    struct json_slice v, set, closed;
    if (!event->payload || !jsons_get(event->payload, event->payload_len, "set", 3, &set) ||
        set.type != JSON_T_OBJECT || !jsons_get(set.text, set.len, "closed_at_ms", 12, &closed))
        return 0;
    if (jsons_get(event->payload, event->payload_len, "cooling_off_until_ms", 20, &v))
        x->until_ms = jsons_int(&v);
    if (jsons_get(event->payload, event->payload_len, "reason", 6, &v) &&
        v.len <= LIMIT_NAME_BYTES) {
        memcpy(x->reason, v.text, v.len);
        x->reason[v.len] = '\0';
    }
    x->at_ms = event->at_ms;
    return 1;
}

/* ---- looking for one ---- */

struct cooling_search {
    struct domain *d;
    const struct cooling *c;
    struct error *e;
    int64_t id; /* the one that holds longest; 0: none */
    struct cooling_ending ending;
};

static bool cooling_is(const struct row *row, int column, const struct value *v)
{
    static const struct value null = { .type = VALUE_NULL };
    return value_equal(&row->v[column], v ? v : &null);
}

static int cooling_row(void *context, const struct row *row)
{
    struct cooling_search *s = context;
    const struct cooling *c = s->c;
    struct cooling_ending x = { .until_ms = 0 };
    if (row->id == c->self || !cooling_is(row, REFERRAL_SUBJECT, c->subject) ||
        !cooling_is(row, REFERRAL_PARTNER, c->partner) ||
        !cooling_is(row, REFERRAL_SERVICE, c->service))
        return 0;
    int rc = store_history(s->d->store, ENTITY_REFERRAL, row->id, COOLING_EVENTS, ending_event, &x,
                           s->e);
    if (rc < 0)
        return rc;
    if (x.until_ms > c->now_ms && x.until_ms > s->ending.until_ms) {
        s->id = row->id;
        s->ending = x;
    }
    return 0;
}

/* What ended before this cannot be cooling off any more. */
static int64_t cooling_horizon(const struct domain *d, const struct cooling *c)
{
    int64_t oldest = c->now_ms, at;
    for (size_t i = 0; i < graph_transition_count(c->graph); i++) {
        const struct transition *t = graph_transition(c->graph, (int)i);
        for (size_t j = 0; j < t->reason_count; j++) {
            if (span_add(&t->reasons[j].cooling_off, -1, d->calendar, c->now_ms, &at, NULL) < 0)
                return INT64_MIN;
            oldest = at < oldest ? at : oldest;
        }
    }
    return oldest - cooling_slack_ms;
}

static bool cooling_key(const struct cooling *c, struct store_filter *out)
{
    const struct {
        int column;
        const struct value *v;
    } keys[] = { { REFERRAL_SUBJECT, c->subject },
                 { REFERRAL_PARTNER, c->partner },
                 { REFERRAL_SERVICE, c->service } };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].v && keys[i].v->type == VALUE_INT) {
            *out = (struct store_filter){ keys[i].column, FILTER_EQ, *keys[i].v, NULL };
            return true;
        }
    return false;
}

static int cooling_refuse(const struct cooling_search *s, struct error *e)
{
    const struct zone *zone = calendar_zone(s->d->calendar);
    struct buf text = BUF_INIT;
    buf_printf(&text, "workflow \"%s\": the same referral R-%lld ended on ",
               graph_name(s->c->graph), (long long)s->id);
    zone_format(zone, s->ending.at_ms, false, &text);
    if (s->ending.reason[0])
        buf_printf(&text, " for reason \"%s\"", s->ending.reason);
    buf_puts(&text, " and may not be repeated before ");
    zone_format(zone, s->ending.until_ms, false, &text);
    int rc = error_set(e, ERROR_DENIED, "%s", buf_text(&text));
    buf_free(&text);
    return rc;
}

int cooling__check(struct domain *d, const struct cooling *c, struct error *e)
{
    struct store_filter filters[4];
    struct cooling_search s = { .d = d, .c = c, .e = e };
    if (!graph_cools(c->graph) || !cooling_key(c, &filters[0]))
        return 0;
    filters[1] = (struct store_filter){ REFERRAL_WORKFLOW, FILTER_EQ,
                                        value_text(graph_name(c->graph)), NULL };
    filters[2] =
        (struct store_filter){ REFERRAL_CLOSED_AT_MS, FILTER_NOT_NULL, value_null(), NULL };
    filters[3] = (struct store_filter){ REFERRAL_CLOSED_AT_MS, FILTER_GE,
                                        value_int(cooling_horizon(d, c)), NULL };
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 4,
                                   .descending = true,
                                   .limit = LIMIT_LIST_ROWS };
    int rc = store_list(d->store, &q, cooling_row, &s, e);
    if (rc < 0)
        return rc;
    return s.id ? cooling_refuse(&s, e) : 0;
}

int cooling__check_columns(struct domain *d, const struct graph *g, struct columns *c,
                           const struct row *before, struct error *e)
{
    static const int columns[] = { REFERRAL_SUBJECT, REFERRAL_PARTNER, REFERRAL_SERVICE };
    const struct value *v[3];
    bool changes = !before;
    for (size_t i = 0; i < 3; i++) {
        const struct value *given = columns__get(c, columns[i]);
        v[i] = given ? given : before ? &before->v[columns[i]] : NULL;
        changes = changes || (given && !value_equal(given, &before->v[columns[i]]));
    }
    if (!changes || (before && !row_is_null(before, REFERRAL_CLOSED_AT_MS)))
        return 0;
    const struct cooling k = { .graph = g,
                               .subject = v[0],
                               .partner = v[1],
                               .service = v[2],
                               .self = before ? before->id : 0,
                               .now_ms = c->now_ms };
    return cooling__check(d, &k, e);
}
