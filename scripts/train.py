"""Train the model of a rule file: called by scripts/train, whose --help says how."""
import argparse
import array
import collections
import datetime
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy

MODEL = re.compile(r'^[ \t]*model[ \t]+(\w+)[ \t]*=[ \t]*(xgboost|lightgbm|logistic)[ \t]+"((?:[^"\\]|\\.)*)"', re.M)
SUFFIX = {"xgboost": ".json", "lightgbm": ".txt", "logistic": ".json"}
USAGE, DATA = 2, 65


def die(status, text):
    print("train: error: " + text, file=sys.stderr)
    sys.exit(status)


def say(text):
    print("train: info: " + text, file=sys.stderr)


def read_arguments():
    p = argparse.ArgumentParser(prog="train", add_help=False, allow_abbrev=False)
    p.error = lambda text: die(USAGE, text + " (see --help)")
    p.add_argument("-f", "--rules", required=True)
    p.add_argument("-m", "--model")
    p.add_argument("-o", "--output")
    p.add_argument("-l", "--label")
    p.add_argument("--from", dest="begin", type=moment, default=-math.inf)
    p.add_argument("--until", dest="end", type=moment, default=math.inf)
    p.add_argument("--rounds", type=whole(1, 10000), default=100)
    p.add_argument("--depth", type=whole(1, 16), default=3)
    p.add_argument("--rate", type=float, default=0.1)
    p.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    p.add_argument("--threads", type=whole(1, 1024), default=1)
    p.add_argument("--predictions")
    p.add_argument("files", nargs="*")
    return p.parse_args()


def whole(least, most):
    def convert(text):
        if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {least} to {most}")
        return int(text)

    return convert


def moment(text):
    try:
        at = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 2026-02-01T00:00:00Z")
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"'{text}' has no time zone")
    return at.timestamp()


# --- the rule file ----------------------------------------------------------------------------------------------------


Model = collections.namedtuple("Model", "name kind path")


def find_model(arguments, text):
    """The model to train, or None if the rules hold none."""
    found = [Model(*m.groups()) for m in MODEL.finditer(text)]
    if arguments.model is not None:
        found = [m for m in found if m.name == arguments.model]
        if not found:
            die(USAGE, f"{arguments.rules} holds no model {arguments.model}")
    if len(found) > 1:
        die(USAGE, f"{arguments.rules} holds several models ({', '.join(m.name for m in found)}): say which with -m")
    return found[0] if found else None


def add_model(arguments, text, inputs):
    """The rules with a model of all inputs, and what it is."""
    if re.search(r"^[ \t]*(let|feature|rule|flag|shadow|allow|check)[ \t]+(model_p|by_model)\b", text, re.M):
        die(USAGE, f"{arguments.rules} uses the name model_p or by_model: write the model statement yourself")
    path = os.path.splitext(os.path.basename(arguments.output))[0] + ".json"
    text = text.rstrip("\n") + f'\n\nmodel model_p = xgboost "{path}" ({", ".join(inputs)})\n'
    text += 'rule by_model +(100 * model_p) : model_p >= .5   "the model says {model_p}"\n'
    if not re.search(r"^[ \t]*bands\b", text, re.M):
        text += "bands review 50, block 80\n"
    return text, Model("model_p", "xgboost", path)


def write(path, data):
    """Whole or not at all."""
    with open(path + ".tmp", "wb") as f:
        f.write(data)
    os.replace(path + ".tmp", path)


# --- what fraudcheck sees ---------------------------------------------------------------------------------------------


def fraudcheck(arguments, rules, *options):
    """Its output, line by line."""
    command = ["fraudcheck", "-q", "-f", rules, *options]
    if arguments.label is not None:
        command += ["--label", arguments.label]
    process = subprocess.Popen(command + ["--"] + arguments.files, stdout=subprocess.PIPE)
    for line in process.stdout:
        yield json.loads(line)
    if process.wait() not in (0, 1):
        die(process.returncode if process.returncode in (2, 65, 74, 75) else 70, f"fraudcheck ended with {process.returncode}")


class Records:
    """The inputs of the records to train on, row by row, and their labels."""

    def __init__(self):
        self.ids, self.places, self.labels, self.inputs = [], [], [], None
        self.cells = array.array("d")

    def add(self, row, values, place):
        if self.inputs is None:
            self.inputs = list(values)
        self.ids.append(row["transaction_id"])
        self.places.append(place)
        self.labels.append(row.get("label"))
        self.cells.extend(math.nan if v is None else float(v) for v in values.values())

    def matrix(self):
        return numpy.frombuffer(self.cells, dtype=numpy.float64).reshape(len(self.ids), len(self.inputs))


