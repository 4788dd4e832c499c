/* Nothing that Lua code does to what it sees is seen elsewhere (DESIGN 4): not in the other
 * organisation, nor in another plugin or session of the same one. Each leak is tried in a session
 * and in a plugin, and looked for in every other place. */
#include "isolation_fixture.h"

/* Runs what it is given, in its own environment. A name that a plugin has not is an error: nil
 * here. */
#define RUNS(command)                                                                              \
    "baton.command('" command "', {}, function(args)\n"                                            \
    "  local f = assert(load(args.lua))\n"                                                         \
    "  local ok, v = pcall(f)\n"                                                                   \
    "  if not ok and tostring(v):find('there is no', 1, true) then v = nil end\n"                  \
    "  return tostring(v)\n"                                                                       \
    "end)\n"

static const char spoiler[] = RUNS("spoil");
static const char watcher[] = RUNS("look");

struct leak {
    const char *leak;  /* an error of its own is fine */
    const char *probe; /* an expression */
    const char *wanted;
};

static const struct leak leaks[] = {
    { "leak = 1", "rawget(_G, 'leak')", "nil" },
    { "_G.leak = 1", "rawget(_G, 'leak')", "nil" },
    { "_ENV.leak = 1", "rawget(_G, 'leak')", "nil" },
    { "rawset(_G, 'leak', 1)", "rawget(_G, 'leak')", "nil" },
    { "setmetatable(_G, {__index = function() return 'leak' end})",
      "select(2, pcall(function() return no_such_name end)) ~= 'leak'", "true" },
    { "setmetatable(_G, {__newindex = function() end})",
      "(function() new_name = 1 return new_name "
      "end)()",
      "1" },
    { "_G = nil", "type(_G)", "table" },
    { "error, pcall, print, type, load = nil", "type(pcall) .. type(load)", "functionfunction" },
    { "pcall = function() return 'leak' end", "pcall(error)", "false" },
    { "tostring = function() return 'leak' end", "tostring(1)", "1" },
    { "string.format = function() return 'leak' end", "string.format('%d', 7)", "7" },
    { "string.format = function() return 'leak' end", "('%d'):format(7)", "7" },
    { "string.leak = function() return 'leak' end", "(''):rep(1) .. tostring((''). leak)", "nil" },
    { "setmetatable(string, {__index = function() return 'leak' end})", "('x').nothing", "nil" },
    { "getmetatable('').__index = function() return 'leak' end", "('x').nothing", "nil" },
    { "getmetatable('').__add = function() return 'leak' end",
      "(pcall(function() return 'a' + 1 "
      "end))",
      "false" },
    { "setmetatable('', {})", "('x'):rep(2)", "xx" },
    { "rawset(getmetatable(''), '__call', function() return 'leak' end)",
      "(pcall(function() return ('x')() end))", "false" },
    { "table.insert = function() end",
      "(function() local t = {} table.insert(t, 1) return #t end)()", "1" },
    { "table.leak, math.leak, utf8.leak, coroutine.leak = 1, 1, 1, 1",
      "(table.leak or math.leak or utf8.leak or coroutine.leak)", "nil" },
    { "math.pi = 3", "math.pi > 3", "true" },
    { "math.random = function() return 'leak' end", "math.type(math.random(5))", "integer" },
    { "coroutine.wrap = function() return function() return 'leak' end end",
      "coroutine.wrap(function() return 1 end)()", "1" },
    { "baton.leak = 1", "rawget(baton, 'leak')", "nil" },
    { "baton.org.name = 'leak' baton.org.title = 'leak'", "baton.org.name ~= 'leak'", "true" },
    { "baton.org = nil baton.none = nil", "type(baton.org) .. type(baton.none)", "tableuserdata" },
    { "baton.actor = function() return 'leak' end", "baton.actor()", "nil" },
    { "baton.call = function() return 'leak' end", "(pcall(baton.call, 'none'))", "false" },
    { "baton.try = function() return 'leak' end", "baton.try(function() return 1 end)", "1" },
    { "people.get = function() return 'leak' end", "people.get(999)", "nil" },
    { "baton.people.get = function() return 'leak' end", "people.get(999)", "nil" },
    { "people.leak = 1", "rawget(baton.people, 'leak')", "nil" },
    { "json.encode = function() return 'leak' end", "json.encode({1})", "[1]" },
    { "clock.now = function() return 'leak' end", "math.type(clock.now())", "integer" },
    { "log.info = nil text.fold = nil csv.parse = nil",
      "type(log.info) .. type(text.fold) .. type(csv.parse)", "functionfunctionfunction" },
    { "people.get(1).name = 'leak'", "people.get(1).name", "Ada" },
    { "people.get(1).leak = 1", "(pcall(function() return people.get(1).leak end))", "false" },
    { "rawset(people.get(1), 'leak', 1)", "(pcall(function() return people.get(1).leak end))",
      "false" },
    { "setmetatable(people.get(1), {__index = function() return 'leak' end})", "people.get(1).name",
      "Ada" },
    { "getmetatable(people.get(1)).__index = function() return 'leak' end", "people.get(1).name",
      "Ada" },
    { "getmetatable(people.get(1).fields).__index = function() return 'leak' end",
      "(pcall(function() return people.get(1).fields.leak end))", "false" },
    { "setmetatable(baton.none, {__tostring = function() return 'leak' end})",
      "(tostring(baton.none):find('leak'))", "nil" },
    { "local _, e = pcall(people.get, {}) setmetatable(e, {__tostring = function() return 'leak' "
      "end})",
      "(tostring(select(2, pcall(people.get, {}))):find('leak'))", "nil" },
    { "local _, e = pcall(people.get, {}) getmetatable(e).__index = {leak = 'leak'}",
      "select(2, pcall(people.get, {})).leak", "nil" },
    { "local _, e = pcall(people.get, {}) e.message = 'leak' e.leak = 'leak'",
      "select(2, pcall(people.get, {})).leak", "nil" },
    { "getmetatable(json.decode('[]')).__index = {leak = 1}", "json.decode('[]').leak", "nil" },
    { "setmetatable(json.decode('[]'), {__index = {leak = 1}})", "json.decode('[]').leak", "nil" },
    { "json.decode('{\"a\":{}}').a.leak = 1", "json.decode('{\"a\":{}}').a.leak", "nil" },
    { "load('leak = 1')()", "rawget(_G, 'leak')", "nil" },
    { "load('leak = 1', 'x', 't', _G)()", "rawget(_G, 'leak')", "nil" },
    { "load('leak = 1', 'x', 't', baton)()", "rawget(baton, 'leak')", "nil" },
    { "load('leak = 1', 'x', 't', string)()", "string.leak", "nil" },
    { "load('leak = 1', 'x', 't', setmetatable({}, {__newindex = _G, __index = _G}))()", "leak",
      "nil" },
    { "load(function() return nil end) load = nil", "type(load)", "function" },
    { "package = {loaded = {leak = 1}} require = function() return 'leak' end",
      "tostring(rawget(_G, 'package')) .. tostring(rawget(_G, 'require'))", "nilnil" },
    { "local up = 1 kept = function() up = up + 1 return up end kept()", "kept", "nil" },
    { "debug.getregistry().leak = 1", "debug", "nil" },
    { "string.dump(print)", "string.dump", "nil" },
    { "load('\\27Lua')()", "rawget(_G, 'leak')", "nil" },
    { "for _, v in pairs(_G) do if type(v) == 'table' then v.leak = 1 end end",
      "(function() for k, v in pairs(_G) do if type(v) == 'table' and rawget(v, 'leak') then "
      "return k end end end)()",
      "nil" },
    /* Last, since it leaves its own environment in ruins: every function that can be reached. */
    { "local seen, kind, all = {}, type, next local function ruin(t) if seen[t] then return end "
      "seen[t] = true for k, v in all, t do if kind(v) == 'table' then ruin(v) elseif kind(v) == "
      "'function' then t[k] = function() return 'leak' end end end end ruin(_G)",
      "string.rep('x', 2) .. math.max(1, 2) .. people.count{} .. tostring(true)", "xx21true" },
};

