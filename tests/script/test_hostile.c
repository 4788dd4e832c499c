/* What no attack in Lua can arrange: memory that ends at every single allocation, a C function that
 * never returns; and handles that outlive what they name. */
#include "plugin_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* ---- memory that ends ---- */

struct failing {
    lua_Alloc f;
    void *context;
    size_t left;  /* allocations that go well; then none does, until this is removed */
    size_t count; /* of all */
};

static void *failing_allocate(void *context, void *p, size_t osize, size_t nsize)
{
    struct failing *a = context;
    if (nsize > 0 && (!p || nsize > osize)) {
        a->count++;
        if (a->left == 0) {
            ((struct script *)a->context)->starved = true;
            return NULL;
        }
        a->left--;
    }
    return a->f(a->context, p, osize, nsize);
}

static void failing_install(struct fix *f, struct failing *a, size_t left)
{
    lua_State *L = script__main(f->s);
    *a = (struct failing){ .left = left };
    a->f = lua_getallocf(L, &a->context);
    lua_setallocf(L, failing_allocate, a);
}

static void failing_remove(struct fix *f, const struct failing *a)
{
    lua_setallocf(script__main(f->s), a->f, a->context);
}

static const char permissions_all[] =
    "permissions = people, partners, services, staff, messages, timers\n";

static const char typical[] =
    "baton.workflow{name = 'w', title = 'W', fields = {n = 'int', tags = 'list'},\n"
    "  stages = {{name = 'a', deadline = {within = '2 days', remind = {'1 day'}}},\n"
    "    {name = 'b', final = true, outcome = 'done'}},\n"
    "  transitions = {{name = 'go', from = 'a', to = 'b',\n"
    "    guard = function(r, call) return r.title ~= 'no' and #(r.fields.tags or {}) >= 0 end,\n"
    "    effect = function(r, call) r:note('moved ' .. r.ref) baton.emit('w.moved', {n = 1}, r) "
    "end}}}\n"
    "baton.on('referral.opened', function(e, r) r:set{fields = {tags = {'x', 'y'}}} end)\n"
    "baton.command('work', {args = {{name = 'n', type = 'int'}}}, function(args)\n"
    "  local weak = setmetatable({}, {__mode = 'kv'})\n"
    "  for i = 1, 20 do weak[i] = {i} weak[{}] = i setmetatable({}, {__mode = 'k'})[weak] = {} "
    "end\n"
    "  local co = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a .. i) end end)\n"
    "  local text = co('a') .. co('b') .. ('%d %s'):format(args.n or 1, 'x')\n"
    "  local list = {} for w in text:gmatch('%w+') do list[#list + 1] = w:upper() end\n"
    "  table.sort(list, function(x, y) return x > y end)\n"
    "  local t = json.decode(json.encode{list = list, deep = {{{1}}}})\n"
    "  local f = assert(load('local a = ... return function() return a end'))(t)\n"
    "  local r = referrals.open{workflow = 'w', title = 't', fields = {n = 3}}\n"
    "  r:advance('go')\n"
    "  local rows = csv.parse('a,b\\n1,2\\n')\n"
    "  return {n = #rows + #f().list, r = r.ref, s = text:gsub('%a', {a = 'A'})}\n"
    "end)\n";

static int work(struct fix *f)
{
    return fix_run(f, "return baton.call('work', {n = 5}).r");
}

/* The state at hand either works on or may be thrown away, after any refusal. */
static void every_allocation_of_a_call(void **state)
{
    struct fix *f = *state;
    struct failing a;
    fix_use(f, permissions_all, typical);
    ok(work(f));
    failing_install(f, &a, SIZE_MAX);
    ok(work(f));
    size_t count = a.count;
    failing_remove(f, &a);
    assert_true(count > 300);
    size_t step = getenv("BATON_SOAK") ? 1 : 3;
    for (size_t i = 0; i < count; i += step) {
        failing_install(f, &a, i);
        int rc = work(f);
        failing_remove(f, &a);
        script_rewind(f->s); /* or its circuit breaker would open */
        if (rc == 0)
            continue; /* a collection, or nothing needed it */
        if (rc != -ERROR_LIMIT && rc != -ERROR_SCRIPT && rc != -ERROR_DENIED)
            fail_msg("allocation %zu: %d %s", i, rc, f->e.message);
        if (rc == -ERROR_LIMIT && !strstr(f->e.message, "memory"))
            fail_msg("allocation %zu: %s", i, f->e.message);
        if (work(f) < 0)
            fail_msg("after allocation %zu: %s", i, f->e.message);
    }
}

