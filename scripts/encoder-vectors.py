"""Folders of small encoders with random weights, as BERT, RoBERTa and XLM-R are published, and PyTorch's vectors and gradients.

    python3 scripts/encoder-vectors.py test/text/folders            # the committed ones, seed 1
    python3 scripts/encoder-vectors.py --seed 7 FOLDER              # others: ENCODER_FOLDERS=FOLDER npx vitest run test/text

Each folder has config.json, tokenizer.json, model.safetensors, and expected.json: for each case tokens and mask, and the masked
mean of the last layer, from torch's nn.TransformerEncoder with the same weights in float64; for the last case the gradients of
its sum with `upstream`, by the names of the file. Needs torch 1.13 or later, and nothing else.
"""

import argparse
import base64
import json
import math
import pathlib
import struct

import torch
from torch import nn
from torch.nn.utils import stateless

double = torch.float64
width, heads, hidden, layers, places = 12, 3, 20, 2, 20
generator = torch.Generator()

letters = "abcdefghij"


def wordpiece():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *["##" + letter for letter in letters], "wing", "##ing", "flow"]
    return tokens, {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(i, token) for i, token in enumerate(tokens[:4])],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": around("[CLS]", 2, "[SEP]", 3),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: i for i, token in enumerate(tokens)},
        },
    }


def bytepairs():
    merges = [["a", "b"], ["ab", "c"], ["\u0120", "a"]]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *letters, "\u0120", "ab", "abc", "\u0120a", "<mask>"]
    return tokens, {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(i, tokens[i]) for i in [0, 1, 2, 3, len(tokens) - 1]],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [" ".join(merge) for merge in merges],
        },
    }


def unigram():
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *letters, "\u2581a", "ing", "\u2581wing", "<mask>"]
    scores = [0.0, 0.0, 0.0, 0.0, -2.0, *[-3.0 - 0.1 * i for i in range(len(letters))], -3.5, -5.0, -6.0, 0.0]
    return tokens, {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(i, tokens[i]) for i in [0, 1, 2, 3, len(tokens) - 1]],
        "normalizer": {"type": "NFKC"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True},
        "post_processor": around("<s>", 0, "</s>", 2),
        "decoder": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [[token, score] for token, score in zip(tokens, scores)]},
    }


def added(number, token):
    return {"id": number, "content": token, "single_word": False, "lstrip": token == "<mask>", "rstrip": False, "normalized": False, "special": True}