static void world(struct pair *p)
{
    fixture_plugin(p->f, "spoiler", spoiler);
    fixture_plugin(p->f, "watcher", watcher);
    pair_plugins(p, "spoiler, watcher");
    pair_open(p);
    for (int i = 0; i < WHO_END; i++)
        pair_does(p, (enum who)i, "people.add{name='Ada'}");
}

/* baton.call(command, {lua = …}), the text quoted by long brackets. */
static const char *in_plugin(char *out, size_t size, const char *command, const char *code)
{
    int n = snprintf(out, size, "baton.call('%s', {lua = [==[%s]==]})", command, code);
    assert_true(n > 0 && (size_t)n < size);
    return out;
}

static void probe(struct pair *p, struct talk *t, enum who who, const struct leak *leak,
                  const char *command)
{
    char lua[1024], expression[512];
    if (command) {
        snprintf(expression, sizeof expression, "return %s", leak->probe);
        in_plugin(lua, sizeof lua, command, expression);
    } else {
        snprintf(lua, sizeof lua, "tostring((%s))", leak->probe);
    }
    pair_check(p, who, leak->leak, pair_eval_as(p, t, who, NULL, lua), leak->wanted);
}

static void what_a_session_spoils_is_its_own(void **state)
{
    struct pair *p = *state;
    struct talk fresh;
    world(p);
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
        const struct leak *l = &leaks[i];
        talk_open(&fresh); /* each leak from a whole environment, beside a session that was there */
        pair_eval_as(p, &fresh, OAK, NULL, l->leak);
        probe(p, &p->talks[ELM], ELM, l, NULL);
        probe(p, &p->talks[ELM], ELM, l, "look");
        probe(p, &p->talks[OAK], OAK, l, NULL);
        probe(p, &p->talks[OAK], OAK, l, "look");
        probe(p, &p->talks[OAK], OAK, l, "spoil");
        talk_close(&fresh);
    }
}

