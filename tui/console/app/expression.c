#include "app/expression.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 16
#define UNFOLDED_MAX 400

/*
 * The C library unfolds repetitions when it compiles: a+ to aa*, a{9} to nine of it. Nested ones
 * multiply, and 20 typed bytes can ask for gigabytes. So the unfolded size is counted first.
 */
struct sizes {
    size_t total[GROUPS_MAX + 1]; /* of each open group, the innermost last */
    size_t last[GROUPS_MAX + 1];  /* of the latest piece in it: what a repetition multiplies */
    size_t depth;
};

static void add(struct sizes *sizes, size_t size)
{
    sizes->total[sizes->depth] += size;
    sizes->last[sizes->depth] = size;
}

static void multiply(struct sizes *sizes, size_t times)
{
    size_t last = sizes->last[sizes->depth];

    if (times > UNFOLDED_MAX)
        times = UNFOLDED_MAX + 1;
    if (times > 1)
        sizes->total[sizes->depth] += last * (times - 1);
    sizes->last[sizes->depth] = last * (times > 1 ? times : 1);
}

/* The larger number in "{3,9}"; the bytes of it in *ret_len. */
static size_t repetitions(const char *text, size_t *ret_len)
{
    size_t most = 1;
    size_t i = 1;

    while (text[i] != 0 && text[i] != '}') {
        size_t number = 0;
        for (; isdigit((unsigned char)text[i]); i++)
            number = number > UNFOLDED_MAX ? number : number * 10 + (size_t)(text[i] - '0');
        most = number + 1 > most ? number + 1 : most;
        i += text[i] != 0 && text[i] != '}';
    }
    *ret_len = text[i] == '}' ? i + 1 : i;
    return most;
}

/* The bytes of "[...]". */
static size_t bracket(const char *text)
{
    size_t i = text[1] == '^' ? 2 : 1;

    i += text[i] == ']';
    while (text[i] != 0 && text[i] != ']') {
        /* [:alpha:], [.-.] and [=e=] have brackets of their own. */
        if (text[i] == '[' && text[i + 1] != 0 && strchr(":.=", text[i + 1])) {
            const char end[] = {text[i + 1], ']', 0};
            const char *close = strstr(text + i + 2, end);
            i = close ? (size_t)(close - text) + 2 : i + 1;
        } else {
            i++;
        }
    }
    return text[i] == ']' ? i + 1 : i;
}

/* What is wrong with it; NULL if nothing. */
static const char *too_much(const char *text)
{
    struct sizes sizes = {.depth = 0};
    size_t len;

    for (size_t i = 0; text[i] != 0; i += len) {
        len = 1;
        if (text[i] == '\\' && text[i + 1] != 0) {
            if (isdigit((unsigned char)text[i + 1]))
                return "an expression here can't refer back";
            len = 2;
            add(&sizes, 1);
        } else if (text[i] == '[') {
            len = bracket(text + i);
            add(&sizes, 1);
        } else if (text[i] == '(') {
            if (sizes.depth == GROUPS_MAX)
                return "too many ( inside each other";
            sizes.depth++;
            sizes.total[sizes.depth] = sizes.last[sizes.depth] = 0;
        } else if (text[i] == ')' && sizes.depth > 0) {
            sizes.depth--;
            add(&sizes, sizes.total[sizes.depth + 1]);
        } else if (text[i] == '{') {
            multiply(&sizes, repetitions(text + i, &len));
        } else if (text[i] == '+') {
            multiply(&sizes, 2);
        } else if (text[i] != '*' && text[i] != '?') {
            add(&sizes, 1);
        }
        if (sizes.total[sizes.depth] > UNFOLDED_MAX)
            return "its repetitions are too large";
    }
    return NULL;
}

bool tui_expression_compile(const char *text, regex_t *ret_expression, char *ret_why, size_t size)
{
    const char *wrong = too_much(text);
    char error[128];

    if (wrong) {
        snprintf(ret_why, size, "/%s/: %s", text, wrong);
        return false;
    }
    int result = regcomp(ret_expression, text, REG_EXTENDED | REG_ICASE | REG_NOSUB | REG_NEWLINE);
    if (result != 0) {
        regerror(result, NULL, error, sizeof(error));
        error[0] = (char)tolower((unsigned char)error[0]);
        snprintf(ret_why, size, "/%s/: %s", text, error);
        return false;
    }
    return true;
}
