// The C headers from C++11.
//
// SPDX-License-Identifier: MIT
#include <gan.h>

#include <iostream>
#include <memory>

int main() {
    gan_context *made = nullptr;
    if (gan_context_create(nullptr, &made) < 0) return 1;
    std::unique_ptr<gan_context, void (*)(gan_context *)> context(made, gan_context_destroy);
    const int64_t shape[] = {2, 3};
    double total = 0;
    if (gan_tensor_item(gan_sum_all(gan_full(context.get(), shape, 2, 1.5)), &total) < 0) return 1;
    if (total != 9) return 1;
    std::cout << "libgan " << gan_version() << ": trained\n";
}
