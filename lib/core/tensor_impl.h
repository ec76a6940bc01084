/* The inside of a tensor: for core/, autograd/ and api/ only. */
#ifndef GAN_CORE_TENSOR_IMPL_H
#define GAN_CORE_TENSOR_IMPL_H

#include "core/tensor.h"

struct node;

struct gan_tensor {
    object base;
    shape shape;
    storage *storage;
    struct node *node; /* what made it, or its leaf; NULL: a constant */
};

#endif
