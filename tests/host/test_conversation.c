#include "host_fixture.h"

#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>

#include "baton/base/json.h"

static const char plugin[] =
    "baton.command('add', {}, function(args) return { sum = args.a + args.b } end)\n"
    "baton.report('names', {}, function() local t = {} for p in people.each{} do t[#t+1] = {name = "
    "p.name} end "
    "return t end)\n";

struct world {
    struct fixture *f;
    struct org *o;
    struct talk t;
};

static int world_setup(void **state)
{
    struct world *w = mem_new(struct world);
    if (fixture_setup((void **)&w->f))
        return -1;
    fixture_plugin(w->f, "p", plugin);
    fixture_org(w->f, "oak", "p", true);
    w->o = fixture_open(w->f, "oak");
    talk_open(&w->t);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    void *f = w->f;
    talk_close(&w->t);
    org_close(w->o);
    mem_free(w);
    return fixture_teardown(&f);
}

static const char *ask(struct world *w, const char *json)
{
    return talk_ask(&w->t, w->o, json);
}

static void eval_keeps_variables(void **state)
{
    struct world *w = *state;
    const char *frames = ask(w, "{\"op\":\"eval\",\"text\":\"x = 20\"}");
    assert_has(frames, "{\"done\":{\"now_ms\":");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"x + 1\"}");
    assert_has(frames, "{\"out\":\"21\\n\",\"stream\":\"print\"}");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"for i = 1, 3 do\"}");
    assert_string_equal(frames, "{\"incomplete\":true}\n");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"print('a') log.warn('b') print('c')\"}");
    assert_has(frames,
               "{\"out\":\"a\\n\",\"stream\":\"print\"}\n{\"out\":\"b\\n\",\"stream\":\"warn\"}\n"
               "{\"out\":\"c\\n\",\"stream\":\"print\"}\n{\"done\"");
}

static void a_failing_statement_leaves_nothing(void **state)
{
    struct world *w = *state;
    const char *frames =
        ask(w, "{\"op\":\"eval\",\"text\":\"people.add{name='Ada'} error('stop')\"}");
    assert_has(frames, "{\"error\":{\"code\":\"script\"");
    assert_has(frames, "stop");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"people.count{}\"}");
    assert_has(frames, "\"0\\n\"");
}

static void malformed_requests_are_answered(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *json, *code, *where;
    } cases[] = {
        { "", "invalid", "" },
        { "{", "invalid", "" },
        { "[1]", "invalid", "\"/\"" },
        { "{\"text\":\"1\"}", "invalid", "\"/op\"" },
        { "{\"op\":1}", "invalid", "\"/op\"" },
        { "{\"op\":\"evil\",\"text\":\"1\"}", "did you mean \\\"eval\\\"", "\"/op\"" },
        { "{\"op\":\"eval\"}", "invalid", "\"/text\"" },
        { "{\"op\":\"eval\",\"text\":7}", "invalid", "\"/text\"" },
        { "{\"op\":\"eval\",\"text\":\"1\",\"txt\":1}", "did you mean \\\"text\\\"", "\"/txt\"" },
        { "{\"op\":\"eval\",\"text\":\"1\",\"as\":\"S-9\"}", "not_found", "\"/as\"" },
        { "{\"op\":\"eval\",\"text\":\"1\",\"as\":\"S\\u00009\"}", "invalid", "" },
        { "{\"op\":\"eval\",\"text\":\"1\",\"cwd\":\"here\"}", "absolute", "\"/cwd\"" },
        { "{\"op\":\"run\",\"source\":\"\",\"name\":\"x\",\"args\":[1]}", "list of texts",
          "\"/args/0\"" },
        { "{\"op\":\"run\",\"source\":\"\",\"name\":\"x\",\"files\":[\"a\"]}", "absolute",
          "\"/files/0\"" },
        { "{\"op\":\"import\",\"entity\":\"peeple\",\"path\":\"/x.csv\"}",
          "did you mean \\\"people\\\"", "\"/entity\"" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/x.xls\"}", "csv or jsonl",
          "\"/format\"" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/nowhere/x.csv\"}", "not_found",
          "" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/tmp\",\"format\":\"csv\"}",
          "no file", "" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/x.csv\",\"separator\":\"ab\"}",
          "one character", "\"/separator\"" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/x.csv\",\"map\":[\"a\"]}",
          "HEADER=COLUMN", "\"/map/0\"" },
        { "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"/x.csv\",\"dry_run\":1}",
          "true or false", "\"/dry_run\"" },
        { "{\"op\":\"complete\",\"line\":\"peo\",\"cursor\":9}", "0 to 3", "\"/cursor\"" },
        { "{\"op\":\"command\",\"name\":\"add\",\"args\":[1]}", "object", "\"/args\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *frames = ask(w, cases[i].json);
        assert_has(frames, "{\"error\":{\"code\":");
        assert_has(frames, cases[i].code);
        assert_has(frames, cases[i].where);
        assert_lacks(frames, "\"done\"");
    }
    assert_has(ask(w, "{\"op\":\"eval\",\"text\":\"1\"}"), "\"done\"");
}

