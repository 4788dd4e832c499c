/* A history with everything in it, replayed: unchanged nothing differs; each seeded change shows
 * exactly the referrals that it must. */
#include "host_fixture.h"

#include <jansson.h>

#include "baton/base/json.h"
#include "baton/host/replay.h"

static const char care[] =
    "baton.workflow{ name = 'care', title = 'Care', version = 1,\n"
    "  fields = { need = 'text', level = 'int', checks = 'int', visit_at = 'time',\n"
    "    helper = { type = 'ref', to = 'staff' } },\n"
    "  children = { visit = { transition = 'stop' } },\n"
    "  stages = {\n"
    "    { name = 'new', deadline = { within = '3 days', remind = '1 day',\n"
    "      escalate = { { after = '1 day', to = 'lead' } }, expire = { after = '5 days', transition = "
    "'lapse' } } },\n"
    "    { name = 'asked', deadline = { within = '5 working days', remind = '1 working day' } },\n"
    "    { name = 'waiting', clock = 'paused' },\n"
    "    { name = 'done', final = true, outcome = 'completed' },\n"
    "    { name = 'lapsed', final = true, outcome = 'lapsed' } },\n"
    "  transitions = {\n"
    "    { name = 'ask', from = 'new', to = 'asked', required = { 'need' },\n"
    "      guard = function(r) return r.fields.need ~= 'nothing', 'nothing is needed' end,\n"
    "      effect = function(r) r:set{ fields = { level = 1 } } r:task{ title = 'call', kind = 'call' } "
    "r:timer('check', '2 days') end },\n"
    "    { name = 'hold', from = 'asked', to = 'waiting' },\n"
    "    { name = 'back', from = 'waiting', to = 'asked' },\n"
    "    { name = 'finish', from = 'asked', to = 'done', roles = { 'specialist' },\n"
    "      reasons = { 'good', 'bad' } },\n"
    "    { name = 'adopt', from = 'asked', to = 'done', approval = { auto = true, need = 2,\n"
    "      seats = { { name = 'one', role = 'specialist' }, { name = 'two', role = 'lead' } } } },\n"
    "    { name = 'lapse', from = 'new', to = 'lapsed' },\n"
    "    { name = 'withdraw', from = '*', to = 'lapsed', locked = true, source = 'the law' } } }\n"
    "baton.workflow{ name = 'visit', version = 1,\n"
    "  stages = { { name = 'planned' }, { name = 'made', final = true }, { name = 'off', final = true } "
    "},\n"
    "  transitions = { { name = 'make', from = 'planned', to = 'made' },\n"
    "    { name = 'stop', from = 'planned', to = 'off' } } }\n"
    "baton.on('timer.check', function(_, t) local r = referrals.get(t.about)\n"
    "  if r and r.open then r:set{ fields = { checks = (r.fields.checks or 0) + 1 } } r:note('looked') "
    "end end)\n"
    "baton.on('referral.overdue', function(_, r)\n"
    "  r:refer{ workflow = 'visit', title = 'see ' .. r.title } end, { workflow = 'care' })\n"
    "baton.on('referral.advanced', function(event, r)\n"
    "  if event.to == 'done' and r.subject and r.subject.email then\n"
    "    r:message{ to = r.subject.email, body = 'done', channel = 'file' } end end, { workflow = 'care' "
    "})\n";

