/* staff.* — members of the organisation and their roles. */
#include "script/records_internal.h"

RECORDS_VERBS(staff, ENTITY_STAFF)
RECORDS_VERB(staff, add, add, ENTITY_STAFF)

static const struct script_function staff_functions[] = {
    RECORDS_ENTRIES(staff, "S", "status = \"active\"", "status", "{ active = 1 }"),
    { "add", staff_add, "staff.add{name=, email=, roles=\"lead, teacher\", fields={…}} → handle",
      "a member of staff; only admin and the operator may",
      "staff.add{ name = \"Grace Hopper\", email = \"grace@school.example\", roles = \"lead\" }  "
      "--> S-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__staff = { "staff", "members of the organisation and their roles",
                                             staff_functions };
