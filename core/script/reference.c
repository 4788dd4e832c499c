/* The registration table for other programs (DESIGN 15): the names of the
 * environments for luacheck, stubs for the Lua language server. How a function
 * is called is read from its signature: "people.find{…} → array of handles". */
#include "script/script_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/memory.h"

enum { REFERENCE_PARAMS = 8, REFERENCE_WORD = 64, REFERENCE_NAMES = 512 };

/* What the sandbox has of Lua itself; a test holds this against a real environment. */
static const char *const reference_lua[] = {
    "_G",       "_VERSION", "assert", "collectgarbage", "error",  "getmetatable",
    "ipairs",   "load",     "next",   "pairs",          "pcall",  "print",
    "rawequal", "rawget",   "rawlen", "rawset",         "select", "setmetatable",
    "tonumber", "tostring", "type",   "xpcall",         NULL
};
/* Its libraries as Lua 5.4 defines them; string.dump is taken away. */
static const struct {
    const char *name;
    const char *const members[40];
} reference_libraries[] = {
    { "coroutine", { "create", "isyieldable", "resume", "running", "status", "wrap", "yield" } },
    { "math", { "abs", "acos",       "asin", "atan",      "ceil", "cos",    "deg",
                "exp", "floor",      "fmod", "huge",      "log",  "max",    "maxinteger",
                "min", "mininteger", "modf", "pi",        "rad",  "random", "randomseed",
                "sin", "sqrt",       "tan",  "tointeger", "type", "ult" } },
    { "string",
      { "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack",
        "packsize", "rep", "reverse", "sub", "unpack", "upper" } },
    { "table", { "concat", "insert", "move", "pack", "remove", "sort", "unpack" } },
    { "utf8", { "char", "charpattern", "codepoint", "codes", "len", "offset" } },
};
enum { REFERENCE_LIBRARIES = sizeof reference_libraries / sizeof *reference_libraries };

/* ---- signatures ---- */

struct signature {
    char prefix[REFERENCE_WORD]; /* "people.find", "r:advance", "describe", "expect:equals" */
    bool called;                 /* else a value */
    char params[REFERENCE_PARAMS][REFERENCE_WORD];
    const char *types[REFERENCE_PARAMS];
    size_t count;
    const char *gives; /* behind the arrow; "" */
};

/* Words that a parameter must not be called. */
static bool signature_reserved(const char *word)
{
    return !strcmp(word, "true") || !strcmp(word, "false") || !strcmp(word, "nil");
}

static bool signature_has(const struct signature *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->params[i], name))
            return true;
    return false;
}

/* One argument as it is written: a word, {…}, "a"|"b", function … end, … */
static void signature_param(struct signature *s, const char *text, size_t n)
{
    static const char dots[] = "…";
    const char *name = NULL, *type = "any";
    char word[REFERENCE_WORD];
    while (n && isspace((unsigned char)*text))
        text++, n--;
    if (n == 0 || s->count == REFERENCE_PARAMS)
        return;
    size_t length = 0;
    while (length < n && length + 1 < sizeof word &&
           (isalnum((unsigned char)text[length]) || text[length] == '_'))
        length++;
    memcpy(word, text, length);
    word[length] = '\0';
    if (!strncmp(text, dots, sizeof dots - 1))
        name = "...";
    else if (*text == '{')
        name = "options", type = "table";
    else if (!strcmp(word, "function") || !strcmp(word, "fn"))
        name = "fn", type = "function";
    else
        name = length && !signature_reserved(word) ? word : "value";
    snprintf(s->params[s->count], REFERENCE_WORD, "%.60s", name);
    for (int i = 2; strcmp(name, "...") != 0 && signature_has(s, s->params[s->count]); i++)
        snprintf(s->params[s->count], REFERENCE_WORD, "%.50s%d", name, i);
    s->types[s->count++] = type;
}

/* At "(": its arguments; behind the matching ")". Commas in braces and functions do not part. */
static const char *signature_params(struct signature *s, const char *text)
{
    int depth = 0, functions = 0;
    const char *from = text + 1;
    for (; *text; text++) {
        bool word = text[0] != '(' && (isalpha((unsigned char)text[0])) &&
                    !isalnum((unsigned char)text[-1]);
        functions += word && !strncmp(text, "function(", 9);
        functions -= word && !strncmp(text, "end", 3) && functions > 0;
        if (*text == '(' || *text == '{')
            depth++;
        else if (*text == ')' || *text == '}')
            depth--;
        if (depth == 0 || (depth == 1 && *text == ',' && !functions)) {
            signature_param(s, from, (size_t)(text - from));
            from = text + 1;
        }
        if (depth == 0)
            return text + 1;
    }
    return text;
}

