/* Turns, commands, undo, crash and recovery; rows are the fold of their events. */
#include <sys/wait.h>

#include "baton/base/digest.h"
#include "store/store_fixture.h"

static void test_kept_and_dropped(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t person = fixture_person(f, "Ada"), referral = fixture_referral(f, "one", 50);
    fixture_end(f);

    ok(f, store_turn_begin(f->store, &f->error));
    store_command_begin(f->store);
    fixture_move(f, referral, "two", 60);
    ok(f, store_command_end(f->store, true, &f->error));
    int64_t last = store_last_event(f->store);
    store_command_begin(f->store);
    fixture_move(f, referral, "three", 70);
    fixture_person(f, "Bob");
    assert_string_equal(fixture_stage(f, referral), "three");
    ok(f, store_command_end(f->store, false, &f->error));
    assert_int_equal(store_last_event(f->store), last);
    ok(f, store_turn_commit(f->store, &f->error));

    assert_string_equal(fixture_stage(f, referral), "two");
    assert_false(store_has(f->store, ENTITY_PERSON, person + 1));
    int64_t due;
    ok(f, store_due_at(f->store, 1u << ENTITY_REFERRAL, &due, &f->error));
    assert_int_equal(due, 60);
}

static void test_abort_undoes_kept_commands(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t id = fixture_referral(f, "one", 50);
    fixture_end(f);
    ok(f, store_turn_begin(f->store, &f->error));
    store_command_begin(f->store);
    fixture_move(f, id, "two", 0);
    int64_t created = fixture_referral(f, "x", 0);
    ok(f, store_command_end(f->store, true, &f->error));
    store_turn_abort(f->store);
    assert_string_equal(fixture_stage(f, id), "one");
    assert_false(store_has(f->store, ENTITY_REFERRAL, created));
    assert_int_equal(store_dirty(f->store), 0);
    fixture_begin(f);
    assert_int_equal(fixture_referral(f, "y", 0), created);
    fixture_end(f);
}

static void test_version_conflict(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t id = fixture_referral(f, "one", 0);
    struct store_set set = { REFERRAL_TITLE, value_text("t") };
    struct store_change c = { .entity = ENTITY_REFERRAL,
                              .id = id,
                              .based_on = 9,
                              .kind = "k",
                              .actor = "a",
                              .at_ms = 1,
                              .set = &set,
                              .set_count = 1 };
    assert_int_equal(store_change(f->store, &c, NULL, &f->error), -ERROR_CONFLICT);
    assert_non_null(strstr(f->error.message, "R-1 has version 2, this was based on 9"));
    c.based_on = 2;
    ok(f, store_change(f->store, &c, NULL, &f->error));
    fixture_end(f);
}

struct walk {
    struct fixture *f;
    struct row *rows[64];
    uint8_t hash[DIGEST_BYTES];
    int64_t seq;
};

static int walk_event(void *context, const struct event *event)
{
    struct walk *w = context;
    uint8_t hash[DIGEST_BYTES];
    assert_int_equal(event->seq, ++w->seq);
    store_event_hash(event, w->hash, hash);
    assert_memory_equal(hash, event->hash, DIGEST_BYTES);
    memcpy(w->hash, hash, sizeof hash);
    if (event->entity != ENTITY_REFERRAL)
        return 0;
    struct row *before = w->rows[event->entity_id], *after;
    ok(w->f, store_fold(before, event, &after, &w->f->error));
    mem_free(before);
    w->rows[event->entity_id] = after;
    return 0;
}

/* Every referral is what its events say, and the chain holds. */
static void check_fold(struct fixture *f)
{
    struct walk w = { .f = f };
    ok(f, store_events(f->store, 0, 0, walk_event, &w, &f->error));
    for (int64_t id = 1; id < 64; id++) {
        const struct row *r;
        if (!w.rows[id])
            continue;
        ok(f, store_get(f->store, ENTITY_REFERRAL, id, &r, &f->error));
        assert_int_equal(r->version, w.rows[id]->version);
        assert_int_equal(r->last_event, w.rows[id]->last_event);
        assert_int_equal(r->updated_at_ms, w.rows[id]->updated_at_ms);
        assert_true(value_equal(&r->fields, &w.rows[id]->fields));
        for (size_t i = 0; i < schema_of(ENTITY_REFERRAL)->count; i++)
            assert_true(value_equal(&r->v[i], &w.rows[id]->v[i]));
        mem_free(w.rows[id]);
    }
}

