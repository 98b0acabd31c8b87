"""What people do today: load a llama checkpoint in PyTorch, trace it at 64 tokens, convert, perhaps compress, save.

convert_coremltools.py MODEL OUT.mlpackage [int8|int4|lut4]
"""

import json
import os
import sys

import coremltools as ct
import coremltools.optimize.coreml as cto
import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

TOKENS = 64
INT4 = {"dtype": "int4", "granularity": "per_block", "block_size": 32}
COMPRESS = {
    "int8": (cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(mode="linear_symmetric", dtype="int8")),
    "int4": (cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(mode="linear_symmetric", **INT4)),
    "lut4": (cto.palettize_weights, cto.OpPalettizerConfig(mode="kmeans", nbits=4)),
}


class Norm(nn.Module):
    """Root-mean-square norm."""

    def __init__(self, weight: torch.Tensor, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(weight), epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Llama(nn.Module):
    """A stateless llama over a fixed number of tokens, written to be traced."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            c = json.load(file)
        weights = {k: v.float() for k, v in load_file(os.path.join(folder, "model.safetensors")).items()}
        rope = c.get("rope_parameters") or c
        self.heads, self.groups = c["num_attention_heads"], c["num_attention_heads"] // c["num_key_value_heads"]
        self.width, self.layers, epsilon = c["hidden_size"] // self.heads, c["num_hidden_layers"], c["rms_norm_eps"]
        self.embed = nn.Embedding.from_pretrained(weights["model.embed_tokens.weight"])
        self.linears, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for name, value in weights.items():
            key = name.removeprefix("model.").removesuffix(".weight").replace(".", "_")
            if value.dim() == 1:
                self.norms[key] = Norm(value, epsilon)
            elif "embed" not in name:
                self.linears[key] = nn.Linear(value.shape[1], value.shape[0], bias=False)
                self.linears[key].weight = nn.Parameter(value)
        inverse = 1 / rope["rope_theta"] ** (torch.arange(0, self.width, 2).float() / self.width)
        angles = torch.arange(TOKENS).float()[:, None] * torch.cat((inverse, inverse))[None]
        self.cos, self.sin = angles.cos(), angles.sin()
        self.mask = torch.full((TOKENS, TOKENS), -1e4).triu(1)

    def turn(self, x: torch.Tensor) -> torch.Tensor:
        first, second = x.chunk(2, -1)
        return x * self.cos + torch.cat((-second, first), -1) * self.sin

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(1, TOKENS, -1, self.width).transpose(1, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embed(ids)
        for i in range(self.layers):
            at = f"layers_{i}_self_attn_"
            y = self.norms[f"layers_{i}_input_layernorm"](x)
            q, k, v = (self.split(self.linears[f"{at}{part}_proj"](y)) for part in "qkv")
            k, v = (t.repeat_interleave(self.groups, 1) for t in (self.turn(k), v))
            scores = self.turn(q) @ k.transpose(-1, -2) * self.width**-0.5 + self.mask
            mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(1, TOKENS, -1)
            x = x + self.linears[f"{at}o_proj"](mixed)
            y = self.norms[f"layers_{i}_post_attention_layernorm"](x)
            gate = nn.functional.silu(self.linears[f"layers_{i}_mlp_gate_proj"](y))
            x = x + self.linears[f"layers_{i}_mlp_down_proj"](gate * self.linears[f"layers_{i}_mlp_up_proj"](y))
        return self.norms["norm"](x) @ self.embed.weight.T


if __name__ == "__main__":
    model = Llama(sys.argv[1]).eval().requires_grad_(False)
    traced = torch.jit.trace(model, torch.zeros((1, TOKENS), dtype=torch.int32))
    package = ct.convert(
        traced,
        inputs=[ct.TensorType("input_ids", (1, TOKENS), dtype=np.int32)],
        outputs=[ct.TensorType("logits", dtype=np.float16)],
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
    )
    if len(sys.argv) > 3:
        compress, config = COMPRESS[sys.argv[3]]
        package = compress(package, cto.OptimizationConfig(global_config=config))
    package.save(sys.argv[2])
