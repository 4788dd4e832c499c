/* Group 5: source, the compiler, and how deep things nest.
 *
 * Most end in a message of Lua's; what would be long is stopped between two pieces of the source.
 */
#include "cli/attack_internal.h"

static const struct attack attacks[] = {
    { 5, "bytecode", ATTACK_MAIN, "assert(load('\\27Lua' .. ('x'):rep(100)))\n", ATTACK_REFUSED,
      "binary" },
    { 5, "bytecode from a reader", ATTACK_COMMAND,
      "local n = 0 return tostring(select(2, load(function() n = n + 1 return n == 1 and "
      "'\\27Lua' or nil end)))\n",
      ATTACK_HARMLESS, "binary" },
    { 5, "bytecode by mode", ATTACK_COMMAND,
      "return tostring(select(2, load('\\27Lua', 'x', 'b')))\n", ATTACK_HARMLESS, "binary" },
    { 5, "string.dump", ATTACK_COMMAND, "return string.dump(function() end)\n", ATTACK_REFUSED,
      "dump" },
    { 5, "_ENV <const>", ATTACK_COMMAND,
      "local f = assert(load('local _ENV <const> = 1; x = 2 return y')) return "
      "tostring(pcall(f))\n",
      ATTACK_HARMLESS, "false" },
    { 5, "goto into a nested scope", ATTACK_MAIN, "assert(load('goto inside do ::inside:: end'))\n",
      ATTACK_REFUSED, "inside" },
    { 5, "goto into the scope of a local", ATTACK_MAIN,
      "assert(load('do goto later local x ::later:: print(x) end'))\n", ATTACK_REFUSED, "local" },
    { 5, "255 upvalues and more", ATTACK_COMMAND,
      "local t = {} for i = 1, 190 do t[i] = 'local a' .. i end local u = {} for i = 1, 190 do "
      "u[i] = 'a' .. i end local s = table.concat(t, ' ') .. ' return function() local function "
      "f() local ' .. table.concat(t, ' '):gsub('local a', 'b'):gsub(' ', ',') .. ' return "
      "function() return ' .. table.concat(u, '+') .. '+' .. table.concat(u, '+'):gsub('a', 'b') "
      ".. ' end end end' return tostring(select(2, load(s)))\n",
      ATTACK_HARMLESS, "upvalues" },
    { 5, "300 locals", ATTACK_COMMAND, "return tostring(select(2, load(('local a '):rep(300))))\n",
      ATTACK_HARMLESS, "local variables" },
    { 5, "source of 10 MB", ATTACK_COMMAND,
      "return tostring(select(2, pcall(load, ('x = 1 '):rep(1700000))))\n", ATTACK_HARMLESS,
      "longer than" },
    { 5, "source of 10 MB from a reader", ATTACK_COMMAND,
      "return tostring(select(2, load(function() return ('x = 1 '):rep(1000) end)))\n",
      ATTACK_HARMLESS, "longer than" },
    { 5, "a reader without an end", ATTACK_COMMAND,
      "return load(function() while true do end end)\n", ATTACK_STOPPED, NULL },
    { 5, "a reader that is a C function", ATTACK_COMMAND,
      "while true do load(coroutine.wrap(function() while true do coroutine.yield(' ') end end)) "
      "end\n",
      ATTACK_STOPPED, NULL },
    { 5, "elseif after elseif", ATTACK_COMMAND,
      "return load('if a then ' .. ('elseif a then '):rep(70000) .. 'end')\n", ATTACK_STOPPED,
      NULL },
    { 5, "names through nested functions", ATTACK_COMMAND,
      "local t = {} for d = 1, 60 do local n = {} for i = 1, 190 do n[i] = 'v' .. d .. '_' .. i "
      "end t[#t + 1] = 'local f = function() local ' .. table.concat(n, ',') end t[#t + 1] = ('x=y "
      "'):rep(150000) .. ('end '):rep(60) return load(table.concat(t, ' '))\n",
      ATTACK_STOPPED, NULL },
    { 5, "goto after goto", ATTACK_COMMAND,
      "while true do load(('goto x '):rep(8000) .. '::x::') end\n", ATTACK_STOPPED, NULL },
    { 5, "labels", ATTACK_COMMAND,
      "local t = {} for i = 1, 30000 do t[i] = '::a' .. i .. '::' end local s = table.concat(t) "
      "while true do load(s) end\n",
      ATTACK_STOPPED, NULL },
    { 5, "nested parentheses", ATTACK_COMMAND,
      "return tostring(select(2, load('return ' .. ('('):rep(100000) .. '1')))\n", ATTACK_HARMLESS,
      "overflow" },
    { 5, "nested tables", ATTACK_COMMAND,
      "return tostring(select(2, load('return ' .. ('{'):rep(100000))))\n", ATTACK_HARMLESS,
      "overflow" },
    { 5, "nested functions", ATTACK_COMMAND,
      "return tostring(select(2, load(('return function() '):rep(10000))))\n", ATTACK_HARMLESS,
      "overflow" },
    { 5, "concatenation of ten thousand", ATTACK_COMMAND,
      "return tostring(select(2, load('return ' .. ('a..'):rep(10000) .. 'a')))\n", ATTACK_HARMLESS,
      "overflow" },
    { 5, "an error in the handler of an error", ATTACK_COMMAND,
      "return tostring(xpcall(error, function() error('again') end))\n", ATTACK_HARMLESS, "false" },
    { 5, "handlers without an end", ATTACK_COMMAND,
      "local function h(e) return xpcall(error, h, e) end return tostring(xpcall(error, h))\n",
      ATTACK_HARMLESS, NULL },
    { 5, "a handler that loops", ATTACK_GUARD, "xpcall(error, function() while true do end end)\n",
      ATTACK_STOPPED, NULL },
    { 5, "tostring of itself", ATTACK_COMMAND,
      "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) return tostring(x) "
      "end return tostring(t)\n",
      ATTACK_REFUSED, "overflow" },
    { 5, "__index of itself", ATTACK_COMMAND,
      "local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x\n", ATTACK_REFUSED,
      "loop" },
    { 5, "nested coroutines", ATTACK_COMMAND,
      "local function f() return coroutine.wrap(f)() end return f()\n", ATTACK_REFUSED, NULL },
    { 5, "nested gsub", ATTACK_COMMAND,
      "local function f(c) return (c:gsub('.', f)) end return f('a')\n", ATTACK_REFUSED,
      "overflow" },
    { 5, "nested sort", ATTACK_COMMAND,
      "local function f() table.sort({2, 1}, f) return true end return f()\n", ATTACK_REFUSED,
      "overflow" },
    { 5, "nested pcall", ATTACK_COMMAND,
      "local function f() return pcall(f) end return tostring(f())\n", ATTACK_HARMLESS, NULL },
    { 5, "nested load", ATTACK_COMMAND,
      "local function f() return load(function() return f() end) end return tostring(f())\n",
      ATTACK_HARMLESS, NULL },
    { 5, "metamethods in a chain", ATTACK_COMMAND,
      "local m = {} m.__add = function(a, b) return a + b end local t = setmetatable({}, m) return "
      "t + 1\n",
      ATTACK_REFUSED, "overflow" },
    { 5, "a close handler without an end", ATTACK_COMMAND,
      "local t <close> = setmetatable({}, {__close = function() while true do end end}) "
      "error('x')\n",
      ATTACK_STOPPED, NULL },
    { 5, "a close handler that errs", ATTACK_COMMAND,
      "local t <close> = setmetatable({}, {__close = function() error('closing') end}) "
      "error('x')\n",
      ATTACK_REFUSED, NULL },
    { 5, "__gc", ATTACK_COMMAND, "setmetatable({}, {__gc = function() while true do end end})\n",
      ATTACK_REFUSED, "__gc" },
    { 5, "__gc that is added later", ATTACK_COMMAND,
      "local m = {} setmetatable({}, m) m.__gc = function() while true do end end for i = 1, "
      "100000 do local t = {} end return 'quiet'\n",
      ATTACK_HARMLESS, "quiet" },
};

const struct attack_list attack_list_source = { attacks, sizeof attacks / sizeof *attacks };