static void scripts_run_in_slices(void **state)
{
    struct world *w = *state;
    const char *frames = ask(w, "{\"op\":\"run\",\"name\":\"load.lua\",\"args\":[\"300\"],"
                                "\"source\":\"for i = 1, tonumber(arg[1]) do "
                                "people.add{name = 'P' .. i} progress(i, 300, 'people') end "
                                "print(arg[0], people.count{})\"}");
    assert_has(frames, "load.lua\\t300\\n");
    assert_has(frames, "{\"progress\":{\"done\":300,\"total\":300,\"label\":\"people\"}}");
    frames = ask(w, "{\"op\":\"run\",\"name\":\"bad.lua\",\"source\":\"people.add{name='x'}"
                    "\\nerror('here')\"}");
    assert_has(frames, "bad.lua:2");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"people.count{}\"}");
    assert_has(frames, "301");
}

static void a_script_is_cancelled(void **state)
{
    struct world *w = *state;
    struct talk *t = &w->t;
    static const char run[] =
        "{\"op\":\"run\",\"name\":\"x.lua\",\"source\":\"while true do people.add{name='x'} end\"}";
    buf_clear(&t->frames);
    conversation_start(t->c, w->o, run, strlen(run));
    for (int i = 0; i < 3; i++) {
        assert_true(conversation_busy(t->c));
        conversation_step(t->c);
    }
    conversation_cancel(t->c);
    conversation_step(t->c);
    assert_false(conversation_busy(t->c));
    assert_has(buf_text(&t->frames), "{\"error\":{\"code\":\"cancelled\"");
    assert_has(ask(w, "{\"op\":\"eval\",\"text\":\"people.count{} > 0\"}"), "true");
}

/* Plain values go into the new world; code does not, and that is told at once. */
static void a_reload_keeps_variables(void **state)
{
    struct world *w = *state;
    ask(w, "{\"op\":\"eval\",\"text\":\"x = 1 y = 'two' z = 2.5 b = true none = baton.none "
           "p = people.add{name = 'Ada'} t = { p, n = { 1, 2 } } t.again = t t.n.same = t.n\"}");
    buf_clear(&w->t.frames);
    fixture_ok(w->f, org_reload(w->o, &w->f->e));
    assert_string_equal(buf_text(&w->t.frames), "");
    const char *frames = ask(
        w,
        "{\"op\":\"eval\",\"text\":\"print(x, math.type(x), y, z, b, none == baton.none, p.name, "
        "t[1] == p, t.n[2], t.again == t, t.n.same == t.n)\"}");
    assert_has(frames, "1\\tinteger\\ttwo\\t2.5\\ttrue\\ttrue\\tAda\\ttrue\\t2\\ttrue\\ttrue");
    assert_lacks(frames, "notice");
    ask(w,
        "{\"op\":\"eval\",\"text\":\"f = function() return x end m = setmetatable({}, {}) t.f = f "
        "deep = {} local d = deep for i = 1, 100 do d.d = {} d = d.d end\"}");
    ask(w, "{\"op\":\"eval\",\"text\":\"f\"}"); /* _ is the function now */
    buf_clear(&w->t.frames);
    fixture_ok(w->f, org_reload(w->o, &w->f->e));
    assert_lacks(buf_text(&w->t.frames), " _");
    assert_has(buf_text(&w->t.frames), "these are gone, being code: ");
    static const char *const gone[] = { "f", "m", "t (in part)", "deep (in part)" };
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        assert_has(buf_text(&w->t.frames), gone[i]);
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"print(f, m, t.f, x, t.n[1], deep.d.d ~= nil)\"}");
    assert_has(frames, "nil\\tnil\\tnil\\t1\\t1\\ttrue");
    assert_string_equal(ask(w, "{\"op\":\"reload\"}"), "{\"done\":{\"waiting\":[]}}\n");
}

