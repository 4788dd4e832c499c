/* The table of entities. Everything that lists columns is made from it. */
#include "baton/store/schema.h"

#include <assert.h>
#include <string.h>

static const char *const statuses_active[] = { "active", "inactive", NULL };
static const char *const capacities[] = { "yes", "no", "waiting_list", "unknown", NULL };
static const char *const priorities[] = { "routine", "urgent", "emergency", NULL };
static const char *const timer_statuses[] = { "waiting", "fired", "cancelled", NULL };
static const char *const task_statuses[] = { "open", "done", "cancelled", NULL };
static const char *const message_statuses[] = { "waiting", "sent", "dead", "cancelled", NULL };
static const char *const account_kinds[] = { "asset",  "liability", "equity",
                                             "income", "expense",   NULL };
static const char *const attributions[] = { "first", "last", NULL };
static const char *const programme_statuses[] = { "draft", "active", "paused", "ended", NULL };
static const char *const touch_kinds[] = { "click", "share", "code", "claim", NULL };
static const char *const conversion_kinds[] = { "sale", "refund", "chargeback", NULL };
static const char *const consent_statuses[] = { "given", "refused", "withdrawn", NULL };

#define REQ COLUMN_REQUIRED
#define SEA COLUMN_SEARCHED
#define UNI COLUMN_UNIQUE
#define IDX COLUMN_INDEXED
#define ENG COLUMN_ENGINE
#define DUE (COLUMN_DUE | COLUMN_ENGINE)
/* A line each, instead of four. */
/* clang-format off */
#define TEXT(name, flags, help) { name, COLUMN_TEXT, flags, ENTITY_NONE, NULL, help }
#define WORD(name, flags, words, help) { name, COLUMN_TEXT, flags, ENTITY_NONE, words, help }
#define INT(name, flags, help) { name, COLUMN_INT, flags, ENTITY_NONE, NULL, help }
#define REAL(name, flags, help) { name, COLUMN_REAL, flags, ENTITY_NONE, NULL, help }
#define TIME(name, flags, help) { name, COLUMN_TIME, flags, ENTITY_NONE, NULL, help }
#define REF(name, flags, entity, help) { name, COLUMN_REF, flags, entity, NULL, help }
#define ANY(name, flags, help) { name, COLUMN_ANY, flags, ENTITY_NONE, NULL, help }
/* clang-format on */
#define EXTERNAL                                                                                   \
    TEXT("external_id", UNI, "id in the system it came from; an import finds the row by it")

static const struct column person[] = {
    TEXT("name", REQ | SEA, "full name"),
    TEXT("email", IDX | SEA, "mail address"),
    TEXT("phone", IDX | SEA, "telephone number"),
    TEXT("birth_date", 0, "YYYY-MM-DD"),
    TEXT("language", 0, "preferred language, as a BCP 47 tag"),
    TEXT("address", 0, "postal address"),
    EXTERNAL,
};

static const struct column partner[] = {
    TEXT("name", REQ | SEA, "name"),
    TEXT("alternate_name", SEA, "other name or abbreviation"),
    TEXT("kind", IDX, "what it is: clinic, school, law firm, ..."),
    TEXT("email", SEA, "mail address for referrals"),
    TEXT("phone", SEA, "telephone number"),
    TEXT("url", 0, "web address"),
    TEXT("description", SEA, "what it does and for whom"),
    WORD("status", IDX, statuses_active, "active or inactive"),
    EXTERNAL,
};

static const struct column service[] = {
    REF("partner_id", REQ | IDX, ENTITY_PARTNER, "who offers it"),
    TEXT("name", REQ | SEA, "name"),
    TEXT("alternate_name", SEA, "other name"),
    TEXT("description", SEA, "what it is"),
    TEXT("email", 0, "mail address for referrals"),
    TEXT("phone", 0, "telephone number"),
    TEXT("url", 0, "web address"),
    TEXT("areas", SEA, "areas served, separated by ;"),
    TEXT("topics", SEA, "needs it answers, separated by ;"),
    INT("min_age", 0, "youngest age served, in years"),
    INT("max_age", 0, "oldest age served, in years"),
    WORD("capacity", IDX, capacities, "yes, no, waiting_list or unknown"),
    TIME("checked_at_ms", 0, "when somebody last confirmed the entry"),
    WORD("status", IDX, statuses_active, "active or inactive"),
    EXTERNAL,
};

