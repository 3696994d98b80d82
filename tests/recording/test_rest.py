"""The rest of a network: what it gives, what it refuses, and that the network is left as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rivalry.lwta.layer import LWTA, evaluating
from rivalry.lwta.turns import InTurn
from rivalry.recording.observation import plain_forward
from rivalry.recording.rest import Rest
from rivalry.recording.undisturbed import undisturbed
from tests.recording.tiny import Block


class Residual(nn.Module):
    """A stem, three blocks, a pool and a head; something at the side that no logit depends on."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(4), Block(4), Block(4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.side = nn.Linear(4, 2)
        self.head = nn.Linear(4, 3)
        for norm in self.modules():
            if isinstance(norm, nn.BatchNorm2d):
                nn.init.uniform_(norm.running_mean, -1, 0)  # with others all activations would be silent
                nn.init.uniform_(norm.weight, 0.5, 2)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.pool(self.blocks(self.stem(images)))[..., 0, 0]
        self.side(pooled)
        return self.head(pooled)


def pictures(count: int = 5, size: int = 8) -> Tensor:
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def by_hook(network: nn.Module, layer: str, images: Tensor, output: Tensor) -> Tensor:
    """The logits of a whole pass, in which a hook puts another output in place of the layer's."""
    handle = network.get_submodule(layer).register_forward_hook(lambda *_: output.clone())
    try:
        return plain_forward(network, images)
    finally:
        handle.remove()


@pytest.mark.parametrize("layer", ["stem", "blocks.0.conv", "blocks.1.norm", "blocks.1", "blocks.2.act", "pool"])
def test_rest_is_the_whole_pass_with_another_output_in_any_order_of_pictures(layer: str) -> None:
    network, images, image = Residual(), pictures(), torch.tensor([4, 0, 0, 2])
    with Rest(network, layer, images) as rest:
        torch.testing.assert_close(rest(rest.outputs, torch.arange(5)), rest.logits)
        other = torch.randn(4, *rest.outputs.shape[1:])
        got = rest(other, image)
    wanted = by_hook(network.eval(), layer, images[image], other)
    assert wanted.std(0).min() > 1e-3, "logits tell the pictures apart"
    torch.testing.assert_close(got, wanted)


def test_pictures_may_have_been_made_where_gradients_are_switched_off() -> None:
    network = Residual()
    with torch.inference_mode():
        images, image = pictures(), torch.arange(5)
        with Rest(network, "blocks.0.conv", images) as rest:
            outputs = rest.outputs * 2
    with Rest(network, "blocks.0.conv", images) as rest:
        at = rest.outputs.clone().requires_grad_()
        assert torch.autograd.grad(rest(at, image).sum(), at)[0].abs().max() > 0
        torch.testing.assert_close(rest(outputs, image), rest(rest.outputs * 2, image))


@pytest.mark.parametrize("switched_off", [torch.inference_mode, torch.no_grad, lambda: undisturbed(nn.Identity())])
@pytest.mark.parametrize("layer", ["blocks.0.norm", "blocks.1.conv"])
def test_gradients_are_those_of_the_whole_pass_wherever_they_are_switched_off(
    layer: str, switched_off: Callable[[], torch.inference_mode]
) -> None:
    network, images, image = Residual().eval(), pictures(), torch.tensor([3, 1])
    with switched_off(), Rest(network, layer, images) as rest:
        seen = rest.outputs[image]
        with torch.inference_mode(False), torch.enable_grad():
            at = seen.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(rest(at, image.clone())[:, 1].sum(), at)
        assert not rest(seen, image).requires_grad
    (wanted,) = torch.autograd.grad(by_hook(network, layer, images[image], at)[:, 1].sum(), at)
    assert wanted.abs().max() > 0.01
    torch.testing.assert_close(gradient, wanted)


def test_what_stands_before_the_layer_does_not_run_again() -> None:
    network, ran = Residual(), []
    for name in ("blocks.0.conv", "blocks.1.conv", "blocks.2.conv"):
        network.get_submodule(name).register_forward_hook(lambda *_, name=name: ran.append(name))
    with Rest(network, "blocks.1.norm", pictures()) as rest:
        ran.clear()
        rest(rest.outputs, torch.arange(5))
    assert ran == ["blocks.1.conv", "blocks.2.conv"], "of what is skipped the hooks run, of what is in it nothing does"


def test_more_pictures_than_are_run_at_once_come_out_the_same() -> None:
    network, images = Residual(), pictures(70)
    with Rest(network, "blocks.1.conv", images) as rest:
        image = torch.tensor([69, 33, 0, 31, 32])
        got = rest(rest.outputs[image], image)
        torch.testing.assert_close(got, rest.logits[image])
    torch.testing.assert_close(rest.logits, plain_forward(network.eval(), images), rtol=1e-4, atol=1e-5)


