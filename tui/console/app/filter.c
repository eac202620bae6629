#include "app/filter.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/expression.h"
#include "app/quantity.h"

#define ANY_FIELD SIZE_MAX
#define HAYSTACK_SIZE 4096

enum test_kind { TEST_CONTAINS, TEST_EQUALS, TEST_EXPRESSION, TEST_INTERVAL };

struct test {
    enum test_kind kind;
    const char *text; /* in the filter's words */
    regex_t expression;
    struct tui_interval interval;
};

/* True if any of its tests is. */
struct term {
    bool negated;
    size_t field;
    size_t first, count; /* of the tests */
};

struct tui_filter {
    struct term terms[TUI_FILTER_TERMS_MAX];
    size_t term_count;
    struct test tests[TUI_FILTER_TESTS_MAX];
    size_t test_count;
    char words[TUI_FILTER_SIZE + TUI_FILTER_TESTS_MAX];
    size_t words_used;
};

struct parser {
    const char *text;
    size_t at;
    const struct tui_field *fields;
    struct tui_filter *filter;
    struct tui_filter_error *error;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct parser *parser, size_t at,
                                                       const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parser->error->text, sizeof(parser->error->text), format, args);
    va_end(args);
    parser->error->at = at;
    return false;
}

static void list_fields(char *ret_text, size_t size, const struct tui_field *fields)
{
    size_t used = 0;

    ret_text[0] = 0;
    for (; fields->name && used < size; fields++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used > 0 ? ", " : "",
                                 fields->name);
}

bool tui_field_find(const struct tui_field *fields, const char *name, size_t len, size_t *ret_field,
                    struct tui_filter_error *ret_error)
{
    char known[TUI_TEXT_SIZE];
    size_t found = ANY_FIELD;
    size_t count = 0;

    for (size_t i = 0; fields && fields[i].name; i++) {
        if (len == 0 || strncasecmp(fields[i].name, name, len) != 0)
            continue;
        count++;
        found = i;
        if (fields[i].name[len] == 0) {
            count = 1;
            break;
        }
    }
    if (count == 1) {
        *ret_field = found;
        return true;
    }
    if (ret_error) {
        list_fields(known, sizeof(known), fields);
        ret_error->at = 0;
        snprintf(ret_error->text, sizeof(ret_error->text), "%s column '%.*s'; there are %s",
                 count > 1 ? "more than one" : "no", (int)len, name, known);
    }
    return false;
}

/*
 * Reads up to an unquoted blank or one of `stops` into the filter's words, without quotes and
 * backslashes. A quote that isn't closed yet ends with the line: the filter works while it is
 * typed.
 */
static const char *read_word(struct parser *parser, const char *stops)
{
    struct tui_filter *filter = parser->filter;
    char *word = filter->words + filter->words_used;
    size_t used = 0;
    bool quoted = false;

    for (;; parser->at++) {
        char c = parser->text[parser->at];
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (c == '\\' && parser->text[parser->at + 1] != 0)
            c = parser->text[++parser->at];
        else if (c == 0 || (!quoted && (c == ' ' || strchr(stops, c))))
            break;
        word[used++] = c;
    }
    word[used] = 0;
    filter->words_used += used + 1;
    return word;
}

/* The text between slashes; of its backslashes only those before a slash are taken away. */
static const char *read_expression(struct parser *parser)
{
    struct tui_filter *filter = parser->filter;
    char *word = filter->words + filter->words_used;
    size_t used = 0;

    for (parser->at++; parser->text[parser->at] != 0; parser->at++) {
        char c = parser->text[parser->at];
        if (c == '/') {
            parser->at++;
            break;
        }
        if (c == '\\' && parser->text[parser->at + 1] != 0) {
            if (parser->text[parser->at + 1] != '/')
                word[used++] = c;
            c = parser->text[++parser->at];
        }
        word[used++] = c;
    }
    word[used] = 0;
    filter->words_used += used + 1;
    return word;
}

static bool read_test(struct parser *parser, const struct tui_field *field, struct test *test)
{
    size_t start = parser->at;
    char first = parser->text[start];
    char why[TUI_TEXT_SIZE];

    if (field && field->kind != TUI_FIELD_TEXT) {
        test->kind = TEST_INTERVAL;
        test->text = read_word(parser, ",");
        if (test->text[0] != 0 && !tui_quantity_parse(test->text, field->kind, &test->interval))
            return fail(parser, start, "%s takes %s, not '%s'", field->name,
                        tui_quantity_help(field->kind), test->text);
        return true;
    }
    if (first == '/') {
        test->kind = TEST_EXPRESSION;
        test->text = read_expression(parser);
        if (test->text[0] == 0)
            test->kind = TEST_CONTAINS;
        else if (!tui_expression_compile(test->text, &test->expression, why, sizeof(why)))
            return fail(parser, start, "%s", why);
        return true;
    }
    test->kind = field && first == '=' ? TEST_EQUALS : TEST_CONTAINS;
    if (test->kind == TEST_EQUALS)
        parser->at++;
    test->text = read_word(parser, field ? "," : "");
    return true;
}

