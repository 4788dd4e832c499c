/* What baton doctor looks at, and what it found. */
#ifndef CLI_DOCTOR_INTERNAL_H
#define CLI_DOCTOR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct cli;
struct home;

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_BAD };

struct finding {
    enum finding_level level;
    char *subject; /* "home", "disk", "org riverside" */
    char *message;
    char *remedy; /* "" if none is needed */
};
struct doctor {
    const struct cli *c;
    struct finding *findings;
    size_t count, room;
};

/* `remedy` NULL: none. */
void doctor_say(struct doctor *d, enum finding_level level, const char *subject, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_home.c: libraries, time zones, folders, disk. */
void doctor_machine(struct doctor *d);
void doctor_home(struct doctor *d, const struct home *h);
/* doctor_org.c */
void doctor_org(struct doctor *d, const struct home *h, const char *name);

#endif
