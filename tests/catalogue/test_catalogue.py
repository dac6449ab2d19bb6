"""The shipped tables hold what the book's tables hold, and damaged tables are refused with the row named."""

import datetime
import re
from pathlib import Path

import pytest

from minillm import catalogue, compute
from minillm.catalogue import models as models_module
from minillm.catalogue import runs as runs_module
from minillm.errors import FormatError, InvalidInput, Unavailable

GOOD = "Tiny,2023-05,1.5,30,,,base,no,,https://example.org/tiny,"


def by_name() -> dict[str, catalogue.Model]:
    return {model.name: model for model in catalogue.load()}


def write(folder: Path, *rows: str) -> Path:
    path = folder / "models.csv"
    path.write_text("\n".join([",".join(models_module.COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_both_tables_are_complete() -> None:
    assert len(catalogue.load("open")) == 36
    assert len(catalogue.load("closed")) == 14
    assert {m.name for m in catalogue.load()} == {m.name for m in catalogue.load("open") + catalogue.load("closed")}
    assert all(model.is_open for model in catalogue.load("open"))
    assert not any(model.is_open for model in catalogue.load("closed"))


def test_rows_carry_the_books_figures() -> None:
    rows = by_name()
    for name, date, parameters, tokens in [
        ("T5", (2019, 10), 11, 1000),
        ("GPT-3", (2020, 5), 175, 300),
        ("OPT", (2022, 5), 175, 180),
        ("BLOOM", (2022, 11), 176, 366),
        ("LLaMA", (2023, 2), 65.2, 1400),
        ("PaLM", (2022, 4), 540, 780),
        ("LLaMA2", (2023, 7), 70, 2000),
    ]:
        row = rows[name]
        assert (row.date, row.parameters_billion, row.tokens_billion) == (datetime.date(*date, 1), parameters, tokens)
    assert rows["GPT-NeoX-20B"].data_volume == "825 GB"
    assert rows["GPT-4"].parameters_billion is None


def test_models_come_in_order_of_date() -> None:
    dates = [model.date for model in catalogue.load()]
    assert dates == sorted(dates)
    assert dates[0] == datetime.date(2019, 10, 1)
    assert dates[-1] == datetime.date(2023, 7, 1)


def test_corrected_rows_name_an_erratum_that_exists() -> None:
    entries = {path.stem for path in (Path(__file__).parents[2] / "book" / "errata").glob("*.yml")}
    corrected = {erratum for model in catalogue.load() for erratum in model.errata}
    assert {"e3a", "e3b", "e4b", "e4c"} <= corrected <= entries


def test_instruct_models_come_from_a_base_that_is_known() -> None:
    rows = by_name()
    for model in rows.values():
        if model.kind == "instruct" and model.name != "GPT-4":
            assert model.base, model.name
        if model.base in rows:
            assert rows[model.base].date <= model.date, model.name


def test_tokens_per_parameter() -> None:
    rows = by_name()
    assert rows["GPT-3"].tokens_per_parameter == pytest.approx(300 / 175)
    assert rows["Chinchilla"].tokens_per_parameter == pytest.approx(20)
    assert rows["LLaMA"].tokens_per_parameter == pytest.approx(21.47, abs=0.01)
    assert rows["GPT-4"].tokens_per_parameter is None  # nothing published
    assert rows["CPM-2"].tokens_per_parameter is None  # only a volume
    assert rows["GLaM"].tokens_per_parameter is None  # sparse, so not comparable


def test_models_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        catalogue.load()[0].name = "other"  # type: ignore[misc]


def test_access_must_be_known() -> None:
    with pytest.raises(InvalidInput, match="access is 'secret'"):
        catalogue.load("secret")


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    (model,) = catalogue.read_models(write(tmp_path, GOOD), is_open=False)
    assert (model.name, model.tokens_per_parameter, model.is_open) == ("Tiny", 20, False)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (GOOD.replace("2023-05", "2023-13"), "date is '2023-13'"),
        (GOOD.replace("2023-05", "May 2023"), "date is 'May 2023'"),
        (GOOD.replace("1.5", "many"), "parameters_billion is 'many'"),
        (GOOD.replace("1.5", "-3"), "parameters_billion is -3.0"),
        (GOOD.replace("30", "nan"), "tokens_billion is nan"),
        (GOOD.replace("30", "inf"), "tokens_billion is inf"),
        (GOOD.replace("base", "chat"), "kind is 'chat'"),
        (GOOD.replace("no", "maybe"), "sparse is 'maybe'"),
        (GOOD.replace("https", "http"), "source is 'http"),
        (GOOD.replace("Tiny", ""), "name is empty"),
        (GOOD.replace("30,,", "30,1 GB,"), "both tokens_billion and data_volume"),
        (GOOD.replace(",no,,", ",no,e1,"), "errata are named without a note"),
        (GOOD + ",extra", "12 cells"),
        ("Tiny,2023-05", "2 cells"),
    ],
)
def test_a_bad_cell_is_refused_with_its_row(tmp_path: Path, row: str, message: str) -> None:
    other = GOOD.replace("Tiny", "Other", 1)
    with pytest.raises(FormatError, match=re.escape(message)) as caught:
        catalogue.read_models(write(tmp_path, other, row), is_open=True)
    assert "models.csv, row 2" in str(caught.value)


def test_a_bad_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="stands in the file twice"):
        catalogue.read_models(write(tmp_path, GOOD, GOOD), is_open=True)
    with pytest.raises(FormatError, match="no rows"):
        catalogue.read_models(write(tmp_path), is_open=True)
    path = tmp_path / "other.csv"
    path.write_text("")
    with pytest.raises(FormatError, match="begins with nothing"):
        catalogue.read_models(path, is_open=True)
    path.write_text("name,size\nTiny,1\n")
    with pytest.raises(FormatError, match="begins with name,size"):
        catalogue.read_models(path, is_open=True)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="not a UTF-8 CSV file"):
        catalogue.read_models(path, is_open=True)
    with pytest.raises(Unavailable, match="cannot be read"):
        catalogue.read_models(tmp_path / "absent.csv", is_open=True)


