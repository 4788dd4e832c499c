/* Runs specs. A file is read twice: once in an organisation with the options
 * that every case has, to learn what cases there are and what they want, then in
 * each organisation that one of them wants, to run those there. */
#include "baton/host/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "baton/host/scratch.h"
#include "baton/script/spec.h"
#include "host/suite_internal.h"

enum { SUITE_WORLDS = 24, SUITE_FILES = 10000 };
static const char suite_at[] = "2026-03-02 09:00"; /* a Monday */

struct suite_world {
    char *key; /* text of its org.ini and where plugins are */
    struct org *org;
    struct spec *spec;  /* the file at hand, read here; NULL: not yet */
    struct error error; /* why there is none; code ERROR_NONE: there is */
};

struct suite {
    struct suite_options options;
    volatile bool cancelled;
    struct script *volatile running; /* in which a spec runs now; NULL: none */
    char **dirs;
    struct suite_world worlds[SUITE_WORLDS];
    size_t world_count;
    struct suite_totals totals;
    struct coverage coverage;
    struct buf source;
};

struct suite_at_file {
    struct suite *suite;
    const char *plugin; /* name, or NULL */
    const char *path, *chunk;
    const char **dirs; /* the plugin's folder first */
};

static void suite_add_dir(struct suite *s, char *dir)
{
    size_t n = 0;
    while (s->dirs && s->dirs[n])
        n++;
    s->dirs = mem_resize(s->dirs, (n + 2) * sizeof *s->dirs);
    s->dirs[n] = dir;
    s->dirs[n + 1] = NULL;
}

/* Of the home itself first, then of its organisations. */
static void suite_add_home(struct suite *s, const struct home *home)
{
    char **names = NULL;
    char **dirs = home__plugin_dirs(home, "");
    for (size_t i = 1; dirs[i]; i++) /* [0] is of an organisation */
        suite_add_dir(s, mem_dup(dirs[i]));
    home__free_list(dirs);
    home_orgs(home, &names, NULL);
    for (char **name = names; name && *name; name++) {
        char *org_dir = home__org_dir(home, *name);
        suite_add_dir(s, home__path(org_dir, "plugins"));
        mem_free(org_dir);
    }
    mem_free(names);
}

struct suite *suite_new(const struct suite_options *options)
{
    struct suite *s = mem_new(struct suite);
    s->options = *options;
    s->dirs = mem_zero(sizeof *s->dirs);
    if (options->home)
        suite_add_home(s, options->home);
    if (options->shipped)
        suite_add_dir(s, mem_dup(options->shipped));
    return s;
}

static bool suite_is_plugin(const char *dir)
{
    char *ini = home__path(dir, "plugin.ini");
    bool is = access(ini, F_OK) == 0;
    mem_free(ini);
    return is;
}

int suite_find(const struct suite *s, const char *name, char **dir, struct error *e)
{
    struct buf hint = BUF_INIT;
    for (char **p = s->dirs; *p && text_is_name(name); p++) {
        char *path = home__path(*p, name);
        if (suite_is_plugin(path)) {
            *dir = path;
            return 0;
        }
        mem_free(path);
    }
    for (char **p = s->dirs; *p; p++)
        buf_printf(&hint, "%s%s", p == s->dirs ? "" : ", ", *p);
    int rc =
        error_set(e, ERROR_NOT_FOUND,
                  "\"%.100s\" is no file, no folder and no plugin; plugins were looked for in: "
                  "%.700s",
                  name, hint.len ? hint.data : "nowhere");
    buf_free(&hint);
    return rc;
}

/* ---- organisations ---- */

static void world_end_file(struct suite_world *w)
{
    spec_close(w->spec);
    w->spec = NULL;
}

static void worlds_close(struct suite *s)
{
    for (size_t i = 0; i < s->world_count; i++) {
        world_end_file(&s->worlds[i]);
        org_close(s->worlds[i].org);
        mem_free(s->worlds[i].key);
    }
    s->world_count = 0;
}

