/* op command and op report: what a plugin declared by baton.command or
 * baton.report, called by name. Both are one command in a turn. */
#include "host/dry_internal.h"

typedef int (*command_call)(struct session *s, const char *name, const char *json_args,
                            struct buf *out, struct error *e);

struct command {
    const char *name, *args;
    struct buf result;
    bool is_dry;
    struct dry dry;
};

static int command_start(struct conversation *c, struct error *e)
{
    struct command *state = arena_alloc(c->arena, sizeof *state);
    c->state = state;
    int rc;
    if ((rc = request__text(c, "name", true, &state->name, NULL, e)) ||
        (rc = request__bool(c, "dry_run", &state->is_dry, e)) ||
        (rc = request__object(c, "args", &state->args, e)))
        return rc;
    return conversation__session(c, e);
}

static int command_run(struct conversation *c, command_call call, struct error *e)
{
    struct command *state = c->state;
    if (!c->session)
        return error_set(e, ERROR_CANCELLED, "the session is gone: %s", c->lost);
    return call(c->session, state->name, state->args, &state->result, e);
}

static int command_do(struct conversation *c, struct error *e)
{
    return command_run(c, session_command, e);
}

static int command_turn(struct conversation *c, struct error *e)
{
    struct command *state = c->state;
    return state->is_dry ? dry__command(c, &state->dry, command_do, e) : command_do(c, e);
}

static int report_turn(struct conversation *c, struct error *e)
{
    return command_run(c, session_report, e);
}

static int command_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    struct command *state = c->state;
    (void)e;
    if (state->is_dry)
        dry__tell(&state->dry, done);
    jsonw_key(done, "result");
    if (state->result.len)
        jsonw_raw(done, state->result.data, state->result.len);
    else
        jsonw_null(done);
    return 0;
}

/* A report says how it is to be shown, too. */
static int report_finish(struct conversation *c, struct jsonw *done, struct error *e)
{
    const struct command *state = c->state;
    jsonw_key(done, "columns");
    script_report_columns(c->org->world.script, state->name, done);
    jsonw_key(done, "zone");
    jsonw_text(done, c->org->world.config.zone);
    return command_finish(c, done, e);
}

static void command_end(struct conversation *c)
{
    struct command *state = c->state;
    if (!state)
        return;
    buf_free(&state->result);
    dry__free(&state->dry);
}

static const char *const command_keys[] = { "name", "args", "cwd", "dry_run", NULL };
static const char *const report_keys[] = { "name", "args", "cwd", NULL };

const struct request_op op_command = { .name = "command",
                                       .keys = command_keys,
                                       .writes = true,
                                       .start = command_start,
                                       .turn = command_turn,
                                       .finish = command_finish,
                                       .end = command_end };

const struct request_op op_report = { .name = "report",
                                      .keys = report_keys,
                                      .start = command_start,
                                      .turn = report_turn,
                                      .finish = report_finish,
                                      .end = command_end };
