/* timers.* — what is due; a timer raises the event timer.NAME. */
#include "script/records_internal.h"

RECORDS_VERBS(timers, ENTITY_TIMER)
RECORDS_VERB(timers, add, add, ENTITY_TIMER)

static const struct script_function timers_functions[] = {
    RECORDS_ENTRIES(timers, "T", "status = \"waiting\"", "name", "{ check_in = 1 }"),
    { "add", timers_add, "timers.add{name=, at=, about=, data=} → handle",
      "raises the event timer.NAME at that time",
      "timers.add{ name = \"call_again\", at = \"2 weeks\", about = r }  --> T-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__timers = { "timers", "what is due", timers_functions };
