/* messages.* — what goes out: rows of the outbox, delivered after the commit.
 *
 * Templates are declared by plugins and live in the Lua state, one table per
 * plugin in the registry. Rendering calls back into Lua for each name, and Lua's
 * errors must not jump over the renderer: each lookup is a protected call. */
#include "script/messages_internal.h"
#include "script/records_internal.h"
#include "script/template_internal.h"

#include "baton/base/text.h"
#include "baton/domain/outbox.h"

#include <string.h>

RECORDS_VERBS(messages, ENTITY_MESSAGE)

#define MESSAGES_TEMPLATES "baton.templates"

/* ---- declaring ---- */

/* Pushes the templates of a plugin ("" for sessions). */
static void messages_push_templates(lua_State *L, const char *plugin)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, MESSAGES_TEMPLATES);
    luaL_getsubtable(L, -1, plugin);
    lua_remove(L, -2);
}

static int messages_template(lua_State *L)
{
    size_t n;
    if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID,
                       "messages.template takes a name and a text: messages.template(\"hello\", "
                       "\"Dear {{name}}, …\")");
    lua_tolstring(L, 2, &n);
    if (!text_is_name(lua_tostring(L, 1)))
        script__raisef(L, ERROR_INVALID,
                       "messages.template: a name is made of a-z, 0-9 and _, got \"%.64s\"",
                       lua_tostring(L, 1));
    if (n > LIMIT_TEXT_BYTES)
        script__raisef(L, ERROR_LIMIT,
                       "messages.template: the text has %zu bytes, at most %d are allowed", n,
                       LIMIT_TEXT_BYTES);
    struct error e;
    if (template_check(lua_tostring(L, 2), &e) < 0)
        script__raisef(L, e.code, "messages.template \"%.64s\", %s of its text: %s",
                       lua_tostring(L, 1), e.where,
                       e.message + (strncmp(e.message, "template: ", 10) ? 0 : 10));
    const char *plugin = script__plugin_name(L);
    messages_push_templates(L, plugin ? plugin : "");
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_rawset(L, -3);
    return 0;
}

/* The names of all templates that are there, in the arena. */
static const char *const *messages_names(lua_State *L)
{
    enum { MANY = 256 };
    const char **names = arena_alloc(value__arena(L), (MANY + 1) * sizeof *names);
    size_t n = 0;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, MESSAGES_TEMPLATES);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            if (n < MANY)
                names[n++] = arena_dup(value__arena(L), lua_tostring(L, -2));
    lua_pop(L, 1);
    return names;
}

/* Of the plugin at work; a session finds those of all plugins. In the arena. */
static const char *messages_find_template(lua_State *L, const char *name)
{
    const char *plugin = script__plugin_name(L), *text = NULL;
    messages_push_templates(L, plugin ? plugin : "");
    if (lua_getfield(L, -1, name) == LUA_TSTRING)
        text = lua_tostring(L, -1);
    lua_pop(L, 2); /* the table keeps it alive */
    if (text || plugin)
        return text;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, MESSAGES_TEMPLATES);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_getfield(L, -1, name) == LUA_TSTRING && !text)
            text = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return text;
}

/* ---- sending ---- */

static const char *const send_options[] = { "to",      "template", "body",  "values",
                                            "subject", "channel",  "about", NULL };

/* An address, or somebody who has one: then *about is the person, "P-3". */
static const char *send_recipient(lua_State *L, int index, const char *what, const char **about)
{
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    const struct row *row;
    char ref[32];
    struct error e;
    lua_getfield(L, index, "to");
    bool found = script__is_handle(L, -1, &entity, &id);
    if (!found && lua_type(L, -1) != LUA_TSTRING)
        value__refuse(L, -1, what, "to",
                      "an address, or a person, partner, service or member of staff");
    const char *text = found ? NULL : arena_dup(value__arena(L), lua_tostring(L, -1));
    lua_pop(L, 1);
    if (text && (row_id_parse(text, &entity, &id) < 0 || entity == ENTITY_NONE))
        return text;
    int email = schema_column(schema_of(entity), "email");
    if (email < 0)
        script__raisef(L, ERROR_INVALID, "%s: a %s has no mail address: give to= an address", what,
                       schema_of(entity)->name);
    if (store_get(script__store(L), entity, id, &row, &e) < 0)
        script__raise(L, &e);
    row_id_format(entity, id, ref);
    if (row_is_null(row, email))
        script__raisef(L, ERROR_INVALID, "%s: %s has no mail address", what, ref);
    if (entity == ENTITY_PERSON)
        *about = arena_dup(value__arena(L), ref);
    return arena_dup(value__arena(L), row_text(row, email));
}

