/* Approvals: who is refused and why, what a decision brings, what is written. */
#include "domain/approval_fixture.h"

static const struct seat team[] = {
    { .name = "teacher", .role = "teacher", .weight = 1, .mandatory = true },
    { .name = "leader", .role = "lead", .weight = 1 },
    { .name = "chair", .field = "chair", .weight = 1, .veto = true },
};

static struct board team_board(void)
{
    return (struct board){ .approval = { .seats = team, .seat_count = 3, .need = 2 } };
}

static int vote_as(struct org *org, int64_t id, const struct actor *actor, const char *seat,
                   enum vote v, int64_t for_staff)
{
    const struct ballot b = {
        .referral_id = id, .transition = "grant", .vote = v, .seat = seat, .for_staff = for_staff
    };
    return try_vote(org, actor, &b);
}

static void refusals(void **state)
{
    struct org *org = *state;
    struct board b = team_board();
    board_use(org, &b);
    int64_t id = board_open(org, NULL);
    set_staff(org, 3, "{\"delegate\":1,\"delegate_until\":1772359200000}");
    const struct {
        const char *label;
        const struct actor *actor;
        const char *transition, *seat;
        enum vote vote;
        int64_t for_staff;
        int rc;
        const char *message;
    } cases[] = {
        { "unknown transition", &teacher, "grnt", NULL, VOTE_YES, 0, -ERROR_INVALID,
          "did you mean \"grant\"?" },
        { "no approval", &teacher, "deny", NULL, VOTE_YES, 0, -ERROR_INVALID,
          "R-1: \"deny\" needs no approval" },
        { "unknown seat", &teacher, "grant", "teachr", VOTE_YES, 0, -ERROR_INVALID,
          "R-1: \"grant\": no seat \"teachr\", did you mean \"teacher\"? Seats: teacher, leader, "
          "chair" },
        { "another's seat", &junior, "grant", "teacher", VOTE_YES, 0, -ERROR_DENIED,
          "seat \"teacher\" is for role teacher; S-3 has junior" },
        { "no seat", &junior, "grant", NULL, VOTE_YES, 0, -ERROR_DENIED,
          "S-3 fills no seat of it" },
        { "field empty", &teacher, "grant", "chair", VOTE_YES, 0, -ERROR_DENIED,
          "the field \"chair\" names, and it is empty" },
        { "operator", &org_operator, "grant", NULL, VOTE_YES, 0, -ERROR_DENIED,
          "say whose with for_staff" },
        { "inactive", &org_operator, "grant", NULL, VOTE_YES, 4, -ERROR_DENIED,
          "S-4 (Go Ne) is inactive" },
        { "nobody", &org_operator, "grant", NULL, VOTE_YES, 99, -ERROR_NOT_FOUND, "S-99" },
        { "not the delegate", &lead, "grant", NULL, VOTE_YES, 1, -ERROR_DENIED,
          "S-2 is not the delegate of S-1, who has none" },
        { "delegate of no seat", &teacher, "grant", NULL, VOTE_YES, 3, -ERROR_DENIED,
          "S-3 fills no seat" },
        { "mandatory abstains", &teacher, "grant", NULL, VOTE_ABSTAIN, 0, -ERROR_INVALID,
          "seat \"teacher\" is mandatory" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct ballot ballot = { .referral_id = id,
                                       .transition = cases[i].transition,
                                       .vote = cases[i].vote,
                                       .seat = cases[i].seat,
                                       .for_staff = cases[i].for_staff };
        check_rc(org, cases[i].label, try_vote(org, cases[i].actor, &ballot), cases[i].rc,
                 cases[i].message);
    }
    struct ballot stale = {
        .referral_id = id, .based_on = 77, .transition = "grant", .vote = VOTE_YES
    };
    check_rc(org, "version", try_vote(org, &teacher, &stale), -ERROR_CONFLICT, "version");
    stale = (struct ballot){ .referral_id = id, .transition = "grant" };
    check_rc(org, "no vote", try_vote(org, &teacher, &stale), -ERROR_INVALID, "yes, no or abstain");
    assert_string_equal(newest(org, id).kind, "referral.opened");
}

static void one_vote_each(void **state)
{
    struct org *org = *state;
    static const struct seat twice[] = { { .name = "one", .role = "teacher", .weight = 1 },
                                         { .name = "two", .role = "teacher", .weight = 1 } };
    struct board b = { .approval = { .seats = twice, .seat_count = 2 } };
    board_use(org, &b);
    int64_t id = board_open(org, NULL);
    check_rc(org, "which", vote_as(org, id, &teacher, NULL, VOTE_YES, 0), -ERROR_INVALID,
             "S-1 could fill several seats: say which: one, two");
    ok(vote_as(org, id, &teacher, "one", VOTE_YES, 0));
    check_rc(org, "again", vote_as(org, id, &teacher, "two", VOTE_YES, 0), -ERROR_DENIED,
             "S-1 has voted yes already, in seat \"one\": one person fills one seat");
    b.approval.several = true;
    board_use(org, &b);
    check_rc(org, "stands", vote_as(org, id, &teacher, "one", VOTE_NO, 0), -ERROR_DENIED,
             "seat \"one\" has voted yes already (S-1): a vote stands");
    ok(vote_as(org, id, &teacher, NULL, VOTE_YES, 0));
    check_rc(org, "decided", vote_as(org, id, &teacher, "two", VOTE_YES, 0), -ERROR_DENIED,
             "it is decided already: approved");
}

static void the_way_is_barred_until_then(void **state)
{
    struct org *org = *state;
    struct fake fake;
    struct board b = team_board();
    board_use(org, &b);
    fake_install(&fake, org);
    int64_t id = board_open(org, "{\"chair\":3}");
    check_rc(org, "none", move_on(org, id, &org_operator, "grant", NULL), -ERROR_DENIED,
             "R-1: \"grant\" needs an approval: 0 of 2 yes; missing: teacher (mandatory), leader, "
             "chair (veto)");
    ok(vote_as(org, id, &teacher, NULL, VOTE_YES, 0));
    assert_string_equal(newest(org, id).payload,
                        "{\"transition\":\"grant\",\"seat\":\"teacher\",\"vote\":\"yes\","
                        "\"weight\":1,\"staff\":\"S-1\"}");
    ok(vote_as(org, id, &lead, NULL, VOTE_YES, 0));
    check_rc(org, "veto is out", move_on(org, id, &org_operator, "grant", NULL), -ERROR_DENIED,
             "2 of 2 yes; missing: chair (veto)");
    const struct ballot noted = { .referral_id = id,
                                  .transition = "grant",
                                  .vote = VOTE_ABSTAIN,
                                  .for_staff = 3,
                                  .note = "on \"leave\"" };
    buf_clear(&fake.kinds);
    ok(try_vote(org, &org_operator, &noted));
    assert_string_equal(
        buf_text(&fake.kinds),
        "referral.voted R-1 {\"transition\":\"grant\",\"seat\":\"chair\",\"vote\":"
        "\"abstain\",\"weight\":1,\"staff\":\"S-3\",\"by\":\"operator\",\"note\":\"on "
        "\\\"leave\\\"\"}\n"
        "referral.approved R-1 {\"transition\":\"grant\",\"yes\":2,\"no\":0,"
        "\"abstained\":1,\"need\":2}\n"
        "task.done K-3 {\"outcome\":\"abstain\",\"engine\":true}\n");
    struct approval_now now;
    struct arena *arena = arena_new(0);
    ok(domain_approval(org->d, id, "grant", arena, &now, &org->e));
    assert_string_equal(now.seats[2].note, "on \"leave\"");
    assert_string_equal(now.seats[2].by, "operator");
    assert_int_equal(now.seats[2].at_ms, org_now_ms);
    arena_free(arena);
    ok(move_on(org, id, &org_operator, "grant", NULL));
    check_rc(org, "closed", vote_as(org, id, &teacher, NULL, VOTE_YES, 0), -ERROR_DENIED,
             "it is closed");
    fake_remove(&fake);
}

static void a_veto_refuses(void **state)
{
    struct org *org = *state;
    struct board b = team_board();
    board_use(org, &b);
    int64_t id = board_open(org, "{\"chair\":3}");
    ok(vote_as(org, id, &junior, NULL, VOTE_NO, 0));
    assert_string_equal(newest(org, id).kind, "referral.refused_by_vote");
    check_rc(org, "refused", move_on(org, id, &org_operator, "grant", NULL), -ERROR_DENIED,
             "R-1: \"grant\" was refused by vote: seat \"chair\" (S-3) said no");
    ok(move_on(org, id, &org_operator, "again", NULL));
    check_rc(org, "anew", move_on(org, id, &org_operator, "grant", NULL), -ERROR_DENIED,
             "needs an approval: 0 of 2 yes");
}

static void standing_in(void **state)
{
    struct org *org = *state;
    struct board b = team_board();
    board_use(org, &b);
    int64_t id = board_open(org, NULL);
    set_staff(org, 1,
              "{\"delegate\":3,\"delegate_until\":1772960400000,\"absent_from\":"
              "1772442000000,\"absent_until\":1772701200000}"); /* +7, +1, +4 days */
    check_rc(org, "still here", vote_as(org, id, &junior, NULL, VOTE_YES, 1), -ERROR_DENIED,
             "S-1 votes in person until 2026-03-02 09:00");
    clock_move(&org->clock, 5 * day_ms);
    check_rc(org, "back", vote_as(org, id, &junior, NULL, VOTE_YES, 1), -ERROR_DENIED,
             "S-1 votes in person since 2026-03-05 09:00");
    set_staff(org, 1, "{\"absent_from\":null,\"absent_until\":null}");
    clock_move(&org->clock, 2 * day_ms);
    check_rc(org, "over", vote_as(org, id, &junior, NULL, VOTE_YES, 1), -ERROR_DENIED,
             "S-1 had a delegate until 2026-03-08 09:00");
    clock_move(&org->clock, -1);
    ok(vote_as(org, id, &junior, NULL, VOTE_YES, 1));
    assert_string_equal(newest(org, id).payload,
                        "{\"transition\":\"grant\",\"seat\":\"teacher\",\"vote\":\"yes\","
                        "\"weight\":1,\"staff\":\"S-1\",\"by\":\"S-3\"}");
}

static void delegations_make_sense(void **state)
{
    struct org *org = *state;
    static const struct {
        int64_t id;
        const char *fields, *message;
    } cases[] = {
        { 1, "{\"delegate\":1,\"delegate_until\":1772960400000}",
          "cannot stand in for themselves" },
        { 1, "{\"delegate\":2}", "give delegate_until, too" },
        { 1, "{\"delegate\":99,\"delegate_until\":1772960400000}", "no staff S-99" },
        { 1, "{\"absent_from\":2000,\"absent_until\":2000}", "absent_until is not after" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct record r = { .entity = ENTITY_STAFF,
                                  .id = cases[i].id,
                                  .fields = cases[i].fields,
                                  .fields_len = strlen(cases[i].fields) };
        struct error ignored;
        ok(store_turn_begin(org->store, &org->e));
        domain_command_begin(org->d);
        int rc = domain_write(org->d, &org_operator, &r, NULL, &org->e);
        domain_command_end(org->d, false, &ignored);
        store_turn_abort(org->store);
        check_rc(org, cases[i].fields, rc, -ERROR_INVALID, cases[i].message);
    }
    set_staff(org, 1, "{\"delegate\":2,\"delegate_until\":1772960400000}");
    set_staff(org, 1, "{\"delegate\":null}"); /* the rest may stay */
}

static void taken_by_itself(void **state)
{
    struct org *org = *state;
    struct board b = team_board();
    b.approval.automatic = true;
    b.approval.otherwise = "deny";
    board_use(org, &b);
    int64_t yes = board_open(org, "{\"chair\":3}"), no = board_open(org, "{\"chair\":3}");
    ok(vote_as(org, yes, &junior, NULL, VOTE_ABSTAIN, 0));
    ok(vote_as(org, yes, &lead, NULL, VOTE_YES, 0));
    assert_string_equal(stage_of(org, yes), "deciding");
    ok(vote_as(org, yes, &teacher, NULL, VOTE_YES, 0));
    assert_string_equal(stage_of(org, yes), "granted");
    assert_string_equal(newest(org, yes).actor, "approval");
    assert_contains(newest(org, yes).payload, "\"reason\":\"approved\"");
    ok(vote_as(org, no, &teacher, NULL, VOTE_NO, 0));
    assert_string_equal(stage_of(org, no), "denied");
    assert_contains(newest(org, no).payload, "\"reason\":\"refused\"");
}

static int move_in_handler(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    const struct advance a = { .referral_id = row ? row->id : 0, .transition = "deny" };
    if (strcmp(kind, "referral.approved") != 0)
        return 0;
    return domain_advance(f->org->d, &org_operator, &a, NULL, e);
}

/* A handler that moves it was faster; one that errs takes the vote with it. */
static void handlers_come_first(void **state)
{
    struct org *org = *state;
    struct fake fake;
    static const struct seat one[] = { { .name = "teacher", .role = "teacher", .weight = 1 } };
    struct board b = { .approval = { .seats = one, .seat_count = 1, .automatic = true } };
    board_use(org, &b);
    fake_install(&fake, org);
    int64_t id = board_open(org, NULL), other = board_open(org, NULL);
    fake.on_event = move_in_handler;
    ok(vote_as(org, id, &teacher, NULL, VOTE_YES, 0));
    assert_string_equal(stage_of(org, id), "denied");
    fake.on_event = NULL;
    fake.fail_on = "referral.voted";
    check_rc(org, "broken", vote_as(org, other, &teacher, NULL, VOTE_YES, 0), -ERROR_SCRIPT,
             "handler of referral.voted is broken");
    assert_string_equal(newest(org, other).kind, "referral.opened");
    fake_remove(&fake);
}

/* What a check refuses is left to a person, with the votes. */
static void decided_but_not_ready(void **state)
{
    struct org *org = *state;
    static const char *const from[] = { "new", NULL }, *const need[] = { "paper", NULL };
    static const char *const owners[] = { "lead", NULL };
    static const struct seat one[] = { { .name = "teacher", .role = "teacher", .weight = 1 } };
    static const struct approval approval = { .seats = one, .seat_count = 1, .automatic = true };
    const struct field paper = { .name = "paper", .type = FIELD_TEXT };
    const struct stage first = { .name = "new", .initial = true, .owner_roles = owners };
    const struct stage last = { .name = "done", .final = true };
    const struct transition grant = {
        .name = "grant", .required = need, .approval = &approval, .guard = -1, .effect = -1
    };
    const struct transition stop = { .name = "stop", .guard = -1, .effect = -1 };
    struct graph *g = graph_new("board", 1, "board");
    ok(graph_add_field(g, &paper, &org->e));
    ok(graph_add_stage(g, &first, NULL, &org->e));
    ok(graph_add_stage(g, &last, NULL, &org->e));
    ok(graph_add_transition(g, &grant, from, "done", &org->e));
    ok(graph_add_transition(g, &stop, from, "done", &org->e));
    ok(graph_finish(g, &org->e));
    ok(domain_add_graph(org->d, g, &org->e));
    int64_t id = board_open(org, NULL);
    ok(vote_as(org, id, &teacher, NULL, VOTE_YES, 0));
    assert_string_equal(stage_of(org, id), "new");
    const struct row *task = org_row(org, ENTITY_TASK, 2); /* behind that about the vote */
    assert_string_equal(row_text(task, TASK_KIND), "approval");
    assert_string_equal(row_text(task, TASK_ROLE), "lead");
    assert_contains(row_text(task, TASK_TITLE),
                    "waits for somebody to take it: R-1: \"grant\" needs "
                    "field \"paper\"");
    ok(move_on(org, id, &org_operator, "grant", "{\"paper\":\"x\"}"));
}

static void words(void **state)
{
    struct org *org = *state;
    enum vote v;
    ok(vote_read("abstain", &v, &org->e));
    assert_int_equal(v, VOTE_ABSTAIN);
    check_rc(org, "near", vote_read("yess", &v, &org->e), -ERROR_INVALID, "did you mean \"yes\"?");
    check_rc(org, "far", vote_read("perhaps", &v, &org->e), -ERROR_INVALID, "yes, no or abstain");
    check_rc(org, "empty", vote_read("", &v, &org->e), -ERROR_INVALID, "is no vote");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, rules_setup, org_teardown)
    const struct CMUnitTest tests[] = {
        CASE(refusals),        CASE(one_vote_each),       CASE(the_way_is_barred_until_then),
        CASE(a_veto_refuses),  CASE(standing_in),         CASE(delegations_make_sense),
        CASE(taken_by_itself), CASE(handlers_come_first), CASE(decided_but_not_ready),
        CASE(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
