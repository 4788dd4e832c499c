#include "transfer_fixture.h"

#include <fcntl.h>

/* ---- records ---- */

static void creates_then_leaves_alone_then_changes(void **state)
{
    struct org *org = *state;
    struct outcome o;
    static const char file[] = "external_id,name,email,fields.visits\r\n"
                               "A1,Ann,ann@example.org,3\r\n"
                               "A2,\"Ben \"\"B\"\" O,Neil\nII\",,\r\n";
    import(org, ENTITY_PERSON, file, &o);
    imported(&o, 2, 0, 0, 0);
    assert_int_equal(o.report.bytes_done, sizeof file - 1);
    assert_int_equal(o.report.bytes_total, sizeof file - 1);
    const struct row *row = org_row(org, ENTITY_PERSON, 2);
    assert_string_equal(row_text(row, PERSON_NAME), "Ben \"B\" O,Neil\nII");
    assert_true(row_is_null(row, PERSON_EMAIL));
    assert_string_equal(org_row(org, ENTITY_PERSON, 1)->fields.s, "{\"visits\":3}");

    int64_t events = store_last_event(org->store);
    import(org, ENTITY_PERSON, file, &o);
    imported(&o, 0, 0, 2, 0);
    assert_int_equal(store_last_event(org->store), events);

    /* An empty cell clears; a column that is not in the file is left alone. */
    import(org, ENTITY_PERSON, "external_id,email,fields.visits\nA1,,\nA2,ben@example.org,4\n", &o);
    imported(&o, 0, 2, 0, 0);
    row = org_row(org, ENTITY_PERSON, 1);
    assert_true(row_is_null(row, PERSON_EMAIL));
    assert_string_equal(row_text(row, PERSON_NAME), "Ann");
    assert_null(strstr(row->fields.s, "visits"));
    assert_int_equal(row->version, 3);
}

static void types_are_read(void **state)
{
    struct org *org = *state;
    struct outcome o;
    import(org, ENTITY_PARTNER, "name,external_id\nOak,X1\n", &o);
    imported(&o, 1, 0, 0, 0);
    import(org, ENTITY_SERVICE,
           "partner_id,name,min_age,checked_at_ms\n"
           "O-1,a,7,2026-03-01 09:00\n"
           "1,b, 8 ,2026-03-01T09:00:00.123Z\n"
           "external:X1,c,+9,1772355600000\n",
           &o);
    imported(&o, 3, 0, 0, 0);
    for (int64_t id = 1; id <= 3; id++) {
        const struct row *row = org_row(org, ENTITY_SERVICE, id);
        assert_int_equal(row_int(row, SERVICE_PARTNER), 1);
        assert_int_equal(row_int(row, SERVICE_MIN_AGE), 6 + id);
        assert_int_equal(row_int(row, SERVICE_CHECKED_AT_MS), org_now_ms + (id == 2 ? 123 : 0));
    }
    import(org, ENTITY_LOCATION, "partner_id,name,latitude,longitude\n1,x,-1.5e1,8\n", &o);
    imported(&o, 1, 0, 0, 0);
    assert_true(org_row(org, ENTITY_LOCATION, 1)->v[LOCATION_LATITUDE].r == -15.0);
    import(
        org, ENTITY_PERSON,
        "name,external_id,fields.colour,fields.visits,fields.weight,fields.member,fields.seen_at,"
        "fields.since,fields.tags,fields.school\n"
        "Ann,A,red,-3,2.50,YES,2026-03-01 09:00,2026-02-28,a; b c ;,external:X1\n"
        "Ben,B,green,0,2,0,1772355600000,2024-02-29,\"[1,\"\"x\"\"]\",O-1\n",
        &o);
    imported(&o, 2, 0, 0, 0);
    assert_string_equal(
        org_row(org, ENTITY_PERSON, 1)->fields.s,
        "{\"colour\":\"red\",\"visits\":-3,\"weight\":2.5,\"member\":true,"
        "\"seen_at\":1772355600000,\"since\":\"2026-02-28\",\"tags\":[\"a\",\"b c\"],"
        "\"school\":1}");
    assert_string_equal(org_row(org, ENTITY_PERSON, 2)->fields.s,
                        "{\"colour\":\"green\",\"visits\":0,\"weight\":2.0,\"member\":false,"
                        "\"seen_at\":1772355600000,\"since\":\"2024-02-29\",\"tags\":[1,\"x\"],"
                        "\"school\":1}");
    import(org, ENTITY_NOTE, "about,text\np-1,hello\nperson external:B,hi\nO-1,there\n", &o);
    imported(&o, 3, 0, 0, 0);
    assert_string_equal(row_text(org_row(org, ENTITY_NOTE, 1), NOTE_ABOUT), "P-1");
    assert_string_equal(row_text(org_row(org, ENTITY_NOTE, 2), NOTE_ABOUT), "P-2");
}

