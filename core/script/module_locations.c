/* locations.* — where partners offer their services. */
#include "script/records_internal.h"

RECORDS_VERBS(locations, ENTITY_LOCATION)
RECORDS_VERB(locations, add, add, ENTITY_LOCATION)

static const struct script_function locations_functions[] = {
    RECORDS_ENTRIES(locations, "L", "partner=1", "partner"),
    { "add", locations_add,
      "locations.add{partner=, name=, address=, phone=, latitude=, longitude=, fields={…}} → "
      "handle",
      "a place of a partner", "return locations.add{partner=1, name=\"Main Street\"}" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__locations = { "locations", "where partners offer their services",
                                                 locations_functions };
