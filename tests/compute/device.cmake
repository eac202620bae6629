# Tests of devices, sessions and the kernels of heavy operators.
stoker_criterion_test(NAME compute.device SOURCES test_device.c LIBS compute TIMEOUT 120)
stoker_criterion_test(NAME compute.choices SOURCES test_choices.c LIBS compute TIMEOUT 120)
stoker_criterion_test(NAME compute.session SOURCES test_session.c small_net.c LIBS compute m
  TIMEOUT 240)
stoker_criterion_test(NAME compute.half SOURCES test_half.c small_net.c LIBS compute m TIMEOUT 120)
foreach(target test_compute_choices test_compute_device test_compute_half test_compute_session)
  if(TARGET ${target})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/compute)
  endif()
endforeach()
if(TARGET test_compute_session)
  target_link_options(test_compute_session PRIVATE
    -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=aligned_alloc)
endif()

# Two devices in one process.
stoker_plain_test(NAME compute.devices SOURCES test_devices.c small_net.c LIBS compute m TIMEOUT 120)
target_include_directories(test_compute_devices PRIVATE ${PROJECT_SOURCE_DIR}/compute)
