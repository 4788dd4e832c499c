/* Between complete.c and complete_options.c. */
#ifndef SCRIPT_COMPLETE_INTERNAL_H
#define SCRIPT_COMPLETE_INTERNAL_H

#include "script/handle_internal.h"
#include "script/session_internal.h"

enum { COMPLETE_WORDS = 512 };

struct complete {
    struct session *session;
    const char *line;
    size_t cursor, begin; /* the word is [begin, cursor) */
    session_each_word each;
    void *context;
    const char *words[COMPLETE_WORDS];
    size_t count;
    bool ordered; /* as they were added, instead of by the alphabet */
    char quote;   /* of the text that the word is in; 0: none */
    struct arena *arena;
};

void complete__add(struct complete *c, const char *word); /* if it begins with what is typed */
void complete__add_all(struct complete *c, const char *const *words);
bool complete__is_inner(const char *key); /* shown only once something is typed */

/* ---- reading the line backwards, from `end` ---- */
size_t complete__word_begin(const struct complete *c, size_t end);
size_t complete__skip_space(const struct complete *c, size_t end);
size_t complete__open_bracket(const struct complete *c, size_t end, bool closed);
const char *complete__word(struct complete *c, size_t begin, size_t end);

/* A value on the stack, or only the entity of the handle that it would be. */
struct complete_target {
    enum entity entity; /* ENTITY_NONE: look at the value */
    bool found;
};
struct complete_target complete__target(struct complete *c, lua_State *L, size_t end);

/* ---- complete_options.c ---- */
/* Each is true where the place is one of its kind, even if no word fits. */
bool complete__topics(struct complete *c);                    /* help dea */
bool complete__option_keys(struct complete *c, lua_State *L); /* r:advance("close", { rea */
bool complete__option_words(struct complete *c, lua_State *L,
                            size_t end); /* …, { reason = "…; end: where the quote stands */
void complete__add_column(struct complete *c, const struct column *column);

#endif
