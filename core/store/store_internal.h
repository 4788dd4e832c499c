/* What the files of the store room share. Only this room sees sqlite3.h.
 *
 * A turn, as this room sees it: store_change puts an event on `staged` and the
 * new row into memory (a referral: the dirty map) or into its table (anything
 * else, inside a savepoint opened at the first such write). A kept command
 * inserts its staged events; a dropped one undoes `undo` and the savepoint. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "baton/base/buf.h"
#include "baton/base/digest.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/store/store.h"

enum { STORE_SCHEMA_VERSION = 2, STORE_APPLICATION_ID = 0x4261746f, STORE_SALT_BYTES = 16 };

/* ---- statement.c: named statements, prepared once ---- */
enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_RELEASE,
    SQL_ROLLBACK_TO,
    SQL_EVENT_INSERT,
    SQL_EVENT_GET,
    SQL_EVENT_AFTER,
    SQL_EVENT_LAST,
    SQL_EVENT_ERASE,
    SQL_DUE_INSERT,
    SQL_DUE_HAS,
    SQL_DUE_DELETE_BELOW,
    SQL_DUE_AFTER,
    SQL_META_GET,
    SQL_META_SET,
    SQL_SEARCH_DELETE,
    SQL_SEARCH_INSERT,
    SQL_SEARCH,
    SQL_SEARCH_ONE,
    SQL_FIELD_INDEX_DELETE,
    SQL_FIELD_INDEX_INSERT,
    SQL_FIELD_INDEXED,
    SQL_FIELD_DECLARE,
    SQL_END
};

/* Borrowed and reset; bind from 1. NULL with *e where it can't be prepared. */
sqlite3_stmt *store__statement(struct store *s, enum statement which, struct error *e);
/* The same for any SQL text, cached by it: another one where that is in the middle of its rows. */
const char *store__statement_text(enum statement which);
sqlite3_stmt *store__statement_for(struct store *s, const char *sql, struct error *e);
/* Why store__statement or store__statement_for gave NULL is in s->unprepared. */
int store__prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct error *e);
/* A column of the row at hand could not be read for want of memory. */
bool store__out_of_memory(sqlite3_stmt *st);
/* Steps a statement that gives no rows, and resets it. */
int store__run(struct store *s, sqlite3_stmt *st, struct error *e);
int store__run_named(struct store *s, enum statement which, struct error *e);
int store__exec(struct store *s, const char *sql, struct error *e);
void store__finalize_all(struct store *s);
void store__bind(sqlite3_stmt *st, int at, const struct value *v);

/* ---- log.c: the write-ahead log ---- */
/* Before anything is read. */
void store__log_watch(struct store *s);
/* Under the lock: does a log that is there belong to this database? Then it goes into it. */
int store__log_check(struct store *s, struct error *e);
int store__log_version(struct store *s, int64_t *schema, struct error *e);
/* The schema of this baton, and the generation: at the first commit into an empty log. */
int store__log_set_version(struct store *s, struct error *e);
void store__log_committed(struct store *s);
void store__log_checkpoint(struct store *s); /* that fails is no harm: it is tried again */
void store__log_remember(struct store *s);   /* how the file of the database looks now */
bool store__log_is_same(struct store *s, const struct stat *st);

/* ---- sql_error.c ---- */
/* Turns a SQLite result into an error; marks the store failed where the turn can't go on. Call it
 * before anything else touches the connection. */
int store__sql_error(struct store *s, int rc, struct error *e);
/* Of a store that is failed: why. */
int store__failed_error(const struct store *s, struct error *e);

/* ---- store.c ---- */
int store__check_file(struct store *s, struct error *e); /* still the file that was opened? */
void store__remember_file(struct store *s, bool scratch);
/* Opens the connection, as at the beginning and after compacting. */
int store__connect(struct store *s, const struct store_options *o, struct error *e);

/* ---- in memory ---- */
struct staged_event { /* texts as offsets into store.staged_text */
    int64_t seq, at_ms, entity_id, version, previous;
    enum entity entity;
    size_t kind, actor, payload, payload_len;
};