static void reads_json_lines(void **state)
{
    struct org *org = *state;
    struct outcome o;
    static const char file[] =
        "{\"external_id\":17,\"name\":\"Ann\",\"fields\":{\"visits\":3,\"member\":false}}\r\n"
        "\n   \n"
        "{\"external_id\":\"18\",\"name\":\"Ben\",\"fields.weight\":1,\"fields\":null,"
        "\"fields.tags\":[\"a\",2]}";
    import(org, ENTITY_PERSON, file, &o);
    imported(&o, 2, 0, 0, 0);
    assert_string_equal(row_text(org_row(org, ENTITY_PERSON, 1), PERSON_EXTERNAL_ID), "17");
    assert_string_equal(org_row(org, ENTITY_PERSON, 2)->fields.s,
                        "{\"weight\":1.0,\"tags\":[\"a\",2]}");
    import(org, ENTITY_PERSON, file, &o);
    imported(&o, 0, 0, 2, 0);
    /* What a line leaves out is left alone, null clears. */
    import(org, ENTITY_PERSON,
           "{\"id\":\"P-1\",\"fields\":{\"member\":null}}\n{\"id\":2,\"email\":\"b@example.org\"}",
           &o);
    imported(&o, 0, 2, 0, 0);
    assert_string_equal(org_row(org, ENTITY_PERSON, 1)->fields.s, "{\"visits\":3}");
    assert_string_equal(row_text(org_row(org, ENTITY_PERSON, 2), PERSON_NAME), "Ben");
}

/* ---- refusals, line by line ---- */

static void refuses_lines(void **state)
{
    struct org *org = *state;
    struct outcome o;
    import(org, ENTITY_PARTNER, "name,external_id\nOak,X1\n", &o);
    import(org, ENTITY_PERSON, "name,external_id\nAnn,A1\n", &o);
    static const struct {
        enum entity entity;
        const char *file, *message, *where;
    } cases[] = {
        { ENTITY_PERSON, "name,email\nAnn\n", "1 cells, but the header names 2 columns", "line 2" },
        { ENTITY_PERSON, "name,email\n\nAnn,,x\n", "3 cells, but the header names 2", "line 3" },
        { ENTITY_PERSON, "name\n\"Ann\n", "never closed", "line 2" },
        { ENTITY_PERSON, "name,email\n,a@example.org\n", "name", "line 2" },
        { ENTITY_PERSON, "id,name\nP-9,Ann\n", "P-9", "line 2" },
        { ENTITY_PERSON, "id,name\nO-1,Ann\n", "the id of a person, such as P-12, not \"O-1\"",
          "line 2" },
        { ENTITY_PERSON, "id,name\n0,Ann\n", "the id of a person", "line 2" },
        { ENTITY_PERSON, "id,name\n99999999999999999999,Ann\n", "the id of a person", "line 2" },
        { ENTITY_PERSON, "id,version,name\n1,1,Eve\n", "P-1 has version 2 by now", "line 2" },
        { ENTITY_PERSON, "id,version,name\n1,two,Eve\n",
          "version takes a whole number, not \"two\"", "line 2, column version" },
        { ENTITY_PERSON, "name,fields.visits\nEve,3.5\n", "fields.visits takes a whole number",
          "line 2" },
        { ENTITY_PERSON, "name,fields.visits\nEve,9223372036854775808\n", "a whole number",
          "line 2" },
        { ENTITY_PERSON, "name,fields.weight\nEve,nan\n", "fields.weight takes a number",
          "line 2" },
        { ENTITY_PERSON, "name,fields.weight\nEve,1e999\n", "fields.weight takes a number",
          "line 2" },
        { ENTITY_PERSON, "name,fields.member\nEve,maybe\n", "true or false", "line 2" },
        { ENTITY_PERSON, "name,fields.seen_at\nEve,2026-02-30 09:00\n", "fields.seen_at",
          "line 2" },
        { ENTITY_PERSON, "name,fields.since\nEve,30.2.2026\n", "since", "line 2" },
        { ENTITY_PERSON, "name,fields.colour\nEve,gren\n", "green", "line 2" },
        { ENTITY_PERSON, "name,fields.school\nEve,P-1\n", "the id of a partner", "line 2" },
        { ENTITY_PERSON, "name,fields.school\nEve,77\n", "O-77", "line 2" },
        { ENTITY_PERSON, "name,fields.tags\nEve,[1\n", "fields.tags", "line 2" },
        { ENTITY_PERSON, "name\nE\xff\n", "UTF-8", "line 2, column name" },
        { ENTITY_SERVICE, "partner_id,name\nexternal:X2,a\n",
          "no partner has the external_id \"X2\"", "line 2, column partner_id" },
        { ENTITY_SERVICE, "partner_id,name\nO-7,a\n", "O-7", "line 2" },
        { ENTITY_SERVICE, "partner_id,name\nOak,a\n", "such as O-12, not \"Oak\"",
          "line 2, column partner_id" },
        { ENTITY_SERVICE, "partner_id,name,checked_at_ms\n1,a,31/12/2026\n", "checked_at_ms",
          "line 2, column checked_at_ms" },
        { ENTITY_SERVICE, "partner_id,name,capacity\n1,a,maybe\n", "capacity", "line 2" },
        { ENTITY_NOTE, "about,text\n12,a\n", "an id such as R-12", "line 2, column about" },
        { ENTITY_NOTE, "about,text\nQ-12,a\n", "an id such as R-12", "line 2, column about" },
        { ENTITY_NOTE, "about,text\npersn external:A1,a\n", "an id such as R-12",
          "line 2, column about" },
        { ENTITY_MESSAGE, "channel,recipient,body,status\nfile,a@example.org,x,sent\n",
          "status is kept by the engine, not by import: a new message starts with \"waiting\"",
          "line 2, column status" },
        { ENTITY_PERSON, "{\"name\":\"Eve\"\n", "JSON", "line 1, character " },
        { ENTITY_PERSON, "{}\n[1]\n", "not an object", "line 2" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"name\":\"Eva\"}", "JSON", "line 1, character " },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"emial\":\"x\"}", "did you mean \"email\"?",
          "line 1" },
        { ENTITY_PERSON, "{\"name\":[\"Eve\"]}", "name takes text, not an array",
          "line 1, column name" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"fields\":[]}", "\"fields\" takes an object",
          "line 1" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"fields\":{\"visit\":1}}",
          "did you mean \"fields.visits\"?", "line 1" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"fields.visits\":1,\"fields\":{\"visits\":1}}",
          "two members give \"fields.visits\"", "line 1" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"fields\":{\"visits\":1.5}}",
          "a whole number, not 1.5", "line 1" },
        { ENTITY_PERSON, "{\"name\":\"Eve\",\"fields\":{\"visits\":true}}",
          "a whole number, not true", "line 1" },
    };
    int64_t events = store_last_event(org->store);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        import(org, cases[i].entity, cases[i].file, &o);
        if (o.rc || o.report.created || o.report.changed || !o.report.refused)
            fail_msg("not refused: %s (%s)", cases[i].file, o.e.message);
        const struct error *e = &o.refused[o.refusals - 1].e;
        assert_contains(e->message, cases[i].message);
        assert_contains(e->where, cases[i].where);
        assert_int_equal(store_last_event(org->store), events);
    }
}

