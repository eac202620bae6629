# cmake -DROOT=kernels -DOUT=sources.c "-DFILES=a.cl;b.cl" -P embed.cmake
# Writes each file as an array of bytes; string literals would pass the length that C promises.
# A line `#include "x.cl"` (a path under ROOT) is replaced by that file's text.

function(read_source path out)
  file(READ ${ROOT}/${path} text)
  while(text MATCHES "#include \"([^\"]+)\"")
    set(inner ${CMAKE_MATCH_1})
    file(READ ${ROOT}/${inner} inner_text)
    string(REPLACE "#include \"${inner}\"" "${inner_text}" text "${text}")
  endwhile()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

set(arrays "")
set(rows "")
set(n 0)
foreach(path IN LISTS FILES)
  read_source(${path} text)
  string(HEX "${text}" hex)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND arrays "static const unsigned char text_${n}[] = {\n${hex}0x00};\n\n")
  string(APPEND rows "    {\"${path}\", text_${n}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* Written by embed.cmake from kernels/. */
#include \"kernels/source.h\"

#include <stddef.h>

${arrays}const struct cx_source cx_sources[] = {
${rows}    {NULL, NULL},
};
")