def around(first, first_number, last, last_number):
    sides = [{"SpecialToken": {"id": first, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": last, "type_id": 0}}]
    return {
        "type": "TemplateProcessing",
        "single": sides,
        "pair": [*sides, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": last, "type_id": 1}}],
        "special_tokens": {
            first: {"id": first, "ids": [first_number], "tokens": [first]},
            last: {"id": last, "ids": [last_number], "tokens": [last]},
        },
    }


def drawn(*shape, scale=1.0, offset=0.0):
    """Normal numbers that float32 holds exactly, in float64."""
    return (torch.randn(shape, generator=generator, dtype=double) * scale + offset).to(torch.float32).to(double)


def state_of(vocabulary, segments):
    """Random weights by the names of BERT's files."""
    matrix = lambda rows, columns: drawn(rows, columns, scale=1 / math.sqrt(columns))
    norm = lambda name: {f"{name}.weight": drawn(width, scale=0.3, offset=1), f"{name}.bias": drawn(width, scale=0.3)}
    dense = lambda name, rows, columns: {f"{name}.weight": matrix(rows, columns), f"{name}.bias": drawn(rows, scale=0.3)}
    state = {
        "embeddings.word_embeddings.weight": drawn(vocabulary, width),
        "embeddings.position_embeddings.weight": drawn(places, width),
        "embeddings.token_type_embeddings.weight": drawn(segments, width),
        **norm("embeddings.LayerNorm"),
    }
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        for part in ["query", "key", "value"]:
            state |= dense(f"{name}.attention.self.{part}", width, width)
        state |= dense(f"{name}.attention.output.dense", width, width) | norm(f"{name}.attention.output.LayerNorm")
        state |= dense(f"{name}.intermediate.dense", hidden, width) | dense(f"{name}.output.dense", width, hidden)
        state |= norm(f"{name}.output.LayerNorm")
    return state


def encoded(state, epsilon, first_place, tokens, mask):
    """The masked mean of the last layer."""
    own = lambda name: state[f"embeddings.{name}"]
    count = tokens.shape[1]
    x = own("word_embeddings.weight")[tokens]
    x = x + own("position_embeddings.weight")[first_place : first_place + count] + own("token_type_embeddings.weight")[0]
    x = nn.functional.layer_norm(x, (width,), own("LayerNorm.weight"), own("LayerNorm.bias"), epsilon)
    for number in range(layers):
        part = lambda name: state[f"encoder.layer.{number}.{name}"]
        layer = nn.TransformerEncoderLayer(width, heads, hidden, 0.0, "gelu", epsilon, True, False).to(double).train()
        weights = {"self_attn.out_proj": "attention.output.dense", "linear1": "intermediate.dense", "linear2": "output.dense"}
        weights |= {"norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}
        values = {f"{ours}.{kind}": part(f"{theirs}.{kind}") for ours, theirs in weights.items() for kind in ["weight", "bias"]}
        for kind in ["weight", "bias"]:
            values[f"self_attn.in_proj_{kind}"] = torch.cat([part(f"attention.self.{name}.{kind}") for name in ["query", "key", "value"]])
        x = stateless.functional_call(layer, values, (x,), {"src_key_padding_mask": mask == 0})
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def safetensors(tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        content = tensor.detach().numpy().astype("<i8" if tensor.dtype == torch.int64 else "<f4").tobytes()
        kind = "I64" if tensor.dtype == torch.int64 else "F32"
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def write(folder, kind, tokenizer, segments, epsilon, prefix, extra):
    tokens, description = tokenizer
    padding = 0 if kind == "bert" else 1
    first_place = 0 if kind == "bert" else padding + 1
    state = {name: tensor.requires_grad_() for name, tensor in state_of(len(tokens), segments).items()}
    rows = lambda batch, count: torch.randint(2, len(tokens), (batch, count), generator=generator)
    cases = [("all tokens", rows(2, 7), [7, 7]), ("tokens masked", rows(3, 9), [9, 4, 6]), ("one token", rows(2, 1), [1, 1]), ("all padded but one", rows(2, 8), [1, 1])]
    lines = []
    for name, numbers, kept in cases:
        mask = torch.zeros(numbers.shape, dtype=double)
        for row, count in enumerate(kept):
            mask[row, :count] = 1
            numbers[row, count:] = padding
        found = encoded(state, epsilon, first_place, numbers, mask)
        lines.append({"case": name, "tokens": numbers.tolist(), "mask": mask.int().tolist(), "vectors": found.tolist()})
        if name == "tokens masked":
            upstream = drawn(*found.shape)
            gradients = dict(zip(state, torch.autograd.grad(found, list(state.values()), upstream)))
            lines[-1]["upstream"] = upstream.tolist()
            lines[-1]["gradients"] = {
                name: base64.b64encode(gradient.numpy().astype("<f4").tobytes()).decode() for name, gradient in gradients.items()
            }
    config = {
        "architectures": ["BertModel"],
        "model_type": kind,
        "vocab_size": len(tokens),
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": hidden,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": places,
        "type_vocab_size": segments,
        "layer_norm_eps": epsilon,
        "pad_token_id": padding,
        "position_embedding_type": "absolute",
    }
    stored = {prefix + name: tensor for name, tensor in state.items()} | extra
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "tokenizer.json").write_text(json.dumps(description, indent=1) + "\n")
    (folder / "model.safetensors").write_bytes(safetensors(stored))
    (folder / "expected.json").write_text("\n".join(["[", ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines), "]"]) + "\n")


parser = argparse.ArgumentParser(description="Writes folders of encoders with random weights, and PyTorch's vectors of some tokens.")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("folder", type=pathlib.Path)
options = parser.parse_args()
generator.manual_seed(options.seed)
numbers = {"embeddings.position_ids": torch.arange(places)[None]}
pooler = {"pooler.dense.weight": drawn(width, width), "pooler.dense.bias": drawn(width)}
write(options.folder / "bert", "bert", wordpiece(), 2, 1e-12, "", numbers | pooler)
# Saved with the head that guesses masked words: its names are in front of the encoder's.
head = {"lm_head.bias": drawn(4), "lm_head.dense.weight": drawn(width, width)}
write(options.folder / "roberta", "roberta", bytepairs(), 1, 1e-5, "roberta.", head)
write(options.folder / "xlm-roberta", "xlm-roberta", unigram(), 1, 1e-5, "", pooler)
