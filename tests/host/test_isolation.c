/* Two organisations in one process: ids, people who act, handles, sessions, searches and turns of
 * one do not reach the other. Globals are in test_isolation_globals.c, settings, files, time and
 * failures in test_isolation_world.c. */
#include "isolation_fixture.h"

#include "baton/domain/domain.h"

static const char flow[] =
    "baton.workflow{name='flow', version=1, stages={{name='a'}, {name='b', final=true}},\n"
    "  transitions={{name='go', from='a', to='b', roles={'senior'}},\n"
    "    {name='touch', from='a'}}}\n";

/* ---- ids ---- */

static void ids_are_of_one_organisation(void **state)
{
    struct pair *p = *state;
    fixture_plugin(p->f, "flow", flow);
    pair_plugins(p, "flow");
    pair_open(p);
    pair_does(p, OAK,
              "people.add{name='Ada', external_id='x'} people.add{name='Bea'} "
              "partners.add{name='Clinic'} services.add{name='Care', partner=1} "
              "staff.add{name='Ann', email='ann@oak.example', roles='admin'} "
              "referrals.open{workflow='flow', title='of oak', subject='P-2', owner='S-1'}");
    pair_shows(p, ELM, "tostring(people.get('P-1')) .. tostring(referrals.get('R-1'))", "nilnil");
    pair_does(p, ELM, "people.add{name='Zoe', external_id='x'}");
    pair_shows(p, OAK, "people.get('P-1').name", "Ada");
    pair_shows(p, ELM, "people.get('P-1').name .. people.first{external_id='x'}.ref", "ZoeP-1");
    pair_shows(p, ELM, "people.get('P-2')", "nil");
    static const struct {
        const char *lua, *error;
    } references[] = {
        { "referrals.open{workflow='flow', title='x', subject='P-2'}", "P-2" },
        { "referrals.open{workflow='flow', title='x', partner='O-1'}", "O-1" },
        { "referrals.open{workflow='flow', title='x', service=1}", "V-1" },
        { "referrals.open{workflow='flow', title='x', owner='S-1'}", "S-1" },
        { "services.add{name='x', partner='O-1'}", "O-1" },
        { "locations.add{name='x', partner='O-1'}", "O-1" },
        { "consents.add{person='P-2', purpose='x'}", "P-2" },
        { "notes.add{about='P-2', text='x'}", "P-2" },
        { "tasks.add{title='x', assignee='S-1'}", "S-1" },
        { "tasks.add{title='x', about='R-1'}", "R-1" },
        { "timers.add{name='x', at='1 day', about='P-2'}", "P-2" },
        { "messages.send{to='P-2', subject='x', body='x'}", "P-2" },
    };
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        pair_fails(p, ELM, references[i].lua, "no ");
        pair_fails(p, ELM, references[i].lua, references[i].error);
    }
    pair_does(p, ELM, "referrals.open{workflow='flow', title='of elm', subject='P-1'}");
    pair_fails(p, ELM, "referrals.get('R-1'):assign('S-1')", "not_found");
    pair_shows(p, OAK, "referrals.get('R-1').title .. referrals.get('R-1').subject.name",
               "of oakBea");
    pair_shows(p, ELM, "referrals.get('R-1').title .. referrals.get('R-1').subject.name",
               "of elmZoe");
    pair_does(p, ELM, "people.get(1):set{name='Zoe Z'}");
    pair_shows(p, OAK, "people.get(1).name .. #people.get(1):history()", "Ada1");
}

