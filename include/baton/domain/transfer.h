/* Import and export of any entity, streaming: CSV and JSON Lines. */
#ifndef BATON_DOMAIN_TRANSFER_H
#define BATON_DOMAIN_TRANSFER_H

#include "baton/domain/domain.h"

enum transfer_format { TRANSFER_CSV, TRANSFER_JSONL };

struct transfer_map { /* one column of the file: "Given Name=name" */
    const char *from; /* its header, or member name */
    const char *to;   /* column, or "fields.x"; "" drops it */
};

struct transfer_report {
    int64_t lines, created, changed, unchanged, refused;
    int64_t bytes_done, bytes_total; /* for progress; total 0: unknown */
};
/* Called for each refused line (row 0: the file as a whole), and now and then with error NULL for
 * progress. Non-zero stops: ERROR_CANCELLED. */
typedef int (*transfer_progress)(void *context, const struct transfer_report *so_far, int64_t line,
                                 const struct error *refused);

struct transfer {
    enum entity entity;
    enum transfer_format format;
    int fd;         /* read from or written to; not owned */
    char separator; /* CSV; 0: comma */
    /* What it does not name maps to itself; unknown headers are an error. */
    const struct transfer_map *map;
    size_t map_count;
    bool skip_unknown; /* unknown columns are dropped instead */
    bool dry_run;
    size_t per_turn; /* rows in one commit; 0: 500 */
    transfer_progress progress;
    void *context;
};

/* A line with an id changes that row, which must exist; one with an external_id changes the row
 * that has it, or makes one; both leave alone what does not differ. A column that is in the file
 * and empty (JSON: null) clears; what is not there is left alone. References may be given as "O-3",
 * 3, or "external:ID" (where any entity may stand: "person external:ID"). A referral line opens one
 * (columns workflow, title, subject_id, fields.*) in its initial stage. Columns of the engine and
 * `version`, as exports have them, must be what the row has: an import moves nothing. Refused lines
 * are undone alone, reported and skipped; the rest goes on. Begins and commits turns of its own; a
 * dry run is one turn, undone. Stopped or failed, *out says what was committed before. */
int domain_import(struct domain *d, const struct actor *actor, const struct transfer *t,
                  struct transfer_report *out, struct error *e);
/* Every row, by id; custom fields as fields.x columns (CSV: those that are declared or occur).
 * Comma only; the map is read backwards, so that the same one imports the file. An import of the
 * file finds everything unchanged. */
int domain_export(struct domain *d, const struct transfer *t, struct transfer_report *out,
                  struct error *e);
/* The whole history as JSON Lines, with hashes; t->entity and t->format do not matter. */
int domain_export_events(struct domain *d, const struct transfer *t, struct transfer_report *out,
                         struct error *e);

#endif
