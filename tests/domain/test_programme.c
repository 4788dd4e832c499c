/* Programmes: codes, touches and conversions. The model keeps every sale and everything taken back
 * from it in a list, and is asked what is left after duplicates, refunds that come first, and
 * commands that are dropped. */
#include "domain/rules_fixture.h"

#include "baton/domain/programme.h"

static void org_refuses(struct org *org, enum entity entity, int64_t id,
                        const struct store_set *set, size_t count, const char *part)
{
    const struct record record = { .entity = entity, .id = id, .set = set, .set_count = count };
    struct error e = { 0 };
    ok(store_turn_begin(org->store, &org->e));
    domain_command_begin(org->d);
    assert_int_not_equal(domain_write(org->d, &org_operator, &record, NULL, &e), 0);
    assert_contains(e.message, part);
    ok(domain_command_end(org->d, false, &org->e));
    ok(store_turn_commit(org->store, &org->e));
}

static int keep_payload(void *context, const struct event *event)
{
    buf_puts(context, event->payload);
    return 0;
}

static int64_t programme(struct org *org, const char *name)
{
    const struct store_set set[] = { { PROGRAMME_NAME, value_text(name) },
                                     { PROGRAMME_CURRENCY, value_text("USD") },
                                     { PROGRAMME_STATUS, value_text("active") } };
    return org_write(org, ENTITY_PROGRAMME, 0, set, COUNT(set), NULL);
}

static int64_t code(struct org *org, int64_t programme_id, const char *text, const char *referrer)
{
    const struct store_set set[] = { { CODE_PROGRAMME, value_int(programme_id) },
                                     { CODE_REFERRER, value_text(referrer) },
                                     { CODE_CHANNEL, value_text("mail") },
                                     { CODE_CODE, value_text(text) } };
    return org_write(org, ENTITY_CODE, 0, set, COUNT(set) - !text, NULL);
}

static void person(struct org *org, const char *name)
{
    const struct store_set set[] = { { PERSON_NAME, value_text(name) } };
    org_write(org, ENTITY_PERSON, 0, set, 1, NULL);
}

