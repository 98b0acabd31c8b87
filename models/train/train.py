"""Train Pip from nothing: tokenizer, model, export as a Hugging Face folder, figures to training.json.

Each step takes a batch of whole chats of similar length; the loss is on Pip's own words only.
"""

import argparse
import json
import math
import platform
import random
import time
from pathlib import Path

import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

from check import check
from corpus import CHATS, HERE, SEED, Chat, chats, text_of

FOLDER = HERE.parent / "pip-chat"
FIGURES_FILE = HERE / "training.json"

END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
VOCABULARY = 1024
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": VOCABULARY,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "mlp_bias": False,
    "initializer_range": 0.02,
    "tie_word_embeddings": True,
    "use_cache": True,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "torch_dtype": "bfloat16",
}

Example = tuple[list[int], list[bool]]
Batch = tuple[torch.Tensor, torch.Tensor]


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """A byte-level BPE tokenizer that takes digits one by one."""
    tokenizer = Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Split(tokenizers.Regex(SPLIT), behavior="isolated"),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.post_processor = tokenizers.processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT, START, END],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, chat: Chat) -> Example:
    """The token ids of a chat, and which of them are Pip's own words (with the end mark)."""
    ids: list[int] = []
    learned: list[bool] = []
    for message in chat:
        own = message["role"] == "assistant"
        pieces = [(f"{START}{message['role']}\n", False), (f"{message['content']}{END}", own), ("\n", False)]
        for text, learn in pieces:
            encoded = tokenizer.encode(text).ids
            ids += encoded
            learned += [learn] * len(encoded)
    return ids, learned


def make_batch(examples: list[Example]) -> Batch:
    """Right-padded ids and a mask of the ids to learn; padding comes last and needs no attention mask."""
    length = max(len(ids) for ids, _ in examples)
    ids = torch.zeros(len(examples), length, dtype=torch.long)
    learned = torch.zeros(len(examples), length, dtype=torch.bool)
    for row, (row_ids, row_learned) in enumerate(examples):
        ids[row, :len(row_ids)] = torch.tensor(row_ids)
        learned[row, :len(row_ids)] = torch.tensor(row_learned)
    return ids, learned


def make_batches(examples: list[Example], tokens: int, rng: random.Random) -> list[Batch]:
    """One pass over the examples in batches of similar length and at most `tokens` tokens, shuffled."""
    order = sorted(examples, key=lambda example: (len(example[0]), rng.random()))
    batches: list[Batch] = []
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or len(order[end][0]) * (end + 1 - start) > tokens:
            batches.append(make_batch(order[start:end]))
            start = end
    rng.shuffle(batches)
    return batches


def loss_of(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Mean cross-entropy of Pip's own words."""
    ids, learned = batch
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    targets = learned[:, 1:]
    return cross_entropy(model.lm_head(hidden[targets]), ids[:, 1:][targets])


def learning_rate(step: int, steps: int, peak: float) -> float:
    """A short warm-up, then half a cosine down to a fiftieth of the peak."""
    warm = min(1.0, (step + 1) / 100)
    return peak * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def optimize(
    model: LlamaForCausalLM, examples: list[Example], arguments: argparse.Namespace,
) -> dict[str, float]:
    """Train in place; returns the figures of the run."""
    matrices = [weight for weight in model.parameters() if weight.ndim == 2]
    vectors = [weight for weight in model.parameters() if weight.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.98))
    rng = random.Random(arguments.seed)
    batches: list[Batch] = []
    seen = 0
    average = 0.0
    started = time.time()
    for step in range(arguments.steps):
        batches = batches or make_batches(examples, arguments.batch, rng)
        batch = batches.pop()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate)
        loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen += batch[0].numel()
        average = loss.item() if step == 0 else 0.98 * average + 0.02 * loss.item()
        if step % 100 == 99:
            print(f"step {step + 1}  loss {average:.4f}  {time.time() - started:.0f} s", flush=True)
    return {"steps": arguments.steps, "tokens": seen, "seconds": round(time.time() - started),
            "loss": round(average, 4)}


def write_json(path: Path, content: object) -> None:
    """Write readable JSON."""
    path.write_text(json.dumps(content, indent=2) + "\n")


def export(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the Hugging Face folder; the output matrix is the embedding matrix and is not stored twice."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.to(torch.bfloat16).contiguous() for name, weight in model.state_dict().items()
               if name != "lm_head.weight"}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"eos_token": END, "pad_token": END_OF_TEXT, "additional_special_tokens": [START, END]}
    added = {str(index): {"content": token, "lstrip": False, "normalized": False, "rstrip": False,
                          "single_word": False, "special": True}
             for index, token in enumerate([END_OF_TEXT, START, END])}
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "generation_config.json", {
        "bos_token_id": 0, "eos_token_id": [2, 0], "pad_token_id": 0, "do_sample": False,
        "max_new_tokens": 64})
    write_json(folder / "special_tokens_map.json", special)
    write_json(folder / "tokenizer_config.json", {
        "add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": added, **special,
        "bos_token": None, "unk_token": None, "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONFIG["max_position_embeddings"], "tokenizer_class": "PreTrainedTokenizerFast"})


def machine() -> str:
    """A short description of the machine, without its name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.machine()
    return f"{name}, {torch.get_num_threads()} CPU thread(s)"


def main() -> None:
    """Train, export and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--chats", type=int, default=CHATS, help="size of the training text")
    parser.add_argument("--steps", type=int, default=4600)
    parser.add_argument("--batch", type=int, default=2048, help="tokens in a batch")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)

    corpus = list(chats(arguments.seed, arguments.chats))
    tokenizer = train_tokenizer([text_of(chat) for chat in corpus])
    examples = [encode(tokenizer, chat) for chat in corpus]
    model = LlamaForCausalLM(LlamaConfig(**CONFIG, attn_implementation="sdpa")).float()
    count = sum(weight.numel() for weight in model.parameters())
    print(f"{len(corpus)} chats, {sum(len(ids) for ids, _ in examples)} tokens, {count} parameters",
          flush=True)
    figures = optimize(model, examples, arguments)
    export(model, tokenizer, arguments.folder)
    score = check(arguments.folder, "float16")
    write_json(FIGURES_FILE, {
        "parameters": count, "seed": arguments.seed, "chats": arguments.chats, **figures,
        "batch": arguments.batch, "rate": arguments.rate, "machine": machine(), "torch": torch.__version__,
        "transformers": transformers.__version__, "held_out": score})


if __name__ == "__main__":
    main()
