/* Two organisations in one process: settings, plugins, time, events and failures of one do not
 * reach the other. Files are in test_isolation_files.c. */
#include "isolation_fixture.h"

/* ---- settings ---- */

static void world_settings(struct pair *p)
{
    fixture_write(p->f, "plugins/p/plugin.ini",
                  "[plugin]\nname = p\nversion = 1.0.0\ntitle = A test\napi = 1\n"
                  "permissions = people\n"
                  "[setting level]\ntype = int\ndefault = 1\nmin = 0\nmax = 10\n"
                  "[setting word]\ntype = text\ndefault = none\n");
    fixture_write(p->f, "plugins/p/init.lua",
                  "baton.command('level', {}, function() return baton.settings.level .. ' ' .. "
                  "baton.settings.word end)\n"
                  "baton.command('spoil', {}, function()\n"
                  "  local ok = pcall(function() baton.settings.level = 9 end)\n"
                  "  pcall(rawset, baton.settings, 'level', 9)\n"
                  "  baton.settings = {level = 9, word = 'spoilt'} return ok end)\n"
                  "baton.workflow{name='flow', version=1, stages={{name='a'}, {name='b', "
                  "final=true}},\n"
                  "  transitions={{name='go', from='a', to='b'}, {name='skip', from='a', to='b'},\n"
                  "    {name='teach', from='a', roles={'teacher'}}}}\n"
                  "if baton.settings.word == 'fields' then baton.field('person', 'grade', "
                  "{type='int'}) end\n");
    /* The workflow names a role that both know; one calls its own "nurse" beside it. */
    pair_ini(p, OAK,
             "[org]\ntitle = Oak\nzone = America/New_York\nplugins = p\nclock = movable\n"
             "[roles]\nextra = teacher, nurse\n[plugin p]\nlevel = 5\nword = fields\n"
             "[workflow flow]\ndisable = skip\n");
    pair_ini(p, ELM,
             "[org]\ntitle = Elm\nzone = Asia/Tokyo\nplugins = p\n[roles]\nextra = teacher\n"
             "[plugin p]\nlevel = 2\n");
    pair_open(p);
}

static void settings_are_ones_own(void **state)
{
    struct pair *p = *state;
    world_settings(p);
    pair_shows(p, OAK, "baton.call('level')", "5 fields");
    pair_shows(p, ELM, "baton.call('level')", "2 none");
    pair_shows(p, OAK, "baton.call('spoil')", "false");
    pair_shows(p, ELM, "baton.call('level')", "2 none");
    pair_shows(p, OAK, "baton.org.name .. baton.org.title .. baton.org.zone",
               "oakOakAmerica/New_York");
    pair_shows(p, ELM, "baton.org.name .. baton.org.title .. baton.org.zone", "elmElmAsia/Tokyo");
    pair_shows(p, OAK, "clock.format(0)", "1969-12-31 19:00");
    pair_shows(p, ELM, "clock.format(0)", "1970-01-01 09:00");
    /* A transition that one switched off, a role and a field that one has. */
    for (int i = 0; i < WHO_END; i++)
        pair_does(p, (enum who)i, "r = referrals.open{workflow='flow', title='x'}");
    pair_fails(p, OAK, "r:advance('skip')", "skip");
    pair_shows(p, ELM, "r:advance('skip').stage", "b");
    pair_does(p, OAK, "staff.add{name='Ann', roles='nurse'}");
    pair_fails(p, ELM, "staff.add{name='Ann', roles='nurse'}", "nurse");
    pair_does(p, OAK, "people.add{name='Ada', fields={grade=3}}");
    pair_fails(p, ELM, "people.add{name='Ada', fields={grade=3}}", "grade");
    pair_fails(p, ELM, "people.find{fields={grade=3}}", "grade");
}

static void a_reload_of_one_leaves_the_other(void **state)
{
    struct pair *p = *state;
    world_settings(p);
    pair_does(p, ELM, "kept = 1");
    pair_ini(p, OAK,
             "[org]\nplugins = p\nclock = movable\n[roles]\nextra = teacher\n"
             "[plugin p]\nlevel = 7\n");
    fixture_ok(p->f, org_reload(pair_org(p, OAK), &p->f->e));
    pair_shows(p, OAK, "baton.call('level')", "7 none");
    pair_shows(p, ELM, "baton.call('level') .. kept", "2 none1");
    pair_ini(p, OAK, "[org]\nplugins = p\nlevel = 7\n");
    assert_int_equal(org_reload(pair_org(p, OAK), &p->f->e), -ERROR_INVALID);
    pair_ini(p, OAK, "[org]\nclock = movable\n");
    pair_shows(p, ELM, "baton.call('level') .. kept", "2 none1");
}

