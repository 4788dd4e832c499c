#include "org_fixture.h"

#include <fcntl.h>
#include <jansson.h>
#include <strings.h>

#include "baton/base/json.h"
#include "baton/domain/audit.h"
#include "baton/domain/copies.h"
#include "baton/domain/erase.h"
#include "baton/domain/transfer.h"

static const char secret[] = "Quetzalfeather", rest[] = "zalfeath";

struct made {
    int64_t person, other, own, foreign, by_referrer, child;
};

static int64_t about(struct org *org, enum entity entity, const char *ref)
{
    struct store_set note[] = { { NOTE_ABOUT, value_text(ref) },
                                { NOTE_TEXT, value_text("of Quetzalfeather") } };
    struct store_set task[] = { { TASK_ABOUT, value_text(ref) },
                                { TASK_TITLE, value_text("Call Quetzalfeather") } };
    struct store_set timer[] = { { TIMER_ABOUT, value_text(ref) },
                                 { TIMER_NAME, value_text("tea") },
                                 { TIMER_AT_MS, value_int(org_now_ms + 1000) },
                                 { TIMER_DATA, value_text("Quetzalfeather") } };
    struct store_set message[] = { { MESSAGE_ABOUT, value_text(ref) },
                                   { MESSAGE_CHANNEL, value_text("file") },
                                   { MESSAGE_RECIPIENT, value_text("q@example.org") },
                                   { MESSAGE_BODY, value_text("Dear Quetzalfeather") } };
    switch (entity) {
    case ENTITY_NOTE:
        return org_write(org, entity, 0, note, 2, NULL);
    case ENTITY_TASK:
        return org_write(org, entity, 0, task, 2, NULL);
    case ENTITY_TIMER:
        return org_write(org, entity, 0, timer, 4, NULL);
    default:
        return org_write(org, ENTITY_MESSAGE, 0, message, 4, NULL);
    }
}

