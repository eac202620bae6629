# Tests of the device kernels. Their programs are kept in the build folder between runs.
add_library(compute_node_rig STATIC node_rig.c candidates.c)
target_link_libraries(compute_node_rig PUBLIC stoker_flags compute PkgConfig::CRITERION)
target_include_directories(compute_node_rig PUBLIC
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/compute)

foreach(name elementwise gpu heavy layouts movement quantized resize rows windows winograd)
  stoker_criterion_test(NAME compute.${name} SOURCES test_${name}.c LIBS compute_node_rig
    TIMEOUT 240)
endforeach()

# Building CLBlast's programs takes PoCL most of a minute the first time.
stoker_criterion_test(NAME compute.blast SOURCES test_blast.c LIBS compute_node_rig clblast
  DEFS CL_TARGET_OPENCL_VERSION=300 TIMEOUT 300)
if(TARGET test_compute_blast)
  target_link_options(test_compute_blast PRIVATE -Wl,--wrap=cx_run)
endif()

# The ONNX cases through a device. Compiling kernels takes most of the time, so they run in several
# processes; the other family's kernels run on the same device over the current cases.
stoker_add_test_program(test_compute_conformance_device LIBS compute_reference
  SOURCES test_conformance_device.c device_plan.c candidates.c)
function(conformance_test family shard shards)
  set(name compute.conformance_device_${family}_${shard})
  add_test(NAME ${name} COMMAND test_compute_conformance_device ${family} ${shard}/${shards} ${ARGN})
  stoker_set_test(${name} TIMEOUT 600)
endfunction()
foreach(shard RANGE 3)
  conformance_test(cpu ${shard} 4 onnx-node onnx-node-old onnx-real)
endforeach()
conformance_test(cpu-blocks 0 1 onnx-node)
foreach(shard RANGE 1)
  conformance_test(gpu ${shard} 2 onnx-node)
endforeach()

# With each candidate of the kernels in turn: here the current cases of the operators that have some.
# `ninja candidates` does so for all cases and networks on both families' kernels, in some ten minutes.
foreach(family cpu gpu)
  add_test(NAME compute.candidates_${family}
    COMMAND test_compute_conformance_device ${family}+ 0/1 onnx-node)
  stoker_set_test(compute.candidates_${family} TIMEOUT 600)
endforeach()
add_custom_target(candidates
  COMMAND test_compute_conformance_device cpu+ 0/1 onnx-node onnx-node-old onnx-real
  COMMAND test_compute_conformance_device gpu+ 0/1 onnx-node onnx-node-old onnx-real
  COMMAND test_compute_networks cpu+ onnx-light-random
  USES_TERMINAL VERBATIM)

# Six whole networks; the largest has 144 million weights.
stoker_add_test_program(test_compute_networks LIBS compute_model_builder
  SOURCES test_networks.c random_weights.c device_plan.c candidates.c)
add_test(NAME compute.networks COMMAND test_compute_networks cpu onnx-light-random)
stoker_set_test(compute.networks TIMEOUT 600)

# Every GPU kernel in each form that it is built in, for a GPU: also those that no device here takes.
add_test(NAME compute.cl_syntax COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/cl_syntax.sh
  clang ${PROJECT_SOURCE_DIR}/compute/kernels)
stoker_set_test(compute.cl_syntax TIMEOUT 120)

stoker_criterion_test(NAME compute.grow SOURCES test_grow.c device_plan.c candidates.c
  LIBS compute_model_builder compute_reference TIMEOUT 120)