class Shared(nn.Module):
    """One activation that runs before and after the layer, of a table of positions as long as the batch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.positions = nn.Embedding(4, 6)
        self.first, self.second, self.head = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.act = nn.Tanh()
        self.pair = Pair()

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.act(self.first(images.flatten(1).reshape(len(images), 4, 6)))
        twice, named = self.pair(tokens)
        mixed = self.act(self.second(tokens + self.positions(torch.arange(4))))
        return self.head(self.act(mixed + twice + named["half"]).mean(1))


class Pair(nn.Module):
    def forward(self, tokens: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return tokens * 2, {"half": tokens / 2}


@pytest.mark.parametrize("count", [1, 2, 4, 7])
@pytest.mark.parametrize("layer", ["first", "second"])
def test_shared_modules_tables_and_nested_outputs(layer: str, count: int) -> None:
    network, images = Shared().eval(), pictures(count)[:, :, :4, :2]
    image = torch.arange(count).flip(0).repeat(2)
    with Rest(network, layer, images) as rest:
        other = torch.randn(len(image), *rest.outputs.shape[1:])
        got = rest(other, image)
    torch.testing.assert_close(got, by_hook(network, layer, images[image], other))


class Turns(nn.Module):
    """An activation whose members answer in turn, as torchvision's networks get one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.first, self.second, self.head = nn.Linear(12, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.act = InTurn([nn.ReLU(), nn.Tanh(), nn.Sigmoid()])
        self.register_forward_pre_hook(self.act.restart)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.act(self.second(self.act(self.act(self.first(images.flatten(1)))))))


@pytest.mark.parametrize("layer", ["first", "act.0", "act.1", "second", "act.2"])
def test_members_that_answer_in_turn_keep_their_turn(layer: str) -> None:
    network, images = Turns().eval(), pictures()[:, :, :2, :2]
    with Rest(network, layer, images) as rest:
        other = torch.randn_like(rest.outputs)
        got = rest(other, torch.arange(5))
    torch.testing.assert_close(got, by_hook(network, layer, images, other))


class Odd(nn.Module):
    """What no rest can be had of, or not everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.twice, self.never, self.head = nn.Linear(12, 12), nn.Identity(), nn.Linear(12, 2)
        self.integer, self.pair, self.written, self.late = Integer(), Pair(), nn.ReLU(inplace=True), nn.Identity()
        self.windows = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        rows = self.twice(self.twice(images.flatten(1)))
        shifted = rows - 0.5
        named = self.pair(rows)[1]
        self.integer(rows)
        self.windows(rows.reshape(-1, 3))
        raw = self.late(shifted)
        self.written(raw)
        return self.head(raw + named["half"])


class Integer(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        return rows.argmax(1)


@pytest.mark.parametrize(
    ("network", "layer", "message"),
    [
        (Residual(), "bloks.1", "close are blocks"),
        (Residual(), "blocks.*", "wanted the dotted name of one layer"),
        (Residual(), "head", "gives the logits themselves: wanted is one before them; nearest before it: 'side'"),
        (Residual(), "side", "the logits do not depend on layer 'side'"),
        (Odd(), "twice", "ran more than once"),
        (Odd(), "never", "did not go through 'never'"),
        (Odd(), "integer", "gives torch.int64"),
        (Odd(), "pair", "gives tuple"),
        (Odd(), "windows", r"gives \(4, 3\) for one picture: its first axis must count pictures"),
        (Odd(), "written", "the logits do not depend on"),
    ],
)
def test_what_has_no_rest_is_refused_and_the_network_is_left_as_it_was(
    network: nn.Module, layer: str, message: str
) -> None:
    size = 8 if isinstance(network, Residual) else 2
    with pytest.raises(ValueError, match=message), Rest(network.train(), layer, pictures(5, size)):
        pass
    assert all(module.training and "forward" not in module.__dict__ for module in network.modules())


class Writing(nn.Module):
    """An activation in place whose result nobody takes, because what it was given has changed."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.act, self.second, self.head = nn.Linear(12, 6), nn.ReLU(True), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.first(images.flatten(1))
        self.act(rows)
        return self.head(self.second(rows) + rows)


def test_a_network_that_cannot_run_from_the_layer_on_is_refused() -> None:
    with pytest.raises(ValueError, match="gives other logits"), Rest(Writing(), "second", pictures(3, 2)):
        pass


class Several(nn.Module):
    """A network that gives more, or other, than logits."""

    def __init__(self, give: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.inner, self.give = Residual(), give

    def forward(self, images: Tensor) -> object:
        return self.give(self.inner(images))


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda logits: (logits, logits), "Several gives tuple, wanted are logits"),
        (lambda logits: {"logits": logits}, "Several gives dict, wanted are logits"),
        (lambda logits: logits[:, 0], r"Several gives \(1,\), wanted are logits"),
    ],
)
def test_what_is_no_logits_is_refused_unless_a_forward_takes_them(
    give: Callable[[Tensor], object], message: str
) -> None:
    network = Several(give).train()
    with pytest.raises(ValueError, match=message), Rest(network, "inner.blocks.1", pictures(), _raw):
        pass
    assert all(module.training and "forward" not in module.__dict__ for module in network.modules())
    pair = Several(lambda logits: (logits, logits))
    with Rest(pair, "inner.blocks.1", pictures(), lambda network, images: _raw(network, images)[0]) as rest:
        torch.testing.assert_close(rest(rest.outputs, torch.arange(5)), rest.logits)


