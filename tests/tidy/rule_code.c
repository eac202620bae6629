/* Words that must not stand in the code, rows without help, files that nothing uses. */
#include "tidy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const banned[] = {
    "alloca",  "atof",  "atoi",   "atol",   "atoll",   "gets",   "mktemp", "rand",
    "sprintf", "srand", "strcat", "strcpy", "strncat", "strtok", "tmpnam", "vsprintf",
};

/* A shell sees what a peer may have written; tests may start one. */
static const char *const shells[] = {"popen", "system"};

/* Written in halves, or this file would be the first to be reported. */
static const char *const marks[] = {"TO"
                                    "DO",
                                    "FIX"
                                    "ME",
                                    "XX"
                                    "X",
                                    "HA"
                                    "CK"};

/* Lists whose rows have no help, each with its reason. */
static const char *const plain_lists[] = {
    "compute/device/cl_errors.def", /* maps the names of a standard to ours */
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t tidy_next_word(const char *code, size_t *at)
{
    size_t i = *at;
    while (code[i] && !is_word(code[i]))
        i++;
    size_t length = 0;
    while (is_word(code[i + length]))
        length++;
    *at = i;
    return length;
}

static bool is_in(const char *word, size_t length, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == length && memcmp(word, list[i], length) == 0)
            return true;
    }
    return false;
}

void tidy_rule_banned_call(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        size_t length;
        for (size_t at = 0; tidy_is_c(file) && (length = tidy_next_word(file->code, &at));
             at += length) {
            const char *word = file->code + at;
            bool unwanted = is_in(word, length, banned, sizeof banned / sizeof banned[0]) ||
                            (!tidy_has_start(file->path, "tests/") &&
                             is_in(word, length, shells, sizeof shells / sizeof shells[0]));
            if (word[length] == '(' && unwanted)
                tidy_add(report, file, tidy_line_of(file, at), "%.*s() is not used here",
                         (int)length, word);
        }
    }
}

void tidy_rule_marks(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        size_t length;
        for (size_t at = 0; (length = tidy_next_word(file->text, &at)); at += length) {
            if (is_in(file->text + at, length, marks, sizeof marks / sizeof marks[0]))
                tidy_add(report, file, tidy_line_of(file, at),
                         "finish it, or write it down in "
                         "words where it belongs");
        }
    }
}

static const struct {
    const char *room;
    const char *prefix;
} prefixes[] = {{"compute/", "cx_"}, {"net/", "net_"}, {"agent/", "agent_"}, {"tui/", "tui_"}};

static void check_names(const struct tidy_file *file, const char *prefix,
                        struct tidy_report *report)
{
    struct tidy_scan scan = {0};
    struct tidy_function function;
    while (tidy_next_function(file, &scan, &function)) {
        if (!function.is_static && strcmp(function.name, "main") != 0 &&
            !tidy_has_start(function.name, prefix))
            tidy_add(report, file, function.open_line, "%s does not begin with %s", function.name,
                     prefix);
    }
}

void tidy_rule_names(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
            if (tidy_is_c(&tree->files[f]) && tidy_has_start(tree->files[f].path, prefixes[i].room))
                check_names(&tree->files[f], prefixes[i].prefix, report);
        }
    }
}

/* From the opening parenthesis at `open`: where it closes, and where the last argument begins. */
static size_t read_row(const char *code, size_t open, size_t *ret_last)
{
    int depth = 0;
    size_t last = open + 1;
    for (size_t i = open; code[i]; i++) {
        if (code[i] == '"') {
            for (i++; code[i] && code[i] != '"';)
                i++;
        } else if (code[i] == '(') {
            depth++;
        } else if (code[i] == ')' && --depth == 0) {
            *ret_last = last;
            return i;
        } else if (code[i] == ',' && depth == 1) {
            last = i + 1;
        }
        if (!code[i])
            break;
    }
    return 0;
}

/* Letters between quotes, in one literal or several. */
static bool has_help(const struct tidy_file *file, size_t from, size_t to)
{
    while (from < to && isspace((unsigned char)file->code[from]))
        from++;
    if (file->code[from] != '"')
        return false;
    size_t letters = 0;
    for (size_t i = from; i < to; i++)
        letters += isgraph((unsigned char)file->text[i]) && file->text[i] != '"';
    return letters > 0;
}

static size_t skip_directive(const struct tidy_file *file, size_t at)
{
    while (at < file->size && (file->text[at] != '\n' || file->text[at - 1] == '\\'))
        at++;
    return at;
}

static void check_rows(const struct tidy_file *file, struct tidy_report *report)
{
    for (size_t at = 0; at < file->size;) {
        if (file->code[at] == '#') {
            at = skip_directive(file, at);
        } else if (isupper((unsigned char)file->code[at])) {
            size_t length = tidy_next_word(file->code, &at);
            size_t last, close = file->code[at + length] == '('
                                     ? read_row(file->code, at + length, &last)
                                     : 0;
            if (!close || !has_help(file, last, close))
                tidy_add(report, file, tidy_line_of(file, at), "a row that does not end with help");
            at = close ? close + 1 : at + length;
        } else {
            at++;
        }
    }
}

void tidy_rule_def_help(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const char *path = tree->files[f].path;
        size_t plain = sizeof plain_lists / sizeof plain_lists[0];
        if (tidy_has_ending(path, ".def") && !is_in(path, strlen(path), plain_lists, plain))
            check_rows(&tree->files[f], report);
    }
}

static bool is_build_list(const struct tidy_file *file)
{
    return tidy_has_ending(file->path, ".cmake") || tidy_has_ending(file->path, "CMakeLists.txt");
}

static bool is_compiled(const struct tidy_tree *tree, const struct tidy_file *file)
{
    char quoted[2048];
    snprintf(quoted, sizeof quoted, "\"%s/%s\"", tree->root, file->path);
    return strstr(tree->compiled, quoted) != NULL;
}

static bool is_included(const struct tidy_tree *tree, const struct tidy_file *file)
{
    for (size_t f = 0; f < tree->count; f++) {
        struct tidy_include include;
        for (size_t at = 0; tidy_is_source(&tree->files[f]) &&
                            tidy_next_include(&tree->files[f], &at, &include);) {
            if (tidy_has_ending(file->path, tidy_basename(include.target)) &&
                tidy_resolve(tree, &tree->files[f], &include) == file)
                return true;
        }
    }
    return false;
}

/* A build list names the path; kernels and scripts go by their name without the ending too, in
 * the lists and in the code that asks for them. */
static bool is_named(const struct tidy_tree *tree, const struct tidy_file *file)
{
    const char *name = tidy_basename(file->path);
    size_t stem = strcspn(name, "."), length;
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *other = &tree->files[f];
        if (other == file)
            continue;
        if (is_build_list(other) && strstr(other->text, file->path))
            return true;
        for (size_t at = 0; !tidy_is_c(file) && (length = tidy_next_word(other->text, &at));
             at += length) {
            if (length == stem && memcmp(other->text + at, name, stem) == 0)
                return true;
        }
    }
    return false;
}

void tidy_rule_dead_file(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        bool lists = tidy_has_ending(file->path, "CMakeLists.txt");
        if (!lists && !is_compiled(tree, file) && !is_included(tree, file) && !is_named(tree, file))
            tidy_add(report, file, 1, "nothing compiles, includes or names this file");
    }
}
