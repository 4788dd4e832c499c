#include "base/check.h"

#include "baton/base/csv.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* All rows in one text: cells between [ ], refused rows as !line: message!; lines if asked for. */
static void read_all(struct csv_reader *r, bool lines, struct buf *out)
{
    const struct csv_cell *cells;
    size_t count;
    struct error e = { 0 };
    for (int rc; (rc = csv_next(r, &cells, &count, &e)) != 0;) {
        if (rc < 0) {
            buf_printf(out, "!%s: %.20s!", lines ? e.where : "", e.message);
            continue;
        }
        if (lines)
            buf_printf(out, "%zu", csv_line(r));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(cells[i].text[cells[i].len], '\0');
            buf_putc(out, '[');
            buf_add(out, cells[i].text, cells[i].len);
            buf_putc(out, ']');
        }
    }
}

static const struct {
    const char *text, *rows;
} csv_cases[] = {
    { "", "" },
    { "\n\r\n\r\n", "" },
    { "a,b\nc,d\n", "1[a][b]2[c][d]" },
    { "a,b\r\nc,d", "1[a][b]2[c][d]" },
    { "a,b\rc,d\r", "1[a][b]2[c][d]" },
    { "\xEF\xBB\xBF"
      "a,b",
      "1[a][b]" },
    { "a,,\n,\n", "1[a][][]2[][]" },
    { "a\n\n\r\nb", "1[a]4[b]" },
    { "\"a,b\",\"c\"\"d\",\"\"\n", "1[a,b][c\"d][]" },
    { "\"a\nb\r\nc\rd\",x\ny", "1[a\nb\r\nc\rd][x]5[y]" },
    { "a \"quoted\" b,c\"\n", "1[a \"quoted\" b][c\"]" },
    { "\"a\" ,\"b\"\t\n", "1[a][b]" },
    { "\"\"", "1[]" },
    { "a,b,c\nd\n", "1[a][b][c]2[d]" },
    { "\"a\"x,b\nc,d\n", "!line 1: text after the closi!2[c][d]" },
    { "a,\"b\nc", "!line 1: the quote that opens!" },
    { "a\n\"b\"\"\n", "1[a]!line 2: the quote that opens!" },
    { "\xFF\xFE"
      "a\0",
      "!line 1: the text is UTF-16: !" },
};

static void test_text(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < COUNT(csv_cases); i++) {
        size_t n = strlen(csv_cases[i].text);
        struct csv_reader *r = csv_open_text(csv_cases[i].text, n, ',');
        read_all(r, true, &out);
        assert_int_equal(csv_bytes(r), n);
        csv_close(r);
        check_buf(&out, csv_cases[i].rows);
    }
    csv_close(NULL);
    struct csv_reader *r = csv_open_text("a;b,c\n", 6, ';');
    read_all(r, true, &out);
    csv_close(r);
    check_buf(&out, "1[a][b,c]");
    buf_free(&out);
}

/* The text from a file, behind a row that ends `before` bytes before the end of a block. */
static void read_behind(const char *text, size_t n, size_t before, struct buf *out)
{
    char path[] = "/tmp/test_csv_XXXXXX";
    int fd = mkstemp(path);
    size_t first = 65536 - before, count = 0;
    struct buf file = BUF_INIT;
    const struct csv_cell *cells;
    unlink(path);
    buf_printf(&file, "%0*d\n", (int)first - 1, 0);
    buf_add(&file, text, n);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    lseek(fd, 0, SEEK_SET);
    struct csv_reader *r = csv_open_fd(fd, ',');
    assert_int_equal(csv_next(r, &cells, &count, NULL), 1);
    assert_int_equal(cells[0].len, first - 1);
    read_all(r, false, out);
    assert_int_equal(csv_bytes(r), file.len);
    csv_close(r);
    close(fd);
    buf_free(&file);
}

/* Each case reads the same wherever the end of a block falls into it. */
static void test_blocks(void **state)
{
    (void)state;
    struct buf out = BUF_INIT, whole = BUF_INIT;
    for (size_t i = 0; i < COUNT(csv_cases); i++) {
        size_t n = strlen(csv_cases[i].text);
        if ((unsigned char)csv_cases[i].text[0] >= 0xEF) /* a mark belongs at the start */
            continue;
        struct csv_reader *r = csv_open_text(csv_cases[i].text, n, ',');
        read_all(r, false, &whole);
        csv_close(r);
        for (size_t before = 0; before <= n; before++) {
            read_behind(csv_cases[i].text, n, before, &out);
            if (strstr(csv_cases[i].rows, "the quote that"))
                buf_clear(&out); /* its message holds a line */
            else
                check_buf(&out, buf_text(&whole));
        }
        buf_clear(&whole);
    }
    buf_free(&out);
    buf_free(&whole);
}

