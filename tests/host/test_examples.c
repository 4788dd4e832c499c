/* Every example of the Lua reference, run as its reader would run it.
 *
 * The page is read as script_reference gives it: under each function (###) and
 * topic (## NAME: …) stands one block of Lua. Each runs in an organisation of
 * its own in which the rows of examples/rows.lua stand, with the plugin
 * examples/tutoring, at 2026-03-02 09:00 UTC. Comments part the block:
 *   -- in init.lua       a file of a plugin that the organisation has (any name.lua, plugin.ini)
 *   -- at the prompt     each statement is a line typed there, what it prints is shown
 *   -- in a script       anything else; the beginning, if nothing is said
 * Examples of the module spec are files of specs; those of t and expect stand in
 * a case. What --> means: examples/run.lua. */
#include "host_fixture.h"

#include <jansson.h>

#include "baton/host/scratch.h"
#include "baton/host/suite.h"

static const int64_t examples_now_ms = 1772442000000; /* 2026-03-02 09:00 UTC */

struct world {
    struct fixture *f;
    struct buf run, rows; /* examples/run.lua, examples/rows.lua */
    struct buf failures;
    size_t examples, orgs;
    char module[64], name[256]; /* of the example at work */
};

static void world_fail(struct world *w, const char *why)
{
    buf_printf(&w->failures, "\n  %s\n      %s", w->name, why);
}

/* ---- places ---- */

enum place { PLACE_SCRIPT, PLACE_PROMPT, PLACE_PLUGIN };

struct part {
    enum place place;
    char file[64]; /* of the plugin */
    struct buf text;
};

/* Is the line, without its end, a comment that names a place? */
static bool part_begins(const char *line, size_t n, struct part *part)
{
    char text[64] = "";
    if (n >= sizeof text)
        return false;
    memcpy(text, line, n);
    part->place = PLACE_SCRIPT;
    if (!strcmp(text, "-- at the prompt"))
        part->place = PLACE_PROMPT;
    else if (sscanf(text, "-- in %40[a-z_.]", part->file) == 1 && strchr(part->file, '.'))
        part->place = PLACE_PLUGIN;
    else
        return !strcmp(text, "-- in a script");
    return true;
}

enum { PARTS = 4 };

static size_t parts_read(const char *text, struct part parts[PARTS])
{
    size_t count = 1;
    memset(parts, 0, PARTS * sizeof *parts);
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        struct part next = { .text = BUF_INIT };
        n = strcspn(text, "\n");
        if (part_begins(text, n, &next)) {
            count += parts[count - 1].text.len ? 1 : 0;
            assert_true(count <= PARTS);
            parts[count - 1] = next;
        } else {
            buf_printf(&parts[count - 1].text, "%.*s\n", (int)n, text);
        }
    }
    return count;
}

/* ---- what an organisation says ---- */

struct heard {
    struct conversation *c;
    struct buf out, error;
    bool incomplete;
};

static void heard_frame(void *context, const char *json, size_t n, bool last)
{
    struct heard *h = context;
    json_t *frame = json_loadb(json, n, 0, NULL);
    const char *out = json_string_value(json_object_get(frame, "out"));
    const json_t *error = json_object_get(frame, "error");
    (void)last;
    if (out)
        buf_puts(&h->out, out);
    if (error)
        buf_printf(&h->error, "%s", json_string_value(json_object_get(error, "message")));
    h->incomplete |= json_is_true(json_object_get(frame, "incomplete"));
    json_decref(frame);
}

static void heard_ask(struct heard *h, struct org *o, json_t *request)
{
    h->incomplete = false;
    buf_clear(&h->out);
    buf_clear(&h->error);
    conversation_start_value(h->c, o, request);
    while (conversation_busy(h->c))
        conversation_step(h->c);
    json_decref(request);
}

/* … stands for anything. */
static bool heard_matches(const char *got, const char *wanted)
{
    static const char any[] = "…";
    const char *gap = strstr(wanted, any);
    if (!gap)
        return !strcmp(got, wanted);
    size_t n = (size_t)(gap - wanted);
    if (strncmp(got, wanted, n) != 0)
        return false;
    for (got += n;; got++) {
        if (heard_matches(got, gap + sizeof any - 1))
            return true;
        if (!*got)
            return false;
    }
}

