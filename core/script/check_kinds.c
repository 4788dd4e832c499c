/* Every kind of finding: its code, how bad it is, and a line of help. An error
 * is what refuses to load or fails when it runs; a warning is what is probably
 * not meant. */
#include "script/check_internal.h"

#include <assert.h>
#include <string.h>

#define E(code, help)                                                                              \
    {                                                                                              \
        code, CHECK_ERROR, help                                                                    \
    }
#define W(code, help)                                                                              \
    {                                                                                              \
        code, CHECK_WARNING, help                                                                  \
    }

static const struct check_kind check_kinds[] = {
    /* plugin.ini */
    E("ini-unreadable", "plugin.ini is missing or is no INI file"),
    E("ini-key-unknown", "plugin.ini has a section or key that nobody reads"),
    E("ini-name", "the name in plugin.ini is not that of its folder"),
    E("ini-version", "the version is not made of numbers with dots"),
    E("ini-api", "the plugin wants another api than this baton has"),
    E("permission-unknown", "permissions names one that there is not"),
    E("permission-missing", "the code writes what plugin.ini does not ask permission for"),
    W("permission-unused", "plugin.ini asks permission for what the code does not do"),
    E("requires-malformed", "requires is not a list of names with versions"),
    E("requires-missing", "a plugin that it requires is not there"),
    E("requires-version", "a plugin that it requires has another version"),
    E("requires-ring", "plugins require each other in a ring"),
    E("setting-malformed", "a setting's type, bounds or default do not fit each other"),
    E("setting-bounds", "the least value of a setting is above the greatest"),
    E("setting-unknown", "the code reads a setting that plugin.ini does not declare"),
    W("setting-unused", "no code reads the setting"),
    /* org.ini */
    E("org-setting", "a setting in org.ini is unknown, of a wrong type or out of range"),
    E("org-disable-unknown", "org.ini disables a transition that the workflow does not have"),
    E("org-disable-locked", "org.ini disables a locked transition"),
    W("org-workflow-unknown", "org.ini has settings for a workflow that no plugin declares"),
    W("role-unheld", "nobody in the organisation holds any of the roles that are asked for"),
    W("version-not-raised", "the workflow changed, its version did not"),
    /* sources */
    E("syntax", "the source is not Lua"),
    E("load-failed", "the plugin does not load, for a reason that no other kind names"),
    E("global-unknown", "a global is read that no environment has"),
    W("global-assigned", "a global is assigned: a local was probably meant"),
    E("function-unknown", "a module has no function of that name"),
    E("require-missing", "baton.require names a file that is not there"),
    E("require-ring", "files require each other in a ring"),
    W("file-unused", "no other file requires it"),
    E("declared-late", "baton.on and the like are called when the plugin serves already"),
    E("guard-writes", "a guard writes; it may only read"),
    E("handle-assigned", "a handle is assigned to; use h:set{…}"),
    E("time-malformed", "a literal time or span cannot be read"),
    /* names in sources */
    E("event-unknown", "baton.on names an event that baton does not raise"),
    W("event-never-emitted", "baton.on names an event that nobody emits"),
    E("timer-unhandled", "a timer is set that no handler waits for"),
    W("timer-never-set", "a handler waits for a timer that nobody sets"),
    E("template-unknown", "a message names a template that is not declared"),
    W("template-unused", "no message uses the template"),
    E("command-unknown", "baton.call or baton.run_report names what is not declared"),
    W("workflow-unknown", "code names a workflow that no plugin here declares"),
    W("migrate-unknown",
      "migrate names a stage or field that the version it comes from did not have"),
    E("transition-unknown", "code names a transition that no workflow has"),
    E("stage-name-unknown", "code names a stage that no workflow has"),
    E("reason-unknown", "code gives a reason that the transition does not have"),
    E("field-name-unknown", "code reads or sets a field that is not declared"),
    E("column-unknown", "a list or record names a column that the entity does not have"),
    E("method-unknown", "a method is called that the handle does not have"),
    E("option-unknown", "a method is given an option that it does not take"),
    E("role-unknown", "a role is named that is neither built in nor declared"),
    /* declarations */
    E("key-unknown", "a declaration has a key that nobody reads"),
    E("declaration-refused", "a declaration is refused for a reason that no other kind names"),
    E("job-interval", "a job runs more often than once a minute"),
    E("workflow-empty", "a workflow has no stages or no transitions"),
    W("workflow-untitled", "a workflow has no title for people"),
    /* stages */
    E("stage-twice", "two stages have the same name"),
    E("stage-initial", "no stage or more than one is initial"),
    E("stage-unreachable", "no way leads to the stage from the initial one"),
    E("stage-no-way-out", "from the stage no way leads to a final one"),
    E("stage-dead-end", "no transition leaves the stage and it is not final"),
    E("stage-final-left", "a transition leaves a final stage"),
    E("stage-final-deadline", "a final stage has a deadline"),
    E("stage-outcome", "a stage that is not final has an outcome"),
    W("stage-never-owned", "an owner role can take none of the transitions that leave the stage"),
    /* transitions */
    E("stage-unknown", "a transition leaves or enters a stage that there is not"),
    E("transition-twice", "two transitions of the same name leave one stage"),
    W("transition-idle", "a transition stays in its stage, asks for nothing and does nothing"),
    E("transition-locked",
      "a locked transition stands behind a role, guard, field, note or reason"),
    E("reason-twice", "a reason is given twice"),
    E("required-unknown", "a required field is neither declared nor a column"),
    E("required-not-settable", "a required field is one that only the engine writes"),
    E("approval-impossible", "an approval that can never pass"),
    /* deadlines */
    W("deadline-idle",
      "a deadline has no consequence but a task for an owner who may not be there"),
    E("deadline-never", "the calendar has no such time: the deadline never comes"),
    W("deadline-outside", "the deadline always falls outside working time"),
    E("deadline-field", "the field of a deadline is missing or neither a time nor a date"),
    W("deadline-field-unset", "no code and no transition asks for the field of a deadline"),
    W("remind-too-early", "a reminder is due before the stage is entered"),
    W("escalate-after-expire", "an escalation comes after the stage has expired"),
    E("expire-unknown", "a stage expires by a transition that does not leave it"),
    E("expire-asks", "a stage expires by a transition that asks for what the clock cannot give"),
    E("steps-without-deadline", "reminders or escalations without a deadline"),
    /* fields */
    W("field-unused", "a field without help that no code, transition or deadline names"),
    E("field-is-column", "a field has the name of a column"),
    { NULL, CHECK_ERROR, NULL },
};

