/* Were files of the plugins saved since they were loaded? Whoever has saved and
 * not reloaded is told so where the old version answers.
 *
 * The change time is looked at, since a copy may keep the time of its original. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "baton/base/memory.h"
#include "host/home_internal.h"
#include "host/org_internal.h"

enum { SAVED_DEPTH = 4 };

static bool saved_counts(const char *name)
{
    const char *dot = strrchr(name, '.');
    return !strcmp(name, "plugin.ini") || (dot && !strcmp(dot, ".lua"));
}

/* Specs are not loaded. */
static int64_t saved_newest(const char *dir, int depth)
{
    int64_t newest = 0;
    DIR *list = opendir(dir);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        struct stat st;
        int64_t at_ns = 0;
        char *path = home__path(dir, entry->d_name);
        if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "spec") || lstat(path, &st) != 0)
            at_ns = 0;
        else if (S_ISDIR(st.st_mode) && depth < SAVED_DEPTH)
            at_ns = saved_newest(path, depth + 1);
        else if (S_ISREG(st.st_mode) && saved_counts(entry->d_name))
            at_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
        newest = at_ns > newest ? at_ns : newest;
        mem_free(path);
    }
    if (list)
        closedir(list);
    return newest;
}

int64_t saved__at_ns(const struct script *s)
{
    struct plugin_info info;
    int64_t newest = 0;
    for (size_t i = 0; i < script_plugin_count(s); i++) {
        script_plugin_at(s, i, &info);
        int64_t at_ns = *info.dir ? saved_newest(info.dir, 0) : 0;
        newest = at_ns > newest ? at_ns : newest;
    }
    return newest;
}

bool org__saved_since(const struct org *o)
{
    return saved__at_ns(o->world.script) > o->world.saved_at_ns;
}
