/* What is due. Settled rows stand in the table `due`, appended in due order and
 * never looked up to be removed: an entry counts only while its row still says
 * so. Dirty referrals stand in a heap in memory, under the same rule.
 *
 * What is put aside is passed over: in the table by a mark beyond the floor, so
 * that many that wait cost nothing, in the heap by leaving it. */
#include <assert.h>
#include <stdlib.h>
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

/* ---- what is put aside ---- */

/* The first that is not before `entry`. */
static size_t aside_place(const struct store *s, const struct due_entry *entry)
{
    size_t low = 0, high = s->aside_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (due_compare(&s->aside[middle], entry) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool due_is_aside(const struct store *s, const struct due_entry *entry)
{
    size_t i = s->aside_count ? aside_place(s, entry) : 0;
    return i < s->aside_count && due_compare(&s->aside[i], entry) == 0;
}

void store_due_aside(struct store *s, enum entity entity, int64_t id, int64_t at_ms)
{
    const struct due_entry entry = { .at_ms = at_ms, .id = id, .entity = entity };
    size_t i = aside_place(s, &entry);
    if (due_is_aside(s, &entry))
        return;
    if (s->aside_count == s->aside_capacity) {
        s->aside_capacity = s->aside_capacity ? s->aside_capacity * 2 : 64;
        s->aside = mem_resize(s->aside, s->aside_capacity * sizeof *s->aside);
    }
    memmove(s->aside + i + 1, s->aside + i, (s->aside_count - i) * sizeof *s->aside);
    s->aside[i] = entry;
    s->aside_count++;
}

void store_due_back(struct store *s)
{
    if (!s->aside_count)
        return;
    mem_free(s->aside);
    s->aside = NULL;
    s->aside_count = s->aside_capacity = 0;
    store__due_rewind(s, s->due_floor);
    store__due_prune(s);
}

void store__due_rewind(struct store *s, struct due_entry floor)
{
    s->due_floor = s->due_passed = floor;
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
    entry.id--;
    if (!result && due_compare(&entry, &s->due_floor) < 0)
        s->due_floor = entry;
    if (!result && due_compare(&entry, &s->due_passed) < 0)
        s->due_passed = entry;
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
 * current one move the floor, so that nobody reads them twice; those put aside the other mark. */
static int due_first_in_table(struct store *s, unsigned entities, int64_t until_ms,
                              struct due_entry *out, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, store__statement_text(SQL_DUE_AFTER), e);
    if (!st)
        return s->unprepared;
    bool contiguous = due_compare(&s->due_passed, &s->due_floor) <= 0, passing = true;
    const struct due_entry *from = contiguous ? &s->due_floor : &s->due_passed;
    sqlite3_bind_int64(st, 1, from->at_ms);
    sqlite3_bind_int64(st, 2, from->entity);
    sqlite3_bind_int64(st, 3, from->id);
    int rc = SQLITE_DONE, result = 0;
    out->entity = ENTITY_NONE;
    while (!result && out->entity == ENTITY_NONE && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct due_entry entry = { .at_ms = sqlite3_column_int64(st, 0),
                                   .entity = sqlite3_column_int64(st, 1),
                                   .id = sqlite3_column_int64(st, 2) };
        bool current = false, aside = due_is_aside(s, &entry);
        if (entry.at_ms > until_ms)
            break;
        result = aside ? 0 : due_is_current(s, &entry, &current, e);
        if (result)
            break;
        contiguous = contiguous && !current && !aside;
        passing = passing && !current;
        if (passing)
            s->due_passed = entry;
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
        if (current && !due_is_aside(s, &s->heap[0])) {
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
    const struct due_entry entry = { .at_ms = at_ms, .id = id, .entity = entity };
    *out = entity == ENTITY_REFERRAL && due_is_aside(s, &entry); /* it has left the heap */
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

/* ---- all that is due ---- */

struct due_list {
    struct due_entry *items;
    size_t count, capacity;
};

static int list_add(struct store *s, struct due_list *list, const struct due_entry *entry,
                    struct error *e)
{
    bool current;
    int result = due_is_current(s, entry, &current, e);
    if (result || !current)
        return result;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = mem_resize(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = *entry;
    return 0;
}

static int list_table(struct store *s, int64_t until_ms, struct due_list *list, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, store__statement_text(SQL_DUE_AFTER), e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, s->due_floor.at_ms);
    sqlite3_bind_int64(st, 2, s->due_floor.entity);
    sqlite3_bind_int64(st, 3, s->due_floor.id);
    int rc = SQLITE_DONE, result = 0;
    while (!result && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct due_entry entry = { .at_ms = sqlite3_column_int64(st, 0),
                                   .entity = sqlite3_column_int64(st, 1),
                                   .id = sqlite3_column_int64(st, 2) };
        if (entry.at_ms > until_ms)
            break;
        result = list_add(s, list, &entry, e);
    }
    if (!result && rc != SQLITE_DONE && rc != SQLITE_ROW)
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    return result;
}

/* Dirty referrals: from their rows, because what is put aside has left the heap. */
static int list_dirty(struct store *s, int64_t until_ms, struct due_list *list, struct error *e)
{
    int result = 0;
    for (size_t i = 0; !result && i < s->dirty.capacity; i++) {
        const struct row *r = s->dirty.slots[i].row;
        if (!s->dirty.slots[i].id || row_is_null(r, REFERRAL_WAKE_AT_MS))
            continue;
        const struct due_entry entry = { .at_ms = row_int(r, REFERRAL_WAKE_AT_MS),
                                         .id = r->id,
                                         .entity = ENTITY_REFERRAL };
        if (entry.at_ms <= until_ms)
            result = list_add(s, list, &entry, e);
    }
    return result;
}

static int list_compare(const void *a, const void *b)
{
    return due_compare(a, b);
}

int store_due_list(struct store *s, int64_t until_ms, store_each_due each, void *context,
                   struct error *e)
{
    struct due_list list = { NULL, 0, 0 };
    int result = list_table(s, until_ms, &list, e);
    if (!result)
        result = list_dirty(s, until_ms, &list, e);
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, list_compare);
    for (size_t i = 0; !result && i < list.count; i++)
        if (i == 0 || due_compare(&list.items[i - 1], &list.items[i]) != 0)
            result = each(context, (enum entity)list.items[i].entity, list.items[i].id);
    mem_free(list.items);
    return result;
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
