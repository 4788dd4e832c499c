/* A file of specs: describe, it, each, before, after only note what is to be
 * done; spec_run does one. Everything hangs on the session of the file: its
 * functions find their spec through it, so one that outlives the file is
 * refused.
 *
 * A case runs inside the turn that the host opened and later aborts; each write
 * is a command in it. */
#include "script/spec_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/memory.h"

struct spec *spec__of(lua_State *L, const char *what)
{
    struct session *s = script__session(L);
    if (!s || !s->spec || script__plugin_name(L))
        script__raisef(L, ERROR_DENIED, "%s is for specs: baton test runs them", what);
    return s->spec;
}

static struct spec *spec_declaring(lua_State *L, const char *what)
{
    struct spec *s = spec__of(L, what);
    if (!s->declaring)
        script__raisef(L, ERROR_DENIED, "%s inside of it: a case can't declare others", what);
    return s;
}

int spec__fail(lua_State *L, const struct buf *text)
{
    struct spec *s = spec__of(L, "expect");
    struct error e;
    buf_clear(&s->detail);
    buf_add(&s->detail, buf_text(text), text->len);
    error_set(&e, ERROR_INVALID, "%.*s", 900, buf_text(text));
    mem_free(s->brief);
    s->brief = mem_dup(e.message);
    script__raise(L, &e);
}

/* ---- groups ---- */

static size_t spec_add_group(struct spec *s, const char *name)
{
    const char *outer = s->group_count ? s->groups[s->group].name : "";
    struct buf full = BUF_INIT;
    buf_printf(&full, "%s%s%s", outer, *outer ? " › " : "", name);
    s->groups = mem_resize(s->groups, (s->group_count + 1) * sizeof *s->groups);
    s->groups[s->group_count] =
        (struct spec_group){ .parent = s->group, .name = buf_take(&full), .options = LUA_NOREF };
    return s->group_count++;
}

static int spec_describe(lua_State *L)
{
    struct spec *s = spec_declaring(L, "describe");
    const char *name = luaL_checkstring(L, 1);
    if (lua_isnoneornil(L, 3) && lua_isfunction(L, 2)) {
        lua_settop(L, 2);
        lua_newtable(L);
        lua_insert(L, 2);
    }
    lua_settop(L, 3);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    if (s->depth >= SPEC_DEPTH)
        script__raisef(L, ERROR_LIMIT, "describe: nested more than %d deep", SPEC_DEPTH);
    spec__check_options(L, 2);
    size_t outer = s->group, group = spec_add_group(s, name);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->groups[outer].options);
    spec__merge_options(L, 4, 2);
    lua_pushvalue(L, -1);
    s->groups[group].options = luaL_ref(L, LUA_REGISTRYINDEX);
    spec__read_options(L, lua_gettop(L), s, &s->groups[group]);
    s->group = group;
    s->depth++;
    lua_pushvalue(L, 3);
    lua_call(L, 0, 0); /* an error ends the reading of the whole file */
    s->depth--;
    s->group = outer;
    return 0;
}

static int spec_hook(lua_State *L, const char *what, bool after)
{
    struct spec *s = spec_declaring(L, what);
    struct spec_group *g = &s->groups[s->group];
    size_t *count = after ? &g->after_count : &g->before_count;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (*count == SPEC_HOOKS)
        script__raisef(L, ERROR_LIMIT, "%s: more than %d in one describe", what, SPEC_HOOKS);
    lua_settop(L, 1);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    (after ? g->after : g->before)[(*count)++] = ref;
    return 0;
}

static int spec_before(lua_State *L)
{
    return spec_hook(L, "before", false);
}

static int spec_after(lua_State *L)
{
    return spec_hook(L, "after", true);
}

/* ---- cases ---- */

static void spec_add_it(lua_State *L, struct spec *s, const char *name, int function, int row)
{
    char where[ERROR_WHERE_BYTES] = "";
    if (s->it_count == SPEC_CASES)
        script__raisef(L, ERROR_LIMIT, "a file has more than %d cases", SPEC_CASES);
    error__place(L, 1, where, sizeof where);
    s->its = mem_resize(s->its, (s->it_count + 1) * sizeof *s->its);
    const char *outer = s->groups[s->group].name;
    struct buf full = BUF_INIT;
    buf_printf(&full, "%s%s%s", outer, *outer ? " › " : "", name);
    s->its[s->it_count++] = (struct spec_it){ .group = s->group,
                                              .name = buf_take(&full),
                                              .where = mem_dup(where),
                                              .function = function,
                                              .row = row };
}

