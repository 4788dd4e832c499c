/* The peers: SQLite in a bare C loop, no Lua, no checks, one table and no
 * further index. (u) updates a random row and appends a chained event of 300
 * bytes; (e) appends that event alone. Same pragmas as the store. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/clock.h"
#include "baton/base/digest.h"
#include "baton/base/memory.h"
#include "bench/bench.h"

enum { BARE_EVENT_BYTES = 300, BARE_HEADER_BYTES = 48 };

struct bench_bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *event, *update;
    uint8_t head[DIGEST_BYTES];
    int64_t rows;
    uint64_t seed;
};

static void bare_exec(struct bench_bare *b, const char *sql)
{
    if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_die("%s: %s", sql, sqlite3_errmsg(b->db));
}

static sqlite3_stmt *bare_prepare(struct bench_bare *b, const char *sql)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(b->db, sql, -1, &st, NULL) != SQLITE_OK)
        bench_die("%s: %s", sql, sqlite3_errmsg(b->db));
    return st;
}

static void bare_step(struct bench_bare *b, sqlite3_stmt *st)
{
    if (sqlite3_step(st) != SQLITE_DONE)
        bench_die("%s", sqlite3_errmsg(b->db));
    sqlite3_reset(st);
}

static void bare_fill(struct bench_bare *b)
{
    static const char fields[] =
        "{\"need\":\"reading\",\"f1\":1,\"f2\":\"two\",\"f3\":3,\"f4\":\"four\",\"f5\":5,"
        "\"f6\":6,\"f7\":\"seven\",\"f8\":8,\"f9\":9,\"f10\":10,\"score\":71}";
    sqlite3_stmt *st =
        bare_prepare(b, "INSERT INTO referral (version, last_event, stage, stage_at_ms, due_at_ms, "
                        "updated_at_ms, workflow, title, fields) VALUES (2,1,'one',?,?,?,'bench',"
                        "'a referral of the benchmark',?)");
    bare_exec(b, "BEGIN");
    for (int64_t i = 0; i < b->rows; i++) {
        for (int k = 1; k <= 3; k++)
            sqlite3_bind_int64(st, k, 1790000000000 + i);
        sqlite3_bind_text(st, 4, fields, -1, SQLITE_STATIC);
        bare_step(b, st);
    }
    bare_exec(b, "COMMIT");
    sqlite3_finalize(st);
}

struct bench_bare *bench_bare_open(const struct bench_options *o, const char *name)
{
    char path[512];
    struct bench_bare *b = mem_new(struct bench_bare);
    b->rows = o->referrals;
    b->seed = 42;
    snprintf(path, sizeof path, "%s/%s.db", o->dir, name);
    unlink(path);
    if (sqlite3_open(path, &b->db) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(b->db));
    bare_exec(
        b, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
           "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000");
    bare_exec(
        b,
        "CREATE TABLE event (seq INTEGER PRIMARY KEY, at_ms BIGINT, entity INT, entity_id BIGINT,"
        " version BIGINT, previous BIGINT, kind TEXT, payload TEXT, salt BLOB, hash BLOB);"
        "CREATE TABLE referral (id INTEGER PRIMARY KEY, version BIGINT, last_event BIGINT,"
        " stage TEXT, stage_at_ms BIGINT, due_at_ms BIGINT, updated_at_ms BIGINT, workflow TEXT, "
        "title TEXT,"
        " fields TEXT)");
    bare_fill(b);
    b->begin = bare_prepare(b, "BEGIN IMMEDIATE");
    b->commit = bare_prepare(b, "COMMIT");
    b->event =
        bare_prepare(b, "INSERT INTO event VALUES (NULL,?,6,?,?,?,'referral.advanced',?,?,?)");
    b->update =
        bare_prepare(b, "UPDATE referral SET version = version + 1, last_event = ?, stage = ?, "
                        "stage_at_ms = ?, due_at_ms = ?, updated_at_ms = ? WHERE id = ?");
    return b;
}

static void bare_event(struct bench_bare *b, int64_t id, int64_t now)
{
    char payload[BARE_EVENT_BYTES], header[BARE_HEADER_BYTES];
    uint8_t salt[16], digest_of_payload[DIGEST_BYTES];
    memset(payload, 'x', sizeof payload);
    memset(header, 'h', sizeof header);
    random_bytes(salt, sizeof salt);
    struct digest_part inner[] = { { salt, sizeof salt }, { payload, sizeof payload } };
    digest(inner, 2, digest_of_payload);
    struct digest_part outer[] = { { b->head, sizeof b->head },
                                   { header, sizeof header },
                                   { digest_of_payload, sizeof digest_of_payload } };
    digest(outer, 3, b->head);
    sqlite3_bind_int64(b->event, 1, now);
    sqlite3_bind_int64(b->event, 2, id);
    sqlite3_bind_int64(b->event, 3, 2);
    sqlite3_bind_int64(b->event, 4, now);
    sqlite3_bind_text(b->event, 5, payload, sizeof payload, SQLITE_STATIC);
    sqlite3_bind_blob(b->event, 6, salt, sizeof salt, SQLITE_STATIC);
    sqlite3_bind_blob(b->event, 7, b->head, sizeof b->head, SQLITE_STATIC);
    bare_step(b, b->event);
}

static void bare_update(struct bench_bare *b, int64_t id, int64_t now)
{
    static const char *const stages[] = { "one", "two", "three" };
    sqlite3_bind_int64(b->update, 1, now);
    sqlite3_bind_text(b->update, 2, stages[bench_random(&b->seed) % 3], -1, SQLITE_STATIC);
    for (int k = 3; k <= 5; k++)
        sqlite3_bind_int64(b->update, k, now + 1);
    sqlite3_bind_int64(b->update, 6, id);
    bare_step(b, b->update);
}

void bench_bare_run(struct bench_bare *b, int64_t transitions, int per_turn, int update,
                    struct bench_cost *out)
{
    struct bench_meter m;
    bench_meter_start(&m);
    uint64_t worst = 0;
    for (int64_t done = 0; done < transitions;) {
        uint64_t from = clock_monotonic_ns();
        bare_step(b, b->begin);
        for (int i = 0; i < per_turn; i++, done++) {
            int64_t id = 1 + (int64_t)(bench_random(&b->seed) % (uint64_t)b->rows);
            bare_event(b, id, 1800000000000 + done);
            if (update)
                bare_update(b, id, 1800000000000 + done);
        }
        bare_step(b, b->commit);
        uint64_t took = clock_monotonic_ns() - from;
        worst = took > worst ? took : worst;
    }
    bench_meter_stop(&m, transitions, out);
    out->worst_ms = (double)worst / 1e6;
}

void bench_bare_close(struct bench_bare *b)
{
    sqlite3_finalize(b->begin);
    sqlite3_finalize(b->commit);
    sqlite3_finalize(b->event);
    sqlite3_finalize(b->update);
    sqlite3_close(b->db);
    mem_free(b);
}