struct dirty {  /* a referral changed and not yet settled */
    int64_t id; /* 0: empty slot */
    struct row *row;
    uint32_t mask; /* columns that differ from the table; FIELDS_BIT */
};
#define FIELDS_BIT (1u << 31)

/* By id through a hash table, in the order of ids through a bit for each (ids are dense). */
struct dirty_map {
    struct dirty *slots;
    size_t capacity, used;
    uint64_t *bits;
    size_t words;
};
struct dirty *store__dirty_find(const struct dirty_map *m, int64_t id);
struct dirty *store__dirty_put(struct dirty_map *m, int64_t id); /* found or new with row NULL */
void store__dirty_remove(struct dirty_map *m, int64_t id);
/* The nearest dirty id above (or below) `id`; 0 if none. */
int64_t store__dirty_after(const struct dirty_map *m, int64_t id);
int64_t store__dirty_before(const struct dirty_map *m, int64_t id);
void store__dirty_free(struct dirty_map *m); /* with the rows */

struct indexed_field { /* a custom field that lists look up by its value */
    enum entity entity;
    char *name;
};

struct undo { /* a dirty entry before this command changed it */
    int64_t id;
    struct row *row; /* NULL: it was not dirty */
    uint32_t mask;
};

struct due_entry {
    int64_t at_ms, id;
    int64_t entity;
};

enum { STORE_CACHE_SLOTS = 64, STORE_RETIRED_OUTSIDE = 1024, STORE_UPDATES = 64 };

struct store {
    sqlite3 *db;
    char *path;
    bool has_file; /* and which: a commit into a file that nobody will find again is no commit */
    dev_t device;
    ino_t inode;
    struct timespec changed; /* of the file, when we last looked; its size, its user_version */
    off_t file_bytes;
    uint32_t file_version;
    uint32_t generation;             /* log.c */
    int log_pages, checkpoint_pages; /* in the log; how many begin a checkpoint */
    bool log_empty;                  /* the next commit is the first in the log */
    bool read_only, failed, in_turn, in_command, savepoint;
    struct error failure; /* what made it failed, where SQLite said so */
    int unprepared;       /* the error of the last statement that could not be prepared */
    sqlite3_stmt *statements[SQL_END];
    struct {
        char *sql;
        sqlite3_stmt *st;
    } cached[LIMIT_CACHE_STATEMENTS];
    size_t cached_count, cached_next;
    struct {
        enum entity entity;
        uint32_t mask;
        sqlite3_stmt *st;
    } updates[STORE_UPDATES];
    size_t update_count;
    sqlite3_stmt *gets[ENTITY_END], *inserts[ENTITY_END];

    int64_t next_id[ENTITY_END], next_seq;
    uint8_t head[DIGEST_BYTES];  /* hash of the last event in the table */
    struct staged_event *staged; /* of this command */
    size_t staged_count, staged_capacity;
    struct buf staged_text;
    int64_t command_first_seq, command_next_id[ENTITY_END];
    struct undo *undo; /* of this turn */
    size_t undo_count, undo_capacity, command_undo;
    int64_t turn_first_seq, turn_next_id[ENTITY_END];
    uint8_t turn_head[DIGEST_BYTES];
    size_t turn_commands;
    int64_t turn_changes; /* rows that SQLite had changed when the turn began */

    struct dirty_map dirty;
    size_t dirty_limit, cache_bytes;
    enum { STORE_FREE, STORE_HELD, STORE_HOLD_LOST } hold; /* hold.c */
    bool sweeping;
    int64_t sweep_at;  /* every id up to here was settled since the sweep began */
    int64_t sweep_seq; /* all events up to here are settled when the sweep ends */
    int64_t settled_seq;

    struct {
        enum entity entity;
        int64_t id;
        struct row *row;
    } cache[STORE_CACHE_SLOTS];
    struct row **retired; /* borrowed rows that nobody may use after this turn */
    size_t retired_count, retired_capacity;

    struct due_entry *heap; /* unsettled due times, lazily invalidated */
    size_t heap_count, heap_capacity;
    struct due_entry due_floor; /* every entry of the due table up to here is stale */
    bool due_floor_moved;
    struct due_entry command_due_floor, turn_due_floor; /* to go back to when they are undone */
    struct due_entry *aside;                            /* sorted: see store_due_aside */
    size_t aside_count, aside_capacity;
    struct due_entry due_passed; /* every entry of the table up to here is stale or put aside */

