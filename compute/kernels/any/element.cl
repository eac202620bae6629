/* Reading and writing elements of any type, one or W at a time.
 *
 * An operand X is described by options: X_T, how it is stored; X_KIND, 0 for a type of the
 * language, 1 for half, 2 for bfloat16 (stored as ushort); X_ACC, the type that it is calculated
 * in, float or double for kinds 1 and 2. W is the vector width, 2 to 16. */
#ifdef NEED_FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#ifndef W
#define W 4
#endif

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define VEC(T) CAT(T, W)

/* Vectors of halves at any address: PoCL's vload_half and vstore_half take it to be a multiple of
 * the vector's size, so they are given private memory that is. */
static inline VEC(float) half_load(__global const ushort *p)
{
    VEC(ushort) bits = CAT(vload, W)(0, p);
    return CAT(vload_half, W)(0, (const half *)&bits);
}

static inline void half_store(VEC(float) v, __global ushort *p)
{
    VEC(ushort) bits;
    CAT(CAT(vstore_half, W), _rte)(v, 0, (half *)&bits);
    CAT(vstore, W)(bits, 0, p);
}

#define LOAD1(X, p, i) CAT(LOAD1_, X##_KIND)(X##_ACC, p, i)
#define LOAD1_0(T, p, i) ((T)(p)[i])
#define LOAD1_1(T, p, i) ((T)vload_half(0, (p) + (i)))
#define LOAD1_2(T, p, i) ((T)as_float((uint)(p)[i] << 16))

#define LOADW(X, p, i) CAT(LOADW_, X##_KIND)(X##_ACC, p, i)
#define LOADW_0(T, p, i) CAT(convert_, VEC(T))(CAT(vload, W)(0, (p) + (i)))
#define LOADW_1(T, p, i) CAT(convert_, VEC(T))(half_load((__global const ushort *)(p) + (i)))
#define LOADW_2(T, p, i)  \
    CAT(convert_, VEC(T)) \
    (CAT(as_, VEC(float))(CAT(convert_, VEC(uint))(CAT(vload, W)(0, (p) + (i))) << 16))

/* bfloat16 from a float: to nearest even; a NaN stays one. */
static inline ushort bf16_1(float x)
{
    uint u = as_uint(x);
    return isnan(x) ? (ushort)0x7fc0 : (ushort)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

static inline VEC(ushort) bf16_w(VEC(float) x)
{
    VEC(uint) u = CAT(as_, VEC(uint))(x);
    u = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    return CAT(convert_, VEC(ushort))(isnan(x) ? (VEC(uint))0x7fc0 : u);
}

#define STORE1(X, v, p, i) CAT(STORE1_, X##_KIND)(X##_T, v, p, i)
#define STORE1_0(T, v, p, i) ((p)[i] = (T)(v))
#define STORE1_1(T, v, p, i) vstore_half_rte(v, 0, (p) + (i))
#define STORE1_2(T, v, p, i) ((p)[i] = bf16_1((float)(v)))

#define STOREW(X, v, p, i) CAT(STOREW_, X##_KIND)(X##_T, v, p, i)
#define STOREW_0(T, v, p, i) CAT(vstore, W)(CAT(convert_, VEC(T))(v), 0, (p) + (i))
#define STOREW_1(T, v, p, i) half_store(CAT(convert_, VEC(float))(v), (__global ushort *)(p) + (i))
#define STOREW_2(T, v, p, i) CAT(vstore, W)(bf16_w(CAT(convert_, VEC(float))(v)), 0, (p) + (i))
