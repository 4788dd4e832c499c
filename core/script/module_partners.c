/* partners.* — organisations and professionals that receive or send referrals. */
#include "script/records_internal.h"

RECORDS_VERBS(partners, ENTITY_PARTNER)
RECORDS_VERB(partners, add, add, ENTITY_PARTNER)
RECORDS_VERB(partners, search, search, ENTITY_PARTNER)

static const struct script_function partners_functions[] = {
    RECORDS_ENTRIES(partners, "O", "kind = \"library\"", "kind", "{ library = 1 }"),
    { "add", partners_add,
      "partners.add{name=, kind=, email=, phone=, url=, description=, status=, fields={…}} → "
      "handle",
      "who receives or sends referrals",
      "partners.add{ name = \"Family Clinic\", kind = \"clinic\" }  --> O-2" },
    { "search", partners_search, "partners.search(words, {limit=50}) → array of handles",
      "full text, best first; case and accents do not matter, the last word may be a beginning",
      "partners.search(\"libr\")  --> { O-1 }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__partners = {
    "partners", "organisations and professionals that receive or send referrals", partners_functions
};