static int64_t open_referral(struct org *org, int64_t subject, int64_t referrer, int64_t parent)
{
    struct store_set set[4] = { { REFERRAL_TITLE, value_text("For Quetzalfeather") } };
    size_t n = 1;
    if (subject)
        set[n++] = (struct store_set){ REFERRAL_SUBJECT, value_int(subject) };
    if (referrer)
        set[n++] = (struct store_set){ REFERRAL_REFERRER, value_int(referrer) };
    const char fields[] = "{\"need\":\"Quetzalfeather\",\"score\":7}";
    struct referral_open open = { .workflow = "intake",
                                  .set = set,
                                  .set_count = n,
                                  .parent_id = parent,
                                  .fields = fields,
                                  .fields_len = strlen(fields) };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &org_operator, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

static void take(struct org *org, int64_t id, const char *transition, const char *note)
{
    struct advance advance = { .referral_id = id, .transition = transition, .note = note };
    org_begin(org);
    ok(domain_advance(org->d, &org_operator, &advance, NULL, &org->e));
    org_end(org);
}

static struct made fill(struct org *org)
{
    struct made m;
    struct store_set who[] = { { PERSON_NAME, value_text("Ada Quetzalfeather") },
                               { PERSON_EMAIL, value_text("q@example.org") },
                               { PERSON_PHONE, value_text("0199 Quetzalfeather") } };
    m.person = org_write(org, ENTITY_PERSON, 0, who, 3,
                         "{\"remark\":\"Quetzalfeather\",\"colour\":\"red\",\"member\":true}");
    struct store_set other[] = { { PERSON_NAME, value_text("Ben") } };
    m.other = org_write(org, ENTITY_PERSON, 0, other, 1, "{\"colour\":\"green\"}");
    m.own = open_referral(org, m.person, 0, 0);
    m.foreign = open_referral(org, m.other, m.person, 0);
    m.by_referrer = open_referral(org, 0, m.person, 0);
    m.child = open_referral(org, 0, 0, m.own);
    take(org, m.own, "ask", "Quetzalfeather asked");
    struct store_set consent[] = { { CONSENT_PERSON, value_int(m.person) },
                                   { CONSENT_PURPOSE, value_text("contact") },
                                   { CONSENT_STATUS, value_text("given") },
                                   { CONSENT_HOW, value_text("paper of Quetzalfeather") } };
    org_write(org, ENTITY_CONSENT, 0, consent, 4, NULL);
    about(org, ENTITY_NOTE, "P-1");
    about(org, ENTITY_NOTE, "R-1");
    about(org, ENTITY_NOTE, "R-2");
    about(org, ENTITY_TASK, "R-4");
    about(org, ENTITY_TIMER, "R-1");
    about(org, ENTITY_MESSAGE, "R-1");
    about(org, ENTITY_MESSAGE, "P-2"); /* to the person's address */
    about(org, ENTITY_TASK, "M-1");
    return m;
}

static int erase(struct org *org, int64_t person, const struct actor *actor, bool with_open,
                 struct erase_result *out)
{
    struct erase what = { .person_id = person, .reason = "on request", .with_open = with_open };
    if (store_dirty(org->store))
        ok(store_settle(org->store, 0, &org->e));
    org_begin(org);
    int rc = domain_erase(org->d, actor, &what, out, &org->e);
    struct error ignored;
    if (domain_command_end(org->d, rc == 0, &ignored))
        fail_msg("%s", ignored.message);
    ok(store_turn_commit(org->store, rc ? &ignored : &org->e));
    return rc;
}

static struct audit_result audit(struct org *org)
{
    struct audit_result result;
    ok(domain_audit(org->d, &result, &org->e));
    return result;
}

/* Where a payload is gone its salt is too: else a guess could be tried against the digest. */
static int erase_see(void *context, const struct event *event)
{
    int64_t *gone = context;
    if (!event->payload) {
        assert_null(event->salt);
        ++*gone;
    }
    return 0;
}

static void assert_whole(struct org *org, int64_t erased, int64_t erasures)
{
    struct audit_result r = audit(org);
    if (r.broken_seq || r.differing)
        fail_msg("line %d: %s; %s", (int)r.broken_seq, r.broken_why, r.differs_why);
    assert_int_equal(r.erased, erased);
    assert_int_equal(r.erasures, erasures);
    int64_t gone = 0;
    ok(store_events(org->store, 0, 0, erase_see, &gone, &org->e));
    assert_int_equal(gone, erased);
}

/* Bytes of a file, in any case. */
static int occurs(const char *path, const char *text)
{
    struct buf file = BUF_INIT;
    struct error e;
    if (buf_read_file(&file, path, 64 << 20, &e)) {
        buf_free(&file);
        return 0;
    }
    int count = 0;
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= file.len; i++)
        count += !strncasecmp(file.data + i, text, n);
    buf_free(&file);
    return count;
}

static void nothing_is_left(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    uint8_t head[32];
    struct audit_result before = audit(org);
    memcpy(head, before.head, sizeof head);
    ok(erase(org, 1, &org_operator, true, &r));
    assert_int_equal(r.rows[ENTITY_PERSON], 1);
    assert_int_equal(r.rows[ENTITY_REFERRAL], 3);
    assert_int_equal(r.rows[ENTITY_NOTE], 2);
    assert_int_equal(r.rows[ENTITY_TASK], 2);
    assert_int_equal(r.rows[ENTITY_TIMER], 1);
    assert_int_equal(r.rows[ENTITY_MESSAGE], 2);
    assert_int_equal(r.rows[ENTITY_CONSENT], 1);
    for (int64_t id = 1; id <= 2; id++) {
        bool erased = false;
        ok(domain_message_is_erased(org->d, id, &erased, &org->e));
        assert_true(erased);
    }
    assert_whole(org, r.events, 1);
    ok(store_compact(org->store, &org->e));
    assert_whole(org, r.events, 1);
    /* What is somebody else's stays: the foreign referral and the note on it. */
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", org->path);
    int of_others = 0;
    const struct row *foreign = org_row(org, ENTITY_REFERRAL, 2);
    assert_string_equal(row_text(foreign, REFERRAL_TITLE), "For Quetzalfeather");
    for (int64_t id = 1; id <= 3; id++)
        of_others += strstr(row_text(org_row(org, ENTITY_NOTE, id), NOTE_TEXT), secret) != NULL;
    assert_int_equal(of_others, 1);
    /* Row and event of each: title, need; text. */
    org_stop(org);
    assert_int_equal(occurs(org->path, secret), 2 * 2 + 2);
    assert_int_equal(occurs(org->path, rest), 2 * 2 + 2); /* as the search index has words */
    assert_int_equal(occurs(org->path, "q@example.org"), 0);
    assert_int_equal(occurs(wal, secret), 0);
    org_start(org);
    assert_whole(org, r.events, 1);
    assert_int_equal(occurs(wal, secret), 0);
}