/* The plugin says which it is; a script that began with the first is told so to its end. */
static void a_script_finishes_on_the_old_code(void **state)
{
    struct world *w = *state;
    struct talk *t = &w->t;
    static const char run[] =
        "{\"op\":\"run\",\"name\":\"x.lua\",\"source\":\"print(baton.call('which')) "
        "while not people.first{name='stop'} do people.count() end print(baton.call('which'))\"}";
    static const char which[] = "{\"op\":\"eval\",\"text\":\"'now ' .. baton.call('which')\"}";
    struct talk other;
    talk_open(&other);
    for (int i = 1; i <= 3; i++) {
        char lua[96];
        snprintf(lua, sizeof lua, "baton.command('which', {}, function() return 'code %d' end)", i);
        fixture_plugin(w->f, "p", lua);
        fixture_ok(w->f, org_reload(w->o, &w->f->e));
        if (i == 1) {
            buf_clear(&t->frames);
            t->last = 0;
            conversation_start(t->c, w->o, run, strlen(run));
        }
        conversation_step(t->c);
        assert_true(conversation_busy(t->c));
        char now[32];
        snprintf(now, sizeof now, "now code %d", i);
        assert_has(talk_ask(&other, w->o, which), now);
    }
    talk_ask(&other, w->o, "{\"op\":\"eval\",\"text\":\"people.add{name='stop'}\"}");
    for (int i = 0; i < 1000 && conversation_busy(t->c); i++)
        conversation_step(t->c);
    assert_int_equal(t->last, 1);
    assert_has(buf_text(&t->frames), "{\"done\":");
    assert_has(buf_text(&t->frames), "code 1\\n");
    assert_lacks(buf_text(&t->frames), "code 2");
    assert_lacks(buf_text(&t->frames), "code 3");
    talk_close(&other);
}

/* Whoever leaves takes a world with it that nobody else needs; closing ends those that run. */
static void closing_ends_scripts_of_old_worlds(void **state)
{
    struct world *w = *state;
    struct talk *t = &w->t;
    static const char run[] = "{\"op\":\"run\",\"name\":\"x.lua\",\"source\":\"while true do "
                              "people.count() end\"}";
    t->last = 0;
    conversation_start(t->c, w->o, run, strlen(run));
    conversation_step(t->c);
    fixture_ok(w->f, org_reload(w->o, &w->f->e));
    assert_true(conversation_busy(t->c));
    org_close(w->o);
    assert_false(conversation_busy(t->c));
    assert_int_equal(t->last, 1);
    assert_has(buf_text(&t->frames), "closed: run was stopped");
    w->o = fixture_open(w->f, "oak");
    assert_has(ask(w, "{\"op\":\"eval\",\"text\":\"1 + 1\"}"), "2");
}

static void commands_and_reports(void **state)
{
    struct world *w = *state;
    assert_has(ask(w, "{\"op\":\"command\",\"name\":\"add\",\"args\":{\"a\":2,\"b\":3}}"),
               "{\"done\":{\"result\":{\"sum\":5}}}");
    assert_has(ask(w, "{\"op\":\"command\",\"name\":\"ad\"}"), "\"error\"");
    ask(w, "{\"op\":\"eval\",\"text\":\"people.add{name='Ada'}\"}");
    assert_has(ask(w, "{\"op\":\"report\",\"name\":\"names\"}"),
               "{\"done\":{\"columns\":[],\"zone\":\"UTC\",\"result\":[{\"name\":\"Ada\"}]}}");
}

static void completion(void **state)
{
    struct world *w = *state;
    const char *frames = ask(w, "{\"op\":\"complete\",\"line\":\"peop\",\"cursor\":4}");
    assert_has(frames, "\"people");
    assert_has(frames, "\"start\":0");
}

static void import_and_export(void **state)
{
    struct world *w = *state;
    char request[512];
    fixture_write(w->f, "people.csv",
                  "Given,email,external_id\nAda,ada@example.org,a\n,none@example.org,b\nBjörn,b@"
                  "example.org,c\n");
    snprintf(request, sizeof request,
             "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"%s/"
             "people.csv\",\"map\":{\"Given\":\"name\"}}",
             w->f->dir);
    const char *frames = ask(w, request);
    assert_has(frames, "{\"refused\":{\"line\":3,");
    assert_has(frames, "{\"done\":{\"report\":{\"lines\":3,\"created\":2,\"changed\":0,"
                       "\"unchanged\":0,\"refused\":1}}}");
    snprintf(request, sizeof request,
             "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"%s/"
             "people.csv\",\"map\":[\"Given=name\"],"
             "\"dry_run\":true}",
             w->f->dir);
    assert_has(ask(w, request), "\"unchanged\":2");
    frames = ask(w, "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"-\"}");
    assert_has(frames, "{\"data\":\"");
    assert_has(frames, "Björn");
    snprintf(request, sizeof request,
             "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"%s/out.jsonl\"}", w->f->dir);
    assert_has(ask(w, request), "\"lines\":2");
    char *out = fixture_read(w->f, "out.jsonl");
    assert_has(out, "ada@example.org");
    mem_free(out);
    snprintf(request, sizeof request,
             "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"%s/no/out.csv\"}", w->f->dir);
    assert_has(ask(w, request), "\"code\":\"io\"");
    snprintf(request, sizeof request,
             "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"%s\",\"format\":\"csv\"}",
             w->f->dir);
    assert_has(ask(w, request), "is a folder");
}

