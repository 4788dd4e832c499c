/* baton test: finds the specs that are meant, runs them, tells how it went. */
#include "cli/cli_internal.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/sources_internal.h"
#include "cli/test_internal.h"

/* ---- what is meant ---- */

static bool test_is(const char *path, mode_t type)
{
    struct stat st;
    return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static bool test_has(const char *dir, const char *name, mode_t type)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", dir, name);
    bool has = test_is(path.data, type);
    buf_free(&path);
    return has;
}

/* Without "." and links, and short where it lies below the current folder: what people are shown.
 */
static char *test_path(const char *path)
{
    char real[PATH_MAX], here[PATH_MAX];
    if (!realpath(path, real))
        return mem_dup(path);
    if (getcwd(here, sizeof here)) {
        size_t n = strlen(here);
        if (!strncmp(real, here, n) && real[n] == '/')
            return mem_dup(real + n + 1);
    }
    return mem_dup(real);
}

static int test_plugin(struct test *t, struct suite *s, const char *dir, struct error *e)
{
    size_t files = 0;
    char *path = test_path(dir);
    sources_add(t->watched, path);
    int rc = suite_plugin(s, path, &files, e);
    t->files += files;
    mem_free(path);
    return rc;
}

static int test_below(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Every plugin right below it that has specs. */
static int test_plugins(struct test *t, struct suite *s, const char *dir, struct error *e)
{
    struct dirent **list = NULL;
    int n = scandir(dir, &list, test_below, alphasort), rc = 0;
    for (int i = 0; i < n; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s", dir, list[i]->d_name);
        if (!rc && test_has(path.data, "plugin.ini", S_IFREG) &&
            test_has(path.data, "spec", S_IFDIR))
            rc = test_plugin(t, s, path.data, e);
        buf_free(&path);
        free(list[i]);
    }
    free(list);
    return rc;
}

/* The plugin of PLUGIN/spec/x.lua, or NULL. The caller frees it. */
static char *test_plugin_of(const char *file)
{
    char real[PATH_MAX];
    if (!realpath(file, real))
        return NULL;
    for (char *slash = strrchr(real, '/'); slash && slash != real; slash = strrchr(real, '/')) {
        *slash = '\0';
        if (test_has(real, "plugin.ini", S_IFREG))
            return test_path(real);
    }
    return NULL;
}

static int test_file(struct test *t, struct suite *s, const char *file, struct error *e)
{
    char *path = test_path(file), *plugin = test_plugin_of(file);
    char *folder = mem_dup(path), *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    sources_add(t->watched, plugin ? plugin : slash ? folder : ".");
    t->files++;
    int rc = suite_file(s, plugin, path, e);
    mem_free(path);
    mem_free(plugin);
    mem_free(folder);
    return rc;
}

static int test_word(struct test *t, struct suite *s, const char *word, struct error *e)
{
    if (test_is(word, S_IFREG))
        return test_file(t, s, word, e);
    if (test_has(word, "plugin.ini", S_IFREG))
        return test_plugin(t, s, word, e);
    if (test_is(word, S_IFDIR))
        return test_plugins(t, s, word, e);
    char *dir = NULL;
    int rc = suite_find(s, word, &dir, e);
    if (rc == 0)
        rc = test_plugin(t, s, dir, e);
    mem_free(dir);
    return rc;
}

/* Without words: the plugin whose folder this is, or those below it, or those of the home. */
static int test_default(struct test *t, struct suite *s, struct error *e)
{
    if (test_has(".", "plugin.ini", S_IFREG))
        return test_plugin(t, s, ".", e);
    int rc = test_plugins(t, s, ".", e);
    if (!rc && !t->files && test_is("plugins", S_IFDIR))
        rc = test_plugins(t, s, "plugins", e);
    if (!rc && !t->files && t->home) {
        struct buf dir = BUF_INIT;
        buf_printf(&dir, "%s/plugins", home_dir(t->home));
        rc = test_plugins(t, s, dir.data, e);
        buf_free(&dir);
    }
    return rc;
}

/* ---- a run ---- */

static void test_stop(void *context)
{
    suite_cancel(context);
}

static int test_find_and_run(struct test *t, struct suite *s, struct error *e)
{
    int rc = t->c->count ? 0 : test_default(t, s, e);
    for (size_t i = 0; !rc && i < t->c->count; i++)
        rc = test_word(t, s, t->c->words[i], e);
    if (!rc && !t->files)
        rc = error_set(e, ERROR_NOT_FOUND,
                       "there is nothing to test: specs are PLUGIN/spec/NAME.lua; name a plugin, a "
                       "folder or a file");
    return rc;
}

static int test_once(struct test *t)
{
    struct error e = { 0 };
    const struct suite_options options = { .home = t->home,
                                           .shipped = t->shipped,
                                           .filter = cli_value(t->c, "filter"),
                                           .result = test_report_case,
                                           .output = test_report_output,
                                           .context = t };
    struct suite *s = suite_new(&options);
    struct suite_totals totals;
    interrupt_open();
    interrupt_busy(test_stop, s);
    test_report_begin(t);
    int rc = test_find_and_run(t, s, &e);
    interrupt_rest();
    const char *junit = cli_value(t->c, "junit");
    if (!rc)
        test_report_end(t, s);
    if (!rc && junit)
        rc = test_report_junit(t, s, junit, &e);
    suite_totals(s, &totals);
    suite_free(s);
    int came = interrupt_take();
    interrupt_close();
    if (rc)
        return cli_fail(t->c, &e);
    bool none = options.filter && !totals.passed && !totals.failed && !totals.pending;
    if (none && !came) /* a misspelt filter must not look like success */
        fprintf(stderr, "no case has \"%s\" in its name\n", options.filter);
    return came ? CLI_INTERRUPTED : totals.failed || none ? CLI_FAILED : CLI_OK;
}

static int test_run(const struct cli *c)
{
    struct test t = { .c = c, .shipped = place_plugins(), .watched = sources_new(NULL) };
    struct error e;
    if (place_open(c, &t.home, &e) < 0 && c->home) { /* without one only where none was named */
        sources_free(t.watched);
        mem_free(t.shipped);
        return cli_fail(c, &e);
    }
    int code = test_once(&t);
    while (cli_has(c, "watch") && code != CLI_INTERRUPTED && sources_any(t.watched)) {
        print_line(stderr, "waiting for a change; Ctrl-C leaves");
        if (!test_watch_wait(&t))
            break;
        code = test_once(&t);
    }
    sources_free(t.watched);
    home_close(t.home);
    mem_free(t.shipped);
    buf_free(&t.shown);
    buf_free(&t.results);
    buf_free(&t.junit);
    return code;
}

static const struct option test_options[] = {
    { "filter", 'f', "TEXT", "only cases with TEXT in their name; none: exit code 1" },
    { "junit", 0, "FILE", "write the results as JUnit XML too" },
    { "watch", 'w', NULL, "run again whenever a file of the plugin changes" },
    { NULL, 0, NULL, NULL },
};

const struct command command_test = {
    .name = "test",
    .usage = "[PLUGIN|DIR|FILE …] [options]",
    .summary = "Runs the specs of plugins in scratch organisations whose clock is moved",
    .options = test_options,
    .notes =
        "Specs are Lua files below PLUGIN/spec; help \"spec\", \"t\" and \"expect\" in the REPL "
        "list\n"
        "what they have. Nothing of any organisation is touched. Without words: the plugin of the\n"
        "current folder, those below it or below plugins, or those of the home.\n"
        "Exit code 1 if a case failed. The last lines say which stages and transitions of the\n"
        "workflows no case went through.",
    .example = "baton test simple_referral\n"
               "baton test plugins/tutoring --filter overdue --watch\n"
               "baton test --junit build/specs.xml plugins",
    .min = 0,
    .max = 256,
    .run = test_run,
};
