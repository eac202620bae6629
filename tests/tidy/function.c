/* Finds the functions that a file defines, without parsing C: a brace at the outermost level that
 * follows a closing parenthesis opens one. */
#include "tidy.h"

#include <ctype.h>
#include <string.h>

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
static void follow_branch(const char *directive, struct tidy_scan *scan)
{
    directive += strspn(directive, " \t#");
    if (strncmp(directive, "if", 2) == 0) {
        scan->nested++;
    } else if (strncmp(directive, "el", 2) == 0) {
        if (scan->skipping == 0)
            scan->skipping = scan->nested;
    } else if (strncmp(directive, "endif", 5) == 0) {
        if (scan->skipping == scan->nested)
            scan->skipping = 0;
        scan->nested--;
    }
}

/* The length of "((…))" at text. */
static size_t span_parentheses(const char *text)
{
    size_t length = 0;
    int depth = 0;
    while (text[length]) {
        char c = text[length++];
        depth += (c == '(') - (c == ')');
        if (depth == 0)
            break;
    }
    return length;
}

/* The head is what stands between the end of the last thing and the opening brace. Its name is the
 * first word with a parenthesis behind it. */
static void read_head(const struct tidy_file *file, size_t from, size_t to,
                      struct tidy_function *function)
{
    size_t length;
    function->is_static = false;
    function->name[0] = '\0';
    for (size_t at = from; (length = tidy_next_word(file->code, &at)) && at < to; at += length) {
        const char *word = file->code + at;
        bool attribute = length == 13 && memcmp(word, "__attribute__", 13) == 0;
        if (length == 6 && memcmp(word, "static", 6) == 0)
            function->is_static = true;
        if (attribute) {
            length += span_parentheses(word + length);
        } else if (word[length] == '(' && length < sizeof function->name) {
            memcpy(function->name, word, length);
            function->name[length] = '\0';
            return;
        }
    }
}

/* Reads the rest of a line, until a function ends in it. */
static bool follow_line(const struct tidy_file *file, struct tidy_scan *scan,
                        struct tidy_function *function)
{
    size_t line = scan->line;
    bool ended = false;
    while (!ended && scan->at < file->line_at[line + 1]) {
        char c = file->code[scan->at++];
        if (c == '{' && scan->depth++ == 0 && scan->before == ')') {
            read_head(file, scan->head, scan->at, &scan->function);
            scan->function.open_line = line + 1;
        } else if (c == '}' && scan->depth > 0 && --scan->depth == 0 && scan->function.open_line) {
            *function = scan->function;
            function->close_line = line + 1;
            scan->function.open_line = 0;
            ended = true;
        }
        if (scan->depth == 0 && (c == ';' || c == '}'))
            scan->head = scan->at;
        if (!isspace((unsigned char)c))
            scan->before = c;
    }
    return ended;
}

bool tidy_next_function(const struct tidy_file *file, struct tidy_scan *scan,
                        struct tidy_function *ret_function)
{
    for (; scan->line < file->line_count; scan->line++, scan->at = 0) {
        if (scan->at == 0)
            scan->at = file->line_at[scan->line];
        if (is_preprocessor(file, scan->line, scan->continues)) {
            if (!scan->continues)
                follow_branch(file->code + file->line_at[scan->line], scan);
            scan->continues = line_continues(file, scan->line);
            if (scan->depth == 0)
                scan->head = file->line_at[scan->line + 1];
        } else if (!scan->skipping && follow_line(file, scan, ret_function)) {
            return true;
        }
    }
    return false;
}