static const struct column location[] = {
    REF("partner_id", REQ | IDX, ENTITY_PARTNER, "whose it is"),
    TEXT("name", REQ, "name"),
    TEXT("address", 0, "postal address"),
    TEXT("phone", 0, "telephone number"),
    TEXT("url", 0, "web address"),
    REAL("latitude", 0, "degrees north, WGS 84"),
    REAL("longitude", 0, "degrees east, WGS 84"),
    EXTERNAL,
};

static const struct column staff[] = {
    TEXT("name", REQ, "full name"),
    TEXT("email", UNI, "mail address"),
    TEXT("roles", REQ,
         "roles, separated by commas: junior, specialist, senior, lead, admin, or the "
         "organisation's own"),
    WORD("status", IDX, statuses_active, "active or inactive"),
    EXTERNAL,
};

static const struct column referral[] = {
    TEXT("workflow", REQ | IDX | ENG, "name of its workflow"),
    INT("workflow_version", REQ | ENG, "version of the workflow that it runs"),
    TEXT("stage", REQ | IDX | ENG, "stage it is in"),
    TIME("stage_at_ms", REQ | ENG, "when it entered the stage"),
    TEXT("title", 0, "what it is about, in a line"),
    REF("subject_id", IDX, ENTITY_PERSON, "the person who is to be taken care of"),
    REF("referrer_id", IDX, ENTITY_PERSON, "the person who asks"),
    REF("from_partner_id", IDX, ENTITY_PARTNER, "the partner who asks"),
    REF("partner_id", IDX, ENTITY_PARTNER, "the partner who is asked"),
    REF("service_id", IDX, ENTITY_SERVICE, "the service that is asked for"),
    REF("owner_id", IDX, ENTITY_STAFF, "the member of staff who sees to it"),
    REF("parent_id", IDX | ENG, ENTITY_REFERRAL, "the referral from which it came"),
    WORD("priority", 0, priorities, "routine, urgent or emergency"),
    TEXT("outcome", ENG, "how it ended"),
    TIME("due_at_ms", ENG, "deadline of the stage"),
    TIME("wake_at_ms", DUE, "next reminder, deadline or escalation"),
    INT("wake_step", ENG, "which of the stage's steps that is"),
    TIME("closed_at_ms", ENG, "when it ended"),
    EXTERNAL,
};

static const struct column timer[] = {
    TEXT("name", REQ, "name, for the handler of timer.NAME"),
    ANY("about", IDX, "what it is about: R-12, P-3, ..."),
    TEXT("plugin", ENG, "plugin that set it"),
    TIME("at_ms", COLUMN_DUE, "when it fires; null once it has"),
    WORD("status", REQ, timer_statuses, "waiting, fired or cancelled"),
    TEXT("data", 0, "text for its handler"),
};

static const struct column task[] = {
    TEXT("title", REQ, "what is to be done"),
    ANY("about", IDX, "what it is about: R-12, P-3, ..."),
    REF("assignee_id", IDX, ENTITY_STAFF, "who is to do it"),
    TEXT("role", IDX, "or the role of whoever may do it"),
    TEXT("kind", IDX, "what it is: reminder, escalation, conversation, ..."),
    WORD("status", REQ | IDX, task_statuses, "open, done or cancelled"),
    TIME("due_at_ms", 0, "until when"),
    TIME("done_at_ms", ENG, "when it was done"),
    TEXT("outcome", 0, "what came of it"),
};

static const struct column note[] = {
    ANY("about", REQ | IDX, "what it is about: R-12, P-3, ..."),
    REF("author_id", ENG, ENTITY_STAFF, "who wrote it"),
    TEXT("text", REQ, "what it says"),
};

static const struct column message[] = {
    ANY("about", IDX, "what it is about: R-12, P-3, ..."),
    TEXT("channel", REQ, "how it goes out: file"),
    TEXT("recipient", REQ, "address that the channel understands"),
    TEXT("subject", 0, "subject line"),
    TEXT("body", REQ, "text"),
    TEXT("template", 0, "template that it was made from"),
    WORD("status", REQ | IDX | ENG, message_statuses, "waiting, sent, dead or cancelled"),
    INT("attempts", REQ | ENG, "times that delivery was tried"),
    TIME("send_at_ms", DUE, "next attempt"),
    TIME("sent_at_ms", ENG, "when it was delivered"),
    TEXT("last_error", ENG, "why the last attempt failed"),
};

