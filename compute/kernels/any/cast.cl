/* dst[i] = src[i] in another type. To bool: whether it is not 0. To an integer type: towards zero,
 * through VIA, an integer type wide enough that what is left over wraps; else VIA is what the
 * source is calculated in. WRAP_NEGATIVE: VIA is ulong, of which devices make different things for
 * numbers below 0, so that those go through long. */
#include "any/element.cl"

#ifdef TO_BOOL
#define CONVERT1(x) ((x) != (A_ACC)0)
#define CONVERTW(x) (CAT(convert_, VEC(uchar))((x) != (VEC(A_ACC))(A_ACC)0) & (VEC(uchar))1)
#elif defined(WRAP_NEGATIVE)
#define CONVERT1(x) ((x) < 0 ? (ulong)(long)(x) : (ulong)(x))
#define CONVERTW(x)                                                                         \
    select(CAT(convert_, VEC(ulong))(x), CAT(as_, VEC(ulong))(CAT(convert_, VEC(long))(x)), \
           CAT(convert_, VEC(long))(x) < 0)
#else
#define CONVERT1(x) ((VIA)(x))
#define CONVERTW(x) CAT(convert_, VEC(VIA))(x)
#endif

__kernel void cast(__global const A_T *src, __global D_T *dst, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    for (; i + W <= end; i += W)
        STOREW(D, CONVERTW(LOADW(A, src, i)), dst, i);
    for (; i < end; i++)
        STORE1(D, CONVERT1(LOAD1(A, src, i)), dst, i);
}
