/* Stages of a declared workflow: that all of them are reached and all of them
 * end, on the model of the check, which holds graphs that do not load too. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"

const struct check_stage *check__stage(const struct check_workflow *w, const char *name)
{
    for (size_t i = 0; i < w->stage_count; i++)
        if (!strcmp(w->stages[i].name, name))
            return &w->stages[i];
    return NULL;
}

bool check__leaves(const struct check_transition *t, const struct check_stage *s)
{
    if (t->disabled)
        return false;
    if (!strcmp(t->from[0], "*") && !t->from[1])
        return !s->final;
    for (const char *const *from = t->from; *from; from++)
        if (!strcmp(*from, s->name))
            return true;
    return false;
}

size_t check__mentions(const struct check *c, const struct plugin *p, const char *word)
{
    size_t count = 0;
    for (size_t i = 0; i < c->source_count; i++)
        for (size_t t = 0;
             c->sources[i].plugin == p && !c->sources[i].spec && t < c->sources[i].token_count; t++)
            count += (c->sources[i].tokens[t].kind == TOKEN_NAME ||
                      c->sources[i].tokens[t].kind == TOKEN_STRING) &&
                     !strcmp(c->sources[i].tokens[t].text, word);
    return count;
}

/* What org.ini takes away counts as gone; locked ones stay, org.ini is wrong there. Is there any?
 */
static bool stages_disable(struct check *c, struct check_workflow *w)
{
    bool any = false;
    char **list = NULL;
    const char *section = arena_printf(c->memory, "workflow %s", w->name);
    if (!c->org_ini || ini_list(c->org_ini, section, "disable", &list, NULL) < 0)
        return false;
    for (size_t i = 0; list && list[i]; i++)
        for (size_t j = 0; j < w->transition_count; j++)
            if (!w->transitions[j].locked && !strcmp(w->transitions[j].name, list[i]))
                any = w->transitions[j].disabled = true;
    mem_free(list);
    return any;
}

static void stages_check_each(struct check *c, const struct check_workflow *w)
{
    const struct check_stage *initial = NULL;
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct check_stage *s = &w->stages[i];
        if (check__stage(w, s->name) != s)
            check__add(c, "stage-twice", w->plugin, s->file, s->line,
                       "stage \"%s\" is declared twice", s->name);
        if (s->initial && initial)
            check__add(c, "stage-initial", w->plugin, s->file, s->line,
                       "stages \"%s\" and \"%s\" are both initial", initial->name, s->name);
        if (s->initial && s->final)
            check__add(c, "stage-initial", w->plugin, s->file, s->line,
                       "stage \"%s\" is both initial and final", s->name);
        if (s->initial && !initial)
            initial = s;
        if (s->final && s->has_deadline)
            check__add(c, "stage-final-deadline", w->plugin, s->file, s->line,
                       "stage \"%s\" is final and has a deadline", s->name);
        if (!s->final && s->outcome)
            check__add(c, "stage-outcome", w->plugin, s->file, s->line,
                       "stage \"%s\" has an outcome but is not final", s->name);
    }
}

/* From the initial stage forwards, or from the final ones backwards. */
static void stages_walk(struct check_workflow *w, bool backwards)
{
    for (size_t i = 0; i < w->stage_count; i++) {
        w->stages[i].reached = backwards ? w->stages[i].reached : w->stages[i].initial;
        w->stages[i].ends = w->stages[i].final;
    }
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < w->transition_count; i++) {
            const struct check_transition *t = &w->transitions[i];
            struct check_stage *to = t->to ? (struct check_stage *)check__stage(w, t->to) : NULL;
            for (size_t j = 0; to && j < w->stage_count; j++) {
                struct check_stage *from = &w->stages[j];
                if (!check__leaves(t, from))
                    continue;
                from->leaves = from->leaves || from != to;
                if (!backwards && from->reached && !to->reached)
                    more = to->reached = true;
                if (backwards && to->ends && !from->ends)
                    more = from->ends = true;
            }
        }
    }
}

/* A transition that names a stage that there is not: what cannot be reached follows from that. */
static bool stages_misnamed(const struct check_workflow *w)
{
    for (size_t i = 0; i < w->transition_count; i++) {
        const struct check_transition *t = &w->transitions[i];
        bool every = !strcmp(t->from[0], "*") && !t->from[1];
        if (t->to && !check__stage(w, t->to))
            return true;
        for (const char *const *from = t->from; *from && !every; from++)
            if (!check__stage(w, *from))
                return true;
    }
    return false;
}

/* As graph_finish has it: a stage to which an organisation took away the way is none that it wants.
 */
static void stages_check_ways(struct check *c, struct check_workflow *w, bool disabled)
{
    stages_walk(w, false);
    stages_walk(w, true);
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct check_stage *s = &w->stages[i];
        if (!s->reached && disabled)
            continue;
        if (!s->reached)
            check__add(c, "stage-unreachable", w->plugin, s->file, s->line,
                       "stage \"%s\" is reached by no transition from the initial stage", s->name);
        else if (!s->final && !s->leaves)
            check__add(
                c, "stage-dead-end", w->plugin, s->file, s->line,
                "no transition leaves stage \"%s\": mark it final = true, or give it a way out",
                s->name);
        else if (!s->ends)
            check__add(c, "stage-no-way-out", w->plugin, s->file, s->line,
                       "from stage \"%s\" no way leads to a final stage", s->name);
    }
}

void check__stages(struct check *c, struct check_workflow *w)
{
    if (w->stage_count == 0 || w->transition_count == 0) {
        check__add(c, "workflow-empty", w->plugin, w->file, w->line, "workflow \"%s\" has no %s",
                   w->name, w->stage_count ? "transitions" : "stages");
        return;
    }
    if (!w->title)
        check__add(c, "workflow-untitled", w->plugin, w->file, w->line,
                   "workflow \"%s\" has no title: what is it called by those who use it?", w->name);
    bool disabled = stages_disable(c, w);
    stages_check_each(c, w);
    if (!stages_misnamed(w))
        stages_check_ways(c, w, disabled);
}
