/* The REPL follows the files of its organisation's plugins.
 *
 * Who hosts the organisation makes no difference: the files lie on this machine,
 * and "reload" is a request like others. What was tried and refused is not tried
 * again until it changes again. */
#include "cli/repl_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"
#include "cli/sources_internal.h"

struct follow {
    struct ask *ask;
    struct sources *sources;
    bool on;
};

static void follow_add(void *context, const char *path)
{
    sources_add(context, path);
}

/* org.ini may list other plugins than before. Where it can't be read those of before count still.
 */
static void follow_find(struct follow *f)
{
    home_sources(f->ask->home, f->ask->org, follow_add, f->sources, NULL);
}

struct follow *follow_new(struct ask *a, bool on)
{
    struct follow *f = mem_new(struct follow);
    *f = (struct follow){ .ask = a, .sources = sources_new("spec"), .on = on };
    follow_find(f);
    return f;
}

void follow_free(struct follow *f)
{
    sources_free(f->sources);
    mem_free(f);
}

bool follow_is_on(const struct follow *f)
{
    return f->on;
}

/* `what` "": asked for. */
static void follow_reload(struct follow *f, const char *what)
{
    struct error e;
    struct buf line = BUF_INIT;
    const char *open = *what ? " " : "";
    ask_begin(f->ask, "reload");
    bool reloaded = ask_send(f->ask, &e) == 0;
    if (reloaded) {
        buf_printf(&line, "reloaded%s%s", open, what);
    } else {
        char why[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 8];
        error_format(&e, why, sizeof why);
        buf_printf(&line, "not reloaded%s%s: %s%s", open, what, why,
                   strstr(why, "stays as it was") ? "" : "; everything stays as it was");
    }
    answer_notice(&f->ask->answer, line.data);
    if (reloaded)
        answer_waiting(&f->ask->answer);
    answer_reset(&f->ask->answer);
    buf_free(&line);
    follow_find(f);
}

void follow_look(struct follow *f, bool settled)
{
    if (!f->on)
        return;
    enum sources_state state = sources_look(f->sources);
    if (state == SOURCES_SAME || (settled && state == SOURCES_CHANGING))
        return;
    struct buf what = BUF_INIT;
    sources_take(f->sources, &what);
    follow_reload(f, buf_text(&what));
    buf_free(&what);
}

bool follow_word(struct follow *f, const char *line)
{
    static const char blank[] = " \t\r\n";
    char word[2][8] = { "", "" };
    for (size_t i = 0; i < 2; i++) {
        line += strspn(line, blank);
        size_t n = strcspn(line, blank);
        if (n >= sizeof word[i])
            return false;
        memcpy(word[i], line, n);
        line += n;
    }
    if (strcmp(word[0], "reload") || line[strspn(line, blank)] != '\0')
        return false;
    bool on = !strcmp(word[1], "on"), off = !strcmp(word[1], "off");
    if (word[1][0] && !on && !off)
        return false;
    if (on || off)
        f->on = on;
    if (off)
        return true;
    sources_look(f->sources);
    sources_take(f->sources, NULL);
    follow_reload(f, "");
    return true;
}
