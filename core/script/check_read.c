/* Reads the table of baton.workflow into the model of the check. What has a
 * wrong type counts as absent: loading says that. All reads are raw.
 *
 * A table in Lua may be large for nothing, the same part ten thousand times: of
 * each list one more than the limit is read, which loading refuses. */
#include "script/check_read_internal.h"

#include <string.h>

#include "baton/base/text.h"

enum { READ_TEXT_BYTES = 1024, READ_WORDS = 256 };

struct reader {
    lua_State *L;
    struct check *c;
    bool beyond; /* a list was longer */
};

/* How much of a list of n is read. */
static size_t read_bounded(struct reader *r, size_t n, size_t limit)
{
    if (n <= limit)
        return n;
    r->beyond = true;
    return limit + 1;
}

/* The text at `index`; names are short, titles are to be read. */
static const char *read_string(struct reader *r, int index)
{
    size_t n;
    const char *text = lua_tolstring(r->L, index, &n);
    return arena_dupn(r->c->memory, text, n < READ_TEXT_BYTES ? n : READ_TEXT_BYTES);
}

/* Pushes the value under `key` of the table on top. */
static int read_key(struct reader *r, const char *key)
{
    lua_pushstring(r->L, key);
    return lua_rawget(r->L, -2);
}

static const char *read_text(struct reader *r, const char *key)
{
    const char *text = NULL;
    if (read_key(r, key) == LUA_TSTRING)
        text = read_string(r, -1);
    lua_pop(r->L, 1);
    return text;
}

static bool read_bool(struct reader *r, const char *key)
{
    bool value = read_key(r, key) == LUA_TBOOLEAN && lua_toboolean(r->L, -1);
    lua_pop(r->L, 1);
    return value;
}

static bool read_has(struct reader *r, const char *key)
{
    bool has = read_key(r, key) != LUA_TNIL;
    lua_pop(r->L, 1);
    return has;
}

static int64_t read_int(struct reader *r, const char *key, int64_t otherwise)
{
    read_key(r, key);
    int64_t value = lua_isinteger(r->L, -1) ? lua_tointeger(r->L, -1) : otherwise;
    lua_pop(r->L, 1);
    return value;
}

/* The value on top, a word or a list of words. */
static const char *const *read_words_here(struct reader *r)
{
    size_t count = 0;
    size_t n = read_bounded(r, lua_istable(r->L, -1) ? lua_rawlen(r->L, -1) : 0, READ_WORDS);
    if (lua_type(r->L, -1) == LUA_TSTRING) {
        const char **one = arena_alloc(r->c->memory, 2 * sizeof *one);
        one[0] = read_string(r, -1);
        return one;
    }
    if (n == 0)
        return NULL;
    const char **words = arena_alloc(r->c->memory, (n + 1) * sizeof *words);
    for (size_t i = 1; i <= n; i++) {
        if (lua_rawgeti(r->L, -1, (lua_Integer)i) == LUA_TSTRING)
            words[count++] = read_string(r, -1);
        lua_pop(r->L, 1);
    }
    return count ? words : NULL;
}

static const char *const *read_words(struct reader *r, const char *key)
{
    read_key(r, key);
    const char *const *words = read_words_here(r);
    lua_pop(r->L, 1);
    return words;
}

/* A span, or a number of milliseconds, on top. */
static bool read_span_here(struct reader *r, struct span *out)
{
    if (lua_isinteger(r->L, -1)) {
        *out = (struct span){ .ms = lua_tointeger(r->L, -1) };
        return true;
    }
    return lua_type(r->L, -1) == LUA_TSTRING && span_parse(lua_tostring(r->L, -1), out, NULL) == 0;
}

static bool read_span(struct reader *r, const char *key, struct span *out)
{
    read_key(r, key);
    bool good = read_span_here(r, out);
    lua_pop(r->L, 1);
    return good;
}

/* ---- stages ---- */

static void read_step(struct reader *r, struct check_stage *s, enum step_kind kind)
{
    struct check_step step = { .kind = kind };
    bool good = lua_istable(r->L, -1)
                    ? read_span(r, kind == STEP_REMIND ? "before" : "after", &step.span)
                    : read_span_here(r, &step.span);
    if (lua_istable(r->L, -1))
        step.to = read_text(r, "to");
    if (!good && !step.to)
        return;
    struct check_step *steps = arena_alloc(r->c->memory, (s->step_count + 1) * sizeof *steps);
    if (s->step_count)
        memcpy(steps, s->steps, s->step_count * sizeof *steps);
    steps[s->step_count++] = step;
    s->steps = steps;
}

