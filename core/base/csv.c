/* Reading CSV as a stream.
 *
 * A row is built as one run of text with a NUL after each cell, and a list of
 * where cells end; both are kept from row to row. The state machine always
 * walks to the end of the row, also when the row is refused: then it only stops
 * keeping text, so that the next call goes on with the next row and memory
 * stays bounded whatever comes. Time does too: after CSV_SKIP_BYTES of a refused
 * row the reader gives up. Line ends may be mixed. */
#include "baton/base/csv.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CSV_BLOCK_BYTES = 64 * 1024,
    CSV_ROW_BYTES = 4 * LIMIT_CSV_CELL_BYTES,
    CSV_SKIP_BYTES = 2 * CSV_ROW_BYTES
};

enum csv_state { CSV_START, CSV_PLAIN, CSV_QUOTED, CSV_AFTER_QUOTE };

struct csv_reader {
    int fd; /* -1: text */
    char separator;
    char *block; /* owned, if fd */
    const char *at, *end;
    size_t bytes_before; /* consumed before the present block */
    const char *block_start;
    bool started, at_end, after_cr;
    int io_errno;

    size_t line;     /* of the next byte */
    size_t row_line; /* where the last row began */
    size_t quote_line;

    enum csv_state state;
    struct buf row;
    size_t cell_start;
    size_t *ends; /* offset in row of each cell's NUL */
    struct csv_cell *cells;
    size_t count;
    enum error_code refused; /* why the row in hand is refused, or ERROR_NONE */
    char why[128];
    bool gave_up;
};

static struct csv_reader *csv_open(int fd, char separator)
{
    assert(separator != '"' && separator != '\n' && separator != '\r' && separator != '\0');
    struct csv_reader *r = mem_new(struct csv_reader);
    r->fd = fd;
    r->separator = separator;
    r->line = 1;
    r->row_line = 1;
    r->ends = mem_alloc(LIMIT_CSV_COLUMNS * sizeof *r->ends);
    r->cells = mem_alloc(LIMIT_CSV_COLUMNS * sizeof *r->cells);
    return r;
}

struct csv_reader *csv_open_fd(int fd, char separator)
{
    struct csv_reader *r = csv_open(fd, separator);
    r->block = mem_alloc(CSV_BLOCK_BYTES);
    r->block_start = r->at = r->end = r->block;
    return r;
}

struct csv_reader *csv_open_text(const char *text, size_t n, char separator)
{
    struct csv_reader *r = csv_open(-1, separator);
    r->block_start = r->at = text;
    r->end = text + n;
    return r;
}

void csv_close(struct csv_reader *r)
{
    if (!r)
        return;
    buf_free(&r->row);
    mem_free(r->ends);
    mem_free(r->cells);
    mem_free(r->block);
    mem_free(r);
}

size_t csv_line(const struct csv_reader *r)
{
    return r->row_line;
}

size_t csv_bytes(const struct csv_reader *r)
{
    return r->bytes_before + (size_t)(r->at - r->block_start);
}

bool csv_gave_up(const struct csv_reader *r)
{
    return r->gave_up;
}

/* When the block is used up: reads at least `want` bytes, or to the end of the input. */
static bool csv_fill(struct csv_reader *r, size_t want)
{
    size_t n = 0;
    if (r->fd < 0 || r->at_end || r->io_errno)
        return r->at < r->end;
    assert(r->at == r->end);
    r->bytes_before += (size_t)(r->at - r->block_start);
    while (n < want && !r->at_end && !r->io_errno) {
        ssize_t got = read(r->fd, r->block + n, CSV_BLOCK_BYTES - n);
        if (got > 0)
            n += (size_t)got;
        else if (got == 0)
            r->at_end = true;
        else if (errno != EINTR)
            r->io_errno = errno;
    }
    r->at = r->block;
    r->end = r->block + n;
    return n > 0;
}

/* Remembers the first reason; from then on nothing of the row is kept. */
__attribute__((format(printf, 3, 4))) static void
csv_refuse(struct csv_reader *r, enum error_code code, const char *format, ...)
{
    if (r->refused)
        return;
    r->refused = code;
    va_list args;
    va_start(args, format);
    vsnprintf(r->why, sizeof r->why, format, args);
    va_end(args);
}

static void csv_keep(struct csv_reader *r, const char *text, size_t n)
{
    if (r->refused)
        return;
    if (r->row.len - r->cell_start + n > LIMIT_CSV_CELL_BYTES)
        csv_refuse(r, ERROR_LIMIT, "a cell is larger than %d bytes", (int)LIMIT_CSV_CELL_BYTES);
    else if (r->row.len + n > CSV_ROW_BYTES)
        csv_refuse(r, ERROR_LIMIT, "the row is larger than %d bytes", (int)CSV_ROW_BYTES);
    else
        buf_add(&r->row, text, n);
}

static void csv_end_cell(struct csv_reader *r)
{
    if (r->count == LIMIT_CSV_COLUMNS)
        csv_refuse(r, ERROR_LIMIT, "the row has more than %d columns", (int)LIMIT_CSV_COLUMNS);
    if (!r->refused) {
        r->ends[r->count++] = r->row.len;
        buf_putc(&r->row, '\0');
        r->cell_start = r->row.len;
    }
    r->state = CSV_START;
}

/* At CR or LF: steps over it and counts the line; the LF of a CRLF counts nothing. */
static void csv_newline(struct csv_reader *r)
{
    r->after_cr = *r->at == '\r';
    r->at++;
    r->line++;
}

