/* Columns of a record that is being written: what a user may give, what the
 * engine fills in, and what a value must look like beyond its type (the type
 * is the store's business, so a value of another type is passed over here). */
#include <assert.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/text.h"
#include "domain/domain_internal.h"
#include "domain/words_internal.h"

struct value *columns__get(struct columns *c, int column)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->set[i].column == column)
            return &c->set[i].value;
    return NULL;
}

void columns__put(struct columns *c, int column, struct value value)
{
    struct value *there = columns__get(c, column);
    if (there) {
        *there = value;
        return;
    }
    assert(c->count < SCHEMA_COLUMNS_MAX);
    c->set[c->count++] = (struct store_set){ column, value };
}

void columns__default(struct columns *c, int column, struct value value)
{
    struct value *there = columns__get(c, column);
    if (!there || there->type == VALUE_NULL)
        columns__put(c, column, value);
}

/* NULL unless text was given. */
static const char *columns_text(struct columns *c, int column)
{
    const struct value *v = columns__get(c, column);
    return v && v->type == VALUE_TEXT ? v->s : NULL;
}

static bool columns_is(struct columns *c, int column, const char *word)
{
    const char *text = columns_text(c, column);
    return text && !strcmp(text, word);
}

/* Stopping a message is the one thing that a user may do to its status. */
static bool columns_may_give(const struct columns *c, const struct store_set *s, unsigned flags)
{
    if (!(flags & COLUMN_ENGINE))
        return true;
    return c->entity == ENTITY_MESSAGE && s->column == MESSAGE_STATUS &&
           s->value.type == VALUE_TEXT && !strcmp(s->value.s, "cancelled");
}

int columns__take(struct columns *c, const struct store_set *set, size_t count, struct error *e)
{
    const struct schema *s = schema_of(c->entity);
    for (size_t i = 0; i < count; i++) {
        int column = set[i].column;
        if (column < 0 || (size_t)column >= s->count)
            return error_set(e, ERROR_INVALID, "a %s has no column %d", s->name, column);
        if (!columns_may_give(c, &set[i], s->columns[column].flags))
            return error_set(e, ERROR_DENIED, "%s of a %s is written by the engine only",
                             s->columns[column].name, s->name);
        if (columns__get(c, column))
            return error_set(e, ERROR_INVALID, "%s is given twice", s->columns[column].name);
        columns__put(c, column, set[i].value);
    }
    return 0;
}

/* Shapes. */

/* One @ with something on both sides, no spaces, nothing unprintable: more is the mail server's
 * say. */
static bool columns_is_email(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || strchr(at + 1, '@'))
        return false;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return false;
    return true;
}

static int columns_email(struct columns *c, int column, struct error *e)
{
    const char *text = columns_text(c, column);
    if (!text || columns_is_email(text))
        return 0;
    return error_set(e, ERROR_INVALID,
                     "email \"%.80s\" is not a mail address such as ana@example.org", text);
}

