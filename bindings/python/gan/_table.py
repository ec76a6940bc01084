"""The C interface as ctypes sees it: handle types, option structs, and one line per function.

This file mirrors include/gan/*.h, in their order; nothing else in the package declares a C type.

SPDX-License-Identifier: MIT
"""

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64,
                    c_size_t, c_uint8, c_uint32, c_uint64, c_void_p)

ABI_VERSION = 0


# Handles. Subclasses of c_void_p, so that a module given for a tensor is an error and not a crash.
class ContextHandle(c_void_p):
    pass


class TensorHandle(c_void_p):
    pass


class ModuleHandle(c_void_p):
    pass


class OptimizerHandle(c_void_p):
    pass


class IdxHandle(c_void_p):
    pass


class DatasetHandle(c_void_p):
    pass


class LoaderHandle(c_void_p):
    pass


class TrainerHandle(c_void_p):
    pass


class CheckpointHandle(c_void_p):
    pass


class SamplerHandle(c_void_p):
    pass


AllocFunction = CFUNCTYPE(c_void_p, c_void_p, c_size_t)
FreeFunction = CFUNCTYPE(None, c_void_p, c_void_p)


class ContextOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_int32), ("seed", c_uint64),
                ("byte_limit", c_uint64), ("alloc", AllocFunction), ("free", FreeFunction),
                ("user", c_void_p), ("flags", c_uint32), ("reserved", c_uint32)]


class Stats(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_int32), ("live_bytes", c_uint64),
                ("peak_bytes", c_uint64), ("cached_bytes", c_uint64), ("host_allocs", c_uint64),
                ("live_tensors", c_uint64), ("live_nodes", c_uint64), ("worker_chunks", c_uint64),
                ("random_count", c_uint64)]


class Conv2dOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("stride_h", c_int32), ("stride_w", c_int32),
                ("dilation_h", c_int32), ("dilation_w", c_int32), ("pad_top", c_int32),
                ("pad_bottom", c_int32), ("pad_left", c_int32), ("pad_right", c_int32),
                ("output_pad_h", c_int32), ("output_pad_w", c_int32), ("bias", c_int32)]


class NormOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("affine", c_int32), ("eps", c_double),
                ("momentum", c_double)]


class PenaltyOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("one_sided", c_int32), ("lambda", c_double),
                ("target", c_double), ("allow_mixing", c_int32), ("reserved", c_int32)]


class AdamOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("lr", c_double),
                ("beta1", c_double), ("beta2", c_double), ("eps", c_double),
                ("weight_decay", c_double), ("max_grad_norm", c_double)]


class RMSPropOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("tf1", c_int32), ("centered", c_int32),
                ("reserved", c_uint32), ("lr", c_double), ("alpha", c_double), ("eps", c_double),
                ("momentum", c_double), ("weight_decay", c_double), ("max_grad_norm", c_double)]


class SGDOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("nesterov", c_int32), ("lr", c_double),
                ("momentum", c_double), ("weight_decay", c_double), ("max_grad_norm", c_double)]


class ModelOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("premultiplied", c_int32), ("classes", c_int32),
                ("uniform", c_int32), ("latent_lo", c_double), ("latent_hi", c_double),
                ("range", c_char_p)]


class DataOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("size", c_int32), ("fit", c_int32),
                ("channels", c_int32), ("pad_to", c_int32), ("background", c_uint32),
                ("classes", c_int32), ("skip_bad", c_int32), ("limit", c_int64),
                ("byte_limit", c_uint64)]


class SheetOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("cell_width", c_int32), ("cell_height", c_int32),
                ("margin", c_int32), ("spacing", c_int32), ("keep_empty", c_int32)]


class LoaderOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("batch", c_int32), ("seed", c_uint64),
                ("shuffle", c_int32), ("flip", c_int32), ("remainder", c_int32),
                ("reserved", c_uint32), ("lo", c_double), ("hi", c_double),
                ("premultiply", c_int32), ("reserved2", c_int32)]


class KernelOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("subsets", c_int32), ("subset_size", c_int64),
                ("seed", c_uint64)]


class Prdc(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("precision", c_double),
                ("recall", c_double), ("density", c_double), ("coverage", c_double)]


class Parzen(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("sigma", c_double),
                ("log_likelihood", c_double), ("standard_error", c_double)]


class Modes(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("found", c_int64),
                ("high_quality", c_double), ("kl", c_double)]


