/* Each rule finds the violation that is planted for it, where it stands, and nothing else. */
#include "tidy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

enum { FILES_MAX = 4, REPORT_SIZE = 4096 };

struct planted {
    const char *rule;
    const char *found; /* how the one line of the report begins */
    struct {
        const char *path;
        const char *text;
    } files[FILES_MAX];
};

/* Stands for a hundred lines in the text of a planted file. */
#define HUNDRED_LINES "\1"

static const struct planted planted[] = {
    {"function-length", "net/a.c:2: ", {{"net/a.c", "void net_a(void)\n{\n" HUNDRED_LINES "}\n"}}},
    {"function-length", /* braces in both branches count once */
     "net/a.c:7: ",
     {{"net/a.c", "#ifdef A\nvoid net_a(int a) {\n#else\nvoid net_a(void) {\n#endif\n}\n"
                  "void net_b(void) {\n" HUNDRED_LINES "}\n"}}},
    {"file-length",
     "compute/a.c:601: ",
     {{"compute/a.c", HUNDRED_LINES HUNDRED_LINES HUNDRED_LINES HUNDRED_LINES HUNDRED_LINES
                          HUNDRED_LINES HUNDRED_LINES}}},
    {"columns",
     "net/a.c:1: ",
     {{"net/a.c", "/* 34567890123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901 */\n"}}},
    {"blanks", "net/a.c:2: ", {{"net/a.c", "int a;\n\tint b;\n"}}},
    {"blanks", "net/a.c:1: ", {{"net/a.c", "int a; \n"}}},
    {"blanks", "net/a.c:1: ", {{"net/a.c", "int a;"}}},
    {"blanks", "net/CMakeLists.txt:1: ", {{"net/CMakeLists.txt", "a\r\n"}}},
    {"rooms",
     "compute/a.c:1: rooms: compute/ may not see net/include/b.h",
     {{"compute/a.c", "#include \"b.h\"\n"},
      {"net/include/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"rooms",
     "tui/a.c:1: rooms: tui/ may not see net/src/b.h",
     {{"tui/a.c", "#include \"b.h\"\n"}, {"net/src/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"rooms",
     "agent/a.c:1: rooms: agent/ may not see compute/b.h",
     {{"agent/a.c", "#include \"compute/b.h\"\n"},
      {"compute/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"third-party", "compute/ops/a.c:1: ", {{"compute/ops/a.c", "#include <CL/cl.h>\n"}}},
    {"third-party", "agent/a.c:1: ", {{"agent/a.c", "#include <nng/nng.h>\n"}}},
    {"third-party", "tui/cli/a.c:1: ", {{"tui/cli/a.c", "#include <curses.h>\n"}}},
    {"pure-core",
     "agent/core/a.c:2: ",
     {{"agent/core/a.c", "#include <string.h>\n#include <time.h>\n"}}},
    {"include-order", "net/a.c:2: ", {{"net/a.c", "#include <string.h>\n#include <stdio.h>\n"}}},
    {"include-order", "net/a.c:2: ", {{"net/a.c", "#include <string.h>\n#include <nng/nng.h>\n"}}},
    {"include-order", "net/a.c:3: ", {{"net/a.c", "#include <nng/nng.h>\n\n#include <stdio.h>\n"}}},
    {"include-order",
     "net/a.c:5: ",
     {{"net/a.c", "#include \"a.h\"\n\n#include \"b.h\"\n\n#include <stdio.h>\n"}}},
    {"include-order",
     "agent/a.c:3: include-order: a project header stands in quotes",
     {{"agent/a.c", "#include <stdio.h>\n\n#include <b.h>\n"},
      {"net/include/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"guard", "net/b.h:1: ", {{"net/b.h", "#pragma once\n"}, {"net/a.c", "#include \"b.h\"\n"}}},
    {"guard",
     "net/b.h:1: ",
     {{"net/b.h", "#ifndef OTHER_H\n#define OTHER_H\n#endif\n"},
      {"net/a.c", "#include \"b.h\"\n"}}},
    {"guard",
     "net/c/b.h:1: ",
     {{"net/b.h", "#ifndef B_H\n#define B_H\n#endif\n"},
      {"net/c/b.h", "#ifndef B_H\n#define B_H\n#endif\n"},
      {"net/a.c", "#include \"b.h\"\n#include \"c/b.h\"\n"}}},
    {"rooms",
     "tui/a.c:1: rooms: tui/ may not see net/src/b.h",
     {{"tui/a.c", "#include \"../net/src/b.h\"\n"},
      {"net/src/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"names",
     "net/a.c:5: names: b does not begin with net_",
     {{"net/a.c", "static int a(void)\n{\n}\n__attribute__((format(printf, 1, 2))) int b(int "
                  "(*c)(int))\n{\n}\n"}}},
    {"names",
     "tui/a.h:4: ",
     {{"tui/a.h", "#ifndef A_H\n#define A_H\nint a; void b(int x)\n{ }\n#endif\n"},
      {"tui/a.c", "#include \"a.h\"\n"}}},
    {"banned-call",
     "net/a.c:3: banned-call: strcpy",
     {{"net/a.c", "/* strcpy() */\n\nint a = strcpy(b, \"\");\n"}}},
    {"banned-call",
     "tui/a.c:1: ",
     {{"tui/a.c", "int a = system(b);\n"}, {"tests/b.c", "int a = system(b);\n"}}},
    {"marks",
     "net/a.c:2: ",
     {{"net/a.c", "int a;\n/* TO"
                  "DO: more */\n"}}},
    {"def-help",
     "net/a.def:2: ",
     {{"net/a.def", "ROW(a, \"b\")\nROW(b, \"\")\n/* ROW() */\n"},
      {"net/a.c", "#include \"a.def\"\n"}}},
    {"def-help",
     "net/a.def:4: ",
     {{"net/a.def", "#ifdef ROW\nROW(a, \"b, \"\n    \"c\")\nROW(\"b\", (1, 2))\n#endif\n"},
      {"net/a.c", "#include \"a.def\"\n"}}},
    {"dead-file", "net/dead.c:1: ", {{"net/dead.c", "int a;\n"}}},
    {"dead-file", "net/b.h:1: ", {{"net/b.h", "#ifndef B_H\n#define B_H\n#endif\n"}}},
    {"dead-file", "compute/b.cl:1: ", {{"compute/b.cl", "// b\n"}}},
};

static char root[] = "/tmp/stoker-tidy.XXXXXX";

static void make_folders(char *path)
{
    for (char *slash = strchr(path + sizeof root, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

static void write_text(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    make_folders(full);
    FILE *stream = fopen(full, "w");
    cr_assert(stream, "%s", full);
    for (const char *c = text; *c; c++) {
        for (int i = 0; *c == HUNDRED_LINES[0] && i < 100; i++)
            fputs("x();\n", stream);
        if (*c != HUNDRED_LINES[0])
            fputc(*c, stream);
    }
    cr_assert_eq(fclose(stream), 0);
}

/* Says that every .c file is compiled, but those called dead.c. */
static void write_tree(const struct planted *tree)
{
    char commands[2048] = "[";
    size_t used = 1;
    for (size_t i = 0; i < FILES_MAX && tree->files[i].path; i++) {
        const char *path = tree->files[i].path;
        write_text(path, tree->files[i].text);
        if (tidy_has_ending(path, ".c") && !tidy_has_ending(path, "dead.c"))
            used += (size_t)snprintf(commands + used, sizeof commands - used,
                                     "{\"file\": \"%s/%s\"},", root, path);
    }
    write_text("compile_commands.json", commands);
}

static void remove_tree(const struct planted *tree)
{
    char full[512];
    for (size_t i = 0; i < FILES_MAX && tree->files[i].path; i++) {
        snprintf(full, sizeof full, "%s/%s", root, tree->files[i].path);
        remove(full);
        for (char *slash; (slash = strrchr(full, '/')) - full >= (ptrdiff_t)sizeof root;) {
            *slash = '\0';
            if (remove(full) != 0)
                break;
        }
    }
    snprintf(full, sizeof full, "%s/compile_commands.json", root);
    remove(full);
}

static size_t check(const struct planted *tree, char ret_report[REPORT_SIZE])
{
    char commands[512];
    snprintf(commands, sizeof commands, "%s/compile_commands.json", root);
    struct tidy_tree loaded;
    write_tree(tree);
    cr_assert_eq(tidy_tree_load(root, commands, &loaded), 0);
    FILE *out = fmemopen(ret_report, REPORT_SIZE, "w");
    size_t violations = tidy_check(&loaded, out);
    fclose(out);
    tidy_tree_finish(&loaded);
    remove_tree(tree);
    return violations;
}

static void make_root(void)
{
    cr_assert(mkdtemp(root));
}

static void remove_root(void)
{
    remove(root);
}

TestSuite(tidy, .init = make_root, .fini = remove_root);

Test(tidy, finds_what_is_planted)
{
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        const struct planted *tree = &planted[i];
        char report[REPORT_SIZE] = "";
        size_t violations = check(tree, report);
        cr_expect_eq(violations, 1, "case %zu, %s: %zu violations: %s", i, tree->rule, violations,
                     report);
        cr_expect(tidy_has_start(report, tree->found), "case %zu: %s", i, report);
        cr_expect(strstr(report, tree->rule), "case %zu: %s", i, report);
    }
}

Test(tidy, has_a_planted_violation_for_each_rule)
{
    for (size_t i = 0; i < tidy_rule_count; i++) {
        bool has = false;
        for (size_t j = 0; j < sizeof planted / sizeof planted[0]; j++)
            has = has || strcmp(planted[j].rule, tidy_rules[i].name) == 0;
        cr_expect(has, "%s", tidy_rules[i].name);
        cr_expect(tidy_rules[i].help[0]);
    }
}

Test(tidy, accepts_what_is_right)
{
    static const struct planted right = {
        .files =
            {
                {"net/b.h", "#ifndef NET_B_H\n#define NET_B_H\n\n#include <stddef.h>\n\n#endif\n"},
                {"net/b.def", "/* TOD */\nROW(a, \"help (of a), in words\")\n"},
                {"net/b.c", "#include \"b.h\"\n\n#include <stdio.h>\n#include <string.h>\n\n"
                            "#include <nng/nng.h>\n\n#include \"net/c.h\"\n\n#include \"b.def\"\n"
                            "/* strcpy(\"a\") */\nconst char *a = \"system( {\";\n"},
            },
    };
    char report[REPORT_SIZE] = "";
    cr_expect_eq(check(&right, report), 0, "%s", report);
}
