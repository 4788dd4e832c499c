/* Workers that die, hang and come back, and clients that outlive them. */
#include "worker_fixture.h"

static const char forever[] = "{\"op\":\"run\",\"org\":\"oak\",\"name\":\"x.lua\",\"source\":"
                              "\"while true do people.add{name='x'} end\"}";
static const char hello_oak[] = "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"1 + 1\"}";
static const char hello_elm[] = "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"1 + 1\"}";

/* ---- death ---- */

static void a_request_of_a_killed_worker_is_answered(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *runner = fixture_connect(f), *other = fixture_connect(f);
    pid_t oak = worker_of(f, "oak", NULL, 0), elm = worker_of(f, "elm", NULL, 0);
    assert_true(oak != elm);
    fixture_expect(f, other, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"x = 7\"}", "done");
    fixture_ok(f, client_send(runner, forever, sizeof forever - 1, &f->e));
    pause_ms(200);
    int64_t killed = now_ms();
    kill(oak, SIGKILL);
    char *answer = fixture_answer(f, runner);
    if (!strstr(answer, "{\"error\":{\"code\":\"io\"") ||
        !strstr(answer, "the process that hosted oak ended"))
        fail_msg("%s", answer);
    mem_free(answer);
    fixture_expect(f, runner, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"people.count{} > 0\"}",
                   "true");
    int64_t served = now_ms() - killed;
    print_message("from the kill to the next answer: %d ms\n", (int)served);
    assert_true(served < 3000);
    assert_int_not_equal(worker_of(f, "oak", NULL, 0), oak);
    /* The other organisation noticed nothing. */
    assert_int_equal(worker_of(f, "elm", NULL, 0), elm);
    fixture_expect(f, other, "{\"op\":\"eval\",\"org\":\"elm\",\"text\":\"x\"}", "\"7\\n\"");
    client_close(runner);
    client_close(other);
    fixture_stop(f);
}

static void an_idle_client_hears_that_its_session_is_gone(void **state)
{
    struct fixture *f = *state;
    const char *json;
    size_t n;
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x = 7\"}", "done");
    kill(worker_of(f, "oak", NULL, 0), SIGKILL);
    assert_int_equal(client_receive(c, &json, &n, &f->e), 1);
    if (strncmp(json, "{\"notice\":\"the process that hosted oak ended", 44) ||
        !strstr(json, "variables of this session are gone"))
        fail_msg("%.*s", (int)n, json);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"x\"}", "nil");
    client_close(c);
    fixture_stop(f);
}

/* Again and again: with pauses that grow, and an answer meanwhile; others work on. */
static void a_worker_that_dies_often_rests(void **state)
{
    struct fixture *f = *state;
    char problem[512] = "";
    fixture_start(f);
    struct client *c = fixture_connect(f), *other = fixture_connect(f);
    pid_t oak = worker_of(f, "oak", NULL, 0), elm = worker_of(f, "elm", NULL, 0);
    for (int i = 0; i < 4; i++) {
        kill(oak, SIGKILL);
        if (i < 3)
            oak = worker_after(f, "oak", oak);
    }
    while (worker_of(f, "oak", problem, sizeof problem) == oak)
        pause_ms(1);
    bool rested = false;
    for (int i = 0; i < 400 && !rested; i++) {
        char *answer = fixture_ask(f, c, hello_oak);
        rested = strstr(answer, "done") != NULL;
        if (!rested && !strstr(answer, "{\"notice\"") &&
            (!strstr(answer, "\"busy\"") || !strstr(answer, "starts again in")))
            fail_msg("%s", answer);
        mem_free(answer);
        fixture_expect(f, other, hello_elm, "\"2\\n\"");
        pause_ms(20);
    }
    assert_true(rested);
    if (!strstr(problem, "ended 4 times in short order"))
        fail_msg("the status says: %s", problem);
    assert_int_equal(worker_of(f, "elm", NULL, 0), elm);
    client_close(c);
    client_close(other);
    fixture_stop(f);
}

/* Not even a program that is not there keeps the front from answering, and from ending. */
static void a_worker_that_can_not_begin_is_told(void **state)
{
    struct fixture *f = *state;
    char problem[512] = "";
    char byte = 0;
    fixture_options(f)->program = "/no/such/baton";
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_serve, f), 0);
    f->running = true;
    assert_int_equal(read(f->ready[0], &byte, 1), 1);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "\"busy\"");
    assert_int_equal(worker_of(f, "oak", problem, sizeof problem), 0);
    assert_non_null(strstr(problem, "before it began (no such file or directory)"));
    client_close(c);
    fixture_stop(f);
}

