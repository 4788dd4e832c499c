/* What is due. Settled rows stand in the table `due`, appended in due order and
 * never looked up to be removed: an entry counts only while its row still says
 * so. Dirty referrals stand in a heap in memory, under the same rule. */
#include <assert.h>
#include <string.h>

#include "store/store_internal.h"

static int due_compare(const struct due_entry *a, const struct due_entry *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->entity != b->entity)
        return a->entity < b->entity ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* ---- the heap ---- */

static void due_sift_down(struct store *s, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1, least = i;
        if (child < s->heap_count && due_compare(&s->heap[child], &s->heap[least]) < 0)
            least = child;
        if (child + 1 < s->heap_count && due_compare(&s->heap[child + 1], &s->heap[least]) < 0)
            least = child + 1;
        if (least == i)
            return;
        struct due_entry t = s->heap[i];
        s->heap[i] = s->heap[least];
        s->heap[least] = t;
        i = least;
    }
}

void store__due_push(struct store *s, int64_t at_ms, int64_t id)
{
    if (s->heap_count > 2 * s->dirty.used + 1024)
        store__due_prune(s);
    if (s->heap_count == s->heap_capacity) {
        s->heap_capacity = s->heap_capacity ? s->heap_capacity * 2 : 64;
        s->heap = mem_resize(s->heap, s->heap_capacity * sizeof *s->heap);
    }
    size_t i = s->heap_count++;
    s->heap[i] = (struct due_entry){ .at_ms = at_ms, .id = id, .entity = ENTITY_REFERRAL };
    while (i && due_compare(&s->heap[i], &s->heap[(i - 1) / 2]) < 0) {
        struct due_entry t = s->heap[i];
        s->heap[i] = s->heap[(i - 1) / 2];
        s->heap[(i - 1) / 2] = t;
        i = (i - 1) / 2;
    }
}

static void due_pop(struct store *s)
{
    s->heap[0] = s->heap[--s->heap_count];
    due_sift_down(s, 0);
}

/* Rebuilds the heap from the rows that are dirty now. */
void store__due_prune(struct store *s)
{
    s->heap_count = 0;
    if (!s->dirty.used) {
        mem_free(s->heap);
        s->heap = NULL;
        s->heap_capacity = 0;
        return;
    }
    for (size_t i = 0; i < s->dirty.capacity; i++) {
        const struct row *r = s->dirty.slots[i].row;
        if (s->dirty.slots[i].id && !row_is_null(r, REFERRAL_WAKE_AT_MS))
            store__due_push(s, row_int(r, REFERRAL_WAKE_AT_MS), r->id);
    }
}

/* ---- the table ---- */

int store__due_add(struct store *s, enum entity entity, int64_t id, int64_t at_ms, struct error *e)
{
    sqlite3_stmt *st = store__statement(s, SQL_DUE_INSERT, e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, at_ms);
    sqlite3_bind_int64(st, 2, entity);
    sqlite3_bind_int64(st, 3, id);
    struct due_entry entry = { .at_ms = at_ms, .id = id, .entity = entity };
    int result = store__run(s, st, e);
    if (!result && due_compare(&entry, &s->due_floor) <= 0) {
        s->due_floor = entry;
        s->due_floor.id--;
    }
    return result;
}

static int due_is_current(struct store *s, const struct due_entry *entry, bool *current,
                          struct error *e)
{
    const struct row *r;
    *current = false;
    if (entry->entity <= ENTITY_NONE || entry->entity >= ENTITY_END)
        return 0;
    int column = schema_of((enum entity)entry->entity)->due;
    int result = store_get(s, (enum entity)entry->entity, entry->id, &r, e);
    if (result == -ERROR_NOT_FOUND)
        return 0;
    if (!result)
        *current = column >= 0 && !row_is_null(r, column) && row_int(r, column) == entry->at_ms;
    return result;
}

/* The first current entry of the table, up to `until_ms`. Stale ones that stand before every
 * current one move the floor, so that nobody reads them twice. */
