/* SQLite's memory runs out at each of its allocations in turn, once or for a while: an error,
 * nothing answered that is not so, and it works again. (Memory of our own that runs out ends the
 * process; that of Lua has a quota.) The short form takes some allocations, BATON_SOAK=1 every one.
 */
#include "crash/fault_fixture.h"

enum { MEMORY_SHORT = 40, MEMORY_WHILE = 40 };

static struct {
    sqlite3_mem_methods real;
    size_t count, fail_at, more;
    bool armed;
} memory;

static bool memory_fails(void)
{
    size_t n = ++memory.count;
    return memory.armed && n >= memory.fail_at && n - memory.fail_at <= memory.more;
}

static void *memory_alloc(int n)
{
    return memory_fails() ? NULL : memory.real.xMalloc(n);
}

static void *memory_resize(void *p, int n)
{
    return memory_fails() ? NULL : memory.real.xRealloc(p, n);
}

static void memory_heal(void)
{
    memory.armed = false;
}

static void memory_fail(size_t at, size_t more)
{
    memory.count = 0;
    memory.fail_at = at;
    memory.more = more;
    memory.armed = true;
}

static void test_memory(void **state)
{
    struct fixture *f = *state;
    bool soak = getenv("BATON_SOAK") != NULL;
    size_t runs = 0;
    int errors = 0;
    fault_base(f);
    fault_copy(f);
    memory.count = 0;
    assert_int_equal(fault_once(f, memory_heal), 0);
    size_t total = memory.count, stride = soak ? 1 : 1 + total / MEMORY_SHORT;
    for (size_t at = 1; at <= total; at += stride, runs++) {
        fault_copy(f);
        memory_fail(at, runs % 2 ? MEMORY_WHILE : 0);
        errors += fault_once(f, memory_heal);
    }
    print_message("%zu runs of %zu allocations, %d errors\n", runs, total, errors);
    assert_true(errors > 0);
}

/* Before SQLite has run. */
static int memory_setup(void **state)
{
    sqlite3_mem_methods mine;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real))
        return -1;
    mine = memory.real;
    mine.xMalloc = memory_alloc;
    mine.xRealloc = memory_resize;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine))
        return -1;
    disk_install(); /* for its syncs, which cost nothing */
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory, memory_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