/* The front is killed: nobody is left who could ask, and a database must not stay locked. */
static void a_killed_front_takes_its_workers_along(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fixture_fork(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "done");
    pid_t workers[] = { worker_of(f, "oak", NULL, 0), worker_of(f, "elm", NULL, 0) };
    kill(workers[1], SIGSTOP); /* not even one that hangs stays */
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    client_close(c);
    for (int i = 0; i < 500 && (process_lives(workers[0]) || process_lives(workers[1])); i++)
        pause_ms(10);
    assert_false(process_lives(workers[0]));
    assert_false(process_lives(workers[1]));
    fixture_start(f);
    c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "\"2\\n\"");
    fixture_expect(f, c, hello_elm, "\"2\\n\"");
    client_close(c);
    fixture_stop(f);
}

/* ---- hanging ---- */

static const char hang_plugin[] =
    "baton.workflow{ name = 'w', version = 1,\n"
    "  stages = { { name = 'a' }, { name = 'b', final = true, outcome = 'over' } },\n"
    "  transitions = { { name = 'go', from = 'a', to = 'b',\n"
    "    guard = function() while true do end end } } }\n";

static void hang_add(struct fixture *f, const char *org, const char *lua, int call_ms)
{
    char path[256], text[256];
    snprintf(path, sizeof path, "%s/plugins/hang", f->dir);
    assert_true(mkdir(path, 0700) == 0 || access(path, F_OK) == 0);
    fixture_write(f, "plugins/hang/plugin.ini",
                  "[plugin]\nname = hang\nversion = 1.0.0\ntitle = Hangs\napi = 1\n");
    fixture_write(f, "plugins/hang/init.lua", lua);
    snprintf(path, sizeof path, "orgs/%s/org.ini", org);
    snprintf(text, sizeof text, "[org]\nplugins = hang\n[limits]\ncall_ms = %d\n", call_ms);
    fixture_write(f, path, text);
}

/* A process that stands still in a call into a plugin is one in a function of C that never
 * returns, as far as anybody can see. */
static void a_call_that_never_returns_ends_with_its_process(void **state)
{
    struct fixture *f = *state;
    struct script_work work = { 0 };
    hang_add(f, "oak", hang_plugin, 1000);
    fixture_start(f);
    struct client *c = fixture_connect(f), *other = fixture_connect(f);
    fixture_expect(f, c,
                   "{\"op\":\"eval\",\"org\":\"oak\",\"text\":"
                   "\"referrals.open{workflow='w'}\"}",
                   "done");
    fixture_expect(f, other, hello_elm, "done");
    pid_t oak = worker_of(f, "oak", NULL, 0);
    const struct script_page *page = worker_page(oak);
    assert_false(page_read(page, &work)); /* nobody is at work */
    static const char go[] =
        "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"referrals.get(1):advance('go')\"}";
    fixture_ok(f, client_send(c, go, sizeof go - 1, &f->e));
    while (!page_read(page, &work))
        pause_ms(1);
    kill(oak, SIGSTOP);
    int64_t began = now_ms();
    assert_string_equal(work.plugin, "hang");
    assert_string_equal(work.org, "oak");
    assert_int_equal(work.until_ns - work.began_ns, 1000000000);
    int64_t longest = 0;
    while (now_ms() - began < 1000) { /* nobody else waits */
        int64_t asked = now_ms();
        fixture_expect(f, other, hello_elm, "\"2\\n\"");
        longest = now_ms() - asked > longest ? now_ms() - asked : longest;
    }
    assert_true(longest < 500);
    char *answer = fixture_answer(f, c);
    int64_t took = now_ms() - began;
    if (!strstr(answer, "while plugin hang was at work in oak (killed after ") ||
        !strstr(answer, "it did not come back"))
        fail_msg("%s", answer);
    mem_free(answer);
    print_message("killed %d ms after its call began\n", (int)took);
    assert_true(took >= 1900 && took < 10000);
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"referrals.get(1).stage\"}",
                   "a");
    fixture_expect(f, c,
                   "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"for _, e in "
                   "ipairs(events.recent{limit=9}) do print(e.kind, e.plugin) end\"}",
                   "plugin.blamed");
    munmap((void *)page, sizeof *page);
    client_close(c);
    client_close(other);
    fixture_stop(f);
}

