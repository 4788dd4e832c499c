/* Who may act in the place of a member of staff: a delegate with an end date,
 * and the time in which the member is away. Kept in fields of staff that the
 * core declares itself, so that everything that sets fields can set them. */
#include <assert.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/zone.h"
#include "domain/approval_internal.h"

static const struct field delegate_fields[] = {
    { .name = "delegate",
      .type = FIELD_REF,
      .ref = ENTITY_STAFF,
      .help = "who may vote in their place, until delegate_until" },
    { .name = "delegate_until", .type = FIELD_TIME, .help = "when the delegation ends" },
    { .name = "absent_from", .type = FIELD_TIME, .help = "away from here on: the delegate votes" },
    { .name = "absent_until", .type = FIELD_TIME, .help = "back from here on" },
};

void delegate__declare(struct domain *d)
{
    for (size_t i = 0; i < sizeof delegate_fields / sizeof *delegate_fields; i++) {
        int rc = domain_add_field(d, "baton", ENTITY_STAFF, &delegate_fields[i], NULL);
        assert(rc == 0);
        (void)rc;
    }
}

struct delegation {
    int64_t to, until, from_ms, back_ms;
    bool has_until, has_from, has_back;
};

static bool delegation_int(const char *fields, size_t n, const char *name, int64_t *out)
{
    struct json_slice v;
    if (n == 0 || !jsons_get(fields, n, name, strlen(name), &v) || v.type != JSON_T_INT)
        return false;
    *out = jsons_int(&v);
    return true;
}

static struct delegation delegation_read(const char *fields, size_t n)
{
    struct delegation x = { .to = 0 };
    delegation_int(fields, n, "delegate", &x.to);
    x.has_until = delegation_int(fields, n, "delegate_until", &x.until);
    x.has_from = delegation_int(fields, n, "absent_from", &x.from_ms);
    x.has_back = delegation_int(fields, n, "absent_until", &x.back_ms);
    return x;
}

int delegate__check_staff(const struct row *before, const struct record *r, struct error *e)
{
    struct buf all = BUF_INIT;
    int rc = 0;
    if (!r->fields || r->fields_len == 0)
        return 0;
    json_merge(before ? before->fields.s : "", before ? before->fields.len : 0, r->fields,
               r->fields_len, &all);
    const struct delegation x = delegation_read(buf_text(&all), all.len);
    buf_free(&all);
    if (x.to && x.to == r->id)
        rc = error_set(e, ERROR_INVALID, "delegate: S-%lld cannot stand in for themselves",
                       (long long)r->id);
    else if (x.to && !x.has_until)
        rc = error_set(e, ERROR_INVALID,
                       "delegate: a delegation ends some day: give delegate_until, too");
    else if (x.has_from && x.has_back && x.back_ms <= x.from_ms)
        rc = error_set(e, ERROR_INVALID, "absent_until is not after absent_from");
    return rc;
}

static int delegate_refuse(const struct domain *d, int64_t staff, const char *what, int64_t at_ms,
                           struct error *e)
{
    struct buf when = BUF_INIT;
    zone_format(calendar_zone(d->calendar), at_ms, false, &when);
    int rc = error_set(e, ERROR_DENIED, "S-%lld %s %s", (long long)staff, what, buf_text(&when));
    buf_free(&when);
    return rc;
}

int delegate__check(const struct domain *d, const struct row *staff, int64_t by, int64_t now_ms,
                    struct error *e)
{
    const struct delegation x = delegation_read(staff->fields.s, staff->fields.len);
    const struct row *other;
    if (x.to != by)
        return error_set(e, ERROR_DENIED, "S-%lld is not the delegate of S-%lld%s", (long long)by,
                         (long long)staff->id, x.to ? "" : ", who has none");
    int rc = store_get(d->store, ENTITY_STAFF, by, &other, e);
    if (rc < 0)
        return rc;
    if (!strcmp(row_text(other, STAFF_STATUS), "inactive"))
        return error_set(e, ERROR_DENIED, "S-%lld is inactive", (long long)by);
    if (!x.has_until || now_ms >= x.until)
        return delegate_refuse(d, staff->id, "had a delegate until", x.has_until ? x.until : 0, e);
    if (x.has_from && now_ms < x.from_ms)
        return delegate_refuse(d, staff->id, "votes in person until", x.from_ms, e);
    if (x.has_back && now_ms >= x.back_ms)
        return delegate_refuse(d, staff->id, "votes in person since", x.back_ms, e);
    return 0;
}