/* Monday morning; each referral by its title. S-1 is a specialist, S-2 a lead. */
static const char history[] =
    "local one = staff.add{ name = 'One', roles = 'specialist' }\n"
    "local two = staff.add{ name = 'Two', roles = 'lead' }\n"
    "local ann = people.add{ name = 'Ann', email = 'ann@example.org' }\n"
    "local function open(title, fields) return referrals.open{ workflow = 'care', title = title,\n"
    "  subject = ann, owner = one, fields = fields } end\n"
    "local r = {}\n"
    "for i, title in ipairs{ 'plain', 'late', 'expires', 'voted', 'held', 'paused', 'withdrawn', "
    "'checked',\n"
    "  'stays open', 'named' } do r[i] = open(title, { need = title, helper = two }) end\n"
    "r[3]:set{ fields = { need = 'nothing' } }\n"
    "clock.advance('2 hours')\n"
    "as(one, function() r[1]:advance('ask') r[1]:advance('finish', { reason = 'good', note = 'well' }) "
    "end)\n"
    "for _, i in ipairs{ 4, 5, 6, 8, 10 } do r[i]:advance('ask') end\n"
    "as(one, function() r[4]:vote('adopt', 'yes', { note = 'for it' }) end)\n"
    "r[7]:advance('withdraw')\n"
    "clock.advance('1 day')\n"
    "as(two, function() r[4]:vote('adopt', 'yes') end)\n"
    "r[5]:advance('hold') r[6]:pause{ reason = 'away' }\n"
    "as(one, function() r[10]:advance('finish', { reason = 'bad', outcome = 'given up' }) end)\n"
    "clock.advance('3 days')\n" /* the late one is reminded, overdue, escalated; a visit opens */
    "r[2]:advance('ask')\n"
    "r[8]:tasks{ kind = 'call', status = 'open' }[1]:done('called')\n"
    "r[8]:set{ priority = 'urgent', fields = { level = 3 } }\n"
    "clock.advance('1 day')\n"
    "r[5]:advance('back') r[6]:resume{ note = 'here again' }\n"
    "as(one, function() r[2]:advance('finish', { reason = 'good' }) r[8]:assign(one)\n"
    "  r[8]:advance('finish', { reason = 'good' }) end)\n"
    "clock.advance('2 weeks')\n"
    "as(one, function() r[5]:advance('finish', { reason = 'good' }) r[6]:advance('finish', { reason = "
    "'bad' }) end)\n"
    "clock.advance('1 day')\n";

struct world {
    struct fixture *f;
    struct org *o;
    struct talk t;
};

static void world_run(struct world *w, const char *script)
{
    json_t *request = json_pack("{s:s, s:s, s:s}", "op", "run", "name", "history", "source", script);
    char *text = json_dumps(request, 0);
    assert_has(talk_ask(&w->t, w->o, text), "{\"done\":{");
    free(text);
    json_decref(request);
}

static int world_setup(void **state)
{
    struct world *w = mem_new(struct world);
    if (fixture_setup((void **)&w->f))
        return -1;
    fixture_plugin(w->f, "care", care);
    fixture_org(w->f, "oak", "care", true);
    w->o = fixture_open(w->f, "oak");
    fixture_ok(w->f, org_move_clock(w->o, 1900051200000, &w->f->e));
    talk_open(&w->t);
    world_run(w, history);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    void *f = w->f;
    talk_close(&w->t);
    org_close(w->o);
    mem_free(w);
    return fixture_teardown(&f);
}

/* drafts/changed: the plugin with `from` replaced by `to`, each time; NULL: as it is. */
static void world_draft(struct world *w, const char *from, const char *to)
{
    struct buf text = BUF_INIT;
    const char *at = care, *next;
    size_t found = 0;
    while (from && (next = strstr(at, from))) {
        buf_add(&text, at, (size_t)(next - at));
        buf_puts(&text, to);
        at = next + strlen(from);
        found++;
    }
    buf_puts(&text, at);
    if (from && !found)
        fail_msg("the plugin has no \"%s\"", from);
    fixture_write(w->f, "drafts/changed/init.lua", text.data);
    fixture_write(w->f, "drafts/changed/plugin.ini",
                  "[plugin]\nname = care\nversion = 1.1.0\ntitle = A draft\napi = 1\n"
                  "permissions = people, staff, messages, timers\n");
    buf_free(&text);
}

