/* Results for people and for programs. What comes out of a database or a file
 * may hold anything: a terminal never sees its control characters. */
#include "cli/cli_internal.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

enum { PRINT_COLUMNS = 32, PRINT_CELL_WIDTH = 60 };

void print_text(FILE *out, const char *text, size_t n)
{
    if (!isatty(fileno(out))) {
        fwrite(text, 1, n, out);
        return;
    }
    struct buf clean = BUF_INIT;
    text_printable(text, n, true, &clean);
    fwrite(buf_text(&clean), 1, clean.len, out);
    buf_free(&clean);
}

void print_line(FILE *out, const char *format, ...)
{
    va_list args;
    char *line = NULL;
    va_start(args, format);
    int n = vasprintf(&line, format, args);
    va_end(args);
    if (n >= 0) {
        print_text(out, line, (size_t)n);
        fputc('\n', out);
    }
    free(line);
}

void print_json_text(FILE *out, const char *json, size_t n)
{
    print_text(out, json, n);
    fputc('\n', out);
}

void print_json(FILE *out, const json_t *value)
{
    struct buf text = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &text);
    jsonw_value(&w, value);
    print_json_text(out, buf_text(&text), text.len);
    buf_free(&text);
}

void print_count(struct buf *out, long long n)
{
    char digits[32];
    int count = snprintf(digits, sizeof digits, "%lld", n);
    int first = n < 0 ? 1 : 0;
    for (int i = 0; i < count; i++) {
        buf_putc(out, digits[i]);
        int left = count - 1 - i;
        if (i >= first && left > 0 && left % 3 == 0)
            buf_putc(out, ',');
    }
}

void print_bytes(struct buf *out, long long n)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB" };
    if (n < 1000) {
        buf_printf(out, "%lld bytes", n);
        return;
    }
    double value = (double)n / 1000;
    size_t unit = 0;
    while (value >= 999.95 && unit < 3) {
        value /= 1000;
        unit++;
    }
    buf_printf(out, "%.1f %s", value, units[unit]);
}

static bool print_ends(const char *key, const char *ending)
{
    size_t n = strlen(key), m = strlen(ending);
    return n > m && !strcmp(key + n - m, ending);
}

/* Instants, not durations: "now_ms", "next_due_ms", "due_at_ms". */
static bool print_is_instant(const char *key)
{
    return print_ends(key, "_at_ms") || print_ends(key, "_due_ms") || !strcmp(key, "now_ms");
}

static void print_human_member(struct buf *out, const char *key, long long n,
                               const struct zone *zone)
{
    if (print_is_instant(key) && zone)
        zone_format(zone, n, false, out);
    else if (print_is_instant(key))
        zone_format_iso(n, out);
    else if (print_ends(key, "_bytes"))
        print_bytes(out, n);
}

static bool print_has_unit(const char *key)
{
    return print_is_instant(key) || print_ends(key, "_bytes");
}

/* The value says its unit now, so the name need not: "next_due", "memory". */
static void print_human_put(json_t *out, const char *key, json_t *value)
{
    char *name = mem_dupn(key, (size_t)(strrchr(key, '_') - key));
    json_object_set_new(out, name, value);
    mem_free(name);
}

void print_human(json_t *value, const struct zone *zone)
{
    const char *key;
    json_t *member;
    size_t index;
    for (index = 0; index < json_array_size(value); index++) /* 0 of what is no array */
        print_human(json_array_get(value, index), zone);
    if (!json_is_object(value))
        return;
    json_t *out = json_object(); /* a new one, so that the order stays */
    json_object_foreach(value, key, member)
    {
        struct buf text = BUF_INIT;
        print_human(member, zone);
        if (json_is_integer(member))
            print_human_member(&text, key, json_integer_value(member), zone);
        if (text.len || (json_is_null(member) && print_has_unit(key)))
            print_human_put(out, key, text.len ? json_stringn(text.data, text.len) : json_null());
        else
            json_object_set(out, key, member);
        buf_free(&text);
    }
    json_object_clear(value);
    json_object_update(value, out);
    json_decref(out);
}