/* Nothing in it may begin a new line of a mail header. */
static int columns_one_line(struct columns *c, int column, struct error *e)
{
    const char *text = columns_text(c, column);
    for (const char *p = text; p && *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return error_set(e, ERROR_INVALID, "%s must be one line without control characters",
                             schema_of(c->entity)->columns[column].name);
    return 0;
}

static int columns_range(struct columns *c, int column, double low, double high, struct error *e)
{
    const struct value *v = columns__get(c, column);
    if (!v || (v->type != VALUE_INT && v->type != VALUE_REAL))
        return 0;
    double x = v->type == VALUE_INT ? (double)v->i : v->r;
    if (x >= low && x <= high)
        return 0;
    return error_set(e, ERROR_INVALID, "%s takes %g to %g, not %.15g",
                     schema_of(c->entity)->columns[column].name, low, high, x);
}

static int columns_birth_date(struct columns *c, struct error *e)
{
    const char *text = columns_text(c, PERSON_BIRTH_DATE);
    int64_t day;
    if (!text || (fields__date(text, strlen(text), &day) && day <= c->now_ms / 86400000 + 1))
        return 0;
    return error_set(e, ERROR_INVALID,
                     "birth_date \"%.40s\" is not a day of the past such as 1990-12-31", text);
}

/* "R-12", and that there is one; kept in canonical form. */
static int columns_about(struct domain *d, struct columns *c, int column, struct error *e)
{
    const char *text = columns_text(c, column);
    const char *name = schema_of(c->entity)->columns[column].name;
    enum entity entity = ENTITY_NONE;
    int64_t id;
    if (!text)
        return 0;
    if (row_id_parse(text, &entity, &id) < 0 || entity == ENTITY_NONE)
        return error_set(e, ERROR_INVALID,
                         "%s takes an id with its letter, such as R-12, not \"%.40s\"", name, text);
    row_id_format(entity, id, c->about);
    if (!store_has(d->store, entity, id))
        return error_set(e, ERROR_INVALID, "%s: there is no %s %s", name, schema_of(entity)->name,
                         c->about);
    columns__put(c, column, value_text(c->about));
    return 0;
}

/* What every entity's columns have in common. */
static int columns_common(struct domain *d, struct columns *c, struct error *e)
{
    const struct schema *s = schema_of(c->entity);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->count; i++) {
        const struct column *column = &s->columns[c->set[i].column];
        const struct value *v = &c->set[i].value;
        if (column->type == COLUMN_ANY)
            rc = columns_about(d, c, c->set[i].column, e);
        else if ((column->flags & COLUMN_REQUIRED) && v->type == VALUE_TEXT &&
                 !v->s[strspn(v->s, " \t\r\n")])
            rc = error_set(e, ERROR_INVALID, "%s of a %s must not be empty", column->name, s->name);
    }
    return rc;
}

/* Staff. */

int columns__check_staff(struct domain *d, int64_t staff_id, const char *const *roles,
                         const char *what, struct error *e)
{
    const struct row *staff;
    int rc = store_get(d->store, ENTITY_STAFF, staff_id, &staff, e);
    if (rc < 0)
        return rc;
    if (!strcmp(row_text(staff, STAFF_STATUS), "inactive"))
        return error_set(e, ERROR_INVALID, "%s: S-%lld (%.80s) is inactive", what,
                         (long long)staff_id, row_text(staff, STAFF_NAME));
    struct actor holder = { staff_id, "", row_text(staff, STAFF_ROLES) };
    if (actor_has_any_role(&holder, roles))
        return 0;
    struct words wanted = WORDS_INIT;
    struct buf list = BUF_INIT;
    words__add_all(&wanted, roles);
    words__join(&wanted, &list);
    rc = error_set(e, ERROR_DENIED, "%s needs one of the roles %s; S-%lld has %.200s", what,
                   buf_text(&list), (long long)staff_id, holder.roles);
    buf_free(&list);
    words__free(&wanted);
    return rc;
}

static int columns_person_of_staff(struct domain *d, struct columns *c, int column, struct error *e)
{
    const struct value *v = columns__get(c, column);
    if (!v || v->type != VALUE_INT)
        return 0;
    return columns__check_staff(d, v->i, NULL, schema_of(c->entity)->columns[column].name, e);
}

struct columns_roles {
    const struct domain *d;
    struct error *e;
};

static int columns_one_role(void *context, const char *word, size_t n)
{
    struct columns_roles *r = context;
    char role[LIMIT_NAME_BYTES + 2];
    size_t kept = n < sizeof role ? n : sizeof role - 1; /* too long is unknown too */
    memcpy(role, word, kept);
    role[kept] = '\0';
    return domain_check_role(r->d, role, r->e);
}

static int columns_staff(struct domain *d, const struct actor *actor, struct columns *c,
                         const struct row *before, struct error *e)
{
    bool is_operator = !actor->roles && !strcmp(actor->name, "operator");
    if (!is_operator && !(actor->roles && actor_has_role(actor, "admin")))
        return error_set(e, ERROR_DENIED,
                         "staff are written by role admin or the operator; this is %s",
                         actor->name);
    const char *roles = columns_text(c, STAFF_ROLES);
    struct columns_roles check = { d, e };
    int rc = roles ? actor__each_role(roles, columns_one_role, &check) : 0;
    if (rc < 0)
        return rc;
    if (!before)
        columns__default(c, STAFF_STATUS, value_text("active"));
    return columns_email(c, STAFF_EMAIL, e);
}

/* The other entities, one by one. */

