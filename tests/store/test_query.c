/* Lists that merge table and memory, due times, search, checks of values. */
#include "store/store_fixture.h"

struct ids {
    int64_t id[2000];
    size_t count;
};

static int collect(void *context, const struct row *row)
{
    struct ids *ids = context;
    ids->id[ids->count++] = row->id;
    return 0;
}

/* The slow, obvious answer: every id that matches, in order. */
static void expect_list(struct fixture *f, const char stages[][8], int64_t n, const char *stage,
                        int64_t after, size_t limit, bool descending)
{
    struct store_filter filter = { .column = REFERRAL_STAGE,
                                   .op = FILTER_EQ,
                                   .value = value_text(stage) };
    struct store_query q = { .entity = ENTITY_REFERRAL,
                             .filters = &filter,
                             .filter_count = 1,
                             .after_id = after,
                             .limit = limit,
                             .descending = descending };
    struct ids got = { .count = 0 };
    ok(f, store_list(f->store, &q, collect, &got, &f->error));
    size_t at = 0;
    for (int64_t i = 1; i <= n && at < limit; i++) {
        int64_t id = descending ? n + 1 - i : i;
        if (strcmp(stages[id], stage) || (descending ? after && id >= after : id <= after))
            continue;
        assert_true(at < got.count);
        assert_int_equal(got.id[at++], id);
    }
    assert_int_equal(at, got.count);
}

static void test_lists_merge_memory(void **state)
{
    struct fixture *f = *state;
    enum { N = 200 };
    static char stages[N + 1][8];
    unsigned seed = 7;
    fixture_begin(f);
    for (int i = 1; i <= N; i++) {
        strcpy(stages[i], "a");
        fixture_referral(f, "a", 0);
    }
    fixture_end(f);
    for (int round = 0; round < 30; round++) {
        fixture_begin(f);
        for (int i = 0; i < 20; i++) {
            seed = seed * 1103515245u + 12345u;
            int64_t id = 1 + (seed >> 16) % N;
            stages[id][0] = (char)('a' + (seed >> 8) % 3);
            fixture_move(f, id, stages[id], 0);
        }
        fixture_end(f);
        if (round % 7 == 6)
            ok(f, store_settle(f->store, 13, &f->error));
        for (char stage[2] = "a"; *stage <= 'd'; ++*stage) {
            expect_list(f, stages, N, stage, 0, 1000, false);
            expect_list(f, stages, N, stage, 40, 17, false);
            expect_list(f, stages, N, stage, 0, 5, true);
            expect_list(f, stages, N, stage, 120, 9, true);
        }
        struct store_filter filter = { REFERRAL_STAGE, FILTER_EQ, value_text("b"), NULL };
        struct store_query q = { .entity = ENTITY_REFERRAL, .filters = &filter, .filter_count = 1 };
        int64_t count, expected = 0;
        for (int i = 1; i <= N; i++)
            expected += !strcmp(stages[i], "b");
        if (round % 5 == 4) {
            ok(f, store_count(f->store, &q, &count, &f->error));
            assert_int_equal(count, expected);
        }
    }
}

static void test_custom_fields_in_lists(void **state)
{
    struct fixture *f = *state;
    ok(f, store_index_field(f->store, ENTITY_REFERRAL, "kind", &f->error));
    fixture_begin(f);
    for (int i = 0; i < 10; i++)
        fixture_referral(f, "a", 0);
    fixture_end(f);
    fixture_begin(f);
    ok(f, fixture_change(f, ENTITY_REFERRAL, 3, NULL, 0, "{\"kind\":\"x\",\"n\":5}", NULL));
    ok(f, fixture_change(f, ENTITY_REFERRAL, 7, NULL, 0, "{\"kind\":\"x\",\"n\":9.5}", NULL));
    ok(f, fixture_change(f, ENTITY_REFERRAL, 8, NULL, 0, "{\"kind\":\"y\",\"n\":12}", NULL));
    fixture_end(f);
    for (int settled = 0; settled < 2; settled++) {
        struct store_filter x = { FILTER_FIELD, FILTER_EQ, value_text("x"), "kind" };
        struct store_filter n = { FILTER_FIELD, FILTER_GT, value_int(6), "n" };
        struct store_filter none = { FILTER_FIELD, FILTER_NULL, value_null(), "kind" };
        struct store_query q = { .entity = ENTITY_REFERRAL, .filters = &x, .filter_count = 1 };
        struct ids got = { .count = 0 };
        ok(f, store_list(f->store, &q, collect, &got, &f->error));
        assert_int_equal(got.count, 2);
        assert_int_equal(got.id[1], 7);
        q.filters = &n;
        got.count = 0;
        ok(f, store_list(f->store, &q, collect, &got, &f->error));
        assert_int_equal(got.count, 2);
        assert_int_equal(got.id[0], 7);
        q.filters = &none;
        got.count = 0;
        ok(f, store_list(f->store, &q, collect, &got, &f->error));
        assert_int_equal(got.count, 7);
        ok(f, store_settle(f->store, 0, &f->error));
    }
}