/* The name before a colon, if the term begins with one. */
static bool read_key(struct parser *parser, struct term *term)
{
    const char *word = parser->text + parser->at;
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+/-");

    term->field = ANY_FIELD;
    if (!isalpha((unsigned char)word[0]) || word[len] != ':')
        return true;
    if (!tui_field_find(parser->fields, word, len, &term->field, parser->error)) {
        parser->error->at = parser->at;
        return false;
    }
    parser->at += len + 1;
    return true;
}

static bool read_term(struct parser *parser)
{
    struct tui_filter *filter = parser->filter;
    struct term *term = &filter->terms[filter->term_count];
    bool more = true;

    if (filter->term_count == TUI_FILTER_TERMS_MAX)
        return fail(parser, parser->at, "a filter has %d terms at most", TUI_FILTER_TERMS_MAX);
    *term = (struct term){.first = filter->test_count};
    for (; parser->text[parser->at] == '!'; parser->at++)
        term->negated = !term->negated;
    if (!read_key(parser, term))
        return false;
    const struct tui_field *field = term->field == ANY_FIELD ? NULL : &parser->fields[term->field];
    while (more) {
        if (filter->test_count == TUI_FILTER_TESTS_MAX)
            return fail(parser, parser->at, "a filter has %d texts at most", TUI_FILTER_TESTS_MAX);
        struct test *test = &filter->tests[filter->test_count];
        if (!read_test(parser, field, test))
            return false;
        /* "state:" and "!" are the beginning of a term: they don't empty the list on the way. */
        filter->test_count += test->text[0] != 0 || test->kind == TEST_EQUALS;
        more = field && parser->text[parser->at] == ',';
        parser->at += more;
    }
    term->count = filter->test_count - term->first;
    filter->term_count += term->count > 0;
    return true;
}

bool tui_filter_compile(const char *text, const struct tui_field *fields,
                        struct tui_filter **ret_filter, struct tui_filter_error *ret_error)
{
    struct parser parser = {.text = text, .fields = fields, .error = ret_error};

    if (strlen(text) >= TUI_FILTER_SIZE)
        return fail(&parser, TUI_FILTER_SIZE, "a filter has %d bytes at most", TUI_FILTER_SIZE - 1);
    parser.filter = calloc(1, sizeof(*parser.filter));
    if (!parser.filter)
        return fail(&parser, 0, "out of memory");
    for (;;) {
        parser.at += strspn(text + parser.at, " ");
        if (text[parser.at] == 0)
            break;
        if (!read_term(&parser)) {
            tui_filter_destroy(parser.filter);
            return false;
        }
    }
    if (parser.filter->term_count == 0) {
        tui_filter_destroy(parser.filter);
        parser.filter = NULL;
    }
    *ret_filter = parser.filter;
    return true;
}

void tui_filter_destroy(struct tui_filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < filter->test_count; i++) {
        if (filter->tests[i].kind == TEST_EXPRESSION)
            regfree(&filter->tests[i].expression);
    }
    free(filter);
}

static bool test_text(const struct test *test, const char *text)
{
    switch (test->kind) {
    case TEST_EQUALS:
        return strcasecmp(text, test->text) == 0;
    case TEST_EXPRESSION:
        return regexec(&test->expression, text, 0, NULL, 0) == 0;
    default:
        return strcasestr(text, test->text) != NULL;
    }
}

/* A row's texts, a line each: no word or expression reaches from one into the next. */
struct haystack {
    bool built;
    char text[HAYSTACK_SIZE];
};

static void build_haystack(struct haystack *hay, const struct tui_view_ops *ops,
                           const struct tui_app *app, size_t index)
{
    struct tui_value value;
    size_t used = 0;

    hay->text[0] = 0;
    hay->built = true;
    for (size_t i = 0; ops->fields[i].name && used < sizeof(hay->text); i++) {
        enum tui_field_kind kind = ops->fields[i].kind;
        int n = 0;
        if (kind != TUI_FIELD_TEXT && kind != TUI_FIELD_ID)
            continue;
        tui_view_value(ops, app, index, i, &value);
        if (kind == TUI_FIELD_TEXT)
            n = snprintf(hay->text + used, sizeof(hay->text) - used, "%s\n", value.text);
        else if (!isnan(value.number))
            n = snprintf(hay->text + used, sizeof(hay->text) - used, "%.0f\n", value.number);
        used += n > 0 ? (size_t)n : 0;
    }
}

static bool term_is_true(const struct tui_filter *filter, const struct term *term, const char *text,
                         double number)
{
    for (size_t i = term->first; i < term->first + term->count; i++) {
        const struct test *test = &filter->tests[i];
        bool is = test->kind == TEST_INTERVAL
                      ? number >= test->interval.low && number <= test->interval.high
                      : test_text(test, text);
        if (is)
            return true;
    }
    return false;
}

bool tui_filter_match(const struct tui_filter *filter, const struct tui_view_ops *ops,
                      const struct tui_app *app, size_t index)
{
    struct haystack hay;
    struct tui_value value;

    hay.built = false;
    for (size_t i = 0; i < filter->term_count; i++) {
        const struct term *term = &filter->terms[i];
        const char *text = hay.text;
        value.number = NAN;
        if (term->field != ANY_FIELD) {
            tui_view_value(ops, app, index, term->field, &value);
            text = value.text;
        } else if (!hay.built) {
            build_haystack(&hay, ops, app, index);
        }
        if (term_is_true(filter, term, text, value.number) == term->negated)
            return false;
    }
    return true;
}