static int due_first_in_table(struct store *s, unsigned entities, int64_t until_ms,
                              struct due_entry *out, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, store__statement_text(SQL_DUE_AFTER), e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, s->due_floor.at_ms);
    sqlite3_bind_int64(st, 2, s->due_floor.entity);
    sqlite3_bind_int64(st, 3, s->due_floor.id);
    int rc = SQLITE_DONE, result = 0;
    bool contiguous = true;
    out->entity = ENTITY_NONE;
    while (!result && out->entity == ENTITY_NONE && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct due_entry entry = { .at_ms = sqlite3_column_int64(st, 0),
                                   .entity = sqlite3_column_int64(st, 1),
                                   .id = sqlite3_column_int64(st, 2) };
        bool current;
        if (entry.at_ms > until_ms)
            break;
        result = due_is_current(s, &entry, &current, e);
        if (result)
            break;
        contiguous = contiguous && !current;
        if (contiguous) {
            s->due_floor = entry;
            s->due_floor_moved = true;
        } else if (current && entities & (1u << entry.entity)) {
            *out = entry;
        }
    }
    if (!result && rc != SQLITE_DONE && rc != SQLITE_ROW)
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    return result;
}

static int due_first_in_heap(struct store *s, int64_t until_ms, struct due_entry *out,
                             struct error *e)
{
    out->entity = ENTITY_NONE;
    while (s->heap_count && s->heap[0].at_ms <= until_ms) {
        bool current;
        int result = due_is_current(s, &s->heap[0], &current, e);
        if (result)
            return result;
        if (current) {
            *out = s->heap[0];
            return 0;
        }
        due_pop(s);
    }
    return 0;
}

static int due_first(struct store *s, unsigned entities, int64_t until_ms, struct due_entry *out,
                     struct error *e)
{
    struct due_entry table = { .entity = ENTITY_NONE }, heap = { .entity = ENTITY_NONE };
    int result = due_first_in_table(s, entities, until_ms, &table, e);
    if (!result && entities & (1u << ENTITY_REFERRAL))
        result = due_first_in_heap(s, until_ms, &heap, e);
    if (result)
        return result;
    bool from_heap = heap.entity != ENTITY_NONE &&
                     (table.entity == ENTITY_NONE || due_compare(&heap, &table) < 0);
    *out = from_heap ? heap : table;
    return 0;
}

int store_due_next(struct store *s, unsigned entities, int64_t now_ms, enum entity *entity,
                   int64_t *id, int64_t *at_ms, struct error *e)
{
    struct due_entry first;
    int result = due_first(s, entities, now_ms, &first, e);
    if (result)
        return result;
    *entity = (enum entity)first.entity;
    if (first.entity != ENTITY_NONE) {
        *id = first.id;
        *at_ms = first.at_ms;
    }
    return 0;
}

int store_due_at(struct store *s, unsigned entities, int64_t *at_ms, struct error *e)
{
    struct due_entry first;
    int result = due_first(s, entities, INT64_MAX, &first, e);
    if (!result)
        *at_ms = first.entity == ENTITY_NONE ? INT64_MAX : first.at_ms;
    return result;
}

int store_due_listed(struct store *s, enum entity entity, int64_t id, int64_t at_ms, bool *out,
                     struct error *e)
{
    *out = false;
    for (size_t i = 0; i < s->heap_count && entity == ENTITY_REFERRAL; i++)
        if (s->heap[i].id == id && s->heap[i].at_ms == at_ms)
            *out = true;
    sqlite3_stmt *st = *out ? NULL : store__statement(s, SQL_DUE_HAS, e);
    if (!st)
        return *out ? 0 : s->unprepared;
    sqlite3_bind_int64(st, 1, at_ms);
    sqlite3_bind_int64(st, 2, entity);
    sqlite3_bind_int64(st, 3, id);
    int rc = sqlite3_step(st);
    *out = rc == SQLITE_ROW;
    sqlite3_reset(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store__sql_error(s, rc, e);
}

/* Removes what stands below the floor, in a commit that happens anyway. What a change of this turn
 * made stale may be made current again only by a later turn, and that inserts it anew. */
int store__due_clean(struct store *s, struct error *e)
{
    if (!s->due_floor_moved)
        return 0;
    sqlite3_stmt *st = store__statement(s, SQL_DUE_DELETE_BELOW, e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, s->due_floor.at_ms);
    sqlite3_bind_int64(st, 2, s->due_floor.entity);
    sqlite3_bind_int64(st, 3, s->due_floor.id);
    s->due_floor_moved = false;
    return store__run(s, st, e);
}
