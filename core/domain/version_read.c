/* A kept version, read back: for its stages, fields and the steps of its clock.
 * Its transitions are there to be looked at; guards and effects, approvals and
 * rules for children are not, because nothing of it is taken any more. */
#include <jansson.h>
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/version_internal.h"

struct version_read {
    struct graph *g;
    struct arena *arena;
    struct error *e;
};

static const char *read_text(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static int64_t read_int(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static bool read_flag(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

static const char *const *read_words(const struct version_read *r, const json_t *o, const char *key)
{
    const json_t *list = json_object_get(o, key);
    size_t n = json_array_size(list), kept = 0;
    if (n == 0)
        return NULL;
    const char **words = arena_alloc(r->arena, (n + 1) * sizeof *words);
    for (size_t i = 0; i < n; i++)
        if (json_is_string(json_array_get(list, i)))
            words[kept++] = json_string_value(json_array_get(list, i));
    words[kept] = NULL;
    return words;
}

static struct span read_span(const json_t *o, const char *key)
{
    const json_t *s = json_object_get(o, key);
    return (struct span){ .ms = read_int(s, "ms"),
                          .working_ms = read_int(s, "working_ms"),
                          .days = (int32_t)read_int(s, "days"),
                          .months = (int32_t)read_int(s, "months"),
                          .working_days = (int32_t)read_int(s, "working_days"),
                          .school_days = (int32_t)read_int(s, "school_days") };
}

static int read_field(const struct version_read *r, const json_t *o)
{
    const json_t *min = json_object_get(o, "min"), *max = json_object_get(o, "max");
    const struct field f = { .name = read_text(o, "name"),
                             .type = (enum field_type)read_int(o, "type"),
                             .ref = (enum entity)read_int(o, "ref"),
                             .values = read_words(r, o, "values"),
                             .has_min = min != NULL,
                             .has_max = max != NULL,
                             .min = json_number_value(min),
                             .max = json_number_value(max) };
    return graph_add_field(r->g, &f, r->e);
}

static int read_stage(const struct version_read *r, const json_t *o)
{
    const json_t *steps = json_object_get(o, "steps");
    size_t n = json_array_size(steps);
    struct step *list = arena_alloc(r->arena, (n + 1) * sizeof *list);
    struct stage s = { .name = read_text(o, "name"),
                       .initial = read_flag(o, "initial"),
                       .final = read_flag(o, "final"),
                       .outcome = read_text(o, "outcome"),
                       .owner_roles = read_words(r, o, "owner_roles"),
                       .required = read_words(r, o, "required"),
                       .due_field = read_text(o, "due_field"),
                       .clock_paused = read_flag(o, "clock_paused"),
                       .has_deadline = json_object_get(o, "within") != NULL,
                       .within = read_span(o, "within"),
                       .steps = list };
    for (size_t i = 0; i < n; i++) {
        const json_t *step = json_array_get(steps, i);
        enum step_kind kind = (enum step_kind)read_int(step, "kind");
        if (kind != STEP_EXPIRE)
            list[s.step_count++] = (struct step){ .kind = kind,
                                                  .span = read_span(step, "span"),
                                                  .to_role = read_text(step, "to"),
                                                  .to_field = read_text(step, "to_field"),
                                                  .transition = -1 };
    }
    return graph_add_stage(r->g, &s, NULL, r->e);
}

static int read_transition(const struct version_read *r, const json_t *o)
{
    const json_t *reasons = json_object_get(o, "reasons");
    size_t n = json_array_size(reasons);
    struct reason *list = arena_alloc(r->arena, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const json_t *reason = json_array_get(reasons, i);
        list[i] = (struct reason){ .code = read_text(reason, "code"),
                                   .comment_required = read_flag(reason, "comment") };
    }
    const struct transition t = { .name = read_text(o, "name"),
                                  .roles = read_words(r, o, "roles"),
                                  .required = read_words(r, o, "required"),
                                  .reasons = list,
                                  .reason_count = n,
                                  .note_required = read_flag(o, "note"),
                                  .locked = read_flag(o, "locked"),
                                  .source = read_text(o, "source"),
                                  .guard = -1,
                                  .effect = -1 };
    return graph_add_transition(r->g, &t, read_words(r, o, "from"), read_text(o, "to"), r->e);
}

static int read_expire(const struct version_read *r, const json_t *stage)
{
    const json_t *steps = json_object_get(stage, "steps");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        const char *transition = read_text(step, "transition");
        struct span after = read_span(step, "span");
        if (read_int(step, "kind") == STEP_EXPIRE && transition)
            rc = graph_set_expire(r->g, read_text(stage, "name"), &after, transition, NULL, r->e);
    }
    return rc;
}

static int read_each(const struct version_read *r, const json_t *o, const char *key,
                     int (*read)(const struct version_read *r, const json_t *o))
{
    const json_t *list = json_object_get(o, key);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = read(r, json_array_get(list, i));
    return rc;
}

int version__read(const char *json, size_t n, struct graph **out, struct error *e)
{
    json_t *o = NULL;
    int rc = json_read(json, n, &o, e);
    if (rc < 0)
        return rc;
    const char *name = read_text(o, "name");
    struct version_read r = { .arena = arena_new(0), .e = e };
    r.g = graph_new(name ? name : "", (int)read_int(o, "version"), NULL);
    rc = read_each(&r, o, "fields", read_field);
    if (rc == 0)
        rc = read_each(&r, o, "stages", read_stage);
    if (rc == 0)
        rc = read_each(&r, o, "transitions", read_transition);
    if (rc == 0)
        rc = read_each(&r, o, "stages", read_expire);
    if (rc == 0)
        rc = graph_finish(r.g, e);
    if (rc == 0)
        *out = r.g;
    else
        graph_free(r.g);
    arena_free(r.arena);
    json_decref(o);
    return rc;
}
