/* The ONNX conformance cases through a device: model, session, plan, run. A case is right, or it is
 * refused with a message that names the operator or type at fault. Arguments: cpu, gpu or
 * cpu-blocks, as for device_open_family, with a + for each candidate of the kernels in turn;
 * SHARD/SHARDS; folders of cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "cx.h"
#include "device_plan.h"
#include "graph/model.h"

#define SKIPPED 77
#define OPERATORS_MAX 512

struct tally {
    uint32_t without; /* candidates, where those are asked for */
    uint32_t passed, refused, disputed, wrong;
    struct {
        char name[64];
        uint32_t count;
    } operators[OPERATORS_MAX]; /* what was refused, by the first operator of the case */
    uint32_t operator_n;
};

struct shard {
    uint32_t index, count;
};

/* Cases of the same operators share programs, so they stay together. */
static bool is_ours(const struct conf_case *one, struct shard shard)
{
    uint32_t hash = 2166136261u;
    for (const char *c = one->op_types; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return (hash >> 8) % shard.count == shard.index;
}

/* The operator that a message is about, the case's first one when none is named. */
static void count_refusal(struct tally *tally, const struct conf_case *one, const char *text)
{
    const char *name = strstr(text, "operator '");
    size_t name_n = 0;
    if (name != NULL) {
        name += strlen("operator '");
        name_n = strcspn(name, "'");
    } else {
        name = one->op_types;
        name_n = strcspn(name, ",");
    }
    uint32_t i = 0;
    while (i < tally->operator_n && (strlen(tally->operators[i].name) != name_n ||
                                     strncmp(tally->operators[i].name, name, name_n) != 0))
        i++;
    if (i == tally->operator_n) {
        if (i == OPERATORS_MAX)
            return;
        snprintf(tally->operators[i].name, sizeof tally->operators[i].name, "%.*s", (int)name_n,
                 name);
        tally->operator_n++;
    }
    tally->operators[i].count++;
}

static bool names_its_reason(const struct conf_case *one, const char *text)
{
    if (strstr(text, "opset ") != NULL || strstr(text, "input '") != NULL ||
        strstr(text, "output '") != NULL || strstr(text, "tensor '") != NULL)
        return true;
    char types[sizeof one->op_types];
    snprintf(types, sizeof types, "%s", one->op_types);
    char *rest = NULL;
    for (char *op = strtok_r(types, ",", &rest); op != NULL; op = strtok_r(NULL, ",", &rest)) {
        const char *dot = strrchr(op, '.');
        if (strstr(text, dot != NULL ? dot + 1 : op) != NULL)
            return true;
    }
    return false;
}

static void check_case(const struct conf_case *one, struct cx_device *device,
                       struct candidates *candidates, struct tally *tally)
{
    char path[1100];
    struct cx_error error = {0};
    if (candidates != NULL)
        candidates->n = 0;
    struct cx_model *model = NULL;
    struct cx_session *session = NULL;
    snprintf(path, sizeof path, "%s/model.onnx", one->dir);
    error.status = cx_model_read(path, &model, &error);
    if (error.status == CX_OK)
        error.status = cx_session_create(model, device, &session, &error);
    bool right = error.status == CX_OK && device_check_case(one, session, candidates, &error);
    cx_session_destroy(session);
    cx_model_destroy(model);
    if (right && candidates != NULL && candidates->n == 0) {
        tally->without++;
    } else if (right) {
        tally->passed++;
    } else if (error.status == CX_UNSUPPORTED && names_its_reason(one, error.text)) {
        tally->refused++;
        count_refusal(tally, one, error.text);
        if (conf_is_known(one))
            printf("refused %s: %s\n", one->name, error.text);
    } else if (one->disputed) {
        tally->disputed++;
    } else {
        tally->wrong++;
        printf("WRONG %s (%s, opset %s): %s\n", one->name, one->op_types, one->opset, error.text);
    }
    fflush(stdout); /* a kernel out of bounds ends the process: the last line says where */
}

static bool check_folder(const char *folder, struct shard shard, struct cx_device *device,
                         struct candidates *candidates, struct tally *tally)
{
    struct conf_case *cases = NULL;
    size_t count = 0;
    if (!conf_list(folder, &cases, &count)) {
        printf("skipped: STOKER_CONFORMANCE_DIR has no %s\n", folder);
        return false;
    }
    for (size_t k = 0; k < count; k++)
        if (is_ours(&cases[k], shard))
            check_case(&cases[k], device, candidates, tally);
    free(cases);
    return true;
}

int main(int argc, char **argv)
{
    static struct tally tally;
    static struct candidates candidates;
    struct shard shard;
    if (argc < 4 || sscanf(argv[2], "%u/%u", &shard.index, &shard.count) != 2 || shard.count == 0) {
        printf("usage: %s cpu|cpu-blocks|gpu[+] SHARD/SHARDS FOLDER…\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (getenv("STOKER_CONFORMANCE_DIR") == NULL) {
        printf("skipped: STOKER_CONFORMANCE_DIR is not set\n");
        return SKIPPED;
    }
    struct cx_device *device = device_open_family(argv[1]);
    if (device == NULL)
        return SKIPPED;
    bool found = true;
    for (int i = 3; i < argc && found; i++)
        found = check_folder(argv[i], shard, device,
                             device_wants_candidates(argv[1]) ? &candidates : NULL, &tally);
    cx_device_close(device);
    if (!found)
        return SKIPPED;
    printf("refused by operator:");
    for (uint32_t i = 0; i < tally.operator_n; i++)
        printf(" %s %u", tally.operators[i].name, tally.operators[i].count);
    if (device_wants_candidates(argv[1]))
        printf("\n%u without candidates", tally.without);
    printf("\n%u passed, %u refused, %u disputed, %u wrong\n", tally.passed, tally.refused,
           tally.disputed, tally.wrong);
    return tally.wrong == 0 && tally.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
