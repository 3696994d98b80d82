"""``rivalry export``: make a run a dissected checkpoint, a folder that loads without the run and without its data.

It holds the network as evaluation sees it, what its units are called, the records of the analyses, where all of this
comes from, and a model card. It is loaded again before it comes to its place, and its logits are compared bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser
from rich.console import Console
from rich.table import Table

from rivalry.export.folder import StoredRecord
from rivalry.export.folder.layout import NETWORK_FOR_ONNX
from rivalry.export.folder.sums import files_of, write_sums
from rivalry.export.loading import load
from rivalry.export.loading.hub import check_push, push
from rivalry.export.loading.onnx import check_onnx_packages, to_onnx
from rivalry.export.writing.contents import Contents, gather
from rivalry.export.writing.description import check_describable
from rivalry.export.writing.records import Kept
from rivalry.export.writing.source import open_source
from rivalry.export.writing.verification import verify
from rivalry.export.writing.write import check_place, write
from rivalry.help_text import command_parser
from rivalry.lens.words import in_terminal
from rivalry.training.analyze import Target, find_target
from rivalry.training.backbone import describe
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.run import Which
from rivalry.training.wandb.checkpoint import log_checkpoint
from rivalry.training.wandb.login import Place, check_login

EPILOGUE = """\
Of every analysis the last record that is not younger than the checkpoint is copied, from the run's records/, from
analyses/ in its folder, and from --analyses. What is in the folder is told in docs/dissected_checkpoints.md.

examples
  rivalry export runs/first                                     to runs/first/dissected
  rivalry export runs/first --out first --checkpoint best --records all
  rivalry export runs/first --onnx --wandb auto --push somebody/first --license apache-2.0
  rivalry export resnet18 --weights pretrained --out resnet18   a network of timm, with the names of ImageNet
  rivalry export cifar_resnet20 --weights FILE --config configs/concepts/cifar10.yaml --analyses runs/cifar-u1 --out r20
  rivalry explain first photograph.jpg                          what it is for
"""


def export_from_arguments(arguments: Sequence[str]) -> Path:
    """Parse the command's arguments, write the folder, and say what is in it.

    Returns:
        The folder.

    Raises:
        ValueError: Where the target, its pictures or records are not to be found, the network cannot be built again, or
            something is at the folder's place; if what was written is not what was to be written.
    """
    silence_idle_talk()
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    target, folder = _target_and_place(options)
    console = Console()
    with console.status("finding pictures and classes") as status:

        def tell(said: str) -> None:
            status.update(in_terminal(said))

        source = open_source(target, Path(options.config) if options.config else None)
        contents = gather(source, kept=options.records, analyses=[Path(one) for one in options.analyses], tell=tell)
        tell("writing, and loading what was written")

        def finish(draft: Path) -> int:
            shown = verify(draft, contents, source)
            if options.onnx:
                tell("writing for ONNX")
                to_onnx(load(draft), draft / NETWORK_FOR_ONNX)
                write_sums(draft)
            return shown

        shown = write(contents, folder, finish=finish, licence=options.license)
    console.print(_summary(contents, folder, shown, describe(target.classifier.backbone.name, contents.network)))
    console.print(f"\n  {folder}\n  rivalry explain {folder} PICTURE", soft_wrap=True, highlight=False, markup=False)
    if contents.changed:
        said = (
            f"  pictures of the run are also changed by {contents.changed}; the folder cannot hold that: see its card"
        )
        console.print(in_terminal(said), soft_wrap=True, highlight=False)
    described = {"epoch": target.epoch, "classes": len(source.classes), **contents.provenance.scores}
    log_checkpoint(folder, target.folder, options.wandb, described=described, data=contents.provenance.data)
    if options.push:
        console.print(f"  {push(folder, options.push)}", soft_wrap=True, highlight=False, markup=False)
    return folder


def _target_and_place(options: Any) -> tuple[Target, Path]:
    """The network and the folder's place, refused before any work where they will not do."""
    if options.out:
        check_place(Path(options.out), overwrite=options.overwrite)
    if options.onnx:
        check_onnx_packages()
    check_login(options.wandb)
    if options.push:
        check_push(options.push)
    target = find_target(options.target, checkpoint=options.checkpoint, weights=options.weights, seed=options.seed)
    folder = Path(options.out) if options.out else target.folder.root / "dissected"
    check_place(folder, overwrite=options.overwrite)
    check_describable(target.classifier.backbone)
    return target, folder


