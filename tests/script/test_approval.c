/* Approvals, reasons with effects and children as a workflow author writes them. */
#include "plugin_fixture.h"

static const char board[] =
    "baton.workflow{\n"
    "  name = 'board', version = 1,\n"
    "  fields = { chair = { type = 'ref', to = 'staff' } },\n"
    "  stages = {\n"
    "    { name = 'deciding' },\n"
    "    { name = 'granted', final = true },\n"
    "    { name = 'denied', final = true },\n"
    "  },\n"
    "  transitions = {\n"
    "    { name = 'grant', from = 'deciding', to = 'granted',\n"
    "      approval = { need = 2, auto = true, otherwise = 'deny', seats = {\n"
    "        'specialist',\n"
    "        { name = 'leader', role = 'lead', title = 'Team leader', mandatory = true },\n"
    "        { field = 'chair', weight = 2, veto = true } } } },\n"
    "    { name = 'deny', from = '*', to = 'denied', reasons = { 'refused', 'parent_closed',\n"
    "      no_capacity = { title = 'No capacity', comment = true, cooling_off = '30 days', reroute "
    "= "
    "true } } },\n"
    "  },\n"
    "  children = { board = { transition = 'deny' }, letter = 'refuse', note = { on_close = 'keep' "
    "},\n"
    "    ['*'] = { on_close = 'advance', transition = 'stop' } },\n"
    "}\n";

static void declared(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", board);
    const struct graph *g = domain_graph(f->d, "board");
    const struct transition *grant = graph_transition(g, 0), *deny = graph_transition(g, 1);
    const struct approval *a = grant->approval;
    assert_non_null(a);
    assert_true(a->need == 2 && a->automatic && !a->several && a->seat_count == 3);
    assert_string_equal(a->otherwise, "deny");
    assert_string_equal(a->seats[0].name, "specialist");
    assert_string_equal(a->seats[0].role, "specialist");
    assert_string_equal(a->seats[1].title, "Team leader");
    assert_true(a->seats[1].mandatory && !a->seats[1].veto && a->seats[1].weight == 1);
    assert_string_equal(a->seats[2].name, "chair");
    assert_true(a->seats[2].veto && a->seats[2].weight == 2 && !a->seats[2].role);
    assert_null(deny->approval);
    const struct reason *full = &deny->reasons[2];
    assert_true(full->reroute && full->comment_required && full->cooling_off.days == 30);
    assert_false(deny->reasons[0].reroute);
    assert_int_equal(graph_child(g, "board")->action, CHILD_ADVANCE);
    assert_int_equal(graph_child(g, "letter")->action, CHILD_REFUSE);
    assert_int_equal(graph_child(g, "note")->action, CHILD_KEEP);
    assert_string_equal(graph_child(g, "anything")->transition, "stop");
    assert_string_equal(graph_child(g, "board")->where, "p/init.lua:1");
}

/* The declaration with one place changed. */
static const char *changed(const char *from, const char *to)
{
    static char text[4096];
    const char *at = strstr(board, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - board), board, to, at + strlen(from));
    return text;
}

static void needs(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *to;
        int need;
    } cases[] = {
        { "need = 'all',", 4 }, { "need = 'majority',", 3 }, { "", 3 }, { "need = 4,", 4 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_use(f, "", changed("need = 2,", cases[i].to));
        assert_int_equal(graph_transition(domain_graph(f->d, "board"), 0)->approval->need,
                         cases[i].need);
        fix_reopen(f);
    }
}

