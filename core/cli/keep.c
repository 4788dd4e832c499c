/* Helpers of backup, restore, org erase and person erase. */
#include "cli/keep_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "cli/cli_internal.h"
#include "cli/link_internal.h"

int keep_bar(struct ask *a, const struct cli *c, const char *org, struct error *e)
{
    int result = ask_open_server(a, c, e);
    if (result == -ERROR_NOT_FOUND) /* no server */
        return 0;
    if (result < 0)
        return result;
    ask_begin(a, "bar");
    jsonw_key(&a->w, "org");
    jsonw_text(&a->w, org);
    result = ask_send(a, e);
    if (result < 0)
        ask_close(a);
    return result == -ERROR_NOT_FOUND ? 0 : result; /* it is not there yet: nobody has it open */
}

void keep_unbar(struct ask *a)
{
    if (a->link)
        ask_close(a);
}

void keep_progress_start(struct keep_progress *p, const struct cli *c)
{
    progress_start(&p->progress, stderr, c->quiet);
    interrupt_open();
}

int keep_progress(void *context, int64_t done, int64_t total, const char *label)
{
    struct keep_progress *p = context;
    progress_update(&p->progress, done, total, label, clock_monotonic_ns());
    return interrupt_take() != 0;
}

void keep_progress_end(struct keep_progress *p)
{
    progress_end(&p->progress, clock_monotonic_ns());
    interrupt_close();
}

void keep_print_copies(FILE *out, const json_t *copies)
{
    size_t i;
    const json_t *copy;
    json_array_foreach(copies, i, copy)
    {
        const char *what = json_string_value(json_object_get(copy, "what"));
        const char *where = json_string_value(json_object_get(copy, "where"));
        const char *by = json_string_value(json_object_get(copy, "by"));
        struct buf at = BUF_INIT;
        zone_format_iso(json_integer_value(json_object_get(copy, "at_ms")), &at);
        print_line(out, "  %.16sZ  %s  %s  by %s", buf_text(&at), what ? what : "?",
                   where ? where : "?", by ? by : "?");
        buf_free(&at);
    }
}

int keep_confirm(const struct cli *c, const char *what, const char *word, struct error *e)
{
    char line[128];
    if (cli_has(c, "yes"))
        return 0;
    if (!isatty(STDIN_FILENO))
        return error_set(e, ERROR_INVALID, "%s: say --yes if that is meant", what);
    fprintf(stderr, "%s. Type %s to go on: ", what, word);
    fflush(stderr);
    bool read = fgets(line, sizeof line, stdin) != NULL;
    line[read ? strcspn(line, "\n") : 0] = '\0';
    return !strcmp(line, word) ? 0 : error_set(e, ERROR_CANCELLED, "nothing was done");
}
