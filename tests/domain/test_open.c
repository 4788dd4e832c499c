/* Opening a referral, changing it in place, giving it to somebody. */
#include "domain/rules_fixture.h"

static void test_open(void **state)
{
    struct org *org = *state;
    int64_t id = review_open(org, &teacher);
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_string_equal(row_text(row, REFERRAL_WORKFLOW), "review");
    assert_int_equal(row_int(row, REFERRAL_WORKFLOW_VERSION), 1);
    assert_string_equal(row_text(row, REFERRAL_STAGE), "concern");
    assert_int_equal(row_int(row, REFERRAL_STAGE_AT_MS), org_now_ms);
    assert_string_equal(row_text(row, REFERRAL_PRIORITY), "routine");
    assert_true(row_is_null(row, REFERRAL_DUE_AT_MS));
    assert_true(row_is_null(row, REFERRAL_PARENT));
}

static void test_open_refused(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t closed = review_at(org, "discontinued");
    const struct store_set stage[] = { { REFERRAL_STAGE, value_text("referred") } };
    const struct store_set parent[] = { { REFERRAL_PARENT, value_int(1) } };
    const struct store_set gone[] = { { REFERRAL_OWNER, value_int(4) } };
    const struct store_set twice[] = { { REFERRAL_TITLE, value_text("a") },
                                       { REFERRAL_TITLE, value_text("b") } };
    const struct store_set beyond[] = { { 99, value_text("a") } };
    /* clang-format off */
    const struct {
        const char *label;
        struct referral_open open;
        int rc;
        const char *message;
    } cases[] = {
        { "unknown", { .workflow = "reveiw" }, -ERROR_NOT_FOUND,
          "unknown workflow \"reveiw\", did you mean \"review\"?" },
        { "no name", { 0 }, -ERROR_NOT_FOUND, "unknown workflow \"\"" },
        { "engine column", { .workflow = "review", .set = stage, .set_count = 1 }, -ERROR_DENIED,
          "stage of a referral is written by the engine only" },
        { "parent by hand", { .workflow = "review", .set = parent, .set_count = 1 }, -ERROR_DENIED,
          "parent_id of a referral" },
        { "no parent", { .workflow = "review", .parent_id = 999 }, -ERROR_NOT_FOUND, "R-999" },
        { "closed parent", { .workflow = "review", .parent_id = closed }, -ERROR_DENIED,
          "it is closed (discontinued)" },
        { "inactive owner", { .workflow = "review", .set = gone, .set_count = 1 }, -ERROR_INVALID,
          "S-4 (Go Ne) is inactive" },
        { "twice", { .workflow = "review", .set = twice, .set_count = 2 }, -ERROR_INVALID,
          "title is given twice" },
        { "no such column", { .workflow = "review", .set = beyond, .set_count = 1 }, -ERROR_INVALID,
          "no column 99" },
        { "field", { .workflow = "review", .fields = "{\"dosier\":\"x\"}", .fields_len = 14 },
          -ERROR_INVALID, "has no field \"dosier\", did you mean \"dossier\"?" },
    };
    /* clang-format on */
    int64_t before = org_count(org, ENTITY_REFERRAL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        ok(store_turn_begin(org->store, &org->e));
        domain_command_begin(org->d);
        int rc = domain_open(org->d, &teacher, &cases[i].open, NULL, &org->e);
        check_rc(org, cases[i].label, rc, cases[i].rc, cases[i].message);
        struct error end;
        domain_command_end(org->d, false, &end);
        store_turn_commit(org->store, &end);
    }
    assert_int_equal(org_count(org, ENTITY_REFERRAL), before);
    fake_remove(&fake);
}

static void test_open_under_parent(void **state)
{
    struct org *org = *state;
    int64_t parent = review_open(org, &teacher);
    const struct referral_open open = { .workflow = "review", .parent_id = parent };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &teacher, &open, &row, &org->e));
    assert_int_equal(row_int(row, REFERRAL_PARENT), parent);
    org_end(org);
}

static int try_set(struct org *org, const struct actor *actor, const struct record *r)
{
    struct error end;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = domain_set(org->d, actor, r, NULL, &org->e);
    domain_command_end(org->d, rc == 0, &end);
    store_turn_commit(org->store, &end);
    return rc;
}

static void test_set(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "gathering");
    const struct store_set title[] = { { REFERRAL_TITLE, value_text("writing") } };
    const struct store_set stage[] = { { REFERRAL_STAGE, value_text("referred") } };
    const struct store_set wrong_owner[] = { { REFERRAL_OWNER, value_int(3) } };
    /* clang-format off */
    const struct {
        const char *label;
        struct record r;
        int rc;
        const char *message;
    } cases[] = {
        { "title", { .set = title, .set_count = 1 }, 0, NULL },
        { "fields", { .fields = "{\"severe\":true}", .fields_len = 15 }, 0, NULL },
        { "stage", { .set = stage, .set_count = 1 }, -ERROR_DENIED, "written by the engine only" },
        { "old", { .set = title, .set_count = 1, .based_on = 2 }, -ERROR_CONFLICT,
          "this was based on 2" },
        { "owner", { .set = wrong_owner, .set_count = 1 }, -ERROR_DENIED,
          "owner_id needs one of the roles teacher; S-3 has junior" },
        { "type", { .fields = "{\"severe\":1}", .fields_len = 12 }, -ERROR_INVALID,
          "field \"severe\" takes true or false, not 1" },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record r = cases[i].r;
        r.entity = ENTITY_REFERRAL;
        r.id = id;
        check_rc(org, cases[i].label, try_set(org, &teacher, &r), cases[i].rc, cases[i].message);
    }
    assert_string_equal(row_text(org_row(org, ENTITY_REFERRAL, id), REFERRAL_TITLE), "writing");
    assert_string_equal(newest(org, id).kind, "referral.changed");
}

