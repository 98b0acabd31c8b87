"""Times coremltools' palettes of a matrix: JSON with CPU seconds and squared error.

palettes_coremltools.py CODES ROWS COLS BITS GROUP_SIZE (0: one table)
"""

import json
import logging
import sys
import time

import numpy as np
from coremltools.converters.mil.mil.ops.defs.iOS18.compression import constexpr_lut_to_dense
from coremltools.optimize.coreml._quantization_passes import palettize_weights


def main(path: str, *numbers: str) -> None:
    """Loads, palettizes, and compares."""
    logging.disable(logging.WARNING)
    rows, cols, bits, group = map(int, numbers)
    values = np.fromfile(path, np.float16).reshape(rows, cols)
    began = time.process_time()
    made = palettize_weights.grouped_channelwise_compress(values, "KMEANS", bits, 0, group)
    seconds = time.process_time() - began
    difference = values.astype(np.float64) - constexpr_lut_to_dense.decompress(made.indices, made.lut, None)
    print(json.dumps({"cpuSeconds": seconds, "squaredError": float(np.square(difference).sum())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