/* The same while it loads, which every opening would do again: it is left out, until it is mended
 * and switched on. */
static void a_plugin_that_hangs_while_it_loads_is_left_out(void **state)
{
    struct fixture *f = *state;
    struct script_work work = { 0 };
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "done");
    pid_t oak = worker_of(f, "oak", NULL, 0);
    const struct script_page *page = worker_page(oak);
    hang_add(f, "oak", "while true do end", 100); /* to load it may take 20 times as long */
    static const char reload[] = "{\"op\":\"reload\",\"org\":\"oak\"}";
    fixture_ok(f, client_send(c, reload, sizeof reload - 1, &f->e));
    while (!page_read(page, &work))
        pause_ms(1);
    kill(oak, SIGSTOP);
    assert_string_equal(work.plugin, "hang");
    assert_true(work.loading);
    char *answer = fixture_answer(f, c);
    if (!strstr(answer, "while plugin hang was at work in oak (killed after "))
        fail_msg("%s", answer);
    mem_free(answer);
    for (int i = 0; i < 2; i++) { /* its successor opens the organisation, and so does the next */
        oak = worker_after(f, "oak", oak);
        fixture_expect(f, c, hello_oak, "\"2\\n\"");
        fixture_expect(f, c, "{\"op\":\"status\",\"org\":\"oak\"}", "\"loaded\":false");
        fixture_expect(f, c, "{\"op\":\"status\",\"org\":\"oak\"}",
                       "while plugin hang was at work");
        if (i == 0)
            kill(oak, SIGKILL);
    }
    fixture_expect(f, c,
                   "{\"op\":\"eval\",\"org\":\"oak\",\"text\":\"for _, e in "
                   "ipairs(events.recent{limit=9}) do print(e.kind, e.plugin) end\"}",
                   "plugin.switched_off");
    fixture_write(f, "plugins/hang/init.lua", "baton.command('well', {}, function() end)");
    fixture_expect(f, c, "{\"op\":\"plugin\",\"org\":\"oak\",\"name\":\"hang\",\"action\":\"on\"}",
                   "done");
    fixture_expect(f, c, reload, "done");
    fixture_expect(f, c, "{\"op\":\"status\",\"org\":\"oak\"}", "\"loaded\":true");
    munmap((void *)page, sizeof *page);
    client_close(c);
    fixture_stop(f);
}

static void a_status_waits_for_nobody(void **state)
{
    struct fixture *f = *state;
    char problem[512] = "";
    fixture_start(f);
    pid_t oak = worker_of(f, "oak", NULL, 0);
    kill(oak, SIGSTOP);
    int64_t began = now_ms();
    assert_int_equal(worker_of(f, "oak", problem, sizeof problem), oak);
    assert_true(now_ms() - began < 5000);
    assert_non_null(strstr(problem, "does not answer"));
    kill(oak, SIGCONT);
    worker_of(f, "oak", problem, sizeof problem);
    assert_string_equal(problem, "");
    fixture_stop(f);
}

static void a_stop_does_not_wait_for_a_worker_that_hangs(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "done");
    pid_t oak = worker_of(f, "oak", NULL, 0);
    kill(oak, SIGSTOP);
    fixture_ok(f, client_send(c, hello_oak, sizeof hello_oak - 1, &f->e));
    int64_t began = now_ms();
    fixture_stop(f);
    assert_true(now_ms() - began < LIMIT_STOP_MS + 5000);
    assert_false(process_lives(oak));
    char *answer = fixture_answer(f, c);
    assert_non_null(strstr(answer, "the process that hosted oak ended"));
    mem_free(answer);
    client_close(c);
}

/* ---- the whole ---- */

static void a_new_organisation_is_found(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_ok(f, home_add_org(f->home, "fir", NULL, &f->e));
    fixture_expect(f, c, "{\"op\":\"eval\",\"org\":\"fir\",\"text\":\"1 + 1\"}", "\"2\\n\"");
    fixture_ok(f, home_add_org(f->home, "yew", NULL, &f->e));
    fixture_expect(f, c, "{\"op\":\"reload\"}", "{\"done\":{\"waiting\":[]}}");
    fixture_expect(f, c, "{\"op\":\"status\"}", "{\"name\":\"yew\",\"zone\":\"");
    client_close(c);
    fixture_stop(f);
}

