/* What one call into a plugin may use: output, messages, rows, memory. A kill
 * for too much is like one for time: nothing swallows it, all is undone. */
#include "plugin_fixture.h"

#include "baton/store/store.h"

static int64_t count_of(struct fix *f, enum entity entity)
{
    struct store_query q = { .entity = entity };
    int64_t n = -1;
    ok(store_count(f->store, &q, &n, &f->e));
    return n;
}

static void small(struct fix *f)
{
    f->options.call_output_bytes = 2000;
    f->options.call_effects = 3;
    f->options.call_rows = 20;
    f->options.call_bytes = 10000;
    f->options.limit_bytes = 4000000;
    fix_reopen(f);
}

/* Each as the body of a handler, a job would be the same. */
static void too_much(void **state)
{
    struct fix *f = *state;
    static const char too_many_rows[] =
        "wrote more than 20 rows and events in one call (call_rows in [limits] of org.ini)";
    static const char too_many_bytes[] =
        "wrote more than 10000 bytes in one call (call_bytes in [limits] of org.ini)";
    static const char too_much_output[] = "printed and logged more than 2000 bytes in one call "
                                          "(call_output_bytes in [limits] of org.ini)";
    static const char too_many_messages[] =
        "sent more than 3 messages in one call (call_effects in [limits] of org.ini)";
    static const struct {
        const char *body, *says;
    } cases[] = {
        { "while true do print(('x'):rep(100)) end", too_much_output },
        { "while true do log.info(('x'):rep(100)) end", too_much_output },
        { "print(('x'):rep(1000000))", too_much_output },
        { "while true do pcall(print, ('x'):rep(100)) end", too_much_output },
        { "pcall(print, ('x'):rep(3000)) error('swallowed')", too_much_output },
        { "xpcall(print, function() return 1 end, ('x'):rep(3000)) error('swallowed')",
          too_much_output },
        { "coroutine.wrap(function() print(('x'):rep(3000)) end)() error('swallowed')",
          too_much_output },
        { "local t <close> = setmetatable({}, {__close = function() while true do end end}) "
          "print(('x'):rep(3000))",
          too_much_output },
        { "baton.try(print, ('x'):rep(3000)) error('swallowed')", too_much_output },
        { "while true do partners.add{name = 'A'} end", too_many_rows },
        { "while true do pcall(partners.add, {name = 'A'}) end", too_many_rows },
        { "while true do baton.emit('my.thing', {}) end", too_many_rows },
        { "local p = partners.add{name = 'A'} while true do p:note('n') end", too_many_rows },
        { "while true do baton.emit('my.thing', {s = ('x'):rep(1000)}) end", too_many_bytes },
        { "while true do pcall(baton.emit, 'my.thing', {s = ('x'):rep(1000)}) end",
          too_many_bytes },
        { "while true do pcall(partners.add, {name = ('A'):rep(1000)}) end", too_many_bytes },
        { "while true do messages.send{to = 'a@example.org', body = 'b'} end", too_many_messages },
        { "pcall(function() local t = {} while true do t[#t + 1] = {} end end) error('swallowed')",
          "out of memory: the organisation's Lua state may hold 3 MB (lua_bytes in [limits]" },
        { "coroutine.resume(coroutine.create(function() local t = {} while true do t[#t + 1] = {} "
          "end end)) error('swallowed')",
          "out of memory" },
    };
    small(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lua[512];
        snprintf(lua, sizeof lua,
                 "baton.on('person.created', function(event, row) if row.name == 'bad' then\n%s\n"
                 "end end)",
                 cases[i].body);
        fix_reopen(f);
        fix_use(f, "permissions = people, partners, messages\n", lua);
        int rc = fix_run(f, "people.add{name = 'bad'}");
        if (rc != -ERROR_LIMIT || !strstr(f->e.message, cases[i].says) ||
            !strstr(f->e.message, "plugin p, handler of \"person.created\"") ||
            strcmp(f->e.where, "p/init.lua:2"))
            fail_msg("%s: %d %s: %s", cases[i].body, rc, f->e.where, f->e.message);
        ok(fix_run(f, "people.add{name = 'good'}"));
        assert_int_equal(count_of(f, ENTITY_PERSON), i + 1);
        assert_int_equal(count_of(f, ENTITY_PARTNER) + count_of(f, ENTITY_MESSAGE), 0);
    }
}

/* What a call makes others do is its own; each of them begins anew. */
static void with_the_calls_that_it_makes(void **state)
{
    struct fix *f = *state;
    const char *const names[] = { "outer", "inner", NULL };
    struct plugin_info info;
    small(f);
    fix_plugin(f, "inner", "permissions = people, partners\n",
               "baton.on('partner.created', function() print(('x'):rep(400)) end)");
    fix_plugin(f, "outer", "permissions = people, partners\n",
               "baton.on('person.created', function(e, row)\n"
               "  for i = 1, tonumber(row.name) do partners.add{name = 'A'} end end)");
    ok(fix_load(f, names));
    refused(fix_run(f, "people.add{name = '8'}"), ERROR_LIMIT,
            "plugin outer, handler of \"person.created\": stopped: it printed");
    for (int i = 0; i < 8; i++)
        ok(fix_run(f, "people.add{name = '4'}"));
    script_plugin_at(f->s, 1, &info);
    assert_int_equal(info.failures, 1); /* it was ended, and not for its own sake */
    assert_false(info.off);
}

/* A session writes, sends and prints as much as it likes. */
static void sessions_have_none(void **state)
{
    struct fix *f = *state;
    small(f);
    fix_use(f, "permissions = people\n", "baton.on('person.created', function() print('x') end)");
    ok(fix_run(f, "for i = 1, 3000 do people.add{name = 'A'} end"));
    ok(fix_run(f, "for i = 1, 50 do messages.send{to = 'a@example.org', body = 'b'} end"));
    assert_int_equal(count_of(f, ENTITY_PERSON), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(too_much, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(with_the_calls_that_it_makes, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(sessions_have_none, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
