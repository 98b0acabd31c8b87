"""A decoder in PyTorch that traces to operations which Core ML has; parameters carry Hugging Face's names.

It is written for tracing: sizes that depend on the number of tokens are never computed, shapes have one free axis.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .model_config import ModelConfig
from .rope import tables

FLOOR = 2.0**-10
"""Rows whose largest entry is smaller are scaled by this: keeps a row of zeros from dividing by zero."""
HIDDEN = 4e4
"""Taken from scores that must not be seen: finite in fp16."""
NORM_FORM = "rms-max-scaled"


class RmsNorm(nn.Module):
    """Root-mean-square norm in which nothing overflows fp16: the row is divided by its largest magnitude m, ε by m²."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("floor", torch.tensor(FLOOR), persistent=False)
        self.register_buffer("root_epsilon", torch.tensor(epsilon**0.5), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.maximum(x.abs().amax(-1, keepdim=True), self.floor)
        y, root = x / scale, self.root_epsilon / scale
        return y * torch.rsqrt((y * y).mean(-1, keepdim=True) + root * root) * self.weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns heads `[1, heads, S, D]` by position."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((second, first), dim=-1) * sin


class Attention(nn.Module):
    """Projections of a layer, and how queries attend."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.dim = c.heads, c.kv_heads, c.head_dim
        self.q_proj = nn.Linear(c.hidden_size, c.heads * c.head_dim, bias=c.qkv_bias)
        self.k_proj = nn.Linear(c.hidden_size, c.kv_heads * c.head_dim, bias=c.qkv_bias)
        self.v_proj = nn.Linear(c.hidden_size, c.kv_heads * c.head_dim, bias=c.qkv_bias)
        self.o_proj = nn.Linear(c.heads * c.head_dim, c.hidden_size, bias=c.output_bias)
        if c.qk_norm:
            self.q_norm, self.k_norm = RmsNorm(c.head_dim, c.epsilon), RmsNorm(c.head_dim, c.epsilon)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of `x`, each `[1, heads, S, D]`."""
        q = self.q_proj(x).reshape(1, -1, self.heads, self.dim)
        k = self.k_proj(x).reshape(1, -1, self.kv_heads, self.dim)
        v = self.v_proj(x).reshape(1, -1, self.kv_heads, self.dim).transpose(1, 2)
        if hasattr(self, "q_norm"):
            q, k = self.q_norm(q), self.k_norm(k)
        return rotate(q.transpose(1, 2), cos, sin), rotate(k.transpose(1, 2), cos, sin), v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, fused: bool) -> Tensor:
        """Mixes the values. Query heads that share a key head are folded into the query axis: keys are not repeated."""
        folded = q.reshape(1, self.kv_heads, -1, self.dim)
        if fused:
            mixed = F.scaled_dot_product_attention(folded, k, v, attn_mask=mask)
        else:
            scores = torch.matmul(folded * self.dim**-0.5, k.transpose(2, 3)) + mask
            mixed = torch.matmul(torch.softmax(scores, -1), v)
        heads = mixed.reshape(1, self.heads, -1, self.dim).transpose(1, 2)
        return self.o_proj(heads.reshape(1, -1, self.heads * self.dim))


class FeedForward(nn.Module):
    """Gated feed-forward."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=c.mlp_bias)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=c.mlp_bias)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=c.mlp_bias)
        self.activation = c.activation

    def forward(self, x: Tensor) -> Tensor:
        gate = self.gate_proj(x)
        if self.activation == "silu":
            active = F.silu(gate)
        else:
            active = F.gelu(gate, approximate="tanh" if self.activation == "gelu_tanh" else "none")
        return self.down_proj(active * self.up_proj(x))


class Layer(nn.Module):
    """One layer."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(c), FeedForward(c)
        self.input_layernorm = RmsNorm(c.hidden_size, c.epsilon)
        self.post_attention_layernorm = RmsNorm(c.hidden_size, c.epsilon)


class Decoder(nn.Module):
    """The weights, and what all programs share. `positions`: rows of the rotary tables."""

    def __init__(self, config: ModelConfig, positions: int) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = RmsNorm(config.hidden_size, config.epsilon)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        cos, sin = tables(config, positions)
        self.register_buffer("rope_cos", cos, persistent=False)
        self.register_buffer("rope_sin", sin, persistent=False)

    def rope(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of the tables at `positions` `[S]`."""
        return self.rope_cos.index_select(0, positions), self.rope_sin.index_select(0, positions)

    def logits(self, x: Tensor) -> Tensor:
        """Hidden states `[1, S, hidden]` to logits `[1, S, vocab]`."""
        return self.lm_head(self.norm(x))


def seen_keys(queries: Tensor, keys: Tensor, window: int | None) -> Tensor:
    """Whether a query at a position may see a key at another, `[S, T]`."""
    earlier = keys[None, :] <= queries[:, None]
    return earlier if window is None else earlier & (keys[None, :] > queries[:, None] - window)


def additive(seen: Tensor, groups: int) -> Tensor:
    """The mask that is added to scores, `[1, 1, groups · S, T]`."""
    flat = (seen.to(torch.float32) - 1) * HIDDEN
    return (flat.repeat(groups, 1) if groups > 1 else flat)[None, None]
