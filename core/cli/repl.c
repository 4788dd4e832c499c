/* The REPL on a terminal: a libuv loop that waits for the keyboard, the server
 * (or, where the organisation lives in this process, its next due time), and
 * Ctrl-C.
 *
 * Either the editor has the terminal and nothing runs, or a statement runs and
 * the editor is hidden: repl_take_line goes from the first to the second,
 * repl_settled back. What fires meanwhile is printed above the prompt. */
#include "cli/repl_internal.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"
#include "cli/editor_internal.h"
#include "cli/link_internal.h"

enum { REPL_LOOK_MS = 300 }; /* between two looks at files at the prompt */

struct repl {
    struct ask *ask;
    struct follow *follow;
    struct editor *editor;
    uv_loop_t loop;
    uv_poll_t keys, server, interrupts;
    uv_timer_t idle;   /* local: what is due, settling */
    uv_timer_t looks;  /* at the prompt: was a plugin saved? */
    uv_idle_t stepper; /* local: a statement that runs */
    uv_signal_t resize;
    struct buf statement; /* the lines of it so far */
    char *prompt, *more_prompt;
    bool ended;
    int code;
};

/* ---- ending ---- */

static void repl_end(struct repl *r, int code)
{
    r->ended = true;
    r->code = code;
    editor_hide(r->editor);
    uv_stop(&r->loop);
}

static void repl_broken(struct repl *r, const struct error *e)
{
    editor_hide(r->editor);
    repl_end(r, cli_fail(r->ask->c, e));
}

/* ---- a statement ---- */

static void repl_on_keys(uv_poll_t *poll, int status, int events);
static void repl_on_idle(uv_timer_t *timer);
static void repl_on_look(uv_timer_t *timer);

static void repl_prompt(struct repl *r)
{
    fflush(stdout);
    fflush(stderr);
    editor_show(r->editor, r->statement.len ? r->more_prompt : r->prompt);
    uv_poll_start(&r->keys, UV_READABLE, repl_on_keys);
    if (!link_is_remote(r->ask->link))
        uv_timer_start(&r->idle, repl_on_idle, 20, 0);
    uv_timer_start(&r->looks, repl_on_look, REPL_LOOK_MS, REPL_LOOK_MS);
}

static void repl_settled(struct repl *r)
{
    struct answer *answer = &r->ask->answer;
    uv_idle_stop(&r->stepper);
    interrupt_take();
    if (answer->error.code != ERROR_NONE)
        cli_fail(r->ask->c, &answer->error);
    if (!answer->incomplete) {
        editor_remember(r->editor, buf_text(&r->statement));
        buf_clear(&r->statement);
    }
    repl_prompt(r);
}

static void repl_on_step(uv_idle_t *idle)
{
    struct repl *r = idle->data;
    struct error e;
    if (link_step(r->ask->link, &e) < 0)
        repl_broken(r, &e);
    else if (!link_busy(r->ask->link))
        repl_settled(r);
}

static void repl_take_line(void *context, const char *line)
{
    struct repl *r = context;
    struct error e;
    uv_poll_stop(&r->keys);
    uv_timer_stop(&r->idle);
    uv_timer_stop(&r->looks);
    if (r->statement.len == 0 && repl_is_exit(line)) {
        repl_end(r, CLI_OK);
        return;
    }
    if (r->statement.len == 0 && line[strspn(line, " \t")] == '\0') {
        repl_prompt(r);
        return;
    }
    int helped;
    if (r->statement.len == 0 && repl_help(line, &helped, &e)) {
        editor_remember(r->editor, line);
        if (helped < 0)
            cli_fail(r->ask->c, &e);
        repl_prompt(r);
        return;
    }
    if (r->statement.len == 0 && follow_word(r->follow, line)) {
        editor_remember(r->editor, line);
        repl_prompt(r);
        return;
    }
    follow_look(r->follow, false);
    buf_puts(&r->statement, line);
    buf_putc(&r->statement, '\n');
    repl_request(r->ask, r->statement.data, r->statement.len);
    jsonw_close(&r->ask->w);
    answer_reset(&r->ask->answer);
    if (link_start(r->ask->link, r->ask->request.data, r->ask->request.len, &e) < 0)
        repl_broken(r, &e);
    else if (!link_busy(r->ask->link))
        repl_settled(r);
    else if (!link_is_remote(r->ask->link))
        uv_idle_start(&r->stepper, repl_on_step);
}

