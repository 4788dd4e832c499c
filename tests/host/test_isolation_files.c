/* Two organisations in one process: no script of one reads or writes a file of the other, whatever
 * folder it runs in and whatever way it names the file. */
#include "isolation_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#define SECRET "elm-secret"

static void path_of(char *out, size_t size, const struct pair *p, const char *name)
{
    int n = snprintf(out, size, "%s/%s", p->f->dir, name);
    assert_true(n > 0 && (size_t)n < size);
}

static void link_to(struct pair *p, const char *name, const char *to)
{
    char path[256];
    path_of(path, sizeof path, p, name);
    assert_int_equal(symlink(to, path), 0);
}

/* Files of elm to be had, and the ways to them. */
static void world(struct pair *p)
{
    char dir[256];
    fixture_plugin(p->f, "p",
                   "baton.command('read', {}, function(args) return json.read(args.name) end)\n"
                   "baton.command('write', {}, function(args) json.write(args.name, 1) end)\n"
                   "baton.command('has', {}, function() return type(rawget(_G, 'io')) .. "
                   "type(rawget(_G, 'os')) end)\n");
    pair_plugins(p, "p");
    fixture_write(p->f, "orgs/elm/secret.json", "\"" SECRET "\"");
    fixture_write(p->f, "orgs/elm/outbox/M-1.txt", "\"" SECRET "\"");
    fixture_write(p->f, "orgs/elm/plugins/own/plugin.ini", "[plugin]\nname = own\nversion = 1\n");
    fixture_write(p->f, "orgs/elm/plugins/own/init.lua", "-- " SECRET "\n");
    fixture_write(p->f, "orgs/oak/mine.json", "\"of oak\"");
    fixture_write(p->f, "desk/mine.json", "\"of oak\"");
    path_of(dir, sizeof dir, p, "orgs/elm");
    link_to(p, "desk/file.json", "../orgs/elm/secret.json");
    link_to(p, "desk/folder", "../orgs/elm");
    link_to(p, "desk/whole", dir);
    link_to(p, "desk/up", "..");
    link_to(p, "orgs/oak/elm", "../elm");
    link_to(p, "orgs/oak/outbox/M-9.txt", "../../elm/secret.json");
    pair_open(p);
    pair_does(p, ELM, "people.add{name='" SECRET "'}");
}

static const char *const ways[] = { "json.read(%s)", "csv.read(%s)()", "text.lines(%s)()",
                                    "csv.read(%s, {header=false})()", NULL };
static const char *const writes[] = { "json.write(%s, {1})", "csv.write(%s, {{a=1}})", NULL };

/* Every way to read the file, or to write it, is refused in that folder, and nothing of it shown.
 */
static void is_refused(struct pair *p, const char *cwd, const char *name, const char *const *how)
{
    char folder[256], call[300], lua[512];
    path_of(folder, sizeof folder, p, cwd);
    for (; *how; how++) {
        char quoted[300];
        snprintf(quoted, sizeof quoted, "[==[%s]==]", name);
        snprintf(call, sizeof call, *how, quoted);
        snprintf(lua, sizeof lua, "print(%s)", call);
        const char *frames = pair_run(p, OAK, folder, lua);
        if (!strstr(frames, "{\"error\"") || strstr(frames, SECRET) || strstr(frames, "SQLite"))
            fail_msg("in %s: %s: %s", cwd, lua, frames);
    }
}

struct reach {
    const char *cwd, *name; /* %H: the home */
};

static void refused(struct pair *p, const struct reach *r, const char *const *how)
{
    char name[256] = "";
    const char *home = strstr(r->name, "%H");
    if (home)
        snprintf(name, sizeof name, "%.*s%s%s", (int)(home - r->name), r->name, p->f->dir,
                 home + 2);
    is_refused(p, r->cwd, home ? name : r->name, how);
}