def event_time(row):
    try:
        return moment(row["transaction_ts"])
    except (TypeError, argparse.ArgumentTypeError):
        return -math.inf  # null, or what no rule reads as a time


def numeric(row, unfit):
    """All features and lets but those that hold something else than numbers in any record."""
    values = {**row["features"], **row["lets"]}
    texts = [k for k, v in values.items() if isinstance(v, str)]
    unfit.update(texts)
    return {**values, **dict.fromkeys(texts)}


def read_records(arguments, model):
    """Those of the span. Of records of one id the first counts, as for --evaluate: it is what was judged when it happened."""
    records, told, rejects, unfit = Records(), {}, 0, set()
    known, repeated, place = set(), 0, -1
    for row in fraudcheck(arguments, arguments.rules, "--features"):
        if "label_for" in row:
            told[row["label_for"]] = row.get("is_fraud")
        elif "_reject" in row:
            rejects += 1
        elif "features" in row and "models" in row:
            values = row["models"][model.name] if model is not None else numeric(row, unfit)
            place += 1
            if row["transaction_id"] in known:
                repeated += 1
            elif arguments.begin <= event_time(row) < arguments.end:
                records.add(row, values, place)
            if row["transaction_id"] is not None:
                known.add(row["transaction_id"])
    if rejects:
        say(f"{rejects} records that fraudcheck refuses are left out")
    if repeated:
        say(f"{repeated} records whose transaction_id came before are left out")
    if arguments.label is None:
        if not told:
            die(DATA, "nothing tells which records are fraud: name the member that does with --label, or give label records")
        records.labels = [told.get(i) is True for i in records.ids]
    return records, unfit


def choose(records, unfit):
    """Rows with a label, columns that hold numbers."""
    if not records.ids:
        die(DATA, "there are no records to train on")
    x, labels = records.matrix(), records.labels
    rows = [i for i, label in enumerate(labels) if label is not None]
    columns = [i for i, name in enumerate(records.inputs) if name not in unfit]
    if not columns:
        die(USAGE, "the rules have no numeric feature or let")
    x = x[rows][:, columns]
    y = numpy.array([labels[i] for i in rows], dtype=numpy.float64)
    if not 0 < y.sum() < len(y):
        die(DATA, f"of {len(y)} records with a label {int(y.sum())} are fraud: both kinds are needed")
    return [records.inputs[i] for i in columns], [records.ids[i] for i in rows], [records.places[i] for i in rows], x, y


# --- models -------------------------------------------------------------------------------------------------------------


def train_xgboost(arguments, path, inputs, x, y):
    import xgboost

    # in names these characters are not allowed; inputs go by their order anyway
    names = None if any(c in "".join(inputs) for c in "[]<") else inputs
    data = xgboost.DMatrix(x.astype(numpy.float32), y, feature_names=names)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": arguments.depth, "eta": arguments.rate, "seed": arguments.seed,
                             "nthread": arguments.threads}, data, arguments.rounds)
    booster.save_model(path)
    contributions = booster.predict(data, pred_contribs=True, approx_contribs=True)
    return booster.predict(data), contributions, 0.0


def train_lightgbm(arguments, path, inputs, x, y):
    import lightgbm

    names = inputs if all(re.fullmatch(r"\w+", i) for i in inputs) else "auto"
    x = x.astype(numpy.float32)
    booster = lightgbm.train({"objective": "binary", "num_leaves": 2**arguments.depth, "max_depth": arguments.depth,
                              "learning_rate": arguments.rate, "seed": arguments.seed, "num_threads": arguments.threads,
                              "deterministic": True, "verbosity": -1}, lightgbm.Dataset(x, y, feature_name=names), arguments.rounds)
    booster.save_model(path)
    return booster.predict(x), None, 1e-8


