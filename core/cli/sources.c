/* A scan is the list of files with their stamps, in the order of their paths;
 * two scans are compared by walking both at once. */
#include "cli/sources_internal.h"

#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "baton/base/buf.h"
#include "baton/base/memory.h"

enum { SOURCES_FILES = 4096, SOURCES_DEPTH = 6, SOURCES_NAMED = 4 };

struct sources_file {
    char *path;
    size_t root;
    int64_t changed_ns;
    uint64_t inode;
    int64_t bytes;
};
struct scan {
    struct sources_file *files;
    size_t count, room;
};
struct sources {
    char **roots;
    size_t root_count;
    const char *skip;
    struct scan known, seen;
};

/* ---- looking ---- */

static void scan_clear(struct scan *scan)
{
    for (size_t i = 0; i < scan->count; i++)
        mem_free(scan->files[i].path);
    mem_free(scan->files);
    *scan = (struct scan){ 0 };
}

static void scan_file(struct scan *scan, size_t root, const char *path, const struct stat *st)
{
    if (scan->count == SOURCES_FILES)
        return;
    if (scan->count == scan->room) {
        scan->room = scan->room ? scan->room * 2 : 32;
        scan->files = mem_resize(scan->files, scan->room * sizeof *scan->files);
    }
    scan->files[scan->count++] = (struct sources_file){
        .path = mem_dup(path),
        .root = root,
        .changed_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .inode = st->st_ino,
        .bytes = st->st_size,
    };
}

static bool scan_is_source(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && (!strcmp(name + n - 4, ".lua") || !strcmp(name + n - 4, ".ini"));
}

/* Links are followed; the depth ends a circle of them. */
static void scan_dir(struct scan *scan, const struct sources *s, size_t root, const char *path,
                     unsigned depth)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat st;
        struct buf below = BUF_INIT;
        buf_printf(&below, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || stat(below.data, &st))
            ; /* an editor's own, or gone since */
        else if (S_ISREG(st.st_mode) && scan_is_source(entry->d_name))
            scan_file(scan, root, below.data, &st);
        else if (S_ISDIR(st.st_mode) && depth < SOURCES_DEPTH &&
                 !(s->skip && !strcmp(s->skip, entry->d_name)))
            scan_dir(scan, s, root, below.data, depth + 1);
        buf_free(&below);
    }
    if (dir)
        closedir(dir);
}

static int scan_order(const void *a, const void *b)
{
    const struct sources_file *x = a, *y = b;
    return x->root != y->root ? (x->root < y->root ? -1 : 1) : strcmp(x->path, y->path);
}

static void scan_root(struct scan *scan, const struct sources *s, size_t root)
{
    struct stat st;
    if (stat(s->roots[root], &st))
        return;
    if (S_ISDIR(st.st_mode))
        scan_dir(scan, s, root, s->roots[root], 0);
    else
        scan_file(scan, root, s->roots[root], &st);
}

static void scan_sort(struct scan *scan)
{
    if (scan->count)
        qsort(scan->files, scan->count, sizeof *scan->files, scan_order);
}

/* ---- comparing ---- */

static bool scan_same_file(const struct sources_file *a, const struct sources_file *b)
{
    return a->changed_ns == b->changed_ns && a->inode == b->inode && a->bytes == b->bytes;
}

/* Calls `each` with one of both, or both where they differ; false: nothing differs. */
typedef void (*scan_each)(void *context, const struct sources_file *was,
                          const struct sources_file *is);
static bool scan_compare(const struct scan *a, const struct scan *b, scan_each each, void *context)
{
    bool differs = false;
    for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
        int order = i == a->count ? 1 : j == b->count ? -1 : scan_order(&a->files[i], &b->files[j]);
        const struct sources_file *was = order <= 0 ? &a->files[i++] : NULL;
        const struct sources_file *is = order >= 0 ? &b->files[j++] : NULL;
        if (was && is && scan_same_file(was, is))
            continue;
        differs = true;
        if (each)
            each(context, was, is);
    }
    return differs;
}

/* ---- the verbs ---- */

struct sources *sources_new(const char *skip)
{
    struct sources *s = mem_new(struct sources);
    s->skip = skip;
    return s;
}

void sources_free(struct sources *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->root_count; i++)
        mem_free(s->roots[i]);
    mem_free(s->roots);
    scan_clear(&s->known);
    scan_clear(&s->seen);
    mem_free(s);
}

void sources_add(struct sources *s, const char *path)
{
    for (size_t i = 0; i < s->root_count; i++)
        if (!strcmp(s->roots[i], path))
            return;
    s->roots = mem_resize(s->roots, (s->root_count + 1) * sizeof *s->roots);
    s->roots[s->root_count] = mem_dup(path);
    scan_root(&s->known, s, s->root_count++);
    scan_sort(&s->known);
}

bool sources_any(const struct sources *s)
{
    return s->root_count > 0;
}

enum sources_state sources_look(struct sources *s)
{
    struct scan now = { 0 };
    for (size_t i = 0; i < s->root_count; i++)
        scan_root(&now, s, i);
    scan_sort(&now);
    bool changed = scan_compare(&s->known, &now, NULL, NULL);
    bool moving = scan_compare(&s->seen, &now, NULL, NULL);
    scan_clear(&s->seen);
    s->seen = now;
    return !changed ? SOURCES_SAME : moving ? SOURCES_CHANGING : SOURCES_CHANGED;
}

struct take {
    const struct sources *s;
    struct buf *out;
    size_t root, named; /* files of this root so far; SIZE_MAX: none yet */
    bool open;          /* a bracket */
};

static void take_close(struct take *t)
{
    if (t->named > SOURCES_NAMED)
        buf_printf(t->out, " and %zu more", t->named - SOURCES_NAMED);
    if (t->open)
        buf_putc(t->out, ')');
    t->open = false;
}

static void take_name(void *context, const struct sources_file *was, const struct sources_file *is)
{
    struct take *t = context;
    const struct sources_file *file = is ? is : was;
    assert(file);
    const char *root = t->s->roots[file->root], *slash = strrchr(root, '/');
    const char *label = slash ? slash + 1 : root, *name = file->path + strlen(root);
    if (file->root != t->root) {
        take_close(t);
        buf_puts(t->out, t->root == SIZE_MAX ? "" : ", ");
        buf_puts(t->out, label);
        t->root = file->root;
        t->named = 0;
        if ((t->open = *name == '/'))
            buf_puts(t->out, " (");
    } else if (t->named < SOURCES_NAMED) {
        buf_puts(t->out, ", ");
    }
    if (t->named++ >= SOURCES_NAMED)
        return;
    if (t->open)
        buf_puts(t->out, name + 1);
    buf_puts(t->out, !is ? " gone" : was ? " changed" : " new");
}

void sources_take(struct sources *s, struct buf *what)
{
    struct take t = { .s = s, .out = what, .root = SIZE_MAX };
    if (what && scan_compare(&s->known, &s->seen, take_name, &t))
        take_close(&t);
    scan_clear(&s->known);
    s->known = s->seen;
    s->seen = (struct scan){ 0 };
}
