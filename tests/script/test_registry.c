/* Help and the reference page, from the registration table. */
#include "plugin_fixture.h"

static void help(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *part;
    } cases[] = {
        { "", "referrals" },
        { "", "help \"referrals.find\" shows one function" },
        { "baton", "baton.workflow{" },
        { "referrals", "referrals.find" },
        { "referrals.find",
          "\nexample:\n  referrals.find{ open = true, stage = \"requested\" }  --> { R-1 }\n" },
        { "baton.on", "\n  -- in a script\n  r:advance(\"accept\")\n" },
        { "examples", "\nexample:\n  r.stage" },
        { "stage", "\nexample:\n  -- in init.lua\n" },
        { "baton.referrals", "referrals.open{" },
        { "baton.referrals.open", "opens a referral" },
        { "baton.on", "runs a function at each event" },
        { "referral:advance", "advance" },
        { "referral.advance", "advance" },
        { "advance", "advance" },
        { "emit", "baton.emit" },
        { "baton.none", "no value" },
        { "", "What a plugin declares" },
        { "workflow", "help transition" },
        { "stage", "filled to LEAVE the stage" },
        { "deadline", "remind" },
        { "guard", "return false, \"choose a partner first\"" },
        { "plugin.ini", "[setting pupils_per_tutor]" },
        { "transition", "help reasons" },
        { "reasons", "cooling_off = \"30 days\"" },
        { "reasons", "may not be opened again before then" },
        { "reasons", "referral.reroute" },
        { "cooling_off", "may not be opened again before then" },
        { "reroute", "a task (kind reroute)" },
        { "approval", "r:approval(\"adopt\").state == \"refused\"" },
        { "prompt", "explain(\"R-2\", \"assess\")" },
        { "explain", "\nexplain(referral, transition" },
        { "_", "the last result" },
        { "columns", "\nreferrals (R-1):\n" },
        { "columns", "\nconsents (C-1):\n" },
        { "referrals", "\ncolumns (help columns says how they are read and written):\n" },
        { "referrals", "\n  subject, subject_id " },
        { "referrals", "routine, urgent or emergency" },
        { "people", "\n  birth_date " },
        { "referrals.open", "help columns" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct error e;
        if (script_help(cases[i].topic, &out, &e))
            fail_msg("%s: %s", cases[i].topic, e.message);
        assert_contains(buf_text(&out), cases[i].part);
        buf_free(&out);
    }
}

static void unknown_help(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *message;
    } cases[] = {
        { "referals", "no help on \"referals\", did you mean \"referrals\"?" },
        { "referrals.fnd", "did you mean \"referrals.find\"?" },
        { "deadlin", "did you mean \"deadline\"?" },
        { "coolin_off", "did you mean \"cooling_off\"?" },
        { "xyzzyxyzzy", "help without a name lists the modules" },
        { "baton.", "no help on" },
        { "referrals.", "no help on" },
        { ".", "no help on" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct error e;
        assert_int_equal(script_help(cases[i].topic, &out, &e), -ERROR_NOT_FOUND);
        assert_contains(e.message, cases[i].message);
        assert_int_equal(out.len, 0);
        buf_free(&out);
    }
    assert_int_equal(script_help("nonsense", &(struct buf)BUF_INIT, NULL), -ERROR_NOT_FOUND);
}

/* Every entry says what it is, has an example (host/test_examples runs it), and is installed where
 * its name says. */
static void entries_are_whole(void **state)
{
    struct fix *f = *state;
    for (size_t i = 0; script__modules[i]; i++) {
        const struct script_module *m = script__modules[i];
        assert_true(*m->name && *m->help);
        for (const struct script_function *fn = m->functions; fn->name; fn++) {
            if (!fn->signature || !*fn->signature || !fn->help || !*fn->help)
                fail_msg("%s.%s has no signature or help", m->name, fn->name);
            if (!fn->example || !*fn->example)
                fail_msg("%s.%s has no example", m->name, fn->name);
            if (fn->name[0] == ':' || !fn->function)
                continue;
            char text[128];
            snprintf(text, sizeof text, "assert(type(%s.%s) == 'function')", m->name, fn->name);
            ok(fix_lua(f, 0, text));
        }
    }
}

static void reference(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    script_reference(&out);
    assert_contains(buf_text(&out), "# Lua reference\n");
    for (size_t i = 0; script__modules[i]; i++) {
        char heading[64];
        snprintf(heading, sizeof heading, "\n## %s\n", script__modules[i]->name);
        assert_contains(buf_text(&out), heading);
    }
    assert_contains(buf_text(&out), "```lua\n");
    assert_contains(buf_text(&out), "\n  subject, subject_id ");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help),
        cmocka_unit_test(unknown_help),
        cmocka_unit_test_setup_teardown(entries_are_whole, fix_setup, fix_teardown),
        cmocka_unit_test(reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
