/* A page between two processes, by a sequence lock: the writer makes `writes`
 * odd, writes, makes it even; a reader that saw it odd or changed saw nothing.
 * The writer may die at any point in between, or be an enemy: the reader's copy
 * is bounded and its names are checked. */
#include "baton/script/page.h"

#include <string.h>

#include "baton/base/text.h"

static void page_open(struct script_page *p)
{
    uint32_t writes = atomic_load_explicit(&p->writes, memory_order_relaxed);
    atomic_store_explicit(&p->writes, writes | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void page_close(struct script_page *p)
{
    uint32_t writes = atomic_load_explicit(&p->writes, memory_order_relaxed);
    atomic_store_explicit(&p->writes, writes + 1, memory_order_release);
}

static void page_name(char to[LIMIT_NAME_BYTES + 1], const char *name)
{
    size_t n = strnlen(name, LIMIT_NAME_BYTES);
    memcpy(to, name, n);
    to[n] = '\0';
}

void page_begin(struct script_page *p, const char *org, const char *plugin, bool loading,
                uint64_t began_ns, uint64_t until_ns)
{
    page_open(p);
    page_name(p->org, org);
    page_name(p->plugin, plugin);
    p->began_ns = began_ns;
    p->until_ns = until_ns;
    p->loading = loading;
    page_close(p);
}

void page_end(struct script_page *p)
{
    page_open(p);
    p->began_ns = 0;
    page_close(p);
}

bool page_read(const struct script_page *p, struct script_work *out)
{
    struct script_work copy;
    uint32_t before = atomic_load_explicit(&p->writes, memory_order_acquire);
    memcpy(copy.org, p->org, sizeof copy.org);
    memcpy(copy.plugin, p->plugin, sizeof copy.plugin);
    copy.began_ns = p->began_ns;
    copy.until_ns = p->until_ns;
    copy.loading = p->loading;
    atomic_thread_fence(memory_order_acquire);
    if (before & 1 || atomic_load_explicit(&p->writes, memory_order_relaxed) != before)
        return false;
    copy.org[LIMIT_NAME_BYTES] = copy.plugin[LIMIT_NAME_BYTES] = '\0';
    if (!copy.began_ns || !text_is_name(copy.org) || !text_is_name(copy.plugin))
        return false;
    *out = copy;
    return true;
}
