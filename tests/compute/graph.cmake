# Tests of the reader, the graph's passes and the operators' host references.
add_library(compute_reference STATIC conformance.c interp.c)
target_link_libraries(compute_reference PUBLIC stoker_flags compute m)
target_include_directories(compute_reference PUBLIC
  ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/compute)

stoker_plain_test(NAME compute.conformance_eval SOURCES test_conformance_eval.c
  LIBS compute_reference ARGS onnx-node onnx-node-old onnx-light-random
  TIMEOUT 120)

# Models that tests write themselves, with the reader's generated code.
add_library(compute_model_builder STATIC model_builder.c)
target_link_libraries(compute_model_builder PUBLIC compute_reference compute_onnx_proto)
target_include_directories(compute_model_builder PUBLIC ${PROJECT_BINARY_DIR}/compute/onnx)

foreach(name graph number onnx qdq)
  stoker_criterion_test(NAME compute.${name} SOURCES test_${name}.c LIBS compute_model_builder)
endforeach()

# Which of a kernel's candidates a node takes.
stoker_criterion_test(NAME compute.overlap SOURCES test_overlap.c LIBS compute_model_builder
  DEFS CL_TARGET_OPENCL_VERSION=300 TIMEOUT 120)
stoker_criterion_test(NAME compute.choose SOURCES test_choose.c LIBS compute_model_builder
  TIMEOUT 120)

# Tuning; wrappers make candidates fail, lie or dawdle.
stoker_criterion_test(NAME compute.tune SOURCES test_tune.c LIBS compute_model_builder TIMEOUT 240)
if(TARGET test_compute_tune)
  target_link_options(test_compute_tune PRIVATE -Wl,--wrap=cx_run -Wl,--wrap=cx_stamp_read)
endif()
stoker_criterion_test(NAME compute.tune_table SOURCES test_tune_table.c LIBS compute_model_builder)

stoker_plain_test(NAME compute.weights SOURCES test_weights.c LIBS compute_model_builder m)
stoker_plain_test(NAME compute.peak_memory SOURCES test_peak_memory.c LIBS compute_model_builder)
