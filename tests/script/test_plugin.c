/* Loading plugins: what plugin.ini may say, order, all or nothing, sources that
 * stay inside, permissions, the circuit breaker. */
#include "plugin_fixture.h"

#include "script/hooks_internal.h"

static struct plugin_info info_of(struct fix *f, const char *name)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(f->s); i++) {
        script_plugin_at(f->s, i, &info);
        if (!strcmp(info.name, name))
            return info;
    }
    fail_msg("no plugin %s", name);
    return info;
}

static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *a, *op, *b;
        bool wanted;
    } cases[] = {
        { "1.0.0", ">=", "1.0", true }, { "1.2", ">=", "1.10", false },
        { "2", ">", "1.9.9", true },    { "1.0", "=", "1.0.0.0", true },
        { "1.0", "==", "1.1", false },  { "1.0", "<", "1.0.1", true },
        { "1.0", "<=", "1.0", true },   { "1", "", "", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(version_satisfies(cases[i].a, cases[i].op, cases[i].b), cases[i].wanted);
}

static void plugin_ini_is_checked(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *ini, *problem;
    } cases[] = {
        { "[plugin]\nversion = 1\n", "name = (missing): it must be the name of its folder, p" },
        { "[plugin]\nname = q\nversion = 1\n",
          "plugin.ini:2: name = q: it must be the name of its folder, p" },
        { "[plugin]\nname = p\n", "version = (missing): write numbers with dots" },
        { "[plugin]\nname = p\nversion = 1.x\n", "plugin.ini:3: version = 1.x" },
        { "[plugin]\nname = p\nversion = 1.2.3.4.5\n", "version = 1.2.3.4.5" },
        { "[plugin]\nname = p\nversion = 1\napi = 2\n", "plugin.ini:4" },
        { "[plugin]\nname = p\nversion = 1\npermissions = mesages\n",
          "unknown permission \"mesages\", did you mean \"messages\"?" },
        { "[plugin]\nname = p\nversion = 1\npermissions = files\n",
          "unknown permission \"files\"" },
        { "[plugin]\nname = p\nversion = 1\nrequires = other >> 1\n",
          "plugin.ini:4: requires = other >> 1" },
        { "[plugin]\nname = p\nversion = 1\nrequires = other >=\n", "requires = other >=" },
        { "[plugin]\nname = p\nversion = 1\nrequires = other 1.0\n", "requires = other 1.0" },
        { "[plugin]\nname = p\nversion = 1\nrequires = 9x\n", "requires = 9x" },
        { "[plugin]\nname = p\nversion = 1\ntitel = x\n", "titel" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = integer\n",
          "plugin.ini:5: [setting a] type = integer" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ndefault = 1\n", "type = (missing)" },
        { "[plugin]\nname = p\nversion = 1\n[setting A]\ntype = int\n", "is no name" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = int\ndefault = many\n",
          "plugin.ini:6: [setting a] default: a = many: takes a whole number" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = int\nmin = 1\ndefault = 0\n",
          "takes at least 1" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = words\n", "needs values" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = words\nvalues = x, y\ndefault = "
          "z\n",
          "a = z; takes x, y" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = span\ndefault = soon\n",
          "a = soon" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = int\nmin = low\n",
          "min = low: takes a number" },
        { "[plugin]\nname = p\nversion = 1\n[setting a]\ntype = int\nmaximum = 3\n", "maximum" },
        { "nonsense\n", "plugin.ini:1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_write(f, "plugins/p/plugin.ini", cases[i].ini);
        fix_write(f, "plugins/p/init.lua", "");
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: \"%s\" has no \"%s\"", cases[i].ini, problem, cases[i].problem);
        fix_reopen(f);
    }
}

static void missing_plugins(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "pre_referral", "", "");
    const char *problem = fix_load_one(f, "pre_referal");
    assert_contains(problem, "no plugin \"pre_referal\", did you mean \"pre_referral\"?");
    fix_reopen(f);
    static const char *const twice[] = { "a", "a", NULL }, *const odd[] = { "../x", NULL };
    refused(fix_load(f, twice), ERROR_CONFLICT, "\"a\" is named twice");
    fix_reopen(f);
    refused(fix_load(f, odd), ERROR_INVALID, "\"../x\" is no name");
}

