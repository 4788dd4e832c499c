/* Every limit of baton. Input beyond one gets an error that names it and
 * changes nothing (DESIGN 13). */
#ifndef BATON_BASE_LIMITS_H
#define BATON_BASE_LIMITS_H

enum {
    LIMIT_NAME_BYTES = 64, /* organisation, plugin, workflow, stage, field, role: [a-z][a-z0-9_]* */
    LIMIT_KEY_BYTES = 200, /* of an entry of the ledger: what it is for */
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
    LIMIT_SPARE_CONNECTIONS = 4,         /* beyond these, for status, reload and stop alone */
    LIMIT_SPARE_MS = 1000,               /* to ask for one of them */
    LIMIT_ORGS = 10000,
    LIMIT_WORKERS = 64,         /* worker processes of one server */
    LIMIT_CALL_GRACE_MS = 1000, /* beyond its budget a call into a plugin ends with its process */
    LIMIT_STOP_MS = 5000,       /* for a worker to end when it is told to; then it is killed */
    LIMIT_RESTART_CALM_MS = 60000,  /* a worker that lived that long is restarted at once */
    LIMIT_RESTART_PAUSE_MS = 30000, /* the longest pause before it is restarted */
    LIMIT_PLUGINS = 64,             /* of one organisation */
    LIMIT_STAGES = 64,
    LIMIT_TRANSITIONS = 256,
    LIMIT_FIELDS = 256,       /* declared by one workflow */
    LIMIT_STEPS = 32,         /* reminders and escalations of one deadline */
    LIMIT_REASONS = 64,       /* of one transition */
    LIMIT_SEATS = 32,         /* of one approval */
    LIMIT_SEAT_WEIGHT = 1000, /* of one seat */
    LIMIT_SETTINGS = 128,     /* of one plugin */
    LIMIT_COMMAND_ARGS = 32,  /* of one command or report of a plugin */
    LIMIT_REPORT_COLUMNS = 32,
    LIMIT_TABLE_KEYS = 1024, /* of one table of options */
    LIMIT_APPROVAL_EVENTS =
        10000,                 /* of a referral since it entered its stage, to count its votes */
    LIMIT_WORKFLOWS = 64,      /* of one organisation */
    LIMIT_HANDLERS = 256,      /* of one organisation */
    LIMIT_TURN_COMMANDS = 256, /* commands in one commit */
    LIMIT_TURN_BYTES = 256 * 1024 * 1024, /* written in one commit: it is in memory until then */
    LIMIT_EFFECT_DEPTH = 8,   /* events raised by handlers of events raised by handlers ... */
    LIMIT_DUE_PER_TURN = 256, /* timers fired in one commit */
    LIMIT_TICK_MS = 100, /* for what is due in one commit, and the call that is under way then */
    LIMIT_DIRTY_ROWS =
        262144, /* referrals changed in memory and not yet settled: some 600 bytes each */
    /* The log while a backup copies the database. */
    LIMIT_HELD_LOG_BYTES = 1024 * 1024 * 1024,
    LIMIT_SETTLE_SLICE = 512,           /* rows settled at once when idle */
    LIMIT_CACHE_STATEMENTS = 128,       /* prepared list statements kept */
    LIMIT_LUA_BYTES = 64 * 1024 * 1024, /* default quota of one organisation's Lua state */
    LIMIT_CALL_MS = 250,                /* default time budget of one call into a plugin */
    LIMIT_CALL_MS_HIGH = 60000,         /* the most that org.ini may set it to */
    /* Defaults of what one call into a plugin may print and log, send and write, with the calls
     * that it makes; and the most that org.ini may set them to. */
    LIMIT_CALL_OUTPUT_BYTES = 1024 * 1024,
    LIMIT_CALL_OUTPUT_BYTES_HIGH = 64 * 1024 * 1024,
    LIMIT_CALL_EFFECTS = 1000,
    LIMIT_CALL_EFFECTS_HIGH = 1000000,
    LIMIT_CALL_ROWS = 10000,
    LIMIT_CALL_ROWS_HIGH = 10000000,
    LIMIT_CALL_BYTES = 16 * 1024 * 1024,
    LIMIT_CALL_BYTES_HIGH = 256 * 1024 * 1024,
    /* Of what a plugin prints and logs by itself, in each window: the rest is left out. */
    LIMIT_LOG_LINES = 200,
    LIMIT_LOG_BYTES = 64 * 1024,
    LIMIT_LOG_LINE_BYTES = 4096,
    LIMIT_LOG_WINDOW_MS = 10 * 1000,
    LIMIT_BREAKER_KILLS = 5,   /* of a plugin within the window: it is switched off */
    LIMIT_BREAKER_ERRORS = 20, /* likewise errors of its handlers, jobs, guards, effects */
    LIMIT_BREAKER_WINDOW_MS = 10 * 60 * 1000,
    LIMIT_BREAKER_PAUSE_MS = 10 * 60 * 1000, /* then it is tried again */
    LIMIT_MOVE_FIRINGS = 1000000,            /* at one instant of a clock that is moved */
    LIMIT_SPEC_FIRINGS = 100000,             /* the same in one case of a spec */
    /* Of one REPL statement, command, report or job, and of loading a plugin, where call_ms is its
     * default: else so many times more or less, and LIMIT_CALL_MS_HIGH at most. */
    LIMIT_STATEMENT_MS = 5000,
    LIMIT_OUTPUT_BYTES = 4 * 1024 * 1024, /* printed by one statement or script call */
    LIMIT_MESSAGE_ATTEMPTS = 8,           /* then the message is dead */
    LIMIT_REFUSED_SHOWN = 20,             /* refused lines that an import report spells out */

    /* What scripts and plugins may ask for at once (docs/security.md). */
    LIMIT_GOTOS = 8192,                      /* in one Lua file */
    LIMIT_STATEMENT_BYTES = 128 * 1024,      /* one statement at the prompt */
    LIMIT_JSON_TEXT_BYTES = 8 * 1024 * 1024, /* read or written as JSON */
    LIMIT_JSON_PLUGIN_BYTES = 1024 * 1024,   /* read as JSON within a plugin */
    LIMIT_JSON_MEMBERS = 50000,              /* of one object that is written */
    LIMIT_LEFT_BYTES = 16 * 1024 * 1024,     /* in buffers that errors left behind */
    LIMIT_FOLD_BYTES = 1024 * 1024,          /* folded at once */
    LIMIT_STUCK_MS = 2000 /* computed in a C function after the budget: the process ends */
};

#endif
