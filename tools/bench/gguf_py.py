"""Times gguf-py's dequantize, then rounding to float16, on blocks like those of gguf-blocks.ts.

gguf_py.py TYPE ELEMENTS ROUNDS      prints the least CPU seconds
"""

import sys
import time

import gguf
import numpy as np

kind = gguf.GGMLQuantizationType[sys.argv[1]]
elements, rounds = int(sys.argv[2]), int(sys.argv[3])
block, size = gguf.GGML_QUANT_SIZES[kind]
data = np.random.default_rng(1).integers(0, 64, (elements // 4096, 4096 // block * size), dtype=np.uint8)
least = float("inf")
for _ in range(rounds):
    began = time.process_time()
    gguf.dequantize(data, kind).astype(np.float16)
    least = min(least, time.process_time() - began)
print(least)
