/* Turns and commands: what is kept together, what is undone alone. */
#include <assert.h>
#include <string.h>

#include "store/store_internal.h"

int store_turn_begin(struct store *s, struct error *e)
{
    assert(!s->in_turn);
    if (s->failed)
        return store__failed_error(s, e);
    if (s->read_only)
        return error_set(e, ERROR_IO, "%s: opened for reading only", s->path);
    int result = store__run_named(s, SQL_BEGIN, e);
    if (result)
        return result;
    store__retired_free(s);
    s->in_turn = true;
    s->undo_count = 0;
    s->turn_changes = sqlite3_total_changes64(s->db);
    s->turn_commands = 0;
    s->turn_first_seq = s->next_seq;
    s->turn_due_floor = s->due_floor;
    memcpy(s->turn_head, s->head, sizeof s->head);
    memcpy(s->turn_next_id, s->next_id, sizeof s->next_id);
    return 0;
}

void store_command_begin(struct store *s)
{
    assert(s->in_turn && !s->in_command);
    s->in_command = true;
    s->savepoint = false;
    s->command_undo = s->undo_count;
    s->command_first_seq = s->next_seq;
    s->command_due_floor = s->due_floor;
    memcpy(s->command_next_id, s->next_id, sizeof s->next_id);
}

/* Most transitions touch memory and append events only, so they never pay for a savepoint. */
int store__savepoint(struct store *s, struct error *e)
{
    if (s->savepoint)
        return 0;
    int result = store__run_named(s, SQL_SAVEPOINT, e);
    s->savepoint = !result;
    return result;
}

void store__undo_note(struct store *s, int64_t id, const struct dirty *d)
{
    if (s->undo_count == s->undo_capacity) {
        s->undo_capacity = s->undo_capacity ? s->undo_capacity * 2 : 64;
        s->undo = mem_resize(s->undo, s->undo_capacity * sizeof *s->undo);
    }
    s->undo[s->undo_count++] =
        (struct undo){ .id = id, .row = d ? d->row : NULL, .mask = d ? d->mask : 0 };
}

void store__turn_undo_to(struct store *s, size_t count)
{
    while (s->undo_count > count) {
        struct undo *u = &s->undo[--s->undo_count];
        struct dirty *d = store__dirty_find(&s->dirty, u->id);
        if (d)
            store__retire(s, d->row);
        if (u->row) {
            if (!d)
                d = store__dirty_put(&s->dirty, u->id);
            d->row = u->row;
            d->mask = u->mask;
            if (!row_is_null(u->row, REFERRAL_WAKE_AT_MS))
                store__due_push(s, row_int(u->row, REFERRAL_WAKE_AT_MS), u->id);
        } else if (d) {
            store__dirty_remove(&s->dirty, u->id);
        }
    }
}

void store__turn_forget_cache(struct store *s)
{
    for (size_t i = 0; i < STORE_CACHE_SLOTS; i++) {
        store__retire(s, s->cache[i].row);
        s->cache[i].row = NULL;
    }
}

static int command_drop(struct store *s, struct error *e)
{
    int result = 0;
    store__drop_staged(s);
    s->next_seq = s->command_first_seq;
    memcpy(s->next_id, s->command_next_id, sizeof s->next_id);
    store__turn_undo_to(s, s->command_undo);
    store__due_rewind(s, s->command_due_floor);
    if (s->savepoint && !s->failed) { /* a failed turn may have been rolled back already */
        store__turn_forget_cache(s);
        result = store__run_named(s, SQL_ROLLBACK_TO, e);
        if (!result)
            result = store__run_named(s, SQL_RELEASE, e);
    }
    return result;
}

int store_command_end(struct store *s, bool keep, struct error *e)
{
    assert(s->in_command);
    int result;
    if (keep && !s->failed) {
        result = store__flush_events(s, e);
        if (!result && s->savepoint)
            result = store__run_named(s, SQL_RELEASE, e);
        s->commands++;
        s->turn_commands++;
    } else {
        result = command_drop(s, e);
    }
    s->in_command = s->savepoint = false;
    if (s->failed && !result)
        result = store__failed_error(s, e);
    return result;
}

static void turn_end(struct store *s)
{
    for (size_t i = 0; i < s->undo_count; i++)
        store__retire(s, s->undo[i].row);
    s->undo_count = 0;
    s->in_turn = s->in_command = s->savepoint = false;
    store__turn_forget_cache(s);
    store__retired_free(s);
}

void store_turn_abort(struct store *s)
{
    struct error ignored;
    assert(s->in_turn);
    store__drop_staged(s);
    store__turn_undo_to(s, 0);
    store__due_rewind(s, s->turn_due_floor);
    s->next_seq = s->turn_first_seq;
    memcpy(s->next_id, s->turn_next_id, sizeof s->next_id);
    memcpy(s->head, s->turn_head, sizeof s->head);
    if (!sqlite3_get_autocommit(s->db) && store__run_named(s, SQL_ROLLBACK, &ignored))
        s->failed = true;
    store_due_back(s); /* the turn may have had a clock of its own: a dry run */
    turn_end(s);
}

int store_turn_commit(struct store *s, struct error *e)
{
    assert(s->in_turn && !s->in_command);
    int result = 0;
    if (s->failed)
        result = store__failed_error(s, e);
    if (!result)
        result = store__check_file(s, e);
    if (!result)
        result = store__settle_paced(s, s->turn_commands, e);
    if (!result)
        result = store__due_clean(s, e);
    if (!result && s->log_empty && sqlite3_total_changes64(s->db) != s->turn_changes)
        result = store__log_set_version(s, e); /* a turn that only read writes nothing */
    if (!result)
        result = store__run_named(s, SQL_COMMIT, e);
    if (result) {
        store_turn_abort(s);
        s->failed = true;
        return result;
    }
    s->turns++;
    turn_end(s);
    store__log_committed(s);
    return 0;
}

bool store_in_turn(const struct store *s)
{
    return s->in_turn;
}

bool store_in_command(const struct store *s)
{
    return s->in_command;
}

bool store_failed(const struct store *s)
{
    return s->failed;
}