    struct indexed_field *indexed;
    size_t indexed_count;
    struct buf scratch, payload, folded, annotation;
    int64_t turns, commands;
    int64_t written_bytes; /* payloads of all events since it was opened, undone ones too */
};

/* ---- row.c ---- */
struct row *store__row_new(enum entity e, const struct value *values, const struct value *fields);

/* ---- table.c: rows in their tables ---- */
void store__select(enum entity e, struct buf *b); /* appends "SELECT ... FROM table" */
/* Text is borrowed from the statement. */
struct value store__column_value(sqlite3_stmt *st, int at);
struct row *store__row_read(enum entity e, sqlite3_stmt *st);
int store__table_get(struct store *s, enum entity entity, int64_t id, struct row **out,
                     struct error *e);
int store__table_insert(struct store *s, const struct row *r, struct error *e);
/* Writes the columns in `mask` (and version, last_event, updated_at_ms). */
int store__table_update(struct store *s, const struct row *r, uint32_t mask, struct error *e);
int store__create_tables(struct store *s, struct error *e);

/* ---- memory.c: retired rows, cache ---- */
void store__retire(struct store *s, struct row *r);
void store__retired_free(struct store *s);
void store__cache_put(struct store *s, struct row *r);
void store__cache_drop(struct store *s, enum entity e, int64_t id);
struct row *store__cache_get(struct store *s, enum entity e, int64_t id);

/* ---- event.c ---- */
/* Payload in s->payload. Gives the seq. */
int64_t store__stage(struct store *s, const struct store_change *c, int64_t id, int64_t version,
                     int64_t previous);
/* No salt, no hash. */
void store__staged_view(const struct store *s, size_t index, struct event *out);
int store__flush_events(struct store *s, struct error *e);
void store__drop_staged(struct store *s);
void store__event_read(sqlite3_stmt *st, struct event *out);

/* ---- turn.c ---- */
void store__turn_undo_to(struct store *s, size_t count); /* the dirty map, back to so many notes */
void store__turn_forget_cache(struct store *s);
void store__undo_note(struct store *s, int64_t id, const struct dirty *d); /* d NULL: not dirty */
/* Before the first direct write of a command. */
int store__savepoint(struct store *s, struct error *e);

/* ---- check.c ---- */
/* Types, lengths, words, references, uniqueness, required columns of the row as it would be. */
int store__check_set(struct store *s, const struct store_change *c, const struct store_set *set,
                     struct error *e);
int store__check_row(const struct schema *sc, const struct value *v, struct error *e);

/* ---- settle.c ---- */
int store__settle_paced(struct store *s, size_t commands, struct error *e);
int store__recover(struct store *s, struct error *e);
/* Settles everything inside the open turn. In a command too: its events are still staged, so what
 * is written early is undone with the savepoint. */
int store__settle_now(struct store *s, struct error *e);
int store__index_fields(struct store *s, const struct row *r, struct error *e);
struct json_slice;
/* A custom field as index and lists compare it: text as it is, numbers in decimal, true is 1. */
void store__field_text(const struct json_slice *v, struct buf *out);

/* ---- due.c ---- */
int store__due_add(struct store *s, enum entity entity, int64_t id, int64_t at_ms, struct error *e);
void store__due_push(struct store *s, int64_t at_ms, int64_t id);
int store__due_clean(struct store *s, struct error *e);
void store__due_prune(struct store *s);
/* The floor goes back to where it was before something that is undone. */
void store__due_rewind(struct store *s, struct due_entry floor);

/* ---- search.c ---- */
int store__search_feed(struct store *s, const struct row *r, bool is_new, struct error *e);

/* ---- point.c ---- */
/* Everything that `from` has settled or logged becomes the content of the empty `s`. */
int store__copy(struct store *s, struct store *from, struct error *e);

/* ---- migrate.c ---- */
int store__migrate(struct store *s, bool create, struct error *e);

#endif
