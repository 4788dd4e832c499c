/* Completion at the prompt: what may follow before the cursor.
 *
 * The words before it are resolved without running anything but reads: names of
 * the environment, members of tables, columns and methods of handles, fields of
 * a workflow, keys in `referrals.find{`, transitions in `r:advance("`, words and
 * ids in other quotes. `referrals.get(1):` is known by the verb alone. */
#include "script/complete_internal.h"

#include "script/referrals_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { COMPLETE_IDS = 20 };

void complete__add(struct complete *c, const char *word)
{
    size_t n = c->cursor - c->begin;
    if (c->count == COMPLETE_WORDS || strncmp(word, c->line + c->begin, n) != 0)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->words[i], word))
            return;
    c->words[c->count++] = arena_dup(c->arena, word);
}

void complete__add_all(struct complete *c, const char *const *words)
{
    while (words && *words)
        complete__add(c, *words++);
}

static void complete_add_keys(struct complete *c, lua_State *L, int table)
{
    table = lua_absindex(L, table);
    bool all = c->begin < c->cursor; /* else those with _ in front are left out */
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING && (all || lua_tostring(L, -2)[0] != '_'))
            complete__add(c, lua_tostring(L, -2));
}

/* ---- reading the line backwards ---- */

static bool line_is_word(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_';
}

size_t complete__word_begin(const struct complete *c, size_t end)
{
    while (end > 0 && line_is_word(c->line[end - 1]))
        end--;
    return end;
}

size_t complete__skip_space(const struct complete *c, size_t end)
{
    while (end > 0 && isspace((unsigned char)c->line[end - 1]))
        end--;
    return end;
}

/* Where the bracket that is open at `end` stands, or SIZE_MAX. With `closed`, line[end - 1] closes
 * it. */
size_t complete__open_bracket(const struct complete *c, size_t end, bool closed)
{
    int depth = closed ? 0 : 1;
    while (end > 0) {
        char ch = c->line[--end];
        if (strchr(")}]", ch))
            depth++;
        else if (strchr("({[", ch) && --depth == 0)
            return end;
    }
    return SIZE_MAX;
}

/* In a string? Where its quote stands, or SIZE_MAX. */
static size_t line_open_quote(const struct complete *c)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < c->cursor; i++) {
        char ch = c->line[i];
        if (at != SIZE_MAX && ch == '\\')
            i++;
        else if (at != SIZE_MAX && ch == c->line[at])
            at = SIZE_MAX;
        else if (at == SIZE_MAX && (ch == '"' || ch == '\''))
            at = i;
    }
    return at;
}

static const char *line_copy(struct complete *c, const char *text, size_t n)
{
    return arena_dupn(c->arena, text, n);
}

const char *complete__word(struct complete *c, size_t begin, size_t end)
{
    return arena_dupn(c->arena, c->line + begin, end - begin);
}

/* ---- what an expression is ---- */

static enum entity target_of_verb(const char *module, const char *verb)
{
    static const char *const verbs[] = { "get", "first", "open", "add", NULL };
    const struct schema *s = schema_named(module);
    for (int i = 0; s && verbs[i]; i++)
        if (!strcmp(verbs[i], verb) && !strcmp(s->plural, module))
            return s->entity;
    return ENTITY_NONE;
}

