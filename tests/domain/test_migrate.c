/* Migration: what is planned, what is done, and that it can be taken back. */
#include "domain/version_fixture.h"

#include "baton/domain/audit.h"
#include "baton/domain/pause.h"

static const struct care first = { 0 };
static const struct migration_name to_waiting[] = { { "asked", "waiting" } };
static const struct migration_name rename_hours[] = { { "hours", "time_needed" } };
static const struct migration_name drop_hours[] = { { "hours", NULL } };

#define MAP(...)                                                                                   \
    {                                                                                              \
        .from = 1, __VA_ARGS__                                                                     \
    }
#define STAGES .stages = to_waiting, .stage_count = 1
#define FIELDS(names) .fields = names, .field_count = 1

static void test_plans(void **state)
{
    struct org *org = *state;
    static const struct {
        const char *label;
        struct care to;
        const char *fields;
        enum migration_kind kind;
        const char *why;
    } cases[] = {
        { "the same", { .version = 2 }, "{\"hours\":3}", MIGRATION_FITS, NULL },
        { "another deadline, kept",
          { .version = 2, .within_days = 9 },
          NULL,
          MIGRATION_FITS,
          NULL },
        { "stage gone",
          { .version = 2, .second = "waiting" },
          NULL,
          MIGRATION_BLOCKED,
          "version 2 has no stage \"asked\": migrate = { from = 1, stages = { asked = \"…\" } }" },
        { "stage mapped",
          { .version = 2, .second = "waiting", .map = MAP(STAGES) },
          NULL,
          MIGRATION_MAPPED,
          NULL },
        { "stage is final now",
          { .version = 2, .second_final = true },
          NULL,
          MIGRATION_BLOCKED,
          "stage \"asked\" is final in version 2" },
        { "field gone",
          { .version = 2, .hours = "" },
          "{\"hours\":3}",
          MIGRATION_BLOCKED,
          "version 2 has no field \"hours\"" },
        { "field gone, but empty", { .version = 2, .hours = "" }, NULL, MIGRATION_FITS, NULL },
        { "field dropped",
          { .version = 2, .hours = "", .map = MAP(FIELDS(drop_hours)) },
          "{\"hours\":3}",
          MIGRATION_MAPPED,
          NULL },
        { "field renamed",
          { .version = 2, .hours = "time_needed", .map = MAP(FIELDS(rename_hours)) },
          "{\"hours\":3,\"need\":\"a \\\"b\\\"\"}",
          MIGRATION_MAPPED,
          NULL },
        { "type changed",
          { .version = 2, .number_need = true },
          "{\"need\":\"reading\"}",
          MIGRATION_BLOCKED,
          "field \"need\" takes a whole number, not \"reading\"" },
        { "a field that every way requires",
          { .version = 2, .asks_hours = true },
          NULL,
          MIGRATION_BLOCKED,
          "field \"hours\" is empty, which every way into stage \"asked\" requires" },
        { "that is there",
          { .version = 2, .asks_hours = true },
          "{\"hours\":1}",
          MIGRATION_FITS,
          NULL },
        { "every reason is said",
          { .version = 2, .second = "waiting", .number_need = true },
          "{\"need\":\"x\"}",
          MIGRATION_BLOCKED,
          "; field \"need\" takes a whole number" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        care_load(org, &first);
        int64_t id = care_asked(org, cases[i].fields);
        care_load(org, &cases[i].to);
        struct migration_plan p = care_plan(org, id);
        if (p.kind != cases[i].kind)
            fail_msg("%s: %s instead of %s (%s)", cases[i].label, migration_kind_name(p.kind),
                     migration_kind_name(cases[i].kind), buf_text(&p.why));
        if (cases[i].why)
            assert_contains(buf_text(&p.why), cases[i].why);
        else
            assert_int_equal(p.why.len, 0);
        migration_plan_free(&p);
    }
}

static void test_deadlines(void **state)
{
    struct org *org = *state;
    static const struct migration_deadline restart[] = { { "asked", DEADLINE_RESTART } },
                                           keep[] = { { "asked", DEADLINE_KEEP } },
                                           recompute[] = { { "asked", DEADLINE_RECOMPUTE } };
    static const struct {
        const char *label;
        struct care to;
        int64_t due_days; /* after the entry; -1: none. It migrates a day after that */
        bool outdated;
    } cases[] = {
        { "keep", { .version = 2, .within_days = 10 }, 3, true },
        { "the same", { .version = 2 }, 3, false },
        { "keep, as declared",
          { .version = 2, .within_days = 10, .map = MAP(.deadlines = keep, .deadline_count = 1) },
          3,
          false },
        { "restart",
          { .version = 2,
            .within_days = 10,
            .map = MAP(.deadlines = restart, .deadline_count = 1) },
          11,
          false },
        { "recompute",
          { .version = 2,
            .within_days = 10,
            .map = MAP(.deadlines = recompute, .deadline_count = 1) },
          10,
          false },
        { "no deadline any more", { .version = 2, .within_days = -1 }, -1, false },
        { "by a field that is empty", { .version = 2, .due_field = "visit_at" }, -1, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        clock_stop_at(&org->clock, org_now_ms);
        care_load(org, &first);
        int64_t id = care_asked(org, NULL);
        clock_stop_at(&org->clock, org_now_ms + day_ms);
        care_load(org, &cases[i].to);
        struct migration_plan p = care_plan(org, id);
        int64_t due_ms = org_now_ms + cases[i].due_days * day_ms;
        bool right = p.has_due == (cases[i].due_days >= 0) && p.had_due &&
                     (!p.has_due || p.due_to_ms == due_ms) &&
                     p.due_moves == (cases[i].due_days != 3) && p.due_outdated == cases[i].outdated;
        if (!right)
            fail_msg("%s: %d %lld", cases[i].label, p.has_due,
                     (long long)(p.due_to_ms - org_now_ms));
        migration_plan_free(&p);
        ok(care_command(org, id, false));
        const struct row *row = org_row(org, ENTITY_REFERRAL, id);
        assert_int_equal(!row_is_null(row, REFERRAL_DUE_AT_MS), cases[i].due_days >= 0);
        if (cases[i].due_days >= 0) {
            assert_int_equal(row_int(row, REFERRAL_DUE_AT_MS), due_ms);
            assert_int_equal(row_int(row, REFERRAL_WAKE_STEP), 0);
            assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), due_ms - day_ms);
        }
    }
}