static void versions_are_of_one_organisation(void **state)
{
    struct pair *p = *state;
    fixture_plugin(p->f, "flow", flow);
    pair_plugins(p, "flow");
    pair_open(p);
    for (int i = 0; i < WHO_END; i++)
        pair_does(p, (enum who)i,
                  "people.add{name='A'} r = referrals.open{workflow='flow', title='x'}");
    pair_shows(p, OAK, "people.get(1).version == 2 and r.version == 2", "true");
    pair_does(p, OAK,
              "people.get(1):set{name='B'} people.get(1):set{name='C'} r:advance('touch') "
              "r:advance('touch')");
    /* What was read in oak is no base for a write in elm, where the row is another one. */
    pair_fails(p, ELM, "people.get(1):set{name='D', version=4}", "\"conflict\"");
    pair_fails(p, ELM, "r:advance('touch', {version=4})", "\"conflict\"");
    pair_does(p, ELM, "people.get(1):set{name='D', version=2} r:advance('touch', {version=2})");
    pair_shows(p, OAK, "people.get(1).version .. ' ' .. r.version", "4 4");
    pair_shows(p, ELM, "people.get(1).version .. ' ' .. r.version", "3 3");
}

static void who_acts_is_of_one_organisation(void **state)
{
    struct pair *p = *state;
    struct talk *elm = &p->talks[ELM];
    fixture_plugin(p->f, "flow", flow);
    pair_plugins(p, "flow");
    pair_open(p);
    pair_does(p, OAK, "staff.add{name='Ann', email='ann@oak.example', roles='admin'}");
    static const char *const unknown[] = { "S-1", "1", "ann@oak.example", NULL };
    for (size_t i = 0; unknown[i]; i++) {
        const char *frames = pair_eval_as(p, elm, ELM, unknown[i], "print('in')");
        assert_has(frames, "{\"error\":{\"code\":\"not_found\"");
        assert_has(frames, "\"/as\"");
        assert_lacks(frames, "in\\n");
    }
    /* The same number is somebody else, with other roles. */
    pair_does(p, ELM, "staff.add{name='Eve', email='eve@elm.example', roles='junior'}");
    static const char move[] =
        "r = referrals.open{workflow='flow', title='x'} return r:advance('go').stage";
    assert_has(pair_eval_as(p, elm, ELM, "S-1", move), "\"code\":\"denied\"");
    assert_has(pair_eval_as(p, &p->talks[OAK], OAK, "S-1", move), "\"b\\n\"");
    assert_has(pair_eval_as(p, elm, ELM, "S-1", "staff.add{name='x', roles='admin'}"),
               "\"code\":\"denied\"");
    assert_has(pair_eval_as(p, elm, ELM, "S-1", "baton.actor().name"), "\"Eve\\n\"");
    /* One conversation, as S-1 of each in turn: roles are not carried over. */
    assert_has(pair_eval_as(p, elm, OAK, "S-1", move), "\"b\\n\"");
    assert_has(pair_eval_as(p, elm, OAK, "S-1", "baton.actor().name"), "\"Ann\\n\"");
    assert_has(pair_eval_as(p, elm, ELM, "S-1", move), "\"code\":\"denied\"");
    pair_does(p, OAK, "staff.get(1):set{status='inactive'}");
    assert_has(pair_eval_as(p, elm, ELM, "S-1", "baton.actor().name"), "\"Eve\\n\"");
    assert_has(pair_eval_as(p, elm, OAK, "S-1", "1"), "\"code\":\"denied\"");
}

/* ---- handles, functions, coroutines ---- */

static void a_session_stays_where_it_was_opened(void **state)
{
    struct pair *p = *state;
    struct talk *t = &p->talks[OAK];
    pair_open(p);
    pair_does(p, OAK,
              "h = people.add{name='Ada'} f = function() return h.name end "
              "co = coroutine.create(function() while true do coroutine.yield(h.name) end end) "
              "coroutine.resume(co) it = people.each{} t = {h} return h");
    pair_does(p, ELM, "people.add{name='Zoe'}");
    static const char *const gone[] = { "h", "f", "co", "it", "t", "_", NULL };
    for (size_t i = 0; gone[i]; i++)
        pair_check(p, ELM, gone[i], pair_eval_as(p, t, ELM, NULL, gone[i]), "nil");
    pair_check(p, ELM, "a handle", pair_eval_as(p, t, ELM, NULL, "h = people.get(1) return h.name"),
               "Zoe");
    /* And back: not the handle of elm, nor the session that was left. */
    for (size_t i = 0; gone[i]; i++)
        pair_check(p, OAK, gone[i], pair_eval_as(p, t, OAK, NULL, gone[i]), "nil");
}