class Histogram(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("present", c_int64),
                ("kl", c_double), ("total_variation", c_double)]


class AugmentOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("policy", c_uint32), ("brightness", c_double),
                ("saturation", c_double), ("contrast", c_double), ("translation", c_double),
                ("cutout", c_double), ("unit_range", c_int32), ("reserved", c_int32)]


class PlateauRecord(Structure):
    _fields_ = [("struct_size", c_uint32), ("patience", c_int32), ("factor", c_double),
                ("floor", c_double), ("threshold", c_double), ("best", c_double),
                ("stalled", c_int64)]


class TrainerOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("system", c_int32), ("side", c_int32),
                ("channels", c_int32), ("classes", c_int32), ("input_channels", c_int32),
                ("batch", c_int32), ("unit_range", c_int32), ("network", c_int32),
                ("width", c_int32), ("norm", c_int32), ("condition", c_int32),
                ("packing", c_int32), ("latent", c_int32), ("latent_kind", c_int32),
                ("skips", c_int32),
                ("latent_lo", c_double), ("latent_hi", c_double), ("loss", c_int32),
                ("update", c_int32), ("half", c_int32), ("matching_aware", c_int32),
                ("real_target", c_double), ("l1", c_double), ("n_critic", c_int32),
                ("warmup_critic", c_int32), ("warmup_steps", c_int32), ("warmup_every", c_int32),
                ("penalty", c_int32), ("one_sided", c_int32), ("lambda", c_double),
                ("target", c_double), ("dragan", c_int32), ("clip", c_int32),
                ("clip_weights_only", c_int32), ("reserved", c_int32), ("clip_bound", c_double),
                ("dragan_scale", c_double), ("optimizer", c_int32), ("rmsprop_tf1", c_int32),
                ("lr_g", c_double), ("lr_d", c_double), ("beta1", c_double), ("beta2", c_double),
                ("alpha", c_double), ("momentum", c_double), ("momentum_end", c_double),
                ("momentum_epochs", c_int32), ("halve_every", c_int32), ("halve_stalled", c_int32),
                ("linear_steps", c_int32), ("lr_decay", c_double), ("lr_floor", c_double),
                ("gamma", c_double), ("lambda_k", c_double), ("average", c_double),
                ("augment", c_int32), ("relativistic", c_int32), ("premultiply", c_int32),
                ("penalty_every", c_int32), ("linear_from", c_int32),
                ("reserved2", c_int32)]


class TrainerStats(Structure):
    _fields_ = [("struct_size", c_uint32), ("d_updates", c_int32), ("step", c_int64),
                ("epoch", c_int64), ("d_loss", c_double), ("g_loss", c_double),
                ("real_score", c_double), ("fake_score", c_double), ("penalty", c_double),
                ("wasserstein", c_double), ("l1", c_double), ("d_grad_norm", c_double),
                ("g_grad_norm", c_double), ("k", c_double), ("measure", c_double),
                ("lr_d", c_double), ("lr_g", c_double)]


class SamplerOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_int32), ("images", c_int32),
                ("background", c_int32), ("nice", c_int32), ("classes", c_int32),
                ("cpus", c_uint64), ("byte_limit", c_uint64), ("alloc", AllocFunction),
                ("free", FreeFunction), ("user", c_void_p), ("error", c_char_p),
                ("error_bytes", c_size_t)]


class SamplerInfo(Structure):
    _fields_ = [("struct_size", c_uint32), ("height", c_int32), ("width", c_int32),
                ("channels", c_int32), ("latent", c_int32), ("classes", c_int32),
                ("input_height", c_int32), ("input_width", c_int32), ("input_channels", c_int32),
                ("images", c_int32), ("threads", c_int32), ("reserved", c_int32),
                ("lo", c_double), ("hi", c_double), ("bytes", c_uint64), ("allocs", c_uint64),
                ("weights", c_uint64)]


class SamplerRequest(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("n", c_int64),
                ("seed", c_uint64), ("labels", POINTER(c_int32)), ("input", POINTER(c_float)),
                ("truncation", c_double), ("floats", POINTER(c_float)),
                ("rgba", POINTER(c_uint8)), ("width", c_int32), ("height", c_int32),
                ("pitch", c_size_t), ("columns", c_int32), ("scale", c_int32),
                ("alpha_threshold", c_int32), ("colors", c_int32)]


