/* baton check: what can be said of plugins before they serve. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/host/home.h"
#include "baton/host/lint.h"
#include "cli/cli_internal.h"

struct checking {
    const struct cli *c;
    struct home *home; /* NULL: none is needed, or there is none */
    char *org, *shipped;
    char **names, **dirs; /* end with NULL */
    size_t count, dir_count;
    size_t errors, warnings;
};

/* ---- what is meant ---- */

/* Of a folder that no plugin can be called like, a copy for instance: checked by its own name. */
static int checking_add_as_called(struct checking *k, const char *word, const char *folder,
                                  struct error *e)
{
    char *name = NULL, *dir = NULL;
    int rc = place_plugin(word, &dir, &name, e);
    if (rc < 0)
        return rc;
    if (!k->c->quiet)
        print_line(stderr, "note: to be used, the folder %s must be called %s", folder, name);
    k->names[k->count++] = name;
    k->dirs[k->dir_count++] = dir;
    return 0;
}

/* "plugins/tutoring", ".", "tutoring": a folder that holds plugin.ini, else a name. */
static int checking_add(struct checking *k, const char *word, struct error *e)
{
    char path[PATH_MAX], resolved[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/plugin.ini", word);
    bool folder = n < (int)sizeof path && access(path, F_OK) == 0;
    if (folder && realpath(word, resolved)) {
        char *slash = strrchr(resolved, '/');
        if (!text_is_name(slash + 1))
            return checking_add_as_called(k, word, slash + 1, e);
        k->names[k->count++] = mem_dup(slash + 1);
        *slash = '\0';
        k->dirs[k->dir_count++] = mem_dup(*resolved ? resolved : "/");
        return 0;
    }
    if (strchr(word, '/') || !strcmp(word, "."))
        return error_set(e, ERROR_NOT_FOUND, "%s is no folder of a plugin: it holds no plugin.ini",
                         word);
    k->names[k->count++] = mem_dup(word);
    return 0;
}

/* Names are looked up in the home too, so it matters even where no organisation is meant. */
static int checking_place(struct checking *k, struct error *e)
{
    struct error none;
    bool needed = k->c->org || k->count == 0;
    int rc = place_open(k->c, &k->home, needed || k->c->home ? e : &none);
    if (rc < 0)
        return needed || k->c->home ? rc : 0;
    return needed ? place_org(k->c, k->home, &k->org, e) : 0;
}

static int checking_open(struct checking *k, struct error *e)
{
    const struct cli *c = k->c;
    int rc = 0;
    k->names = mem_zero((c->count + 2) * sizeof *k->names);
    k->dirs = mem_zero((c->count + 2) * sizeof *k->dirs);
    k->shipped = place_plugins();
    for (size_t i = 0; rc == 0 && i < c->count; i++)
        rc = checking_add(k, c->words[i], e);
    if (rc == 0 && c->count == 0 && !c->org && access("plugin.ini", F_OK) == 0)
        rc = checking_add(k, ".", e);
    return rc < 0 ? rc : checking_place(k, e);
}

static void checking_close(struct checking *k)
{
    for (size_t i = 0; k->names && k->names[i]; i++)
        mem_free(k->names[i]);
    for (size_t i = 0; k->dirs && k->dirs[i]; i++)
        mem_free(k->dirs[i]);
    mem_free(k->names);
    mem_free(k->dirs);
    mem_free(k->org);
    mem_free(k->shipped);
    home_close(k->home);
}

/* ---- saying it ---- */

/* "tutoring/init.lua" as a path that an editor can open from here. */
static void checking_path(const struct lint *l, const struct check_finding *f, struct buf *out)
{
    const char *dir = lint_dir(l, f->plugin), *rest = strchr(f->file, '/');
    size_t n = strlen(f->plugin);
    char here[PATH_MAX];
    buf_clear(out);
    if (!n || !*dir || strncmp(f->file, f->plugin, n) != 0 || f->file[n] != '/') {
        buf_puts(out, f->file);
        return;
    }
    size_t h = getcwd(here, sizeof here) ? strlen(here) : 0;
    if (h > 1 && !strncmp(dir, here, h) && (dir[h] == '/' || !dir[h]))
        buf_printf(out, "%s%s", dir[h] ? dir + h + 1 : ".", rest);
    else
        buf_printf(out, "%s%s", dir, rest);
}

static const char *checking_severity(enum check_severity s)
{
    return s == CHECK_ERROR ? "error" : "warning";
}

static void checking_print(const struct checking *k, const struct lint *l)
{
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < check_count(lint_check(l)); i++) {
        const struct check_finding *f = check_at(lint_check(l), i);
        checking_path(l, f, &path);
        if (f->line)
            buf_printf(&path, ":%d", f->line);
        print_line(stdout, "%s: %s: %s [%s]", buf_text(&path), checking_severity(f->kind->severity),
                   f->message, f->kind->code);
    }
    buf_free(&path);
    if (*lint_note(l) && !k->c->quiet)
        print_line(stderr, "note: %s", lint_note(l));
    if (!k->c->quiet)
        print_line(stdout, "%zu plugin%s checked: %zu error%s, %zu warning%s", lint_plugin_count(l),
                   lint_plugin_count(l) == 1 ? "" : "s", k->errors, k->errors == 1 ? "" : "s",
                   k->warnings, k->warnings == 1 ? "" : "s");
}

