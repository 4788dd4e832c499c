/* An organisation with a plugin and a session, in a temporary directory: what
 * is typed runs as a command in a turn, what is shown is kept as text. */
#ifndef TESTS_SCRIPT_SESSION_FIXTURE_H
#define TESTS_SCRIPT_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/domain/advance.h"
#include "baton/domain/domain.h"
#include "baton/script/script.h"

static const int64_t world_now_ms = 1772355600000; /* Sunday, 2026-03-01 09:00 UTC */
static const struct actor world_operator = { .name = "operator" };

static const char world_plugin_ini[] = "[plugin]\n"
                                       "name = tutoring\n"
                                       "version = 1.0.0\n"
                                       "title = Tutoring\n"
                                       "api = 1\n"
                                       "permissions = people, messages, timers\n";
static const char world_plugin[] =
    "baton.field('person', 'grade', { type = 'int', min = 1, max = 12 })\n"
    "baton.workflow{ name = 'tutoring', version = 1, title = 'Tutoring request',\n"
    "  fields = { need = 'text', hours = { type = 'int', min = 1, max = 40 }, tags = 'list',\n"
    "    meets_at = 'time', ok = 'bool', born = 'date', score = 'real',\n"
    "    school = { type = 'ref', to = 'partner' },\n"
    "    speed = { type = 'text', values = { 'slow', 'fast' } } },\n"
    "  stages = {\n"
    "    { name = 'requested', title = 'Requested', initial = true,\n"
    "      deadline = { within = '3 days', escalate = { { after = '1 day', to = 'lead' } } } },\n"
    "    { name = 'matched', title = 'Matched' },\n"
    "    { name = 'done', final = true, outcome = 'completed' } },\n"
    "  transitions = {\n"
    "    { name = 'match', from = 'requested', to = 'matched',\n"
    "      guard = function(r, call)\n"
    "        if r.fields.need == 'nothing' then return false, 'nothing is needed' end\n"
    "        if r.fields.need == 'write' then r:note('x') end\n"
    "        return true end },\n"
    "    { name = 'finish', from = 'matched', to = 'done', reasons = { 'good', 'bad' } },\n"
    "    { name = 'drop', from = '*', to = 'done' } } }\n"
    "messages.template('hello', 'Dear {{subject.name}}, {{referral.title}}: {{word}}')\n"
    "baton.command('greet', { help = 'h', args = { { name = 'person', type = 'person', required = "
    "true } } },\n"
    "  function(args) print('greeting') return { text = 'hello ' .. args.person.name } end)\n"
    "baton.command('send', { help = 'h', args = {} }, function(args)\n"
    "  local r = referrals.first{}\n"
    "  return r:message{ to = r.subject, template = 'hello', values = { word = 'now' } }.body "
    "end)\n"
    "baton.command('partner', { help = 'h', args = {} }, function(args)\n"
    "  partners.add{ name = 'X' } end)\n"
    "baton.command('file', { help = 'h', args = {} }, function(args) return csv.read('x.csv') "
    "end)\n"
    "baton.report('stages', { help = 'h' }, function(args) return { { stage = 'a', n = 1 } } "
    "end)\n";

struct world {
    char dir[64];
    struct store *store;
    struct calendar *calendar;
    struct clock clock;
    struct domain *d;
    struct script *script;
    struct session *session;
    size_t limit_bytes;
    struct buf shown; /* "stream:plugin:text\n" but for plain prints */
    struct error e;
};

static inline void world_output(void *context, enum script_stream stream, const char *plugin,
                                const char *text, size_t n)
{
    static const char *const names[] = { "", "info: ", "warn: ", "error: ", "progress: " };
    struct world *w = context;
    buf_puts(&w->shown, names[stream]);
    if (plugin)
        buf_printf(&w->shown, "[%s] ", plugin);
    buf_add(&w->shown, text, n);
    buf_putc(&w->shown, '\n');
}

static inline int world_advance(void *context, int64_t to_ms, struct error *e)
{
    struct world *w = context;
    (void)e;
    clock_stop_at(&w->clock, to_ms);
    return 0;
}

#define world_ok(w, call) world_check((w), (call), #call, __LINE__)
static inline void world_check(struct world *w, int rc, const char *call, int line)
{
    if (rc)
        fail_msg("line %d: %s: %d, %s: %s", line, call, rc, w->e.where, w->e.message);
}

