#include <fcntl.h>
#include <sys/resource.h>

#include "host_fixture.h"

/* ---- turns ---- */

struct add {
    const char *name;
    int rc; /* what it returns after it has written */
};

static int add_person(void *context, struct org *o, struct error *e)
{
    const struct add *add = context;
    struct actor actor;
    struct store_set set = { PERSON_NAME, value_text(add->name) };
    struct record record = { .entity = ENTITY_PERSON, .set = &set, .set_count = 1 };
    int rc = org_actor(o, NULL, &actor, e);
    if (!rc)
        rc = domain_write(org_domain(o), &actor, &record, NULL, e);
    return rc ? rc : add->rc ? error_set(e, ERROR_DENIED, "no %s", add->name) : 0;
}

static int64_t people(struct org *o)
{
    struct store_query query = { .entity = ENTITY_PERSON };
    int64_t n = -1;
    assert_int_equal(store_count(org_store(o), &query, &n, NULL), 0);
    return n;
}

static void a_turn_keeps_or_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    struct org *o = fixture_open(f, "oak");
    struct add good = { "Ada", 0 }, bad = { "Bob", 1 };
    fixture_ok(f, org_turn(o, add_person, &good, &f->e));
    assert_int_equal(org_turn(o, add_person, &bad, &f->e), -ERROR_DENIED);
    assert_string_equal(f->e.message, "no Bob");
    assert_int_equal(people(o), 1);
    org_close(o);
    o = fixture_open(f, "oak");
    assert_int_equal(people(o), 1);
    org_close(o);
}

static void many_commands_share_a_turn(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    struct org *o = fixture_open(f, "oak");
    struct add adds[] = { { "Ada", 0 }, { "Bob", 1 }, { "Cid", 0 } };
    struct org_command commands[3] = { 0 };
    for (size_t i = 0; i < 3; i++)
        commands[i] = (struct org_command){ .run = add_person, .context = &adds[i] };
    struct store_stats before, after;
    fixture_ok(f, store_stats(org_store(o), &before, &f->e));
    fixture_ok(f, org_turn_many(o, commands, 3, &f->e));
    fixture_ok(f, store_stats(org_store(o), &after, &f->e));
    assert_int_equal(after.turns, before.turns + 1);
    assert_int_equal(commands[0].result, 0);
    assert_int_equal(commands[1].result, -ERROR_DENIED);
    assert_string_equal(commands[1].error.message, "no Bob");
    assert_int_equal(commands[2].result, 0);
    assert_int_equal(people(o), 2);
    assert_int_equal(org_turn_many(o, commands, LIMIT_TURN_COMMANDS + 1, &f->e), -ERROR_LIMIT);
    org_close(o);
}

static int nested(void *context, struct org *o, struct error *e)
{
    return org_turn(o, add_person, context, e);
}

static void a_turn_in_a_turn_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    struct org *o = fixture_open(f, "oak");
    struct add good = { "Ada", 0 };
    assert_int_equal(org_turn(o, nested, &good, &f->e), -ERROR_BUSY);
    assert_int_equal(people(o), 0);
    fixture_ok(f, org_turn(o, add_person, &good, &f->e));
    org_close(o);
}

/* ---- opening ---- */

static void only_one_opens_it(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    struct org *o = fixture_open(f, "oak"), *other = NULL;
    assert_int_equal(org_open(&other, f->home, "oak", NULL, NULL, &f->e), -ERROR_BUSY);
    assert_null(other);
    assert_has(f->e.message, "organisation oak is open in another process (this one)");
    assert_has(f->e.message, "baton serve");
    org_close(o);
    org_close(fixture_open(f, "oak"));
}