static const struct reach files_of_elm[] = {
    { "desk", "../orgs/elm/secret.json" },
    { "desk", "%H/orgs/elm/secret.json" },
    { "desk", "%H/desk/../orgs/elm/secret.json" },
    { "desk", "file.json" },
    { "desk", "folder/secret.json" },
    { "desk", "whole/secret.json" },
    { "desk", "up/orgs/elm/secret.json" },
    { "desk", "./up/desk/up/orgs/elm/secret.json" },
    { "desk", "%H/desk/folder/secret.json" },
    { "desk", "/proc/self/root%H/orgs/elm/secret.json" },
    { "desk", "/proc/self/root%H/desk/file.json" },
    { "desk", "/proc/thread-self/root%H/orgs/elm/secret.json" },
    { "desk", "folder/outbox/M-1.txt" },
    { "desk", "../orgs/elm/org.db" },
    { "desk", "folder/org.db" },
    { "desk", "folder/org.db-wal" },
    { "desk", "folder/org.ini" },
    { "desk", "folder/plugins/own/init.lua" },
    /* The home itself, where people stand who work with several. */
    { ".", "orgs/elm/secret.json" },
    { ".", "orgs/oak/../elm/secret.json" },
    { ".", "orgs/oak/elm/secret.json" },
    { ".", "orgs/elm/outbox/M-1.txt" },
    { ".", "orgs/elm/org.db" },
    { ".", "orgs/elm/org.db-wal" },
    { ".", "orgs/elm/org.ini" },
    { ".", "orgs/elm/plugins/own/init.lua" },
    { ".", "desk/file.json" },
    { ".", "desk/folder/secret.json" },
    { ".", "%H/orgs/elm/secret.json" },
    { "orgs", "elm/secret.json" },
    { "orgs/oak", "../elm/secret.json" },
    { "orgs/oak", "elm/secret.json" },
    { "orgs/oak", "outbox/M-9.txt" },
    { "orgs/elm", "secret.json" },
    { "orgs/elm", "./secret.json" },
    { "orgs/elm", "outbox/M-1.txt" },
    { "orgs/elm/outbox", "M-1.txt" },
    { "orgs/elm/plugins/own", "init.lua" },
};

static const struct reach places_to_write[] = {
    { "desk", "folder/new.json" },
    { "desk", "up/orgs/elm/new.json" },
    { "desk", "../orgs/elm/outbox/M-2.txt" },
    { ".", "orgs/elm/new.json" },
    { ".", "orgs/elm/outbox/M-2.txt" },
    { ".", "orgs/elm/plugins/own/new.lua" },
    { "orgs/elm", "new.json" },
    { "orgs/elm/outbox", "M-2.txt" },
    /* What runs in both, or says what does. */
    { ".", "plugins/p/init.lua" },
    { ".", "plugins/p/new.lua" },
    { ".", "plugins/p/plugin.ini" },
    { ".", "baton.ini" },
    { "plugins/p", "init.lua" },
    { "orgs/oak", "org.ini" },
    { "orgs/oak", "org.db" },
    { "orgs/oak", "org.db-wal" },
    { "orgs/oak", "org.db-new" },
};

/* A digest of all that lies in a folder. */
static void digest(const struct pair *p, const char *name, char out[80])
{
    char command[512];
    snprintf(command, sizeof command,
             "cd %s/%s && find . -type f | sort | xargs sha256sum | sha256sum", p->f->dir, name);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(out, 80, pipe));
    assert_int_equal(pclose(pipe), 0);
}

/* Closing a database anywhere in the process would drop its locks: they are there, as another
 * process sees them. */
static bool is_locked(const struct pair *p, const char *name)
{
    char path[256];
    path_of(path, sizeof path, p, name);
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(path, O_RDWR);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) ? 2 : lock.l_type != F_UNLCK);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void files_of_one_are_out_of_reach(void **state)
{
    struct pair *p = *state;
    char before[80], after[80], plugins[80];
    world(p);
    digest(p, "orgs/elm", before);
    digest(p, "plugins", plugins);
    assert_true(is_locked(p, "orgs/oak/org.db"));
    assert_true(is_locked(p, "orgs/elm/org.db"));
    for (size_t i = 0; i < sizeof files_of_elm / sizeof *files_of_elm; i++) {
        refused(p, &files_of_elm[i], ways);
        refused(p, &files_of_elm[i], writes);
    }
    for (size_t i = 0; i < sizeof places_to_write / sizeof *places_to_write; i++)
        refused(p, &places_to_write[i], writes);
    static const struct reach own_database[] = { { "orgs/oak", "org.db" },
                                                 { ".", "orgs/oak/org.db-wal" } };
    for (size_t i = 0; i < sizeof own_database / sizeof *own_database; i++)
        refused(p, &own_database[i], ways);
    assert_true(is_locked(p, "orgs/oak/org.db"));
    assert_true(is_locked(p, "orgs/elm/org.db"));
    digest(p, "orgs/elm", after);
    assert_string_equal(before, after);
    digest(p, "plugins", after);
    assert_string_equal(plugins, after);
}