static void every_allocation_of_loading(void **state)
{
    struct fix *f = *state;
    struct failing a;
    size_t count = 1, loaded = 0;
    fix_plugin(f, "p", permissions_all, typical);
    size_t step = getenv("BATON_SOAK") ? 1 : 7;
    for (size_t i = 0; i < count; i += step) {
        fix_reopen(f);
        failing_install(f, &a, i == 0 ? SIZE_MAX : i);
        const char *problem = fix_load_one(f, "p");
        failing_remove(f, &a);
        if (i == 0)
            count = a.count;
        loaded += !*problem;
        if (*problem && !strstr(problem, "memory"))
            fail_msg("allocation %zu: %s", i, problem);
        ok(fix_lua(f, 1000, "return #tostring(baton)"));
    }
    assert_true(count > 300 && loaded > 0);
}

/* ---- a C function that does not come back ---- */

static int hang(lua_State *L)
{
    volatile unsigned n = 0;
    (void)L;
    for (;;)
        n++;
    return 0;
}

static int hang_install(lua_State *L)
{
    struct fix *f = lua_touserdata(L, 1);
    script__push_env(L, NULL, NULL);
    lua_pushcfunction(L, hang);
    lua_setfield(L, -2, "hang");
    f->env = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int stuck_fd;

static void stuck(void *context, const char *plugin)
{
    (void)context;
    ssize_t n = write(stuck_fd, plugin ? plugin : "session", plugin ? strlen(plugin) : 7);
    (void)n;
}

static int hang_in_plugin(lua_State *L)
{
    struct fix *f = lua_touserdata(L, 1);
    struct script_frame frame = { .plugin = f->s->plugins[0], .what = "x", .budget_ms = 20 };
    lua_pushcfunction(L, hang);
    return script__call(L, &frame, 0, 0, &f->e);
}

static void hang_child(struct fix *f, bool plugin)
{
    struct script_frame frame = { .what = "test" };
    f->options.stuck = stuck;
    fix_reopen(f);
    fix_use(f, "", "");
    ok(script__protect(script__main(f->s), &frame, hang_install, f, &f->e));
    if (plugin)
        script__protect(script__main(f->s), &frame, hang_in_plugin, f, &f->e);
    else
        fix_lua(f, 20, "pcall(hang)");
    _exit(1);
}

static void hang_ends(struct fix *f, bool plugin, const char *name, const char *line)
{
    int said[2], told[2], status;
    char text[512] = "", who[64] = "";
    assert_int_equal(pipe(said) | pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(said[1], STDERR_FILENO);
        stuck_fd = told[1];
        struct rlimit most = { 30, 30 };
        setrlimit(RLIMIT_CPU, &most); /* should the backstop fail */
        hang_child(f, plugin);
    }
    close(said[1]);
    close(told[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
    assert_true(read(said[0], text, sizeof text - 1) > 0);
    assert_true(read(told[0], who, sizeof who - 1) > 0);
    assert_string_equal(who, name);
    assert_contains(text, line);
    close(said[0]);
    close(told[0]);
}

static void a_function_that_never_returns(void **state)
{
    struct fix *f = *state;
    hang_ends(f, true, "p", "baton: plugin p of organisation test did not come back");
    hang_ends(f, false, "session", "baton: a session of organisation test did not come back");
}

/* Neither sleeping in C nor Lua that is stopped in time ends a process. */
static int doze(lua_State *L)
{
    struct timespec left = { 2, 500000000 };
    (void)L;
    while (nanosleep(&left, &left) != 0)
        ;
    return 0;
}

static void waiting_is_no_hanging(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "x", .budget_ms = 20 };
    lua_State *L = script__main(f->s);
    lua_pushcfunction(L, doze);
    ok(script__call(L, &frame, 0, 0, &f->e));
    refused(fix_lua(f, 30, "while true do end"), ERROR_LIMIT, "30 ms");
}

/* The timer must not outpace a script that gives way with 200,000 calls open. */
static void deep_recursion_gives_way(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "script", .actor = &fix_operator };
    lua_State *L = script__main(f->s), *co = lua_newthread(L);
    bool yielded = true;
    int results = 0, steps = 0;
    ok(fix_lua(f, 0, "return 1")); /* makes the environment */
    assert_int_equal(luaL_loadstring(co, "local function deep(n) return 1 + deep(n + 1) end\n"
                                         "for i = 1, 3 do pcall(deep, 1) end return 'back'"),
                     LUA_OK);
    lua_rawgeti(co, LUA_REGISTRYINDEX, f->env);
    lua_setupvalue(co, -2, 1);
    for (; yielded && steps < 5000; steps++)
        ok(script__resume(L, co, &frame, 0, &results, &yielded, &f->e));
    assert_int_equal(results, 1);
    assert_string_equal(lua_tostring(co, -1), "back");
}

/* ---- handles ---- */

static void handles_of_what_is_gone(void **state)
{
    struct fix *f = *state;
    ok(fix_run(f, "kept = people.add{name = 'Ada'} again = pairs(kept.fields)"));
    /* A command that fails takes its rows with it; the handle stays, and says so. */
    refused(fix_run(f, "lost = people.add{name = 'Bob'} error('no')"), ERROR_SCRIPT, "no");
    gives("return tostring(lost) .. ' ' .. lost.id", "P-2 2");
    refused(fix_run(f, "return lost.name"), ERROR_NOT_FOUND, "P-2");
    refused(fix_run(f, "lost:set{name = 'x'}"), ERROR_NOT_FOUND, "P-2");
    refused(fix_run(f, "return lost.fields.x"), ERROR_NOT_FOUND, "P-2");
    refused(fix_run(f, "for k in pairs(lost.fields) do end"), ERROR_NOT_FOUND, "P-2");
    gives("return kept.name", "Ada");
    /* Methods taken off one kind of handle and called with another. */
    refused(fix_run(f, "local t = kept.set return t(json.decode('[]'), {})"), ERROR_INVALID,
            "not a handle");
    refused(fix_run(f, "return kept.set(kept.fields, {name = 'x'})"), ERROR_INVALID, "");
    gives("return kept == people.get(1) and kept ~= lost and kept ~= 1", "true");
    /* After a reload everything is new, and the ids mean what they meant. */
    fix_reopen(f);
    gives("return tostring(kept) .. people.get(1).name", "nilAda");
}

/* Text with every oddity goes in and comes out, or is refused at the door. */
static void odd_text_in_columns(void **state)
{
    struct fix *f = *state;
    static const char *const odd[] = { "a\\0b",       "\\xff",      "\\xed\\xa0\\x80",
                                       "\\27[2J",     "=1+1",       "{{org.name}}",
                                       "' OR 1=1 --", "\\u{202e}x", "\\u{10ffff}",
                                       "\\r\\n",      "%s%n%d",     "\\\\" };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char lua[256];
        snprintf(lua, sizeof lua,
                 "local s = \"%s\" local ok, p = pcall(people.add, {name = s}) "
                 "return ok and p.name ~= s and 'changed' or ok and people.first{name = s} == nil "
                 "and 'not found' or 'well'",
                 odd[i]);
        gives(lua, "well");
    }
    ok(fix_run(f, "assert(json.decode(json.encode{x = '\\u{10ffff}'}).x == '\\u{10ffff}')"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_of_a_call, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(every_allocation_of_loading, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(a_function_that_never_returns, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(waiting_is_no_hanging, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(deep_recursion_gives_way, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(handles_of_what_is_gone, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(odd_text_in_columns, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
