/* Approvals against a slow and obvious model: what is decided is found by trying
 * every way in which the votes that are out could fall, and who may vote by
 * asking each rule in words. */
#include "domain/approval_fixture.h"

enum { STAFF = 8, CASES = 600, ATTEMPTS = 16 };

/* xorshift: the same cases each time. */
static uint64_t random_next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static int random_below(uint64_t *s, int n)
{
    return (int)((random_next(s) >> 11) % (uint64_t)n);
}

static bool random_one_in(uint64_t *s, int n)
{
    return random_below(s, n) == 0;
}

/* ---- what the votes decide ---- */

static bool model_outcome(const struct approval *a, const enum vote *votes)
{
    int yes = 0;
    for (size_t i = 0; i < a->seat_count; i++) {
        if (a->seats[i].veto && votes[i] == VOTE_NO)
            return false;
        if (a->seats[i].mandatory && votes[i] != VOTE_YES)
            return false;
        if (votes[i] == VOTE_YES)
            yes += a->seats[i].weight;
    }
    return yes >= a->need;
}

/* Every completion of the seats from `i` on: marks which outcomes there are. */
static void model_try(const struct approval *a, enum vote *votes, size_t i, bool *can_pass,
                      bool *can_fail)
{
    while (i < a->seat_count && votes[i] != VOTE_NONE)
        i++;
    if (i == a->seat_count) {
        *(model_outcome(a, votes) ? can_pass : can_fail) = true;
        return;
    }
    for (int v = VOTE_YES; v <= VOTE_ABSTAIN; v++) {
        votes[i] = (enum vote)v;
        model_try(a, votes, i + 1, can_pass, can_fail);
    }
    votes[i] = VOTE_NONE;
}

static enum approval_state model_state(const struct approval *a, const enum vote *votes)
{
    enum vote copy[LIMIT_SEATS];
    bool can_pass = false, can_fail = false;
    memcpy(copy, votes, a->seat_count * sizeof *copy);
    model_try(a, copy, 0, &can_pass, &can_fail);
    return can_pass && can_fail ? APPROVAL_OPEN : can_pass ? APPROVAL_APPROVED : APPROVAL_REFUSED;
}

static const char *const seat_names[] = { "a", "b", "c", "d", "e", "f" };
static const char *const seat_roles[] = { "teacher", "psychologist", "junior", "senior", "lead" };

static void random_seats(uint64_t *s, struct seat *seats, struct approval *a)
{
    int all = 0;
    *a = (struct approval){ .seats = seats, .seat_count = (size_t)random_below(s, 6) + 1 };
    for (size_t i = 0; i < a->seat_count; i++) {
        seats[i] = (struct seat){ .name = seat_names[i],
                                  .role = seat_roles[random_below(s, COUNT(seat_roles))],
                                  .weight = random_one_in(s, 3) ? random_below(s, 4) + 1 : 1,
                                  .mandatory = random_one_in(s, 5),
                                  .veto = random_one_in(s, 5) };
        all += seats[i].weight;
    }
    a->need = random_below(s, all) + 1;
}

static void decisions_match_the_model(void **state)
{
    uint64_t s = 0x9e3779b97f4a7c15;
    size_t seen[3] = { 0 };
    (void)state;
    for (int n = 0; n < 30000; n++) {
        struct seat seats[6];
        struct approval a;
        enum vote votes[6];
        random_seats(&s, seats, &a);
        for (size_t i = 0; i < a.seat_count; i++)
            votes[i] = (enum vote)random_below(&s, 4);
        enum approval_state want = model_state(&a, votes), got = approval_decide(&a, votes);
        seen[want]++;
        if (got != want)
            fail_msg("case %d: %s instead of %s", n, approval_word(got), approval_word(want));
    }
    assert_true(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 1000);
}

/* ---- who may vote ---- */

struct model_staff {
    const char *roles;
    bool inactive;
    int64_t delegate, until, from, back; /* 0: not given */
};

