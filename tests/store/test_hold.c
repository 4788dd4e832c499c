/* Holding the file still, and writing it anew. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void person(struct fixture *f, const char *name)
{
    fixture_begin(f);
    fixture_person(f, name);
    fixture_end(f);
}

/* A plain copy of so many bytes, opened. */
static struct store *copy(struct fixture *f, int64_t bytes)
{
    char path[128], command[400];
    struct store *s = NULL;
    snprintf(path, sizeof path, "%s.copy", f->path);
    snprintf(command, sizeof command, "rm -f %s-wal; head -c %lld %s > %s", path, (long long)bytes,
             f->path, path);
    assert_int_equal(system(command), 0);
    struct store_options o = { .path = path };
    ok(f, store_open(&s, &o, &f->error));
    return s;
}

static int64_t people(struct fixture *f, struct store *s)
{
    struct store_query q = { .entity = ENTITY_PERSON };
    int64_t n = -1;
    ok(f, store_count(s, &q, &n, &f->error));
    return n;
}

static void a_copy_is_the_database_as_of_the_hold(void **state)
{
    struct fixture *f = *state;
    int64_t bytes = 0;
    for (int i = 0; i < 100; i++)
        person(f, "before");
    fixture_begin(f);
    int64_t referral = fixture_referral(f, "one", 0);
    fixture_end(f);
    fixture_begin(f);
    fixture_move(f, referral, "two", 0); /* in memory and in its event only */
    fixture_end(f);
    ok(f, store_hold(f->store, &bytes, &f->error));
    assert_true(store_held(f->store));
    int64_t again;
    assert_int_equal(store_hold(f->store, &again, &f->error), -ERROR_BUSY);
    struct stat st, later;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, bytes);
    /* More than the log is let grow to otherwise. */
    char name[2001];
    memset(name, 'x', 2000);
    name[2000] = '\0';
    for (int i = 0; i < 300; i++) {
        fixture_begin(f);
        for (int k = 0; k < 40; k++)
            fixture_person(f, name);
        fixture_end(f);
    }
    ok(f, store_settle(f->store, 0, &f->error));
    struct store_stats stats;
    ok(f, store_stats(f->store, &stats, &f->error));
    assert_true(stats.wal_bytes > 20 * 1024 * 1024);
    assert_int_equal(stat(f->path, &later), 0);
    assert_int_equal(later.st_size, st.st_size);
    assert_int_equal(later.st_mtim.tv_sec, st.st_mtim.tv_sec);
    assert_int_equal(later.st_mtim.tv_nsec, st.st_mtim.tv_nsec);
    struct store *s = copy(f, bytes);
    assert_int_equal(people(f, s), 100);
    const struct row *r;
    ok(f, store_get(s, ENTITY_REFERRAL, referral, &r, &f->error));
    assert_string_equal(row_text(r, REFERRAL_STAGE), "two");
    ok(f, store_check(s, &f->error));
    store_close(s);
    /* Released, the log is written back with the next commits. */
    store_release(f->store);
    assert_false(store_held(f->store));
    person(f, "after");
    assert_int_equal(stat(f->path, &later), 0);
    assert_true(later.st_size > st.st_size);
    person(f, "after");
    ok(f, store_hold(f->store, &bytes, &f->error));
    s = copy(f, bytes);
    assert_int_equal(people(f, s), 100 + 300 * 40 + 2);
    store_close(s);
}

/* ---- written anew ---- */

static int occurs(const char *path, const char *text)
{
    struct buf file = BUF_INIT;
    struct error e;
    int count = 0;
    size_t n = strlen(text);
    if (buf_read_file(&file, path, 256 << 20, &e) == 0)
        for (size_t i = 0; i + n <= file.len; i++)
            count += !memcmp(file.data + i, text, n);
    buf_free(&file);
    return count;
}

static void what_was_changed_is_gone_from_the_file(void **state)
{
    struct fixture *f = *state;
    person(f, "quetzalfeather");
    for (int i = 0; i < 200; i++)
        person(f, "somebody else");
    struct store_set set[] = { { PERSON_NAME, value_text("changed") } };
    fixture_begin(f);
    ok(f, fixture_change(f, ENTITY_PERSON, 1, set, 1, NULL, NULL));
    ok(f, store_erase_event(f->store, 1, &f->error));
    ok(f, store_erase_event(f->store, 1, &f->error)); /* gone already */
    fixture_end(f);
    int64_t events = store_last_event(f->store);
    ok(f, store_compact(f->store, &f->error));
    /* It goes on as if nothing had been. */
    assert_int_equal(people(f, f->store), 201);
    const struct row *r;
    ok(f, store_get(f->store, ENTITY_PERSON, 1, &r, &f->error));
    assert_string_equal(row_text(r, PERSON_NAME), "changed");
    person(f, "one more");
    assert_int_equal(store_last_event(f->store), events + 1);
    ok(f, store_check(f->store, &f->error));
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(occurs(f->path, "zalfeath"), 0);
    assert_true(occurs(f->path, "somebody else") >= 400);
    fixture_open(f);
    assert_int_equal(people(f, f->store), 202);
}

static void not_while_it_is_held(void **state)
{
    struct fixture *f = *state;
    int64_t bytes;
    person(f, "Ada");
    ok(f, store_hold(f->store, &bytes, &f->error));
    assert_int_equal(store_compact(f->store, &f->error), -ERROR_BUSY);
    store_release(f->store);
    /* What a process left that ended early. */
    char path[128];
    snprintf(path, sizeof path, "%s.compact", f->path);
    FILE *left = fopen(path, "w");
    assert_non_null(left);
    fputs("half a database", left);
    fclose(left);
    ok(f, store_compact(f->store, &f->error));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(people(f, f->store), 1);
}

static void a_scratch_database_has_no_file(void **state)
{
    struct fixture *f = *state;
    struct store *scratch = NULL;
    struct store_options o = { .path = "scratch", .scratch = true };
    int64_t bytes;
    ok(f, store_open(&scratch, &o, &f->error));
    ok(f, store_compact(scratch, &f->error));
    assert_int_not_equal(access("scratch", F_OK), 0);
    assert_int_not_equal(access("scratch.compact", F_OK), 0);
    assert_int_equal(store_hold(scratch, &bytes, &f->error), -ERROR_IO);
    store_close(scratch);
}

/* Where it can't be written the old file stays, and the store goes on. */
static void a_folder_that_cannot_be_written_changes_nothing(void **state)
{
    struct fixture *f = *state;
    char path[128], journal[160];
    person(f, "Ada");
    snprintf(path, sizeof path, "%s.compact", f->path);
    assert_int_equal(mkdir(path, 0700), 0); /* in its way, for root too */
    snprintf(journal, sizeof journal, "%s-journal", path);
    assert_int_equal(close(open(journal, O_WRONLY | O_CREAT, 0600)), 0);
    assert_true(store_compact(f->store, &f->error) < 0);
    assert_int_not_equal(access(journal, F_OK), 0);
    assert_int_equal(rmdir(path), 0);
    assert_false(store_failed(f->store));
    person(f, "Ben");
    assert_int_equal(people(f, f->store), 2);
    ok(f, store_compact(f->store, &f->error));
    assert_int_equal(people(f, f->store), 2);
}

#define store_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_copy_is_the_database_as_of_the_hold),
        store_test(what_was_changed_is_gone_from_the_file),
        store_test(not_while_it_is_held),
        store_test(a_scratch_database_has_no_file),
        store_test(a_folder_that_cannot_be_written_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
