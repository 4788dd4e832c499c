/* Tasks for those whose vote is wanted, what effects see of an approval, and
 * deadlines that tell the person whom a field names. */
#include "baton/domain/due.h"
#include "plugin_fixture.h"

static const char board[] =
    "baton.workflow{ name = 'board', version = 1,\n"
    "  fields = { chair = { type = 'ref', to = 'staff' }, said = 'text' },\n"
    "  stages = {\n"
    "    { name = 'new', deadline = { within = '4 days', remind = { before = '2 days', to = { "
    "field "
    "= 'chair' } },\n"
    "        escalate = { { after = '1 day', to = { field = 'owner' } } } } },\n"
    "    { name = 'deciding', deadline = { within = '5 days' } },\n"
    "    { name = 'granted', final = true }, { name = 'denied', final = true } },\n"
    "  transitions = {\n"
    "    { name = 'ask', from = 'new', to = 'deciding' },\n"
    "    { name = 'back', from = 'deciding', to = 'new' },\n"
    "    { name = 'again', from = 'deciding', to = 'deciding' },\n"
    "    { name = 'write', from = 'deciding' },\n"
    "    { name = 'grant', title = 'Grant it', from = 'deciding', to = 'granted',\n"
    "      approval = { need = 2, seats = { 'specialist', { name = 'leader', role = 'lead' },\n"
    "        { field = 'chair' } } },\n"
    "      guard = function(r, call) return call.approval.yes ~= 3, 'three is too many' end,\n"
    "      effect = function(r, call)\n"
    "        local who = {}\n"
    "        for _, s in ipairs(call.approval.seats) do\n"
    "          who[#who + 1] = s.name .. '=' .. (s.vote or '-') .. (s.note and ':' .. s.note or "
    "'')\n"
    "        end\n"
    "        r:set{ fields = { said = call.approval.state .. ' ' .. table.concat(who, ' ') } }\n"
    "      end },\n"
    "    { name = 'deny', from = '*', to = 'denied' } },\n"
    "}\n";

static const char people_text[] =
    "staff.add{ name = 'Spe', roles = 'specialist' } staff.add{ name = 'Lea', roles = 'lead' }\n"
    "staff.add{ name = 'Cha', roles = 'junior' } staff.add{ name = 'Del', roles = 'junior' }\n"
    "r = referrals.open{ workflow = 'board', title = 'Boots' }\n"
    "function list()\n"
    "  local out = {}\n"
    "  for t in tasks.each{ about = r, kind = 'vote' } do\n"
    "    out[#out + 1] = t.ref .. ' ' .. (t.assignee and t.assignee.name or t.role) .. ' ' ..\n"
    "      t.status .. (t.outcome and '=' .. t.outcome or '')\n"
    "  end\n"
    "  return table.concat(out, ', ')\n"
    "end\n";

static void begin(struct fix *f)
{
    fix_use(f, "", board);
    ok(fix_run(f, people_text));
}

static void from_entry_to_the_decision(void **state)
{
    struct fix *f = *state;
    begin(f);
    gives("return list()", "");
    ok(fix_run(f, "r:advance('ask')"));
    gives("return list()", "K-1 specialist open, K-2 lead open");
    gives("local t = tasks.get(2) return t.title .. ' ' .. (t.due_at_ms - clock.now()) // 86400000",
          "R-1 (Boots): your vote on \"Grant it\", seat leader 5");
    /* Somebody is named, then somebody else. */
    ok(fix_run(f, "r:set{ fields = { chair = 'S-3' } }"));
    gives("return list()", "K-1 specialist open, K-2 lead open, K-3 Cha open");
    ok(fix_run(f, "r:set{ fields = { chair = 'S-4' } }"));
    gives("return list()", "K-1 specialist open, K-2 lead open, K-3 Del open");
    ok(fix_run(f, "r:set{ fields = { chair = baton.none } }"));
    gives("return list()", "K-1 specialist open, K-2 lead open, K-3 Del cancelled");
    ok(fix_run(f, "r:set{ fields = { chair = 'S-3' } } r:advance('write')"));
    gives("return list()", "K-1 specialist open, K-2 lead open, K-3 Del cancelled, K-4 Cha open");
    ok(fix_run(f, "r:vote('grant', 'no', { for_staff = 'S-3' })"));
    gives("return list()",
          "K-1 specialist open, K-2 lead open, K-3 Del cancelled, K-4 Cha done=no");
    ok(fix_run(f, "r:vote('grant', 'yes', { for_staff = 'S-2', note = 'why not' })"));
    gives("return list()",
          "K-1 specialist open, K-2 lead done=yes, K-3 Del cancelled, K-4 Cha done=no");
    ok(fix_run(f, "r:vote('grant', 'yes', { for_staff = 'S-1' })"));
    gives("return list()",
          "K-1 specialist done=yes, K-2 lead done=yes, K-3 Del cancelled, K-4 Cha done=no");
    ok(fix_run(f, "r:advance('grant')"));
    gives("return r.fields.said", "approved specialist=yes leader=yes:why not chair=no");
    gives("return tasks.count{ kind = 'vote', status = 'open' }", "0");
}

