/* Approvals that cannot be: each mistake with what is said of it, and a near
 * neighbour that is accepted. */
#include "domain/approval_fixture.h"

#define SEATS(...)                                                                                 \
    .seats = (const struct seat[]){ __VA_ARGS__ },                                                 \
    .seat_count = COUNT(((const struct seat[]){ __VA_ARGS__ }))
#define SEAT(n, r, w, ...)                                                                         \
    {                                                                                              \
        .name = n, .role = r, .weight = w, __VA_ARGS__                                             \
    }
#define T() SEAT("t", "teacher", 1, )
#define L() SEAT("l", "lead", 1, )

static const struct reason plain[] = { { .code = "late" }, { .code = "refused" } },
                           commented[] = { { .code = "refused", .comment_required = true } };

static void mistakes(void **state)
{
    struct org *org = *state;
    const struct {
        struct board board;
        const char *message; /* NULL: accepted */
    } cases[] = {
        { { .approval = { SEATS(T(), L()) } }, NULL },
        { { .approval = { SEATS(T(), L()), .need = 2 } }, NULL },
        { { .approval = { SEATS(T(), L()), .need = 3 } },
          "approval of \"grant\" can never pass: it needs 3, and all seats together weigh 2" },
        { { .approval = { SEATS(T(), L()), .need = -1 } }, "need takes a weight from 1, not -1" },
        { { .approval = { .need = 1 } }, "approval of \"grant\" has no seats" },
        { { .approval = { SEATS({ .name = "t", .weight = 1 }) } },
          "seat \"t\" says who fills it: by role, or by a field that names a member of staff, not "
          "neither" },
        { { .approval = { SEATS(SEAT("t", "teacher", 1, .field = "chair")) } }, "not both" },
        { { .approval = { SEATS(SEAT("t", "teacher", 0, )) } }, "weight takes 1 to 1000, not 0" },
        { { .approval = { SEATS(SEAT("t", "teacher", 1001, )) } },
          "weight takes 1 to 1000, not 1001" },
        { { .approval = { SEATS(SEAT("t", "teacher", 1000, )) } }, NULL },
        { { .approval = { SEATS(SEAT("T", "teacher", 1, )) } }, "seat \"T\": a name is made of" },
        { { .approval = { SEATS(SEAT("t", "Lead", 1, )) } }, "role \"Lead\": a name is made of" },
        { { .approval = { SEATS(T(), T()) } }, "seat \"t\" is there twice" },
        { { .approval = { SEATS({ .name = "c", .field = "chair", .weight = 1 }) } }, NULL },
        { { .approval = { SEATS({ .name = "c", .field = "owner_id", .weight = 1 }) } }, NULL },
        { { .approval = { SEATS({ .name = "c", .field = "chiar", .weight = 1 }) } },
          "approval of \"grant\": seat \"c\": unknown field \"chiar\", did you mean \"chair\"?" },
        { { .approval = { SEATS({ .name = "c", .field = "place", .weight = 1 }) } },
          "field \"place\" must name a member of staff" },
        { { .approval = { SEATS({ .name = "c", .field = "chair", .weight = 1 },
                                { .name = "d", .field = "chair", .weight = 1 }) } },
          "seats \"c\" and \"d\" are the same person's (chair), who fills only one" },
        { { .approval = { SEATS({ .name = "c", .field = "chair", .weight = 1 },
                                { .name = "d", .field = "chair", .weight = 1 }),
                          .several = true } },
          NULL },
        { { .approval = { SEATS(T()), .otherwise = "deny" } }, NULL },
        { { .approval = { SEATS(T()), .otherwise = "dny" } },
          "otherwise: from stage \"deciding\" leads no transition \"dny\", did you mean "
          "\"deny\"?" },
        { { .approval = { SEATS(T()), .otherwise = "grant" } },
          "\"grant\" needs an approval itself" },
        { { .approval = { SEATS(T()), .otherwise = "deny" }, .deny_note = true },
          "\"deny\" is taken by the vote and must not ask for a note" },
        { { .approval = { SEATS(T()), .otherwise = "deny" },
            .deny_reasons = plain,
            .deny_reason_count = 1 },
          "must have \"refused\" among its reasons" },
        { { .approval = { SEATS(T()), .otherwise = "deny" },
            .deny_reasons = plain,
            .deny_reason_count = 2 },
          NULL },
        { { .approval = { SEATS(T()), .otherwise = "deny" },
            .deny_reasons = commented,
            .deny_reason_count = 1 },
          "without a comment" },
        { { .approval = { SEATS(T()) }, .stays = true }, "stays in its stage" },
        { { .approval = { SEATS(T()) }, .no_deny = true, .no_again = true },
          "when it is refused, nothing leads out of stage \"deciding\"" },
        { { .approval = { SEATS(T()) }, .no_deny = true }, NULL },
        { { .approval = { SEATS(T()) }, .expire = "grant" }, "which must not need an approval" },
        { { .approval = { SEATS(T()) }, .expire = "deny" }, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char label[24];
        struct graph *g = NULL;
        snprintf(label, sizeof label, "case %zu", i);
        int rc = board_finish(org, &cases[i].board, &g);
        check_rc(org, label, rc, cases[i].message ? -ERROR_INVALID : 0, cases[i].message);
        if (rc < 0)
            assert_true(org->e.where[0] || strstr(org->e.message, "deny"));
        graph_free(g);
    }
}

static void too_many_seats(void **state)
{
    struct org *org = *state;
    struct seat seats[LIMIT_SEATS + 1];
    char names[LIMIT_SEATS + 1][8];
    struct graph *g = NULL;
    for (int i = 0; i <= LIMIT_SEATS; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        seats[i] = (struct seat){ .name = names[i], .role = "teacher", .weight = 1 };
    }
    struct board b = { .approval = { .seats = seats, .seat_count = LIMIT_SEATS } };
    ok(board_finish(org, &b, &g));
    const struct approval *a = graph_transition(g, 0)->approval;
    assert_int_equal(a->need, LIMIT_SEATS / 2 + 1);
    assert_ptr_not_equal(a->seats, seats);
    assert_string_equal(a->seats[5].title, "s5");
    graph_free(g);
    b.approval.seat_count = LIMIT_SEATS + 1;
    check_rc(org, "33", board_finish(org, &b, &g), -ERROR_LIMIT, "more than 32 seats");
}

static void unknown_role(void **state)
{
    struct org *org = *state;
    struct graph *g = NULL;
    const struct board b = { .approval = { SEATS(SEAT("t", "teachr", 1, )) } };
    ok(board_finish(org, &b, &g));
    check_rc(
        org, "role", domain_add_graph(org->d, g, &org->e), -ERROR_INVALID,
        "transition \"grant\": seat \"t\": unknown role \"teachr\", did you mean \"teacher\"?");
    graph_free(g);
}

static void locked_has_none(void **state)
{
    struct org *org = *state;
    static const char *const any[] = { "*", NULL };
    const struct approval approval = { SEATS(T()) };
    const struct stage stages[] = { { .name = "a", .initial = true },
                                    { .name = "b", .final = true } };
    const struct transition go = { .name = "go",
                                   .approval = &approval,
                                   .locked = true,
                                   .source = "law",
                                   .guard = -1,
                                   .effect = -1 };
    struct graph *g = graph_new("w", 1, "p");
    ok(graph_add_stage(g, &stages[0], NULL, &org->e));
    ok(graph_add_stage(g, &stages[1], NULL, &org->e));
    ok(graph_add_transition(g, &go, any, "b", &org->e));
    check_rc(org, "locked", graph_finish(g, &org->e), -ERROR_INVALID,
             "a locked one needs no approval");
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mistakes, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(too_many_seats, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(unknown_role, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(locked_has_none, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