static void send_about(lua_State *L, int index, const char *what, enum entity *entity, int64_t *id)
{
    static const struct column about = { "about", COLUMN_ANY, 0, ENTITY_NONE, NULL, "" };
    if (*entity != ENTITY_NONE)
        return;
    lua_getfield(L, index, "about");
    struct value v = script__convert(L, -1, &about, what, "about");
    if (v.type == VALUE_TEXT)
        row_id_parse(v.s, entity, id);
    lua_pop(L, 1);
}

static struct value send_render(lua_State *L, const char *text, int values, enum entity entity,
                                int64_t id, const char *what)
{
    const char *out = template__render(L, text, values, entity, id, what);
    return value_text(out);
}

static void send_text(lua_State *L, int index, enum entity entity, int64_t id, const char *what,
                      struct records_input *in)
{
    const char *name = records__text(L, index, "template", what),
               *body = records__text(L, index, "body", what);
    const char *subject = records__text(L, index, "subject", what);
    if (!name == !body)
        script__raisef(L, ERROR_INVALID, "%s takes either template=\"name\" or body=\"text\"",
                       what);
    records__put(in, MESSAGE_SUBJECT, value_text(subject));
    if (body) {
        records__put(in, MESSAGE_BODY, value_text(body));
        return;
    }
    const char *text = messages_find_template(L, name);
    if (!text)
        script__unknown(L, what, "template", name, messages_names(L));
    if (lua_getfield(L, index, "values") != LUA_TNIL && !lua_istable(L, -1))
        value__refuse(L, -1, what, "values", "a table such as {name=\"Ada\"}");
    int values = lua_istable(L, -1) ? lua_gettop(L) : 0;
    records__put(in, MESSAGE_BODY, send_render(L, text, values, entity, id, what));
    if (subject)
        records__put(in, MESSAGE_SUBJECT, send_render(L, subject, values, entity, id, what));
    records__put(in, MESSAGE_TEMPLATE, value_text(name));
    lua_pop(L, 1);
}

int64_t messages__send(lua_State *L, int index, enum entity entity, int64_t about_id,
                       const char *what)
{
    char ref[32];
    const char *about = NULL;
    struct records_input in = { .count = 0 };
    if (!lua_istable(L, index))
        script__raisef(L, ERROR_INVALID, "%s takes a table: {to=\"a@example.org\", body=\"…\"}",
                       what);
    records__check_options(L, index, what, send_options);
    send_about(L, index, what, &entity, &about_id);
    const char *channel = records__text(L, index, "channel", what);
    records__put(&in, MESSAGE_CHANNEL, value_text(channel ? channel : "file"));
    records__put(&in, MESSAGE_RECIPIENT, value_text(send_recipient(L, index, what, &about)));
    if (entity != ENTITY_NONE) {
        row_id_format(entity, about_id, ref);
        about = arena_dup(value__arena(L), ref);
    }
    if (about)
        records__put(&in, MESSAGE_ABOUT, value_text(about));
    send_text(L, index, entity, about_id, what, &in);
    return records__write(L, ENTITY_MESSAGE, 0, &in);
}

static int messages_send(lua_State *L)
{
    script__push_handle(L, ENTITY_MESSAGE, messages__send(L, 1, ENTITY_NONE, 0, "messages.send"));
    return script__pause(L, 1);
}

static const struct script_function messages_functions[] = {
    RECORDS_ENTRIES(messages, "M", "status = \"waiting\"", "status", "{ waiting = 1 }"),
    { "send", messages_send,
      "messages.send{to=, template=|body=, values={…}, subject=, about=, channel=\"file\"} → "
      "message",
      "puts a message into the outbox; to is an address, or somebody who has one; about is the "
      "person it goes to unless given",
      "messages.send{ to = ada, subject = \"Monday\", body = \"The library expects you at 10.\", "
      "about = r }  --> M-2" },
    { "template", messages_template, "messages.template(name, text)",
      "declares a text with {{names}}: values, {{referral.title}}, {{subject.name}}, "
      "{{org.title}}; "
      "{{#if name}}…{{/if}}",
      "-- in init.lua\n"
      "messages.template(\"welcome\", \"Dear {{subject.name}}, {{#if day}}see you on "
      "{{day}}{{/if}}\")\n"
      "-- in a script\n"
      "messages.send{ to = ada, subject = \"Welcome\", template = \"welcome\", values = { day = "
      "\"Monday\" }, about = r }.body  --> \"Dear Ada Lovelace, see you on Monday\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__messages = { "messages", "what goes out: the outbox",
                                                messages_functions };