def test_training_runs_agree_with_their_own_parts() -> None:
    runs = {run.name: run for run in catalogue.load_runs()}
    assert list(runs) == ["GPT-3", "OPT-175B", "BLOOM", "LLaMA-65B", "PaLM"]
    assert runs["GPT-3"].hours == 1024 * 34 * 24
    assert runs["PaLM"].hours == 1200 * 6144 + 336 * 3072
    assert runs["LLaMA-65B"].hours == pytest.approx(2048 * 21 * 24, rel=0.01)
    devices = {device.name: device.peak_flops for device in (compute.A100, compute.TPU_V4)}
    assert {run.device for run in runs.values()} == set(devices)
    stated = {"GPT-3": 140e12, "OPT-175B": 147e12, "BLOOM": 156e12}  # FLOP/s per GPU, from the papers
    for name, flops in stated.items():
        assert runs[name].throughput_share == pytest.approx(flops / devices["A100 SXM"], abs=5e-4)
    llama = compute.training_flops(65.2e9, 380) / devices["A100 SXM"]  # 380 tokens a second per GPU
    assert runs["LLaMA-65B"].throughput_share == pytest.approx(llama, abs=5e-4)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("R,1,20,A100 SXM,8.5,3,,0.4,no,no,https://e.org,", "devices is 8.5"),
        ("R,1,20,A100 SXM,8,,,0.4,no,no,https://e.org,", "both days and device_hours are empty"),
        ("R,1,20,A100 SXM,8,3,,1.4,no,no,https://e.org,", "throughput_share is 1.4"),
        ("R,1,20,A100 SXM,8,3,,0.4,perhaps,no,https://e.org,", "counts_recomputation is 'perhaps'"),
        ("R,1,20,,8,3,,0.4,no,no,https://e.org,", "device is empty"),
    ],
)
def test_a_bad_run_is_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(",".join(runs_module.COLUMNS) + f"\n{row}\n", encoding="utf-8")
    with pytest.raises(FormatError, match=re.escape(message)):
        catalogue.read_runs(path)


def test_a_run_without_any_time_has_no_hours() -> None:
    run = catalogue.TrainingRun("R", 1.0, 20.0, "A100 SXM", 8, None, None, 0.4, "no", False, "https://e.org", "")
    with pytest.raises(InvalidInput, match="neither days nor device-hours"):
        _ = run.hours
