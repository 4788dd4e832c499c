/* Erasing a person (erase.h). For each row that is theirs: the payloads of its
 * events go, then one event "<entity>.erased" sets every column and field to what
 * may stay, so that the row still is the fold of its events. The event of the
 * person comes last and names all payloads that are gone.
 *
 * Of a referral's moves the payloads held from where to where: that is kept as
 * "moves" in its event. */
#include "baton/domain/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/domain_internal.h"
#include "domain/erase_internal.h"
#include "domain/transfer_internal.h"

const char erase__kind[] = "person.erased";

static const char erase_stub[] = "(erased)";
enum { ERASE_MOVES = 2000, ERASE_OPEN_SHOWN = 8 };

/* What a column becomes; those of an entity that are not named stay. */
static const struct erase_rule {
    enum entity entity;
    int column;
    const char *text; /* NULL: nothing */
} erase_rules[] = {
    { ENTITY_PERSON, PERSON_NAME, erase_stub },
    { ENTITY_PERSON, PERSON_EMAIL, NULL },
    { ENTITY_PERSON, PERSON_PHONE, NULL },
    { ENTITY_PERSON, PERSON_BIRTH_DATE, NULL },
    { ENTITY_PERSON, PERSON_LANGUAGE, NULL },
    { ENTITY_PERSON, PERSON_ADDRESS, NULL },
    { ENTITY_PERSON, PERSON_EXTERNAL_ID, NULL },
    { ENTITY_REFERRAL, REFERRAL_TITLE, NULL },
    { ENTITY_REFERRAL, REFERRAL_EXTERNAL_ID, NULL },
    { ENTITY_TIMER, TIMER_DATA, NULL },
    { ENTITY_TIMER, TIMER_AT_MS, NULL },
    { ENTITY_TASK, TASK_TITLE, erase_stub },
    { ENTITY_TASK, TASK_OUTCOME, NULL },
    { ENTITY_NOTE, NOTE_TEXT, erase_stub },
    { ENTITY_MESSAGE, MESSAGE_RECIPIENT, erase_stub },
    { ENTITY_MESSAGE, MESSAGE_SUBJECT, NULL },
    { ENTITY_MESSAGE, MESSAGE_BODY, erase_stub },
    { ENTITY_MESSAGE, MESSAGE_SEND_AT_MS, NULL },
    { ENTITY_MESSAGE, MESSAGE_LAST_ERROR, NULL },
    { ENTITY_CONSENT, CONSENT_SCOPE, NULL },
    { ENTITY_CONSENT, CONSENT_HOW, NULL },
};

struct erasing {
    struct domain *d;
    const struct actor *actor;
    const struct erase *erase;
    struct erase_result *result;
    int64_t *seqs; /* of payloads that go */
    size_t count, room;
};

/* ---- events ---- */

struct erase_history {
    struct erasing *x;
    struct jsonw moves;
    size_t move_count;
    size_t found;
};

/* Written by an erasure. A plugin's event may be called "review.erased". */
static bool erase_is_own(const struct event *event)
{
    const char *entity = schema_of(event->entity)->name;
    size_t n = strlen(entity);
    return !strncmp(event->kind, entity, n) && !strcmp(event->kind + n, ".erased");
}

static void erase_keep_move(struct erase_history *h, const struct event *event)
{
    static const char *const kept[] = { "transition", "from", "to", "reason", NULL };
    struct json_slice value;
    if (event->entity != ENTITY_REFERRAL || h->move_count >= ERASE_MOVES ||
        !jsons_get(event->payload, event->payload_len, "transition", 10, &value))
        return;
    h->move_count++;
    jsonw_open_object(&h->moves);
    jsonw_key(&h->moves, "seq");
    jsonw_int(&h->moves, event->seq);
    for (size_t i = 0; kept[i]; i++) {
        struct buf text = BUF_INIT;
        if (!jsons_get(event->payload, event->payload_len, kept[i], strlen(kept[i]), &value) ||
            value.type != JSON_T_TEXT)
            continue;
        jsons_text(&value, &text);
        jsonw_key(&h->moves, kept[i]);
        jsonw_textn(&h->moves, buf_text(&text), text.len);
        buf_free(&text);
    }
    jsonw_close(&h->moves);
}

static int erase_look(void *context, const struct event *event)
{
    struct erase_history *h = context;
    struct erasing *x = h->x;
    if (!event->payload || erase_is_own(event))
        return 0;
    h->found++;
    erase_keep_move(h, event);
    if (x->count == x->room) {
        x->room = x->room ? 2 * x->room : 64;
        x->seqs = mem_resize(x->seqs, x->room * sizeof *x->seqs);
    }
    x->seqs[x->count++] = event->seq;
    return 0;
}

