/* baton new: a plugin, a workflow in one, or a script, as an example that works.
 * Nothing that exists is written over; a new plugin is made aside and then
 * renamed, so that there is a whole one or none. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/host/home.h"
#include "baton/script/script.h"
#include "cli/cli_internal.h"
#include "cli/new_internal.h"

struct making {
    const struct cli *c;
    const char *name;
    char title[LIMIT_NAME_BYTES + 1]; /* "Tutoring help" of "tutoring_help" */
    struct buf dir;                   /* where files go */
    struct buf made;                  /* their names, one a line */
};

/* ---- writing ---- */

static void making_fill(const struct making *m, const char *text, struct buf *out)
{
    for (const char *open; (open = strstr(text, "{{")); text = open + 2) {
        buf_add(out, text, (size_t)(open - text));
        bool name = !strncmp(open, "{{name}}", 8), title = !strncmp(open, "{{title}}", 9);
        buf_puts(out, name ? m->name : title ? m->title : "{{");
        open += name ? 6 : title ? 7 : 0;
    }
    buf_puts(out, text);
}

static int making_exists(const char *path, struct error *e)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return 0;
    return error_set(e, ERROR_CONFLICT, "%s exists already and is left as it is", path);
}

static int making_folder(const char *path, struct error *e)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return error_set(e, ERROR_IO, "can't make the folder %s: %s", path, strerror(errno));
}

static int making_write(const char *path, const char *text, struct error *e)
{
    FILE *file = fopen(path, "wxe");
    bool good = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        good = false;
    if (good)
        return 0;
    return error_set(e, errno == EEXIST ? ERROR_CONFLICT : ERROR_IO, "can't write %s: %s", path,
                     strerror(errno));
}

/* One file below `dir`, and the folder that it is in. */
static int making_file(struct making *m, const char *dir, const struct new_file *f, struct error *e)
{
    struct buf path = BUF_INIT, text = BUF_INIT;
    buf_printf(&path, "%s/", dir);
    size_t n = path.len;
    making_fill(m, f->path, &path);
    making_fill(m, f->text, &text);
    char *slash = strrchr(path.data + n, '/');
    int rc = 0;
    if (slash) {
        *slash = '\0';
        rc = making_folder(path.data, e);
        *slash = '/';
    }
    if (rc == 0)
        rc = making_write(path.data, buf_text(&text), e);
    if (rc == 0)
        buf_printf(&m->made, "%s\n", path.data + n);
    buf_free(&path);
    buf_free(&text);
    return rc;
}

static int making_files(struct making *m, const char *dir, const struct new_file *files,
                        struct error *e)
{
    int rc = 0;
    for (; rc == 0 && files->path; files++)
        rc = making_file(m, dir, files, e);
    return rc;
}

/* None of them may exist: either all are made or nothing is touched. */
static int making_check(const struct making *m, const char *dir, const struct new_file *files,
                        struct error *e)
{
    int rc = 0;
    for (; rc == 0 && files->path; files++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/", dir);
        making_fill(m, files->path, &path);
        rc = making_exists(path.data, e);
        buf_free(&path);
    }
    return rc;
}

/* ---- the three ---- */

/* --dir, the folder of plugins of the home, or here. */
static int making_plugins(struct making *m, struct error *e)
{
    const char *dir = cli_value(m->c, "dir");
    struct home *h = NULL;
    struct error none;
    int rc = 0;
    if (dir)
        buf_puts(&m->dir, dir);
    else if ((rc = place_open(m->c, &h, m->c->home ? e : &none)) == 0)
        buf_puts(&m->dir, home_plugins(h));
    else if (m->c->home)
        return rc;
    else
        buf_puts(&m->dir, ".");
    home_close(h);
    return making_folder(buf_text(&m->dir), e);
}

static int making_plugin(struct making *m, struct error *e)
{
    struct buf folder = BUF_INIT, aside = BUF_INIT, luacheck = BUF_INIT;
    int rc = making_plugins(m, e);
    if (rc < 0)
        return rc;
    buf_printf(&folder, "%s/%s", m->dir.data, m->name);
    buf_printf(&aside, "%s/.%s.%ld.new", m->dir.data, m->name, (long)getpid());
    script_luacheck(&luacheck);
    const struct new_file standard[] = { { ".luacheckrc", buf_text(&luacheck) }, { NULL, NULL } };
    if ((rc = making_exists(folder.data, e)) == 0 && (rc = making_folder(aside.data, e)) == 0 &&
        (rc = making_files(m, aside.data, new_plugin_files, e)) == 0 &&
        (rc = making_files(m, aside.data, standard, e)) == 0 &&
        rename(aside.data, folder.data) != 0)
        rc = error_set(e, ERROR_IO, "can't make the folder %s: %s", folder.data, strerror(errno));
    buf_clear(&m->dir);
    buf_puts(&m->dir, buf_text(&folder));
    buf_free(&folder);
    buf_free(&aside);
    buf_free(&luacheck);
    return rc;
}

/* Without it the file would never be read. */
static int making_require(const struct making *m, struct error *e)
{
    FILE *file = fopen("init.lua", "ae");
    bool good = file && fprintf(file, "\nbaton.require(\"%s\")\n", m->name) > 0;
    if (file && fclose(file) != 0)
        good = false;
    return good ? 0 : error_set(e, ERROR_IO, "can't write init.lua: %s", strerror(errno));
}

