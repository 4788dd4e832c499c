/* The parts of baton.workflow: stages with their deadlines, transitions with
 * reasons, guard and effect. Each reads the table on top of the stack. */
#include "script/workflow_internal.h"

#include <string.h>

#include "baton/base/text.h"

static struct arena *parts_arena(struct workflow_read *w)
{
    return script__arena(script__of(w->L));
}

/* `workflow "x": stage "y"`, and the place. */
static const char *parts_begin(struct workflow_read *w, const char *kind, const char **name)
{
    const char *what = arena_printf(parts_arena(w), "%s: %s", w->name, kind);
    workflow_place(w, NULL);
    *name = table_need_text(w->L, -1, "name", what);
    workflow_place(w, *name);
    return arena_printf(parts_arena(w), "%s: %s \"%.64s\"", w->name, kind, *name);
}

static void parts_check_keys(struct workflow_read *w, const char *const *known, const char *what)
{
    table_check(w->L, lua_gettop(w->L), known, what);
}

/* ---- deadlines ---- */

struct parts_steps {
    struct step *at;
    size_t count, room;
};

static void steps_add(struct workflow_read *w, struct parts_steps *steps, struct step step)
{
    if (steps->count == steps->room) {
        size_t room = steps->room ? 2 * steps->room : 8;
        struct step *grown = arena_alloc(parts_arena(w), room * sizeof *grown);
        if (steps->count)
            memcpy(grown, steps->at, steps->count * sizeof *grown);
        steps->at = grown;
        steps->room = room;
    }
    steps->at[steps->count++] = step;
}

/* to = "lead", or to = { field = "monitor" } ("owner": who owns it) */
static void steps_read_to(struct workflow_read *w, struct step *step, const char *what)
{
    static const char *const known[] = { "field", NULL };
    lua_State *L = w->L;
    lua_pushliteral(L, "to");
    bool by_field = lua_rawget(L, -2) == LUA_TTABLE;
    if (by_field) {
        what = arena_printf(parts_arena(w), "%s: to", what);
        parts_check_keys(w, known, what);
        step->to_field = table_need_text(L, -1, "field", what);
        if (!strcmp(step->to_field, "owner"))
            step->to_field = "owner_id";
    }
    lua_pop(L, 1);
    if (!by_field)
        step->to_role = table_text(L, -1, "to", what);
}

/* "1 working day", or { before = "1 day", to = "lead" }; on top of the stack. */
static void steps_read_one(struct workflow_read *w, struct parts_steps *steps, enum step_kind kind,
                           const char *key, const char *what)
{
    static const char *const remind_keys[] = { "before", "to", NULL };
    static const char *const escalate_keys[] = { "after", "to", NULL };
    const char *span_key = kind == STEP_REMIND ? "before" : "after";
    lua_State *L = w->L;
    struct step step = { .kind = kind, .transition = -1 };
    if (!lua_istable(L, -1)) {
        step.span = table_to_span(L, -1, key, what);
    } else {
        what = arena_printf(parts_arena(w), "%s: %s", what, key);
        parts_check_keys(w, kind == STEP_REMIND ? remind_keys : escalate_keys, what);
        if (!table_span(L, -1, span_key, &step.span, what))
            script__raisef(L, ERROR_INVALID, "%s: %s is missing", what, span_key);
        steps_read_to(w, &step, what);
    }
    steps_add(w, steps, step);
}

static bool steps_is_one(lua_State *L, const char *key)
{
    bool one = !lua_istable(L, -1);
    if (one)
        return true;
    lua_pushstring(L, key);
    one = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
    return one || lua_rawlen(L, -1) == 0;
}