static void no_two_organisations_share_a_table(void **state)
{
    struct pair *p = *state;
    struct buf seen[WHO_END] = { BUF_INIT, BUF_INIT };
    pair_open(p);
    /* Every table, coroutine and handle that a session can reach, by its address. */
    static const char walk[] =
        "local seen = {} local function walk(v) local t = type(v) "
        "if seen[v] or (t ~= 'table' and t ~= 'thread') then return end "
        "seen[v] = true print(tostring(v)) if t == 'table' then for k, m in next, v do walk(k) "
        "walk(m) end end end "
        "walk(_G) walk(coroutine.create(print)) walk(select(2, pcall(people.get, {})))";
    for (int i = 0; i < WHO_END; i++)
        buf_puts(&seen[i], pair_eval(p, (enum who)i, walk));
    size_t tables = 0;
    for (const char *at = buf_text(&seen[OAK]); (at = strstr(at, "0x")); at++, tables++) {
        char address[32];
        snprintf(address, sizeof address, "%.*s", (int)(2 + strspn(at + 2, "0123456789abcdef")),
                 at);
        assert_lacks(buf_text(&seen[ELM]), address);
    }
    assert_true(tables > 20);
    for (int i = 0; i < WHO_END; i++)
        buf_free(&seen[i]);
}

/* A script of oak that stopped in its middle, and work in elm in between. */
static void scripts_take_turns_without_meeting(void **state)
{
    struct pair *p = *state;
    struct buf json = BUF_INIT;
    struct talk *oak = &p->talks[OAK];
    pair_open(p);
    pair_request(&json, "run",
                 "mark = 'oak' local mine = people.add{name='Ada'} "
                 "for i = 1, 2000 do people.add{name='Ada ' .. i} "
                 "assert(mark == 'oak' and mine.name == 'Ada' and baton.org.name == 'oak') end "
                 "print(people.count{name='Zoe'})",
                 NULL, NULL);
    buf_clear(&oak->frames);
    oak->last = 0;
    struct org *o = pair_org(p, OAK);
    if (p->hosted)
        host_hold(p->host, o);
    conversation_start(oak->c, o, buf_text(&json), json.len);
    int slices = 0;
    for (; conversation_busy(oak->c) && slices < 10000; slices++) {
        conversation_step(oak->c);
        if (slices == 0) { /* to cancel one is not to cancel the other */
            conversation_cancel(p->talks[ELM].c);
            assert_true(conversation_busy(oak->c));
        }
        if (slices < 5)
            pair_shows(p, ELM, "people.add{name='Zoe'} return tostring(mark), baton.org.name",
                       "nil\\telm");
    }
    if (p->hosted)
        host_release(p->host, o);
    assert_true(slices > 1);
    pair_check(p, OAK, "the script", buf_text(&oak->frames), "0");
    pair_shows(p, ELM, "people.count{} == people.count{name='Zoe'}", "true");
    buf_free(&json);
}

/* ---- searching, listing, counting ---- */

static const char fill[] =
    "local p = people.add{name='WORD person', email='word@WORD.example', phone='555WORD'} "
    "local o = partners.add{name='WORD clinic', kind='WORD'} "
    "local v = services.add{name='WORD care', partner=o, topics='WORD'} "
    "locations.add{name='WORD house', partner=o} staff.add{name='WORD staff', roles='lead'} "
    "local r = referrals.open{workflow='flow', title='WORD referral', subject=p, partner=o, "
    "service=v} "
    "r:note('WORD note') r:task{title='WORD task', kind='WORD'} "
    "timers.add{name='word', at='1 day', about=r, data='WORD'} "
    "consents.add{person=p, purpose='WORD'} "
    "messages.send{to='word@WORD.example', subject='WORD subject', body='WORD body', about=r} "
    "baton.emit('word.thing', {what='WORD'}, r) r:advance('touch', {note='WORD'})";

