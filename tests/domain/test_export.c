#include "transfer_fixture.h"

static const char people[] =
    "name,external_id,address,email,fields.colour,fields.visits,fields.weight,fields.member,"
    "fields.seen_at,fields.since,fields.tags,fields.school,fields.remark\n"
    "Ann,A,,ann@example.org,red,-3,2.5,true,2026-03-01 09:00,2026-02-28,a; b,O-1,\n"
    "Ben,B,\" two  lines\nhere \",,,,,,,,,,\"a, \"\"b\"\"\n\\\tc\"\n"
    "=SUM(A1),C,'=1+1,,,,,,,,,,'@x\n"
    "'+49 170,D,''-x,,,0,-0.0,no,0,,[],,+x\n"
    "-5,E,-x,,,,1e300,,,,,,'plain\n";

static void fill(struct org *org)
{
    struct outcome o;
    import(org, ENTITY_PARTNER, "name\nOak\n", &o);
    imported(&o, 1, 0, 0, 0);
    import(org, ENTITY_PERSON, people, &o);
    imported(&o, 5, 0, 0, 0);
    import(org, ENTITY_REFERRAL,
           "workflow,title,subject_id,fields.need,fields.score\n"
           "intake,First,1,shoes,4\nintake,,2,,\n",
           &o);
    imported(&o, 2, 0, 0, 0);
    struct advance advance = { .referral_id = 1, .transition = "ask" };
    org_begin(org);
    ok(domain_advance(org->d, &org_operator, &advance, NULL, &org->e));
    org_end(org);
    import(
        org, ENTITY_MESSAGE,
        "about,channel,recipient,body\nR-1,file,a@example.org,=hello\nP-1,file,b@example.org,x\n",
        &o);
    imported(&o, 2, 0, 0, 0);
    import(org, ENTITY_LOCATION, "partner_id,name,latitude\n1,x,48.13743\n", &o);
    imported(&o, 1, 0, 0, 0);
    import(org, ENTITY_NOTE, "about,text\nP-1,\"\"\"\"\n", &o);
    imported(&o, 1, 0, 0, 0);
}

/* What was exported is what is there: an import of it finds nothing to do. */
static void comes_back_unchanged(void **state)
{
    struct org *org = *state;
    fill(org);
    static const enum entity entities[] = { ENTITY_PERSON,  ENTITY_PARTNER,  ENTITY_REFERRAL,
                                            ENTITY_MESSAGE, ENTITY_LOCATION, ENTITY_NOTE,
                                            ENTITY_STAFF };
    int64_t events = store_last_event(org->store);
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        for (int format = TRANSFER_CSV; format <= TRANSFER_JSONL; format++) {
            struct transfer t = { .entity = entities[i], .format = (enum transfer_format)format };
            struct buf out = BUF_INIT;
            export(org, t, &out);
            struct outcome o = { 0 };
            import_with(org, t, buf_text(&out), &o);
            imported(&o, 0, 0, org_count(org, entities[i]), 0);
            assert_int_equal(store_last_event(org->store), events);
            buf_free(&out);
        }
    }
}

static void texts_survive(void **state)
{
    struct org *org = *state;
    fill(org);
    static const struct {
        int64_t id;
        const char *name, *address;
    } cases[] = { { 2, "Ben", " two  lines\nhere " },
                  { 3, "=SUM(A1)", "=1+1" },
                  { 4, "+49 170", "'-x" },
                  { 5, "-5", "-x" } };
    struct buf out = BUF_INIT;
    export(org, (struct transfer){ .entity = ENTITY_PERSON }, &out);
    /* Nothing that a spreadsheet would run: every cell that begins like a formula is guarded. */
    assert_null(strstr(out.data, ",=SUM"));
    assert_contains(out.data, ",'=SUM(A1),");
    assert_contains(out.data, ",-5,");
    for (size_t i = 0; i < 4; i++) {
        const struct row *row = org_row(org, ENTITY_PERSON, cases[i].id);
        assert_string_equal(row_text(row, PERSON_NAME), cases[i].name);
        assert_string_equal(row_text(row, PERSON_ADDRESS), cases[i].address);
    }
    /* Changed in another program, and back. */
    char *at = strstr(out.data, "ann@example.org");
    memcpy(at, "eve", 3); /* NOLINT(bugprone-not-null-terminated-result): within a longer text */
    struct outcome o;
    import(org, ENTITY_PERSON, out.data, &o);
    imported(&o, 0, 1, 4, 0);
    import(org, ENTITY_PERSON, out.data, &o); /* version 2 is stale now, but nothing differs */
    imported(&o, 0, 0, 5, 0);
    memcpy(at, "zoe", 3); /* NOLINT(bugprone-not-null-terminated-result): the same */
    import(org, ENTITY_PERSON, out.data, &o);
    imported(&o, 0, 0, 4, 1);
    assert_contains(o.refused[0].e.message, "P-1 has version 3 by now");
    buf_free(&out);
}

