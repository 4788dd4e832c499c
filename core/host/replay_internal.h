/* What the files about replaying share.
 *
 * Ids and names are "there" in the history and "here" in the scratch organisation.
 * A story is a referral of the history. A block is a cause with all that follows
 * from it, on both sides; when it ends, the two sides are held against each other,
 * story by story. */
#ifndef HOST_REPLAY_INTERNAL_H
#define HOST_REPLAY_INTERNAL_H

#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/domain/replay.h"
#include "baton/host/replay.h"
#include "host/org_internal.h"

/* Instants nearer than this are the same: a clock runs while a command works, and that of a replay
 * stands. No rule counts in less than minutes. */
enum { REPLAY_SLACK_MS = 5000, REPLAY_MOVES = 8 };
/* Stories from here on are strangers: referrals that something has opened here, and that the
 * history does not have, or not yet. */
#define REPLAY_STRANGER (INT64_C(1) << 48)

/* An event of either side, kept while it waits for its counterpart. */
struct told {
    int64_t seq, at_ms, id;
    int64_t story; /* 0: of none */
    enum entity entity;
    bool linked; /* its row and that of its counterpart know each other */
    const char *kind, *actor, *payload;
    size_t payload_len;
};
struct told_list {
    struct told *items;
    size_t count, room;
};

struct deadline_moved {
    int64_t from_ms, to_ms; /* INT64_MIN: none */
    uint32_t stage;         /* word */
};
struct difference {
    bool has_first;                 /* an event differs, and not only in when it is due */
    char *first_there, *first_here; /* as JSON; NULL: there is none on that side */
    char *names;                    /* what differs in it: "to, outcome"; NULL: the whole event */
    struct deadline_moved moves[REPLAY_MOVES];
    size_t move_count; /* all of them; kept are the first */
    char *why;         /* unknown from here: text */
    int64_t why_seq, why_at_ms;
};

enum story_lack { STORY_WHOLE, STORY_MIGRATED, STORY_ERASED };

struct story_end {                         /* one side of it */
    int64_t wake_ms, due_ms, closed_at_ms; /* INT64_MIN: none */
    uint32_t stage, outcome;               /* words */
};
struct story {
    int64_t here; /* id; 0: not opened */
    int version;  /* of its workflow, as recorded */
    uint32_t workflow;
    uint8_t lack;
    bool opened; /* the history has its opening */
    bool done;   /* the history has closed it: what follows does not count */
    bool own;    /* it goes by its own clock: the sides differ */
    bool unknown;
    bool mixed;      /* in the block at hand */
    bool new_timers; /* set since its clock was looked at */
    struct story_end rec, rep;
    struct told_list *waiting; /* [0] there, [1] here; NULL: none */
    struct difference *d;      /* NULL: none */
};

struct stranger {
    struct story story;
    int64_t parent, became; /* stories; became 0: it is a stranger still */
    uint32_t title;
};
struct foundling {
    int64_t id, parent; /* stories */
    uint32_t title;
};

struct replay_firing {
    int64_t at_ms, id;
    enum entity entity;
};

struct replay_map { /* by id: of the other side, or of the story */
    int64_t *ids;
    size_t room;
};

struct replay {
    struct org *of, *org;
    int64_t since_ms, first_at_ms;
    int64_t until_seq, at_seq; /* of the history */
    int64_t here_seq;          /* read so far of the scratch organisation */
    int64_t commands, lost;    /* causes and firings done again; facts that could not be */
    int64_t rescheduled_at_ms; /* when deadlines were last moved by another calendar; 0: never */
    int64_t differing;         /* of the report */
    struct replay_cause cause;
    struct replay_ids ids;
    struct replay_map here[ENTITY_END];
    struct replay_map erased; /* people of whom the history tells nothing any more: 1 */
    struct replay_map story_there[ENTITY_END], story_here[ENTITY_END];
    struct story *stories; /* by id; [0] is for what is about no referral */
    size_t story_count, story_room;
    struct stranger *strangers;
    size_t stranger_count;
    struct foundling *foundlings; /* opened there by something, and not here, or not yet */
    size_t foundling_count;
    char **words;                     /* stages, outcomes, workflows; [0] is "" */
    uint32_t word_count, *word_slots; /* by hash: index + 1 */
    size_t word_room;                 /* of slots: a power of two */
    struct told_list block[2];        /* there, here */
    struct arena *memory;             /* of the block */
    int64_t *mixed;                   /* stories in the block */
    size_t mixed_count, mixed_room;
    int64_t touched; /* the story with which somebody did something in the block; 0: none */
    struct replay_firing *heap;
    size_t heap_count, heap_room;
    uint64_t slice_ends_ns;
    struct error *error; /* during a step */
    struct buf plugins;  /* "pre_referral (/home/x/new)" */
};

