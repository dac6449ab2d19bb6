"""What training a language model costs: operations, days, utilization, energy, and the scaling laws that predict loss.

Amounts are plain numbers in the unit that the name or docstring gives: parameters and tokens are counts (175e9, not
175), compute is in floating-point operations (FLOP), speed in FLOP/s, time in days.
"""

import math
from dataclasses import dataclass
from numbers import Real

from minillm.errors import InvalidInput

SECONDS_PER_DAY = 86_400
DAYS_PER_MONTH = 365.25 / 12
"""Mean length of a month, for sources that give a training time in months."""

PF_DAY = 1e15 * SECONDS_PER_DAY
"""Operations in one PFLOP/s-day: a machine doing 10^15 operations a second, for a day."""


@dataclass(frozen=True)
class Device:
    """An accelerator's data sheet.

    Attributes:
        name: Product and form, as its maker calls it.
        peak_flops: Highest dense matrix-multiply speed in FLOP/s at the precision used for training.
        watts: Power at full load of the board, in watts.
        precision: The number format that the peak is for.
        source: Address of the data sheet.

    Example:
        >>> A100.peak_flops / 1e12
        312.0
    """

    name: str
    peak_flops: float
    watts: float
    precision: str
    source: str


V100 = Device("V100 SXM2", 125e12, 300.0, "fp16", "https://www.nvidia.com/en-us/data-center/v100/")
A100 = Device("A100 SXM", 312e12, 400.0, "bf16", "https://www.nvidia.com/en-us/data-center/a100/")
H100 = Device("H100 SXM", 989e12, 700.0, "bf16", "https://www.nvidia.com/en-us/data-center/h100/")
TPU_V4 = Device("TPU v4", 275e12, 192.0, "bf16", "https://cloud.google.com/tpu/docs/v4")


def training_flops(parameters: float | int, tokens: float | int) -> float:
    """Operations to train a dense Transformer once over its tokens, by the rule C = 6ND.

    Every parameter takes one multiplication and one addition per token on the way forward (2ND) and twice that on
    the way back (4ND). Attention scores, which grow with the context, are left out; so is work done twice, such as
    the recomputation of activations to save memory. For a mixture of experts give the parameters active per token.

    Args:
        parameters: Number of parameters N.
        tokens: Number of training tokens D.

    Returns:
        Compute C in floating-point operations.

    Raises:
        InvalidInput: An argument is not a positive number.

    Example:
        >>> f"{training_flops(175e9, 300e9):.3g}"
        '3.15e+23'

    Source:
        Kaplan et al. (2020), section 2.1, https://arxiv.org/abs/2001.08361.
    """
    return 6.0 * _positive("parameters", parameters) * _positive("tokens", tokens)


def pf_days(flops: float | int) -> float:
    """Convert operations to PFLOP/s-days, the unit in which the book states GPT-3's compute.

    Args:
        flops: Compute in floating-point operations.

    Returns:
        Compute in PFLOP/s-days.

    Raises:
        InvalidInput: ``flops`` is not a positive number.

    Example:
        >>> round(pf_days(training_flops(175e9, 300e9)))
        3646

    Source:
        Book section 1.3; Brown et al. (2020), appendix D, https://arxiv.org/abs/2005.14165.
    """
    return _positive("flops", flops) / PF_DAY


def training_days(flops: float | int, devices: int, peak_flops: float | int, utilization: float | int = 0.5) -> float:
    """Days that a cluster takes for a given amount of compute.

    Args:
        flops: Compute in floating-point operations.
        devices: Number of accelerators.
        peak_flops: Peak speed of one accelerator in FLOP/s.
        utilization: Share of the peak that the training reaches on average, above 0 and at most 1.

    Returns:
        Time in days.

    Raises:
        InvalidInput: An argument is not a positive number, or ``utilization`` is above 1.

    Example:
        >>> round(training_days(training_flops(175e9, 300e9), 1000, A100.peak_flops, 0.5), 1)
        23.4

    Source:
        Book section 1.3.
    """
    if _positive("utilization", utilization) > 1:
        raise InvalidInput(f"utilization is {utilization}: give a share of the peak, above 0 and at most 1")
    speed = _positive("devices", devices) * _positive("peak_flops", peak_flops) * utilization
    return _positive("flops", flops) / speed / SECONDS_PER_DAY


def utilization(flops: float | int, devices: int, days: float | int, peak_flops: float | int) -> float:
    """Model FLOPs utilization (MFU): the useful operations done, as a share of what the cluster could have done.

    Args:
        flops: Compute that the training needs, in floating-point operations.
        devices: Number of accelerators.
        days: Wall time of the training in days, restarts and waiting included.
        peak_flops: Peak speed of one accelerator in FLOP/s.

    Returns:
        A share; a value above 1 means that the given figures contradict each other.

    Raises:
        InvalidInput: An argument is not a positive number.

    Example:
        >>> bloom = training_flops(176e9, 366e9)
        >>> round(utilization(bloom, 384, 3.5 * DAYS_PER_MONTH, A100.peak_flops), 2)
        0.35

    Source:
        Chowdhery et al. (2022), section 4.1, https://arxiv.org/abs/2204.02311.
    """
    possible = _positive("devices", devices) * _positive("days", days) * SECONDS_PER_DAY
    return _positive("flops", flops) / (possible * _positive("peak_flops", peak_flops))


