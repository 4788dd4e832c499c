/* Transitions of a declared workflow: where they lead, what they ask for. */
#include "script/check_internal.h"

#include <string.h>

static void transitions_add(struct check *c, const struct check_workflow *w, const char *code,
                            const struct check_transition *t, const char *text, const char *word,
                            const char *near)
{
    check__add(c, code, w->plugin, t->file, check__line(c, t->file, t->line, word),
               "transition \"%s\" %s \"%s\"%s", t->name, text, word, near);
}

static void transitions_check_stages(struct check *c, const struct check_workflow *w,
                                     const struct check_transition *t)
{
    struct check_names known = { 0 };
    for (size_t i = 0; i < w->stage_count; i++)
        check__name(c, &known, w->stages[i].name);
    bool every = !strcmp(t->from[0], "*") && !t->from[1];
    for (const char *const *from = t->from; *from && !every; from++) {
        const struct check_stage *s = check__stage(w, *from);
        if (!s)
            transitions_add(c, w, "stage-unknown", t, "leaves an unknown stage", *from,
                            check__near(c, &known, *from));
        else if (s->final)
            transitions_add(c, w, "stage-final-left", t, "leaves the final stage", *from, "");
    }
    if (t->to && !check__stage(w, t->to))
        transitions_add(c, w, "stage-unknown", t, "enters an unknown stage", t->to,
                        check__near(c, &known, t->to));
}

static void transitions_check_twice(struct check *c, const struct check_workflow *w, size_t index)
{
    const struct check_transition *t = &w->transitions[index];
    for (size_t i = 0; i < index; i++)
        for (size_t j = 0; !strcmp(w->transitions[i].name, t->name) && j < w->stage_count; j++)
            if (check__leaves(&w->transitions[i], &w->stages[j]) &&
                check__leaves(t, &w->stages[j])) {
                check__add(c, "transition-twice", w->plugin, t->file, t->line,
                           "two transitions \"%s\" leave stage \"%s\"; the first is on line %d",
                           t->name, w->stages[j].name, w->transitions[i].line);
                return;
            }
}

static void transitions_check_idle(struct check *c, const struct check_workflow *w,
                                   const struct check_transition *t)
{
    bool stays = !t->to || (!t->from[1] && !strcmp(t->from[0], t->to));
    if (!stays || t->guard || t->effect || t->required || t->reasons || t->note || t->other ||
        t->approval.weight || check__mentions(c, w->plugin, t->name) > 1)
        return;
    check__add(c, "transition-idle", w->plugin, t->file, t->line,
               "transition \"%s\" stays where it is, asks for nothing and does nothing: is to = "
               "missing?",
               t->name);
}

static void transitions_check_locked(struct check *c, const struct check_workflow *w,
                                     const struct check_transition *t)
{
    const char *lacks[9];
    size_t count = 0;
    if (!t->locked)
        return;
    if (!t->source || !*t->source)
        lacks[count++] = "names its source: the act or standard that demands it";
    for (size_t i = 0; i < w->stage_count; i++)
        if (!w->stages[i].final && !check__leaves(t, &w->stages[i])) {
            lacks[count++] = "leaves every stage that is not final: from = \"*\"";
            break;
        }
    if (t->roles)
        lacks[count++] = "has no roles";
    if (t->required)
        lacks[count++] = "has no required fields";
    if (t->guard)
        lacks[count++] = "has no guard";
    if (t->note)
        lacks[count++] = "asks for no note";
    if (t->reasons)
        lacks[count++] = "asks for no reason";
    if (t->approval.weight)
        lacks[count++] = "needs no approval";
    for (size_t i = 0; i < count; i++)
        check__add(c, "transition-locked", w->plugin, t->file, t->line,
                   "transition \"%s\": a locked one %s", t->name, lacks[i]);
}

static void transitions_check_approval(struct check *c, const struct check_workflow *w,
                                       const struct check_transition *t)
{
    const struct check_approval *a = &t->approval;
    if (a->need && a->need > a->weight)
        check__add(c, "approval-impossible", w->plugin, t->file, t->line,
                   "transition \"%s\" needs an approval of weight %lld, but all its seats together "
                   "weigh %lld",
                   t->name, (long long)a->need, (long long)a->weight);
}

void check__transitions(struct check *c, struct check_workflow *w)
{
    for (size_t i = 0; i < w->transition_count; i++) {
        const struct check_transition *t = &w->transitions[i];
        transitions_check_stages(c, w, t);
        transitions_check_twice(c, w, i);
        transitions_check_idle(c, w, t);
        transitions_check_locked(c, w, t);
        transitions_check_approval(c, w, t);
        if (t->reason_twice)
            check__add(c, "reason-twice", w->plugin, t->file,
                       check__line(c, t->file, t->line, t->reason_twice),
                       "transition \"%s\": reason \"%s\" is there twice", t->name, t->reason_twice);
    }
}
