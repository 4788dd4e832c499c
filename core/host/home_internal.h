/* What the files of the host room share about homes and org.ini. */
#ifndef HOST_HOME_INTERNAL_H
#define HOST_HOME_INTERNAL_H

#include "baton/host/home.h"

struct calendar;
struct error;
struct ini;

/* Text + file name appended with a slash; the caller frees. */
char *home__path(const char *dir, const char *name);
char *home__org_dir(const struct home *h, const char *name);
/* Where plugins are searched, best first: of the organisation, of the home, shipped. Ends with
 * NULL; freed with home__free_list. */
char **home__plugin_dirs(const struct home *h, const char *org_dir);
void home__free_list(char **list);
/* Writes a file that must not exist yet, durably (temp file, fsync, rename). ERROR_CONFLICT if it
 * does. */
int home__write_new(const char *path, const char *text, struct error *e);
int home__sync_dir(const char *dir, struct error *e);

/* org.ini, read as a whole and checked. */
struct org_config {
    struct ini *ini; /* owns the texts below; the script room reads its own sections */
    const char *title, *zone;
    char **plugins, **roles; /* end with NULL; NULL: none */
    bool clock_movable;
    size_t lua_bytes; /* 0: the default */
    unsigned call_ms;
    int64_t call_output_bytes, call_effects, call_rows,
        call_bytes; /* 0: the default, as in script.h */
    struct calendar *calendar;
};
int config__load(struct org_config *out, const char *path, const char *org, struct error *e);
int config__parse(struct org_config *out, const char *text, const char *file_name, const char *org,
                  struct error *e);
void config__free(struct org_config *c); /* and clears it */

#endif