/* ---- plugins ---- */

static void plugins_of_ones_own_folder(void **state)
{
    struct pair *p = *state;
    static const char ini[] = "[plugin]\nname = own\nversion = 1.0.0\napi = 1\n";
    fixture_write(p->f, "orgs/elm/plugins/own/plugin.ini", ini);
    fixture_write(p->f, "orgs/elm/plugins/own/init.lua",
                  "baton.command('secret', {}, function() return 'of elm' end)\n");
    fixture_write(p->f, "orgs/elm/plugins/own/part.lua", "return 'of elm'\n");
    fixture_write(p->f, "orgs/oak/plugins/other/plugin.ini",
                  "[plugin]\nname = other\nversion = 1.0.0\napi = 1\n");
    fixture_write(p->f, "orgs/oak/plugins/other/init.lua",
                  "baton.command('require', {}, function(args)\n"
                  "  return tostring(baton.require(args.name)) end)\n");
    pair_plugins(p, "own, other");
    char path[256];
    snprintf(path, sizeof path, "%s/orgs/oak/plugins/other/link.lua", p->f->dir);
    assert_int_equal(symlink("../../../elm/plugins/own/part.lua", path), 0);
    snprintf(path, sizeof path, "%s/orgs/oak/plugins/other/folder", p->f->dir);
    assert_int_equal(symlink("../../../elm/plugins/own", path), 0);
    pair_open(p);
    const char *notices = buf_text(&p->f->notices);
    assert_has(notices, "oak: plugin own is left out: no plugin \"own\"");
    assert_has(notices, "elm: plugin other is left out: no plugin \"other\"");
    for (const char *line = notices; (line = strstr(line, "oak: ")); line++)
        assert_null(memmem(line, strcspn(line, "\n"), "orgs/elm", 8));
    pair_fails(p, OAK, "baton.call('secret')", "no command");
    pair_shows(p, ELM, "baton.call('secret')", "of elm");
    static const char *const names[] = {
        "../../../elm/plugins/own/part",
        "../../../elm/plugins/own/part.lua",
        "./../../../elm/plugins/own/part",
        "folder/part",
        "link",
        "own/part",
        "own",
        "/proc/self/cwd/part",
        "folder//part",
        "folder/../folder/part",
        "/etc/passwd",
        "part\\0",
        "",
        NULL,
    };
    char lua[512];
    for (size_t i = 0; names[i]; i++) {
        snprintf(lua, sizeof lua, "baton.call('require', {name='%s'})", names[i]);
        pair_fails(p, OAK, lua, "plugin other");
        assert_lacks(pair_eval(p, OAK, lua), "of elm");
    }
    snprintf(lua, sizeof lua, "baton.call('require', {name='%s/orgs/elm/plugins/own/part'})",
             p->f->dir);
    pair_fails(p, OAK, lua, "is no name of a file");
}

static void one_name_two_plugins(void **state)
{
    struct pair *p = *state;
    for (int i = 0; i < WHO_END; i++) {
        char path[64], lua[128];
        snprintf(path, sizeof path, "orgs/%s/plugins/own/plugin.ini", who_names[i]);
        fixture_write(p->f, path, "[plugin]\nname = own\nversion = 1.0.0\napi = 1\n");
        snprintf(path, sizeof path, "orgs/%s/plugins/own/init.lua", who_names[i]);
        snprintf(lua, sizeof lua, "baton.command('who', {}, function() return 'of %s' end)\n",
                 who_names[i]);
        fixture_write(p->f, path, lua);
    }
    fixture_plugin(p->f, "own", "baton.command('who', {}, function() return 'of all' end)\n");
    pair_plugins(p, "own");
    pair_open(p);
    pair_shows(p, OAK, "baton.call('who')", "of oak");
    pair_shows(p, ELM, "baton.call('who')", "of elm");
}

