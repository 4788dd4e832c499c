#include "check.h"

#include <string.h>

#include "baton/base/error.h"
#include "baton/base/tar.h"

static void heads_read_back(void **state)
{
    static const struct tar_member members[] = {
        { "a", 0, 0 },
        { "school/org.ini", 1, 1772355600000 },
        { "school/plugins/a_rather_long_name/another_rather_long_name/and_one_more_of_them/"
          "and_then_the_file_itself.lua",
          511, 1000 },
        { "school/org.db", (INT64_C(1) << 33) - 1, 1000 },
        { "school/org.db", INT64_C(1) << 33, 1000 },
        { "school/org.db", INT64_C(1) << 50, 1000 },
    };
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        uint8_t block[TAR_BLOCK_BYTES];
        struct tar_member out;
        assert_int_equal(tar_write_head(&members[i], block, &e), 0);
        assert_int_equal(tar_read_head(block, &out, &e), 1);
        assert_string_equal(out.name, members[i].name);
        assert_int_equal(out.size, members[i].size);
        assert_int_equal(out.changed_at_ms, members[i].changed_at_ms);
    }
}

static void every_damaged_byte_is_noticed(void **state)
{
    const struct tar_member m = { "school/org.ini", 1234, 1000 };
    uint8_t block[TAR_BLOCK_BYTES];
    struct tar_member out = { 0 };
    struct error e;
    (void)state;
    assert_int_equal(tar_write_head(&m, block, &e), 0);
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++) {
        block[i] ^= 0x10;
        int rc = tar_read_head(block, &out, &e);
        /* Of the sum itself, what ends it may be NUL or a blank. */
        if (rc == 1 && strcmp(out.name, m.name) != 0)
            fail_msg("byte %zu", i);
        if (rc == 1 && i < 148)
            fail_msg("byte %zu", i);
        block[i] ^= 0x10;
    }
}

static void the_end_and_other_kinds(void **state)
{
    uint8_t block[TAR_BLOCK_BYTES] = { 0 };
    struct tar_member out = { .size = 7 }, m = { "x", 1, 1 };
    struct error e;
    (void)state;
    assert_int_equal(tar_read_head(block, &out, &e), 0);
    assert_int_equal(out.size, 7);
    memset(block, 'x', sizeof block);
    assert_int_equal(tar_read_head(block, &out, &e), -ERROR_CORRUPT);
    assert_int_equal(tar_write_head(&m, block, &e), 0);
    block[156] = '2'; /* a link */
    assert_int_equal(tar_read_head(block, &out, &e), -ERROR_CORRUPT);
    m.size = INT64_MAX;
    assert_int_equal(tar_write_head(&m, block, &e), 0);
    assert_int_equal(tar_read_head(block, &out, &e), -ERROR_CORRUPT);
    m.size = INT64_MAX - TAR_BLOCK_BYTES;
    assert_int_equal(tar_write_head(&m, block, &e), 0);
    assert_int_equal(tar_read_head(block, &out, &e), 1);
    assert_true(tar_padded(out.size) > 0);
    memset(m.name, 'n', 150);
    m.name[150] = '\0';
    assert_int_equal(tar_write_head(&m, block, &e), -ERROR_LIMIT);
    m.name[0] = '\0';
    assert_int_equal(tar_write_head(&m, block, &e), -ERROR_LIMIT);
    assert_int_equal(tar_padded(0), 0);
    assert_int_equal(tar_padded(1), 512);
    assert_int_equal(tar_padded(512), 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_read_back),
        cmocka_unit_test(every_damaged_byte_is_noticed),
        cmocka_unit_test(the_end_and_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
