/* The tokens of a Lua source, with their lines. Lua itself has compiled it, so
 * nothing is refused here: what does not fit ends the list early. */
#include "script/check_internal.h"

#include <ctype.h>
#include <string.h>

struct lex {
    struct arena *arena;
    const char *at, *end;
    int line;
    struct check_token *tokens;
    size_t count, room;
};

/* The text is kept. */
static void lex_put(struct lex *l, enum check_token_kind kind, const char *text, int line)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 512;
        struct check_token *grown = arena_alloc(l->arena, l->room * sizeof *grown);
        if (l->count)
            memcpy(grown, l->tokens, l->count * sizeof *grown);
        l->tokens = grown;
    }
    l->tokens[l->count++] = (struct check_token){ kind, text, line };
}

static void lex_add(struct lex *l, enum check_token_kind kind, const char *text, size_t n, int line)
{
    lex_put(l, kind, arena_dupn(l->arena, text, n), line);
}

/* At "[": the level of a long bracket, or -1. */
static int lex_bracket(const struct lex *l)
{
    const char *p = l->at + 1;
    while (p < l->end && *p == '=')
        p++;
    return p < l->end && *p == '[' ? (int)(p - l->at - 1) : -1;
}

/* Behind the closing bracket afterwards; the content is [*from, *from + n). */
static size_t lex_long(struct lex *l, int level, const char **from)
{
    const char *p = l->at + level + 2;
    if (p < l->end && *p == '\n')
        p++, l->line++;
    *from = p;
    for (; p < l->end; p++) {
        if (*p == '\n')
            l->line++;
        if (*p != ']' || l->end - p < level + 2 || p[level + 1] != ']' ||
            strspn(p + 1, "=") != (size_t)level)
            continue;
        l->at = p + level + 2;
        return (size_t)(p - *from);
    }
    l->at = l->end;
    return (size_t)(p - *from);
}

static void lex_comment(struct lex *l)
{
    const char *ignored;
    l->at += 2;
    int level = l->at < l->end && *l->at == '[' ? lex_bracket(l) : -1;
    if (level >= 0)
        lex_long(l, level, &ignored);
    else
        while (l->at < l->end && *l->at != '\n')
            l->at++;
}

/* Words for people and names hold few escapes; those that are not simple become "?". */
static char lex_escape(struct lex *l)
{
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    char c = *l->at;
    const char *found = c ? strchr(letters, c) : NULL;
    if (c == '\n')
        l->line++;
    if (found)
        return values[found - letters];
    return c == '"' || c == '\'' || c == '\\' || c == '\n' ? c : '?';
}

/* Behind the opening quote: the bytes up to the closing one. */
static size_t lex_string_length(const struct lex *l, char quote)
{
    const char *p = l->at;
    while (p < l->end && *p != quote)
        p += *p == '\\' && p + 1 < l->end ? 2 : 1;
    return (size_t)(p - l->at);
}

static void lex_string(struct lex *l)
{
    char quote = *l->at++;
    int line = l->line;
    const char *end = l->at + lex_string_length(l, quote);
    char *text = arena_alloc(l->arena, (size_t)(end - l->at) + 1);
    size_t n = 0;
    for (; l->at < end; l->at++) {
        char c = *l->at;
        if (c == '\\' && l->at + 1 < end) {
            l->at++;
            c = lex_escape(l);
        }
        text[n++] = c;
    }
    l->at = end + 1;
    lex_put(l, TOKEN_STRING, text, line);
}

static void lex_word(struct lex *l)
{
    static const char *const reserved[] = { "and",   "break",  "do",     "else",     "elseif",
                                            "end",   "false",  "for",    "function", "goto",
                                            "if",    "in",     "local",  "nil",      "not",
                                            "or",    "repeat", "return", "then",     "true",
                                            "until", "while" };
    const char *from = l->at;
    enum check_token_kind kind = TOKEN_NAME;
    while (l->at < l->end && (isalnum((unsigned char)*l->at) || *l->at == '_'))
        l->at++;
    size_t n = (size_t)(l->at - from);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == n && !memcmp(reserved[i], from, n))
            kind = TOKEN_WORD;
    lex_add(l, kind, from, n, l->line);
}

static void lex_number(struct lex *l)
{
    const char *from = l->at;
    bool hex = l->end - from > 1 && from[0] == '0' && tolower((unsigned char)from[1]) == 'x';
    while (l->at < l->end) {
        int c = tolower((unsigned char)*l->at);
        bool sign = (c == '+' || c == '-') && l->at > from &&
                    tolower((unsigned char)l->at[-1]) == (hex ? 'p' : 'e');
        if (!isalnum(c) && c != '.' && !sign)
            break;
        l->at++;
    }
    lex_add(l, TOKEN_NUMBER, from, (size_t)(l->at - from), l->line);
}

static void lex_sign(struct lex *l)
{
    static const char *const signs[] = { "...", "..", "==", "~=", "<=", ">=",
                                         "//",  "::", "<<", ">>", NULL };
    size_t n = 1;
    for (size_t i = 0; signs[i] && n == 1; i++) {
        size_t length = strlen(signs[i]);
        if ((size_t)(l->end - l->at) >= length && !memcmp(l->at, signs[i], length))
            n = length;
    }
    lex_add(l, TOKEN_SIGN, l->at, n, l->line);
    l->at += n;
}

static void lex_one(struct lex *l)
{
    char c = *l->at;
    int level, line = l->line;
    const char *from;
    if (c == '\n')
        l->line++, l->at++;
    else if (isspace((unsigned char)c))
        l->at++;
    else if (c == '-' && l->at + 1 < l->end && l->at[1] == '-')
        lex_comment(l);
    else if (c == '[' && (level = lex_bracket(l)) >= 0) {
        size_t n = lex_long(l, level, &from);
        lex_add(l, TOKEN_STRING, from, n, line);
    } else if (c == '"' || c == '\'')
        lex_string(l);
    else if (isalpha((unsigned char)c) || c == '_')
        lex_word(l);
    else if (isdigit((unsigned char)c) ||
             (c == '.' && l->at + 1 < l->end && isdigit((unsigned char)l->at[1])))
        lex_number(l);
    else
        lex_sign(l);
}

struct check_token *check__lex(struct arena *a, const char *text, size_t n, size_t *count)
{
    struct lex l = { .arena = a, .at = text, .end = text + n, .line = 1 };
    while (l.at < l.end)
        lex_one(&l);
    lex_add(&l, TOKEN_END, "", 0, l.line);
    *count = l.count;
    return l.tokens;
}
