/* Whose vote it is, and which seat it fills. */
#include <string.h>

#include "baton/base/error.h"
#include "domain/vote_internal.h"
#include "domain/words_internal.h"

/* ---- whose vote ---- */

int vote__person(struct voting *v, struct error *e)
{
    const struct ballot *b = v->b;
    int64_t id = b->for_staff ? b->for_staff : v->actor->staff_id;
    if (!id)
        return error_set(e, ERROR_DENIED,
                         "a vote is somebody's, and %s is no member of staff: say whose with "
                         "for_staff",
                         v->actor->name);
    int rc = store_get(v->d->store, ENTITY_STAFF, id, &v->staff, e);
    if (rc < 0)
        return rc;
    if (!strcmp(row_text(v->staff, STAFF_STATUS), "inactive"))
        return error_set(e, ERROR_DENIED, "S-%lld (%.80s) is inactive", (long long)id,
                         row_text(v->staff, STAFF_NAME));
    if (id == v->actor->staff_id || !v->actor->roles)
        return 0;
    if (!v->actor->staff_id)
        return error_set(e, ERROR_DENIED, "%s may not vote for S-%lld", v->actor->name,
                         (long long)id);
    return delegate__check(v->d, v->staff, v->actor->staff_id, v->m.now_ms, e);
}

/* ---- which seat ---- */

static bool vote_fits(const struct voting *v, const struct seat *s)
{
    if (s->field)
        return fields__staff(v->m.row, s->field) == v->staff->id;
    const struct actor holder = { v->staff->id, "", row_text(v->staff, STAFF_ROLES) };
    return actor_has_role(&holder, s->role);
}

/* "seat "teacher" is for role teacher". */
static int vote_refuse_seat(const struct voting *v, const struct seat *s, struct error *e)
{
    int64_t named = s->field ? fields__staff(v->m.row, s->field) : 0;
    if (s->role)
        return error_set(e, ERROR_DENIED, "seat \"%s\" is for role %s; S-%lld has %.200s", s->name,
                         s->role, (long long)v->staff->id, row_text(v->staff, STAFF_ROLES));
    if (!named)
        return error_set(e, ERROR_DENIED,
                         "seat \"%s\" is for whom the field \"%s\" names, and it is empty", s->name,
                         s->field);
    return error_set(e, ERROR_DENIED, "seat \"%s\" is S-%lld's (%s), not S-%lld's", s->name,
                     (long long)named, s->field, (long long)v->staff->id);
}

static int vote_refuse_taken(const struct voting *v, size_t i, struct error *e)
{
    const struct seat_vote *s = &v->now.seats[i];
    return error_set(e, ERROR_DENIED, "seat \"%s\" has voted %s already (S-%lld): a vote stands",
                     v->m.t->approval->seats[i].name, vote_word(s->vote), (long long)s->staff_id);
}

static int vote_named_seat(struct voting *v, struct error *e)
{
    const struct approval *a = v->m.t->approval;
    struct words known = WORDS_INIT;
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < a->seat_count; i++)
        if (!strcmp(a->seats[i].name, v->b->seat)) {
            v->seat = i;
            words__free(&known);
            if (!vote_fits(v, &a->seats[i]))
                return vote_refuse_seat(v, &a->seats[i], e);
            return v->now.seats[i].vote != VOTE_NONE ? vote_refuse_taken(v, i, e) : 0;
        } else {
            words__add(&known, a->seats[i].name);
        }
    words__suggest(&known, v->b->seat, &near);
    buf_puts(&near, near.len > 0 ? " Seats: " : "; seats: ");
    words__join(&known, &near);
    int rc = error_set(e, ERROR_INVALID, "no seat \"%.80s\"%s", v->b->seat, buf_text(&near));
    buf_free(&near);
    words__free(&known);
    return rc;
}

struct vote_role {
    const char *role;
};

static int vote_is_role(void *context, const char *word, size_t n)
{
    const struct vote_role *w = context;
    return strlen(w->role) == n && !memcmp(w->role, word, n);
}

/* Is it this person's own seat, rather than one that a higher role may fill as well? */
static bool vote_is_own(const struct voting *v, const struct seat *s)
{
    struct vote_role wanted = { s->role };
    return s->field ||
           actor__each_role(row_text(v->staff, STAFF_ROLES), vote_is_role, &wanted) != 0;
}

/* The seats that are free for this person; their own only, if `own`. The last one is in v->seat. */
static void vote_free_seats(struct voting *v, bool own, struct words *out)
{
    const struct approval *a = v->m.t->approval;
    for (size_t i = 0; i < a->seat_count; i++)
        if (v->now.seats[i].vote == VOTE_NONE && vote_fits(v, &a->seats[i]) &&
            (!own || vote_is_own(v, &a->seats[i]))) {
            v->seat = i;
            words__add(out, a->seats[i].name);
        }
}

static int vote_refuse_no_seat(const struct voting *v, struct error *e)
{
    const struct approval *a = v->m.t->approval;
    struct words all = WORDS_INIT;
    struct buf list = BUF_INIT;
    for (size_t i = 0; i < a->seat_count; i++) {
        if (vote_fits(v, &a->seats[i])) { /* then it has voted */
            words__free(&all);
            return vote_refuse_taken(v, i, e);
        }
        words__add(&all, a->seats[i].name);
    }
    words__join(&all, &list);
    int rc = error_set(e, ERROR_DENIED,
                       "S-%lld fills no seat of it (%s); to vote in somebody's place say for_staff",
                       (long long)v->staff->id, buf_text(&list));
    buf_free(&list);
    words__free(&all);
    return rc;
}

/* The one seat that is free for this person: their own, else one that their role includes. */
static int vote_free_seat(struct voting *v, struct error *e)
{
    struct words seats = WORDS_INIT;
    struct buf list = BUF_INIT;
    int rc = 0;
    vote_free_seats(v, true, &seats);
    if (seats.count == 0)
        vote_free_seats(v, false, &seats);
    if (seats.count == 0) {
        rc = vote_refuse_no_seat(v, e);
    } else if (seats.count > 1) {
        words__join(&seats, &list);
        rc = error_set(e, ERROR_INVALID, "S-%lld could fill several seats: say which: %s",
                       (long long)v->staff->id, buf_text(&list));
    }
    buf_free(&list);
    words__free(&seats);
    return rc;
}

static int vote_check_once(const struct voting *v, struct error *e)
{
    const struct approval *a = v->m.t->approval;
    for (size_t i = 0; !a->several && i < a->seat_count; i++)
        if (v->now.seats[i].vote != VOTE_NONE && v->now.seats[i].staff_id == v->staff->id)
            return error_set(
                e, ERROR_DENIED,
                "S-%lld has voted %s already, in seat \"%s\": one person fills one seat",
                (long long)v->staff->id, vote_word(v->now.seats[i].vote), a->seats[i].name);
    return 0;
}

int vote__seat(struct voting *v, struct error *e)
{
    int rc = vote_check_once(v, e);
    if (rc == 0)
        rc = v->b->seat ? vote_named_seat(v, e) : vote_free_seat(v, e);
    return rc;
}
