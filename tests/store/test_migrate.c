/* The ladder: a database of an older schema is taken up, what it holds stays; a newer one is
 * refused. */
#include <sqlite3.h>

#include "store/store_fixture.h"

static void run(struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static int64_t write_person(struct fixture *f, const char *name)
{
    const struct row *row = NULL;
    const struct store_set set = { PERSON_NAME, value_text(name) };
    const struct store_change c = { .entity = ENTITY_PERSON,
                                    .kind = "person.created",
                                    .actor = "operator",
                                    .set = &set,
                                    .set_count = 1 };
    fixture_begin(f);
    ok(f, store_change(f->store, &c, &row, &f->error));
    int64_t id = row->id;
    fixture_end(f);
    return id;
}

/* Before the ledger and the programmes. */
static void test_from_1(void **state)
{
    struct fixture *f = *state;
    const struct row *row = NULL;
    int64_t count = -1, id = write_person(f, "Ada Okafor");
    store_close(f->store);
    run(f, "DROP TABLE account; DROP TABLE entry; DROP TABLE programme; DROP TABLE code; DROP "
           "TABLE touch; "
           "DROP TABLE conversion; PRAGMA user_version = 1");
    fixture_open(f);
    ok(f, store_get(f->store, ENTITY_PERSON, id, &row, &f->error));
    assert_string_equal(row_text(row, PERSON_NAME), "Ada Okafor");
    const struct store_query q = { .entity = ENTITY_ENTRY };
    ok(f, store_count(f->store, &q, &count, &f->error));
    assert_int_equal(count, 0);
    assert_int_equal(write_person(f, "Ben Sato"), id + 1);
    ok(f, store_check(f->store, &f->error));
    store_close(f->store);
    fixture_open(f); /* once is enough */
}

static void test_newer(void **state)
{
    struct fixture *f = *state;
    struct store_options o = { .path = f->path };
    store_close(f->store);
    f->store = NULL;
    run(f, "PRAGMA user_version = 1000");
    assert_int_equal(store_open(&f->store, &o, &f->error), -ERROR_CONFLICT);
    assert_non_null(strstr(f->error.message, "made by a newer baton"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_from_1, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_newer, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
