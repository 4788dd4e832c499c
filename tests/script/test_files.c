/* Files of sessions, csv, json and text over them. */
#include "session_fixture.h"

static void test_allowed(void **state)
{
    struct world *w = *state;
    char text[512];
    world_write(w, "desk/in.json", "{\"a\":1}");
    world_write(w, "outside.json", "{\"a\":2}");
    world_write(w, "named.csv", "name\nAda\n");
    world_folder(w, "desk/sub");
    snprintf(text, sizeof text, "%s/desk/link.json", w->dir);
    assert_int_equal(symlink("../outside.json", text), 0);
    snprintf(text, sizeof text, "%s/desk/inner.json", w->dir);
    assert_int_equal(symlink("in.json", text), 0);
    snprintf(text, sizeof text, "%s/desk/up", w->dir);
    assert_int_equal(symlink("..", text), 0);
    static const struct world_case cases[] = {
        { "json.read('in.json').a", "1" },
        { "json.read('sub/../in.json').a", "1" },
        { "json.read('inner.json').a", "1" }, /* a link that stays below */
        { "json.read('link.json')",
          "!is neither below the current folder nor named on the command line" },
        { "json.read('../outside.json')", "!is neither below" },
        { "json.read('up/outside.json')", "!is neither below" },
        { "json.read('/etc/passwd')", "!is neither below" },
        { "json.read('none.json')", "!No such file" },
        { "json.read('sub')", "!" },
        { "json.read('')", "!not the name of a file" },
        { "json.read('a\\0b')", "!not the name of a file" },
        { "json.read()", "!json.read takes the name of a file" },
        { "json.write('out.json', {b={1}})", "" },
        { "json.read('out.json').b[1]", "1" },
        { "json.write('sub/out.json', 1, {pretty=true})", "" },
        { "json.write('../out.json', 1)", "!is neither below" },
        { "json.write('up/out.json', 1)", "!is neither below" },
        { "json.write('link.json', 1)", "!symbolic link" },
        { "json.write('inner.json', 1)", "!symbolic link" },
        { "json.write('no/out.json', 1)", "!No such file" },
        { "json.write('sub', 1)", "!" },
        { "json.write('..', 1)", "!" },
        { "json.write('out.json', print)", "!no JSON: a function" },
        { "json.read('out.json').b[1]", "1" }, /* what failed left the file alone */
        { NULL, NULL },
    };
    world_table(w, cases);
    snprintf(text, sizeof text, "csv.read('%s/named.csv')() ", w->dir);
    assert_shows(w, text, "name  Ada\n2");
    snprintf(text, sizeof text, "json.read('%s/outside.json')", w->dir);
    assert_fails(w, text, "is neither below");
    char *outside = world_read(w, "outside.json");
    assert_string_equal(outside, "{\"a\":2}");
    mem_free(outside);
}

