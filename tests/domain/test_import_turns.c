/* Imports of referrals, and how an import goes through its turns. */
#include "transfer_fixture.h"

#include "baton/base/limits.h"
#include "baton/domain/audit.h"

/* ---- referrals ---- */

static void opens_and_sets_referrals(void **state)
{
    struct org *org = *state;
    struct outcome o;
    import(org, ENTITY_PERSON, "name,external_id\nAnn,A1\n", &o);
    static const char file[] = "workflow,external_id,title,subject_id,fields.need,parent_id\n"
                               "intake,E1,First,external:A1,shoes,\n"
                               "intake,E2,Second,P-1,,external:E1\n";
    import(org, ENTITY_REFERRAL, file, &o);
    imported(&o, 2, 0, 0, 0);
    const struct row *row = org_row(org, ENTITY_REFERRAL, 2);
    assert_string_equal(row_text(row, REFERRAL_STAGE), "new");
    assert_int_equal(row_int(row, REFERRAL_PARENT), 1);
    assert_int_equal(row_int(row, REFERRAL_SUBJECT), 1);
    import(org, ENTITY_REFERRAL, file, &o);
    imported(&o, 0, 0, 2, 0);
    import(org, ENTITY_REFERRAL, "external_id,stage,title,fields.score\nE1,new,Third,4\n", &o);
    imported(&o, 0, 1, 0, 0);
    row = org_row(org, ENTITY_REFERRAL, 1);
    assert_string_equal(row_text(row, REFERRAL_TITLE), "Third");
    assert_string_equal(row->fields.s, "{\"need\":\"shoes\",\"score\":4}");
    static const struct {
        const char *file, *message, *where;
    } refused[] = {
        { "external_id,stage\nE1,done\n",
          "stage is moved by transitions, not by import: R-1 has \"new\", the line has \"done\"",
          "line 2, column stage" },
        { "external_id,stage_at_ms\nE1,2020-01-01\n", "stage_at_ms is kept by the engine",
          "line 2, column stage_at_ms" },
        { "external_id,parent_id\nE1,R-2\n", "parent_id is kept by the engine", "line 2" },
        { "workflow,title\n,x\n", "takes the name of its workflow", "line 2" },
        { "title\nx\n", "takes the name of its workflow", "line 2" },
        { "workflow,fields.need\nintak,x\n", "intake", "line 2, column workflow" },
        { "workflow,stage\nintake,asked\n", "a new referral starts with \"new\"",
          "line 2, column stage" },
        { "id,title\nR-9,x\n", "R-9", "line 2" },
        { "id,fields.score\nR-1,many\n", "fields.score takes a whole number", "line 2" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        import(org, ENTITY_REFERRAL, refused[i].file, &o);
        imported(&o, 0, 0, 0, 1);
        assert_contains(o.refused[0].e.message, refused[i].message);
        assert_contains(o.refused[0].e.where, refused[i].where);
    }
    assert_int_equal(org_count(org, ENTITY_REFERRAL), 2);
}

/* ---- turns ---- */

static void dry_run_changes_nothing(void **state)
{
    struct org *org = *state;
    struct transfer t = { .entity = ENTITY_PERSON, .dry_run = true, .per_turn = 1 };
    struct outcome o = { 0 };
    /* The third line is about the row that the first would have made, a commit earlier. */
    import_with(org, t, "external_id,name\nA,Ann\nB,Ben\nA,Anna\nC\n", &o);
    imported(&o, 2, 0, 0, 2);
    assert_contains(o.refused[0].e.message, "was on line 2");
    assert_int_equal(org_count(org, ENTITY_PERSON), 0);
    assert_int_equal(store_last_event(org->store), 0);
    import(org, ENTITY_PERSON, "external_id,name\nA,Ann\n", &o);
    imported(&o, 1, 0, 0, 0);
}

static void stops_on_request(void **state)
{
    struct org *org = *state;
    struct transfer t = { .entity = ENTITY_PERSON, .per_turn = 2 };
    struct outcome o = { .stop_after = 1 };
    import_with(org, t, "name\na\nb\nc\nd\ne\n\"\"\nf\n", &o);
    assert_int_equal(o.rc, -ERROR_CANCELLED);
    /* Four lines were committed; the fifth was in the turn that was undone. */
    assert_int_equal(o.report.created, 4);
    assert_int_equal(org_count(org, ENTITY_PERSON), 4);
}

static void not_inside_of_a_turn(void **state)
{
    struct org *org = *state;
    struct transfer t = { .entity = ENTITY_PERSON, .fd = -1 };
    struct transfer_report report;
    ok(store_turn_begin(org->store, &org->e));
    assert_int_equal(domain_import(org->d, &org_operator, &t, &report, &org->e), -ERROR_INVALID);
    assert_contains(org->e.message, "turns of its own");
    store_turn_abort(org->store);
}

static int stubborn(void *context, const char *kind, const struct row *row, const char *detail,
                    size_t detail_len, struct error *e)
{
    (void)context, (void)kind, (void)detail, (void)detail_len;
    if (!strcmp(row_text(row, PERSON_NAME), "Ben"))
        return error_set(e, ERROR_DENIED, "no Bens");
    return 0;
}

static void handlers_may_refuse_a_line(void **state)
{
    struct org *org = *state;
    struct outcome o;
    struct domain_hooks hooks = { .event = stubborn };
    domain_set_hooks(org->d, &hooks);
    import(org, ENTITY_PERSON, "name\nAnn\nBen\nCat\n", &o);
    imported(&o, 2, 0, 0, 1);
    assert_contains(o.refused[0].e.message, "no Bens");
    assert_int_equal(org_count(org, ENTITY_PERSON), 2);
}

/* For Ben it writes a task, whose handler refuses, and hides that: the command cannot be kept. */
static int swallowing(void *context, const char *kind, const struct row *row, const char *detail,
                      size_t detail_len, struct error *e)
{
    struct org *org = context;
    (void)detail, (void)detail_len;
    if (!strcmp(kind, "task.created"))
        return error_set(e, ERROR_DENIED, "no tasks");
    if (!strcmp(kind, "person.created") && !strcmp(row_text(row, PERSON_NAME), "Ben")) {
        struct store_set set[] = { { TASK_TITLE, value_text("x") } };
        struct record task = { .entity = ENTITY_TASK, .set = set, .set_count = 1 };
        assert_true(domain_write(org->d, &org_operator, &task, NULL, NULL) < 0);
    }
    return 0;
}

static void half_done_lines_are_refused(void **state)
{
    struct org *org = *state;
    struct outcome o;
    struct domain_hooks hooks = { .context = org, .event = swallowing };
    domain_set_hooks(org->d, &hooks);
    import(org, ENTITY_PERSON, "name\nAnn\nBen\nCat\n", &o);
    imported(&o, 2, 0, 0, 1);
    assert_contains(o.refused[0].e.message, "no tasks");
    assert_string_equal(o.refused[0].e.where, "line 3");
    assert_int_equal(org_count(org, ENTITY_PERSON), 2);
    assert_int_equal(org_count(org, ENTITY_TASK), 0);
}

static void long_lines_are_refused(void **state)
{
    struct org *org = *state;
    struct outcome o = { 0 };
    struct buf file = BUF_INIT;
    buf_puts(&file, "{\"name\":\"Ann\"}\n{\"name\":\"");
    for (int i = 0; i < LIMIT_JSON_LINE_BYTES + 200000; i++)
        buf_putc(&file, 'x');
    buf_puts(&file, "\"}\n{\"name\":\"Ben\"}\n");
    import(org, ENTITY_PERSON, file.data, &o);
    imported(&o, 2, 0, 0, 1);
    assert_int_equal(o.refused[0].line, 2);
    assert_contains(o.refused[0].e.message, "longer than");
    assert_int_equal(o.report.bytes_done, file.len);
    /* And where it is the last, without an end. */
    buf_clear(&file);
    buf_puts(&file, "{");
    for (int i = 0; i < LIMIT_JSON_LINE_BYTES + 200000; i++)
        buf_putc(&file, 'x');
    import(org, ENTITY_PERSON, file.data, &o);
    imported(&o, 0, 0, 0, 1);
    buf_free(&file);
}

/* ---- many ---- */

enum { MANY = 10000 };

static void many_rows_then_audit(void **state)
{
    struct org *org = *state;
    struct outcome o;
    struct buf file = BUF_INIT;
    buf_puts(&file, "external_id,name,email,fields.visits\n");
    for (int i = 0; i < MANY; i++)
        buf_printf(&file, "E%d,Person %d,p%d@example.org,%d\n", i, i, i, i);
    import(org, ENTITY_PERSON, file.data, &o);
    imported(&o, MANY, 0, 0, 0);
    assert_true(o.calls >= 10);
    buf_clear(&file);
    buf_puts(&file, "workflow,external_id,title,subject_id\n");
    for (int i = 0; i < MANY; i++)
        buf_printf(&file, "intake,R%d,Title,external:E%d\n", i, i);
    import(org, ENTITY_REFERRAL, file.data, &o);
    imported(&o, MANY, 0, 0, 0);
    buf_clear(&file);
    buf_puts(&file, "external_id,title\n");
    for (int i = 0; i < MANY; i++)
        buf_printf(&file, "R%d,%s\n", i, i % 2 ? "Title" : "Changed");
    import(org, ENTITY_REFERRAL, file.data, &o);
    imported(&o, 0, MANY / 2, MANY / 2, 0);
    buf_free(&file);
    struct audit_result audit;
    ok(domain_audit(org->d, &audit, &org->e));
    assert_int_equal(audit.events, 2 * MANY + MANY / 2);
    assert_int_equal(audit.rows, 2 * MANY);
    assert_int_equal(audit.broken_seq, 0);
    assert_int_equal(audit.differing, 0);
}

#define org_test(f) cmocka_unit_test_setup_teardown(f, org_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        org_test(opens_and_sets_referrals),   org_test(dry_run_changes_nothing),
        org_test(stops_on_request),           org_test(not_inside_of_a_turn),
        org_test(handlers_may_refuse_a_line), org_test(half_done_lines_are_refused),
        org_test(long_lines_are_refused),     org_test(many_rows_then_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
