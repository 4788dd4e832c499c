/* op eval: one statement of a REPL is one command in a turn. A statement that
 * wished to move the clock has it moved after its commit. */
#include "baton/base/clock.h"
#include "host/request_internal.h"

struct eval {
    const char *text;
    size_t n;
    bool json;
    uint64_t began_ns;
};

static int eval_start(struct conversation *c, struct error *e)
{
    struct eval *state = arena_alloc(c->arena, sizeof *state);
    c->state = state;
    state->began_ns = clock_monotonic_ns();
    int rc = request__text(c, "text", true, &state->text, &state->n, e);
    if (!rc)
        rc = request__bool(c, "json", &state->json, e);
    return rc ? rc : conversation__session(c, e);
}

static int eval_turn(struct conversation *c, struct error *e)
{
    const struct eval *state = c->state;
    if (!c->session)
        return error_set(e, ERROR_CANCELLED, "the session is gone: %s", c->lost);
    session_show_json(c->session, state->json);
    return session_eval(c->session, state->text, state->n, &c->incomplete, e);
}

static int eval_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct eval *state = c->state;
    int64_t to_ms;
    int rc = 0;
    if (c->session && session_wants_clock(c->session, &to_ms))
        rc = org_move_clock(c->org, to_ms, e);
    if (!rc)
        rc = conversation__wishes(c, state->began_ns, e);
    jsonw_key(done, "now_ms");
    jsonw_int(done, org_now(c->org));
    return rc;
}

/* A statement that failed takes its wishes with it. */
static void eval_end(struct conversation *c)
{
    int64_t to_ms;
    struct session_wishes wishes;
    if (!c->session)
        return;
    session_wants_clock(c->session, &to_ms);
    session_wishes(c->session, &wishes);
}

static const char *const eval_keys[] = { "text", "json", "cwd", NULL };

const struct request_op op_eval = { .name = "eval",
                                    .keys = eval_keys,
                                    .writes = true,
                                    .start = eval_start,
                                    .turn = eval_turn,
                                    .finish = eval_finish,
                                    .end = eval_end };
