"""What is done to a package that coremltools wrote: descriptions, metadata, and the same bytes for the same input."""

import json
import os
from typing import Any

from coremltools import proto

AUTHOR = "com.apple.CoreML"
MODEL_ID, WEIGHTS_ID = "70697070-696e-4000-8000-6d6f64656c00", "70697070-696e-4000-8000-776569676874"
"""Identifiers must be unique within a package only; coremltools draws them at random."""
DATE = "com.github.apple.coremltools.conversion_date"
TEXTS = {
    "tokens": "Token ids.",
    "position": "How many tokens came before: the index of the first token of this call.",
    "lastToken": "Index within this call of the last real token, whose logits come back.",
    "attentionMask": "1 for real tokens, 0 for padding, which must follow them.",
    "logits": "Scores of the next token, one per vocabulary entry.",
    "keyCache": "Keys of all tokens so far.",
    "valueCache": "Values of all tokens so far.",
}


def finish(path: str, manifest: dict[str, Any], names: dict[str, str], metadata: dict[str, str]) -> None:
    """Writes what Xcode and Pippin read of a package beside its program."""
    model_path = os.path.join(path, "Data", AUTHOR, "model.mlmodel")
    model = proto.Model_pb2.Model()
    with open(model_path, "rb") as file:
        model.ParseFromString(file.read())
    description = model.description
    texts = {name: TEXTS[role] for role, name in names.items()}
    for holder in (description, *description.functions):
        for given in (*holder.input, *holder.output, *holder.state):
            given.shortDescription = texts.get(given.name, "")
    source, family = manifest["model"]["source"], manifest["model"]["family"]
    described = description.metadata
    described.shortDescription = (
        f"{source}: a {family} language model, {manifest['program']}, context of {manifest['contextLength']} tokens"
    )
    described.license = manifest["model"].get("license", "")
    described.userDefined.pop(DATE, None)
    described.userDefined.update({**metadata, "pippin.manifest": json.dumps(manifest, ensure_ascii=False)})
    with open(model_path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
    write_item_list(path)


def write_item_list(path: str) -> None:
    """Manifest.json with identifiers that are the same in every run."""
    items = {
        MODEL_ID: ("model.mlmodel", "CoreML Model Specification"),
        WEIGHTS_ID: ("weights", "CoreML Model Weights"),
    }
    entries = {
        key: {"author": AUTHOR, "description": text, "name": name, "path": f"{AUTHOR}/{name}"}
        for key, (name, text) in items.items()
    }
    whole = {"fileFormatVersion": "1.0.0", "itemInfoEntries": entries, "rootModelIdentifier": MODEL_ID}
    with open(os.path.join(path, "Manifest.json"), "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(whole, indent=4) + "\n")