def _summary(contents: Contents, folder: Path, shown: int, described: str) -> Table:
    """What is in the folder, in a few lines."""
    dissection = contents.configuration.dissection
    files = files_of(folder)
    size = sum((folder / file).stat().st_size for file in files) / 2**20
    layers = len(dissection.dissected)
    lines = {
        "network": described,
        "epoch": f"{dissection.epoch}, after {dissection.step} steps",
        "classes": str(len(dissection.classes)),
        "pictures": f"squares of {dissection.images.square.side} px",
        "units with labels": f"{contents.neurons.num_rows} in {layers} layer{'' if layers == 1 else 's'}",
        "records": _said(dissection.records),
        **({"left behind": behind} if (behind := _left_behind(contents)) else {}),
        "verified": f"logits of {shown} pictures the same bit by bit, sums of {len(files)} files",
        "size": f"{size:.1f} MiB",
    }
    table = Table(title="Dissected checkpoint", title_justify="left", show_header=False)
    for name, value in lines.items():
        table.add_row(name, in_terminal(value))
    return table


def _said(records: Sequence[StoredRecord]) -> str:
    """The analyses, each with its epochs."""
    epochs: dict[str, list[int]] = {}
    for record in records:
        epochs.setdefault(record.name, []).append(record.epoch)
    said = (f"{name} ({f'epoch {of[0]}' if len(of) == 1 else f'{len(of)} epochs'})" for name, of in epochs.items())
    return ", ".join(said) or "none"


def _left_behind(contents: Contents) -> str:
    """Folders of records that gave way to others of their names."""
    return ", ".join(str(folder) for record in contents.drawn for folder in record.instead_of)


def _parser() -> ArgumentParser:
    parser = command_parser("export", __doc__, EPILOGUE)
    target = "A run's folder, a checkpoint (.ckpt), or a network by its name, as model.backbone.name takes it."
    parser.add_argument("target", type=str, help=target)
    parser.add_argument("--out", type=str | None, default=None, help="Folder; by default dissected/ in the run's own.")
    parser.add_argument("--checkpoint", type=Which, default="last", help="Of a run's folder.")
    parser.add_argument("--records", type=Kept, default="last", help="Which records are copied.")
    analyses: dict[str, Any] = {"type": str, "nargs": "*", "default": []}
    parser.add_argument("--analyses", **analyses, help="More folders that `rivalry analyze --out` has filled.")
    parser.add_argument("--overwrite", action="store_true", help="Replace a dissected checkpoint that is there.")
    licence = "That the model card states, as the hub calls it, such as apache-2.0; by default none."
    parser.add_argument("--license", type=str | None, default=None, help=licence)
    onnx = "Also write model.onnx, which gives logits and winners; takes the packages of rivalry[onnx]."
    parser.add_argument("--onnx", action="store_true", help=onnx)
    pushed = "USER/NAME at the Hugging Face hub to upload the folder to; log in by `hf auth login` before."
    parser.add_argument("--push", type=str | None, default=None, help=pushed)
    wandb = "Log the folder as an artifact of the run; auto: online if logged in, else offline."
    parser.add_argument("--wandb", type=Place, default="off", help=wandb)
    config = "YAML file with the `data` that the network was trained on; by default the run's own."
    parser.add_argument("--config", type=str | None, default=None, help=config)
    parser.add_argument("--weights", type=str | None, default=None, help="Of a network: FILE, pretrained or none.")
    parser.add_argument("--seed", type=int, default=0, help="Of random weights.")
    return parser
