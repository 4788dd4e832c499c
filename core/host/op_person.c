/* op person: what is held about a person (action show), as lines of JSON, and
 * erasing it (action erase): settle, a turn, the files of messages, and the
 * database written anew, so that no byte of it is left. */
#include "baton/domain/erase.h"
#include "host/request_internal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct person {
    struct erase erase;
    struct erase_result result;
    bool show;
    int64_t created_at_ms;
    int64_t shown, files;
};

static int person_read_id(struct conversation *c, int64_t *out, struct error *e)
{
    const char *text = NULL;
    enum entity entity = ENTITY_PERSON;
    int rc = request__text(c, "person", true, &text, NULL, e);
    if (rc)
        return rc;
    if (row_id_parse(text, &entity, out) < 0 || entity != ENTITY_PERSON)
        return request__refuse(e, "person", "\"%.40s\" is no person: an id such as P-12 is needed",
                               text);
    return 0;
}

static int person_start(struct conversation *c, struct error *e)
{
    struct person *p = arena_alloc(c->arena, sizeof *p);
    const char *action = NULL;
    const struct row *row;
    int rc;
    *p = (struct person){ 0 };
    c->state = p;
    if ((rc = request__text(c, "action", true, &action, NULL, e)) ||
        (rc = person_read_id(c, &p->erase.person_id, e)) ||
        (rc = request__text(c, "reason", false, &p->erase.reason, NULL, e)) ||
        (rc = request__bool(c, "with_open", &p->erase.with_open, e)))
        return rc;
    p->show = !strcmp(action, "show");
    if (!p->show && strcmp(action, "erase") != 0)
        return request__refuse(e, "action", "\"action\" is show or erase");
    if (!p->show && store_held(c->org->store))
        return error_set(e, ERROR_BUSY, "%s is being backed up: try again when that is done",
                         c->org->name);
    rc = store_get(c->org->store, ENTITY_PERSON, p->erase.person_id, &row, e);
    if (rc == 0)
        p->created_at_ms = row->created_at_ms;
    return rc;
}

/* ---- show ---- */

static int person_show_row(void *context, const struct row *row)
{
    struct conversation *c = context;
    struct person *p = c->state;
    struct buf line = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &line);
    jsonw_open_object(&w);
    jsonw_key(&w, schema_of(row->entity)->name);
    row_json(row, &w);
    jsonw_close(&w);
    buf_putc(&line, '\n');
    conversation__data(c, line.data, line.len);
    buf_free(&line);
    p->shown++;
    return 0;
}

/* ---- erase ---- */

static int person_erase(void *context, struct org *o, struct error *e)
{
    const struct conversation *c = context;
    struct person *p = c->state;
    return domain_erase(o->world.domain, &c->actor, &p->erase, &p->result, e);
}

/* The id in "M-12.txt", or 0. */
static int64_t person_message_of(const char *name)
{
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    char ref[32];
    size_t n = strlen(name);
    if (n < 5 || n - 4 >= sizeof ref || strcmp(name + n - 4, ".txt") != 0)
        return 0;
    memcpy(ref, name, n - 4);
    ref[n - 4] = '\0';
    return row_id_parse(ref, &entity, &id) == 0 && entity == ENTITY_MESSAGE ? id : 0;
}

static int person_drop_file(const struct conversation *c, const char *name, struct error *e)
{
    struct person *p = c->state;
    struct buf path = BUF_INIT;
    int64_t id = person_message_of(name);
    bool erased = false;
    int rc = id ? domain_message_is_erased(c->org->world.domain, id, &erased, e) : 0;
    buf_printf(&path, "%s/outbox/%s", c->org->dir, name);
    if (rc == 0 && erased && unlink(path.data))
        rc = error_set(e, ERROR_IO, "can't remove %s: %s", path.data, strerror(errno));
    else if (rc == 0 && erased)
        p->files++;
    buf_free(&path);
    return rc;
}

/* Of all messages that were erased: an earlier time may have left some. */
static int person_drop_files(const struct conversation *c, struct error *e)
{
    struct buf path = BUF_INIT;
    int rc = 0;
    buf_printf(&path, "%s/outbox", c->org->dir ? c->org->dir : "");
    DIR *dir = c->org->scratch ? NULL : opendir(path.data);
    if (!dir && !c->org->scratch && errno != ENOENT && errno != ENOTDIR)
        rc = error_set(e, ERROR_IO, "can't read %s: %s", path.data, strerror(errno));
    for (struct dirent *entry; rc == 0 && dir && (entry = readdir(dir));)
        rc = person_drop_file(c, entry->d_name, e);
    if (dir)
        closedir(dir);
    buf_free(&path);
    return rc;
}

static int person_step(struct conversation *c, bool *done, struct error *e)
{
    const struct person *p = c->state;
    struct org *o = c->org;
    *done = true;
    if (p->show)
        return domain_held(o->world.domain, p->erase.person_id, person_show_row, c, e);
    int rc = store_settle(o->store, 0, e);
    if (rc == 0)
        rc = org_turn(o, person_erase, c, e);
    if (rc)
        return rc;
    rc = person_drop_files(c, e);
    if (rc == 0)
        rc = store_compact(o->store, e);
    if (rc)
        error_prefix(e,
                     "P-%" PRId64 " is erased, but bytes are left: erase again when this is "
                     "mended",
                     p->erase.person_id);
    return rc;
}

static void person_write_once(void *context, int64_t referral_id)
{
    char ref[32];
    row_id_format(ENTITY_REFERRAL, referral_id, ref);
    jsonw_text(context, ref);
}

static int person_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct person *p = c->state;
    jsonw_key(done, "result");
    jsonw_open_object(done);
    if (p->show) {
        jsonw_key(done, "rows");
        jsonw_int(done, p->shown);
    } else {
        jsonw_key(done, "events");
        jsonw_int(done, p->result.events);
        jsonw_key(done, "files");
        jsonw_int(done, p->files);
        jsonw_key(done, "rows");
        jsonw_open_object(done);
        for (enum entity i = 1; i < ENTITY_END; i++)
            if (p->result.rows[i]) {
                jsonw_key(done, schema_of(i)->plural);
                jsonw_int(done, p->result.rows[i]);
            }
        jsonw_close(done);
    }
    jsonw_key(done, "once_about");
    jsonw_open_array(done);
    int rc =
        domain_once_about(c->org->world.domain, p->erase.person_id, person_write_once, done, e);
    jsonw_close(done);
    if (rc == 0)
        rc = copies__write(c, p->created_at_ms, true, done, e);
    jsonw_close(done);
    return rc;
}

static const char *const person_keys[] = { "action", "person", "reason", "with_open", NULL };

const struct request_op op_person = { .name = "person",
                                      .keys = person_keys,
                                      .start = person_start,
                                      .step = person_step,
                                      .finish = person_finish };