static void one_process_where_one_is_wanted(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "baton.ini", "[home]\nworkers = 1\n");
    home_close(f->home);
    f->home = NULL;
    fixture_ok(f, home_open(&f->home, f->dir, NULL, &f->e));
    fixture_start(f);
    assert_int_equal(worker_of(f, "oak", NULL, 0), worker_of(f, "elm", NULL, 0));
    fixture_stop(f);
}

/* What a busy worker is told to host comes in several lists, and is found behind other work, when
 * requests for those on the last one are there too: an older list closes nothing. */
static void organisations_that_come_while_it_is_busy(void **state)
{
    enum { ORGS = 6, RELOADS = 3 };
    struct fixture *f = *state;
    struct client *clients[ORGS + RELOADS];
    fixture_write(f, "baton.ini", "[home]\nworkers = 1\n");
    home_close(f->home);
    f->home = NULL;
    fixture_ok(f, home_open(&f->home, f->dir, NULL, &f->e));
    fixture_start(f);
    pid_t worker = worker_of(f, "oak", NULL, 0);
    kill(worker, SIGSTOP);
    for (int i = 0; i < ORGS + RELOADS; i++) {
        char json[100] = "{\"op\":\"reload\"}", org[16];
        clients[i] = fixture_connect(f);
        if (i >= RELOADS) {
            snprintf(org, sizeof org, "new_%d", i);
            fixture_ok(f, home_add_org(f->home, org, NULL, &f->e));
            snprintf(json, sizeof json, "{\"op\":\"eval\",\"org\":\"%s\",\"text\":\"1 + 1\"}", org);
        }
        fixture_ok(f, client_send(clients[i], json, strlen(json), &f->e));
        pause_ms(50);
    }
    kill(worker, SIGCONT);
    for (int i = 0; i < ORGS + RELOADS; i++) {
        char *answer = fixture_answer(f, clients[i]);
        if (!strstr(answer, i < RELOADS ? "done" : "\"2\\n\""))
            fail_msg("%s", answer);
        mem_free(answer);
        client_close(clients[i]);
    }
    assert_int_equal(worker_of(f, "oak", NULL, 0), worker);
    fixture_stop(f);
}

static void clients_come_and_go_without_a_trace(void **state)
{
    struct fixture *f = *state;
    fixture_start(f);
    struct client *c = fixture_connect(f);
    fixture_expect(f, c, hello_oak, "done");
    fixture_expect(f, c, hello_elm, "done");
    pid_t workers[] = { worker_of(f, "oak", NULL, 0), worker_of(f, "elm", NULL, 0) };
    int before = open_files(getpid());
    int worker_before[] = { open_files(workers[0]), open_files(workers[1]) };
    for (int i = 0; i < 100; i++) {
        struct client *guest = fixture_connect(f);
        fixture_expect(f, guest, i % 2 ? hello_oak : hello_elm, "done");
        if (i % 3 == 0)
            fixture_ok(f, client_send(guest, hello_oak, sizeof hello_oak - 1, &f->e));
        client_close(guest);
    }
    bool same = false;
    for (int i = 0; i < 200 && !same; i++) {
        pause_ms(10);
        same = open_files(getpid()) <= before && open_files(workers[0]) <= worker_before[0] &&
               open_files(workers[1]) <= worker_before[1];
    }
    if (!same)
        fail_msg("front %d → %d, workers %d → %d, %d → %d", before, open_files(getpid()),
                 worker_before[0], open_files(workers[0]), worker_before[1],
                 open_files(workers[1]));
    client_close(c);
    fixture_stop(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, worker_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_request_of_a_killed_worker_is_answered),
        T(an_idle_client_hears_that_its_session_is_gone),
        T(a_worker_that_dies_often_rests),
        T(a_worker_that_can_not_begin_is_told),
        T(a_killed_front_takes_its_workers_along),
        T(a_call_that_never_returns_ends_with_its_process),
        T(a_plugin_that_hangs_while_it_loads_is_left_out),
        T(a_status_waits_for_nobody),
        T(a_stop_does_not_wait_for_a_worker_that_hangs),
        T(a_new_organisation_is_found),
        T(one_process_where_one_is_wanted),
        T(organisations_that_come_while_it_is_busy),
        T(clients_come_and_go_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
