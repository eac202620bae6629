/* The filter's language, on rows of a list that is written here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/filter.h"
#include "app/quantity.h"

static const struct tui_field fields[] = {
    {"agent", TUI_FIELD_TEXT, false}, {"state", TUI_FIELD_TEXT, false},
    {"load", TUI_FIELD_SHARE, false}, {"p95", TUI_FIELD_US, false},
    {"seen", TUI_FIELD_MS, false},    {"memory", TUI_FIELD_BYTES, false},
    {"done", TUI_FIELD_COUNT, false}, {"reason", TUI_FIELD_TEXT, false},
    {"job", TUI_FIELD_ID, false},     {NULL, TUI_FIELD_TEXT, false},
};

static const struct {
    const char *texts[9];
    double numbers[9];
} rows[] = {
    {{"ember-01", "ready"}, {[2] = 0.91, 8100, 40, 1073741824, 4011, [8] = 17}},
    {{"ember-02", "cordoned", [7] = "fan is loud"},
     {[2] = 0.8, 12000, 90, 536870912, 88, [8] = 18}},
    {{"ember-10", "lost", [7] = "/dev/dri \"gone\", twice"},
     {[2] = NAN, NAN, 300000, 0, 0, [8] = NAN}},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    (void)app;
    if (rows[index].texts[field])
        ret_value->text = rows[index].texts[field];
    if (fields[field].kind != TUI_FIELD_TEXT)
        ret_value->number = rows[index].numbers[field];
}

static const struct tui_view_ops ops = {.fields = fields, .value = value};

/* The last digits of the agents that pass, "1 2 0", or the error, "4: no column...". */
static const char *passing(const char *text)
{
    static char passed[TUI_TEXT_SIZE + 32];
    struct tui_filter_error error;
    struct tui_filter *filter = NULL;
    size_t used = 0;

    if (!tui_filter_compile(text, fields, &filter, &error)) {
        snprintf(passed, sizeof(passed), "%zu: %s", error.at, error.text);
        return passed;
    }
    passed[0] = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (!filter || tui_filter_match(filter, &ops, NULL, i))
            used += (size_t)snprintf(passed + used, sizeof(passed) - used, "%s%c",
                                     used > 0 ? " " : "", rows[i].texts[0][7]);
    }
    tui_filter_destroy(filter);
    return passed;
}

#define PASS(text, expected) \
    cr_expect_str_eq(passing(text), expected, "%s: %s", text, passing(text))

Test(filter, words_are_all_in_the_row)
{
    PASS("", "1 2 0");
    PASS("  ember ", "1 2 0");
    PASS("EMBER-0 ready", "1");
    PASS("ready lost", "");
    PASS("\"fan is\"", "2");
    PASS("fan\\ is", "2");
    PASS("17", "1");
    PASS("4011", "");
    PASS("ready\nlost", "");
}

Test(filter, keys_look_at_one_field)
{
    PASS("state:o", "2 0");
    PASS("state:=lost", "0");
    PASS("agent:=ember-1", "");
    PASS("sta:lost", "0");
    PASS("state:ready,lost", "1 0");
    PASS("reason:=", "1");
    PASS("reason:\"is loud\"", "2");
    PASS("reason:\"a,b\",fan", "2");
    PASS("reason:ready", "");
}

Test(filter, what_is_not_finished_lets_all_through)
{
    PASS("state:", "1 2 0");
    PASS("!", "1 2 0");
    PASS("!state:", "1 2 0");
    PASS("state:lost,", "0");
    PASS("load:", "1 2 0");
    PASS("/", "1 2 0");
    PASS("\"fan i", "2");
    PASS("/fan.i", "2");
}

Test(filter, numbers_compare_with_units)
{
    PASS("load:>80%", "1");
    PASS("load:>=80", "1 2");
    PASS("load:91%", "1");
    PASS("load:90%", "");
    PASS("p95:>10ms", "2");
    PASS("p95:<10ms", "1");
    PASS("p95:8ms..9ms", "1");
    PASS("p95:8.1ms", "1");
    PASS("p95:>0", "1 2");
    PASS("seen:<5m", "1 2");
    PASS("seen:5m", "0");
    PASS("memory:>=1GiB", "1");
    PASS("memory:512M", "2");
    PASS("done:4k", "1");
    PASS("done:88,4011", "1 2");
    PASS("job:>17", "2");
}

