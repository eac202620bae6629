/* Eight dimensions or strides arrive as one long8, the innermost in s7. */
struct nest {
    long dims[8];
    long index[8];
};

/* The element number I of the nest, as one index a dimension. */
static inline void nest_seek(struct nest *nest, long8 dims, long i)
{
    vstore8(dims, 0, nest->dims);
    for (int k = 7; k >= 0; k--) {
        nest->index[k] = i % nest->dims[k];
        i /= nest->dims[k];
    }
}

static inline long nest_at(const struct nest *nest, const long *stride)
{
    long at = 0;
    for (int k = 0; k < 8; k++)
        at += nest->index[k] * stride[k];
    return at;
}

/* One step of dimension 6: the nest's innermost dimension is walked by the caller. */
static inline void nest_next_row(struct nest *nest)
{
    nest->index[7] = 0;
    for (int k = 6; k >= 0; k--) {
        if (++nest->index[k] < nest->dims[k])
            return;
        nest->index[k] = 0;
    }
}
