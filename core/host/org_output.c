/* What plugins print and log by themselves: to whoever listens to the
 * organisation, and into the log.
 *
 * Each line is told apart, with the plugin in front, so that no text passes for
 * something else; and each plugin has a measure of lines and bytes in each
 * window of time. What is beyond it is counted, and the count is told. */
#include <string.h>

#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "host/org_internal.h"

struct org_voice {
    char *plugin;
    uint64_t until_ns; /* the end of its window */
    int64_t lines, bytes, dropped;
};

static struct org_voice *voice_of(struct org *o, const char *plugin)
{
    for (size_t i = 0; i < o->voice_count; i++)
        if (!strcmp(o->voices[i].plugin, plugin))
            return &o->voices[i];
    o->voices = mem_resize(o->voices, (o->voice_count + 1) * sizeof *o->voices);
    o->voices[o->voice_count] = (struct org_voice){ .plugin = mem_dup(plugin) };
    return &o->voices[o->voice_count++];
}

static void voice_tell(struct org *o, struct org_voice *v)
{
    int64_t dropped = v->dropped;
    v->dropped = 0;
    if (dropped)
        org__say(o, LOG_WARN, "plugin %s: %lld lines were left out", v->plugin, (long long)dropped);
}

/* Negative: not any more in this window. */
static bool voice_may(struct org *o, struct org_voice *v, size_t n)
{
    uint64_t now_ns = clock_monotonic_ns();
    if (now_ns >= v->until_ns) {
        voice_tell(o, v);
        v->until_ns = now_ns + LIMIT_LOG_WINDOW_MS * 1000000ull;
        v->lines = v->bytes = 0;
    }
    bool full = v->lines >= LIMIT_LOG_LINES || v->bytes >= LIMIT_LOG_BYTES;
    if (full && v->dropped++ == 0)
        org__say(o, LOG_WARN,
                 "plugin %s: more than %d lines or %d kB within %d s: the rest is left out, and "
                 "counted",
                 v->plugin, LIMIT_LOG_LINES, LIMIT_LOG_BYTES / 1024, LIMIT_LOG_WINDOW_MS / 1000);
    v->lines++;
    v->bytes += (int64_t)n;
    return !full;
}

static void output_line(struct org *o, enum log_level level, const char *plugin, const char *text,
                        size_t n)
{
    const char *word = level == LOG_ERROR ? "error: " : level == LOG_WARN ? "warning: " : "";
    int shown = n > LIMIT_LOG_LINE_BYTES ? LIMIT_LOG_LINE_BYTES : (int)n;
    org__say(o, level, "plugin %s: %s%.*s%s", plugin, word, shown, text,
             (size_t)shown < n ? " ... (cut)" : "");
}

void output__plugin(void *context, enum script_stream stream, const char *plugin, const char *text,
                    size_t n)
{
    struct org *o = context;
    if (stream == SCRIPT_PROGRESS)
        return; /* nobody waits for it */
    enum log_level level = stream == SCRIPT_LOG_ERROR  ? LOG_ERROR
                           : stream == SCRIPT_LOG_WARN ? LOG_WARN
                                                       : LOG_INFO;
    while (n && text[n - 1] == '\n')
        n--;
    struct org_voice *v = voice_of(o, plugin ? plugin : "");
    for (const char *end = text + n; text <= end; text++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        if (voice_may(o, v, length))
            output_line(o, level, v->plugin, text, length);
        text += length;
    }
}

void output__tell(struct org *o, bool closing)
{
    for (size_t i = 0; i < o->voice_count; i++)
        if (o->voices[i].dropped && (closing || clock_monotonic_ns() >= o->voices[i].until_ns))
            voice_tell(o, &o->voices[i]);
}

void output__close(struct org *o)
{
    output__tell(o, true);
    for (size_t i = 0; i < o->voice_count; i++)
        mem_free(o->voices[i].plugin);
    mem_free(o->voices);
}
