/* Tasks for those whose vote is wanted: one for each seat on which an approval
 * still hangs, for the person whom its field names, or for its role.
 *
 * What is wanted follows from the referral as it is: so after whatever changes
 * it (entering a stage, a vote, another person in a field) the tasks are made to
 * fit. A task says in its field "_vote" for which seat it is. Entering a stage
 * asks everybody anew, and goes on with a task that is open still; otherwise a
 * seat is asked once in a stay, so one that somebody closed by hand stays closed. */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/graph_internal.h"
#include "domain/vote_internal.h"

enum { VOTE_KEY_BYTES = 2 * LIMIT_NAME_BYTES + 2, VOTE_TASKS_LOOKED = 256 };

struct vote_task {
    int64_t id, assignee;
    char key[VOTE_KEY_BYTES]; /* "adopt_plan/teacher" */
    bool open, stay;          /* made since the stage was entered */
    bool kept;
};
struct vote_wish {
    char key[VOTE_KEY_BYTES];
    const struct transition *t;
    const struct seat *seat;
    int64_t assignee; /* 0: the role */
    enum vote vote;   /* VOTE_NONE: wanted; else what it was */
};
struct vote_tasks {
    struct domain *d;
    const struct actor *actor;
    int64_t id, entered_ms;
    bool has_due;
    int64_t due_ms;
    char about[32];
    struct buf title;
    struct vote_task *tasks;
    size_t task_count;
    struct vote_wish *wishes;
    size_t wish_count;
};

/* ---- what is there ---- */

static int tasks_look(void *context, const struct row *task)
{
    struct vote_tasks *v = context;
    struct json_slice key;
    struct buf text = BUF_INIT;
    if (task->fields.len == 0 || !jsons_get(task->fields.s, task->fields.len, "_vote", 5, &key))
        return 0; /* one that a plugin made */
    jsons_text(&key, &text);
    struct vote_task *at = &v->tasks[v->task_count++];
    *at = (struct vote_task){ .id = task->id,
                              .assignee = row_int(task, TASK_ASSIGNEE),
                              .open = !strcmp(row_text(task, TASK_STATUS), "open"),
                              .stay = task->created_at_ms >= v->entered_ms };
    snprintf(at->key, sizeof at->key, "%s", buf_text(&text));
    buf_free(&text);
    return 0;
}

static int tasks_find(struct vote_tasks *v, struct error *e)
{
    const struct store_filter filters[] = {
        { TASK_ABOUT, FILTER_EQ, value_text(v->about), NULL },
        { TASK_KIND, FILTER_EQ, value_text("vote"), NULL },
    };
    const struct store_query q = { .entity = ENTITY_TASK,
                                   .filters = filters,
                                   .filter_count = 2,
                                   .descending = true,
                                   .limit = VOTE_TASKS_LOOKED };
    v->tasks = mem_zero(VOTE_TASKS_LOOKED * sizeof *v->tasks);
    return store_list(v->d->store, &q, tasks_look, v, e);
}

/* ---- what is wanted ---- */

static bool wish_is_active(const struct vote_tasks *v, int64_t staff_id)
{
    const struct row *staff;
    return staff_id > 0 && store_get(v->d->store, ENTITY_STAFF, staff_id, &staff, NULL) == 0 &&
           strcmp(row_text(staff, STAFF_STATUS), "inactive") != 0;
}

static void wishes_add(struct vote_tasks *v, const struct approval_now *now, const struct row *row)
{
    const struct approval *a = now->transition->approval;
    v->wishes = mem_resize(v->wishes, (v->wish_count + a->seat_count) * sizeof *v->wishes);
    for (size_t i = 0; i < a->seat_count; i++) {
        const struct seat *s = &a->seats[i];
        struct vote_wish w = { .t = now->transition, .seat = s, .vote = now->seats[i].vote };
        if (w.vote == VOTE_NONE && (now->state != APPROVAL_OPEN || !approval_waits_for(now, i)))
            continue;
        if (s->field && !wish_is_active(v, w.assignee = fields__staff(row, s->field)))
            continue;
        snprintf(w.key, sizeof w.key, "%s/%s", now->transition->name, s->name);
        v->wishes[v->wish_count++] = w;
    }
}

/* Those of a version that is not loaded are wanted by nobody: it cannot be voted on. */
static void wishes_find(struct vote_tasks *v, const struct graph *g, const struct row *row)
{
    struct approval_now now;
    int stage = graph_find_stage(g, row_text(row, REFERRAL_STAGE));
    size_t count = 0;
    const int *leaving = stage >= 0 ? graph__leaving(g, stage, &count) : NULL;
    if (row_int(row, REFERRAL_WORKFLOW_VERSION) != graph_version(g))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct transition *t = graph_transition(g, leaving[i]);
        if (t->approval && domain_approval(v->d, v->id, t->name, NULL, &now, NULL) == 0)
            wishes_add(v, &now, row);
    }
}

