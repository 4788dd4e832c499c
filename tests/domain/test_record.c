/* Records: what each entity takes, what the engine fills in, what it refuses. */
#include "domain/rules_fixture.h"

static const struct actor admin = { 9, "S-9", "admin" };
static const struct actor plugin = { 0, "plugin visits", NULL };

static int try_write(struct org *org, const struct actor *actor, const struct record *r,
                     int64_t *id)
{
    struct error lost;
    const struct row *row;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = domain_write(org->d, actor, r, &row, &org->e);
    if (rc == 0 && id)
        *id = row->id;
    if (domain_command_end(org->d, rc == 0, &lost) < 0 || store_turn_commit(org->store, &lost) < 0)
        fail_msg("the turn was lost: %s", lost.message);
    return rc;
}

struct record_case {
    const char *label;
    enum entity entity;
    int64_t id;
    struct store_set set[4];
    const char *fields;
    const struct actor *actor; /* NULL: the teacher */
    const char *message;       /* NULL: it is taken */
    struct store_set then;     /* and this column is then so */
};

#define T(column, text)                                                                            \
    {                                                                                              \
        column,                                                                                    \
        {                                                                                          \
            .s = text, .len = sizeof text - 1, .type = VALUE_TEXT                                  \
        }                                                                                          \
    }
#define I(column, number)                                                                          \
    {                                                                                              \
        column,                                                                                    \
        {                                                                                          \
            .i = number, .type = VALUE_INT                                                         \
        }                                                                                          \
    }
#define N(column)                                                                                  \
    {                                                                                              \
        column,                                                                                    \
        {                                                                                          \
            .i = 0, .type = VALUE_NULL                                                             \
        }                                                                                          \
    }

