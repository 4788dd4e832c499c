/* The entities of an organisation and their columns: one table from which the
 * store makes its SQL, import and export their columns, Lua its handles, and
 * the REPL its help. Column order is the order in `row->v`. */
#ifndef BATON_STORE_SCHEMA_H
#define BATON_STORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored in events and in the due table: never renumber. */
enum entity {
    ENTITY_NONE = 0,
    ENTITY_PERSON = 1,   /* P  client, referrer or prospect */
    ENTITY_PARTNER = 2,  /* O  organisation or professional that receives or sends referrals */
    ENTITY_SERVICE = 3,  /* V  what a partner offers */
    ENTITY_LOCATION = 4, /* L  where a partner offers it */
    ENTITY_STAFF = 5,    /* S  a member of the organisation */
    ENTITY_REFERRAL = 6, /* R  the one thing that workflows move */
    ENTITY_TIMER = 7,    /* T  something due */
    ENTITY_TASK = 8,     /* K  something a person must do */
    ENTITY_NOTE = 9,     /* N  free text on anything */
    ENTITY_MESSAGE = 10, /* M  something to send out: the outbox */
    ENTITY_CONSENT = 11, /* C  who agreed to what, for which purpose */
    ENTITY_ACCOUNT = 12, /* A  of the ledger: where money lies, or is owed */
    ENTITY_ENTRY = 13,   /* E  of the ledger: an amount from one account to another */
    ENTITY_PROGRAMME =
        14,            /* G  a referral programme: whom it is for, its terms, how it attributes */
    ENTITY_CODE = 15,  /* D  of a programme: the code or link of one referrer in one channel */
    ENTITY_TOUCH = 16, /* H  somebody was referred: a click, a share, a code entered, a claim */
    ENTITY_CONVERSION = 17, /* X  what came of it: a sale, a refund, a chargeback */
    ENTITY_END = 18
};

enum column_type {
    COLUMN_TEXT,
    COLUMN_INT,
    COLUMN_BOOL, /* an int, 0 or 1 */
    COLUMN_REAL,
    COLUMN_TIME, /* an instant, int64 ms UTC; the name ends in _at_ms */
    COLUMN_REF,  /* id of a row of `ref` */
    COLUMN_ANY   /* "R-12": id and kind of any entity, kept as text */
};

enum column_flag {
    COLUMN_REQUIRED = 1, /* never null */
    COLUMN_SEARCHED = 2, /* fed to full-text search */
    COLUMN_UNIQUE = 4,   /* unique where not null */
    COLUMN_INDEXED = 8,  /* lists by it are cheap */
    COLUMN_DUE = 16,     /* the instant at which the row wants attention (see store_due_next) */
    COLUMN_ENGINE = 32   /* written by the engine only, never by a user's update or an import */
};

struct column {
    const char *name;
    enum column_type type;
    unsigned flags;
    enum entity ref;           /* of COLUMN_REF */
    const char *const *values; /* the words allowed, ended by NULL; or NULL */
    const char *help;          /* one line */
};

enum { SCHEMA_COLUMNS_MAX = 28 };

struct schema {
    enum entity entity;
    char letter;        /* R in R-1042 */
    const char *name;   /* "referral": table name, event prefix */
    const char *plural; /* "referrals": Lua module, command line */
    const struct column *columns;
    size_t count;
    int due;       /* index of its COLUMN_DUE, or -1 */
    bool searched; /* has COLUMN_SEARCHED */
    bool appended; /* rows are never changed: what is wrong is set right by a further row */
};

const struct schema *schema_of(enum entity e);                 /* e is valid: asserts */
const struct schema *schema_named(const char *name_or_plural); /* NULL if none */
const struct schema *schema_lettered(char letter);
int schema_column(const struct schema *s, const char *name); /* index or -1 */