/* Skeletons: what may be counted, and what proves. */
static void the_skeleton_stays(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    const struct row *p = org_row(org, ENTITY_PERSON, 1);
    assert_string_equal(row_text(p, PERSON_NAME), "(erased)");
    assert_true(row_is_null(p, PERSON_EMAIL) && row_is_null(p, PERSON_PHONE));
    assert_true(p->fields.len <= 2);
    const struct row *own = org_row(org, ENTITY_REFERRAL, 1);
    assert_string_equal(row_text(own, REFERRAL_STAGE), "asked");
    assert_string_equal(row_text(own, REFERRAL_WORKFLOW), "intake");
    assert_int_equal(row_int(own, REFERRAL_SUBJECT), 1);
    assert_true(row_is_null(own, REFERRAL_TITLE));
    assert_true(own->fields.len <= 2); /* a score is no coded field: it may tell who it was */
    const struct row *consent = org_row(org, ENTITY_CONSENT, 1);
    assert_string_equal(row_text(consent, CONSENT_PURPOSE), "contact");
    assert_string_equal(row_text(consent, CONSENT_STATUS), "given");
    assert_true(row_is_null(consent, CONSENT_HOW));
    const struct row *timer = org_row(org, ENTITY_TIMER, 1);
    assert_string_equal(row_text(timer, TIMER_STATUS), "cancelled");
    assert_true(row_is_null(timer, TIMER_AT_MS));
    const struct row *message = org_row(org, ENTITY_MESSAGE, 1);
    assert_string_equal(row_text(message, MESSAGE_STATUS), "cancelled");
    assert_true(row_is_null(message, MESSAGE_SEND_AT_MS));
    const struct row *other = org_row(org, ENTITY_PERSON, 2);
    assert_string_equal(other->fields.s, "{\"colour\":\"green\"}");
}

static int find_moves(void *context, const struct event *event)
{
    struct buf *out = context;
    struct json_slice moves;
    if (!strcmp(event->kind, "referral.erased") && event->entity_id == 1 &&
        jsons_get(event->payload, event->payload_len, "moves", 5, &moves))
        buf_add(out, moves.text, moves.len);
    return 0;
}

static void moves_are_kept_without_words(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    struct buf moves = BUF_INIT;
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    ok(store_events(org->store, 0, 0, find_moves, &moves, &org->e));
    assert_contains(buf_text(&moves), "\"transition\":\"ask\",\"from\":\"new\",\"to\":\"asked\"");
    assert_null(strstr(buf_text(&moves), secret));
    buf_free(&moves);
}

static void open_ones_refuse(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    int64_t events = store_last_event(org->store);
    assert_int_equal(erase(org, 1, &org_operator, false, &r), -ERROR_CONFLICT);
    assert_contains(org->e.message, "3 open referrals: R-1, R-3, R-4");
    assert_int_equal(store_last_event(org->store), events);
    assert_whole(org, 0, 0);
    take(org, 1, "close", NULL);
    take(org, 3, "close", NULL);
    take(org, 4, "close", NULL);
    ok(erase(org, 1, &org_operator, false, &r));
    assert_whole(org, r.events, 1);
}