static void mistakes(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *from, *to, *problem;
    } cases[] = {
        { "need = 2,", "need = 'al',",
          "transition \"grant\": approval: need takes a weight from 1, \"majority\" or \"all\", "
          "not "
          "\"al\"" },
        { "need = 2,", "need = 0,", "need takes a weight from 1, \"majority\" or \"all\", not 0" },
        { "need = 2,", "need = 1.5,", "need takes a whole number" },
        { "need = 2,", "need = 9,",
          "approval of \"grant\" can never pass: it needs 9, and all seats together weigh 4" },
        { "need = 2,", "need = 2, deadline = '2 days',",
          "approval has no deadline of its own: give one to the stage" },
        { "need = 2,", "ned = 2,", "approval: unknown key \"ned\", did you mean \"need\"?" },
        { "'specialist',\n", "'specilist',\n",
          "seat \"specilist\": unknown role \"specilist\", did you mean \"specialist\"?" },
        { "'specialist',\n", "7,\n", "approval: seat 1 takes a role, or { name" },
        { "'specialist',\n", "{},\n", "approval: seat 1: who fills it?" },
        { "'specialist',\n", "{ rol = 'lead' },\n",
          "seat 1: unknown key \"rol\", did you mean \"role\"?" },
        { "weight = 2,", "weight = 2000000000000,", "weight takes 1 to 1000" },
        { "weight = 2,", "weight = '2',", "weight takes a whole number" },
        { "field = 'chair', w", "field = 'chiar', w",
          "unknown field \"chiar\", did you mean \"chair\"?" },
        { "seats = {", "seats = { x = 1,", "seats is a list" },
        { "seats = {", "seets = {", "\"seets\"" },
        { "otherwise = 'deny'", "otherwise = 'dney'",
          "no transition \"dney\", did you mean \"deny\"?" },
        { "approval = {", "aproval = {", "unknown key \"aproval\", did you mean \"approval\"?" },
        { "cooling_off = '30 days'", "cooling_of = '30 days'",
          "reason \"no_capacity\": unknown key \"cooling_of\", did you mean \"cooling_off\"?" },
        { "cooling_off = '30 days'", "cooling_off = '30 dys'", "cooling_off: " },
        { "cooling_off = '30 days'", "cooling_off = 30", "cooling_off takes a span" },
        { "reroute = true", "reroute = 1", "reroute takes true or false" },
        { "letter = 'refuse'", "letter = 'refus'",
          "children \"letter\": unknown on_close \"refus\", did you mean \"refuse\"?" },
        { "letter = 'refuse'", "letter = 3",
          "children \"letter\" takes \"keep\", \"refuse\" or {" },
        { "letter = 'refuse'", "letter = { on_close = 'advance' }", "which transition is taken" },
        { "letter = 'refuse'", "letter = { on_clos = 'keep' }", "unknown key \"on_clos\"" },
        { "letter = 'refuse'", "'letter'", "children is a table by workflow" },
        { "children = {", "childen = {", "unknown key \"childen\", did you mean \"children\"?" },
        { "{ transition = 'deny' }", "{ transition = 'dny' }",
          "children \"board\": it has no transition \"dny\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_plugin(f, "p", "", changed(cases[i].from, cases[i].to));
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem) || !strstr(problem, "p/init.lua:"))
            fail_msg("%s → %s: \"%s\" has no \"%s\"", cases[i].from, cases[i].to, problem,
                     cases[i].problem);
        fix_reopen(f);
    }
}

static const char people_text[] =
    "staff.add{ name = 'Spe', roles = 'specialist' } staff.add{ name = 'Lea', roles = 'lead' }\n"
    "staff.add{ name = 'Cha', roles = 'junior' }\n"
    "staff.add{ name = 'Del', roles = 'junior' }\n"
    "people.add{ name = 'Ada' }\n"
    "r = referrals.open{ workflow = 'board', subject = 1, fields = { chair = 'S-3' } }";

static void use_with(struct fix *f, const char *more)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s", board, more);
    fix_use(f, "", buf_text(&text));
    buf_free(&text);
}

static void voting(void **state)
{
    struct fix *f = *state;
    use_with(f, "baton.on('referral.voted', function(e, r) r:note(e.seat .. e.vote .. e.staff .. "
                "(e.by or '')) end)");
    ok(fix_run(f, people_text));
    refused(fix_run(f, "r:vote('grant')"), ERROR_INVALID,
            "takes a vote: r:vote(\"accept\", \"yes\")");
    refused(fix_run(f, "r:vote('grant', 'yse')"), ERROR_INVALID,
            "referral:vote: \"yse\" is no vote, did you mean \"yes\"?");
    refused(fix_run(f, "r:vote('grant', 'yes', { sat = 'x' })"), ERROR_INVALID,
            "did you mean \"seat\"?");
    refused(fix_run(f, "r:vote('grant', 'yes')"), ERROR_DENIED, "say whose with for_staff");
    refused(fix_run(f, "referrals.get(1).vote('grant', 'yes')"), ERROR_INVALID, "r:vote(");
    gives("return tostring(r:can('grant')) .. select(2, r:can('grant'))",
          "falseR-1: \"grant\" needs an approval: 0 of 2 yes; missing: specialist, leader "
          "(mandatory), chair (veto)");
    gives("return r:vote('grant', 'yes', { for_staff = 'S-1', note = 'fine' })", "R-1");
    gives(
        "local a = r:approval('grant') return a.state .. a.yes .. '/' .. a.need .. "
        "a.seats[1].vote .. a.seats[1].note .. a.seats[1].staff .. a.seats[1].by .. #a.missing .. "
        "a.missing[1] .. a.missing[2] .. tostring(a.seats[2].vote) .. "
        "tostring(a.seats[3].veto)",
        "open1/2yesfineS-1operator2leaderchairniltrue");
    gives("local s, why = pcall(r.approval, r, 'deny') return tostring(why)",
          "test.lua:1: R-1: \"deny\" needs no approval");
    ok(fix_run(f, "staff.get(3):set{ fields = { delegate = 'S-4', delegate_until = '2 days' } }"));
    gives("return staff.get(3).fields.delegate", "S-4");
    refused(fix_run(f, "staff.get(2):set{ fields = { delegate = 4 } }"), ERROR_INVALID,
            "give delegate_until, too");
    ok(fix_run(f, "r:vote('grant', 'no', { for_staff = 3, seat = 'chair' })"));
    gives("return r.stage .. tostring(r.open)", "deniedfalse");
    gives("local n = r:notes() return #n .. n[1].text .. n[2].text",
          "2specialistyesS-1operatorchairnoS-3operator");
}