/* Columns that C code names. Each enum is in the order of its table in schema.c. */
enum {
    PERSON_NAME,
    PERSON_EMAIL,
    PERSON_PHONE,
    PERSON_BIRTH_DATE,
    PERSON_LANGUAGE,
    PERSON_ADDRESS,
    PERSON_EXTERNAL_ID
};
enum {
    PARTNER_NAME,
    PARTNER_ALTERNATE_NAME,
    PARTNER_KIND,
    PARTNER_EMAIL,
    PARTNER_PHONE,
    PARTNER_URL,
    PARTNER_DESCRIPTION,
    PARTNER_STATUS,
    PARTNER_EXTERNAL_ID
};
enum {
    SERVICE_PARTNER,
    SERVICE_NAME,
    SERVICE_ALTERNATE_NAME,
    SERVICE_DESCRIPTION,
    SERVICE_EMAIL,
    SERVICE_PHONE,
    SERVICE_URL,
    SERVICE_AREAS,
    SERVICE_TOPICS,
    SERVICE_MIN_AGE,
    SERVICE_MAX_AGE,
    SERVICE_CAPACITY,
    SERVICE_CHECKED_AT_MS,
    SERVICE_STATUS,
    SERVICE_EXTERNAL_ID
};
enum {
    LOCATION_PARTNER,
    LOCATION_NAME,
    LOCATION_ADDRESS,
    LOCATION_PHONE,
    LOCATION_URL,
    LOCATION_LATITUDE,
    LOCATION_LONGITUDE,
    LOCATION_EXTERNAL_ID
};
enum { STAFF_NAME, STAFF_EMAIL, STAFF_ROLES, STAFF_STATUS, STAFF_EXTERNAL_ID };
enum {
    REFERRAL_WORKFLOW,
    REFERRAL_WORKFLOW_VERSION,
    REFERRAL_STAGE,
    REFERRAL_STAGE_AT_MS,
    REFERRAL_TITLE,
    REFERRAL_SUBJECT,
    REFERRAL_REFERRER,
    REFERRAL_FROM_PARTNER,
    REFERRAL_PARTNER,
    REFERRAL_SERVICE,
    REFERRAL_OWNER,
    REFERRAL_PARENT,
    REFERRAL_PRIORITY,
    REFERRAL_OUTCOME,
    REFERRAL_DUE_AT_MS,
    REFERRAL_WAKE_AT_MS,
    REFERRAL_WAKE_STEP,
    REFERRAL_CLOSED_AT_MS,
    REFERRAL_EXTERNAL_ID
};
enum { TIMER_NAME, TIMER_ABOUT, TIMER_PLUGIN, TIMER_AT_MS, TIMER_STATUS, TIMER_DATA };
enum {
    TASK_TITLE,
    TASK_ABOUT,
    TASK_ASSIGNEE,
    TASK_ROLE,
    TASK_KIND,
    TASK_STATUS,
    TASK_DUE_AT_MS,
    TASK_DONE_AT_MS,
    TASK_OUTCOME
};
enum { NOTE_ABOUT, NOTE_AUTHOR, NOTE_TEXT };
enum {
    MESSAGE_ABOUT,
    MESSAGE_CHANNEL,
    MESSAGE_RECIPIENT,
    MESSAGE_SUBJECT,
    MESSAGE_BODY,
    MESSAGE_TEMPLATE,
    MESSAGE_STATUS,
    MESSAGE_ATTEMPTS,
    MESSAGE_SEND_AT_MS,
    MESSAGE_SENT_AT_MS,
    MESSAGE_LAST_ERROR
};
enum {
    CONSENT_PERSON,
    CONSENT_PURPOSE,
    CONSENT_STATUS,
    CONSENT_GIVEN_AT_MS,
    CONSENT_EXPIRES_AT_MS,
    CONSENT_SCOPE,
    CONSENT_HOW
};

enum { ACCOUNT_NAME, ACCOUNT_KIND, ACCOUNT_CURRENCY, ACCOUNT_HOLDER };
enum {
    ENTRY_KEY,
    ENTRY_KIND,
    ENTRY_DEBIT,
    ENTRY_CREDIT,
    ENTRY_AMOUNT_MINOR,
    ENTRY_CURRENCY,
    ENTRY_ABOUT,
    ENTRY_REVERSES,
    ENTRY_MEMO
};

enum {
    PROGRAMME_NAME,
    PROGRAMME_TITLE,
    PROGRAMME_AUDIENCE,
    PROGRAMME_OBJECTIVES,
    PROGRAMME_BASELINE_BP,
    PROGRAMME_GOAL_BP,
    PROGRAMME_CHANNELS,
    PROGRAMME_CURRENCY,
    PROGRAMME_ATTRIBUTION,
    PROGRAMME_WINDOW_DAYS,
    PROGRAMME_TERMS,
    PROGRAMME_TERMS_VERSION,
    PROGRAMME_TERMS_FROM_AT_MS,
    PROGRAMME_STARTS_AT_MS,
    PROGRAMME_ENDS_AT_MS,
    PROGRAMME_STATUS
};
enum { CODE_PROGRAMME, CODE_CODE, CODE_REFERRER, CODE_CHANNEL, CODE_EXPIRES_AT_MS, CODE_STATUS };
enum {
    TOUCH_KEY,
    TOUCH_PROGRAMME,
    TOUCH_KIND,
    TOUCH_CODE,
    TOUCH_REFERRER,
    TOUCH_PERSON,
    TOUCH_VISITOR,
    TOUCH_CHANNEL,
    TOUCH_TOUCHED_AT_MS
};
enum {
    CONVERSION_KEY,
    CONVERSION_PROGRAMME,
    CONVERSION_KIND,
    CONVERSION_OF_KEY,
    CONVERSION_AMOUNT_MINOR,
    CONVERSION_CURRENCY,
    CONVERSION_ITEMS,
    CONVERSION_PRODUCT,
    CONVERSION_PERSON,
    CONVERSION_VISITOR,
    CONVERSION_CONVERTED_AT_MS,
    CONVERSION_TOUCH,
    CONVERSION_REFERRER
};

#endif
