/* The circuit breaker of each plugin: what it did wrong lately, and whether it
 * is called at all.
 *
 * On: LIMIT_BREAKER_KILLS kills or LIMIT_BREAKER_ERRORS errors within
 * LIMIT_BREAKER_WINDOW_MS switch it off. Off: nothing of it is called for
 * LIMIT_BREAKER_PAUSE_MS; then calls go through again, and the first of them
 * decides. What must survive a restart is kept by breaker_keep.c.
 *
 * One failure counts once: for the innermost plugin, however many calls it
 * ends on its way out (script->blamed). It is out when another call begins. */
#include "script/plugin_internal.h"

#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "baton/domain/due.h"

enum { BREAKER_WHY_BYTES = ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 128 };

/* ---- states ---- */

static void breaker_say(struct plugin *p, enum script_stream stream, const char *text)
{
    const struct script_options *o = &p->script->options;
    if (o->output)
        o->output(o->context, stream, p->name, text, strlen(text));
}

/* "switched off since 2026-03-02 09:00, because ...: baton plugin on tutoring" */
static void breaker_tell(struct plugin *p)
{
    struct breaker *b = &p->breaker;
    const struct calendar *calendar = domain_calendar(p->script->domain);
    struct buf said = BUF_INIT;
    mem_free(b->said);
    b->said = NULL;
    if (b->state == BREAKER_ON)
        return;
    buf_puts(&said, "switched off since ");
    if (calendar)
        zone_format(calendar_zone(calendar), b->since_ms, false, &said);
    else
        zone_format_iso(b->since_ms, &said);
    buf_printf(&said, ", because %s: `baton plugin on %s` switches it on", b->why ? b->why : "",
               p->name);
    b->said = buf_take(&said);
}

static void breaker_set(struct plugin *p, enum breaker_state state, const char *why)
{
    struct breaker *b = &p->breaker;
    int64_t now_ms = domain_now(p->script->domain);
    mem_free(b->why);
    b->state = state;
    b->loading = false;
    b->why = state == BREAKER_ON ? NULL : mem_dup(why);
    b->since_ms = now_ms;
    b->again_ms = state == BREAKER_OFF ? now_ms + LIMIT_BREAKER_PAUSE_MS : INT64_MAX;
    b->kill_count = b->error_count = 0;
    b->unsaved = true;
    breaker_tell(p);
    if (state == BREAKER_ON)
        domain_due_again(p->script->domain);
}

/* The notice alone has the error as the plugin worded it: `full`, or NULL. */
static void breaker_switch_off(struct plugin *p, const char *why, const char *where,
                               const struct error *full)
{
    struct buf text = BUF_INIT;
    breaker_set(p, BREAKER_OFF, why);
    breaker__tell_news(p->script, "plugin.switched_off", BREAKER_ACTOR, p->name, why, where);
    buf_puts(&text, p->breaker.said);
    if (full)
        buf_printf(&text, "; the error: %s", full->message);
    breaker_say(p, SCRIPT_LOG_ERROR, text.data);
    buf_free(&text);
}

static void breaker_switch_on(struct plugin *p, const char *actor, const char *why)
{
    struct buf text = BUF_INIT;
    breaker_set(p, BREAKER_ON, NULL);
    breaker__tell_news(p->script, "plugin.switched_on", actor, p->name, why, NULL);
    buf_printf(&text, "switched on again: %s", why);
    breaker_say(p, SCRIPT_LOG_WARN, text.data);
    buf_free(&text);
}

/* ---- life ---- */

void breaker__open(struct plugin *p, bool anew)
{
    struct breaker *b = &p->breaker;
    breaker__read(domain_store(p->script->domain), p->name, b);
    if (anew && b->state == BREAKER_OFF)
        breaker_switch_on(p, BREAKER_ACTOR, "the organisation was reloaded");
    breaker_tell(p);
}

void breaker__close(struct plugin *p)
{
    mem_free(p->breaker.why);
    mem_free(p->breaker.said);
    p->breaker.why = p->breaker.said = NULL;
}

void breaker__rewind(struct plugin *p)
{
    breaker__close(p);
    breaker__read(domain_store(p->script->domain), p->name, &p->breaker);
    breaker_tell(p);
    domain_due_again(p->script->domain);
}