static size_t signature_word(const char *text)
{
    size_t n = 0;
    while (text[n] && n + 1 < REFERENCE_WORD / 2 &&
           (isalnum((unsigned char)text[n]) || strchr("_.:", text[n])))
        n++;
    return n;
}

static void signature_read(const char *text, struct signature *s)
{
    *s = (struct signature){ .gives = "" };
    size_t n = signature_word(text);
    memcpy(s->prefix, text, n);
    const char *rest = text + n;
    if (*rest == '(') { /* expect(value):equals(…) is a method of what expect gives */
        struct signature ignored = { .gives = "" };
        const char *behind = signature_params(&ignored, rest);
        size_t more = *behind == ':' ? signature_word(behind) : 0;
        memcpy(s->prefix + n, behind, more);
        rest = more ? behind + more : rest;
    }
    if (*rest == '(') {
        s->called = true;
        rest = signature_params(s, rest);
    } else if (*rest == '{') {
        s->called = true;
        signature_param(s, "{", 1);
    }
    const char *arrow = strstr(rest, "→");
    if (arrow)
        s->gives = arrow + strlen("→") + strspn(arrow + strlen("→"), " ");
}

/* ---- luacheck ---- */

struct names {
    char at[REFERENCE_NAMES][REFERENCE_WORD];
    size_t count;
};

static void names_add(struct names *names, const char *word, size_t n)
{
    if (names->count == REFERENCE_NAMES || n == 0 || n >= REFERENCE_WORD)
        return;
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->at[i]) == n && !memcmp(names->at[i], word, n))
            return;
    memcpy(names->at[names->count], word, n);
    names->at[names->count++][n] = '\0';
}

static int names_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void luacheck_fields(struct buf *out, const char *table, struct names *names)
{
    size_t column = 0;
    qsort(names->at, names->count, sizeof *names->at, names_order);
    buf_printf(out, "    %s = { fields = {", table);
    for (size_t i = 0; i < names->count; i++) {
        if (column == 0 || column > 80) {
            buf_puts(out, "\n        ");
            column = 0;
        }
        size_t before = out->len;
        buf_printf(out, "%s\"%s\",", column ? " " : "", names->at[i]);
        column += out->len - before;
    }
    buf_puts(out, "\n    } },\n");
}

/* A table of functions in every environment; not what specs get, nor handles. */
static bool reference_is_module(const struct script_module *m)
{
    struct signature s;
    size_t n = strlen(m->name);
    signature_read(m->functions->signature, &s);
    return strcmp(m->name, "t") != 0 && !strncmp(s.prefix, m->name, n) && s.prefix[n] == '.';
}

/* The members of a module that are called as module.x. */
static void luacheck_module(struct buf *out, const struct script_module *m)
{
    struct names *names = mem_new(struct names);
    size_t n = strlen(m->name);
    for (const struct script_function *f = m->functions; f->name; f++) {
        struct signature s;
        signature_read(f->signature, &s);
        const char *member = s.prefix + n + 1;
        if (!strncmp(s.prefix, m->name, n) && s.prefix[n] == '.')
            names_add(names, member, strcspn(member, ".:"));
    }
    for (size_t i = 0; !strcmp(m->name, "baton") && script__modules[i]; i++)
        if (script__modules[i] != m && reference_is_module(script__modules[i]))
            names_add(names, script__modules[i]->name, strlen(script__modules[i]->name));
    if (names->count)
        luacheck_fields(out, m->name, names);
    mem_free(names);
}

/* The plain functions of one module: those of scripts, or of specs. */
static void luacheck_plain(struct buf *out, const char *module)
{
    for (size_t i = 0; script__modules[i]; i++)
        for (const struct script_function *f = script__modules[i]->functions;
             f->name && !strcmp(script__modules[i]->name, module); f++) {
            struct signature s;
            signature_read(f->signature, &s);
            if (!strpbrk(s.prefix, ".:"))
                buf_printf(out, "\"%s\", ", s.prefix);
        }
}