/* ---- replay.c ---- */
int replay__read_here(struct replay *r, struct error *e); /* new events into the block */

/* ---- replay_map.c ---- */
static inline bool replay__near(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == INT64_MIN || b_ms == INT64_MIN)
        return a_ms == b_ms;
    return (a_ms < b_ms ? b_ms - a_ms : a_ms - b_ms) <= REPLAY_SLACK_MS;
}
int64_t replay__map_get(const struct replay_map *m, int64_t id); /* 0: none */
void replay__map_put(struct replay_map *m, int64_t id, int64_t value);
struct story *replay__story(struct replay *r, int64_t id); /* made where it is new */
/* The story of a row of here. */
int64_t replay__story_here(const struct replay *r, enum entity entity, int64_t id);
/* Borrowed until the next one. */
struct stranger *replay__stranger(struct replay *r, const struct told *opening, int64_t parent);
uint32_t replay__word(struct replay *r, const char *text, size_t n);
/* The row `there` is the one `here`. */
void replay__link(struct replay *r, enum entity entity, int64_t there, int64_t here);
/* The text with each "R-12" of here called as the history calls it. */
void replay__recorded(const struct replay *r, const char *text, struct buf *out);
void replay__told_add(struct replay *r, bool here, const struct event *event);
void replay__told_keep(struct told_list *list, const struct told *t); /* a copy of its own */
void replay__told_drop(struct told_list *list, size_t first, size_t count);
void replay__told_free(struct told_list *waiting); /* both lists and the pair itself */
/* "R-12" is 12; 0 where it is about no referral. */
int64_t replay__about(const struct told *t);

/* ---- replay_clock.c ---- */
void replay__push(struct replay *r, int64_t at_ms, enum entity entity, int64_t id);
/* What fires by its own clock until then: stories that differ, and jobs. */
int replay__own_clock(struct replay *r, int64_t until_ms, struct error *e);
int replay__fire(struct replay *r, enum entity entity, int64_t id, int64_t at_ms, struct error *e);
void replay__forward(struct replay *r, int64_t at_ms); /* never back */
int replay__push_timers(struct replay *r, const struct story *s, struct error *e);

/* ---- replay_children.c ---- */
/* Referrals that something opened on both sides, in this block or at different times, are one. */
void replay__link_children(struct replay *r);
/* At the end: a stranger that is left is a difference of its parent. */
void replay__blame_strangers(struct replay *r);

/* ---- replay_block.c ---- */
int replay__end_block(struct replay *r, struct error *e);
bool replay__same_set(const struct told *a, const struct told *b, const char *column);
/* Between blocks: what waits of the story waits no longer. */
int replay__settle(struct replay *r, int64_t id, struct error *e);

/* ---- replay_difference.c ---- */
bool replay__is_key(const char *key, size_t n, const char *word);
bool replay__is_one_of(const char *key, size_t n, const char *const *words);
int64_t replay__instant(const struct json_slice *v); /* INT64_MIN: null */
/* Takes in what one event makes of its side. */
void replay__take(struct replay *r, struct story *s, bool here, const struct told *t);
/* The story parts with these two; one of them NULL: there is nothing on that side. `names`: what
 * differs in them; NULL: they are different events. The first counts. */
void replay__differ(struct story *s, const struct told *there, const struct told *here,
                    const char *names);
void replay__deadline_moved(struct story *s, struct replay *r, const struct told *there,
                            int64_t from_ms, int64_t to_ms);
void replay__unknown(struct story *s, int64_t seq, int64_t at_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- replay_compare.c ---- */
/* Two that belong together. */
void replay__compare(struct replay *r, struct story *s, const struct told *there,
                     const struct told *here);

#endif