static inline void world_write(const struct world *w, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline void world_folder(const struct world *w, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static inline char *world_read(const struct world *w, const char *name)
{
    char path[256];
    struct buf b = BUF_INIT;
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    if (buf_read_file(&b, path, 1 << 20, NULL) < 0)
        fail_msg("%s cannot be read", name);
    return buf_take(&b);
}

static inline void world_open_session(struct world *w)
{
    char cwd[128], named[128];
    const char *const args[] = { "one", "two", NULL };
    snprintf(cwd, sizeof cwd, "%s/desk", w->dir);
    snprintf(named, sizeof named, "%s/named.csv", w->dir);
    const char *const files[] = { named, NULL };
    const struct session_options so = { .actor = &world_operator,
                                        .output = world_output,
                                        .context = w,
                                        .cwd = cwd,
                                        .files = files,
                                        .args = args,
                                        .script_name = "run.lua" };
    world_ok(w, session_open(&w->session, w->script, &so, &w->e));
}

static inline void world_start(struct world *w)
{
    char path[128], plugins[128];
    snprintf(path, sizeof path, "%s/org.db", w->dir);
    snprintf(plugins, sizeof plugins, "%s/plugins", w->dir);
    const struct store_options options = { .path = path, .create = true };
    world_ok(w, store_open(&w->store, &options, &w->e));
    world_ok(w, calendar_new(&w->calendar, NULL, &w->e));
    clock_stop_at(&w->clock, world_now_ms);
    w->d = domain_new(w->store, w->calendar, &w->clock);
    const struct script_options so = { .org = "test",
                                       .org_title = "Test School",
                                       .clock = &w->clock,
                                       .clock_movable = true,
                                       .limit_bytes = w->limit_bytes,
                                       .output = world_output,
                                       .context = w,
                                       .advance_clock = world_advance };
    world_ok(w, script_open(&w->script, w->d, &so, &w->e));
    const char *const names[] = { "tutoring", NULL }, *const dirs[] = { plugins, NULL };
    world_ok(w, script_load_plugins(w->script, names, dirs, NULL, &w->e));
    struct plugin_info info;
    script_plugin_at(w->script, 0, &info);
    if (!info.loaded)
        fail_msg("plugin: %s", info.problem);
    world_open_session(w);
}

static inline int world_setup_with(void **state, size_t limit_bytes)
{
    struct world *w = mem_new(struct world);
    w->limit_bytes = limit_bytes;
    strcpy(w->dir, "/tmp/baton-script-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    world_folder(w, "desk");
    world_folder(w, "plugins");
    world_folder(w, "plugins/tutoring");
    world_write(w, "plugins/tutoring/plugin.ini", world_plugin_ini);
    world_write(w, "plugins/tutoring/init.lua", world_plugin);
    world_start(w);
    *state = w;
    return 0;
}

static inline int world_setup(void **state)
{
    return world_setup_with(state, 0);
}

static inline int world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int world_teardown(void **state)
{
    struct world *w = *state;
    if (store_in_turn(w->store))
        store_turn_abort(w->store);
    session_close(w->session);
    script_close(w->script);
    domain_free(w->d);
    calendar_free(w->calendar);
    store_close(w->store);
    buf_free(&w->shown);
    nftw(w->dir, world_remove, 8, FTW_DEPTH | FTW_PHYS);
    mem_free(w);
    return 0;
}

/* ---- typing ---- */

static inline int world_eval(struct world *w, const char *text, bool *incomplete)
{
    bool more = false;
    buf_clear(&w->shown);
    world_ok(w, store_turn_begin(w->store, &w->e));
    domain_command_begin(w->d);
    struct error e = { .code = ERROR_NONE };
    int rc = session_eval(w->session, text, strlen(text), &more, &e);
    if (incomplete)
        *incomplete = more;
    struct error ended;
    if (domain_command_end(w->d, rc == 0, &ended) < 0 && rc == 0)
        fail_msg("%s: command: %s", text, ended.message);
    world_ok(w, store_turn_commit(w->store, &w->e));
    w->e = e;
    return rc;
}

/* What the statement shows, without the last newline. */
static inline const char *world_shows(struct world *w, const char *text)
{
    if (world_eval(w, text, NULL) < 0)
        fail_msg("%s\n  %s: %s", text, w->e.where, w->e.message);
    if (w->shown.len && w->shown.data[w->shown.len - 1] == '\n')
        w->shown.data[--w->shown.len] = '\0';
    return buf_text(&w->shown);
}

static inline const char *world_fails(struct world *w, const char *text)
{
    if (world_eval(w, text, NULL) == 0)
        fail_msg("%s\n  did not fail, but shows %s", text, buf_text(&w->shown));
    return w->e.message;
}

#define assert_shows(w, text, wanted)                                                              \
    do {                                                                                           \
        const char *shown_ = world_shows((w), (text));                                             \
        if (strcmp(shown_, (wanted)) != 0)                                                         \
            fail_msg("line %d: %s\n  shows  %s\n  wanted %s", __LINE__, (text), shown_, (wanted)); \
    } while (0)
#define assert_fails(w, text, part)                                                                \
    do {                                                                                           \
        const char *why_ = world_fails((w), (text));                                               \
        if (!strstr(why_, (part)))                                                                 \
            fail_msg("line %d: %s\n  says   %s\n  wanted %s", __LINE__, (text), why_, (part));     \
    } while (0)

/* { expression, what it shows } rows, ended by NULL; a text that begins with "!" is what a failure
 * says. */
struct world_case {
    const char *text, *wanted;
};
static inline void world_table(struct world *w, const struct world_case *cases)
{
    for (; cases->text; cases++) {
        if (cases->wanted[0] == '!')
            assert_fails(w, cases->text, cases->wanted + 1);
        else
            assert_shows(w, cases->text, cases->wanted);
    }
}

/* People, partners, staff and one referral R-1 of P-1. */
static inline void world_people(struct world *w)
{
    world_shows(
        w, "people.add{name='Ada Lovelace', email='ada@example.org', fields={grade=3}}"
           " people.add{name='Bob', phone='555'}"
           " partners.add{name='Clinic', kind='clinic', email='c@example.org'}"
           " services.add{partner=1, name='Reading', capacity='yes'}"
           " staff.add{name='Grace', roles='lead', email='grace@example.org'}"
           " referrals.open{workflow='tutoring', title='Reading help', subject='P-1', partner=1,"
           " fields={need='reading', hours=5}}");
}

#endif