static void names_of_plugins_are_no_paths(void **state)
{
    struct pair *p = *state;
    static const char *const names[] = {
        "../../elm/plugins/own", "elm/plugins/own", "/tmp/own", ".", "..", "own/", "~own", NULL
    };
    struct org *o = NULL;
    fixture_write(p->f, "orgs/elm/plugins/own/plugin.ini",
                  "[plugin]\nname = own\nversion = 1.0.0\napi = 1\n");
    fixture_write(p->f, "orgs/elm/plugins/own/init.lua", "log.info('loaded')\n");
    for (size_t i = 0; names[i]; i++) {
        char ini[128];
        snprintf(ini, sizeof ini, "[org]\nplugins = %s\n", names[i]);
        pair_ini(p, OAK, ini);
        assert_int_equal(org_open(&o, p->f->home, "oak", fixture_notice, p->f, &p->f->e),
                         -ERROR_INVALID);
        assert_has(p->f->e.message, "is no name");
    }
    static const char *const orgs[] = { "../orgs/elm", "elm/", "./elm", "", ".", "..", NULL };
    for (size_t i = 0; orgs[i]; i++)
        assert_int_equal(org_open(&o, p->f->home, orgs[i], fixture_notice, p->f, &p->f->e),
                         -ERROR_NOT_FOUND);
    pair_unnoticed(p, OAK);
    pair_unnoticed(p, ELM);
}

/* ---- time and events ---- */

static const char ringing[] =
    "messages.template('hello', 'Hello {{word}}')\n"
    "baton.on('*', function(e) if not e.kind:find('^message') then log.info('heard %s', e.kind) "
    "end end)\n"
    "baton.on('timer.egg', function(_, t) log.info('rings %s', t.name) end)\n"
    "baton.job('hourly', {every='1 hour'}, function() log.info('job runs') end)\n"
    "baton.workflow{name='flow', version=1, stages={{name='a', deadline={within='2 hours'}},\n"
    "  {name='b', final=true}}, transitions={{name='go', from='a', to='b',\n"
    "    guard=function() log.info('guarded') return true end,\n"
    "    effect=function(r) log.info('effect') baton.emit('my.thing', {}, r) end}}}\n";

static void events_are_heard_at_home(void **state)
{
    struct pair *p = *state;
    static const char *const heard[] = { "heard person.created",
                                         "heard referral.advanced",
                                         "heard my.thing",
                                         "guarded",
                                         "effect",
                                         "rings egg",
                                         "job runs",
                                         "heard referral.overdue",
                                         "M-1 delivered",
                                         NULL };
    fixture_plugin(p->f, "ringing", ringing);
    pair_plugins(p, "ringing");
    pair_open(p);
    pair_shows(p, ELM, "(function() before = clock.now() return people.count{} end)()", "0");
    pair_does(p, OAK,
              "people.add{name='Ada'} referrals.open{workflow='flow', title='x'}:advance('go') "
              "referrals.open{workflow='flow', title='y'} timers.add{name='egg', at='1 hour'} "
              "messages.send{to='a@b.example', subject='x', body='y'} clock.advance('3 hours')");
    pair_tick(p);
    for (size_t i = 0; heard[i]; i++) {
        char line[128];
        bool by_plugin = strncmp(heard[i], "M-", 2) != 0;
        snprintf(line, sizeof line, "oak: %s%s", by_plugin ? "plugin ringing: " : "", heard[i]);
        assert_has(buf_text(&p->f->notices), line);
    }
    pair_unnoticed(p, ELM);
    /* The clock of elm went on by itself only. */
    pair_shows(p, ELM, "clock.now() - before < 600000", "true");
    pair_shows(p, ELM, "events.recent{}[1]", "nil");
    pair_shows(p, OAK, "clock.now() > 0 and referrals.count{overdue=true}", "1");
    pair_does(p, ELM, "timers.add{name='egg', at='1 hour'} clock.advance('2 hours')");
    pair_tick(p);
    assert_has(buf_text(&p->f->notices), "elm: plugin ringing: rings egg");
}

static void a_clock_that_moves_is_ones_own(void **state)
{
    struct pair *p = *state;
    pair_ini(p, ELM, "[org]\nclock = system\n");
    pair_open(p);
    pair_does(p, OAK, "clock.advance('10 days')");
    pair_fails(p, ELM, "clock.advance('1 day')", "clock of elm is the system's");
    int64_t apart = org_now(pair_org(p, OAK)) - org_now(pair_org(p, ELM));
    assert_in_range(apart, INT64_C(9) * 24 * 3600 * 1000, INT64_C(11) * 24 * 3600 * 1000);
}

static void templates_are_ones_own(void **state)
{
    struct pair *p = *state;
    fixture_plugin(p->f, "ringing", ringing);
    pair_ini(p, OAK, "[org]\nplugins = ringing\n");
    pair_open(p);
    pair_does(p, OAK, "messages.template('mine', 'x')");
    static const char *const names[] = { "hello", "mine", NULL };
    for (size_t i = 0; names[i]; i++) {
        char lua[160];
        snprintf(lua, sizeof lua,
                 "messages.send{to='a@b.example', subject='x', template='%s', values={word='w'}}",
                 names[i]);
        pair_does(p, OAK, lua);
        pair_fails(p, ELM, lua, names[i]);
    }
    pair_shows(p, ELM, "messages.count{}", "0");
}

