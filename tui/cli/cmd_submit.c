#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/submission.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"wait", NULL, "wait for every job and print what it answered"},
    {"wait-max", "SPAN", "with --wait: give up waiting after so long (default 1h)"},
    {"version", "N", "version of the model (default: the newest)"},
    {"input", "NAME=FILE",
     "further input of every job, for models with several; may hold commas "
     "between several"},
    {"dtype", "TYPE", "element type of raw files"},
    {"shape", "DIMS", "shape of raw files, such as 1,3,224,224"},
    {"priority", "0..3", "0 is most urgent (default 2)"},
    {"deadline", "SPAN", "a job that has not ended by then expires"},
    {"tenant", "NAME", "who the jobs are counted for (default: default)"},
    {"patience", "SPAN",
     "how long a busy coordinator is asked again, as it says, and one that is gone is dialled, "
     "before "
     "giving up (default 1m)"},
    {"key", "KEY", "idempotency key: a second submission with it returns the first job"},
    {"repeat", "N", "submit every file so often (default 1)"},
    {"top", "N", "classes to show (1 to 10, default 3)"},
    {NULL, NULL, NULL},
};

/* A job that was accepted, in the order of the files. */
struct accepted {
    int64_t id;
    int file;
};

struct submission {
    struct tui_cli *cli;
    const char *model;
    cJSON *model_reply; /* owns the strings in `inputs` */
    const cJSON *labels;
    struct tui_model_inputs inputs;
    int64_t version, priority, deadline_ms, repeat, top, wait_max_ms, patience_ms;
    double waited_ms; /* for a busy coordinator, since it last took a job */
    struct accepted *accepted;
    size_t n_accepted, n_total;
    cJSON *json_jobs;   /* with --output json: what is printed at the end */
    int64_t started_ms; /* of what progress is about */
    uint64_t run;       /* in the keys of jobs that got none: nobody else's */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How far it is, on a terminal's last line, with the rate and the time left. */
static void show_progress(const struct submission *s, const char *what, size_t done)
{
    double seconds = (double)(now_ms() - s->started_ms) / 1e3;
    double rate = seconds > 0 ? (double)done / seconds : 0;

    if (s->n_total < 20 || !isatty(STDERR_FILENO) || seconds < 0.5)
        return;
    fprintf(stderr, "\r%s %zu of %zu, %.0f/s, %.0f s left \x1b[K", what, done, s->n_total, rate,
            rate > 0 ? (double)(s->n_total - done) / rate : 0);
    if (done == s->n_total)
        fprintf(stderr, "\r\x1b[K");
}

static enum tui_exit read_options(struct submission *s)
{
    struct tui_cli *cli = s->cli;

    s->priority = 2;
    s->repeat = 1;
    s->top = 3;
    s->wait_max_ms = 3600000;
    s->patience_ms = 60000;
    if (!tui_option_number(cli, "version", 1, INT32_MAX, &s->version) ||
        !tui_option_number(cli, "priority", 0, 3, &s->priority) ||
        !tui_option_number(cli, "repeat", 1, 1000000, &s->repeat) ||
        !tui_option_number(cli, "top", 1, TUI_TOP_MAX, &s->top) ||
        !tui_option_duration(cli, "deadline", &s->deadline_ms) ||
        !tui_option_duration(cli, "wait-max", &s->wait_max_ms) ||
        !tui_option_duration(cli, "patience", &s->patience_ms))
        return TUI_EXIT_USAGE;
    if (getrandom(&s->run, sizeof(s->run), 0) != (ssize_t)sizeof(s->run))
        return TUI_EXIT_INTERNAL;
    s->n_total = (size_t)(cli->n_args - 1) * (size_t)s->repeat;
    if (tui_option_value(cli, "key") != NULL && s->n_total > 1) {
        tui_complain("submit the files one by one", "--key names one job, not %zu", s->n_total);
        return TUI_EXIT_USAGE;
    }
    s->accepted = calloc(s->n_total, sizeof(*s->accepted));
    s->json_jobs = cJSON_CreateArray();
    return s->accepted != NULL ? TUI_EXIT_OK : TUI_EXIT_INTERNAL;
}

static enum tui_exit fetch_model(struct submission *s)
{
    cJSON *request = cJSON_CreateObject();