void suite_free(struct suite *s)
{
    if (!s)
        return;
    worlds_close(s);
    coverage__free(&s->coverage);
    buf_free(&s->source);
    home__free_list(s->dirs);
    mem_free(s);
}

/* What plugins print or log goes where the prints of specs go. */
static void suite_notice(void *context, const char *org, enum log_level level, const char *text)
{
    (void)level;
    const struct suite *s = context;
    (void)org;
    if (s->options.output)
        s->options.output(s->options.context, text, strlen(text));
}

static void suite_output(void *context, enum script_stream stream, const char *plugin,
                         const char *text, size_t n)
{
    const struct suite *s = context;
    (void)plugin;
    if (s->options.output && stream != SCRIPT_PROGRESS)
        s->options.output(s->options.context, text, n);
}

static void world_ini(const struct suite_at_file *f, const char *more, const char *ini,
                      struct buf *out)
{
    struct buf wanted = BUF_INIT;
    buf_printf(&wanted, "%s, %s", f->plugin ? f->plugin : "", more);
    buf_puts(out, "[org]\n");
    struct buf plugins = BUF_INIT;
    scratch_requirements(f->dirs, wanted.data, &plugins);
    if (plugins.len)
        buf_printf(out, "plugins = %s\n", plugins.data);
    buf_puts(out, ini);
    buf_free(&plugins);
    buf_free(&wanted);
}

static void world_open(struct suite_world *w, const struct suite_at_file *f, const char *ini)
{
    struct scratch_options options = { .ini = ini,
                                       .ini_name = "options of describe, as org.ini",
                                       .plugin_dirs = f->dirs };
    error_clear(&w->error);
    if (scratch_open(&w->org, &options, suite_notice, f->suite, &w->error) == 0)
        coverage__add(&f->suite->coverage, w->org, f->plugin);
}

/* The organisation for these options; its error may be set. */
static struct suite_world *world_for(const struct suite_at_file *f, const char *more,
                                     const char *ini)
{
    struct suite *s = f->suite;
    struct buf text = BUF_INIT, key = BUF_INIT;
    world_ini(f, more, ini, &text);
    buf_printf(&key, "%s\n%s", f->dirs[0] ? f->dirs[0] : "", text.data);
    struct suite_world *w = NULL;
    for (size_t i = 0; i < s->world_count && !w; i++)
        if (!strcmp(s->worlds[i].key, key.data))
            w = &s->worlds[i];
    if (!w) {
        if (s->world_count == SUITE_WORLDS)
            worlds_close(s);
        w = &s->worlds[s->world_count++];
        *w = (struct suite_world){ .key = mem_dup(key.data) };
        world_open(w, f, text.data);
    }
    buf_free(&text);
    buf_free(&key);
    return w;
}

/* The clock to where a case begins. */
static int world_set_clock(struct suite_world *w, const char *at, struct error *e)
{
    int64_t at_ms;
    int rc = when_parse(*at ? at : suite_at, w->org->world.config.calendar, 0, &at_ms, e);
    if (rc) {
        error_prefix(e, "describe: at");
        return rc;
    }
    scratch_stop_clock(w->org, at_ms);
    return 0;
}

void suite_cancel(struct suite *s)
{
    s->cancelled = true;
    if (s->running)
        script_cancel(s->running);
}

/* From here on suite_cancel reaches what runs in the script. */
static int suite_begin(struct suite *s, struct script *script, struct error *e)
{
    s->running = script;
    return s->cancelled ? error_set(e, ERROR_CANCELLED, "stopped on request") : 0;
}