void script_luacheck(struct buf *out)
{
    buf_puts(out, "-- What baton gives to plugins, scripts and specs, for luacheck. Made from the "
                  "registration\n-- table by: baton reference --format luacheck\n"
                  "stds.baton = { read_globals = {\n    ");
    for (size_t i = 0; reference_lua[i]; i++)
        buf_printf(out, "%s\"%s\",", i == 0 ? "" : i % 10 ? " " : "\n    ", reference_lua[i]);
    buf_putc(out, '\n');
    for (size_t i = 0; i < REFERENCE_LIBRARIES; i++) {
        struct names *names = mem_new(struct names);
        for (const char *const *member = reference_libraries[i].members; *member; member++)
            names_add(names, *member, strlen(*member));
        luacheck_fields(out, reference_libraries[i].name, names);
        mem_free(names);
    }
    for (size_t i = 0; script__modules[i]; i++)
        if (reference_is_module(script__modules[i]))
            luacheck_module(out, script__modules[i]);
    buf_puts(out, "} }\nstds.baton_script = { read_globals = { \"arg\", ");
    luacheck_plain(out, "session");
    buf_puts(out, "} }\nstds.baton_spec = { read_globals = { \"expect\", ");
    luacheck_plain(out, "spec");
    buf_puts(out, "} }\nstd = \"baton\"\nmax_line_length = 130\n"
                  "files[\"**/spec/*.lua\"] = { std = \"+baton_spec\" }\n"
                  "files[\"**/scripts/*.lua\"] = { std = \"+baton_script\" }\n");
}

/* ---- LuaLS ---- */

/* "baton.Referral" of "referral" or "referrals"; "" of what is no entity. */
static void luals_class(const char *word, size_t n, struct buf *out)
{
    char name[REFERENCE_WORD];
    snprintf(name, sizeof name, "%.*s", (int)n, word);
    const struct schema *s = schema_named(name);
    buf_clear(out);
    if (s)
        buf_printf(out, "baton.%c%s", toupper((unsigned char)s->name[0]), s->name + 1);
}

/* The type that "→ array of handles", "→ text", "→ staff | nil" means. */
static void luals_type(const char *gives, const char *module, struct buf *out)
{
    struct buf class = BUF_INIT;
    bool array = !strncmp(gives, "array of ", 9);
    const char *word = gives + (array ? 9 : 0);
    if (!strcmp(gives, "array") && schema_named(module)) { /* people.find */
        array = true;
        word = "handle";
    }
    size_t n = strcspn(word, " ,;|");
    bool optional = strstr(word, "nil") != NULL;
    bool handle = !strncmp(word, "handle", 6);
    luals_class(handle ? module : word, handle ? strlen(module) : n, &class);
    const char *type = "any";
    if (class.len)
        type = buf_text(&class);
    else if (handle)
        type = "baton.Handle";
    else if (!strncmp(word, "number", 6) || !strncmp(word, "ms", 2))
        type = "number";
    else if (!strncmp(word, "text", 4) || (array && !strncmp(word, "names", 5)))
        type = "string";
    else if (!strncmp(word, "true", 4))
        type = "boolean", optional = false;
    else if (!strcmp(word, "r") || !strcmp(word, "h") || !strcmp(word, "t"))
        type = "self";
    else if (*word == '{' || array || !strncmp(word, "table", 5) || !strncmp(word, "array", 5))
        type = "table";
    buf_printf(out, "%s%s%s", type, array ? "[]" : "", optional ? "|nil" : "");
    buf_free(&class);
}

static void luals_comment(struct buf *out, const struct script_function *f)
{
    buf_printf(out, "\n---%s.\n---\n---    %s\n", f->help, f->signature);
    if (!f->example)
        return;
    buf_puts(out, "---```lua\n---");
    for (const char *c = f->example; *c; c++) {
        buf_putc(out, *c);
        if (*c == '\n')
            buf_puts(out, "---");
    }
    buf_puts(out, "\n---```\n");
}

