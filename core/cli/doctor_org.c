/* Doctor: one organisation. It is asked like by any other command; where it is
 * hosted in this process its database is checked too. */
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/when.h"
#include "baton/host/org.h"
#include "baton/store/store.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"
#include "cli/doctor_internal.h"
#include "cli/link_internal.h"

#define DOCTOR_WAL_WARN (256LL * 1000 * 1000)
enum { DOCTOR_LATE_MS = 5 * 60 * 1000 };

static const char *doctor_remedy(int code)
{
    switch (code) {
    case -ERROR_BUSY:
        return "end the other process, or work through baton serve";
    case -ERROR_CORRUPT:
        return "keep a copy of the folder, and restore the last backup";
    case -ERROR_CONFLICT:
        return "use the newer baton that made it";
    case -ERROR_IO:
        return "look at disk space and permissions above";
    default:
        return "mend what the message names, then run doctor again";
    }
}

static void doctor_org_error(struct doctor *d, const char *subject, int code, const struct error *e)
{
    char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 8];
    error_format(e, text, sizeof text);
    doctor_say(d, code == -ERROR_BUSY ? FINDING_WARN : FINDING_BAD, subject, doctor_remedy(code),
               "%s", text);
}

static void doctor_org_plugins(struct doctor *d, const char *subject, const json_t *plugins)
{
    size_t i, loaded = 0;
    const json_t *p;
    json_array_foreach(plugins, i, p)
    {
        const char *name = json_string_value(json_object_get(p, "name"));
        const char *problem = json_string_value(json_object_get(p, "problem"));
        bool is_loaded = json_is_true(json_object_get(p, "loaded"));
        loaded += is_loaded;
        if (json_is_true(json_object_get(p, "off")))
            doctor_say(d, FINDING_BAD, subject,
                       "mend what it names, then: baton reload, or: baton plugin on NAME",
                       "plugin %s is %s", name ? name : "?", problem ? problem : "switched off");
        else if (!is_loaded || (problem && *problem))
            doctor_say(d, FINDING_BAD, subject,
                       is_loaded ? "mend what it names, then: baton reload"
                                 : "mend the plugin, then: baton reload",
                       "plugin %s %s: %s", name ? name : "?",
                       is_loaded ? "has a problem" : "is not loaded",
                       problem ? problem : "no reason known");
    }
    doctor_say(d, FINDING_OK, subject, NULL, "%zu of %zu plugins loaded", loaded,
               json_array_size(plugins));
}

static void doctor_org_limits(struct doctor *d, const char *subject, const json_t *limits)
{
    struct buf text = BUF_INIT;
    print_bytes(&text, json_integer_value(json_object_get(limits, "lua_bytes")));
    buf_printf(&text, " of Lua, a call of a plugin %lld ms and ",
               (long long)json_integer_value(json_object_get(limits, "call_ms")));
    print_bytes(&text, json_integer_value(json_object_get(limits, "call_output_bytes")));
    buf_printf(&text, " of output, %lld messages, %lld rows of ",
               (long long)json_integer_value(json_object_get(limits, "call_effects")),
               (long long)json_integer_value(json_object_get(limits, "call_rows")));
    print_bytes(&text, json_integer_value(json_object_get(limits, "call_bytes")));
    doctor_say(d, FINDING_OK, subject, NULL, "limits: %s ([limits] in org.ini)", text.data);
    buf_free(&text);
}

/* Workflows that changed under the number that referrals run. */
static void doctor_org_changed(struct doctor *d, const char *subject, const json_t *workflows)
{
    size_t i;
    const json_t *w;
    json_array_foreach(workflows, i, w)
    {
        const char *problem = json_string_value(json_object_get(w, "problem"));
        const char *by_setting = json_string_value(json_object_get(w, "by_setting"));
        if (by_setting)
            doctor_say(d, FINDING_OK, subject, NULL, "%s", by_setting);
        if (problem && *problem)
            doctor_say(d, FINDING_WARN, subject,
                       "raise version = in baton.workflow, then: baton reload; baton migrate", "%s",
                       problem);
    }
}

static void doctor_org_undeclared(struct doctor *d, const char *subject, const json_t *texts)
{
    size_t i;
    const json_t *text;
    json_array_foreach(texts, i, text)
    {
        doctor_say(d, FINDING_WARN, subject,
                   "name its plugin in plugins = of org.ini, then: baton reload", "%s",
                   json_string_value(text));
    }
}

