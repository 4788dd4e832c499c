/* What the files about replaying share. */
#ifndef DOMAIN_REPLAY_INTERNAL_H
#define DOMAIN_REPLAY_INTERNAL_H

#include "baton/domain/replay.h"
#include "baton/domain/version.h"
#include "domain/domain_internal.h"

/* A recorded event, read back into what was given. */
struct replaying {
    struct domain *d;
    const struct replay_event *what;
    struct arena *memory;
    struct actor actor;
    int64_t id; /* of its row here; 0: it makes one */
    struct store_set set[SCHEMA_COLUMNS_MAX];
    size_t set_count;
    const char *fields; /* patch, or NULL */
    size_t fields_len;
};

/* ---- replay.c ---- */
/* What the loaded version says about names of that one; NULL: nothing. */
const struct migration *replay__names(const struct domain *d, const char *workflow, int version);
const char *replay__field(const struct migration *m, const char *name); /* "": dropped */

/* ---- replay_read.c ---- */
/* Actor, id, columns and fields, with the ids that they have here. */
int replay__read(struct replaying *r, struct error *e);
const struct value *replay__column(const struct replaying *r, int column); /* NULL: not set */
const char *replay__detail(struct replaying *r, const char *key);          /* NULL: absent */
/* All that it has besides, as an object, for handlers; nothing if there is nothing. */
void replay__details(const struct replaying *r, struct buf *out);
/* Drops the columns that the engine sets by itself; how many remain. */
size_t replay__keep_users(struct replaying *r);

#endif
