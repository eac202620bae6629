/* Parts of the scripted commands that need no coordinator. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "cli/answer.h"
#include "cli/past.h"
#include "cli/submission.h"
#include "cli/table.h"
#include "text/reply.h"

static cJSON *output_of(const float *values, int n)
{
    char text[256];
    cJSON *outputs = cJSON_CreateArray(), *output = cJSON_CreateObject();
    cJSON *shape = cJSON_AddArrayToObject(output, "shape");

    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)values, n * 4);
    cJSON_AddItemToArray(shape, cJSON_CreateNumber(1));
    cJSON_AddItemToArray(shape, cJSON_CreateNumber(n));
    cJSON_AddStringToObject(output, "name", "p");
    cJSON_AddStringToObject(output, "dtype", "float32");
    cJSON_AddStringToObject(output, "data_b64", text);
    cJSON_AddItemToArray(outputs, output);
    return outputs;
}

Test(answer, best_classes_come_first)
{
    const float values[4] = {0.1f, 0.7f, NAN, 0.2f};
    cJSON *outputs = output_of(values, 4);
    cJSON *labels = cJSON_Parse("[\"ant\",\"bee\",\"cat\",\"d\\u001bog\"]");
    char text[128];

    cr_assert_str_eq(tui_answer_text(outputs, labels, 3, text, sizeof(text)),
                     "bee 70.0%, d?og 20.0%, ant 10.0%");
    cJSON_Delete(labels);
    cr_assert_str_eq(tui_answer_text(outputs, NULL, 3, text, sizeof(text)), "p: float32 [1, 4]");
    cJSON_Delete(outputs);
}

Test(answer, top_keeps_order_and_bounds)
{
    float values[64];
    struct tui_tensor tensor = {
        tui_dtype_find("float32"), 1, {64}, sizeof(values), (uint8_t *)values};
    struct tui_top top;

    for (int i = 0; i < 64; i++)
        values[i] = (float)((i * 37) % 64);
    tui_answer_top(&tensor, 99, &top);
    cr_assert_eq(top.n, TUI_TOP_MAX);
    for (size_t i = 0; i < top.n; i++)
        cr_assert_float_eq(top.best[i].value, 63.0 - (double)i, 1e-9);
}

Test(answer, outputs_that_lie_about_their_size_are_refused)
{
    static const char *const bad[] = {
        "{\"dtype\":\"float32\",\"shape\":[1,4],\"data_b64\":\"AAAA\"}",
        "{\"dtype\":\"float32\",\"shape\":[-1],\"data_b64\":\"AAAAAA==\"}",
        "{\"dtype\":\"float32\",\"shape\":[1e14,1e14],\"data_b64\":\"AAAAAA==\"}",
        "{\"dtype\":\"float33\",\"shape\":[1],\"data_b64\":\"AAAAAA==\"}",
        "{\"dtype\":\"float32\",\"shape\":[1],\"data_b64\":\"====\"}",
        "{\"dtype\":\"float32\",\"shape\":[1]}",
        "{\"dtype\":\"float32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_b64\":\"AAAAAA==\"}",
    };
    struct tui_tensor tensor;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cJSON *output = cJSON_Parse(bad[i]);
        cr_assert_not_null(output);
        cr_assert_not(tui_answer_tensor(output, &tensor), "%s", bad[i]);
        cJSON_Delete(output);
    }
    cJSON *good = cJSON_Parse("{\"dtype\":\"float32\",\"shape\":[1],\"data_b64\":\"AACAPw==\"}");
    cr_assert(tui_answer_tensor(good, &tensor));
    float one;
    memcpy(&one, tensor.data, 4);
    cr_assert_float_eq(one, 1, 1e-9);
    free(tensor.data);
    cJSON_Delete(good);
}

Test(answer, job_states_have_their_exit_codes)
{
    static const struct {
        const char *job;
        enum tui_exit exit;
    } cases[] = {
        {"{\"state\":\"done\"}", TUI_EXIT_OK},
        {"{\"state\":\"failed\"}", TUI_EXIT_JOB_FAILED},
        {"{\"state\":\"expired\"}", TUI_EXIT_JOB_ENDED},
        {"{\"state\":\"running\"}", TUI_EXIT_WAIT},
        {"{}", TUI_EXIT_WAIT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *job = cJSON_Parse(cases[i].job);
        cr_assert_eq(tui_answer_exit(job), cases[i].exit, "%s", cases[i].job);
        cJSON_Delete(job);
    }
}

Test(format, numbers_fit_a_narrow_column)
{
    char text[TUI_CELL_BYTES];
    cr_assert_str_eq(tui_format_us(text, 87), "87 us");
    cr_assert_str_eq(tui_format_us(text, 3140), "3.14 ms");
    cr_assert_str_eq(tui_format_us(text, 52340), "52.3 ms");
    cr_assert_str_eq(tui_format_us(text, 2.5e6), "2.50 s");
    cr_assert_str_eq(tui_format_bytes(text, 512), "512 B");
    cr_assert_str_eq(tui_format_bytes(text, 8.0 * 1024 * 1024 * 1024), "8.0 GiB");
    cr_assert_str_eq(tui_format_age(text, 1234), "1.2 s");
    cr_assert_str_eq(tui_format_age(text, 90e3), "1.5 m");
    cr_assert_str_eq(tui_format_age(text, 900e3), "15 m");
    cr_assert_str_eq(tui_format_age(text, 7200e3), "2.0 h");
    cr_assert_str_eq(tui_format_measured_us(text, 0), "-");
    cr_assert_str_eq(tui_format_measured_us(text, 87), "87 us");
    cr_assert_str_eq(tui_format_time(text, 0), "-");
}

static enum tui_exit not_run(struct tui_cli *cli)
{
    (void)cli;
    return TUI_EXIT_INTERNAL;
}

static const struct tui_option options[] = {
    {"span", "SPAN", "x"}, {"count", "N", "x"}, {"flag", NULL, "x"}, {NULL, NULL, NULL}};
static const struct tui_command command = {options, 1, 2, "", not_run};
static const struct tui_command_entry entry = {"probe", "A", "help", &command};

/* getopt wants strings that it may keep and an array that it may reorder. */
static bool parse(const char *const *words, struct tui_cli *cli, enum tui_exit *exit_code)
{
    static char copies[15][64], *argv[16];
    int argc = 0;

    for (; words[argc] != NULL; argc++) {
        cr_assert_lt(snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]), 64);
        argv[argc] = copies[argc];
    }
    argv[argc] = NULL;
    *cli = (struct tui_cli){0};
    return tui_args_parse(&entry, argc, argv, cli, exit_code);
}