static void read_steps(struct reader *r, struct check_stage *s, const char *key,
                       enum step_kind kind)
{
    read_key(r, key);
    size_t n = read_bounded(r, lua_istable(r->L, -1) ? lua_rawlen(r->L, -1) : 0, LIMIT_STEPS);
    if (!lua_isnil(r->L, -1) && n == 0)
        read_step(r, s, kind);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(r->L, -1, (lua_Integer)i);
        read_step(r, s, kind);
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
}

static void read_deadline(struct reader *r, struct check_stage *s)
{
    if (read_key(r, "deadline") == LUA_TTABLE) {
        s->has_within = read_span(r, "within", &s->within);
        s->due_field = read_text(r, "due_field");
        s->has_deadline = s->due_field || read_has(r, "within"); /* be it mistyped */
        read_steps(r, s, "remind", STEP_REMIND);
        read_steps(r, s, "escalate", STEP_ESCALATE);
        if (read_key(r, "expire") == LUA_TTABLE) {
            s->expire = read_text(r, "transition");
            read_span(r, "after", &s->expire_after);
        }
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
}

static bool read_stage(struct reader *r, struct check_stage *s)
{
    s->name = read_text(r, "name");
    s->title = read_text(r, "title");
    s->outcome = read_text(r, "outcome");
    s->initial = read_bool(r, "initial");
    s->final = read_bool(r, "final");
    s->owner_roles = read_words(r, "owner_roles");
    s->required = read_words(r, "required");
    if (s->name)
        read_deadline(r, s);
    return s->name != NULL;
}

/* ---- transitions ---- */

/* "good_fit", other = { comment = true }, simple = "Simple" */
static void read_reasons(struct reader *r, struct check_transition *t)
{
    struct check_names reasons = { 0 }, commented = { 0 };
    if (read_key(r, "reasons") == LUA_TTABLE)
        for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1)) {
            if (read_bounded(r, reasons.count, LIMIT_REASONS) > LIMIT_REASONS) {
                lua_pop(r->L, 2);
                break;
            }
            if (lua_type(r->L, -2) == LUA_TSTRING) {
                if (check__has(&reasons, lua_tostring(r->L, -2)))
                    t->reason_twice = read_string(r, -2);
                check__name(r->c, &reasons, lua_tostring(r->L, -2));
                if (lua_istable(r->L, -1) && read_bool(r, "comment"))
                    check__name(r->c, &commented, lua_tostring(r->L, -2));
            } else if (lua_type(r->L, -1) == LUA_TSTRING) {
                if (check__has(&reasons, lua_tostring(r->L, -1)))
                    t->reason_twice = read_string(r, -1);
                check__name(r->c, &reasons, lua_tostring(r->L, -1));
            }
        }
    lua_pop(r->L, 1);
    t->reasons = reasons.at;
    t->commented = commented.at;
}

/* seats = { "lead", parent = { role = "senior", weight = 2 }, … }, need = 3 */
static void read_approval(struct reader *r, struct check_transition *t)
{
    struct check_names roles = { 0 };
    if (read_key(r, "approval") == LUA_TTABLE) {
        t->approval.need = read_int(r, "need", 0);
        if (read_key(r, "seats") == LUA_TTABLE)
            for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1)) {
                const char *role = NULL;
                int64_t weight = 1;
                if (read_bounded(r, roles.count, LIMIT_SEATS) > LIMIT_SEATS) {
                    lua_pop(r->L, 2);
                    break;
                }
                if (lua_istable(r->L, -1)) {
                    role = read_text(r, "role");
                    weight = read_int(r, "weight", 1);
                } else if (lua_type(r->L, -1) == LUA_TSTRING) {
                    role = lua_tostring(r->L, -1);
                }
                if (role)
                    check__name(r->c, &roles, role);
                t->approval.weight += weight > 0 ? weight : 1;
            }
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    t->approval.roles = roles.at;
}

