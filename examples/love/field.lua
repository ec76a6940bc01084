-- An endless field of sprites: columns that come in at one side and leave at the other. A column is
-- one request of the sampler, worked on a little in each frame, straight into an ImageData; when it
-- is done it is put into its slot of an atlas. Column k is drawn from seeds of its own, so the same
-- column comes back when the field is scrolled back.
--
-- SPDX-License-Identifier: MIT
local Field = {}
Field.__index = Field

local SIDE = 64   -- pixels of a sprite on the screen, about
local GAP = 8     -- around a sprite
local AHEAD = 3   -- columns that are made before they are seen
local SEEDS = 2 ^ 24 -- of the columns of one field
local GROUND = {{0.15, 0.23, 0.18}, {0.13, 0.20, 0.16}} -- by turns

function Field.new(sampler, top, width, height, options)
    local info = sampler:info()
    local self = setmetatable({sampler = sampler, options = options, top = top, width = width}, Field)
    self.w, self.h, self.classes = info.width, info.height, info.classes
    self.zoom = math.max(1, math.floor(SIDE / self.h))
    self.cell_w, self.cell_h = self.zoom * self.w + GAP, self.zoom * self.h + GAP
    self.rows = math.floor((height - top) / self.cell_h)
    self.seen = math.ceil(width / self.cell_w) + 1
    self.slots = self.seen + AHEAD
    self.pixels = love.image.newImageData(self.w, self.rows * self.h) -- the request's
    local atlas = love.image.newImageData(self.slots * self.w, self.rows * self.h)
    self.atlas = love.graphics.newImage(atlas)
    self.atlas:setFilter("nearest", "nearest")
    self.batch = love.graphics.newSpriteBatch(self.atlas, self.seen * self.rows)
    self.quad = love.graphics.newQuad(0, 0, self.w, self.h, self.atlas)
    self.scroll, self.made, self.late, self.held = 0, 0, 0, {}
    self:renew()
    return self
end

-- Another seed or class: all columns are made anew, and replaced as they come.
function Field:renew()
    self.sampler:cancel()
    self.request = nil
    self.version = (self.version or 0) + 1
end

-- The first column that is seen, if only by a pixel.
function Field:first() return math.floor(self.scroll / self.cell_w) end

-- The nearest column that is not there yet, if there is one.
function Field:wanted()
    local first, last = self:first(), self:first() + self.slots - 1
    local from, to, by = first, last, 1
    if self.options.speed < 0 then from, to, by = first + self.seen - 1, first - AHEAD, -1 end
    for k = from, to, by do
        local held = self.held[k % self.slots]
        if not held or held.k ~= k or held.version ~= self.version then return k end
    end
end

function Field:begin(k)
    local labels
    if self.options.class >= 0 and self.classes > 0 then
        labels = {}
        for row = 1, self.rows do labels[row] = self.options.class % self.classes end
    end
    local seed = self.options.seed * SEEDS + (k * self.rows) % SEEDS
    self.sampler:begin{
        seed = seed, n = self.rows, labels = labels, columns = 1, alpha_threshold = 128,
        colors = self.options.colors, rgba = self.pixels:getFFIPointer(), width = self.w,
        height = self.rows * self.h, pitch = 4 * self.w,
    }
    self.request = {k = k, seed = seed, version = self.version,
                    class = labels and labels[1] or -1}
end

-- Puts the column that is done into the atlas.
function Field:keep()
    local slot = self.request.k % self.slots
    self.atlas:replacePixels(self.pixels, 1, 1, slot * self.w, 0)
    self.held[slot] = self.request
    self.request = nil
    self.made = self.made + self.rows
end

-- Scrolls on, and generates for `budget` seconds. Returns the seconds it took, 0 without work.
function Field:update(dt, budget)
    self.scroll = self.scroll + self.options.speed * dt
    local first = self:first()
    if self.request and (self.request.k < first - AHEAD or self.request.k >= first + self.slots) then
        self.sampler:cancel() -- it has gone by
        self.request, self.late = nil, self.late + 1
    end
    if not self.request then
        local k = self:wanted()
        if k then self:begin(k) end
    end
    if not self.request then return 0 end
    local start = love.timer.getTime()
    if self.sampler:step(1e6 * budget) then self:keep() end
    return love.timer.getTime() - start
end

-- Calls visit(sprite's column, row, x, y) for all that are there and seen.
function Field:each(visit)
    for k = self:first(), self:first() + self.seen - 1 do
        local held = self.held[k % self.slots]
        if held and held.k == k then
            local x = k * self.cell_w - math.floor(self.scroll) + GAP / 2
            for row = 0, self.rows - 1 do
                visit(held, row, x, self.top + row * self.cell_h + GAP / 2)
            end
        end
    end
end

function Field:draw()
    for k = self:first(), self:first() + self.seen - 1 do
        love.graphics.setColor(GROUND[k % 2 + 1])
        love.graphics.rectangle("fill", k * self.cell_w - math.floor(self.scroll), self.top,
                                self.cell_w, self.rows * self.cell_h)
    end
    love.graphics.setColor(1, 1, 1)
    self.batch:clear()
    self:each(function(held, row, x, y)
        self.quad:setViewport(held.k % self.slots * self.w, row * self.h, self.w, self.h)
        self.batch:add(self.quad, x, y, 0, self.zoom)
    end)
    love.graphics.draw(self.batch)
end

return Field
