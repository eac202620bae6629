# How tests are declared. Every test is named room.what, stops at a time limit, and fails when a
# sanitizer reports something, whatever its exit code says: Criterion ignores a child's exit code,
# so a leak would otherwise pass.

pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)

set(STOKER_SANITIZER_REPORT
    "ERROR: (Address|Leak|Memory)Sanitizer" "WARNING: ThreadSanitizer" "runtime error:")

# A test that can't run here (no data, no device) exits with this code and says why.
set(STOKER_SKIP_CODE 77)

# Caches of a test run stay inside the build folder, never in the home of whoever runs it.
set(STOKER_TEST_CACHE ${PROJECT_BINARY_DIR}/test-cache)
file(MAKE_DIRECTORY ${STOKER_TEST_CACHE})
set(STOKER_TEST_ENV
    LC_ALL=C.UTF-8
    XDG_CACHE_HOME=${STOKER_TEST_CACHE}
    ASAN_OPTIONS=detect_stack_use_after_return=1
    UBSAN_OPTIONS=print_stacktrace=1
    LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/cmake/lsan.supp:print_suppressions=0
    TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/cmake/tsan.supp:second_deadlock_stack=1)

# stoker_set_test(name.what [TIMEOUT seconds] [ENV VAR=VALUE…] [LABELS …] [SERIAL])
# The properties every test shares; for tests that are added with a plain add_test.
function(stoker_set_test name)
  cmake_parse_arguments(PARSE_ARGV 1 T "SERIAL" "TIMEOUT" "ENV;LABELS")
  if(NOT name MATCHES "^[a-z]+\\.[a-z0-9_.-]+$")
    message(FATAL_ERROR "a test is named room.what, not '${name}'")
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  if(STOKER_SANITIZE OR STOKER_COVERAGE)
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 4")
  endif()
  string(REGEX REPLACE "\\..*" "" room ${name})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${T_TIMEOUT}
    LABELS "${room};${T_LABELS}"
    ENVIRONMENT "${STOKER_TEST_ENV};${T_ENV}"
    FAIL_REGULAR_EXPRESSION "${STOKER_SANITIZER_REPORT}"
    SKIP_RETURN_CODE ${STOKER_SKIP_CODE})
  if(T_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# Builds the executable test_room_what of a test.
function(stoker_add_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "" "SOURCES;LIBS;DEFS")
  add_executable(${target} ${T_SOURCES})
  target_link_libraries(${target} PRIVATE stoker_flags ${T_LIBS})
  target_compile_definitions(${target} PRIVATE ${T_DEFS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

# stoker_criterion_test(NAME room.what SOURCES a.c … [LIBS target…] [DEFS NAME=VALUE…]
#                       [TIMEOUT seconds] [ENV VAR=VALUE…] [LABELS …] [SERIAL])
# A Criterion program. When every test in it called cr_skip_test, it shows as skipped, not green.
# Criterion does not run under ThreadSanitizer: such a build leaves these tests out.
function(stoker_criterion_test)
  cmake_parse_arguments(PARSE_ARGV 0 T "SERIAL" "NAME;TIMEOUT" "SOURCES;LIBS;DEFS;ENV;LABELS")
  if(STOKER_SANITIZE MATCHES "thread")
    return()
  endif()
  string(REGEX REPLACE "[.-]" "_" target "test_${T_NAME}")
  stoker_add_test_program(${target} SOURCES ${T_SOURCES} DEFS ${T_DEFS}
    LIBS ${T_LIBS} PkgConfig::CRITERION)
  add_test(NAME ${T_NAME} COMMAND ${target} --verbose=1)
  set(serial)
  if(T_SERIAL)
    set(serial SERIAL)
  endif()
  stoker_set_test(${T_NAME} TIMEOUT ${T_TIMEOUT} ENV ${T_ENV} LABELS ${T_LABELS} ${serial})
  set_tests_properties(${T_NAME} PROPERTIES SKIP_REGULAR_EXPRESSION "Synthesis: Tested: 0 ")
endfunction()

# stoker_plain_test(NAME room.what SOURCES a.c … [LIBS …] [DEFS …] [ARGS …] [TIMEOUT seconds]
#                   [ENV …] [LABELS …] [SERIAL])
# A program with its own main(): 0 passes, 77 is skipped, anything else fails. Race tests are of
# this kind, so that they run under ThreadSanitizer.
function(stoker_plain_test)
  cmake_parse_arguments(PARSE_ARGV 0 T "SERIAL" "NAME;TIMEOUT" "SOURCES;LIBS;DEFS;ARGS;ENV;LABELS")
  string(REGEX REPLACE "[.-]" "_" target "test_${T_NAME}")
  stoker_add_test_program(${target} SOURCES ${T_SOURCES} DEFS ${T_DEFS} LIBS ${T_LIBS})
  add_test(NAME ${T_NAME} COMMAND ${target} ${T_ARGS})
  set(serial)
  if(T_SERIAL)
    set(serial SERIAL)
  endif()
  stoker_set_test(${T_NAME} TIMEOUT ${T_TIMEOUT} ENV ${T_ENV} LABELS ${T_LABELS} ${serial})
endfunction()

# stoker_fuzzer(NAME room.what SOURCES fuzz_what.c [LIBS …] [CORPUS folder] [RUNS count]
#               [MAX_LEN bytes] [TIMEOUT seconds])
# The sources define LLVMFuzzerTestOneInput. With STOKER_FUZZ (clang) the program is a libFuzzer
# target and CTest gives it RUNS inputs. Without, the same function is driven by
# tests/fuzz/driver/replay.c: the whole corpus, and then RUNS mutations of it in an order that
# is the same each time, so that every build exercises the parser. The test is named
# fuzz.room.what; the corpus is tests/fuzz/corpus/room.what unless CORPUS says otherwise.
function(stoker_fuzzer)
  cmake_parse_arguments(PARSE_ARGV 0 T "" "NAME;CORPUS;RUNS;MAX_LEN;TIMEOUT" "SOURCES;LIBS;DEFS")
  if(NOT T_CORPUS)
    set(T_CORPUS ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${T_NAME})
  endif()
  if(NOT T_RUNS)
    set(T_RUNS 20000)
  endif()
  if(NOT T_MAX_LEN)
    set(T_MAX_LEN 4096)
  endif()
  string(REGEX REPLACE "[.-]" "_" target "fuzz_${T_NAME}")
  if(STOKER_FUZZ)
    stoker_add_test_program(${target} SOURCES ${T_SOURCES} LIBS ${T_LIBS} DEFS ${T_DEFS})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    # The first folder is where libFuzzer stores what it finds; the corpus is only read. Its exit
    # code for a finding is 77 unless told otherwise, which CTest would take for a skip.
    set(found ${PROJECT_BINARY_DIR}/fuzz-found/${T_NAME})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME fuzz.${T_NAME}
      COMMAND ${target} -runs=${T_RUNS} -max_len=${T_MAX_LEN} -timeout=10 -seed=1
              -error_exitcode=99 -print_final_stats=1 -artifact_prefix=${found}/crash- ${found} ${T_CORPUS})
  else()
    stoker_add_test_program(${target} LIBS ${T_LIBS} DEFS ${T_DEFS}
      SOURCES ${T_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/driver/replay.c)
    add_test(NAME fuzz.${T_NAME}
      COMMAND ${target} --runs ${T_RUNS} --max-len ${T_MAX_LEN} ${T_CORPUS})
  endif()
  stoker_set_test(fuzz.${T_NAME} TIMEOUT ${T_TIMEOUT})
endfunction()
