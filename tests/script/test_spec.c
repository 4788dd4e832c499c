/* Specs: what a file declares, expectations and their differences, fixtures, and
 * that every example of the help holds. */
#include "baton/script/spec.h"
#include "script/script_internal.h"
#include "script/session_fixture.h"

struct spec_world {
    struct spec *spec;
    struct buf why;
    size_t expectations;
};

static struct spec *spec_of(struct world *w, const char *source)
{
    struct spec_options o = {
        .plugin = "tutoring", .chunk = "a.lua", .output = world_output, .context = w
    };
    struct spec *s = NULL;
    if (spec_open(&s, w->script, &o, source, strlen(source), &w->e))
        return NULL;
    return s;
}

static int run(struct world *w, struct spec *s, size_t index, struct spec_world *out)
{
    world_ok(w, store_turn_begin(w->store, &w->e));
    clock_stop_at(&w->clock, world_now_ms);
    script_rewind(w->script);
    buf_clear(&out->why);
    int rc = spec_run(s, index, &out->why, &out->expectations, &w->e);
    store_turn_abort(w->store);
    return rc;
}

/* One case with this body: NULL, or why it fails ("where: why"). */
static const char *body(struct world *w, struct spec_world *out, const char *code)
{
    struct buf source = BUF_INIT;
    buf_printf(&source, "it('x', function(t) %s\nend)", code);
    struct spec *s = spec_of(w, source.data);
    buf_free(&source);
    if (!s)
        fail_msg("%s: %s: %s", code, w->e.where, w->e.message);
    int rc = run(w, s, 0, out);
    spec_close(s);
    return rc ? buf_text(&out->why) : NULL;
}

