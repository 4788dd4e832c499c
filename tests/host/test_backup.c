/* Backup and restore: what comes back, what is refused, and what a process that
 * ends at any moment leaves. */
#include "host_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "baton/base/digest.h"
#include "baton/base/tar.h"
#include "baton/domain/audit.h"
#include "baton/host/backup.h"

static int add_people(void *context, struct org *o, struct error *e)
{
    const int *count = context;
    for (int i = 0; i < *count; i++) {
        char name[32];
        snprintf(name, sizeof name, "person %d", i);
        struct store_set set[] = { { PERSON_NAME, value_text(name) } };
        struct record record = { .entity = ENTITY_PERSON, .set = set, .set_count = 1 };
        struct actor actor;
        int rc = org_actor(o, NULL, &actor, e);
        if (rc == 0)
            rc = domain_write(org_domain(o), &actor, &record, NULL, e);
        if (rc)
            return rc;
    }
    return 0;
}

static void people(struct fixture *f, struct org *o, int count)
{
    fixture_ok(f, org_turn(o, add_people, &count, &f->e));
}

static int64_t count(struct fixture *f, const char *org)
{
    struct org *o = fixture_open(f, org);
    struct store_query q = { .entity = ENTITY_PERSON };
    int64_t n = -1;
    fixture_ok(f, store_count(org_store(o), &q, &n, &f->e));
    org_close(o);
    return n;
}

static void path_of(const struct fixture *f, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", f->dir, name);
}

/* As the command line does it. */
static int make(struct fixture *f, struct org *o, const char *path, bool force,
                struct backup_report *report)
{
    struct backup *b = NULL;
    int64_t bytes = 0;
    int rc = backup_open(&b, f->home, org_name(o), path, force, &f->e);
    if (rc == 0)
        rc = store_hold(org_store(o), &bytes, &f->e);
    if (rc == 0) {
        people(f, o, 3); /* turns go on */
        rc = backup_copy(b, bytes, &f->e);
        people(f, o, 3);
        store_release(org_store(o));
    }
    if (rc == 0)
        rc = backup_finish(b, report, &f->e);
    backup_close(b);
    return rc;
}

static int restore(struct fixture *f, const char *path, const char *org, bool replace)
{
    struct restore r = { .path = path, .org = org, .replace = replace };
    struct backup_report report;
    char *kept = NULL, *erased = NULL;
    int rc = backup_restore(f->home, &r, &report, &kept, &erased, &f->e);
    mem_free(kept);
    mem_free(erased);
    return rc;
}

