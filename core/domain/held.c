/* Which rows belong to a person (erase.h). The list is its own queue: each row
 * in it is asked for what is about it. */
#include <string.h>

#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/domain/erase.h"
#include "domain/domain_internal.h"
#include "domain/erase_internal.h"

struct held_search {
    struct held *held;
    int64_t person_id, last_id;
    bool by_referrer, children;
};

static void held_add(struct held *h, enum entity entity, int64_t id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->rows[i].entity == entity && h->rows[i].id == id)
            return;
    if (h->count == h->room) {
        h->room = h->room ? 2 * h->room : 32;
        h->rows = mem_resize(h->rows, h->room * sizeof *h->rows);
    }
    h->rows[h->count++] = (struct held__row){ entity, id };
}

/* A referral found by its referrer or parent is somebody else's where it has another subject. */
static int held_found(void *context, const struct row *row)
{
    struct held_search *s = context;
    s->last_id = row->id;
    if ((s->by_referrer || s->children) && !row_is_null(row, REFERRAL_SUBJECT) &&
        row_int(row, REFERRAL_SUBJECT) != s->person_id)
        return 0;
    held_add(s->held, row->entity, row->id);
    return 0;
}

static int held_list(struct domain *d, struct held_search *s, enum entity entity, int column,
                     struct value value, struct error *e)
{
    const struct store_filter filter = { .column = column, .op = FILTER_EQ, .value = value };
    int64_t before;
    s->last_id = 0;
    do {
        const struct store_query query = { .entity = entity,
                                           .filters = &filter,
                                           .filter_count = 1,
                                           .after_id = s->last_id,
                                           .limit = LIMIT_LIST_ROWS };
        before = s->last_id;
        int rc = store_list(d->store, &query, held_found, s, e);
        if (rc)
            return rc;
    } while (s->last_id != before);
    return 0;
}

static int held_about(struct domain *d, struct held_search *s, struct held__row row,
                      struct error *e)
{
    static const struct {
        enum entity entity;
        int column;
    } kinds[] = { { ENTITY_NOTE, NOTE_ABOUT },
                  { ENTITY_TASK, TASK_ABOUT },
                  { ENTITY_TIMER, TIMER_ABOUT },
                  { ENTITY_MESSAGE, MESSAGE_ABOUT } };
    char ref[32];
    int rc = 0;
    row_id_format(row.entity, row.id, ref);
    for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof *kinds; i++)
        rc = held_list(d, s, kinds[i].entity, kinds[i].column, value_text(ref), e);
    if (rc < 0 || row.entity != ENTITY_REFERRAL)
        return rc;
    s->children = true;
    rc = held_list(d, s, ENTITY_REFERRAL, REFERRAL_PARENT, value_int(row.id), e);
    s->children = false;
    return rc;
}

/* Messages go to addresses, not to rows. */
static int held_addressed(struct domain *d, struct held_search *s, const char *address,
                          struct error *e)
{
    return *address ? held_list(d, s, ENTITY_MESSAGE, MESSAGE_RECIPIENT, value_text(address), e)
                    : 0;
}

int held__gather(struct domain *d, int64_t person_id, struct held *out, struct error *e)
{
    struct held_search s = { .held = out, .person_id = person_id };
    struct buf email = BUF_INIT, phone = BUF_INIT;
    const struct row *person;
    int rc = store_get(d->store, ENTITY_PERSON, person_id, &person, e);
    if (rc < 0)
        return rc;
    buf_puts(&email, row_text(person, PERSON_EMAIL));
    buf_puts(&phone, row_text(person, PERSON_PHONE));
    held_add(out, ENTITY_PERSON, person_id);
    const struct value id = value_int(person_id);
    if (rc == 0)
        rc = held_list(d, &s, ENTITY_CONSENT, CONSENT_PERSON, id, e);
    if (rc == 0)
        rc = held_list(d, &s, ENTITY_REFERRAL, REFERRAL_SUBJECT, id, e);
    s.by_referrer = true;
    if (rc == 0)
        rc = held_list(d, &s, ENTITY_REFERRAL, REFERRAL_REFERRER, id, e);
    s.by_referrer = false;
    if (rc == 0)
        rc = held_addressed(d, &s, buf_text(&email), e);
    if (rc == 0)
        rc = held_addressed(d, &s, buf_text(&phone), e);
    for (size_t i = 0; rc == 0 && i < out->count; i++)
        rc = held_about(d, &s, out->rows[i], e);
    buf_free(&email);
    buf_free(&phone);
    return rc;
}

int domain_held(struct domain *d, int64_t person_id, store_each each, void *context,
                struct error *e)
{
    struct held held = { 0 };
    int rc = held__gather(d, person_id, &held, e);
    for (size_t i = 0; rc == 0 && i < held.count; i++) {
        const struct row *row;
        rc = store_get(d->store, held.rows[i].entity, held.rows[i].id, &row, e);
        if (rc == 0)
            rc = each(context, row);
    }
    mem_free(held.rows);
    return rc;
}
