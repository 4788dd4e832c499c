/* One command, one request: the steps that most commands share. */
#include "cli/ask_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/cli_internal.h"
#include "cli/link_internal.h"

static int ask_open_for(struct ask *a, const struct cli *c, bool server, struct error *e)
{
    bool usage = false;
    memset(a, 0, sizeof *a);
    a->c = c;
    answer_init(&a->answer, c);
    int result = place_open(c, &a->home, e);
    if (result == 0 && !server) {
        result = place_org(c, a->home, &a->org, e);
        usage = result == -ERROR_INVALID;
    }
    if (result == 0)
        result = link_open(&a->link, a->home, a->org, answer_frame, &a->answer, e);
    if (result < 0)
        ask_close(a);
    a->usage = usage;
    return result;
}

int ask_refused(const struct ask *a, const struct cli *c, const struct error *e)
{
    return a->usage ? cli_usage(c, e) : cli_fail(c, e);
}

int ask_open(struct ask *a, const struct cli *c, struct error *e)
{
    return ask_open_for(a, c, false, e);
}

int ask_open_server(struct ask *a, const struct cli *c, struct error *e)
{
    return ask_open_for(a, c, true, e);
}

void ask_close(struct ask *a)
{
    link_close(a->link);
    home_close(a->home);
    mem_free(a->org);
    answer_free(&a->answer);
    buf_free(&a->request);
    memset(a, 0, sizeof *a);
}

void ask_begin(struct ask *a, const char *op)
{
    buf_clear(&a->request);
    link_begin(&a->w, &a->request, op, a->org, a->c->as);
}

int ask_send(struct ask *a, struct error *e)
{
    jsonw_close(&a->w);
    return answer_request(&a->answer, a->link, a->request.data, a->request.len, e);
}

void ask_value(struct jsonw *w, const char *value)
{
    json_t *parsed = NULL;
    struct buf wrapped = BUF_INIT;
    buf_printf(&wrapped, "[%s]", value);
    if (json_read(wrapped.data, wrapped.len, &parsed, NULL) == 0 && json_array_size(parsed) == 1 &&
        !json_is_string(json_array_get(parsed, 0)))
        jsonw_value(w, json_array_get(parsed, 0));
    else
        jsonw_text(w, value);
    json_decref(parsed);
    buf_free(&wrapped);
}

void ask_print_changes(const struct ask *a)
{
    const json_t *text = json_object_get(a->answer.done, "text");
    if (a->c->json) {
        print_json(stdout, json_object_get(a->answer.done, "changes"));
    } else if (text) {
        print_text(stdout, json_string_value(text), json_string_length(text));
        putchar('\n');
    }
}

int ask_lua(struct ask *a, const char *code, json_t **out, struct error *e)
{
    struct buf printed = BUF_INIT;
    ask_begin(a, "eval");
    jsonw_key(&a->w, "text");
    jsonw_text(&a->w, code);
    a->answer.capture = &printed;
    int result = ask_send(a, e);
    a->answer.capture = NULL;
    if (result == 0)
        result = json_read(buf_text(&printed), printed.len, out, e);
    buf_free(&printed);
    return result;
}
