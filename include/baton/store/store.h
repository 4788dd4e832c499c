/* The database of one organisation.
 *
 * Life: store_open → turns → store_close. A turn is one durable commit
 * (DESIGN 2): turn_begin, then for each command command_begin … command_end,
 * then turn_commit. A command that ends with keep=false leaves nothing behind,
 * in the file or in memory. Nobody hears "done" before turn_commit returned 0;
 * if it fails, every command of the turn failed and the store is `failed`:
 * close it and open it again.
 *
 * Writes are events (DESIGN 14): store_change appends one and applies it to the
 * row. Rows of referrals are kept in memory as dirty and settled into their
 * table later; every reading verb here sees them as they are. Reading is
 * allowed outside a turn too.
 *
 * Rows handed out are borrowed: valid until the next turn_begin, turn_commit,
 * store_settle, or change of that row in the same turn. Copy what must last. */
#ifndef BATON_STORE_STORE_H
#define BATON_STORE_STORE_H

#include "baton/store/row.h"

struct error;
struct buf;
struct store;

struct store_options {
    const char *path; /* the file; made if absent and `create` */
    bool create;
    bool read_only;
    size_t cache_bytes;    /* SQLite's page cache; 0: 8 MB */
    size_t dirty_rows;     /* 0: LIMIT_DIRTY_ROWS */
    bool scratch;          /* no file: a private database that goes with the store; path names it */
    struct store *copy_of; /* of a scratch one: what it begins with; not in a turn. NULL: empty */
};

/* ERROR_BUSY: another process has it open (the message says what to do). ERROR_CORRUPT: not a
 * database of ours, or damaged, or beside a log (-wal) that is not its own: then neither file was
 * touched. ERROR_CONFLICT: made by a newer baton. Migrates an older one, and
 * folds events that were not settled when the process died. */
int store_open(struct store **out, const struct store_options *options, struct error *e);
void store_close(struct store *s); /* settles first, unless failed; NULL is fine */
bool store_failed(const struct store *s);
const char *store_path(const struct store *s);

int store_turn_begin(struct store *s, struct error *e);
int store_turn_commit(struct store *s, struct error *e);
void store_turn_abort(struct store *s); /* every command of the turn is undone */
bool store_in_turn(const struct store *s);

void store_command_begin(struct store *s);
/* keep: its writes stay in the turn; else they are undone. Negative: the turn is lost: abort it. */
int store_command_end(struct store *s, bool keep, struct error *e);
bool store_in_command(const struct store *s);

/* A part of a command that can be undone alone. Points nest; what is undone is as if it had never
 * been written. Nothing to do where it is kept. Inside a command only. */
struct store_point {
    size_t staged, staged_text, undo;
    int64_t next_seq, next_id[ENTITY_END];
    int64_t floor_at_ms, floor_id, floor_entity;
};
int store_point_begin(struct store *s, struct store_point *p, struct error *e);
/* Negative: the turn is lost: abort it. */
int store_point_undo(struct store *s, const struct store_point *p, struct error *e);
/* Without undoing: forgets the point. */
int store_point_keep(struct store *s, struct error *e);

struct store_set {
    int column; /* index in the schema */
    struct value value;
};

/* One change of one row, and its event. Only inside a command. */
struct store_change {
    enum entity entity;
    int64_t id;        /* 0: create, the store gives the id */
    int64_t based_on;  /* the version it was made for; 0: any. Else ERROR_CONFLICT */
    const char *kind;  /* of event: "referral.advanced", "person.created", ... */
    const char *actor; /* "S-3", "timer", "plugin pre_referral", "operator" */
    int64_t at_ms;
    const struct store_set *set;
    size_t set_count;
    const char *fields; /* JSON object merged into the row's custom fields, or NULL */
    size_t fields_len;
    const char *detail; /* further members of the payload, without braces, by jsonw; or NULL */
    size_t detail_len;
};
/* Checks types, lengths, references, uniqueness, allowed words and required columns; the error
 * names the column and what it takes. *out (may be NULL) is the row as it now is. */
