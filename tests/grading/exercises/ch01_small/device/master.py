def on_device(x: float) -> float:
    # solution:
    return x
    # stub:
    raise NotImplementedError
    # end
