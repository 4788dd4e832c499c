/* Jobs: what a plugin does by the clock, baton.job.
 *
 * When a job ran last is kept in the database, so that one which was due while
 * the organisation slept runs once afterwards, and one that is due each week is
 * not forgotten by daily restarts. A job that never ran counts from when it was
 * first seen: it is due at once for that to be written down, and runs later. So
 * does one whose last run is said to be in the future: the clock was ahead then. */
#include "script/plugin_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/store/store.h"

enum { JOB_DAYS_AHEAD = 400 };
enum job_days { JOB_EVERY_DAY, JOB_WORKING_DAYS, JOB_SCHOOL_DAYS };

struct job {
    struct plugin *plugin;
    int ref;
    char *name, *what, *key; /* key: of its row in meta */
    bool every_given;
    struct span every;
    int hour, minute; /* at */
    enum job_days days;
    bool seen;       /* base_ms is in the database */
    int64_t base_ms; /* last run, or first seen */
    int64_t due_ms;
};

/* ---- when ---- */

static bool job_day_counts(const struct job *j, const struct calendar *c, int64_t day)
{
    if (j->days == JOB_WORKING_DAYS)
        return calendar_is_working_day(c, day);
    return j->days == JOB_EVERY_DAY || calendar_is_school_day(c, day);
}

static int64_t job_next_at(const struct job *j, const struct calendar *c)
{
    const struct zone *zone = calendar_zone(c);
    struct civil civil;
    zone_to_civil(zone, j->base_ms, &civil);
    int64_t today = civil_to_days(civil.year, civil.month, civil.day);
    for (int64_t day = today; day < today + JOB_DAYS_AHEAD; day++) {
        if (!job_day_counts(j, c, day))
            continue;
        struct civil at = { .hour = j->hour, .minute = j->minute };
        civil_from_days(day, &at.year, &at.month, &at.day);
        int64_t at_ms = zone_from_civil(zone, &at);
        if (at_ms > j->base_ms)
            return at_ms;
    }
    return INT64_MAX;
}

static int64_t job_next(const struct job *j, const struct calendar *c)
{
    int64_t at_ms;
    if (!j->every_given)
        return job_next_at(j, c);
    return span_add(&j->every, 1, c, j->base_ms, &at_ms, NULL) < 0 ? INT64_MAX : at_ms;
}

/* Did it run by a clock that was ahead? Not where that clock was ahead by less than once and again:
 * nothing may run twice because the clock was put right. */
static bool job_is_ahead(const struct script *s, const struct job *j)
{
    const struct calendar *calendar = domain_calendar(s->domain);
    struct job from_now = *j;
    from_now.base_ms = domain_now(s->domain);
    if (j->base_ms <= from_now.base_ms)
        return false;
    from_now.base_ms = job_next(&from_now, calendar);
    return from_now.base_ms != INT64_MAX && j->due_ms > job_next(&from_now, calendar);
}

/* ---- baton.job ---- */

static void job_read_at(lua_State *L, struct job *j, const char *what)
{
    static const char *const words[] = { "all", "working", "school", NULL };
    const char *at = table_need_text(L, 2, "at", what);
    const char *days = table_text(L, 2, "days", what);
    int used = 0;
    if (sscanf(at, "%2d:%2d%n", &j->hour, &j->minute, &used) != 2 || at[used] || j->hour < 0 ||
        j->hour > 23 || j->minute < 0 || j->minute > 59)
        script__raisef(L, ERROR_INVALID,
                       "%s: at = \"%.40s\": write a time of day, such as \"06:00\"", what, at);
    for (int i = 0; days && words[i]; i++)
        if (!strcmp(days, words[i])) {
            j->days = (enum job_days)i;
            return;
        }
    if (days)
        script__unknown(L, what, "days", days, words);
}

static void job_read(lua_State *L, struct job *j, const char *what)
{
    static const char *const known[] = { "every", "at", "days", NULL };
    luaL_checktype(L, 2, LUA_TTABLE);
    table_check(L, 2, known, what);
    j->every_given = table_span(L, 2, "every", &j->every, what);
    bool at_given = table_text(L, 2, "at", what) != NULL;
    if (j->every_given == at_given)
        script__raisef(L, ERROR_INVALID, "%s: give either every = \"1 hour\" or at = \"06:00\"",
                       what);
    if (at_given)
        job_read_at(L, j, what);
    struct span zero = { 0 };
    int64_t from = domain_now(script__domain(L)), next = from;
    if (j->every_given &&
        (span_is_zero(&j->every) ||
         span_add(&j->every, 1, domain_calendar(script__domain(L)), from, &next, NULL) < 0 ||
         next <= from || (memcmp(&j->every, &zero, sizeof zero) != 0 && next - from < 60000)))
        script__raisef(L, ERROR_INVALID, "%s: every = must be a minute at least", what);
}

/* When it ran last, from the database; else now, not written down yet. */
static void job_remember(lua_State *L, struct job *j)
{
    struct buf *text = script__hold_buf(L);
    struct error e;
    if (store_meta_get(script__store(L), j->key, text, &e) < 0)
        script__raise(L, &e);
    j->seen = text->len > 0;
    j->base_ms = j->seen ? strtoll(buf_text(text), NULL, 10) : domain_now(script__domain(L));
    buf_free(text);
}