static void expectations(void **state)
{
    struct world *w = *state;
    struct spec_world out = { 0 };
    static const struct {
        const char *code, *why; /* NULL: holds */
    } cases[] = {
        { "expect(1):equals(1)", NULL },
        { "expect(1):equals(2)", "expected 2\n     got 1" },
        { "expect('a\\nb'):equals('a')", "expected \"a\"\n     got \"a\\x0ab\"" },
        { "expect({}):equals({})", "same_as" },
        { "expect(people.add{name='A'}):equals(people.get(1))", NULL },
        { "expect(1):isnt(1)", "expected anything but 1" },
        { "expect(nil):is_nil()", NULL },
        { "expect(false):is_nil()", "expected nil\n     got false" },
        { "expect(nil):is_something()", "expected anything but nil" },
        { "expect(1):is_true()", "expected true\n     got 1" },
        { "expect(nil):is_false()", "expected false\n     got nil" },
        { "expect(2):at_least(3)", "expected at least 3\n     got 2" },
        { "expect('x'):at_most(3)", "expected at most 3\n     got \"x\"" },
        { "expect(clock.now()):is_at('2026-03-01 09:00')", NULL },
        { "expect(clock.now()):is_at('1 hour')",
          "expected 2026-03-01 10:00:00\n     got 2026-03-01 09:00:00" },
        { "expect('abc'):contains('bc')", NULL },
        { "expect('abc'):contains('x')", "something that contains \"x\"" },
        { "expect({ {a=1,b=2} }):contains{a=1}", NULL },
        { "expect({ {a=1,b={c=3}} }):contains{b={c=3}}", NULL },
        { "expect({ {a=1,b=2} }):contains{a=2}", "got { { a = 1, b = 2 } }" },
        { "expect({ t.person{name='A'} }):contains{name='A', phone=baton.none}", NULL },
        { "expect({ t.person{} }):contains{nmae='A'}", "did you mean \"name\"?" },
        { "expect(t.person{name='A'}):contains{name='A'}", NULL },
        { "expect({}):contains{a=1}", "contains { a = 1 }" },
        { "expect({1}):lacks(1)", "nothing like 1" },
        { "expect('R-12'):matches('^R%-%d+$')", NULL },
        { "expect('x'):matches('%d')", "a text that matches \"%d\"" },
        { "expect({a={1,2},b=3}):same_as{a={1,2},b=3}", NULL },
        { "expect({a={1,2},b=3}):same_as{a={1,9},c=4}",
          "not the same:\n  .a[2]: expected 9, got 2\n  .b: expected nil, got 3\n  .c: expected 4, "
          "got nil" },
        { "expect({1,2}):has_length(3)", "expected a length of 3\n     got 2: { 1, 2 }" },
        { "expect(5):has_length(1)", "expected a table or a text" },
        { "expect(function() error('too late') end):fails('late')", NULL },
        { "expect(function() error('too late') end):fails('early')",
          "expected a failure that says \"early\"\n     got \"too late\"" },
        { "expect(function() end):fails()", "expected a failure, but it went well" },
        { "expect(function() referrals.open{workflow='nix'} end):fails('not_found')", NULL },
        { "expect(function() expect(1):equals(2) end):fails()", "expected 2\n     got 1" },
        { "expect(1):equal(1)", "unknown expectation \"equal\", did you mean \"equals\"?" },
        { "expect(1).equals(1)", "with a colon" },
        { "error('broken')", "broken" },
        { "local x = nil; x()", "attempt to call a nil value" },
        { "pcall(function() expect(1):equals(2) end) error('later')", "later" },
        { "t.persn{}", "t: unknown function \"persn\", did you mean \"person\"?" },
        { "t.clock:advnace('1 day')", "did you mean \"advance\"?" },
        { "t.clock.advance('1 day')", "with a colon: t.clock:advance(\"1 day\")" },
        { "t.clock.now()", "with a colon: t.clock:now()" },
        { "t.mine = 1 expect(t.mine):equals(1)", NULL },
        { "it('y', function() end)", "can't declare others" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = body(w, &out, cases[i].code);
        if (!cases[i].why && why)
            fail_msg("%s\n  fails: %s", cases[i].code, why);
        if (cases[i].why && (!why || !strstr(why, cases[i].why)))
            fail_msg("%s\n  says %s\n  wanted %s", cases[i].code, why ? why : "nothing",
                     cases[i].why);
        if (!why && strstr(cases[i].code, "expect"))
            assert_int_equal(out.expectations, 1);
    }
    assert_non_null(body(w, &out, "\n\nexpect(1):equals(2)"));
    assert_string_equal(w->e.where, "a.lua:3"); /* the line of the failing expectation */
    buf_free(&out.why);
}

static void fixtures_and_clock(void **state)
{
    struct world *w = *state;
    struct spec_world out = { 0 };
    static const char *const cases[] = {
        "expect(t.person{}.name):equals('Person 1') expect(t.staff{roles={'lead','admin'}}.roles)"
        ":equals('lead, admin')",
        "local s = t.service{} expect(s.partner.name):matches('Partner') "
        "expect(s.name):contains('S')",
        "local r = t.referral{} expect(r.workflow):equals('tutoring') "
        "expect(r.subject):is_something()",
        "expect(t.referral{title='x', subject=t.person{name='Z'}}.subject.name):equals('Z')",
        "t.as(t.staff{roles='lead', name='L'}, function() expect(baton.actor().name):equals('L') "
        "end)"
        " expect(baton.actor()):is_nil()",
        "local r = t.referral{} expect(t.events(r)):contains{kind='referral.opened'}"
        " expect(#t.events()):at_least(2) expect(t.events(r)):has_length(1)",
        "expect(t.messages()):has_length(0) expect(t.tasks{}):has_length(0) expect(t.timers()):"
        "has_length(0)",
        "t.person{} dry(function() t.person{} end) expect(people.count{}):equals(1)",
        "baton.turn(function() t.person{} t.person{} end) expect(people.count{}):equals(2)",
        "expect(function() t.referral{workflow='tutorin'} end):fails('did you mean \"tutoring\"')",
        "expect(function() t.person(5) end):fails('t.person takes a table')",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = body(w, &out, cases[i]);
        if (why)
            fail_msg("%s\n  %s", cases[i], why);
    }
    buf_free(&out.why);
}

static void declarations(void **state)
{
    struct world *w = *state;
    struct spec_case c;
    struct spec_world out = { 0 };
    struct spec *s = spec_of(
        w, "local log = {}\n"
           "describe('a', { settings = { n = 1 }, zone = 'Europe/Berlin', at = '2026-01-01',\n"
           "  roles = { 'teacher', 'nurse' }, calendar = { week = 'Mon-Fri 08:00-16:00' },\n"
           "  plugins = { 'other', third = { x = true } } }, function()\n"
           "  before(function(t) t.log = 'outer' end)\n"
           "  after(function(t) expect(t.done):is_true() end)\n"
           "  it('one', function(t) expect(t.log):equals('outer') t.done = true end)\n"
           "  it('pending')\n"
           "  describe('b', { settings = { m = 'x' }, zone = 'UTC' }, function()\n"
           "    before(function(t) t.log = t.log .. ' inner' end)\n"
           "    each({ { 4, true }, { 7, false } }, function(t, weeks, ok)\n"
           "      expect(t.log):equals('outer inner') expect(ok):equals(weeks == 4) t.done = true\n"
           "    end, 'weeks %d')\n"
           "    it('forgets', function(t) end)\n"
           "  end)\n"
           "end)\n"
           "each({ 'x' }, function(t, x) expect(x):equals('x') end)\n");
    assert_non_null(s);
    static const struct {
        const char *name, *where;
        bool pending;
        int rc;
    } cases[] = {
        { "a › one", "a.lua:7", false, 0 },
        { "a › pending", "a.lua:8", true, 0 },
        { "a › b › weeks 4", "a.lua:11", false, 0 },
        { "a › b › weeks 7", "a.lua:11", false, 0 },
        { "a › b › forgets", "a.lua:14", false, -ERROR_INVALID },
        { "\"x\"", "a.lua:17", false, 0 },
    };
    assert_int_equal(spec_count(s), sizeof cases / sizeof *cases);
    for (size_t i = 0; i < spec_count(s); i++) {
        spec_case_at(s, i, &c);
        assert_string_equal(c.name, cases[i].name);
        assert_string_equal(c.where, cases[i].where);
        assert_int_equal(c.pending, cases[i].pending);
        if (!c.pending && run(w, s, i, &out) != cases[i].rc)
            fail_msg("%s: %s", c.name, buf_text(&out.why));
    }
    spec_case_at(s, 2, &c);
    assert_string_equal(c.at, "2026-01-01");
    assert_string_equal(c.plugins, "other, third");
    assert_string_equal(c.ini, "zone = UTC\n[roles]\nextra = teacher, nurse\n"
                               "[calendar]\nweek = Mon-Fri 08:00-16:00\n"
                               "[plugin tutoring]\nm = x\nn = 1\n[plugin third]\nx = yes\n");
    spec_case_at(s, 5, &c);
    assert_string_equal(c.ini, "");
    spec_close(s);
    buf_free(&out.why);
}

static void mistakes(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *source, *message;
    } cases[] = {
        { "describe('a', { zne = 'UTC' }, function() end)", "did you mean \"zone\"?" },
        { "describe('a', { settings = 5 }, function() end)",
          "settings takes a table, got a number" },
        { "describe('a', { zone = 'a\\nb' }, function() end)", "takes a text" },
        { "describe('a', { settings = { x = function() end } }, function() end)", "takes a text" },
        { "describe('a')", "function expected" },
        { "it(5)", NULL },
        { "it('a', 5)", "function expected" },
        { "each({}, function() end)", "there are no rows" },
        { "before(5)", "function expected" },
        { "nonsense(", "unexpected symbol" },
        { "error('here')", "here" },
        { "people.add{name='x'}", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spec *s = spec_of(w, cases[i].source);
        if (!cases[i].message) {
            spec_close(s);
            continue;
        }
        if (s)
            fail_msg("%s: is taken", cases[i].source);
        if (!strstr(w->e.message, cases[i].message))
            fail_msg("%s\n  says %s\n  wanted %s", cases[i].source, w->e.message, cases[i].message);
    }
    assert_fails(w, "describe('x', function() end)", "describe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expectations, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(fixtures_and_clock, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(declarations, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(mistakes, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
