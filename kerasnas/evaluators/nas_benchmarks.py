"""The tables of published benchmarks, with the space each is of."""

from kerasnas import spaces
from kerasnas.errors import ArgumentError
from kerasnas.evaluators.table import Table, read

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def nasbench201_table(path, data="cifar10", latency=None, num_classes=None):
    """NAS-Bench-201 from a file with the columns `op0` to `op5`, codes in the order of the benchmark.

    Metrics: val_accuracy (12 epochs), test_accuracy (200 epochs) in percent, and latency where `latency` is given.

    Args:
        path: A Parquet or CSV file (or a data frame) with `{data}_val_ep12` and `{data}_test_ep200`.
        data: "cifar10", "cifar100" or another prefix of the file's columns.
        latency: The name of a column to give as latency.
        num_classes: Of the space's networks; 100 for "cifar100", else 10.

    Reference:
        Dong and Yang, 2020, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search".
    """
    space = spaces.nasbench201(num_classes=num_classes or (100 if data == "cifar100" else 10))
    decisions = {edge: f"op{i}" for i, edge in enumerate(spaces.NASBENCH201_EDGES)}
    metrics = {"val_accuracy": f"{data}_val_ep12", "test_accuracy": f"{data}_test_ep200"}
    metrics |= {"latency": latency} if latency else {}
    return Table(path, space, decisions, metrics, dict(enumerate(OPERATIONS)))


def nasbench_macro_table(path):
    """NAS-Bench-Macro from a file with the columns `l0` to `l7`.

    The benchmark knows no validation set: val_accuracy is the first run's test accuracy, test_accuracy the mean of
    three runs, both in percent; params, flops.

    Args:
        path: A Parquet or CSV file, or a data frame.

    Reference:
        Su et al., 2021, "Prioritized Architecture Sampling with Monto-Carlo Tree Search".
    """
    metrics = {"val_accuracy": "test_acc_0", "test_accuracy": "mean_acc", "params": "params", "flops": "flops"}
    labels = dict(enumerate(("identity", "mbconv_e3_k3", "mbconv_e6_k5")))
    decisions = {f"layer_{i}": f"l{i}" for i in range(8)}
    return Table(path, spaces.nasbench_macro(), decisions, metrics, labels)


def accel_nasbench_table(path, device=None):
    """Accel-NASBench from a file with columns such as `block0_e`: a sample of a space of 104 billion networks.

    Its space holds the networks of the table alone (`spaces.Listed`). Metrics: val_accuracy in percent, params and
    flops in millions (flops are two for each multiply-add), latency in milliseconds; the training time is simulated.

    Args:
        path: A Parquet or CSV file, or a data frame.
        device: Where latency is measured: "zcu102" or "vck190"; "a100", "3090", "tpuv2" or "tpuv3" for milliseconds a
            picture at full throughput; none if None.

    Reference:
        Ahmad et al., 2024, "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS".
    """
    frame = (path if hasattr(path, "columns") else read(path)).copy()
    metrics = {"val_accuracy": "val_top1", "params": "params", "flops": "flops"}
    frame["flops"] = 2 * frame["macs"]
    if device is not None:
        metrics["latency"] = _latency(frame, device)
    whole = spaces.accel_nasbench()
    decisions = {f"block_{i}/{name}": f"block{i}_{short}" for i in range(7) for name, short in spaces.ACCEL_COLUMNS}
    frame = frame.drop_duplicates(list(decisions.values()))  # a dozen were trained twice: the first counts
    table = Table(frame, whole, decisions, metrics, seconds="train_time")
    table.space = spaces.Listed(whole, table.architectures())
    return table


def _latency(frame, device):
    if f"latency_{device}" in frame.columns:
        return f"latency_{device}"
    if f"throughput_{device}" not in frame.columns:
        devices = sorted({name.split("_", 1)[1] for name in frame.columns if name.startswith(("latency", "through"))})
        raise ArgumentError(f"Expected `device` to be one of {devices}. Received: {device!r}.")
    frame["latency"] = 1000 / frame[f"throughput_{device}"]
    return "latency"