static void refuses_a_nul(void **state)
{
    struct org *org = *state;
    struct outcome o = { 0 };
    static const char file[] = "name\nA\0B\n";
    struct transfer t = { .entity = ENTITY_PERSON,
                          .progress = outcome_progress,
                          .context = &o,
                          .fd = text_fd(file, sizeof file - 1) };
    o.rc = domain_import(org->d, &org_operator, &t, &o.report, &o.e);
    close(t.fd);
    imported(&o, 0, 0, 0, 1);
    assert_contains(o.refused[0].e.message, "NUL");
}

/* Refused lines are skipped, what stands around them is kept. */
static void goes_on_behind_a_refused_line(void **state)
{
    struct org *org = *state;
    struct outcome o;
    import(org, ENTITY_PERSON, "external_id,name\nA,Ann\nB\nC,\nA,Anna\nD,Dan\n\"E\"x,y\nF,Fay\n",
           &o);
    imported(&o, 3, 0, 0, 4);
    assert_int_equal(org_count(org, ENTITY_PERSON), 3);
    static const struct {
        int64_t line;
        const char *message;
    } refused[] = { { 3, "1 cells" },
                    { 4, "name" },
                    { 5, "P-1 was on line 2 of the file already" },
                    { 7, "quote" } };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(o.refused[i].line, refused[i].line);
        assert_contains(o.refused[i].e.message, refused[i].message);
    }
    assert_string_equal(row_text(org_row(org, ENTITY_PERSON, 1), PERSON_NAME), "Ann");
    assert_string_equal(row_text(org_row(org, ENTITY_PERSON, 3), PERSON_NAME), "Fay");
}

/* ---- the file as a whole ---- */