static void test_programme_columns(void **state)
{
    struct org *org = *state;
    const struct row *row = NULL;
    int64_t id = programme(org, "bring_a_friend");
    ok(store_get(org->store, ENTITY_PROGRAMME, id, &row, &org->e));
    assert_string_equal(row_text(row, PROGRAMME_ATTRIBUTION), "last");
    assert_int_equal(row_int(row, PROGRAMME_WINDOW_DAYS), 30);
    assert_int_equal(row_int(row, PROGRAMME_TERMS_VERSION), 1);
    struct store_set terms = { PROGRAMME_TERMS, value_text("$10 each") };
    org_write(org, ENTITY_PROGRAMME, id, &terms, 1, NULL);
    org_write(org, ENTITY_PROGRAMME, id, &terms, 1, NULL); /* the same terms are the same version */
    ok(store_get(org->store, ENTITY_PROGRAMME, id, &row, &org->e));
    assert_int_equal(row_int(row, PROGRAMME_TERMS_VERSION), 2);
    assert_int_equal(row_int(row, PROGRAMME_TERMS_FROM_AT_MS), org_now_ms);
    const struct {
        struct store_set set;
        const char *part;
    } wrong[] = {
        { { PROGRAMME_CURRENCY, value_text("UDS") }, "did you mean \"USD\"" },
        { { PROGRAMME_CURRENCY, value_text("EUR") }, "what was promised in USD is owed in USD" },
        { { PROGRAMME_WINDOW_DAYS, value_int(0) }, "from 1 to 3650, got 0" },
        { { PROGRAMME_GOAL_BP, value_int(-1) }, "goal_bp takes a whole number from 0" },
        { { PROGRAMME_STATUS, value_text("on") }, "status" },
        { { PROGRAMME_ATTRIBUTION, value_text("best") }, "attribution" },
        { { PROGRAMME_TERMS_VERSION, value_int(9) }, "terms_version" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        org_refuses(org, ENTITY_PROGRAMME, id, &wrong[i].set, 1, wrong[i].part);
    const struct store_set dates[] = { { PROGRAMME_STARTS_AT_MS, value_int(2000) },
                                       { PROGRAMME_ENDS_AT_MS, value_int(2000) } };
    org_refuses(org, ENTITY_PROGRAMME, id, dates, 2, "not after starts_at_ms");
}

static void test_codes(void **state)
{
    struct org *org = *state;
    const struct row *row = NULL;
    int64_t g = programme(org, "p"), id = code(org, g, "ada-10", "P-1");
    ok(store_get(org->store, ENTITY_CODE, id, &row, &org->e));
    assert_string_equal(row_text(row, CODE_CODE), "ADA-10");
    int64_t made = code(org, g, NULL, "S-1");
    ok(store_get(org->store, ENTITY_CODE, made, &row, &org->e));
    assert_int_equal(strlen(row_text(row, CODE_CODE)), 8);
    assert_int_equal(strspn(row_text(row, CODE_CODE), "ABCDEFGHJKMNPQRSTUVWXYZ23456789"), 8);
    static const struct {
        const char *code, *referrer, *part;
    } wrong[] = {
        { "Ada-10", "P-1", "\"ADA-10\" is already that of D-1" },
        { "ab", "P-1", "3 to 32 letters" },
        { "a b c", "P-1", "3 to 32 letters" },
        { "abcdefghijklmnopqrstuvwxyzabcdefg", "P-1", "3 to 32 letters" },
        { "ada-11", "G-1", "a referrer is a person, a partner or a member of staff" },
        { "ada-11", "P-99", "P-99" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const struct store_set set[] = { { CODE_PROGRAMME, value_int(g) },
                                         { CODE_REFERRER, value_text(wrong[i].referrer) },
                                         { CODE_CODE, value_text(wrong[i].code) } };
        org_refuses(org, ENTITY_CODE, 0, set, 3, wrong[i].part);
    }
    const struct store_set other = { CODE_CODE, value_text("OTHER") };
    org_refuses(org, ENTITY_CODE, id, &other, 1, "a code stays what it is");
    const struct store_set whose = { CODE_REFERRER, value_text("S-1") };
    org_refuses(org, ENTITY_CODE, id, &whose, 1, "stays its referrer's");
}

static struct touch_input touch_by(int64_t g, const char *key, const char *by_code, int64_t who)
{
    return (struct touch_input){ .key = key,
                                 .programme_id = g,
                                 .kind = "click",
                                 .code = by_code,
                                 .person_id = who,
                                 .touched_at_ms = org_now_ms - hour_ms };
}

static void test_touches(void **state)
{
    struct org *org = *state;
    const struct row *row = NULL;
    int64_t g = programme(org, "p"), h = programme(org, "q"), id = 0, again = 0;
    bool is_new = false;
    person(org, "Ben Sato"); /* P-2 */
    code(org, g, "ADA", "P-1");
    org_begin(org);
    struct touch_input t = touch_by(g, "web/1", "ada", 2);
    ok(programme_touch(org->d, &org_operator, &t, &id, &is_new, &org->e));
    assert_true(is_new);
    ok(programme_touch(org->d, &org_operator, &t, &again, &is_new, &org->e));
    assert_false(is_new);
    assert_int_equal(id, again);
    ok(store_get(org->store, ENTITY_TOUCH, id, &row, &org->e));
    assert_string_equal(row_text(row, TOUCH_REFERRER), "P-1");
    assert_string_equal(row_text(row, TOUCH_CHANNEL), "mail");
    struct {
        struct touch_input t;
        enum error_code code;
        const char *part;
    } wrong[] = {
        { t, ERROR_CONFLICT, "\"web/1\" was recorded as H-1, with another content" },
        { t, ERROR_NOT_FOUND, "there is no code \"ADDA\"" },
        { t, ERROR_INVALID, "is of programme G-1, not G-2" },
        { t, ERROR_INVALID, "one of both" },
        { t, ERROR_INVALID, "a person or a visitor, one of both" },
        { t, ERROR_INVALID, "a touch needs a key" },
        { t, ERROR_INVALID, "touch.kind" },
        { t, ERROR_NOT_FOUND, "P-77" },
        { t, ERROR_NOT_FOUND, "G-9" },
    };
    for (size_t i = 1; i < COUNT(wrong); i++)
        wrong[i].t.key = "web/2";
    wrong[0].t.touched_at_ms++;
    wrong[1].t.code = "adda";
    wrong[2].t.programme_id = h;
    wrong[3].t.code = NULL;
    wrong[4].t.visitor = "v";
    wrong[5].t.key = "";
    wrong[6].t.kind = "look";
    wrong[7].t.person_id = 77;
    wrong[8].t.programme_id = 9;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error e = { 0 };
        assert_int_equal(programme_touch(org->d, &org_operator, &wrong[i].t, &id, NULL, &e),
                         -(int)wrong[i].code);
        assert_contains(e.message, wrong[i].part);
    }
    org_end(org);
}

static struct conversion_input sale(int64_t g, const char *key, int64_t amount, int64_t who)
{
    return (struct conversion_input){ .key = key,
                                      .programme_id = g,
                                      .kind = "sale",
                                      .amount_minor = amount,
                                      .currency = "USD",
                                      .person_id = who,
                                      .converted_at_ms = org_now_ms };
}

static struct conversion_input refund(int64_t g, const char *key, const char *of, int64_t amount)
{
    struct conversion_input c = sale(g, key, amount, 0);
    c.kind = "refund";
    c.of_key = of;
    return c;
}

static int64_t convert(struct org *org, const struct conversion_input *c, bool expect_new)
{
    int64_t id = 0;
    bool is_new = !expect_new;
    ok(programme_convert(org->d, &org_operator, c, &id, &is_new, &org->e));
    assert_int_equal(is_new, expect_new);
    return id;
}

static int64_t net(struct org *org, int64_t id)
{
    int64_t minor = -1;
    ok(programme_net(org->d, id, &minor, &org->e));
    return minor;
}

static void test_attributed(void **state)
{
    struct org *org = *state;
    const struct row *row = NULL;
    int64_t g = programme(org, "p"), id = 0;
    person(org, "Ben Sato");
    code(org, g, "ADA", "P-1");
    code(org, g, "BEN", "P-2");
    int64_t off = code(org, g, "OLD", "S-1");
    const struct store_set inactive = { CODE_STATUS, value_text("inactive") };
    org_begin(org);
    struct touch_input touches[] = { touch_by(g, "web/1", "ADA", 2), touch_by(g, "web/2", "BEN", 2),
                                     touch_by(g, "web/3", "OLD", 2),
                                     touch_by(g, "web/4", "ADA", 0) };
    touches[3].visitor = "cookie-7";
    for (size_t i = 0; i < COUNT(touches); i++)
        ok(programme_touch(org->d, &org_operator, &touches[i], &id, NULL, &org->e));
    org_end(org);
    org_write(org, ENTITY_CODE, off, &inactive, 1, NULL);
    org_begin(org);
    struct conversion_input c = sale(g, "shop/1", 4900, 2);
    c.visitor = "cookie-7";
    c.items = 2;
    c.product = "plan";
    id = convert(org, &c, true);
    assert_int_equal(convert(org, &c, false), id);
    org_end(org);
    ok(store_get(org->store, ENTITY_CONVERSION, id, &row, &org->e));
    assert_string_equal(row_text(row, CONVERSION_REFERRER), "P-1");
    assert_int_equal(row_int(row, CONVERSION_TOUCH), 4); /* of two at one instant the later one */
    struct buf history = BUF_INIT;
    ok(store_history(org->store, ENTITY_CONVERSION, id, 1, keep_payload, &history, &org->e));
    assert_contains(
        buf_text(&history),
        "\"rule\":\"last\",\"touch\":\"H-4\",\"losers\":["
        "{\"touch\":\"H-3\",\"why\":\"not_valid\"},{\"touch\":\"H-2\",\"why\":\"self\"},"
        "{\"touch\":\"H-1\",\"why\":\"later_won\"}]");
    buf_free(&history);
}

static void test_conversions_refused(void **state)
{
    struct org *org = *state;
    int64_t g = programme(org, "p"), id = 0;
    const struct store_set dates[] = { { PROGRAMME_STARTS_AT_MS, value_int(org_now_ms - day_ms) },
                                       { PROGRAMME_ENDS_AT_MS, value_int(org_now_ms + day_ms) } };
    org_write(org, ENTITY_PROGRAMME, g, dates, 2, NULL);
    const struct store_set paused = { PROGRAMME_STATUS, value_text("paused") };
    int64_t h = programme(org, "q");
    org_write(org, ENTITY_PROGRAMME, h, &paused, 1, NULL);
    org_begin(org);
    struct conversion_input c = sale(g, "shop/1", 100, 1);
    convert(org, &c, true);
    struct {
        struct conversion_input c;
        enum error_code code;
        const char *part;
    } wrong[] = {
        { c, ERROR_CONFLICT, "was recorded as X-1, with another content" },
        { c, ERROR_INVALID, "is above 0" },
        { c, ERROR_INVALID, "did you mean \"USD\"" },
        { c, ERROR_INVALID, "names the key of its sale" },
        { c, ERROR_INVALID, "a person or a visitor" },
        { c, ERROR_DENIED, "had not begun" },
        { c, ERROR_DENIED, "had ended" },
        { c, ERROR_DENIED, "programme q is paused" },
        { c, ERROR_INVALID, "conversion.kind" },
        { refund(g, "shop/r", NULL, 1), ERROR_INVALID, "names the key of its sale" },
        { refund(g, "shop/r", "shop/1", 101), ERROR_CONFLICT, "101 more is too much" },
        { refund(g, "", "shop/1", 1), ERROR_INVALID, "needs a key" },
    };
    for (size_t i = 1; i < 9; i++)
        wrong[i].c.key = "shop/2";
    wrong[0].c.amount_minor = 101;
    wrong[1].c.amount_minor = 0;
    wrong[2].c.currency = "UDS";
    wrong[3].c.of_key = "shop/1";
    wrong[4].c.person_id = 0;
    wrong[5].c.converted_at_ms = org_now_ms - day_ms - 1;
    wrong[6].c.converted_at_ms = org_now_ms + day_ms;
    wrong[7].c.programme_id = h;
    wrong[8].c.kind = "gift";
    wrong[8].c.of_key = "shop/1";
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error e = { 0 };
        int rc = programme_convert(org->d, &org_operator, &wrong[i].c, &id, NULL, &e);
        if (rc != -(int)wrong[i].code)
            fail_msg("%zu: %d, %s", i, rc, e.message);
        assert_contains(e.message, wrong[i].part);
    }
    struct conversion_input euro = refund(g, "shop/e", "shop/1", 1);
    euro.currency = "EUR";
    assert_int_equal(programme_convert(org->d, &org_operator, &euro, &id, NULL, &org->e),
                     -ERROR_INVALID);
    struct conversion_input first = refund(g, "shop/r1", "shop/1", 60);
    convert(org, &first, true);
    struct conversion_input of_refund = refund(g, "shop/r2", "shop/r1", 1);
    assert_int_equal(programme_convert(org->d, &org_operator, &of_refund, &id, NULL, &org->e),
                     -ERROR_INVALID);
    assert_contains(org->e.message, "is a refund, not a sale");
    assert_int_equal(programme_net(org->d, 2, &id, &org->e), -ERROR_INVALID);
    org_end(org);
}

/* ---- random streams against the model ---- */

enum { MODEL_SALES = 40, MODEL_STEPS = 600 };
struct sold {
    bool known; /* the sale was recorded */
    int64_t id, amount, back;
    int refunds;
};

static uint64_t model_random(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

/* A sale or a refund of it, new or again, kept or dropped. */
static void model_step(struct org *org, int64_t g, struct sold *all, uint64_t *seed)
{
    size_t which = model_random(seed, MODEL_SALES);
    struct sold *s = &all[which], was = *s;
    char key[48], of[24];
    bool keep = model_random(seed, 6) != 0;
    snprintf(of, sizeof of, "shop/%zu", which);
    domain_command_begin(org->d);
    if (model_random(seed, 2)) {
        struct conversion_input c = sale(g, of, s->amount, 1);
        s->id = convert(org, &c, !s->known);
        s->known = true;
    } else {
        bool again = s->refunds > 0 && model_random(seed, 3) == 0;
        int n = again ? s->refunds - 1 : s->refunds;
        int64_t part = 1 + n * 7 % 50;
        snprintf(key, sizeof key, "%s/r%d", of, n);
        struct conversion_input c = refund(g, key, of, part);
        if (!again && s->known && s->back + part > s->amount) {
            int64_t id;
            assert_int_equal(programme_convert(org->d, &org_operator, &c, &id, NULL, &org->e),
                             -ERROR_CONFLICT);
            keep = false;
        } else {
            convert(org, &c, !again);
            s->back += again ? 0 : part;
            s->refunds += !again;
        }
    }
    ok(domain_command_end(org->d, keep, &org->e));
    if (!keep)
        *s = was;
}

static void test_model(void **state)
{
    struct org *org = *state;
    struct sold all[MODEL_SALES] = { 0 };
    uint64_t seed = 521288629;
    int64_t g = programme(org, "p");
    for (size_t i = 0; i < MODEL_SALES; i++)
        all[i].amount = 50 + (int64_t)model_random(&seed, 100);
    for (int step = 0; step < MODEL_STEPS; step++) {
        ok(store_turn_begin(org->store, &org->e));
        model_step(org, g, all, &seed);
        ok(store_turn_commit(org->store, &org->e));
        if (step % 100 == 99) {
            org_stop(org);
            org_start(org);
        }
    }
    for (size_t i = 0; i < MODEL_SALES; i++)
        if (all[i].known)
            assert_int_equal(net(org, all[i].id),
                             all[i].back < all[i].amount ? all[i].amount - all[i].back : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_programme_columns, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_codes, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_touches, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_attributed, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_conversions_refused, rules_setup, org_teardown),
        cmocka_unit_test_setup_teardown(test_model, rules_setup, org_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
