// A sheet of generated sprites, made within the budgets of frames, as a game in C# would.
//
//     mono sheet.exe generator.safetensors sheet.png [seed [budget in microseconds]]
//
// SPDX-License-Identifier: MIT
using System;
using System.Diagnostics;
using System.Globalization;

static unsafe class Sheet {
    const int Columns = 8, Rows = 6, Scale = 2;

    // Sprites from `seed` on into the pixels; tells how many frames that took.
    static void Generate(Gan.Sampler sprites, byte *pixels, int width, int height, ulong seed, long budget) {
        var request = Gan.SamplerRequest.Default;
        request.seed = seed;
        request.n = Columns * Rows;
        request.columns = Columns;
        request.scale = Scale;
        request.alpha_threshold = 128;
        request.colors = 16;
        request.rgba = pixels;
        request.width = width;
        request.height = height;
        request.pitch = (UIntPtr)(4 * width);
        sprites.Begin(ref request);

        int frames = 0;
        double longest = 0;
        bool done = false;
        var clock = new Stopwatch();
        while (!done) { // a frame: its share of the work, then the rest of the game
            clock.Restart();
            done = sprites.Step(budget);
            longest = Math.Max(longest, clock.Elapsed.TotalMilliseconds);
            frames++;
        }
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture,
            "{0} sprites in {1} frames with {2:0.0} ms each; the longest took {3:0.00} ms",
            request.n, frames, budget / 1e3, longest));
    }

    static int Main(string[] arguments) {
        if (arguments.Length < 2 || arguments.Length > 4) {
            Console.Error.WriteLine("sheet: MODEL PICTURE [SEED [BUDGET]]");
            return 2;
        }
        try {
            ulong seed = arguments.Length > 2 ? ulong.Parse(arguments[2]) : 1;
            long budget = arguments.Length > 3 ? long.Parse(arguments[3]) : 2000;
            var options = Gan.SamplerOptions.Default;
            options.threads = 1;
            using (var sprites = new Gan.Sampler(arguments[0], options)) {
                Gan.SamplerInfo info = sprites.Info;
                int width = Columns * Scale * info.width, height = Rows * Scale * info.height;
                fixed (byte *pixels = new byte[4 * width * height]) {
                    Generate(sprites, pixels, width, height, seed, budget);
                    Gan.Png.Write(arguments[1], pixels, width, height);
                }
            }
        } catch (Exception e) when (e is Gan.Error || e is FormatException || e is OverflowException) {
            Console.Error.WriteLine("sheet: " + e.Message);
            return 1;
        }
        return 0;
    }
}
