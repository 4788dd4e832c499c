/* Power cuts: an organisation works on a disk that keeps a diary; from it come the files that a cut
 * at any moment could have left. Whatever had been answered is there in each of them, and a turn is
 * there as a whole or not at all. */
#include "crash/crash_fixture.h"

enum { IMAGES = 160, IMAGES_SOAK = 2400, STEPS = 220, RUNS_SOAK = 3 };

struct power {
    struct fixture *f;
    struct book book;
    uint8_t (*hashes)[DIGEST_BYTES]; /* of all events of the run, by seq */
    size_t events, added;            /* `added`: where the organisation was answered to be there */
    int64_t seen[DISK_LEFT_END], behind;
};

static int power_hash(void *context, const struct event *event)
{
    struct power *p = context;
    p->hashes = mem_resize(p->hashes, ((size_t)event->seq + 1) * DIGEST_BYTES);
    memcpy(p->hashes[event->seq], event->hash, DIGEST_BYTES);
    p->events = (size_t)event->seq;
    return 0;
}

/* From `org add` on: works, settles, writes its log back, closes and opens again. */
static void power_run(struct power *p)
{
    struct fixture *f = p->f;
    struct book *b = &p->book;
    struct book_hook hook;
    char dir[160];
    snprintf(dir, sizeof dir, "%s/orgs/victim", f->dir);
    snprintf(b->file, sizeof b->file, "%s/import.csv", f->dir);
    disk_record(dir);
    fixture_org(f, "victim", "crash", true);
    p->added = disk_position();
    struct org *o = fixture_open(f, "victim");
    book_watch(b, o, &hook);
    book_begin(f, o);
    for (int i = 0; i < STEPS; i++) {
        fixture_ok(f, book_step(b, o, &f->e));
        book_ack(b, o);
        if (book_random(b, 40) == 0) {
            org_close(o);
            o = fixture_open(f, "victim");
            book_watch(b, o, &hook);
            book_ack(b, o);
        }
    }
    fixture_ok(f, store_events(org_store(o), 0, 0, power_hash, p, &f->e));
    org_close(o);
    disk_stop();
}

/* ---- images ---- */

/* What had been answered by then, and the furthest that a commit under way could have come. */
static void power_bounds(const struct book *b, size_t at, int64_t *least, int64_t *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < b->ack_count && b->acks[i].position <= at; i++)
        *least = b->acks[i].seq;
    for (size_t i = 0; i < b->try_count && b->tries[i].position <= at; i++)
        *most = b->tries[i].seq;
}

static void power_check(struct power *p, size_t at, enum disk_left left, unsigned seed, bool fire)
{
    struct fixture *f = p->f;
    struct org *o = NULL;
    int64_t least, most;
    if (org_open(&o, f->home, "image", NULL, NULL, &f->e))
        fail_msg("cut at %zu, left %d, seed %u: can't be opened: %s", at, (int)left, seed,
                 f->e.message);
    int64_t last = store_last_event(org_store(o));
    power_bounds(&p->book, at, &least, &most);
    if (last < least || last > most || (last && !p->book.ends[last]))
        fail_msg("cut at %zu, left %d, seed %u: has %lld events, %lld were answered, %lld tried%s",
                 at, (int)left, seed, (long long)last, (long long)least, (long long)most,
                 p->book.ends[last] ? "" : "; half a turn");
    if (last && memcmp(org_store(o)->head, p->hashes[last], DIGEST_BYTES))
        fail_msg("cut at %zu, left %d, seed %u: another history", at, (int)left, seed);
    p->behind += last > least;
    const char *why = tally_look(f, o, fire);
    if (*why)
        fail_msg("cut at %zu, left %d, seed %u: %s", at, (int)left, seed, why);
    if (strcmp(why = integrity(o), "ok"))
        fail_msg("cut at %zu, left %d, seed %u: %s", at, (int)left, seed, why);
    org_close(o);
}

/* Before the organisation was there: what is left of the attempt is taken over. */
static void power_check_add(struct power *p, struct disk_replay *r, size_t at, enum disk_left left)
{
    struct fixture *f = p->f;
    char dir[160], command[200];
    snprintf(dir, sizeof dir, "%s/orgs/early", f->dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    disk_image(r, at, left, at, dir);
    fixture_org(f, "early", "crash", true);
    struct org *o = fixture_open(f, "early");
    book_begin(f, o);
    assert_string_equal(integrity(o), "ok");
    org_close(o);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

static int power_order(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void power_images(struct power *p, size_t count, bool soak)
{
    struct disk_replay *r = disk_replay_new();
    size_t *cuts = mem_alloc(count * sizeof *cuts);
    char dir[160];
    snprintf(dir, sizeof dir, "%s/orgs/image", p->f->dir);
    for (size_t i = 0; i < p->added; i += 1 + p->added / 8)
        power_check_add(p, r, i, (enum disk_left)(i % DISK_LEFT_END));
    for (size_t i = 0; i < count; i++)
        cuts[i] = p->added +
                  (((size_t)book_random(&p->book, 32768) << 15) + book_random(&p->book, 32768)) %
                      (disk_position() - p->added + 1);
    qsort(cuts, count, sizeof *cuts, power_order);
    for (size_t i = 0; i < count; i++) {
        enum disk_left left = (enum disk_left)(i % DISK_LEFT_END);
        disk_image(r, cuts[i], left, i + 1, dir);
        power_check(p, cuts[i], left, (unsigned)i + 1, soak || i % 8 == 0);
        p->seen[left]++;
    }
    mem_free(cuts);
    disk_replay_free(r);
}

static void power_free(struct power *p)
{
    book_free(&p->book);
    mem_free(p->hashes);
    *p = (struct power){ 0 };
}

static void test_power(void **state)
{
    bool soak = getenv("BATON_SOAK") != NULL;
    unsigned runs = soak ? RUNS_SOAK : 1;
    for (unsigned run = 0; run < runs; run++) {
        struct power p = { .f = *state, .book = { .random = 20261121 + run } };
        fixture_plugin(p.f, "crash", crash_plugin);
        if (run == 0)
            fixture_org(p.f, "image", "crash", true);
        power_run(&p);
        power_images(&p, soak ? IMAGES_SOAK / RUNS_SOAK : IMAGES, soak);
        print_message("%zu operations, %zu events, %zu commits: %lld images; in %lld a turn that "
                      "nobody had been told of was there\n",
                      disk_position(), p.events, p.book.try_count,
                      (long long)(p.seen[0] + p.seen[1] + p.seen[2] + p.seen[3]),
                      (long long)p.behind);
        power_free(&p);
        char command[200];
        snprintf(command, sizeof command, "rm -r %s/orgs/victim", ((struct fixture *)*state)->dir);
        assert_int_equal(system(command), 0);
    }
}

static int power_setup(void **state)
{
    disk_install();
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_power, power_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
