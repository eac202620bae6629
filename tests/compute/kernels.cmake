# Tests of the device kernels. Their programs are kept in the build folder between runs.
add_library(compute_node_rig STATIC node_rig.c)
target_link_libraries(compute_node_rig PUBLIC stoker_flags compute PkgConfig::CRITERION)
target_include_directories(compute_node_rig PUBLIC
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/compute)

foreach(name elementwise heavy windows)
  stoker_criterion_test(NAME compute.${name} SOURCES test_${name}.c LIBS compute_node_rig
    TIMEOUT 240)
endforeach()

# Compiling kernels takes most of the time, so the cases run in several processes.
set(shards 4)
stoker_add_test_program(test_compute_conformance_device LIBS compute_reference
  SOURCES test_conformance_device.c device_plan.c)
math(EXPR last "${shards} - 1")
foreach(shard RANGE ${last})
  add_test(NAME compute.conformance_device_${shard} COMMAND test_compute_conformance_device
    cpu ${shard}/${shards} onnx-node onnx-node-old)
  stoker_set_test(compute.conformance_device_${shard} TIMEOUT 300)
endforeach()