static const struct column consent[] = {
    REF("person_id", REQ | IDX, ENTITY_PERSON, "who consents"),
    TEXT("purpose", REQ | IDX, "to what: evaluation, disclosure, contact, ..."),
    WORD("status", REQ, consent_statuses, "given, refused or withdrawn"),
    TIME("given_at_ms", 0, "when it was given"),
    TIME("expires_at_ms", 0, "until when it holds"),
    TEXT("scope", 0, "what it covers, or to whom"),
    TEXT("how", 0, "how it was given: paper, by phone, ..."),
};

static const struct column account[] = {
    TEXT("name", REQ | UNI | ENG, "name, unique: reward_expense, owed/P-12"),
    WORD("kind", REQ | IDX | ENG, account_kinds, "asset, liability, equity, income or expense"),
    TEXT("currency", REQ | ENG, "of all its entries: an ISO 4217 code"),
    ANY("holder", IDX | ENG, "to whom it belongs: P-12, O-3, ..."),
};

static const struct column entry[] = {
    TEXT("key", REQ | UNI | ENG, "what it is for, unique: the same key is posted once"),
    TEXT("kind", REQ | IDX | ENG, "reward_accrued, reward_reduced, payout_settled, ..."),
    REF("debit_id", REQ | IDX | ENG, ENTITY_ACCOUNT, "account that receives"),
    REF("credit_id", REQ | IDX | ENG, ENTITY_ACCOUNT, "account that gives"),
    INT("amount_minor", REQ | ENG, "minor units of the currency, above 0"),
    TEXT("currency", REQ | ENG, "that of both accounts"),
    ANY("about", IDX | ENG, "what it is about: R-12, P-3, ..."),
    REF("reverses_id", IDX | ENG, ENTITY_ENTRY, "the entry that it takes back, all or in part"),
    TEXT("memo", ENG, "a line for people"),
};

static const struct column programme[] = {
    TEXT("name", REQ | UNI, "name, unique: bring_a_friend"),
    TEXT("title", 0, "as people read it"),
    TEXT("audience", 0, "whom it is for"),
    TEXT("objectives", 0, "what it is to bring about"),
    INT("baseline_bp", 0, "referral rate before it, in basis points"),
    INT("goal_bp", 0, "referral rate that it aims at, in basis points"),
    TEXT("channels", 0, "where it is shared, separated by commas: mail, social, in_person"),
    TEXT("currency", REQ, "of its rewards: an ISO 4217 code"),
    WORD("attribution", REQ, attributions, "first or last: which touch wins"),
    INT("window_days", REQ, "a touch counts this many days of 24 hours"),
    TEXT("terms", 0, "what is promised to whom, in words"),
    INT("terms_version", REQ | ENG, "one more with each change of the terms"),
    TIME("terms_from_at_ms", ENG, "since when these terms hold"),
    TIME("starts_at_ms", 0, "conversions count from here on"),
    TIME("ends_at_ms", 0, "and before this"),
    WORD("status", REQ | IDX, programme_statuses, "draft, active, paused or ended"),
};

static const struct column code[] = {
    REF("programme_id", REQ | IDX, ENTITY_PROGRAMME, "of which programme"),
    TEXT("code", REQ | UNI, "the code itself, in capitals"),
    ANY("referrer", REQ | IDX, "whose it is: P-12, O-3, S-2"),
    TEXT("channel", IDX, "where it is shared"),
    TIME("expires_at_ms", 0, "until when it counts"),
    WORD("status", REQ | IDX, statuses_active, "active or inactive"),
};

static const struct column touch[] = {
    TEXT("key", REQ | UNI | ENG,
         "what it is, unique: source and id there; the same key is one touch"),
    REF("programme_id", REQ | IDX | ENG, ENTITY_PROGRAMME, "of which programme"),
    WORD("kind", REQ | IDX | ENG, touch_kinds, "click, share, code or claim"),
    REF("code_id", IDX | ENG, ENTITY_CODE, "the code or link that was used"),
    ANY("referrer", REQ | IDX | ENG, "who referred: P-12, O-3, S-2"),
    REF("person_id", IDX | ENG, ENTITY_PERSON, "who was referred, if known"),
    TEXT("visitor", IDX | ENG, "or how the source calls a visitor whom we do not know"),
    TEXT("channel", IDX | ENG, "where it happened"),
    TIME("touched_at_ms", REQ | ENG, "when it happened"),
};