/* A vote is the seat's; a seat that has not voted asks whom its field names now. */
static void a_seat_by_field(void **state)
{
    static const char open_tasks[] =
        "local n = {} for _, k in ipairs(r:tasks{ status = 'open' }) do\n"
        "  n[#n + 1] = k.assignee and tostring(k.assignee) or k.role end\n"
        "table.sort(n) return table.concat(n, ' ')";
    struct fix *f = *state;
    use_with(f, "");
    ok(fix_run(f, people_text));
    gives(open_tasks, "S-3 lead specialist");
    ok(fix_run(f, "r:set{ fields = { chair = 'S-4' } }"));
    gives(open_tasks, "S-4 lead specialist");
    ok(fix_run(f, "r:vote('grant', 'yes', { for_staff = 'S-4', seat = 'chair' })\n"
                  "r:set{ fields = { chair = 'S-3' } }"));
    gives("local s = r:approval('grant').seats[3] return s.vote .. s.staff .. s.by",
          "yesS-4operator");
    gives(open_tasks, "lead");
    refused(fix_run(f, "r:vote('grant', 'no', { for_staff = 'S-3', seat = 'chair' })"),
            ERROR_DENIED, "seat \"chair\" has voted yes already (S-4): a vote stands");
    /* Of somebody who is away there is no task, until the referral changes. */
    ok(fix_run(f, "staff.get(4):set{ status = 'inactive' }\n"
                  "r = referrals.open{ workflow = 'board', subject = 1, fields = { chair = 4 } }"));
    gives(open_tasks, "lead specialist");
    ok(fix_run(f, "staff.get(4):set{ status = 'active' }"));
    gives(open_tasks, "lead specialist");
    ok(fix_run(f, "r:set{ priority = 'urgent' }"));
    gives(open_tasks, "S-4 lead specialist");
}

struct shown {
    struct fix *f;
    struct buf text;
};

static int show_first(lua_State *L)
{
    struct shown *s = lua_touserdata(L, 1);
    script__push_handle(L, ENTITY_REFERRAL, 1);
    script__show(L, -1, &s->text);
    return 0;
}

static void on_the_card(void **state)
{
    struct fix *f = *state;
    struct shown s = { f, BUF_INIT };
    struct script_frame frame = { .actor = &fix_operator, .what = "test" };
    fix_use(f, "", board);
    ok(fix_run(f, people_text));
    ok(fix_run(f, "r:vote('grant', 'yes', { for_staff = 'S-2' })"));
    ok(script__protect(script__main(f->s), &frame, show_first, &s, &f->e));
    assert_contains(buf_text(&s.text),
                    "\n  approval    grant: open, 1 of 2 yes; missing: specialist, chair (veto)\n");
    buf_free(&s.text);
}

static void cooling_off(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", board);
    ok(fix_run(f, people_text));
    ok(fix_run(f, "r:advance('deny', { reason = 'no_capacity', note = 'full' })"));
    refused(
        fix_run(f, "referrals.open{ workflow = 'board', subject = 1 }"), ERROR_DENIED,
        "the same referral R-1 ended on 2026-03-02 09:00 for reason \"no_capacity\" and may not "
        "be repeated before 2026-04-01 09:00");
    gives("return tasks.first{ kind = 'reroute' }.title",
          "R-1 needs another route: \"deny\" for reason \"no_capacity\" (No capacity)");
}

static void children(void **state)
{
    struct fix *f = *state;
    use_with(f, "baton.on('referral.child_closed', function(e, r)\n"
                "  r:note(('%s ended as %s'):format(e.child, e.outcome)) end)");
    ok(fix_run(f, people_text));
    ok(fix_run(f, "c = r:refer{ workflow = 'board' } d = r:refer{ workflow = 'board' }"));
    ok(fix_run(f, "c:advance('deny', { reason = 'refused' })"));
    gives("return r:notes()[1].text", "R-2 ended as denied");
    ok(fix_run(f, "r:advance('deny', { reason = 'refused' })"));
    gives("return d.stage", "denied");
    gives("return #r:notes()", "1");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        CASE(declared),        CASE(needs),       CASE(mistakes),    CASE(voting),
        CASE(a_seat_by_field), CASE(on_the_card), CASE(cooling_off), CASE(children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
