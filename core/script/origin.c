/* What a plugin is made from, for domain_set_origin: plugin.ini, the sources
 * that it loads in the order in which it does, and its settings. */
#include "script/plugin_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/digest.h"
#include "baton/base/json.h"
#include "baton/domain/version.h"

enum { ORIGIN_SETTING_BYTES = 8 }; /* enough to tell two values apart */

void origin__begin(struct plugin *p)
{
    struct buf path = BUF_INIT, text = BUF_INIT;
    memset(p->source, 0, sizeof p->source);
    buf_printf(&path, "%s/plugin.ini", p->dir);
    if (buf_read_file(&text, buf_text(&path), LIMIT_SOURCE_BYTES, NULL) == 0)
        origin__add(p, buf_text(&text), text.len);
    buf_free(&path);
    buf_free(&text);
}

void origin__add(struct plugin *p, const char *text, size_t n)
{
    uint8_t next[DIGEST_BYTES];
    const struct digest_part parts[] = { { p->source, sizeof p->source }, { text, n } };
    digest(parts, 2, next);
    memcpy(p->source, next, sizeof next);
}

static void origin_setting(const struct setting *s, struct jsonw *w)
{
    uint8_t whole[DIGEST_BYTES];
    char hex[2 * ORIGIN_SETTING_BYTES + 1];
    const struct digest_part part = { s->value ? s->value : "", s->value ? strlen(s->value) : 0 };
    digest(&part, 1, whole);
    digest_hex(whole, ORIGIN_SETTING_BYTES, hex);
    jsonw_key(w, s->name);
    jsonw_text(w, hex);
}

void origin__tell(const struct plugin *p)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(p->source, sizeof p->source, hex);
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "source");
    jsonw_text(&w, hex);
    jsonw_key(&w, "settings");
    jsonw_open_object(&w);
    for (size_t i = 0; i < p->setting_count; i++)
        origin_setting(&p->settings[i], &w);
    jsonw_close(&w);
    jsonw_close(&w);
    domain_set_origin(p->script->domain, p->name, buf_text(&json));
    buf_free(&json);
}