/* Names below orgs/, in order, separated by blanks. */
static void orgs(const struct fixture *f, struct buf *out)
{
    char path[128];
    struct dirent **names;
    path_of(f, "orgs", path);
    int n = scandir(path, &names, NULL, alphasort);
    buf_clear(out);
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
            buf_printf(out, "%s%s", out->len ? " " : "", names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

static void assert_orgs(const struct fixture *f, const char *wanted)
{
    struct buf found = BUF_INIT;
    orgs(f, &found);
    assert_string_equal(buf_text(&found), wanted);
    buf_free(&found);
}

/* An organisation of ten people with a backup of it. */
static void begin(struct fixture *f, char path[128])
{
    struct backup_report report = { .org = "" };
    path_of(f, "one.tar", path);
    fixture_org(f, "alpha", NULL, false);
    struct org *o = fixture_open(f, "alpha");
    people(f, o, 10);
    fixture_ok(f, make(f, o, path, false, &report));
    assert_string_equal(report.org, "alpha");
    assert_int_equal(report.events, 10);
    assert_int_equal(report.rows, 10);
    org_close(o);
}

static void what_was_held_comes_back(void **state)
{
    struct fixture *f = *state;
    char path[128];
    fixture_write(f, "orgs/alpha/plugins/own/deep/er/x.lua", "return 1");
    fixture_write(f, "orgs/alpha/outbox/M-1.txt", "Dear all");
    begin(f, path);
    assert_int_equal(count(f, "alpha"), 16);
    fixture_ok(f, restore(f, path, "beta", false));
    assert_int_equal(count(f, "beta"), 10);
    static const char *const files[] = { "org.ini", "plugins/own/deep/er/x.lua", "outbox/M-1.txt" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char from[128], to[128];
        snprintf(from, sizeof from, "orgs/alpha/%s", files[i]);
        snprintf(to, sizeof to, "orgs/beta/%s", files[i]);
        char *a = fixture_read(f, from), *b = fixture_read(f, to);
        assert_non_null(b);
        assert_string_equal(a, b);
        mem_free(a);
        mem_free(b);
    }
    char *left = fixture_read(f, "orgs/beta/backup.json");
    assert_null(left);
    assert_orgs(f, "alpha beta");
}

/* A link leads where it likes: into another organisation, for one. */
static void links_are_left_out_and_named(void **state)
{
    struct fixture *f = *state;
    struct backup_report report;
    char path[128], link[128];
    fixture_write(f, "orgs/zeta/plugins/hid/init.lua", "return 'secret of zeta'");
    fixture_write(f, "orgs/alpha/plugins/p/init.lua", "return 1");
    path_of(f, "orgs/alpha/plugins/p/stolen.lua", link);
    assert_int_equal(symlink("../../../zeta/plugins/hid/init.lua", link), 0);
    path_of(f, "orgs/alpha/plugins/hid", link);
    assert_int_equal(symlink("../../zeta/plugins/hid", link), 0);
    begin(f, path);
    struct org *o = fixture_open(f, "alpha");
    fixture_ok(f, make(f, o, path, true, &report));
    assert_has(report.left_out, "plugins/p/stolen.lua");
    assert_has(report.left_out, "plugins/hid");
    assert_null(strstr(report.left_out, "hid/init.lua"));
    fixture_ok(f, restore(f, path, "beta", false));
    char *own = fixture_read(f, "orgs/beta/plugins/p/init.lua");
    assert_non_null(own);
    mem_free(own);
    assert_null(fixture_read(f, "orgs/beta/plugins/p/stolen.lua"));
    assert_null(fixture_read(f, "orgs/beta/plugins/hid/init.lua"));
    /* Its own two files are never somebody else's. */
    static const char *const own_files[] = { "org.ini", "org.db" };
    for (size_t i = 0; i < 2; i++) {
        char file[128], aside[128];
        snprintf(file, sizeof file, "%s/orgs/alpha/%s", f->dir, own_files[i]);
        snprintf(aside, sizeof aside, "%s/aside", f->dir);
        assert_int_equal(rename(file, aside), 0);
        assert_int_equal(symlink(aside, file), 0);
        assert_int_equal(make(f, o, path, true, &report), -ERROR_INVALID);
        assert_has(f->e.message, "symbolic link");
        assert_int_equal(unlink(file), 0);
        assert_int_equal(rename(aside, file), 0);
    }
    org_close(o);
}

/* What a link leads to is another's, or lies where an erasure does not reach. */
static void no_organisation_is_a_link(void **state)
{
    struct fixture *f = *state;
    char path[128], link[128];
    begin(f, path);
    path_of(f, "orgs/beta", link);
    assert_int_equal(symlink("alpha", link), 0);
    assert_int_equal(home_check_org(f->home, "beta", &f->e), -ERROR_INVALID);
    assert_has(f->e.message, "symbolic link");
    assert_int_equal(home_erase_org(f->home, "beta", &f->e), -ERROR_INVALID);
    assert_int_equal(restore(f, path, "beta", true), -ERROR_INVALID);
    struct backup *b = NULL;
    path_of(f, "two.tar", link);
    assert_int_equal(backup_open(&b, f->home, "beta", link, false, &f->e), -ERROR_INVALID);
    assert_orgs(f, "alpha beta");
    assert_int_equal(count(f, "alpha"), 16);
}

static void refusals_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct backup_report report;
    char path[128], inside[128];
    begin(f, path);
    path_of(f, "orgs/alpha/x.tar", inside);
    struct org *o = fixture_open(f, "alpha");
    assert_int_equal(make(f, o, path, false, &report), -ERROR_CONFLICT);
    assert_int_equal(make(f, o, inside, false, &report), -ERROR_INVALID);
    assert_int_equal(make(f, o, f->dir, false, &report), -ERROR_INVALID);
    assert_int_equal(make(f, o, "/no/such/folder/x.tar", false, &report), -ERROR_IO);
    /* While it is open it cannot be replaced or erased. */
    assert_int_equal(restore(f, path, "alpha", true), -ERROR_BUSY);
    assert_int_equal(home_erase_org(f->home, "alpha", &f->e), -ERROR_BUSY);
    /* Held, and not for us. */
    int64_t bytes;
    fixture_ok(f, store_hold(org_store(o), &bytes, &f->e));
    path_of(f, "two.tar", inside);
    assert_int_equal(make(f, o, inside, false, &report), -ERROR_BUSY);
    store_release(org_store(o));
    org_close(o);
    assert_int_equal(restore(f, path, NULL, false), -ERROR_CONFLICT);
    assert_int_equal(restore(f, path, "Not A Name", false), -ERROR_INVALID);
    assert_int_equal(restore(f, "/no/such/file", "beta", false), -ERROR_NOT_FOUND);
    assert_int_equal(count(f, "alpha"), 16);
    assert_orgs(f, "alpha");
    assert_int_equal(access(inside, F_OK), -1);
    strcat(inside, ".part");
    assert_int_equal(access(inside, F_OK), -1);
}

static void what_is_replaced_is_kept(void **state)
{
    struct fixture *f = *state;
    char path[128];
    begin(f, path);
    fixture_ok(f, restore(f, path, NULL, true));
    assert_int_equal(count(f, "alpha"), 10);
    fixture_ok(f, restore(f, path, NULL, true));
    assert_orgs(f, "alpha alpha.replaced alpha.replaced-2");
    struct buf kept = BUF_INIT;
    home_replaced(f->home, "alpha", &kept);
    assert_has(buf_text(&kept), "alpha.replaced");
    buf_free(&kept);
    fixture_ok(f, home_erase_org(f->home, "alpha", &f->e));
    assert_orgs(f, "");
    assert_int_equal(home_erase_org(f->home, "alpha", &f->e), -ERROR_NOT_FOUND);
}

/* A log of the former organisation never meets the database of the new one. */
static void a_log_that_was_left_is_replaced_too(void **state)
{
    struct fixture *f = *state;
    char path[128];
    begin(f, path);
    pid_t pid = fork();
    if (pid == 0) { /* dies with work in its log */
        struct org *o = fixture_open(f, "alpha");
        people(f, o, 5);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    char log[128];
    path_of(f, "orgs/alpha/org.db-wal", log);
    assert_int_equal(access(log, F_OK), 0);
    fixture_ok(f, restore(f, path, NULL, true));
    assert_int_equal(access(log, F_OK), -1);
    assert_int_equal(count(f, "alpha"), 10);
}

/* ---- damage ---- */

static size_t read_whole(const char *path, char **out)
{
    struct buf b = BUF_INIT;
    struct error e;
    if (buf_read_file(&b, path, 64 << 20, &e))
        fail_msg("%s", e.message);
    size_t n = b.len;
    *out = buf_take(&b);
    return n;
}

static void write_whole(const char *path, const char *data, size_t n)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

/* Names that meet, sizes beyond the file, and what is no file at all. */
static void backups_made_to_harm(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *names[3];
        int64_t size;
    } cases[] = {
        { { "x", "x", NULL }, 0 },          { { "x", "x/y", NULL }, 0 },
        { { "x", "x/y/z", NULL }, 0 },      { { "x/y", "x", NULL }, 0 },
        { { "x", NULL, NULL }, INT64_MAX }, { { "x", NULL, NULL }, INT64_C(1) << 40 },
    };
    char path[128];
    path_of(f, "bad.tar", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t blocks[4][TAR_BLOCK_BYTES] = { 0 };
        struct tar_member m = { .name = "beta/backup.json" };
        fixture_ok(f, tar_write_head(&m, blocks[0], &f->e));
        for (size_t k = 0; cases[i].names[k]; k++) {
            snprintf(m.name, sizeof m.name, "beta/%s", cases[i].names[k]);
            m.size = cases[i].size;
            fixture_ok(f, tar_write_head(&m, blocks[k + 1], &f->e));
        }
        write_whole(path, (const char *)blocks, sizeof blocks);
        if (restore(f, path, "beta", false) != -ERROR_CORRUPT)
            fail_msg("%zu: %s", i, f->e.message);
        assert_has(f->e.message, "damaged");
    }
    path_of(f, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    char name[72];
    assert_int_equal(backup_name(path, name, sizeof name, &f->e), -ERROR_INVALID);
    assert_int_equal(restore(f, path, "beta", false), -ERROR_INVALID);
    assert_has(f->e.message, "no regular file");
}

/* A bit anywhere but in what fills up a block, and an end anywhere but behind the last file. */
static void every_damage_is_noticed(void **state)
{
    struct fixture *f = *state;
    char path[128], bad[128], *data;
    begin(f, path);
    path_of(f, "bad.tar", bad);
    size_t n = read_whole(path, &data);
    int refused = 0, looked = 0;
    for (size_t at = 17; at < n - 1024; at += 4099, looked++) {
        data[at] = (char)(data[at] ^ 4);
        write_whole(bad, data, n);
        int rc = restore(f, bad, "beta", false);
        data[at] = (char)(data[at] ^ 4);
        refused += rc != 0;
        if (rc == 0) { /* a byte that belongs to no file */
            char *again;
            assert_int_equal(data[at], 0);
            fixture_ok(f, home_erase_org(f->home, "beta", &f->e));
            read_whole(path, &again);
            mem_free(again);
        } else {
            assert_int_equal(rc, -ERROR_CORRUPT);
        }
        assert_orgs(f, "alpha");
    }
    assert_true(refused >= looked - 2);
    for (size_t end = 0; end < n - 1024 - 512; end += 16411) {
        write_whole(bad, data, end);
        assert_int_equal(restore(f, bad, "beta", false), -ERROR_CORRUPT);
        assert_orgs(f, "alpha");
    }
    mem_free(data);
}

/* A tar of one's own making: a head and its bytes. */
static void put(struct buf *out, const char *name, const char *bytes)
{
    struct tar_member m = { .size = (int64_t)strlen(bytes) };
    uint8_t head[TAR_BLOCK_BYTES];
    struct error e;
    snprintf(m.name, sizeof m.name, "%s", name);
    assert_int_equal(tar_write_head(&m, head, &e), 0);
    buf_add(out, head, sizeof head);
    buf_puts(out, bytes);
    for (int64_t i = m.size; i < tar_padded(m.size); i++)
        buf_putc(out, '\0');
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "a/../../x",   "a/..", "/etc/x", "../x",     "a//x",
                                         "a/plugins/.", "b/x",  "x",      "a/.hidden" };
    char path[128];
    path_of(f, "own.tar", path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf tar = BUF_INIT;
        put(&tar, "a/backup.json", "{}");
        put(&tar, names[i], "x");
        put(&tar, "a/backup.sha256", "");
        write_whole(path, tar.data, tar.len);
        buf_free(&tar);
        if (restore(f, path, NULL, false) != -ERROR_CORRUPT)
            fail_msg("%s", names[i]);
        assert_orgs(f, "");
    }
    char outside[128];
    path_of(f, "x", outside);
    assert_int_equal(access(outside, F_OK), -1);
}

/* ---- ends at any moment ---- */

static int moments; /* until the process ends; in a child only */

static int end_in_the_middle(void *context, int64_t done, int64_t total, const char *label)
{
    (void)context;
    (void)done;
    (void)total;
    (void)label;
    if (--moments == 0)
        _exit(3);
    return 0;
}

static void killed_while_restoring(void **state)
{
    struct fixture *f = *state;
    char path[128];
    begin(f, path);
    int ended = 0, status = 0, at = 1;
    do {
        pid_t pid = fork();
        if (pid == 0) {
            struct restore r = { .path = path, .replace = true, .progress = end_in_the_middle };
            struct backup_report report;
            char *kept, *erased;
            moments = at;
            _exit(backup_restore(f->home, &r, &report, &kept, &erased, &f->e) ? 1 : 0);
        }
        waitpid(pid, &status, 0);
        ended += WEXITSTATUS(status) == 3;
        if (WEXITSTATUS(status) == 3)
            assert_int_equal(count(f, "alpha"), 16);
    } while (WEXITSTATUS(status) == 3 && ++at < 100);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(ended >= 3);
    assert_int_equal(count(f, "alpha"), 10);
    assert_orgs(f, "alpha alpha.replaced"); /* what the others left was swept */
}

static void killed_while_backing_up(void **state)
{
    struct fixture *f = *state;
    struct backup_report report;
    char path[128];
    begin(f, path);
    for (int at = 1, status = 3 << 8; WEXITSTATUS(status) == 3; at++) {
        assert_true(at < 100);
        pid_t pid = fork();
        if (pid == 0) {
            struct org *o = fixture_open(f, "alpha");
            struct backup *b = NULL;
            int64_t bytes;
            moments = at;
            if (backup_open(&b, f->home, "alpha", path, true, &f->e) ||
                store_hold(org_store(o), &bytes, &f->e))
                _exit(1);
            backup_set_progress(b, end_in_the_middle, NULL);
            int rc = backup_copy(b, bytes, &f->e);
            store_release(org_store(o));
            rc = rc ? rc : backup_finish(b, &report, &f->e);
            backup_close(b);
            org_close(o);
            _exit(rc ? 1 : 0);
        }
        waitpid(pid, &status, 0);
        assert_true(WEXITSTATUS(status) == 3 || WEXITSTATUS(status) == 0);
        fixture_ok(f, restore(f, path, "beta", false)); /* the old one or the new one: whole */
        assert_int_equal(count(f, "beta"), WEXITSTATUS(status) == 3 ? 10 : 16);
        fixture_ok(f, home_erase_org(f->home, "beta", &f->e));
    }
}

/* ---- by the op, and what ends a hold ---- */

static void a_hold_ends_with_its_conversation(void **state)
{
    struct fixture *f = *state;
    static const char hold[] = "{\"op\":\"backup\",\"action\":\"hold\",\"where\":\"/x.tar\"}";
    static const char release[] = "{\"op\":\"backup\",\"action\":\"release\"}";
    struct talk t, other;
    fixture_org(f, "alpha", NULL, false);
    struct org *o = fixture_open(f, "alpha");
    talk_open(&t);
    talk_open(&other);
    assert_has(talk_ask(&t, o, hold), "\"file_bytes\":");
    assert_true(conversation_has_session(t.c));
    assert_has(talk_ask(&other, o, hold), "\"busy\"");
    assert_has(talk_ask(&other, o, release), "did not stay as it was");
    assert_true(store_held(org_store(o)));
    assert_has(talk_ask(&other, o,
                        "{\"op\":\"person\",\"action\":\"erase\",\"person\":\"P-1\","
                        "\"reason\":\"x\"}"),
               "being backed up");
    assert_has(talk_ask(&t, o, release), "\"done\"");
    assert_false(store_held(org_store(o)));
    assert_has(talk_ask(&t, o, hold), "\"file_bytes\":");
    talk_close(&t); /* whoever held it is gone */
    assert_false(store_held(org_store(o)));
    assert_has(talk_ask(&other, o, hold), "\"file_bytes\":");
    fixture_ok(f, org_reload(o, &f->e)); /* which does not touch the database */
    assert_has(talk_ask(&other, o, release), "\"done\"");
    assert_has(talk_ask(&other, o, "{\"op\":\"backup\",\"action\":\"copies\"}"), "\"/x.tar\"");
    assert_has(talk_ask(&other, o, "{\"op\":\"backup\",\"action\":\"steal\"}"), "\"/action\"");
    assert_has(talk_ask(&other, o, "{\"op\":\"backup\",\"action\":\"hold\"}"), "\"/where\"");
    talk_close(&other);
    org_close(o);
}

static void people_erased_since_are_named(void **state)
{
    struct fixture *f = *state;
    struct backup_report report;
    struct talk t;
    char path[128], *kept = NULL, *erased = NULL;
    begin(f, path);
    struct org *o = fixture_open(f, "alpha");
    talk_open(&t);
    assert_has(talk_ask(&t, o,
                        "{\"op\":\"person\",\"action\":\"erase\",\"person\":\"P-7\","
                        "\"reason\":\"on request\"}"),
               "\"people\":1");
    assert_has(talk_ask(&t, o, "{\"op\":\"audit\",\"seq\":3}"), "\"erased\":1");
    talk_close(&t);
    org_close(o);
    struct restore r = { .path = path, .replace = true };
    fixture_ok(f, backup_restore(f->home, &r, &report, &kept, &erased, &f->e));
    assert_string_equal(erased, "P-7");
    mem_free(kept);
    mem_free(erased);
}

#define backup_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        backup_test(what_was_held_comes_back),
        backup_test(links_are_left_out_and_named),
        backup_test(no_organisation_is_a_link),
        backup_test(backups_made_to_harm),
        backup_test(refusals_change_nothing),
        backup_test(what_is_replaced_is_kept),
        backup_test(a_log_that_was_left_is_replaced_too),
        backup_test(every_damage_is_noticed),
        backup_test(names_that_lead_elsewhere_are_refused),
        backup_test(killed_while_restoring),
        backup_test(killed_while_backing_up),
        backup_test(a_hold_ends_with_its_conversation),
        backup_test(people_erased_since_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
