/* A home: a folder with baton.ini and orgs/. What one installation serves. */
#ifndef BATON_HOST_HOME_H
#define BATON_HOST_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct home;

/* In it: baton.ini, orgs/NAME/{org.ini, plugins/, org.db, outbox/}, plugins/, baton.sock. */
int home_init(const char *dir, struct error *e); /* ERROR_CONFLICT if it is one already */
int home_open(struct home **out, const char *dir, const char *shipped_plugins, struct error *e);
void home_close(struct home *h);
const char *home_dir(const struct home *h);
const char *home_plugins(const struct home *h); /* its folder of plugins, absolute */
const char *home_socket(const struct home *h);  /* absolute path */
int64_t home_sleep_after_ms(const struct home *h);
const char *home_log_level(const struct home *h);
size_t home_workers(const struct home *h); /* 0: as many as there are processors */

struct org_settings { /* for home_add_org; NULL members: defaults */
    const char *title, *zone;
    const char *plugins; /* "pre_referral, x" */
    const char *roles;   /* extra roles */
    bool clock_movable;
};
int home_add_org(struct home *h, const char *name, const struct org_settings *s, struct error *e);
/* What an organisation is read from: its org.ini, and for each plugin listed there every folder
 * that it may lie in, there or not. Calls `each` with absolute paths. */
int home_sources(const struct home *h, const char *org,
                 void (*each)(void *context, const char *path), void *context, struct error *e);
/* Names in order; ends with NULL; one mem_free. */
int home_orgs(const struct home *h, char ***out, struct error *e);
/* ERROR_NOT_FOUND, with near names; ERROR_INVALID: its folder is a symbolic link. */
int home_check_org(const struct home *h, const char *name, struct error *e);

#endif