/* ---- running one ---- */

static void run_script(struct world *w, struct org *o, const char *text)
{
    struct heard h = { .out = BUF_INIT, .error = BUF_INIT };
    struct buf source = BUF_INIT;
    h.c = conversation_new(heard_frame, &h);
    buf_printf(&source, "%s\n%s\nrun_example([===[\n%s]===])", buf_text(&w->run),
               buf_text(&w->rows), text);
    heard_ask(&h, o,
              json_pack("{s:s, s:s, s:s, s:s}", "op", "run", "name", "example", "cwd", w->f->dir,
                        "source", buf_text(&source)));
    if (h.error.len)
        world_fail(w, buf_text(&h.error));
    conversation_free(h.c);
    buf_free(&source);
    buf_free(&h.out);
    buf_free(&h.error);
}

/* A statement, and what it is to show: "" if nothing is said of it. */
static void prompt_check(struct world *w, const struct heard *h, const char *typed,
                         struct buf *wanted)
{
    struct buf why = BUF_INIT;
    const char *got = h->error.len ? buf_text(&h->error) : buf_text(&h->out);
    if (h->error.len || h->incomplete || (wanted->len && !heard_matches(got, buf_text(wanted))))
        buf_printf(&why, "%s\n      expected: %s\n      got:      %s%s", typed, buf_text(wanted),
                   got, h->incomplete ? "(unfinished)" : "");
    if (why.len)
        world_fail(w, buf_text(&why));
    buf_free(&why);
}

static void run_prompt(struct world *w, struct org *o, const char *text)
{
    static const char arrow[] = "--> ";
    struct heard h = { .out = BUF_INIT, .error = BUF_INIT };
    struct buf typed = BUF_INIT, wanted = BUF_INIT;
    h.c = conversation_new(heard_frame, &h);
    heard_ask(&h, o, json_pack("{s:s, s:s}", "op", "eval", "text", buf_text(&w->rows)));
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        const char *shown = memmem(text, n, arrow, sizeof arrow - 1);
        size_t code = shown ? (size_t)(shown - text) : n;
        bool more = shown == text;
        if (shown)
            buf_printf(&wanted, "%.*s\n", (int)(n - code) - 4, shown + 4);
        if (!more) {
            buf_clear(&typed);
            buf_add(&typed, text, code);
            heard_ask(&h, o, json_pack("{s:s, s:s}", "op", "eval", "text", buf_text(&typed)));
        }
        const char *next = text + n + (text[n] == '\n');
        if (strncmp(next, arrow, sizeof arrow - 1) != 0) {
            prompt_check(w, &h, buf_text(&typed), &wanted);
            buf_clear(&wanted);
        }
    }
    conversation_free(h.c);
    buf_free(&typed);
    buf_free(&wanted);
    buf_free(&h.out);
    buf_free(&h.error);
}

/* The plugin "office": the files that the example has. */
static void write_plugin(struct world *w, const struct part *parts, size_t count)
{
    static const char ini[] =
        "[plugin]\nname = office\nversion = 1.2.0\ntitle = Office\napi = 1\n"
        "requires = tutoring >= 1.0\nroles = board\n"
        "permissions = people, partners, services, staff, messages, timers, consents\n"
        "[setting pupils_per_tutor]\ntype = int\ndefault = 3\n";
    fixture_write(w->f, "plugins/office/plugin.ini", ini);
    for (size_t i = 0; i < count; i++) {
        struct buf file = BUF_INIT;
        char path[128];
        if (parts[i].place != PLACE_PLUGIN)
            continue;
        if (!strcmp(parts[i].file, "init.lua"))
            buf_printf(&file, "%s\nrun_example([===[\n%s]===])", buf_text(&w->run),
                       buf_text(&parts[i].text));
        else
            buf_puts(&file, buf_text(&parts[i].text));
        snprintf(path, sizeof path, "plugins/office/%s", parts[i].file);
        fixture_write(w->f, path, buf_text(&file));
        buf_free(&file);
    }
}

