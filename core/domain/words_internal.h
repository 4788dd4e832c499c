/* A list of words for a message: what would be right, and what comes near. */
#ifndef DOMAIN_WORDS_INTERNAL_H
#define DOMAIN_WORDS_INTERNAL_H

#include <stddef.h>

struct buf;

struct words {
    const char **at; /* borrowed words, ended by NULL once there is one */
    size_t count;
};

#define WORDS_INIT                                                                                 \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

void words__add(struct words *w, const char *word); /* once: a word that is there stays single */
void words__add_all(struct words *w, const char *const *words); /* NULL is fine */
/* Appends `, did you mean "x"?` where one comes near. */
void words__suggest(const struct words *w, const char *word, struct buf *out);
void words__join(const struct words *w, struct buf *out); /* "a, b, c", or "none" */
void words__free(struct words *w);

#endif