static int spec_it(lua_State *L)
{
    struct spec *s = spec_declaring(L, "it");
    const char *name = luaL_checkstring(L, 1);
    int function = LUA_NOREF;
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
        lua_pushvalue(L, 2);
        function = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    spec_add_it(L, s, name, function, LUA_NOREF);
    return 0;
}

/* The name of one row: its format with the row's values, or the values themselves. */
static const char *each_name(lua_State *L, int format, int row)
{
    int top = lua_gettop(L);
    lua_Integer n = (lua_Integer)lua_rawlen(L, row);
    if (lua_type(L, format) != LUA_TSTRING) {
        struct buf *text = script__hold_buf(L);
        for (lua_Integer i = 1; i <= n; i++) {
            lua_rawgeti(L, row, i);
            if (i > 1)
                buf_puts(text, ", ");
            spec__show(L, lua_gettop(L), text);
            lua_pop(L, 1);
        }
        const char *name = arena_dup(value__arena(L), buf_text(text));
        lua_settop(L, top);
        return name;
    }
    luaL_checkstack(L, (int)n + 4, "each");
    lua_getfield(L, format, "format");
    lua_pushvalue(L, format);
    for (lua_Integer i = 1; i <= n; i++)
        lua_rawgeti(L, row, i);
    lua_call(L, (int)n + 1, 1);
    const char *name = arena_dup(value__arena(L), lua_tostring(L, -1));
    lua_settop(L, top);
    return name;
}

static int spec_each(lua_State *L)
{
    struct spec *s = spec_declaring(L, "each");
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 3);
    lua_Integer rows = (lua_Integer)lua_rawlen(L, 1);
    if (!rows)
        script__raisef(L, ERROR_INVALID,
                       "each: there are no rows: each({ {4, true}, {7, false} }, "
                       "function(t, weeks, ok) … end, \"%%d weeks\")");
    for (lua_Integer i = 1; i <= rows; i++) {
        lua_settop(L, 3);
        if (lua_rawgeti(L, 1, i) != LUA_TTABLE) { /* a plain value is a row of one */
            lua_createtable(L, 1, 0);
            lua_insert(L, -2);
            lua_rawseti(L, -2, 1);
        }
        const char *name = each_name(L, 3, 4);
        lua_pushvalue(L, 2);
        int function = luaL_ref(L, LUA_REGISTRYINDEX);
        lua_pushvalue(L, 4);
        spec_add_it(L, s, name, function, luaL_ref(L, LUA_REGISTRYINDEX));
    }
    return 0;
}

/* ---- reading a file ---- */

struct spec_source {
    struct spec *spec;
    const char *text;
    size_t n;
};

static int spec_read(lua_State *L)
{
    static const luaL_Reg globals[] = { { "describe", spec_describe }, { "it", spec_it },
                                        { "each", spec_each },         { "before", spec_before },
                                        { "after", spec_after },       { NULL, NULL } };
    const struct spec_source *source = lua_touserdata(L, 1);
    struct spec *s = source->spec;
    session__push_env(L, s->session);
    luaL_setfuncs(L, globals, 0);
    spec__add_expect(L);
    lua_newtable(L);
    spec_add_group(s, "");
    lua_pushvalue(L, -1);
    s->groups[0].options = luaL_ref(L, LUA_REGISTRYINDEX);
    spec__read_options(L, lua_gettop(L), s, &s->groups[0]);
    lua_pop(L, 1);
    const char *name = lua_pushfstring(L, "@%s", s->chunk);
    if (script__load_text(L, source->text, source->n, name) != LUA_OK)
        return lua_error(L);
    session__push_env(L, s->session);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 0);
    return 0;
}