static void a_lost_database_is_not_made_anew(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct org *o = NULL;
    fixture_org(f, "oak", NULL, false);
    snprintf(path, sizeof path, "%s/orgs/oak/org.db", f->dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(org_open(&o, f->home, "oak", NULL, NULL, &f->e), -ERROR_NOT_FOUND);
    assert_has(f->e.message, "backup");
    assert_int_equal(access(path, F_OK), -1);
}

static void settings_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message, *where;
    } cases[] = {
        { "[org]\ntitel = x\n", "did you mean \"title\"", "org.ini:2" },
        { "[org]\nclock = fast\n", "system or movable", "org.ini:2" },
        { "[org]\nzone = Mars\n", "Mars", "org.ini:2" },
        { "[org]\nplugins = alpha\n[plugin alhpa]\nx = 1\n", "did you mean \"alpha\"",
          "org.ini:4" },
        { "[org]\nplugins = tutoring\n[plugin tutorin]\nx = 1\n", "did you mean \"tutoring\"",
          "org.ini:4" },
        { "[limits]\nlua_bytes = 7\n", "lua_bytes", "org.ini:2" },
        { "[limits]\ncall_ms = 0\n", "call_ms", "org.ini:2" },
        { "[calendar]\nweek = Mon-Fry\n", "Fry", "org.ini:2" },
        { "[roles]\nextra = a, a\n", "twice", "org.ini:2" },
        { "[org]\ntitle\n", "key = value", "org.ini:2" },
    };
    fixture_org(f, "oak", NULL, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct org *o = NULL;
        fixture_write(f, "orgs/oak/org.ini", cases[i].text);
        assert_int_equal(org_open(&o, f->home, "oak", NULL, NULL, &f->e), -ERROR_INVALID);
        assert_null(o);
        assert_has(f->e.message, cases[i].message);
        assert_has(f->e.where, cases[i].where);
    }
}

/* ---- plugins ---- */

static void a_broken_plugin_is_left_out(void **state)
{
    struct fixture *f = *state;
    fixture_plugin(f, "good", "baton.command('hello', {}, function() return 'hi' end)\n");
    fixture_plugin(f, "broken", "local x = = 1\n");
    fixture_org(f, "oak", "good, broken", false);
    struct org *o = fixture_open(f, "oak");
    assert_true(fixture_noticed(f, "oak: plugin broken is left out: "));
    struct plugin_info info;
    size_t loaded = 0;
    for (size_t i = 0; i < script_plugin_count(org_script(o)); i++) {
        script_plugin_at(org_script(o), i, &info);
        loaded += info.loaded;
    }
    assert_int_equal(loaded, 1);
    org_close(o);
}

/* Only so many files can be opened from here on; gives the old limit. */
static struct rlimit limit_files(int spare)
{
    struct rlimit before, now;
    int fd = open("/", O_RDONLY);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)(fd + spare);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

/* Out of descriptors for now: not opened, rather than opened without the plugin. */
static void a_shortage_leaves_no_plugin_out(void **state)
{
    struct fixture *f = *state;
    bool opened = false;
    fixture_plugin(f, "good", "baton.require('part')");
    fixture_write(f, "plugins/good/part.lua", "");
    fixture_org(f, "oak", "good", false);
    for (int spare = 0; !opened; spare++) {
        struct org *o = NULL;
        assert_true(spare < 32);
        struct rlimit before = limit_files(spare);
        int rc = org_open(&o, f->home, "oak", fixture_notice, f, &f->e);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        opened = rc == 0;
        if (opened) {
            org_close(o);
        } else {
            assert_int_equal(rc, -ERROR_IO);
            assert_has(f->e.message, "oo many open files");
            assert_has(f->e.message, "/");
        }
        assert_false(fixture_noticed(f, "is left out"));
    }
    fixture_plugin(f, "good", "error('x: ' .. 'Too many open files')\n"); /* says so only */
    org_close(fixture_open(f, "oak"));
    assert_true(fixture_noticed(f, "plugin good is left out"));
}

static void reload_keeps_the_old_on_error(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_plugin(f, "p", "baton.command('hello', {}, function() return 'one' end)\n");
    fixture_org(f, "oak", "p", false);
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    static const char ask[] = "{\"op\":\"command\",\"name\":\"hello\"}";
    assert_has(talk_ask(&t, o, ask), "\"one\"");
    fixture_plugin(f, "p", "baton.command('hello', {}, function() return 'two' end\n");
    assert_true(org_reload(o, &f->e) < 0);
    assert_has(f->e.message, "plugin p: ");
    assert_has(talk_ask(&t, o, ask), "\"one\"");
    fixture_plugin(f, "p", "baton.command('hello', {}, function() return 'two' end)\n");
    fixture_ok(f, org_reload(o, &f->e));
    assert_has(talk_ask(&t, o, ask), "\"two\"");
    fixture_write(f, "orgs/oak/org.ini", "[org]\nplugns = p\n");
    assert_int_equal(org_reload(o, &f->e), -ERROR_INVALID);
    assert_has(talk_ask(&t, o, ask), "\"two\"");
    talk_close(&t);
    org_close(o);
}

