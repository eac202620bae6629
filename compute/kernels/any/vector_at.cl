/* W elements of operands A and D (see any/element.cl) at any address. Some drivers' vload and
 * vstore take bytes one by one, where a vector that is allowed to lie anywhere is one
 * instruction. */
#ifdef __clang__
#define AT(X) CAT(X, _at)
#if A_KIND == 0
typedef A_T AT(A) __attribute__((ext_vector_type(W), aligned(sizeof(A_T))));
#endif
#if D_KIND == 0
typedef D_T AT(D) __attribute__((ext_vector_type(W), aligned(sizeof(D_T))));
#endif
#define LOAD_VECTOR(X, p, i) CAT(LOAD_VECTOR_, X##_KIND)(X, p, i)
#define LOAD_VECTOR_0(X, p, i) CAT(convert_, VEC(X##_ACC))(*(__global const AT(X) *)((p) + (i)))
#define LOAD_VECTOR_1(X, p, i) LOADW(X, p, i)
#define LOAD_VECTOR_2(X, p, i) LOADW(X, p, i)
#define STORE_VECTOR(X, v, p, i) CAT(STORE_VECTOR_, X##_KIND)(X, v, p, i)
#define STORE_VECTOR_0(X, v, p, i) (*(__global AT(X) *)((p) + (i)) = CAT(convert_, VEC(X##_T))(v))
#define STORE_VECTOR_1(X, v, p, i) STOREW(X, v, p, i)
#define STORE_VECTOR_2(X, v, p, i) STOREW(X, v, p, i)
#else
#define LOAD_VECTOR LOADW
#define STORE_VECTOR STOREW
#endif
