/* Tensors of many jobs into one batch, and its outputs back to each. */
#include <stdio.h>
#include <string.h>

#include "cx.h"
#include "worker_internal.h"

/* The job's tensor for an input of the model: by name, or by position where it has none. */
static const struct worker_tensor *input_find(const struct worker_job *job,
                                              const struct executor_io *io, uint32_t position)
{
    for (uint32_t i = 0; i < job->n_inputs; i++)
        if (strcmp(job->inputs[i].name, io->name) == 0)
            return &job->inputs[i];
    if (position < job->n_inputs && job->inputs[position].name[0] == '\0')
        return &job->inputs[position];
    return NULL;
}

static void shape_format(uint32_t rank, const int64_t *dims, char *ret_text, size_t size)
{
    struct cx_shape shape = {.rank = rank};
    memcpy(shape.dims, dims, rank * sizeof(*dims));
    cx_shape_format(&shape, ret_text, size);
}

static void mismatch_describe(const struct executor_io *io, const struct worker_tensor *tensor,
                              char *why, size_t size)
{
    char want[96], have[96];
    shape_format(io->rank, io->dims, want, sizeof(want));
    shape_format(tensor->rank, tensor->dims, have, sizeof(have));
    snprintf(why, size, "input '%.60s' is %s %.50s, the job's is %s %.50s", io->name,
             cx_dtype_name((enum cx_dtype)io->dtype), want,
             cx_dtype_name((enum cx_dtype)tensor->dtype), have);
}

/* Whether a job's inputs are what the model takes. */
static bool inputs_check(const struct worker_model *model, const struct worker_job *job, char *why,
                         size_t size)
{
    if (job->n_inputs != model->n_inputs) {
        snprintf(why, size, "the model has %u inputs, the job %u", model->n_inputs, job->n_inputs);
        return false;
    }
    for (uint32_t i = 0; i < model->n_inputs; i++) {
        const struct executor_io *io = &model->inputs[i];
        const struct worker_tensor *tensor = input_find(job, io, i);
        if (tensor == NULL) {
            snprintf(why, size, "the job has no input '%.100s'", io->name);
            return false;
        }
        bool fits = tensor->rank == io->rank && tensor->dtype == io->dtype;
        for (uint32_t d = 0; fits && d < io->rank; d++)
            fits = io->dims[d] < 0 || io->dims[d] == tensor->dims[d];
        if (!fits) {
            mismatch_describe(io, tensor, why, size);
            return false;
        }
    }
    return true;
}

/* Only a first dimension that the model leaves open can be padded. */
bool agent_worker_can_batch(const struct worker_model *model)
{
    for (uint32_t i = 0; i < model->n_inputs; i++)
        if (model->inputs[i].rank == 0 || model->inputs[i].dims[0] >= 0)
            return false;
    return true;
}

static uint64_t align_up(uint64_t n)
{
    return (n + EXECUTOR_ALIGN - 1) / EXECUTOR_ALIGN * EXECUTOR_ALIGN;
}

static bool inputs_place(const struct worker_model *model, const struct worker_job *first,
                         uint32_t padded, struct executor_run *run)
{
    uint64_t offset = 0;
    for (uint32_t i = 0; i < model->n_inputs; i++) {
        const struct worker_tensor *tensor = input_find(first, &model->inputs[i], i);
        struct executor_tensor *to = &run->inputs[i];
        to->dtype = tensor->dtype;
        to->rank = tensor->rank;
        memcpy(to->dims, tensor->dims, sizeof(to->dims));
        to->bytes = tensor->bytes;
        if (padded > 0) {
            to->dims[0] = padded;
            to->bytes = tensor->bytes / first->rows * padded;
        }
        if (to->bytes > EXECUTOR_MEMORY_MAX || offset > EXECUTOR_MEMORY_MAX)
            return false;
        to->offset = offset;
        offset += align_up(to->bytes);
    }
    run->outputs_offset = offset;
    return true;
}

