/* CSV: what we write of what we read, we read as the same; writing that again changes nothing. */
#include "baton/base/csv.h"
#include <stdbool.h>

#include "fuzz.h"

struct csv_table {
    struct buf written;
    size_t rows, cells, refused;
};

static void csv_copy(const char *text, size_t n, struct csv_table *out)
{
    struct csv_reader *r = csv_open_text(text, n, ',');
    const struct csv_cell *cells;
    size_t count, line = 0;
    struct error e = { 0 };
    int rc;
    while ((rc = csv_next(r, &cells, &count, &e)) != 0) {
        FUZZ_CHECK(csv_line(r) >= line && csv_bytes(r) <= n);
        line = csv_line(r);
        if (rc < 0) {
            fuzz_explained(&e);
            out->refused++;
            continue;
        }
        FUZZ_CHECK(count > 0);
        for (size_t i = 0; i < count; i++) {
            FUZZ_CHECK(cells[i].text[cells[i].len] == '\0');
            csv_write(&out->written, cells[i].text, cells[i].len, i == 0);
        }
        csv_write_end(&out->written);
        out->rows++;
        out->cells += count;
    }
    csv_close(r);
}

/* Text whose first cell begins with the bytes of a byte order mark is read without them, or refused
 * as UTF-16. A file of ours begins with the name of a column. */
static bool csv_is_marked(const struct buf *text)
{
    return (unsigned char)buf_text(text)[0] >= 0xEF;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_table first = { 0 }, second = { 0 }, third = { 0 };
    csv_copy((const char *)data, size, &first);
    if (csv_is_marked(&first.written)) {
        buf_free(&first.written);
        return 0;
    }
    csv_copy(buf_text(&first.written), first.written.len, &second);
    csv_copy(buf_text(&second.written), second.written.len, &third);
    FUZZ_CHECK(second.refused == 0 && second.rows == first.rows && second.cells == first.cells);
    fuzz_same(&first.written, &second.written); /* formulas are quoted once */
    fuzz_same(&second.written, &third.written);
    buf_free(&first.written);
    buf_free(&second.written);
    buf_free(&third.written);
    return 0;
}