static void test_due_order(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t a = fixture_referral(f, "a", 300), b = fixture_referral(f, "a", 100),
            c = fixture_referral(f, "a", 200);
    struct store_set timer[] = { { TIMER_NAME, value_text("t") },
                                 { TIMER_STATUS, value_text("waiting") },
                                 { TIMER_AT_MS, value_int(150) } };
    ok(f, fixture_change(f, ENTITY_TIMER, 0, timer, 3, NULL, NULL));
    fixture_end(f);
    enum entity entity;
    int64_t id, at;
    unsigned both = 1u << ENTITY_REFERRAL | 1u << ENTITY_TIMER;
    ok(f, store_due_next(f->store, both, 99, &entity, &id, &at, &f->error));
    assert_int_equal(entity, ENTITY_NONE);
    static const int64_t expected[] = { 100, 150, 200, 300 };
    for (size_t i = 0; i < 4; i++) {
        fixture_begin(f);
        ok(f, store_due_next(f->store, both, 1000, &entity, &id, &at, &f->error));
        assert_int_equal(at, expected[i]);
        if (entity == ENTITY_TIMER) {
            struct store_set off[] = { { TIMER_AT_MS, value_null() },
                                       { TIMER_STATUS, value_text("fired") } };
            ok(f, fixture_change(f, ENTITY_TIMER, id, off, 2, NULL, NULL));
        } else {
            fixture_move(f, id, "b", 0);
        }
        fixture_end(f);
    }
    ok(f, store_due_at(f->store, both, &at, &f->error));
    assert_int_equal(at, INT64_MAX);
    /* A time that was passed over and comes back is due again, and an undone firing stays due. */
    fixture_begin(f);
    fixture_move(f, b, "c", 100);
    fixture_end(f);
    ok(f, store_settle(f->store, 0, &f->error));
    ok(f, store_turn_begin(f->store, &f->error));
    store_command_begin(f->store);
    fixture_move(f, b, "d", 0);
    ok(f, store_due_next(f->store, both, 1000, &entity, &id, &at, &f->error));
    assert_int_equal(entity, ENTITY_NONE);
    ok(f, store_command_end(f->store, false, &f->error));
    ok(f, store_turn_commit(f->store, &f->error));
    ok(f, store_due_next(f->store, both, 1000, &entity, &id, &at, &f->error));
    assert_int_equal(entity, ENTITY_REFERRAL);
    assert_int_equal(id, b);
    (void)a;
    (void)c;
}

static int due_text(void *context, enum entity entity, int64_t id)
{
    buf_printf(context, "%d:%lld ", entity == ENTITY_TIMER, (long long)id);
    return 0;
}

static const char *due_listed(struct fixture *f, int64_t until_ms, struct buf *out)
{
    buf_clear(out);
    ok(f, store_due_list(f->store, until_ms, due_text, out, &f->error));
    return buf_text(out);
}

static int64_t due_at(struct fixture *f)
{
    int64_t at;
    ok(f, store_due_at(f->store, 1u << ENTITY_REFERRAL | 1u << ENTITY_TIMER, &at, &f->error));
    return at;
}

/* Passed over in memory and in the table, beside others, and taken back; undoing disturbs nothing.
 */
static void test_due_aside(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    bool listed;
    fixture_begin(f);
    for (int64_t at = 100; at <= 300; at += 100)
        fixture_referral(f, "a", at);
    struct store_set timer[] = { { TIMER_NAME, value_text("t") },
                                 { TIMER_STATUS, value_text("waiting") },
                                 { TIMER_AT_MS, value_int(150) } };
    ok(f, fixture_change(f, ENTITY_TIMER, 0, timer, 3, NULL, NULL));
    fixture_end(f);
    store_due_aside(f->store, ENTITY_TIMER, 1, 150);
    store_due_aside(f->store, ENTITY_REFERRAL, 1, 100);
    store_due_aside(f->store, ENTITY_REFERRAL, 1, 100);
    for (int settled = 0; settled < 2; settled++) {
        assert_int_equal(due_at(f), 200);
        assert_int_equal(due_at(f), 200);
        ok(f, store_due_listed(f->store, ENTITY_REFERRAL, 1, 100, &listed, &f->error));
        assert_true(listed);
        assert_string_equal(due_listed(f, 250, &text), "0:1 1:1 0:2 ");
        ok(f, store_settle(f->store, 0, &f->error));
    }
    ok(f, store_turn_begin(f->store, &f->error));
    store_command_begin(f->store);
    fixture_move(f, 2, "b", 0);
    assert_int_equal(due_at(f), 300);
    ok(f, store_command_end(f->store, false, &f->error));
    assert_int_equal(due_at(f), 200);
    store_command_begin(f->store);
    timer[2].value = value_int(120); /* another instant: due again, before the mark */
    ok(f, fixture_change(f, ENTITY_TIMER, 1, timer, 3, NULL, NULL));
    ok(f, store_command_end(f->store, true, &f->error));
    ok(f, store_turn_commit(f->store, &f->error));
    assert_int_equal(due_at(f), 120);
    store_due_aside(f->store, ENTITY_TIMER, 1, 120);
    assert_int_equal(due_at(f), 200);
    store_due_back(f->store);
    assert_int_equal(due_at(f), 100);
    assert_string_equal(due_listed(f, 1000, &text), "0:1 1:1 0:2 0:3 ");
    buf_free(&text);
}

