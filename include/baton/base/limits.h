/* Every limit of baton. Input beyond one gets an error that names it and
 * changes nothing (DESIGN 13). */
#ifndef BATON_BASE_LIMITS_H
#define BATON_BASE_LIMITS_H

enum {
    LIMIT_NAME_BYTES = 64, /* organisation, plugin, workflow, stage, field, role: [a-z][a-z0-9_]* */
    LIMIT_TEXT_BYTES = 64 * 1024,    /* one text column, one note, one message body */
    LIMIT_FIELDS_BYTES = 128 * 1024, /* the custom fields of one row, as JSON */
    LIMIT_EVENT_BYTES = 512 * 1024,  /* the payload of one event */
    LIMIT_JSON_DEPTH = 32,
    LIMIT_LIST_ROWS = 1000, /* rows in one page of a list */
    LIMIT_LIST_DEFAULT = 50,
    LIMIT_FILTERS = 16, /* conditions of one list */
    LIMIT_SEARCH_TERMS = 16,
    LIMIT_INI_LINE_BYTES = 4096,
    LIMIT_INI_FILE_BYTES = 1024 * 1024,
    LIMIT_SOURCE_BYTES = 1024 * 1024, /* one Lua file */
    LIMIT_CSV_CELL_BYTES = 4 * 1024 * 1024,
    LIMIT_CSV_COLUMNS = 1024,
    LIMIT_JSON_LINE_BYTES = 4 * 1024 * 1024,
    LIMIT_FRAME_BYTES = 8 * 1024 * 1024, /* one message on the control socket */
    LIMIT_CONNECTIONS = 64,              /* on the control socket */
    LIMIT_ORGS = 10000,
    LIMIT_PLUGINS = 64, /* of one organisation */
    LIMIT_STAGES = 64,
    LIMIT_TRANSITIONS = 256,
    LIMIT_SEATS = 32, /* of one approval */
    LIMIT_APPROVAL_EVENTS =
        10000,                 /* of a referral since it entered its stage, to count its votes */
    LIMIT_WORKFLOWS = 64,      /* of one organisation */
    LIMIT_HANDLERS = 256,      /* of one organisation */
    LIMIT_TURN_COMMANDS = 256, /* commands in one commit */
    LIMIT_EFFECT_DEPTH = 8,    /* events raised by handlers of events raised by handlers ... */
    LIMIT_DUE_PER_TURN = 256,  /* timers fired in one commit */
    LIMIT_DIRTY_ROWS =
        262144, /* referrals changed in memory and not yet settled: some 600 bytes each */
    LIMIT_SETTLE_SLICE = 512,             /* rows settled at once when idle */
    LIMIT_CACHE_STATEMENTS = 128,         /* prepared list statements kept */
    LIMIT_LUA_BYTES = 64 * 1024 * 1024,   /* default quota of one organisation's Lua state */
    LIMIT_CALL_MS = 250,                  /* default time budget of one call into a plugin */
    LIMIT_STATEMENT_MS = 5000,            /* of one REPL statement */
    LIMIT_OUTPUT_BYTES = 4 * 1024 * 1024, /* printed by one statement or script call */
    LIMIT_MESSAGE_ATTEMPTS = 8,           /* then the message is dead */
    LIMIT_REFUSED_SHOWN = 20              /* refused lines that an import report spells out */
};

#endif
