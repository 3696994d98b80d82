"""Train the small CLIP for PictureBook; write its weights and its card.

    python checkpoints/picturebook-clip/train.py

A CLIP (Radford et al. 2021, arXiv:2103.00020) of two small towers learns from the captions of drawn pictures. A short
caption is true of many pictures of a batch, so the usual target (each caption belongs to one picture) would punish what
is right. Here the target is shared among all that is true: with similarities s_ij = exp(scale) <image_i, text_j> and
truth t_ij in {0, 1}, the loss is the mean over pictures and over texts of

    - sum_j t_ij log softmax_j(s_ij) / sum_j t_ij    and    - sum_i t_ij log softmax_i(s_ij) / sum_i t_ij.

A caption is true of a picture that shows everything the caption names. Interrupted, the same command goes on.
"""

import json
import math
import re
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import open_clip
import torch
from evaluate import FOLDER, TEMPLATES, WEIGHTS, WORDS, facts_of, pictures, write_card, zero_shot
from jsonargparse import auto_cli
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from rivalry.data.picturebook import PictureBook

TOKENIZER = open_clip.get_tokenizer(f"local-dir:{FOLDER}")


@dataclass(frozen=True)
class Recipe:
    """How the towers are trained.

    Attributes:
        pictures: Number of different pictures.
        epochs: How often each is seen.
        batch: Pictures in a batch.
        captions: Longer captions in a batch, beside one phrase for every concept.
        rate: Highest learning rate; it rises in the first epoch and falls to nought along a cosine.
        seed: Decides pictures, weights and order.
    """

    pictures: int = 24_000
    epochs: int = 12
    batch: int = 256
    captions: int = 128
    rate: float = 3e-3
    seed: int = 1


