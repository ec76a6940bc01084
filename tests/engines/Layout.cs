// Prints "struct field offset" of the structs of Gan.cs, and "struct size".
//
// SPDX-License-Identifier: MIT
using System;
using System.Reflection;
using System.Runtime.InteropServices;

static class Layout {
    static void Main() {
        foreach (Type type in typeof(Gan.Sampler).Assembly.GetTypes()) {
            if (!type.IsValueType || type.IsEnum || type.Namespace != "Gan") continue;
            foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
                Console.WriteLine(type.Name + " " + field.Name + " " + Marshal.OffsetOf(type, field.Name));
            Console.WriteLine(type.Name + " " + Marshal.SizeOf(type));
        }
    }
}