static void what_a_plugin_spoils_is_its_own(void **state)
{
    struct pair *p = *state;
    char lua[1024];
    world(p);
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
        const struct leak *l = &leaks[i];
        pair_eval(p, OAK, in_plugin(lua, sizeof lua, "spoil", l->leak));
        probe(p, &p->talks[ELM], ELM, l, NULL);
        probe(p, &p->talks[ELM], ELM, l, "look");
        probe(p, &p->talks[ELM], ELM, l, "spoil"); /* the same plugin, of the other */
        probe(p, &p->talks[OAK], OAK, l, NULL);
        probe(p, &p->talks[OAK], OAK, l, "look");
        fixture_ok(p->f, org_reload(pair_org(p, OAK), &p->f->e));
    }
}

/* The leaks above do take effect where they are made: a probe that sees nothing must not be blind.
 */
static void the_probes_can_see(void **state)
{
    struct pair *p = *state;
    size_t seen = 0;
    world(p);
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
        struct talk fresh;
        char lua[512], clean[128];
        talk_open(&fresh);
        pair_eval_as(p, &fresh, OAK, NULL, leaks[i].leak);
        snprintf(lua, sizeof lua, "tostring((%s))", leaks[i].probe);
        snprintf(clean, sizeof clean, "{\"out\":\"%s\\n\"", leaks[i].wanted);
        seen += !strstr(pair_eval_as(p, &fresh, OAK, NULL, lua), clean);
        talk_close(&fresh);
    }
    assert_in_range(seen, 35, sizeof leaks / sizeof *leaks); /* the others are refused outright */
}

/* Both plugins do this in init.lua: the one that loads first spoils it for nobody. */
static void loading_spoils_nothing(void **state)
{
    struct pair *p = *state;
    fixture_plugin(p->f, "first",
                   "leak = 1 string.leak = 1 baton.leak = 1 people.get = nil\n"
                   "pcall(function() getmetatable('').__index = {} end)\n"
                   "pcall(setmetatable, _G, {__index = function() return 'leak' end})\n"
                   "baton.on('person.created', function(e, row) e.leak = 1 e.row = 'leak' "
                   "e.kind = 'leak' leak = 2 end, {priority = 10})\n");
    fixture_plugin(
        p->f, "second",
        "assert(not rawget(_G, 'leak') and not string.leak and not rawget(baton, 'leak'))\n"
        "assert(people.get and not pcall(function() return no_such_name end))\n"
        "assert(('x'):rep(2) == 'xx')\n"
        "baton.on('person.created', function(e, row) log.info('%s %s %s %s %s', "
        "tostring(e.leak), e.kind, row.name, e.row.name, tostring(rawget(_G, 'leak'))) "
        "end)\n");
    pair_plugins(p, "first, second");
    pair_open(p);
    pair_does(p, OAK, "people.add{name='Ada'}");
    pair_does(p, ELM, "people.add{name='Zoe'}");
    assert_has(buf_text(&p->f->notices), "oak: plugin second: nil person.created Ada Ada nil");
    assert_has(buf_text(&p->f->notices), "elm: plugin second: nil person.created Zoe Zoe nil");
    assert_lacks(buf_text(&p->f->notices), "left out");
}

/* ---- values: between plugins and sessions they go as JSON ---- */

static const char giver[] =
    "local kept\n"
    "local secret = {open = 1}\n"
    "baton.command('give_function', {}, function() return function() return secret end end)\n"
    "baton.command('give_inside', {}, function() return {f = function() return secret end} end)\n"
    "baton.command('give_coroutine', {}, function()\n"
    "  return coroutine.create(function(t) t.leak = secret end) end)\n"
    "baton.command('give_running', {}, function()\n"
    "  local co, base = coroutine.running() return type(co) .. tostring(base) end)\n"
    "baton.command('give_iterator', {}, function() return people.each{} end)\n"
    "baton.command('give_table', {}, function() return secret end)\n"
    "baton.command('give_meta', {}, function()\n"
    "  return setmetatable({}, {__index = secret}) end)\n"
    "baton.command('throw', {}, function()\n"
    "  error({message = 'thrown', f = function() return secret end, t = secret}) end)\n"
    "baton.command('keep', {}, function(args) kept = args args.added = 1 return 1 end)\n"
    "baton.command('state', {}, function()\n"
    "  return secret.open .. ' ' .. tostring(secret.leak) .. ' ' .. tostring(kept and kept.late) "
    "end)\n"
    "baton.on('person.created', function(e, row) if row.name == 'throw' then\n"
    "  error(setmetatable({message = 'thrown', t = secret}, {__index = secret})) end end)\n";

