/* referrals.* — the one thing that workflows move. */
#include "baton/domain/advance.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"

#include <string.h>

RECORDS_VERBS(referrals, ENTITY_REFERRAL)

static int64_t open_parent(lua_State *L, int index)
{
    static const char *const keys[] = { "parent", "parent_id" };
    int64_t id = 0;
    for (size_t i = 0; i < 2; i++) {
        lua_getfield(L, index, keys[i]);
        if (!value__is_null(L, -1))
            id = script__check_id(L, -1, ENTITY_REFERRAL);
        lua_pop(L, 1);
    }
    return id;
}

int64_t referrals__open(lua_State *L, int index, int64_t parent_id, const char *what)
{
    static const char *const also[] = { "workflow", "parent", "parent_id", NULL };
    struct domain *d = script__domain(L);
    struct records_input in;
    struct script_write w;
    struct error e;
    const struct row *row = NULL;
    const struct graph *graph;
    if (!lua_istable(L, index))
        script__raisef(L, ERROR_INVALID, "%s takes a table: %s{workflow=\"…\", title=\"…\"}", what,
                       what);
    const char *workflow = records__text(L, index, "workflow", what);
    if (!workflow)
        script__raisef(L, ERROR_INVALID, "%s: workflow= is missing; baton.workflows() lists them",
                       what);
    if (domain_find_graph(d, workflow, &graph, &e) < 0)
        script__raise(L, &e);
    records__read(L, index, ENTITY_REFERRAL, graph, what, also, &in);
    struct referral_open o = { workflow,  parent_id ? parent_id : open_parent(L, index),
                               in.set,    in.count,
                               in.fields, in.fields_len };
    script__write_begin(L, &w);
    int rc = domain_open(d, script__actor(L), &o, &row, &e);
    int64_t id = rc < 0 ? 0 : row->id; /* the commit may take the row away */
    script__write_end(L, &w, rc, &e);
    return id;
}

static int referrals_open(lua_State *L)
{
    script__push_handle(L, ENTITY_REFERRAL, referrals__open(L, 1, 0, "referrals.open"));
    return script__pause(L, 1);
}

static const struct script_function referrals_functions[] = {
    RECORDS_ENTRIES(referrals, "R", "open = true, stage = \"requested\"", "stage",
                    "{ requested = 1 }"),
    { "open", referrals_open,
      "referrals.open{workflow=, title=, subject=, referrer=, partner=, fields={…}, …} → referral",
      "opens a referral in the first stage of its workflow",
      "local r2 = referrals.open{ workflow = \"tutoring\", title = \"Sums\", subject = ada, fields "
      "= { need = \"sums\" } }\n"
      "r2.stage  --> \"requested\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__referrals = {
    "referrals", "the one thing that workflows move; methods: help \"referral\"",
    referrals_functions
};
