/* kill -9 at 50 random moments of a run of 10,000 transitions: what was
 * reported done is there, the chain verifies, rows are the fold of their
 * events, timers are neither lost nor doubled. */
#include <signal.h>
#include <sys/wait.h>

#include "baton/domain/advance.h"
#include "baton/domain/audit.h"
#include "host/host_fixture.h"

enum { REFERRALS = 100, TRANSITIONS = 10000, KILLS = 50, PER_TURN = 20, SOAK_TIMES = 5 };

static const char plugin[] =
    "baton.workflow{ name = 'kill', version = 1,\n"
    "  stages = { { name = 'a', deadline = { within = '400 days', remind = '1 day' } },\n"
    "             { name = 'b' }, { name = 'over', final = true, outcome = 'over' } },\n"
    "  transitions = {\n"
    "    { name = 'go', from = 'a', to = 'b', effect = function(r) r:timer('ping', '30 days') end "
    "},\n"
    "    { name = 'go', from = 'b', to = 'a', guard = function(r) return r.stage == 'b' end,\n"
    "      effect = function(r) r:timer('ping', '60 days') end },\n"
    "    { name = 'finish', from = 'a', to = 'over' } } }\n"
    "baton.on('timer.ping', function(e) baton.emit('test.pong', { timer = e.row.id }) end)\n";

struct ack {
    int64_t referral, version;
};

static int kill_open(void *context, struct org *o, struct error *e)
{
    (void)context;
    struct actor by_operator = { .name = "operator" };
    struct referral_open open = { .workflow = "kill" };
    return domain_open(org_domain(o), &by_operator, &open, NULL, e);
}

static int kill_advance(void *context, struct org *o, struct error *e)
{
    struct ack *ack = context;
    struct actor by_operator = { .name = "operator" };
    struct advance a = { .referral_id = ack->referral, .transition = "go" };
    const struct row *row;
    int rc = domain_advance(org_domain(o), &by_operator, &a, &row, e);
    if (!rc)
        ack->version = row->version;
    return rc;
}

/* The child: turns of random size; what was committed is told through the pipe, and only then. */
static void kill_child(struct fixture *f, int fd, unsigned seed, int64_t left)
{
    struct org *o;
    if (org_open(&o, f->home, "victim", NULL, NULL, &f->e))
        _exit(2);
    while (left > 0) {
        struct org_command commands[PER_TURN] = { 0 };
        struct ack acks[PER_TURN];
        seed = seed * 1103515245u + 12345u;
        size_t n = 1 + (seed >> 16) % PER_TURN;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            acks[i] = (struct ack){ 1 + (seed >> 16) % REFERRALS, 0 };
            commands[i].run = kill_advance;
            commands[i].context = &acks[i];
        }
        if (org_turn_many(o, commands, n, &f->e))
            _exit(3);
        for (size_t i = 0; i < n; i++)
            if (commands[i].result)
                _exit(4);
        if (write(fd, acks, n * sizeof *acks) != (ssize_t)(n * sizeof *acks))
            _exit(5);
        bool more;
        if (seed % 7 == 0)
            org_settle_some(o, &more, &f->e);
        left -= (int64_t)n;
    }
    org_close(o);
    _exit(0);
}

struct kinds {
    int64_t advanced, timers, fired, pongs, last_pong;
};

static int count_kind(void *context, const struct event *event)
{
    struct kinds *k = context;
    k->advanced += !strcmp(event->kind, "referral.advanced");
    k->timers += !strcmp(event->kind, "timer.created");
    k->fired += !strcmp(event->kind, "timer.ping");
    k->pongs += !strcmp(event->kind, "test.pong");
    return 0;
}

static void kill_check(struct fixture *f, struct org *o, const int64_t *acked, struct kinds *k)
{
    struct audit_result audit;
    *k = (struct kinds){ 0 };
    fixture_ok(f, domain_audit(org_domain(o), &audit, &f->e));
    if (audit.broken_seq || audit.differing)
        fail_msg("event %lld: %s; %s", (long long)audit.broken_seq, audit.broken_why,
                 audit.differs_why);
    for (int64_t id = 1; id <= REFERRALS; id++) {
        const struct row *r;
        fixture_ok(f, store_get(org_store(o), ENTITY_REFERRAL, id, &r, &f->e));
        assert_true(r->version >= acked[id]);
    }
    fixture_ok(f, store_events(org_store(o), 0, 0, count_kind, k, &f->e));
    assert_int_equal(k->timers, k->advanced);
    fixture_ok(f, store_check(org_store(o), &f->e));
}

/* Kills the child after about `after` acknowledgements; takes in whatever the pipe still holds. */
static int64_t kill_round(struct fixture *f, unsigned seed, int64_t left, int64_t after,
                          int64_t *acked)
{
    int fds[2];
    int64_t got = 0;
    struct ack acks[PER_TURN];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        kill_child(f, fds[1], seed, left);
    }
    close(fds[1]);
    bool killed = false;
    while (read(fds[0], acks, sizeof *acks) == (ssize_t)sizeof *acks) {
        if (acks->version > acked[acks->referral])
            acked[acks->referral] = acks->version;
        if (++got >= after && !killed) {
            usleep(seed % 3000);
            kill(pid, SIGKILL);
            killed = true;
        }
    }
    close(fds[0]);
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return got;
}

static void test_kill(void **state)
{
    struct fixture *f = *state;
    static int64_t acked[REFERRALS + 1];
    struct kinds k = { 0 };
    unsigned seed = 20261121;
    int kills = KILLS, transitions = TRANSITIONS;
    if (getenv("BATON_SOAK")) {
        kills *= SOAK_TIMES;
        transitions *= SOAK_TIMES;
    }
    fixture_plugin(f, "kill", plugin);
    fixture_org(f, "victim", "kill", true);
    struct org *o = fixture_open(f, "victim");
    for (int i = 0; i < REFERRALS; i++)
        fixture_ok(f, org_turn(o, kill_open, NULL, &f->e));
    org_close(o);
    for (int round = 0; round <= kills; round++) {
        seed = seed * 1103515245u + 12345u;
        int64_t left = transitions - k.advanced, share = left / (kills - round + 1);
        int64_t after = round < kills ? 1 + (seed >> 8) % (share * 3 / 2 + 1) : INT64_MAX;
        if (left > 0)
            kill_round(f, seed, left, after, acked);
        o = fixture_open(f, "victim");
        kill_check(f, o, acked, &k);
        if (round < kills)
            org_close(o);
    }
    assert_true(k.advanced >= transitions);
    fixture_ok(f, org_move_clock(o, org_now(o) + 100ll * 86400000, &f->e));
    kill_check(f, o, acked, &k);
    assert_int_equal(k.fired, k.timers);
    assert_int_equal(k.pongs, k.timers);
    org_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
