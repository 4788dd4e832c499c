/* What a process is at, readable from another one: the call into a plugin that
 * is under way, since when, and until when its budget lasts. In memory that both
 * map. Written by one thread; a few stores a call. */
#ifndef BATON_SCRIPT_PAGE_H
#define BATON_SCRIPT_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "baton/base/limits.h"

struct script_page {
    _Atomic uint32_t writes; /* odd while it is written */
    char org[LIMIT_NAME_BYTES + 1], plugin[LIMIT_NAME_BYTES + 1];
    uint64_t began_ns, until_ns; /* clock_monotonic_ns; began 0: no call is under way */
    bool loading;                /* it runs its files: opening the organisation calls it again */
};

void page_begin(struct script_page *p, const char *org, const char *plugin, bool loading,
                uint64_t began_ns, uint64_t until_ns); /* UINT64_MAX: it has no budget */
void page_end(struct script_page *p);

/* The reader trusts nothing of it: names are cut and made plain. */
struct script_work {
    char org[LIMIT_NAME_BYTES + 1], plugin[LIMIT_NAME_BYTES + 1];
    uint64_t began_ns, until_ns;
    bool loading;
};
/* False: no call is under way, or it was being written just now. */
bool page_read(const struct script_page *p, struct script_work *out);

#endif
