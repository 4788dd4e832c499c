/* Group 4: memory.
 *
 * Either the quota ends it, with an error, or the budget; a state that is full collects for long,
 * so that which of them comes first is not said. */
#include "cli/attack_internal.h"

static const struct attack attacks[] = {
    { 4, "a text that doubles", ATTACK_COMMAND, "local s = 'x' while true do s = s .. s end\n",
      ATTACK_REFUSED, "memory" },
    { 4, "a text that grows slowly", ATTACK_COMMAND,
      "local s = '' while true do s = s .. ('x'):rep(1000) end\n", ATTACK_STOPPED, NULL },
    { 4, "a table that only grows", ATTACK_HANDLER,
      "local t = {} while true do t[#t + 1] = {} end\n", ATTACK_STOPPED, NULL },
    { 4, "deep recursion", ATTACK_COMMAND,
      "local function f(n) return 1 + f(n + 1) end return f(1)\n", ATTACK_REFUSED, NULL },
    { 4, "deep recursion in pcall", ATTACK_COMMAND,
      "local function f() pcall(f) return 1 + f() end while true do pcall(f) end\n", ATTACK_STOPPED,
      NULL },
    { 4, "tail calls", ATTACK_GUARD, "local function f() return f() end return f()\n",
      ATTACK_STOPPED, NULL },
    { 4, "coroutines", ATTACK_EFFECT,
      "local t = {} while true do local co = coroutine.create(function() coroutine.yield() end) "
      "coroutine.resume(co) t[#t + 1] = co end\n",
      ATTACK_STOPPED, NULL },
    { 4, "closures", ATTACK_COMMAND,
      "local t = {} while true do local a, b, c = {}, {}, {} t[#t + 1] = function() return a, b, c "
      "end end\n",
      ATTACK_STOPPED, NULL },
    { 4, "unpack", ATTACK_COMMAND,
      "local t = {} while true do t[#t + 1] = table.pack(table.unpack({}, 1, 10000)) end\n",
      ATTACK_STOPPED, NULL },
    { 4, "upvalues", ATTACK_COMMAND,
      "local f = function() end while true do local g = f f = function() return g end end\n",
      ATTACK_STOPPED, NULL },
    { 4, "handles", ATTACK_COMMAND,
      "local t = {} while true do t[#t + 1] = people.get(1) or people.find{} end\n", ATTACK_STOPPED,
      NULL },
    { 4, "buffers that errors leave behind", ATTACK_COMMAND,
      "local s = ('x'):rep(7000000) while true do pcall(json.encode, {a = s, b = print}) end\n",
      ATTACK_STOPPED, NULL },
    { 4, "collections that free nothing", ATTACK_COMMAND,
      "local t = {} pcall(function() while true do t[#t + 1] = {} end end) while true do "
      "pcall(string.rep, 'x', 8000000) end\n",
      ATTACK_STOPPED, NULL },
    { 4, "a gsub at the end of the memory", ATTACK_COMMAND,
      "local t = {} pcall(function() while true do t[#t + 1] = {} end end) t[#t] = nil while true "
      "do pcall(string.gsub, ('ab'):rep(1000), '%w', function(c) return {} and c .. 'x' end) end\n",
      ATTACK_STOPPED, NULL },
    { 4, "weak tables", ATTACK_COMMAND,
      "local t = setmetatable({}, {__mode = 'kv'}) for i = 1, 1e9 do t[{}] = {} t[i] = {} end\n",
      ATTACK_STOPPED, NULL },
    { 4, "ephemerons in a chain", ATTACK_COMMAND,
      "local t, k = setmetatable({}, {__mode = 'k'}), {} for i = 1, 1e9 do local n = {} t[k] = n k "
      "= n end\n",
      ATTACK_STOPPED, NULL },
    { 4, "interned texts", ATTACK_COMMAND, "local t = {} for i = 1, 1e9 do t['k' .. i] = i end\n",
      ATTACK_STOPPED, NULL },
    { 4, "a table of all sizes", ATTACK_COMMAND,
      "local t = {} for i = 1, 62 do t[1 << i] = i end return #t >= 0 and 'yes' or 'no'\n",
      ATTACK_HARMLESS, "yes" },
    { 4, "memory, with pcall around it", ATTACK_COMMAND,
      "pcall(function() local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end) "
      "local ok = pcall(string.rep, 'x', 20000000) return ok and 'there' or 'gone'\n",
      ATTACK_STOPPED, "out of memory" },
};

const struct attack_list attack_list_memory = { attacks, sizeof attacks / sizeof *attacks };
