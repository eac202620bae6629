#!/bin/sh
# cl_syntax.sh CLANG KERNELS: compiles every GPU kernel as OpenCL C 1.2 with the options that it is
# built with, for a 64-bit GPU target. PoCL here has no fp16, so nothing else sees that form.
set -u
clang=$1
kernels=$2
command -v "$clang" >/dev/null || {
    echo "skipped: no $clang"
    exit 77
}

# How an element type is told: to common.cl, and to any/element.cl for operand X.
F='-DTYPE=float -DCOMPUTE_TYPE=float'
S='-DTYPE=half -DCOMPUTE_TYPE=float -DHALF_STORAGE'
P='-DTYPE=half -DCOMPUTE_TYPE=float -DNEED_FP16 -DHALF_SUMS'
H='-DTYPE=half -DCOMPUTE_TYPE=float -DNEED_FP16'
D='-DTYPE=double -DCOMPUTE_TYPE=double -DNEED_FP64'
operand() { echo "-D$1_T=$2 -D$1_KIND=$3 -D$1_ACC=$4 $5"; }
float() { operand "$1" float 0 float "-D$1_ACC_FLOAT=1"; }
half() { operand "$1" half 1 float "-D$1_ACC_FLOAT=1"; }
int() { operand "$1" int 0 int "-D$1_ACC_INT=1 -D$1_ACC_SIGNED=1"; }
TILE88='-DMDIM=16 -DNDIM=16 -DMWI=8 -DNWI=8'
TILE84='-DMDIM=8 -DNDIM=16 -DMWI=8 -DNWI=4'
TILE44='-DMDIM=8 -DNDIM=8 -DMWI=4 -DNWI=4'

cases() {
    for tile in "$TILE88" "$TILE84" "$TILE44"; do
        echo "gpu/conv.cl $P $tile"
        echo "gpu/product.cl $P $tile"
    done
    for t in "$F" "$S" "$H"; do
        for tile in "$TILE88" "$TILE84" "$TILE44"; do
            echo "gpu/conv.cl $t $tile"
            echo "gpu/conv.cl $t $tile -DSTEPS"
            echo "gpu/product.cl $t $tile"
        done
        for file in conv_join conv_pack conv_narrow; do
            echo "gpu/$file.cl $t"
        done
        for out in 2 4; do
            echo "gpu/winograd.cl $t -DOUT=$out"
        done
        for rows in 1 4 8; do
            echo "gpu/product_rows.cl $t -DROWS=$rows"
        done
        echo "gpu/product_finish.cl $t -DHAS_C=1 -DC_COL=1 -DACT=6 -DHAS_RESIDUAL=1"
        for kind in 0 1 2; do
            echo "gpu/pool.cl $t -DKIND=$kind -DCOUNT_PADS -DCOLUMN_MAJOR"
        done
        echo "any/pool.cl $t -DKIND=0 -DCOUNT_PADS=1 -DCOLUMN_MAJOR=1 -DPOSITIONS=1 -DFLOATING=1"
        echo "any/conv_direct.cl $t -DHAS_BIAS=1 -DHAS_RESIDUAL=1 -DACT=7"
        echo "any/product.cl $t -DHAS_C=1 -DC_COL=0 -DACT=5 -DHAS_RESIDUAL=1"
    done
    echo "gpu/product_finish.cl $D -DHAS_C=1 -DC_COL=1 -DACT=4 -DHAS_RESIDUAL=1"
    for x in float half; do
        echo "gpu/affine.cl $($x A) $($x D) $($x B) $($x C) -DFULL=1"
        echo "gpu/binary.cl $($x A) $($x B) $($x D) -DINDEX=uint -DOP_ADD=1 -DW=4"
        echo "gpu/reduce.cl $($x A) $($x D) -DOP_SUM=1"
        echo "gpu/softmax.cl $($x A) $($x D) -DOP_LOG=1"
        echo "any/clip.cl $($x A) $($x D) -DHAS_LOW=1 -DHAS_HIGH=1"
        echo "any/lrn.cl $($x A) $($x D) -DBETA_ANY=1"
        echo "any/cast.cl $($x A) $(int D) -DVIA=int"
        echo "any/unary.cl $($x A) $($x D) -DOP_TANH=1"
    done
    for size in 1 2 4 8; do
        echo "gpu/gather.cl -DSIZE=$size -DINDEX=long"
        echo "gpu/move.cl -DSIZE=$size -DINDEX=uint"
        echo "gpu/where.cl -DSIZE=$size -DINDEX=ulong"
        echo "gpu/reorder.cl -DSIZE=$size -DBLOCK=8"
        echo "any/fill.cl -DSIZE=$size"
        echo "any/pad.cl -DSIZE=$size -DMODE=1"
    done
    echo "any/peak.cl -DWIDTH=4"
}

failed=0
listed=$(mktemp)
trap 'rm -f "$listed"' EXIT
cases >"$listed"
while read -r file options; do
    # shellcheck disable=SC2086 # options are words
    "$clang" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -Xclang \
        -cl-ext=+cl_khr_fp16,+cl_khr_fp64 -fsyntax-only -target spir64 -cl-mad-enable \
        -Werror=implicit-function-declaration -w -I "$kernels" $options "$kernels/$file" || {
        echo "WRONG: $file $options"
        failed=1
    }
done <"$listed"
# A file that no case names is one that nothing has compiled for a GPU.
for path in "$kernels"/gpu/*.cl; do
    file=${path#"$kernels"/}
    if grep -q __kernel "$path" && ! grep -q "^$file " "$listed"; then
        echo "WRONG: $file has no case in cl_syntax.sh"
        failed=1
    fi
done
[ $failed = 0 ] && echo "right: $(wc -l <"$listed") cases"
exit $failed
