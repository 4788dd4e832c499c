/* plugin.ini: finding the folder of a plugin and reading what it says of
 * itself. Everything is copied, the file is closed again. */
#include "script/plugin_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

enum { PLUGIN_API = 1, VERSION_PARTS = 4, VERSION_PART_DIGITS = 9 };

const char *const plugin_permissions[] = { "people", "partners",   "services", "locations",
                                           "staff",  "messages",   "timers",   "consents",
                                           "ledger", "programmes", "codes",    NULL };

/* ---- versions ---- */

bool version_is_good(const char *text)
{
    int parts = 0;
    while (parts++ < VERSION_PARTS) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > VERSION_PART_DIGITS)
            return false;
        text += digits;
        if (!*text)
            return true;
        if (*text++ != '.')
            return false;
    }
    return false;
}

int version_compare(const char *a, const char *b)
{
    while (*a || *b) {
        char *rest_a = (char *)a, *rest_b = (char *)b;
        unsigned long na = *a ? strtoul(a, &rest_a, 10) : 0, nb = *b ? strtoul(b, &rest_b, 10) : 0;
        if (na != nb)
            return na < nb ? -1 : 1;
        a = *rest_a == '.' ? rest_a + 1 : "";
        b = *rest_b == '.' ? rest_b + 1 : "";
    }
    return 0;
}

bool version_satisfies(const char *version, const char *op, const char *wanted)
{
    int c = version_compare(version, wanted);
    if (!*op)
        return true;
    if (!strcmp(op, ">="))
        return c >= 0;
    if (!strcmp(op, "<="))
        return c <= 0;
    if (!strcmp(op, ">"))
        return c > 0;
    if (!strcmp(op, "<"))
        return c < 0;
    return c == 0;
}

/* ---- finding it ---- */

/* What else lies in the folders: for a near name. */
static void find_suggest(const char *name, const char *const *dirs, struct buf *out)
{
    const char *names[257];
    size_t count = 0;
    struct arena *memory = arena_new(0);
    for (; *dirs; dirs++) {
        DIR *dir = opendir(*dirs);
        for (struct dirent *entry; dir && count < 256 && (entry = readdir(dir));)
            if (text_is_name(entry->d_name))
                names[count++] = arena_dup(memory, entry->d_name);
        if (dir)
            closedir(dir);
    }
    names[count] = NULL;
    text_suggest(name, names, out);
    arena_free(memory);
}

/* A folder of that name, though nothing says that it is a plugin. */
static bool find_bare(const char *name, const char *const *dirs, struct buf *folder)
{
    for (; *dirs; dirs++) {
        struct stat st;
        buf_clear(folder);
        buf_printf(folder, "%s/%s", *dirs, name);
        if (stat(folder->data, &st) == 0 && S_ISDIR(st.st_mode))
            return true;
    }
    return false;
}

static int find_failed(const char *name, const char *const *dirs, struct error *e)
{
    struct buf folder = BUF_INIT;
    bool bare = find_bare(name, dirs, &folder);
    if (bare)
        error_set(e, ERROR_NOT_FOUND, "plugin \"%s\": plugin.ini is missing in its folder %s", name,
                  folder.data);
    buf_free(&folder);
    if (bare)
        return -ERROR_NOT_FOUND;
    struct buf tried = BUF_INIT, near = BUF_INIT;
    for (size_t i = 0; dirs[i]; i++) {
        size_t first = 0;
        while (strcmp(dirs[first], dirs[i]) != 0)
            first++;
        if (first == i)
            buf_printf(&tried, "%s%s", i ? ", " : "", dirs[i]);
    }
    find_suggest(name, dirs, &near);
    int rc =
        error_set(e, ERROR_NOT_FOUND, "no plugin \"%s\"%s; looked for %s/plugin.ini in %s", name,
                  buf_text(&near), name, tried.len ? buf_text(&tried) : "no folder at all");
    buf_free(&tried);
    buf_free(&near);
    return rc;
}

