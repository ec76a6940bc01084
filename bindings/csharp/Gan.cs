// libgan's sampler for .NET, Mono and Unity, by P/Invoke: blittable structs, nothing is copied or
// marshalled on the way, memory is the caller's and given as pointers.
//
//     using (var sprites = new Gan.Sampler("generator.safetensors", Gan.SamplerOptions.Default))
//         fixed (byte* pixels = new byte[64 * 64 * 4]) {
//             var request = Gan.SamplerRequest.Default;
//             request.rgba = pixels; request.width = request.height = 64; request.pitch = (UIntPtr)256;
//             sprites.Begin(ref request);
//             while (!sprites.Step(4000)) { /* a frame */ }
//         }
//
// The library is libgan.so, gan.dll or libgan.dylib where the runtime looks for it (in Unity:
// Assets/Plugins). gan/sampler.h is the reference: fields have its names. What C reports by a status
// is thrown as Gan.Error. Needs -unsafe ("Allow 'unsafe' Code" in Unity).
//
// SPDX-License-Identifier: MIT
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Gan {

public sealed class Error : Exception {
    public readonly int Code; // GAN_E...

    public Error(int code, string text) : base(text) { Code = code; }
}

[Flags]
public enum Pixels : uint { Bgra = 1, Premultiply = 2, Opaque = 4 }

// gan_sampler_opts
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SamplerOptions {
    public uint struct_size;
    public int threads, images, background, nice, classes;
    public ulong cpus, byte_limit;
    public IntPtr alloc, free, user;
    public byte *error;
    public UIntPtr error_bytes;

    public static SamplerOptions Default {
        get {
            SamplerOptions o;
            Native.gan_sampler_opts_init(&o, (UIntPtr)sizeof(SamplerOptions));
            return o;
        }
    }
}

// gan_sampler_info
[StructLayout(LayoutKind.Sequential)]
public struct SamplerInfo {
    public uint struct_size;
    public int height, width, channels, latent, classes, input_height, input_width, input_channels;
    public int images, threads, reserved;
    public double lo, hi;
    public ulong bytes, allocs, weights;
}

// gan_sampler_request. What it points to must stay where it is until the request is done or
// cancelled: `fixed`, a pinned GCHandle, or memory of the engine's.
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SamplerRequest {
    public uint struct_size;
    public Pixels flags;
    public long n;
    public ulong seed;
    public int *labels;
    public float *input;
    public double truncation;
    public float *floats;
    public byte *rgba;
    public int width, height;
    public UIntPtr pitch;
    public int columns, scale, alpha_threshold, colors;

    public static SamplerRequest Default {
        get {
            SamplerRequest r;
            Native.gan_sampler_request_init(&r, (UIntPtr)sizeof(SamplerRequest));
            return r;
        }
    }
}

// Frees what runs with it, on the finalizer's thread if nobody disposed of it.
public sealed class SamplerHandle : SafeHandle {
    public SamplerHandle() : base(IntPtr.Zero, true) {}
    public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

    protected override bool ReleaseHandle() {
        Native.gan_sampler_free(handle);
        return true;
    }
}

// A generator that was loaded. It belongs to one thread at a time.
public sealed unsafe class Sampler : IDisposable {
    readonly SamplerHandle handle;

    public Sampler(string path, SamplerOptions options) {
        fixed (byte *file = Native.Utf8(path)) handle = Load(file, -1, options);
    }

    // From a file's bytes, which are not kept: of an archive, say.
    public Sampler(byte[] content, SamplerOptions options) {
        fixed (byte *file = content) handle = Load(file, content.LongLength, options);
    }

    // A path, or so many bytes of a file.
    static SamplerHandle Load(byte *file, long bytes, SamplerOptions options) {
        const int Room = 512;
        byte *text = stackalloc byte[Room];
        text[0] = 0;
        options.error = text;
        options.error_bytes = (UIntPtr)Room;
        Native.CheckVersion();
        SamplerHandle loaded;
        int code = bytes < 0 ? Native.gan_sampler_load(file, &options, out loaded)
                             : Native.gan_sampler_load_memory(file, (UIntPtr)bytes, &options, out loaded);
        if (code < 0) throw new Error(code, Native.Text(text[0] != 0 ? text : Native.gan_status_name(code)));
        return loaded;
    }

    // The latent that a seed draws: Info.latent numbers, for a request's `input`.
    public float[] Latent(ulong seed, double truncation = 0) {
        var z = new float[Info.latent];
        fixed (float *p = z) Check(Native.gan_sampler_latent(handle, seed, truncation, p));
        return z;
    }

    // The point at t, 0 to 1, of the great arc from a to b.
    public static float[] Slerp(float[] a, float[] b, double t) {
        if (a.Length != b.Length) throw new ArgumentException("latents of different lengths");
        var z = new float[a.Length];
        fixed (float *from = a, to = b, at = z) {
            int code = Native.gan_latent_slerp(from, to, a.Length, t, at);
            if (code < 0) throw new Error(code, Native.Text(Native.gan_status_name(code)));
        }
        return z;
    }

    // All of a request at once.
    public void Run(ref SamplerRequest r) {
        fixed (SamplerRequest *p = &r) Check(Native.gan_sampler_run(handle, p));
    }

    // Takes a request on, for Step.
    public void Begin(ref SamplerRequest r) {
        fixed (SamplerRequest *p = &r) Check(Native.gan_sampler_begin(handle, p));
    }

    // Works for about so many microseconds; whether the request is done.
    public bool Step(long budgetUs) { return Check(Native.gan_sampler_step(handle, budgetUs)) == 1; }

    // Takes a request on for the sampler's own thread (option background).
    public void Start(ref SamplerRequest r) {
        fixed (SamplerRequest *p = &r) Check(Native.gan_sampler_start(handle, p));
    }

    public bool Poll() { return Check(Native.gan_sampler_poll(handle)) == 1; }
    public void Wait() { Check(Native.gan_sampler_wait(handle)); }
    public void Cancel() { Native.gan_sampler_cancel(handle); }
    public double Progress { get { return Native.gan_sampler_progress(handle); } }

    public SamplerInfo Info {
        get {
            SamplerInfo info = new SamplerInfo { struct_size = (uint)sizeof(SamplerInfo) };
            Check(Native.gan_sampler_describe(handle, &info));
            return info;
        }
    }

    public void Dispose() { handle.Dispose(); }

    int Check(int code) {
        if (code < 0) throw new Error(code, Native.Text(Native.gan_sampler_error(handle)));
        return code;
    }
}

// Pictures as files.
public static unsafe class Png {
    // Writes rows of RGBA pixels without gaps between them.
    public static void Write(string path, byte *rgba, int width, int height) {
        var values = new float[(long)width * height * 4];
        for (long i = 0; i < values.LongLength; i++) values[i] = rgba[i];
        long *shape = stackalloc long[4];
        shape[0] = 1; shape[1] = height; shape[2] = width; shape[3] = 4;
        IntPtr context;
        int code = Native.gan_context_create(IntPtr.Zero, out context);
        if (code < 0) throw new Error(code, "gan_context_create");
        try {
            IntPtr picture;
            fixed (float *data = values) picture = Native.gan_from_floats(context, data, shape, 4);
            fixed (byte *file = Native.Utf8(path)) code = Native.gan_png_write_grid(picture, file, 1, 0, 0, 255);
            if (code < 0) throw new Error(code, Native.Text(Native.gan_last_error(context)));
        } finally {
            Native.gan_context_destroy(context); // and with it the picture, which is its scope's
        }
    }
}

static unsafe class Native {
    const string Library = "gan";
    const CallingConvention C = CallingConvention.Cdecl;
    const int AbiVersion = 0; // GAN_ABI_VERSION

    [DllImport(Library, CallingConvention = C)]
    static extern int gan_abi_version();

    [DllImport(Library, CallingConvention = C)]
    public static extern void gan_sampler_opts_init(SamplerOptions *opts, UIntPtr size);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_load(byte *path, SamplerOptions *opts, out SamplerHandle sampler);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_load_memory(byte *file, UIntPtr bytes, SamplerOptions *opts,
                                                     out SamplerHandle sampler);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_latent(SamplerHandle s, ulong seed, double truncation, float *z);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_latent_slerp(float *a, float *b, long n, double t, float *z);
    [DllImport(Library, CallingConvention = C)]
    public static extern byte *gan_status_name(int code);
    [DllImport(Library, CallingConvention = C)]
    public static extern void gan_sampler_free(IntPtr s);
    [DllImport(Library, CallingConvention = C)]
    public static extern byte *gan_sampler_error(SamplerHandle s);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_describe(SamplerHandle s, SamplerInfo *info);
    [DllImport(Library, CallingConvention = C)]
    public static extern void gan_sampler_request_init(SamplerRequest *r, UIntPtr size);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_run(SamplerHandle s, SamplerRequest *r);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_begin(SamplerHandle s, SamplerRequest *r);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_step(SamplerHandle s, long budget_us);
    [DllImport(Library, CallingConvention = C)]
    public static extern double gan_sampler_progress(SamplerHandle s);
    [DllImport(Library, CallingConvention = C)]
    public static extern void gan_sampler_cancel(SamplerHandle s);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_start(SamplerHandle s, SamplerRequest *r);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_poll(SamplerHandle s);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_sampler_wait(SamplerHandle s);

    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_context_create(IntPtr opts, out IntPtr context);
    [DllImport(Library, CallingConvention = C)]
    public static extern void gan_context_destroy(IntPtr context);
    [DllImport(Library, CallingConvention = C)]
    public static extern byte *gan_last_error(IntPtr context);
    [DllImport(Library, CallingConvention = C)]
    public static extern IntPtr gan_from_floats(IntPtr context, float *data, long *shape, int rank);
    [DllImport(Library, CallingConvention = C)]
    public static extern int gan_png_write_grid(IntPtr images, byte *path, int columns, int gap,
                                                double lo, double hi);

    public static void CheckVersion() {
        int version = gan_abi_version();
        if (version != AbiVersion)
            throw new Error(-11, "libgan has ABI version " + version + ", Gan.cs is for " + AbiVersion);
    }

    // With a 0 behind it.
    public static byte[] Utf8(string text) { return Encoding.UTF8.GetBytes(text + "\0"); }

    public static string Text(byte *text) {
        int n = 0;
        while (text[n] != 0) n++;
        var bytes = new byte[n];
        Marshal.Copy((IntPtr)text, bytes, 0, n);
        return Encoding.UTF8.GetString(bytes);
    }
}

}