bool breaker__is_off(const struct plugin *p)
{
    const struct breaker *b = &p->breaker;
    int64_t now_ms = domain_now(p->script->domain);
    if (b->state == BREAKER_OFF && now_ms < b->since_ms)
        return false; /* the clock was set back: who knows how long ago that was */
    return b->state != BREAKER_ON && now_ms < b->again_ms;
}

int breaker__refuse(const struct plugin *p, struct error *e)
{
    if (!breaker__is_off(p))
        return 0;
    return error_set(e, ERROR_DENIED, "plugin %s is %s", p->name, p->breaker.said);
}

const char *breaker__keeps_out(const struct plugin *p)
{
    return p->breaker.loading && breaker__is_off(p) && !p->script->check ? p->breaker.said : NULL;
}

static struct plugin *breaker_find(struct script *s, const char *plugin)
{
    for (size_t i = 0; i < s->plugin_count; i++)
        if (!strcmp(s->plugins[i]->name, plugin))
            return s->plugins[i];
    return NULL;
}

int breaker__serves(void *context, const char *plugin, int64_t *again_ms, struct error *e)
{
    struct script *s = context;
    const struct plugin *p = breaker_find(s, plugin);
    *again_ms = INT64_MAX;
    if (!p)
        return error_set(e, ERROR_NOT_FOUND, "the organisation does not use plugin %s", plugin);
    if (breaker__is_off(p)) {
        *again_ms = p->breaker.again_ms;
        return breaker__refuse(p, e);
    }
    if (!p->loaded && !p->loading)
        return error_set(e, ERROR_NOT_FOUND, "plugin %s is not loaded: %.400s", plugin,
                         p->problem ? p->problem : "");
    return 0;
}

/* ---- what counts ---- */

/* Adds an instant; how many are within the window. The list holds as many as are too many. */
size_t breaker__count(int64_t *times, size_t *count, size_t most, int64_t now_ms)
{
    size_t old = 0;
    while (old < *count && (times[old] <= now_ms - LIMIT_BREAKER_WINDOW_MS || times[old] > now_ms ||
                            *count - old >= most))
        old++;
    memmove(times, times + old, (*count - old) * sizeof *times);
    *count -= old;
    times[(*count)++] = now_ms;
    return *count;
}

static bool breaker_counts(enum script_faults faults, enum error_code code)
{
    switch (code) {
    case ERROR_SCRIPT:
    case ERROR_LIMIT:
    case ERROR_INVALID:
    case ERROR_NOT_FOUND:
    case ERROR_CANCELLED: /* what it caught cannot be undone alone */
        return faults != FAULTS_NONE;
    case ERROR_DENIED:
    case ERROR_CONFLICT:
        return faults == FAULTS_ALL;
    default: /* the machine's fault, or nobody's */
        return false;
    }
}

/* "p/init.lua:4": a plugin can raise an error that names any place. */
static bool breaker_is_place(const char *where)
{
    size_t n = strcspn(where, ":");
    return where[n] && !where[strcspn(where, " \t\n")] && where[n + 1] &&
           !where[n + 1 + strspn(where + n + 1, "0123456789")];
}

/* What is kept outlives whom it is about: what a plugin says may name somebody, and no erasure
 * would find it. What stops a kill is worded by the engine. */
static void breaker_summary(const struct script_frame *frame, bool kill, const struct error *why,
                            struct error *out)
{
    *out = *why;
    if (kill)
        return;
    error_set(out, why->code, "an error (%s) in %s", error_code_name(why->code),
              frame->what ? frame->what : "a call");
    if (breaker_is_place(why->where))
        error_at(out, "%s", why->where);
}

