/* INI: what is accepted has names and lines; a calendar written from it reads back as itself. */
#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "fuzz.h"

static void ini_entries(struct ini *ini, size_t input_bytes)
{
    struct error e = { 0 };
    for (size_t i = 0; i < ini_count(ini); i++) {
        const struct ini_entry *entry = ini_at(ini, i);
        FUZZ_CHECK(entry->line >= 1 && (size_t)entry->line <= input_bytes + 1);
        FUZZ_CHECK(entry->section && entry->key[0] && entry->value);
        FUZZ_CHECK(ini_find(ini, entry->section, entry->key) == entry); /* no duplicates */
    }
    FUZZ_CHECK(ini_unknown(ini, &e) == 0); /* all were asked for */
}

static void ini_calendar(struct ini *ini)
{
    struct calendar *calendar = NULL;
    struct error e = { 0 };
    if (calendar_new(&calendar, ini, &e)) {
        fuzz_explained(&e);
        return;
    }
    struct buf once = BUF_INIT, again = BUF_INIT;
    struct ini *written = NULL;
    calendar_write(calendar, &once);
    calendar_free(calendar);
    FUZZ_CHECK(ini_parse_text(&written, buf_text(&once), "written.ini", &e) == 0);
    FUZZ_CHECK(calendar_new(&calendar, written, &e) == 0);
    calendar_write(calendar, &again);
    fuzz_same(&once, &again);
    calendar_free(calendar);
    ini_free(written);
    buf_free(&once);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_INIT;
    struct ini *ini = NULL;
    struct error e = { 0 };
    buf_add(&text, data, size);
    if (ini_parse_text(&ini, buf_text(&text), "fuzz.ini", &e)) {
        fuzz_explained(&e);
    } else {
        ini_calendar(ini);
        ini_entries(ini, size);
    }
    ini_free(ini);
    buf_free(&text);
    return 0;
}
