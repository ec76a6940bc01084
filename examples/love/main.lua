-- An endless field of generated sprites, at 60 frames a second.
--
--     love examples/love --model generator.safetensors
--
-- left, right: speed; up, down: the sampler's budget; s: another seed; c: the next class; p: pause;
-- f12: a picture, sprites.png; escape: the end. options.lua has all options.
--
-- SPDX-License-Identifier: MIT
local function fail(text)
    io.stderr:write("love: ", text, "\n")
    os.exit(1)
end

-- Instead of LÖVE's blue screen, which waits for a key.
function love.errorhandler(text) fail(debug.traceback(text, 2)) end

package.path = love.filesystem.getSource() .. "/../../bindings/lua/?.lua;" .. package.path

local Field = require("field")
local Frames = require("frames")
local gan = require("gan")
local read_options = require("options")

local RATE = 60 -- frames a second
local BAR = 24  -- pixels of the line of text at the top

local options, sampler, field, frames, presses
local paused, late, busy = false, 0, 0

local keys = {}
function keys.left() options.speed = options.speed - 40 end
function keys.right() options.speed = options.speed + 40 end
function keys.up() options.budget = math.min(options.budget + 1, 12) end
function keys.down() options.budget = math.max(options.budget - 1, 1) end
function keys.p() paused = not paused end
function keys.escape() love.event.quit() end

function keys.s()
    options.seed = options.seed + 1
    field:renew()
end

function keys.c() -- any, 0, 1, ..., any
    options.class = options.class + 1
    if options.class >= field.classes then options.class = -1 end
    field:renew()
end

-- Saves the next frame, and prints which sprites are wholly in it: seed, class, place and zoom.
local function take_picture(path)
    love.graphics.captureScreenshot(function(picture)
        local file = io.open(path, "wb") or fail("cannot write " .. path)
        file:write(picture:encode("png"):getString())
        file:close()
        field:each(function(held, row, x, y)
            if x >= 0 and x + field.zoom * field.w <= field.width then
                print(("sprite %d %d at %d %d times %d"):format(held.seed + row, held.class, x, y,
                                                                field.zoom))
            end
        end)
    end)
end
keys["f12"] = function() take_picture("sprites.png") end

function love.keypressed(key)
    if keys[key] then keys[key]() end
end

-- "FRAME:KEY,..." as a table.
local function read_presses(text)
    local table = {}
    for frame, key in text:gmatch("(%d+):(%w+)") do table[tonumber(frame)] = key end
    return table
end

function love.load(arguments)
    local text
    options, text = read_options(arguments)
    if not options then fail(text) end
    local loaded
    loaded, sampler = pcall(gan.sampler, options.model, {threads = options.threads})
    if not loaded then fail(sampler) end
    local width, height = love.graphics.getDimensions()
    field = Field.new(sampler, BAR, width, height, options)
    presses = read_presses(options.press)
    local file
    if options.log ~= "" then
        file = io.open(options.log, "w") or fail("cannot write " .. options.log)
    end
    frames = Frames.new(file)
end

local function draw()
    love.graphics.clear(0.08, 0.08, 0.10)
    field:draw()
    love.graphics.print(("seed %d   class %s   speed %d   budget %g ms   frame %.1f ms (99%% of 120)"):format(
        options.seed, options.class < 0 and "any" or options.class, options.speed, options.budget,
        frames:percentile(0.99, 120)), 8, 5)
end

local function tell(seconds)
    local n = #frames.times
    print(("%d frames in %.2f s, %.1f a second; 99th percentile of frame time %.2f ms, longest %.2f ms; %d late")
        :format(n, seconds, n / seconds, frames:percentile(0.99), frames:percentile(1), late))
    print(("%d sprites generated in %d of the frames; %d columns went by unmade")
        :format(field.made, busy, field.late))
end

-- LÖVE's loop, with frames that begin at fixed times. One that is late moves those after it.
function love.run()
    love.load(love.arg.parseGameArguments(arg))
    local began = love.timer.getTime()
    local due, previous = began, began
    return function()
        local start, n = love.timer.getTime(), #frames.times + 1
        love.event.pump()
        for name, a, b, c in love.event.poll() do
            if name == "quit" then
                tell(love.timer.getTime() - began)
                frames:close()
                return a or 0
            end
            love.handlers[name](a, b, c)
        end
        if presses[n] then love.keypressed(presses[n]) end

        local dt = paused and 0 or math.min(start - previous, 0.1)
        previous = start
        local sampling = field:update(dt, options.budget / 1e3)
        love.graphics.origin()
        draw()
        if n == options.frames then
            if options.screenshot ~= "" then take_picture(options.screenshot) end
            love.event.quit()
        end
        love.graphics.present()

        local now = love.timer.getTime()
        if n ~= options.frames then -- a picture may be in the last one
            frames:add(now - start, sampling)
            if sampling > 0 then busy = busy + 1 end
        end
        due = due + 1 / RATE
        if now > due then due, late = now, late + 1 end
        love.timer.sleep(due - love.timer.getTime())
    end
end