struct model {
    struct org *org;
    uint64_t seed;
    struct model_staff staff[STAFF + 1]; /* from 1 */
    struct seat seats[6];
    struct approval a;
    int64_t chair, referral;
    enum vote votes[6];
    int64_t whose[6], by[6];
    bool closed;
    size_t accepted, refused;
};

static bool model_has_role(const char *roles, const char *role)
{
    static const char *const ladder[] = { "junior", "specialist", "senior", "lead", "admin" };
    if (!strcmp(roles, role))
        return true;
    int has = -1, wanted = -1;
    for (int i = 0; i < (int)COUNT(ladder); i++) {
        has = !strcmp(ladder[i], roles) ? i : has;
        wanted = !strcmp(ladder[i], role) ? i : wanted;
    }
    return wanted >= 0 && has >= wanted;
}

static bool model_fits(const struct model *m, const struct seat *s, int64_t who)
{
    return s->field ? m->chair == who : model_has_role(m->staff[who].roles, s->role);
}

static bool model_may_stand_in(const struct model *m, int64_t who, int64_t by, int64_t now)
{
    const struct model_staff *s = &m->staff[who];
    if (by == 0)
        return true; /* the operator takes down what was said */
    if (s->delegate != by || m->staff[by].inactive || now >= s->until)
        return false;
    bool says_when = s->from || s->back;
    bool away = (!s->from || now >= s->from) && (!s->back || now < s->back);
    return !says_when || away;
}

/* The seat, or -1: refused. */
static int model_vote(const struct model *m, int64_t by, int64_t for_staff, int seat, enum vote v,
                      int64_t now)
{
    int64_t who = for_staff ? for_staff : by;
    if (m->closed || model_state(&m->a, m->votes) != APPROVAL_OPEN)
        return -1;
    if (!who || m->staff[who].inactive || (who != by && !model_may_stand_in(m, who, by, now)))
        return -1;
    int free_seats = 0, own_seats = 0, found = -1, own = -1;
    for (int i = 0; i < (int)m->a.seat_count; i++) {
        if (!m->a.several && m->votes[i] != VOTE_NONE && m->whose[i] == who)
            return -1;
        if (m->votes[i] != VOTE_NONE || !model_fits(m, &m->seats[i], who))
            continue;
        if (seat >= 0 && seat != i)
            continue;
        free_seats++;
        found = i;
        if (m->seats[i].field || !strcmp(m->seats[i].role, m->staff[who].roles)) {
            own_seats++;
            own = i;
        }
    }
    if (own_seats > 0) { /* a person's own seat before one that the role includes */
        free_seats = own_seats;
        found = own;
    }
    if (free_seats != 1 || (v == VOTE_ABSTAIN && m->seats[found].mandatory))
        return -1;
    return found;
}

static void model_staff_fields(struct model *m, int64_t id)
{
    struct model_staff *s = &m->staff[id];
    int64_t now = domain_now(m->org->d);
    struct buf json = BUF_INIT;
    struct jsonw w;
    *s = (struct model_staff){ .roles = s->roles, .inactive = s->inactive };
    if (random_one_in(&m->seed, 2)) {
        s->delegate = (int64_t)random_below(&m->seed, STAFF) + 1;
        s->delegate = s->delegate == id ? id % STAFF + 1 : s->delegate;
        s->until = now + (random_below(&m->seed, 7) - 2) * day_ms;
    }
    if (random_one_in(&m->seed, 3))
        s->from = now + (random_below(&m->seed, 5) - 2) * day_ms;
    if (random_one_in(&m->seed, 3))
        s->back = (s->from ? s->from : now) + (random_below(&m->seed, 4) + 1) * day_ms;
    const struct {
        const char *name;
        int64_t value;
    } fields[] = { { "delegate", s->delegate },
                   { "delegate_until", s->until },
                   { "absent_from", s->from },
                   { "absent_until", s->back } };
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    for (size_t i = 0; i < COUNT(fields); i++) {
        jsonw_key(&w, fields[i].name);
        if (fields[i].value)
            jsonw_int(&w, fields[i].value);
        else
            jsonw_null(&w);
    }
    jsonw_close(&w);
    set_staff(m->org, id, buf_text(&json));
    buf_free(&json);
}

