# Tests of the reader, the graph's passes and the operators' host references.
add_library(compute_reference STATIC conformance.c interp.c)
target_link_libraries(compute_reference PUBLIC stoker_flags compute m)
target_include_directories(compute_reference PUBLIC
  ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/compute)

stoker_plain_test(NAME compute.conformance_eval SOURCES test_conformance_eval.c
  LIBS compute_reference ARGS onnx-node onnx-node-old TIMEOUT 120)
