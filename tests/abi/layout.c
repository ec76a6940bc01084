/* The numbers that are compiled into hosts: constants, and where fields are. Compiles only as long
 * as the present headers have those of frozen/layout.def. */
#include <gan.h>

#define VALUE(name, value) _Static_assert(name == value, #name);
#define STRUCT(name, size) _Static_assert(sizeof(name) >= size, #name);
#define FIELD(name, field, offset, size)                                                           \
    _Static_assert(offsetof(name, field) == offset && sizeof(((name *)0)->field) == size,          \
                   #name "." #field);
#include "layout.def"
