/* libedit in unbuffered mode: el_gets returns after each character; a line is
 * complete when it ends with a newline. Taking and giving back the terminal is
 * EL_UNBUFFERED on and off, which also starts a fresh line and draws the prompt.
 *
 * libedit reports Ctrl-D badly in this mode, so it is bound to a function of
 * ours. It knows nothing of lines printed above the prompt: editor_above takes
 * the drawn lines away itself, prints, and has them drawn again. */
#include "cli/editor_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "cli/cli_internal.h"
#include "cli/editor_library_internal.h"

enum { EDITOR_HISTORY = 2000, EDITOR_SHOWN_WORDS = 100 };

struct editor {
    struct editor_library lib;
    EditLine *el;
    History *history;
    char *history_file;
    struct editor_hooks hooks;
    void *context;
    char *prompt;
    bool shown;
    bool ended;
};

static char *editor_prompt(EditLine *el)
{
    const struct editor *ed = editor_library_client(el);
    return ed->prompt;
}

static unsigned char editor_on_end(EditLine *el, int key)
{
    struct editor *ed = editor_library_client(el);
    const LineInfo *line = ed->lib.el_line(el);
    int cursor = (int)(line->cursor - line->buffer);
    (void)key;
    if (line->lastchar == line->buffer) {
        ed->ended = true;
        return CC_NORM;
    }
    if (line->cursor == line->lastchar)
        return CC_REFRESH_BEEP;
    ed->lib.el_deletestr1(el, cursor, cursor + 1);
    return CC_REFRESH;
}

/* ---- completion ---- */

static size_t editor_common(char **words)
{
    size_t n = strlen(words[0]);
    for (size_t i = 1; words[i]; i++) {
        size_t k = 0;
        while (k < n && words[i][k] == words[0][k])
            k++;
        n = k;
    }
    while (n > 0 && ((unsigned char)words[0][n] & 0xc0) == 0x80) /* not within a character */
        n--;
    return n;
}

static size_t editor_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static void editor_list(struct editor *ed, char **words)
{
    struct buf text = BUF_INIT;
    size_t widest = 0, columns = editor_columns(), count = 0;
    for (; words[count]; count++) {
        size_t width = text_width(words[count], strlen(words[count]));
        widest = width > widest ? width : widest;
    }
    size_t per_line = columns / (widest + 2) ? columns / (widest + 2) : 1;
    for (size_t i = 0; i < count && i < EDITOR_SHOWN_WORDS; i++) {
        if (i > 0)
            buf_puts(&text, i % per_line == 0 ? "\n" : "  ");
        buf_puts(&text, words[i]);
        bool last = (i + 1) % per_line == 0 || i + 1 == count;
        for (size_t w = text_width(words[i], strlen(words[i])); !last && w < widest; w++)
            buf_putc(&text, ' ');
    }
    if (count > EDITOR_SHOWN_WORDS)
        buf_printf(&text, "\n… and %zu more", count - EDITOR_SHOWN_WORDS);
    editor_above(ed, buf_text(&text));
    buf_free(&text);
}

static unsigned char editor_on_tab(EditLine *el, int key)
{
    struct editor *ed = editor_library_client(el);
    int saved = errno; /* editor_read looks at it */
    const LineInfo *line = ed->lib.el_line(el);
    size_t cursor = (size_t)(line->cursor - line->buffer), start = cursor;
    char *text = mem_dupn(line->buffer, (size_t)(line->lastchar - line->buffer));
    char **words = ed->hooks.complete(ed->context, text, cursor, &start);
    unsigned char result = CC_REFRESH_BEEP;
    (void)key;
    if (words && words[0] && start <= cursor) {
        size_t common = editor_common(words), typed = cursor - start;
        if (common > typed && !strncmp(words[0], text + start, typed)) {
            char *more = mem_dupn(words[0] + typed, common - typed);
            ed->lib.el_insertstr(el, more);
            mem_free(more);
            result = CC_REFRESH;
        } else if (words[1]) {
            editor_list(ed, words);
            result = CC_REFRESH;
        }
    }
    for (size_t i = 0; words && words[i]; i++)
        mem_free(words[i]);
    mem_free(words);
    mem_free(text);
    errno = saved;
    return result;
}

/* ---- life ---- */

