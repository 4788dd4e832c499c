/* A store in a folder of its own, and short verbs for the tests of this room. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/store/store.h"

struct fixture {
    char dir[64], path[96];
    struct store *store;
    size_t dirty_rows;
    struct error error;
};

static inline void fixture_open(struct fixture *f)
{
    struct store_options o = { .path = f->path, .create = true, .dirty_rows = f->dirty_rows };
    if (store_open(&f->store, &o, &f->error))
        fail_msg("open: %s", f->error.message);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(struct fixture);
    strcpy(f->dir, "/tmp/baton-store-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/org.db", f->dir);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "", "-wal", "-shm", "-journal", ".copy", ".copy-wal" };
    store_close(f->store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
    mem_free(f);
    return 0;
}

#define ok(f, call)                                                                                \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, (f)->error.message);                                         \
    } while (0)

static inline void fixture_begin(struct fixture *f)
{
    ok(f, store_turn_begin(f->store, &f->error));
    store_command_begin(f->store);
}

static inline void fixture_end(struct fixture *f)
{
    ok(f, store_command_end(f->store, true, &f->error));
    ok(f, store_turn_commit(f->store, &f->error));
}

static inline int fixture_change(struct fixture *f, enum entity entity, int64_t id,
                                 const struct store_set *set, size_t count, const char *fields,
                                 const struct row **out)
{
    struct store_change c = { .entity = entity,
                              .id = id,
                              .kind = id ? "test.changed" : "test.created",
                              .actor = "test",
                              .at_ms = 1000,
                              .set = set,
                              .set_count = count,
                              .fields = fields,
                              .fields_len = fields ? strlen(fields) : 0 };
    return store_change(f->store, &c, out, &f->error);
}

/* Inside a command. */
static inline int64_t fixture_person(struct fixture *f, const char *name)
{
    const struct row *r;
    struct store_set set[] = { { PERSON_NAME, value_text(name) } };
    ok(f, fixture_change(f, ENTITY_PERSON, 0, set, 1, NULL, &r));
    return r->id;
}

static inline int64_t fixture_referral(struct fixture *f, const char *stage, int64_t wake_at_ms)
{
    const struct row *r;
    struct store_set set[] = { { REFERRAL_WORKFLOW, value_text("w") },
                               { REFERRAL_WORKFLOW_VERSION, value_int(1) },
                               { REFERRAL_STAGE, value_text(stage) },
                               { REFERRAL_STAGE_AT_MS, value_int(1) },
                               { REFERRAL_WAKE_AT_MS,
                                 wake_at_ms ? value_int(wake_at_ms) : value_null() } };
    ok(f, fixture_change(f, ENTITY_REFERRAL, 0, set, 5, NULL, &r));
    return r->id;
}

static inline void fixture_move(struct fixture *f, int64_t id, const char *stage,
                                int64_t wake_at_ms)
{
    struct store_set set[] = { { REFERRAL_STAGE, value_text(stage) },
                               { REFERRAL_WAKE_AT_MS,
                                 wake_at_ms ? value_int(wake_at_ms) : value_null() } };
    ok(f, fixture_change(f, ENTITY_REFERRAL, id, set, 2, NULL, NULL));
}

static inline const char *fixture_stage(struct fixture *f, int64_t id)
{
    const struct row *r;
    ok(f, store_get(f->store, ENTITY_REFERRAL, id, &r, &f->error));
    return row_text(r, REFERRAL_STAGE);
}

#endif
