"""Weight files: what is taken off, resampled, left out and refused."""

import argparse
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from rivalry.training.backbone import build_network
from rivalry.training.settings import Backbone
from rivalry.training.weights import load_weights


def weight_file(folder: Path, classes: int = 3, name: str = "test_resnet") -> Path:
    torch.manual_seed(8)
    file = folder / f"{name}.safetensors"
    save_file(timm.create_model(name, num_classes=classes).state_dict(), file)
    return file


@pytest.mark.parametrize("kind", ["safetensors", "pt", "checkpoint"])
def test_weights_come_from_a_file(tmp_path: Path, kind: str) -> None:
    file = weight_file(tmp_path)
    reference = timm.create_model("test_resnet", num_classes=3)
    timm.models.load_checkpoint(reference, str(file))
    state = reference.state_dict()
    if kind == "pt":
        torch.save(state, file := tmp_path / "weights.pt")
    if kind == "checkpoint":
        torch.save({"state_dict": {f"network.{key}": value for key, value in state.items()}}, file := tmp_path / "a.pt")
    network = build_network(Backbone("test_resnet", weights=str(file)), 3)
    for key, value in network.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_a_classifier_of_another_size_is_left_out_and_the_rest_loaded(tmp_path: Path) -> None:
    file = weight_file(tmp_path, classes=7)
    network = build_network(Backbone("test_resnet"), 3)
    before = network.get_submodule("fc").weight.detach().clone()
    assert sorted(load_weights(network, file)) == ["fc.bias", "fc.weight"]
    assert torch.equal(network.get_submodule("fc").weight, before)
    torch.manual_seed(8)
    again = timm.create_model("test_resnet", num_classes=7)
    assert torch.equal(network.state_dict()["conv1.0.weight"], again.state_dict()["conv1.0.weight"])


def test_weights_of_another_network_are_refused_by_the_names_that_do_not_fit(tmp_path: Path) -> None:
    file = weight_file(tmp_path, name="cifar_resnet20")
    with pytest.raises(ValueError, match=r"another network.*keys are missing \(such as .*unknown \(such as "):
        build_network(Backbone("test_resnet", weights=str(file)), 3)


def test_a_classifier_of_another_name_is_not_taken_for_one_of_another_size(tmp_path: Path) -> None:
    state = timm.create_model("test_resnet", num_classes=3).state_dict()
    state["fc.scale"] = torch.ones(1)
    save_file(state, tmp_path / "odd.safetensors")
    with pytest.raises(ValueError, match=r"fc\.scale"):
        build_network(Backbone("test_resnet", weights=str(tmp_path / "odd.safetensors")), 3)


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    weight_file(tmp_path)
    with pytest.raises(ValueError, match=r"no weight file .*typo\.safetensors.*test_resnet\.safetensors"):
        build_network(Backbone("test_resnet", weights=str(tmp_path / "typo.safetensors")), 3)


def test_prefixes_of_wrappers_are_taken_off(tmp_path: Path) -> None:
    state = timm.create_model("test_resnet", num_classes=3).state_dict()
    for prefix in ("module.", "_orig_mod.", "network.", "network._orig_mod."):
        torch.save({"model": {f"{prefix}{key}": value for key, value in state.items()}}, tmp_path / "a.pt")
        network = build_network(Backbone("test_resnet"), 3)
        assert load_weights(network, tmp_path / "a.pt") == []
        assert torch.equal(network.state_dict()["fc.weight"], state["fc.weight"]), prefix


def test_positions_are_resampled_for_another_size_of_images(tmp_path: Path) -> None:
    torch.manual_seed(8)
    dense = timm.create_model("test_vit", num_classes=3, img_size=64)
    save_file(dense.state_dict(), tmp_path / "vit.safetensors")
    network = build_network(
        Backbone("test_vit", weights=str(tmp_path / "vit.safetensors"), arguments={"img_size": 32}), 3
    )
    assert network.pos_embed.shape == (1, 5, 64)
    assert dense.pos_embed.shape == (1, 17, 64)
    assert torch.equal(network.pos_embed[:, 0], dense.pos_embed[:, 0])  # the class token has no place
    assert network.pos_embed[:, 1:].mean().item() == pytest.approx(dense.pos_embed[:, 1:].mean().item(), abs=5e-3)
    assert torch.equal(network.state_dict()["head.weight"], dense.state_dict()["head.weight"])


def test_weights_of_another_vit_are_refused_although_there_is_a_filter(tmp_path: Path) -> None:
    file = weight_file(tmp_path, name="test_vit")
    with pytest.raises(ValueError, match=r"another network than VisionTransformer.*of another shape"):
        build_network(Backbone("deit_tiny_patch16_224", weights=str(file), arguments={"depth": 6}), 3)
    file = weight_file(tmp_path, name="test_resnet")
    with pytest.raises(ValueError, match="another network than VisionTransformer"):
        build_network(Backbone("test_vit", weights=str(file)), 3)


@pytest.mark.parametrize("content", [b"", b"no tensors", "namespace", "list"])
def test_a_file_of_anything_else_is_refused(tmp_path: Path, content: bytes | str) -> None:
    for name in ("weights.pt", "weights.safetensors")[: 2 if isinstance(content, bytes) else 1]:
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        else:
            torch.save({"args": argparse.Namespace()} if content == "namespace" else [1, 2], tmp_path / name)
        with pytest.raises(ValueError, match=rf"{name} (is no file of plain tensors|holds no state dict)"):
            build_network(Backbone("test_resnet", weights=str(tmp_path / name)), 3)


@pytest.mark.data
@pytest.mark.parametrize(("size", "tokens"), [(64, 17), (224, 197)])
def test_the_weights_of_deit_fit_any_size(shared_data: Path, size: int, tokens: int) -> None:
    path = shared_data / "weights" / "deit_tiny_patch16_224.safetensors"
    backbone = Backbone("deit_tiny_patch16_224", competitors=8, weights=str(path), arguments={"img_size": size})
    network = build_network(backbone, 16)
    assert network.pos_embed.shape == (1, tokens, 192)
    stored = load_file(path)
    assert torch.equal(network.state_dict()["blocks.11.mlp.fc1.weight"], stored["blocks.11.mlp.fc1.weight"])
    near = torch.nn.functional.cosine_similarity(network.pos_embed[0, 1], stored["pos_embed"][0, 1], dim=0)
    assert near > 0.7  # the upper left corner is still that
    assert network(torch.zeros(1, 3, size, size)).shape == (1, 16)
