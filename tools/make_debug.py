"""Makes the root causes of the browser debugger from the one catalogue, or says with --check that they are stale.

Exit code 1 with one line where they are stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from make_docs import stale_pages

from tenfour.causes import CAUSE_OF, CAUSES, LAYER_TITLES, Cause, Layer
from tenfour.doctor.evidence import Close
from tenfour.doctor.finding import by_close
from tenfour.doctor.judge_line import BAD_PORTS
from tenfour.doctor.lines import all_lines

FOLDER = Path(__file__).resolve().parent.parent / "web" / "debug" / "generated"
CLOSE_CODES = range(1000, 5000)


def main(arguments: Sequence[str]) -> int:
    files = {"causes.ts": causes_file()}
    if "--check" not in arguments:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    stale = stale_pages(FOLDER, files)
    print("\n".join(f"web/debug/generated/{name} is stale: run make docs" for name in stale) or "debugger: the root causes are current")
    return 1 if stale else 0


def causes_file() -> str:
    layers = "".join(f"  {layer}: {_text(LAYER_TITLES[layer])},\n" for layer in Layer)
    rows = "".join(_row(cause) for cause in CAUSES.values())
    by_code = "".join(f"  {code}: {_text(cause.id)},\n" for code, cause in CAUSE_OF.items())
    found = {code: by_close(Close("frame", code)) for code in CLOSE_CODES}
    by_close_code = "".join(f"  {code}: {_text(finding.cause)},\n" for code, finding in found.items() if finding is not None)
    ids = "".join(f"\n  | {_text(each)}" for each in CAUSES)
    return f"""// Made from src/tenfour/causes.py by `make docs`. Do not edit.

/** The name of a root cause; each has an entry in docs/troubleshooting.md. */
export type CauseId ={ids};

/** Where on the way a cause sits, from the address outwards. */
export const LAYERS = {{
{layers}}} as const;

export type Layer = keyof typeof LAYERS;

/** A root cause. The texts are Markdown of a single paragraph, with code in backquotes and no more. */
export interface Cause {{
  readonly layer: Layer;
  readonly sentence: string;
  readonly shows: string;
  readonly sure: string;
  readonly fix: string;
  /** What to paste, by the proxy for which it is. */
  readonly lines: Readonly<Record<string, string>>;
}}

export const CAUSES: Readonly<Record<CauseId, Cause>> = {{
{rows}}};

/** The cause behind an error of the server. */
export const CAUSE_OF: Readonly<Record<string, CauseId>> = {{
{by_code}}};

/** The likely cause behind a close code whose reason says nothing. */
export const CAUSE_OF_CLOSE: Readonly<Record<number, CauseId>> = {{
{by_close_code}}};

/** The ports that no browser connects to. */
export const BAD_PORTS: ReadonlySet<number> = new Set([{", ".join(map(str, sorted(BAD_PORTS)))}]);
"""


def _row(cause: Cause) -> str:
    texts = "".join(f"    {name}: {_text(getattr(cause, name))},\n" for name in ("sentence", "shows", "sure", "fix"))
    lines = "".join(f"      {_text(proxy)}: {_text(found)},\n" for proxy, found in all_lines(cause.id).items())
    return f"  {cause.id}: {{\n    layer: {_text(cause.layer)},\n{texts}    lines: {{\n{lines}    }},\n  }},\n"


def _text(value: str) -> str:
    return json.dumps(str(value), ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