    cJSON_AddStringToObject(request, "name", s->model);
    if (s->version > 0)
        cJSON_AddNumberToObject(request, "version", (double)s->version);
    enum tui_exit exit_code = tui_request(s->cli, "model", request, 0, &s->model_reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *model = tui_reply_member(s->model_reply, "model");
    if (strcmp(tui_reply_text(model, "state"), "invalid") == 0) {
        char clean[512];
        tui_complain("repair it in the model repository", "model '%s' is invalid: %s", s->model,
                     tui_shown(tui_reply_text(model, "error"), clean, sizeof(clean)));
        return TUI_EXIT_UNAVAILABLE;
    }
    s->version = (int64_t)tui_reply_number(model, "version");
    s->labels = tui_reply_member(model, "labels");
    tui_model_inputs_read(model, &s->inputs);
    struct tui_input_spec *first = s->inputs.n > 0 ? &s->inputs.specs[0] : &s->inputs.unknown;
    return tui_spec_override(tui_option_value(s->cli, "dtype"), tui_option_value(s->cli, "shape"),
                             first)
               ? TUI_EXIT_OK
               : TUI_EXIT_USAGE;
}

/* The inputs given with --input NAME=FILE[,NAME=FILE] are appended to `inputs`. */
static bool add_named_inputs(const struct submission *s, cJSON *inputs, size_t *bytes)
{
    const char *value = tui_option_value(s->cli, "input");
    char *list = value != NULL ? strdup(value) : NULL;
    char *rest = NULL;
    bool ok = true;

    for (char *item = list ? strtok_r(list, ",", &rest) : NULL; ok && item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        char *file = strchr(item, '=');
        const struct tui_input_spec *spec = &s->inputs.unknown;
        size_t n = 0;
        if (file == NULL) {
            tui_complain(NULL, "--input '%s' is not NAME=FILE", item);
            ok = false;
            break;
        }
        *file++ = '\0';
        for (size_t i = 0; i < s->inputs.n; i++)
            if (strcmp(s->inputs.names[i], item) == 0)
                spec = &s->inputs.specs[i];
        cJSON *input = tui_submission_input(file, item, spec, &n);
        ok = input != NULL && cJSON_AddItemToArray(inputs, input);
        *bytes += n;
    }
    free(list);
    return ok;
}

/* One job's object, or NULL with the complaint printed. */
static cJSON *make_job(const struct submission *s, const char *path, size_t *ret_bytes)
{
    bool known = s->inputs.n > 0;
    cJSON *job = cJSON_CreateObject();
    cJSON *inputs = cJSON_AddArrayToObject(job, "inputs");
    size_t bytes = 0;
    cJSON *input = tui_submission_input(path, known ? s->inputs.names[0] : NULL,
                                        known ? &s->inputs.specs[0] : &s->inputs.unknown, &bytes);

    if (input == NULL || !cJSON_AddItemToArray(inputs, input) ||
        !add_named_inputs(s, inputs, &bytes)) {
        cJSON_Delete(job);
        return NULL;
    }
    *ret_bytes = bytes;
    return job;
}

/* Jobs on their way: which they are of all, until they are taken. */
struct sending {
    cJSON *jobs;
    int numbers[TUI_JOBS_A_REQUEST];
    int n;
};

/* What was taken leaves `sending`; the others stay, with the reason of the first. */
static enum tui_exit take_reply(struct submission *s, const cJSON *reply, struct sending *sending,
                                const char **ret_why)
{
    const cJSON *jobs = tui_reply_member(reply, "jobs");
    int answered = cJSON_GetArraySize(jobs), left = 0;

    if (answered != sending->n) {
        tui_complain(NULL, "the coordinator answered %d jobs for %d", answered, sending->n);
        return TUI_EXIT_INTERNAL;
    }
    *ret_why = NULL;
    for (int i = 0; i < answered; i++) {
        const cJSON *job = cJSON_GetArrayItem(jobs, i);
        int64_t id = (int64_t)tui_reply_number(job, "id");
        int number = sending->numbers[i];
        if (id > 0) {
            int file = (int)(number / s->repeat) + 1;
            s->accepted[s->n_accepted++] = (struct accepted){id, file};
            s->waited_ms = 0;
            cJSON_DeleteItemFromArray(sending->jobs, left);
            continue;
        }
        if (*ret_why == NULL)
            *ret_why = tui_reply_text(job, "error");
        sending->numbers[left++] = number;
    }
    sending->n = left;
    return TUI_EXIT_OK;
}

/* Until all are taken, or the coordinator has taken none for as long as the patience. */
static enum tui_exit send_all(struct submission *s, struct sending *sending, cJSON *request)
{
    while (sending->n > 0) {
        const char *why = NULL;
        cJSON *reply = NULL;
        int n = sending->n;
        enum tui_exit exit_code = tui_request_patiently(
            s->cli, "submit", request, 0, (uint32_t)s->patience_ms, &s->waited_ms, &reply);
        if (exit_code == TUI_EXIT_OK)
            exit_code = take_reply(s, reply, sending, &why);
        if (exit_code == TUI_EXIT_OK && sending->n > 0 &&
            !tui_busy_wait(tui_reply_number(reply, "retry_after_ms"), why, (uint32_t)s->patience_ms,
                           &s->waited_ms)) {
            char clean[512];
            tui_complain("submit them again later", "%d of %d jobs were not taken: %s", sending->n,
                         n, tui_shown(why, clean, sizeof(clean)));
            exit_code = TUI_EXIT_BUSY;
        }
        cJSON_Delete(reply);
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        if (sending->n > 0 && tui_interrupted())
            return TUI_EXIT_INTERRUPTED;
    }
    return TUI_EXIT_OK;
}

static enum tui_exit send(struct submission *s, cJSON *jobs, int first)
{
    cJSON *request = cJSON_CreateObject();
    struct sending sending = {.jobs = jobs, .n = cJSON_GetArraySize(jobs)};

