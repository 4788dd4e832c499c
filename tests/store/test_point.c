/* Points: parts of a command that are undone alone; scratch stores and copies. */
#include "store/store_fixture.h"

static int64_t add(struct fixture *f, enum entity entity, const char *name)
{
    struct store_set person = { PERSON_NAME, value_text(name) };
    struct store_set referral[] = { { REFERRAL_WORKFLOW, value_text("x") },
                                    { REFERRAL_WORKFLOW_VERSION, value_int(1) },
                                    { REFERRAL_STAGE, value_text("a") },
                                    { REFERRAL_STAGE_AT_MS, value_int(1) },
                                    { REFERRAL_TITLE, value_text(name) } };
    bool is_person = entity == ENTITY_PERSON;
    const struct row *row = NULL;
    ok(f,
       fixture_change(f, entity, 0, is_person ? &person : referral, is_person ? 1 : 5, NULL, &row));
    return row->id;
}

static void set_title(struct fixture *f, int64_t id, const char *title)
{
    struct store_set set = { REFERRAL_TITLE, value_text(title) };
    ok(f, fixture_change(f, ENTITY_REFERRAL, id, &set, 1, NULL, NULL));
}

static void assert_title(struct fixture *f, int64_t id, const char *title)
{
    const struct row *row;
    ok(f, store_get(f->store, ENTITY_REFERRAL, id, &row, &f->error));
    assert_string_equal(row_text(row, REFERRAL_TITLE), title);
}

static int count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(size_t *)context;
    return 0;
}

static size_t pending(struct fixture *f, int64_t after)
{
    size_t n = 0;
    ok(f, store_pending(f->store, after, count_event, &n, &f->error));
    return n;
}

static int64_t people(struct fixture *f)
{
    struct store_query q = { .entity = ENTITY_PERSON };
    int64_t n = -1;
    ok(f, store_count(f->store, &q, &n, &f->error));
    return n;
}

static void undo_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_point outer, inner;
    fixture_begin(f);
    int64_t r = add(f, ENTITY_REFERRAL, "before");
    add(f, ENTITY_PERSON, "kept");
    int64_t seq = store_last_event(f->store);
    ok(f, store_point_begin(f->store, &outer, &f->error));
    set_title(f, r, "outer");
    int64_t p = add(f, ENTITY_PERSON, "outer");
    ok(f, store_point_begin(f->store, &inner, &f->error));
    set_title(f, r, "inner");
    add(f, ENTITY_PERSON, "inner");
    assert_int_equal(people(f), 3); /* a list settles what is dirty, inside the point */
    assert_int_equal(pending(f, seq), 4);
    ok(f, store_point_undo(f->store, &inner, &f->error));
    assert_title(f, r, "outer");
    assert_int_equal(people(f), 2);
    assert_int_equal(pending(f, seq), 2);
    ok(f, store_point_undo(f->store, &outer, &f->error));
    assert_title(f, r, "before");
    assert_int_equal(people(f), 1);
    assert_int_equal(store_last_event(f->store), seq);
    assert_int_equal(add(f, ENTITY_PERSON, "again"), p); /* its id is free again */
    set_title(f, r, "after");
    fixture_end(f);
    assert_title(f, r, "after");
    assert_int_equal(people(f), 2);
    store_close(f->store);
    fixture_open(f);
    assert_title(f, r, "after");
    assert_int_equal(people(f), 2);
}

/* Rows of earlier turns, dirty and settled. */
static void undo_of_older_rows(void **state)
{
    struct fixture *f = *state;
    struct store_point point;
    fixture_begin(f);
    int64_t dirty = add(f, ENTITY_REFERRAL, "dirty"), settled = add(f, ENTITY_REFERRAL, "settled");
    set_title(f, settled, "settled 2");
    fixture_end(f);
    ok(f, store_settle(f->store, 0, &f->error));
    fixture_begin(f);
    set_title(f, dirty, "dirty 2");
    fixture_end(f);
    fixture_begin(f);
    ok(f, store_point_begin(f->store, &point, &f->error));
    set_title(f, dirty, "dirty 3");
    set_title(f, settled, "settled 3");
    ok(f, store_point_undo(f->store, &point, &f->error));
    fixture_end(f);
    assert_title(f, dirty, "dirty 2");
    assert_title(f, settled, "settled 2");
}

static void keep_is_kept(void **state)
{
    struct fixture *f = *state;
    struct store_point point;
    fixture_begin(f);
    ok(f, store_point_begin(f->store, &point, &f->error));
    add(f, ENTITY_PERSON, "kept");
    ok(f, store_point_keep(f->store, &f->error));
    fixture_end(f);
    assert_int_equal(people(f), 1);
}

static void scratch_and_copy(void **state)
{
    struct fixture *f = *state;
    struct store_options o = { .path = "scratch", .scratch = true };
    struct store *scratch, *copy, *real = f->store;
    fixture_begin(f);
    int64_t r = add(f, ENTITY_REFERRAL, "one");
    add(f, ENTITY_PERSON, "one");
    fixture_end(f);
    fixture_begin(f);
    set_title(f, r, "two"); /* in memory and in the history only */
    fixture_end(f);

    ok(f, store_open(&scratch, &o, &f->error));
    o.copy_of = real;
    ok(f, store_open(&copy, &o, &f->error));
    f->store = scratch;
    assert_int_equal(people(f), 0);
    f->store = copy;
    assert_int_equal(people(f), 1);
    assert_title(f, r, "two");
    fixture_begin(f);
    set_title(f, r, "three");
    add(f, ENTITY_PERSON, "two");
    fixture_end(f);
    assert_title(f, r, "three");
    ok(f, store_check(copy, &f->error));
    f->store = real;
    assert_title(f, r, "two");
    assert_int_equal(people(f), 1);
    assert_int_equal(access("scratch", F_OK), -1);
    store_close(scratch);
    store_close(copy);

    fixture_begin(f);
    assert_int_equal(store_open(&copy, &o, &f->error), -ERROR_BUSY);
    fixture_end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(undo_leaves_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(undo_of_older_rows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(keep_is_kept, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(scratch_and_copy, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