/* Steps that have fired do not fire again where the deadline is kept. */
static void test_kept_deadline_keeps_what_fired(void **state)
{
    struct org *org = *state;
    care_load(org, &first);
    int64_t id = care_asked(org, NULL);
    int64_t late_ms = org_now_ms + 3 * day_ms + hour_ms;
    clock_stop_at(&org->clock, late_ms);
    ok(store_turn_begin(org->store, &org->e));
    ok(domain_fire_due(org->d, late_ms, 10, NULL, NULL, NULL, &org->e));
    ok(store_turn_commit(org->store, &org->e));
    assert_int_equal(org_count(org, ENTITY_TASK), 2);
    care_load(org, &(struct care){ .version = 2, .within_days = 10 });
    ok(care_command(org, id, false));
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_int_equal(row_int(row, REFERRAL_WAKE_STEP), 2);
    assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), org_now_ms + 4 * day_ms);
    assert_string_equal(row_text(org_row(org, ENTITY_TASK, 1), TASK_STATUS), "open");
}

/* Preview changes nothing; migrate and undo give the row back, its version and last event aside. */
static void test_round_trips(void **state)
{
    struct org *org = *state;
    static const struct migration_deadline restart[] = { { "waiting", DEADLINE_RESTART } };
    static const struct care to[] = {
        { .version = 2 },
        { .version = 2, .within_days = -1 },
        { .version = 2, .second = "waiting", .map = MAP(STAGES) },
        { .version = 2,
          .second = "waiting",
          .hours = "time_needed",
          .within_days = 8,
          .map = MAP(STAGES, FIELDS(rename_hours), .deadlines = restart, .deadline_count = 1) },
        { .version = 2, .hours = "", .map = MAP(FIELDS(drop_hours)) },
    };
    struct buf before = BUF_INIT, after = BUF_INIT;
    for (size_t i = 0; i < COUNT(to) * 2; i++) {
        clock_stop_at(&org->clock, org_now_ms);
        care_load(org, &first);
        int64_t id = care_asked(org, "{\"hours\":3,\"need\":\"reading\"}");
        clock_stop_at(&org->clock, org_now_ms + (i % 2 ? 4 : 1) * day_ms);
        ok(store_turn_begin(org->store, &org->e)); /* with and without tasks of the clock */
        ok(domain_fire_due(org->d, org_now_ms + (i % 2 ? 4 : 1) * day_ms, 10, NULL, NULL, NULL,
                           &org->e));
        ok(store_turn_commit(org->store, &org->e));
        care_load(org, &to[i / 2]);
        care_shown(org, id, &before);
        struct migration_plan p = care_plan(org, id);
        migration_plan_free(&p);
        care_shown(org, id, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
        int64_t tasks = org_count(org, ENTITY_TASK);

        ok(care_command(org, id, false));
        care_shown(org, id, &after);
        assert_string_not_equal(buf_text(&before), buf_text(&after));
        assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, id), REFERRAL_WORKFLOW_VERSION), 2);
        assert_string_equal(newest(org, id).kind, "referral.migrated");

        ok(care_command(org, id, true));
        care_shown(org, id, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
        assert_int_equal(org_count(org, ENTITY_TASK), tasks);
        for (int64_t task = tasks; task > 0 && i % 2; task--) {
            const struct row *row = org_row(org, ENTITY_TASK, task);
            char about[32];
            row_id_format(ENTITY_REFERRAL, id, about);
            if (!strcmp(row_text(row, TASK_ABOUT), about))
                assert_string_equal(row_text(row, TASK_STATUS), "open");
        }
        ok(care_command(org, id, true)); /* there is nothing to take back any more */
        care_shown(org, id, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
        ok(care_command(org, id, false)); /* and again */
        ok(move_on(org, id, &org_operator, "end", NULL));
    }
    struct audit_result audit;
    ok(domain_audit(org->d, &audit, &org->e));
    assert_int_equal(audit.broken_seq, 0);
    assert_int_equal(audit.differing, 0);
    buf_free(&before);
    buf_free(&after);
}