/* Neither may freeze whoever hosts the organisation. */
static void pipes_and_devices_are_refused(void **state)
{
    struct world *w = *state;
    char request[512], pipe[128];
    snprintf(pipe, sizeof pipe, "%s/pipe.csv", w->f->dir);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    const char *const paths[] = { pipe, "/dev/zero" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(request, sizeof request,
                 "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"%s\",\"format\":\"csv\"}",
                 paths[i]);
        assert_has(ask(w, request), "it is no file");
        snprintf(request, sizeof request,
                 "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"%s\",\"format\":\"csv\"}",
                 paths[i]);
        assert_has(ask(w, request), "no regular file");
    }
}

static void cancel_at_progress(void *context)
{
    conversation_cancel(context);
}

static void an_import_asks_whether_to_stop(void **state)
{
    struct world *w = *state;
    char request[512];
    struct buf csv = BUF_INIT;
    buf_puts(&csv, "name\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&csv, "P%d\n", i);
    fixture_write(w->f, "many.csv", csv.data);
    buf_free(&csv);
    snprintf(request, sizeof request,
             "{\"op\":\"import\",\"entity\":\"people\",\"path\":\"%s/many.csv\"}", w->f->dir);
    org_set_poll(w->o, cancel_at_progress, w->t.c);
    const char *frames = ask(w, request);
    org_set_poll(w->o, NULL, NULL);
    assert_has(frames, "\"code\":\"cancelled\"");
    assert_has(frames, "kept before that:");
    assert_has(frames, " created");
    assert_has(ask(w, "{\"op\":\"eval\",\"text\":\"people.count{} <= 1000\"}"), "true");
}

static void large_exports_keep_characters_whole(void **state)
{
    struct world *w = *state;
    const char *frames = ask(w, "{\"op\":\"run\",\"name\":\"x\",\"source\":\"for i = 1, 40 do "
                                "people.add{name = ('ö'):rep(2000 + i % 2) .. i} end\"}");
    assert_has(frames, "done");
    frames = ask(w, "{\"op\":\"export\",\"entity\":\"people\",\"path\":\"-\"}");
    assert_lacks(frames, "\xef\xbf\xbd"); /* what the writer puts for half a character */
    size_t umlauts = 0;
    for (const char *p = frames; (p = strstr(p, "ö")); p += 2)
        umlauts++;
    assert_int_equal(umlauts, 40 * 2000 + 20);
}

static void audit_status_settle(void **state)
{
    struct world *w = *state;
    ask(w, "{\"op\":\"eval\",\"text\":\"people.add{name='Ada'}\"}");
    const char *frames = ask(w, "{\"op\":\"audit\"}");
    assert_has(frames, "{\"done\":{\"result\":{\"ok\":true,");
    assert_has(frames, "\"differs\":null");
    frames = ask(w, "{\"op\":\"status\"}");
    assert_has(frames, "\"name\":\"oak\"");
    assert_has(frames, "\"clock\":\"movable\"");
    assert_has(frames, "\"plugins\":[{\"name\":\"p\",\"version\":\"1.0.0\"");
    assert_has(frames, "\"people\":1");
    assert_string_equal(ask(w, "{\"op\":\"settle\"}"), "{\"done\":{}}\n");
}

static void another_actor_has_another_session(void **state)
{
    struct world *w = *state;
    ask(w, "{\"op\":\"eval\",\"text\":\"staff.add{name='Ada', roles='specialist'}; x = 1\"}");
    const char *frames = ask(w, "{\"op\":\"eval\",\"text\":\"x\",\"as\":\"S-1\"}");
    assert_has(frames, "somebody else acts now");
    assert_has(frames, "nil");
    frames = ask(w, "{\"op\":\"eval\",\"text\":\"baton.actor().ref\",\"as\":\"S-1\"}");
    assert_has(frames, "S-1");
    assert_lacks(frames, "notice");
    frames = ask(
        w, "{\"op\":\"eval\",\"text\":\"staff.add{name='Bob', roles='admin'}\",\"as\":\"S-1\"}");
    assert_has(frames, "\"code\":\"denied\"");
}

static void many_share_one_turn(void **state)
{
    struct world *w = *state;
    struct talk t[3];
    struct conversation *c[3];
    struct json_t *requests[3];
    static const char *const texts[] = {
        "{\"op\":\"eval\",\"text\":\"people.add{name='A'}\"}",
        "{\"op\":\"eval\",\"text\":\"people.add{name='B'} error('no')\"}",
        "{\"op\":\"eval\",\"text\":\"people.count{}\"}"
    };
    struct store_stats before, after;
    for (size_t i = 0; i < 3; i++) {
        struct error e;
        talk_open(&t[i]);
        c[i] = t[i].c;
        assert_int_equal(json_read(texts[i], strlen(texts[i]), &requests[i], &e), 0);
        assert_true(conversation_shares(requests[i]));
    }
    fixture_ok(w->f, store_stats(org_store(w->o), &before, &w->f->e));
    conversation_start_many(c, requests, 3, w->o);
    fixture_ok(w->f, store_stats(org_store(w->o), &after, &w->f->e));
    assert_int_equal(after.turns, before.turns + 1);
    assert_has(buf_text(&t[0].frames), "done");
    assert_has(buf_text(&t[1].frames), "error");
    assert_has(buf_text(&t[2].frames), "\"1\\n\"");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(t[i].last, 1);
        json_decref(requests[i]);
        talk_close(&t[i]);
    }
}

