/* Checks of the source tree that a compiler does not make. A tree is read once; each rule walks it
 * and adds what it finds to a report. */
#ifndef TIDY_H
#define TIDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    TIDY_FUNCTION_LINES_MAX = 70,
    TIDY_FILE_LINES_MAX = 600,
    TIDY_COLUMNS_MAX = 100,
};

/* A file and two readings of it. Lines count from 1. */
struct tidy_file {
    char *path; /* from the root, such as "compute/device/scan.c" */
    char *text; /* as it is, NUL-ended */
    char *code; /* the same length: comments and the insides of literals are blanks */
    size_t size;
    size_t *line_at; /* where line i + 1 begins; line_at[line_count] is size */
    size_t line_count;
};

struct tidy_tree {
    struct tidy_file *files; /* sorted by path */
    size_t count;
    char *compiled; /* the text of compile_commands.json */
    char *root;
};

struct tidy_report {
    FILE *out; /* one line a violation: file:line: rule: text */
    const char *rule;
    size_t count;
};

struct tidy_rule {
    const char *name;
    void (*check)(const struct tidy_tree *tree, struct tidy_report *report);
    const char *help;
};

extern const struct tidy_rule tidy_rules[];
extern const size_t tidy_rule_count;

/* Reads the rooms, tests/ and the build lists under root. compile_commands says what is compiled.
 * Returns 0 or a negative errno; *ret_tree is then untouched. */
int tidy_tree_load(const char *root, const char *compile_commands, struct tidy_tree *ret_tree);
void tidy_tree_finish(struct tidy_tree *tree);

/* Runs every rule. Returns how many violations there are. */
size_t tidy_check(const struct tidy_tree *tree, FILE *out);

void tidy_add(struct tidy_report *report, const struct tidy_file *file, size_t line,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True when path ends with ending ("a/b.c", ".c"), or starts with it. */
bool tidy_has_ending(const char *path, const char *ending);
bool tidy_has_start(const char *path, const char *start);
const char *tidy_basename(const char *path);

/* True for C sources and headers, and for kernels. */
bool tidy_is_c(const struct tidy_file *file);
bool tidy_is_source(const struct tidy_file *file);

/* The line that a place in the text stands on. */
size_t tidy_line_of(const struct tidy_file *file, size_t at);

struct tidy_include {
    char target[256];
    size_t line;
    bool quoted; /* "target", not <target> */
};

/* The includes of a file, one after the other. Begin with *at = 0; false at the end. */
bool tidy_next_include(const struct tidy_file *file, size_t *at, struct tidy_include *ret_include);

/* The file of the tree that includer means, or NULL for a generated or foreign one. */
const struct tidy_file *tidy_resolve(const struct tidy_tree *tree, const struct tidy_file *includer,
                                     const struct tidy_include *include);

/* True when the header is of a third party: neither C nor POSIX nor ours. */
bool tidy_is_third_party(const char *target);

struct tidy_function {
    char name[128];
    bool is_static;
    size_t open_line; /* of its braces */
    size_t close_line;
};

/* How far a file has been read; begins as {0}. */
struct tidy_scan {
    size_t line;    /* being read, from 0 */
    size_t at;      /* place in the code; 0 when the line has not begun */
    size_t head;    /* where the text before the next brace begins */
    int depth;      /* of braces */
    int nested;     /* of #if */
    int skipping;   /* the #if whose other branches are not read, 0 for none */
    bool continues; /* the line before was a directive that ended with a backslash */
    char before;    /* the last character that was not a blank */
    struct tidy_function function;
};

/* The functions that a file defines, one after the other; false at the end. */
bool tidy_next_function(const struct tidy_file *file, struct tidy_scan *scan,
                        struct tidy_function *ret_function);

/* The next whole identifier at or after *at in code; its length, or 0 at the end. */
size_t tidy_next_word(const char *code, size_t *at);

#define RULE(name, function, help) \
    void function(const struct tidy_tree *tree, struct tidy_report *report);
#include "rules.def"
#undef RULE

#endif
