/* y[i] = table[x[i]], for bytes of either type. */
__kernel void byte_table(__global const uchar *x, __global const uchar *table, __global uchar *y,
                         long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    for (; i + 4 <= end; i += 4) {
        uchar a = table[x[i]], b = table[x[i + 1]], c = table[x[i + 2]], d = table[x[i + 3]];
        y[i] = a;
        y[i + 1] = b;
        y[i + 2] = c;
        y[i + 3] = d;
    }
    for (; i < end; i++)
        y[i] = table[x[i]];
}