static int making_workflow(struct making *m, struct error *e)
{
    buf_puts(&m->dir, ".");
    if (access("plugin.ini", F_OK) != 0 || access("init.lua", F_OK) != 0)
        return error_set(e, ERROR_NOT_FOUND,
                         "a workflow is a file of a plugin, and the current folder holds no "
                         "plugin.ini: go to the folder of one, or make one with: baton new plugin "
                         "%s",
                         m->name);
    int rc = making_check(m, ".", new_workflow_files, e);
    if (rc == 0)
        rc = making_files(m, ".", new_workflow_files, e);
    return rc < 0 ? rc : making_require(m, e);
}

static int making_script(struct making *m, struct error *e)
{
    const char *dir = cli_value(m->c, "dir");
    buf_puts(&m->dir, dir ? dir : ".");
    int rc = making_check(m, m->dir.data, new_script_files, e);
    return rc < 0 ? rc : making_files(m, m->dir.data, new_script_files, e);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*make)(struct making *m, struct error *e);
} making_kinds[] = {
    { "plugin", making_plugin },
    { "workflow", making_workflow },
    { "script", making_script },
};
enum { MAKING_KINDS = sizeof making_kinds / sizeof *making_kinds };

static int making_kind(const char *word, size_t *kind, struct error *e)
{
    const char *names[MAKING_KINDS + 1] = { NULL };
    for (size_t i = 0; i < MAKING_KINDS; i++) {
        names[i] = making_kinds[i].name;
        if (!strcmp(word, names[i])) {
            *kind = i;
            return 0;
        }
    }
    struct buf near = BUF_INIT;
    text_suggest(word, names, &near);
    error_set(e, ERROR_INVALID, "there is no new \"%.40s\"%s", word,
              near.len ? buf_text(&near) : ": say plugin, workflow or script");
    buf_free(&near);
    return -ERROR_INVALID;
}

static void making_title(struct making *m)
{
    size_t n = strlen(m->name);
    for (size_t i = 0; i <= n && i < sizeof m->title; i++)
        m->title[i] = m->name[i] == '_' ? ' ' : m->name[i];
    if (m->title[0] >= 'a' && m->title[0] <= 'z')
        m->title[0] = (char)(m->title[0] - 'a' + 'A');
}

static void making_say(const struct making *m, size_t kind)
{
    const char *dir = buf_text(&m->dir);
    print_line(stdout, "Made in %s:", dir);
    for (const char *line = buf_text(&m->made); *line; line = strchr(line, '\n') + 1)
        print_line(stdout, "  %.*s", (int)(strchr(line, '\n') - line), line);
    if (kind == 0)
        print_line(stdout, "Next: baton check %s; baton test %s; then plugins = %s in org.ini.",
                   dir, dir, m->name);
    else if (kind == 1)
        print_line(stdout,
                   "init.lua requires it now. Next: baton check . ; baton test . ; baton graph %s "
                   "--plugin .",
                   m->name);
    else
        print_line(stdout, "Next: baton run %s/%s.lua", dir, m->name);
}

static int making_name(const char *name, struct error *e)
{
    size_t n = strlen(name);
    if (n > LIMIT_NAME_BYTES)
        return error_set(e, ERROR_LIMIT, "\"%.40s…\" has %zu characters, a name at most %d", name,
                         n, LIMIT_NAME_BYTES);
    if (!text_is_name(name))
        return error_set(e, ERROR_INVALID, "\"%s\" is no name: a-z, then a-z, 0-9 and _", name);
    return 0;
}

/* The folder of plugins of a home comes before those that baton brings along. */
static void making_warn(const struct making *m)
{
    struct buf path = BUF_INIT;
    char *shipped = place_plugins();
    buf_printf(&path, "%s/%s/plugin.ini", shipped, m->name);
    if (access(path.data, F_OK) == 0)
        print_line(stderr,
                   "warning: baton brings a plugin %s along; organisations that find the new one "
                   "use it instead",
                   m->name);
    mem_free(shipped);
    buf_free(&path);
}

static int new_run(const struct cli *c)
{
    struct making m = { .c = c, .name = c->words[1] };
    struct error e;
    size_t kind = 0;
    int code = CLI_OK;
    if (making_kind(c->words[0], &kind, &e) < 0 || making_name(m.name, &e) < 0) {
        cli_fail(c, &e);
        return CLI_USAGE;
    }
    making_title(&m);
    if (making_kinds[kind].make(&m, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (c->json) {
        struct buf out = BUF_INIT;
        struct jsonw w;
        jsonw_start(&w, &out);
        jsonw_open_object(&w);
        jsonw_key(&w, "made");
        jsonw_text(&w, buf_text(&m.dir));
        jsonw_close(&w);
        print_json_text(stdout, out.data, out.len);
        buf_free(&out);
    } else if (!c->quiet) {
        making_say(&m, kind);
    }
    if (code == CLI_OK && kind == 0)
        making_warn(&m);
    buf_free(&m.dir);
    buf_free(&m.made);
    return code;
}

static const struct option new_options[] = {
    { "dir", 0, "DIR", "where it is made; else the home's folder of plugins, or here" },
    { NULL, 0, NULL, NULL },
};

const struct command command_new = {
    .name = "new",
    .usage = "plugin|workflow|script NAME [--dir DIR]",
    .summary = "Writes a plugin, workflow or script to begin with",
    .options = new_options,
    .notes =
        "A plugin goes into the home's folder of plugins, or where there is no home into the\n"
        "current one: plugin.ini, init.lua with a small workflow, its spec, a README, and the\n"
        "names of baton for luacheck. A workflow goes into the plugin of the current folder, a\n"
        "script into the current folder. What exists is left as it is (exit code 5).",
    .example = "baton new plugin tutoring\nbaton new script stale_referrals",
    .min = 2,
    .max = 2,
    .run = new_run,
};
