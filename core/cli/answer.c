/* Takes the frames of an answer apart: output goes out at once, progress is
 * drawn, refused lines and the end are kept. A frame that is not what
 * host/request.h says counts as an error of the line, not as ours. */
#include "cli/answer_internal.h"

#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "cli/cli_internal.h"
#include "cli/link_internal.h"

void answer_init(struct answer *a, const struct cli *c)
{
    memset(a, 0, sizeof *a);
    a->c = c;
    a->refused = json_array();
    progress_start(&a->progress, stderr, c->quiet);
}

void answer_reset(struct answer *a)
{
    json_decref(a->done);
    a->done = NULL;
    a->answered = a->incomplete = false;
    error_clear(&a->error);
    json_array_clear(a->refused);
}

void answer_free(struct answer *a)
{
    json_decref(a->done);
    json_decref(a->refused);
    a->done = a->refused = NULL;
}

static void answer_out(struct answer *a, const json_t *frame, const json_t *text)
{
    const char *stream = json_string_value(json_object_get(frame, "stream"));
    size_t n = json_string_length(text);
    bool is_print = !stream || !strcmp(stream, "print");
    if (!is_print && a->c->quiet && !strcmp(stream, "info"))
        return;
    if (is_print && a->capture) {
        buf_add(a->capture, json_string_value(text), n);
        return;
    }
    progress_clear(&a->progress);
    FILE *out = is_print ? stdout : stderr;
    if (!is_print)
        fflush(stdout);
    if (!is_print)
        fprintf(out, "%s: ", stream);
    print_text(out, json_string_value(text), n);
    if (n == 0 || json_string_value(text)[n - 1] != '\n')
        fputc('\n', out);
    if (is_print && isatty(fileno(stdout)))
        fflush(out);
}

static void answer_progress(struct answer *a, const json_t *p)
{
    progress_update(&a->progress, json_integer_value(json_object_get(p, "done")),
                    json_integer_value(json_object_get(p, "total")),
                    json_string_value(json_object_get(p, "label")), clock_monotonic_ns());
}

static void answer_refused(struct answer *a, json_t *refused)
{
    if (json_array_size(a->refused) < LIMIT_REFUSED_SHOWN)
        json_array_append(a->refused, refused);
}

void answer_notice(struct answer *a, const char *text)
{
    if (a->notice) {
        a->notice(a->context, text);
    } else if (!a->c->quiet) {
        progress_clear(&a->progress);
        fflush(stdout);
        print_line(stderr, "* %s", text);
    }
}

void answer_waiting(struct answer *a)
{
    size_t i;
    const json_t *text;
    json_array_foreach(json_object_get(a->done, "waiting"), i, text)
    {
        answer_notice(a, json_string_value(text));
    }
}

static enum error_code answer_code(const char *name)
{
    for (int code = ERROR_INVALID; name && code <= ERROR_CANCELLED; code++)
        if (!strcmp(name, error_code_name((enum error_code)code)))
            return (enum error_code)code;
    return ERROR_INVALID;
}

/* "/as" points into the request, which we wrote: no place that anybody would look at. */
static bool answer_is_pointer(const char *where)
{
    return where[0] == '/' && !strpbrk(where, ".:");
}

static void answer_error(struct answer *a, const json_t *error)
{
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *where = json_string_value(json_object_get(error, "where"));
    error_set(&a->error, answer_code(json_string_value(json_object_get(error, "code"))), "%s",
              message ? message : "refused without a reason");
    if (where && *where && !answer_is_pointer(where))
        error_at(&a->error, "%s", where);
}

void answer_frame(void *context, const char *json, size_t n, bool last)
{
    struct answer *a = context;
    json_t *frame = NULL, *value;
    struct error e;
    if (json_read(json, n, &frame, &e) < 0 || !json_is_object(frame)) {
        error_set(&a->error, ERROR_IO, "an answer that is not JSON came: %s",
                  frame ? "no object" : e.message);
    } else if ((value = json_object_get(frame, "out")) && json_is_string(value)) {
        answer_out(a, frame, value);
    } else if ((value = json_object_get(frame, "data")) && json_is_string(value)) {
        progress_clear(&a->progress);
        print_text(a->data ? a->data : stdout, json_string_value(value), json_string_length(value));
    } else if ((value = json_object_get(frame, "progress"))) {
        answer_progress(a, value);
    } else if ((value = json_object_get(frame, "refused"))) {
        answer_refused(a, value);
    } else if ((value = json_object_get(frame, "notice")) && json_is_string(value)) {
        answer_notice(a, json_string_value(value));
    } else if (json_is_true(json_object_get(frame, "incomplete"))) {
        a->incomplete = true;
    } else if ((value = json_object_get(frame, "done"))) {
        a->done = json_incref(value);
    } else if ((value = json_object_get(frame, "error"))) {
        answer_error(a, value);
    }
    if (last) {
        a->answered = true;
        progress_end(&a->progress, clock_monotonic_ns());
    }
    json_decref(frame);
}

int answer_request(struct answer *a, struct link *l, const char *json, size_t n, struct error *e)
{
    answer_reset(a);
    int result = link_request(l, json, n, e);
    if (result < 0) {
        progress_end(&a->progress, clock_monotonic_ns());
        if (e)
            a->error = *e;
        return result;
    }
    if (a->error.code == ERROR_NONE)
        return 0;
    if (e)
        *e = a->error;
    return -(int)a->error.code;
}