/* The member `name` of the value on top, which it replaces; false leaves nothing. */
static bool target_step(lua_State *L, const char *name)
{
    enum entity entity;
    int64_t id;
    if (lua_istable(L, -1)) {
        lua_pushstring(L, name);
        lua_rawget(L, -2);
    } else if (script__is_handle(L, -1, &entity, &id) || handle__is_fields(L, -1, &entity, &id)) {
        lua_pushstring(L, name);
        lua_gettable(L, -2); /* our own metatable: reads only; an error ends the completion */
    } else {
        lua_pop(L, 1);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

/* The call whose closing bracket is at end - 1: `referrals.get(1)`. */
static struct complete_target target_of_call(struct complete *c, size_t end)
{
    struct complete_target t = { ENTITY_NONE, false };
    size_t open = complete__open_bracket(c, end, true);
    if (open == SIZE_MAX)
        return t;
    size_t verb = complete__word_begin(c, open);
    if (verb == open || verb == 0 || c->line[verb - 1] != '.')
        return t;
    size_t module = complete__word_begin(c, verb - 1);
    t.entity = target_of_verb(complete__word(c, module, verb - 1), complete__word(c, verb, open));
    t.found = t.entity != ENTITY_NONE;
    return t;
}

/* The expression that ends at `end`. */
struct complete_target complete__target(struct complete *c, lua_State *L, size_t end)
{
    struct complete_target t = { ENTITY_NONE, false };
    if (end > 0 && (c->line[end - 1] == ')' || c->line[end - 1] == '}'))
        return target_of_call(c, end);
    size_t begin = complete__word_begin(c, end);
    if (begin == end)
        return t;
    if (begin == 0 || c->line[begin - 1] != '.') {
        session__push_env(L, c->session);
        lua_pushstring(L, complete__word(c, begin, end));
        lua_rawget(L, -2);
        lua_remove(L, -2);
        t.found = true;
        return t;
    }
    luaL_checkstack(L, 6, "completion");
    t = complete__target(c, L, begin - 1);
    if (t.found && t.entity == ENTITY_NONE)
        t.found = target_step(L, complete__word(c, begin, end));
    else
        t.found = false;
    return t;
}

/* ---- candidates ---- */

static void candidates_fields(struct complete *c, lua_State *L, enum entity entity, int64_t id)
{
    const struct row *row;
    struct domain *d = script__domain(L);
    if (store_get(script__store(L), entity, id, &row, NULL) == 0)
        complete__add_all(c, fields__names(L, entity, fields__graph(d, row)));
}

static void candidates_methods(struct complete *c, enum entity entity)
{
    const char *names[64];
    size_t n = handle__methods(entity, names, 64);
    for (size_t i = 0; i < n && i < 64; i++)
        complete__add(c, names[i]);
}

/* Where nothing is typed yet: what people read, the most telling first. */
bool complete__is_inner(const char *key)
{
    static const char *const inner[] = { "wake_at_ms",  "wake_step",  "workflow_version",
                                         "stage_at_ms", "send_at_ms", NULL };
    size_t n = strlen(key);
    for (size_t i = 0; inner[i]; i++)
        if (!strcmp(inner[i], key))
            return true;
    return n > 3 && !strcmp(key + n - 3, "_id") && strcmp(key, "external_id") != 0;
}

static void candidates_columns(struct complete *c, lua_State *L, enum entity entity)
{
    const char *const *keys = handle__keys(L, entity);
    const struct schema *s = schema_of(entity);
    bool all = c->begin < c->cursor;
    c->ordered = true;
    for (size_t i = 0; i < s->count; i++) {
        const char *name = s->columns[i].name;
        size_t n = strlen(name);
        if (s->columns[i].type == COLUMN_REF && n > 3)
            complete__add(c, line_copy(c, name, n - 3));
        if (all || !complete__is_inner(name))
            complete__add(c, name);
    }
    for (; *keys; keys++)
        if (all || !complete__is_inner(*keys))
            complete__add(c, *keys);
}

static void candidates_members(struct complete *c, lua_State *L, size_t end, bool method)
{
    int64_t id = 0;
    enum entity entity;
    struct complete_target t = complete__target(c, L, end);
    if (!t.found)
        return;
    bool handle = t.entity != ENTITY_NONE;
    entity = t.entity;
    if (!handle)
        handle = script__is_handle(L, -1, &entity, &id);
    if (handle && method)
        candidates_methods(c, entity);
    else if (handle)
        candidates_columns(c, L, entity);
    else if (handle__is_fields(L, -1, &entity, &id))
        candidates_fields(c, L, entity, id);
    else if (lua_istable(L, -1))
        complete_add_keys(c, L, -1);
    else if (lua_type(L, -1) == LUA_TSTRING && luaL_getmetafield(L, -1, "__index") == LUA_TTABLE)
        complete_add_keys(c, L, -1);
}

/* The entity whose columns are the keys in the table that is open at `end`: referrals.find{… */
static enum entity candidates_table_of(struct complete *c, size_t end, bool *finding)
{
    static const char *const finders[] = { "find", "first", "each", "count", NULL };
    size_t open = complete__open_bracket(c, end, false);
    if (open == SIZE_MAX || c->line[open] != '{')
        return ENTITY_NONE;
    size_t verb_end = complete__skip_space(c, open);
    verb_end -= verb_end > 0 && c->line[verb_end - 1] == '(';
    size_t verb = complete__word_begin(c, verb_end);
    if (verb == verb_end || verb == 0 || c->line[verb - 1] != '.')
        return ENTITY_NONE;
    size_t module = complete__word_begin(c, verb - 1);
    const char *word = complete__word(c, verb, verb_end);
    const struct schema *s = schema_named(complete__word(c, module, verb - 1));
    *finding = false;
    for (int i = 0; finders[i]; i++)
        *finding = *finding || !strcmp(finders[i], word);
    bool writing = !strcmp(word, "add") || !strcmp(word, "open");
    return s && (*finding || writing) ? s->entity : ENTITY_NONE;
}

static bool candidates_table_keys(struct complete *c)
{
    static const char *const words[] = { "limit", "after", "order", "fields", "id", NULL };
    static const char *const opens[] = { "open", "overdue", NULL };
    bool finding;
    size_t before = complete__skip_space(c, c->begin);
    if (!before || !strchr("{,", c->line[before - 1]))
        return false;
    enum entity entity = candidates_table_of(c, before, &finding);
    if (entity == ENTITY_NONE)
        return false;
    const struct schema *s = schema_of(entity);
    for (size_t i = 0; i < s->count; i++)
        if (finding || !(s->columns[i].flags & COLUMN_ENGINE) ||
            !strcmp(s->columns[i].name, "workflow"))
            complete__add_column(c, &s->columns[i]);
    complete__add_all(c, finding ? words : (const char *const[]){ "fields", NULL });
    if (finding && (entity == ENTITY_REFERRAL || entity == ENTITY_TASK))
        complete__add_all(c, opens);
    return true;
}

static void candidates_names(struct complete *c, lua_State *L)
{
    static const char *const words[] = { "and",   "break", "do",       "else",   "elseif", "end",
                                         "false", "for",   "function", "if",     "in",     "local",
                                         "nil",   "not",   "or",       "repeat", "return", "then",
                                         "true",  "until", "while",    NULL };
    session__push_env(L, c->session);
    complete_add_keys(c, L, -1);
    lua_pop(L, 1);
    if (c->begin < c->cursor)
        complete__add_all(c, words);
}

/* ---- in quotes ---- */

/* r:advance("…: the transitions that are possible. */
static bool quoted_transitions(struct complete *c, lua_State *L, size_t end)
{
    const char *names[LIMIT_TRANSITIONS];
    enum entity entity;
    int64_t id;
    const struct row *row;
    if (!end || c->line[end - 1] != '(')
        return false;
    size_t verb_end = complete__skip_space(c, end - 1), verb = complete__word_begin(c, verb_end);
    const char *word = complete__word(c, verb, verb_end);
    if (!verb || c->line[verb - 1] != ':' || (strcmp(word, "advance") && strcmp(word, "can")))
        return false;
    struct complete_target t = complete__target(c, L, verb - 1);
    if (!t.found || t.entity != ENTITY_NONE || !script__is_handle(L, -1, &entity, &id) ||
        entity != ENTITY_REFERRAL || store_get(script__store(L), entity, id, &row, NULL) < 0)
        return true;
    size_t n = referrals__possible(L, row, names, LIMIT_TRANSITIONS);
    for (size_t i = 0; i < n; i++)
        complete__add(c, names[i]);
    return true;
}

static void quoted_stages(struct complete *c, const struct domain *d)
{
    for (size_t i = 0; i < domain_graph_count(d); i++) {
        const struct graph *g = domain_graph_at(d, i);
        for (size_t k = 0; k < graph_stage_count(g); k++)
            complete__add(c, graph_stage(g, (int)k)->name);
    }
}

/* stage="…, priority="…: the words that the column takes. */
static bool quoted_words(struct complete *c, lua_State *L, size_t end)
{
    const struct domain *d = script__domain(L);
    if (!end || c->line[end - 1] != '=')
        return false;
    size_t key_end = complete__skip_space(c, end - 1), key = complete__word_begin(c, key_end);
    const char *word = complete__word(c, key, key_end);
    size_t before = c->count;
    for (size_t i = 0; !strcmp(word, "workflow") && i < domain_graph_count(d); i++)
        complete__add(c, graph_name(domain_graph_at(d, i)));
    if (!strcmp(word, "stage"))
        quoted_stages(c, d);
    if (!strcmp(word, "order"))
        complete__add_all(c, (const char *const[]){ "newest", "oldest", NULL });
    for (int e = ENTITY_NONE + 1; e < ENTITY_END; e++) {
        const struct schema *s = schema_of((enum entity)e);
        int column = schema_column(s, word);
        if (column >= 0)
            complete__add_all(c, s->columns[column].values);
    }
    return c->count > before;
}

/* "R-1", … as far as they exist. */
static void quoted_ids(struct complete *c, lua_State *L)
{
    const char *word = complete__word(c, c->begin, c->cursor), *digits = word + 2;
    char ref[32];
    const struct schema *s = word[0] ? schema_lettered(word[0]) : NULL;
    if (!s || word[0] != s->letter || word[1] != '-' || strlen(word) > 16 ||
        strspn(digits, "0123456789") != strlen(digits))
        return;
    int64_t base = atoll(digits), span = 1;
    for (size_t found = 0; span <= 10000 && found < COMPLETE_IDS; span *= 10) {
        if (base == 0 && span > 1)
            return;
        int64_t from = base ? base * span : 1, to = base ? from + span : 10;
        for (int64_t id = from; id < to && id < from + COMPLETE_IDS && found < COMPLETE_IDS; id++) {
            if (!store_has(script__store(L), s->entity, id))
                continue;
            row_id_format(s->entity, id, ref);
            complete__add(c, ref);
            found++;
        }
    }
}

static void complete_quoted(struct complete *c, lua_State *L, size_t quote)
{
    size_t end = complete__skip_space(c, quote);
    c->begin = quote + 1;
    c->quote = c->line[quote];
    if (!complete__topics(c) && !quoted_transitions(c, L, end) &&
        !complete__option_words(c, L, end) && !quoted_words(c, L, end))
        quoted_ids(c, L);
}

/* ---- the whole ---- */

static int complete_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void complete_find(struct complete *c, lua_State *L)
{
    size_t quote = line_open_quote(c);
    if (quote != SIZE_MAX) {
        complete_quoted(c, L, quote);
        return;
    }
    if (complete__topics(c))
        return;
    char before = c->begin ? c->line[c->begin - 1] : ' ';
    bool concat = c->begin > 1 && before == '.' && c->line[c->begin - 2] == '.';
    if ((before == '.' && !concat) || before == ':')
        candidates_members(c, L, c->begin - 1, before == ':');
    else if (!complete__option_keys(c, L) && !candidates_table_keys(c))
        candidates_names(c, L);
}

static int complete_run(lua_State *L)
{
    struct complete *c = lua_touserdata(L, 1);
    complete_find(c, L);
    if (!c->ordered)
        qsort(c->words, c->count, sizeof *c->words, complete_compare);
    if (c->quote && c->count == 1 && c->line[c->cursor] != c->quote) /* the only one: it ends */
        c->words[0] = arena_printf(c->arena, "%s%c", c->words[0], c->quote);
    for (size_t i = 0; i < c->count; i++)
        c->each(c->context, c->words[i]);
    return 0;
}

size_t session_complete(struct session *s, const char *line, size_t cursor, session_each_word each,
                        void *context)
{
    struct complete c = { .session = s, .line = line, .each = each, .context = context };
    struct script_frame frame = { .session = s,
                                  .actor = &s->actor,
                                  .what = "completion",
                                  .budget_ms = LIMIT_CALL_MS,
                                  .read_only = true };
    struct error ignored; /* an expression that cannot be read has no completion */
    lua_State *L = script__main(s->script);
    size_t n = strlen(line);
    c.cursor = cursor < n ? cursor : n;
    c.begin = complete__word_begin(&c, c.cursor);
    c.arena = script__arena(s->script);
    if (!lua_checkstack(L, LUA_MINSTACK))
        return c.begin;
    lua_pushcfunction(L, complete_run);
    lua_pushlightuserdata(L, &c);
    script__call(L, &frame, 1, 0, &ignored);
    return c.begin;
}