static json_t *world_replay(struct world *w, const char *plugin, const char *since)
{
    struct buf request = BUF_INIT;
    json_t *answer = NULL, *result;
    if (plugin)
        buf_printf(&request, "{\"op\":\"replay\",\"plugins\":[\"%s\"],\"since\":\"%s\"}", plugin, since);
    else
        buf_printf(&request,
                   "{\"op\":\"replay\",\"plugins\":[\"%s/drafts/changed\"],\"since\":\"%s\"}",
                   w->f->dir, since);
    const char *frames = talk_ask(&w->t, w->o, request.data);
    const char *done = strstr(frames, "{\"done\":{");
    if (!done)
        fail_msg("%s", frames);
    if (json_read(done, strcspn(done, "\n"), &answer, &w->f->e) < 0)
        fail_msg("%s: %s", w->f->e.message, done);
    result = json_incref(json_object_get(json_object_get(answer, "done"), "result"));
    json_decref(answer);
    buf_free(&request);
    return result;
}

/* "late:way voted:unknown" */
static char *classes(const json_t *result)
{
    struct buf text = BUF_INIT;
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(result, "rows"), i, row)
    {
        buf_printf(&text, "%s%s:%s", i ? " " : "", json_string_value(json_object_get(row, "title")),
                   json_string_value(json_object_get(row, "class")));
    }
    return buf_take(&text);
}

static void expect(struct world *w, json_t *result, const char *wanted)
{
    char *got = classes(result);
    if (strcmp(got, wanted) != 0) {
        char *all = json_dumps(result, JSON_INDENT(1));
        printf("got \"%s\", wanted \"%s\"\n%s", got, wanted, getenv("VERB") ? all : "");
    }
    mem_free(got);
    json_decref(result);
    (void)w;
}

static void unchanged_nothing_differs(void **state)
{
    struct world *w = *state;
    json_t *result = world_replay(w, "care", "2020-01-01");
    assert_int_equal(json_integer_value(json_object_get(result, "finished")), 11);
    assert_int_equal(json_integer_value(json_object_get(result, "same")), 11);
    expect(w, result, "");
    world_draft(w, NULL, NULL);
    expect(w, world_replay(w, NULL, "2020-01-01"), "");
}

static const struct seed {
    const char *from, *to, *wanted;
} seeds[] = {
    /* a guard that refuses one */
    { "r.fields.need ~= 'nothing'", "r.fields.need ~= 'voted'", "X" },
    /* a deadline that expires before somebody comes */
    { "expire = { after = '5 days'", "expire = { after = '6 hours'", "X" },
    { "deadline = { within = '3 days', remind", "deadline = { within = '2 days', remind", "X" },
    { "deadline = { within = '3 days', remind", "deadline = { within = '30 days', remind", "X" },
    { "within = '5 working days'", "within = '6 working days'", "X" },
    { "remind = '1 day'", "remind = '2 days'", "X" },
    { "'asked'", "'requested'", "X" },
    { "{ name = 'hold', from = 'asked'", "{ name = 'stop_it', from = 'asked'", "X" },
    { "fields = { level = 1 }", "fields = { level = 2 }", "X" },
    { "required = { 'need' }", "required = { 'need', 'visit_at' }", "X" },
    { "need = 2,", "need = 'all',", "X" },
    { "seats = {", "seats = { { name = 'three', role = 'lead' },", "X" },
    { "kind = 'call'", "kind = 'phone'", "X" },
    { "'2 days'", "'2 weeks'", "X" },
    { "roles = { 'specialist' }", "roles = { 'lead' }", "X" },
    { "children = { visit = { transition = 'stop' } },", "", "X" },
    { "r:refer{", "if r.title == 'late' then return end r:refer{", "X" },
    { "{ name = 'done', final = true, outcome = 'completed' }", "{ name = 'done', final = true, outcome = 'finished' }", "X" },
};

static void seeded_changes(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        world_draft(w, seeds[i].from, seeds[i].to);
        expect(w, world_replay(w, NULL, "2020-01-01"), seeds[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unchanged_nothing_differs, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(seeded_changes, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