static int erase_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void erase_ranges(const struct erasing *x, struct buf *out)
{
    if (x->count)
        qsort(x->seqs, x->count, sizeof *x->seqs, erase_order);
    for (size_t i = 0, last; i < x->count; i = last + 1) {
        for (last = i; last + 1 < x->count && x->seqs[last + 1] == x->seqs[last] + 1; last++)
            ;
        if (out->len)
            buf_putc(out, ',');
        buf_int(out, x->seqs[i]);
        if (last > i) {
            buf_putc(out, '-');
            buf_int(out, x->seqs[last]);
        }
    }
}

void erase__each_range(const struct event *event,
                       void (*each)(void *context, int64_t first, int64_t last), void *context)
{
    struct json_slice seqs;
    if (!jsons_get(event->payload, event->payload_len, "seqs", 4, &seqs) ||
        seqs.type != JSON_T_TEXT)
        return;
    char *text = mem_dupn(seqs.text, seqs.len), *at = text;
    while (*at >= '0' && *at <= '9') {
        int64_t first = strtoll(at, &at, 10), last = first;
        if (*at == '-')
            last = strtoll(at + 1, &at, 10);
        each(context, first, last);
        at += *at == ',';
    }
    mem_free(text);
}

/* ---- rows ---- */

/* Yes or no, and declared words, count without telling who. */
static bool erase_keeps_field(const struct domain *d, const struct row *row, const char *name)
{
    if (row->entity == ENTITY_PERSON)
        return false;
    if (name[0] == '_') /* the engine's own: see pause_internal.h */
        return true;
    const char *workflow = row->entity == ENTITY_REFERRAL ? row_text(row, REFERRAL_WORKFLOW) : NULL;
    const struct field *f = transfer__field(d, row->entity, workflow, name);
    return f && (f->type == FIELD_BOOL || (f->type == FIELD_TEXT && f->values));
}

/* Each field by name: what stays as it is, else null. In the order of the row, so that folding it
 * on nothing gives the row. */
static void erase_fields(const struct domain *d, const struct row *row, struct buf *out)
{
    struct jsonw w;
    size_t at = 0, n;
    const char *key;
    struct json_slice value;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    while (row->fields.len && jsons_next(row->fields.s, row->fields.len, &at, &key, &n, &value)) {
        char *name = mem_dupn(key, n);
        jsonw_keyn(&w, key, n);
        if (!erase_keeps_field(d, row, name))
            jsonw_null(&w);
        else if (value.type == JSON_T_TEXT)
            jsonw_raw(&w, value.text - 1, value.len + 2); /* with its quotes */
        else
            jsonw_raw(&w, value.text, value.len);
        mem_free(name);
    }
    jsonw_close(&w);
}

static struct value erase_value(const struct row *row, int column)
{
    for (size_t i = 0; i < sizeof erase_rules / sizeof *erase_rules; i++)
        if (erase_rules[i].entity == row->entity && erase_rules[i].column == column)
            return value_text(erase_rules[i].text);
    const char *status = row->v[column].type == VALUE_TEXT ? row->v[column].s : "";
    bool waits = (row->entity == ENTITY_TIMER && column == TIMER_STATUS) ||
                 (row->entity == ENTITY_MESSAGE && column == MESSAGE_STATUS);
    return waits && !strcmp(status, "waiting") ? value_text("cancelled") : row->v[column];
}

static int erase_write(struct erasing *x, const struct row *row, const struct buf *detail,
                       struct error *e)
{
    const struct schema *s = schema_of(row->entity);
    struct store_set set[SCHEMA_COLUMNS_MAX];
    struct buf fields = BUF_INIT;
    char kind[LIMIT_NAME_BYTES];
    for (size_t i = 0; i < s->count; i++)
        set[i] = (struct store_set){ (int)i, erase_value(row, (int)i) };
    erase_fields(x->d, row, &fields);
    snprintf(kind, sizeof kind, "%s.erased", s->name);
    struct store_change change = { .entity = row->entity,
                                   .id = row->id,
                                   .kind = kind,
                                   .actor = x->actor->name,
                                   .at_ms = domain_now(x->d),
                                   .set = set,
                                   .set_count = s->count,
                                   .fields = fields.data,
                                   .fields_len = fields.len,
                                   .detail = detail->data + 1,
                                   .detail_len = detail->len - 2 };
    int rc = store_change(x->d->store, &change, NULL, e);
    x->result->rows[row->entity]++;
    buf_free(&fields);
    return rc;
}

