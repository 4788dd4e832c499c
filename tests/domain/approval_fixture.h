/* A workflow "board" whose decision needs an approval, made anew for each case. */
#ifndef TESTS_DOMAIN_APPROVAL_FIXTURE_H
#define TESTS_DOMAIN_APPROVAL_FIXTURE_H

#include "baton/base/arena.h"
#include "baton/domain/approval.h"
#include "domain/rules_fixture.h"

struct board {
    struct approval approval;
    const struct reason *deny_reasons;
    size_t deny_reason_count;
    bool deny_note;
    bool no_deny, no_again; /* leaves them out */
    bool stays;             /* grant goes nowhere */
    const char *expire;     /* transition by which deciding expires */
};

static inline int board_finish(struct org *org, const struct board *b, struct graph **out)
{
    static const char *const from[] = { "deciding", NULL };
    static const struct step due = { .kind = STEP_DUE };
    struct graph *g = graph_new("board", 1, "board");
    const struct field chair = { .name = "chair", .type = FIELD_REF, .ref = ENTITY_STAFF };
    const struct field where = { .name = "place", .type = FIELD_TEXT };
    const struct stage stages[] = {
        { .name = "deciding",
          .initial = true,
          .has_deadline = b->expire != NULL,
          .within = { .days = b->expire ? 3 : 0 },
          .steps = &due,
          .step_count = b->expire ? 1 : 0 },
        { .name = "granted", .final = true },
        { .name = "denied", .final = true },
    };
    const struct transition grant = {
        .name = "grant", .approval = &b->approval, .guard = -1, .effect = -1, .where = "board.lua:7"
    };
    const struct transition deny = { .name = "deny",
                                     .reasons = b->deny_reasons,
                                     .reason_count = b->deny_reason_count,
                                     .note_required = b->deny_note,
                                     .guard = -1,
                                     .effect = -1 };
    const struct transition again = { .name = "again", .guard = -1, .effect = -1 };
    const struct transition stay = { .name = "stay", .guard = -1, .effect = -1 };
    const struct transition stop = { .name = "stop", .guard = -1, .effect = -1 };
    ok(graph_add_field(g, &chair, &org->e));
    ok(graph_add_field(g, &where, &org->e));
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], "board.lua:2", &org->e));
    int rc = graph_add_transition(g, &grant, from, b->stays ? NULL : "granted", &org->e);
    if (rc == 0 && !b->no_deny)
        rc = graph_add_transition(g, &deny, from, "denied", &org->e);
    if (rc == 0 && !b->no_again)
        rc = graph_add_transition(g, &again, from, "deciding", &org->e);
    if (rc == 0)
        rc = graph_add_transition(g, &stay, from, NULL, &org->e);
    if (rc == 0 && b->no_deny) { /* "denied" is reached all the same, by one that needs agreement */
        const struct transition other = {
            .name = "stop", .approval = &b->approval, .guard = -1, .effect = -1
        };
        rc = graph_add_transition(g, b->no_again ? &other : &stop, from, "denied", &org->e);
    }
    if (rc == 0 && b->expire) {
        const struct span after = { .days = 1 };
        rc = graph_set_expire(g, "deciding", &after, b->expire, "board.lua:3", &org->e);
    }
    if (rc == 0)
        rc = graph_finish(g, &org->e);
    if (rc == 0)
        *out = g;
    else
        graph_free(g);
    return rc;
}

/* The workflow replaces the one of the case before. */
static inline void board_use(struct org *org, const struct board *b)
{
    struct graph *g = NULL;
    ok(board_finish(org, b, &g));
    domain_remove_plugin(org->d, "board");
    ok(domain_add_graph(org->d, g, &org->e));
}

static inline int64_t board_open(struct org *org, const char *fields)
{
    const struct referral_open open = { .workflow = "board",
                                        .fields = fields,
                                        .fields_len = fields ? strlen(fields) : 0 };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &org_operator, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

/* One vote in a command of its own; kept if it went well. */
static inline int try_vote(struct org *org, const struct actor *actor, const struct ballot *b)
{
    struct error ignored;
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    org->e = (struct error){ 0 };
    int rc = domain_vote(org->d, actor, b, NULL, &org->e);
    if (domain_command_end(org->d, rc == 0, &ignored) < 0 ||
        store_turn_commit(org->store, &ignored) < 0)
        fail_msg("the turn was lost: %s", ignored.message);
    return rc;
}

static inline void set_staff(struct org *org, int64_t id, const char *fields)
{
    org_write(org, ENTITY_STAFF, id, NULL, 0, fields);
}

#endif
