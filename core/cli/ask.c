/* One command, one request: the steps that most commands share. */
#include "cli/ask_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/cli_internal.h"
#include "cli/link_internal.h"

static int ask_open_for(struct ask *a, const struct cli *c, bool server, struct error *e)
{
    memset(a, 0, sizeof *a);
    a->c = c;
    answer_init(&a->answer, c);
    int result = place_open(c, &a->home, e);
    if (result == 0 && !server)
        result = place_org(c, a->home, &a->org, e);
    if (result == 0)
        result = link_open(&a->link, a->home, a->org, answer_frame, &a->answer, e);
    if (result < 0)
        ask_close(a);
    return result;
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