static void not_everybody_may(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    const struct actor lead = { 1, "S-1", "lead" }, admin = { 2, "S-2", "admin" };
    assert_int_equal(erase(org, 1, &lead, true, &r), -ERROR_DENIED);
    assert_int_equal(erase(org, 99, &admin, true, &r), -ERROR_NOT_FOUND);
    struct erase none = { .person_id = 1, .reason = " ", .with_open = true };
    org_begin(org);
    assert_int_equal(domain_erase(org->d, &admin, &none, &r, &org->e), -ERROR_INVALID);
    org_end(org);
    ok(erase(org, 1, &admin, true, &r));
}

/* Twice: only what came since. */
static void again_takes_what_came_since(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    int64_t first = r.events, events = store_last_event(org->store);
    ok(erase(org, 1, &org_operator, true, &r));
    assert_int_equal(r.events, 0);
    assert_int_equal(r.rows[ENTITY_PERSON], 0);
    assert_int_equal(store_last_event(org->store), events);
    about(org, ENTITY_NOTE, "P-1");
    take(org, 1, "close", "of Quetzalfeather");
    ok(erase(org, 1, &org_operator, true, &r));
    assert_int_equal(r.events, 2);
    assert_int_equal(r.rows[ENTITY_NOTE], 1);
    assert_int_equal(r.rows[ENTITY_REFERRAL], 1);
    assert_whole(org, first + 2, 2);
}

/* The process dies right after the commit: rows that waited in memory are folded from events. */
static void a_crash_behind_it_is_folded(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    take(org, 2, "ask", NULL);
    assert_true(store_dirty(org->store) > 0);
    char copy[160], command[600];
    snprintf(copy, sizeof copy, "%s.copy", org->path);
    snprintf(command, sizeof command, "cp %s %s && cp %s-wal %s-wal", org->path, copy, org->path,
             copy);
    assert_int_equal(system(command), 0);
    org_stop(org);
    snprintf(command, sizeof command, "mv %s %s && mv %s-wal %s-wal", copy, org->path, copy,
             org->path);
    assert_int_equal(system(command), 0);
    org_start(org);
    assert_string_equal(row_text(org_row(org, ENTITY_REFERRAL, 1), REFERRAL_STAGE), "asked");
    assert_true(row_is_null(org_row(org, ENTITY_REFERRAL, 1), REFERRAL_TITLE));
    assert_string_equal(row_text(org_row(org, ENTITY_REFERRAL, 2), REFERRAL_STAGE), "asked");
    assert_whole(org, r.events, 1);
}

/* A payload that is gone, and that no erasure names. */
static void one_more_is_broken(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    org_begin(org);
    ok(store_erase_event(org->store, 2, &org->e)); /* of somebody else */
    org_end(org);
    struct audit_result found = audit(org);
    assert_int_equal(found.broken_seq, 2);
    assert_contains(found.broken_why, "no event says");
}

static int held_row(void *context, const struct row *row)
{
    int *counts = context;
    counts[row->entity]++;
    return 0;
}

static void what_is_held_is_what_goes(void **state)
{
    struct org *org = *state;
    int counts[ENTITY_END] = { 0 };
    struct erase_result r;
    fill(org);
    ok(domain_held(org->d, 1, held_row, counts, &org->e));
    ok(erase(org, 1, &org_operator, true, &r));
    for (enum entity i = 1; i < ENTITY_END; i++)
        assert_int_equal(counts[i], r.rows[i]);
    assert_int_equal(domain_held(org->d, 99, held_row, counts, &org->e), -ERROR_NOT_FOUND);
}