/* A row of a file that is no CSV must not be walked for ever. */
static void test_gives_up(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct error e;
    const struct csv_cell *cells;
    size_t count, n = 6 * (size_t)LIMIT_CSV_CELL_BYTES;
    buf_puts(&text, "ok\n");
    buf_reserve(&text, n);
    memset(text.data + text.len, 'x', n);
    text.len += n;
    struct csv_reader *r = csv_open_text(text.data, text.len, ',');
    assert_int_equal(csv_next(r, &cells, &count, &e), 1);
    check_error(csv_next(r, &cells, &count, &e), &e, ERROR_LIMIT, "larger than");
    assert_false(csv_gave_up(r)); /* the end was found */
    csv_close(r);

    char path[] = "/tmp/test_csv_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0); /* a hole, which takes hours to read */
    r = csv_open_fd(fd, ',');
    check_error(csv_next(r, &cells, &count, &e), &e, ERROR_LIMIT, "does not end");
    assert_true(csv_gave_up(r));
    assert_int_equal(csv_next(r, &cells, &count, &e), 0);
    csv_close(r);
    close(fd);
    buf_free(&text);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    for (int i = 0; i < LIMIT_CSV_COLUMNS; i++)
        buf_puts(&text, ",");
    buf_puts(&text, "\nok\n\"");
    size_t quoted = text.len;
    buf_reserve(&text, LIMIT_CSV_CELL_BYTES + 1);
    memset(text.data + quoted, 'x', LIMIT_CSV_CELL_BYTES + 1);
    text.len += LIMIT_CSV_CELL_BYTES + 1;
    buf_puts(&text, "\n\"\nafter\n");
    struct csv_reader *r = csv_open_text(text.data, text.len, ',');
    read_all(r, true, &out);
    check_buf(&out, "!line 1: the row has more tha!2[ok]!line 3: a cell is larger tha!5[after]");
    csv_close(r);

    struct error e;
    const struct csv_cell *cells;
    size_t count;
    r = csv_open_text(text.data, text.len, ',');
    check_error(csv_next(r, &cells, &count, &e), &e, ERROR_LIMIT, "1024 columns");
    csv_close(r);
    buf_free(&text);
    buf_free(&out);
}

static void test_io_error(void **state)
{
    (void)state;
    struct csv_reader *r = csv_open_fd(9999, ',');
    const struct csv_cell *cells;
    size_t count;
    struct error e;
    for (int i = 0; i < 2; i++)
        check_error(csv_next(r, &cells, &count, &e), &e, ERROR_IO, "cannot read");
    csv_close(r);
}

static void test_write(void **state)
{
    (void)state;
    static const struct {
        const char *text, *csv;
    } cases[] = {
        { "a", "x,a\r\n" },
        { "", "x,\r\n" },
        { "a,b", "x,\"a,b\"\r\n" },
        { "a\"b", "x,\"a\"\"b\"\r\n" },
        { "a\nb", "x,\"a\nb\"\r\n" },
        { " a", "x,\" a\"\r\n" },
        { "\"", "x,\"\"\"\"\r\n" },
        { "=1+1", "x,'=1+1\r\n" },
        { "@x", "x,'@x\r\n" },
        { "-5", "x,-5\r\n" },
        { "+1.5e-3", "x,+1.5e-3\r\n" },
        { "-5+1", "x,'-5+1\r\n" },
        { "+1 555", "x,'+1 555\r\n" },
        { "-", "x,'-\r\n" },
        { "-1e", "x,'-1e\r\n" },
        { "=a,\"b\"", "x,\"'=a,\"\"b\"\"\"\r\n" },
        { "\tx", "x,'\tx\r\n" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        csv_write(&b, "x", 1, true);
        csv_write(&b, cases[i].text, strlen(cases[i].text), false);
        csv_write_end(&b);
        check_buf(&b, cases[i].csv);
    }
    csv_write(&b, "", 0, true); /* would be an empty line, which a reader skips */
    csv_write_end(&b);
    check_buf(&b, "\"\"\r\n");
    buf_free(&b);
}

/* What we write, we read. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char alphabet[] = "a,\"\r\n \xC3\xA9";
    struct buf b = BUF_INIT;
    srand(1);
    for (int i = 0; i < 2000; i++) {
        char texts[3][8];
        for (int c = 0; c < 3; c++) {
            int n = rand() % 8;
            for (int k = 0; k < n; k++)
                texts[c][k] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
            texts[c][n] = '\0';
            csv_write(&b, texts[c], strlen(texts[c]), c == 0);
        }
        csv_write_end(&b);
        struct csv_reader *r = csv_open_text(b.data, b.len, ',');
        const struct csv_cell *cells;
        size_t count;
        assert_int_equal(csv_next(r, &cells, &count, NULL), 1);
        assert_int_equal(count, 3);
        for (int c = 0; c < 3; c++) {
            if (cells[c].text[0] != '\'') /* guarded as a formula */
                assert_string_equal(cells[c].text, texts[c]);
        }
        assert_int_equal(csv_next(r, &cells, &count, NULL), 0);
        csv_close(r);
        buf_clear(&b);
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),       cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_io_error),
        cmocka_unit_test(test_gives_up),   cmocka_unit_test(test_write),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
