/* CSV as RFC 4180 says and as people send it: quotes, embedded newlines, CRLF,
 * LF or CR, a byte order mark, ragged rows. Streaming: feed bytes, take rows. */
#ifndef BATON_BASE_CSV_H
#define BATON_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

struct csv_cell {
    const char *text; /* terminated; valid until the next call */
    size_t len;
};

struct csv_reader; /* reads a file descriptor in blocks of 64 kB */

struct csv_reader *csv_open_fd(int fd, char separator); /* does not own fd */
struct csv_reader *csv_open_text(const char *text, size_t n, char separator);
/* 1: a row; 0: end; negative: error with "line N" (row refused; the next call goes on after it,
 * unless the code is ERROR_IO). Empty lines are skipped. */
int csv_next(struct csv_reader *r, const struct csv_cell **cells, size_t *count, struct error *e);
/* The last row was refused, and so long that its end was not looked for: the next call says 0. */
bool csv_gave_up(const struct csv_reader *r);
size_t csv_line(const struct csv_reader *r);  /* line on which the last row began, from 1 */
size_t csv_bytes(const struct csv_reader *r); /* consumed so far, for progress */
void csv_close(struct csv_reader *r);

/* Appends one cell, quoted where needed; call csv_write_end after the last of a row. A cell that a
 * spreadsheet would run as a formula (= + - @ tab CR first, and not a number) gets a ' in front. */
void csv_write(struct buf *out, const char *text, size_t n, bool first);
void csv_write_end(struct buf *out);

#endif