/* `fill` with a word that only one organisation has. */
static void fill_with(struct pair *p, enum who who, const char *word)
{
    struct buf lua = BUF_INIT;
    for (const char *at = fill, *next; *at; at = next) {
        bool here = !strncmp(at, "WORD", 4);
        next = at + (here ? 4 : 1);
        if (here)
            buf_puts(&lua, word);
        else
            buf_putc(&lua, *at);
    }
    pair_does(p, who, buf_text(&lua));
    buf_free(&lua);
}

static void nothing_of_one_is_found_in_the_other(void **state)
{
    struct pair *p = *state;
    static const char *const words[] = { "Quetzal", "Zebra" };
    static const char *const modules[] = { "people", "partners",  "services", "locations",
                                           "staff",  "referrals", "tasks",    "timers",
                                           "notes",  "messages",  "consents", NULL };
    static const char *const questions[] = {
        "print(#people.search(WORD), #partners.search(WORD), #services.search(WORD))",
        "print(people.count{name={at_least=WORD}}, tasks.count{kind=WORD}, "
        "referrals.count{open=true})",
        "print(json.encode(partners.count_by('kind')), json.encode(tasks.count_by('kind')), "
        "json.encode(consents.count_by('purpose')))",
        "print(json.encode(events.recent{limit=1000})) print(json.encode(events.after(0)))",
        NULL,
    };
    fixture_plugin(p->f, "flow", flow);
    pair_plugins(p, "flow");
    pair_open(p);
    fill_with(p, OAK, words[OAK]);
    fill_with(p, ELM, words[ELM]);
    fill_with(p, ELM, words[ELM]);
    pair_tick(p);
    for (int i = 0; i < WHO_END; i++) {
        enum who who = (enum who)i;
        const char *own = words[i], *other = words[!i];
        char lua[512];
        const char *frames;
        for (size_t m = 0; modules[m]; m++) {
            snprintf(lua, sizeof lua,
                     "for h in %s.each{} do print(h.ref) for _, e in ipairs(h:history{}) do "
                     "print(json.encode(e)) end end return %s.find{}, %s.first{}, %s.count{}",
                     modules[m], modules[m], modules[m], modules[m]);
            frames = pair_eval(p, who, lua);
            assert_has(frames, "\"done\"");
            assert_has(frames, own);
            assert_lacks(frames, other);
            snprintf(lua, sizeof lua, "%s.count{}", modules[m]);
            pair_shows(p, who, lua, i == OAK ? "1" : "2");
            snprintf(lua, sizeof lua, "{\"op\":\"export\",\"entity\":\"%s\",\"path\":\"-\"}",
                     modules[m]);
            frames = pair_ask(p, &p->talks[i], who, lua);
            assert_has(frames, "\"done\"");
            assert_has(frames, own);
            assert_lacks(frames, other);
        }
        for (size_t q = 0; questions[q]; q++) {
            snprintf(lua, sizeof lua, "WORD = '%s' %s", other, questions[q]);
            frames = pair_eval(p, who, lua);
            assert_has(frames, "\"done\"");
            assert_lacks(frames, other);
        }
        snprintf(lua, sizeof lua, "return #people.search('%s'), #people.search('%s')", other, own);
        pair_shows(p, who, lua, i == OAK ? "0\\t1" : "0\\t2");
        snprintf(lua, sizeof lua,
                 "return #people.search('%.3s'), people.count{email='word@%s.example'}", other,
                 other);
        pair_shows(p, who, lua, "0\\t0");
        assert_lacks(pair_ask(p, &p->talks[i], who, "{\"op\":\"status\"}"), who_names[!i]);
        assert_has(pair_ask(p, &p->talks[i], who, "{\"op\":\"audit\"}"), "\"ok\":true");
    }
    /* Letters lie in the outbox of their own organisation, and are of its own. */
    static const struct {
        const char *file, *has, *lacks;
    } letters[] = { { "orgs/oak/outbox/M-1.txt", "Quetzal body", "Zebra" },
                    { "orgs/elm/outbox/M-1.txt", "Zebra body", "Quetzal" },
                    { "orgs/elm/outbox/M-2.txt", "Zebra body", "Quetzal" },
                    { "orgs/oak/outbox/M-2.txt", NULL, NULL } };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        char *text = fixture_read(p->f, letters[i].file);
        assert_int_equal(text != NULL, letters[i].has != NULL);
        if (text) {
            assert_has(text, letters[i].has);
            assert_lacks(text, letters[i].lacks);
        }
        mem_free(text);
    }
}

