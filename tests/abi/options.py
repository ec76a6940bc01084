"""options.py: public structs can grow. Each begins with struct_size; each options struct is among
those that tests/unit/test_option_structs.c gives other sizes; each call of options_load states the
struct's first size by V1_SIZE, since its sizeof would refuse older hosts from the day it grows.

SPDX-License-Identifier: MIT
"""

import re
import sys

import interface


def main():
    errors = []
    tried = (interface.ROOT / "tests/unit/test_option_structs.c").read_text()
    for name, fields in interface.structs().items():
        if fields[0] != "struct_size":
            errors.append(f"{name} does not begin with struct_size")
        if name.endswith("_opts") and not re.search(rf'\{{"{name}",\s+\d+,', tried):
            errors.append(f"{name} is not in tests/unit/test_option_structs.c")
    for path in sorted((interface.ROOT / "lib").rglob("*.c")):
        if path.name == "options.c":  # its definition
            continue
        for call in re.findall(r"\boptions_load\((.*?)\);", path.read_text(), re.S):
            if "V1_SIZE(" not in call:
                errors.append(f"{path.name}: options_load({call}) has no V1_SIZE")
    return interface.report(errors)


if __name__ == "__main__":
    sys.exit(main())
