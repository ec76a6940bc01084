-- Times of frames.
--
-- SPDX-License-Identifier: MIT
local Frames = {}
Frames.__index = Frames

-- file: nil, or where each frame becomes a line.
function Frames.new(file)
    if file then file:write("frame\tmilliseconds\tsampler\n") end
    return setmetatable({times = {}, file = file}, Frames)
end

-- A frame's time from its beginning until it was shown, and the sampler's share, in seconds.
function Frames:add(seconds, sampler)
    self.times[#self.times + 1] = seconds
    if self.file then
        self.file:write(("%d\t%.3f\t%.3f\n"):format(#self.times, 1e3 * seconds, 1e3 * sampler))
    end
end

-- Milliseconds that a share of the last `count` frames (all without it) stays within.
function Frames:percentile(share, count)
    local n = math.min(#self.times, count or math.huge)
    if n == 0 then return 0 end
    local sorted = {unpack(self.times, #self.times - n + 1)}
    table.sort(sorted)
    return 1e3 * sorted[math.max(1, math.ceil(share * n))]
end

function Frames:close()
    if self.file then self.file:close() end
end

return Frames
