/* Which rows belong to a person (erase.h). The list is its own queue: each row
 * in it is asked for what is about it. */
#include <string.h>
#include <strings.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
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

/* ---- messages: they go to addresses, not to rows ---- */

struct held_addresses {
    struct held *held;
    struct buf list; /* all that the person ever had, each ended by NUL */
    int64_t last_id;
};

static int held_note_addresses(void *context, const struct event *event)
{
    static const char *const columns[] = { "email", "phone" };
    struct held_addresses *a = context;
    struct json_slice set, value;
    if (!event->payload || !jsons_get(event->payload, event->payload_len, "set", 3, &set))
        return 0;
    for (size_t i = 0; i < 2; i++)
        if (jsons_get(set.text, set.len, columns[i], 5, &value) && value.type == JSON_T_TEXT &&
            value.len > 0) {
            jsons_text(&value, &a->list);
            buf_add(&a->list, "", 1);
        }
    return 0;
}

/* One address of a recipient, "Name <a@b>" or "a@b", in any letter case. */
static bool held_is_address(const struct held_addresses *a, const char *text, size_t n)
{
    const char *open = memchr(text, '<', n),
               *close = open ? memchr(open, '>', n - (size_t)(open - text)) : NULL;
    if (close) {
        text = open + 1;
        n = (size_t)(close - text);
    }
    for (; n > 0 && *text == ' '; text++, n--)
        ;
    while (n > 0 && text[n - 1] == ' ')
        n--;
    for (const char *own = a->list.data; own && own < a->list.data + a->list.len;
         own += strlen(own) + 1)
        if (n == strlen(own) && !strncasecmp(own, text, n))
            return true;
    return false;
}

static int held_match(void *context, const struct row *row)
{
    struct held_addresses *a = context;
    const char *at = row_text(row, MESSAGE_RECIPIENT);
    a->last_id = row->id;
    for (size_t n; *at; at += n + (at[n] != '\0')) {
        n = strcspn(at, ",;");
        if (held_is_address(a, at, n)) {
            held_add(a->held, ENTITY_MESSAGE, row->id);
            break;
        }
    }
    return 0;
}

/* Every message is looked at: no index finds an address in other letters. */
static int held_addressed(struct domain *d, struct held *out, int64_t person_id, struct error *e)
{
    struct held_addresses a = { .held = out };
    int64_t before = -1;
    int rc = store_history(d->store, ENTITY_PERSON, person_id, 0, held_note_addresses, &a, e);
    while (rc == 0 && a.list.len > 0 && a.last_id != before) {
        const struct store_query query = { .entity = ENTITY_MESSAGE,
                                           .after_id = a.last_id,
                                           .limit = LIMIT_LIST_ROWS };
        before = a.last_id;
        rc = store_list(d->store, &query, held_match, &a, e);
    }
    buf_free(&a.list);
    return rc;
}

int held__gather(struct domain *d, int64_t person_id, struct held *out, struct error *e)
{
    struct held_search s = { .held = out, .person_id = person_id };
    const struct row *person;
    int rc = store_get(d->store, ENTITY_PERSON, person_id, &person, e);
    if (rc < 0)
        return rc;
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
        rc = held_addressed(d, out, person_id, e);
    for (size_t i = 0; rc == 0 && i < out->count; i++)
        rc = held_about(d, &s, out->rows[i], e);
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

/* ---- what was once about the person ---- */

struct held_once {
    struct held held; /* referrals only */
    int64_t person_id;
};

static int held_see_subject(void *context, const struct event *event)
{
    struct held_once *o = context;
    struct json_slice set, subject;
    if (event->entity == ENTITY_REFERRAL && event->payload &&
        jsons_get(event->payload, event->payload_len, "set", 3, &set) &&
        jsons_get(set.text, set.len, "subject_id", 10, &subject) &&
        jsons_int(&subject) == o->person_id)
        held_add(&o->held, ENTITY_REFERRAL, event->entity_id);
    return 0;
}

static bool held_has(const struct held *h, struct held__row row)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->rows[i].entity == row.entity && h->rows[i].id == row.id)
            return true;
    return false;
}

int domain_once_about(struct domain *d, int64_t person_id,
                      void (*each)(void *context, int64_t referral_id), void *context,
                      struct error *e)
{
    struct held held = { 0 };
    struct held_once once = { .person_id = person_id };
    int rc = held__gather(d, person_id, &held, e);
    if (rc == 0)
        rc = store_events(d->store, 0, 0, held_see_subject, &once, e);
    for (size_t i = 0; rc == 0 && i < once.held.count; i++)
        if (!held_has(&held, once.held.rows[i]))
            each(context, once.held.rows[i].id);
    mem_free(held.rows);
    mem_free(once.held.rows);
    return rc;
}