    for (int i = 0; i < sending.n; i++)
        sending.numbers[i] = first + i;
    cJSON_AddStringToObject(request, "model", s->model);
    cJSON_AddNumberToObject(request, "version", (double)s->version);
    cJSON_AddNumberToObject(request, "priority", (double)s->priority);
    if (s->deadline_ms > 0)
        cJSON_AddNumberToObject(request, "deadline_ms", (double)s->deadline_ms);
    if (tui_option_value(s->cli, "tenant") != NULL)
        cJSON_AddStringToObject(request, "tenant", tui_option_value(s->cli, "tenant"));
    cJSON_AddItemToObject(request, "jobs", jobs);
    enum tui_exit exit_code = send_all(s, &sending, request);
    cJSON_Delete(request);
    return exit_code;
}

/* Without it nobody could tell, after a connection has broken, whether the job was taken. */
static void add_key(const struct submission *s, cJSON *job, int number)
{
    char own[64];
    const char *key = tui_option_value(s->cli, "key");

    snprintf(own, sizeof(own), "stoker-submit-%016llx-%d", (unsigned long long)s->run, number);
    cJSON_AddStringToObject(job, "key", key != NULL ? key : own);
}

static enum tui_exit submit_all(struct submission *s)
{
    cJSON *jobs = cJSON_CreateArray(), *job = NULL;
    size_t bytes = 0, job_bytes = 0;
    int n = 0, first = 0;
    enum tui_exit exit_code = TUI_EXIT_OK;

    for (int file = 1; file < s->cli->n_args && exit_code == TUI_EXIT_OK; file++) {
        job = make_job(s, s->cli->args[file], &job_bytes);
        if (job == NULL)
            exit_code = TUI_EXIT_INPUT;
        for (int64_t i = 0; i < s->repeat && exit_code == TUI_EXIT_OK && !tui_interrupted(); i++) {
            cJSON *copy = cJSON_Duplicate(job, true);
            add_key(s, copy, n);
            cJSON_AddItemToArray(jobs, copy);
            bytes += job_bytes;
            n++;
            if (n - first < TUI_JOBS_A_REQUEST && bytes + job_bytes < TUI_REQUEST_BYTES)
                continue;
            exit_code = send(s, jobs, first);
            show_progress(s, "submitted", s->n_accepted);
            jobs = cJSON_CreateArray();
            first = n;
            bytes = 0;
        }
        cJSON_Delete(job);
    }
    if (exit_code == TUI_EXIT_OK && n > first)
        return send(s, jobs, first);
    cJSON_Delete(jobs);
    return exit_code;
}

static void print_answer(struct submission *s, const struct accepted *accepted, cJSON *reply)
{
    char text[512], state[32];
    const cJSON *job = tui_reply_member(reply, "job");
    const cJSON *outputs = tui_reply_member(reply, "outputs");
    const char *path = s->cli->args[accepted->file];

    if (s->cli->json) {
        cJSON *copy = cJSON_Duplicate(job, true);
        cJSON_AddStringToObject(copy, "file", path);
        tui_answer_add_classes(copy, outputs, s->labels, (size_t)s->top);
        cJSON_AddItemToArray(s->json_jobs, copy);
    } else if (outputs != NULL) {
        printf("%s: %s\n", path,
               tui_answer_text(outputs, s->labels, (size_t)s->top, text, sizeof(text)));
    } else {
        const char *message = tui_reply_text(tui_reply_member(job, "error"), "message");
        tui_complain(NULL, "%s: job %lld %s: %s", path, (long long)accepted->id,
                     tui_shown(tui_reply_text(job, "state"), state, sizeof(state)),
                     tui_shown(message, text, sizeof(text)));
    }
}

static enum tui_exit wait_one(struct submission *s, const struct accepted *accepted)
{
    for (;;) {
        cJSON *reply = NULL, *request = cJSON_CreateObject();
        cJSON_AddNumberToObject(request, "id", (double)accepted->id);
        cJSON_AddNumberToObject(request, "wait_ms", TUI_WAIT_SLICE_MS);
        enum tui_exit exit_code =
            tui_request_patiently(s->cli, "result", request, TUI_WAIT_SLICE_MS,
                                  (uint32_t)s->patience_ms, &s->waited_ms, &reply);
        cJSON_Delete(request);
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        s->waited_ms = 0;
        exit_code = tui_answer_exit(tui_reply_member(reply, "job"));
        if (exit_code != TUI_EXIT_WAIT)
            print_answer(s, accepted, reply);
        cJSON_Delete(reply);
        if (exit_code != TUI_EXIT_WAIT)
            return exit_code;
        if (tui_interrupted())
            return TUI_EXIT_INTERRUPTED;
        if (now_ms() - s->started_ms > s->wait_max_ms)
            return TUI_EXIT_WAIT;
    }
}

/* The worst job decides the exit code; a wait that ends leaves the jobs alone. */
static enum tui_exit wait_all(struct submission *s)
{
    enum tui_exit worst = TUI_EXIT_OK;

