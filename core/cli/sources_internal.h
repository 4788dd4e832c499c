/* Files that somebody edits, and whether they are still as they were.
 *
 * It looks at them (name, size, time, inode) instead of being told: a plugin is a
 * few files, a look costs microseconds, and whatever an editor does (writing in
 * place, renaming a new file over the old one, a link that points elsewhere, a
 * folder that was not there before, a file system over a network) is seen alike. */
#ifndef CLI_SOURCES_INTERNAL_H
#define CLI_SOURCES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct sources;

/* `skip`: a folder of this name is not gone into; or NULL. Borrowed. */
struct sources *sources_new(const char *skip);
void sources_free(struct sources *s);

/* A file, or a folder with every .lua and .ini file below it; neither need be there. What is there
 * now counts as known. Again with the same path: nothing. */
void sources_add(struct sources *s, const char *path);

bool sources_any(const struct sources *s); /* was one added? */

enum sources_state {
    SOURCES_SAME,
    SOURCES_CHANGING, /* and not as at the last look: somebody may be writing still */
    SOURCES_CHANGED   /* and the same at two looks */
};
enum sources_state sources_look(struct sources *s);

/* What the last look saw is known from now on. Says what is different, as people call it:
 * "tutoring (init.lua changed, old.lua gone), org.ini changed". `what` may be NULL. */
void sources_take(struct sources *s, struct buf *what);

#endif
