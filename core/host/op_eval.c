/* op eval: one statement of a REPL is one command in a turn. A statement that
 * wished to move the clock has it moved after its commit. */
#include "host/request_internal.h"

struct eval {
    const char *text;
    size_t n;
};

static int eval_start(struct conversation *c, struct error *e)
{
    struct eval *state = arena_alloc(c->arena, sizeof *state);
    c->state = state;
    int rc = request__text(c, "text", true, &state->text, &state->n, e);
    return rc ? rc : conversation__session(c, e);
}

static int eval_turn(struct conversation *c, struct error *e)
{
    const struct eval *state = c->state;
    if (!c->session)
        return error_set(e, ERROR_CANCELLED, "the session is gone: %s", c->lost);
    return session_eval(c->session, state->text, state->n, &c->incomplete, e);
}

static int eval_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    int64_t to_ms;
    int rc = 0;
    if (c->session && session_wants_clock(c->session, &to_ms))
        rc = org_move_clock(c->org, to_ms, e);
    jsonw_key(done, "now_ms");
    jsonw_int(done, org_now(c->org));
    return rc;
}

/* A statement that failed takes its wish with it. */
static void eval_end(struct conversation *c)
{
    int64_t to_ms;
    if (c->session)
        session_wants_clock(c->session, &to_ms);
}

static const char *const eval_keys[] = { "text", "cwd", NULL };

const struct request_op op_eval = { .name = "eval",
                                    .keys = eval_keys,
                                    .writes = true,
                                    .start = eval_start,
                                    .turn = eval_turn,
                                    .finish = eval_finish,
                                    .end = eval_end };
