/* as, dry, at, watch, timing. */
#include "script/script_internal.h"
#include "script/session_fixture.h"

static void acting(void **state)
{
    struct world *w = *state;
    world_people(w);
    world_shows(w, "staff.add{name='Ines', roles='junior'} staff.add{name='Old', roles='junior', "
                   "status='inactive'}");
    static const struct world_case cases[] = {
        { "baton.actor()", "nil" },
        { "as('S-1', function() return baton.actor().name, 2 end)", "Grace\t2" },
        { "baton.actor()", "nil" },
        { "as('grace@example.org')", "" },
        { "baton.actor().name", "Grace" },
        { "as('operator', baton.actor)", "nil" },
        { "baton.actor().name", "Grace" },
        { "as()", "" },
        { "as('S-9', function() end)", "!S-9" },
        { "as('S-3', function() end)", "!S-3 (Old) is inactive: only active staff can act" },
        { "as('nobody@x', function() end)", "!no member of staff has the mail address nobody@x" },
        { "as('S-1', 5)", "!function expected" },
        { "as('S-2', function() staff.get(1):set{name='x'} end)", "!admin" },
        { "as('S-2', function() error('here') end)", "!here" },
        { "baton.actor()", "nil" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void only_the_operator_switches(void **state)
{
    struct world *w = *state;
    world_people(w);
    struct session *mine = w->session;
    const struct actor grace = { 1, "S-1", "lead" };
    struct session_options so = { .actor = &grace, .output = world_output, .context = w };
    static const char *const none[] = { NULL };
    so.files = so.args = none;
    world_ok(w, session_open(&w->session, w->script, &so, &w->e));
    assert_fails(w, "as('operator')", "this session was opened as S-1");
    session_close(w->session);
    w->session = mine;
}

static void trying_out(void **state)
{
    struct world *w = *state;
    world_people(w);
    const char *shown =
        world_shows(w, "dry(function() local r = referrals.get(1) r:advance('match') r:note('hi')"
                       " people.get(1):set{phone='1', fields={grade=baton.none}}"
                       " r:message{to='x@y.example', subject='Hello', body='one\\ntwo'} "
                       "baton.emit('my.thing') end)");
    static const char *const parts[] = { "changed R-1 (referral)",
                                         "stage: \"requested\" → \"matched\"",
                                         "due_at_ms: 2026-03-04 09:00 → none",
                                         "created N-1 (note)",
                                         "text: \"hi\"",
                                         "changed P-1 (person)",
                                         "phone: none → \"1\"",
                                         "fields.grade: 3 → none",
                                         "event my.thing",
                                         "would send M-1 to x@y.example by file: Hello",
                                         "    | two",
                                         "2 changed, 1 message sent; nothing was kept",
                                         NULL };
    for (size_t i = 0; parts[i]; i++)
        if (!strstr(shown, parts[i]))
            fail_msg("%s\n  lacks %s", shown, parts[i]);
    static const struct world_case cases[] = {
        { "referrals.get(1).stage", "requested" },
        { "people.get(1).phone", "nil" },
        { "notes.count{}, messages.count{}, events.recent{limit=1}[1].kind",
          "0\t0\treferral.opened" },
        { "dry(function() end)", "nothing would change" },
        /* Around it the statement goes on, and what failed inside does not spoil it. */
        { "people.add{name='Cy'} dry(function() people.add{name='No'} pcall(function() "
          "referrals.get(1):advance('match', {fields={hours=99}}) end) end) people.add{name='Di'} "
          "return people.count{}",
          NULL },
        { "people.count{}", "4" },
        { "people.get(4).name", "Di" },
        { "dry(function() people.add{name='X'} error('broken') end)", "!broken" },
        { "dry(function() dry(function() people.add{name='X'} end) end)", NULL },
        { "dry(function() clock.advance('1 day') end)", "nothing would change" },
        { "people.count{}", "4" },
        { "dry(5)", "!function expected" },
        { NULL, NULL },
    };
    for (const struct world_case *c = cases; c->text; c++) {
        if (!c->wanted)
            world_shows(w, c->text);
        else if (c->wanted[0] == '!')
            assert_fails(w, c->text, c->wanted + 1);
        else
            assert_shows(w, c->text, c->wanted);
    }
    int64_t to_ms;
    assert_false(session_wants_clock(w->session, &to_ms));
}

/* In a script each write is a turn of its own, and dry has one too. */
static void trying_out_in_a_script(void **state)
{
    struct world *w = *state;
    static const char source[] = "people.add{name='A'}\n"
                                 "dry(function() people.add{name='B'} people.add{name='C'} end)\n"
                                 "people.add{name='D'} print(people.count{}, people.get(2).name)";
    bool done = false;
    buf_clear(&w->shown);
    world_ok(w, session_start(w->session, source, sizeof source - 1, "x.lua", &w->e));
    while (!done)
        world_ok(w, session_step(w->session, &done, &w->e));
    assert_non_null(strstr(buf_text(&w->shown), "2 rows would be created"));
    assert_non_null(strstr(buf_text(&w->shown), "2\tD"));
}

static void wishes(void **state)
{
    struct world *w = *state;
    struct session_wishes wish;
    world_shows(w, "at('2 days', 'people.count{}') watch('task.*') timing(true)");
    session_wishes(w->session, &wish);
    assert_true(wish.at && !wish.at_back && wish.watch && wish.watch_on && wish.timing);
    assert_int_equal(wish.at_ms, world_now_ms + 2 * 24 * 3600 * 1000);
    assert_string_equal(wish.at_code, "people.count{}");
    assert_string_equal(wish.watch_kind, "task.*");
    session_wishes(w->session, &wish);
    assert_true(!wish.at && !wish.watch && wish.timing);
    world_shows(w, "at() watch(false) timing(false)");
    session_wishes(w->session, &wish);
    assert_true(wish.at && wish.at_back && wish.watch && !wish.watch_on && !wish.timing);
    assert_fails(w, "at('2020-01-01')", "past");
    assert_fails(w, "at('some day')", "at:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(acting, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(only_the_operator_switches, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(trying_out, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(trying_out_in_a_script, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(wishes, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