/* One value in one line. */
static void print_scalar(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        struct buf clean = BUF_INIT;
        text_printable(json_string_value(value), json_string_length(value), false, &clean);
        buf_add(out, buf_text(&clean), clean.len);
        buf_free(&clean);
    } else if (json_is_integer(value)) {
        buf_int(out, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        buf_puts(out, json_is_true(value) ? "yes" : "no");
    } else if (value && !json_is_null(value)) {
        struct jsonw w;
        jsonw_start(&w, out);
        jsonw_value(&w, value);
    }
}

struct print_table {
    const char *names[PRINT_COLUMNS];
    size_t widths[PRINT_COLUMNS];
    bool numbers[PRINT_COLUMNS];
    size_t count;
};

static size_t print_cell_width(const json_t *value)
{
    struct buf cell = BUF_INIT;
    print_scalar(&cell, value);
    size_t width = text_width(buf_text(&cell), cell.len);
    buf_free(&cell);
    return width < PRINT_CELL_WIDTH ? width : PRINT_CELL_WIDTH;
}

static void print_table_measure(struct print_table *t, const json_t *row)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
    {
        size_t i = 0;
        while (i < t->count && strcmp(t->names[i], key))
            i++;
        if (i == PRINT_COLUMNS)
            continue;
        if (i == t->count) {
            t->names[i] = key;
            t->widths[i] = strlen(key);
            t->numbers[i] = true;
            t->count++;
        }
        size_t width = print_cell_width(value);
        if (width > t->widths[i])
            t->widths[i] = width;
        if (!json_is_number(value) && !json_is_null(value))
            t->numbers[i] = false;
    }
}

static void print_cell(struct buf *line, const char *text, size_t n, size_t width, bool right,
                       bool last)
{
    size_t used = text_width(text, n);
    size_t pad = used < width ? width - used : 0;
    for (size_t i = 0; right && i < pad; i++)
        buf_putc(line, ' ');
    buf_add(line, text, n);
    for (size_t i = 0; !right && !last && i < pad; i++)
        buf_putc(line, ' ');
    if (!last)
        buf_puts(line, "  ");
}

static void print_rows(FILE *out, const json_t *rows)
{
    struct print_table t = { .count = 0 };
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        print_table_measure(&t, row);
    }
    struct buf line = BUF_INIT, cell = BUF_INIT;
    for (size_t i = 0; i < t.count; i++)
        print_cell(&line, t.names[i], strlen(t.names[i]), t.widths[i], t.numbers[i],
                   i + 1 == t.count);
    buf_putc(&line, '\n');
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < t.count; i++) {
            buf_clear(&cell);
            print_scalar(&cell, json_object_get(row, t.names[i]));
            print_cell(&line, buf_text(&cell), cell.len, t.widths[i], t.numbers[i],
                       i + 1 == t.count);
        }
        buf_putc(&line, '\n');
    }
    print_text(out, buf_text(&line), line.len);
    buf_free(&line);
    buf_free(&cell);
}

static bool print_is_rows(const json_t *value)
{
    return json_is_array(value) && json_array_size(value) > 0 &&
           json_is_object(json_array_get(value, 0));
}

static void print_members(FILE *out, const json_t *object)
{
    size_t width = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        width = strlen(key) > width ? strlen(key) : width;
    }
    struct buf line = BUF_INIT;
    json_object_foreach((json_t *)object, key, value)
    {
        buf_clear(&line);
        if (print_is_rows(value)) {
            print_line(out, "%s:", key);
            print_rows(out, value);
            continue;
        }
        print_cell(&line, key, strlen(key), width, false, false);
        print_scalar(&line, value);
        print_line(out, "%s", buf_text(&line));
    }
    buf_free(&line);
}

void print_value(FILE *out, const json_t *value)
{
    if (json_is_object(value)) {
        print_members(out, value);
    } else if (print_is_rows(value)) {
        print_rows(out, value);
    } else if (json_is_array(value)) {
        size_t index;
        json_t *item;
        json_array_foreach(value, index, item)
        {
            print_value(out, item);
        }
    } else if (!json_is_null(value)) {
        struct buf line = BUF_INIT;
        print_scalar(&line, value);
        print_line(out, "%s", buf_text(&line));
        buf_free(&line);
    }
}
