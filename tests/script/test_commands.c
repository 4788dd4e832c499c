/* Commands and reports that plugins declare. */
#include "plugin_fixture.h"

static const char declared[] =
    "baton.command('all', { help = 'everything', args = { {name = 'a', type = 'any'}, {name = 't', "
    "type = 'text'},\n"
    "  {name = 'i', type = 'int', required = true}, {name = 'r', type = 'real'}, {name = 'b', type "
    "= 'bool'},\n"
    "  {name = 'w', type = 'time'}, {name = 'l', type = 'table'}, {name = 'p', type = 'person'}, "
    "{name = 'o'} } },\n"
    "  function(args) local x = {} for k, v in pairs(args) do x[#x + 1] = k .. '=' .. tostring(v) "
    "end\n"
    "    table.sort(x) return table.concat(x, ' ') end)\n"
    "baton.command('open', {}, function(args) return args end)\n"
    "baton.command('none', {args = {}}, function(args) assert(next(args) == nil) return baton.none "
    "end)\n"
    "baton.command('half', {}, function(args) people.add{name = 'A'} error('half') end)\n"
    "baton.command('add', {}, function(args) return people.add{name = args.name} end)\n"
    "baton.command('fn', {}, function(args) return print end)\n"
    "baton.command('who', {}, function() return tostring(baton.actor()) end)\n"
    "baton.report('rows', { args = { {name = 'n', type = 'int', required = true} } },\n"
    "  function(args) local t = {} for i = 1, args.n do t[i] = {i = i} end return t end)\n"
    "baton.report('writes', {}, function() people.add{name = 'A'} end)\n"
    "baton.report('calls', {}, function() return baton.call('add', {name = 'A'}) end)\n";

static void arguments(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua, *wanted;
    } cases[] = {
        { "return baton.call('all', {i = 1})", "i=1" },
        { "return baton.call('all', {i = '12', r = '1.5', b = 'true', t = 5, o = 'x'})",
          "b=true i=12 o=x r=1.5 t=5" },
        { "return baton.call('all', {i = 1, b = false, a = 7})", "a=7 b=false i=1" },
        { "local t = {} for _, b in ipairs{'yes', 'Yes', 'true', '1', 1, true, 'no', 'FALSE', '0', "
          "0} "
          "do t[#t + 1] = baton.call('all', {i = 1, b = b}):sub(1, 6) end return table.concat(t, ' "
          "')",
          "b=true b=true b=true b=true b=true b=true b=fals b=fals b=fals b=fals" },
        { "return baton.call('all', {i = 1, w = '2026-03-01 09:00'})", "i=1 w=1772355600000" },
        { "people.add{name = 'A'} return baton.call('all', {i = 1, p = 'P-1'})", "i=1 p=P-1" },
        { "return baton.call('all', {i = 1, p = people.get(1)})", "i=1 p=P-1" },
        { "return baton.call('all', {i = 1, t = baton.none})", "i=1" },
        { "return tostring(baton.call('none') == baton.none)", "true" },
        { "return tostring(baton.call('none', {}) == baton.none)", "true" },
        { "return baton.call('open', {x = {1, {y = 'z'}}}).x[2].y", "z" },
        { "local mine = {x = {}} local theirs = baton.call('open', mine) return tostring(theirs ~= "
          "mine and theirs.x ~= mine.x)",
          "true" },
        { "return #baton.run_report('rows', {n = 3})", "3" },
        { "return baton.call('add', {name = 'B'}).ref", "P-2" },
        { "return baton.call('who')", "nil" },
    };
    fix_use(f, "permissions = people\n", declared);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        gives(cases[i].lua, cases[i].wanted);
}