static void test_csv(void **state)
{
    struct world *w = *state;
    world_people(w);
    world_write(
        w, "desk/a.csv",
        "\xEF\xBB\xBFname,age,,name\r\nAda,36,x,y\r\n\"B,\"\"q\"\"\",7\n\nlast,1,2,3,4,5\n");
    world_write(w, "desk/semi.csv", "a;b\n1;2\n");
    world_write(w, "desk/bad.csv", "a,b\n\"never closed\n");
    world_write(w, "desk/empty.csv", "");
    static const struct world_case cases[] = {
        { "rows = {} lines = {} for row, line in csv.read('a.csv') do rows[#rows + 1] = row "
          "lines[#lines + 1] = line end",
          "" },
        { "#rows, table.concat(lines, ' ')", "3\t2 3 5" },
        { "rows[1].name, rows[1].age, rows[1].column_3, rows[1].column_4", "Ada\t36\tx\ty" },
        { "rows[2].name, rows[2].age, rows[2].column_3", "B,\"q\"\t7\tnil" },
        { "rows[3].column_5, rows[3].column_6", "4\t5" },
        { "for row in csv.read('semi.csv', {separator=';'}) do print(row.a, row.b) end", "1\t2" },
        { "for row in csv.read('semi.csv', {separator=';', header=false}) do print(row[1], row[2]) "
          "end",
          "a\tb\n1\t2" },
        { "for row in csv.read('semi.csv', {separator=';', header={'x', 'y'}}) do print(row.x, "
          "row.y) end",
          "a\tb\n1\t2" },
        { "for row in csv.read('a.csv') do print(row.name) break end", "Ada" },
        { "for row in csv.read('empty.csv') do print(row) end", "" },
        { "for row in csv.read('bad.csv') do print(row) end", "!bad.csv, line 2" },
        { "csv.read('semi.csv', {separator=';;'})", "!separator is one character" },
        { "csv.read('semi.csv', {header=1})",
          "!\"header\" takes true, false or a list of names, got 1" },
        { "csv.read('semi.csv', {seperator=';'})",
          "!unknown option \"seperator\", did you mean \"separator\"?" },
        { "csv.parse('a,b\\n1,2\\n3,4')[2].b", "4" },
        { "#csv.parse(''), #csv.parse('a,b')", "0\t0" },
        { "csv.parse()", "!csv.parse takes text" },
        { "csv.write('p.csv', people.each{}, {columns={'ref', 'name', 'fields.grade'}})", "2" },
        { "csv.write('r.csv', referrals.find{}, {columns={'ref', 'subject.name', 'fields.tags', "
          "'owner.name'}})",
          "1" },
        { "csv.write('t.csv', {{b=1, a='x,y'}, {a=baton.none, b=true}})", "2" },
        { "csv.write('l.csv', {{1, 2}, {'a', '=b'}})", "2" },
        { "csv.write('h.csv', partners.find{})", "1" },
        { "csv.write('e.csv', {})", "0" },
        { "csv.write('x.csv', {1})", "!a row is a table or a handle, got a number" },
        { "csv.write('x.csv', {{1}, people.get(1)})", "!a row is a table or a handle" },
        { "csv.write('x.csv', {{a=print}}, {columns={1}})",
          "!\"columns\" takes a list of names, got 1" },
        { "csv.write('x.csv', {{a=1}}, {columns='a'})", "!\"columns\" takes a list of names" },
        { "csv.write('x.csv')", "!csv.write takes a file and rows" },
        { NULL, NULL },
    };
    world_table(w, cases);
    static const struct {
        const char *name, *wanted;
    } files[] = {
        { "desk/p.csv", "ref,name,fields.grade\nP-1,Ada Lovelace,3\nP-2,Bob,\n" },
        { "desk/r.csv", "ref,subject.name,fields.tags,owner.name\nR-1,Ada Lovelace,,\n" },
        { "desk/t.csv", "a,b\n\"x,y\",1\n\"\",true\n" },
        { "desk/l.csv", "1,2\na,'=b\n" },
        { "desk/e.csv", "" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = world_read(w, files[i].name), *out = text;
        for (const char *p = text; *p; p++) /* line ends are the writer's business */
            if (*p != '\r')
                *out++ = *p;
        *out = '\0';
        assert_string_equal(text, files[i].wanted);
        mem_free(text);
    }
}

static void test_text(void **state)
{
    struct world *w = *state;
    world_write(w, "desk/lines.txt", "\xEF\xBB\xBFone\r\ntwo\n\nfour");
    static const struct world_case cases[] = {
        { "for l in text.lines('lines.txt') do print('[' .. l .. ']') end",
          "[one]\n[two]\n[]\n[four]" },
        { "text.fold('ÉVA') == text.fold('eva')", "true" },
        { "text.fold(1)", "!text.fold takes text" },
        { "table.concat(text.split('a, b ,c'), '|')", "a|b|c" },
        { "table.concat(text.split('a, b', ', '), '|'), #text.split('')", "a|b\t1" },
        { "#text.split('a;;b', ';'), #text.split(';', ';')", "3\t2" },
        { "text.split('a', '')", "!separator is empty" },
        { "'[' .. text.trim('  a b\\n ') .. ']', text.trim('  ')", "[a b]\t" },
        { "text.starts('R-12', 'R-'), text.starts('R', 'R-')", "true\tfalse" },
        { "text.nearest('acept', {'accept', 'decline'}), text.nearest('zzz', {'a'})",
          "accept\tnil" },
        { NULL, NULL },
    };
    world_table(w, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_allowed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_csv, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_text, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