static void test_undo_is_refused_once_it_moved(void **state)
{
    struct org *org = *state;
    care_load(org, &first);
    int64_t moved = care_asked(org, NULL), noted = care_asked(org, NULL),
            filled = care_asked(org, NULL);
    int64_t ids[] = { moved, noted, filled };
    care_load(org, &(struct care){ .version = 2 });
    for (size_t i = 0; i < COUNT(ids); i++)
        ok(care_command(org, ids[i], false));
    ok(move_on(org, moved, &org_operator, "end", NULL));
    const struct store_set title = { REFERRAL_TITLE, value_text("another") };
    const struct record changes[] = {
        { .entity = ENTITY_REFERRAL, .id = noted, .set = &title, .set_count = 1 },
        { .entity = ENTITY_REFERRAL, .id = filled, .fields = "{\"hours\":1}", .fields_len = 11 },
    };
    for (size_t i = 0; i < 2; i++) {
        org_begin(org);
        ok(domain_set(org->d, &org_operator, &changes[i], NULL, &org->e));
        org_end(org);
    }
    assert_int_equal(care_command(org, moved, true), -ERROR_CONFLICT);
    assert_contains(org->e.message, "(referral.advanced) came since");
    assert_int_equal(care_command(org, filled, true), -ERROR_CONFLICT);
    assert_contains(org->e.message, "(referral.changed) came since");
    ok(care_command(org, noted, true));
    const struct row *row = org_row(org, ENTITY_REFERRAL, noted);
    assert_int_equal(row_int(row, REFERRAL_WORKFLOW_VERSION), 1);
    assert_string_equal(row_text(row, REFERRAL_TITLE), "another");
}

static void test_survey(void **state)
{
    struct org *org = *state;
    struct migration_totals t;
    const struct migration_request all = { 0 }, undo = { .undo = true },
                                   later = { .undo = true, .since_ms = org_now_ms + 1 };
    care_load(org, &first);
    care_open(org, NULL);
    care_asked(org, "{\"hours\":3}");
    care_asked(org, NULL);
    ok(move_on(org, care_asked(org, NULL), &org_operator, "end", NULL)); /* closed */
    care_load(org, &(struct care){ .version = 2, .hours = "" });
    care_open(org, NULL);
    ok(domain_migration_survey(org->d, &org_operator, &all, NULL, NULL, &t, &org->e));
    assert_int_equal(t.fits, 2);
    assert_int_equal(t.mapped, 0);
    assert_int_equal(t.blocked, 1);
    assert_int_equal(migration_check_way(&all, &t, &org->e), -ERROR_CONFLICT);
    assert_contains(org->e.message, "1 referral is in the way");
    assert_contains(org->e.message, "R-2: version 2 has no field \"hours\"");
    buf_free(&t.in_the_way);
    assert_int_equal(care_command(org, 2, false), -ERROR_CONFLICT);
    ok(care_command(org, 1, false));
    ok(domain_migration_survey(org->d, &org_operator, &undo, NULL, NULL, &t, &org->e));
    assert_int_equal(t.fits, 1);
    ok(migration_check_way(&undo, &t, &org->e));
    ok(domain_migration_survey(org->d, &org_operator, &later, NULL, NULL, &t, &org->e));
    assert_int_equal(t.fits, 0);
}

