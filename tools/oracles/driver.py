"""Drives an executed package as its pippin-manifest.json says: by the roles of features, never by their names."""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mil_execute import Package, Precision, ProgramError, States, Trace

JUNK = 3
"""Step between the ids that fill padded slots: they must not matter, so they are neither zeros nor alike."""


class Driver:
    """A converted folder, loaded for every function, with a conversation's states and length."""

    def __init__(self, folder: str, precision: Precision = "fp16") -> None:
        with open(os.path.join(folder, "pippin-manifest.json"), encoding="utf-8") as file:
            self.manifest: dict[str, Any] = json.load(file)
        [package] = self.manifest["packages"]
        self.path = os.path.join(folder, package)
        self.package = Package(self.path, precision)
        self.functions = {fn["name"]: fn for fn in self.manifest["functions"]}
        self.stateful: bool = self.manifest["program"] == "stateful"
        self.states: States = {}
        self.ids: list[int] = []
        self.trace: Trace | None = None
        self.reset()

    @property
    def prefill_tokens(self) -> int:
        """Tokens that one call of `prefill` takes."""
        return int(self.functions["prefill"]["tokens"])

    def reset(self) -> None:
        """Begins a new conversation."""
        self.states, self.ids = self.package.new_states(), []

    def call(self, name: str, roles: dict[str, Sequence[int]]) -> np.ndarray:
        """Calls a function with its inputs given by role; returns its logits, `[rows, vocabSize]`."""
        fn = self.functions[name]
        feeds = {}
        for feature in fn["inputs"]:
            values = np.asarray(roles[feature["role"]], np.int32)
            feeds[feature["name"]] = values.reshape([-1 if s is None else s for s in feature["shape"]])
        outputs = self.package.run(name, feeds, self.states, self.trace)
        [logits] = [f["name"] for f in fn["outputs"] if f["role"] == "logits"]
        if outputs[logits].shape[2] != self.manifest["model"]["vocabSize"]:
            raise ProgramError(f"logits of {outputs[logits].shape[2]} entries")
        return outputs[logits][0]

    def decode(self, ids: Sequence[int]) -> np.ndarray:
        """Feeds tokens one by one; the logits after each."""
        rows = []
        for token in ids:
            rows.append(self.call("decode", {"tokens": [token], "position": [len(self.ids)]})[0])
            self.ids.append(token)
        return np.stack(rows)

    def prefill(self, ids: Sequence[int]) -> np.ndarray:
        """Feeds a prompt through `prefill`, the last call padded on the right; the logits after its last token."""
        size, vocabulary = self.prefill_tokens, self.manifest["model"]["vocabSize"]
        row = np.empty(0)
        for start in range(0, len(ids), size):
            part = list(ids[start : start + size])
            junk = [(part[-1] + JUNK * i + 1) % vocabulary for i in range(size - len(part))]
            roles = {"tokens": part + junk, "position": [len(self.ids)], "lastToken": [len(part) - 1]}
            row = self.call("prefill", roles)[0]
            self.ids += part
        return row

    def whole(self, ids: Sequence[int]) -> np.ndarray:
        """Computes a whole sequence with a stateless package; the logits of each of its positions."""
        [(name, fn)] = self.functions.items()
        size = fn["tokens"] if isinstance(fn["tokens"], int) else len(ids)
        vocabulary = self.manifest["model"]["vocabSize"]
        junk = [(ids[-1] + JUNK * i + 1) % vocabulary for i in range(size - len(ids))]
        mask = [1] * len(ids) + [0] * len(junk)
        return self.call(name, {"tokens": list(ids) + junk, "attentionMask": mask})[: len(ids)]

    def sequence(self, ids: Sequence[int]) -> np.ndarray:
        """Logits after each token of a new conversation."""
        self.reset()
        return self.decode(ids) if self.stateful else self.whole(ids)

    def continuation(self, prompt: Sequence[int], answer: Sequence[int]) -> np.ndarray:
        """Logits that choose each token of `answer`, whatever they choose: the given tokens are fed."""
        self.reset()
        if not self.stateful:
            return self.whole([*prompt, *answer[:-1]])[len(prompt) - 1 :]
        first = self.prefill(prompt) if len(prompt) > 1 else self.decode(prompt)[-1]
        rest = [self.decode([token])[0] for token in answer[:-1]]
        return np.stack([first, *rest])
