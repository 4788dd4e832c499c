/* The one place where out of memory ends the process.
 *
 * The process leaves without a core file (it would hold people's data) and
 * without atexit handlers (they may need memory). What was committed is safe,
 * what was not is rolled back by the database when it is next opened. */
#include "baton/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void mem_exhausted(void)
{
    static const char text[] = "baton: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(EX_OSERR);
}

void *mem_alloc(size_t bytes)
{
    /* malloc(0) may be NULL, which would look like exhaustion. */
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_zero(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_resize(void *p, size_t bytes)
{
    p = realloc(p, bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

char *mem_dup(const char *text)
{
    return text ? mem_dupn(text, strlen(text)) : NULL;
}

char *mem_dupn(const char *text, size_t n)
{
    char *copy = mem_alloc(n + 1);
    if (n)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

void mem_free(void *p)
{
    free(p);
}
