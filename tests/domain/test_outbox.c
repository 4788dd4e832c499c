#include "org_fixture.h"

#include "baton/base/limits.h"
#include "baton/domain/due.h"
#include "baton/domain/outbox.h"

static int64_t message(struct org *org, const char *recipient)
{
    struct store_set set[] = {
        { MESSAGE_CHANNEL, value_text("file") },
        { MESSAGE_RECIPIENT, value_text(recipient) },
        { MESSAGE_SUBJECT, value_text("Hello") },
        { MESSAGE_BODY, value_text("How are you?") },
    };
    return org_write(org, ENTITY_MESSAGE, 0, set, 4, NULL);
}

struct seen {
    int count, stop_at;
    int64_t ids[8], attempts;
    char recipient[64];
};

static int see(void *context, const struct outbox_item *item)
{
    struct seen *seen = context;
    if (seen->count < 8)
        seen->ids[seen->count] = item->id;
    seen->count++;
    seen->attempts = item->attempts;
    snprintf(seen->recipient, sizeof seen->recipient, "%s", item->recipient);
    return seen->count == seen->stop_at ? -ERROR_CANCELLED : 0;
}

static struct seen due(struct org *org, int64_t at_ms, size_t limit)
{
    struct seen seen = { 0 };
    ok(domain_outbox_due(org->d, at_ms, limit, see, &seen, &org->e));
    return seen;
}

static int done(struct org *org, int64_t id, bool delivered, const char *failure)
{
    org_begin(org);
    int rc = domain_outbox_done(org->d, id, delivered, failure, &org->e);
    struct error e;
    assert_int_equal(domain_command_end(org->d, rc == 0, &e), 0);
    assert_int_equal(store_turn_commit(org->store, &e), 0);
    return rc;
}

static void gives_what_is_due(void **state)
{
    struct org *org = *state;
    assert_int_equal(due(org, org_now_ms, 10).count, 0);
    int64_t first = message(org, "a@example.org"), second = message(org, "b@example.org");
    assert_int_equal(due(org, org_now_ms - 1, 10).count, 0);
    struct seen seen = due(org, org_now_ms, 10);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.ids[0], first);
    assert_int_equal(seen.ids[1], second);
    assert_string_equal(seen.recipient, "b@example.org");
    assert_int_equal(due(org, org_now_ms, 1).count, 1);
    assert_int_equal(due(org, org_now_ms, 0).count, 0);
    assert_int_equal(due(org, org_now_ms, SIZE_MAX).count, 2);
    seen = (struct seen){ .stop_at = 1 };
    assert_int_equal(domain_outbox_due(org->d, org_now_ms, 10, see, &seen, &org->e),
                     -ERROR_CANCELLED);
    assert_int_equal(seen.count, 1);
}

static void delivered_is_off_the_list(void **state)
{
    struct org *org = *state;
    int64_t id = message(org, "a@example.org");
    ok(done(org, id, true, NULL));
    const struct row *row = org_row(org, ENTITY_MESSAGE, id);
    assert_string_equal(row_text(row, MESSAGE_STATUS), "sent");
    assert_int_equal(row_int(row, MESSAGE_ATTEMPTS), 1);
    assert_int_equal(row_int(row, MESSAGE_SENT_AT_MS), org_now_ms);
    assert_true(row_is_null(row, MESSAGE_SEND_AT_MS));
    assert_int_equal(due(org, INT64_MAX, 10).count, 0);
    /* Reported twice, because the report of a delivery may itself be repeated. */
    assert_int_equal(done(org, id, true, NULL), -ERROR_CONFLICT);
    assert_contains(org->e.message, "sent already");
    assert_int_equal(done(org, 99, true, NULL), -ERROR_NOT_FOUND);
}

static void failures_back_off_and_die(void **state)
{
    struct org *org = *state;
    int64_t id = message(org, "nobody@example.org");
    for (int i = 1; i < LIMIT_MESSAGE_ATTEMPTS; i++) {
        ok(done(org, id, false, "refused\n\x1b[31m by host"));
        const struct row *row = org_row(org, ENTITY_MESSAGE, id);
        assert_string_equal(row_text(row, MESSAGE_STATUS), "waiting");
        assert_int_equal(row_int(row, MESSAGE_ATTEMPTS), i);
        assert_int_equal(row_int(row, MESSAGE_SEND_AT_MS),
                         org->clock.stopped_ms + (60000LL << (i - 1)));
        assert_null(strchr(row_text(row, MESSAGE_LAST_ERROR), '\x1b'));
        assert_int_equal(due(org, org->clock.stopped_ms, 10).count, 0);
        clock_move(&org->clock, 60000LL << (i - 1));
        assert_int_equal(due(org, org->clock.stopped_ms, 10).count, 1);
    }
    assert_int_equal(org_count(org, ENTITY_TASK), 0);
    ok(done(org, id, false, NULL));
    const struct row *row = org_row(org, ENTITY_MESSAGE, id);
    assert_string_equal(row_text(row, MESSAGE_STATUS), "dead");
    assert_true(row_is_null(row, MESSAGE_SEND_AT_MS));
    assert_string_equal(row_text(row, MESSAGE_LAST_ERROR), "no reason given");
    const struct row *task = org_row(org, ENTITY_TASK, 1);
    assert_string_equal(row_text(task, TASK_ROLE), "lead");
    assert_string_equal(row_text(task, TASK_ABOUT), "M-1");
    assert_string_equal(row_text(task, TASK_STATUS), "open");
    assert_contains(row_text(task, TASK_TITLE), "nobody@example.org");
    assert_int_equal(done(org, id, false, NULL), -ERROR_CONFLICT);
}

/* A failure text of a remote host may be of any length; what is kept ends on a whole character. */
static void long_failures_are_cut(void **state)
{
    struct org *org = *state;
    int64_t id = message(org, "a@example.org");
    struct buf text = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "é");
    ok(done(org, id, false, text.data));
    buf_free(&text);
    const char *kept = row_text(org_row(org, ENTITY_MESSAGE, id), MESSAGE_LAST_ERROR);
    assert_true(strlen(kept) >= 400 && strlen(kept) <= 500 && strlen(kept) % 2 == 0);
}

static const char *heard;
static int hear(void *context, const char *kind, const struct row *row, const char *detail,
                size_t detail_len, struct error *e)
{
    (void)context, (void)row, (void)detail, (void)detail_len, (void)e;
    heard = !strcmp(kind, "message.sent")     ? "sent"
            : !strcmp(kind, "message.failed") ? "failed"
                                              : "";
    return 0;
}

static void handlers_hear_of_it(void **state)
{
    struct org *org = *state;
    int64_t id = message(org, "a@example.org");
    struct domain_hooks hooks = { .event = hear };
    domain_set_hooks(org->d, &hooks);
    ok(done(org, id, false, "busy"));
    assert_string_equal(heard, "failed");
    ok(done(org, id, true, NULL));
    assert_string_equal(heard, "sent");
    const struct row *row = org_row(org, ENTITY_MESSAGE, id);
    assert_int_equal(row_int(row, MESSAGE_ATTEMPTS), 2);
    assert_true(row_is_null(row, MESSAGE_LAST_ERROR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_what_is_due, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(delivered_is_off_the_list, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(failures_back_off_and_die, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(long_failures_are_cut, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(handlers_hear_of_it, org_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