static int spec_protect(struct spec *s, lua_CFunction f, void *argument, const char *what,
                        unsigned budget_ms, struct error *e)
{
    struct script_frame frame = {
        .session = s->session, .actor = &s->session->actor, .what = what, .budget_ms = budget_ms
    };
    s->session->mode = SESSION_SCRIPT;
    s->session->output_bytes = 0;
    s->session->output_cut = false;
    int rc = script__protect(script__main(s->script), &frame, f, argument, e);
    s->session->mode = SESSION_IDLE;
    return rc;
}

int spec_open(struct spec **out, struct script *script, const struct spec_options *o,
              const char *source, size_t n, struct error *e)
{
    static const char *const none[] = { NULL };
    static const struct actor operator= { .name = "operator" };
    struct session_options so = { .actor = &operator,
                                  .output = o->output,
                                  .context = o->context,
                                  .files = none,
                                  .args = none,
                                  .script_name = o->chunk,
                                  .whole_turn = true };
    struct spec *s = mem_new(struct spec);
    s->script = script;
    s->plugin = mem_dup(o->plugin);
    s->chunk = mem_dup(o->chunk);
    int rc = session_open(&s->session, script, &so, e);
    if (rc == 0) {
        struct spec_source what = { s, source, n };
        s->session->spec = s;
        s->declaring = true;
        rc = spec_protect(s, spec_read, &what, "reading the spec", LIMIT_STATEMENT_MS, e);
        s->declaring = false;
    }
    if (rc < 0)
        spec_close(s);
    else
        *out = s;
    return rc;
}

static void spec_unref(struct spec *s, int ref)
{
    luaL_unref(script__main(s->script), LUA_REGISTRYINDEX, ref);
}

void spec_close(struct spec *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->group_count; i++) {
        struct spec_group *g = &s->groups[i];
        spec_unref(s, g->options);
        for (size_t k = 0; k < g->before_count; k++)
            spec_unref(s, g->before[k]);
        for (size_t k = 0; k < g->after_count; k++)
            spec_unref(s, g->after[k]);
        mem_free(g->name);
        mem_free(g->at);
        mem_free(g->plugins);
        mem_free(g->ini);
    }
    for (size_t i = 0; i < s->it_count; i++) {
        spec_unref(s, s->its[i].function);
        spec_unref(s, s->its[i].row);
        mem_free(s->its[i].name);
        mem_free(s->its[i].where);
    }
    session_close(s->session);
    mem_free(s->groups);
    mem_free(s->its);
    mem_free(s->plugin);
    mem_free(s->chunk);
    mem_free(s->brief);
    buf_free(&s->detail);
    mem_free(s);
}

size_t spec_count(const struct spec *s)
{
    return s->it_count;
}

void spec_case_at(const struct spec *s, size_t index, struct spec_case *out)
{
    const struct spec_it *it = &s->its[index];
    const struct spec_group *g = &s->groups[it->group];
    *out = (struct spec_case){ .name = it->name,
                               .where = it->where,
                               .at = g->at,
                               .plugins = g->plugins,
                               .ini = g->ini,
                               .pending = it->function == LUA_NOREF };
}

/* ---- running one ---- */

struct spec_running {
    struct spec *spec;
    const struct spec_it *it;
};

/* Outer groups first. */
static void run_befores(lua_State *L, struct spec *s, size_t group, int t)
{
    if (group)
        run_befores(L, s, s->groups[group].parent, t);
    for (size_t i = 0; i < s->groups[group].before_count; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->groups[group].before[i]);
        lua_pushvalue(L, t);
        lua_call(L, 1, 0);
    }
}

static void run_afters(lua_State *L, struct spec *s, size_t group, int t)
{
    for (size_t i = 0; i < s->groups[group].after_count; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->groups[group].after[i]);
        lua_pushvalue(L, t);
        lua_call(L, 1, 0);
    }
    if (group)
        run_afters(L, s, s->groups[group].parent, t);
}

static int spec_run_case(lua_State *L)
{
    const struct spec_running *r = lua_touserdata(L, 1);
    lua_settop(L, 1);
    spec__push_fixtures(L);
    run_befores(L, r->spec, r->it->group, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->it->function);
    lua_pushvalue(L, 2);
    int count = 1;
    if (r->it->row != LUA_NOREF) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, r->it->row);
        lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
        luaL_checkstack(L, (int)n + 2, "each");
        for (lua_Integer i = 1; i <= n; i++, count++)
            lua_rawgeti(L, 5, i);
        lua_remove(L, 5);
    }
    lua_call(L, count, 0);
    run_afters(L, r->spec, r->it->group, 2);
    return 0;
}