static void test_search_folds(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t jose = fixture_person(f, "José Núñez"), other = fixture_person(f, "Joseph Nunn");
    fixture_end(f);
    struct ids got = { .count = 0 };
    ok(f, store_search(f->store, ENTITY_PERSON, "NUNEZ jose", 10, collect, &got, &f->error));
    assert_int_equal(got.count, 1);
    assert_int_equal(got.id[0], jose);
    got.count = 0;
    ok(f, store_search(f->store, ENTITY_NONE, "jos", 10, collect, &got, &f->error));
    assert_int_equal(got.count, 2);
    fixture_begin(f);
    struct store_set set = { PERSON_NAME, value_text("Maria") };
    ok(f, fixture_change(f, ENTITY_PERSON, other, &set, 1, NULL, NULL));
    fixture_end(f);
    got.count = 0;
    ok(f, store_search(f->store, ENTITY_NONE, "jos", 10, collect, &got, &f->error));
    assert_int_equal(got.count, 1);
    static const char *const hostile[] = { "\"", "NEAR(", "a OR b*", "col:x", "-x", "^y", "(" };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        int result = store_search(f->store, ENTITY_NONE, hostile[i], 10, collect, &got, &f->error);
        assert_true(result == 0 || result == -ERROR_INVALID);
    }
}

static void test_values_are_checked(void **state)
{
    struct fixture *f = *state;
    static char huge[LIMIT_TEXT_BYTES + 2];
    memset(huge, 'x', sizeof huge - 1);
    const struct {
        enum entity entity;
        struct store_set set;
        enum error_code code;
        const char *message;
    } cases[] = {
        { ENTITY_PERSON, { PERSON_NAME, value_int(3) }, ERROR_INVALID, "person.name takes text" },
        { ENTITY_PERSON, { PERSON_NAME, value_text("") }, ERROR_INVALID, "can't be empty" },
        { ENTITY_PERSON,
          { PERSON_EMAIL, value_text("x") },
          ERROR_INVALID,
          "person.name (full name) is missing" },
        { ENTITY_PERSON, { PERSON_NAME, value_text("\xff\xfe") }, ERROR_INVALID, "not UTF-8" },
        { ENTITY_PERSON, { PERSON_NAME, value_text(huge) }, ERROR_LIMIT, "at most 65536" },
        { ENTITY_SERVICE, { SERVICE_PARTNER, value_int(9) }, ERROR_NOT_FOUND, "no partner O-9" },
        { ENTITY_SERVICE,
          { SERVICE_CAPACITY, value_text("yess") },
          ERROR_INVALID,
          "did you mean \"yes\"" },
        { ENTITY_NOTE, { NOTE_ABOUT, value_text("12") }, ERROR_INVALID, "such as R-12" },
        { ENTITY_LOCATION,
          { LOCATION_LATITUDE, value_text("x") },
          ERROR_INVALID,
          "takes a number" },
    };
    fixture_begin(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int result = fixture_change(f, cases[i].entity, 0, &cases[i].set, 1, NULL, NULL);
        assert_int_equal(result, -(int)cases[i].code);
        if (!strstr(f->error.message, cases[i].message))
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, f->error.message, cases[i].message);
    }
    struct store_set first[] = { { PERSON_NAME, value_text("A") },
                                 { PERSON_EXTERNAL_ID, value_text("e1") } };
    ok(f, fixture_change(f, ENTITY_PERSON, 0, first, 2, NULL, NULL));
    assert_int_equal(fixture_change(f, ENTITY_PERSON, 0, first, 2, NULL, NULL), -ERROR_CONFLICT);
    assert_non_null(strstr(f->error.message, "already that of P-1"));
    fixture_end(f);
}

static void test_ids(void **state)
{
    (void)state;
    enum entity e = ENTITY_NONE;
    int64_t id = 0;
    char out[32];
    assert_int_equal(row_id_parse("r-1042", &e, &id), 0);
    assert_int_equal(e, ENTITY_REFERRAL);
    assert_int_equal(id, 1042);
    row_id_format(ENTITY_REFERRAL, INT64_MAX, out);
    assert_string_equal(out, "R-9223372036854775807");
    static const char *const bad[] = {
        "", "R-", "R", "Q-1", "R-0", "R-1x", "99999999999999999999", "-1", "R--1"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(row_id_parse(bad[i], &e, &id), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lists_merge_memory, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_custom_fields_in_lists, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_due_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_due_aside, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_search_folds, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_values_are_checked, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
