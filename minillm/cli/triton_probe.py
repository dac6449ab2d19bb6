"""Whether Triton works here: run as ``python -m minillm.cli.triton_probe interpret`` or ``... compile``.

A process of its own, because Triton decides when a kernel is defined whether it is interpreted.
"""

import os
import sys

ELEMENTS = 8


def interpret() -> str:
    """Double some numbers with a kernel on the CPU, in Triton's interpreter.

    Returns:
        What was shown.

    Raises:
        RuntimeError: The result is wrong.

    Example:
        >>> interpret()  # doctest: +SKIP
        'interpreter runs'

    Source: https://triton-lang.org/main/programming-guide/chapter-3/debugging.html
    """
    os.environ["TRITON_INTERPRET"] = "1"
    import torch

    numbers = torch.arange(ELEMENTS, dtype=torch.float32)
    result = torch.zeros_like(numbers)
    _kernel()[(1,)](numbers, result, SIZE=ELEMENTS)
    if not torch.equal(result, 2 * numbers):
        raise RuntimeError(f"the interpreter doubled {numbers.tolist()} to {result.tolist()}")
    return "interpreter runs"


def compile_kernel() -> str:
    """Compile the kernel for NVIDIA's Hopper generation; no GPU is needed.

    Returns:
        What was shown.

    Raises:
        RuntimeError: No machine code came out.

    Example:
        >>> compile_kernel()  # doctest: +SKIP
        'compiles for sm_90'

    Source: https://triton-lang.org/main/python-api/triton.html
    """
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {"numbers": "*fp32", "result": "*fp32", "SIZE": "constexpr"}
    source = ASTSource(fn=_kernel(), signature=signature, constexprs={(2,): ELEMENTS})
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32))
    if not compiled.asm.get("cubin"):
        raise RuntimeError(f"no machine code among {sorted(compiled.asm)}")
    return "compiles for sm_90"


def _kernel():  # type: ignore[no-untyped-def]
    """The kernel, defined only when asked for: the environment must be set before."""
    import triton
    import triton.language as tl

    @triton.jit
    def double(numbers, result, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
        places = tl.arange(0, SIZE)
        tl.store(result + places, 2 * tl.load(numbers + places))

    return double


if __name__ == "__main__":
    sys.stdout.write({"interpret": interpret, "compile": compile_kernel}[sys.argv[1]]() + "\n")
