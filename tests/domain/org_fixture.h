/* An organisation in a temporary directory: store, calendar, a clock that
 * stands still, domain. */
#ifndef TESTS_DOMAIN_ORG_FIXTURE_H
#define TESTS_DOMAIN_ORG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/domain/advance.h"
#include "baton/domain/domain.h"

#define ok(call) org_ok((call), &org->e, #call, __LINE__)
static inline void org_ok(int rc, const struct error *e, const char *call, int line)
{
    if (rc)
        fail_msg("line %d: %s: %d, %s (%s)", line, call, rc, e->message, e->where);
}

static inline void org_contains(const char *text, const char *part, int line)
{
    if (!strstr(text, part))
        fail_msg("line %d: \"%s\" is not in \"%s\"", line, part, text);
}
#define assert_contains(text, part) org_contains((text), (part), __LINE__)

static const int64_t org_now_ms = 1772355600000; /* 2026-03-01 09:00 UTC */
static const struct actor org_operator = { .name = "operator" };

struct org {
    char dir[64], path[96];
    struct store *store;
    struct calendar *calendar;
    struct clock clock;
    struct domain *d;
    struct error e;
};

static inline void org_declare(struct org *org)
{
    static const char *const colours[] = { "red", "green", NULL };
    const struct field person[] = {
        { .name = "colour", .type = FIELD_TEXT, .values = colours },
        { .name = "visits", .type = FIELD_INT },
        { .name = "weight", .type = FIELD_REAL },
        { .name = "member", .type = FIELD_BOOL },
        { .name = "seen_at", .type = FIELD_TIME },
        { .name = "since", .type = FIELD_DATE },
        { .name = "tags", .type = FIELD_LIST },
        { .name = "school", .type = FIELD_REF, .ref = ENTITY_PARTNER },
        { .name = "remark", .type = FIELD_TEXT },
    };
    for (size_t i = 0; i < sizeof person / sizeof *person; i++)
        ok(domain_add_field(org->d, "test", ENTITY_PERSON, &person[i], &org->e));
    struct graph *g = graph_new("intake", 1, "test");
    const struct field need = { .name = "need", .type = FIELD_TEXT };
    const struct field score = { .name = "score", .type = FIELD_INT };
    ok(graph_add_field(g, &need, &org->e));
    ok(graph_add_field(g, &score, &org->e));
    const struct stage stages[] = {
        { .name = "new", .title = "New", .initial = true },
        { .name = "asked", .title = "Asked" },
        { .name = "done", .title = "Done", .final = true, .outcome = "completed" },
    };
    for (size_t i = 0; i < 3; i++)
        ok(graph_add_stage(g, &stages[i], "test.lua:1", &org->e));
    const struct transition ask = {
        .name = "ask", .guard = -1, .effect = -1, .where = "test.lua:2"
    };
    const struct transition close = {
        .name = "close", .guard = -1, .effect = -1, .where = "test.lua:3"
    };
    const char *const from_new[] = { "new", NULL }, *const from_any[] = { "*", NULL };
    ok(graph_add_transition(g, &ask, from_new, "asked", &org->e));
    ok(graph_add_transition(g, &close, from_any, "done", &org->e));
    ok(graph_finish(g, &org->e));
    ok(domain_add_graph(org->d, g, &org->e));
}

static inline void org_start(struct org *org)
{
    struct store_options options = { .path = org->path, .create = true };
    ok(store_open(&org->store, &options, &org->e));
    ok(calendar_new(&org->calendar, NULL, &org->e));
    clock_stop_at(&org->clock, org_now_ms);
    org->d = domain_new(org->store, org->calendar, &org->clock);
    org_declare(org);
}

static inline void org_stop(struct org *org)
{
    domain_free(org->d);
    calendar_free(org->calendar);
    store_close(org->store);
    org->d = NULL;
    org->calendar = NULL;
    org->store = NULL;
}

static inline int org_setup(void **state)
{
    struct org *org = mem_new(struct org);
    strcpy(org->dir, "/tmp/baton-domain-XXXXXX");
    assert_non_null(mkdtemp(org->dir));
    snprintf(org->path, sizeof org->path, "%s/org.db", org->dir);
    org_start(org);
    *state = org;
    return 0;
}

static inline int org_teardown(void **state)
{
    struct org *org = *state;
    if (org->store && store_in_turn(org->store))
        store_turn_abort(org->store);
    org_stop(org);
    DIR *dir = opendir(org->dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(org->dir);
    mem_free(org);
    return 0;
}

static inline void org_begin(struct org *org)
{
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
}

static inline void org_end(struct org *org)
{
    ok(domain_command_end(org->d, true, &org->e));
    ok(store_turn_commit(org->store, &org->e));
}

/* One row in a turn of its own. */
static inline int64_t org_write(struct org *org, enum entity entity, int64_t id,
                                const struct store_set *set, size_t count, const char *fields)
{
    struct record record = { .entity = entity,
                             .id = id,
                             .set = set,
                             .set_count = count,
                             .fields = fields,
                             .fields_len = fields ? strlen(fields) : 0 };
    const struct row *row;
    org_begin(org);
    ok(domain_write(org->d, &org_operator, &record, &row, &org->e));
    id = row->id;
    org_end(org);
    return id;
}

static inline const struct row *org_row(struct org *org, enum entity entity, int64_t id)
{
    const struct row *row;
    ok(store_get(org->store, entity, id, &row, &org->e));
    return row;
}

static inline int64_t org_count(struct org *org, enum entity entity)
{
    struct store_query query = { .entity = entity };
    int64_t n;
    ok(store_count(org->store, &query, &n, &org->e));
    return n;
}

#endif
