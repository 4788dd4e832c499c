/* baton.workflow: tables to graphs, and what is said of wrong ones. */
#include "plugin_fixture.h"

static const char tutoring[] =
    "baton.workflow{\n"
    "  name = 'tutoring', version = 3, title = 'Tutoring request',\n"
    "  fields = {\n"
    "    need = 'text', urgency = { type = 'text', values = { 'low', 'high' }, help = 'how soon' "
    "},\n"
    "    hours = { type = 'int', min = 1, max = 40, index = true },\n"
    "    meets_at = 'time', tags = 'list', ok = 'bool', score = 'real', born = 'date',\n"
    "    school = { type = 'ref', to = 'partner' }, site = { to = 'location' },\n"
    "  },\n"
    "  stages = {\n"
    "    { name = 'requested', title = 'Requested', help = 'h', owner_roles = { 'specialist' }, "
    "required = 'need',\n"
    "      deadline = { within = '3 working days', remind = { '1 working day' },\n"
    "        escalate = { { after = '1 working day', to = 'lead' }, '2 days' },\n"
    "        expire = { after = '10 days', transition = 'lapse' } } },\n"
    "    { name = 'matched', deadline = { due_field = 'meets_at', remind = { before = '1 day', to "
    "= 'lead' } } },\n"
    "    { name = 'done', final = true, outcome = 'completed' },\n"
    "    { name = 'lapsed', final = true },\n"
    "  },\n"
    "  transitions = {\n"
    "    { name = 'match', from = 'requested', to = 'matched', roles = { 'specialist' }, required "
    "= { 'urgency' },\n"
    "      reasons = { 'good_fit', other = { title = 'Other', comment = true }, simple = 'Simple' "
    "}, note = true,\n"
    "      guard = function(r, call)\n"
    "        return true end,\n"
    "      effect = function(r) end },\n"
    "    { name = 'report', from = { 'requested', 'matched' } },\n"
    "    { name = 'finish', from = 'matched', to = 'done' },\n"
    "    { name = 'lapse', from = '*', to = 'lapsed' },\n"
    "    { name = 'override', from = '*', to = 'matched', locked = true, source = '20 U.S.C. 1414' "
    "},\n"
    "  },\n"
    "}\n";

static void a_whole_one(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", tutoring);
    const struct graph *g = domain_graph(f->d, "tutoring");
    assert_non_null(g);
    assert_int_equal(graph_version(g), 3);
    assert_string_equal(graph_title_of(g), "Tutoring request");
    assert_string_equal(graph_plugin(g), "p");
    assert_int_equal(graph_field_count(g), 10);
    assert_string_equal(graph_field_at(g, 0)->name,
                        "born"); /* in a fixed order, though Lua has none */
    const struct field *hours = graph_field(g, "hours"), *school = graph_field(g, "school");
    assert_true(hours->type == FIELD_INT && hours->has_min && hours->has_max && hours->indexed);
    assert_true(hours->min == 1 && hours->max == 40);
    assert_true(school->type == FIELD_REF && school->ref == ENTITY_PARTNER);
    assert_true(graph_field(g, "site")->ref == ENTITY_LOCATION);
    assert_string_equal(graph_field(g, "urgency")->values[1], "high");

    const struct stage *requested = graph_stage(g, graph_initial(g));
    assert_string_equal(requested->name, "requested");
    assert_string_equal(requested->owner_roles[0], "specialist");
    assert_string_equal(requested->required[0], "need");
    assert_int_equal(requested->within.working_days, 3);
    static const enum step_kind kinds[] = { STEP_REMIND, STEP_DUE, STEP_ESCALATE, STEP_ESCALATE,
                                            STEP_EXPIRE };
    assert_int_equal(requested->step_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(requested->steps[i].kind, kinds[i]);
    assert_string_equal(requested->steps[2].to_role, "lead");
    assert_null(requested->steps[3].to_role);
    const struct stage *matched = graph_stage(g, graph_find_stage(g, "matched"));
    assert_string_equal(matched->due_field, "meets_at");
    assert_string_equal(matched->steps[0].to_role, "lead");
    assert_string_equal(graph_stage(g, graph_find_stage(g, "done"))->outcome, "completed");
}

static void its_transitions(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", tutoring);
    const struct graph *g = domain_graph(f->d, "tutoring");
    int requested = graph_initial(g);
    const struct transition *match =
        graph_transition(g, graph_find_transition(g, requested, "match"));
    assert_string_equal(match->where, "p/init.lua:19");
    assert_string_equal(match->guard_where, "p/init.lua:21");
    assert_true(match->guard >= 0 && match->effect >= 0 && match->note_required);
    assert_int_equal(match->reason_count, 3);
    assert_string_equal(match->reasons[0].code, "good_fit");
    assert_string_equal(match->reasons[1].code, "other");
    assert_true(match->reasons[1].comment_required);
    assert_string_equal(match->reasons[2].title, "Simple");
    const struct transition *report =
        graph_transition(g, graph_find_transition(g, requested, "report"));
    assert_int_equal(report->to, -1);
    assert_int_equal(report->from_count, 2);
    assert_string_equal(report->where, "p/init.lua:24");
    const struct transition *override =
        graph_transition(g, graph_find_transition(g, requested, "override"));
    assert_true(override->locked);
    assert_string_equal(override->source, "20 U.S.C. 1414");
}

/* The whole text with one part put in place of another; NULL: the text itself is all. */
static const char *changed(const char *from, const char *to)
{
    static char text[8192];
    const char *at = strstr(tutoring, from);
    if (!at)
        fail_msg("\"%s\" is not in the workflow", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - tutoring), tutoring, to, at + strlen(from));
    return text;
}