const struct check_kind *check_kind_at(size_t index)
{
    return index < sizeof check_kinds / sizeof *check_kinds - 1 ? &check_kinds[index] : NULL;
}

static const struct check_kind *kind_named(const char *code)
{
    const struct check_kind *k = check_kinds;
    while (k->code && strcmp(k->code, code) != 0)
        k++;
    assert(k->code);
    return k;
}

/* A generated source may hold a mistake ten thousand times: nobody reads them all, and each is
 * compared with those before. */
enum { KIND_FINDINGS = 200 }; /* of one kind in one plugin */

void check__add(struct check *c, const char *code, const struct plugin *p, const char *file,
                int line, const char *format, ...)
{
    char text[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct check_kind *kind = kind_named(code);
    size_t same = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct check_finding *f = &c->findings[i];
        if (f->kind == kind && f->line == line && !strcmp(f->file, file) &&
            !strcmp(f->message, text))
            return;
        same += f->kind == kind && !strcmp(f->plugin, p ? p->name : "");
    }
    if (same > KIND_FINDINGS)
        return;
    if (same == KIND_FINDINGS)
        snprintf(text, sizeof text, "and more of this kind, which are not listed");
    c->findings = check__grow(c->memory, c->findings, c->count, &c->room, sizeof *c->findings);
    c->findings[c->count++] = (struct check_finding){ .kind = kind,
                                                      .plugin = p ? p->name : "",
                                                      .file = arena_dup(c->memory, file),
                                                      .line = line,
                                                      .message = arena_dup(c->memory, text) };
}
