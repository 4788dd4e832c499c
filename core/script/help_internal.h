/* Topics of help that are no function (help_topics.c). */
#ifndef SCRIPT_HELP_INTERNAL_H
#define SCRIPT_HELP_INTERNAL_H

#include "baton/store/schema.h"

struct arena;
struct buf;

struct help_topic {
    const char *name, *help; /* one line */
    const char *text;        /* the page */
};

const struct help_topic *help__topics(void);            /* ended by name NULL */
const struct help_topic *help__topic(const char *name); /* also by an alias; NULL if none */
const char *const *help__aliases(void);                 /* ended by NULL */
const char *help__example(const char *topic);           /* of a topic (help_examples.c); NULL */
const char *const *help__names(struct arena *memory);   /* all that help takes (registry.c) */
/* Tables of columns (help_columns.c): of one entity, of all. */
void help__columns(const struct schema *s, struct buf *out);
void help__all_columns(struct buf *out);

#endif
