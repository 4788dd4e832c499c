/* Files of specs in scratch organisations: isolation, options, what fails, coverage. */
#include "baton/host/scratch.h"
#include "baton/host/suite.h"
#include "host/host_fixture.h"

static const char suite_plugin_lua[] =
    "local count = 0\n"
    "baton.workflow{ name = 'tutoring', version = 1, title = 'T',\n"
    "  fields = { need = 'text', hours = { type = 'int', min = 2 }, kind = { type = 'text', values "
    "= "
    "{'a','b'} } },\n"
    "  stages = { { name = 'requested', initial = true, required = { 'need', 'hours', 'kind' },\n"
    "      deadline = { within = '3 working days', remind = { '1 working day' },\n"
    "        expire = { after = '10 days', transition = 'lapse' } } },\n"
    "    { name = 'matched' }, { name = 'done', final = true, outcome = 'ok' },\n"
    "    { name = 'lapsed', final = true, outcome = 'lapsed' } },\n"
    "  transitions = { { name = 'match', from = 'requested', to = 'matched', roles = { "
    "'specialist' "
    "} },\n"
    "    { name = 'finish', from = 'matched', to = 'done' },\n"
    "    { name = 'lapse', from = 'requested', to = 'lapsed' },\n"
    "    { name = 'withdraw', from = { 'requested', 'matched' }, to = 'done' } } }\n"
    "baton.on('referral.overdue', function(_, r)\n"
    "  messages.send{ to = 'a@b.example', subject = 'late', body = baton.settings.word, about = r "
    "} "
    "end)\n"
    "baton.on('person.created', function(_, p) if p.name == 'Bad' then error('no') end end)\n"
    "baton.job('nightly', { at = '03:00' }, function() people.add{ name = 'Night' } end)\n";
static const char suite_plugin_ini[] =
    "[plugin]\nname = tutoring\nversion = 1.0.0\ntitle = T\napi = 1\n"
    "permissions = people, messages\n"
    "[setting word]\ntype = text\ndefault = late\n";

struct told {
    struct buf text; /* "✓ name\n" or "✗ name: where: why\n" */
    struct buf printed;
};

static void tell(void *context, const struct suite_result *r)
{
    static const char marks[] = "+-.";
    struct told *t = context;
    buf_printf(&t->text, "%c %s", marks[r->status], r->name);
    if (r->status == SUITE_FAILED)
        buf_printf(&t->text, ": %s: %s", r->where, r->why);
    buf_putc(&t->text, '\n');
}

static void print(void *context, const char *text, size_t n)
{
    struct told *t = context;
    buf_add(&t->printed, text, n);
}

static struct suite *run(struct fixture *f, struct told *t, const char *filter, const char *spec)
{
    struct suite_options o = {
        .home = f->home, .filter = filter, .result = tell, .output = print, .context = t
    };
    char *dir = NULL;
    size_t files = 0;
    fixture_write(f, "plugins/tutoring/plugin.ini", suite_plugin_ini);
    fixture_write(f, "plugins/tutoring/init.lua", suite_plugin_lua);
    fixture_write(f, "plugins/tutoring/spec/a.lua", spec);
    struct suite *s = suite_new(&o);
    fixture_ok(f, suite_find(s, "tutoring", &dir, &f->e));
    fixture_ok(f, suite_plugin(s, dir, &files, &f->e));
    assert_int_equal(files, 1);
    mem_free(dir);
    return s;
}

static void told_free(struct told *t, struct suite *s)
{
    suite_free(s);
    buf_free(&t->text);
    buf_free(&t->printed);
}

static void assert_part(const struct buf *text, const char *part)
{
    if (!strstr(buf_text(text), part))
        fail_msg("%s\n  lacks %s", buf_text(text), part);
}

static void cases_are_alone(void **state)
{
    struct fixture *f = *state;
    struct told t = { 0 };
    struct suite *s =
        run(f, &t, NULL,
            "describe('d', function()\n"
            "  before(function(t) t.r = t.referral{} end)\n"
            "  for i = 1, 3 do it('alone ' .. i, function(t)\n"
            "    expect(t.r.ref):equals('R-1') expect(people.count{}):equals(1)\n"
            "    expect(t.clock:now()):is_at('2026-03-02 09:00')\n"
            "    expect(t.r.fields.hours):equals(2) expect(t.r.fields.kind):equals('a')\n"
            "    t.clock:advance('3 working days') expect(t.r.overdue):is_false()\n"
            "    expect(t.events(t.r)):contains{ kind = 'referral.reminder', at_ms = "
            "clock.parse('2026-03-04 09:00') }\n"
            "    expect(t.messages{ status = 'sent' }):has_length(1)\n"
            "    expect(t.messages()[1]):contains{ body = 'late' }\n"
            "    expect(people.count{ name = 'Night' }):equals(3)\n"
            "    t.clock:advance('10 days') expect(t.r.stage):equals('lapsed')\n"
            "  end) end\n"
            /* Five failures in a row switch a plugin off: not for the next case. */
            "  it('fails often', function(t) for i = 1, 5 do\n"
            "    expect(function() t.person{ name = 'Bad' } end):fails() end end)\n"
            "  it('goes on', function(t) t.clock:advance('3 working days')\n"
            "    expect(t.messages()):has_length(1) print('hello') end)\n"
            "  it('waits')\n"
            "end)");
    assert_string_equal(buf_text(&t.text), "+ d › alone 1\n+ d › alone 2\n+ d › alone 3\n"
                                           "+ d › fails often\n+ d › goes on\n. d › waits\n");
    assert_part(&t.printed, "hello");
    struct suite_totals totals;
    suite_totals(s, &totals);
    assert_int_equal(totals.passed, 5);
    assert_int_equal(totals.pending, 1);
    assert_true(totals.expectations > 20);
    told_free(&t, s);
}