static void editor_set_up(struct editor *ed)
{
    EditLine *el = ed->el;
    ed->lib.el_set(el, EL_CLIENTDATA, ed);
    ed->lib.el_set(el, EL_PROMPT, editor_prompt);
    ed->lib.el_set(el, EL_EDITOR, "emacs");
    ed->lib.el_set(el, EL_SIGNAL, 0); /* signals are the loop's */
    ed->lib.el_set(el, EL_HIST, ed->lib.history, ed->history);
    ed->lib.el_source(el, NULL); /* ~/.editrc; what follows must hold whatever it says */
    /* Wide, because the narrow form leaks what it converts. */
    ed->lib.el_wset(el, EL_ADDFN, L"baton-end", L"delete the character, or leave on an empty line",
                    editor_on_end);
    ed->lib.el_wset(el, EL_ADDFN, L"baton-complete", L"complete the word", editor_on_tab);
    ed->lib.el_set(el, EL_BIND, "^D", "baton-end", NULL);
    ed->lib.el_set(el, EL_BIND, "^I", "baton-complete", NULL);
    ed->lib.el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

int editor_open(struct editor **out, const char *history_file, const struct editor_hooks *hooks,
                void *context, struct error *e)
{
    struct editor_library lib;
    HistEvent event;
    int result = editor_library_load(&lib, e);
    if (result < 0)
        return result;
    struct editor *ed = mem_new(struct editor);
    ed->lib = lib;
    ed->hooks = *hooks;
    ed->context = context;
    ed->prompt = mem_dup("");
    ed->history_file = mem_dup(history_file);
    ed->history = ed->lib.history_init();
    ed->el = ed->lib.el_init("baton", stdin, stdout, stderr);
    if (!ed->el || !ed->history) {
        editor_close(ed);
        return error_set(e, ERROR_IO,
                         "the terminal cannot be edited on; pipe the statements in, or use -e");
    }
    ed->lib.history(ed->history, &event, H_SETSIZE, EDITOR_HISTORY);
    ed->lib.history(ed->history, &event, H_SETUNIQUE, 1);
    if (history_file)
        ed->lib.history(ed->history, &event, H_LOAD, history_file); /* none yet is fine */
    editor_set_up(ed);
    *out = ed;
    return 0;
}

static void editor_save(struct editor *ed)
{
    HistEvent event;
    mode_t old = umask(077); /* it may hold names of people */
    ed->lib.history(ed->history, &event, H_SAVE, ed->history_file);
    umask(old);
}

void editor_close(struct editor *ed)
{
    if (!ed)
        return;
    if (ed->el) {
        editor_hide(ed);
        ed->lib.el_end(ed->el);
    }
    if (ed->history && ed->el && ed->history_file)
        editor_save(ed);
    if (ed->history)
        ed->lib.history_end(ed->history);
    mem_free(ed->history_file);
    mem_free(ed->prompt);
    mem_free(ed);
}

/* ---- at work ---- */

void editor_show(struct editor *ed, const char *prompt)
{
    if (ed->prompt != prompt) {
        mem_free(ed->prompt);
        ed->prompt = mem_dup(prompt);
    }
    if (ed->shown)
        ed->lib.el_set(ed->el, EL_UNBUFFERED, 0);
    ed->shown = true;
    ed->lib.el_set(ed->el, EL_UNBUFFERED, 1);
}

void editor_hide(struct editor *ed)
{
    if (ed->shown)
        ed->lib.el_set(ed->el, EL_UNBUFFERED, 0);
    ed->shown = false;
}

/* After el_gets gave no line. It says -1 for an empty one as well as for the end of the input, so
 * the terminal itself is asked. */
static bool editor_is_gone(void)
{
    struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };
    if (errno == EIO || errno == EBADF || errno == ENXIO)
        return true;
    return poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void editor_read(struct editor *ed)
{
    const LineInfo *before = ed->lib.el_line(ed->el);
    int n = 0, had = (int)(before->lastchar - before->buffer);
    errno = 0;
    const char *text = ed->lib.el_gets(ed->el, &n);
    if (ed->ended || (!text && editor_is_gone())) {
        editor_hide(ed);
        putchar('\n');
        ed->hooks.end(ed->context);
        return;
    }
    /* Enter adds one character at the end; a statement from the history may hold newlines too. */
    if (!text || n != had + 1 || text[n - 1] != '\n')
        return;
    char *line = mem_dupn(text, (size_t)n - 1);
    editor_hide(ed);
    ed->hooks.line(ed->context, line);
    mem_free(line);
}

void editor_remember(struct editor *ed, const char *statement)
{
    size_t n = strlen(statement);
    while (n > 0 && strchr("\n \t", statement[n - 1]))
        n--;
    if (n == 0)
        return;
    char *text = mem_dupn(statement, n);
    HistEvent event;
    ed->lib.history(ed->history, &event, H_ENTER, text);
    mem_free(text);
}

void editor_drop_line(struct editor *ed, const char *prompt)
{
    if (!ed->shown)
        return;
    fputs("^C\n", stdout);
    fflush(stdout);
    editor_show(ed, prompt);
}

void editor_resize(struct editor *ed)
{
    ed->lib.el_resize(ed->el);
}

/* Rows of the terminal between the prompt's first and the cursor's. */
static size_t editor_rows_above(struct editor *ed)
{
    const LineInfo *line = ed->lib.el_line(ed->el);
    size_t columns = editor_columns(), rows = 0;
    size_t column = text_width(ed->prompt, strlen(ed->prompt));
    for (const char *at = line->buffer, *end; at <= line->cursor; at = end + 1) {
        end = memchr(at, '\n', (size_t)(line->cursor - at));
        bool last = !end;
        if (last)
            end = line->cursor;
        rows += (column + text_width(at, (size_t)(end - at))) / columns + !last;
        column = 0;
    }
    return rows;
}

void editor_above(struct editor *ed, const char *text)
{
    if (!ed->shown) {
        print_line(stdout, "%s", text);
        fflush(stdout);
        return;
    }
    size_t rows = editor_rows_above(ed);
    if (rows > 0)
        printf("\033[%zuA", rows);
    fputs("\r\033[J", stdout);
    print_line(stdout, "%s", text);
    fflush(stdout);
    /* It believes in an empty screen now, and draws prompt and line once. */
    ed->lib.el_set(ed->el, EL_REFRESH);
}
