/* Moving: the checks in order, what is written, guards and effects that refuse
 * and fail. */
#include "domain/rules_fixture.h"

/* Each case starts with a review in that stage; nothing refused leaves a trace. */
static void test_transitions(void **state)
{
    struct org *org = *state;
    const struct actor *const t = &teacher, *const l = &lead, *const j = &junior;
    /* clang-format off */
    const struct {
        const char *label, *stage;
        const struct actor *actor;
        struct advance a;
        int rc;
        const char *message, *to;
    } cases[] = {
        { "goes", "concern", t, { .transition = "open_review" }, 0, NULL, "gathering" },
        { "near name", "concern", t, { .transition = "opne_review" }, -ERROR_INVALID,
          "R-%: no transition \"opne_review\" from stage \"concern\", did you mean "
          "\"open_review\"? Possible: " "open_review, decline, withdraw, request_evaluation",
          NULL },
        { "no near name", "concern", t, { .transition = "zzzzzzzz" }, -ERROR_INVALID,
          "from stage \"concern\"; possible: open_review, decline", NULL },
        { "elsewhere", "concern", t, { .transition = "share" }, -ERROR_INVALID,
          "no transition \"share\" from stage \"concern\" (it leaves gathering). Possible: "
          "open_review", NULL },
        { "closed", "discontinued", t, { .transition = "retry" }, -ERROR_DENIED,
          "it is closed (discontinued): nothing leaves stage \"discontinued\"", NULL },
        { "none named", "concern", t, { 0 }, -ERROR_INVALID, "no transition is named", NULL },
        { "version", "concern", t, { .transition = "open_review", .based_on = 1 }, -ERROR_CONFLICT,
          "has version 2, this was based on 1: somebody changed it meanwhile", NULL },
        { "right version", "concern", t, { .transition = "open_review", .based_on = 2 }, 0, NULL,
          "gathering" },
        { "role", "evaluation", t, { .transition = "refer" }, -ERROR_DENIED,
          "\"refer\" needs one of the roles lead, psychologist; S-1 has teacher", NULL },
        { "ladder", "concern", l, { .transition = "open_review" }, 0, NULL, "gathering" },
        { "too low", "concern", j, { .transition = "open_review" }, -ERROR_DENIED, "S-3 has junior",
          NULL },
        { "no reason", "concern", t, { .transition = "decline" }, -ERROR_INVALID,
          "\"decline\" needs a reason, one of: no_concern, duplicate, other, expired", NULL },
        { "wrong reason", "concern", t, { .transition = "decline", .reason = "duplicat" },
          -ERROR_INVALID,
          "\"decline\" has no reason \"duplicat\", did you mean \"duplicate\"? One of: no_concern",
          NULL },
        { "reason", "concern", t, { .transition = "decline", .reason = "duplicate" }, 0, NULL,
          "declined" },
        { "reason that needs a note", "concern", t, { .transition = "decline", .reason = "other" },
          -ERROR_INVALID, "\"decline\" for reason \"other\" needs a note", NULL },
        { "with its note", "concern", t, { .transition = "decline", .reason = "other", .note = "why"
          }, 0, NULL, "declined" },
        { "no note", "concern", t, { .transition = "withdraw" }, -ERROR_INVALID,
          "\"withdraw\" needs a note", NULL },
        { "empty note", "concern", t, { .transition = "withdraw", .note = "" }, -ERROR_INVALID,
          "needs a note", NULL },
        { "note", "concern", t, { .transition = "withdraw", .note = "moved away" }, 0, NULL,
          "withdrawn" },
        { "note that is no text", "concern", t, { .transition = "withdraw", .note = "\xff" },
          -ERROR_INVALID, "the note is not UTF-8", NULL },
        { "field unknown", "gathering", t, { .transition = "share", .fields = "{\"dosier\":\"x\"}"
          }, -ERROR_INVALID,
          "R-%: workflow review has no field \"dosier\", did you mean \"dossier\"?", NULL },
        { "required", "gathering", t, { .transition = "share" }, -ERROR_INVALID,
          "\"share\" needs field \"dossier\"", NULL },
        { "required, emptied", "gathering", t, { .transition = "share",
          .fields = "{\"dossier\":\"\"}" }, -ERROR_INVALID, "\"share\" needs field \"dossier\"",
          NULL },
        { "required, given", "gathering", t, { .transition = "share",
          .fields = "{\"dossier\":\"d\"}" }, 0, NULL, "discussion" },
        { "with help", "evaluation", l, { .transition = "refer" }, -ERROR_INVALID,
          "\"refer\" needs field \"fidelity\" (checks done of checks due)", NULL },
        { "required zero is filled", "evaluation", l, { .transition = "refer",
          .fields = "{\"fidelity\":0}" }, 0, NULL, "referred" },
        { "required by the stage", "discussion", t, { .transition = "plan" }, -ERROR_INVALID,
          "\"plan\" needs field \"goals\"", NULL },
        { "empty list", "discussion", t, { .transition = "plan", .fields = "{\"goals\":[]}" },
          -ERROR_INVALID, "\"plan\" needs field \"goals\"", NULL },
        { "list", "discussion", t, { .transition = "plan", .fields = "{\"goals\":[\"a\"]}" }, 0,
          NULL, "strategies" },
        { "the stage asks nothing at the end", "discussion", t, { .transition = "withdraw",
          .note = "x" }, 0, NULL, "withdrawn" },
        { "locked: no role, no field", "discussion", j, { .transition = "request_evaluation" }, 0,
          NULL, "formal" },
        { "stays", "monitoring", j, { .transition = "record" }, 0, NULL, "monitoring" },
        { "outcome", "evaluation", t, { .transition = "discontinue", .outcome = "improved" }, 0,
          NULL, "discontinued" },
        { "outcome of no end", "concern", t, { .transition = "open_review", .outcome = "x" },
          -ERROR_INVALID, "\"open_review\" does not end it", NULL },
        { "empty outcome", "evaluation", t, { .transition = "discontinue", .outcome = "" },
          -ERROR_INVALID, "the outcome is empty", NULL },
    };
    /* clang-format on */
    struct fake fake;
    fake_install(&fake, org);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t id = review_at(org, cases[i].stage);
        int64_t version = org_row(org, ENTITY_REFERRAL, id)->version;
        struct advance a = cases[i].a;
        char message[512] = "";
        a.referral_id = id;
        a.fields_len = a.fields ? strlen(a.fields) : 0;
        if (cases[i].message && !strncmp(cases[i].message, "R-%", 3))
            snprintf(message, sizeof message, "R-%lld%s", (long long)id, cases[i].message + 3);
        else if (cases[i].message)
            snprintf(message, sizeof message, "%s", cases[i].message);
        int may = domain_may_advance(org->d, cases[i].actor, &a, &org->e);
        check_rc(org, cases[i].label, may, cases[i].rc, message);
        int rc = try_advance(org, cases[i].actor, &a);
        check_rc(org, cases[i].label, rc, cases[i].rc, message);
        assert_string_equal(stage_of(org, id), rc == 0 ? cases[i].to : cases[i].stage);
        assert_int_equal(org_row(org, ENTITY_REFERRAL, id)->version, version + (rc == 0 ? 1 : 0));
    }
    fake_remove(&fake);
}

