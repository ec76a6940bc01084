-- binding.lua MODEL: bindings/lua/gan.lua outside an engine.
--
-- SPDX-License-Identifier: MIT
local ffi = require("ffi")
local gan = require("gan")

local sprites = gan.sampler(arg[1], {threads = 1})
local info = sprites:info()
assert(info.width == 32 and info.channels == 4 and info.classes == 3)

local size = 4 * info.width * info.height
local function fields(rgba, labels)
    return {seed = 3, n = 1, labels = labels, rgba = rgba, width = info.width, height = info.height,
            pitch = 4 * info.width}
end
local function equal(a, b) return ffi.string(a, size) == ffi.string(b, size) end

-- At once, and in steps, while the collector runs: the same pixels; another class, others.
local whole, stepped, other = ffi.new("uint8_t[?]", size), ffi.new("uint8_t[?]", size),
                              ffi.new("uint8_t[?]", size)
sprites:run(fields(whole, {1}))
sprites:begin(fields(stepped, {1}))
local refused, text = pcall(sprites.begin, sprites, fields(other, {2}))
assert(not refused and text:find("on its way"), text)
local steps = 0
repeat
    collectgarbage()
    steps = steps + 1
until sprites:step(1)
assert(steps > 1 and sprites:progress() == 1)
sprites:run(fields(other, {2}))
assert(equal(whole, stepped) and not equal(whole, other))

-- What C refuses is an error with its text.
local ok, text = pcall(sprites.run, sprites, fields(whole, {3}))
assert(not ok and text:find("label 0 is 3"), text)
ok, text = pcall(gan.sampler, "nowhere")
assert(not ok and text:find("nowhere"), text)
ok, text = pcall(gan.sampler, arg[1], {colour = 3})
assert(not ok and text:find("colour"), text)
sprites:free()