# The function that fills each of them with the defaults.
INITIALIZERS = {
    ContextOptions: "gan_context_opts_init",
    Conv2dOptions: "gan_conv2d_opts_init",
    NormOptions: "gan_norm_opts_init",
    PenaltyOptions: "gan_penalty_opts_init",
    AdamOptions: "gan_adam_opts_init",
    RMSPropOptions: "gan_rmsprop_opts_init",
    SGDOptions: "gan_sgd_opts_init",
    ModelOptions: "gan_model_opts_init",
    DataOptions: "gan_data_opts_init",
    SheetOptions: "gan_sheet_opts_init",
    LoaderOptions: "gan_loader_opts_init",
    KernelOptions: "gan_kernel_opts_init",
    AugmentOptions: "gan_augment_opts_init",
    PlateauRecord: "gan_plateau_init",
    SamplerOptions: "gan_sampler_opts_init",
    SamplerRequest: "gan_sampler_request_init",
}

# Short names for the table.
_context, _tensor, _module = ContextHandle, TensorHandle, ModuleHandle
_optimizer, _idx = OptimizerHandle, IdxHandle
_dataset, _loader, _trainer = DatasetHandle, LoaderHandle, TrainerHandle
_checkpoint = CheckpointHandle
_sampler, _request = SamplerHandle, POINTER(SamplerRequest)
_i32, _i64, _u32, _u64, _size = c_int32, c_int64, c_uint32, c_uint64, c_size_t
_real, _text = c_double, c_char_p
_floats, _doubles = POINTER(c_float), POINTER(c_double)
_ints, _sizes, _bytes = POINTER(c_int32), POINTER(c_int64), POINTER(c_uint8)
_tensors = POINTER(TensorHandle)

