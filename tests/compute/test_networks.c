/* Whole networks with random weights on a device, against outputs that another runtime computed.
 * Arguments: cpu or gpu, with a + for each candidate of the kernels in turn, and a folder of cases
 * whose models are light ones: FOLDER/NAME_random is onnx-light/light_NAME with weights filled in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "cx.h"
#include "device_plan.h"
#include "graph/session.h"
#include "onnx/onnx.h"
#include "random_weights.h"

#define SKIPPED 77
#define REORDERS_MAX 1 /* of planes into a product's row; there is no other in these networks */

static bool load(const struct conf_case *one, struct cx_graph **ret_graph, struct cx_error *error)
{
    char path[1200];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/../../onnx-light/light_%.*s/model.onnx", one->dir,
             (int)(strlen(one->name) - strlen("_random")), one->name);
    uint8_t *bytes = random_weights(path, 1, &size);
    if (bytes == NULL) {
        snprintf(error->text, sizeof error->text, "%.400s can't be filled in", path);
        return false;
    }
    error->status = cx_onnx_read(bytes, size, NULL, ret_graph, error);
    free(bytes);
    return error->status == CX_OK;
}

static bool check_network(const struct conf_case *one, struct cx_device *device,
                          struct candidates *candidates)
{
    struct cx_error error = {CX_OK, ""};
    struct cx_graph *graph = NULL;
    if (candidates != NULL)
        candidates->n = 0;
    struct cx_session *session = calloc(1, sizeof *session);
    bool right = session != NULL && load(one, &graph, &error);
    if (right) {
        session->graph = graph;
        session->device = device;
    }
    right = right && device_check_case(one, session, candidates, &error);
    if (right && device_reorder_n() > REORDERS_MAX) {
        snprintf(error.text, sizeof error.text, "%u conversions between layouts",
                 device_reorder_n());
        right = false;
    }
    cx_session_destroy(session);
    cx_graph_destroy(graph);
    cx_device_trim(device);
    printf("%s %s %s\n", right ? "right" : "WRONG", one->name, error.text);
    fflush(stdout);
    return right;
}

int main(int argc, char **argv)
{
    static struct candidates candidates;
    struct conf_case *cases = NULL;
    size_t count = 0;
    bool right = true;
    if (argc != 3) {
        printf("usage: %s cpu|gpu[+] FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (!conf_list(argv[2], &cases, &count)) {
        printf("skipped: STOKER_CONFORMANCE_DIR has no %s\n", argv[2]);
        return SKIPPED;
    }
    struct cx_device *device = device_open_family(argv[1]);
    if (device == NULL) {
        free(cases);
        return SKIPPED;
    }
    for (size_t i = 0; i < count; i++)
        right = check_network(&cases[i], device,
                              device_wants_candidates(argv[1]) ? &candidates : NULL) &&
                right;
    cx_device_close(device);
    free(cases);
    return right && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
