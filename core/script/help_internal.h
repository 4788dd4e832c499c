/* Topics of help that are no function (help_topics.c). */
#ifndef SCRIPT_HELP_INTERNAL_H
#define SCRIPT_HELP_INTERNAL_H

struct help_topic {
    const char *name, *help; /* one line */
    const char *text;        /* the page */
};

const struct help_topic *help__topics(void);            /* ended by name NULL */
const struct help_topic *help__topic(const char *name); /* NULL if none */
const char *help__example(const char *topic);           /* of a topic (help_examples.c); NULL */

#endif