static void order_and_requirements(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "base", "", "log.info('base')");
    fix_plugin(f, "middle", "requires = base >= 1.0\n", "log.info('middle')");
    fix_plugin(f, "top", "requires = middle, base = 1.2\n", "log.info('top')");
    static const char *const names[] = { "top", "middle", "base", NULL };
    ok(fix_load(f, names));
    const char *base = strstr(buf_text(&f->output), "1 base"),
               *middle = strstr(buf_text(&f->output), "1 middle");
    const char *top = strstr(buf_text(&f->output), "1 top");
    assert_true(base && middle && top && base < middle && middle < top);
    assert_string_equal(info_of(f, "top").version, "1.2.0");

    fix_reopen(f);
    fix_plugin(f, "middle", "requires = base >= 2\n", "");
    ok(fix_load(f, names));
    assert_contains(info_of(f, "middle").problem,
                    "plugin middle requires base >= 2, there is 1.2.0");
    assert_contains(info_of(f, "top").problem, "plugin top requires middle, which did not load");
    assert_true(info_of(f, "base").loaded);

    fix_reopen(f);
    static const char *const some[] = { "top", NULL };
    ok(fix_load(f, some));
    assert_contains(info_of(f, "top").problem,
                    "requires middle, which plugins = of org.ini does not name");

    fix_reopen(f);
    fix_plugin(f, "base", "requires = top\n", "");
    fix_plugin(f, "middle", "requires = base\n", "");
    fix_plugin(f, "above", "requires = top\n", "");
    fix_plugin(f, "aside", "", "");
    static const char *const five[] = { "above", "aside", "top", "middle", "base", NULL };
    ok(fix_load(f, five));
    for (size_t i = 2; i < 5; i++) {
        assert_false(info_of(f, five[i]).loaded);
        assert_contains(info_of(f, five[i]).problem,
                        "ring: top requires middle requires base requires top");
    }
    assert_contains(info_of(f, "above").problem, "plugin above requires top, which did not load");
    assert_true(info_of(f, "aside").loaded);
}