/* ---- what the loop waits for ---- */

static void repl_on_keys(uv_poll_t *poll, int status, int events)
{
    struct repl *r = poll->data;
    (void)events;
    if (status < 0)
        repl_end(r, CLI_IO);
    else
        editor_read(r->editor);
}

static void repl_on_server(uv_poll_t *poll, int status, int events)
{
    struct repl *r = poll->data;
    struct error e;
    bool was_busy = link_busy(r->ask->link);
    (void)status;
    (void)events;
    if (link_step(r->ask->link, &e) < 0)
        repl_broken(r, &e);
    else if (was_busy && !link_busy(r->ask->link))
        repl_settled(r);
}

static void repl_on_interrupt(uv_poll_t *poll, int status, int events)
{
    struct repl *r = poll->data;
    (void)status;
    (void)events;
    int signal_number = interrupt_take();
    if (signal_number == SIGTERM) {
        repl_end(r, CLI_INTERRUPTED);
    } else if (signal_number && link_busy(r->ask->link)) {
        fputc('\n', stderr); /* behind the terminal's ^C */
        link_cancel(r->ask->link);
    } else if (signal_number) {
        editor_remember(r->editor, buf_text(&r->statement)); /* to be mended */
        buf_clear(&r->statement);
        editor_drop_line(r->editor, r->prompt);
    }
}

static void repl_on_idle(uv_timer_t *timer)
{
    struct repl *r = timer->data;
    struct error e;
    int64_t next_ms = 0;
    if (link_busy(r->ask->link))
        return;
    if (link_idle(r->ask->link, &next_ms, &e) < 0) {
        char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 8];
        error_format(&e, text, sizeof text);
        editor_above(r->editor, text);
    }
    uv_timer_start(timer, repl_on_idle, (uint64_t)next_ms, 0);
}

static void repl_on_look(uv_timer_t *timer)
{
    struct repl *r = timer->data;
    if (!link_busy(r->ask->link))
        follow_look(r->follow, true);
}

static void repl_on_resize(uv_signal_t *signal_handle, int number)
{
    struct repl *r = signal_handle->data;
    (void)number;
    editor_resize(r->editor);
}

static void repl_on_end(void *context)
{
    repl_end(context, CLI_OK);
}

static void repl_on_notice(void *context, const char *text)
{
    struct repl *r = context;
    struct buf line = BUF_INIT;
    if (r->ask->c->quiet)
        return;
    progress_clear(&r->ask->answer.progress);
    buf_printf(&line, "* %s", text);
    editor_above(r->editor, buf_text(&line));
    buf_free(&line);
}

/* ---- completion ---- */

static char **repl_complete(void *context, const char *line, size_t cursor, size_t *start)
{
    struct repl *r = context;
    struct ask *a = r->ask;
    ask_begin(a, "complete");
    jsonw_key(&a->w, "line");
    jsonw_text(&a->w, line);
    jsonw_key(&a->w, "cursor");
    jsonw_int(&a->w, (int64_t)cursor);
    if (ask_send(a, NULL) < 0 || !a->answer.done)
        return NULL;
    const json_t *words = json_object_get(a->answer.done, "words");
    size_t count = json_array_size(words), kept = 0;
    char **out = mem_zero(sizeof *out * (count + 1));
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(words, i));
        if (word)
            out[kept++] = mem_dup(word);
    }
    *start = (size_t)json_integer_value(json_object_get(a->answer.done, "start"));
    return out;
}

/* ---- life ---- */