static int columns_service(struct columns *c, const struct row *before, struct error *e)
{
    const struct value *low = columns__get(c, SERVICE_MIN_AGE),
                       *high = columns__get(c, SERVICE_MAX_AGE);
    if (!low && before)
        low = &before->v[SERVICE_MIN_AGE];
    if (!high && before)
        high = &before->v[SERVICE_MAX_AGE];
    int rc = columns_range(c, SERVICE_MIN_AGE, 0, 150, e);
    if (rc == 0)
        rc = columns_range(c, SERVICE_MAX_AGE, 0, 150, e);
    if (rc < 0)
        return rc;
    if (low && high && low->type == VALUE_INT && high->type == VALUE_INT && low->i > high->i)
        return error_set(e, ERROR_INVALID, "min_age %lld is above max_age %lld", (long long)low->i,
                         (long long)high->i);
    if (!before)
        columns__default(c, SERVICE_STATUS, value_text("active"));
    return columns_email(c, SERVICE_EMAIL, e);
}

/* timer.NAME is an event: these names would be mistaken for the engine's own. */
static const char *const timer_reserved[] = { "created", "changed", "failed", NULL };

static int columns_timer_name(struct columns *c, struct error *e)
{
    const char *name = columns_text(c, TIMER_NAME);
    if (!name)
        return 0;
    if (!text_is_name(name))
        return error_set(
            e, ERROR_INVALID,
            "timer \"%.80s\": a name is made of a-z, 0-9 and _ and begins with a letter", name);
    for (const char *const *r = timer_reserved; *r; r++)
        if (!strcmp(*r, name))
            return error_set(e, ERROR_INVALID, "timer \"%s\": the name is reserved", name);
    return 0;
}

enum { TIMER_PAUSE_MS = 1000 };

/* What a handler of a firing sets is due a second later at the earliest: else one that sets itself
 * again for now would fire for ever, and nothing else would. */
static void columns_timer_later(const struct domain *d, struct columns *c)
{
    const struct value *at = columns__get(c, TIMER_AT_MS);
    int64_t first_ms = d->firing_at_ms + TIMER_PAUSE_MS;
    if (d->firing && d->depth > 0 && at && at->type == VALUE_INT && at->i < first_ms)
        columns__put(c, TIMER_AT_MS, value_int(first_ms));
}

/* A timer that waits has an instant; one that does not wait has none, and stays as it is. */
static int columns_timer(const struct domain *d, const struct actor *actor, struct columns *c,
                         const struct row *before, struct error *e)
{
    const struct value *at = columns__get(c, TIMER_AT_MS);
    bool cancel = before && columns_is(c, TIMER_STATUS, "cancelled");
    if (before && strcmp(row_text(before, TIMER_STATUS), "waiting") != 0)
        return error_set(e, ERROR_INVALID, "T-%lld does not wait any more: it is %s",
                         (long long)before->id, row_text(before, TIMER_STATUS));
    if (columns_text(c, TIMER_STATUS) && !cancel && !columns_is(c, TIMER_STATUS, "waiting"))
        return error_set(e, ERROR_INVALID, "status of a %stimer can only be set to %s",
                         before ? "" : "new ", before ? "cancelled" : "waiting");
    if (cancel)
        columns__put(c, TIMER_AT_MS, value_null());
    else if (before ? at && at->type == VALUE_NULL : !at || at->type == VALUE_NULL)
        return error_set(e, ERROR_INVALID, "a timer that waits needs at_ms");
    columns_timer_later(d, c);
    if (!before) {
        columns__default(c, TIMER_STATUS, value_text("waiting"));
        const char *via = strstr(actor->name, " via ");
        if (!strncmp(actor->name, "plugin ", 7))
            columns__put(c, TIMER_PLUGIN, value_text(actor->name + 7));
        else if (via)
            columns__put(c, TIMER_PLUGIN, value_text(via + 5));
    }
    return columns_timer_name(c, e);
}

static int columns_task(struct domain *d, struct columns *c, const struct row *before,
                        struct error *e)
{
    const char *role = columns_text(c, TASK_ROLE);
    int rc = role ? domain_check_role(d, role, e) : 0;
    if (rc == 0)
        rc = columns_person_of_staff(d, c, TASK_ASSIGNEE, e);
    if (rc < 0)
        return rc;
    if (!before)
        columns__default(c, TASK_STATUS, value_text("open"));
    bool was_done = before && !row_is_null(before, TASK_DONE_AT_MS);
    if (columns_is(c, TASK_STATUS, "done") && !was_done)
        columns__put(c, TASK_DONE_AT_MS, value_int(c->now_ms));
    else if (was_done && columns_text(c, TASK_STATUS) && !columns_is(c, TASK_STATUS, "done"))
        columns__put(c, TASK_DONE_AT_MS, value_null());
    return 0;
}