/* Is the folder one plugin itself, and that one? */
static bool find_is_itself(const char *ini_path, const char *name)
{
    struct ini *ini = NULL;
    const char *called = NULL;
    bool is = ini_load(&ini, ini_path, NULL) == 0 &&
              ini_text(ini, "plugin", "name", &called, NULL) == 0 && called &&
              !strcmp(called, name);
    ini_free(ini);
    return is;
}

/* The folder of the plugin, resolved, so that what is read later can be held against it; NULL: not
 * here. */
static char *find_in(const char *dir, const char *name)
{
    struct buf path = BUF_INIT;
    char *resolved = NULL;
    buf_printf(&path, "%s/plugin.ini", dir);
    if (access(path.data, F_OK) == 0) {
        resolved = find_is_itself(path.data, name) ? realpath(dir, NULL) : NULL;
    } else {
        buf_clear(&path);
        buf_printf(&path, "%s/%s/plugin.ini", dir, name);
        bool there = access(path.data, F_OK) == 0;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", dir, name);
        resolved = there ? realpath(path.data, NULL) : NULL;
    }
    buf_free(&path);
    return resolved;
}

static int plugin_find(struct plugin *p, const char *const *dirs, struct error *e)
{
    for (size_t i = 0; dirs[i]; i++) {
        char *resolved = find_in(dirs[i], p->name);
        if (!resolved)
            continue;
        mem_free(p->dir);
        p->dir = mem_dup(resolved);
        free(resolved); /* realpath uses malloc */
        return 0;
    }
    return find_failed(p->name, dirs, e);
}

/* ---- its members ---- */

static int ini_refuse(struct ini *ini, const char *key, struct error *e)
{
    const struct ini_entry *entry = ini_find(ini, "plugin", key);
    if (entry)
        error_at(e, "%s:%d", ini_file(ini), entry->line);
    else
        error_at(e, "%s", ini_file(ini));
    return -(int)e->code;
}

/* "other", "other >= 1.0", "other = 2" */
int requirement_read(const char *text, struct requirement *out, struct error *e)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *op = text + n + strspn(text + n, " ");
    size_t op_n = strspn(op, "<>=");
    const char *version = op + op_n + strspn(op + op_n, " ");
    static const char *const ops[] = { ">=", "<=", "=", "==", ">", "<", NULL };
    bool good = n > 0 && op_n < sizeof out->op && (op_n > 0) == (*version != '\0');
    if (good && op_n > 0) {
        size_t i = 0;
        while (ops[i] && (strlen(ops[i]) != op_n || memcmp(ops[i], op, op_n) != 0))
            i++;
        good = ops[i] && version_is_good(version);
    }
    if (!good)
        return error_set(e, ERROR_INVALID,
                         "requires = %s: write a plugin's name, or \"other >= 1.0\"", text);
    out->plugin = mem_dupn(text, n);
    memcpy(out->op, op, op_n);
    out->op[op_n] = '\0';
    out->version = mem_dup(version);
    if (text_is_name(out->plugin))
        return 0;
    return error_set(e, ERROR_INVALID, "requires = %s: \"%s\" is no name of a plugin", text,
                     out->plugin);
}

static int ini_read_requires(struct plugin *p, struct ini *ini, struct error *e)
{
    char **list = NULL;
    int rc = ini_list(ini, "plugin", "requires", &list, e);
    size_t count = 0;
    while (rc == 0 && list && list[count])
        count++;
    if (count)
        p->requirements = mem_zero(count * sizeof *p->requirements);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        p->require_count = i + 1;
        rc = requirement_read(list[i], &p->requirements[i], e);
        if (rc < 0)
            ini_refuse(ini, "requires", e);
    }
    mem_free(list);
    return rc;
}