static int erase_row(struct erasing *x, struct held__row held, struct error *e)
{
    struct buf detail = BUF_INIT;
    struct erase_history h = { .x = x };
    const struct row *row;
    jsonw_start(&h.moves, &detail);
    jsonw_open_object(&h.moves);
    if (held.entity == ENTITY_REFERRAL) {
        jsonw_key(&h.moves, "moves");
        jsonw_open_array(&h.moves);
    }
    int rc = store_history(x->d->store, held.entity, held.id, 0, erase_look, &h, e);
    while (h.moves.depth)
        jsonw_close(&h.moves);
    if (rc == 0 && h.found > 0)
        rc = store_get(x->d->store, held.entity, held.id, &row, e);
    if (rc == 0 && h.found > 0)
        rc = erase_write(x, row, &detail, e);
    buf_free(&detail);
    return rc;
}

/* The person comes last, and says what is gone. */
static int erase_person(struct erasing *x, struct error *e)
{
    struct erase_history h = { .x = x };
    struct buf detail = BUF_INIT, seqs = BUF_INIT;
    const struct row *row;
    struct jsonw w;
    int rc = store_history(x->d->store, ENTITY_PERSON, x->erase->person_id, 0, erase_look, &h, e);
    if (rc < 0 || x->count == 0)
        return rc;
    erase_ranges(x, &seqs);
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    jsonw_key(&w, "reason");
    jsonw_text(&w, x->erase->reason);
    jsonw_key(&w, "seqs");
    jsonw_textn(&w, seqs.data, seqs.len);
    jsonw_close(&w);
    rc = store_get(x->d->store, ENTITY_PERSON, x->erase->person_id, &row, e);
    if (rc == 0)
        rc = erase_write(x, row, &detail, e);
    for (size_t i = 0; rc == 0 && i < x->count; i++)
        rc = store_erase_event(x->d->store, x->seqs[i], e);
    x->result->events = (int64_t)x->count;
    buf_free(&detail);
    buf_free(&seqs);
    return rc;
}

/* ---- the whole ---- */

static int erase_check_open(struct domain *d, const struct erase *erase, const struct held *held,
                            struct error *e)
{
    struct buf open = BUF_INIT;
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < held->count; i++) {
        const struct row *row;
        if (held->rows[i].entity != ENTITY_REFERRAL)
            continue;
        rc = store_get(d->store, ENTITY_REFERRAL, held->rows[i].id, &row, e);
        if (rc == 0 && row_is_null(row, REFERRAL_CLOSED_AT_MS) && count++ < ERASE_OPEN_SHOWN)
            buf_printf(&open, "%sR-%" PRId64, open.len ? ", " : "", row->id);
    }
    if (rc == 0 && count > 0 && !erase->with_open)
        rc = error_set(e, ERROR_CONFLICT,
                       "P-%" PRId64 " has %zu open referral%s: %s%s; close them first, or say that "
                       "they too are to be emptied",
                       erase->person_id, count, count == 1 ? "" : "s", buf_text(&open),
                       count > ERASE_OPEN_SHOWN ? ", …" : "");
    buf_free(&open);
    return rc;
}

static int erase_see_message(void *context, const struct event *event)
{
    bool *erased = context;
    *erased = *erased || erase_is_own(event);
    return 0;
}

int domain_message_is_erased(struct domain *d, int64_t id, bool *out, struct error *e)
{
    *out = false;
    return store_history(d->store, ENTITY_MESSAGE, id, 0, erase_see_message, out, e);
}

int domain_erase(struct domain *d, const struct actor *actor, const struct erase *erase,
                 struct erase_result *out, struct error *e)
{
    struct erase_result result = { 0 };
    struct erasing x = { .d = d, .actor = actor, .erase = erase, .result = &result };
    struct held held = { 0 };
    int rc = domain__writable(d, e);
    if (rc == 0 && !actor_has_role(actor, "admin"))
        rc = error_set(e, ERROR_DENIED, "%s may not erase: only an admin and the operator may",
                       actor->name);
    if (rc == 0 && (!erase->reason || !erase->reason[strspn(erase->reason, " \t\r\n")]))
        rc =
            error_set(e, ERROR_INVALID,
                      "erasing needs a reason, which stays in the history: whose request, of when");
    if (rc == 0)
        rc = held__gather(d, erase->person_id, &held, e);
    if (rc == 0)
        rc = erase_check_open(d, erase, &held, e);
    for (size_t i = 1; rc == 0 && i < held.count; i++)
        rc = erase_row(&x, held.rows[i], e);
    if (rc == 0)
        rc = erase_person(&x, e);
    if (rc == 0)
        *out = result;
    mem_free(held.rows);
    mem_free(x.seqs);
    return rc;
}
