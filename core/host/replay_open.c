/* Beginning a replay: which plugins, and the scratch organisation that uses them;
 * and its end. */
#include <stdio.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/ini.h"
#include "baton/base/text.h"
#include "baton/host/scratch.h"
#include "host/replay_internal.h"

static int64_t replay_here(void *context, enum entity entity, int64_t there)
{
    struct replay *r = context;
    return replay__map_get(&r->here[entity], there);
}

/* The name of the plugin in a folder, or the one that was given. */
static int open_name(const char *given, char name[LIMIT_NAME_BYTES + 1], struct error *e)
{
    struct buf path = BUF_INIT;
    struct ini *ini = NULL;
    const char *called = given;
    int rc = 0;
    if (strchr(given, '/')) {
        buf_printf(&path, "%s/plugin.ini", given);
        called = "";
        if ((rc = ini_load(&ini, path.data, e)) == 0)
            rc = ini_text(ini, "plugin", "name", &called, e);
        if (rc == 0 && !text_is_name(called))
            rc = error_set(e, ERROR_INVALID, "%s: [plugin] has no name", path.data);
    }
    if (rc == 0)
        snprintf(name, LIMIT_NAME_BYTES + 1, "%s", called);
    ini_free(ini);
    buf_free(&path);
    return rc;
}

/* It must be one that the organisation uses. */
static int open_check_used(struct replay *r, const char *name, struct error *e)
{
    static const char *const none[] = { NULL };
    const char *const *uses = (const char *const *)r->of->world.config.plugins;
    struct buf near = BUF_INIT;
    uses = uses ? uses : none;
    for (const char *const *p = uses; *p; p++)
        if (!strcmp(*p, name))
            return 0;
    text_suggest(name, uses, &near);
    int rc = error_set(e, ERROR_NOT_FOUND, "%s uses no plugin \"%s\"%s", r->of->name, name,
                       buf_text(&near));
    buf_free(&near);
    return rc;
}

static int open_first(void *context, const struct event *event)
{
    ((struct replay *)context)->first_at_ms = event->at_ms;
    return 1;
}

static int open_scratch(struct replay *r, const struct replay_options *o, struct error *e)
{
    const char *dirs[LIMIT_PLUGINS + 1] = { NULL };
    char name[LIMIT_NAME_BYTES + 1];
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && o->plugins[i]; i++) {
        rc = open_name(o->plugins[i], name, e);
        if (rc == 0)
            rc = open_check_used(r, name, e);
        if (rc == 0 && strchr(o->plugins[i], '/') && count < LIMIT_PLUGINS)
            dirs[count++] = o->plugins[i];
        if (rc == 0)
            buf_printf(&r->plugins, "%s%s", r->plugins.len ? ", " : "", name);
    }
    r->first_at_ms = org_now(r->of);
    if (rc == 0)
        rc = store_events(r->of->store, 0, 1, open_first, r, e);
    return rc < 0 ? rc : scratch_changed(&r->org, r->of, dirs, r->first_at_ms, e);
}

int replay_open(struct replay **out, struct org *of, const struct replay_options *o,
                struct error *e)
{
    int rc = org__alive(of, e);
    if (rc < 0)
        return rc;
    struct replay *r = mem_new(struct replay);
    r->of = of;
    r->since_ms = o->since_ms;
    r->until_seq = store_last_event(of->store);
    r->memory = arena_new(16 * 1024);
    r->ids = (struct replay_ids){ .here = replay_here, .context = r };
    replay__word(r, "", 0);
    replay__story(r, 0);
    rc = open_scratch(r, o, e);
    if (rc < 0) {
        replay_close(r);
        return rc;
    }
    r->here_seq = store_last_event(r->org->store);
    *out = r;
    return 0;
}

static void close_story(struct story *s)
{
    replay__told_free(s->waiting);
    if (!s->d)
        return;
    mem_free(s->d->first_there);
    mem_free(s->d->first_here);
    mem_free(s->d->names);
    mem_free(s->d->why);
    mem_free(s->d);
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    org_close(r->org);
    for (size_t i = 0; i < r->story_count; i++)
        close_story(&r->stories[i]);
    for (size_t i = 0; i < r->stranger_count; i++)
        close_story(&r->strangers[i].story);
    for (uint32_t i = 0; i < r->word_count; i++)
        mem_free(r->words[i]);
    for (size_t i = 0; i < ENTITY_END; i++) {
        mem_free(r->here[i].ids);
        mem_free(r->story_there[i].ids);
        mem_free(r->story_here[i].ids);
    }
    mem_free(r->erased.ids);
    mem_free(r->block[0].items);
    mem_free(r->block[1].items);
    mem_free(r->stories);
    mem_free(r->strangers);
    mem_free(r->foundlings);
    mem_free(r->words);
    mem_free(r->word_slots);
    mem_free(r->mixed);
    mem_free(r->heap);
    buf_free(&r->plugins);
    arena_free(r->memory);
    mem_free(r);
}