static void decided_early(void **state)
{
    struct fix *f = *state;
    begin(f);
    ok(fix_run(f, "r:set{ fields = { chair = 'S-3' } } r:advance('ask')"));
    ok(fix_run(f, "r:vote('grant', 'yes', { for_staff = 'S-1' }) r:vote('grant', 'yes', { "
                  "for_staff = 'S-2' })"));
    gives("return list()", "K-1 specialist done=yes, K-2 lead done=yes, K-3 Cha cancelled");
}

static void left_and_entered_again(void **state)
{
    struct fix *f = *state;
    begin(f);
    ok(fix_run(f, "r:advance('ask') r:vote('grant', 'yes', { for_staff = 'S-1' })"));
    gives("return list()", "K-1 specialist done=yes, K-2 lead open");
    /* Into the same stage: who was asked is not asked twice, who has voted is asked anew. */
    ok(fix_run(f, "r:advance('again')"));
    gives("return list()", "K-1 specialist done=yes, K-2 lead open, K-3 specialist open");
    ok(fix_run(f, "r:advance('back')"));
    gives("return list()", "K-1 specialist done=yes, K-2 lead cancelled, K-3 specialist cancelled");
    ok(fix_run(f, "r:advance('ask')"));
    gives("return tasks.count{ kind = 'vote', status = 'open' }", "2");
    /* One that was closed by hand is not made again in this stay. */
    ok(fix_run(f, "tasks.first{ kind = 'vote', status = 'open', role = 'lead' }:done('by hand')"));
    ok(fix_run(f, "r:vote('grant', 'no', { for_staff = 'S-1' }) r:set{ title = 'Shoes' }"));
    gives("return tasks.count{ kind = 'vote', status = 'open' }", "0");
    ok(fix_run(f, "r:advance('deny')"));
    gives("return tasks.count{ kind = 'vote' }", "5");
}

static void told_by_field(void **state)
{
    struct fix *f = *state;
    size_t fired = 0;
    begin(f);
    ok(fix_run(f,
               "r:set{ fields = { chair = 'S-3' } } referrals.open{ workflow = 'board', owner_id "
               "= 2 }"));
    ok(store_turn_begin(f->store, &f->e));
    ok(domain_fire_due(f->d, domain_now(f->d) + INT64_C(6) * 86400000, 100, NULL, NULL, &fired,
                       &f->e));
    ok(store_turn_commit(f->store, &f->e));
    gives("return tasks.first{ about = 'R-1', kind = 'reminder' }.assignee.name", "Cha");
    gives("return tasks.first{ about = 'R-2', kind = 'reminder' }.assignee.name",
          "Lea"); /* owner */
    gives("return tasks.first{ about = 'R-2', kind = 'escalation' }.assignee.name", "Lea");
    gives("return tasks.first{ about = 'R-1', kind = 'escalation' }.role", "lead"); /* nobody */
    gives("for _, e in ipairs(r:history()) do if e.kind == 'referral.reminder' then return e.field "
          "end end",
          "chair");
}

static void mistakes(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *to, *problem;
    } cases[] = {
        { "{ field = 'chiar' }", "stage \"new\": its deadline tells: unknown field \"chiar\", did "
                                 "you mean \"chair\"?" },
        { "{ field = 'said' }", "its deadline tells: field \"said\" must name a member of staff" },
        { "{ fild = 'chair' }", "to: unknown key \"fild\", did you mean \"field\"?" },
        { "{}", "field is missing" },
        { "3", "to takes" },
        { "'laed'", "unknown role \"laed\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char right[] = "{ field = 'chair' }";
        struct buf text = BUF_INIT;
        const char *at = strstr(board, right);
        assert_non_null(at);
        buf_printf(&text, "%.*s%s%s", (int)(at - board), board, cases[i].to, at + strlen(right));
        fix_plugin(f, "p", "", text.data);
        const char *problem = fix_load_one(f, "p");
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: \"%s\" has no \"%s\"", cases[i].to, problem, cases[i].problem);
        fix_reopen(f);
        buf_free(&text);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        CASE(from_entry_to_the_decision),
        CASE(decided_early),
        CASE(left_and_entered_again),
        CASE(told_by_field),
        CASE(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
