/* A workflow "care" in several versions, on the organisation of rules_fixture.h. */
#ifndef TESTS_DOMAIN_VERSION_FIXTURE_H
#define TESTS_DOMAIN_VERSION_FIXTURE_H

#include "baton/domain/due.h"
#include "baton/domain/version.h"
#include "domain/rules_fixture.h"

struct care { /* what differs between versions; zero: version 1 */
    int version;
    const char *second; /* name of the second stage; NULL: "asked" */
    bool number_need;   /* field "need" is a number */
    const char *hours;  /* name of the field "hours"; "": none */
    bool asks_hours;    /* the way into the second stage requires it */
    bool second_final;
    int within_days; /* of the second stage; 0: 3, -1: no deadline */
    const char *due_field;
    bool disable; /* "drop", as org.ini would */
    struct migration map;
};

static inline void care_stages(struct org *org, struct graph *g, const struct care *c)
{
    static const struct step steps[] = {
        { .kind = STEP_REMIND, .span = { .days = 1 } },
        { .kind = STEP_DUE },
        { .kind = STEP_ESCALATE, .span = { .days = 1 }, .to_role = "lead" }
    };
    bool due = c->within_days >= 0 && !c->second_final;
    const struct stage stages[] = {
        { .name = "new", .initial = true },
        { .name = c->second ? c->second : "asked",
          .final = c->second_final,
          .has_deadline = due,
          .due_field = due ? c->due_field : NULL,
          .within = { .days = !due || c->due_field ? 0
                              : c->within_days     ? c->within_days
                                                   : 3 },
          .steps = steps,
          .step_count = due ? 3 : 0 },
        { .name = "done", .final = true },
    };
    for (size_t i = 0; i < COUNT(stages); i++)
        ok(graph_add_stage(g, &stages[i], "care.lua:1", &org->e));
}

static inline void care_transitions(struct org *org, struct graph *g, const struct care *c)
{
    const char *second = c->second ? c->second : "asked";
    const char *hours = c->hours && *c->hours ? c->hours : "hours";
    const char *const from_new[] = { "new", NULL }, *const from_second[] = { second, NULL },
                      *const from_any[] = { "*", NULL }, *const need_hours[] = { hours, NULL };
    const struct transition ask = {
        .name = "ask", .required = c->asks_hours ? need_hours : NULL, .guard = -1, .effect = -1
    };
    const struct transition end = { .name = "end", .guard = -1, .effect = -1 },
                            drop = { .name = "drop", .guard = -1, .effect = -1 },
                            stop = { .name = "stop",
                                     .locked = true,
                                     .source = "the law",
                                     .guard = -1,
                                     .effect = -1 };
    ok(graph_add_transition(g, &ask, from_new, second, &org->e));
    if (!c->second_final)
        ok(graph_add_transition(g, &end, from_second, "done", &org->e));
    ok(graph_add_transition(g, &drop, from_new, "done", &org->e));
    ok(graph_add_transition(g, &stop, from_any, "done", &org->e));
}

static inline struct graph *care_new(struct org *org, const struct care *c)
{
    struct graph *g = graph_new("care", c->version ? c->version : 1, "caring");
    const struct field need = { .name = "need", .type = c->number_need ? FIELD_INT : FIELD_TEXT };
    const struct field hours = { .name = c->hours ? c->hours : "hours", .type = FIELD_INT };
    const struct field visit = { .name = "visit_at", .type = FIELD_TIME };
    ok(graph_add_field(g, &need, &org->e));
    ok(graph_add_field(g, &visit, &org->e));
    if (*hours.name)
        ok(graph_add_field(g, &hours, &org->e));
    care_stages(org, g, c);
    care_transitions(org, g, c);
    if (c->disable)
        ok(graph_disable_transition(g, "drop", &org->e));
    ok(graph_finish(g, &org->e));
    if (c->map.from)
        ok(graph_add_migration(g, &c->map, NULL, &org->e));
    return g;
}

/* Loads that version in place of the one that is loaded, and keeps it as the host does. */
static inline void care_load_from(struct org *org, const struct care *c, const char *origin)
{
    domain_remove_plugin(org->d, "caring");
    ok(domain_add_graph(org->d, care_new(org, c), &org->e));
    if (origin)
        domain_set_origin(org->d, "caring", origin);
    org_begin(org);
    ok(domain_keep_versions(org->d, &org->e));
    org_end(org);
}

static inline void care_load(struct org *org, const struct care *c)
{
    care_load_from(org, c, NULL);
}

static inline int64_t care_open(struct org *org, const char *fields)
{
    const struct referral_open open = { .workflow = "care",
                                        .fields = fields,
                                        .fields_len = fields ? strlen(fields) : 0 };
    const struct row *row;
    org_begin(org);
    ok(domain_open(org->d, &org_operator, &open, &row, &org->e));
    int64_t id = row->id;
    org_end(org);
    return id;
}

static inline int64_t care_asked(struct org *org, const char *fields)
{
    int64_t id = care_open(org, fields);
    ok(move_on(org, id, &org_operator, "ask", NULL));
    return id;
}

/* Plans; the caller frees it. */
static inline struct migration_plan care_plan(struct org *org, int64_t id)
{
    struct migration_plan p;
    ok(domain_migration_plan(org->d, id, &p, &org->e));
    return p;
}

static inline int care_command(struct org *org, int64_t id, bool undo)
{
    struct migration_plan p;
    struct error ignored;
    const struct migration_request r = { .workflow = "care", .undo = undo };
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    int rc = domain_migration_do(org->d, &org_operator, &r, id, &p, &org->e);
    if (rc == 0 && p.kind == MIGRATION_BLOCKED)
        rc = error_set(&org->e, ERROR_CONFLICT, "%s", buf_text(&p.why));
    migration_plan_free(&p);
    ok(domain_command_end(org->d, rc == 0, &ignored));
    ok(store_turn_commit(org->store, &ignored));
    return rc;
}

/* The row without what every event moves, as text. */
static inline void care_shown(struct org *org, int64_t id, struct buf *out)
{
    const struct row *row = org_row(org, ENTITY_REFERRAL, id);
    const struct schema *s = schema_of(ENTITY_REFERRAL);
    buf_clear(out);
    for (size_t i = 0; i < s->count; i++) {
        const struct value *v = &row->v[i];
        if (v->type == VALUE_INT)
            buf_printf(out, "%s=%lld\n", s->columns[i].name, (long long)v->i);
        else if (v->type == VALUE_TEXT)
            buf_printf(out, "%s=%s\n", s->columns[i].name, v->s);
    }
    static const char *const fields[] = { "hours", "need", "time_needed", "visit_at" };
    for (size_t i = 0; i < COUNT(fields); i++) { /* their order in the object may change */
        struct json_slice v;
        if (jsons_get(row->fields.s, row->fields.len, fields[i], strlen(fields[i]), &v))
            buf_printf(out, "%s=%.*s\n", fields[i], (int)v.len, v.text);
    }
}

#endif
