/* get, find, first, each, count, count_by, search, add over every schema. */
#include "session_fixture.h"

static void test_find(void **state)
{
    struct world *w = *state;
    world_people(w);
    world_shows(w,
                "for i = 1, 5 do referrals.open{workflow='tutoring', title='t' .. i, subject='P-2',"
                " fields={need='n' .. i % 2, hours=i}} end"
                " referrals.get(2):advance('drop') referrals.get(3):assign(1)");
    static const struct world_case cases[] = {
        { "#referrals.find{}", "6" },
        { "#referrals.find()", "6" },
        { "referrals.find{limit=2, order='newest'}[1].ref", "R-6" },
        { "referrals.find{limit=2, after=3}[1].ref", "R-4" },
        { "referrals.find{limit=2, after=referrals.get(3), order='oldest'}[2].ref", "R-5" },
        { "#referrals.find{subject=people.get(2)}, #referrals.find{subject_id=1}", "5\t1" },
        { "#referrals.find{owner=baton.none}, #referrals.find{owner={isnt=baton.none}}", "5\t1" },
        { "#referrals.find{stage='done'}, #referrals.find{stage={isnt='done'}}", "1\t5" },
        { "#referrals.find{open=true}, #referrals.find{open=false}, #referrals.find{overdue=true}",
          "5\t1\t0" },
        { "#referrals.find{due={before='10 days'}}, #referrals.find{due={before='1 day'}}",
          "5\t0" },
        { "#referrals.find{id={after=2, at_most=4}}", "2" },
        { "#referrals.find{created_at_ms={at_least='now'}}", "6" },
        { "referrals.find{stage='don'}",
          "!referrals.find: unknown stage \"don\", did you mean \"done\"?" },
        { "referrals.first{stage='don'}", "!referrals.first: unknown stage" },
        { "for r in referrals.each{stage='don'} do end", "!referrals.each: unknown stage" },
        { "referrals.count{stage='x'}",
          "!referrals.count: unknown stage \"x\"; known: requested, matched, done" },
        { "referrals.count{stage={isnt='don'}}", "!referrals.count: unknown stage" },
        { "referrals.count_by('stage', {workflow='tutorin'})",
          "!referrals.count_by: unknown workflow \"tutorin\", did you mean \"tutoring\"?" },
        { "referrals.find{workflow=''}", "!referrals.find: unknown workflow \"\"" },
        { "#referrals.find{workflow='tutoring', fields={need='n1'}}", "3" },
        { "#referrals.find{fields={need='n1', hours={after=1}}}", "2" },
        { "#referrals.find{fields={hours={at_least=2, at_most=3}}}", "2" },
        { "#referrals.find{fields={tags=baton.none}}", "!list" },
        { "#referrals.find{fields={score=baton.none}}", "6" },
        { "#people.find{fields={grade=3}}, #people.find{fields={grade={isnt=baton.none}}}",
          "1\t1" },
        { "people.first{name='Bob'}.ref, people.first{name='Eve'}", "P-2\tnil" },
        { "referrals.find{stag='x'}",
          "!referrals.find: unknown column \"stag\", did you mean \"stage\"?" },
        { "referrals.find{stage={}}", "!referrals.find: \"stage\" takes text, got a table" },
        { "referrals.find{stage={befor='x'}}", "!\"stage\" takes text, got a table" },
        { "referrals.find{due={before='1 day', afer=1}}",
          "!before, after, at_least, at_most, isnt" },
        { "referrals.find{due={before=baton.none}}", "!nothing is before or after baton.none" },
        { "referrals.find{fields={ned=1}}",
          "!referrals.find: unknown field \"ned\", did you mean \"need\"?" },
        { "referrals.find{fields=1}", "!\"fields\" takes a table such as {x=1}, got 1" },
        { "referrals.find{limit=0}",
          "!\"limit\" takes a whole number from 1 to 1000 (for more use each), got 0" },
        { "referrals.find{order='best'}",
          "!\"order\" takes \"newest\" or \"oldest\", got \"best\"" },
        { "referrals.find{open='yes'}", "!\"open\" takes true or false" },
        { "referrals.find{overdue=false}", "!overdue takes true" },
        { "people.find{open=true}", "!unknown column \"open\"" },
        { "referrals.find('x')",
          "!referrals.find takes conditions such as {workflow=…}, got a string" },
        { "referrals.find{'x'}", "!referrals.find takes names and values" },
        { "referrals.find{id='P-1'}", "!\"id\" takes a referral" },
        { "people.find{name='a', email='a', phone='a', language='a', address='a', birth_date='a', "
          "id={after=1, "
          "before=2, at_least=1, at_most=2, isnt=1}, created={after=1, before=2, at_least=1, "
          "at_most=2, isnt=1}, "
          "updated={after=1}}",
          "!more than 16 conditions" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_each_and_count(void **state)
{
    struct world *w = *state;
    world_shows(
        w, "for i = 1, 450 do people.add{name='n' .. i, language=i % 3 == 0 and 'fr' or nil} end");
    world_shows(w, "partners.add{name='a', kind='clinic'} services.add{partner=1, name='b'}");
    static const struct world_case cases[] = {
        { "local n = 0 for p in people.each{} do n = n + p.id end return n", "101475" },
        { "local n = 0 for p in people.each() do n = n + 1 end return n", "450" },
        { "local n = 0 for p in people.each{limit=210, order='newest'} do n = n + 1 end return n",
          "210" },
        { "local n = 0 for p in people.each{language='fr'} do n = n + 1 end return n", "150" },
        { "local n = 0 for p in people.each{after=440} do n = n + 1 end return n", "10" },
        { "people.each{nmae='x'}", "!people.each: unknown column \"nmae\"" },
        { "people.count{}, people.count{language='fr'}, people.count()", "450\t150\t450" },
        { "people.count_by('language').fr, people.count_by('language').none", "150\t300" },
        { "services.count_by('partner')['O-1']", "1" },
        { "people.count_by('language', {id={at_most=6}}).fr", "2" },
        { "people.count_by('langage')",
          "!people.count_by: unknown column \"langage\", did you mean \"language\"?" },
        { "people.count_by()", "!people.count_by takes a column first" },
        { NULL, NULL },
    };
    world_table(w, cases);
    /* The conditions are the iterator's own. */
    assert_shows(w,
                 "local q = {language='fr'} local n = 0 for p in people.each(q) do q.language = "
                 "'x' n = n + 1 end"
                 " return n",
                 "150");
}

static void test_add_and_search(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "people.search('love')[1].name", "Ada Lovelace" },
        { "#people.search('nobody'), #people.search('a', {limit=1})", "0\t1" },
        { "people.search()", "!people.search takes words" },
        { "people.search('a', {limit=1001})", "!\"limit\" takes a whole number from 1 to 1000" },
        { "partners.search('clin')[1].ref", "O-1" },
        { "people.add{nmae='x'}", "!people.add: unknown column \"nmae\", did you mean \"name\"?" },
        { "people.add{}", "!name" },
        { "people.add()", "!people.add takes a table: people.add{name=…}" },
        { "people.add{name='x', email='no'}", "!mail address" },
        { "referrals.get(1):set{fields={need='\\xff'}}", "!fields.need is not UTF-8 text" },
        { "services.add{partner=1, name='s', capacity='perhaps'}", "!capacity" },
        { "referrals.add", "!there is no \"add\" here" },
        { "referrals.open{workflow='tutoring', stage='done'}", "!stage" },
        { "referrals.open{workflow='nope'}", "!nope" },
        { "referrals.open{workflow='tutoring', parent=1}.parent.ref", "R-1" },
        { "notes.add{about=people.get(1), text='x'}.about.ref", "P-1" },
        { "consents.add{person=1, purpose='evaluation'}.status, consents.holds(1, 'evaluation')",
          "given\ttrue" },
        { "consents.add{person=2, purpose='evaluation', status='refused'}.given_at_ms, "
          "consents.holds(2, 'evaluation')",
          "nil\tfalse" },
        { "consents.holds(1)", "!consents.holds takes a person and a purpose" },
        { "consents.holds('R-1', 'x')", "!a person is wanted" },
        { "staff.add{name='s', roles='ledd'}", "!ledd" },
        { "timers.add{name='later', at='1 day', about='P-1'}.status", "waiting" },
        { "#events.recent{limit=3}, events.recent{limit=1}[1].kind", "3\ttimer.created" },
        { "events.after(0, {limit=1})[1].seq, events.after(0)[1].kind", "1\tperson.created" },
        { "events.after('x')", "!events.after takes the seq" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

/* A stage that only rows know, of a version that was, is one. */
static void test_stored_stages(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "referrals.find{stage='elsewhere'}", "!unknown stage \"elsewhere\"" },
        { "referrals.find{workflow='gone'}", "!unknown workflow \"gone\"" },
        { NULL, NULL },
    };
    world_table(w, cases);
    const struct store_set set[] = { { REFERRAL_WORKFLOW, value_text("gone") },
                                     { REFERRAL_STAGE, value_text("elsewhere") } };
    const struct store_change change = { .entity = ENTITY_REFERRAL,
                                         .id = 1,
                                         .actor = "test",
                                         .kind = "referral.changed",
                                         .set = set,
                                         .set_count = 2,
                                         .at_ms = world_now_ms };
    world_ok(w, store_turn_begin(w->store, &w->e));
    store_command_begin(w->store);
    world_ok(w, store_change(w->store, &change, NULL, &w->e));
    world_ok(w, store_command_end(w->store, true, &w->e));
    world_ok(w, store_turn_commit(w->store, &w->e));
    assert_shows(w, "#referrals.find{stage='elsewhere'}, referrals.count{workflow='gone'}", "1\t1");
    /* The next page of an iterator asks no more: the last row may have left the stage. */
    world_shows(w, "for i = 1, 200 do referrals.open{workflow='tutoring'} end");
    assert_shows(w,
                 "local n = 0 for r in referrals.each{stage='requested'} do n = n + 1 "
                 "r:advance('drop') end return n",
                 "200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_find, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_each_and_count, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_stored_stages, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_add_and_search, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