def _raw(network: nn.Module, images: Tensor) -> Tensor:
    return network(images.float() / 255)


def test_a_pass_in_half_precision_has_a_rest_with_gradients() -> None:
    network, images = Residual(), pictures()

    def halved(network: nn.Module, images: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return plain_forward(network, images)

    with torch.inference_mode(), Rest(network, "blocks.1.conv", images, halved) as rest:
        assert rest.outputs.dtype == rest.logits.dtype == torch.bfloat16
        with torch.inference_mode(False):
            at = rest.outputs.float().requires_grad_()
            again = rest(at, torch.arange(5))
            (gradient,) = torch.autograd.grad(again[:, 1].sum(), at)
    torch.testing.assert_close(again, rest.logits, rtol=0.02, atol=0.02)
    assert gradient.abs().max() > 0.01


def test_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="one at least, got none"), Rest(Residual(), "blocks.1", pictures(0)):
        pass


def test_network_and_random_states_are_left_bit_identical() -> None:
    network = Competing().train()
    network.stem.eval()
    network.compete.generator = generator = torch.Generator().manual_seed(7)
    before, flags = copy.deepcopy(network.state_dict()), [module.training for module in network.modules()]
    states = torch.get_rng_state(), generator.get_state()
    with pytest.raises(KeyError), evaluating(network, "sample"), Rest(network, "stem", pictures()) as rest:
        {}[float(rest(rest.outputs, torch.arange(5)).sum())]
    assert network.compete.generator is generator
    assert torch.equal(torch.get_rng_state(), states[0])
    assert torch.equal(generator.get_state(), states[1])
    assert [module.training for module in network.modules()] == flags
    assert not any("forward" in module.__dict__ for module in network.modules())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_failing_forward_leaves_no_stand_in() -> None:
    network = Residual()
    with Rest(network, "blocks.0", pictures()) as rest:
        with pytest.raises(RuntimeError, match="channels"):
            rest(torch.zeros(5, 9, 4, 4), torch.arange(5))
        assert not any("forward" in module.__dict__ for module in network.modules())
        torch.testing.assert_close(rest(rest.outputs, torch.arange(5)), rest.logits)
    with pytest.raises(RuntimeError, match="within its context"):
        rest(rest.outputs, torch.arange(5))


class Competing(nn.Module):
    """A stem, a competition, a second one behind it, and a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.stem, self.compete = nn.Conv2d(3, 8, 3, stride=2), LWTA(2, dim=1)
        self.dense, self.rivals, self.head = nn.Linear(8, 6), LWTA(3, dim=-1), nn.Linear(6, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.rivals(self.dense(self.compete(self.stem(images)).mean((2, 3)))))


def test_winners_before_the_layer_are_drawn_once_and_behind_it_anew() -> None:
    network, images, image = Competing(), pictures(3), torch.arange(3)
    with evaluating(network, "sample", seed=1):
        with Rest(network, "dense", images) as rest:
            runs = torch.stack([rest(rest.outputs, image) for _ in range(400)])
            outputs = rest.outputs
        with Rest(network, "dense", images) as again:
            assert torch.equal(again.outputs, outputs)
            assert torch.equal(again(outputs, image), runs[0])
        with Rest(network, "dense", images, seed=1) as other:
            assert not torch.equal(other.outputs, outputs)
        assert len(runs.unique(dim=0)) > 1
    with evaluating(network, "mean"), Rest(network, "dense", images) as expected:
        wanted = expected(outputs, image)  # behind the last competition all is linear
    assert (runs.mean(0) - wanted).abs().max() < 5 * float(runs.std(0).max()) / 20


def test_forward_of_those_who_drive_the_pass_is_used() -> None:
    network, images = Residual(), pictures()

    def darker(network: nn.Module, images: Tensor) -> Tensor:
        return plain_forward(network, images // 2) * 3

    with Rest(network, "blocks.1", images, darker) as rest:
        torch.testing.assert_close(rest.logits, darker(network, images))
        torch.testing.assert_close(rest(rest.outputs, torch.arange(5)), rest.logits)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_layer_gives_what_it_is_told_in_its_own_layout(layout: torch.memory_format) -> None:
    network, seen = Residual().to(memory_format=layout), []

    def forward(network: nn.Module, images: Tensor) -> Tensor:
        return plain_forward(network, images.contiguous(memory_format=layout))

    network.blocks[2].conv.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with Rest(network, "blocks.1.conv", pictures(), forward) as rest:
        for other in (torch.contiguous_format, torch.channels_last):
            rest(rest.outputs.contiguous(memory_format=other), torch.arange(5))
    assert len(seen) > 2
    assert all(maps.is_contiguous(memory_format=layout) for maps in seen)
