#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""coverage.py SRC BUILD - what the tests of a coverage build ran of lib/core, lib/msg and lib/reclaim.

Prints a line for each file, a total for each folder, and each uncovered line or branch for which tests/coverage.txt gives
no reason. Fails when a folder is below LINES or BRANCHES, or when a reason is of no use: its place is covered, or gone. An uncovered line or
branch without a reason is a failure only with NGU_COVERAGE_STRICT in the environment: which race a run meets hangs on timing.

A file is compiled once for each backend; gcovr adds the counts up, so a line or branch counts if one of them ran it.
"""
import fnmatch
import json
import os
import re
import subprocess
import sys

FOLDERS = ('lib/core', 'lib/msg', 'lib/reclaim')
LINES, BRANCHES = 95.0, 85.0
OPTIONS = ('--exclude-unreachable-branches', '--exclude-throw-branches')


class Reason:
    """
    FILE: [FUNCTION():] [TEXT] -- WHY, or FILE:? for what one run covers and the next does not. For many files (*): for branches,
    not for lines that were not run.
    """

    form = re.compile(r'(?P<file>\S+?):(?P<maybe>\??)\s+(?:(?P<fn>\w+)\(\):?(?:\s+|$))?(?P<text>.*)$')

    def __init__(self, number, line):
        where, dashes, self.why = line.partition(' -- ')
        m = self.form.match(where.strip())
        if not m or not dashes or not self.why.strip() or not (m['fn'] or m['text']):
            sys.exit(f'tests/coverage.txt:{number}: not "FILE: [FUNCTION():] [TEXT] -- REASON"')
        self.number, self.line, self.file, self.fn, self.text = number, line, m['file'], m['fn'], m['text'].strip()
        self.maybe, self.used = bool(m['maybe']), 0

    def fits(self, file, fn, text, run):
        return (run or '*' not in self.file) and fnmatch.fnmatchcase(file, self.file) and self.fn in (None, fn) and self.text in text


def reasons(path):
    with open(path, encoding='utf-8') as f:
        return [Reason(n, l.strip()) for n, l in enumerate(f, 1) if l.strip() and not l.startswith('#')]


def ranges(numbers):
    """1 2 3 7 -> '1-3 7'; `numbers` also says which lines have code, so that gaps without code do not split a range."""
    out, first, last = [], None, None
    for n, missed in numbers + [(0, False)]:
        if missed:
            first, last = first or n, n
        elif first:
            out.append(f'{first}' if first == last else f'{first}-{last}')
            first = None
    return ' '.join(out)


def share(covered, total):
    return 100.0 * covered / total if total else 100.0


class File:
    def __init__(self, src, name, data):
        self.name = name
        with open(os.path.join(src, name), encoding='utf-8') as f:
            self.text = f.read().split('\n')
        self.fn, current = [], ''
        for t in self.text:  # a definition begins at the left margin, and so does its closing brace
            m = re.match(r'(\w+)\(', t) or re.match(r'(?:#define\s+|[\w ]+[ *])(\w+)\([^;]*$', t)
            current = m[1] if m else current
            self.fn.append(current)
        self.code = []  # (line, its count, branches, branches not taken)
        for l in sorted(data, key=lambda l: l['line_number']):
            if l.get('gcovr/noncode') or l.get('gcovr/excluded'):
                continue
            br = [b for b in l.get('branches', []) if not b.get('gcovr/excluded')]
            self.code.append((l['line_number'], l['count'], len(br), sum(b['count'] == 0 for b in br)))
        self.lines, self.hit = len(self.code), sum(c > 0 for _, c, _, _ in self.code)
        self.branches = sum(b for _, _, b, _ in self.code)
        self.taken = self.branches - sum(m for _, _, _, m in self.code)

    def explain(self, why):
        """
        Uncovered lines and branches without a reason. A reason for a line is one for the uncovered lines that follow it, too; so is
        one for a branch that one run takes and the next does not (:?).
        """
        bare, same = [], False
        for n, count, _, missed in self.code:
            if count == 0 or missed:
                text = self.text[n - 1].strip()
                fit = [r for r in why if r.fits(self.name, self.fn[n - 1], text, count > 0)]
                for r in fit:
                    r.used += 1
                if not fit and not (same and count == 0):
                    bare.append((n, count, missed, text))
                same = bool(fit) or same if count == 0 else any(r.maybe for r in fit)
            else:
                same = False
        return bare


def main():
    src, build = sys.argv[1:3]
    out = os.path.join(build, 'coverage.json')
    subprocess.run(['gcovr', '-r', src, '--object-directory', build, '-f', f'(.*/)?({"|".join(FOLDERS)})/', *OPTIONS,
                    '--json', out, build], check=True, stdout=sys.stderr)
    with open(out, encoding='utf-8') as f:
        data = json.load(f)
    files = [File(src, f['file'], f['lines']) for f in data['files']]
    why = reasons(os.path.join(src, 'tests', 'coverage.txt'))
    failed = []
    bare = [(f.name, *b) for f in files for b in f.explain(why)]
    for folder in FOLDERS:
        mine = [f for f in files if os.path.dirname(f.name) == folder]
        if not mine:
            failed.append(f'{folder}: no figures')
            continue
        for f in mine:
            print(f'{f.name:<26}{share(f.hit, f.lines):6.1f} % of{f.lines:5} lines{share(f.taken, f.branches):7.1f} % of'
                  f'{f.branches:5} branches  {ranges([(n, c == 0) for n, c, _, _ in f.code])}'.rstrip())
        lines, hit = sum(f.lines for f in mine), sum(f.hit for f in mine)
        branches, taken = sum(f.branches for f in mine), sum(f.taken for f in mine)
        print(f'{folder + ", all":<26}{share(hit, lines):6.1f} % of{lines:5} lines{share(taken, branches):7.1f} % of'
              f'{branches:5} branches')
        if share(hit, lines) < LINES:
            failed.append(f'{folder}: {share(hit, lines):.1f} % of lines, at least {LINES:.0f} are wanted')
        if share(taken, branches) < BRANCHES:
            failed.append(f'{folder}: {share(taken, branches):.1f} % of branches, at least {BRANCHES:.0f} are wanted')
    for name, n, count, missed, text in bare:
        what = 'not run' if count == 0 else f'{missed} of its branches not taken'
        told = f'{name}:{n}: {what}, and no reason in tests/coverage.txt: {text}'
        if os.environ.get('NGU_COVERAGE_STRICT'):
            failed.append(told)
        else:
            print(f'without a reason: {told}')
    for r in why:
        if not r.used and not r.maybe:
            failed.append(f'tests/coverage.txt:{r.number}: covered, or gone: {r.line}')
    for f in failed:
        print(f'FAILED {f}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