int store_change(struct store *s, const struct store_change *change, const struct row **out,
                 struct error *e);

/* An event that changes no row: entity and id may say what it is about (or ENTITY_NONE, 0). */
int store_record(struct store *s, const struct store_change *change, struct error *e);

/* From here on every event carries "trace" with this value, JSON by jsonw; n 0: none does. Copied.
 * An event whose detail has a "trace" of its own keeps that. */
void store_annotate(struct store *s, const char *json, size_t n);

/* ERROR_NOT_FOUND: "no referral R-12". */
int store_get(struct store *s, enum entity entity, int64_t id, const struct row **out,
              struct error *e);
bool store_has(struct store *s, enum entity entity, int64_t id);
/* By a COLUMN_UNIQUE or COLUMN_INDEXED text column; the first. ERROR_NOT_FOUND. */
int store_find_by(struct store *s, enum entity entity, int column, const char *text,
                  const struct row **out, struct error *e);

/* Lists: by id, paged by key, bounded by LIMIT_LIST_ROWS. */
enum filter_op {
    FILTER_EQ,
    FILTER_NE,
    FILTER_LT,
    FILTER_LE,
    FILTER_GT,
    FILTER_GE,
    FILTER_NULL,
    FILTER_NOT_NULL
};
enum { FILTER_ID = -1, FILTER_CREATED = -2, FILTER_UPDATED = -3, FILTER_FIELD = -4 };
struct store_filter {
    int column; /* index in the schema, or one of the above */
    enum filter_op op;
    struct value value;
    const char *field; /* FILTER_FIELD: name of the custom field */
};
struct store_query {
    enum entity entity;
    const struct store_filter *filters;
    size_t filter_count;
    int64_t after_id; /* key of the page: rows behind it; 0: from the start */
    bool descending;  /* newest id first */
    size_t limit;     /* 0: LIMIT_LIST_DEFAULT */
};
/* Calls `each` for each row; a non-zero return of it stops and is returned. */
typedef int (*store_each)(void *context, const struct row *row);
int store_list(struct store *s, const struct store_query *q, store_each each, void *context,
               struct error *e);
int store_count(struct store *s, const struct store_query *q, int64_t *out, struct error *e);
/* Of a COLUMN_INT, nulls left out; no rows: 0. ERROR_LIMIT where it does not fit. */
int store_sum(struct store *s, const struct store_query *q, int column, int64_t *out,
              struct error *e);
/* Counts by the values of one column: each(value, count), highest count first. */
typedef int (*store_each_count)(void *context, const struct value *value, int64_t count);
int store_count_by(struct store *s, const struct store_query *q, int column, store_each_count each,
                   void *context, struct error *e);

/* Full text over the searched columns of person, partner or service (ENTITY_NONE: all three): every
 * word must occur, the last one may be a beginning; case and accents do not matter. Best first. */
int store_search(struct store *s, enum entity entity, const char *text, size_t limit,
                 store_each each, void *context, struct error *e);

/* Events. Newest first for one row (its backward links); by seq for all. */
struct event {
    int64_t seq, at_ms;
    enum entity entity;
    int64_t entity_id, version; /* version of the row after it; 0 for store_record */
    int64_t previous;           /* the row's event before this one, or 0 */
    const char *kind, *actor;
    const char *payload; /* JSON, or NULL where erased: {"set":{…},"fields":{…}, detail…} */
    size_t payload_len;
    const uint8_t *salt, *hash;    /* 16 (NULL where erased), 32 bytes */
    const uint8_t *payload_digest; /* 32 bytes where erased, else NULL */
};
typedef int (*store_each_event)(void *context, const struct event *event);
int store_history(struct store *s, enum entity entity, int64_t id, size_t limit,
                  store_each_event each, void *context, struct error *e);
int store_events(struct store *s, int64_t after_seq, size_t limit, store_each_event each,
                 void *context, struct error *e);
int64_t store_last_event(const struct store *s);
/* What has been written since it was opened, in bytes of payload; what was undone counts too. */
int64_t store_written_bytes(const struct store *s);
/* The same as store_events without limit, with those of the open command too, which have neither
 * salt nor hash yet. */