static void model_hire(struct model *m)
{
    struct org *org = m->org;
    static const char *const roles[] = { "teacher",      "lead",    "junior", "teacher",
                                         "psychologist", "teacher", "senior", "junior" };
    for (int i = 5; i <= STAFF; i++) { /* four are there already */
        const struct store_set set[] = { { STAFF_NAME, value_text("Some One") },
                                         { STAFF_ROLES, value_text(roles[i - 1]) } };
        assert_int_equal(org_write(org, ENTITY_STAFF, 0, set, 2, NULL), i);
    }
    for (int i = 1; i <= STAFF; i++)
        m->staff[i] = (struct model_staff){ .roles = roles[i - 1], .inactive = i == 4 };
}

static void model_begin(struct model *m)
{
    struct org *org = m->org;
    char fields[64];
    random_seats(&m->seed, m->seats, &m->a);
    for (size_t i = 0; i < m->a.seat_count; i++)
        if (random_one_in(&m->seed, 8)) {
            m->seats[i].role = NULL;
            m->seats[i].field = "chair";
            break; /* a second one needs several = true */
        }
    m->a.several = random_one_in(&m->seed, 4);
    m->a.automatic = random_one_in(&m->seed, 3);
    m->a.otherwise = random_one_in(&m->seed, 3) ? "deny" : NULL;
    m->chair = (int64_t)random_below(&m->seed, STAFF) + 1;
    m->closed = false;
    memset(m->votes, 0, sizeof m->votes);
    memset(m->whose, 0, sizeof m->whose);
    memset(m->by, 0, sizeof m->by);
    for (int i = 0; i < 2; i++)
        model_staff_fields(m, (int64_t)random_below(&m->seed, STAFF) + 1);
    const struct board b = { .approval = m->a };
    board_use(org, &b);
    snprintf(fields, sizeof fields, "{\"chair\":%lld}", (long long)m->chair);
    m->referral = board_open(org, fields);
}

static void model_compare(struct model *m, int number)
{
    struct org *org = m->org;
    struct approval_now now;
    const struct row *row = org_row(org, ENTITY_REFERRAL, m->referral);
    enum approval_state want = model_state(&m->a, m->votes);
    const struct advance grant = { .referral_id = m->referral, .transition = "grant" };
    bool gone = (want == APPROVAL_APPROVED && m->a.automatic) ||
                (want == APPROVAL_REFUSED && m->a.otherwise);
    if (gone) {
        assert_string_equal(row_text(row, REFERRAL_STAGE),
                            want == APPROVAL_APPROVED ? "granted" : "denied");
        m->closed = true;
        return;
    }
    ok(domain_approval(org->d, m->referral, "grant", NULL, &now, &org->e));
    if (now.state != want)
        fail_msg("case %d: %s instead of %s", number, approval_word(now.state),
                 approval_word(want));
    for (size_t i = 0; i < m->a.seat_count; i++) {
        char by[32] = "";
        if (m->votes[i] != VOTE_NONE && m->by[i] != m->whose[i])
            snprintf(by, sizeof by, m->by[i] ? "S-%lld" : "operator", (long long)m->by[i]);
        assert_int_equal(now.seats[i].vote, m->votes[i]);
        assert_int_equal(now.seats[i].staff_id, m->whose[i]);
        assert_string_equal(now.seats[i].by, by);
    }
    assert_int_equal(domain_may_advance(org->d, &org_operator, &grant, &org->e),
                     want == APPROVAL_APPROVED ? 0 : -ERROR_DENIED);
}

