"""The two kinds of programs that a decoder is traced as; inputs and their order are those of the manifest."""

import torch
from torch import Tensor, nn

from .decoder import Decoder, additive, seen_keys


class Stateless(nn.Module):
    """The whole text and a mask of its real tokens → logits of every position."""

    def __init__(self, decoder: Decoder, context: int, fused: bool) -> None:
        super().__init__()
        self.decoder, self.fused = decoder, fused
        self.register_buffer("range", torch.arange(context, dtype=torch.int32), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        decoder, c = self.decoder, self.decoder.config
        positions = self.range[: input_ids.shape[1]]
        cos, sin = decoder.rope(positions)
        present = attention_mask > 0
        masks = {
            window: additive(seen_keys(positions, positions, window) & present, c.heads // c.kv_heads)
            for window in sorted(set(c.windows), key=str)
        }
        x = decoder.embed_tokens(input_ids)
        for layer, window in zip(decoder.layers, c.windows, strict=True):
            q, k, v = layer.self_attn.project(layer.input_layernorm(x), cos, sin)
            x = x + layer.self_attn.attend(q, k, v, masks[window], self.fused)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return decoder.logits(x)


class Stateful(nn.Module):
    """New tokens at a position → logits of one of them; keys and values of all tokens are states of the program.

    With several tokens, `last_token` says which row is wanted. Slots behind it hold padding, which the mask hides until
    it is overwritten.
    """

    def __init__(self, decoder: Decoder, slots: int, tokens: int) -> None:
        super().__init__()
        c = decoder.config
        self.decoder, self.tokens = decoder, tokens
        self.register_buffer("range", torch.arange(slots, dtype=torch.int32), persistent=False)
        self.register_buffer("offsets", torch.arange(tokens, dtype=torch.int32), persistent=False)
        for name in ("keyCache", "valueCache"):
            self.register_buffer(name, torch.zeros(c.layers, c.kv_heads, slots, c.head_dim), persistent=False)

    def forward(self, input_ids: Tensor, position: Tensor, last_token: Tensor | None = None) -> Tensor:
        decoder, c = self.decoder, self.decoder.config
        positions = self.offsets + position
        cos, sin = decoder.rope(positions)
        masks = {
            window: additive(seen_keys(positions, self.range, window), c.heads // c.kv_heads)
            for window in sorted(set(c.windows), key=str)
        }
        begin, end = position, position + self.tokens
        x = decoder.embed_tokens(input_ids)
        for index, (layer, window) in enumerate(zip(decoder.layers, c.windows, strict=True)):
            q, k, v = layer.self_attn.project(layer.input_layernorm(x), cos, sin)
            self.keyCache[index : index + 1, :, begin:end, :] = k
            self.valueCache[index : index + 1, :, begin:end, :] = v
            keys, values = self.keyCache[index : index + 1], self.valueCache[index : index + 1]
            x = x + layer.self_attn.attend(q, keys, values, masks[window], True)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        if last_token is not None:
            x = x.index_select(1, last_token)
        return decoder.logits(x)
