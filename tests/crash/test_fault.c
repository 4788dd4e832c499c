/* The disk fails at each call of a run in turn: reading, writing, a full disk, syncing, shortening,
 * locking, opening. Whoever asked gets an error that names file and reason, nothing is answered
 * that is not so, and once the disk is well again the organisation works, with nothing lost or
 * doubled. The short form takes some calls of each kind, BATON_SOAK=1 every one. */
#include "crash/fault_fixture.h"

enum { FAULT_SHORT = 10 };

static const struct {
    const char *name;
    enum disk_call call;
    int error;
    bool is_harmless; /* only tidying up: the log is cut and removed when all is in the database */
} faults[] = {
    { "reading", DISK_READ, EIO, false },
    { "writing", DISK_WRITE, EIO, false },
    { "a full disk", DISK_WRITE, ENOSPC, false },
    { "a full quota", DISK_WRITE, EDQUOT, false },
    { "a disk that became read-only", DISK_WRITE, EROFS, false },
    { "syncing", DISK_SYNC, EIO, false },
    { "syncing to a full disk", DISK_SYNC, ENOSPC, false },
    { "shortening", DISK_TRUNCATE, EIO, true },
    { "locking", DISK_LOCK, ENOLCK, false },
    { "opening", DISK_OPEN, EMFILE, false },
    { "removing", DISK_DELETE, EIO, true },
    { "asking for the size", DISK_SIZE, EIO, false },
};

static size_t *fault_counted;

/* Heals nothing, as nothing fails: notes how many calls the run made. */
static void fault_count(void)
{
    for (int i = 0; i < DISK_CALL_END; i++)
        fault_counted[i] = disk_calls((enum disk_call)i);
}

static void test_faults(void **state)
{
    struct fixture *f = *state;
    bool soak = getenv("BATON_SOAK") != NULL;
    size_t calls[DISK_CALL_END] = { 0 };
    fault_base(f);
    fault_copy(f);
    disk_heal();
    fault_counted = calls;
    assert_int_equal(fault_once(f, fault_count), 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        size_t total = calls[faults[i].call], stride = soak ? 1 : 1 + total / FAULT_SHORT, runs = 0;
        int errors = 0;
        for (size_t at = 1; at <= total; at += stride)
            for (size_t more = 0; more < 2; more++, runs++) {
                fault_copy(f);
                disk_fail(faults[i].call, faults[i].error, at, more * SIZE_MAX / 2);
                errors += fault_once(f, disk_heal);
            }
        print_message("%s: %zu runs of %zu calls, %d errors\n", faults[i].name, runs, total,
                      errors);
        assert_true(errors > 0 || faults[i].is_harmless);
    }
}

static int fault_setup(void **state)
{
    disk_install();
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_faults, fault_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