/* Inside quotes, up to and with the quote that ends the run. */
static void csv_quoted(struct csv_reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\n' && !r->after_cr)
            r->line++;
        else if (*r->at == '\r')
            r->line++;
        r->after_cr = *r->at == '\r';
        r->at++;
    }
    csv_keep(r, start, (size_t)(r->at - start));
    if (r->at < r->end) {
        r->after_cr = false;
        r->at++;
        r->state = CSV_AFTER_QUOTE;
    }
}

/* A run outside quotes, up to the separator or line end. */
static void csv_plain(struct csv_reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at != r->separator && *r->at != '\n' && *r->at != '\r')
        r->at++;
    csv_keep(r, start, (size_t)(r->at - start));
}

/* After a quote inside a quoted cell: a second one is text, blanks are dropped. */
static void csv_after_quote(struct csv_reader *r)
{
    if (*r->at == '"') {
        csv_keep(r, "\"", 1);
        r->state = CSV_QUOTED;
    } else if (*r->at != ' ' && *r->at != '\t') {
        csv_refuse(r, ERROR_INVALID,
                   "text after the closing quote of column %zu: a quote inside a quoted cell is "
                   "written twice",
                   r->count + 1);
        r->state = CSV_PLAIN;
    }
    r->at++;
}

/* One step; true at the end of a row. */
static bool csv_step(struct csv_reader *r)
{
    if (r->state == CSV_QUOTED) {
        csv_quoted(r);
        return false;
    }
    if (*r->at == r->separator) {
        csv_end_cell(r);
        r->at++;
        return false;
    }
    if (*r->at == '\n' || *r->at == '\r') {
        csv_end_cell(r);
        csv_newline(r);
        return true;
    }
    if (r->state == CSV_AFTER_QUOTE) {
        csv_after_quote(r);
    } else if (r->state == CSV_START && *r->at == '"') {
        r->quote_line = r->line;
        r->state = CSV_QUOTED;
        r->at++;
    } else {
        r->state = CSV_PLAIN;
        csv_plain(r);
    }
    return false;
}

static int csv_start(struct csv_reader *r, struct error *e)
{
    r->started = true;
    csv_fill(r, 3);
    size_t n = (size_t)(r->end - r->at);
    if (n >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0) {
        r->at += 3;
    } else if (n >= 2 && (memcmp(r->at, "\xFF\xFE", 2) == 0 || memcmp(r->at, "\xFE\xFF", 2) == 0)) {
        r->at = r->end;
        r->at_end = true;
        error_set(e, ERROR_INVALID, "the text is UTF-16: save it as UTF-8");
        error_at(e, "line 1");
        return -ERROR_INVALID;
    }
    return 0;
}

static void csv_begin_row(struct csv_reader *r)
{
    buf_clear(&r->row);
    r->cell_start = 0;
    r->count = 0;
    r->refused = ERROR_NONE;
    r->state = CSV_START;
}

static int csv_fail(struct csv_reader *r, enum error_code code, struct error *e)
{
    int rc = code == ERROR_IO ? error_set(e, code, "cannot read further: %s", strerror(r->io_errno))
                              : error_set(e, code, "%s", r->why);
    error_at(e, "line %zu", r->row_line);
    return rc;
}

/* Steps over what is left of line ends: empty lines, and the LF of a CRLF. */
static bool csv_skip_empty(struct csv_reader *r)
{
    while (r->at < r->end || csv_fill(r, 1)) {
        if (*r->at == '\n' && r->after_cr) {
            r->after_cr = false;
            r->at++;
        } else if (*r->at == '\n' || *r->at == '\r') {
            csv_newline(r);
        } else {
            r->after_cr = false;
            return true;
        }
    }
    return false;
}

/* Nothing behind this row is read any more. */
static void csv_give_up(struct csv_reader *r)
{
    r->refused = ERROR_NONE;
    csv_refuse(r, ERROR_LIMIT, "the row does not end within %d bytes", (int)CSV_SKIP_BYTES);
    r->gave_up = r->at_end = true;
    r->bytes_before += (size_t)(r->at - r->block_start);
    r->block_start = r->at = r->end;
}

/* Walks to the end of the row that starts here; false after a failed read. */
static bool csv_walk_row(struct csv_reader *r)
{
    csv_begin_row(r);
    r->row_line = r->line;
    size_t start = csv_bytes(r);
    while (r->at < r->end || csv_fill(r, 1)) {
        if (csv_step(r))
            return true;
        if (r->refused && csv_bytes(r) - start > CSV_SKIP_BYTES) {
            csv_give_up(r);
            return true;
        }
    }
    if (r->io_errno)
        return false;
    if (r->state == CSV_QUOTED)
        csv_refuse(r, ERROR_INVALID, "the quote that opens on line %zu is never closed",
                   r->quote_line);
    csv_end_cell(r);
    return true;
}

int csv_next(struct csv_reader *r, const struct csv_cell **cells, size_t *count, struct error *e)
{
    int rc = r->started ? 0 : csv_start(r, e);
    if (rc)
        return rc;
    bool found = csv_skip_empty(r) && csv_walk_row(r);
    if (r->io_errno && !found)
        return csv_fail(r, ERROR_IO, e);
    if (!found)
        return 0;
    if (r->refused)
        return csv_fail(r, r->refused, e);
    size_t start = 0;
    for (size_t i = 0; i < r->count; i++) {
        r->cells[i] = (struct csv_cell){ r->row.data + start, r->ends[i] - start };
        start = r->ends[i] + 1;
    }
    *cells = r->cells;
    *count = r->count;
    return 1;
}
