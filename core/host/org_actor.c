/* Who acts: --as, resolved against the organisation's staff.
 *
 * An actor's texts outlive the row that they come from, so they are kept once
 * each until the organisation closes: as many as there are members of staff and
 * combinations of roles, however often somebody asks. */
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "host/org_internal.h"

#include <assert.h>
#include <string.h>

static const char *actor_keep(struct org *o, const char *text)
{
    size_t low = 0, high = o->interned_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(text, o->interned[middle]);
        if (order == 0)
            return o->interned[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (o->interned_count % 64 == 0)
        o->interned = mem_resize(o->interned, (o->interned_count + 64) * sizeof *o->interned);
    memmove(o->interned + low + 1, o->interned + low,
            (o->interned_count - low) * sizeof *o->interned);
    o->interned[low] = arena_dup(o->names, text);
    o->interned_count++;
    return o->interned[low];
}

static int actor_find(struct org *o, const char *as, const struct row **out, struct error *e)
{
    enum entity entity = ENTITY_STAFF;
    int64_t id;
    if (strchr(as, '@')) {
        int rc = store_find_by(o->store, ENTITY_STAFF, STAFF_EMAIL, as, out, e);
        return rc == -ERROR_NOT_FOUND
                   ? error_set(e, ERROR_NOT_FOUND, "no member of staff has the mail address %.200s",
                               as)
                   : rc;
    }
    if (row_id_parse(as, &entity, &id) || entity != ENTITY_STAFF) {
        struct buf shown = BUF_INIT;
        text_printable(as, strnlen(as, 80), false, &shown);
        int rc =
            error_set(e, ERROR_INVALID,
                      "\"%s\" is no member of staff: a number like S-3 or a mail address is needed",
                      buf_text(&shown));
        buf_free(&shown);
        return rc;
    }
    return store_get(o->store, ENTITY_STAFF, id, out, e);
}

int org_actor(struct org *o, const char *as, struct actor *out, struct error *e)
{
    if (!as) {
        *out = (struct actor){ .name = "operator" };
        return 0;
    }
    int rc = org__alive(o, e);
    const struct row *row = NULL;
    if (rc || (rc = actor_find(o, as, &row, e)))
        return rc;
    assert(row);
    char name[32];
    row_id_format(ENTITY_STAFF, row->id, name);
    if (strcmp(row_text(row, STAFF_STATUS), "active"))
        return error_set(e, ERROR_DENIED, "%s (%s) is %s: only active staff can act", name,
                         row_text(row, STAFF_NAME), row_text(row, STAFF_STATUS));
    *out = (struct actor){ .staff_id = row->id,
                           .name = actor_keep(o, name),
                           .roles = actor_keep(o, row_text(row, STAFF_ROLES)) };
    return 0;
}