static void wrong_ones(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *from, *to, *problem;
    } cases[] = {
        { "name = 'tutoring',", "",
          "p/init.lua:1: plugin p, loading: baton.workflow: name is missing" },
        { "'tutoring'", "'Tutoring!'", "name = \"Tutoring!\" is no name" },
        { "version = 3", "version = 0", "version takes a whole number from 1" },
        { "version = 3", "version = '3'", "version takes a whole number, got \"3\"" },
        { "title = 'Tut", "titel = 'Tut",
          "workflow \"tutoring\": unknown key \"titel\", did you mean \"title\"?" },
        { "need = 'text'", "need = 'txt'",
          "field \"need\": unknown type \"txt\", did you mean \"text\"?" },
        { "need = 'text'", "need = 'choice'",
          "field \"need\": unknown type \"choice\"; known: text, int, real, bool, time, date, "
          "list, "
          "ref" },
        { "need = 'text'", "need = { type = 'text', vals = { 'a' } }",
          "unknown key \"vals\"; known: type, values, min, max, index, help, to" },
        { "transitions = {", "transitions = {}, children = {",
          "workflow \"tutoring\": transitions is empty: a workflow has at least one" },
        { "need = 'text'", "Need = 'text'", "\"Need\"" },
        { "min = 1, max", "min = '1', max", "field \"hours\": min takes a number" },
        { "to = 'partner'", "to = 'partnr'",
          "unknown entity \"partnr\", did you mean \"partner\"?" },
        { "min = 1, max = 40", "min = 50, max = 40", "min 50 is above max 40" },
        { "stages = {", "stages = 5, steps = {", "unknown key \"steps\"" },
        { "title = 'Requested'", "tilte = 'R'",
          "p/init.lua:10: plugin p, loading: workflow \"tutoring\": stage \"requested\": "
          "unknown key \"tilte\", did you mean \"title\"?" },
        { "name = 'matched',", "", "stage: name is missing" },
        { "owner_roles = { 'specialist' }", "owner_roles = { 5 }",
          "p/init.lua:10: plugin p, loading: workflow \"tutoring\": "
          "stage \"requested\": owner_roles takes a list of words" },
        { "owner_roles = { 'specialist' }", "owner_roles = 5",
          "owner_roles takes a word or a list of words" },
        { "owner_roles = { 'specialist' }", "owner_roles = { 'specialst' }", "specialst" },
        { "within = '3 working days'", "within = 'soon'",
          "p/init.lua:10: plugin p, loading: workflow \"tutoring\": stage "
          "\"requested\": deadline: within:" },
        { "within = '3 working days'", "within = '3 days', due_field = 'meets_at'",
          "give either within" },
        { "within = '3 working days',", "", "give either within" },
        { "after = '1 working day'", "before = '1 day'", "unknown key \"before\"" },
        { "remind = { before", "remnd = { before",
          "p/init.lua:14: plugin p, loading: workflow \"tutoring\": stage "
          "\"matched\": deadline: unknown key \"remnd\", did you mean \"remind\"?" },
        { "due_field = 'meets_at'", "due_field = 'meet_at'",
          "p/init.lua:14: plugin p, loading: workflow \"tutoring\": unknown "
          "field \"meet_at\", did you mean \"meets_at\"?" },
        { "transition = 'lapse'", "transition = 'laps'", "p/init.lua:10: " },
        { "transition = 'lapse'", "transtion = 'lapse'", "did you mean \"transition\"?" },
        { "expire = { after = '10 days', transition = 'lapse' }", "expire = 5",
          "expire takes a table" },
        { "from = 'requested', to = 'matched'", "from = 'requestd', to = 'matched'",
          "p/init.lua:19: plugin p, loading: workflow \"tutoring\": unknown stage \"requestd\", "
          "did you mean \"requested\"?" },
        { "from = 'matched', to = 'done'", "to = 'done'",
          "p/init.lua:25: plugin p, loading: workflow \"tutoring\": transition "
          "\"finish\": from is missing" },
        { "guard = function(r, call)\n        return true end", "guard = 5",
          "guard takes a function, got a number" },
        { "guard =", "gaurd =",
          "transition \"match\": unknown key \"gaurd\", did you mean \"guard\"?" },
        { "note = true", "note = 'yes'", "note takes true or false, got \"yes\"" },
        { "comment = true", "coment = true", "reason \"other\": unknown key \"coment\"" },
        { "'good_fit'", "5", "reasons is a list of words" },
        { "simple = 'Simple'", "simple = 5", "reason \"simple\" takes {" },
        { "locked = true, source = '20 U.S.C. 1414'", "locked = true", "names its source" },
        { "locked = true,", "locked = true, roles = 'lead',", "a locked one has no roles" },
        { "{ name = 'finish'", "5, { name = 'finish'",
          "entry 3 of transitions is a number, it must be a table" },
        { "{ name = 'done', final", "{ name = 'lost' }, { name = 'done', final",
          "p/init.lua:15: plugin p, loading: workflow \"tutoring\": stage \"lost\" is reached by "
          "no transition" },
        { "{ name = 'finish', from = 'matched', to = 'done' },", "", "done" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_plugin(f, "p", "", changed(cases[i].from, cases[i].to));
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s → %s: \"%s\" has no \"%s\"", cases[i].from, cases[i].to, problem,
                     cases[i].problem);
        assert_null(domain_graph(f->d, "tutoring"));
        fix_reopen(f);
    }
}