/* The file, read in that organisation. */
static int world_read_file(struct suite_world *w, const struct suite_at_file *f, struct error *e)
{
    struct suite *s = f->suite;
    if (w->error.code) {
        *e = w->error;
        return -(int)e->code;
    }
    if (w->spec)
        return 0;
    struct spec_options options = {
        .plugin = f->plugin, .chunk = f->chunk, .output = suite_output, .context = s
    };
    int rc = world_set_clock(w, "", e);
    if (!rc)
        rc = suite_begin(s, w->org->world.script, e);
    if (!rc)
        rc = spec_open(&w->spec, w->org->world.script, &options, buf_text(&s->source),
                       s->source.len, e);
    s->running = NULL;
    return rc;
}

/* ---- one case ---- */

static void suite_tell(const struct suite_at_file *f, struct suite_result *r)
{
    struct suite *s = f->suite;
    r->plugin = f->plugin ? f->plugin : "";
    r->file = f->path;
    s->totals.ns += r->ns;
    s->totals.expectations += r->expectations;
    *(r->status == SUITE_PASSED   ? &s->totals.passed
      : r->status == SUITE_FAILED ? &s->totals.failed
                                  : &s->totals.pending) += 1;
    if (s->options.result)
        s->options.result(s->options.context, r);
}

/* In a turn that is aborted whatever happens. */
static int case_run(struct suite_at_file *f, struct suite_world *w, size_t index, const char *at,
                    struct buf *why, size_t *expectations, struct error *e)
{
    struct org *o = w->org;
    int rc = world_set_clock(w, at, e);
    if (!rc)
        rc = store_turn_begin(o->store, e);
    if (rc) {
        buf_puts(why, e->message);
        return rc;
    }
    int64_t seq = store_last_event(o->store);
    script_rewind(o->world.script);
    if ((rc = suite_begin(f->suite, o->world.script, e)))
        buf_puts(why, e->message);
    else
        rc = spec_run(w->spec, index, why, expectations, e);
    f->suite->running = NULL;
    coverage__see(&f->suite->coverage, o, seq);
    store_turn_abort(o->store);
    return rc;
}

static void suite_case(struct suite_at_file *f, size_t index, const struct spec_case *c)
{
    struct suite_result r = { .status = SUITE_PENDING, .name = c->name, .where = c->where };
    struct error e = { 0 };
    struct buf why = BUF_INIT;
    if (!c->pending) {
        struct suite_world *w = world_for(f, c->plugins, c->ini);
        uint64_t began = clock_monotonic_ns();
        int rc = world_read_file(w, f, &e);
        struct spec_case same;
        if (rc) {
            buf_puts(&why, e.message);
        } else if (index >= spec_count(w->spec) ||
                   (spec_case_at(w->spec, index, &same), strcmp(same.name, c->name) != 0)) {
            rc =
                error_set(&e, ERROR_INVALID, "the file declares other cases when it is read again");
            buf_puts(&why, e.message);
        } else {
            rc = case_run(f, w, index, c->at, &why, &r.expectations, &e);
        }
        r.ns = clock_monotonic_ns() - began;
        r.status = rc ? SUITE_FAILED : SUITE_PASSED;
        if (rc && e.where[0]) {
            r.where = e.where;
            if (strncmp(e.where, f->chunk, strlen(f->chunk)) != 0) /* in a plugin, or below it */
                buf_printf(&why, "\nin the case at %s", c->where);
        }
    }
    r.why = buf_text(&why);
    suite_tell(f, &r);
    buf_free(&why);
}

/* ---- a file ---- */

static void suite_file_failed(const struct suite_at_file *f, const struct error *e)
{
    struct suite_result r = { .status = SUITE_FAILED,
                              .name = "the file loads",
                              .where = e->where[0] ? e->where : f->chunk,
                              .why = e->message };
    suite_tell(f, &r);
}

static bool suite_wants(const struct suite *s, const struct spec_case *c)
{
    return !s->options.filter || strstr(c->name, s->options.filter);
}