class Training:
    """A CLIP under training, and all that an interruption must not lose."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.book = PictureBook(recipe.pictures, seed=recipe.seed)
        self.book.prepare()
        self.facts = facts_of(self.book)
        model = open_clip.create_model(f"local-dir:{FOLDER}", load_weights=False)
        self.model: nn.Module = model.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(_groups(self.model), lr=recipe.rate, betas=(0.9, 0.98))
        self.batches = recipe.pictures // recipe.batch
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.seconds = 0.0

    def _rate(self, step: int) -> float:
        """Return the share of the highest rate at a step."""
        rise, fall = step / self.batches, (step - self.batches) / (self.batches * (self.recipe.epochs - 1) or 1)
        return rise if rise < 1.0 else 0.5 * (1.0 + math.cos(math.pi * min(fall, 1.0)))

    def epoch(self, number: int) -> float:
        """Train one epoch and return its mean loss."""
        self.model.train()
        generator = torch.Generator().manual_seed(self.recipe.seed * 1000 + number)
        order = torch.randperm(self.recipe.pictures, generator=generator)[: self.batches * self.recipe.batch]
        total = 0.0
        for rows in track(order.view(self.batches, -1), f"Epoch {number + 1} of {self.recipe.epochs}"):
            total += self._step(rows, self._texts(rows, generator))
        return total / self.batches

    def _texts(self, rows: Tensor, generator: torch.Generator) -> list[str]:
        """Choose the texts of a batch: a phrase for every concept, then longer captions of its first pictures."""
        forms = torch.randint(len(TEMPLATES), (len(WORDS),), generator=generator).tolist()
        phrases = [TEMPLATES[form].format(word) for form, word in zip(forms, WORDS, strict=True)]
        chosen = torch.randint(10, (self.recipe.captions,), generator=generator).tolist()
        firsts = rows[: self.recipe.captions].tolist()
        return phrases + [self.book.captions(row)[which] for row, which in zip(firsts, chosen, strict=True)]

    def _step(self, rows: Tensor, texts: list[str]) -> float:
        """Take one step and return the loss."""
        named = torch.stack([_named(text) for text in texts])
        truth = (self.facts[rows] @ named.T == named.sum(1)).float()
        with torch.autocast("cpu", torch.bfloat16):
            image = self.model.encode_image(pictures(self.book, rows))
        text = self.model.encode_text(torch.stack([_tokens(text) for text in texts]))
        image, text = (nn.functional.normalize(features.float(), dim=-1) for features in (image, text))
        loss = shared_loss(self.model.logit_scale.exp() * image @ text.T, truth)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0.0, math.log(100.0))
        return loss.item()

    def save(self, path: Path, epoch: int) -> None:
        """Keep everything after an epoch."""
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {"model": self.model, "optimiser": self.optimiser, "schedule": self.schedule}
        states = {name: part.state_dict() for name, part in parts.items()}
        kept = {"epoch": epoch, "seconds": self.seconds, "recipe": asdict(self.recipe), **states}
        torch.save(kept, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def resume(self, path: Path) -> int:
        """Take up what was kept, and return the epoch to go on with."""
        if not path.is_file():
            return 0
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"{path} was kept by another recipe, {state['recipe']}; remove it or name another --state")
        for name in ("model", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        self.seconds = float(state["seconds"])
        return int(state["epoch"]) + 1

    def export(self) -> None:
        """Write the weights in half precision, with the recipe in their header."""
        halves = {
            name: (value.half() if value.is_floating_point() else value).contiguous()
            for name, value in self.model.state_dict().items()
        }
        header = {"format": "pt", "recipe": json.dumps(asdict(self.recipe)), "seconds": str(round(self.seconds))}
        save_file(halves, WEIGHTS, header)


def main(recipe: Recipe | None = None, state: Path = Path("runs/picturebook-clip/state.pt"), threads: int = 1) -> None:
    """Train, store the weights in half precision, measure them and write the card.

    Args:
        recipe: How to train; the recipe of the stored weights by default.
        state: Where to keep what is needed to go on after an interruption.
        threads: Threads of the processor. More than one is slower where others use its cores too.
    """
    torch.set_num_threads(threads)
    training = Training(recipe or Recipe())
    for epoch in range(training.resume(state), training.recipe.epochs):
        began = time.perf_counter()
        loss = training.epoch(epoch)
        training.seconds += time.perf_counter() - began
        training.save(state, epoch)
        figures = ", ".join(f"{name} {100 * value:.1f}" for name, value in zero_shot(training.model, 1000).items())
        print(f"epoch {epoch + 1}: {training.seconds:.0f} s, loss {loss:.3f}; {figures}", flush=True)
    training.export()
    print(json.dumps(write_card(), indent=2))


def shared_loss(similarity: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of the equation above for (pictures, texts); every picture has a true text."""
    per_picture = -(truth * similarity.log_softmax(1)).sum(1) / truth.sum(1)
    shown = truth.sum(0) > 0
    per_text = -(truth * similarity.log_softmax(0)).sum(0)[shown] / truth.sum(0)[shown]
    return 0.5 * (per_picture.mean() + per_text.mean())


def _groups(model: nn.Module) -> list[dict[str, object]]:
    """Decay matrices, and leave vectors, scales and token embeddings alone."""
    plain = [p for name, p in model.named_parameters() if p.ndim < 2 or "embedding" in name]
    decayed = [p for name, p in model.named_parameters() if p.ndim >= 2 and "embedding" not in name]
    return [{"params": plain, "weight_decay": 0.0}, {"params": decayed, "weight_decay": 0.05}]


@lru_cache(maxsize=100_000)
def _named(text: str) -> Tensor:
    """Return which concepts a text names, 0 or 1."""
    words = set(re.findall(r"\w+", text))
    return torch.tensor([word in words for word in WORDS], dtype=torch.float32)


@lru_cache(maxsize=100_000)
def _tokens(text: str) -> Tensor:
    """Return the tokens of a text."""
    return TOKENIZER([text])[0]


if __name__ == "__main__":
    auto_cli(main)