static void work(struct fixture *f, unsigned seed, int turns)
{
    char stage[16];
    for (int t = 0; t < turns; t++) {
        ok(f, store_turn_begin(f->store, &f->error));
        for (int i = 0; i < 5; i++) {
            seed = seed * 1103515245u + 12345u;
            int64_t id = 1 + (seed >> 16) % 40;
            snprintf(stage, sizeof stage, "s%u", (seed >> 8) % 7);
            store_command_begin(f->store);
            fixture_move(f, id, stage, (seed >> 3) % 3 ? (int64_t)(seed % 5000) : 0);
            if (seed % 4 == 0)
                ok(f, fixture_change(f, ENTITY_REFERRAL, id, NULL, 0, "{\"a\":1,\"b\":\"x\\ny\"}",
                                     NULL));
            ok(f, store_command_end(f->store, seed % 5 != 0, &f->error));
        }
        ok(f, store_turn_commit(f->store, &f->error));
    }
}

static void test_crash_and_recovery(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    for (int i = 0; i < 40; i++)
        fixture_referral(f, "new", 0);
    fixture_end(f);
    store_close(f->store);
    f->store = NULL;
    for (unsigned round = 1; round <= 6; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            f->dirty_rows = round % 2 ? 16 : 0; /* small: sweeps run; large: all is dirty */
            fixture_open(f);
            work(f, round, 40);
            if (round == 3)
                store_settle(f->store, 7, NULL);
            _exit(0); /* no close: what is dirty is only in events */
        }
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        f->dirty_rows = 0;
        fixture_open(f);
        check_fold(f);
        store_close(f->store);
        fixture_open(f);
        assert_int_equal(store_dirty(f->store), 0);
        check_fold(f);
        ok(f, store_check(f->store, &f->error));
        store_close(f->store);
        f->store = NULL;
    }
}

static void test_second_opener(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    struct store_options o = { .path = f->path };
    assert_int_equal(store_open(&other, &o, &f->error), -ERROR_BUSY);
    assert_null(other);
}

static void test_not_ours(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    store_close(f->store);
    f->store = NULL;
    FILE *file = fopen(f->path, "w");
    for (int i = 0; i < 500; i++)
        fputs("this is not a database\n", file);
    fclose(file);
    struct store_options o = { .path = f->path, .create = true };
    assert_int_equal(store_open(&other, &o, &f->error), -ERROR_CORRUPT);
    o.path = "/nonexistent/org.db";
    o.create = false;
    assert_int_equal(store_open(&other, &o, &f->error), -ERROR_NOT_FOUND);
    unlink(f->path);
    fixture_open(f);
}

/* A commit into a file that was moved away or replaced would be lost: it is refused. */
static void test_file_replaced(void **state)
{
    struct fixture *f = *state;
    char away[128];
    fixture_begin(f);
    fixture_person(f, "Ada");
    fixture_end(f);
    snprintf(away, sizeof away, "%s.copy", f->path);
    assert_int_equal(rename(f->path, away), 0);
    fixture_begin(f);
    fixture_person(f, "Bob");
    ok(f, store_command_end(f->store, true, &f->error));
    assert_int_equal(store_turn_commit(f->store, &f->error), -ERROR_IO);
    assert_non_null(strstr(f->error.message, "removed, replaced"));
    assert_true(store_failed(f->store));
    store_close(f->store);
    assert_int_equal(rename(away, f->path), 0);
    fixture_open(f);
    assert_true(store_has(f->store, ENTITY_PERSON, 1));
    assert_false(store_has(f->store, ENTITY_PERSON, 2));
}

static int count_history(void *context, const struct event *event)
{
    int64_t *seqs = context;
    seqs[++seqs[0]] = event->seq;
    return 0;
}

static void test_history_is_linked(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f);
    int64_t a = fixture_referral(f, "one", 0), b = fixture_referral(f, "one", 0);
    fixture_end(f);
    for (int i = 0; i < 3; i++) {
        fixture_begin(f);
        fixture_move(f, a, i % 2 ? "x" : "y", 0);
        fixture_move(f, b, "z", 0);
        int64_t seqs[16] = { 0 };
        ok(f, store_history(f->store, ENTITY_REFERRAL, a, 0, count_history, seqs, &f->error));
        assert_int_equal(seqs[0], i + 2); /* staged ones are seen too */
        fixture_end(f);
    }
    int64_t seqs[16] = { 0 };
    ok(f, store_history(f->store, ENTITY_REFERRAL, a, 0, count_history, seqs, &f->error));
    assert_int_equal(seqs[0], 4);
    assert_int_equal(seqs[1], 7);
    assert_int_equal(seqs[4], 1);
    seqs[0] = 0;
    ok(f, store_history(f->store, ENTITY_REFERRAL, a, 2, count_history, seqs, &f->error));
    assert_int_equal(seqs[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_and_dropped, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_abort_undoes_kept_commands, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_version_conflict, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_crash_and_recovery, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_second_opener, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_not_ours, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_file_replaced, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_history_is_linked, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