static void completion_and_help_show_ones_own(void **state)
{
    struct pair *p = *state;
    static const char ask[] = "{\"op\":\"complete\",\"line\":\"quetz\",\"cursor\":5}";
    fixture_plugin(p->f, "quiet",
                   "baton.command('quetzal', {}, function() return 1 end)\n"
                   "baton.report('quetzals', {}, function() return {} end)\n"
                   "baton.workflow{name='quetzal_flow', version=1, stages={{name='a'}, "
                   "{name='b', final=true}}, transitions={{name='go', from='a', to='b'}}}\n");
    pair_ini(p, OAK, "[org]\nplugins = quiet\n");
    pair_open(p);
    pair_does(p, OAK, "quetzal_variable = 1");
    assert_has(pair_ask(p, &p->talks[OAK], OAK, ask), "quetzal_variable");
    assert_lacks(pair_ask(p, &p->talks[ELM], ELM, ask), "quetzal_variable");
    static const char *const probes[] = { "baton.call('quetza')", "baton.run_report('quetzal')",
                                          "referrals.open{workflow='quetzal_flo'}",
                                          "print(json.encode(baton.workflows()))", NULL };
    for (size_t i = 0; probes[i]; i++) {
        assert_has(pair_eval(p, OAK, probes[i]), "quetzal");
        const char *frames = pair_eval(p, ELM, probes[i]);
        assert_lacks(frames, "did you mean");
        assert_lacks(frames, "quetzals");
        assert_lacks(frames, "quetzal_flow");
    }
    pair_fails(p, ELM, "baton.call('quetzal')", "no command");
}

/* ---- turns ---- */

struct nest {
    struct pair *p;
    bool inside; /* of elm's turn */
};

static int nest_add(struct org *o, const char *name, struct error *e)
{
    static const struct actor somebody = { 0, "operator", NULL };
    struct store_set set = { PERSON_NAME, value_text(name) };
    struct record r = { .entity = ENTITY_PERSON, .set = &set, .set_count = 1 };
    const struct row *row;
    return domain_write(org_domain(o), &somebody, &r, &row, e);
}

static int nest_elm(void *context, struct org *o, struct error *e)
{
    (void)context;
    return nest_add(o, "Zoe", e);
}

static int nest_oak(void *context, struct org *o, struct error *e)
{
    struct nest *n = context;
    int rc = nest_add(o, "Ada", e);
    if (!rc)
        rc = org_turn(pair_org(n->p, ELM), nest_elm, n, e);
    return rc ? rc : error_set(e, ERROR_DENIED, "oak takes it back");
}

static void a_turn_of_one_is_no_turn_of_the_other(void **state)
{
    struct pair *p = *state;
    struct nest n = { .p = p };
    pair_open(p);
    assert_int_equal(org_turn(pair_org(p, OAK), nest_oak, &n, &p->f->e), -ERROR_DENIED);
    pair_shows(p, OAK, "people.count{}", "0");
    pair_shows(p, ELM, "people.first{}.name", "Zoe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(ids_are_of_one_organisation),           BOTH(versions_are_of_one_organisation),
        BOTH(who_acts_is_of_one_organisation),       BOTH(a_session_stays_where_it_was_opened),
        BOTH(no_two_organisations_share_a_table),    BOTH(scripts_take_turns_without_meeting),
        BOTH(nothing_of_one_is_found_in_the_other),  BOTH(completion_and_help_show_ones_own),
        BOTH(a_turn_of_one_is_no_turn_of_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
