/* How long things are, and what a line may hold. */
#include "tidy.h"

#include <ctype.h>
#include <string.h>

/* Files that may be longer than TIDY_FILE_LINES_MAX, each with its reason. */
static const char *const long_files[] = {
    NULL,
};

static bool is_preprocessor(const struct tidy_file *file, size_t line, bool continues)
{
    const char *text = file->code + file->line_at[line];
    return continues || text[strspn(text, " \t")] == '#';
}

static bool line_continues(const struct tidy_file *file, size_t line)
{
    size_t end = file->line_at[line + 1];
    return end >= 2 && file->text[end - 1] == '\n' && file->text[end - 2] == '\\';
}

/* Only one branch of an #if is read, so that a brace in each of them counts once. */
static void follow_branch(const char *directive, int *nested, int *skipping)
{
    directive += strspn(directive, " \t#");
    if (strncmp(directive, "if", 2) == 0) {
        (*nested)++;
    } else if (strncmp(directive, "el", 2) == 0) {
        if (*skipping == 0)
            *skipping = *nested;
    } else if (strncmp(directive, "endif", 5) == 0) {
        if (*skipping == *nested)
            *skipping = 0;
        (*nested)--;
    }
}

struct braces {
    int depth;
    size_t start; /* line of the brace that opened a function, 0 outside of one */
    char before;  /* the last character that was not a blank */
};

static void follow_braces(const struct tidy_file *file, size_t line, struct braces *braces,
                          struct tidy_report *report)
{
    for (size_t i = file->line_at[line]; i < file->line_at[line + 1]; i++) {
        char c = file->code[i];
        if (c == '{') {
            if (braces->depth++ == 0 && braces->before == ')')
                braces->start = line + 1;
        } else if (c == '}' && braces->depth > 0 && --braces->depth == 0 && braces->start) {
            size_t lines = line + 1 - braces->start + 1;
            if (lines > TIDY_FUNCTION_LINES_MAX)
                tidy_add(report, file, braces->start, "a function of %zu lines", lines);
            braces->start = 0;
        }
        if (!isspace((unsigned char)c))
            braces->before = c;
    }
}

void tidy_rule_function_length(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        if (!tidy_is_source(file))
            continue;
        struct braces braces = {0};
        int nested = 0, skipping = 0;
        bool continues = false;
        for (size_t line = 0; line < file->line_count; line++) {
            if (is_preprocessor(file, line, continues)) {
                if (!continues)
                    follow_branch(file->code + file->line_at[line], &nested, &skipping);
                continues = line_continues(file, line);
            } else if (!skipping) {
                follow_braces(file, line, &braces, report);
            }
        }
    }
}

static bool may_be_long(const char *path)
{
    for (size_t i = 0; long_files[i]; i++) {
        if (strcmp(path, long_files[i]) == 0)
            return true;
    }
    return false;
}

void tidy_rule_file_length(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        if (tidy_is_source(file) && file->line_count > TIDY_FILE_LINES_MAX &&
            !may_be_long(file->path))
            tidy_add(report, file, TIDY_FILE_LINES_MAX + 1, "a file of %zu lines",
                     file->line_count);
    }
}

/* UTF-8 continuation bytes take no column. */
static size_t columns_of(const struct tidy_file *file, size_t line)
{
    size_t columns = 0;
    for (size_t i = file->line_at[line]; i < file->line_at[line + 1]; i++)
        columns += file->text[i] != '\n' && ((unsigned char)file->text[i] & 0xc0) != 0x80;
    return columns;
}

/* Rows of .def lists are exempt: CMake reads them line by line. */
void tidy_rule_columns(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        for (size_t line = 0; tidy_is_source(file) && line < file->line_count; line++) {
            size_t columns = columns_of(file, line);
            if (columns > TIDY_COLUMNS_MAX)
                tidy_add(report, file, line + 1, "%zu columns", columns);
        }
    }
}

static void check_blanks(const struct tidy_file *file, size_t line, struct tidy_report *report)
{
    size_t from = file->line_at[line], to = file->line_at[line + 1];
    if (memchr(file->text + from, '\t', to - from))
        tidy_add(report, file, line + 1, "a tab");
    if (memchr(file->text + from, '\r', to - from))
        tidy_add(report, file, line + 1, "a carriage return");
    if (file->text[to - 1] != '\n')
        tidy_add(report, file, line + 1, "no newline at the end of the file");
    else if (to - from >= 2 && file->text[to - 2] == ' ')
        tidy_add(report, file, line + 1, "a blank at the end of the line");
}

void tidy_rule_blanks(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        for (size_t line = 0; line < tree->files[f].line_count; line++)
            check_blanks(&tree->files[f], line, report);
    }
}