/* A command in the turn of the case: a turn for each would only try the disk. */
static int model_cast(struct org *org, const struct actor *actor, const struct ballot *b)
{
    struct error ignored;
    domain_command_begin(org->d);
    org->e = (struct error){ 0 };
    int rc = domain_vote(org->d, actor, b, NULL, &org->e);
    if (domain_command_end(org->d, rc == 0, &ignored) < 0)
        fail_msg("the command was lost: %s", ignored.message);
    return rc;
}

static void model_move(struct model *m, const char *transition, const char *fields)
{
    struct org *org = m->org;
    const struct advance a = { .referral_id = m->referral,
                               .transition = transition,
                               .fields = fields,
                               .fields_len = fields ? strlen(fields) : 0 };
    domain_command_begin(org->d);
    ok(domain_advance(org->d, &org_operator, &a, NULL, &org->e));
    ok(domain_command_end(org->d, true, &org->e));
}

static void model_attempt(struct model *m, int number)
{
    struct org *org = m->org;
    int64_t by = random_below(&m->seed, STAFF + 1);
    int64_t for_staff = !by || random_one_in(&m->seed, 2) ? random_below(&m->seed, STAFF + 1) : 0;
    int seat = random_one_in(&m->seed, 2) ? random_below(&m->seed, (int)m->a.seat_count) : -1;
    enum vote v = (enum vote)(random_below(&m->seed, 5) > 2 ? random_below(&m->seed, 2) + 2 : 1);
    if (by && random_one_in(&m->seed, 3)) /* somebody whose delegate this may be */
        for (int i = 1; i <= STAFF; i++)
            for_staff = m->staff[i].delegate == by ? i : for_staff;
    char name[32];
    snprintf(name, sizeof name, "S-%lld", (long long)by);
    const struct actor actor = { by, name, m->staff[by ? by : 1].roles };
    const struct ballot b = { .referral_id = m->referral,
                              .transition = "grant",
                              .vote = v,
                              .seat = seat < 0 ? NULL : seat_names[seat],
                              .for_staff = for_staff };
    int want = model_vote(m, by, for_staff, seat, v, domain_now(org->d));
    int rc = model_cast(org, by ? &actor : &org_operator, &b);
    if ((rc == 0) != (want >= 0))
        fail_msg("case %d: S-%lld for S-%lld, seat %s, %s: %d, model says %d (%s)", number,
                 (long long)by, (long long)for_staff, b.seat ? b.seat : "-", vote_word(v), rc, want,
                 org->e.message);
    *(rc == 0 ? &m->accepted : &m->refused) += 1;
    if (rc == 0) {
        m->votes[want] = v;
        m->whose[want] = for_staff ? for_staff : by;
        m->by[want] = by;
    }
    model_compare(m, number);
}

static void votes_match_the_model(void **state)
{
    struct org *org = *state;
    struct model m = { .org = org, .seed = 0x2545f4914f6cdd1d };
    model_hire(&m);
    for (int n = 0; n < CASES; n++) {
        model_begin(&m);
        ok(store_turn_begin(org->store, &org->e));
        for (int i = 0; i < ATTEMPTS && !m.closed; i++) {
            if (random_one_in(&m.seed, 6))
                clock_move(&org->clock, day_ms);
            if (random_one_in(&m.seed, 20)) { /* staying keeps the votes, entering again does not */
                model_move(&m, "stay", "{\"place\":\"x\"}");
            } else if (random_one_in(&m.seed, 25)) {
                model_move(&m, "again", NULL);
                memset(m.votes, 0, sizeof m.votes);
                memset(m.whose, 0, sizeof m.whose);
                memset(m.by, 0, sizeof m.by);
            }
            model_attempt(&m, n);
        }
        ok(store_turn_commit(org->store, &org->e));
    }
    assert_true(m.accepted > CASES && m.refused > CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_match_the_model),
        cmocka_unit_test_setup_teardown(votes_match_the_model, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
