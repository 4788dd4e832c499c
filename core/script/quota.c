/* What one call into a plugin may use: output, messages, rows, bytes; and memory.
 *
 * Everything is counted from the beginning of the state on, and a call keeps
 * what the counters were when it began: nothing has to be passed on between
 * calls, and what a call has others do is its own too. Sessions have no such
 * quota: an import writes what it writes. Too much is a kill like that of time
 * (budget.c): nothing swallows it. */
#include "script/state_internal.h"

#include <inttypes.h>

#include "baton/store/store.h"

static int64_t quota_spent(const struct script *s, enum script_quota quota)
{
    const struct store *store = domain_store(s->domain);
    return quota == QUOTA_ROWS    ? store_last_event(store)
           : quota == QUOTA_BYTES ? store_written_bytes(store)
                                  : s->spent[quota];
}

static int64_t quota_limit(const struct script *s, enum script_quota quota)
{
    const struct script_options *o = &s->options;
    return quota == QUOTA_OUTPUT    ? o->call_output_bytes
           : quota == QUOTA_EFFECTS ? o->call_effects
           : quota == QUOTA_ROWS    ? o->call_rows
                                    : o->call_bytes;
}

void quota__begin(struct script *s, struct script_call *c)
{
    for (enum script_quota q = 0; q < QUOTA_END; q++)
        c->began_with[q] = quota_spent(s, q);
}

void script__charge(lua_State *L, enum script_quota quota, size_t amount)
{
    struct script *s = script__of(L);
    struct script_call *over = NULL;
    s->spent[quota] += (int64_t)amount;
    int64_t spent = quota_spent(s, quota), limit = quota_limit(s, quota);
    /* Rows and bytes are counted behind their write: the next one finds the quota used up. */
    limit -= quota == QUOTA_ROWS;
    for (struct script_call *c = s->call; c; c = c->up)
        if (c->frame->plugin && spent - c->began_with[quota] > limit)
            over = c;
    if (!over || s->kill != KILL_NONE)
        return;
    s->kill_quota = quota;
    budget__kill(L, KILL_QUOTA, over);
}

void quota__explain(const struct script *s, struct error *e)
{
    static const struct {
        const char *verb, *noun, *key;
    } words[] = { { "printed and logged", "bytes", "call_output_bytes" },
                  { "sent", "messages", "call_effects" },
                  { "wrote", "rows and events", "call_rows" },
                  { "wrote", "bytes", "call_bytes" } };
    error_set(e, ERROR_LIMIT,
              "stopped: it %s more than %" PRId64 " %s in one call (%s in [limits] of org.ini)",
              words[s->kill_quota].verb, quota_limit(s, s->kill_quota), words[s->kill_quota].noun,
              words[s->kill_quota].key);
}

void quota__check_memory(lua_State *L, int status)
{
    struct script *s = script__of(L);
    struct script_call *c = s->call;
    if (status != LUA_ERRMEM || !s->starved)
        return;
    while (c && !c->frame->plugin)
        c = c->up;
    if (c)
        budget__kill(L, KILL_MEMORY, c);
}

void quota__explain_memory(const struct script *s, struct error *e)
{
    error_set(e, ERROR_LIMIT,
              "out of memory: the organisation's Lua state may hold %zu MB (lua_bytes in [limits] "
              "of org.ini; endless recursion, or a table that only grows?)",
              s->limit_bytes / (1024 * 1024));
}
