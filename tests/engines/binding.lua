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

-- A sampler that is dropped with its job in the background, which writes until it is collected. Of so
-- many pixels nothing is mapped any more once they are freed; the older tables are freed after them,
-- which gives the job time.
do
    local older = {}
    for i = 1, 3e5 do older[i] = {} end
    local count, sampler = 2000, gan.sampler(arg[1], {threads = 1, images = 1, background = 1})
    local labels = {}
    for i = 1, count do labels[i] = i % 3 end
    sampler:start{n = count, labels = labels, rgba = ffi.new("uint8_t[?]", count * size),
                  width = info.width, height = count * info.height, pitch = 4 * info.width}
    assert(not sampler:poll())
end
for _ = 1, 3 do collectgarbage() end

-- What C refuses is an error with its text.
local ok, text = pcall(sprites.run, sprites, fields(whole, {3}))
assert(not ok and text:find("label 0 is 3"), text)

-- From memory the same sampler; negative seeds are different ones, as C counts them.
do
    local file = assert(io.open(arg[1], "rb"))
    local again = gan.sampler_of(file:read("*a"), {threads = 1})
    file:close()
    local sprites_of, seen = {[-1] = fields(stepped, {1}), [-2] = fields(other, {1})}, {}
    for seed, request in pairs(sprites_of) do
        request.seed = seed
        again:run(request)
        seen[seed] = ffi.string(request.rgba, size)
    end
    local unsigned = fields(whole, {1})
    unsigned.seed = 0xffffffffffffffffULL
    sprites:run(unsigned)
    assert(seen[-1] ~= seen[-2] and seen[-1] == ffi.string(whole, size))
    ok, text = pcall(gan.sampler_of, "no model")
    assert(not ok and #text > 20, text)
end

-- What C cannot see: tables that are shorter than the request.
local short = fields(whole, {1})
short.n, short.width = 2, 2 * info.width
ok, text = pcall(sprites.run, sprites, short)
assert(not ok and text:find("labels has 1 numbers, 2 images need 2"), text)
short.labels, short.input = {1, 1}, {0.5}
ok, text = pcall(sprites.run, sprites, short)
assert(not ok and text:find("input has 1 numbers, 2 images need " .. 2 * info.latent), text)

ok, text = pcall(gan.sampler, "nowhere")
assert(not ok and text:find("nowhere"), text)
ok, text = pcall(gan.sampler, arg[1], {colour = 3})
assert(not ok and text:find("colour"), text)
sprites:free()
sprites:free()
for _, use in ipairs{sprites.info, sprites.poll, function() sprites:run(fields(whole, {1})) end} do
    ok, text = pcall(use, sprites)
    assert(not ok and text:find("was freed"), text)
end
