"""Runs the Core ML judge that lies beside the checkout, with one repair.

judge_coreml.py ORACLES CASES --project DIR

Its `generate` counts each prompt token as a step where the default function takes one token at a time, which
`decode` does; it is called with as many steps more as the prompt has tokens to spare.
"""

import sys

sys.path.insert(0, sys.argv.pop(1))

import judge  # noqa: E402
import mil_oracle  # noqa: E402

generate = mil_oracle.generate


def generate_all(chain, ids, steps, context=None):
    """`generate`, with the prompt's tokens on top of the steps where they are fed one by one."""
    inputs = chain.parts[0].inputs.items()
    shape = next(s for n, (d, s) in inputs if d == mil_oracle.DT.INT32 and len(s) == 2 and "pos" not in n.lower())
    one_by_one = any(chain.states) and shape[1] == 1
    return generate(chain, ids, steps + (len(ids) - 1 if one_by_one else 0), context)


mil_oracle.generate = generate_all
judge.main()