static void plugins_of_the_org_come_first(void **state)
{
    struct fixture *f = *state;
    struct talk t;
    fixture_plugin(f, "p", "baton.command('who', {}, function() return 'home' end)\n");
    fixture_org(f, "oak", "p", false);
    fixture_write(f, "orgs/oak/plugins/p/plugin.ini",
                  "[plugin]\nname = p\nversion = 1.0.0\napi = 1\n");
    fixture_write(f, "orgs/oak/plugins/p/init.lua",
                  "baton.command('who', {}, function() return 'org' end)\n");
    struct org *o = fixture_open(f, "oak");
    talk_open(&t);
    assert_has(talk_ask(&t, o, "{\"op\":\"command\",\"name\":\"who\"}"), "\"org\"");
    talk_close(&t);
    org_close(o);
}

/* ---- actors ---- */

static int add_staff(void *context, struct org *o, struct error *e)
{
    const struct store_set *set = context;
    struct actor actor;
    struct record record = { .entity = ENTITY_STAFF, .set = set, .set_count = 4 };
    int rc = org_actor(o, NULL, &actor, e);
    return rc ? rc : domain_write(org_domain(o), &actor, &record, NULL, e);
}

static void actors_are_staff(void **state)
{
    struct fixture *f = *state;
    fixture_org(f, "oak", NULL, false);
    struct org *o = fixture_open(f, "oak");
    struct store_set active[] = { { STAFF_NAME, value_text("Ada") },
                                  { STAFF_EMAIL, value_text("ada@example.org") },
                                  { STAFF_ROLES, value_text("senior") },
                                  { STAFF_STATUS, value_text("active") } };
    struct store_set gone[] = { { STAFF_NAME, value_text("Bob") },
                                { STAFF_EMAIL, value_text("bob@example.org") },
                                { STAFF_ROLES, value_text("lead") },
                                { STAFF_STATUS, value_text("inactive") } };
    fixture_ok(f, org_turn(o, add_staff, active, &f->e));
    fixture_ok(f, org_turn(o, add_staff, gone, &f->e));
    struct actor a, b;
    fixture_ok(f, org_actor(o, NULL, &a, &f->e));
    assert_string_equal(a.name, "operator");
    assert_null(a.roles);
    static const char *const ways[] = { "S-1", "s-1", "1", "ada@example.org" };
    fixture_ok(f, org_actor(o, "S-1", &a, &f->e));
    for (size_t i = 0; i < 4; i++) {
        fixture_ok(f, org_actor(o, ways[i], &b, &f->e));
        assert_int_equal(b.staff_id, 1);
        assert_ptr_equal(b.name, a.name);
        assert_string_equal(b.roles, "senior");
    }
    static const struct {
        const char *as;
        int rc;
    } refused[] = { { "S-2", -ERROR_DENIED },
                    { "S-9", -ERROR_NOT_FOUND },
                    { "x@example.org", -ERROR_NOT_FOUND },
                    { "R-1", -ERROR_INVALID },
                    { "", -ERROR_INVALID },
                    { "Ada", -ERROR_INVALID } };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(org_actor(o, refused[i].as, &b, &f->e), refused[i].rc);
    org_close(o);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_turn_keeps_or_leaves_nothing),
        T(many_commands_share_a_turn),
        T(a_turn_in_a_turn_is_refused),
        T(only_one_opens_it),
        T(a_lost_database_is_not_made_anew),
        T(settings_are_checked),
        T(a_broken_plugin_is_left_out),
        T(a_shortage_leaves_no_plugin_out),
        T(reload_keeps_the_old_on_error),
        T(plugins_of_the_org_come_first),
        T(actors_are_staff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