static bool read_is_known(const char *key)
{
    static const char *const known[] = { "name",   "title",    "help",    "from",     "to",
                                         "roles",  "required", "reasons", "note",     "locked",
                                         "source", "guard",    "effect",  "approval", NULL };
    for (size_t i = 0; known[i]; i++)
        if (!strcmp(known[i], key))
            return true;
    return false;
}

static bool read_transition(struct reader *r, struct check_transition *t)
{
    t->name = read_text(r, "name");
    t->title = read_text(r, "title");
    t->source = read_text(r, "source");
    t->to = read_text(r, "to");
    t->from = read_words(r, "from");
    t->roles = read_words(r, "roles");
    t->required = read_words(r, "required");
    t->note = read_bool(r, "note");
    t->locked = read_bool(r, "locked");
    t->guard = read_has(r, "guard");
    t->effect = read_has(r, "effect");
    read_reasons(r, t);
    read_approval(r, t);
    for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1))
        if (lua_type(r->L, -2) == LUA_TSTRING && !read_is_known(lua_tostring(r->L, -2)))
            t->other = true;
    return t->name && t->from;
}

/* ---- the whole ---- */

static void read_fields(struct reader *r, struct check_workflow *w)
{
    size_t room = 0;
    if (read_key(r, "fields") == LUA_TTABLE)
        for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1)) {
            struct check_field f = { .type = "text" };
            if (read_bounded(r, w->field_count + 1, LIMIT_FIELDS) > LIMIT_FIELDS) {
                lua_pop(r->L, 2);
                break;
            }
            if (lua_type(r->L, -2) != LUA_TSTRING)
                continue;
            f.name = read_string(r, -2);
            if (lua_type(r->L, -1) == LUA_TSTRING)
                f.type = read_string(r, -1);
            if (lua_istable(r->L, -1)) {
                const char *type = read_text(r, "type");
                f.type = type ? type : read_has(r, "to") ? "ref" : "text";
                f.help = read_text(r, "help");
            }
            w->fields =
                check__grow(r->c->memory, w->fields, w->field_count, &room, sizeof *w->fields);
            w->fields[w->field_count++] = f;
        }
    lua_pop(r->L, 1);
}

static size_t read_list(struct reader *r, const char *key, size_t limit)
{
    return read_bounded(r, read_key(r, key) == LUA_TTABLE ? lua_rawlen(r->L, -1) : 0, limit);
}

static void read_stages(struct reader *r, struct check_workflow *w)
{
    size_t n = read_list(r, "stages", LIMIT_STAGES), initials = 0;
    w->stages = arena_alloc(r->c->memory, (n + 1) * sizeof *w->stages);
    for (size_t i = 1; i <= n; i++) {
        struct check_stage *s = &w->stages[w->stage_count];
        if (lua_rawgeti(r->L, -1, (lua_Integer)i) == LUA_TTABLE && read_stage(r, s)) {
            initials += s->initial;
            w->stage_count++;
        }
        lua_pop(r->L, 1);
    }
    if (w->stage_count && initials == 0)
        w->stages[0].initial = true;
    lua_pop(r->L, 1);
}

static void read_transitions(struct reader *r, struct check_workflow *w)
{
    size_t n = read_list(r, "transitions", LIMIT_TRANSITIONS);
    w->transitions = arena_alloc(r->c->memory, (n + 1) * sizeof *w->transitions);
    for (size_t i = 1; i <= n; i++) {
        struct check_transition *t = &w->transitions[w->transition_count];
        if (lua_rawgeti(r->L, -1, (lua_Integer)i) == LUA_TTABLE && read_transition(r, t))
            w->transition_count++;
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
}

bool read__workflow(lua_State *L, struct check *c, struct check_workflow *w)
{
    struct reader r = { .L = L, .c = c };
    luaL_checkstack(L, 16, NULL);
    lua_pushvalue(L, 1);
    w->name = read_text(&r, "name");
    w->title = read_text(&r, "title");
    w->version = (int)read_int(&r, "version", 1);
    if (w->name) {
        read_fields(&r, w);
        read_stages(&r, w);
        read_transitions(&r, w);
    }
    lua_pop(L, 1);
    w->beyond = r.beyond;
    return w->name != NULL;
}
