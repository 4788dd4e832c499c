#include "org_fixture.h"

#include "baton/base/digest.h"
#include "baton/domain/audit.h"
#include "domain/audit_internal.h"

static int64_t person(struct org *org, int64_t id, const char *name, const char *email)
{
    struct store_set set[] = { { PERSON_NAME, value_text(name) },
                               { PERSON_EMAIL, value_text(email) } };
    return org_write(org, ENTITY_PERSON, id, set, 2, "{\"visits\":3}");
}

static void referral(struct org *org)
{
    struct store_set set[] = { { REFERRAL_TITLE, value_text("Shoes") } };
    struct referral_open open = { .workflow = "intake", .set = set, .set_count = 1 };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &org_operator, &open, &row, &org->e));
    struct advance advance = { .referral_id = row->id, .transition = "ask" };
    ok(domain_advance(org->d, &org_operator, &advance, NULL, &org->e));
    org_end(org);
}

/* Two people, one of them changed; a referral that moved; events about a row and about nothing. */
static void fill(struct org *org)
{
    person(org, 0, "Annabella", "annabella@example.org");
    person(org, 0, "Benedictus", NULL);
    person(org, 1, "Annabella-Maria", "annabella@example.org");
    referral(org);
    org_begin(org);
    ok(domain_emit(org->d, &org_operator, "review.held", ENTITY_NONE, 0, "{\"a\":1}", 7, &org->e));
    ok(domain_emit(org->d, &org_operator, "review.praised", ENTITY_PERSON, 2, NULL, 0, &org->e));
    org_end(org);
}

static struct audit_result audit(struct org *org)
{
    struct audit_result result;
    ok(domain_audit(org->d, &result, &org->e));
    return result;
}

static void whole_history_is_whole(void **state)
{
    struct org *org = *state;
    struct audit_result result = audit(org);
    assert_int_equal(result.events, 0);
    fill(org);
    result = audit(org);
    assert_int_equal(result.events, 7);
    assert_int_equal(result.rows, 3);
    assert_int_equal(result.broken_seq, 0);
    assert_int_equal(result.differs_entity, ENTITY_NONE);
    assert_int_equal(result.differing, 0);
    assert_int_equal(result.erased, 0);
    uint8_t zeros[32] = { 0 };
    assert_memory_not_equal(result.head, zeros, 32);
    uint8_t head[32];
    memcpy(head, result.head, sizeof head);
    org_stop(org);
    org_start(org);
    result = audit(org);
    assert_int_equal(result.differing, 0);
    assert_memory_equal(result.head, head, 32);
}

/* ---- tampering: bytes of the file, changed while nobody has it open ---- */

