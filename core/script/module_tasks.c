/* tasks.* — what people must do. */
#include "script/records_internal.h"

RECORDS_VERBS(tasks, ENTITY_TASK)
RECORDS_VERB(tasks, add, add, ENTITY_TASK)

static const struct script_function tasks_functions[] = {
    RECORDS_ENTRIES(tasks, "K", "about = r, status = \"open\"", "status", "{ open = 1 }"),
    { "add", tasks_add, "tasks.add{title=, about=, assignee=|role=, due=, kind=} → handle",
      "something a person must do",
      "tasks.add{ title = \"Call back\", about = ada, role = \"lead\", due = \"tomorrow 09:00\" }  "
      "--> K-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__tasks = { "tasks", "what people must do", tasks_functions };