static void refuses_files(void **state)
{
    struct org *org = *state;
    static const struct transfer_map good[] = { { "Given", "name" } };
    static const struct transfer_map absent[] = { { "Givn", "name" } };
    static const struct transfer_map wrong[] = { { "Given", "nam" } };
    static const struct transfer_map twice[] = { { "Given", "name" }, { "Given", "email" } };
    static const struct {
        const char *file, *message;
        const struct transfer_map *map;
        size_t map_count;
        char separator;
        bool skip_unknown;
    } cases[] = {
        { .file = "", .message = "the file is empty" },
        { .file = "\n\n", .message = "the file is empty" },
        { .file = "name,emial\nAnn,x\n",
          .message = "unknown column \"emial\", did you mean \"email\"?" },
        { .file = "name,Email\nAnn,x\n", .message = "did you mean \"email\"?" },
        { .file = "name,qqq\nAnn,x\n", .message = "people takes id, version, name, email" },
        { .file = "name,fields.visit\nAnn,1\n", .message = "did you mean \"fields.visits\"?" },
        { .file = "name,\nAnn,1\n", .message = "a column without a name" },
        { .file = "name,name\nAnn,Ann\n",
          .message = "columns 1 and 2 of the file both give \"name\"" },
        { .file = "name;email\nAnn;x\n", .message = "another separator" },
        { .file = "name,email\nAnn,x\n", .separator = '"', .message = "cannot separate" },
        { .file = "Given\nAnn\n",
          .map = wrong,
          .map_count = 1,
          .message = "did you mean \"name\"?" },
        { .file = "Given\nAnn\n",
          .map = wrong,
          .map_count = 1,
          .skip_unknown = true,
          .message = "did you mean \"name\"?" },
        { .file = "Given\nAnn\n", .map = twice, .map_count = 2, .message = "twice" },
        { .file = "Given,name\nAnn,Ann\n", .map = good, .map_count = 1, .message = "both give" },
        { .file = "Given\nAnn\n",
          .map = absent,
          .map_count = 1,
          .message = "the map names \"Givn\", which is no column of the file; it has Given" },
        { .file = "\xff\xfen\0", .message = "UTF-16" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct transfer t = { .entity = ENTITY_PERSON,
                              .map = cases[i].map,
                              .map_count = cases[i].map_count,
                              .separator = cases[i].separator,
                              .skip_unknown = cases[i].skip_unknown };
        struct outcome o = { 0 };
        import_with(org, t, cases[i].file, &o);
        assert_int_equal(o.rc, -ERROR_INVALID);
        assert_contains(o.e.message, cases[i].message);
        assert_int_equal(o.refusals, 1);
        assert_int_equal(o.refused[0].line, 0);
        assert_int_equal(org_count(org, ENTITY_PERSON), 0);
    }
    struct transfer none = { .entity = ENTITY_END };
    struct outcome o = { 0 };
    import_with(org, none, "name\n", &o);
    assert_int_equal(o.rc, -ERROR_INVALID);
    /* A directory opens, but cannot be read. */
    for (int format = TRANSFER_CSV; format <= TRANSFER_JSONL; format++) {
        struct transfer unreadable = { .entity = ENTITY_PERSON,
                                       .format = (enum transfer_format)format,
                                       .fd = open(org->dir, O_RDONLY) };
        error_clear(&o.e);
        assert_int_equal(domain_import(org->d, &org_operator, &unreadable, &o.report, &o.e),
                         -ERROR_IO);
        assert_contains(o.e.message, "directory");
        close(unreadable.fd);
    }
}

static void maps_and_skips(void **state)
{
    struct org *org = *state;
    static const struct transfer_map map[] = { { "Given Name", "name" },
                                               { "Visits", "fields.visits" },
                                               { "email", "" } };
    struct transfer t = {
        .entity = ENTITY_PERSON, .map = map, .map_count = 3, .separator = ';', .skip_unknown = true
    };
    struct outcome o = { 0 };
    import_with(org, t, "\xef\xbb\xbf Given Name ;Visits;email;Shoe;\nAnn;4;not a mail;44;\n", &o);
    imported(&o, 1, 0, 0, 0);
    const struct row *row = org_row(org, ENTITY_PERSON, 1);
    assert_string_equal(row_text(row, PERSON_NAME), "Ann");
    assert_true(row_is_null(row, PERSON_EMAIL));
    assert_string_equal(row->fields.s, "{\"visits\":4}");
    t.format = TRANSFER_JSONL;
    o = (struct outcome){ 0 };
    import_with(org, t, "{\"Given Name\":\"Ben\",\"Visits\":5,\"email\":7,\"Shoe\":{}}", &o);
    imported(&o, 1, 0, 0, 0);
    assert_string_equal(org_row(org, ENTITY_PERSON, 2)->fields.s, "{\"visits\":5}");
}

#define org_test(f) cmocka_unit_test_setup_teardown(f, org_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        org_test(creates_then_leaves_alone_then_changes),
        org_test(types_are_read),
        org_test(reads_json_lines),
        org_test(refuses_lines),
        org_test(refuses_a_nul),
        org_test(goes_on_behind_a_refused_line),
        org_test(refuses_files),
        org_test(maps_and_skips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
