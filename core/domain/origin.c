/* What a loaded graph was made from: the sources of its plugin, and its
 * settings. It is kept beside the graph, so that when the same version comes out
 * otherwise it can be told whose doing that is.
 *
 * It is one JSON object, {"source":"…","settings":{"name":"…"}}, of digests: a
 * setting may be a secret. */
#include "domain/origin_internal.h"

#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/json.h"
#include "domain/graph_internal.h"

void domain_set_origin(struct domain *d, const char *plugin, const char *json)
{
    for (size_t i = 0; i < d->graph_count; i++) {
        struct graph *g = d->graphs[i];
        if (!strcmp(g->plugin, plugin))
            g->origin = arena_dup(g->memory, json);
    }
}

const char *origin__of(const struct graph *g)
{
    return g->origin ? g->origin : "";
}

static bool origin_same(const struct json_slice *a, const struct json_slice *b)
{
    return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

bool origin__same_source(const struct graph *g, const struct buf *kept)
{
    struct json_slice was, is;
    const char *now = origin__of(g);
    return jsons_get(now, strlen(now), "source", 6, &is) &&
           jsons_get(buf_text(kept), kept->len, "source", 6, &was) && origin_same(&was, &is);
}

void origin__changed_settings(const struct graph *g, const struct buf *kept, struct buf *out)
{
    struct json_slice old, all, was, is;
    const char *now = origin__of(g), *name;
    size_t at = 0, n;
    if (!jsons_get(now, strlen(now), "settings", 8, &all) ||
        !jsons_get(buf_text(kept), kept->len, "settings", 8, &old))
        return;
    while (jsons_next(all.text, all.len, &at, &name, &n, &is))
        if (!jsons_get(old.text, old.len, name, n, &was) || !origin_same(&was, &is))
            buf_printf(out, "%s%.*s", out->len > 0 ? ", " : "", (int)n, name);
}