static struct org *world_org(struct world *w, const char *plugins)
{
    char name[32];
    struct plugin_info info;
    snprintf(name, sizeof name, "school%zu", ++w->orgs);
    buf_clear(&w->f->notices);
    fixture_org(w->f, name, plugins, true);
    struct org *o = fixture_open(w->f, name);
    scratch_stop_clock(o, examples_now_ms);
    script_rewind(org_script(o));
    for (size_t i = 0; i < script_plugin_count(org_script(o)); i++) {
        script_plugin_at(org_script(o), i, &info);
        if (!info.loaded)
            world_fail(w, info.problem);
    }
    return o;
}

static void run_parts(struct world *w, const char *text)
{
    struct part parts[PARTS];
    size_t count = parts_read(text, parts);
    bool plugin = false;
    for (size_t i = 0; i < count; i++)
        plugin |= parts[i].place == PLACE_PLUGIN;
    if (plugin)
        write_plugin(w, parts, count);
    struct org *o = world_org(w, plugin ? "tutoring, office" : "tutoring");
    for (size_t i = 0; i < count; i++) {
        if (parts[i].place == PLACE_SCRIPT)
            run_script(w, o, buf_text(&parts[i].text));
        else if (parts[i].place == PLACE_PROMPT)
            run_prompt(w, o, buf_text(&parts[i].text));
        buf_free(&parts[i].text);
    }
    org_close(o);
}

static void spec_result(void *context, const struct suite_result *result)
{
    struct world *w = context;
    if (result->status == SUITE_FAILED)
        world_fail(w, result->why);
}

static void run_spec(struct world *w, const char *text, bool whole_file)
{
    struct suite_options o = { .home = w->f->home, .result = spec_result, .context = w };
    struct suite *s = suite_new(&o);
    struct suite_totals totals;
    struct buf file = BUF_INIT;
    char dir[128], path[160];
    if (whole_file)
        buf_puts(&file, text);
    else
        buf_printf(
            &file,
            "%s\nit('example', function(case)\n%s\nt = case\nrun_example([===[\n%s]===]) end)",
            buf_text(&w->run), buf_text(&w->rows), text);
    snprintf(dir, sizeof dir, "%s/plugins/tutoring", w->f->dir);
    snprintf(path, sizeof path, "%s/spec/example.lua", dir);
    fixture_write(w->f, "plugins/tutoring/spec/example.lua", buf_text(&file));
    if (suite_file(s, dir, path, &w->f->e))
        world_fail(w, w->f->e.message);
    suite_totals(s, &totals);
    if (totals.passed + totals.failed == 0)
        world_fail(w, "it has no case that runs");
    suite_free(s);
    buf_free(&file);
}

static void run_example(struct world *w, const char *text)
{
    w->examples++;
    if (strstr(text, "]===]") || strstr(text, "return ") == text)
        world_fail(w, "write the value behind -->, without return");
    if (!strcmp(w->module, "spec"))
        run_spec(w, text, true);
    else if (!strcmp(w->module, "t") || !strcmp(w->module, "expect"))
        run_spec(w, text, false);
    else
        run_parts(w, text);
}

/* ---- the page ---- */

/* Behind the block that follows a heading, or NULL: there is none before the next. */
static const char *page_block(const char *page, struct buf *block)
{
    static const char fence[] = "\n```lua\n";
    const char *begin = strstr(page, fence), *next = strstr(page, "\n##");
    if (!begin || (next && next < begin))
        return NULL;
    begin += sizeof fence - 1;
    const char *end = strstr(begin, "```\n");
    assert_non_null(end);
    buf_clear(block);
    buf_add(block, begin, (size_t)(end - begin));
    return end;
}

static void world_write_files(struct world *w)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { "people.csv", "name,age\nAda Lovelace,36\nGrace Hopper,85\n" },
        { "request.json", "{\"title\": \"Reading help\", \"hours\": 2}" },
        { "names.txt", "Ada Lovelace\nGrace Hopper\n" },
        { "plugins/tutoring/spec/.keep", "" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        fixture_write(w->f, files[i].name, files[i].text);
    for (int i = 0; i < 2; i++) {
        static const char *const names[] = { "plugin.ini", "init.lua" };
        struct buf text = BUF_INIT;
        char path[512], name[64];
        snprintf(path, sizeof path, BATON_SOURCE_DIR "/tests/host/examples/tutoring/%s", names[i]);
        fixture_ok(w->f, buf_read_file(&text, path, LIMIT_SOURCE_BYTES, &w->f->e));
        snprintf(name, sizeof name, "plugins/tutoring/%s", names[i]);
        fixture_write(w->f, name, buf_text(&text));
        buf_free(&text);
    }
}