static void settings(void **state)
{
    struct fix *f = *state;
    static const char declared[] =
        "[setting n]\ntype = int\ndefault = 1\nmin = 0\nmax = 10\nhelp = how many\n"
        "[setting r]\ntype = real\ndefault = 0.5\n[setting b]\ntype = bool\ndefault = yes\n"
        "[setting s]\ntype = span\ndefault = 60 days\n[setting t]\ntype = text\n"
        "[setting w]\ntype = words\nvalues = red, green\ndefault = red\n";
    static const char lua[] =
        "local s = baton.settings\n"
        "log.info('%s %s %s %s %s %s', math.type(s.n) .. s.n, s.r, s.b, s.s, s.t, s.w)\n"
        "local n = 0 for k in pairs(s) do n = n + 1 end assert(n == 6)\n"
        "assert(not pcall(function() s.n = 2 end))\n"
        "assert(getmetatable(s) == false)\n"
        "log.info('%s', select(2, pcall(function() return s.nn end)))\n";
    fix_use(f, declared, lua);
    assert_contains(buf_text(&f->output), "integer1 0.5 true 60 days nil red");
    assert_contains(buf_text(&f->output), "unknown name \"nn\"");
    fix_reopen(f);
    fix_org_ini(f, "[plugin p]\nn = 7\nb = off\nt = hello\nw = green\n");
    fix_use(f, declared, lua);
    assert_contains(buf_text(&f->output), "integer7 0.5 false 60 days hello green");
    ok(ini_unknown(f->org_ini, &f->e));
    static const struct {
        const char *ini, *problem;
    } cases[] = {
        { "[plugin p]\nn = 11\n", "org.ini:2: n = 11: takes 0 to 10" },
        { "[plugin p]\nn = 1.5\n", "takes a whole number" },
        { "[plugin p]\n\nbb = 1\n", "org.ini:3: plugin p has no setting \"bb\"" },
        { "[plugin p]\nw = gren\n", "w = gren, did you mean \"green\"?" },
        { "[plugin p]\nb = perhaps\n", "takes true or false" },
        { "[plugin p]\nr = inf\n", "takes a number" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_reopen(f);
        fix_org_ini(f, cases[i].ini);
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: %s", cases[i].ini, problem);
    }
}

static const char whole_lua[] =
    "baton.field('person', 'grade', 'int')\n"
    "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'z', final = true} },\n"
    "  transitions = { {name = 'end', from = 'a', to = 'z', guard = function() return true end} } "
    "}\n"
    "baton.on('person.created', function() end)\n"
    "baton.command('c', {}, function() end)\n"
    "baton.report('r', {}, function() return {} end)\n"
    "baton.job('j', {every = '1 hour'}, function() end)\n";

static void all_or_nothing(void **state)
{
    struct fix *f = *state;
    char lua[1024];
    fix_use(f, "title = All of it\n", whole_lua);
    struct plugin_info info = info_of(f, "p");
    assert_string_equal(info.title, "All of it");
    assert_int_equal(info.workflows + info.handlers + info.commands + info.jobs + info.reports, 5);
    assert_non_null(domain_graph(f->d, "w"));
    fix_reopen(f);
    assert_null(domain_graph(f->d, "w"));
    assert_null(domain_field(f->d, ENTITY_PERSON, "grade"));

    snprintf(lua, sizeof lua, "%s\nerror('at the end')", whole_lua);
    fix_plugin(f, "p", "", lua);
    assert_contains(fix_load_one(f, "p"), "p/init.lua:9: plugin p, loading: at the end");
    info = info_of(f, "p");
    assert_int_equal(info.workflows + info.handlers + info.commands + info.jobs + info.reports, 0);
    assert_null(domain_graph(f->d, "w"));
    assert_null(domain_field(f->d, ENTITY_PERSON, "grade"));
    assert_true(script_jobs_at(f->s) == INT64_MAX);
    ok(fix_run(f, "people.add{name = 'A'}"));
}

static void loading_fails(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua, *problem;
    } cases[] = {
        { "x = = 1", "p/init.lua:1: plugin p, loading: unexpected symbol near '='" },
        { "\nlocal x = nil; x.y = 1",
          "p/init.lua:2: plugin p, loading: attempt to index a nil value" },
        { "baton.emit('p.x')", "may only declare and read while it loads" },
        { "\033Lua", "attempt to load a binary chunk" },
        { "baton.require('other')", "plugin p has no file other.lua" },
        { "baton.require('../q/init')", "is no name of a file" },
        { "baton.require('/etc/passwd')", "is no name of a file" },
        { "baton.require('sub//x')", "is no name of a file" },
        { "baton.require('out')", "out.lua leads out of the folder of plugin p" },
        { "baton.require('bad')", "p/bad.lua:2: plugin p, loading: in bad" },
        { "baton.require('ring')", "it requires itself" },
        { "baton.on('person.creatd', print)", "did you mean \"person.created\"?" },
        { "baton.on('nodot', print)", "is no event" },
        { "baton.on('person.created', print, {prio = 1})", "unknown key \"prio\"" },
        { "baton.on('person.created', 5)", "function expected" },
        { "baton.job('j', {}, print)", "give either every" },
        { "baton.job('j', {every = '1 hour', at = '06:00'}, print)", "give either every" },
        { "baton.job('j', {every = '10'}, print)", "every" },
        { "baton.job('j', {at = '25:00'}, print)", "write a time of day" },
        { "baton.job('j', {at = '06:00', days = 'wrking'}, print)", "did you mean \"working\"?" },
        { "baton.job('J', {at = '06:00'}, print)", "is no name" },
        { "baton.job('j', {at = '06:00'}, print) baton.job('j', {at = '06:00'}, print)",
          "job j is declared twice" },
        { "baton.command('c', {args = {{name = 'a', type = 'itn'}}}, print)",
          "did you mean \"int\"?" },
        { "baton.command('c', {args = {'a'}}, print)", "args is a list" },
        { "baton.command('c', {}, print) baton.command('c', {}, print)",
          "already declared by plugin p" },
        { "baton.command('c', {arg = {}}, print)", "did you mean \"args\"?" },
        { "\nmessages.template('t', 'Dear {{name}\\n')",
          "p/init.lua:2: plugin p, loading: messages.template \"t\", line 1 of its text: {{ is not "
          "closed" },
        { "baton.field('persn', 'x', 'int')", "did you mean \"person\"?" },
        { "baton.field('person', 'x', 'integer')", "unknown type \"integer\"" },
        { "baton.field('person', 'x', {type = 'int', minimum = 1})", "unknown key \"minimum\"" },
        { "baton.field('person', 'x', {type = 'ref'})", "a ref says to what" },
        { "baton.field('person', 'x', 5)", "takes a type" },
        { "for i = 1, 300 do baton.on('person.created', print) end", "at most 256 handlers" },
        { "local function f() return f() + 1 end f()", "endless recursion" },
    };
    char path[128], target[128];
    fix_write(f, "plugins/p/bad.lua", "\nerror('in bad')");
    fix_write(f, "plugins/p/ring.lua", "baton.require('ring')");
    fix_write(f, "secret.lua", "return 1");
    snprintf(target, sizeof target, "%s/secret.lua", f->dir);
    snprintf(path, sizeof path, "%s/plugins/p/out.lua", f->dir);
    assert_int_equal(symlink(target, path), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_plugin(f, "p", "", cases[i].lua);
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: \"%s\" has no \"%s\"", cases[i].lua, problem, cases[i].problem);
        fix_reopen(f);
    }
}

static void collect_warning(void *context, const struct script_warning *w)
{
    buf_printf(context, "%s|%s|%s|%s|%d\n", w->plugin, w->where, w->text, w->word, w->stage);
}

