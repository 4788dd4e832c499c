/* services.* — what partners offer. */
#include "script/records_internal.h"

RECORDS_VERBS(services, ENTITY_SERVICE)
RECORDS_VERB(services, add, add, ENTITY_SERVICE)
RECORDS_VERB(services, search, search, ENTITY_SERVICE)

static const struct script_function services_functions[] = {
    RECORDS_ENTRIES(services, "V", "capacity = \"yes\"", "capacity", "{ yes = 1 }"),
    { "add", services_add,
      "services.add{partner=, name=, areas=, topics=, min_age=, max_age=, capacity=, fields={…}} → "
      "handle",
      "something that a partner offers",
      "services.add{ partner = library, name = \"Sums\", min_age = 6, max_age = 12 }  --> V-2" },
    { "search", services_search, "services.search(words, {limit=50}) → array of handles",
      "full text, best first; case and accents do not matter, the last word may be a beginning",
      "services.search(\"reading\")  --> { V-1 }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__services = { "services", "what partners offer",
                                                services_functions };