static int world_setup(void **state)
{
    static const char dir[] = BATON_SOURCE_DIR "/tests/host/examples";
    struct world *w = mem_new(struct world);
    char path[512];
    if (fixture_setup((void **)&w->f))
        return -1;
    snprintf(path, sizeof path, "%s/run.lua", dir);
    fixture_ok(w->f, buf_read_file(&w->run, path, LIMIT_SOURCE_BYTES, &w->f->e));
    snprintf(path, sizeof path, "%s/rows.lua", dir);
    fixture_ok(w->f, buf_read_file(&w->rows, path, LIMIT_SOURCE_BYTES, &w->f->e));
    world_write_files(w);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    void *f = w->f;
    buf_free(&w->run);
    buf_free(&w->rows);
    buf_free(&w->failures);
    mem_free(w);
    return fixture_teardown(&f);
}

/* EXAMPLE, a part of a heading, is for whoever mends one. */
static void every_example(void **state)
{
    struct world *w = *state;
    struct buf page = BUF_INIT, block = BUF_INIT;
    const char *only = getenv("EXAMPLE");
    script_reference(&page);
    for (const char *at = buf_text(&page); (at = strstr(at, "\n##")); at++) {
        const char *title = at + 1 + strspn(at + 1, "# ");
        bool module = at[3] != '#';
        snprintf(w->name, sizeof w->name, "%.*s", (int)strcspn(title, "\n"), title);
        if (module)
            snprintf(w->module, sizeof w->module, "%.60s", w->name);
        if ((module && !strchr(w->module, ':')) || (only && !strstr(w->name, only)))
            continue;
        if (page_block(title, &block))
            run_example(w, buf_text(&block));
        else
            world_fail(w, "it has no example");
    }
    if (w->failures.len) {
        fprintf(stderr, "examples of the Lua reference:%s\n", buf_text(&w->failures));
        fail();
    }
    assert_true(only || w->examples > 150);
    buf_free(&page);
    buf_free(&block);
}

/* What must not pass. */
static void wrong_examples(void **state)
{
    static const struct {
        const char *module, *text, *why;
    } cases[] = {
        { "referral", "r.stage  --> \"accepted\"\n", "got:      \"requested\"" },
        { "referral", "r.stage  --> \"requested\", 1\n", "got:      \"requested\"" },
        { "referral", "r:advance(\"accept\")  --> error: …\n", "got:      R-1" },
        { "referral", "r:advance(\"finish\")\n", "no transition \"finish\"" },
        { "referral", "r:advance(\"finish\")  --> error: …role…\n", "no transition \"finish\"" },
        { "referral", "print(r.ref)  --> R-2\n", "got:      R-1" },
        { "referral", "for i = 1, 2 do print(i) end  --> 1\n", "got:      1\n2" },
        { "referral", "r.stage\n", "syntax error" },
        { "referral", "local x = {  --> 1\n", "no whole statement" },
        { "referral", "return r.stage\n", "without return" },
        { "baton", "-- in init.lua\nbaton.settings.pupils_per_tutor  --> 4\n", "got:      3" },
        { "baton", "-- in init.lua\nerror('no')\n", "no" },
        { "session", "-- at the prompt\nr.stage\n--> accepted\n", "got:      requested" },
        { "session", "-- at the prompt\nr.stag\n", "did you mean \"stage\"?" },
        { "session", "-- at the prompt\nfor i = 1, 2 do\n", "(unfinished)" },
        { "expect", "expect(r.stage):equals('accepted')\n", "requested" },
        { "t", "t.tasks()  --> {}\n", "got:      { K-1 }" },
        { "spec", "it('x', function() expect(1):equals(2) end)\n", "expected 2" },
        { "spec", "before(function() end)\n", "no case that runs" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&w->failures);
        snprintf(w->module, sizeof w->module, "%s", cases[i].module);
        run_example(w, cases[i].text);
        if (!strstr(buf_text(&w->failures), cases[i].why))
            fail_msg("%s passes, or fails with:%s", cases[i].text, buf_text(&w->failures));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_example, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(wrong_examples, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
