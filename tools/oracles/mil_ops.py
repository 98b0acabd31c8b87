"""What MIL operations compute, on float32, int32 and bool tensors of torch.

Each function takes the operation's parameters by name, as the MIL operation reference lists them, and returns its
result, or a list of results. Only the operations that decoders are made of are here; an unknown one, or an unknown
form of a known one, is an error.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch

Params = Mapping[str, Any]
Kernel = Callable[[Params], Any]
CAST = {"bool": torch.bool, "fp16": torch.float32, "fp32": torch.float32, "int32": torch.int32}


class UnsupportedOp(Exception):
    """The executor does not know this operation, or this form of it."""


def require(condition: bool, what: str) -> None:
    """Refuses forms of an operation that no program of ours uses."""
    if not condition:
        raise UnsupportedOp(what)


def ints(value: torch.Tensor) -> list[int]:
    """A vector of integers as a list."""
    return [int(v) for v in value.reshape(-1)]


def gather(p: Params) -> torch.Tensor:
    """Rows of `x` along `axis`, in the shape of `indices`."""
    x, indices, axis = p["x"], p["indices"].long(), int(p["axis"]) % p["x"].ndim
    require(int(p.get("batch_dims", 0)) == 0, "gather with batch_dims")
    require(bool((indices >= 0).all() and (indices < x.shape[axis]).all()), "gather outside of x")
    rows = x.index_select(axis, indices.reshape(-1))
    return rows.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def slices(p: Params) -> tuple[slice, ...]:
    """The places that `begin`, `end`, `stride` and their masks mean."""
    x = p["x"]
    begin, end = ints(p["begin"]), ints(p["end"])
    stride = ints(p["stride"]) if "stride" in p else [1] * x.ndim
    require(all(s > 0 for s in stride), "a slice with a negative stride")
    require(not any(ints(p["squeeze_mask"])) if "squeeze_mask" in p else True, "a slice with squeeze_mask")
    from_start = ints(p["begin_mask"]) if "begin_mask" in p else [0] * x.ndim
    to_end = ints(p["end_mask"]) if "end_mask" in p else [0] * x.ndim
    places = []
    for axis, size in enumerate(x.shape):
        first = 0 if from_start[axis] else begin[axis]
        last = size if to_end[axis] else end[axis]
        require(0 <= first < last <= size, f"a slice {first}:{last} of {size} on axis {axis}")
        places.append(slice(first, last, stride[axis]))
    return tuple(places)


def slice_update(p: Params) -> torch.Tensor:
    """A copy of `x` with `update` in the sliced place; the sizes must agree, nothing is broadcast."""
    result, places = p["x"].clone(), slices(p)
    require(result[places].shape == p["update"].shape, "slice_update with another shape than its place")
    result[places] = p["update"]
    return result


def reshape(p: Params) -> torch.Tensor:
    """The same elements in another shape; one size may be -1."""
    shape = ints(p["shape"])
    require(0 not in shape, "reshape with a 0 in its shape")
    return p["x"].reshape(shape)


def expand_dims(p: Params) -> torch.Tensor:
    """New axes of size 1, at the places they have in the result."""
    x = p["x"]
    axes = sorted(axis % (x.ndim + p["axes"].numel()) for axis in ints(p["axes"]))
    for axis in axes:
        x = x.unsqueeze(axis)
    return x


def split(p: Params) -> list[torch.Tensor]:
    """Parts of `x` along `axis`, of the given sizes."""
    return list(torch.split(p["x"], ints(p["split_sizes"]), int(p["axis"])))


def concat(p: Params) -> torch.Tensor:
    """Tensors one after another along `axis`; scalars count as vectors of one."""
    require(not bool(p.get("interleave", False)), "concat with interleave")
    return torch.cat([torch.atleast_1d(value) for value in p["values"]], int(p["axis"]))


def linear(p: Params) -> torch.Tensor:
    """`x @ weight.T + bias`."""
    y = p["x"] @ p["weight"].T
    return y + p["bias"] if "bias" in p else y


def matmul(p: Params) -> torch.Tensor:
    """The product over the last two axes, either side transposed first."""
    x = p["x"].mT if bool(p.get("transpose_x", False)) else p["x"]
    y = p["y"].mT if bool(p.get("transpose_y", False)) else p["y"]
    return x @ y


def attention(p: Params) -> torch.Tensor:
    """`softmax(query @ key.T / sqrt(E) + attn_mask) @ value`, E the size of the last axis."""
    query, mask = p["query"], p.get("attn_mask")
    scores = query @ p["key"].mT / query.shape[-1] ** 0.5
    if mask is not None:
        require(mask.dtype != torch.bool, "scaled_dot_product_attention with a mask of bools")
        scores = scores + mask
    return torch.softmax(scores, -1) @ p["value"]


def layer_norm(p: Params) -> torch.Tensor:
    """Mean 0 and variance 1 over the last axis, then scaled and moved."""
    x, width = p["x"], p["x"].shape[-1]
    require(ints(p["axes"]) in ([-1], [x.ndim - 1]), "layer_norm over other axes than the last")
    return torch.nn.functional.layer_norm(x, (width,), p.get("gamma"), p.get("beta"), float(p["epsilon"]))


def gelu(p: Params) -> torch.Tensor:
    """Gaussian error linear unit, exact or by its tanh approximation."""
    mode = p.get("mode", "EXACT")
    require(mode in ("EXACT", "TANH_APPROXIMATION"), f"gelu with mode {mode}")
    return torch.nn.functional.gelu(p["x"], approximate="none" if mode == "EXACT" else "tanh")


def real_div(p: Params) -> torch.Tensor:
    """The quotient; of integers an integer, which programs use for sizes that divide."""
    x, y = p["x"], p["y"]
    if x.dtype.is_floating_point:
        return torch.div(x, y)
    require(bool((x % y == 0).all()), "real_div of integers with a rest")
    return torch.div(x, y, rounding_mode="floor")


def reduce(operation: Callable[..., torch.Tensor]) -> Kernel:
    """A reduction over `axes`."""
    return lambda p: operation(p["x"], dim=ints(p["axes"]), keepdim=bool(p.get("keep_dims", False)))


def binary(operation: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Kernel:
    """An elementwise operation of `x` and `y` with broadcasting."""
    return lambda p: operation(p["x"], p["y"])


KERNELS: dict[str, Kernel] = {
    "abs": lambda p: p["x"].abs(),
    "add": binary(torch.add),
    "cast": lambda p: p["x"].to(CAST[p["dtype"]]),
    "concat": concat,
    "equal": binary(torch.eq),
    "expand_dims": expand_dims,
    "gather": gather,
    "gelu": gelu,
    "greater": binary(torch.gt),
    "greater_equal": binary(torch.ge),
    "identity": lambda p: p["x"],
    "layer_norm": layer_norm,
    "less": binary(torch.lt),
    "less_equal": binary(torch.le),
    "linear": linear,
    "logical_and": binary(torch.logical_and),
    "matmul": matmul,
    "maximum": binary(torch.maximum),
    "mul": binary(torch.mul),
    "real_div": real_div,
    "reduce_max": reduce(torch.amax),
    "reduce_mean": reduce(torch.mean),
    "reshape": reshape,
    "rsqrt": lambda p: torch.rsqrt(p["x"] + p["epsilon"]),
    "scaled_dot_product_attention": attention,
    "select": lambda p: torch.where(p["cond"], p["a"], p["b"]),
    "shape": lambda p: torch.tensor(p["x"].shape, dtype=torch.int32),
    "silu": lambda p: torch.nn.functional.silu(p["x"]),
    "slice_by_index": lambda p: p["x"][slices(p)],
    "slice_update": slice_update,
    "softmax": lambda p: torch.softmax(p["x"], int(p["axis"])),
    "split": split,
    "sub": binary(torch.sub),
    "tanh": lambda p: torch.tanh(p["x"]),
    "tile": lambda p: p["x"].repeat(ints(p["reps"])),
    "transpose": lambda p: p["x"].permute(ints(p["perm"])),
}