/* BATON_HISTORY (empty: none), else baton/history in the user's state folder, which is made. */
static char *repl_history_file(void)
{
    const char *given = getenv("BATON_HISTORY"), *state = getenv("XDG_STATE_HOME"),
               *user = getenv("HOME");
    if (given)
        return *given ? mem_dup(given) : NULL;
    struct buf path = BUF_INIT;
    if (state && *state == '/')
        buf_printf(&path, "%s/baton/history", state);
    else if (user && *user == '/')
        buf_printf(&path, "%s/.local/state/baton/history", user);
    else
        return NULL;
    for (char *slash = strchr(path.data + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path.data, 0700); /* there already, or the history is not kept: both are fine */
        *slash = '/';
    }
    return buf_take(&path);
}

static void repl_banner(const struct repl *r)
{
    const struct ask *a = r->ask;
    if (a->c->quiet)
        return;
    print_line(stdout, "baton %s · %s, %s%s%s", BATON_VERSION, a->org,
               link_is_remote(a->link) ? "live in the running server" : "hosted here",
               a->c->as ? ", as " : "", a->c->as ? a->c->as : "");
    print_line(stdout, "Lua; `help` explains, Tab completes, exit or Ctrl-D leaves.");
    if (follow_is_on(r->follow))
        print_line(stdout, "Plugins are reloaded when they are saved; `reload off` ends that.");
}

static void repl_open_loop(struct repl *r)
{
    int fd = link_fd(r->ask->link);
    uv_loop_init(&r->loop);
    uv_poll_init(&r->loop, &r->keys, STDIN_FILENO);
    uv_poll_init(&r->loop, &r->interrupts, interrupt_open());
    uv_timer_init(&r->loop, &r->idle);
    uv_timer_init(&r->loop, &r->looks);
    uv_idle_init(&r->loop, &r->stepper);
    uv_signal_init(&r->loop, &r->resize);
    r->keys.data = r->interrupts.data = r->idle.data = r->looks.data = r;
    r->stepper.data = r->resize.data = r;
    uv_poll_start(&r->interrupts, UV_READABLE, repl_on_interrupt);
    uv_signal_start(&r->resize, repl_on_resize, SIGWINCH);
    if (fd >= 0) {
        uv_poll_init(&r->loop, &r->server, fd);
        r->server.data = r;
        uv_poll_start(&r->server, UV_READABLE, repl_on_server);
    }
}

static void repl_close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void repl_close_loop(struct repl *r)
{
    uv_walk(&r->loop, repl_close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    int result = uv_loop_close(&r->loop);
    (void)result; /* only a handle left open could fail it, and all were walked */
    interrupt_close();
}

static char *repl_more_prompt(const char *prompt)
{
    struct buf more = BUF_INIT;
    for (size_t i = 4; i < strlen(prompt); i++)
        buf_putc(&more, ' ');
    buf_puts(&more, "..> ");
    return buf_take(&more);
}

int repl_terminal(struct ask *a, struct follow *f)
{
    static const struct editor_hooks hooks = { repl_take_line, repl_on_end, repl_complete };
    struct repl r = { .ask = a, .follow = f };
    struct error e;
    struct buf prompt = BUF_INIT;
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX < 2)
        setlocale(LC_CTYPE, "C.UTF-8");
    char *history = repl_history_file();
    int result = editor_open(&r.editor, history, &hooks, &r, &e);
    mem_free(history);
    if (result < 0)
        return cli_fail(a->c, &e);
    buf_printf(&prompt, "%s> ", a->org);
    r.prompt = buf_take(&prompt);
    r.more_prompt = repl_more_prompt(r.prompt);
    a->answer.notice = repl_on_notice;
    a->answer.context = &r;
    repl_banner(&r);
    repl_open_loop(&r);
    repl_prompt(&r);
    while (!r.ended)
        uv_run(&r.loop, UV_RUN_DEFAULT);
    repl_close_loop(&r);
    editor_close(r.editor);
    a->answer.notice = NULL;
    buf_free(&r.statement);
    mem_free(r.prompt);
    mem_free(r.more_prompt);
    return r.code;
}
