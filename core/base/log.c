/* The log sink. A line is built in memory and handed over in one write, so that
 * lines of several processes on one file do not mix. */
#include "baton/base/log.h"

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LOG_LINE_BYTES = 4096 };

static const char *const log_level_names[] = { "error", "warn", "info", "debug" };

static struct {
    int fd;
    enum log_level level;
} log_sink = { STDERR_FILENO, LOG_WARN };

void log_open(int fd, enum log_level level)
{
    log_sink.fd = fd;
    log_sink.level = level;
}

int log_level_parse(const char *word, enum log_level *out)
{
    for (size_t i = 0; i < sizeof log_level_names / sizeof *log_level_names; i++) {
        if (strcasecmp(word, log_level_names[i]) == 0) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

static void log_cut(struct buf *line)
{
    static const char mark[] = " ... (cut)";
    size_t n = LOG_LINE_BYTES - sizeof mark;
    if (line->len <= LOG_LINE_BYTES - 1)
        return;
    while (n > 0 && ((unsigned char)line->data[n] & 0xC0) == 0x80)
        n--;
    line->len = n;
    buf_puts(line, mark);
}

static void log_send(const struct buf *line)
{
    size_t sent = 0;
    while (sent < line->len) {
        ssize_t n = write(log_sink.fd, line->data + sent, line->len - sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* there is nowhere to tell that the log is gone */
        sent += (size_t)n;
    }
}

void log_write(enum log_level level, const char *org, const char *format, ...)
{
    if (level > log_sink.level)
        return;
    int saved_errno = errno; /* callers log between a failing call and its strerror */
    char text[LOG_LINE_BYTES + 8];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);

    struct buf line = BUF_INIT;
    zone_format_iso(clock_now_ms(NULL), &line);
    buf_printf(&line, " %s ", log_level_names[level]);
    if (org) {
        buf_puts(&line, "org=");
        text_printable(org, strnlen(org, 256), false, &line);
        buf_putc(&line, ' ');
    }
    if (n > 0)
        text_printable(text, strlen(text), false, &line);
    log_cut(&line);
    buf_putc(&line, '\n');
    log_send(&line);
    buf_free(&line);
    errno = saved_errno;
}