/* ---- making it so ---- */

static int task_make(struct vote_tasks *v, const struct vote_wish *w, struct error *e)
{
    struct buf title = BUF_INIT;
    char fields[VOTE_KEY_BYTES + 16];
    buf_printf(&title, "%s%s: your vote on \"%s\", seat %s", v->about, buf_text(&v->title),
               w->t->title ? w->t->title : w->t->name,
               w->seat->title ? w->seat->title : w->seat->name);
    int n = snprintf(fields, sizeof fields, "{\"_vote\":\"%s\"}", w->key); /* names */
    const struct store_set set[] = {
        { TASK_TITLE, value_textn(title.data, title.len) },
        { TASK_ABOUT, value_text(v->about) },
        { TASK_KIND, value_text("vote") },
        w->assignee ? (struct store_set){ TASK_ASSIGNEE, value_int(w->assignee) }
                    : (struct store_set){ TASK_ROLE, value_text(w->seat->role) },
        { TASK_STATUS, value_text("open") },
        { TASK_DUE_AT_MS, v->has_due ? value_int(v->due_ms) : value_null() },
    };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .kind = "task.created",
                                   .actor = v->actor->name,
                                   .at_ms = domain_now(v->d),
                                   .set = set,
                                   .set_count = v->has_due ? 6 : 5,
                                   .fields = fields,
                                   .fields_len = (size_t)n };
    int rc = domain__change(v->d, &change, NULL, 0, NULL, e);
    buf_free(&title);
    return rc;
}

static int task_give(const struct vote_tasks *v, const struct vote_task *task, int64_t staff_id,
                     struct error *e)
{
    static const char detail[] = "{\"engine\":true}"; /* as in task__end */
    const struct store_set set = { TASK_ASSIGNEE, value_int(staff_id) };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .id = task->id,
                                   .kind = "task.changed",
                                   .actor = v->actor->name,
                                   .at_ms = domain_now(v->d),
                                   .set = &set,
                                   .set_count = 1 };
    return domain__change(v->d, &change, detail, sizeof detail - 1, NULL, e);
}

static int tasks_fit(struct vote_tasks *v, const struct vote_wish *w, bool entered, struct error *e)
{
    bool asked = w->vote != VOTE_NONE;
    for (size_t i = 0; i < v->task_count; i++) {
        struct vote_task *task = &v->tasks[i];
        if (strcmp(task->key, w->key) != 0)
            continue;
        asked = asked || (!entered && task->stay && task->assignee == w->assignee);
        if (!task->open || task->kept)
            continue;
        task->kept = true;
        if (w->vote != VOTE_NONE)
            return task__end(v->d, v->actor, task->id, "done", vote_word(w->vote), e);
        return task->assignee == w->assignee ? 0 : task_give(v, task, w->assignee, e);
    }
    return asked ? 0 : task_make(v, w, e);
}

static int tasks_make_fit(struct vote_tasks *v, bool entered, struct error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < v->wish_count; i++)
        rc = tasks_fit(v, &v->wishes[i], entered, e);
    for (size_t i = 0; rc == 0 && i < v->task_count; i++)
        if (v->tasks[i].open && !v->tasks[i].kept)
            rc = task__end(v->d, v->actor, v->tasks[i].id, "cancelled", NULL, e);
    return rc;
}

static void tasks_describe(struct vote_tasks *v, const struct row *row)
{
    const char *title = row_text(row, REFERRAL_TITLE);
    row_id_format(ENTITY_REFERRAL, v->id, v->about);
    if (*title)
        buf_printf(&v->title, " (%s)", title);
    v->entered_ms = row_int(row, REFERRAL_STAGE_AT_MS);
    v->has_due = !row_is_null(row, REFERRAL_DUE_AT_MS);
    v->due_ms = row_int(row, REFERRAL_DUE_AT_MS);
}

int vote__tasks(struct domain *d, const struct actor *actor, const struct row **row, bool entered,
                struct error *e)
{
    struct vote_tasks v = { .d = d, .actor = actor, .id = (*row)->id, .title = BUF_INIT };
    const struct graph *g = domain_graph(d, row_text(*row, REFERRAL_WORKFLOW));
    if (!g || !g->votes)
        return 0;
    tasks_describe(&v, *row);
    int rc = tasks_find(&v, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, v.id, row, e);
    if (rc == 0) {
        wishes_find(&v, g, *row);
        rc = tasks_make_fit(&v, entered, e);
    }
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, v.id, row, e);
    mem_free(v.tasks);
    mem_free(v.wishes);
    buf_free(&v.title);
    return rc;
}