Test(filter, what_is_not_known_is_true_of_no_comparison)
{
    PASS("load:<50%", "");
    PASS("!load:>80%", "2 0");
}

Test(filter, terms_can_be_negated)
{
    PASS("!lost", "1 2");
    PASS("!!lost", "0");
    PASS("!state:=ready ember-0", "2");
    PASS("!/0[12]$/", "0");
    PASS("!\"fan is loud\"", "1 0");
}

Test(filter, expressions)
{
    PASS("/ember-0[1-9]$/", "1 2");
    PASS("/^lost$/", "0");
    PASS("agent:/^EMBER-1/", "0");
    PASS("agent:/^lost/", "");
    PASS("/ember.*ready/", "");
    PASS("/\\/dev\\/dri/", "0");
    PASS("/fan|gone/ ember-0", "2");
}

Test(filter, errors_say_where_and_what)
{
    PASS("ready nosuch:1", "6: no column 'nosuch'; there are agent, state, load, p95, seen, "
                           "memory, done, reason, job");
    PASS("x !s:1", "3: more than one column 's'; there are agent, state, load, p95, seen, memory, "
                   "done, reason, job");
    PASS("p95:>10", "4: p95 takes a time such as 250us, 10ms, 5s, 2m, not '>10'");
    PASS("load:>80%%", "5: load takes a share such as 80%, <5%, not '>80%%'");
    PASS("done:>", "5: done takes a number such as 12, 4k, >100, not '>'");
    cr_expect_eq(strncmp(passing("a /(b/"), "2: /(b/: ", 9), 0);
    PASS("/(a)\\1/", "0: /(a)\\1/: an expression here can't refer back");
}

Test(filter, an_expression_that_would_take_gigabytes_is_refused, .timeout = 5)
{
    PASS("/((a{99}){99}){99}/", "0: /((a{99}){99}){99}/: its repetitions are too large");
    PASS("/a*{99}{99}/", "0: /a*{99}{99}/: its repetitions are too large");
    PASS("/((((((((((a+)+)+)+)+)+)+)+)+)+/",
         "0: /((((((((((a+)+)+)+)+)+)+)+)+)+/: its repetitions are too large");
    PASS("/(((((((((((((((((/", "0: /(((((((((((((((((/: too many ( inside each other");
    PASS("/([[:digit:]{]{9}-){2}/", "");
}

Test(filter, there_are_limits)
{
    char text[400];

    memset(text, 'a', sizeof(text));
    text[TUI_FILTER_SIZE] = 0;
    PASS(text, "160: a filter has 159 bytes at most");
    for (size_t i = 0; i < 34; i += 2)
        memcpy(text + i, "e ", 3);
    PASS(text, "32: a filter has 16 terms at most");
    snprintf(text, sizeof(text), "state:");
    for (size_t i = 6; i < 6 + 66; i += 2)
        memcpy(text + i, "e,", 3);
    PASS(text, "70: a filter has 32 texts at most");
}

Test(filter, quantities_round_as_they_are_shown)
{
    struct tui_interval interval;

    cr_assert(tui_quantity_parse("10ms", TUI_FIELD_US, &interval));
    cr_assert_float_eq(interval.low, 9500, 1e-9);
    cr_assert_float_eq(interval.high, 10500, 1e-9);
    cr_assert(tui_quantity_parse("2.5s", TUI_FIELD_MS, &interval));
    cr_assert_float_eq(interval.low, 2450, 1e-6);
    const char *const wrong[] = {"",
                                 ".",
                                 "..",
                                 "1..",
                                 "..1",
                                 "1e9s",
                                 "0x1s",
                                 "-1s",
                                 "1",
                                 "s",
                                 ">s",
                                 "1ss",
                                 "inf",
                                 "nan",
                                 "1s..",
                                 "=",
                                 "<=",
                                 "1..2..3s",
                                 "1234567890123456s",
                                 "1.2.3s"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_expect_not(tui_quantity_parse(wrong[i], TUI_FIELD_MS, &interval), "%s", wrong[i]);
}