static const struct column conversion[] = {
    TEXT("key", REQ | UNI | ENG, "source/id there, unique: the same key is one conversion"),
    REF("programme_id", REQ | IDX | ENG, ENTITY_PROGRAMME, "of which programme"),
    WORD("kind", REQ | IDX | ENG, conversion_kinds, "sale, refund or chargeback"),
    TEXT("of_key", IDX | ENG, "of a refund or chargeback: key of its sale"),
    INT("amount_minor", REQ | ENG, "minor units of the currency, above 0 whatever the kind"),
    TEXT("currency", REQ | ENG, "an ISO 4217 code"),
    INT("items", ENG, "how many were sold"),
    TEXT("product", IDX | ENG, "what was sold"),
    REF("person_id", IDX | ENG, ENTITY_PERSON, "the customer, if known"),
    TEXT("visitor", IDX | ENG, "or how the source calls a visitor whom we do not know"),
    TIME("converted_at_ms", REQ | ENG, "when it happened"),
    REF("touch_id", IDX | ENG, ENTITY_TOUCH, "the touch that it is attributed to"),
    ANY("referrer", IDX | ENG, "who referred, as that touch says"),
};

#define ENTRY(entity, letter, table, plural, due, searched)                                        \
    [entity] = { entity, letter,   #table, plural, table, sizeof(table) / sizeof(table[0]),        \
                 due,    searched, false }
#define ENTRY_APPENDED(entity, letter, table, plural)                                              \
    [entity] = { entity, letter, #table, plural, table, sizeof(table) / sizeof(table[0]),          \
                 -1,     false,  true }

static const struct schema schemas[ENTITY_END] = {
    ENTRY(ENTITY_PERSON, 'P', person, "people", -1, true),
    ENTRY(ENTITY_PARTNER, 'O', partner, "partners", -1, true),
    ENTRY(ENTITY_SERVICE, 'V', service, "services", -1, true),
    ENTRY(ENTITY_LOCATION, 'L', location, "locations", -1, false),
    ENTRY(ENTITY_STAFF, 'S', staff, "staff", -1, false),
    ENTRY(ENTITY_REFERRAL, 'R', referral, "referrals", REFERRAL_WAKE_AT_MS, false),
    ENTRY(ENTITY_TIMER, 'T', timer, "timers", TIMER_AT_MS, false),
    ENTRY(ENTITY_TASK, 'K', task, "tasks", -1, false),
    ENTRY(ENTITY_NOTE, 'N', note, "notes", -1, false),
    ENTRY(ENTITY_MESSAGE, 'M', message, "messages", MESSAGE_SEND_AT_MS, false),
    ENTRY(ENTITY_CONSENT, 'C', consent, "consents", -1, false),
    ENTRY_APPENDED(ENTITY_ACCOUNT, 'A', account, "accounts"),
    ENTRY_APPENDED(ENTITY_ENTRY, 'E', entry, "entries"),
    ENTRY(ENTITY_PROGRAMME, 'G', programme, "programmes", -1, false),
    ENTRY(ENTITY_CODE, 'D', code, "codes", -1, false),
    ENTRY_APPENDED(ENTITY_TOUCH, 'H', touch, "touches"),
    ENTRY_APPENDED(ENTITY_CONVERSION, 'X', conversion, "conversions"),
};

const struct schema *schema_of(enum entity e)
{
    assert(e > ENTITY_NONE && e < ENTITY_END);
    return &schemas[e];
}

const struct schema *schema_named(const char *name_or_plural)
{
    for (int e = 1; e < ENTITY_END; e++)
        if (!strcmp(schemas[e].name, name_or_plural) || !strcmp(schemas[e].plural, name_or_plural))
            return &schemas[e];
    return NULL;
}

const struct schema *schema_lettered(char letter)
{
    char upper = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
    for (int e = 1; e < ENTITY_END; e++)
        if (schemas[e].letter == upper)
            return &schemas[e];
    return NULL;
}

int schema_column(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->columns[i].name, name))
            return (int)i;
    return -1;
}