def train_logistic(arguments, path, inputs, x, y):
    """Newton's method on scaled inputs, with a little shrinkage; a null is the mean."""
    mean = numpy.nan_to_num(numpy.nanmean(numpy.where(numpy.isnan(x).all(axis=0), 0.0, x), axis=0))
    x = numpy.where(numpy.isnan(x), mean, x)
    scale = x.std(axis=0)
    scale[scale == 0] = 1
    z = numpy.column_stack([numpy.ones(len(y)), (x - mean) / scale])
    shrink = numpy.full(z.shape[1], 1.0)
    shrink[0] = 0
    w = numpy.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + numpy.exp(-z @ w))
        step = numpy.linalg.solve((z.T * (p * (1 - p))) @ z + numpy.diag(shrink), z.T @ (y - p) - shrink * w)
        w += step
        if abs(step).max() < 1e-10:
            break
    model = {"model": "logistic", "features": inputs, "intercept": w[0], "coefficients": list(w[1:]), "mean": list(mean),
             "scale": list(scale), "missing": list(mean)}
    with open(path, "w") as f:
        json.dump(model, f, indent=1)
        f.write("\n")
    return 1 / (1 + numpy.exp(-z @ w)), None, 1e-9


TRAIN = {"xgboost": train_xgboost, "lightgbm": train_lightgbm, "logistic": train_logistic}


def write_predictions(path, inputs, ids, x, predictions, contributions):
    with open(path, "w") as f:
        for i, row in enumerate(x):
            values = {n: None if math.isnan(v) else int(v) if v == int(v) else float(v) for n, v in zip(inputs, row)}
            p = predictions[i]  # nine digits give a float32 back
            out = {"transaction_id": ids[i], **values, "expected": float(f"{p:.9g}") if p.dtype == numpy.float32 else float(p)}
            if contributions is not None:
                out["contributions"] = [float(f"{c:.7g}") for c in contributions[i]]
            f.write(json.dumps(out, separators=(",", ":")) + "\n")


def check(arguments, rules, text, model, places, predictions, tolerance):
    """What fraudcheck makes of the model must be what the library makes of it. Both times it judges the same records in the same order."""
    for other in MODEL.finditer(text):
        if not os.path.exists(os.path.join(os.path.dirname(rules), other[3])):
            say(f"not checked: the model {other[1]} of these rules is not there yet")
            return
    expected, seen, worst, place = dict(zip(places, predictions)), 0, 0.0, -1
    for row in fraudcheck(arguments, rules, "--explain"):
        place += "explain" in row
        if "explain" in row and place in expected:
            got = row["explain"]["models"][model.name]["value"]
            seen += 1
            worst = max(worst, math.inf if got is None else abs(got - float(expected[place])))
    if seen < len(expected) or worst > tolerance:
        die(DATA, f"fraudcheck sees {seen} of {len(expected)} records, and differs from the library by up to {worst:g}")
    say(f"fraudcheck predicts the same for all {seen} records (largest difference {worst:g})")


def main():
    arguments = read_arguments()
    try:
        with open(arguments.rules, encoding="utf-8") as f:
            text = f.read()
    except (OSError, UnicodeDecodeError) as e:
        die(USAGE, f"{arguments.rules}: {e}")
    model = find_model(arguments, text)
    if model is None and arguments.output is None:
        die(USAGE, f"{arguments.rules} holds no model: write one into it (see --help), or say with -o where the rules with one go")
    for path in arguments.files:
        if not os.path.isfile(path):
            die(USAGE, f"{path} is no file: records are read twice (or give them on stdin)")
    if not arguments.files:
        spool = tempfile.NamedTemporaryFile(suffix=".ndjson")
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
        arguments.files = [spool.name]
    records, unfit = read_records(arguments, model)
    inputs, ids, places, x, y = choose(records, unfit if model is None else set())
    if model is None:
        text, model = add_model(arguments, text, inputs)
    rules = arguments.output or arguments.rules
    path = os.path.join(os.path.dirname(rules), model.path)
    partial = path + ".tmp" + SUFFIX[model.kind]
    say(f"{len(y)} records, {int(y.sum())} of them fraud, {len(inputs)} inputs")
    try:
        predictions, contributions, tolerance = TRAIN[model.kind](arguments, partial, inputs, x, y)
        os.replace(partial, path)
        if arguments.output is not None:
            write(arguments.output, text.encode())
        if arguments.predictions is not None:
            write_predictions(arguments.predictions, inputs, ids, x, predictions, contributions)
    except OSError as e:
        die(USAGE, str(e))
    say(f"{path}: {os.path.getsize(path)} bytes")
    check(arguments, rules, text, model, places, predictions, tolerance)


main()