/* Replaces `from` by `to`, of the same length, wherever it stands; how often. */
static int patch(struct org *org, const char *from, const char *to)
{
    assert_int_equal(strlen(from), strlen(to));
    struct buf file = BUF_INIT;
    ok(buf_read_file(&file, org->path, 64 << 20, &org->e));
    int found = 0;
    size_t n = strlen(from);
    for (char *at = file.data; (at = memmem(at, file.len - (size_t)(at - file.data), from, n));) {
        memcpy(at, to, n);
        found++;
    }
    FILE *f = fopen(org->path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
    assert_int_equal(fclose(f), 0);
    buf_free(&file);
    return found;
}

static void finds_changed_payload(void **state)
{
    struct org *org = *state;
    fill(org);
    org_stop(org);
    assert_true(patch(org, "\"name\":\"Benedictus\"", "\"name\":\"Benedikt  \"") > 0);
    org_start(org);
    struct audit_result result = audit(org);
    assert_int_equal(result.broken_seq, 2);
    assert_contains(result.broken_why, "hash differs");
    /* The row does not follow from it any more either. */
    assert_int_equal(result.differing, 1);
    assert_int_equal(result.differs_entity, ENTITY_PERSON);
    assert_int_equal(result.differs_id, 2);
    assert_string_equal(result.differs_why,
                        "name is \"Benedictus\", its events say \"Benedikt  \"");
}

static void finds_changed_header(void **state)
{
    struct org *org = *state;
    fill(org);
    org_stop(org);
    assert_true(patch(org, "review.held", "review.hold") > 0);
    org_start(org);
    struct audit_result result = audit(org);
    assert_int_equal(result.broken_seq, 6);
    assert_contains(result.broken_why, "hash differs");
    assert_int_equal(result.differing, 0);
}

static void finds_changed_row(void **state)
{
    struct org *org = *state;
    fill(org);
    org_stop(org);
    /* Name and mail stand side by side in the table only. */
    assert_true(patch(org, "Annabella-Mariaannabella@", "Annabella-Marinannabella@") > 0);
    org_start(org);
    struct audit_result result = audit(org);
    assert_int_equal(result.broken_seq, 0);
    assert_int_equal(result.differing, 1);
    assert_int_equal(result.differs_entity, ENTITY_PERSON);
    assert_int_equal(result.differs_id, 1);
    assert_string_equal(result.differs_why,
                        "name is \"Annabella-Marin\", its events say \"Annabella-Maria\"");
}

/* ---- the chain, fed by hand ---- */

enum { EVENTS = 7 };

struct copies {
    struct event events[EVENTS + 1];
    size_t count;
};

static int copy(void *context, const struct event *event)
{
    struct copies *c = context;
    struct event *to = &c->events[c->count++];
    *to = *event;
    to->kind = mem_dup(event->kind);
    to->actor = mem_dup(event->actor);
    to->payload = mem_dupn(event->payload, event->payload_len);
    to->salt = (uint8_t *)mem_dupn((const char *)event->salt, 16);
    to->hash = (uint8_t *)mem_dupn((const char *)event->hash, 32);
    return 0;
}

static void copies_free(struct copies *c)
{
    for (size_t i = 0; i < c->count; i++) {
        mem_free((void *)(uintptr_t)c->events[i].kind);
        mem_free((void *)(uintptr_t)c->events[i].actor);
        mem_free((void *)(uintptr_t)c->events[i].payload);
        mem_free((void *)(uintptr_t)c->events[i].salt);
        mem_free((void *)(uintptr_t)c->events[i].hash);
    }
}

static struct audit_result feed(struct org *org, const struct copies *c, size_t without)
{
    struct audit *a = audit_open(org->d, 0);
    bool done = false;
    for (size_t i = 0; i < c->count; i++)
        if (i != without)
            audit__event(a, &c->events[i]);
    audit__end_events(a);
    while (!done)
        ok(audit__some_rows(a, &done, &org->e));
    struct audit_result result = *audit_result(a);
    audit_close(a);
    return result;
}

static void finds_what_is_missing_or_moved(void **state)
{
    struct org *org = *state;
    fill(org);
    struct copies c = { 0 };
    ok(store_events(org->store, 0, 100, copy, &c, &org->e));
    assert_int_equal(c.count, EVENTS);
    struct audit_result result = feed(org, &c, SIZE_MAX);
    assert_int_equal(result.broken_seq, 0);
    assert_int_equal(result.differing, 0);

    result = feed(org, &c, 1);
    assert_int_equal(result.broken_seq, 2);
    assert_string_equal(result.broken_why, "event 2 is missing");
    assert_int_equal(result.differs_id, 2);
    result = feed(org, &c, 0);
    assert_int_equal(result.broken_seq, 1);

    /* All of the events of one row: it is there, but nothing made it. */
    c.events[1].entity = c.events[EVENTS - 1].entity = ENTITY_NONE;
    result = feed(org, &c, SIZE_MAX);
    assert_int_equal(result.broken_seq, 2);
    assert_int_equal(result.differing, 1);
    assert_string_equal(result.differs_why, "no event made it");
    c.events[1].entity = c.events[EVENTS - 1].entity = ENTITY_PERSON;

    /* Events of a row that is in no table. */
    c.events[1].entity_id = c.events[EVENTS - 1].entity_id = 4;
    result = feed(org, &c, SIZE_MAX);
    assert_int_equal(result.differing, 2);
    c.events[1].entity_id = c.events[EVENTS - 1].entity_id = 2;
    copies_free(&c);
}

/* Somebody who can make hashes can make a chain; the links within a row must hold as well. */
static void finds_wrong_links(void **state)
{
    struct org *org = *state;
    fill(org);
    static const struct {
        int64_t previous, version;
        const char *why;
    } cases[] = { { 2, 3, "it links to event 2, but the event before it of the same row is 1" },
                  { 1, 4, "it makes version 4 of a row that had version 2" } };
    struct copies c = { 0 };
    ok(store_events(org->store, 0, 100, copy, &c, &org->e));
    for (size_t i = 0; i < 2; i++) {
        struct event *third = &c.events[2];
        third->previous = cases[i].previous;
        third->version = cases[i].version;
        for (size_t j = 2; j < c.count; j++)
            store_event_hash(&c.events[j], c.events[j - 1].hash,
                             (uint8_t *)(uintptr_t)c.events[j].hash);
        struct audit_result result = feed(org, &c, SIZE_MAX);
        assert_int_equal(result.broken_seq, 3);
        assert_string_equal(result.broken_why, cases[i].why);
    }
    copies_free(&c);
}

/* Without payload and salt the hash still holds: but nothing has erased it. */
static void a_payload_that_is_gone_is_found(void **state)
{
    struct org *org = *state;
    fill(org);
    struct copies c = { 0 };
    ok(store_events(org->store, 0, 100, copy, &c, &org->e));
    struct event whole = c.events[1];
    uint8_t payload_digest[DIGEST_BYTES];
    struct digest_part parts[] = { { whole.salt, 16 }, { whole.payload, whole.payload_len } };
    digest(parts, 2, payload_digest);
    c.events[1].payload = NULL;
    c.events[1].salt = NULL;
    c.events[1].payload_digest = payload_digest;
    struct audit_result result = feed(org, &c, SIZE_MAX);
    assert_int_equal(result.broken_seq, 2);
    assert_non_null(strstr(result.broken_why, "payload is gone"));
    payload_digest[0] ^= 1;
    result = feed(org, &c, SIZE_MAX);
    assert_int_equal(result.broken_seq, 2);
    assert_non_null(strstr(result.broken_why, "hash differs"));
    c.events[1] = whole;
    copies_free(&c);
}

#define org_test(f) cmocka_unit_test_setup_teardown(f, org_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        org_test(whole_history_is_whole),
        org_test(finds_changed_payload),
        org_test(finds_changed_header),
        org_test(finds_changed_row),
        org_test(finds_what_is_missing_or_moved),
        org_test(finds_wrong_links),
        org_test(a_payload_that_is_gone_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