int jobs_add(lua_State *L)
{
    struct plugin *p = plugin_loading(L, "baton.job");
    struct script *s = script__of(L);
    const char *name = table_to_name(L, 1, "baton.job");
    struct job j = { .plugin = p };
    const char *what = arena_printf(s->arena, "job %s", name);
    lua_settop(L, 3);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    job_read(L, &j, what);
    for (size_t i = 0; i < s->job_count; i++)
        if (s->jobs[i].plugin == p && !strcmp(s->jobs[i].name, name))
            script__raisef(L, ERROR_CONFLICT, "%s is declared twice", what);
    if (s->job_count >= LIMIT_HANDLERS)
        script__raisef(L, ERROR_LIMIT, "%s: an organisation has at most %d jobs", what,
                       LIMIT_HANDLERS);
    j.key = arena_printf(s->arena, "job.%s.%s", p->name, name);
    job_remember(L, &j);
    lua_pushvalue(L, 3);
    j.ref = luaL_ref(L, LUA_REGISTRYINDEX);
    j.key = mem_dup(j.key);
    j.name = mem_dup(name);
    j.what = mem_dup(what);
    j.due_ms = job_next(&j, domain_calendar(s->domain));
    s->jobs = mem_resize(s->jobs, (s->job_count + 1) * sizeof *s->jobs);
    s->jobs[s->job_count++] = j;
    return 0;
}

void jobs_rewind(struct script *s)
{
    const struct calendar *calendar = domain_calendar(s->domain);
    for (size_t i = 0; i < s->job_count; i++) {
        struct job *j = &s->jobs[i];
        struct buf text = BUF_INIT;
        j->seen = store_meta_get(domain_store(s->domain), j->key, &text, NULL) == 0 && text.len;
        j->base_ms = j->seen ? strtoll(text.data, NULL, 10) : domain_now(s->domain);
        j->due_ms = job_next(j, calendar);
        buf_free(&text);
    }
}

/* ---- running ---- */

int64_t script_jobs_at(const struct script *s)
{
    int64_t at_ms = INT64_MAX;
    for (size_t i = 0; i < s->job_count; i++) {
        const struct job *j = &s->jobs[i];
        const struct breaker *b = &j->plugin->breaker;
        int64_t due = job_is_ahead(s, j) ? 0 : j->seen ? j->due_ms : j->base_ms; /* 0: at once */
        if (breaker__is_off(j->plugin) && due < b->again_ms)
            due = b->again_ms; /* it waits until its plugin is tried again */
        if (due < at_ms)
            at_ms = due;
    }
    return at_ms;
}

static int job_save(struct script *s, struct job *j, struct error *e)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, j->base_ms);
    j->seen = true;
    return store_meta_set(domain_store(s->domain), j->key, text, e);
}

/* Its own command, so that what a failed run leaves is undone while the run itself counts. */
static int job_write_down(struct script *s, struct job *j, struct error *e)
{
    domain_command_begin(s->domain);
    int rc = job_save(s, j, e);
    struct error ending;
    int ended = domain_command_end(s->domain, rc == 0, &ending);
    if (rc == 0 && ended < 0 && e)
        *e = ending;
    return rc < 0 ? rc : ended;
}

static int job_call(lua_State *L)
{
    const struct job *j = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, j->ref);
    lua_call(L, 0, 0);
    return 0;
}

static int job_run(struct script *s, struct job *j, int64_t now_ms, script_job_report report,
                   void *context, bool *more, struct error *e)
{
    struct plugin *p = j->plugin;
    struct error why, lost;
    struct script_frame frame = { .plugin = p,
                                  .actor = &p->actor,
                                  .what = j->what,
                                  .budget_ms = s->statement_ms,
                                  .faults = FAULTS_ALL };
    j->base_ms = now_ms;
    j->due_ms = job_next(j, domain_calendar(s->domain));
    domain_command_begin(s->domain);
    int rc = script__protect(script__running(s), &frame, job_call, j, &why);
    if (rc == 0)
        rc = job_save(s, j, &why);
    int ended = domain_command_end(s->domain, rc == 0, rc == 0 ? &why : &lost);
    if (ended < 0) {
        if (e)
            *e = rc == 0 ? why : lost;
        return ended;
    }
    if (report)
        *more = report(context, p->name, j->name, rc < 0 ? &why : NULL);
    return rc < 0 ? job_write_down(s, j, e) : 0;
}

int script_run_jobs(struct script *s, int64_t now_ms, script_job_report report, void *context,
                    struct error *e)
{
    bool more = true;
    for (size_t i = 0; more && i < s->job_count; i++) {
        struct job *j = &s->jobs[i];
        int rc = 0;
        if (breaker__is_off(j->plugin))
            continue;
        if (job_is_ahead(s, j)) {
            j->seen = false;
            j->base_ms = now_ms;
            j->due_ms = job_next(j, domain_calendar(s->domain));
        }
        if (j->due_ms <= now_ms)
            rc = job_run(s, j, now_ms, report, context, &more, e);
        else if (!j->seen)
            rc = job_write_down(s, j, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- dropping ---- */

static void job_free(struct job *j)
{
    mem_free(j->name);
    mem_free(j->what);
    mem_free(j->key);
}

void jobs_drop(struct script *s, const struct plugin *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->job_count; i++) {
        if (s->jobs[i].plugin != p) {
            s->jobs[kept++] = s->jobs[i];
            continue;
        }
        luaL_unref(s->L, LUA_REGISTRYINDEX, s->jobs[i].ref);
        job_free(&s->jobs[i]);
    }
    s->job_count = kept;
}

void jobs_free(struct script *s)
{
    for (size_t i = 0; i < s->job_count; i++)
        job_free(&s->jobs[i]);
    mem_free(s->jobs);
    s->jobs = NULL;
    s->job_count = 0;
}

size_t jobs_count(const struct script *s, const struct plugin *p)
{
    size_t count = 0;
    for (size_t i = 0; i < s->job_count; i++)
        count += s->jobs[i].plugin == p;
    return count;
}
