-- SPDX-License-Identifier: MIT
function love.conf(t)
    t.identity = "libgan"
    t.window.title = "libgan: an endless field"
    t.window.width, t.window.height = 960, 540
    t.window.vsync = 0 -- so that a frame's time is its work; main.lua keeps to 60 a second
    for _, module in ipairs{"audio", "sound", "joystick", "physics", "video", "touch"} do
        t.modules[module] = false
    end
end
