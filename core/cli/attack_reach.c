/* Groups 6 and 9: what a plugin may reach of others, and of the machine.
 *
 * What one plugin does to its own copies, another does not see; tests/host/test_isolation_globals.c
 * looks for that from the outside. */
#include "cli/attack_internal.h"

static const struct attack attacks[] = {
    { 6, "the metatable of texts", ATTACK_COMMAND,
      "getmetatable('').__index = function() return 'leak' end\n", ATTACK_REFUSED, "boolean" },
    { 6, "the methods of texts", ATTACK_COMMAND,
      "string.leak = 1 string.rep = nil return tostring(('x').leak) .. ('x'):rep(2)\n",
      ATTACK_HARMLESS, "nilxx" },
    { 6, "rawset on the metatable of texts", ATTACK_COMMAND,
      "rawset(getmetatable(''), '__add', print)\n", ATTACK_REFUSED, "table expected" },
    { 6, "library tables", ATTACK_COMMAND,
      "table.insert = nil people.get = nil math.pi = 3 return 'own'\n", ATTACK_HARMLESS, "own" },
    { 6, "_G", ATTACK_COMMAND, "_ENV.leak = 1 rawset(_G, 'leak', 2) _G._G = 1 return 'own'\n",
      ATTACK_HARMLESS, "own" },
    { 6, "package.loaded", ATTACK_COMMAND,
      "return tostring(rawget(_G, 'package')) .. tostring(rawget(_G, 'require'))\n",
      ATTACK_HARMLESS, "nilnil" },
    { 6, "the registry", ATTACK_COMMAND, "return tostring(rawget(_G, 'debug'))\n", ATTACK_HARMLESS,
      "nil" },
    { 6, "the metatable of handles", ATTACK_COMMAND,
      "local p = people.find{limit = 1}[1] or referrals.find{limit = 1}[1] return type(p and "
      "getmetatable(p) or 'none')\n",
      ATTACK_HARMLESS, "string" },
    { 6, "another metatable for a handle", ATTACK_COMMAND,
      "setmetatable(people.find{limit = 1}[1] or referrals.find{limit = 1}[1] or baton.none, {})\n",
      ATTACK_REFUSED, "table expected" },
    { 6, "another metatable for settings", ATTACK_COMMAND, "setmetatable(baton.settings, {})\n",
      ATTACK_REFUSED, "protected" },
    { 6, "rawset on settings", ATTACK_COMMAND, "baton.settings.x = 1\n", ATTACK_REFUSED,
      "read-only" },
    { 6, "forged handles", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{{}, {id = 1, ref = 'P-1'}, setmetatable({id = 1}, {__index = "
      "function() return 1 end}), function() end, coroutine.create(print), baton.none, true} do if "
      "not pcall(people.get, v) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "7" },
    { 6, "a forged handle as self", ATTACK_COMMAND,
      "local r = referrals.find{limit = 1}[1] or people.find{limit = 1}[1] if not r then return "
      "'refused' end local n = 0 for _, v in ipairs{{}, 1, 'R-1', print, baton.none, "
      "coroutine.create(print)} do if not pcall(r.set, v, {}) and not pcall(r.history, v) then n = "
      "n + 1 end end return n == 6 and 'refused' or n\n",
      ATTACK_HARMLESS, "refused" },
    { 6, "metamethods of handles by hand", ATTACK_COMMAND,
      "local r = referrals.find{limit = 1}[1] if not r then return 'none' end local m = "
      "getmetatable(r) return type(m) == 'string' and 'none' or 'leak'\n",
      ATTACK_HARMLESS, "none" },
    { 6, "the iterator of fields with anything", ATTACK_COMMAND,
      "local r = referrals.find{limit = 1}[1] local f = r and pairs(r.fields) or next for _, v in "
      "ipairs{5, 'x', true, print, {}, coroutine.create(print)} do pcall(f, v) pcall(f, v, v) end "
      "return 'alive'\n",
      ATTACK_HARMLESS, "alive" },
    { 6, "ids beyond any", ATTACK_COMMAND,
      "local n = 0 for _, id in ipairs{0, -1, 1 << 62, math.mininteger, math.huge, 1.5, "
      "'P-99999999999999999999', 'Q-1', '\\0'} do local ok, v = pcall(people.get, id) if not ok "
      "or v == nil then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "9" },
    { 6, "the coroutine that runs", ATTACK_COMMAND, "return tostring(coroutine.running())\n",
      ATTACK_HARMLESS, "nil" },
    { 9, "os", ATTACK_COMMAND,
      "return tostring(rawget(_G, 'os')) .. tostring(rawget(_G, 'io')) .. tostring(rawget(_G, "
      "'debug'))\n",
      ATTACK_HARMLESS, "nilnilnil" },
    { 9, "os.exit", ATTACK_COMMAND, "os.exit(1)\n", ATTACK_REFUSED, "os" },
    { 9, "io.open", ATTACK_COMMAND, "io.open('/etc/passwd')\n", ATTACK_REFUSED, "io" },
    { 9, "warn", ATTACK_COMMAND, "warn('@on')\n", ATTACK_REFUSED, "warn" },
    { 9, "dofile, loadfile, require", ATTACK_COMMAND,
      "return tostring(rawget(_G, 'dofile')) .. tostring(rawget(_G, 'loadfile')) .. "
      "tostring(rawget(_G, 'require'))\n",
      ATTACK_HARMLESS, "nilnilnil" },
    { 9, "package.loadlib", ATTACK_COMMAND, "package.loadlib('libc.so.6', '*')\n", ATTACK_REFUSED,
      "package" },
    { 9, "require of bad paths", ATTACK_MAIN,
      "local n = 0 for _, name in ipairs{'../other/init', '/etc/passwd', './init', 'a.b', '..', "
      "'', 'INIT', 'a\\0b', 'a//b', 'a/', '.hidden', ('a'):rep(10000), '/proc/self/environ', "
      "'no_such_file'} do if not pcall(baton.require, name) then n = n + 1 end end error(n .. ' "
      "refused')\n",
      ATTACK_REFUSED, "14 refused" },
    { 9, "require of itself", ATTACK_MAIN, "baton.require('init')\n", ATTACK_REFUSED, NULL },
    { 9, "files from a plugin", ATTACK_COMMAND,
      "local n = 0 for _, f in ipairs{json.read, csv.read, text.lines} do for _, name in "
      "ipairs{'/etc/passwd', '../../baton.ini', 'org.db', '/proc/self/environ', '/proc/self/fd/0', "
      "'a\\0b'} do if not pcall(f, name) then n = n + 1 end end end return n\n",
      ATTACK_HARMLESS, "18" },
    { 9, "writing files from a plugin", ATTACK_COMMAND,
      "local n = 0 for _, name in ipairs{'/tmp/x', '../x', 'org.db', '/proc/self/mem'} do if not "
      "pcall(json.write, name, {}) and not pcall(csv.write, name, {}) then n = n + 1 end end "
      "return n\n",
      ATTACK_HARMLESS, "4" },
};

const struct attack_list attack_list_reach = { attacks, sizeof attacks / sizeof *attacks };