static void test_not_there(void **state)
{
    struct org *org = *state;
    const struct advance a = { .referral_id = 999, .transition = "open_review" };
    assert_int_equal(try_advance(org, &teacher, &a), -ERROR_NOT_FOUND);
    assert_int_equal(domain_may_advance(org->d, &teacher, &a, &org->e), -ERROR_NOT_FOUND);
}

static void test_what_is_written(void **state)
{
    struct org *org = *state;
    int64_t id = review_open(org, &teacher);
    clock_move(&org->clock, day_ms); /* Monday 09:00 */
    ok(move_on(org, id, &teacher, "open_review", NULL));
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    int64_t now = org_now_ms + day_ms;
    assert_int_equal(row_int(row, REFERRAL_STAGE_AT_MS), now);
    assert_int_equal(row_int(row, REFERRAL_DUE_AT_MS), now + 3 * day_ms);
    assert_int_equal(row_int(row, REFERRAL_WAKE_AT_MS), now + 2 * day_ms);
    assert_int_equal(row_int(row, REFERRAL_WAKE_STEP), 0);
    assert_true(row_is_null(row, REFERRAL_CLOSED_AT_MS));
    struct seen s = newest(org, id);
    assert_string_equal(s.kind, "referral.advanced");
    assert_string_equal(s.actor, "S-1");
    assert_int_equal(s.at_ms, now);
    assert_contains(s.payload,
                    "\"transition\":\"open_review\",\"from\":\"concern\",\"to\":\"gathering\"");

    const struct advance out = {
        .referral_id = id, .transition = "decline", .reason = "other", .note = "no \"need\""
    };
    ok(try_advance(org, &lead, &out));
    row = org_row(org, ENTITY_REFERRAL, id);
    assert_string_equal(row_text(row, REFERRAL_OUTCOME), "declined");
    assert_int_equal(row_int(row, REFERRAL_CLOSED_AT_MS), now);
    assert_true(row_is_null(row, REFERRAL_DUE_AT_MS));
    assert_true(row_is_null(row, REFERRAL_WAKE_AT_MS));
    assert_true(row_is_null(row, REFERRAL_WAKE_STEP));
    s = newest(org, id);
    assert_contains(s.payload, "\"reason\":\"other\",\"note\":\"no \\\"need\\\"\"");
}