/* To what the person had before, in other letters, or within a name. */
static void every_address_is_found(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    static const char *const theirs[] = { "old@example.org", "OLD@Example.org", "New@example.org",
                                          "Ada Q. <new@example.org>",
                                          "x@example.org, <old@example.org>" };
    static const char *const others[] = { "bold@example.org", "old@example.org.uk",
                                          "new@example.orgs", "Ada <x@example.org>", "<>" };
    struct store_set first[] = { { PERSON_NAME, value_text("Ada") },
                                 { PERSON_EMAIL, value_text("old@example.org") } };
    struct store_set second[] = { { PERSON_EMAIL, value_text("new@example.org") } };
    int64_t person = org_write(org, ENTITY_PERSON, 0, first, 2, NULL);
    for (size_t i = 0; i < 2 * 5; i++) {
        struct store_set message[] = { { MESSAGE_CHANNEL, value_text("file") },
                                       { MESSAGE_RECIPIENT,
                                         value_text(i < 5 ? theirs[i] : others[i - 5]) },
                                       { MESSAGE_BODY, value_text("Dear you") } };
        org_write(org, ENTITY_MESSAGE, 0, message, 3, NULL);
    }
    org_write(org, ENTITY_PERSON, person, second, 1, NULL);
    int counts[ENTITY_END] = { 0 };
    ok(domain_held(org->d, person, held_row, counts, &org->e));
    assert_int_equal(counts[ENTITY_MESSAGE], 5);
    bool erased = true;
    ok(domain_message_is_erased(org->d, 1, &erased, &org->e));
    assert_false(erased);
    ok(erase(org, person, &org_operator, false, &r));
    assert_int_equal(r.rows[ENTITY_MESSAGE], 5);
    for (int64_t id = 1; id <= 10; id++)
        assert_string_equal(row_text(org_row(org, ENTITY_MESSAGE, id), MESSAGE_BODY),
                            id <= 5 ? "(erased)" : "Dear you");
}

/* A plugin may call its own event as the engine calls what an erasure writes. */
static void events_of_plugins_go_whatever_they_are_called(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    static const char who[] = "{\"who\":\"Quetzalfeather\"}";
    fill(org);
    org_begin(org);
    ok(domain_emit(org->d, &org_operator, "review.erased", ENTITY_PERSON, 1, who, sizeof who - 1,
                   &org->e));
    org_end(org);
    int64_t emitted = store_last_event(org->store), gone = 0;
    ok(erase(org, 1, &org_operator, true, &r));
    ok(store_events(org->store, emitted - 1, 1, erase_see, &gone, &org->e));
    assert_int_equal(gone, 1);
    assert_whole(org, r.events, 1);
}

static void note_once(void *context, int64_t referral_id)
{
    buf_printf(context, "R-%d ", (int)referral_id);
}

/* Somebody else's now, and so not erased: it is named. */
static void what_was_once_theirs_is_named(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    struct buf once = BUF_INIT;
    fill(org);
    ok(domain_once_about(org->d, 1, note_once, &once, &org->e));
    assert_int_equal(once.len, 0);
    int64_t moved = open_referral(org, 1, 0, 0);
    struct store_set subject[] = { { REFERRAL_SUBJECT, value_int(2) } };
    struct record record = {
        .entity = ENTITY_REFERRAL, .id = moved, .set = subject, .set_count = 1
    };
    org_begin(org);
    ok(domain_set(org->d, &org_operator, &record, NULL, &org->e));
    org_end(org);
    for (int again = 0; again < 2; again++) {
        buf_clear(&once);
        ok(domain_once_about(org->d, 1, note_once, &once, &org->e));
        assert_string_equal(buf_text(&once), "R-5 ");
        ok(erase(org, 1, &org_operator, true, &r));
    }
    buf_free(&once);
}

/* ---- copies ---- */

static int add_copy(void *context, const struct copy *copy)
{
    buf_printf(context, "%s>%s by %s;", copy->what, copy->where, copy->actor);
    return 0;
}

