/* Files copied by hand: a database beside a log that was not made for it is refused, and nothing is
 * written into either; a log that continues the database goes into it. */
#include "store_fixture.h"

#include "store/store_internal.h"

static void shell(const struct fixture *f, const char *command)
{
    char text[400];
    snprintf(text, sizeof text, "cd %s && { %s; }", f->dir, command);
    if (system(text))
        fail_msg("failed: %s", text);
}

/* So many people, each in a turn. */
static void people(struct fixture *f, int count)
{
    char name[600];
    for (int i = 0; i < count; i++) {
        memset(name, 'x', sizeof name);
        snprintf(name + 500, 99, "%d", i);
        memset(name + 490, ' ', 10);
        name[599] = '\0';
        fixture_begin(f);
        fixture_person(f, name);
        fixture_end(f);
    }
}

static void reopen(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
    fixture_open(f);
    f->store->checkpoint_pages = 30;
}

static int64_t count_people(struct fixture *f)
{
    struct store_query q = { .entity = ENTITY_PERSON };
    int64_t n = 0;
    ok(f, store_count(f->store, &q, &n, &f->error));
    return n;
}

/* old.db: closed after 20 people. base.db, base.db-wal: a crash later. next.db, next.db-wal: one
 * after more checkpoints. */
static void make_copies(struct fixture *f)
{
    people(f, 20);
    store_close(f->store);
    f->store = NULL;
    shell(f, "cp org.db old.db");
    fixture_open(f);
    f->store->checkpoint_pages = 30;
    people(f, 1);
    shell(f, "cp org.db base.db && cp org.db-wal base.db-wal");
    people(f, 40);
    shell(f, "cp org.db next.db && cp org.db-wal next.db-wal");
    store_close(f->store);
    f->store = NULL;
}

static void test_copies(void **state)
{
    static const struct {
        const char *db, *wal;
        int64_t people; /* -1: refused */
    } cases[] = {
        { "old.db", "none", 20 },          { "base.db", "base.db-wal", 21 },
        { "next.db", "next.db-wal", 61 },  { "old.db", "base.db-wal", 21 }, /* continues it */
        { "old.db", "next.db-wal", -1 },   { "base.db", "next.db-wal", -1 },
        { "next.db", "base.db-wal", -1 },  { "other.db", "next.db-wal", -1 },
        { "next.db", "other.db-wal", -1 },
    };
    struct fixture *f = *state;
    make_copies(f);
    shell(f, "rm org.db");
    fixture_open(f);
    people(f, 3);
    reopen(f);
    people(f, 3);
    shell(f, "cp org.db other.db && cp org.db-wal other.db-wal && : > none");
    store_close(f->store);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_options o = { .path = f->path };
        char command[200];
        f->store = NULL;
        snprintf(command, sizeof command, "cp %s org.db && cp %s org.db-wal", cases[i].db,
                 cases[i].wal);
        shell(f, command);
        int rc = store_open(&f->store, &o, &f->error);
        if (cases[i].people >= 0) {
            if (rc)
                fail_msg("%s with %s: %s", cases[i].db, cases[i].wal, f->error.message);
            assert_int_equal(count_people(f), cases[i].people);
            ok(f, store_check(f->store, &f->error));
            store_close(f->store);
            continue;
        }
        if (rc != -ERROR_CORRUPT)
            fail_msg("%s with %s: %d", cases[i].db, cases[i].wal, rc);
        assert_non_null(strstr(f->error.message, "org.db-wal does not belong to"));
        snprintf(command, sizeof command, "cmp %s org.db && cmp %s org.db-wal", cases[i].db,
                 cases[i].wal);
        shell(f, command);
    }
    shell(f, "cp old.db org.db && rm -f org.db-wal"); /* as the message says */
    fixture_open(f);
    assert_int_equal(count_people(f), 20);
    shell(f, "rm *.db-wal old.db base.db next.db other.db none");
}

/* A copy is laid over the file of an open database: the next commit is refused, and nothing that
 * was in memory gets into the copy. */
static void test_overwritten_while_open(void **state)
{
    struct fixture *f = *state;
    make_copies(f);
    shell(f, "cp next.db org.db && cp next.db-wal org.db-wal");
    fixture_open(f);
    people(f, 2);
    shell(f, "cat old.db > org.db");
    fixture_begin(f);
    fixture_person(f, "too late");
    ok(f, store_command_end(f->store, true, &f->error));
    assert_int_equal(store_turn_commit(f->store, &f->error), -ERROR_IO);
    assert_non_null(strstr(f->error.message, "changed by another program"));
    store_close(f->store);
    shell(f, "cmp old.db org.db");
    struct store_options o = { .path = f->path };
    assert_int_equal(store_open(&f->store, &o, &f->error), -ERROR_CORRUPT);
    shell(f, "rm org.db-wal");
    fixture_open(f);
    assert_int_equal(count_people(f), 20);
    shell(f, "touch org.db"); /* looked at, not changed: no harm */
    people(f, 1);
    shell(f, "rm base.db base.db-wal next.db next.db-wal old.db");
}

/* Numbers that nobody can have made. */
static void test_numbers_at_their_end(void **state)
{
    static const char *const damage[] = {
        "UPDATE event SET seq = 9223372036854775807 WHERE seq = 3",
        "UPDATE person SET id = 9223372036854775807 WHERE id = 3",
    };
    struct fixture *f = *state;
    struct store_options o = { .path = f->path };
    people(f, 3);
    store_close(f->store);
    shell(f, "cp org.db good.db");
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        sqlite3 *db;
        shell(f, "cp good.db org.db");
        assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, damage[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(store_open(&f->store, &o, &f->error), -ERROR_CORRUPT);
        assert_non_null(strstr(f->error.message, "the number 9223372036854775807"));
    }
    shell(f, "mv good.db org.db");
    fixture_open(f);
}

/* Not "reading or writing failed": the file is not what we made. */
static void test_a_table_is_gone(void **state)
{
    struct fixture *f = *state;
    struct store_options o = { .path = f->path };
    sqlite3 *db;
    store_close(f->store);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE person", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(store_open(&f->store, &o, &f->error), -ERROR_CORRUPT);
    assert_non_null(strstr(f->error.message, "no such table: person"));
    shell(f, "rm org.db");
    fixture_open(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copies, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_overwritten_while_open, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_at_their_end, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_table_is_gone, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
