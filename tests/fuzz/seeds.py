"""Writes the seeds of the fuzz targets, small files that their readers take, into seeds/.

    seeds.py            after: cmake --build --preset release

SPDX-License-Identifier: MIT
"""

import gzip
import io
import json
import os
import struct
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "bindings/python"))
os.environ.setdefault("GAN_LIBRARY", str(HERE.parents[1] / "build/release/lib/libgan.so"))

import gan
import torch


def put(target, name, content):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def written(write):
    """The bytes of the file that write(path) makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        write(path)
        return Path(path).read_bytes()



def weights(context):
    m = gan.Sequential(context)
    m.add_conv2d(2, 3, 2)
    m.add_batch_norm(3)
    put("safetensors", "plain", written(m.save))
    m.train(False)
    x = context.randn(1, 3, 3, 2).track()
    put("safetensors", "traced", written(lambda path: m.save_traced(path, x, m(x), "-1..1")))
    header = {name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
              for name, dtype, shape, offsets in (("G.0.weight", "F16", [3, 2, 2, 2], [0, 48]),
                                                  ("G.0.bias", "BF16", [3], [48, 54]),
                                                  ("G.x", "F64", [], [54, 62]))}
    text = json.dumps({"__metadata__": {"a": "\u00e9\n"}, **header}).encode()
    put("safetensors", "halves", struct.pack("<Q", len(text)) + text + bytes(62))


def torch_weights():
    m = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2), torch.nn.BatchNorm2d(3))
    state = m.state_dict()
    tree = {"G": state, "step": 3, "rates": [0.1, None, True], 7: (state["0.weight"].half(),),
            "D": {"0.weight": m[0].weight}}
    turned = {**state, "0.weight": state["0.weight"].to(memory_format=torch.channels_last)}
    for name, what, protocol in (("state", state, 2), ("tree", tree, 2), ("protocol4", tree, 4),
                                 ("turned", turned, 2)):
        whole = written(lambda path: torch.save(what, path, pickle_protocol=protocol))
        put("pth", f"{name}.zip", whole)
        archive = zipfile.ZipFile(io.BytesIO(whole))
        pickle = next(n for n in archive.namelist() if n.endswith("data.pkl"))
        put("pth", f"{name}.pkl", archive.read(pickle))
    put("pth", "legacy", written(
        lambda path: torch.save(state, path, _use_new_zipfile_serialization=False))[:256])


def png(width, height, depth, colour, data, *chunks, interlace=0):
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content +
                struct.pack(">I", zlib.crc32(kind + content)))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(data)) +
            chunk(b"IEND", b""))


def pictures():
    palette = (b"PLTE", bytes(range(12)))
    put("png", "grey1", png(9, 2, 1, 0, bytes([0, 0xaa, 0x80, 2, 0x55, 0])))
    put("png", "palette", png(3, 1, 2, 3, bytes([0, 0x1b]), palette, (b"tRNS", b"\0\x80")))
    put("png", "rgb8", png(2, 2, 8, 2, bytes([1, *range(6), 4, *range(6)])))
    put("png", "rgba16", png(1, 2, 16, 6, bytes([0, *range(8), 3, *range(8)])))
    put("png", "interlaced", png(2, 2, 8, 0, bytes([0, 1, 0, 2, 0, 3, 4]), interlace=1))
    put("png", "text", png(1, 1, 8, 4, bytes(3), (b"gAMA", struct.pack(">I", 45455)),
                           (b"tEXt", b"Comment\0x"), (b"zTXt", b"a\0\0" + zlib.compress(b"y"))))


def images():
    plain = struct.pack(">BBBBIII", 0, 0, 8, 3, 3, 2, 2) + bytes(range(12))
    put("idx", "images", plain)
    put("idx", "labels", struct.pack(">BBBBI", 0, 0, 8, 1, 5) + bytes(range(5)))
    put("idx", "images.gz", gzip.compress(plain, mtime=0))
    put("idx", "zeros.gz", gzip.compress(struct.pack(">BBBBII", 0, 0, 8, 2, 100, 90) + bytes(9000),
                                         mtime=0))


def texts(context):
    m = gan.Sequential(context)
    m.add_dense(3, 2)
    m.add_relu()
    x = context.randn(1, 3).track()
    content = written(lambda path: m.save_traced(path, x, m(x), "0..1"))
    header = content[8:8 + struct.unpack("<Q", content[:8])[0]]
    put("json", "header", header)
    put("json", "graph", json.loads(header)["__metadata__"]["gan.graph"].encode())
    put("json", "kinds", b' {"a": [1, -2.5e+3, true, false, null, "\\u00e9\\ud83d\\ude00\\n"], '
                         b'"b": {"c": [[], {}]}} ')


def checkpoint(context):
    """small_trainer and small_checkpoint of checkpoint.c."""
    trainer = gan.Trainer(context, "dragan", variant="code", side=2, channels=1, width=2, latent=2)
    put("checkpoint", "small", written(trainer.save))
    m = gan.Sequential(context)
    m.add_dense(2, 1)
    own = gan.Checkpoint(context, m=m, o=gan.Adam(m))
    own["step"] = 3
    put("checkpoint", "own", written(own.save))


with gan.Context(threads=1, seed=1) as context:
    weights(context)
    torch_weights()
    pictures()
    images()
    texts(context)
    checkpoint(context)