def device_hours(devices: int, days: float | int) -> float:
    """Device-hours of a training: the quantity that is rented and billed.

    Args:
        devices: Number of accelerators.
        days: Wall time in days.

    Returns:
        Device-hours.

    Raises:
        InvalidInput: An argument is not a positive number.

    Example:
        >>> device_hours(2048, 21)
        1032192.0
    """
    return 24.0 * _positive("devices", devices) * _positive("days", days)


def energy_mwh(hours: float | int, watts: float | int, pue: float | int = 1.1) -> float:
    """Electricity for a training, from its device-hours.

    Args:
        hours: Device-hours.
        watts: Power of one device in watts.
        pue: Power usage effectiveness: the data center's power per unit of its computers' power, at least 1.

    Returns:
        Energy in megawatt-hours.

    Raises:
        InvalidInput: An argument is not a positive number, or ``pue`` is below 1.

    Example:
        >>> round(energy_mwh(1_022_362, A100.watts))  # LLaMA-65B
        450

    Source:
        Touvron et al. (2023), section 6, https://arxiv.org/abs/2302.13971.
    """
    if _positive("pue", pue) < 1:
        raise InvalidInput(f"pue is {pue}: a data center draws at least what its computers draw, so give 1 or more")
    return _positive("hours", hours) * _positive("watts", watts) * pue / 1e6


def carbon_tonnes(energy: float | int, kg_per_kwh: float | int = 0.385) -> float:
    """Greenhouse gas emitted for an amount of electricity.

    Args:
        energy: Energy in megawatt-hours.
        kg_per_kwh: Carbon intensity of the electricity in kg CO2eq per kWh; the default is the average of the
            United States that the LLaMA paper uses. France, where BLOOM was trained, has 0.057.

    Returns:
        Emission in tonnes of CO2 equivalent.

    Raises:
        InvalidInput: An argument is not a positive number.

    Example:
        >>> round(carbon_tonnes(449))
        173

    Source:
        Touvron et al. (2023), section 6, https://arxiv.org/abs/2302.13971.
    """
    return _positive("energy", energy) * _positive("kg_per_kwh", kg_per_kwh)


def compute_optimal(flops: float | int, tokens_per_parameter: float | int = 20) -> tuple[float, float]:
    """Split a compute budget between model size and data at a fixed ratio of tokens to parameters.

    Args:
        flops: Compute in floating-point operations.
        tokens_per_parameter: Ratio D/N; about 20 by Hoffmann et al.

    Returns:
        Parameters and tokens whose 6ND is the budget.

    Raises:
        InvalidInput: An argument is not a positive number.

    Example:
        >>> parameters, tokens = compute_optimal(5.88e23)  # Chinchilla's budget
        >>> round(parameters / 1e9), round(tokens / 1e9)
        (70, 1400)

    Source:
        Hoffmann et al. (2022), https://arxiv.org/abs/2203.15556.
    """
    ratio = _positive("tokens_per_parameter", tokens_per_parameter)
    parameters = math.sqrt(_positive("flops", flops) / (6.0 * ratio))
    return parameters, ratio * parameters


@dataclass(frozen=True)
class PowerLaw:
    """A scaling law L(x) = (scale / x)^exponent: a straight line on two logarithmic axes, and on no others.

    Attributes:
        scale: The amount at which the loss would be 1, in the unit of x.
        exponent: How fast the loss falls; doubling x divides it by 2^exponent.
        unit: What x counts.

    Example:
        >>> round(KAPLAN_PARAMETERS.loss(1.5e9), 2)  # about GPT-2's size
        2.3

    Source:
        Book section 1.1, figure 1.1; Kaplan et al. (2020), equations 1.1 to 1.3, https://arxiv.org/abs/2001.08361.
    """

    scale: float
    exponent: float
    unit: str

    def loss(self, amount: float | int) -> float:
        """The predicted test loss when everything but this amount is plentiful.

        Args:
            amount: x, in the law's unit.

        Returns:
            Cross-entropy in nats per token.

        Raises:
            InvalidInput: ``amount`` is not a positive number.
        """
        return (self.scale / _positive("amount", amount)) ** self.exponent


KAPLAN_PARAMETERS = PowerLaw(8.8e13, 0.076, "parameters, embeddings not counted")
KAPLAN_TOKENS = PowerLaw(5.4e13, 0.095, "tokens")
KAPLAN_COMPUTE = PowerLaw(3.1e8, 0.050, "PFLOP/s-days, spent at the best model size")


def _positive(name: str, value: float | int) -> float:
    """Return the value as a float, or say which argument is not a positive finite number."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise InvalidInput(f"{name} is {value!r}: give a positive finite number")
    return float(value)
