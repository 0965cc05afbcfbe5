"""How well tokens are estimated: `tools/tokens.py` beside the tokenizers of three model families.

Run as `python -m benchmarks.token_estimate` (it needs npm, and installs two packages into build/). The texts are a
customer's words in eleven languages, identifiers, and a page of the demo's cases as a model reads it.
"""

import json
import subprocess
import sys
from pathlib import Path

from tools.tokens import tokens_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "token_estimate"
PACKAGES = ("gpt-tokenizer@3.4.0", "@anthropic-ai/tokenizer@0.0.4")
COUNT = """
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens } from "@anthropic-ai/tokenizer";
import { readFileSync } from "node:fs";
const texts = JSON.parse(readFileSync(0, "utf8"));
const counts = texts.map((text) => [o200k(text).length, cl100k(text).length, countTokens(text)]);
console.log(JSON.stringify(counts));
"""
CASE = (
    '{"id":"CAS-%05d","summary":"Scanner licence was charged twice","status":"open","contactid":%d,"departmentid":4,'
    '"department":"Billing","repid":301,"tags":["billing","refund"],"date_opened":"2026-11-%02dT09:%02d:00Z"}'
)
TEXTS = {
    "English": "The customer asked for a refund because the parcel arrived late and the box was damaged. ",
    "German": "Der Kunde verlangt eine Erstattung, weil das Paket verspätet ankam und die Schachtel beschädigt war. ",
    "Russian": "Клиент просит вернуть деньги, потому что посылка пришла поздно, а коробка была повреждена. ",
    "Greek": "Ο πελάτης ζήτησε επιστροφή χρημάτων επειδή το δέμα έφτασε αργά και το κουτί ήταν κατεστραμμένο. ",
    "Arabic": "طلب العميل استرداد المبلغ لأن الطرد وصل متأخرا وكانت العلبة تالفة. ",
    "Hebrew": "הלקוח ביקש החזר כספי כי החבילה הגיעה באיחור והקופסה נפגמה. ",
    "Chinese": "客户要求退款，因为包裹延迟送达而且盒子已经损坏。",
    "Japanese": "お客様は荷物の到着が遅れ、箱が破損していたため返金を求めています。",
    "Korean": "고객이 소포가 늦게 도착했고 상자가 파손되어 환불을 요청했습니다. ",
    "Hindi": "ग्राहक ने धनवापसी मांगी क्योंकि पार्सल देर से आया और डिब्बा क्षतिग्रस्त था। ",
    "Thai": "ลูกค้าขอเงินคืนเพราะพัสดุมาถึงช้าและกล่องเสียหาย ",
    "cases in JSON": ",".join(CASE % (89000 + n, 1000 + n, n % 28 + 1, n % 60) for n in range(20)),
}  # fmt: skip


def main() -> None:
    """Count each text in every way, and print the table."""
    counts = counted([*TEXTS.values()])
    print(f"{'':16}{'estimate':>10}{'o200k':>8}{'cl100k':>8}{'Claude':>8}")
    for (name, text), others in zip(TEXTS.items(), counts, strict=True):
        print(f"{name:16}{tokens_of(text.encode()):10,}" + "".join(f"{count:8,}" for count in others))


def counted(texts: list[str]) -> list[list[int]]:
    """Return the numbers of tokens of each text by each tokenizer."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "count.mjs").write_text(COUNT)
    try:
        subprocess.run(
            ["npm", "install", "--prefix", ".", "--no-save", *PACKAGES], cwd=FOLDER, check=True, capture_output=True
        )
        done = subprocess.run(
            ["node", "count.mjs"], cwd=FOLDER, check=True, capture_output=True, input=json.dumps(texts).encode()
        )
    except FileNotFoundError as missing:
        sys.exit(f"{missing.filename} is missing: install Node with npm, and run it again")
    counts: list[list[int]] = json.loads(done.stdout)
    return counts


if __name__ == "__main__":
    main()