static void copies_are_listed_newest_first(void **state)
{
    struct org *org = *state;
    static const char *const what[] = { "backup", "people", "partners" };
    struct buf list = BUF_INIT;
    ok(domain_copies(org->d, 0, add_copy, &list, &org->e));
    assert_int_equal(list.len, 0);
    for (size_t i = 0; i < 3; i++) {
        org_begin(org);
        ok(domain_note_copy(org->d, &org_operator, what[i], "/x", &org->e));
        org_end(org);
    }
    ok(domain_copies(org->d, 0, add_copy, &list, &org->e));
    assert_string_equal(list.data, "partners>/x by operator;people>/x by operator;"
                                   "backup>/x by operator;");
    buf_clear(&list);
    ok(domain_copies(org->d, org_now_ms + 1, add_copy, &list, &org->e));
    assert_int_equal(list.len, 0);
    buf_free(&list);
    assert_true(domain_copy_has_people("backup") && domain_copy_has_people("notes"));
    assert_false(domain_copy_has_people("partners"));
    assert_whole(org, 0, 0);
}

/* ---- the audit by slices ---- */

/* Turns between slices: the audit still ends, and takes nobody's work for damage. */
static void turns_go_on_between_slices(void **state)
{
    struct org *org = *state;
    struct store_set who[] = { { PERSON_NAME, value_text("Ada") } };
    for (int i = 0; i < 40; i++)
        open_referral(org, 0, 0, 0);
    for (int i = 0; i < 1500; i++)
        org_write(org, ENTITY_PERSON, 0, who, 1, NULL);
    struct audit *a = audit_open(org->d, 0);
    bool done = false;
    int slices = 0;
    for (; !done; slices++) {
        assert_true(slices < 1000);
        ok(audit_step(a, &done, &org->e));
        org_write(org, ENTITY_PERSON, 1 + slices * 97 % 1500, who, 1, NULL);
        org_write(org, ENTITY_PERSON, 0, who, 1, NULL);
        if (slices < 40)
            take(org, 40 - slices, "ask", NULL);
    }
    assert_true(slices > 5);
    const struct audit_result *r = audit_result(a);
    if (r->broken_seq || r->differing)
        fail_msg("%s; %s", r->broken_why, r->differs_why);
    audit_close(a);
    assert_whole(org, 0, 0);
}

/* ---- the history, exported ---- */

static void events_are_exported_with_their_chain(void **state)
{
    struct org *org = *state;
    struct erase_result r;
    struct transfer_report report;
    char path[128];
    fill(org);
    ok(erase(org, 1, &org_operator, true, &r));
    snprintf(path, sizeof path, "%s.jsonl", org->path);
    int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
    struct transfer t = { .fd = fd };
    ok(domain_export_events(org->d, &t, &report, &org->e));
    close(fd);
    assert_int_equal(report.lines, store_last_event(org->store));
    struct buf text = BUF_INIT;
    ok(buf_read_file(&text, path, 1 << 20, &org->e));
    int64_t lines = 0, erased = 0;
    for (char *at = text.data, *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
        json_t *line = NULL;
        ok(json_read(at, (size_t)(end - at), &line, &org->e));
        assert_int_equal(strlen(json_string_value(json_object_get(line, "hash"))), 64);
        bool gone = json_object_get(line, "erased") != NULL;
        assert_int_equal(gone, json_object_get(line, "payload") == NULL);
        erased += gone;
        json_decref(line);
    }
    assert_int_equal(lines, report.lines);
    assert_int_equal(erased, r.events);
    buf_free(&text);
}

#define org_test(f) cmocka_unit_test_setup_teardown(f, org_setup, org_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        org_test(nothing_is_left),
        org_test(the_skeleton_stays),
        org_test(moves_are_kept_without_words),
        org_test(open_ones_refuse),
        org_test(not_everybody_may),
        org_test(again_takes_what_came_since),
        org_test(a_crash_behind_it_is_folded),
        org_test(one_more_is_broken),
        org_test(what_is_held_is_what_goes),
        org_test(every_address_is_found),
        org_test(events_of_plugins_go_whatever_they_are_called),
        org_test(what_was_once_theirs_is_named),
        org_test(copies_are_listed_newest_first),
        org_test(turns_go_on_between_slices),
        org_test(events_are_exported_with_their_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
