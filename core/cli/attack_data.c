/* Group 7: data that breaks what reads it.
 *
 * Values are bound to statements and never put into their text; a template is read once, and a
 * value in it is not read again; cells of a CSV that a spreadsheet would run get a quote mark in
 * front (tests/base/test_csv.c). */
#include "cli/attack_internal.h"

static const struct attack attacks[] = {
    { 7, "a table that holds itself", ATTACK_COMMAND,
      "local t = {} t.t = t return json.encode(t)\n", ATTACK_REFUSED, "itself" },
    { 7, "nested too deep", ATTACK_COMMAND,
      "local t = {} for i = 1, 1000 do t = {t} end return json.encode(t)\n", ATTACK_REFUSED,
      "deeper" },
    { 7, "a billion values in thirty tables", ATTACK_COMMAND,
      "local t = {'x'} for i = 1, 30 do t = {t, t} end return json.encode(t)\n", ATTACK_REFUSED,
      "8 MB" },
    { 7, "the same, as a result", ATTACK_REPORT,
      "local t = {'x'} for i = 1, 30 do t = {t, t} end return t\n", ATTACK_REFUSED, "8 MB" },
    { 7, "the same, as an event", ATTACK_EFFECT,
      "local t = {'x'} for i = 1, 30 do t = {t, t} end baton.emit('my.thing', {t = t})\n",
      ATTACK_REFUSED, NULL },
    { 7, "the same, printed", ATTACK_SESSION,
      "t = {'x'} for i = 1, 30 do t = {t, t} end return t\n", ATTACK_HARMLESS, NULL },
    { 7, "text of many megabytes", ATTACK_COMMAND, "return json.encode(('x'):rep(20000000))\n",
      ATTACK_REFUSED, "8 MB" },
    { 7, "JSON of many megabytes", ATTACK_COMMAND,
      "return json.decode('[' .. ('1,'):rep(10000000) .. '1]')\n", ATTACK_REFUSED, "at most" },
    { 7, "JSON nested too deep", ATTACK_COMMAND, "return json.decode(('['):rep(100000))\n",
      ATTACK_REFUSED, "nested" },
    { 7, "JSON that repeats a member", ATTACK_COMMAND,
      "return json.decode('{\\\"a\\\":1,\\\"a\\\":2}')\n", ATTACK_REFUSED, "a" },
    { 7, "numbers that are none", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{0/0, math.huge, -math.huge} do if not pcall(json.encode, v) "
      "then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "3" },
    { 7, "-0 and 2^63", ATTACK_COMMAND,
      "return json.encode{-0.0, 2^63, math.mininteger, math.maxinteger}\n", ATTACK_HARMLESS,
      "-9223372036854775808" },
    { 7, "text that is not UTF-8", ATTACK_COMMAND,
      "local n = 0 for _, s in ipairs{'\\xff', '\\xc0\\x80', '\\xed\\xa0\\x80', "
      "'\\xf8\\x88\\x80\\x80\\x80', 'a\\xe2\\x82'} do if not pcall(json.encode, s) "
      "and not pcall(json.encode, {[s] = 1}) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "5" },
    { 7, "NUL in a key", ATTACK_COMMAND, "return json.encode{['a\\0b'] = 1}\n", ATTACK_REFUSED,
      "UTF-8" },
    { 7, "keys of mixed types", ATTACK_COMMAND,
      "local n = 0 for _, t in ipairs{{1, a = 2}, {[1.5] = 1}, {[true] = 1}, {[print] = 1}, {[-1] "
      "= 1}, {[3] = 1}, {[math.maxinteger] = 1}} do if not pcall(json.encode, t) then n = n + 1 "
      "end end return n\n",
      ATTACK_HARMLESS, "7" },
    { 7, "functions and threads as values", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{print, coroutine.create(print), {print}, {a = {b = print}}} "
      "do if not pcall(json.encode, v) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "4" },
    { 7, "fields of every type", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{0/0, {}, print, '\\xff', ('x'):rep(1000000), {{{}}}} do if "
      "not pcall(people.add, {name = v}) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "6" },
    { 7, "unknown columns", ATTACK_COMMAND, "return people.add{nmae = 'x'}\n", ATTACK_REFUSED,
      "name" },
    { 7, "names that are SQL", ATTACK_COMMAND,
      "return people.count{name = \"' OR 1=1; DROP TABLE person; --\"}\n", ATTACK_HARMLESS, "0" },
    { 7, "columns that are SQL", ATTACK_COMMAND, "return people.count{['name = 1; --'] = 1}\n",
      ATTACK_REFUSED, "unknown" },
    { 7, "a search of many words", ATTACK_COMMAND,
      "while true do pcall(people.search, ('a '):rep(10000)) pcall(people.search, '\\\"') "
      "pcall(people.search, 'a* NEAR( ^ :') end\n",
      ATTACK_STOPPED, NULL },
    { 7, "limits beyond any", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{-1, 1001, 1e9, math.huge, 0/0, 'x', {}} do if not "
      "pcall(people.find, {limit = v}) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, "7" },
    { 7, "CSV cells without an end", ATTACK_COMMAND,
      "return #csv.parse('a\\n\\\"' .. ('x'):rep(5000000))\n", ATTACK_REFUSED, NULL },
    { 7, "CSV of many columns", ATTACK_COMMAND, "return #csv.parse((','):rep(100000))\n",
      ATTACK_REFUSED, NULL },
    { 7, "CSV again and again", ATTACK_COMMAND,
      "local s = ('a,b,c\\n'):rep(50000) while true do csv.parse(s) end\n", ATTACK_STOPPED, NULL },
    { 7, "options of csv", ATTACK_COMMAND,
      "local n = 0 for _, v in ipairs{'', 'ab', '\\\"', '\\n', 1, {}} do if not pcall(csv.parse, "
      "'a', {separator = v}) then n = n + 1 end end return n\n",
      ATTACK_HARMLESS, NULL },
};

const struct attack_list attack_list_data = { attacks, sizeof attacks / sizeof *attacks };