static void test_refusals(void **state)
{
    struct org *org = *state;
    static const struct migration_name to_nowhere[] = { { "asked", "waitng" } },
                                       to_done[] = { { "asked", "done" } },
                                       twice[] = { { "a", "hours" }, { "b", "hours" } },
                                       no_field[] = { { "a", "hour" } };
    static const struct migration_deadline no_stage[] = { { "askd", DEADLINE_KEEP } },
                                           far[] = { { "request", DEADLINE_KEEP } };
    static const struct {
        struct migration map;
        const char *message;
    } cases[] = {
        { { .from = 0 }, "from is another version than 2" },
        { { .from = 2 }, "from is another version than 2" },
        { { .from = 1, .stages = to_nowhere, .stage_count = 1 },
          "version 2 has no stage \"waitng\"" },
        { { .from = 1, .stages = to_done, .stage_count = 1 }, "a migration ends nothing" },
        { { .from = 1, .fields = twice, .field_count = 2 }, "both become \"hours\"" },
        { { .from = 1, .fields = no_field, .field_count = 1 }, "did you mean \"hours\"?" },
        { { .from = 1, .deadlines = no_stage, .deadline_count = 1 }, "did you mean \"asked\"?" },
        { { .from = 1, .deadlines = far, .deadline_count = 1 },
          "has no stage \"request\"; stages: new, asked, done" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct graph *g = care_new(org, &(struct care){ .version = 2 });
        assert_int_equal(graph_add_migration(g, &cases[i].map, "care.lua:7", &org->e),
                         -ERROR_INVALID);
        assert_contains(org->e.message, cases[i].message);
        assert_string_equal(org->e.where, "care.lua:7");
        graph_free(g);
    }
    care_load(org, &first);
    int64_t id = care_asked(org, NULL);
    care_load(org, &(struct care){ .version = 2 });
    struct migration_plan p;
    org_begin(org);
    assert_int_equal(domain_migrate(org->d, &lead, id, &p, &org->e), -ERROR_DENIED);
    assert_contains(org->e.message, "migrating needs the role admin");
    migration_plan_free(&p);
    org_end(org);
}

/* a → b and b → a at once. */
static void test_fields_that_swap(void **state)
{
    struct org *org = *state;
    static const struct migration_name swap[] = { { "hours", "visit_at" },
                                                  { "visit_at", "hours" } };
    care_load(org, &first);
    int64_t id = care_asked(org, "{\"hours\":3,\"visit_at\":7}");
    care_load(org, &(struct care){ .version = 2,
                                   .map = { .from = 1, .fields = swap, .field_count = 2 } });
    ok(care_command(org, id, false));
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_contains(row->fields.s, "\"hours\":7");
    assert_contains(row->fields.s, "\"visit_at\":3");
    ok(care_command(org, id, true));
    assert_contains(org_row(org, ENTITY_REFERRAL, id)->fields.s, "\"hours\":3");
}

/* A deadline that stands still goes on standing still, whatever is declared for it. */
static void test_paused(void **state)
{
    struct org *org = *state;
    static const struct migration_deadline restart[] = { { "asked", DEADLINE_RESTART } };
    struct buf before = BUF_INIT, after = BUF_INIT;
    care_load(org, &first);
    int64_t id = care_asked(org, NULL);
    org_begin(org);
    ok(domain_pause(org->d, &org_operator, &(struct pause){ .referral_id = id }, NULL, &org->e));
    org_end(org);
    care_shown(org, id, &before);
    care_load(org, &(struct care){ .version = 2,
                                   .within_days = 9,
                                   .map = MAP(.deadlines = restart, .deadline_count = 1) });
    ok(care_command(org, id, false));
    assert_true(domain_paused(org_row(org, ENTITY_REFERRAL, id), false, NULL));
    assert_true(row_is_null(org_row(org, ENTITY_REFERRAL, id), REFERRAL_DUE_AT_MS));
    ok(care_command(org, id, true));
    care_shown(org, id, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));
    buf_free(&before);
    buf_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plans, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_deadlines, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_kept_deadline_keeps_what_fired, rules_setup,
                                        org_teardown),
        cmocka_unit_test_setup_teardown(test_round_trips, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_undo_is_refused_once_it_moved, rules_setup,
                                        org_teardown),
        cmocka_unit_test_setup_teardown(test_survey, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_paused, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_fields_that_swap, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
