--- libgan for LuaJIT: the C interface by its FFI, and the sampler as an object.
--
--     local gan = require("gan")
--     local sprites = gan.sampler("generator.safetensors", {threads = 1})
--     local pixels = love.image.newImageData(64, 64)
--     sprites:begin{seed = 7, rgba = pixels:getFFIPointer(), width = 64, height = 64, pitch = 4 * 64}
--     local busy = true
--     ...
--     if busy and sprites:step(4000) then -- each frame, 4 ms of it
--         busy = false
--         image:replacePixels(pixels)
--     end
--
-- gan.C has every function and constant of the headers (gan.C.gan_context_create, gan.C.GAN_EIO);
-- gan/sampler.h is the reference. What C reports by a status is raised as an error with its text.
--
-- The library is $GAN_LIBRARY, one beside a LÖVE game or this file, that of the repository's build,
-- or the installed one; its declarations are $GAN_CDEF, a gan.cdef beside this file or in a LÖVE
-- game, the build's, or the installed one.
--
-- SPDX-License-Identifier: MIT
local ffi = require("ffi")

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or ""
local build = here .. "../../build/release/"

local function content(path)
    local file = path and io.open(path, "rb")
    if not file then return nil end
    local text = file:read("*a")
    file:close()
    return text
end

local function declarations()
    return content(os.getenv("GAN_CDEF")) or content(here .. "gan.cdef")
        or love and love.filesystem.read("gan.cdef")
        or content(build .. "gan.cdef")
        or content(here .. "../../gan/gan.cdef") -- share/lua/5.1/gan.lua, share/gan/gan.cdef
        or error("gan.cdef was not found; name it in GAN_CDEF")
end

local function library()
    local named = os.getenv("GAN_LIBRARY")
    if named then return named end
    local built = build .. "lib/libgan.so"
    local installed = ffi.os == "Linux" and "libgan.so.0" or "gan"
    local game = love and love.filesystem
    local folders = game and {game.getSource(), game.getSourceBaseDirectory()}
        or {here == "" and "." or here}
    for _, folder in ipairs(folders) do
        local own = folder:gsub("/?$", "/", 1) .. installed
        if content(own) then return own end
    end
    return content(built) and built or installed
end

ffi.cdef(declarations())
local C = ffi.load(library())
assert(C.gan_abi_version() == C.GAN_ABI_VERSION, "libgan and gan.cdef are of different releases")

local gan = {C = C}
local arrays = {labels = ffi.typeof("int32_t[?]"), input = ffi.typeof("float[?]")}

--- An options struct with the library's defaults and these fields over them. Of the fields `labels`
-- and `input` may be tables of numbers. The second result holds what the struct points to.
function gan.options(kind, fields)
    local struct, held = ffi.new(kind), {}
    C[kind .. "_init"](struct, ffi.sizeof(struct))
    for name, value in pairs(fields or {}) do
        if type(value) == "table" then value = arrays[name](#value, value) end
        -- Of any negative number LuaJIT's interpreter makes 2^63 where an unsigned one is wanted.
        if name == "seed" and type(value) == "number" and value < 0 then
            value = ffi.cast("int64_t", value)
        end
        struct[name] = value
        held[name] = value
    end
    return struct, held
end

local Sampler = {}
Sampler.__index = Sampler

local function loaded(load, options)
    local opts = gan.options("gan_sampler_opts", options)
    local text = ffi.new("char[512]")
    opts.error, opts.error_bytes = text, ffi.sizeof(text)
    local out = ffi.new("gan_sampler *[1]")
    local code = load(opts, out)
    if code < 0 then
        error(text[0] ~= 0 and ffi.string(text) or ffi.string(C.gan_status_name(code)), 3)
    end
    -- The finalizer keeps what a request points to until its job is cancelled: the collector would
    -- free plain arrays of a sampler that is dropped first, and its thread still writes them.
    local memory = {}
    local handle = ffi.gc(out[0], function(dropped)
        C.gan_sampler_free(dropped)
        memory.held = nil
    end)
    return setmetatable({handle = handle, memory = memory}, Sampler)
end

--- Loads a generator. Options: the fields of gan_sampler_opts.
function gan.sampler(path, options)
    return loaded(function(opts, out) return C.gan_sampler_load(path, opts, out) end, options)
end

--- The same from a file's content, a string: of an archive, say.
function gan.sampler_of(bytes, options)
    return loaded(function(opts, out) return C.gan_sampler_load_memory(bytes, #bytes, opts, out) end,
                  options)
end

local function check(self, code)
    if not self.handle then error("the sampler was freed", 3) end
    if code < 0 then error(ffi.string(C.gan_sampler_error(self.handle)), 3) end
    return code == 1
end

-- C cannot see how many numbers a table has.
local function match(self, fields)
    if not fields then return end
    local info, n = self:info(), fields.n or 1
    local numbers = info.latent > 0 and info.latent
        or info.input_height * info.input_width * info.input_channels
    for name, each in pairs({labels = 1, input = numbers}) do
        local given = fields[name]
        if type(given) == "table" and #given < n * each then
            error(("%s has %d numbers, %d images need %d"):format(name, #given, n, n * each), 4)
        end
    end
end

-- Fields: those of gan_sampler_request. The sampler keeps them until the next request, so that
-- arrays of the FFI's live as long as they must; what a mere pointer points to (into an ImageData of
-- LÖVE's) is the host's to keep. A request that is refused must not take the place of the one that
-- is on its way.
local function take(self, call, fields)
    match(self, fields)
    local request, held = gan.options("gan_sampler_request", fields)
    local done = check(self, call(self.handle, request))
    self.memory.held = held
    return done
end

--- A request at once; within the budgets of frames; by the sampler's own thread.
function Sampler:run(fields) take(self, C.gan_sampler_run, fields) end
function Sampler:begin(fields) take(self, C.gan_sampler_begin, fields) end
function Sampler:start(fields) take(self, C.gan_sampler_start, fields) end

--- Whether the request is done: after so many microseconds of work; now; at last.
function Sampler:step(budget_us) return check(self, C.gan_sampler_step(self.handle, budget_us)) end
function Sampler:poll() return check(self, C.gan_sampler_poll(self.handle)) end
function Sampler:wait() return check(self, C.gan_sampler_wait(self.handle)) end

function Sampler:cancel() C.gan_sampler_cancel(self.handle) end
function Sampler:progress() return C.gan_sampler_progress(self.handle) end

--- The fields of gan_sampler_info.
function Sampler:info()
    local info = ffi.new("gan_sampler_info")
    info.struct_size = ffi.sizeof(info)
    check(self, C.gan_sampler_describe(self.handle, info))
    return info
end

--- Frees it before the collector would.
function Sampler:free()
    if not self.handle then return end
    C.gan_sampler_free(ffi.gc(self.handle, nil))
    self.handle, self.memory.held = nil, nil
end

return gan