/* Names and options are copied: running may close the organisation in which they were learned. */
static void suite_cases(struct suite_at_file *f, const struct spec *spec)
{
    const struct suite *s = f->suite;
    struct arena *memory = arena_new(0);
    size_t count = spec_count(spec);
    struct spec_case *cases = arena_alloc(memory, (count + 1) * sizeof *cases);
    for (size_t i = 0; i < count; i++) {
        struct spec_case c;
        spec_case_at(spec, i, &c);
        cases[i] = (struct spec_case){ .name = arena_dup(memory, c.name),
                                       .where = arena_dup(memory, c.where),
                                       .at = arena_dup(memory, c.at),
                                       .plugins = arena_dup(memory, c.plugins),
                                       .ini = arena_dup(memory, c.ini),
                                       .pending = c.pending };
    }
    for (size_t i = 0; i < count && !s->cancelled; i++)
        if (suite_wants(s, &cases[i]))
            suite_case(f, i, &cases[i]);
    arena_free(memory);
}

/* "plugins/x/spec/a.lua", or what fits into a place of Lua. */
static char *suite_chunk(const char *path)
{
    enum { PLACE = 56 };
    size_t n = strlen(path);
    const char *shown = path;
    while (n > PLACE && strchr(shown, '/') && strlen(shown) > PLACE)
        shown = strchr(shown, '/') + 1;
    return mem_dup(shown);
}

int suite_file(struct suite *s, const char *plugin_dir, const char *path, struct error *e)
{
    size_t n = 0;
    while (s->dirs[n])
        n++;
    const char **dirs = mem_zero((n + 2) * sizeof *dirs);
    char *parent = NULL, *name = NULL, *chunk = suite_chunk(path);
    size_t at = 0;
    if (plugin_dir) {
        const char *slash = strrchr(plugin_dir, '/');
        name = mem_dup(slash ? slash + 1 : plugin_dir);
        parent = slash ? mem_dupn(plugin_dir, (size_t)(slash - plugin_dir)) : mem_dup(".");
        dirs[at++] = *parent ? parent : "/";
    }
    for (size_t i = 0; i < n; i++)
        dirs[at++] = s->dirs[i];
    struct suite_at_file f = { s, name, path, chunk, dirs };
    struct error own = { 0 };
    (void)e;
    buf_clear(&s->source);
    int rc = buf_read_file(&s->source, path, LIMIT_SOURCE_BYTES, &own);
    struct suite_world *w = rc ? NULL : world_for(&f, "", "");
    if (!rc)
        rc = world_read_file(w, &f, &own);
    if (rc)
        suite_file_failed(&f, &own);
    else
        suite_cases(&f, w->spec);
    for (size_t i = 0; i < s->world_count; i++)
        world_end_file(&s->worlds[i]);
    mem_free(dirs);
    mem_free(parent);
    mem_free(name);
    mem_free(chunk);
    return 0;
}

static int suite_is_spec(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 4 && !strcmp(entry->d_name + n - 4, ".lua");
}

int suite_plugin(struct suite *s, const char *plugin_dir, size_t *files, struct error *e)
{
    struct buf dir = BUF_INIT;
    struct dirent **list = NULL;
    buf_printf(&dir, "%s/spec", plugin_dir);
    int n = scandir(dir.data, &list, suite_is_spec, alphasort), rc = 0;
    if (n < 0 && errno != ENOENT)
        rc = error_set(e, ERROR_IO, "%s cannot be read: %s", dir.data, strerror(errno));
    for (int i = 0; i < n; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s", dir.data, list[i]->d_name);
        if (!rc && !s->cancelled)
            rc = suite_file(s, plugin_dir, path.data, e);
        buf_free(&path);
        free(list[i]);
    }
    if (files && !rc)
        *files = n < 0 ? 0 : (size_t)n;
    free(list);
    buf_free(&dir);
    return rc;
}

/* ---- results ---- */

void suite_totals(const struct suite *s, struct suite_totals *out)
{
    *out = s->totals;
}

size_t suite_coverage_count(const struct suite *s)
{
    return s->coverage.count;
}

void suite_coverage_at(const struct suite *s, size_t index, struct suite_coverage *out)
{
    coverage__report(&s->coverage.workflows[index], out);
}