Test(args, options_and_arguments_mix)
{
    const char *const argv[] = {"probe",         "first",     "--span", "10m",
                                "--output=json", "--count",   "7",      "--flag",
                                "--coordinator", "tcp://h:1", "second", NULL};
    struct tui_cli cli;
    enum tui_exit exit_code;
    int64_t ms = 0, count = 0;

    cr_assert(parse(argv, &cli, &exit_code));
    cr_assert(cli.json);
    cr_assert_str_eq(cli.address, "tcp://h:1");
    cr_assert_eq(cli.n_args, 2);
    cr_assert(tui_option_duration(&cli, "span", &ms) && ms == 600000);
    cr_assert(tui_option_number(&cli, "count", 1, 10, &count) && count == 7);
    cr_assert_not_null(tui_option_value(&cli, "flag"));
    cr_assert_not(tui_option_number(&cli, "count", 8, 10, &count));
}

Test(args, mistakes_are_usage_errors)
{
    const char *const bad[][4] = {{"probe", NULL, NULL, NULL},
                                  {"probe", "a", "--nope", NULL},
                                  {"probe", "a", "--count", NULL},
                                  {"probe", "a", "--output=xml", NULL},
                                  {"probe", "a", "--timeout=5", NULL}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tui_cli cli;
        enum tui_exit exit_code = TUI_EXIT_OK;
        cr_assert_not(parse(bad[i], &cli, &exit_code), "case %zu", i);
        cr_assert_eq(exit_code, TUI_EXIT_USAGE);
    }
}

