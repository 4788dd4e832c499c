/* What circuit breakers keep: their state in the store's meta, and the events
 * that say what happened.
 *
 * Both are written between commands, since the command in which a failure
 * happened is undone: until then news wait in the script. */
#include "script/plugin_internal.h"

#include <jansson.h>
#include <string.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/store/store.h"

/* ---- states ---- */

static void breaker_key(const char *plugin, struct buf *out)
{
    buf_printf(out, "breaker.%s", plugin);
}

static void breaker_write(const struct breaker *b, struct buf *out)
{
    static const char *const states[] = { "on", "off", "off by hand" };
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "state");
    jsonw_text(&w, states[b->state]);
    jsonw_key(&w, "since_ms");
    jsonw_int(&w, b->since_ms);
    jsonw_key(&w, "again_ms");
    jsonw_int(&w, b->again_ms);
    jsonw_key(&w, "loading");
    jsonw_bool(&w, b->loading);
    jsonw_key(&w, "why");
    jsonw_text(&w, b->why);
    jsonw_key(&w, "kills");
    jsonw_open_array(&w);
    for (size_t i = 0; i < b->kill_count; i++)
        jsonw_int(&w, b->kills[i]);
    jsonw_close(&w);
    jsonw_close(&w);
}

static void breaker_take(struct breaker *b, const json_t *kept)
{
    const char *state = json_string_value(json_object_get(kept, "state"));
    const json_t *kills = json_object_get(kept, "kills");
    *b = (struct breaker){ .since_ms = json_integer_value(json_object_get(kept, "since_ms")),
                           .again_ms = json_integer_value(json_object_get(kept, "again_ms")),
                           .loading = json_is_true(json_object_get(kept, "loading")),
                           .why = mem_dup(json_string_value(json_object_get(kept, "why"))) };
    if (state && strcmp(state, "on") != 0)
        b->state = !strcmp(state, "off") ? BREAKER_OFF : BREAKER_OFF_BY_HAND;
    for (size_t i = 0; i < json_array_size(kills) && i < LIMIT_BREAKER_KILLS; i++)
        b->kills[b->kill_count++] = json_integer_value(json_array_get(kills, i));
}

void breaker__read(struct store *store, const char *plugin, struct breaker *b)
{
    struct buf key = BUF_INIT, text = BUF_INIT;
    json_t *kept = NULL;
    *b = (struct breaker){ 0 };
    breaker_key(plugin, &key);
    if (store_meta_get(store, key.data, &text, NULL) == 0 && text.len > 0 &&
        json_read(text.data, text.len, &kept, NULL) == 0)
        breaker_take(b, kept);
    json_decref(kept);
    buf_free(&key);
    buf_free(&text);
}

static int breaker_save(struct store *store, const char *plugin, const struct breaker *b,
                        struct error *e)
{
    struct buf key = BUF_INIT, text = BUF_INIT;
    breaker_key(plugin, &key);
    breaker_write(b, &text);
    int rc = store_meta_set(store, key.data, text.data, e);
    buf_free(&key);
    buf_free(&text);
    return rc;
}

/* ---- news ---- */

static void news_detail(const char *plugin, const char *why, const char *where, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "plugin");
    jsonw_text(&w, plugin);
    if (why && *why) {
        jsonw_key(&w, "why");
        jsonw_text(&w, why);
    }
    if (where && *where) {
        jsonw_key(&w, "where");
        jsonw_text(&w, where);
    }
    jsonw_close(&w);
}

void breaker__tell_news(struct script *s, const char *kind, const char *actor, const char *plugin,
                        const char *why, const char *where)
{
    struct buf detail = BUF_INIT;
    news_detail(plugin, why, where, &detail);
    const char *const parts[] = { kind, actor, detail.data };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_add(&s->news, parts[i], strlen(parts[i]) + 1);
    buf_free(&detail);
}

static int news_record(struct store *store, int64_t now_ms, const char *kind, const char *actor,
                       const char *detail, struct error *e)
{
    const struct store_change record = { .kind = kind,
                                         .actor = actor,
                                         .at_ms = now_ms,
                                         .detail = detail + 1,
                                         .detail_len = strlen(detail) - 2 };
    return store_record(store, &record, e);
}

bool script_has_news(const struct script *s)
{
    return s->news.len > 0;
}

int script_write_news(struct script *s, struct error *e)
{
    struct store *store = domain_store(s->domain);
    int rc = 0;
    for (const char *p = s->news.data; rc == 0 && p < s->news.data + s->news.len;) {
        const char *actor = p + strlen(p) + 1, *detail = actor + strlen(actor) + 1;
        rc = news_record(store, domain_now(s->domain), p, actor, detail, e);
        p = detail + strlen(detail) + 1;
    }
    for (size_t i = 0; rc == 0 && i < s->plugin_count; i++) {
        struct plugin *p = s->plugins[i];
        if (p->breaker.unsaved)
            rc = breaker_save(store, p->name, &p->breaker, e);
        p->breaker.unsaved = false;
    }
    buf_clear(&s->news);
    return rc;
}

/* ---- without a script ---- */

int script_blame_loading(struct store *store, int64_t now_ms, const char *plugin, const char *why,
                         struct error *e)
{
    static const char *const kinds[] = { "plugin.blamed", "plugin.switched_off" };
    struct breaker b;
    struct buf detail = BUF_INIT;
    int rc = breaker__check_name(plugin, e);
    if (rc < 0)
        return rc;
    breaker__read(store, plugin, &b);
    mem_free(b.why);
    breaker__count(b.kills, &b.kill_count, LIMIT_BREAKER_KILLS, now_ms);
    b.state = b.state == BREAKER_OFF_BY_HAND ? b.state : BREAKER_OFF;
    b.loading = true;
    b.since_ms = now_ms;
    b.again_ms = b.state == BREAKER_OFF ? now_ms + LIMIT_BREAKER_PAUSE_MS : INT64_MAX;
    b.why = mem_dup(why);
    news_detail(plugin, why, NULL, &detail);
    for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof *kinds; i++)
        rc = news_record(store, now_ms, kinds[i], BREAKER_ACTOR, detail.data, e);
    if (rc == 0)
        rc = breaker_save(store, plugin, &b, e);
    mem_free(b.why);
    buf_free(&detail);
    return rc;
}
