/* Values between Lua and the store, and JSON. */
#include "session_fixture.h"

static void test_columns(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        /* references, in every form */
        { "services.add{partner=partners.get(1), name='a'}.partner",
          "O-1 Clinic\n  kind        clinic\n  email       "
          "c@example.org\n  status      active" },
        { "services.add{partner='O-1', name='a'}.partner_id", "1" },
        { "services.add{partner_id=1, name='a'}.partner.name", "Clinic" },
        { "services.add{partner='P-1', name='a'}", "!services.add: \"partner\" takes a partner (a "
                                                   "handle, a number or \"O-12\"), got \"P-1\"" },
        { "services.add{partner=people.get(1), name='a'}", "!got P-1" },
        { "services.add{partner=1.5, name='a'}", "!got 1.5" },
        { "services.add{partner=-1, name='a'}", "!\"partner\" takes a partner" },
        { "services.add{partner=99, name='a'}", "!99" },
        /* numbers, from CSV too */
        { "services.add{partner=1, name='a', min_age=7}.min_age", "7" },
        { "services.add{partner=1, name='a', min_age='7'}.min_age", "7" },
        { "services.add{partner=1, name='a', min_age=''}.min_age", "nil" },
        { "services.add{partner=1, name='a', min_age=7.5}",
          "!\"min_age\" takes a whole number, got 7.5" },
        { "services.add{partner=1, name='a', min_age={}}", "!got a table" },
        { "locations.add{partner=1, name='a', latitude=0/0}", "!\"latitude\" takes a number" },
        { "locations.add{partner=1, name='a', latitude=1e400}", "!\"latitude\" takes a number" },
        { "locations.add{partner=1, name='a', latitude='48.5'}.latitude", "48.5" },
        /* text */
        { "people.add{name=12}.name", "12" },
        { "people.add{name=true}", "!people.add: \"name\" takes text, got true" },
        { "people.add{name=print}", "!\"name\" takes text, got a function" },
        { "people.add{name='a\\0b'}", "!name" },
        { "people.add{name='a\\xff'}", "!name" },
        { "people.add{name='a', phone=baton.none}.phone", "nil" },
        /* times */
        { "tasks.add{title='t', due='2026-03-02 10:00'}.due_at_ms", "1772445600000" },
        { "tasks.add{title='t', due=1772445600000}.due_at_ms", "1772445600000" },
        { "tasks.add{title='t', due=1772445600000.0}.due_at_ms", "1772445600000" },
        { "clock.format(tasks.add{title='t', due='2 days'}.due_at_ms)", "2026-03-03 09:00" },
        { "tasks.add{title='t', due='some day'}", "!tasks.add: \"due\": " },
        { "tasks.add{title='t', due=0/0}", "!\"due\" takes a time" },
        { "tasks.add{title='t', due=math.mininteger}", "!outside of the years 1 to 9999" },
        { "tasks.add{title='t', due=253402300800000}", "!outside of the years 1 to 9999" },
        { "tasks.add{title='t', due=-8e15}", "!outside of the years 1 to 9999" },
        { "tasks.add{title='t', due={}}", "!\"due\" takes a time" },
        /* anything with an id */
        { "tasks.add{title='t', about='p-1'}.about",
          "P-1 Ada Lovelace\n  email       ada@example.org\n  fields\n    "
          "grade  3" },
        { "tostring(tasks.add{title='t', about=people.get(2)}.about)", "P-2" },
        { "tasks.add{title='t', about=12}", "!\"about\" takes a handle or \"R-12\", got 12" },
        { "tasks.add{title='t', about='R-999'}", "!R-999" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_fields(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "r = referrals.get(1); r:set{fields={tags={'a','b'}, ok=true, score=1.5, "
          "born='2010-01-02'}}",
          "" },
        { "r.fields.tags[2]", "b" },
        { "r.fields.ok", "true" },
        { "r.fields.score", "1.5" },
        { "r.fields.born", "2010-01-02" },
        { "r:set{fields={born='tomorrow'}}.fields.born", "2026-03-02" },
        { "r:set{fields={meets_at='2 days'}}.fields.meets_at == clock.parse('2 days')", "true" },
        { "r:set{fields={school=partners.get(1)}}.fields.school.name", "Clinic" },
        { "r:set{fields={school='O-1'}}.fields.school == partners.get(1)", "true" },
        { "r:set{fields={school='P-1'}}", "!\"fields.school\" takes a partner" },
        { "r:set{fields={tags={}}}.fields.tags[1]", "nil" },
        { "r:set{fields={tags='a'}}", "!\"fields.tags\" takes a list" },
        { "r:set{fields={tags={a=1}}}", "!\"fields.tags\" takes a list" },
        { "r:set{fields={need='quote \"x\" \\n ü'}}.fields.need", "quote \"x\" \n ü" },
        { "r:set{fields={need=baton.none}}.fields.need", "nil" },
        { "r:set{fields={hours=99}}", "!hours" },
        { "r:set{fields={ned='x'}}", "!unknown field \"ned\", did you mean \"need\"?" },
        { "r:set{fields='x'}", "!\"fields\" takes a table such as {x=1}, got \"x\"" },
        { "r:set{fields={'x'}}", "!fields takes names and values" },
        { "people.get(1).fields.grade", "3" },
        { "partners.get(1):set{fields={x=1}}", "!no plugin declares fields of a partner" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

static void test_json(void **state)
{
    struct world *w = *state;
    world_people(w);
    static const struct world_case cases[] = {
        { "json.encode{b=1, a={1,2,{c=true}}, d=1.5, e='x\"\\n'}",
          "{\"a\":[1,2,{\"c\":true}],\"b\":1,\"d\":1.5,\"e\":\"x\\\"\\n\"}" },
        { "json.encode{}", "{}" },
        { "json.encode(json.list{})", "[]" },
        { "json.encode(json.decode('[]'))", "[]" },
        { "json.encode{people.get(1), baton.none}", "[\"P-1\",null]" },
        { "json.encode('x')", "\"x\"" },
        { "json.encode{1, 2, nil, 4}", "!no JSON: a list with a hole" },
        { "json.encode{a={1, b=2}}", "!no JSON at a: a table with both text keys and numbers" },
        { "json.encode{a={{f=print}}}", "!no JSON at a[1].f: a function" },
        { "json.encode{a=0/0}", "!no JSON at a: a number that is not finite" },
        { "json.encode{a=1/0}", "!not finite" },
        { "json.encode{[1.5]=1}", "!keys must be text" },
        { "json.encode{[true]=1}", "!keys must be text" },
        { "json.encode{['\\xff']=1}", "!a key is not UTF-8" },
        { "json.encode{'\\xff'}", "!no JSON at [1]: text that is not UTF-8" },
        { "t = {} t.a = {b=t} json.encode(t)", "!no JSON at a.b: the table contains itself" },
        { "t = {} for i = 1, 40 do t = {t} end json.encode(t)", "!nested deeper than 32" },
        { "json.encode({a={1}, b={}}, {pretty=true})",
          "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}" },
        { "json.encode({a='},{'}, {pretty=true})", "{\n  \"a\": \"},{\"\n}" },
        { "json.decode('{\"a\":[1,null,2.5,\"x\"],\"b\":null}').a[4]", "x" },
        { "json.decode('[null]')[1] == baton.none", "true" },
        { "json.decode('{\"b\":null}').b", "nil" },
        { "json.decode('{\"a\":1,\"a\":2}')", "!json.decode: " },
        { "json.decode('{')", "!json.decode: " },
        { "json.decode(12)", "!json.decode takes text, got a number" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_columns, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_fields, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_json, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
