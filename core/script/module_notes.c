/* notes.* — free text on anything. */
#include "script/records_internal.h"

RECORDS_VERBS(notes, ENTITY_NOTE)
RECORDS_VERB(notes, add, add, ENTITY_NOTE)

static const struct script_function notes_functions[] = {
    RECORDS_ENTRIES(notes, "N", "about = r", "author", "{ none = 1 }"),
    { "add", notes_add, "notes.add{about=, text=} → handle",
      "writes a note; h:note(text) is shorter",
      "notes.add{ about = ada, text = \"reads with large print\" }  --> N-2" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__notes = { "notes", "free text on anything", notes_functions };