static void checking_json(const struct checking *k, const struct lint *l)
{
    struct buf out = BUF_INIT, path = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &out);
    jsonw_open_object(&w);
    jsonw_key(&w, "findings");
    jsonw_open_array(&w);
    for (size_t i = 0; i < check_count(lint_check(l)); i++) {
        const struct check_finding *f = check_at(lint_check(l), i);
        checking_path(l, f, &path);
        jsonw_open_object(&w);
        jsonw_key(&w, "code");
        jsonw_text(&w, f->kind->code);
        jsonw_key(&w, "severity");
        jsonw_text(&w, checking_severity(f->kind->severity));
        jsonw_key(&w, "plugin");
        jsonw_text(&w, f->plugin);
        jsonw_key(&w, "file");
        jsonw_text(&w, buf_text(&path));
        jsonw_key(&w, "line");
        jsonw_int(&w, f->line);
        jsonw_key(&w, "message");
        jsonw_text(&w, f->message);
        jsonw_close(&w);
    }
    jsonw_close(&w);
    jsonw_key(&w, "errors");
    jsonw_int(&w, (int64_t)k->errors);
    jsonw_key(&w, "warnings");
    jsonw_int(&w, (int64_t)k->warnings);
    jsonw_key(&w, "note");
    jsonw_text(&w, lint_note(l));
    jsonw_close(&w);
    print_json_text(stdout, out.data, out.len);
    buf_free(&out);
    buf_free(&path);
}

static void checking_kinds(void)
{
    const struct check_kind *kind;
    for (size_t i = 0; (kind = check_kind_at(i)); i++)
        print_line(stdout, "%-22s %-8s %s", kind->code, checking_severity(kind->severity),
                   kind->help);
}

static int check_run(const struct cli *c)
{
    struct checking k = { .c = c };
    struct lint *l = NULL;
    struct error e;
    int code = CLI_OK;
    if (cli_has(c, "kinds")) {
        checking_kinds();
        return CLI_OK;
    }
    int rc = checking_open(&k, &e);
    const struct lint_options options = { .home = k.home,
                                          .org = k.org,
                                          .plugins = k.count ? (const char *const *)k.names : NULL,
                                          .dirs = (const char *const *)k.dirs,
                                          .shipped = k.shipped };
    if (rc < 0 || lint_open(&l, &options, &e) < 0) {
        code = cli_fail(c, &e);
        goto out;
    }
    for (size_t i = 0; i < check_count(lint_check(l)); i++)
        *(check_at(lint_check(l), i)->kind->severity == CHECK_ERROR ? &k.errors : &k.warnings) += 1;
    if (c->json)
        checking_json(&k, l);
    else
        checking_print(&k, l);
    if (k.errors || (k.warnings && cli_has(c, "strict")))
        code = CLI_FAILED;
out:
    lint_close(l);
    checking_close(&k);
    return code;
}

static const struct option check_options[] = {
    { "strict", 0, NULL, "warnings fail too" },
    { "kinds", 0, NULL, "lists everything that a check can find" },
    { NULL, 0, NULL, NULL },
};

const struct command command_check = {
    .name = "check",
    .usage = "[PLUGIN …] [options]",
    .summary = "Finds mistakes in plugins without running them",
    .options = check_options,
    .notes =
        "PLUGIN is a folder that holds plugin.ini, or a name; without one, the plugin in the\n"
        "current folder, or those that the organisation lists. It is loaded in a scratch\n"
        "organisation with default settings; with --org, by that organisation's settings, "
        "calendar\n"
        "and roles. Guards, effects and handlers are read, not run. Each finding has a code that\n"
        "stays what it is. Exit code 1: there are errors.",
    .example = "baton check plugins/tutoring\nbaton check --org riverside --strict --json",
    .min = 0,
    .max = 60,
    .run = check_run,
};