/* In order: later cases change rows that earlier ones made. */
/* clang-format off */
static const struct record_case cases[] = {
    { "person", ENTITY_PERSON, 0, { T(PERSON_NAME, "Bo"), T(PERSON_EMAIL, "bo@example.org"),
      T(PERSON_BIRTH_DATE, "1990-12-31") }, NULL, NULL, NULL, T(PERSON_NAME, "Bo") },
    { "no name", ENTITY_PERSON, 0, { T(PERSON_EMAIL, "bo@example.org") }, NULL, NULL, "name",
      { 0 } },
    { "blank name", ENTITY_PERSON, 0, { T(PERSON_NAME, "  ") }, NULL, NULL,
      "name of a person must not be empty", { 0 } },
    { "mail without @", ENTITY_PERSON, 1, { T(PERSON_EMAIL, "bo.example.org") }, NULL, NULL,
      "email \"bo.example.org\" is not a mail address", { 0 } },
    { "mail with two", ENTITY_PERSON, 1, { T(PERSON_EMAIL, "a@b@c") }, NULL, NULL,
      "is not a mail address", { 0 } },
    { "mail with space", ENTITY_PERSON, 1, { T(PERSON_EMAIL, "a b@c") }, NULL, NULL,
      "is not a mail address", { 0 } },
    { "mail with newline", ENTITY_PERSON, 1, { T(PERSON_EMAIL, "a@b\nc") }, NULL, NULL,
      "is not a mail address", { 0 } },
    { "no such day", ENTITY_PERSON, 1, { T(PERSON_BIRTH_DATE, "1990-02-30") }, NULL, NULL,
      "birth_date \"1990-02-30\" is not a day of the past", { 0 } },
    { "born tomorrow week", ENTITY_PERSON, 1, { T(PERSON_BIRTH_DATE, "2026-03-08") }, NULL, NULL,
      "is not a day of the past", { 0 } },
    { "change", ENTITY_PERSON, 1, { T(PERSON_PHONE, "555") }, "{\"colour\":\"red\"}", NULL, NULL,
      T(PERSON_PHONE, "555") },
    { "field", ENTITY_PERSON, 1, { { 0 } }, "{\"colour\":\"blue\"}", NULL,
      "it takes one of red, green", { 0 } },
    { "nobody", ENTITY_PERSON, 99, { T(PERSON_PHONE, "555") }, NULL, NULL, "P-99", { 0 } },
    { "partner", ENTITY_PARTNER, 0, { T(PARTNER_NAME, "Clinic") }, NULL, NULL, NULL,
      T(PARTNER_STATUS, "active") },
    { "partner's mail", ENTITY_PARTNER, 1, { T(PARTNER_EMAIL, "@") }, NULL, NULL,
      "is not a mail address", { 0 } },
    { "service", ENTITY_SERVICE, 0, { I(SERVICE_PARTNER, 1), T(SERVICE_NAME, "Speech"),
      I(SERVICE_MIN_AGE, 3) }, NULL, NULL, NULL, T(SERVICE_STATUS, "active") },
    { "ages crossed", ENTITY_SERVICE, 1, { I(SERVICE_MAX_AGE, 2) }, NULL, NULL,
      "min_age 3 is above max_age 2", { 0 } },
    { "ages fine", ENTITY_SERVICE, 1, { I(SERVICE_MAX_AGE, 18) }, NULL, NULL, NULL,
      I(SERVICE_MAX_AGE, 18) },
    { "too old", ENTITY_SERVICE, 1, { I(SERVICE_MAX_AGE, 900) }, NULL, NULL,
      "max_age takes 0 to 150, not 900", { 0 } },
    { "service of nobody", ENTITY_SERVICE, 0, { I(SERVICE_PARTNER, 99), T(SERVICE_NAME, "Speech") },
      NULL, NULL, "partner", { 0 } },
    { "location", ENTITY_LOCATION, 0, { I(LOCATION_PARTNER, 1), T(LOCATION_NAME, "North"),
      I(LOCATION_LATITUDE, 95) }, NULL, NULL, "latitude takes -90 to 90, not 95", { 0 } },
    { "staff by a teacher", ENTITY_STAFF, 0, { T(STAFF_NAME, "X"), T(STAFF_ROLES, "junior") }, NULL,
      NULL, "staff are written by role admin or the operator; this is S-1", { 0 } },
    { "staff by a plugin", ENTITY_STAFF, 0, { T(STAFF_NAME, "X"), T(STAFF_ROLES, "junior") }, NULL,
      &plugin, "staff are written by role admin or the operator; this is plugin visits", { 0 } },
    { "staff by an admin", ENTITY_STAFF, 0, { T(STAFF_NAME, "X"), T(STAFF_ROLES,
      "senior, teacher") }, NULL, &admin, NULL, T(STAFF_STATUS, "active") },
    { "unknown role", ENTITY_STAFF, 1, { T(STAFF_ROLES, "teacher, seniro") }, NULL, &admin,
      "unknown role \"seniro\", did you mean \"senior\"?", { 0 } },
    { "hole in roles", ENTITY_STAFF, 1, { T(STAFF_ROLES, "teacher,,senior") }, NULL, &admin,
      "unknown role \"\"", { 0 } },
    { "timer", ENTITY_TIMER, 0, { T(TIMER_NAME, "check"), I(TIMER_AT_MS, 1772355700000),
      T(TIMER_ABOUT, "p-1") }, NULL, &plugin, NULL, T(TIMER_ABOUT, "P-1") },
    { "timer is of its plugin", ENTITY_TIMER, 1, { T(TIMER_DATA, "x") }, NULL, NULL, NULL,
      T(TIMER_PLUGIN, "visits") },
    { "timer without time", ENTITY_TIMER, 0, { T(TIMER_NAME, "check") }, NULL, NULL,
      "a timer that waits needs at_ms", { 0 } },
    { "timer named badly", ENTITY_TIMER, 0, { T(TIMER_NAME, "Check it"), I(TIMER_AT_MS, 1) }, NULL,
      NULL, "timer \"Check it\": a name is made of", { 0 } },
    { "timer named as ours", ENTITY_TIMER, 0, { T(TIMER_NAME, "created"), I(TIMER_AT_MS, 1) }, NULL,
      NULL, "timer \"created\": the name is reserved", { 0 } },
    { "timer born fired", ENTITY_TIMER, 0, { T(TIMER_NAME, "check"), I(TIMER_AT_MS, 1),
      T(TIMER_STATUS, "fired") }, NULL, NULL, "status of a new timer can only be set to waiting",
      { 0 } },
    { "timer's plugin", ENTITY_TIMER, 1, { T(TIMER_PLUGIN, "x") }, NULL, NULL,
      "plugin of a timer is written by the engine only", { 0 } },
    { "timer loses its time", ENTITY_TIMER, 1, { N(TIMER_AT_MS) }, NULL, NULL,
      "a timer that waits needs at_ms", { 0 } },
    { "timer moved", ENTITY_TIMER, 1, { I(TIMER_AT_MS, 1772355800000) }, NULL, NULL, NULL,
      I(TIMER_AT_MS, 1772355800000) },
    { "timer fired by hand", ENTITY_TIMER, 1, { T(TIMER_STATUS, "fired") }, NULL, NULL,
      "status of a timer can only be set to cancelled", { 0 } },
    { "timer cancelled", ENTITY_TIMER, 1, { T(TIMER_STATUS, "cancelled") }, NULL, NULL, NULL,
      N(TIMER_AT_MS) },
    { "timer is over", ENTITY_TIMER, 1, { T(TIMER_STATUS, "waiting"), I(TIMER_AT_MS, 1) }, NULL,
      NULL, "T-1 does not wait any more: it is cancelled", { 0 } },
    { "task", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), I(TASK_ASSIGNEE, 1), T(TASK_ABOUT, "P-1") },
      NULL, NULL, NULL, T(TASK_STATUS, "open") },
    { "task of somebody gone", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), I(TASK_ASSIGNEE, 4) }, NULL,
      NULL, "assignee_id: S-4 (Go Ne) is inactive", { 0 } },
    { "task of nobody", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), I(TASK_ASSIGNEE, 99) }, NULL, NULL,
      "S-99", { 0 } },
    { "task of an unknown role", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), T(TASK_ROLE, "ledd") },
      NULL, NULL, "unknown role \"ledd\", did you mean \"lead\"?", { 0 } },
    { "task about nothing", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), T(TASK_ABOUT, "P-99") }, NULL,
      NULL, "about: there is no person P-99", { 0 } },
    { "task about a number", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), T(TASK_ABOUT, "12") }, NULL,
      NULL, "about takes an id with its letter, such as R-12, not \"12\"", { 0 } },
    { "task about a word", ENTITY_TASK, 0, { T(TASK_TITLE, "call"), T(TASK_ABOUT, "you") }, NULL,
      NULL, "about takes an id with its letter", { 0 } },
    { "task done at", ENTITY_TASK, 1, { I(TASK_DONE_AT_MS, 1) }, NULL, NULL,
      "written by the engine only", { 0 } },
    { "task done", ENTITY_TASK, 1, { T(TASK_STATUS, "done"), T(TASK_OUTCOME, "spoke") }, NULL, NULL,
      NULL, I(TASK_DONE_AT_MS, 1772355600000) },
    { "task opened again", ENTITY_TASK, 1, { T(TASK_STATUS, "open") }, NULL, NULL, NULL,
      N(TASK_DONE_AT_MS) },
    { "note", ENTITY_NOTE, 0, { T(NOTE_ABOUT, "P-1"), T(NOTE_TEXT, "hello") }, NULL, NULL, NULL,
      I(NOTE_AUTHOR, 1) },
    { "note by a plugin", ENTITY_NOTE, 0, { T(NOTE_ABOUT, "P-1"), T(NOTE_TEXT, "hello") }, NULL,
      &plugin, NULL, N(NOTE_AUTHOR) },
    { "note in another name", ENTITY_NOTE, 0, { T(NOTE_ABOUT, "P-1"), T(NOTE_TEXT, "x"),
      I(NOTE_AUTHOR, 2) }, NULL, NULL, "author_id of a note is written by the engine only", { 0 } },
    { "empty note", ENTITY_NOTE, 0, { T(NOTE_ABOUT, "P-1"), T(NOTE_TEXT, "") }, NULL, NULL,
      "text of a note must not be empty", { 0 } },
    { "message", ENTITY_MESSAGE, 0, { T(MESSAGE_CHANNEL, "file"), T(MESSAGE_RECIPIENT, "a@b"),
      T(MESSAGE_BODY, "hi\nthere") }, NULL, NULL, NULL, I(MESSAGE_SEND_AT_MS, 1772355600000) },
    { "message waits", ENTITY_MESSAGE, 1, { T(MESSAGE_SUBJECT, "hi") }, NULL, NULL, NULL,
      T(MESSAGE_STATUS, "waiting") },
    { "unknown channel", ENTITY_MESSAGE, 0, { T(MESSAGE_CHANNEL, "pigeon"), T(MESSAGE_RECIPIENT,
      "a"), T(MESSAGE_BODY, "hi") }, NULL, NULL, "unknown channel \"pigeon\"; known: file", { 0 } },
    { "header smuggled in", ENTITY_MESSAGE, 1, { T(MESSAGE_SUBJECT, "hi\r\nBcc: all") }, NULL, NULL,
      "subject must be one line", { 0 } },
    { "sent by hand", ENTITY_MESSAGE, 1, { T(MESSAGE_STATUS, "sent") }, NULL, NULL,
      "status of a message is written by the engine only", { 0 } },
    { "message cancelled", ENTITY_MESSAGE, 1, { T(MESSAGE_STATUS, "cancelled") }, NULL, NULL, NULL,
      N(MESSAGE_SEND_AT_MS) },
    { "message is over", ENTITY_MESSAGE, 1, { T(MESSAGE_SUBJECT, "hi") }, NULL, NULL,
      "M-1 does not wait any more: it is cancelled", { 0 } },
    { "born cancelled", ENTITY_MESSAGE, 0, { T(MESSAGE_CHANNEL, "file"), T(MESSAGE_RECIPIENT, "a"),
      T(MESSAGE_BODY, "hi"), T(MESSAGE_STATUS, "cancelled") }, NULL, NULL,
      "a new message cannot be cancelled already", { 0 } },
    { "consent", ENTITY_CONSENT, 0, { I(CONSENT_PERSON, 1), T(CONSENT_PURPOSE, "evaluation"),
      T(CONSENT_STATUS, "given") }, NULL, NULL, NULL, I(CONSENT_GIVEN_AT_MS, 1772355600000) },
    { "consent expires first", ENTITY_CONSENT, 1, { I(CONSENT_EXPIRES_AT_MS, 1772355600000) }, NULL,
      NULL, "expires_at_ms is not after given_at_ms", { 0 } },
    { "consent without status", ENTITY_CONSENT, 0, { I(CONSENT_PERSON, 1), T(CONSENT_PURPOSE,
      "evaluation") }, NULL, NULL, "status", { 0 } },
    { "referral", ENTITY_REFERRAL, 0, { T(REFERRAL_TITLE, "x") }, NULL, NULL,
      "a referral is opened in a workflow", { 0 } },
    { "no entity", (enum entity)77, 0, { { 0 } }, NULL, NULL, "there is no entity 77", { 0 } },
};
/* clang-format on */