/* Without a deadline on either side few columns are written. */
static void test_few_columns(void **state)
{
    struct org *org = *state;
    int64_t id = review_at(org, "discussion");
    ok(move_on(org, id, &teacher, "plan", "{\"goals\":[\"read\"]}"));
    struct seen s = newest(org, id);
    assert_null(strstr(s.payload, "wake"));
    assert_null(strstr(s.payload, "due"));
    assert_null(strstr(s.payload, "workflow_version"));
    assert_contains(s.payload, "\"goals\":[\"read\"]");
}

static void test_new_version_of_workflow(void **state)
{
    struct org *org = *state;
    int64_t id = review_open(org, &teacher);
    domain_remove_plugin(org->d, "pre_referral");
    assert_int_equal(move_on(org, id, &teacher, "open_review", NULL), -ERROR_NOT_FOUND);
    assert_contains(org->e.message, "its workflow \"review\" is not loaded");
    ok(domain_add_graph(org->d, review_new(org, 2), &org->e));
    assert_int_equal(move_on(org, id, &teacher, "open_review", NULL), -ERROR_DENIED);
    assert_string_equal(org->e.message,
                        "R-1 runs version 1 of review, version 2 is loaded: baton migrate review");
    assert_int_equal(row_int(org_row(org, ENTITY_REFERRAL, id), REFERRAL_WORKFLOW_VERSION), 1);
}

static void test_stage_that_is_gone(void **state)
{
    struct org *org = *state;
    int64_t id = review_open(org, &teacher);
    domain_remove_plugin(org->d, "pre_referral");
    struct graph *g = graph_new("review", 1, "pre_referral");
    const struct stage a = { .name = "other", .initial = true },
                       b = { .name = "end", .final = true };
    const struct transition t = { .name = "go", .guard = -1, .effect = -1 };
    const char *const from[] = { "other", NULL };
    ok(graph_add_stage(g, &a, NULL, &org->e));
    ok(graph_add_stage(g, &b, NULL, &org->e));
    ok(graph_add_transition(g, &t, from, "end", &org->e));
    ok(graph_finish(g, &org->e));
    ok(domain_add_graph(org->d, g, &org->e));
    assert_int_equal(move_on(org, id, &teacher, "go", NULL), -ERROR_INVALID);
    assert_contains(
        org->e.message,
        "it is in stage \"concern\", which version 1 of workflow \"review\" does not have");
    int possible[4];
    assert_int_equal(domain_possible(org->d, org_row(org, ENTITY_REFERRAL, id), possible, 4), 0);
}

