/* Words of people: UTF-8, folding for search, near misses for messages. */
#ifndef BATON_BASE_TEXT_H
#define BATON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

bool text_is_utf8(const char *text, size_t n); /* NUL is refused too */
/* Appends the text without case and accents (utf8proc: NFKD, casefold, marks dropped). */
void text_fold(const char *text, size_t n, struct buf *out);
size_t text_width(const char *text, size_t n); /* columns on a terminal */
/* Appends with control characters (terminal escapes too) shown as \x1b; keeps newline and tab if
 * `keep_newlines`. */
void text_printable(const char *text, size_t n, bool keep_newlines, struct buf *out);
/* Appends as text of XML 1.0, within an element or a quoted attribute: what it has no character
 * for, control characters and bytes that are not UTF-8, as U+FFFD. */
void text_xml(const char *text, size_t n, struct buf *out);
/* [a-z][a-z0-9_]{0,63}: names of organisations, plugins, workflows, stages, fields, roles. */
bool text_is_name(const char *text);
/* The candidate nearest to `word` (Damerau-Levenshtein, at most a third of its length), or NULL.
 * `candidates` ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);
/* Appends `, did you mean "x"?` where there is a near one, else nothing. */
void text_suggest(const char *word, const char *const *candidates, struct buf *out);

#endif
