/* Word lists of error messages. Built when something was refused, so clarity
 * goes before speed. */
#include "domain/words_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

void words__add(struct words *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (!strcmp(w->at[i], word))
            return;
    w->at = mem_resize(w->at, (w->count + 2) * sizeof(*w->at));
    w->at[w->count++] = word;
    w->at[w->count] = NULL;
}

void words__add_all(struct words *w, const char *const *words)
{
    for (; words && *words; words++)
        words__add(w, *words);
}

void words__suggest(const struct words *w, const char *word, struct buf *out)
{
    if (w->count > 0)
        text_suggest(word, w->at, out);
}

void words__join(const struct words *w, struct buf *out)
{
    for (size_t i = 0; i < w->count; i++) {
        if (i > 0)
            buf_puts(out, ", ");
        buf_puts(out, w->at[i]);
    }
    if (w->count == 0)
        buf_puts(out, "none");
}

void words__free(struct words *w)
{
    mem_free(w->at);
    *w = (struct words)WORDS_INIT;
}
