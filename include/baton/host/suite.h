/* Specs: runs files of them in scratch organisations and keeps what stages and
 * transitions they went through.
 *
 * Every case has its own: a turn on a private database, aborted at its end. The
 * organisations are made once for each set of options and shared by the cases
 * that ask for the same. */
#ifndef BATON_HOST_SUITE_H
#define BATON_HOST_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct home;
struct suite;

enum suite_status { SUITE_PASSED, SUITE_FAILED, SUITE_PENDING };
struct suite_result { /* valid during the call */
    enum suite_status status;
    const char *plugin; /* "" if none */
    const char *file;
    const char *name;  /* "tutoring › matches" */
    const char *where; /* file:line of what failed, or of the case */
    const char *why;   /* lines; "" if it went well */
    size_t expectations;
    uint64_t ns;
};
struct suite_options {
    const struct home
        *home;           /* where plugins are looked for, behind the folder of the one tested; */
    const char *shipped; /* either may be NULL */
    const char *filter;  /* part of the name; NULL: all */
    void (*result)(void *context, const struct suite_result *result);
    void (*output)(void *context, const char *text, size_t n); /* printed by a spec */
    void *context;
};
struct suite *suite_new(const struct suite_options *options);
/* The case that runs fails with "stopped on request", and no further begins. Safe in a signal
 * handler. */
void suite_cancel(struct suite *s);
void suite_free(struct suite *s);

/* The folder of a plugin by its name, in the home, its organisations, or among those shipped. The
 * caller frees *dir. */
int suite_find(const struct suite *s, const char *name, char **dir, struct error *e);
/* One file. `plugin_dir` is the folder of the plugin whose it is, or NULL. A file that cannot be
 * read or that does not load counts as one failed case; negative only where nothing can go on. */
int suite_file(struct suite *s, const char *plugin_dir, const char *path, struct error *e);
/* Every NAME.lua in the folder spec of the plugin, by name. *files: how many (may be NULL). */
int suite_plugin(struct suite *s, const char *plugin_dir, size_t *files, struct error *e);

struct suite_totals {
    size_t passed, failed, pending, expectations;
    uint64_t ns;
};
void suite_totals(const struct suite *s, struct suite_totals *out);

/* Of each workflow of the plugins that were tested. */
struct suite_coverage {
    const char *workflow;
    size_t stages, entered, transitions, taken;
    const char *never_entered, *never_taken; /* "lapsed, withdrawn"; "" if none */
};
size_t suite_coverage_count(const struct suite *s);
void suite_coverage_at(const struct suite *s, size_t index, struct suite_coverage *out);

#endif
