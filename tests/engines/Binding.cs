// Binding.exe MODEL: bindings/csharp/Gan.cs outside an engine.
//
// SPDX-License-Identifier: MIT
using System;
using System.IO;

static unsafe class Binding {
    static void Assert(bool holds, string what) {
        if (!holds) throw new Exception(what);
    }

    static bool Equal(float[] a, float[] b) {
        for (int i = 0; i < a.Length; i++)
            if (a[i] != b[i]) return false;
        return a.Length == b.Length;
    }

    static string ErrorOf(Action use) {
        try {
            use();
        } catch (Gan.Error e) {
            return e.Message;
        }
        return "no error";
    }

    // One image of class 0, of a seed or of a latent.
    static float[] Draw(Gan.Sampler sprites, ulong seed, float[] latent) {
        Gan.SamplerInfo info = sprites.Info;
        var image = new float[info.height * info.width * info.channels];
        int label = 0;
        var request = Gan.SamplerRequest.Default;
        fixed (float *pixels = image, z = latent) {
            request.seed = seed;
            request.labels = &label;
            request.input = z;
            request.floats = pixels;
            sprites.Run(ref request);
        }
        return image;
    }

    static void Main(string[] arguments) {
        Gan.SamplerOptions options = Gan.SamplerOptions.Default;
        options.threads = 1;
        byte[] file = File.ReadAllBytes(arguments[0]);
        using (var sprites = new Gan.Sampler(arguments[0], options))
        using (var same = new Gan.Sampler(file, options)) {
            float[] a = sprites.Latent(7), b = sprites.Latent(8);
            Assert(Equal(Draw(sprites, 7, null), Draw(same, 7, null)), "from memory another sampler");
            Assert(Equal(Draw(sprites, 7, null), Draw(sprites, 1, a)), "the latent is not the seed's");
            Assert(!Equal(a, b), "two seeds, one latent");
            Assert(Equal(Gan.Sampler.Slerp(a, b, 0), a), "the arc does not begin at a");
            Assert(!Equal(Gan.Sampler.Slerp(a, b, 0.5), a), "the arc is a point");
            Assert(ErrorOf(() => sprites.Latent(7, -1)).Contains("truncation"), "a negative truncation");
        }
        Array.Resize(ref file, 100);
        Assert(ErrorOf(() => new Gan.Sampler(file, options)).Length > 20, "a file that was cut");
        Assert(ErrorOf(() => new Gan.Sampler(new byte[0], options)).Length > 20, "an empty file");
        Assert(ErrorOf(() => new Gan.Sampler(arguments[0], new Gan.SamplerOptions())) == "GAN_EINVAL",
               "options without defaults");
    }
}