static void two_of_a_name(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "a", "", tutoring);
    fix_plugin(f, "b", "", tutoring);
    static const char *const names[] = { "a", "b", NULL };
    struct plugin_info info;
    ok(fix_load(f, names));
    script_plugin_at(f->s, 1, &info);
    assert_false(info.loaded);
    assert_contains(info.problem, "workflow \"tutoring\" is declared by plugin \"a\" already");
    assert_string_equal(graph_plugin(domain_graph(f->d, "tutoring")), "a");
}

static void disabling(void **state)
{
    struct fix *f = *state;
    fix_org_ini(f, "[org]\n[workflow tutoring]\ndisable = report\n");
    fix_use(f, "", tutoring);
    const struct graph *g = domain_graph(f->d, "tutoring");
    assert_int_equal(graph_find_transition(g, graph_initial(g), "report"), -1);
    ok(ini_unknown(f->org_ini, &f->e));

    static const struct {
        const char *ini, *problem;
    } cases[] = {
        { "[workflow tutoring]\n\ndisable = report, reprt\n",
          "org.ini:3: plugin p, loading: workflow \"tutoring\": unknown "
          "transition \"reprt\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fix_reopen(f);
        fix_org_ini(f, cases[i].ini);
        fix_plugin(f, "p", "", tutoring);
        assert_contains(fix_load_one(f, "p"), cases[i].problem);
        ok(ini_unknown(f->org_ini, &f->e)); /* the section is somebody's, though he failed */
    }
    fix_reopen(f);
    fix_org_ini(f, "[workflow tutoring]\ndisable = override, report\n");
    fix_plugin(f, "p", "", tutoring);
    static const char *const names[] = { "p", NULL };
    struct plugin_info info;
    ok(fix_load(f, names));
    script_plugin_at(f->s, 0, &info);
    assert_true(info.loaded);
    assert_string_equal(info.problem, "org.ini:2: transition \"override\" is locked and cannot be "
                                      "taken away: 20 U.S.C. 1414");
    g = domain_graph(f->d, "tutoring");
    assert_int_equal(graph_find_transition(g, graph_initial(g), "report"), -1);
    assert_true(graph_find_transition(g, graph_initial(g), "override") >= 0);
    fix_reopen(f);
    fix_org_ini(f, "[workflow tutring]\ndisable = report\n");
    fix_use(f, "", tutoring);
    assert_int_equal(ini_unknown(f->org_ini, &f->e), -ERROR_INVALID);
}

static void fields_of_entities(void **state)
{
    struct fix *f = *state;
    fix_use(f, "",
            "baton.field('person', 'grade', { type = 'int', min = 0, max = 12, index = true })\n"
            "baton.field('people', 'tags', 'list')\n"
            "assert(not pcall(baton.field, 'person', 'grade', 'int'))");
    const struct field *grade = domain_field(f->d, ENTITY_PERSON, "grade");
    assert_true(grade->type == FIELD_INT && grade->max == 12 && grade->indexed);
    assert_non_null(domain_field(f->d, ENTITY_PERSON, "tags"));
    refused(fix_run(f, "baton.field('person', 'x', 'int')"), ERROR_DENIED, "belongs into a plugin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_one, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(its_transitions, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(wrong_ones, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(two_of_a_name, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(disabling, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(fields_of_entities, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
