/* op complete: the words that may stand before the cursor of a REPL. */
#include "baton/base/memory.h"
#include "host/request_internal.h"

#include <string.h>

enum { COMPLETE_WORDS_MAX = 1000 };

struct complete {
    const char *line;
    size_t cursor;
};

struct complete_words {
    struct jsonw *w;
    size_t count;
};

static int complete_start(struct conversation *c, struct error *e)
{
    struct complete *state = arena_alloc(c->arena, sizeof *state);
    c->state = state;
    size_t n = 0;
    int rc = request__text(c, "line", true, &state->line, &n, e);
    if (rc)
        return rc;
    const json_t *cursor = json_object_get(c->request, "cursor");
    state->cursor = n;
    if (cursor) {
        json_int_t at = json_integer_value(cursor);
        if (!json_is_integer(cursor) || at < 0 || (size_t)at > n)
            return request__refuse(e, "cursor",
                                   "\"cursor\" must be a number of bytes from 0 to %zu", n);
        state->cursor = (size_t)at;
    }
    return conversation__session(c, e);
}

static void complete_word(void *context, const char *word)
{
    struct complete_words *words = context;
    if (words->count++ < COMPLETE_WORDS_MAX)
        jsonw_text(words->w, word);
}

static int complete_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct complete *state = c->state;
    struct complete_words words = { .w = done };
    (void)e;
    jsonw_key(done, "words");
    jsonw_open_array(done);
    org__enter(c->org);
    size_t start = session_complete(c->session, state->line, state->cursor, complete_word, &words);
    org__leave(c->org);
    jsonw_close(done);
    jsonw_key(done, "start");
    jsonw_int(done, (int64_t)start);
    return 0;
}

static const char *const complete_keys[] = { "line", "cursor", "cwd", NULL };

const struct request_op op_complete = {
    .name = "complete", .keys = complete_keys, .start = complete_start, .finish = complete_finish
};
