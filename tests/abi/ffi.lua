-- ffi.lua CDEF LIBRARY: LuaJIT reads the declarations, finds every function, and computes.
--
-- SPDX-License-Identifier: MIT
local ffi = require("ffi")
local cdef = assert(io.open(arg[1])):read("*a")
ffi.cdef(cdef)
local gan = ffi.load(arg[2])

local functions = 0
for name in cdef:gmatch("%f[%w_](gan_[%w_]+)%s*%(") do
    assert(gan[name] ~= nil, name)
    functions = functions + 1
end
assert(functions > 200, functions)
assert(gan.gan_abi_version() == gan.GAN_ABI_VERSION)
assert(gan.GAN_EABI == -11 and gan.GAN_GRAD_STRICT == 4)

local opts = ffi.new("gan_context_opts")
gan.gan_context_opts_init(opts, ffi.sizeof(opts))
opts.seed = 7
local out = ffi.new("gan_context *[1]")
assert(gan.gan_context_create(opts, out) == gan.GAN_OK)
local context = ffi.gc(out[0], gan.gan_context_destroy)
local x = gan.gan_full(context, ffi.new("int64_t[2]", {2, 3}), 2, 1.5)
local total = ffi.new("double[1]")
assert(gan.gan_tensor_item(gan.gan_sum_all(x), total) == 0 and total[0] == 9)
assert(gan.gan_add(x, nil) == nil) -- NULL in, NULL out
print(functions .. " functions")
