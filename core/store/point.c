/* Parts of a command that can be undone alone, what an open command has written
 * so far, and copies of a whole database. Used to try things out: a dry run, a
 * look at a later time. */
#include <assert.h>
#include <string.h>

#include "store/store_internal.h"

/* ---- points ---- */

/* The savepoint of the command comes first, so that the one of the point lies inside it. */
int store_point_begin(struct store *s, struct store_point *p, struct error *e)
{
    assert(s->in_command);
    int result = store__savepoint(s, e);
    if (!result)
        result = store__run_named(s, SQL_SAVEPOINT, e);
    if (result)
        return result;
    *p = (struct store_point){ .staged = s->staged_count,
                               .staged_text = s->staged_text.len,
                               .undo = s->undo_count,
                               .next_seq = s->next_seq,
                               .floor_at_ms = s->due_floor.at_ms,
                               .floor_id = s->due_floor.id,
                               .floor_entity = s->due_floor.entity };
    memcpy(p->next_id, s->next_id, sizeof p->next_id);
    return 0;
}

int store_point_undo(struct store *s, const struct store_point *p, struct error *e)
{
    assert(s->in_command && s->staged_count >= p->staged && s->undo_count >= p->undo);
    s->staged_count = p->staged;
    if (s->staged_text.data) {
        s->staged_text.len = p->staged_text;
        s->staged_text.data[p->staged_text] = '\0';
    }
    store__turn_undo_to(s, p->undo);
    s->next_seq = p->next_seq;
    memcpy(s->next_id, p->next_id, sizeof s->next_id);
    store__due_rewind(s, (struct due_entry){ .at_ms = p->floor_at_ms,
                                             .id = p->floor_id,
                                             .entity = p->floor_entity });
    store__turn_forget_cache(s);
    int result = s->failed ? store__failed_error(s, e) : store__run_named(s, SQL_ROLLBACK_TO, e);
    return result ? result : store__run_named(s, SQL_RELEASE, e);
}

int store_point_keep(struct store *s, struct error *e)
{
    assert(s->in_command);
    return s->failed ? store__failed_error(s, e) : store__run_named(s, SQL_RELEASE, e);
}

/* ---- events of the open command ---- */

int store_pending(struct store *s, int64_t after_seq, store_each_event each, void *context,
                  struct error *e)
{
    int result = store_events(s, after_seq, 0, each, context, e);
    for (size_t i = 0; i < s->staged_count && !result; i++) {
        struct event event;
        store__staged_view(s, i, &event);
        if (event.seq > after_seq)
            result = each(context, &event);
    }
    return result;
}

/* ---- copies ---- */

int store__copy(struct store *s, struct store *from, struct error *e)
{
    if (from->failed)
        return store__failed_error(from, e);
    if (from->in_turn)
        return error_set(e, ERROR_BUSY, "%s: a turn is open: it cannot be copied now", from->path);
    sqlite3_backup *backup = sqlite3_backup_init(s->db, "main", from->db, "main");
    if (!backup)
        return store__sql_error(s, sqlite3_errcode(s->db), e);
    int rc = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        rc = finished;
    return rc == SQLITE_OK ? 0 : store__sql_error(s, rc, e);
}
