/* Draws one line with \r, at most ten times a second; the rest of the output
 * clears it first. In a pipe nothing is written at all. */
#include "cli/progress_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/text.h"
#include "cli/cli_internal.h"

enum { PROGRESS_BAR = 20, PROGRESS_EVERY_MS = 100 };

void progress_start(struct progress *p, FILE *out, bool quiet)
{
    memset(p, 0, sizeof *p);
    p->out = out;
    p->on = !quiet && isatty(fileno(out));
}

static size_t progress_columns(const struct progress *p)
{
    struct winsize size;
    if (ioctl(fileno(p->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static void progress_duration(struct buf *out, int64_t seconds)
{
    if (seconds >= 3600)
        buf_printf(out, "%lld:%02lld:%02lld", (long long)seconds / 3600,
                   (long long)seconds / 60 % 60, (long long)seconds % 60);
    else
        buf_printf(out, "%lld:%02lld", (long long)seconds / 60, (long long)seconds % 60);
}

static void progress_bar(const struct progress *p, double part, struct buf *out)
{
    int filled = (int)(part * PROGRESS_BAR);
    (void)p;
    buf_puts(out, " [");
    for (int i = 0; i < PROGRESS_BAR; i++)
        buf_putc(out, i < filled ? '#' : '.');
    buf_printf(out, "] %3d%%", (int)(part * 100));
}

/* Drops the last character, all its bytes. */
static void progress_cut(struct buf *out, size_t start)
{
    while (out->len > start + 1 && ((unsigned char)out->data[out->len - 1] & 0xc0) == 0x80)
        out->len--;
    out->data[--out->len] = '\0';
}

void progress_line(const struct progress *p, uint64_t now_ns, size_t columns, struct buf *out)
{
    double seconds = now_ns > p->began_ns ? (double)(now_ns - p->began_ns) / 1e9 : 0;
    double rate = seconds > 0 ? (double)p->done / seconds : 0;
    size_t start = out->len;
    buf_puts(out, p->label);
    if (p->total > 0) {
        double part = p->done < p->total ? (double)p->done / (double)p->total : 1;
        if (columns >= 60)
            progress_bar(p, part > 0 ? part : 0, out);
        else
            buf_printf(out, " %d%%", (int)(part * 100));
    }
    buf_puts(out, "  ");
    print_count(out, p->done);
    if (p->total > 0) {
        buf_putc(out, '/');
        print_count(out, p->total);
    }
    if (seconds >= 0.5 && rate >= 0.1) {
        buf_puts(out, "  ");
        if (rate < 10)
            buf_printf(out, "%.1f", rate);
        else
            print_count(out, (long long)rate);
        buf_puts(out, "/s");
        if (p->total > p->done) {
            buf_puts(out, "  ");
            progress_duration(out, (int64_t)((double)(p->total - p->done) / rate));
            buf_puts(out, " left");
        }
    }
    /* A line that wraps could not be taken away with \r. */
    while (out->len > start && columns > 1 &&
           text_width(out->data + start, out->len - start) > columns - 1)
        progress_cut(out, start);
}

static void progress_draw(struct progress *p, uint64_t now_ns)
{
    struct buf line = BUF_INIT;
    progress_line(p, now_ns, progress_columns(p), &line);
    fputc('\r', p->out);
    print_text(p->out, buf_text(&line), line.len);
    fputs("\033[K", p->out);
    fflush(p->out);
    buf_free(&line);
    p->drawn = true;
    p->drawn_ns = now_ns;
}

void progress_update(struct progress *p, int64_t done, int64_t total, const char *label,
                     uint64_t now_ns)
{
    if (!p->on)
        return;
    char shown[sizeof p->label];
    snprintf(shown, sizeof shown, "%s", label && *label ? label : "working");
    if (p->began_ns == 0 || strcmp(shown, p->label) || done < p->done) {
        progress_end(p, now_ns);
        memcpy(p->label, shown, sizeof shown);
        p->began_ns = now_ns;
        p->drawn_ns = 0;
    }
    p->done = done;
    p->total = total;
    if (now_ns - p->drawn_ns >= PROGRESS_EVERY_MS * 1000000ULL)
        progress_draw(p, now_ns);
}

void progress_clear(struct progress *p)
{
    if (!p->drawn)
        return;
    fputs("\r\033[K", p->out);
    fflush(p->out);
    p->drawn = false;
    p->drawn_ns = 0;
}

void progress_end(struct progress *p, uint64_t now_ns)
{
    if (p->on && p->began_ns != 0 && p->drawn) {
        progress_draw(p, now_ns);
        fputc('\n', p->out);
        fflush(p->out);
    }
    p->began_ns = 0;
    p->done = p->total = 0;
    p->drawn = false;
}
