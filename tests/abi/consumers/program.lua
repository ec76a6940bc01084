-- The installed gan.lua finds the installed declarations and library.
--
-- SPDX-License-Identifier: MIT
local gan = require("gan")
local ok, text = pcall(gan.sampler, "nowhere")
assert(not ok and text:find("nowhere"), text)
print(require("ffi").string(gan.C.gan_version()) .. ": loaded")