static void refusals(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua;
        enum error_code code;
        const char *message;
    } cases[] = {
        { "baton.call('al')", ERROR_NOT_FOUND, "no command \"al\"" },
        { "baton.call('rows')", ERROR_NOT_FOUND, "no command \"rows\"; there are: all, open" },
        { "baton.run_report('row')", ERROR_NOT_FOUND, "no report \"row\", did you mean \"rows\"?" },
        { "baton.call('all', {})", ERROR_INVALID, "command all: argument \"i\" is missing" },
        { "baton.call('all', {i = 'x'})", ERROR_INVALID,
          "command all: \"i\" takes a whole number, got \"x\"" },
        { "baton.call('all', {i = 1.5})", ERROR_INVALID, "takes a whole number" },
        { "baton.call('all', {i = true})", ERROR_INVALID, "takes a whole number, got boolean" },
        { "baton.call('all', {i = 1, r = 'x'})", ERROR_INVALID, "\"r\" takes a number" },
        { "baton.call('all', {i = 1, b = 'maybe'})", ERROR_INVALID, "\"b\" takes true or false" },
        { "baton.call('all', {i = 1, b = ''})", ERROR_INVALID, "(or yes, no, 1, 0), got \"\"" },
        { "baton.call('all', {i = 1, b = 2})", ERROR_INVALID, "(or yes, no, 1, 0), got \"2\"" },
        { "baton.call('all', {i = 1, b = 1.0})", ERROR_INVALID, "\"b\" takes true or false" },
        { "baton.call('all', {i = 1, t = {}})", ERROR_INVALID, "\"t\" takes text, got table" },
        { "baton.call('all', {i = 1, l = 5})", ERROR_INVALID, "\"l\" takes a table" },
        { "baton.call('all', {i = 1, w = 'someday'})", ERROR_INVALID, "someday" },
        { "baton.call('all', {i = 1, p = 'R-1'})", ERROR_INVALID, "R-1" },
        { "baton.call('none', {x = 1})", ERROR_INVALID, "command none: unknown argument \"x\"" },
        { "baton.call('all', {i = 1, tt = 1})", ERROR_INVALID, "unknown argument \"tt\"" },
        { "baton.call('all', 5)", ERROR_SCRIPT, "table expected" },
        { "baton.call('open', {f = print})", ERROR_INVALID, "function" },
        { "baton.call('fn')", ERROR_INVALID, "function" },
        { "baton.call('half')", ERROR_SCRIPT, "plugin p, command half: half" },
        { "pcall(baton.call, 'half')", ERROR_CANCELLED, "nothing is kept" },
        { "baton.run_report('writes')", ERROR_DENIED, "a report may only read" },
        { "baton.run_report('calls')", ERROR_DENIED, "a report may only read" },
        { "baton.run_report('rows', {n = 'many'})", ERROR_INVALID,
          "report rows: \"n\" takes a whole number" },
    };
    fix_use(f, "permissions = people\n", declared);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(fix_run(f, cases[i].lua), cases[i].code, cases[i].message);
    gives("return people.count{}", "0");
    ok(fix_run(
        f,
        "pcall(baton.call, 'al') people.add{name = 'A'}")); /* nothing was written by what failed */
}

/* Outside a command each call is a turn of its own. */
static void calls_of_scripts(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n", declared);
    ok(fix_lua(f, 0,
               "baton.call('add', {name = 'A'}) pcall(baton.call, 'half') baton.call('add', {name "
               "= 'B'})"));
    gives("return people.count{}", "2");
    gives("return people.get(1):history()[1].actor", "operator via p");
}

static void from_outside(void **state)
{
    struct fix *f = *state;
    lua_State *L = script__main(f->s);
    int top = lua_gettop(L);
    fix_use(f, "permissions = people\n", declared);
    lua_newtable(L);
    lua_pushinteger(L, 3);
    lua_setfield(L, -2, "n");
    ok(script__run_command(L, NULL, "rows", true, &f->e));
    assert_int_equal(lua_gettop(L), top + 1);
    assert_int_equal(lua_rawlen(L, -1), 3);
    lua_pop(L, 1);
    lua_newtable(L);
    refused(script__run_command(L, NULL, "rows", false, &f->e), ERROR_NOT_FOUND, "no command");
    assert_int_equal(lua_gettop(L), top);
    lua_newtable(L);
    refused(script__run_command(L, NULL, "rows", true, &f->e), ERROR_INVALID, "is missing");
    assert_int_equal(lua_gettop(L), top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(refusals, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(calls_of_scripts, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(from_outside, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
