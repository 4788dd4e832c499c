/* Writing CSV: quotes where a reader needs them, and no cell that a spreadsheet
 * would run as a formula. */
#include "baton/base/csv.h"

#include "baton/base/buf.h"

#include <ctype.h>
#include <string.h>

static size_t csv_digits(const char *text, size_t n, size_t at)
{
    while (at < n && isdigit((unsigned char)text[at]))
        at++;
    return at;
}

/* [+-] digits [. digits] [e [+-] digits]: safe, although it may start with a sign. */
static bool csv_is_number(const char *text, size_t n)
{
    size_t start = text[0] == '+' || text[0] == '-';
    size_t at = csv_digits(text, n, start);
    size_t digits = at - start;
    if (at < n && text[at] == '.') {
        size_t after = csv_digits(text, n, at + 1);
        digits += after - at - 1;
        at = after;
    }
    if (digits && at < n && (text[at] == 'e' || text[at] == 'E')) {
        size_t exponent = at + 1;
        if (exponent < n && (text[exponent] == '+' || text[exponent] == '-'))
            exponent++;
        at = csv_digits(text, n, exponent);
        if (at == exponent)
            return false;
    }
    return digits > 0 && at == n;
}

static bool csv_is_formula(const char *text, size_t n)
{
    return n > 0 && text[0] && strchr("=+-@\t\r", text[0]) && !csv_is_number(text, n);
}

static bool csv_needs_quotes(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    }
    return n > 0 && (text[0] == ' ' || text[n - 1] == ' ');
}

void csv_write(struct buf *out, const char *text, size_t n, bool first)
{
    bool formula = csv_is_formula(text, n);
    if (!first)
        buf_putc(out, ',');
    /* An empty first cell is quoted: alone in its row, the line would be empty and be skipped. */
    if (!csv_needs_quotes(text, n) && !(first && n == 0)) {
        if (formula)
            buf_putc(out, '\'');
        buf_add(out, text, n);
        return;
    }
    buf_putc(out, '"');
    if (formula)
        buf_putc(out, '\'');
    for (size_t at = 0; at < n;) {
        const char *quote = memchr(text + at, '"', n - at);
        size_t end = quote ? (size_t)(quote - text) + 1 : n;
        buf_add(out, text + at, end - at);
        if (quote)
            buf_putc(out, '"');
        at = end;
    }
    buf_putc(out, '"');
}

void csv_write_end(struct buf *out)
{
    buf_add(out, "\r\n", 2);
}