/* `full`: the error as it was raised, where `why` is a summary of it; or NULL. */
static void breaker_fault(struct plugin *p, bool kill, const struct error *why,
                          const struct error *full)
{
    struct breaker *b = &p->breaker;
    int64_t now_ms = domain_now(p->script->domain);
    size_t most = kill ? LIMIT_BREAKER_KILLS : LIMIT_BREAKER_ERRORS;
    char text[BREAKER_WHY_BYTES], last[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
    error_format(why, last, sizeof last);
    size_t n = kill ? breaker__count(b->kills, &b->kill_count, most, now_ms)
                    : breaker__count(b->errors, &b->error_count, most, now_ms);
    b->unsaved = b->unsaved || kill;
    if (kill)
        breaker__tell_news(p->script, "plugin.blamed", BREAKER_ACTOR, p->name, why->message,
                           why->where);
    if (b->state == BREAKER_OFF && !breaker__is_off(p))
        snprintf(text, sizeof text, "it was tried again and failed: %s", last);
    else if (b->state == BREAKER_ON && n >= most)
        snprintf(text, sizeof text, "of %zu %s within %d minutes, the last: %s", n,
                 kill ? "kills" : "errors", LIMIT_BREAKER_WINDOW_MS / 60000, last);
    else
        return;
    breaker_switch_off(p, text, why->where, full);
}

/* One that does not end while it loads holds everybody up at each opening. */
static void breaker_keep_out(struct plugin *p, const struct error *why)
{
    char text[BREAKER_WHY_BYTES];
    error_format(why, text, sizeof text);
    breaker__tell_news(p->script, "plugin.blamed", BREAKER_ACTOR, p->name, why->message,
                       why->where);
    breaker_set(p, BREAKER_OFF, text);
    p->breaker.loading = true;
    breaker__tell_news(p->script, "plugin.switched_off", BREAKER_ACTOR, p->name, why->message,
                       why->where);
}

void breaker__failed(struct plugin *p, const struct script_frame *frame, bool kill,
                     const struct error *why)
{
    struct script *s = p->script;
    struct error kept;
    if (s->options.trial || s->blamed || (!kill && !breaker_counts(frame->faults, why->code)))
        return;
    s->blamed = true;
    breaker_summary(frame, kill, why, &kept);
    if (p->loading)
        breaker_keep_out(p, &kept);
    else
        breaker_fault(p, kill, &kept, kill ? NULL : why);
}

void breaker__went_well(struct plugin *p)
{
    if (p->breaker.state == BREAKER_OFF)
        breaker_switch_on(p, BREAKER_ACTOR, "it was tried again and works");
}

/* ---- from outside ---- */

int breaker__check_name(const char *plugin, struct error *e)
{
    if (text_is_name(plugin))
        return 0;
    return error_set(e, ERROR_INVALID, "\"%.80s\" is no name of a plugin", plugin);
}

int script_blame(struct script *s, const char *plugin, const char *why, struct error *e)
{
    struct plugin *p = breaker_find(s, plugin);
    struct error what;
    int rc = breaker__check_name(plugin, e);
    if (rc < 0)
        return rc;
    error_set(&what, ERROR_LIMIT, "%s", why);
    if (p)
        breaker_fault(p, true, &what, NULL);
    else /* it is not listed any more, and still it was the one */
        breaker__tell_news(s, "plugin.blamed", BREAKER_ACTOR, plugin, why, NULL);
    return 0;
}

static int switch_unknown(const struct script *s, const char *plugin, struct error *e)
{
    const char *names[LIMIT_PLUGINS + 1];
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < s->plugin_count; i++)
        names[i] = s->plugins[i]->name;
    names[s->plugin_count] = NULL;
    text_suggest(plugin, names, &near);
    for (size_t i = 0; !near.len && i < s->plugin_count; i++)
        buf_printf(&near, "; there is %s", names[i]);
    int rc = error_set(e, ERROR_NOT_FOUND, "no plugin \"%.80s\"%s", plugin, buf_text(&near));
    buf_free(&near);
    return rc;
}

int script_switch(struct script *s, const char *plugin, bool on, const struct actor *by,
                  const char *why, struct error *e)
{
    struct plugin *p = breaker_find(s, plugin);
    char reason[BREAKER_WHY_BYTES];
    if (!actor_has_role(by, "admin"))
        return error_set(e, ERROR_DENIED,
                         "switching a plugin on or off needs the role admin; %s has %.200s",
                         by->name, by->roles && *by->roles ? by->roles : "none");
    if (!p)
        return switch_unknown(s, plugin, e);
    if (on == (p->breaker.state == BREAKER_ON))
        return error_set(e, ERROR_CONFLICT, "plugin %s is switched %s already", plugin,
                         on ? "on" : "off");
    snprintf(reason, sizeof reason, "%s switched it %s%s%.600s", by->name, on ? "on" : "off",
             why && *why ? ": " : "", why ? why : "");
    if (on) {
        breaker_switch_on(p, by->name, reason);
        return 0;
    }
    breaker_set(p, BREAKER_OFF_BY_HAND, reason);
    breaker__tell_news(s, "plugin.switched_off", by->name, plugin, reason, NULL);
    return 0;
}