static void test_due_field_moves_the_deadline(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "monitoring");
    char fields[64];
    int64_t visit = org_now_ms + 5 * day_ms;
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    assert_true(row_is_null(row, REFERRAL_DUE_AT_MS)); /* the field was empty */
    for (int i = 0; i < 3; i++) {
        struct record r = { .entity = ENTITY_REFERRAL, .id = id, .fields = fields };
        if (i < 2)
            snprintf(fields, sizeof fields, "{\"visit_at\":%lld}", (long long)visit);
        else
            snprintf(fields, sizeof fields, "{\"visit_at\":null}");
        r.fields_len = strlen(fields);
        ok(try_set(org, &teacher, &r));
        row = org_row(org, ENTITY_REFERRAL, id);
        if (i < 2) {
            assert_int_equal(row_int(row, REFERRAL_DUE_AT_MS), visit);
            assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), visit - day_ms);
        }
        visit += day_ms;
    }
    assert_true(row_is_null(row, REFERRAL_DUE_AT_MS));
    assert_true(row_is_null(row, REFERRAL_WAKE_AT_MS));
    /* By a transition that stays. */
    snprintf(fields, sizeof fields, "{\"visit_at\":%lld}", (long long)visit);
    ok(move_on(org, id, &teacher, "record", fields));
    row = org_row(org, ENTITY_REFERRAL, id);
    assert_int_equal(row_int(row, REFERRAL_DUE_AT_MS), visit);
    /* So near that the reminder would lie in the past: the deadline comes next. */
    snprintf(fields, sizeof fields, "{\"visit_at\":%lld}", (long long)(org_now_ms + hour_ms));
    ok(move_on(org, id, &teacher, "record", fields));
    row = org_row(org, ENTITY_REFERRAL, id);
    assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), org_now_ms + hour_ms);
    assert_int_equal(row_int(row, REFERRAL_WAKE_STEP), 1);
    fake_remove(&fake);
}

static void test_set_while_plugin_is_off(void **state)
{
    struct org *org = *state;
    int64_t id = review_open(org, &teacher);
    const struct store_set title[] = { { REFERRAL_TITLE, value_text("writing") } };
    struct record r = { .entity = ENTITY_REFERRAL, .id = id, .set = title, .set_count = 1 };
    domain_remove_plugin(org->d, "pre_referral");
    ok(try_set(org, &teacher, &r));
    r.fields = "{\"severe\":true}";
    r.fields_len = strlen(r.fields);
    assert_int_equal(try_set(org, &teacher, &r), -ERROR_NOT_FOUND);
}

static void test_assign(void **state)
{
    struct org *org = *state;
    int64_t open = review_at(org, "gathering"), closed = review_open(org, &teacher);
    const struct advance end = { .referral_id = closed, .transition = "withdraw", .note = "x" };
    ok(try_advance(org, &teacher, &end));
    /* clang-format off */
    const struct {
        int64_t referral, staff;
        int rc;
        const char *message;
    } cases[] = {
        { open, 1, 0, NULL },
        { open, 3, -ERROR_DENIED, "owner_id needs one of the roles teacher; S-3 has junior" },
        { open, 4, -ERROR_INVALID, "S-4 (Go Ne) is inactive" },
        { open, 99, -ERROR_NOT_FOUND, "S-99" },
        { 999, 1, -ERROR_NOT_FOUND, "R-999" },
        { closed, 1, -ERROR_DENIED, "it is closed (withdrawn)" },
        { open, 0, 0, NULL },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error lost;
        const struct row *row = NULL;
        ok(store_turn_begin(org->store, &org->e));
        domain_command_begin(org->d);
        int rc = domain_assign(org->d, &lead, cases[i].referral, cases[i].staff, &row, &org->e);
        check_rc(org, "assign", rc, cases[i].rc, cases[i].message);
        if (rc == 0)
            assert_int_equal(row_int(row, REFERRAL_OWNER), cases[i].staff);
        domain_command_end(org->d, rc == 0, &lost);
        store_turn_commit(org->store, &lost);
    }
    assert_string_equal(newest(org, open).kind, "referral.assigned");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open),
        TEST(test_open_refused),
        TEST(test_open_under_parent),
        TEST(test_set),
        TEST(test_due_field_moves_the_deadline),
        TEST(test_set_while_plugin_is_off),
        TEST(test_assign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