static void values_are_copied_on_the_way(void **state)
{
    struct pair *p = *state;
    fixture_plugin(p->f, "giver", giver);
    fixture_plugin(p->f, "taker", RUNS("take"));
    pair_plugins(p, "giver, taker");
    pair_open(p);
    static const struct {
        const char *lua, *wanted;
    } cases[] = {
        { "local ok, f = pcall(baton.call, 'give_function') return tostring(ok) .. type(f)",
          "falsetable" },
        { "return (pcall(baton.call, 'give_inside'))", "false" },
        { "local ok, co = pcall(baton.call, 'give_coroutine') return tostring(ok) .. type(co)",
          "falsetable" },
        { "return (pcall(baton.call, 'give_iterator'))", "false" },
        { "return baton.call('give_running')", "niltrue" },
        { "return coroutine.wrap(function() return baton.call('give_running') end)()", "niltrue" },
        { "local t = baton.call('give_table') t.open = 2 t.leak = 1 return t.open", "2" },
        { "return baton.call('give_meta').open", "nil" },
        { "local ok, e = pcall(baton.call, 'throw') return tostring(e.f) .. tostring(e.t) .. "
          "tostring(tostring(e):find('thrown') ~= nil)",
          "nilniltrue" },
        { "local t = {} baton.call('keep', t) t.late = 1 return t.added", "nil" },
        { "return (pcall(baton.call, 'keep', {f = print}))", "false" },
        { "return (pcall(baton.call, 'keep', {co = coroutine.create(print)}))", "false" },
        { "return (pcall(baton.call, 'keep', setmetatable({}, {__index = print})))", "true" },
        { "return baton.call('state')", "1 nil nil" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lua[1024];
        pair_check(p, OAK, cases[i].lua, pair_eval(p, OAK, cases[i].lua), cases[i].wanted);
        in_plugin(lua, sizeof lua, "take", cases[i].lua);
        pair_check(p, OAK, lua, pair_eval(p, OAK, lua), cases[i].wanted);
    }
    pair_shows(p, ELM, "baton.call('state')", "1 nil nil");
    static const char thrown[] = "local ok, e = pcall(people.add, {name = 'throw'}) "
                                 "print(tostring(e.t) .. tostring(e.open) .. "
                                 "tostring(tostring(e):find('thrown') ~= nil))";
    pair_check(p, OAK, thrown, pair_run(p, OAK, NULL, thrown), "nilniltrue");
}

/* What loops hand out can be called with anything, and must stand it: a crash takes every
 * organisation of the process with it. */
static void iterators_stand_anything(void **state)
{
    struct pair *p = *state;
    world(p);
    static const char *const iterators[] = {
        "pairs(people.get(1).fields)",
        "people.each{}",
        "pairs({})",
        "ipairs({})",
        "next",
        "('x'):gmatch('x')",
        "coroutine.wrap(print)",
        "people.get",
        "csv.parse",
        "people.get(1).set",
        "people.get(1).history",
        NULL,
    };
    for (size_t i = 0; iterators[i]; i++) {
        char lua[512];
        snprintf(lua, sizeof lua,
                 "local f = %s for _, v in ipairs{5, 'x', true, print, {}, people.get(1), "
                 "people.get(1).fields, baton.none, coroutine.create(print)} do pcall(f, v) "
                 "pcall(f, v, v) pcall(f, {}, v) end pcall(f)",
                 iterators[i]);
        pair_does(p, OAK, lua);
        pair_shows(p, ELM, "people.get(1).name", "Ada");
    }
}

static void random_numbers_are_ones_own(void **state)
{
    struct pair *p = *state;
    char lua[256];
    world(p);
    pair_does(p, ELM, "math.randomseed(7) math.random() first = math.random(1 << 40)");
    pair_does(p, ELM, "math.randomseed(7) math.random()");
    pair_does(p, OAK, "math.randomseed(7) math.random(9) math.random(9) math.random(9)");
    pair_does(p, ELM, in_plugin(lua, sizeof lua, "spoil", "math.randomseed(1) math.random()"));
    pair_shows(p, ELM, "math.random(1 << 40) == first", "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(what_a_session_spoils_is_its_own),
        BOTH(what_a_plugin_spoils_is_its_own),
        ALONE(the_probes_can_see),
        BOTH(loading_spoils_nothing),
        BOTH(values_are_copied_on_the_way),
        BOTH(iterators_stand_anything),
        BOTH(random_numbers_are_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
