/* Walking a whole table by store_list, a page at a time. A page merges the
 * table with all that is dirty, so many pages over many dirty rows would cost
 * their product: settling once before is cheaper. */
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "domain/walk_internal.h"

struct walk {
    store_each each;
    void *context;
    int64_t last_id;
    size_t in_page;
};

static int walk_row(void *context, const struct row *row)
{
    struct walk *w = context;
    w->last_id = row->id;
    w->in_page++;
    return w->each(w->context, row);
}

int domain__walk(struct store *s, enum entity entity, store_each each, void *context,
                 struct error *e)
{
    /* A store that is open for reading only cannot settle; that costs time, nothing else. */
    if (!store_in_turn(s) && store_dirty(s) && store_settle(s, 0, e) && store_failed(s))
        return error_set(e, ERROR_IO, "%s could not be settled and must be opened again",
                         store_path(s));
    struct walk w = { .each = each, .context = context };
    int rc;
    do {
        w.in_page = 0;
        struct store_query query = { .entity = entity,
                                     .after_id = w.last_id,
                                     .limit = LIMIT_LIST_ROWS };
        rc = store_list(s, &query, walk_row, &w, e);
    } while (!rc && w.in_page == LIMIT_LIST_ROWS);
    return rc;
}
