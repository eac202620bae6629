/* Where product number `item` of a batch has its matrix: the axes in dims, outermost first, and the
 * operand's steps along them. */
#define BATCH_AXIS(s)                                                                              \
    offset += (long)(item % dims.s) * steps.s;                                                     \
    item /= dims.s;

static long batch_offset(int item, int8 dims, long8 steps)
{
    long offset = 0;
    BATCH_AXIS(s7)
    BATCH_AXIS(s6)
    BATCH_AXIS(s5)
    BATCH_AXIS(s4)
    BATCH_AXIS(s3)
    BATCH_AXIS(s2)
    BATCH_AXIS(s1)
    BATCH_AXIS(s0)
    return offset;
}