/* A handler that nothing can reach loads, with a warning. */
static void filters_of_handlers(void **state)
{
    struct fix *f = *state;
    static const char workflow[] =
        "baton.workflow{ name = 'tutoring', stages = { { name = 'requested' }, "
        "{ name = 'done', final = true } },\n"
        "  transitions = { { name = 'finish', from = 'requested', to = 'done' } } }\n";
    static const struct {
        const char *lua, *warning;
    } cases[] = {
        { "baton.on('referral.*', print, {workflow = 'tutoring', stage = 'done'})", "" },
        { "baton.on('referral.*', print, {stage = 'requested'})", "" },
        { "baton.on('referral.*', print, {workflow = 'tutorin'})",
          "p|p/init.lua:3|handler of \"referral.*\" never runs: no workflow \"tutorin\", did you "
          "mean "
          "\"tutoring\"?|tutorin|0\n" },
        { "\nbaton.on('referral.*', function() end, {stage = 'dne'})",
          "p|p/init.lua:4|handler of \"referral.*\" never runs: no stage \"dne\", did you mean "
          "\"done\"?|dne|1\n" },
        { "baton.on('referral.*', print, {workflow = 'tutoring', stage = 'x'})",
          "p|p/init.lua:3|handler of \"referral.*\" never runs: no stage \"x\" in workflow "
          "\"tutoring\"|x|1\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lua[1024];
        struct buf seen = BUF_INIT;
        snprintf(lua, sizeof lua, "%s%s", workflow, cases[i].lua);
        fix_use(f, "", lua);
        script_warnings(f->s, collect_warning, &seen);
        assert_string_equal(buf_text(&seen), cases[i].warning);
        buf_free(&seen);
        fix_reopen(f);
    }
}

/* A source that is no Lua is said once, by whoever asked for it, without a way to it. */
static void syntax_is_said_once(void **state)
{
    struct fix *f = *state;
    fix_write(f, "plugins/p/bad.lua", "\nx = = 1");
    fix_use(f, "", "baton.command('c', {}, function() return baton.require('bad') end)");
    refused(fix_run(f, "baton.call('c')"), ERROR_INVALID, "p/bad.lua:2: ");
    assert_string_equal(buf_text(&f->output), "");
    assert_string_equal(script__traceback(f->s), "");
}

static void requiring_files(void **state)
{
    struct fix *f = *state;
    fix_write(f, "plugins/p/one.lua",
              "loads = (rawget(_G, 'loads') or 0) + 1\nreturn { n = loads }");
    fix_write(f, "plugins/p/sub/two.lua", "return baton.require('one')");
    fix_write(f, "plugins/p/nothing.lua", "");
    fix_use(
        f, "",
        "local one = baton.require('one')\nassert(baton.require('sub/two') == one and one.n == 1)\n"
        "assert(baton.require('nothing') == true)\n"
        "local fails = pcall(baton.require, 'none') assert(not fails)\n"
        "function check() return baton.require('sub/two').n end\n"
        "baton.command('c', {}, function() return check() end)\n"
        "assert(baton.plugin.name == 'p' and baton.plugin.version == '1.2.0')");
    gives("return baton.call('c')", "1");
    refused(fix_run(f, "baton.require('one')"), ERROR_DENIED, "a script has none");
    refused(fix_run(f, "baton.on('person.created', print)"), ERROR_DENIED, "belongs into a plugin");
}

static void declaring_later(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", "baton.command('c', {}, function() baton.on('person.created', print) end)");
    refused(fix_run(f, "baton.call('c')"), ERROR_DENIED,
            "baton.on works only while a plugin loads");
}

static void plugins_are_apart(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "a", "", "leak = 1 string.upper = nil people.get = nil baton.shared = {}");
    fix_plugin(f, "b", "",
               "assert(rawget(_G, 'leak') == nil and string.upper and people.get)\n"
               "assert(rawget(baton, 'shared') == nil)");
    static const char *const names[] = { "a", "b", NULL };
    ok(fix_load(f, names));
    assert_string_equal(info_of(f, "a").problem, "");
    assert_string_equal(info_of(f, "b").problem, "");
}

static void permissions(void **state)
{
    struct fix *f = *state;
    static const char lua[] =
        "baton.command('c', {}, function() return people.add{name = 'A'}.ref end)";
    fix_use(f, "", lua);
    refused(fix_run(f, "baton.call('c')"), ERROR_DENIED,
            "its plugin.ini does not list permission \"people\"");
    fix_reopen(f);
    fix_use(f, "permissions = timers, people\n", lua);
    gives("return baton.call('c')", "P-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test_setup_teardown(plugin_ini_is_checked, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(missing_plugins, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(order_and_requirements, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(settings, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(all_or_nothing, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(loading_fails, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(filters_of_handlers, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(syntax_is_said_once, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(requiring_files, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(declaring_later, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(plugins_are_apart, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(permissions, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
