#include "base/check.h"

#include "baton/base/digest.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_digest(void **state)
{
    (void)state;
    /* FIPS 180-2, and the empty text */
    static const struct {
        const char *parts[3], *hex;
    } cases[] = {
        { { "", "", "" }, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { { "abc", "", "" }, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { { "a", "", "bc" }, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct digest_part parts[3];
        uint8_t out[DIGEST_BYTES];
        char hex[2 * DIGEST_BYTES + 1];
        for (int p = 0; p < 3; p++)
            parts[p] = (struct digest_part){ cases[i].parts[p], strlen(cases[i].parts[p]) };
        digest(parts, 3, out);
        digest_hex(out, sizeof out, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void test_random(void **state)
{
    (void)state;
    static uint8_t seen[1000][16];
    for (size_t i = 0; i < COUNT(seen); i++) {
        random_bytes(seen[i], 16);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i], seen[k], 16);
    }
    uint8_t large[5000] = { 0 };
    random_bytes(large, sizeof large);
    assert_memory_not_equal(large, large + 2500, 2500);
    random_bytes(large, 0);
}

/* A child must not hand out what its parent hands out. */
static void test_random_fork(void **state)
{
    (void)state;
    uint8_t ours[16], theirs[16];
    int ends[2];
    random_bytes(ours, sizeof ours);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        random_bytes(theirs, sizeof theirs);
        _exit(write(ends[1], theirs, sizeof theirs) != sizeof theirs);
    }
    random_bytes(ours, sizeof ours);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    assert_memory_not_equal(ours, theirs, sizeof ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_digest),
                                        cmocka_unit_test(test_random),
                                        cmocka_unit_test(test_random_fork) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
