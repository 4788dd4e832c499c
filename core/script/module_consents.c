/* consents.* — who agreed to what, for which purpose. */
#include "script/records_internal.h"

#include <string.h>

RECORDS_VERBS(consents, ENTITY_CONSENT)

/* A consent that is recorded without a status was given. */
static int consents_add(lua_State *L)
{
    struct records_input in;
    records__read(L, 1, ENTITY_CONSENT, NULL, "consents.add", NULL, &in);
    if (!records__get(&in, CONSENT_STATUS))
        records__put(&in, CONSENT_STATUS, value_text("given"));
    script__push_handle(L, ENTITY_CONSENT, records__write(L, ENTITY_CONSENT, 0, &in));
    return script__pause(L, 1);
}

static int consents_holds(lua_State *L)
{
    struct error e;
    bool holds = false;
    int64_t person = script__check_id(L, 1, ENTITY_PERSON);
    if (lua_type(L, 2) != LUA_TSTRING)
        script__raisef(
            L, ERROR_INVALID,
            "consents.holds takes a person and a purpose: consents.holds(p, \"evaluation\")");
    if (domain_consent_holds(script__domain(L), person, lua_tostring(L, 2), &holds, &e) < 0)
        script__raise(L, &e);
    lua_pushboolean(L, holds);
    return 1;
}

static const struct script_function consents_functions[] = {
    RECORDS_ENTRIES(consents, "C", "person = ada", "purpose", "{ disclosure = 1 }"),
    { "add", consents_add,
      "consents.add{person=, purpose=, status=\"given\", given_at_ms=, expires=, scope=, how=} → "
      "handle",
      "records that a person gave, refused or withdrew a consent",
      "consents.add{ person = ada, purpose = \"evaluation\", how = \"by phone\", expires = \"1 "
      "year\" }  --> C-2" },
    { "holds", consents_holds, "consents.holds(person, purpose) → true or false",
      "is there a consent that holds now?",
      "consents.holds(ada, \"disclosure\")  --> true\n"
      "consents.holds(ada, \"evaluation\")  --> false" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__consents = { "consents", "who agreed to what, for which purpose",
                                                consents_functions };