# name: (result, (arguments…)), one line per exported symbol.
FUNCTIONS = {
    # base.h
    "gan_abi_version": (_u32, ()),
    "gan_version": (_text, ()),
    "gan_build_info": (_text, ()),
    "gan_element_size": (_size, ()),
    "gan_status_name": (_text, (_i32,)),
    "gan_context_opts_init": (None, (POINTER(ContextOptions), _size)),
    "gan_context_create": (_i32, (POINTER(ContextOptions), POINTER(_context))),
    "gan_context_destroy": (None, (_context,)),
    "gan_context_trim": (None, (_context,)),
    "gan_context_seed": (_i32, (_context, _u64)),
    "gan_context_stats": (_i32, (_context, POINTER(Stats))),
    "gan_context_reset_peak": (None, (_context,)),
    "gan_last_error": (_text, (_context,)),
    "gan_error_code": (_i32, (_context,)),
    "gan_scope_begin": (_i64, (_context,)),
    "gan_scope_end": (_i32, (_context, _i64)),
    "gan_recording": (_i32, (_context, _i32)),
    # tensor.h
    "gan_zeros": (_tensor, (_context, _sizes, _i32)),
    "gan_full": (_tensor, (_context, _sizes, _i32, _real)),
    "gan_scalar": (_tensor, (_context, _real)),
    "gan_from_floats": (_tensor, (_context, _floats, _sizes, _i32)),
    "gan_from_doubles": (_tensor, (_context, _doubles, _sizes, _i32)),
    "gan_one_hot": (_tensor, (_context, _ints, _i64, _i64)),
    "gan_rand": (_tensor, (_context, _sizes, _i32, _real, _real)),
    "gan_randn": (_tensor, (_context, _sizes, _i32)),
    "gan_rand_truncated": (_tensor, (_context, _sizes, _i32, _real, _real, _real)),
    "gan_tensor_take": (_i32, (_tensor, _tensors)),
    "gan_tensor_ref": (_tensor, (_tensor,)),
    "gan_tensor_unref": (None, (_tensor,)),
    "gan_tensor_rank": (_i32, (_tensor,)),
    "gan_tensor_dim": (_i64, (_tensor, _i32)),
    "gan_tensor_shape": (_sizes, (_tensor,)),
    "gan_tensor_size": (_i64, (_tensor,)),
    "gan_tensor_is_tracked": (_i32, (_tensor,)),
    "gan_tensor_context": (_context, (_tensor,)),
    "gan_tensor_data": (_floats, (_tensor,)),
    "gan_tensor_read": (_i32, (_tensor, _floats, _i64)),
    "gan_tensor_read_doubles": (_i32, (_tensor, _doubles, _i64)),
    "gan_tensor_item": (_i32, (_tensor, POINTER(_real))),
    "gan_tensor_write": (_i32, (_tensor, _floats, _i64)),
    "gan_tensor_write_doubles": (_i32, (_tensor, _doubles, _i64)),
    # ops.h
    "gan_add": (_tensor, (_tensor, _tensor)),
    "gan_sub": (_tensor, (_tensor, _tensor)),
    "gan_mul": (_tensor, (_tensor, _tensor)),
    "gan_div": (_tensor, (_tensor, _tensor)),
    "gan_maximum": (_tensor, (_tensor, _tensor)),
    "gan_minimum": (_tensor, (_tensor, _tensor)),
    "gan_neg": (_tensor, (_tensor,)),
    "gan_scale": (_tensor, (_tensor, _real)),
    "gan_add_scalar": (_tensor, (_tensor, _real)),
    "gan_square": (_tensor, (_tensor,)),
    "gan_exp": (_tensor, (_tensor,)),
    "gan_log": (_tensor, (_tensor,)),
    "gan_sqrt": (_tensor, (_tensor,)),
    "gan_pow": (_tensor, (_tensor, _real)),
    "gan_abs": (_tensor, (_tensor,)),
    "gan_clamp": (_tensor, (_tensor, _real, _real)),
    "gan_relu": (_tensor, (_tensor,)),
    "gan_leaky_relu": (_tensor, (_tensor, _real)),
    "gan_elu": (_tensor, (_tensor, _real)),
    "gan_tanh": (_tensor, (_tensor,)),
    "gan_sigmoid": (_tensor, (_tensor,)),
    "gan_softplus": (_tensor, (_tensor,)),
    "gan_matmul": (_tensor, (_tensor, _tensor, _i32, _i32)),
    "gan_conv2d_opts_init": (None, (POINTER(Conv2dOptions), _size)),
    "gan_conv2d": (_tensor, (_tensor, _tensor, POINTER(Conv2dOptions))),
    "gan_conv_transpose2d": (_tensor, (_tensor, _tensor, POINTER(Conv2dOptions))),
    "gan_conv2d_data_grad": (_tensor, (_tensor, _tensor, _i64, _i64, POINTER(Conv2dOptions))),
    "gan_conv2d_weight_grad": (_tensor, (_tensor, _tensor, _i64, _i64, POINTER(Conv2dOptions))),
    "gan_sum": (_tensor, (_tensor, _ints, _i32, _i32)),
    "gan_mean": (_tensor, (_tensor, _ints, _i32, _i32)),
    "gan_max": (_tensor, (_tensor, _ints, _i32, _i32)),
    "gan_std": (_tensor, (_tensor, _ints, _i32, _i32, _i32)),
    "gan_sum_all": (_tensor, (_tensor,)),
    "gan_mean_all": (_tensor, (_tensor,)),
    "gan_l2_norm": (_tensor, (_tensor,)),
    "gan_reshape": (_tensor, (_tensor, _sizes, _i32)),
    "gan_flatten": (_tensor, (_tensor,)),
    "gan_unflatten": (_tensor, (_tensor, _i64, _i64, _i64)),
    "gan_transpose": (_tensor, (_tensor, _ints)),
    "gan_broadcast": (_tensor, (_tensor, _sizes, _i32)),
    "gan_concat": (_tensor, (_tensors, _i32, _i32)),
    "gan_slice": (_tensor, (_tensor, _sizes, _sizes)),
    "gan_pad": (_tensor, (_tensor, _sizes, _sizes)),
    "gan_gather": (_tensor, (_tensor, _ints, _i64)),
    "gan_scatter_add": (_tensor, (_tensor, _ints, _i64, _i64)),
    "gan_embedding": (_tensor, (_tensor, _ints, _i64)),
    "gan_detach": (_tensor, (_tensor,)),
    "gan_track": (_tensor, (_tensor,)),
    "gan_upsample_nearest": (_tensor, (_tensor, _i32)),
    "gan_avg_pool2d": (_tensor, (_tensor, _i32, _i32, _i32)),
    "gan_max_pool2d": (_tensor, (_tensor, _i32, _i32, _i32)),
    "gan_pack": (_tensor, (_tensor, _i64)),
    "gan_minibatch_std": (_tensor, (_tensor, _i64)),
    "gan_projection": (_tensor, (_tensor, _tensor)),
    "gan_label_maps": (_tensor, (_tensor, _i64, _i64)),
    "gan_batch_normalize": (_tensor, (_tensor, _real)),
    "gan_instance_normalize": (_tensor, (_tensor, _real)),
    "gan_layer_normalize": (_tensor, (_tensor, _real)),
    "gan_group_normalize": (_tensor, (_tensor, _i32, _real)),
    "gan_softmax": (_tensor, (_tensor,)),
    "gan_log_softmax": (_tensor, (_tensor,)),
    "gan_cross_entropy": (_tensor, (_tensor, _ints, _i64)),
    "gan_dropout": (_tensor, (_tensor, _real)),
    # grad.h
    "gan_grad": (_i32, (_tensor, _tensors, _size, _u32, _tensors)),
    "gan_vjp": (_i32, (_tensor, _tensor, _tensors, _size, _u32, _tensors)),
    "gan_grad_of": (_tensor, (_tensor, _tensor, _u32)),
    # nn.h
    "gan_module_create": (_i32, (_context, POINTER(_module))),
    "gan_sequential_create": (_i32, (_context, POINTER(_module))),
    "gan_module_unref": (None, (_module,)),
    "gan_add_module": (_module, (_module, _text)),
    "gan_add_sequential": (_module, (_module, _text)),
    "gan_add_parameter": (_tensor, (_module, _text, _tensor)),
    "gan_add_buffer": (_tensor, (_module, _text, _tensor)),
    "gan_module_child": (_module, (_module, _text)),
    "gan_add_dense": (_module, (_module, _text, _i64, _i64, _i32)),
    "gan_add_conv2d": (_module, (_module, _text, _i64, _i64, _i32, POINTER(Conv2dOptions))),
    "gan_add_conv_transpose2d":
        (_module, (_module, _text, _i64, _i64, _i32, POINTER(Conv2dOptions))),
    "gan_norm_opts_init": (None, (POINTER(NormOptions), _size)),
    "gan_add_batch_norm": (_module, (_module, _text, _i64, POINTER(NormOptions))),
    "gan_add_instance_norm": (_module, (_module, _text, _i64, POINTER(NormOptions))),
    "gan_add_layer_norm": (_module, (_module, _text, _sizes, _i32, POINTER(NormOptions))),
    "gan_add_group_norm": (_module, (_module, _text, _i32, _i64, POINTER(NormOptions))),
    "gan_add_relu": (_module, (_module, _text)),
    "gan_add_leaky_relu": (_module, (_module, _text, _real)),
    "gan_add_elu": (_module, (_module, _text, _real)),
    "gan_add_tanh": (_module, (_module, _text)),
    "gan_add_sigmoid": (_module, (_module, _text)),
    "gan_add_softplus": (_module, (_module, _text)),
    "gan_add_maxout": (_module, (_module, _text, _i64, _i64, _i32)),
    "gan_add_embedding": (_module, (_module, _text, _i64, _i64)),
    "gan_add_dropout": (_module, (_module, _text, _real)),
    "gan_add_minibatch_std": (_module, (_module, _text, _i64)),
    "gan_add_flatten": (_module, (_module, _text)),
    "gan_add_unflatten": (_module, (_module, _text, _i64, _i64, _i64)),
    "gan_add_upsample": (_module, (_module, _text, _i32)),
    "gan_forward": (_tensor, (_module, _tensor)),
    "gan_forward_labels": (_tensor, (_module, _ints, _i64)),
    "gan_module_train": (_i32, (_module, _i32)),
    "gan_module_freeze": (_i32, (_module, _i32)),
    "gan_module_parameter_count": (_size, (_module,)),
    "gan_module_parameter": (_tensor, (_module, _size)),
    "gan_module_parameter_name": (_text, (_module, _size)),
    "gan_module_state_count": (_size, (_module,)),
    "gan_module_state": (_tensor, (_module, _size)),
    "gan_module_state_name": (_text, (_module, _size)),
    "gan_module_find": (_tensor, (_module, _text)),
    "gan_module_spectral_norm": (_i32, (_module,)),
    "gan_module_copy": (_i32, (_module, _module)),
    "gan_module_average": (_i32, (_module, _module, _real)),
    "gan_module_average_statistics": (_i32, (_module, _i32)),
    "gan_module_clip": (_i32, (_module, _real, _i32)),
    "gan_module_init": (_i32, (_module, _i32, _real)),
    "gan_init": (_i32, (_tensor, _i32, _real)),
    # loss.h
    "gan_bce_with_logits": (_tensor, (_tensor, _real)),
    "gan_wasserstein_critic": (_tensor, (_tensor, _tensor)),
    "gan_wasserstein_generator": (_tensor, (_tensor,)),
    "gan_relativistic_discriminator": (_tensor, (_tensor, _tensor)),
    "gan_relativistic_generator": (_tensor, (_tensor, _tensor)),
    "gan_interpolate": (_tensor, (_tensor, _tensor)),
    "gan_penalty_opts_init": (None, (POINTER(PenaltyOptions), _size)),
    "gan_penalty": (_tensor, (_tensor, _tensor, POINTER(PenaltyOptions))),
    "gan_penalty_of": (_tensor, (_module, _tensor, POINTER(PenaltyOptions))),
    "gan_zero_penalty": (_tensor, (_tensor, _tensor, _real, _i32)),
    "gan_zero_penalty_of": (_tensor, (_module, _tensor, _real, _i32)),
    # augment.h
    "gan_augment_opts_init": (None, (POINTER(AugmentOptions), _size)),
    "gan_augment": (_tensor, (_tensor, POINTER(AugmentOptions))),
    # optim.h
    "gan_adam_opts_init": (None, (POINTER(AdamOptions), _size)),
    "gan_rmsprop_opts_init": (None, (POINTER(RMSPropOptions), _size)),
    "gan_sgd_opts_init": (None, (POINTER(SGDOptions), _size)),
    "gan_adam_create": (_i32, (_module, POINTER(AdamOptions), POINTER(_optimizer))),
    "gan_rmsprop_create": (_i32, (_module, POINTER(RMSPropOptions), POINTER(_optimizer))),
    "gan_sgd_create": (_i32, (_module, POINTER(SGDOptions), POINTER(_optimizer))),
    "gan_optimizer_unref": (None, (_optimizer,)),
    "gan_optimizer_minimize": (_i32, (_optimizer, _tensor)),
    "gan_optimizer_step": (_i32, (_optimizer, _tensors, _size)),
    "gan_optimizer_parameter_count": (_size, (_optimizer,)),
    "gan_optimizer_parameter": (_tensor, (_optimizer, _size)),
    "gan_optimizer_lr": (_real, (_optimizer,)),
    "gan_optimizer_set_lr": (_i32, (_optimizer, _real)),
    "gan_optimizer_momentum": (_real, (_optimizer,)),
    "gan_optimizer_set_momentum": (_i32, (_optimizer, _real)),
    "gan_optimizer_grad_norm": (_real, (_optimizer,)),
    "gan_ramp": (_real, (_real, _real, _i64, _i64, _i64)),
    "gan_step_decay": (_real, (_real, _real, _i64, _i64, _real)),
    "gan_average_decay": (_real, (_real, _i64)),
    "gan_plateau_init": (None, (POINTER(PlateauRecord), _size)),
    "gan_plateau_next": (_real, (POINTER(PlateauRecord), _real, _real)),
    # io.h
    "gan_module_save": (_i32, (_module, _text)),
    "gan_module_save_traced": (_i32, (_module, _text, _tensor, _tensor, _text)),
    "gan_model_opts_init": (None, (POINTER(ModelOptions), _size)),
    "gan_module_save_model":
        (_i32, (_module, _text, _tensor, _tensor, POINTER(ModelOptions))),
    "gan_module_save_onnx": (_i32, (_module, _text, _tensor, _tensor, _text)),
    "gan_module_load": (_i32, (_module, _text)),
    "gan_module_load_part": (_i32, (_module, _text, _text)),
    "gan_idx_open": (_i32, (_context, _text, POINTER(_idx))),
    "gan_idx_unref": (None, (_idx,)),
    "gan_idx_rank": (_i32, (_idx,)),
    "gan_idx_dim": (_i64, (_idx, _i32)),
    "gan_idx_data": (_bytes, (_idx,)),
    "gan_idx_images": (_tensor, (_idx, _ints, _i64, _real, _real)),
    # image.h
    "gan_png_read": (_tensor, (_context, _text, _i32, _real, _real)),
    "gan_png_write_grid": (_i32, (_tensor, _text, _i32, _i32, _real, _real)),
    # data.h
    "gan_data_opts_init": (None, (POINTER(DataOptions), _size)),
    "gan_dataset_from_idx":
        (_i32, (_context, _text, _text, POINTER(DataOptions), POINTER(_dataset))),
    "gan_dataset_from_folder": (_i32, (_context, _text, POINTER(DataOptions), POINTER(_dataset))),
    "gan_dataset_from_pairs": (_i32, (_context, _text, POINTER(DataOptions), POINTER(_dataset))),
    "gan_sheet_opts_init": (None, (POINTER(SheetOptions), _size)),
    "gan_dataset_from_sheet":
        (_i32, (_context, _text, POINTER(SheetOptions), POINTER(DataOptions), POINTER(_dataset))),
    "gan_dataset_from_bytes":
        (_i32, (_context, _bytes, _sizes, _ints, POINTER(DataOptions), POINTER(_dataset))),
    "gan_dataset_from_floats":
        (_i32, (_context, _floats, _sizes, _ints, POINTER(DataOptions), POINTER(_dataset))),
    "gan_dataset_outlines": (_i32, (_dataset, _real, POINTER(_dataset))),
    "gan_dataset_ref": (_dataset, (_dataset,)),
    "gan_dataset_unref": (None, (_dataset,)),
    "gan_dataset_size": (_i64, (_dataset,)),
    "gan_dataset_shape": (_sizes, (_dataset,)),
    "gan_dataset_pixels": (_bytes, (_dataset,)),
    "gan_dataset_labels": (_ints, (_dataset,)),
    "gan_dataset_class_count": (_i64, (_dataset,)),
    "gan_dataset_class_name": (_text, (_dataset, _i64)),
    "gan_dataset_skipped": (_i64, (_dataset,)),
    "gan_dataset_pair": (_dataset, (_dataset,)),
    "gan_dataset_image": (_tensor, (_dataset, _i64)),
    "gan_dataset_draw_labels": (_i32, (_dataset, _ints, _i64)),
    "gan_loader_opts_init": (None, (POINTER(LoaderOptions), _size)),
    "gan_loader_create": (_i32, (_dataset, POINTER(LoaderOptions), POINTER(_loader))),
    "gan_loader_unref": (None, (_loader,)),
    "gan_loader_next": (_tensor, (_loader,)),
    "gan_loader_labels": (_ints, (_loader,)),
    "gan_loader_pairs": (_tensor, (_loader,)),
    "gan_loader_tell": (_i32, (_loader, _sizes, _sizes)),
    "gan_loader_seek": (_i32, (_loader, _i64, _i64)),
    # metrics.h
    "gan_feature_statistics": (_i32, (_context, _floats, _i64, _i64, _doubles, _doubles)),
    "gan_frechet_from_statistics":
        (_i32, (_context, _doubles, _doubles, _doubles, _doubles, _i64, _doubles)),
    "gan_frechet_distance": (_i32, (_context, _floats, _i64, _floats, _i64, _i64, _doubles)),
    "gan_kernel_opts_init": (None, (POINTER(KernelOptions), _size)),
    "gan_kernel_distance":
        (_i32, (_context, _floats, _i64, _floats, _i64, _i64, POINTER(KernelOptions), _doubles,
                _doubles)),
    "gan_precision_recall":
        (_i32, (_context, _floats, _i64, _floats, _i64, _i64, _i32, POINTER(Prdc))),
    "gan_parzen_log_likelihood":
        (_i32, (_context, _floats, _i64, _floats, _i64, _floats, _i64, _i64, _doubles, _i32,
                POINTER(Parzen))),
    "gan_mode_statistics":
        (_i32, (_context, _floats, _i64, _i64, _floats, _i64, _real, _real, POINTER(Modes))),
    "gan_histogram_statistics":
        (_i32, (_context, _ints, _i64, _i64, _doubles, POINTER(Histogram))),
    "gan_nearest_neighbours":
        (_i32, (_context, _floats, _i64, _floats, _i64, _i64, _sizes, _doubles)),
    "gan_nearest_neighbour_error":
        (_i32, (_context, _floats, _ints, _i64, _floats, _ints, _i64, _i64, _sizes, _doubles,
                _doubles)),
    # train.h
    "gan_system_name": (_text, (_i32,)),
    "gan_system_find": (_i32, (_text,)),
    "gan_system_side": (_i32, (_i32, _i32)),
    "gan_network_side": (_i32, (_i32, _i32)),
    "gan_trainer_opts_init": (None, (POINTER(TrainerOptions), _size, _i32, _i32)),
    "gan_trainer_loader_opts": (_i32, (POINTER(TrainerOptions), POINTER(LoaderOptions))),
    "gan_trainer_create":
        (_i32, (_context, POINTER(TrainerOptions), _loader, POINTER(_trainer))),
    "gan_trainer_unref": (None, (_trainer,)),
    "gan_trainer_step": (_i32, (_trainer, POINTER(TrainerStats))),
    "gan_trainer_generator": (_module, (_trainer,)),
    "gan_trainer_discriminator": (_module, (_trainer,)),
    "gan_trainer_averaged": (_module, (_trainer,)),
    "gan_trainer_options": (POINTER(TrainerOptions), (_trainer,)),
    "gan_trainer_steps": (_i64, (_trainer,)),
    "gan_trainer_latents": (_tensor, (_trainer, _i64)),
    "gan_trainer_sample": (_tensor, (_trainer, _tensor, _ints)),
    "gan_trainer_generate": (_tensor, (_trainer, _tensor, _ints)),
    "gan_trainer_score": (_tensor, (_trainer, _tensor, _tensor, _ints)),
    "gan_trainer_save_model": (_i32, (_trainer, _text)),
    "gan_trainer_save_onnx": (_i32, (_trainer, _text)),
    "gan_trainer_save": (_i32, (_trainer, _text)),
    "gan_trainer_load": (_i32, (_trainer, _text)),
    "gan_trainer_opts_load": (_i32, (_context, _text, POINTER(TrainerOptions))),
    "gan_real_loss": (_tensor, (_i32, _tensor, _real)),
    "gan_fake_loss": (_tensor, (_i32, _tensor)),
    "gan_generator_loss": (_tensor, (_i32, _tensor)),
    "gan_discriminator_loss": (_tensor, (_i32, _tensor, _tensor)),
    "gan_dragan_points": (_tensor, (_tensor, _i32, _real)),
    "gan_reconstruction_error": (_tensor, (_tensor, _tensor)),
    "gan_began_balance": (_real, (_real, _real, _real, _real, _real, _doubles)),
    # checkpoint.h
    "gan_checkpoint_create": (_i32, (_context, POINTER(_checkpoint))),
    "gan_checkpoint_unref": (None, (_checkpoint,)),
    "gan_checkpoint_add_module": (_i32, (_checkpoint, _text, _module)),
    "gan_checkpoint_add_optimizer": (_i32, (_checkpoint, _text, _optimizer)),
    "gan_checkpoint_add_loader": (_i32, (_checkpoint, _text, _loader)),
    "gan_checkpoint_set": (_i32, (_checkpoint, _text, _real)),
    "gan_checkpoint_get": (_i32, (_checkpoint, _text, _doubles)),
    "gan_checkpoint_save": (_i32, (_checkpoint, _text)),
    "gan_checkpoint_load": (_i32, (_checkpoint, _text)),
    # sampler.h
    "gan_sampler_opts_init": (None, (POINTER(SamplerOptions), _size)),
    "gan_sampler_load": (_i32, (_text, POINTER(SamplerOptions), POINTER(_sampler))),
    "gan_sampler_load_memory":
        (_i32, (c_void_p, _size, POINTER(SamplerOptions), POINTER(_sampler))),
    "gan_sampler_free": (None, (_sampler,)),
    "gan_sampler_error": (_text, (_sampler,)),
    "gan_sampler_describe": (_i32, (_sampler, POINTER(SamplerInfo))),
    "gan_sampler_request_init": (None, (_request, _size)),
    "gan_sampler_run": (_i32, (_sampler, _request)),
    "gan_sampler_sample_rgba8":
        (_i32, (_sampler, _u64, _ints, _i64, _request, _bytes, _i32, _i32, _size)),
    "gan_sampler_sample_float": (_i32, (_sampler, _u64, _ints, _i64, _floats)),
    "gan_sampler_translate_rgba8":
        (_i32, (_sampler, _bytes, _size, _request, _bytes, _i32, _i32, _size)),
    "gan_sampler_latent": (_i32, (_sampler, _u64, _real, _floats)),
    "gan_latent_slerp": (_i32, (_floats, _floats, _i64, _real, _floats)),
    "gan_sampler_begin": (_i32, (_sampler, _request)),
    "gan_sampler_step": (_i32, (_sampler, _i64)),
    "gan_sampler_progress": (_real, (_sampler,)),
    "gan_sampler_cancel": (None, (_sampler,)),
    "gan_sampler_start": (_i32, (_sampler, _request)),
    "gan_sampler_poll": (_i32, (_sampler,)),
    "gan_sampler_wait": (_i32, (_sampler,)),
}
