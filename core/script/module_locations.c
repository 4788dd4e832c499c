/* locations.* — where partners offer their services. */
#include "script/records_internal.h"

RECORDS_VERBS(locations, ENTITY_LOCATION)
RECORDS_VERB(locations, add, add, ENTITY_LOCATION)

static const struct script_function locations_functions[] = {
    RECORDS_ENTRIES(locations, "L", "partner = library", "partner", "{ … = 1 }"),
    { "add", locations_add,
      "locations.add{partner=, name=, address=, phone=, latitude=, longitude=, fields={…}} → "
      "handle",
      "a place of a partner",
      "locations.add{ partner = library, name = \"Bus stop branch\", address = \"2 High Street\" } "
      " --> L-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__locations = { "locations", "where partners offer their services",
                                                 locations_functions };
