"""Makes tiny random models of each family, whose shapes and files are drawn from a seed, and what transformers
computes with them in float32.

A new family is one line in FAMILIES.
"""

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import transformers as tf

LENGTHS = (1, 7, 24, 48)
CONTEXTS = (90, 96, 128)
PROMPT_TOKENS = 9
ANSWER_TOKENS = 64
DTYPES = (torch.bfloat16, torch.float16, torch.float32)
Keys = dict[str, Any]


def common(r: random.Random, **more: Any) -> Keys:
    """Keys of the configs of all families. Not all families have a head size of their own: see `plain_heads`."""
    heads = r.choice([2, 3, 4, 6, 8])
    return {
        "vocab_size": r.choice([263, 320, 411, 512]),
        "hidden_size": heads * r.choice([12, 16, 20, 24]),
        "intermediate_size": 8 * r.randint(8, 28),
        "num_hidden_layers": r.choice([2, 3]),
        "num_attention_heads": heads,
        "num_key_value_heads": r.choice([k for k in range(1, heads + 1) if heads % k == 0]),
        "head_dim": r.choice([8, 16, 24, 32]),
        "max_position_embeddings": 256,
        "tie_word_embeddings": r.random() < 0.5,
        "initializer_range": 0.1,
        "rope_parameters": {"rope_type": "default", "rope_theta": r.choice([1e4, 1e5, 1e6])},
        **more,
    }


def plain_heads(keys: Keys) -> Keys:
    """Makes the hidden size the sum of the heads, as families without the key `head_dim` have it."""
    return {**keys, "hidden_size": keys["num_attention_heads"] * keys.pop("head_dim")}


def llama3_rope(r: random.Random) -> Keys:
    """A scaling that leaves some frequencies, divides others, and blends between them."""
    return {"rope_type": "llama3", "rope_theta": 5e5, "factor": r.choice([4.0, 8.0, 32.0]), "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": r.choice([32, 64])}


def linear_rope(r: random.Random) -> Keys:
    """All frequencies divided alike."""
    return {"rope_type": "linear", "rope_theta": 1e4, "factor": r.choice([2.0, 4.0])}


def biases(r: random.Random) -> Keys:
    """The optional biases of llama and granite."""
    return {"attention_bias": r.random() < 0.5, "mlp_bias": r.random() < 0.5}


def upper_window(r: random.Random) -> Keys:
    """A sliding window on the layers from the second on, or none."""
    return {"use_sliding_window": r.random() < 0.5, "sliding_window": r.choice([8, 12]), "max_window_layers": 1}


FAMILIES: dict[str, Callable[[random.Random], Any]] = {
    "llama": lambda r: tf.LlamaConfig(**common(r, rms_norm_eps=1e-5, **biases(r))),
    "llama3": lambda r: tf.LlamaConfig(**common(r, rms_norm_eps=1e-5, rope_parameters=llama3_rope(r))),
    "llama-linear": lambda r: tf.LlamaConfig(
        **common(r, hidden_act="gelu_pytorch_tanh", rope_parameters=linear_rope(r))
    ),
    "mistral": lambda r: tf.MistralConfig(**common(r, sliding_window=r.choice([8, 12, None]))),
    "qwen2": lambda r: tf.Qwen2Config(**plain_heads(common(r, **upper_window(r)))),
    "qwen3": lambda r: tf.Qwen3Config(**common(r, **upper_window(r))),
    "granite": lambda r: tf.GraniteConfig(
        **plain_heads(common(r, **biases(r), embedding_multiplier=12.0, residual_multiplier=0.22)),
        attention_multiplier=0.0625,
        logits_scaling=r.choice([4.0, 8.0]),
    ),
}


Sequences = list[tuple[list[int], np.ndarray]]
"""Token ids and the reference's logits at each position."""


@dataclass(frozen=True)
class Case:
    """A model's folder, a context to convert it for, and what the reference computes.

    The last sequence fills the context. `rounded` are the same ids with the weights rounded to float16 first.
    """

    name: str
    folder: str
    what: str
    context: int
    sequences: Sequences
    rounded: Sequences
    prompt: list[int]
    answer: list[int]
    answer_logits: np.ndarray


def published_layout(path: str) -> None:
    """Rewrites a config.json to the keys of checkpoints that were published before transformers 5."""
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)


def save_random(config: Any, folder: str, r: random.Random) -> str:
    """Saves a model with random weights; says in which form."""
    torch.manual_seed(r.randrange(1 << 30))
    model = tf.AutoModelForCausalLM.from_config(config)
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data = 1 + 0.2 * torch.randn_like(parameter)
        elif name.endswith(".bias"):
            parameter.data = 0.2 * torch.randn_like(parameter)
    dtype, sharded, old = r.choice(DTYPES), r.random() < 0.4, r.random() < 0.5
    model.to(dtype).save_pretrained(folder, max_shard_size="150KB" if sharded else "5GB")
    if old:
        published_layout(os.path.join(folder, "config.json"))
    groups = config.num_attention_heads // config.num_key_value_heads
    return " ".join([
        str(dtype).removeprefix("torch."), f"{config.num_attention_heads} heads in groups of {groups}",
        "tied" if config.tie_word_embeddings else "untied", *(["sharded"] if sharded else []), *(["old keys"] if old else []),
    ])


def reference(folder: str) -> Any:
    """The model in float32, with attention spelled out."""
    return tf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def logits_of(model: Any, ids: list[int]) -> np.ndarray:
    """The reference's logits at each position."""
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy()


def greedy(model: Any, prompt: list[int], tokens: int) -> tuple[list[int], np.ndarray]:
    """The reference's greedy answer, and the logits that chose each token of it."""
    answer: list[int] = []
    rows = []
    for _ in range(tokens):
        rows.append(logits_of(model, prompt + answer)[-1])
        answer.append(int(rows[-1].argmax()))
    return answer, np.stack(rows)


def make_case(root: str, family: str, seed: int) -> Case:
    """Makes one model of a family."""
    r = random.Random(f"{family} {seed}")
    name = f"{family}-{seed}"
    folder = os.path.join(root, name)
    config = FAMILIES[family](r)
    what = save_random(config, folder, r)
    model = reference(folder)
    draw = lambda count: [r.randrange(config.vocab_size) for _ in range(count)]  # noqa: E731
    context = r.choice(CONTEXTS)
    sequences = [(ids, logits_of(model, ids)) for ids in (draw(n) for n in (*LENGTHS, context))]
    prompt = draw(PROMPT_TOKENS)
    answer, rows = greedy(model, prompt, ANSWER_TOKENS)
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    rounded = [(ids, logits_of(model, ids)) for ids, _ in sequences]
    return Case(name, folder, f"{what}, context {context}", context, sequences, rounded, prompt, answer, rows)
