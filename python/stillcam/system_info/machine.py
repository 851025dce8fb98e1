"""The board and its operating system."""

from __future__ import annotations

import os
from pathlib import Path

from stillcam.common.clock import local_zone
from stillcam.common.formats import size_text, span_text
from stillcam.common.kernel_files import fields_of, first_of, number_of, text_of
from stillcam.system_info import Row, known

ROOT = Path("/")


def board(root: Path = ROOT) -> list[Row]:
    """Model, processor, memory."""
    return known([
        ("Model", first_of(root / "proc/device-tree/model", root / "sys/class/dmi/id/product_name")),
        ("Processor", _processor(root)),
        ("Clock", _clock(root)),
        *_memory(root),
    ])  # fmt: skip


def system(root: Path = ROOT) -> list[Row]:
    """Operating system, kernel, Python, uptime and load."""
    import platform

    kernel = os.uname()
    uptime_s, load = text_of(root / "proc/uptime").partition(".")[0], text_of(root / "proc/loadavg").split()[:3]
    return known([
        ("Operating system", fields_of(root / "etc/os-release", "=").get("PRETTY_NAME")),
        ("Image", text_of(root / "etc/rpi-issue").partition("\n")[0]),  # of Raspberry Pi OS
        ("Kernel", f"{kernel.release}, {kernel.machine}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("Host name", kernel.nodename),
        ("Time zone", local_zone(os.environ)),
        ("Uptime", span_text(int(uptime_s)) if uptime_s.isdecimal() else None),
        ("Load", f"{', '.join(load)} (1, 5, 15 min)" if len(load) == 3 else None),
    ])  # fmt: skip


def _processor(root: Path) -> str:
    """The chip's name: an ARM kernel has it in the device tree only, others in cpuinfo."""
    compatible = text_of(root / "proc/device-tree/compatible").split("\0")[-1]  # the most general one is last
    chip = compatible.partition(",")[2].upper() or fields_of(root / "proc/cpuinfo", ":").get("model name", "")
    cores = os.cpu_count() or 1
    return f"{f'{chip}, ' if chip else ''}{cores} core{'s' if cores > 1 else ''}"


def _clock(root: Path) -> str | None:
    frequency = root / "sys/devices/system/cpu/cpu0/cpufreq"
    now_khz, most_khz = number_of(frequency / "scaling_cur_freq"), number_of(frequency / "cpuinfo_max_freq")
    if not now_khz:
        return None
    return f"{now_khz / 1000:.0f} MHz" + (f" of {most_khz / 1000:.0f} MHz" if most_khz else "")


def _memory(root: Path) -> list[Row]:
    """From meminfo(5), in KiB there. Camera buffers are allocated from the contiguous part (CMA)."""
    fields = {name: text.split() for name, text in fields_of(root / "proc/meminfo", ":").items()}
    sizes = {name: int(words[0]) * 1024 for name, words in fields.items() if words and words[0].isdecimal()}
    pairs = (
        ("Memory", "MemTotal", "MemAvailable"),
        ("Swap", "SwapTotal", "SwapFree"),
        ("Memory for cameras (CMA)", "CmaTotal", "CmaFree"),
    )
    return [
        (label, f"{size_text(sizes[total])}, {size_text(sizes[free])} free")
        for label, total, free in pairs
        if sizes.get(total) and free in sizes
    ]
