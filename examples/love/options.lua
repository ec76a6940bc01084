-- Command-line options: --name VALUE, with a default each that tells the type.
--
-- SPDX-License-Identifier: MIT
local options = {
    model = os.getenv("GAN_MODEL") or "", -- generator.safetensors
    seed = 1,                             -- of the field
    class = -1,                           -- of the sprites; -1: any
    speed = 120,                          -- pixels a second; negative: to the right
    budget = 4,                           -- milliseconds of a frame for the sampler
    colors = 16,                          -- of a sprite; 0: as generated
    threads = 1,                          -- of the sampler
    frames = 0,                           -- after which the program ends; 0: it does not
    screenshot = "",                      -- PNG file of the last frame
    log = "",                             -- file of frame times
    press = "",                           -- FRAME:KEY,FRAME:KEY: keys that press themselves
}

return function(arguments)
    local i = 1
    while arguments[i] do
        local name = arguments[i]:match("^%-%-(%a+)$")
        local default, value = options[name], arguments[i + 1]
        if type(default) == "number" then value = tonumber(value) end
        if default == nil or value == nil then
            return nil, ("'%s' is no option, or lacks its value"):format(arguments[i])
        end
        options[name] = value
        i = i + 2
    end
    if options.model == "" then
        return nil, "--model FILE is missing: a generator.safetensors that train has written"
    end
    return options
end