static void header_names_what_is_there(void **state)
{
    struct org *org = *state;
    fill(org);
    struct buf out = BUF_INIT;
    export(org, (struct transfer){ .entity = ENTITY_PERSON }, &out);
    out.data[strcspn(out.data, "\r\n")] = '\0';
    assert_string_equal(out.data,
                        "id,version,name,email,phone,birth_date,language,address,external_id,"
                        "fields.colour,fields.visits,fields.weight,fields.member,fields.seen_at,"
                        "fields.since,fields.tags,fields.school,fields.remark,created_at_ms,"
                        "updated_at_ms");
    buf_clear(&out);
    /* A field that nobody declares any more is exported while a row has it. */
    domain_remove_plugin(org->d, "test");
    export(org, (struct transfer){ .entity = ENTITY_REFERRAL }, &out);
    assert_contains(out.data, "fields.need");
    struct outcome o;
    import(org, ENTITY_REFERRAL, out.data, &o);
    assert_int_equal(o.rc, -ERROR_INVALID);
    assert_contains(o.e.message, "fields.need");
    buf_clear(&out);
    static const struct transfer_map map[] = {
        { "Full name", "name" }, { "id", "" }, { "version", "" }, { "created_at_ms", "" }
    };
    struct transfer t = { .entity = ENTITY_PARTNER, .map = map, .map_count = 4 };
    export(org, t, &out);
    assert_true(!strncmp(out.data, "Full name,alternate_name,", 25));
    assert_null(strstr(out.data, "created_at_ms"));
    buf_free(&out);
}

static void times_and_references_are_readable(void **state)
{
    struct org *org = *state;
    fill(org);
    struct buf out = BUF_INIT;
    export(org, (struct transfer){ .entity = ENTITY_REFERRAL }, &out);
    assert_contains(out.data, ",2026-03-01T09:00:00.000Z,");
    assert_contains(out.data, ",P-1,");
    assert_contains(out.data, "R-1,3,intake,1,asked,");
    buf_clear(&out);
    export(org, (struct transfer){ .entity = ENTITY_PERSON, .format = TRANSFER_JSONL }, &out);
    assert_contains(out.data, "\"fields\":{\"colour\":\"red\",");
    buf_free(&out);
}

enum { PAGES = 2500 };

static int stop(void *context, const struct transfer_report *so_far, int64_t line,
                const struct error *refused)
{
    (void)so_far, (void)line, (void)refused;
    return ++*(int *)context == 2;
}

static void pages_and_stops(void **state)
{
    struct org *org = *state;
    struct buf file = BUF_INIT, out = BUF_INIT;
    struct outcome o;
    buf_puts(&file, "name\n");
    for (int i = 0; i < PAGES; i++)
        buf_printf(&file, "Person %d\n", i);
    import(org, ENTITY_PERSON, file.data, &o);
    imported(&o, PAGES, 0, 0, 0);
    export(org, (struct transfer){ .entity = ENTITY_PERSON }, &out);
    import(org, ENTITY_PERSON, out.data, &o);
    imported(&o, 0, 0, PAGES, 0);
    int calls = 0;
    struct transfer t = { .entity = ENTITY_PERSON, .progress = stop, .context = &calls, .fd = -1 };
    t.fd = memfd_create("export", MFD_CLOEXEC);
    struct transfer_report report;
    assert_int_equal(domain_export(org->d, &t, &report, &org->e), -ERROR_CANCELLED);
    close(t.fd);
    buf_free(&file);
    buf_free(&out);
}

static void refuses(void **state)
{
    struct org *org = *state;
    struct transfer_report report;
    static const struct transfer_map map[] = { { "x", "name" } };
    struct transfer cases[] = {
        { .entity = ENTITY_NONE },
        { .entity = ENTITY_END },
        { .entity = ENTITY_PERSON, .separator = ';' },
        { .entity = ENTITY_PERSON, .format = TRANSFER_JSONL, .map = map, .map_count = 1 },
        { .entity = ENTITY_PERSON, .fd = -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        error_clear(&org->e);
        assert_true(domain_export(org->d, &cases[i], &report, &org->e) < 0);
        assert_int_not_equal(*org->e.message, '\0');
    }
}

#define org_test(f) cmocka_unit_test_setup_teardown(f, org_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        org_test(comes_back_unchanged),
        org_test(texts_survive),
        org_test(header_names_what_is_there),
        org_test(times_and_references_are_readable),
        org_test(pages_and_stops),
        org_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