/* One of them or a list of them. */
static void steps_read(struct workflow_read *w, struct parts_steps *steps, enum step_kind kind,
                       const char *key, const char *what)
{
    lua_State *L = w->L;
    lua_pushstring(L, key);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (steps_is_one(L, kind == STEP_REMIND ? "before" : "after")) {
        steps_read_one(w, steps, kind, key, what);
    } else {
        size_t count = lua_rawlen(L, -1);
        for (size_t i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            steps_read_one(w, steps, kind, key, what);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* A deadline always makes its overdue task: that is a consequence without more being said. */
static void stage_read_deadline(struct workflow_read *w, struct stage *stage, const char *what)
{
    static const char *const known[] = {
        "within", "due_field", "remind", "escalate", "expire", NULL
    };
    lua_State *L = w->L;
    struct parts_steps steps = { 0 };
    if (!table_table(L, -1, "deadline", what)) {
        lua_pop(L, 1);
        return;
    }
    what = arena_printf(parts_arena(w), "%s: deadline", what);
    parts_check_keys(w, known, what);
    bool within = table_span(L, -1, "within", &stage->within, what);
    stage->due_field = table_text(L, -1, "due_field", what);
    if (within == (stage->due_field != NULL))
        script__raisef(L, ERROR_INVALID,
                       "%s: give either within = \"3 working days\" or due_field = \"a_field\"",
                       what);
    stage->has_deadline = true;
    steps_read(w, &steps, STEP_REMIND, "remind", what);
    steps_add(w, &steps, (struct step){ .kind = STEP_DUE, .transition = -1 });
    steps_read(w, &steps, STEP_ESCALATE, "escalate", what);
    stage->steps = steps.at;
    stage->step_count = steps.count;
    lua_pop(L, 1);
}

/* ---- stages ---- */

/* clock = "paused": what remains of the deadline that ran is kept while it is here. */
static bool stage_read_clock(struct workflow_read *w, const char *what)
{
    const char *clock = table_text(w->L, -1, "clock", what);
    if (clock && strcmp(clock, "paused") && strcmp(clock, "runs"))
        script__raisef(w->L, ERROR_INVALID, "%s: clock = \"%.40s\": it is \"paused\" or \"runs\"",
                       what, clock);
    return clock && !strcmp(clock, "paused");
}

void workflow_add_stage(struct workflow_read *w, bool first_is_initial)
{
    static const char *const known[] = { "name",     "title",   "help",        "initial",
                                         "final",    "outcome", "owner_roles", "required",
                                         "deadline", "clock",   NULL };
    lua_State *L = w->L;
    struct stage stage = { 0 };
    struct error e;
    const char *what = parts_begin(w, "stage", &stage.name);
    parts_check_keys(w, known, what);
    stage.title = table_text(L, -1, "title", what);
    stage.help = table_text(L, -1, "help", what);
    stage.outcome = table_text(L, -1, "outcome", what);
    stage.initial =
        table_bool(L, -1, "initial", first_is_initial && graph_stage_count(w->graph) == 0, what);
    stage.final = table_bool(L, -1, "final", false, what);
    stage.owner_roles = table_words(L, -1, "owner_roles", what);
    stage.required = table_words(L, -1, "required", what);
    stage_read_deadline(w, &stage, what);
    stage.clock_paused = stage_read_clock(w, what);
    workflow_check(w, graph_add_stage(w->graph, &stage, workflow_where(w), &e), &e);
}

/* The expiry of a stage names a transition: read when those are there. */
void workflow_add_expire(struct workflow_read *w)
{
    static const char *const known[] = { "after", "transition", NULL };
    lua_State *L = w->L;
    const char *stage;
    struct span after = { 0 };
    struct error e;
    int top = lua_gettop(L);
    const char *what = parts_begin(w, "stage", &stage);
    if (table_table(L, -1, "deadline", what) && table_table(L, -1, "expire", what)) {
        what = arena_printf(parts_arena(w), "%s: expire", what);
        parts_check_keys(w, known, what);
        table_span(L, -1, "after", &after, what);
        const char *transition = table_need_text(L, -1, "transition", what);
        workflow_check(
            w, graph_set_expire(w->graph, stage, &after, transition, workflow_where(w), &e), &e);
    }
    lua_settop(L, top);
}

/* ---- transitions ---- */

/* { title = "Other", comment = true }, on top of the stack. */
static struct reason reason_read(struct workflow_read *w, const char *code, const char *what)
{
    static const char *const known[] = { "title", "comment", "cooling_off", "reroute", NULL };
    struct reason reason = { .code = code };
    what = arena_printf(parts_arena(w), "%s: reason \"%.64s\"", what, code);
    if (lua_type(w->L, -1) == LUA_TSTRING) { /* other = "Other" */
        reason.title = arena_dup(parts_arena(w), lua_tostring(w->L, -1));
        return reason;
    }
    if (!lua_istable(w->L, -1))
        script__raisef(w->L, ERROR_INVALID, "%s takes { title = \"…\", comment = true }", what);
    parts_check_keys(w, known, what);
    reason.title = table_text(w->L, -1, "title", what);
    reason.comment_required = table_bool(w->L, -1, "comment", false, what);
    reason.reroute = table_bool(w->L, -1, "reroute", false, what);
    table_span(w->L, -1, "cooling_off", &reason.cooling_off, what);
    return reason;
}

/* { "good_fit", other = { … } }: plain codes in their order, then the named ones by name. */
static void transition_read_reasons(struct workflow_read *w, struct transition *t, const char *what)
{
    lua_State *L = w->L;
    if (!table_table(L, -1, "reasons", what)) {
        lua_pop(L, 1);
        return;
    }
    const char *const *keys = table_keys(L, -1, what);
    size_t plain = lua_rawlen(L, -1), named = 0;
    while (keys[named])
        named++;
    struct reason *reasons = arena_alloc(parts_arena(w), (plain + named + 1) * sizeof *reasons);
    for (size_t i = 0; i < plain; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID,
                           "%s: reasons is a list of words, and word = { title = \"…\" }", what);
        reasons[i].code = arena_dup(parts_arena(w), lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < named; i++) {
        lua_pushstring(L, keys[i]);
        lua_rawget(L, -2);
        reasons[plain + i] = reason_read(w, keys[i], what);
        lua_pop(L, 1);
    }
    t->reasons = reasons;
    t->reason_count = plain + named;
    lua_pop(L, 1);
}

/* The number of the function under `key`, or -1. */
static int transition_function(struct workflow_read *w, const char *key, const char *name,
                               const char *what, const char **where)
{
    lua_State *L = w->L;
    lua_Debug ar;
    lua_pushstring(L, key);
    int type = lua_rawget(L, -2), number = -1;
    if (type != LUA_TNIL && type != LUA_TFUNCTION)
        script__raisef(L, ERROR_INVALID, "%s: %s takes a function, got a %s", what, key,
                       luaL_typename(L, -1));
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, -1);
        lua_getinfo(L, ">S", &ar);
        if (where)
            *where = arena_printf(parts_arena(w), "%s:%d", ar.short_src, ar.linedefined);
        number = hooks_add_function(L, -1, w->plugin,
                                    arena_printf(parts_arena(w), "%s of \"%.64s\"", key, name));
    }
    lua_pop(L, 1);
    return number;
}

void workflow_add_transition(struct workflow_read *w)
{
    static const char *const known[] = { "name",   "title",    "help",    "from",     "to",
                                         "roles",  "required", "reasons", "note",     "locked",
                                         "source", "guard",    "effect",  "approval", NULL };
    lua_State *L = w->L;
    struct transition t = { .to = -1, .guard = -1, .effect = -1 };
    struct error e;
    const char *what = parts_begin(w, "transition", &t.name);
    parts_check_keys(w, known, what);
    t.title = table_text(L, -1, "title", what);
    t.help = table_text(L, -1, "help", what);
    t.roles = table_words(L, -1, "roles", what);
    t.required = table_words(L, -1, "required", what);
    t.note_required = table_bool(L, -1, "note", false, what);
    t.locked = table_bool(L, -1, "locked", false, what);
    t.source = table_text(L, -1, "source", what);
    const char *const *from = table_words(L, -1, "from", what);
    const char *to = table_text(L, -1, "to", what);
    if (!from || !*from)
        script__raisef(L, ERROR_INVALID, "%s: from is missing: a stage, a list of stages, or \"*\"",
                       what);
    transition_read_reasons(w, &t, what);
    workflow_read_approval(w, &t, what);
    t.guard = transition_function(w, "guard", t.name, what, &t.guard_where);
    t.effect = transition_function(w, "effect", t.name, what, NULL);
    t.where = workflow_where(w);
    workflow_check(w, graph_add_transition(w->graph, &t, from, to, &e), &e);
}
