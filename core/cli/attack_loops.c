/* Attacks, group 1: code that does not end, wherever it stands and whatever it
 * hides behind. Group 8 has the errors that are forged. */
#include "cli/attack_internal.h"

#define LONGER "ran longer than its"
#define FOREVER "while true do end"
#define LOOP(label, where, body)                                                                   \
    {                                                                                              \
        .group = 1, .name = label, .place = where, .lua = body, .end = ATTACK_STOPPED,             \
        .says = LONGER                                                                             \
    }

static const struct attack loops[] = {
    LOOP("loop-main", ATTACK_MAIN, FOREVER),
    LOOP("loop-guard", ATTACK_GUARD, FOREVER),
    LOOP("loop-effect", ATTACK_EFFECT, FOREVER),
    LOOP("loop-handler", ATTACK_HANDLER, FOREVER),
    LOOP("loop-job", ATTACK_JOB, FOREVER),
    LOOP("loop-command", ATTACK_COMMAND, FOREVER),
    LOOP("loop-report", ATTACK_REPORT, FOREVER),
    LOOP("loop-session", ATTACK_SESSION, FOREVER),
    { .group = 1,
      .name = "loop-script",
      .place = ATTACK_SCRIPT,
      .lua = FOREVER,
      .end = ATTACK_STOPPED,
      .says = "stopped on request" },
    { .group = 1,
      .name = "loop-script-turn",
      .place = ATTACK_SCRIPT,
      .lua = "baton.turn(function() pcall(function() while true do end end) end)",
      .end = ATTACK_STOPPED,
      .says = "stopped on request" },
    LOOP("loop-pcall", ATTACK_HANDLER, "while true do pcall(function() while true do end end) end"),
    LOOP("loop-xpcall", ATTACK_HANDLER,
         "xpcall(function() while true do end end, function() while true do end end) return 1"),
    LOOP("loop-xpcall-handler", ATTACK_HANDLER, "xpcall(error, function() while true do end end)"),
    LOOP("loop-try", ATTACK_HANDLER, "while true do baton.try(error) end"),
    LOOP("loop-coroutine", ATTACK_HANDLER,
         "coroutine.resume(coroutine.create(function() while true do end end)) return 1"),
    LOOP("loop-wrap", ATTACK_HANDLER,
         "while true do pcall(coroutine.wrap(function() while true do end end)) end"),
    LOOP("loop-nested-resume", ATTACK_HANDLER,
         "local function deep(n) if n == 0 then while true do end end\n"
         "  return coroutine.resume(coroutine.create(deep), n - 1) end deep(20) return 1"),
    LOOP("loop-yielding", ATTACK_HANDLER,
         "local co = coroutine.create(function() while true do coroutine.yield() end end)\n"
         "while true do coroutine.resume(co) end"),
    LOOP("loop-close", ATTACK_HANDLER,
         "local t <close> = setmetatable({}, {__close = function() while true do end end})\n"
         "error('x')"),
    LOOP("loop-close-after-kill", ATTACK_HANDLER,
         "local t <close> = setmetatable({}, {__close = function() while true do pcall(error) end "
         "end})\nwhile true do end"),
    LOOP("loop-index", ATTACK_HANDLER,
         "return setmetatable({}, {__index = function() while true do end end}).x"),
    LOOP("loop-sort", ATTACK_HANDLER,
         "table.sort({3, 2, 1, 5, 4}, function() while true do end end)"),
    LOOP("loop-gsub", ATTACK_HANDLER,
         "(('x'):rep(100)):gsub('.', function() while true do end end)"),
    LOOP("loop-iterator", ATTACK_HANDLER, "for _ in function() return 1 end do end"),
    LOOP("loop-pairs", ATTACK_HANDLER,
         "for _ in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end"),
    LOOP("loop-tostring", ATTACK_HANDLER,
         "print(setmetatable({}, {__tostring = function() while true do end end}))"),
    LOOP("loop-concat", ATTACK_HANDLER,
         "return 'a' .. setmetatable({}, {__concat = function() while true do end end})"),
    LOOP("loop-load-reader", ATTACK_HANDLER,
         "return load(function() while true do end end) == nil"),
    LOOP("loop-tail-call", ATTACK_HANDLER,
         "local function again() pcall(error) return again() end return again()"),
    LOOP("loop-finder", ATTACK_HANDLER, "while true do people.find{} end"),
    LOOP("loop-writer", ATTACK_GUARD, "while true do pcall(people.add, {name = 'x'}) end"),
    LOOP("loop-lookup", ATTACK_HANDLER,
         "while true do pcall(people.get, 'P-1') pcall(text.fold, 'Ä') end"),
    { .group = 1,
      .name = "loop-gc",
      .place = ATTACK_HANDLER,
      .lua = "setmetatable({}, {__gc = function() while true do end end})",
      .end = ATTACK_REFUSED,
      .says = "__gc is not available" },
    { .group = 1,
      .name = "error-tostring",
      .place = ATTACK_HANDLER,
      .lua = "error(setmetatable({}, {__tostring = function() while true do end end}))",
      .end = ATTACK_REFUSED,
      .says = "plugin attack" },
    { .group = 1,
      .name = "options-index",
      .place = ATTACK_HANDLER,
      .lua = "return people.count(setmetatable({}, {__index = function() while true do end end, "
             "__pairs = function() while true do end end, __len = function() while true do end "
             "end}))",
      .end = ATTACK_HARMLESS,
      .says = "0" },
    { .group = 1,
      .name = "json-index",
      .place = ATTACK_HANDLER,
      .lua = "return json.encode(setmetatable({1}, {__index = function() while true do end end, "
             "__len = function() while true do end end, __pairs = function() while true do end "
             "end}))",
      .end = ATTACK_HARMLESS,
      .says = "[1]" },
    { .group = 1,
      .name = "row-index",
      .place = ATTACK_HANDLER,
      .lua = "people.add(setmetatable({}, {__index = function() while true do end end}))",
      .end = ATTACK_REFUSED,
      .says = "name" },
};

const struct attack_list attack_list_loops = { loops, sizeof loops / sizeof *loops };
