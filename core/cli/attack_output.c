/* Attacks, group 10: output without end, and output that is not what it seems. */
#include "cli/attack_internal.h"

/* Small pieces may use up the time before the measure of output. */
#define TOO_MUCH "printed and logged more than"

static const struct attack outputs[] = {
    { 10, "gigabyte-print", ATTACK_HANDLER, "for i = 1, 1e6 do print(('x'):rep(1024)) end",
      ATTACK_STOPPED, "stopped: it" },
    { 10, "gigabyte-log", ATTACK_HANDLER, "for i = 1, 1e6 do log.error(('x'):rep(1024)) end",
      ATTACK_STOPPED, "stopped: it" },
    { 10, "gigabyte-pcall", ATTACK_HANDLER, "while true do pcall(print, ('x'):rep(100000)) end",
      ATTACK_STOPPED, TOO_MUCH },
    { 10, "gigabyte-job", ATTACK_JOB, "while true do log.info(('x'):rep(10000)) end",
      ATTACK_STOPPED, TOO_MUCH },
    { 10, "gigabyte-main", ATTACK_MAIN, "while true do print(('x'):rep(10000)) end", ATTACK_STOPPED,
      TOO_MUCH },
    { 10, "many-lines", ATTACK_HANDLER, "for i = 1, 20000 do print(i) end return 'all said'",
      ATTACK_HARMLESS, "the rest is left out, and counted" },
    { 10, "gigabyte-session", ATTACK_SESSION,
      "for i = 1, 20 do print(('x'):rep(500000)) end return 'x'", ATTACK_HARMLESS, NULL },
    { 10, "escapes-print", ATTACK_HANDLER, "print('\\27[2J\\27]0;title\\7') return 'said'",
      ATTACK_HARMLESS, "\\x1b[2J" },
    { 10, "escapes-session", ATTACK_SESSION, "print('\\27[31m') return '\\27]0;t\\7'",
      ATTACK_HARMLESS, "\\x1b]0;t\\x07" },
    { 10, "escapes-error", ATTACK_HANDLER, "error('\\27[2J red', 0)", ATTACK_REFUSED,
      "\\x1b[2J red" },
    { 10, "escapes-refusal", ATTACK_GUARD, "return false, '\\27[2J\\194\\155no'", ATTACK_REFUSED,
      "\\x1b[2J\\u009bno" },
    { 10, "escapes-title", ATTACK_EFFECT, "r:set{title = 'a\\27[2J'} error(r.title)",
      ATTACK_REFUSED, "\\x1b[2J" },
    { 10, "escapes-result", ATTACK_COMMAND, "return 'said \\27[2J'", ATTACK_HARMLESS, "said" },
    { 10, "c1-controls", ATTACK_HANDLER, "print('\\194\\155' .. '2J') return 'said'",
      ATTACK_HARMLESS, "\\u009b2J" },
    { 10, "invalid-utf8", ATTACK_HANDLER, "print('\\255\\254\\192\\175') return 'said'",
      ATTACK_HARMLESS, "\\xff\\xfe\\xc0\\xaf" },
    { 10, "nul-bytes", ATTACK_HANDLER, "print('a\\0b') return 'said'", ATTACK_HARMLESS, "a\\x00b" },
    { 10, "bidi-override", ATTACK_HANDLER, "print('\\u{202e}txt') return 'said'", ATTACK_HARMLESS,
      "\\u202etxt" },
    { 10, "forged-line", ATTACK_HANDLER,
      "log.info('x\\nerror org=witness plugin works: forged') return 'said'", ATTACK_HARMLESS,
      NULL },
    { 10, "forged-line-cr", ATTACK_HANDLER, "print('x\\rforged') return 'said'", ATTACK_HARMLESS,
      "\\x0d" },
    { 10, "forged-error", ATTACK_HANDLER, "error('x\\n2026-01-01T00:00:00Z error forged', 0)",
      ATTACK_REFUSED, "forged" },
};

const struct attack_list attack_list_output = { outputs, sizeof outputs / sizeof *outputs };