static void options_make_organisations(void **state)
{
    struct fixture *f = *state;
    struct told t = { 0 };
    struct suite *s = run(
        f, &t, NULL,
        "describe('berlin', { zone = 'Europe/Berlin', at = '2026-07-01 10:00', title = 'School',\n"
        "    settings = { word = 'spät' }, calendar = { week = 'Mon-Sun 00:00-24:00' },\n"
        "    roles = { 'teacher' } }, function()\n"
        "  it('is there', function(t) expect(t.clock:now()):is_at('2026-07-01T08:00:00Z')\n"
        "    expect(baton.org):contains{ zone = 'Europe/Berlin', title = 'School' }\n"
        "    t.referral{} t.clock:advance('3 days') expect(t.messages()[1].body):equals('spät')\n"
        "    t.as(t.staff{ roles = 'teacher' }, function()\n"
        "      expect(function() t.referral{}:advance('match') end):fails('denied') end) end)\n"
        "  describe('inner', { settings = { word = 'x' } }, function()\n"
        "    it('keeps the zone', function(t) t.referral{} t.clock:advance('3 days')\n"
        "      expect(t.messages()[1].body):equals('x')\n"
        "      expect(baton.org.zone):equals('Europe/Berlin') end) end)\n"
        "end)\n"
        "describe('wrong', { zone = 'Europe/Berln' }, function() it('a', function() end) end)\n"
        "describe('wrong', { settings = { wrd = 1 } }, function() it('b', function() end) end)\n"
        "describe('wrong', { at = 'soon' }, function() it('c', function() end) end)\n"
        "describe('wrong', { plugins = { 'nix' } }, function() it('d', function() end) end)\n");
    assert_part(&t.text, "+ berlin › is there\n+ berlin › inner › keeps the zone\n");
    assert_part(&t.text, "- wrong › a: options of describe, as org.ini");
    assert_part(&t.text, "did you mean \"Europe/Berlin\"");
    assert_part(&t.text, "- wrong › b: ");
    assert_part(&t.text, "did you mean \"word\"");
    assert_part(&t.text, "- wrong › c: ");
    assert_part(&t.text, "describe: at: ");
    assert_part(&t.text, "- wrong › d: ");
    assert_part(&t.text, "plugin nix does not load");
    told_free(&t, s);
}

static void failures_say_where(void **state)
{
    struct fixture *f = *state;
    struct told t = { 0 };
    struct suite *s = run(f, &t, "fails",
                          "it('not this one', function() error('x') end)\n"
                          "it('fails', function(t)\n"
                          "  expect(t.referral{}.stage):equals('matched')\n"
                          "end)\n"
                          "it('fails in the plugin', function(t) t.person{ name = 'Bad' } end)\n");
    assert_part(&t.text, "- fails: ");
    assert_part(&t.text, "spec/a.lua:3: expected \"matched\"\n     got \"requested\"");
    assert_part(&t.text, "- fails in the plugin: tutoring/init.lua:");
    assert_part(&t.text, "in the case at ");
    assert_null(strstr(t.text.data, "not this one"));
    told_free(&t, s);
    s = run(f, &t, NULL, "describe(");
    assert_part(&t.text, "- the file loads: ");
    told_free(&t, s);
}

static void coverage(void **state)
{
    struct fixture *f = *state;
    struct told t = { 0 };
    struct suite_coverage c;
    struct suite *s =
        run(f, &t, NULL,
            "it('a', function(t) t.referral{}:advance('match'):advance('finish') end)\n"
            "it('b', function(t) t.referral{}:advance('match') error('x') end)\n");
    assert_int_equal(suite_coverage_count(s), 1);
    suite_coverage_at(s, 0, &c);
    assert_string_equal(c.workflow, "tutoring");
    assert_int_equal(c.stages, 4);
    assert_int_equal(c.entered, 3);
    assert_int_equal(c.transitions, 4);
    assert_int_equal(c.taken, 2);
    assert_string_equal(c.never_entered, "lapsed");
    assert_string_equal(c.never_taken, "lapse, withdraw");
    told_free(&t, s);
}

static void requirements(void **state)
{
    struct fixture *f = *state;
    char dir[128];
    snprintf(dir, sizeof dir, "%s/plugins", f->dir);
    const char *const dirs[] = { dir, NULL };
    struct buf out = BUF_INIT;
    fixture_write(f, "plugins/a/plugin.ini", "[plugin]\nname = a\nrequires = b >= 1.0, c\n");
    fixture_write(f, "plugins/b/plugin.ini", "[plugin]\nname = b\nrequires = c\n");
    fixture_write(f, "plugins/c/plugin.ini", "[plugin]\nname = c\nrequires = a\n"); /* a ring */
    scratch_requirements(dirs, ", a, missing", &out);
    assert_string_equal(out.data, "c, b, a, missing");
    buf_free(&out);
}

static void copies(void **state)
{
    struct fixture *f = *state;
    struct org *copy;
    fixture_org(f, "school", NULL, false);
    struct org *o = fixture_open(f, "school");
    int64_t now = org_now(o);
    fixture_ok(f, scratch_copy(&copy, o, fixture_notice, f, &f->e));
    fixture_ok(f, org_move_clock(copy, now + 86400000, &f->e)); /* also where the clock is fixed */
    assert_true(org_now(copy) >= now + 86400000);
    assert_true(org_now(o) < now + 60000);
    assert_int_equal(org_move_clock(o, now + 86400000, &f->e), -ERROR_DENIED);
    org_close(copy);
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cases_are_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(options_make_organisations, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(failures_say_where, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(coverage, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(requirements, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(copies, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
