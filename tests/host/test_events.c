/* Every kind of event that plugins are told they can listen to is raised by
 * something: a plugin listens to all of them, and people go through a day. */
#include "baton/base/json.h"
#include "host_fixture.h"
#include "script/hooks_internal.h"

static const char flow[] =
    "baton.workflow{ name = 'flow', version = %d, %s\n"
    "  fields = { chair = { type = 'ref', to = 'staff' } },\n"
    "  stages = { { name = 'new', deadline = { within = '5 working days', remind = '1 day',\n"
    "               escalate = { after = '1 day', to = 'lead' } } },\n"
    "             { name = 'done', final = true } },\n"
    "  transitions = { { name = 'write', from = 'new' },\n"
    "    { name = 'grant', from = 'new', to = 'done', approval = { seats = { { field = 'chair' } } "
    "} },\n"
    "    { name = 'stop', from = 'new', to = 'done', reasons = { full = { reroute = true } } } } "
    "}\n"
    "for _, kind in ipairs{ %s } do\n"
    "  baton.on(kind, function(event, row) log.info('heard ' .. kind) end)\n"
    "end\n";

static void plugin(struct fixture *f, int version, const char *migrate)
{
    struct buf kinds = BUF_INIT, lua = BUF_INIT;
    for (size_t i = 0; handlers_kinds[i]; i++)
        buf_printf(&kinds, "%s'%s'", i ? ", " : "", handlers_kinds[i]);
    buf_printf(&lua, flow, version, migrate, kinds.data);
    fixture_plugin(f, "p", lua.data);
    buf_free(&kinds);
    buf_free(&lua);
}

static void does(struct talk *t, struct org *o, const char *lua)
{
    struct buf request = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &request);
    jsonw_open_object(&w);
    jsonw_key(&w, "op");
    jsonw_text(&w, "eval");
    jsonw_key(&w, "text");
    jsonw_text(&w, lua);
    jsonw_close(&w);
    const char *frames = talk_ask(t, o, request.data);
    assert_lacks(frames, "\"error\"");
    buf_free(&request);
}

static void a_day(struct talk *t, struct org *o)
{
    static const char *const statements[] = {
        "S = staff.add{ name = 'Ann', roles = 'lead' } S:set{ name = 'Anna' }",
        "P = people.add{ name = 'Ada' } P:set{ name = 'Ade' }",
        "B = partners.add{ name = 'Books' } B:set{ name = 'Book' }",
        "local s = services.add{ name = 'Lending', partner = B } s:set{ name = 'Lend' }",
        "local l = locations.add{ name = 'Here', partner = B } l:set{ name = 'There' }",
        "local n = P:note('x') n:set{ text = 'y' }",
        ("local c = consents.add{ person = P, purpose = 'mail', status = 'given' } "
         "c:set{ status = 'withdrawn' }"),
        "local t = timers.add{ name = 'tea', at_ms = '1 day' } t:set{ at_ms = '2 days' }",
        "local t = tasks.add{ title = 'x' } t:set{ title = 'y' } t:done('well')",
        "tasks.add{ title = 'x' }:cancel()",
        "local m = messages.send{ to = 'a@b.example', body = 'x' } m:set{ body = 'y' }",
        "R = referrals.open{ workflow = 'flow', title = 'one', fields = { chair = S } }",
        "R:set{ title = 'won' } R:assign(S) R:advance('write') R:pause{} R:resume()",
        "C = R:refer{ workflow = 'flow' }",
        "C:advance('stop', { reason = 'full' })",
        "N = referrals.open{ workflow = 'flow', fields = { chair = S } }",
        "N:vote('grant', 'no', { for_staff = S })",
        "clock.advance('12 days')",
        "R:vote('grant', 'yes', { for_staff = S })",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        does(t, o, statements[i]);
}

/* An outbox that takes nothing: a message fails, again and again, and dies. */
static void a_message_dies(struct fixture *f, struct talk *t, struct org *o)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s/orgs/oak/outbox && touch %s/orgs/oak/outbox",
             f->dir, f->dir);
    assert_int_equal(system(command), 0);
    does(t, o, "messages.send{ to = 'a@b.example', body = 'x' }");
    does(t, o, "clock.advance('30 days')");
}

static void everything_listed_is_raised(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    talk_open(&t);
    plugin(f, 1, "");
    fixture_org(f, "oak", "p", true);
    struct org *o = fixture_open(f, "oak");
    a_day(&t, o);
    a_message_dies(f, &t, o);
    does(&t, o, "referrals.open{ workflow = 'flow', title = 'later' }");
    fixture_write(f, "orgs/oak/org.ini",
                  "[org]\ntitle = A test\nplugins = p\nclock = movable\n"
                  "[calendar]\nweek = Mon-Tue 08:00-16:00\n");
    plugin(f, 2, "migrate = { from = 1 },");
    fixture_ok(f, org_reload(o, &f->e));
    does(&t, o, "baton.migrate{}");
    for (size_t i = 0; handlers_kinds[i]; i++) {
        char heard[96];
        snprintf(heard, sizeof heard, "heard %s\n", handlers_kinds[i]);
        if (!fixture_noticed(f, heard))
            fail_msg("nothing raised %s", handlers_kinds[i]);
    }
    talk_close(&t);
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_listed_is_raised, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
