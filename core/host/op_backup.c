/* op backup: holds the database still while somebody copies it (host/backup.h),
 * and keeps the list of copies that were made. The hold belongs to the conversation and
 * ends with it. */
#include "host/request_internal.h"

#include <string.h>

struct backup_answer {
    int64_t file_bytes;
    bool list;
};

void conversation__end_hold(struct conversation *c)
{
    if (c->holds && c->org && c->org->store)
        store_release(c->org->store);
    c->holds = false;
}

static int backup_hold(struct conversation *c, const char *where, struct error *e)
{
    struct backup_answer *a = c->state;
    if (!actor_has_role(&c->actor, "admin"))
        return error_set(e, ERROR_DENIED, "%s may not back up: only an admin and the operator may",
                         c->actor.name);
    if (store_held(c->org->store))
        return error_set(e, ERROR_BUSY, "%s is being backed up already", c->org->name);
    int rc = copies__note(c, "backup", where, e);
    if (rc == 0)
        rc = store_hold(c->org->store, &a->file_bytes, e);
    c->holds = rc == 0;
    return rc;
}

static int backup_release(struct conversation *c, struct error *e)
{
    bool held = c->holds && store_held(c->org->store);
    conversation__end_hold(c);
    return held ? 0
                : error_set(e, ERROR_BUSY,
                            "the database of %s did not stay as it was while it was copied: try "
                            "again",
                            c->org->name);
}

static int backup_start(struct conversation *c, struct error *e)
{
    struct backup_answer *a = arena_alloc(c->arena, sizeof *a);
    const char *action = NULL, *where = NULL;
    *a = (struct backup_answer){ 0 };
    c->state = a;
    int rc = request__text(c, "action", true, &action, NULL, e);
    if (rc)
        return rc;
    a->list = !strcmp(action, "copies");
    if (a->list)
        return 0;
    if (!strcmp(action, "release"))
        return backup_release(c, e);
    bool note = !strcmp(action, "note");
    if (!note && strcmp(action, "hold") != 0)
        return request__refuse(e, "action", "\"action\" is hold, release, note or copies");
    rc = request__text(c, "where", true, &where, NULL, e);
    if (rc == 0)
        rc = note ? copies__note(c, "organisation", where, e) : backup_hold(c, where, e);
    return rc;
}

static int backup_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct backup_answer *a = c->state;
    if (a->list)
        return copies__write(c, INT64_MIN, false, done, e);
    jsonw_key(done, "file_bytes");
    jsonw_int(done, a->file_bytes);
    return 0;
}

static const char *const backup_keys[] = { "action", "where", NULL };

const struct request_op op_backup = {
    .name = "backup", .keys = backup_keys, .start = backup_start, .finish = backup_finish
};
