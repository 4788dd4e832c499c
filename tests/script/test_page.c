/* What a process says it is at, and whether another one can believe it. */
#include "plugin_fixture.h"

#include "baton/script/page.h"

static void nobody_is_at_work(void **state)
{
    struct script_page page = { 0 };
    struct script_work work = { .began_ns = 7 };
    (void)state;
    assert_false(page_read(&page, &work));
    page_begin(&page, "oak", "p", false, 1000, 2000);
    assert_true(page_read(&page, &work));
    assert_string_equal(work.org, "oak");
    assert_string_equal(work.plugin, "p");
    assert_int_equal(work.began_ns, 1000);
    assert_int_equal(work.until_ns, 2000);
    page_end(&page);
    work.began_ns = 7;
    assert_false(page_read(&page, &work));
    assert_int_equal(work.began_ns, 7); /* untouched */
}

/* The writer died in the middle, or is not to be trusted. */
static void nonsense_is_not_read(void **state)
{
    struct script_work work;
    char longest[LIMIT_NAME_BYTES + 1];
    (void)state;
    memset(longest, 'a', LIMIT_NAME_BYTES);
    longest[LIMIT_NAME_BYTES] = '\0';
    struct script_page page = { 0 };
    page_begin(&page, longest, longest, false, 1, 2);
    assert_true(page_read(&page, &work));
    assert_string_equal(work.plugin, longest);
    page.writes = 7;
    assert_false(page_read(&page, &work));
    page.writes = 8;
    memset(page.org, 'a', sizeof page.org); /* without an end */
    memset(page.plugin, 0xff, sizeof page.plugin);
    assert_false(page_read(&page, &work));
    page_begin(&page, "oak", "Not a name\n", false, 1, 2);
    assert_false(page_read(&page, &work));
}

struct seen {
    struct fix *f;
    struct script_page page;
};

/* What a plugin prints becomes what the page says while it does. */
static void seen_output(void *context, enum script_stream stream, const char *plugin,
                        const char *text, size_t n)
{
    struct seen *seen = context;
    struct script_work work;
    (void)stream;
    (void)plugin;
    buf_printf(&seen->f->output, "%.*s", (int)n, text);
    if (page_read(&seen->page, &work))
        buf_printf(&seen->f->output, "=%s/%s/%d ", work.org, work.plugin,
                   (int)((work.until_ns - work.began_ns) / 1000000));
    else
        buf_puts(&seen->f->output, "=nobody ");
}

static void the_innermost_plugin_is_on_it(void **state)
{
    struct fix *f = *state;
    struct seen seen = { .f = f };
    static const char *const names[] = { "outer", "inner", NULL };
    f->options.page = &seen.page;
    f->options.output = seen_output;
    f->options.context = &seen;
    script_close(f->s);
    ok(script_open(&f->s, f->d, &f->options, &f->e));
    f->env = LUA_NOREF;
    fix_plugin(f, "outer", "",
               "print('load')\n"
               "baton.command('a', {}, function() print('before') baton.call('b') print('after') "
               "pcall(baton.call, 'fails') print('still') end)");
    fix_plugin(f, "inner", "",
               "baton.command('b', {}, function() print('in') end)\n"
               "baton.command('fails', {}, function() error('no') end)");
    ok(fix_load(f, names));
    assert_string_equal(buf_text(&f->output), "load=test/outer/5000 ");
    buf_clear(&f->output);
    struct script_work work;
    assert_false(page_read(&seen.page, &work));
    ok(fix_run(f, "baton.call('a')"));
    assert_contains(buf_text(&f->output), "before=test/outer/5000 in=test/inner/5000 "
                                          "after=test/outer/5000 ");
    assert_contains(buf_text(&f->output), "still=test/outer/5000 ");
    assert_false(page_read(&seen.page, &work)); /* a session is nobody to blame */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_at_work),
        cmocka_unit_test(nonsense_is_not_read),
        cmocka_unit_test_setup_teardown(the_innermost_plugin_is_on_it, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