/* `owner` is the table whose member it is: "people", or the class of a handle. */
static void luals_function(struct buf *out, const struct script_module *m,
                           const struct script_function *f)
{
    struct signature s;
    struct buf type = BUF_INIT, class = BUF_INIT;
    signature_read(f->signature, &s);
    luals_comment(out, f);
    if (*s.gives)
        luals_type(s.gives, m->name, &type);
    if (!s.called) {
        buf_printf(out, "%s = %s\n", strstr(s.prefix, ".NAME") ? "baton.settings" : s.prefix,
                   type.len || strstr(s.prefix, "settings") ? "{}" : "nil");
        goto out;
    }
    for (size_t i = 0; i < s.count; i++)
        buf_printf(out, "---@param %s%s %s\n", s.params[i], strcmp(s.params[i], "...") ? "?" : "",
                   s.types[i]);
    if (type.len)
        buf_printf(out, "---@return %s\n", buf_text(&type));
    const char *colon = strchr(s.prefix, ':');
    if (colon && !strchr(s.prefix, '.'))
        buf_printf(out, "function %c%s%s(", toupper((unsigned char)m->name[0]), m->name + 1, colon);
    else
        buf_printf(out, "function %s(", s.prefix);
    for (size_t i = 0; i < s.count; i++)
        buf_printf(out, "%s%s", i ? ", " : "", s.params[i]);
    buf_puts(out, ") end\n");
out:
    buf_free(&type);
    buf_free(&class);
}

static const char *luals_column(const struct column *c)
{
    if (c->type == COLUMN_TEXT || c->type == COLUMN_ANY)
        return "string";
    return c->type == COLUMN_BOOL ? "boolean" : "number";
}

/* A class for the handles of each entity, with its columns. */
static void luals_entity(struct buf *out, const struct schema *schema)
{
    struct buf class = BUF_INIT;
    luals_class(schema->name, strlen(schema->name), &class);
    buf_printf(out, "\n---@class %s: baton.Handle\n", buf_text(&class));
    for (size_t i = 0; i < schema->count; i++) {
        const struct column *c = &schema->columns[i];
        size_t n = strlen(c->name);
        buf_printf(out, "---@field %s %s|nil %s\n", c->name, luals_column(c), c->help);
        if (c->type != COLUMN_REF || n < 4)
            continue;
        struct buf other = BUF_INIT;
        const char *name = schema_of(c->ref)->name;
        luals_class(name, strlen(name), &other);
        buf_printf(out, "---@field %.*s %s|nil\n", (int)n - 3, c->name, buf_text(&other));
        buf_free(&other);
    }
    if (schema->entity == ENTITY_REFERRAL)
        buf_puts(out, "---@field open boolean\n---@field overdue boolean\n");
    buf_printf(out, "local %c%s = {}\n", toupper((unsigned char)schema->name[0]), schema->name + 1);
    buf_free(&class);
}

/* The table that a module's functions are members of. Those of handles were made already. */
static void luals_module(struct buf *out, const struct script_module *m)
{
    struct signature s;
    signature_read(m->functions->signature, &s);
    bool methods = strchr(s.prefix, ':') != NULL, plain = !strpbrk(s.prefix, ".:");
    int first = toupper((unsigned char)m->name[0]);
    if (!strcmp(m->name, "t"))
        buf_printf(out, "\n---%s.\n---@class baton.T\nlocal t = { clock = {} }\n", m->help);
    else if (methods && !schema_named(m->name) && strcmp(m->name, "handle") != 0)
        buf_printf(out, "\n---%s.\n---@class baton.%c%s\nlocal %c%s = {}\n", m->help, first,
                   m->name + 1, first, m->name + 1);
    else if (!methods && !plain)
        buf_printf(out, "\n---%s.\n%s = {}\n", m->help, m->name);
    if (!strcmp(m->name, "expect"))
        buf_puts(out, "\n---@return baton.Expect\nfunction expect(value) end\n");
    for (const struct script_function *f = m->functions; f->name; f++)
        luals_function(out, m, f);
}

void script_luals(struct buf *out)
{
    buf_puts(out, "---@meta\n-- The Lua modules of baton, for the Lua language server. Made from "
                  "the registration table by:\n-- baton reference --format luals\n\n"
                  "---@class baton.Handle\n---@field id integer\n---@field ref string \"R-12\"\n"
                  "---@field version integer\n---@field created_at_ms integer\n"
                  "---@field updated_at_ms integer\n---@field fields table<string, any>\n"
                  "local Handle = {}\n");
    for (int e = 1; e < ENTITY_END; e++)
        luals_entity(out, schema_of((enum entity)e));
    for (size_t i = 0; script__modules[i]; i++)
        if (script__modules[i]->functions->name)
            luals_module(out, script__modules[i]);
}