/* Referrals that run another version than the one that is loaded. */
static void doctor_org_outdated(struct doctor *d, const char *subject, struct ask *a)
{
    struct error e;
    ask_begin(a, "migrate");
    jsonw_key(&a->w, "preview");
    jsonw_bool(&a->w, true);
    int result = ask_send(a, &e);
    const json_t *found = json_object_get(a->answer.done, "result");
    long long blocked = json_integer_value(json_object_get(found, "blocked"));
    long long count = json_integer_value(json_object_get(found, "fits")) +
                      json_integer_value(json_object_get(found, "mapped")) + blocked;
    if (result < 0)
        doctor_org_error(d, subject, result, &e);
    else if (count > 0)
        doctor_say(d, FINDING_WARN, subject, "baton migrate --preview, then: baton migrate",
                   "%lld open referrals run another version of their workflow than the loaded one, "
                   "and wait; %lld of them are in the way of migrating",
                   count, blocked);
}

static void doctor_org_due(struct doctor *d, const char *subject, const json_t *status)
{
    const json_t *due = json_object_get(status, "next_due_ms");
    long long now = json_integer_value(json_object_get(status, "now_ms"));
    struct buf text = BUF_INIT;
    if (json_is_integer(due) && json_integer_value(due) < now - DOCTOR_LATE_MS) {
        when_relative(json_integer_value(due), now, &text);
        doctor_say(d, FINDING_WARN, subject, "run baton serve, so that deadlines fire on time",
                   "something was due %s and has not fired", buf_text(&text));
    }
    const json_t *waiting = json_object_get(status, "waiting");
    long long timers = json_integer_value(json_object_get(waiting, "timers"));
    long long referrals = json_integer_value(json_object_get(waiting, "referrals"));
    if (timers + referrals > 0)
        doctor_say(d, FINDING_WARN, subject, "mend the plugin, then: baton reload",
                   "%lld timers and deadlines of %lld referrals are due and wait: %s", timers,
                   referrals, json_string_value(json_object_get(waiting, "why")));
    if (json_integer_value(json_object_get(status, "wal_bytes")) > DOCTOR_WAL_WARN) {
        print_bytes(&text, json_integer_value(json_object_get(status, "wal_bytes")));
        doctor_say(d, FINDING_WARN, subject, "stop the server in a quiet hour and start it again",
                   "the write-ahead log has grown to %s", buf_text(&text));
    }
    const char *clock = json_string_value(json_object_get(status, "clock"));
    if (clock && !strcmp(clock, "movable"))
        doctor_say(d, FINDING_OK, subject, NULL,
                   "its clock can be moved: for practice, not for real work");
    buf_free(&text);
}

static void doctor_org_outbox(struct doctor *d, const char *subject, struct ask *a)
{
    json_t *counted = NULL;
    struct error e;
    int result =
        ask_lua(a, "print(json.encode{dead = messages.count{status = \"dead\"}})", &counted, &e);
    long long dead = json_integer_value(json_object_get(counted, "dead"));
    if (result < 0)
        doctor_org_error(d, subject, result, &e);
    else if (dead > 0)
        doctor_say(d, FINDING_WARN, subject,
                   "look at them in the REPL: messages.find{status=\"dead\"}",
                   "%lld messages could not be delivered and were given up", dead);
    json_decref(counted);
}

static void doctor_org_store(struct doctor *d, const char *subject, struct org *o)
{
    struct error e;
    int result = store_check(org_store(o), &e);
    if (result < 0)
        doctor_org_error(d, subject, result, &e);
    else
        doctor_say(d, FINDING_OK, subject, NULL, "the database is sound");
}

static void doctor_no_notice(void *context, const char *text)
{
    (void)context;
    (void)text; /* what a notice tells of plugins, the status tells too */
}

void doctor_org(struct doctor *d, const struct home *h, const char *name)
{
    struct cli named = *d->c;
    struct ask a;
    struct error e;
    struct buf subject = BUF_INIT;
    (void)h;
    buf_printf(&subject, "org %s", name);
    named.org = name;
    named.as = NULL;
    named.quiet = true;
    int result = ask_open(&a, &named, &e);
    if (result < 0) {
        doctor_org_error(d, subject.data, result, &e);
        buf_free(&subject);
        return;
    }
    a.answer.notice = doctor_no_notice;
    ask_begin(&a, "status");
    if ((result = ask_send(&a, &e)) < 0) {
        doctor_org_error(d, subject.data, result, &e);
    } else {
        doctor_org_plugins(d, subject.data, json_object_get(a.answer.done, "plugins"));
        doctor_org_limits(d, subject.data, json_object_get(a.answer.done, "limits"));
        doctor_org_due(d, subject.data, a.answer.done);
        doctor_org_changed(d, subject.data, json_object_get(a.answer.done, "workflows"));
        doctor_org_undeclared(d, subject.data, json_object_get(a.answer.done, "undeclared"));
        doctor_org_outbox(d, subject.data, &a);
        doctor_org_outdated(d, subject.data, &a);
        if (link_org(a.link))
            doctor_org_store(d, subject.data, link_org(a.link));
    }
    ask_close(&a);
    buf_free(&subject);
}