/* False when the jobs are not as alike as their signatures, which are hashes, promise. */
static bool inputs_copy(const struct worker_model *model, const struct worker_action *action,
                        const struct executor_run *run, uint8_t *memory)
{
    for (uint32_t i = 0; i < model->n_inputs; i++) {
        uint8_t *to = memory + run->inputs[i].offset;
        const uint8_t *end = to + run->inputs[i].bytes;
        for (uint32_t j = 0; j < action->n_payloads; j++) {
            const struct worker_tensor *tensor =
                input_find(action->payloads[j], &model->inputs[i], i);
            if (tensor == NULL || tensor->bytes > (uint64_t)(end - to))
                return false;
            memcpy(to, tensor->data, tensor->bytes);
            to += tensor->bytes;
        }
        memset(to, 0, (size_t)(end - to));
    }
    return true;
}

static void refuse(struct agent_worker *worker, uint32_t device, enum worker_error error,
                   const char *text)
{
    agent_worker_later(
        worker, (struct worker_event){.kind = WORKER_RAN, .device = device, .error = error}, text);
}

void agent_worker_device_run(struct agent_worker *worker, const struct worker_action *action)
{
    struct worker_device *device = &worker->devices[action->device];
    const struct worker_model *model = &worker->models[action->model];
    const struct worker_job *first = action->payloads[0];
    char why[WORKER_TEXT_MAX];
    union executor_packet packet;
    struct executor_run *run = &packet.run;
    memset(run, 0, sizeof(*run));
    if (!inputs_check(model, first, why, sizeof(why))) {
        refuse(worker, action->device, WORKER_ERROR_INPUT, why);
        return;
    }
    device->rows_padded = agent_worker_can_batch(model) ? action->size : 0;
    device->batch_model = action->model;
    run->batch = ++device->batch;
    run->model = action->model;
    run->n_inputs = model->n_inputs;
    if (!inputs_place(model, first, device->rows_padded, run) ||
        !agent_executor_process_reserve(&device->process, run->outputs_offset)) {
        refuse(worker, action->device, WORKER_ERROR_MEMORY,
               "the inputs do not fit in shared memory");
        return;
    }
    if (!inputs_copy(model, action, run, device->process.memory)) {
        refuse(worker, action->device, WORKER_ERROR_MEMORY, "the batch does not fit together");
        return;
    }
    if (agent_executor_packet_send(device->process.socket_fd, &packet, EXECUTOR_RUN) != 0)
        agent_worker_later(worker,
                           (struct worker_event){.kind = WORKER_DIED, .device = action->device},
                           "the executor takes no requests");
}

void agent_worker_device_stop(struct agent_worker *worker, uint32_t index)
{
    struct worker_device *device = &worker->devices[index];
    union executor_packet packet;
    memset(&packet.stop, 0, sizeof(packet.stop));
    packet.stop.batch = device->batch;
    if (agent_executor_packet_send(device->process.socket_fd, &packet, EXECUTOR_STOP) != 0)
        agent_worker_later(worker, (struct worker_event){.kind = WORKER_DIED, .device = index},
                           "the executor takes no requests");
}

const char *agent_worker_output(struct agent_worker *worker, const struct worker_action *action,
                                const struct worker_job *job, uint32_t output,
                                struct net_tensor *ret_tensor)
{
    struct worker_device *device = &worker->devices[action->device];
    const struct worker_model *model = &worker->models[device->batch_model];
    const struct executor_tensor *from = &device->ran.outputs[output];
    const uint8_t *data = agent_executor_process_tensor(&device->process, from);
    if (data == NULL || output >= model->n_outputs)
        return "the executor described an output that makes no sense";
    *ret_tensor = (struct net_tensor){.name = net_text_of(model->outputs[output].name),
                                      .dtype = (uint8_t)from->dtype,
                                      .rank = (uint8_t)from->rank,
                                      .data = {.data = data, .len = (size_t)from->bytes}};
    memcpy(ret_tensor->dims, from->dims, sizeof(ret_tensor->dims));
    if (device->rows_padded == 0 || device->rows_padded == job->rows)
        return NULL;
    if (from->rank == 0 || from->dims[0] != (int64_t)device->rows_padded)
        return "max_batch is set for this model, but an output has no row for each input row";
    uint64_t row_bytes = from->bytes / device->rows_padded;
    ret_tensor->dims[0] = job->rows;
    ret_tensor->data.data = data + row_bytes * action->row;
    ret_tensor->data.len = (size_t)(row_bytes * job->rows);
    return NULL;
}