static int columns_message(struct columns *c, const struct row *before, struct error *e)
{
    const char *channel = columns_text(c, MESSAGE_CHANNEL);
    if (channel && strcmp(channel, "file") != 0)
        return error_set(e, ERROR_INVALID, "unknown channel \"%.40s\"; known: file", channel);
    if (before && strcmp(row_text(before, MESSAGE_STATUS), "waiting") != 0)
        return error_set(e, ERROR_INVALID, "M-%lld does not wait any more: it is %s",
                         (long long)before->id, row_text(before, MESSAGE_STATUS));
    if (!before) {
        if (columns__get(c, MESSAGE_STATUS))
            return error_set(e, ERROR_INVALID, "a new message cannot be cancelled already");
        columns__put(c, MESSAGE_STATUS, value_text("waiting"));
        columns__put(c, MESSAGE_ATTEMPTS, value_int(0));
        columns__put(c, MESSAGE_SEND_AT_MS, value_int(c->now_ms));
    } else if (columns_is(c, MESSAGE_STATUS, "cancelled")) {
        columns__put(c, MESSAGE_SEND_AT_MS, value_null());
    }
    int rc = columns_one_line(c, MESSAGE_RECIPIENT, e);
    return rc < 0 ? rc : columns_one_line(c, MESSAGE_SUBJECT, e);
}

static int columns_consent(struct columns *c, const struct row *before, struct error *e)
{
    if (columns_is(c, CONSENT_STATUS, "given") &&
        (!before || row_is_null(before, CONSENT_GIVEN_AT_MS)))
        columns__default(c, CONSENT_GIVEN_AT_MS, value_int(c->now_ms));
    const struct value *given = columns__get(c, CONSENT_GIVEN_AT_MS);
    const struct value *expires = columns__get(c, CONSENT_EXPIRES_AT_MS);
    if (!given && before)
        given = &before->v[CONSENT_GIVEN_AT_MS];
    if (!expires && before)
        expires = &before->v[CONSENT_EXPIRES_AT_MS];
    if (given && expires && given->type == VALUE_INT && expires->type == VALUE_INT &&
        expires->i <= given->i)
        return error_set(e, ERROR_INVALID, "expires_at_ms is not after given_at_ms");
    return 0;
}

int columns__check(struct domain *d, const struct actor *actor, struct columns *c,
                   const struct row *before, struct error *e)
{
    int rc = columns_common(d, c, e);
    if (rc < 0)
        return rc;
    switch (c->entity) {
    case ENTITY_PERSON:
        rc = columns_birth_date(c, e);
        return rc < 0 ? rc : columns_email(c, PERSON_EMAIL, e);
    case ENTITY_PARTNER:
        if (!before)
            columns__default(c, PARTNER_STATUS, value_text("active"));
        return columns_email(c, PARTNER_EMAIL, e);
    case ENTITY_SERVICE:
        return columns_service(c, before, e);
    case ENTITY_LOCATION:
        rc = columns_range(c, LOCATION_LATITUDE, -90, 90, e);
        return rc < 0 ? rc : columns_range(c, LOCATION_LONGITUDE, -180, 180, e);
    case ENTITY_STAFF:
        return columns_staff(d, actor, c, before, e);
    case ENTITY_REFERRAL:
        if (!before)
            columns__default(c, REFERRAL_PRIORITY, value_text("routine"));
        return 0;
    case ENTITY_TIMER:
        return columns_timer(d, actor, c, before, e);
    case ENTITY_TASK:
        return columns_task(d, c, before, e);
    case ENTITY_NOTE:
        if (!before && actor->staff_id > 0)
            columns__put(c, NOTE_AUTHOR, value_int(actor->staff_id));
        return 0;
    case ENTITY_MESSAGE:
        return columns_message(c, before, e);
    case ENTITY_CONSENT:
        return columns_consent(c, before, e);
    case ENTITY_PROGRAMME:
        return columns__programme(c, before, e);
    case ENTITY_CODE:
        return columns__code(c, before, e);
    default:
        return 0;
    }
}