/* Lines of the way to an error that is no expectation. */
static void run_explain(struct spec *s, const struct error *e, struct buf *why)
{
    if (s->brief && !strcmp(s->brief, e->message)) {
        buf_add(why, buf_text(&s->detail), s->detail.len);
        return;
    }
    buf_puts(why, e->message);
    const char *line = e->code == ERROR_SCRIPT ? script__traceback(s->script) : "";
    for (int places = 0; places < 6 && (line = strchr(line, '\n')); line++) {
        size_t n = strcspn(line + 1, "\n");
        const char *place = line + 1 + (line[1] == '\t'), *end = strstr(place, ": in ");
        if (!end || end > line + 1 + n || place[0] == '[')
            continue;
        buf_printf(why, "\n%s%.*s", places++ ? "called from " : "in ", (int)(end - place), place);
    }
}

int spec_run(struct spec *s, size_t index, struct buf *why, size_t *expectations, struct error *e)
{
    struct error own;
    struct spec_running running = { s, &s->its[index] };
    e = e ? e : &own;
    s->expectations = s->made = 0;
    s->first_seq = store_last_event(domain_store(s->script->domain));
    mem_free(s->brief);
    s->brief = NULL;
    int rc = spec_protect(s, spec_run_case, &running, "spec", SPEC_RUN_MS, e);
    *expectations = s->expectations;
    if (rc < 0)
        run_explain(s, e, why);
    return rc;
}

/* ---- help ---- */

static const struct script_function spec_functions[] = {
    { "describe", NULL,
      "describe(name, {settings={…}, plugins={…}, workflows={…}, zone=, at=, title=, roles={…}, "
      "calendar={week=, holidays=, terms=}}, function() … end)",
      "a group of specs of a plugin and the organisation that they run in; the clock stands at "
      "`at` "
      "(2026-03-02 09:00, UTC unless zone says) until it is moved; groups nest",
      "describe(\"tutoring\", { zone = \"Europe/Berlin\", at = \"2026-05-04 08:00\" }, function()\n"
      "  it(\"has a clock\", function(t) expect(t.clock:now()):is_at(\"2026-05-04 08:00\") end)\n"
      "end)" },
    { "it", NULL, "it(name, function(t) … end)",
      "one case, in a scratch organisation of its own: nothing is left of it; t has fixtures (help "
      "\"t\"); without a function it is pending",
      "it(\"declines with a reason\", function(t)\n"
      "  local r = t.referral{ workflow = \"tutoring\" }\n"
      "  expect(r:advance(\"decline\", { reason = \"moved\" }).stage):equals(\"declined\")\n"
      "end)\n"
      "it(\"tells the family\")   -- pending" },
    { "each", NULL, "each({ {4, true}, {7, false} }, function(t, weeks, ok) … end, \"%d weeks\")",
      "one case for each row; the name is a format for the values of the row",
      "each({ { 4, true }, { 41, false } }, function(t, hours, fits)\n"
      "  local r = t.referral{ workflow = \"tutoring\" }\n"
      "  expect(r:can(\"accept\", { fields = { hours = hours } })):equals(fits)\n"
      "end, \"%d hours\")" },
    { "before", NULL, "before(function(t) … end)",
      "runs before each case of its group, outer groups first; what it puts into t the case finds "
      "there",
      "before(function(t) t.tutor = t.staff{ roles = \"specialist\" } end)\n"
      "it(\"may own\", function(t)\n"
      "  local r = t.referral{ workflow = \"tutoring\", owner = t.tutor }\n"
      "  expect(r.owner):equals(t.tutor)\n"
      "end)" },
    { "after", NULL, "after(function(t) … end)",
      "runs after each case that went well: what must hold after all of them",
      "after(function(t) expect(t.messages{ status = \"dead\" }):has_length(0) end)\n"
      "it(\"writes to nobody\", function(t) t.referral{ workflow = \"tutoring\" } end)" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__spec = {
    "spec", "what files below PLUGIN/spec declare; baton test runs them", spec_functions
};