static void closing_the_org_frees_the_conversation(void **state)
{
    struct world *w = *state;
    ask(w, "{\"op\":\"eval\",\"text\":\"x = 1\"}");
    assert_ptr_equal(conversation_org(w->t.c), w->o);
    assert_true(conversation_has_session(w->t.c));
    org_close(w->o);
    assert_null(conversation_org(w->t.c));
    assert_false(conversation_has_session(w->t.c));
    w->o = fixture_open(w->f, "oak");
    assert_has(ask(w, "{\"op\":\"eval\",\"text\":\"1\"}"), "done");
}

/* The disk says no: everything of the turn failed, nothing is shown, and it goes on afterwards. */
static void a_failed_commit_fails_the_request(void **state)
{
    struct world *w = *state;
    struct rlimit before, none;
    ask(w, "{\"op\":\"eval\",\"text\":\"x = 1; people.add{name='Ada'}\"}");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 1;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    char *frames =
        mem_dup(ask(w, "{\"op\":\"eval\",\"text\":\"for i = 1, 200 do people.add{name='Bob'} end "
                       "print('kept'); return people.add{name='Eve'}\"}"));
    char *script =
        mem_dup(ask(w, "{\"op\":\"run\",\"name\":\"x\",\"source\":\"people.add{name='Cid'}\"}"));
    char *caught = mem_dup(ask(w, "{\"op\":\"run\",\"name\":\"x\",\"source\":\"pcall(people.add, "
                                  "{name='Cid'})\"}"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_has(caught, "the script was stopped");
    assert_has(caught, "org.db: writing failed: File too large"); /* why */
    mem_free(caught);
    assert_has(frames, "{\"error\":{\"code\":\"io\"");
    assert_lacks(frames, "\"done\"");
    assert_lacks(frames, "\"out\"");
    assert_has(script, "{\"error\":{");
    mem_free(frames);
    mem_free(script);
    const char *now = ask(w, "{\"op\":\"eval\",\"text\":\"tostring(x) .. people.count{}\"}");
    assert_has(now, "nil1");
    assert_has(now, "the variables of this session are gone");
    assert_has(
        ask(w, "{\"op\":\"eval\",\"text\":\"people.add{name='Dan'}; return people.count{}\"}"),
        "\"2\\n\"");
    assert_has(ask(w, "{\"op\":\"audit\"}"), "\"ok\":true");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(eval_keeps_variables),
        T(a_failing_statement_leaves_nothing),
        T(malformed_requests_are_answered),
        T(scripts_run_in_slices),
        T(a_script_is_cancelled),
        T(a_reload_keeps_variables),
        T(a_script_finishes_on_the_old_code),
        T(closing_ends_scripts_of_old_worlds),
        T(commands_and_reports),
        T(completion),
        T(import_and_export),
        T(pipes_and_devices_are_refused),
        T(an_import_asks_whether_to_stop),
        T(large_exports_keep_characters_whole),
        T(audit_status_settle),
        T(another_actor_has_another_session),
        T(many_share_one_turn),
        T(closing_the_org_frees_the_conversation),
        T(a_failed_commit_fails_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
