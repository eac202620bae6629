/* Which candidate a node takes: named, remembered, or of lowest cost. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "device/choices.h"
#include "device/device.h"
#include "graph/session.h"
#include "model_builder.h"

#define ROWS 24
#define DEPTH 40
#define COLUMNS 33

/* y = relu(x a) b: two products of different shapes. */
static struct cx_graph *two_products(void)
{
    struct mb mb;
    struct cx_graph *graph = NULL;
    struct cx_error err;
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, DEPTH));
    mb_random(&mb, "a", MB_SHAPE(DEPTH, COLUMNS), 1);
    mb_random(&mb, "b", MB_SHAPE(COLUMNS, 7), 2);
    mb_node(&mb, "MatMul", "x a", "h");
    mb_node(&mb, "Relu", "h", "r");
    mb_node(&mb, "MatMul", "r b", "y");
    mb_output(&mb, "y");
    cr_assert_eq(mb_read(&mb, &graph, &err), CX_OK, "%s", err.text);
    mb_finish(&mb);
    return graph;
}

struct fixture {
    struct cx_device *device;
    struct cx_graph *graph;
    struct cx_session session;
};

static void begin(struct fixture *f, const char *candidate)
{
    struct cx_device_options options = {.family = CX_FAMILY_CPU, .candidate = candidate};
    struct cx_error err;
    const char *cache = getenv("XDG_CACHE_HOME");
    memset(f, 0, sizeof *f);
    if (cache != NULL)
        cx_setup(cache, &err);
    enum cx_status status = cx_device_open(NULL, &options, &f->device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    f->graph = two_products();
    f->session.graph = f->graph;
    f->session.device = f->device;
}

static void end(struct fixture *f)
{
    struct cx_session *session = calloc(1, sizeof *session);
    *session = f->session;
    cx_session_destroy(session);
    cx_graph_destroy(f->graph);
    cx_device_close(f->device);
}

static struct cx_plan *plan_of(struct fixture *f, int64_t rows)
{
    struct cx_plan *plan = NULL;
    struct cx_error err;
    cr_assert_eq(cx_plan_create(&f->session, &MB_SHAPE(rows, DEPTH), 1, NULL, &plan, &err), CX_OK,
                 "%s", err.text);
    cr_assert_eq(plan->point_n, 2);
    return plan;
}

static void remember(struct fixture *f, XXH128_hash_t key, const char *name)
{
    struct cx_choices one = {NULL, 0, 0};
    struct cx_error err;
    cr_assert(cx_choices_set(&one, key, name));
    cr_assert_eq(cx_device_remember(f->device, &one, &err), CX_OK, "%s", err.text);
    cx_choices_finish(&one);
}

static const char *taken(const struct cx_plan *plan, uint32_t point)
{
    return plan->points[point].names[plan->points[point].taken];
}

Test(choose, the_cheapest_without_other_reasons)
{
    struct fixture f;
    begin(&f, NULL);
    struct cx_plan *plan = plan_of(&f, ROWS);
    for (uint32_t i = 0; i < plan->point_n; i++) {
        const struct cx_choice_point *point = &plan->points[i];
        for (uint32_t c = 0; c < point->candidate_n; c++)
            cr_assert_geq(point->costs[c], point->costs[point->taken]);
    }
    cx_plan_destroy(plan);
    end(&f);
}

Test(choose, a_name_or_its_beginning_is_taken_where_there_is_one)
{
    static const struct {
        const char *candidate, *taken;
    } cases[] = {{"rows-2", "rows-2"}, {"rows-1", "rows-1"}, {"winograd", NULL}, {"rows", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f, plain;
        begin(&f, cases[i].candidate);
        begin(&plain, NULL);
        struct cx_plan *plan = plan_of(&f, ROWS), *other = plan_of(&plain, ROWS);
        for (uint32_t k = 0; k < plan->point_n; k++)
            cr_assert_str_eq(taken(plan, k),
                             cases[i].taken != NULL ? cases[i].taken : taken(other, k));
        cx_plan_destroy(plan);
        cx_plan_destroy(other);
        end(&f);
        end(&plain);
    }
}

Test(choose, what_was_measured_holds_for_its_node_and_shape_alone)
{
    struct fixture f;
    begin(&f, NULL);
    struct cx_plan *before = plan_of(&f, ROWS), *wider = plan_of(&f, ROWS + 1);
    cr_assert(!XXH128_isEqual(before->points[0].key, before->points[1].key));
    cr_assert(!XXH128_isEqual(before->points[0].key, wider->points[0].key));
    remember(&f, before->points[1].key, "rows-1");
    struct cx_plan *after = plan_of(&f, ROWS), *wider_after = plan_of(&f, ROWS + 1);
    cr_assert_str_neq(taken(before, 1), "rows-1");
    cr_assert_str_eq(taken(after, 1), "rows-1");
    cr_assert_str_eq(taken(after, 0), taken(before, 0));
    cr_assert_str_eq(taken(wider_after, 1), taken(wider, 1));
    /* A name that this version doesn't offer is as good as none. */
    remember(&f, before->points[1].key, "rows-77");
    struct cx_plan *unknown = plan_of(&f, ROWS);
    cr_assert_str_eq(taken(unknown, 1), taken(before, 1));
    cx_plan_destroy(before);
    cx_plan_destroy(wider);
    cx_plan_destroy(after);
    cx_plan_destroy(wider_after);
    cx_plan_destroy(unknown);
    end(&f);
}

Test(choices, the_oldest_are_forgotten_when_there_are_too_many)
{
    struct cx_choices choices = {NULL, 0, 0};
    for (uint64_t i = 0; i < CX_CHOICES_MAX; i++)
        cr_assert(cx_choices_set(&choices, (XXH128_hash_t){i, 1}, "first"));
    cr_assert(cx_choices_set(&choices, (XXH128_hash_t){0, 1}, "again"));
    cr_assert(cx_choices_set(&choices, (XXH128_hash_t){0, 2}, "last"));
    cr_assert_eq(choices.n, CX_CHOICES_MAX);
    cr_assert_str_eq(cx_choices_find(&choices, (XXH128_hash_t){0, 1}), "again");
    cr_assert_str_eq(cx_choices_find(&choices, (XXH128_hash_t){0, 2}), "last");
    cr_assert_null(cx_choices_find(&choices, (XXH128_hash_t){1, 1}));
    cx_choices_finish(&choices);
}

Test(choices, a_name_is_bounded_and_plain)
{
    cr_assert(cx_choice_name_ok("winograd-f4"));
    cr_assert(cx_choice_name_ok("direct-14x2.v2"));
    cr_assert_not(cx_choice_name_ok(""));
    cr_assert_not(cx_choice_name_ok("two words"));
    cr_assert_not(cx_choice_name_ok("upper-A"));
    cr_assert_not(cx_choice_name_ok("a-name-of-thirty-two-characters-"));
}