static int ini_read_permissions(struct plugin *p, struct ini *ini, struct error *e)
{
    char **list = NULL;
    int rc = ini_list(ini, "plugin", "permissions", &list, e);
    for (size_t i = 0; rc == 0 && list && list[i]; i++) {
        size_t bit = 0;
        while (plugin_permissions[bit] && strcmp(plugin_permissions[bit], list[i]) != 0)
            bit++;
        if (plugin_permissions[bit]) {
            p->permissions |= 1u << bit;
            continue;
        }
        struct buf near = BUF_INIT;
        text_suggest(list[i], plugin_permissions, &near);
        if (!near.len)
            buf_puts(&near, "; known: people, partners, services, locations, staff, messages, "
                            "timers, consents, ledger, programmes, codes");
        error_set(e, ERROR_INVALID, "permissions: unknown permission \"%.80s\"%s", list[i],
                  buf_text(&near));
        rc = ini_refuse(ini, "permissions", e);
        buf_free(&near);
    }
    mem_free(list);
    return rc;
}

/* Roles that its workflows name: an organisation that lists the plugin has them by that alone. */
static int ini_read_roles(struct plugin *p, struct ini *ini, struct error *e)
{
    char **list = NULL;
    int rc = ini_list(ini, "plugin", "roles", &list, e);
    for (size_t i = 0; rc == 0 && list && list[i]; i++)
        if ((rc = domain_add_role(p->script->domain, list[i], e)) < 0)
            rc = ini_refuse(ini, "roles", e);
    mem_free(list);
    return rc;
}

static int ini_read_version(struct plugin *p, struct ini *ini, struct error *e)
{
    const char *version = NULL;
    int rc = ini_text(ini, "plugin", "version", &version, e);
    if (rc < 0)
        return rc;
    if (!version || !version_is_good(version)) {
        error_set(e, ERROR_INVALID, "version = %s: write numbers with dots, such as 1.0.0",
                  version ? version : "(missing)");
        return ini_refuse(ini, "version", e);
    }
    mem_free(p->version);
    p->version = mem_dup(version);
    return 0;
}

static int ini_read_plugin(struct plugin *p, struct ini *ini, struct error *e)
{
    const char *name = NULL, *title = p->name;
    int64_t api = PLUGIN_API;
    int rc = ini_text(ini, "plugin", "name", &name, e);
    if (rc < 0)
        return rc;
    if (!name || strcmp(name, p->name) != 0) {
        error_set(e, ERROR_INVALID, "name = %s: it must be the name of its folder, %s",
                  name ? name : "(missing)", p->name);
        return ini_refuse(ini, "name", e);
    }
    if ((rc = ini_read_version(p, ini, e)) < 0 ||
        (rc = ini_text(ini, "plugin", "title", &title, e)) < 0 ||
        (rc = ini_int(ini, "plugin", "api", PLUGIN_API, PLUGIN_API, &api, e)) < 0)
        return rc;
    mem_free(p->title);
    p->title = mem_dup(title);
    if ((rc = ini_read_requires(p, ini, e)) < 0 || (rc = ini_read_roles(p, ini, e)) < 0)
        return rc;
    return ini_read_permissions(p, ini, e);
}

int plugin_ini_read(struct plugin *p, const char *const *dirs, struct ini *org_ini, struct error *e)
{
    struct buf path = BUF_INIT;
    struct ini *ini = NULL;
    int rc = plugin_find(p, dirs, e);
    if (rc < 0)
        return rc;
    buf_printf(&path, "%s/plugin.ini", p->dir);
    if ((rc = ini_load(&ini, buf_text(&path), e)) == 0 && (rc = ini_read_plugin(p, ini, e)) == 0 &&
        (rc = settings_read(p, ini, e)) == 0 && (rc = ini_unknown(ini, e)) == 0)
        rc = settings_configure(p, org_ini, e);
    ini_free(ini);
    buf_free(&path);
    p->usable = rc == 0;
    return rc;
}

void plugin_ini_free(struct plugin *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->require_count; i++) {
        mem_free(p->requirements[i].plugin);
        mem_free(p->requirements[i].version);
    }
    mem_free(p->requirements);
    settings_free(p);
    mem_free(p->name);
    mem_free(p->version);
    mem_free(p->title);
    mem_free(p->dir);
    mem_free(p->problem);
    mem_free(p->warning);
    mem_free(p->actor_name);
    mem_free(p);
}
