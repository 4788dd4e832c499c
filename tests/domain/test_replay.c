/* Which events are causes, and one of them done again. */
#include "org_fixture.h"

#include "baton/domain/replay.h"

static struct event event_of(const char *kind, enum entity entity, int64_t id, const char *actor,
                             const char *payload)
{
    return (struct event){ .seq = 1,
                           .at_ms = org_now_ms,
                           .entity = entity,
                           .entity_id = id,
                           .kind = kind,
                           .actor = actor,
                           .payload = payload,
                           .payload_len = payload ? strlen(payload) : 0 };
}

/* Each follows on a move of R-1 by S-1. */
static void parts(void **state)
{
    static const struct {
        const char *kind;
        enum entity entity;
        const char *actor, *payload;
        int64_t after_ms;
        enum replay_part part;
    } cases[] = {
        { "referral.advanced", ENTITY_REFERRAL, "S-1", "{}", 0, REPLAY_CAUSE },
        { "referral.advanced", ENTITY_REFERRAL, "S-1", "{\"trace\":{\"cause\":3,\"by\":\"x:1\"}}",
          0, REPLAY_CONSEQUENCE },
        { "note.created", ENTITY_NOTE, "S-1", "{\"set\":{\"text\":\"\\\"trace\\\":{}\"}}", 0,
          REPLAY_CAUSE },
        { "referral.advanced", ENTITY_REFERRAL, "S-1", "{\"reason\":\"parent_closed\"}", 3,
          REPLAY_CONSEQUENCE },
        { "referral.advanced", ENTITY_REFERRAL, "S-1", "{\"reason\":\"parent_closed\"}", 60000,
          REPLAY_CAUSE },
        { "referral.advanced", ENTITY_REFERRAL, "S-2", "{\"reason\":\"parent_closed\"}", 0,
          REPLAY_CAUSE },
        { "task.created", ENTITY_TASK, "S-1", "{\"set\":{\"kind\":\"reroute\"}}", 0,
          REPLAY_CONSEQUENCE },
        { "task.created", ENTITY_TASK, "S-1", "{\"set\":{\"kind\":\"call\"}}", 0, REPLAY_CAUSE },
        { "task.changed", ENTITY_TASK, "S-1", "{\"engine\":true,\"set\":{\"assignee_id\":2}}", 1,
          REPLAY_CONSEQUENCE },
        { "task.cancelled", ENTITY_TASK, "S-1",
          "{\"engine\":true,\"set\":{\"status\":\"cancelled\"}}", 1, REPLAY_CONSEQUENCE },
        { "task.cancelled", ENTITY_TASK, "S-1", "{\"set\":{\"status\":\"cancelled\"}}", 1,
          REPLAY_CAUSE },
        { "task.done", ENTITY_TASK, "S-1", "{\"set\":{\"outcome\":\"\\\"engine\\\":true\"}}", 1,
          REPLAY_CAUSE },
        { "task.done", ENTITY_TASK, "S-1", "{\"set\":{\"status\":\"done\"}}", 1, REPLAY_CAUSE },
        { "task.created", ENTITY_TASK, "S-1", "{\"fields\":{\"_vote\":\"adopt/one\"}}", 1,
          REPLAY_CONSEQUENCE },
        { "referral.approved", ENTITY_REFERRAL, "S-1", "{}", 0, REPLAY_CONSEQUENCE },
        { "referral.advanced", ENTITY_REFERRAL, "approval", "{}", 0, REPLAY_CONSEQUENCE },
        { "referral.rescheduled", ENTITY_REFERRAL, "calendar", "{}", 0, REPLAY_CONSEQUENCE },
        { "referral.changed", ENTITY_REFERRAL, "plugin x", "{}", 0, REPLAY_CONSEQUENCE },
        { "referral.overdue", ENTITY_REFERRAL, "timer", "{}", 0, REPLAY_CLOCK },
        { "timer.check", ENTITY_TIMER, "timer", "{}", 0, REPLAY_CLOCK },
        { "task.created", ENTITY_TASK, "timer", "{}", 0, REPLAY_CONSEQUENCE },
        { "message.sent", ENTITY_MESSAGE, "outbox", "{}", 0, REPLAY_OUTBOX },
        { "task.created", ENTITY_TASK, "outbox", "{}", 0, REPLAY_CONSEQUENCE },
        { "handlers.ran", ENTITY_NONE, "baton", "{}", 0, REPLAY_NOTHING },
        { "person.created", ENTITY_PERSON, "operator", NULL, 0, REPLAY_CAUSE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_cause last = { ENTITY_REFERRAL, 1, org_now_ms, "S-1" };
        struct event event =
            event_of(cases[i].kind, cases[i].entity, 1, cases[i].actor, cases[i].payload);
        event.at_ms += cases[i].after_ms;
        enum replay_part part = replay_part(&event, &last);
        if (part != cases[i].part)
            fail_msg("%s by %s, case %zu: %d", cases[i].kind, cases[i].actor, i, (int)part);
        bool kept = part == REPLAY_CONSEQUENCE || part == REPLAY_NOTHING;
        assert_int_equal(last.entity, kept ? ENTITY_REFERRAL : cases[i].entity);
    }
}

static int64_t ids_plus_two(void *context, enum entity entity, int64_t there)
{
    (void)context;
    return entity == ENTITY_PERSON ? there + 2 : there == 9 ? 0 : there;
}

static int replayed(struct org *org, const struct event *event, const struct replay_ids *ids)
{
    const struct replay_event what = { .event = event, .ids = ids, .version = 1 };
    struct error ending;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = domain_replay(org->d, &what, &org->e);
    ok(domain_command_end(org->d, rc == 0, rc == 0 ? &org->e : &ending));
    ok(store_turn_commit(org->store, &org->e));
    return rc;
}

/* Ids become those of here; what the engine decides is decided anew; what is refused is said. */
static void done_again(void **state)
{
    struct org *org = *state;
    const struct replay_ids ids = { .here = ids_plus_two, .moved = true };
    const struct row *row;
    for (int i = 0; i < 3; i++) {
        struct event person = event_of("person.created", ENTITY_PERSON, 1, "operator",
                                       "{\"set\":{\"name\":\"A\\u0042\"}}");
        ok(replayed(org, &person, &ids));
    }
    struct event event = event_of(
        "referral.opened", ENTITY_REFERRAL, 1, "operator",
        "{\"set\":{\"subject_id\":1,\"workflow\":\"intake\",\"workflow_version\":7,"
        "\"stage\":\"elsewhere\",\"stage_at_ms\":1},\"fields\":{\"need\":\"x\",\"_clock\":{}}}");
    ok(replayed(org, &event, &ids));
    ok(store_get(org->store, ENTITY_REFERRAL, 1, &row, &org->e));
    assert_int_equal(row_int(row, REFERRAL_SUBJECT), 3);
    assert_string_equal(row_text(row, REFERRAL_STAGE), "new");
    assert_int_equal(row_int(row, REFERRAL_WORKFLOW_VERSION), 1);
    assert_string_equal(row->fields.s, "{\"need\":\"x\"}");
    event = event_of("referral.advanced", ENTITY_REFERRAL, 1, "operator",
                     "{\"transition\":\"answer\",\"from\":\"new\",\"to\":\"asked\"}");
    assert_int_equal(replayed(org, &event, &ids), -ERROR_INVALID);
    assert_contains(org->e.message, "no transition \"answer\" from stage \"new\"");
    event =
        event_of("referral.changed", ENTITY_REFERRAL, 9, "operator", "{\"set\":{\"title\":\"t\"}}");
    assert_int_equal(replayed(org, &event, &ids), -ERROR_NOT_FOUND);
    assert_contains(org->e.message, "R-9 did not come about");
    event = event_of("note.created", ENTITY_NOTE, 1, "S-5", "{\"set\":{\"about\":\"P-1\"}}");
    assert_int_equal(replayed(org, &event, &ids), -ERROR_NOT_FOUND);
    assert_contains(org->e.message, "S-5");
}

static void erased_row(void **state)
{
    struct org *org = *state;
    struct event event = event_of("person.created", ENTITY_PERSON, 1, "operator", NULL);
    const struct row *row;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    ok(domain_replay_erased(org->d, &event, &org->e));
    ok(domain_command_end(org->d, true, &org->e));
    ok(store_turn_commit(org->store, &org->e));
    ok(store_get(org->store, ENTITY_PERSON, 1, &row, &org->e));
    assert_string_equal(row_text(row, PERSON_NAME), "(erased)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(done_again, org_setup, org_teardown),
        cmocka_unit_test_setup_teardown(erased_row, org_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