static void test_possible(void **state)
{
    struct org *org = *state;
    const struct graph *g = domain_graph(org->d, "review");
    int out[16];
    const struct row *row = org_row(org, ENTITY_REFERRAL, review_open(org, &teacher));
    assert_int_equal(domain_possible(org->d, row, out, 16), 4);
    assert_string_equal(graph_transition(g, out[0])->name, "open_review");
    assert_string_equal(graph_transition(g, out[3])->name, "request_evaluation");
    assert_int_equal(domain_possible(org->d, row, out, 2), 2);
}

static void test_guard_refuses(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "strategies");
    fake.guard_rc = -ERROR_DENIED;
    fake.message = "no strategy yet";
    assert_int_equal(move_on(org, id, &teacher, "start", NULL), -ERROR_INVALID);
    assert_int_equal(fake.guard_calls, 0); /* required fields come first */
    assert_int_equal(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"), -ERROR_DENIED);
    assert_contains(org->e.message, "\"start\" is refused: no strategy yet");
    assert_int_equal(fake.guard_calls, 1);
    fake.guard_rc = -ERROR_SCRIPT;
    fake.message = "attempt to index nil";
    assert_int_equal(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"), -ERROR_SCRIPT);
    assert_contains(org->e.message, "the guard of \"start\" failed: attempt to index nil");
    assert_string_equal(org->e.where, "review.lua:40");
    assert_string_equal(stage_of(org, id), "strategies");
    assert_int_equal(fake.effect_calls, 0);
    fake_remove(&fake);
    assert_int_equal(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"), -ERROR_DENIED);
    assert_contains(org->e.message, "cannot be asked");
}

static int guard_writes(struct fake *f, const struct domain_call *call, struct error *e)
{
    const struct store_set set[] = { { NOTE_ABOUT, value_text("R-1") },
                                     { NOTE_TEXT, value_text("x") } };
    const struct record r = { .entity = ENTITY_NOTE, .set = set, .set_count = 2 };
    assert_string_equal(call->from, "strategies");
    assert_string_equal(call->changes, "{\"plan_days\":30}");
    return domain_write(f->org->d, &teacher, &r, NULL, e);
}

static void test_guard_only_looks(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "strategies");
    fake.on_guard = guard_writes;
    assert_int_equal(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"), -ERROR_DENIED);
    assert_contains(org->e.message, "a guard only looks");
    assert_int_equal(org_count(org, ENTITY_NOTE), 0);
    fake_remove(&fake);
}

static int effect_writes(struct fake *f, const struct domain_call *call, struct error *e)
{
    char about[32];
    row_id_format(ENTITY_REFERRAL, call->referral->id, about);
    const struct store_set set[] = { { NOTE_ABOUT, value_text(about) },
                                     { NOTE_TEXT, value_text("begun") } };
    const struct record r = { .entity = ENTITY_NOTE, .set = set, .set_count = 2 };
    const struct record back = { .entity = ENTITY_REFERRAL,
                                 .id = call->referral->id,
                                 .fields = "{\"ratio\":0.5}",
                                 .fields_len = 13 };
    assert_string_equal(row_text(call->referral, REFERRAL_STAGE), "monitoring");
    int rc = domain_write(f->org->d, &teacher, &r, NULL, e);
    if (rc == 0)
        rc = domain_set(f->org->d, &teacher, &back, NULL, e);
    return rc < 0 || !f->effect_rc ? rc : error_set(e, ERROR_SCRIPT, "%s", f->message);
}

/* An effect may change the referral itself; handlers then see it changed. */
static void test_effect(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "strategies");
    fake.on_effect = effect_writes;
    buf_clear(&fake.kinds);
    ok(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"));
    assert_int_equal(org_count(org, ENTITY_NOTE), 1);
    assert_contains(org_row(org, ENTITY_REFERRAL, id)->fields.s, "\"ratio\":0.5");
    char want[256];
    snprintf(want, sizeof want,
             "note.created N-1 \nreferral.changed R-%lld \nreferral.advanced R-%lld "
             "{\"transition\":\"start\",\"from\":\"strategies\",\"to\":\"monitoring\"}\n",
             (long long)id, (long long)id);
    assert_string_equal(buf_text(&fake.kinds), want);
    fake_remove(&fake);
}

static void test_effect_failing_undoes_all(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_at(org, "strategies");
    fake.on_effect = effect_writes;
    fake.effect_rc = -ERROR_SCRIPT;
    fake.message = "bad luck";
    assert_int_equal(move_on(org, id, &teacher, "start", "{\"plan_days\":30}"), -ERROR_SCRIPT);
    assert_contains(org->e.message, "the effect of \"start\" failed: bad luck");
    assert_string_equal(org->e.where, "review.lua:30");
    assert_string_equal(stage_of(org, id), "strategies");
    assert_int_equal(org_count(org, ENTITY_NOTE), 0);
    fake_remove(&fake);
}

/* A locked transition goes, whatever its handlers do; a lead hears of what was not done. */
static void test_locked_goes_without_handlers(void **state)
{
    struct org *org = *state;
    static const struct {
        const char *fail_on;
        enum error_code code;
    } cases[] = { { "referral.advanced", ERROR_SCRIPT }, { NULL, ERROR_NONE } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fake fake;
        fake_install(&fake, org);
        int64_t id = review_open(org, &teacher);
        int tasks = (int)org_count(org, ENTITY_TASK);
        fake.fail_on = cases[i].fail_on;
        ok(move_on(org, id, &teacher, "request_evaluation", NULL));
        assert_string_equal(stage_of(org, id), "formal");
        assert_int_equal(org_count(org, ENTITY_TASK), tasks + (cases[i].fail_on ? 1 : 0));
        if (cases[i].fail_on) {
            const struct row *task = org_row(org, ENTITY_TASK, tasks + 1);
            assert_string_equal(row_text(task, TASK_ROLE), "lead");
            assert_string_equal(row_text(task, TASK_KIND), "effect_failed");
            assert_contains(row_text(task, TASK_TITLE), "handler of referral.advanced is broken");
        }
        fake_remove(&fake);
    }
}

static int refuse_event(struct fake *f, const char *kind, const struct row *row, struct error *e)
{
    (void)f;
    (void)kind;
    if (row->entity == ENTITY_REFERRAL)
        return error_set(e, ERROR_DENIED, "not today");
    return 0;
}

static void test_locked_is_not_refused(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_open(org, &teacher);
    fake.on_event = refuse_event;
    ok(move_on(org, id, &teacher, "request_evaluation", NULL));
    assert_string_equal(stage_of(org, id), "formal");
    assert_int_equal(org_count(org, ENTITY_TASK), 1);
    fake_remove(&fake);
}

static void test_handler_failing_undoes_all(void **state)
{
    struct org *org = *state;
    struct fake fake;
    fake_install(&fake, org);
    int64_t id = review_open(org, &teacher);
    fake.fail_on = "referral.advanced";
    assert_int_equal(move_on(org, id, &teacher, "open_review", NULL), -ERROR_SCRIPT);
    assert_string_equal(stage_of(org, id), "concern");
    fake.deaf = true; /* nobody listens: nobody is asked */
    ok(move_on(org, id, &teacher, "open_review", NULL));
    fake_remove(&fake);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rules_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_transitions),
        TEST(test_not_there),
        TEST(test_what_is_written),
        TEST(test_few_columns),
        TEST(test_new_version_of_workflow),
        TEST(test_stage_that_is_gone),
        TEST(test_possible),
        TEST(test_guard_refuses),
        TEST(test_guard_only_looks),
        TEST(test_effect),
        TEST(test_effect_failing_undoes_all),
        TEST(test_locked_goes_without_handlers),
        TEST(test_locked_is_not_refused),
        TEST(test_handler_failing_undoes_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