static void check_case(struct org *org, const struct record_case *c)
{
    struct record r = { .entity = c->entity,
                        .id = c->id,
                        .set = c->set,
                        .fields = c->fields,
                        .fields_len = c->fields ? strlen(c->fields) : 0 };
    while (r.set_count < COUNT(c->set) &&
           (c->set[r.set_count].column > 0 || c->set[r.set_count].value.type != VALUE_NULL))
        r.set_count++;
    int64_t id = 0;
    int rc = try_write(org, c->actor ? c->actor : &teacher, &r, &id);
    if (c->message ? rc == 0 : rc < 0)
        fail_msg("%s: %d %s", c->label, rc, rc ? org->e.message : "");
    if (c->message && !strstr(org->e.message, c->message))
        fail_msg("%s: \"%s\" is not in \"%s\"", c->label, c->message, org->e.message);
    if (!c->message &&
        !value_equal(&org_row(org, c->entity, id)->v[c->then.column], &c->then.value))
        fail_msg("%s: column %d is not as it should be", c->label, c->then.column);
}

static void test_records(void **state)
{
    struct org *org = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_case(org, &cases[i]);
}

static void test_events(void **state)
{
    struct org *org = *state;
    struct fake fake;
    const struct store_set name[] = { { PERSON_NAME, value_text("Bo") } };
    struct record r = { .entity = ENTITY_PERSON, .set = name, .set_count = 1 };
    fake_install(&fake, org);
    ok(try_write(org, &teacher, &r, &r.id));
    ok(try_write(org, &teacher, &r, NULL));
    assert_string_equal(buf_text(&fake.kinds), "person.created P-2 \nperson.changed P-2 \n");
    r.based_on = 2;
    assert_int_equal(try_write(org, &teacher, &r, NULL), -ERROR_CONFLICT);
    fake.fail_on = "person.changed";
    r.based_on = 0;
    int64_t version = org_row(org, ENTITY_PERSON, 2)->version;
    assert_int_equal(try_write(org, &teacher, &r, NULL), -ERROR_SCRIPT);
    assert_int_equal(org_row(org, ENTITY_PERSON, 2)->version, version);
    fake_remove(&fake);
}

/* domain_write hands a change of a referral on to domain_set. */
static void test_referral_change(void **state)
{
    struct org *org = *state;
    const struct store_set title[] = { { REFERRAL_TITLE, value_text("writing") } };
    const struct record r = {
        .entity = ENTITY_REFERRAL, .id = review_open(org, &teacher), .set = title, .set_count = 1
    };
    ok(try_write(org, &teacher, &r, NULL));
    assert_string_equal(row_text(org_row(org, ENTITY_REFERRAL, r.id), REFERRAL_TITLE), "writing");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_records), TEST(test_events),
                                        TEST(test_referral_change) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