    s->started_ms = now_ms();
    for (size_t i = 0; i < s->n_accepted; i++) {
        enum tui_exit exit_code = wait_one(s, &s->accepted[i]);
        worst = worst == TUI_EXIT_OK ? exit_code : worst;
        show_progress(s, "answered", i + 1);
        if (exit_code != TUI_EXIT_OK && exit_code != TUI_EXIT_JOB_FAILED &&
            exit_code != TUI_EXIT_JOB_ENDED) {
            fprintf(stderr, "stoker: %zu jobs go on; stoker result %lld --wait 1m asks again\n",
                    s->n_accepted - i, (long long)s->accepted[i].id);
            return exit_code;
        }
    }
    return worst;
}

static void print_accepted(struct submission *s)
{
    for (size_t i = 0; i < s->n_accepted; i++) {
        if (!s->cli->json) {
            printf("job %lld %s\n", (long long)s->accepted[i].id,
                   s->cli->args[s->accepted[i].file]);
            continue;
        }
        cJSON *job = cJSON_CreateObject();
        cJSON_AddNumberToObject(job, "id", (double)s->accepted[i].id);
        cJSON_AddStringToObject(job, "file", s->cli->args[s->accepted[i].file]);
        cJSON_AddItemToArray(s->json_jobs, job);
    }
}

static enum tui_exit run(struct tui_cli *cli)
{
    struct submission s = {.cli = cli, .model = cli->args[0], .started_ms = now_ms()};
    bool wait = tui_option_value(cli, "wait") != NULL;
    enum tui_exit exit_code = read_options(&s);

    tui_interrupt_catch();
    if (exit_code == TUI_EXIT_OK)
        exit_code = fetch_model(&s);
    if (exit_code == TUI_EXIT_OK)
        exit_code = submit_all(&s);
    if (exit_code != TUI_EXIT_OK && s.n_total > 1 && s.n_accepted > 0)
        fprintf(stderr, "stoker: %zu of %zu jobs were taken and go on\n", s.n_accepted, s.n_total);
    if (!wait || exit_code != TUI_EXIT_OK)
        print_accepted(&s);
    else
        exit_code = wait_all(&s);
    if (cli->json && s.json_jobs != NULL) {
        cJSON *reply = cJSON_CreateObject();
        cJSON_AddItemReferenceToObject(reply, "jobs", s.json_jobs);
        tui_print_json(reply);
        cJSON_Delete(reply);
    }
    cJSON_Delete(s.json_jobs);
    cJSON_Delete(s.model_reply);
    free(s.accepted);
    return exit_code;
}

const struct tui_command tui_command_submit = {
    .options = options,
    .args_min = 2,
    .args_max = -1,
    .examples = "  stoker submit digits seven.png --wait\n"
                "  stoker submit resnet50 *.jpg --priority 0 --deadline 30s\n"
                "  stoker submit bert ids.npy --input mask=mask.npy,types=types.npy --wait\n",
    .run = run,
};