int store_pending(struct store *s, int64_t after_seq, store_each_event each, void *context,
                  struct error *e);

/* The row's JSON payload of `set` applied to a row: how a row is the fold of its events. `before`
 * NULL: the row's first event. *out is a new row, mem_free it. Used by recovery and by audit. */
int store_fold(const struct row *before, const struct event *event, struct row **out,
               struct error *e);
/* The hash of an event, given the one before it (zeros for the first). */
void store_event_hash(const struct event *event, const uint8_t previous_hash[32], uint8_t out[32]);

/* Takes payload and salt of an event away and keeps their digest, so that the chain holds (DESIGN
 * 10). Inside a command; gone already: 0. What the file still holds of it: store_compact. */
int store_erase_event(struct store *s, int64_t seq, struct error *e);

/* What is due: the row of one of `entities` (bits 1u << ENTITY_X) whose COLUMN_DUE is the oldest
 * and at or before now_ms. Nothing due: 0, with *entity = ENTITY_NONE. A row leaves the due list
 * when that column changes. store_due_at: when the next thing is due, INT64_MAX if nothing. */
int store_due_next(struct store *s, unsigned entities, int64_t now_ms, enum entity *entity,
                   int64_t *id, int64_t *at_ms, struct error *e);
/* Passes over that row, while it is due at that instant, until store_due_back takes all of them
 * back. Known in memory only. */
void store_due_aside(struct store *s, enum entity entity, int64_t id, int64_t at_ms);
void store_due_back(struct store *s);
/* Everything due until then, in order, what is put aside too; `each` may read rows, not write. Its
 * first answer that is not 0 ends the list and is returned. */
typedef int (*store_each_due)(void *context, enum entity entity, int64_t id);
int store_due_list(struct store *s, int64_t until_ms, store_each_due each, void *context,
                   struct error *e);
/* Whether the due list holds that row at that instant: for the audit. */
int store_due_listed(struct store *s, enum entity entity, int64_t id, int64_t at_ms, bool *out,
                     struct error *e);
int store_due_at(struct store *s, unsigned entities, int64_t *at_ms, struct error *e);

/* Settling: writes up to `rows` dirty rows (0: all) into their tables, as a turn of its own. */
int store_settle(struct store *s, size_t rows, struct error *e);
size_t store_dirty(const struct store *s);

/* Writes the file anew, without a byte of what was erased or changed before, and goes on with that;
 * outside a turn, takes about a second for 100 MB. ERROR_BUSY while it is held. Killed in between,
 * the old file or the new one is there. */
int store_compact(struct store *s, struct error *e);

/* Held, the file does not change: it is whole by itself, and what is committed goes to the
 * write-ahead log only, so that a plain copy of the file is the database as of the hold. Outside a
 * turn. Once the log has LIMIT_HELD_LOG_BYTES the hold is lost. ERROR_BUSY: held already. */
int store_hold(struct store *s, int64_t *file_bytes, struct error *e);
bool store_held(const struct store *s); /* not lost */
void store_release(struct store *s);

/* Custom fields that lists can find cheaply; declared again at each load of a plugin. */
int store_index_field(struct store *s, enum entity entity, const char *field, struct error *e);

/* Small facts of the organisation that are no entity: key → text. Inside a command. */
/* Absent: 0, nothing added. */
int store_meta_get(struct store *s, const char *key, struct buf *out, struct error *e);
int store_meta_set(struct store *s, const char *key, const char *text, struct error *e);

struct store_stats {
    int64_t file_bytes, wal_bytes, memory_bytes, events, dirty_rows, settled_event;
    int64_t cache_bytes; /* of memory_bytes: SQLite's page cache */
    int64_t turns, commands;
    const char *sqlite_version;
};
int store_stats(struct store *s, struct store_stats *out, struct error *e);
/* Quick: pragma quick_check. An error names what is damaged. */
int store_check(struct store *s, struct error *e);

#endif