Test(commands, every_row_is_complete)
{
    for (const struct tui_command_entry *row = tui_commands; row->name != NULL; row++) {
        cr_assert_neq(row->help[0], '\0', "%s", row->name);
        cr_assert(strstr(row->command->examples, row->name) != NULL ||
                      strcmp(row->name, "console") == 0,
                  "%s has no example", row->name);
        cr_assert_eq(tui_command_find(row->name), row);
        for (int i = 0; row->command->options != NULL && row->command->options[i].name; i++)
            cr_assert(i < TUI_OPTIONS_MAX && row->command->options[i].help[0] != '\0');
    }
}

Test(submission, specs_come_from_the_model)
{
    cJSON *model = cJSON_Parse(
        "{\"inputs\":[{\"name\":\"x\",\"dtype\":\"float32\",\"shape\":[-1,3,4]}],"
        "\"preprocess\":{\"channels\":3,\"width\":4,\"height\":4,\"layout\":\"nhwc\",\"scale\":0.5,"
        "\"mean\":[1],\"std\":[2,4,8]}}");
    struct tui_model_inputs inputs;

    tui_model_inputs_read(model, &inputs);
    cr_assert_eq(inputs.n, 1);
    cr_assert(inputs.specs[0].rank == 3 && inputs.specs[0].dims[0] == -1);
    cr_assert(inputs.specs[0].has_preprocess && inputs.specs[0].preprocess.nhwc);
    cr_assert_float_eq(inputs.specs[0].preprocess.mean[2], 1, 1e-9, "one mean stands for all");
    cr_assert_float_eq(inputs.specs[0].preprocess.std[2], 8, 1e-9);
    cr_assert(tui_spec_override("uint8", "N,3,224", &inputs.specs[0]));
    cr_assert(inputs.specs[0].dims[0] == -1 && inputs.specs[0].dims[2] == 224);
    cr_assert_not(tui_spec_override(NULL, "1,x", &inputs.specs[0]));
    cr_assert_not(tui_spec_override("float31", NULL, &inputs.specs[0]));
    cJSON_Delete(model);
}

static bool past_of(const char *since, const char *until, double *ret_since, double *ret_until)
{
    static const struct tui_option past[] = {TUI_PAST_OPTIONS, {NULL, NULL, NULL}};
    struct tui_cli cli = {.options = past, .values = {since, until}};
    cJSON *request = cJSON_CreateObject();
    bool ok = tui_past_options(&cli, request);

    *ret_since = tui_reply_number(request, "since_ms");
    *ret_until = tui_reply_number(request, "until_ms");
    cJSON_Delete(request);
    return ok;
}

Test(past, windows_are_spans_ago_or_dates)
{
    double since, until;
    char text[TUI_CELL_BYTES];

    setenv("TZ", "UTC", 1);
    cr_assert(past_of("2026-11-21", "2026-11-21 17:30", &since, &until));
    cr_assert_float_eq(since, 1795219200e3, 0.5);
    cr_assert_float_eq(until, 1795282200e3, 0.5);
    cr_assert_str_eq(tui_format_moment(text, until), "2026-11-21 17:30:00");
    cr_assert_str_eq(tui_format_moment(text, 0), "-");
    cr_assert(past_of("2h", "1h", &since, &until));
    cr_assert_float_eq(until - since, 3600e3, 1000);
    cr_assert_not(past_of("yesterday", NULL, &since, &until));
    cr_assert_not(past_of("2026-13-41", NULL, &since, &until));
}
