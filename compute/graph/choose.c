/* Which of its kernel's candidates a node takes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/choices.h"
#include "device/key.h"
#include "error.h"
#include "graph/prepare.h"
#include "ops/op.h"

static void add_number(XXH128_hash_t *key, int64_t number)
{
    cx_key_add(key, &number, sizeof number);
}

static void add_value(XXH128_hash_t *key, const struct cx_graph *graph, uint32_t id)
{
    if (id == CX_VALUE_NONE) {
        add_number(key, -1);
        return;
    }
    const struct cx_value *value = &graph->values[id];
    add_number(key, value->dtype);
    add_number(key, value->layout);
    add_number(key, value->data != NULL);
    cx_key_add(key, value->shape.dims, value->shape.rank * sizeof value->shape.dims[0]);
}

/* All that decides how fast each candidate is on one device with one version of the kernels; what
 * is stored on disk stands under both. The candidates belong to it: with another set, another may
 * be the best. */
static XXH128_hash_t choice_key(const struct cx_prepare *p, const struct cx_candidate *candidates,
                                uint32_t n)
{
    const struct cx_node *node = cx_prepare_node(p);
    XXH128_hash_t key = {0, 0};
    cx_key_add_text(&key, node->op->domain);
    cx_key_add_text(&key, node->op->name);
    cx_key_add(&key, &node->attrs_hash, sizeof node->attrs_hash);
    add_number(&key, node->epilogue.act);
    add_number(&key, node->input_count);
    for (uint32_t i = 0; i < cx_node_read_count(node); i++)
        add_value(&key, p->graph, cx_node_read(node, i));
    for (uint32_t i = 0; i < node->output_count; i++)
        add_value(&key, p->graph, node->outputs[i]);
    for (uint32_t i = 0; i < n; i++)
        cx_key_add_text(&key, candidates[i].name);
    return key;
}

/* The cheapest candidate whose name begins with PREFIX; N when there is none. */
static uint32_t cheapest(const struct cx_candidate *candidates, uint32_t n, const char *prefix)
{
    uint32_t best = n;
    size_t prefix_n = strlen(prefix);
    for (uint32_t i = 0; i < n; i++)
        if (strncmp(candidates[i].name, prefix, prefix_n) == 0 &&
            (best == n || candidates[i].cost < candidates[best].cost))
            best = i;
    return best;
}

static uint32_t find(const struct cx_candidate *candidates, uint32_t n, const char *name)
{
    uint32_t i = 0;
    while (i < n && strcmp(candidates[i].name, name) != 0)
        i++;
    return i;
}

static uint32_t choose(const struct cx_prepare *p, const struct cx_candidate *candidates,
                       uint32_t n, XXH128_hash_t key)
{
    struct cx_device *device = p->session->device;
    const char *wanted =
        p->session->candidate != NULL ? p->session->candidate : cx_device_candidate(device);
    const char *name = NULL;
    uint32_t taken = n;
    if (p->session->trial != NULL)
        name = cx_choices_find(p->session->trial, key);
    if (name == NULL && wanted != NULL) {
        taken = find(candidates, n, wanted);
        if (taken == n)
            taken = cheapest(candidates, n, wanted);
    }
    if (name == NULL && taken == n)
        name = cx_choices_find(cx_device_choices(device), key);
    if (name != NULL)
        taken = find(candidates, n, name);
    return taken < n ? taken : cheapest(candidates, n, "");
}

enum cx_status cx_prepare_choose(struct cx_prepare *p, const struct cx_candidate *candidates,
                                 uint32_t n, uint32_t *ret_choice)
{
    struct cx_description *d = p->description;
    if (n == 0 || n > CX_CANDIDATE_MAX)
        return cx_prepare_fail(p, CX_INTERNAL, "%u candidates", n);
    for (uint32_t i = 0; i < n; i++)
        if (!cx_choice_name_ok(candidates[i].name) || isnan(candidates[i].cost) ||
            find(candidates, n, candidates[i].name) != i)
            return cx_prepare_fail(p, CX_INTERNAL, "candidate '%s' has a bad name or cost",
                                   candidates[i].name);
    struct cx_choice_point *points = cx_grow(d->points, d->point_n, &d->point_room, sizeof *points);
    if (points == NULL)
        return cx_error_set(p->err, CX_MEMORY, "no memory for a plan");
    d->points = points;
    struct cx_choice_point *point = &points[d->point_n++];
    memset(point, 0, sizeof *point);
    point->node = p->node;
    point->key = choice_key(p, candidates, n);
    point->candidate_n = n;
    point->taken = choose(p, candidates, n, point->key);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(point->names[i], candidates[i].name, strlen(candidates[i].name));
        point->costs[i] = candidates[i].cost;
    }
    *ret_choice = point->taken;
    return CX_OK;
}