/* What is open in this process: databases of both, under numbers that can be guessed. */
static void open_files_are_out_of_reach(void **state)
{
    struct pair *p = *state;
    world(p);
    for (int fd = 0; fd < 40; fd++) {
        char name[64];
        static const char *const folders[] = { "desk", ".", "orgs/elm", NULL };
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        for (size_t i = 0; folders[i]; i++)
            is_refused(p, folders[i], name, ways);
    }
    assert_true(is_locked(p, "orgs/oak/org.db"));
    assert_true(is_locked(p, "orgs/elm/org.db"));
}

static void ones_own_files_are_there(void **state)
{
    struct pair *p = *state;
    char folder[256];
    world(p);
    static const struct reach reads[] = { { "desk", "mine.json" },
                                          { ".", "desk/mine.json" },
                                          { ".", "orgs/oak/mine.json" },
                                          { "orgs/oak", "mine.json" } };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        char lua[256];
        path_of(folder, sizeof folder, p, reads[i].cwd);
        snprintf(lua, sizeof lua, "json.write('new.json', {1}) print(json.read('%s'))",
                 reads[i].name);
        pair_check(p, OAK, lua, pair_run(p, OAK, folder, lua), "of oak");
    }
    path_of(folder, sizeof folder, p, "orgs/elm");
    pair_check(p, ELM, "elm's own", pair_run(p, ELM, folder, "print(json.read('secret.json'))"),
               SECRET);
}

/* A session keeps the folder that it was opened with; the next of the same conversation, in the
 * other organisation, has not got it. */
static void folders_stay_with_their_session(void **state)
{
    struct pair *p = *state;
    struct talk fresh, *t = &fresh;
    struct buf json = BUF_INIT;
    char folder[256];
    world(p);
    talk_open(t);
    path_of(folder, sizeof folder, p, "orgs/elm");
    pair_request(&json, "eval", "return json.read('secret.json')", NULL, folder);
    pair_check(p, ELM, "elm's own", pair_ask(p, t, ELM, buf_text(&json)), SECRET);
    static const char *const probes[] = { "return json.read('secret.json')",
                                          "return json.read('org.ini')",
                                          "json.write('new.json', 1)", NULL };
    for (size_t i = 0; probes[i]; i++)
        assert_has(pair_eval_as(p, t, OAK, NULL, probes[i]), "\"code\":\"denied\"");
    talk_close(t);
    buf_free(&json);
}

static void plugins_have_no_files(void **state)
{
    struct pair *p = *state;
    char folder[256], lua[512];
    world(p);
    path_of(folder, sizeof folder, p, ".");
    static const char *const names[] = { "orgs/elm/secret.json", "orgs/oak/mine.json",
                                         "desk/mine.json", "/proc/self/maps", NULL };
    for (size_t i = 0; names[i]; i++) {
        snprintf(lua, sizeof lua, "baton.call('read', {name='%s'})", names[i]);
        assert_has(pair_run(p, OAK, folder, lua), "a plugin has none");
        snprintf(lua, sizeof lua, "baton.call('write', {name='%s'})", names[i]);
        assert_has(pair_run(p, OAK, folder, lua), "a plugin has none");
    }
    pair_shows(p, OAK, "baton.call('has')", "nilnil");
    pair_shows(p, OAK,
               "type(io) .. type(os) .. type(dofile) .. type(loadfile) .. type(require) .. "
               "type(package) .. type(debug)",
               "nilnilnilnilnilnilnil");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(files_of_one_are_out_of_reach), ALONE(open_files_are_out_of_reach),
        BOTH(ones_own_files_are_there),      BOTH(folders_stay_with_their_session),
        BOTH(plugins_have_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
