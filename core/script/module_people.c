/* people.* — persons: clients, referrers, prospects. */
#include "script/records_internal.h"

RECORDS_VERBS(people, ENTITY_PERSON)
RECORDS_VERB(people, add, add, ENTITY_PERSON)
RECORDS_VERB(people, search, search, ENTITY_PERSON)

static const struct script_function people_functions[] = {
    RECORDS_ENTRIES(people, "P", "name = \"Ada Lovelace\"", "language", "{ en = 1 }"),
    { "add", people_add,
      "people.add{name=, email=, phone=, birth_date=, language=, address=, external_id=, "
      "fields={…}} → handle",
      "a client, referrer or prospect",
      "people.add{ name = \"Kim Doe\", phone = \"555-0100\" }  --> P-2\n"
      "people.add{ phone = \"555-0100\" }  --> error: person.name (full name) is missing" },
    { "search", people_search, "people.search(words, {limit=50}) → array of handles",
      "full text, best first; case and accents do not matter, the last word may be a beginning",
      "people.search(\"LOVE\")  --> { P-1 }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__people = { "people", "persons: clients, referrers, prospects",
                                              people_functions };