/* ---- failures ---- */

static const char failing[] =
    "baton.on('person.created', function(e, row)\n"
    "  if row.name == 'loop' then while true do pcall(function() while true do end end) end end\n"
    "  if row.name == 'fail' then error('no') end\n"
    "  if row.name == 'fill' then local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end "
    "end\n"
    "end)\n";

static void world_failing(struct pair *p)
{
    fixture_plugin(p->f, "failing", failing);
    pair_ini(p, OAK, "[org]\nplugins = failing\n[limits]\ncall_ms = 50\nlua_bytes = 4000000\n");
    pair_ini(p, ELM, "[org]\nplugins = failing\n");
    pair_open(p);
}

static void a_loop_in_one_leaves_the_other_at_work(void **state)
{
    struct pair *p = *state;
    world_failing(p);
    pair_does(p, ELM, "x = 1");
    for (int i = 0; i < 3; i++) {
        pair_fails(p, OAK, "people.add{name='loop'}", "ran longer than its 50 ms");
        /* Nothing of the kill is left over: the other has all of its own budget, in what it runs.
         */
        pair_shows(p, ELM,
                   "(function() local n = 0 for i = 1, 3000000 do n = n + 1 end "
                   "return people.add{name='Zoe'}.name .. n .. x end)()",
                   "Zoe30000001");
        pair_does(p, OAK, "people.add{name='Ada'}");
    }
    pair_shows(p, OAK, "people.count{}", "3");
    pair_unnoticed(p, ELM);
}

static void budgets_are_ones_own(void **state)
{
    struct pair *p = *state;
    world_failing(p);
    pair_fails(p, ELM, "people.add{name='loop'}", "ran longer than its 250 ms");
    pair_fails(p, OAK, "people.add{name='loop'}", "ran longer than its 50 ms");
}

static void a_breaker_opens_in_one(void **state)
{
    struct pair *p = *state;
    world_failing(p);
    for (int i = 0; i < LIMIT_BREAKER_ERRORS; i++)
        pair_fails(p, OAK, "people.add{name='fail'}", "plugin failing");
    assert_has(buf_text(&p->f->notices), "oak: plugin failing: error: switched off since");
    pair_does(p, OAK, "people.add{name='fail'}"); /* nobody listens any more */
    pair_fails(p, ELM, "people.add{name='fail'}", "plugin failing");
    pair_does(p, ELM, "people.add{name='Zoe'}");
    assert_lacks(buf_text(&p->f->notices), "elm: plugin failing: error: switched off");
}

static void memory_is_ones_own(void **state)
{
    struct pair *p = *state;
    static const char fill[] = "t = t or {} for i = 1, 1e9 do t[#t + 1] = ('x'):rep(1000) .. i end";
    world_failing(p);
    size_t before = org_memory(pair_org(p, ELM));
    pair_fails(p, OAK, fill, "\"limit\"");
    pair_fails(p, OAK, fill, "\"limit\""); /* full, and kept full by the session */
    pair_shows(p, ELM, "collectgarbage('count') < 4000", "true");
    assert_true(org_memory(pair_org(p, ELM)) < before + 1000000);
    /* More than oak may have at all. */
    pair_shows(p, ELM, "(function() big = ('x'):rep(20000000) return #big end)()", "20000000");
    pair_does(p, ELM, "people.add{name='Zoe'}");
    talk_close(&p->talks[OAK]); /* what filled it goes with its session */
    talk_open(&p->talks[OAK]);
    pair_fails(p, OAK, "people.add{name='fill'}", "\"limit\"");
    pair_does(p, OAK, "people.add{name='Ada'}");
    pair_shows(p, ELM, "#big .. people.first{}.name", "20000000Zoe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(settings_are_ones_own),
        BOTH(a_reload_of_one_leaves_the_other),
        BOTH(plugins_of_ones_own_folder),
        BOTH(one_name_two_plugins),
        ALONE(names_of_plugins_are_no_paths),
        BOTH(events_are_heard_at_home),
        BOTH(a_clock_that_moves_is_ones_own),
        BOTH(templates_are_ones_own),
        BOTH(a_loop_in_one_leaves_the_other_at_work),
        BOTH(budgets_are_ones_own),
        BOTH(a_breaker_opens_in_one),
        BOTH(memory_is_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
